{{ raw_rows('events', part_key='event_id') }}
