{{ raw_rows('order_items') }}
