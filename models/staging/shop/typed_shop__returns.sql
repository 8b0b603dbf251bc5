{{ raw_rows('returns') }}
