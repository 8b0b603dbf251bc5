"""One module per page, each with ``show(marts)``."""

from segml.dashboard.pages import (
    campaigns,
    customer,
    inventory,
    migration,
    overview,
    quality,
    recommendations,
    segments,
)

PAGES = (
    ("Overview", overview),
    ("Segments", segments),
    ("Migration", migration),
    ("Customer 360", customer),
    ("Campaigns", campaigns),
    ("Recommendations", recommendations),
    ("Inventory", inventory),
    ("Model quality", quality),
)
