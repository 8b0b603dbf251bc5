"""A chunk's returns, reviews, events and campaign contacts as clean raw tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segml.synthetic.behaviour import EVENT_TYPES, SEARCH
from segml.synthetic.feedback import REVIEW_TEXTS
from segml.synthetic.purchases import CAMPAIGN_CHANNELS, DAY_SECONDS
from segml.synthetic.tables import (
    Numbering,
    customer_ids,
    identifiers,
    nulled,
    product_ids,
    table,
    timestamps,
    words,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from segml.synthetic.settings import ShopSettings
    from segml.synthetic.simulation import Simulation

CONTACT_SECOND = 10 * 3_600  # campaigns go out at 10:00
REVIEW_VOCABULARY = tuple(text for texts in REVIEW_TEXTS for text in texts)


def returns_table(simulation: Simulation, settings: ShopSettings, numbers: Numbering) -> pa.Table:
    """Return what came back before the data ends."""
    returns, baskets = simulation.returns, simulation.baskets
    kept = returns.second < settings.days * DAY_SECONDS
    line = returns.line[kept]
    return table(
        "raw_returns",
        return_id=identifiers("r", numbers.returns + 1 + np.arange(len(line)), 6),
        order_id=identifiers("o", numbers.orders + 1 + baskets.order[line], 7),
        product_id=product_ids(baskets.product[line]),
        quantity=baskets.quantity[line],
        refund_amount=returns.refund_amount[kept],
        returned_at=timestamps(returns.second[kept], settings.start_date),
    )


def reviews_table(simulation: Simulation, settings: ShopSettings, numbers: Numbering) -> pa.Table:
    """Return the reviews written before the data ends."""
    reviews, baskets = simulation.reviews, simulation.baskets
    kept = reviews.second < settings.days * DAY_SECONDS
    line, rating, text = reviews.line[kept], reviews.rating[kept], reviews.text[kept]
    customer = simulation.orders.customer[baskets.order[line]]
    text = np.where(text < 0, text, (rating - 1) * len(REVIEW_TEXTS[0]) + text)
    return table(
        "raw_reviews",
        review_id=identifiers("v", numbers.reviews + 1 + np.arange(len(line)), 6),
        customer_id=customer_ids(simulation.first_customer + customer),
        product_id=product_ids(baskets.product[line]),
        rating=rating,
        review_text=words(REVIEW_VOCABULARY, text),
        reviewed_at=timestamps(reviews.second[kept], settings.start_date),
    )


def events_table(simulation: Simulation, settings: ShopSettings, numbers: Numbering) -> pa.Table:
    """Return the events; a search carries a query instead of a product."""
    events = simulation.events
    is_search = events.event_type == SEARCH
    queries = tuple(name.split(",")[0].lower() for name in simulation.catalogue.name)
    return table(
        "raw_events",
        event_id=identifiers("e", numbers.events + 1 + np.arange(len(events.second)), 7),
        customer_id=customer_ids(simulation.first_customer + events.customer),
        session_id=identifiers("s", numbers.events + 1 + events.session, 7),
        event_type=words(EVENT_TYPES, events.event_type),
        product_id=nulled(product_ids(events.product), is_search),
        search_query=words(queries, np.where(is_search, events.product, -1)),
        occurred_at=timestamps(events.second, settings.start_date),
    )


def contacts_table(simulation: Simulation, settings: ShopSettings) -> pa.Table:
    """Return who was selected for each campaign; the control group received nothing."""
    campaigns = simulation.campaigns
    campaign, customer = np.nonzero(campaigns.is_contacted)
    day = np.array(campaigns.day, dtype=np.int64)[campaign]
    kept = day < settings.days
    campaign, customer, day = campaign[kept], customer[kept], day[kept]
    return table(
        "raw_campaign_contacts",
        campaign_id=identifiers("k", campaign + 1, 2),
        customer_id=customer_ids(simulation.first_customer + customer),
        channel=words(CAMPAIGN_CHANNELS, campaign % len(CAMPAIGN_CHANNELS)),
        contacted_at=timestamps(day * DAY_SECONDS + CONTACT_SECOND, settings.start_date),
        is_control=campaigns.is_control[campaign, customer],
    )
