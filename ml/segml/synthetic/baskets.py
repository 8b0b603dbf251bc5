"""What customers put into their orders, and what an order is worth on average."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segml.synthetic.assortment import CATEGORIES, PRODUCTS_PER_CATEGORY, VARIANTS_PER_FAMILY
from segml.synthetic.catalogue import COMPANION_SHARE, PARTNER_CATEGORY_SHARE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segml.synthetic.catalogue import Catalogue
    from segml.synthetic.purchases import Orders
    from segml.synthetic.traits import Traits

MAX_EXTRA_LINES = 5
CANCELLED_SHARE = 0.025
DISCOUNTS = np.array([0.05, 0.10, 0.20])
DISCOUNT_SHARES = np.array([0.3, 0.5, 0.2])
MEAN_DISCOUNT = float(DISCOUNTS @ DISCOUNT_SHARES)
WHOLESALE_FACTOR = 30  # units a wholesale buyer takes where others take one


@dataclass(frozen=True)
class Baskets:
    """Order lines, sorted by order, and one entry per order of what concerns it whole."""

    order: NDArray[np.int64]  # position in Orders
    product: NDArray[np.int64]
    quantity: NDArray[np.int64]
    line_value: NDArray[np.float64]
    discount_amount: NDArray[np.float64]  # per order, in currency
    discount_share: NDArray[np.float64]  # per order
    is_cancelled: NDArray[np.bool_]  # per order
    channel: NDArray[np.int64]  # per order

    def net_value(self) -> NDArray[np.float64]:
        """Return the value of each order after discount, before returns."""
        gross = np.bincount(self.order, self.line_value, len(self.discount_amount))
        return gross - self.discount_amount


def draw_baskets(
    rng: np.random.Generator, traits: Traits, orders: Orders, catalogue: Catalogue
) -> Baskets:
    """Fill the orders.

    A first product follows the customer's taste. Each further one accompanies the product
    before it (``COMPANION_SHARE``) or follows the taste again.
    """
    order, product = _draw_products(rng, traits, orders, catalogue)
    product = _next_variant(orders.customer[order], product, catalogue)
    extra = np.array([item.extra_quantity for item in CATEGORIES])[catalogue.category[product]]
    factor = np.where(traits.is_wholesale[orders.customer[order]], WHOLESALE_FACTOR, 1)
    quantity = factor * (1 + rng.poisson(extra))
    order, product, quantity = _merge_equal_lines(order, product, quantity, len(catalogue.name))
    value = np.round(quantity * catalogue.unit_price[product], 2)
    has_discount = rng.random(len(orders)) < traits.deal_share[orders.customer]
    rate = np.where(has_discount, rng.choice(DISCOUNTS, len(orders), p=DISCOUNT_SHARES), 0.0)
    gross = np.bincount(order, value, len(orders))
    channel_edges = traits.channel_shares.cumsum(axis=1)[orders.customer, :-1]
    return Baskets(
        order=order,
        product=product,
        quantity=quantity,
        line_value=value,
        discount_amount=np.round(gross * rate, 2),
        discount_share=rate,
        is_cancelled=rng.random(len(orders)) < CANCELLED_SHARE,
        channel=(rng.random((len(orders), 1)) > channel_edges).sum(axis=1),
    )


def draw_by_taste(
    rng: np.random.Generator,
    traits: Traits,
    customer: NDArray[np.int64],
    catalogue: Catalogue,
) -> NDArray[np.int64]:
    """Draw one product per entry of ``customer`` by taste and spend level."""
    category = _draw_columns(rng, traits.taste.cumsum(axis=1), customer)
    edges = catalogue.choice_shares().cumsum(axis=2).reshape(-1, PRODUCTS_PER_CATEGORY)
    row = traits.spend_level[customer] * len(CATEGORIES) + category
    return category * PRODUCTS_PER_CATEGORY + _draw_columns(rng, edges, row)


def _draw_columns(
    rng: np.random.Generator, cumulative_shares: NDArray[np.float64], row: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Draw a column of the given rows of a table of cumulative shares, one per entry."""
    edges = cumulative_shares[:, :-1][row]
    column: NDArray[np.int64] = (rng.random((len(row), 1)) > edges).sum(axis=1)
    return column


def _draw_products(
    rng: np.random.Generator, traits: Traits, orders: Orders, catalogue: Catalogue
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return (order, product) of all lines, sorted by order."""
    extra_lines = np.minimum(rng.poisson(traits.extra_lines[orders.customer]), MAX_EXTRA_LINES)
    current = np.arange(len(orders))
    product = draw_by_taste(rng, traits, orders.customer, catalogue)
    lines = [(current, product)]
    for line in range(1, MAX_EXTRA_LINES + 1):
        keep = extra_lines[current] >= line
        current, product = current[keep], product[keep]
        is_companion = rng.random(len(current)) < COMPANION_SHARE
        own_category = (rng.random(len(current)) >= PARTNER_CATEGORY_SHARE).astype(np.int64)
        companion = catalogue.companions[product, own_category]
        fresh = draw_by_taste(rng, traits, orders.customer[current], catalogue)
        product = np.where(is_companion, companion, fresh)
        lines.append((current, product))
    order, product = (np.concatenate(parts) for parts in zip(*lines, strict=True))
    position = np.argsort(order, kind="stable")
    return order[position], product[position]


def _next_variant(
    customer: NDArray[np.int64], product: NDArray[np.int64], catalogue: Catalogue
) -> NDArray[np.int64]:
    """Turn the k-th purchase within a family into the k-th variant after the first one.

    The entries are in order of time. All variants cost the same, so values do not change.
    """
    family = catalogue.family[product]
    chosen = np.flatnonzero(family >= 0)
    key = customer[chosen] * (family.max(initial=0) + 1) + family[chosen]
    by_key = np.argsort(key, kind="stable")
    _, start, size = np.unique(key[by_key], return_index=True, return_counts=True)
    rank = np.arange(len(chosen)) - np.repeat(start, size)
    first = np.repeat(product[chosen[by_key[start]]], size)
    base = first - first % VARIANTS_PER_FAMILY
    resolved = product.copy()
    resolved[chosen[by_key]] = base + (first + rank) % VARIANTS_PER_FAMILY
    return resolved


def _merge_equal_lines(
    order: NDArray[np.int64],
    product: NDArray[np.int64],
    quantity: NDArray[np.int64],
    product_count: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Add up the lines of one order that name the same product."""
    key, line = np.unique(order * product_count + product, return_inverse=True)
    total = np.bincount(line, quantity, len(key)).astype(np.int64)
    return key // product_count, key % product_count, total
