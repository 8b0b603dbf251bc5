{{ raw_rows('reviews') }}
