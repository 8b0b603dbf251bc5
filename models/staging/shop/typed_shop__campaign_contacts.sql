{{ raw_rows('campaign_contacts') }}
