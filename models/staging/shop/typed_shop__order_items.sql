{{ raw_rows('order_items', part_key='order_id') }}
