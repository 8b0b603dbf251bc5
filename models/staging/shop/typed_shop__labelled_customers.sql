{{ raw_rows('labelled_customers') }}
