{{ raw_rows('events') }}
