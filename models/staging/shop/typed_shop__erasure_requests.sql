{{ raw_rows('erasure_requests') }}
