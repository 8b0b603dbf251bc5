{{ raw_rows('orders', part_key='order_id') }}
