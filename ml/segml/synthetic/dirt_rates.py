"""How much of each kind of dirt the synthetic shop contains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Shares of the table's clean rows, unless ``docs/demo-shop.md`` names another base.
DIRT_RATES = {
    "customers.exact_duplicate": 0.005,
    "customers.missing_age": 0.04,
    "customers.impossible_age": 0.004,
    "customers.missing_income": 0.08,
    "customers.negative_income": 0.003,
    "customers.missing_gender": 0.03,
    "customers.noisy_gender": 0.05,
    "customers.missing_country": 0.01,
    "customers.noisy_country": 0.04,
    "customers.missing_email": 0.02,
    "customers.missing_consent": 0.02,
    "customers.bad_timestamp": 0.002,
    "customers.bot": 0.0015,
    "customers.wholesale": 0.003,
    "products.noisy_category": 0.05,
    "products.missing_cost": 0.02,
    "orders.exact_duplicate": 0.005,
    "orders.reloaded_pending": 0.012,
    "orders.reloaded_cancelled": 0.5,
    "orders.test": 0.004,
    "orders.bad_timestamp": 0.001,
    "orders.future": 0.001,
    "order_items.exact_duplicate": 0.004,
    "order_items.orphan": 0.003,
    "order_items.non_positive_quantity": 0.002,
    "order_items.non_positive_price": 0.002,
    "returns.exact_duplicate": 0.005,
    "returns.orphan": 0.004,
    "events.exact_duplicate": 0.003,
    "events.unknown_customer": 0.004,
    "events.anonymous": 0.02,
    "events.bad_timestamp": 0.001,
    "events.future": 0.001,
    "reviews.exact_duplicate": 0.004,
    "reviews.impossible_rating": 0.008,
    "reviews.missing_rating": 0.005,
    "reviews.future": 0.002,
    "campaign_contacts.exact_duplicate": 0.003,
    "campaign_contacts.unknown_customer": 0.004,
}


def exact_share(rng: np.random.Generator, count: int, share: float) -> NDArray[np.bool_]:
    """Mark ``share * count`` random entries, rounded up or down at random without bias."""
    marked = np.zeros(count, dtype=bool)
    size = min(count, int(share * count + rng.random()))
    marked[rng.permutation(count)[:size]] = True
    return marked
