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
    ("Overview", "monitoring", overview),
    ("Segments", "groups", segments),
    ("Migration", "swap_horiz", migration),
    ("Customer 360", "person", customer),
    ("Campaigns", "campaign", campaigns),
    ("Recommendations", "recommend", recommendations),
    ("Inventory", "inventory_2", inventory),
    ("Model quality", "speed", quality),
)
