"""One module per page, each with ``show(marts)``.

Not called ``pages``: Streamlit takes a folder of that name beside the script for its own menu.
"""

from segml.dashboard.views import (
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
