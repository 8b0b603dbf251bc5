{{ raw_rows('rejected_rows') }}
