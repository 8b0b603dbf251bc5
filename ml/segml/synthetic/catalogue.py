"""Products with prices, and the tables from which baskets are drawn and valued."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from segml.synthetic.assortment import CATEGORIES, PRODUCTS_PER_CATEGORY, VARIANTS_PER_FAMILY

if TYPE_CHECKING:
    from numpy.typing import NDArray

CATALOGUE_SEED = 2023  # the assortment is the same in every shop
PRICE_SIGMA = 0.5  # of log price within a category
POPULARITY_EXPONENT = 0.8  # weight of the r-th product or family is r ** -0.8
QUALITY_SIGMA = 0.3  # of a product's effect on its ratings
COST_SHARE_RANGE = (0.45, 0.65)
LEAD_TIME_RANGE_DAYS = (3, 29)
STOCK_MONTHS_RANGE = (0.7, 10.0)  # evenly on the log scale
UNITS_PER_CUSTOMER_AND_MONTH = 0.9  # rough demand behind the stock, all products together
SPEND_TILTS = np.linspace(-1.6, 1.6, 9)  # preference for dear products by spend level
COMPANION_SHARE = 0.35  # of further lines that accompany the line before
PARTNER_CATEGORY_SHARE = 0.6  # of companions: from the partner category, otherwise the own


@dataclass(frozen=True)
class Catalogue:
    """Products (120) in the order of ``CATEGORIES``; every array has one entry per product."""

    name: list[str]
    category: NDArray[np.int64]
    unit_price: NDArray[np.float64]
    unit_cost: NDArray[np.float64]
    quality: NDArray[np.float64]
    stock_months: NDArray[np.float64]
    lead_time_days: NDArray[np.int64]
    popularity: NDArray[np.float64]  # sums to 1 within a category
    companions: NDArray[np.int64]  # shape (120, 2): in the partner category, in the own
    family: NDArray[np.int64]  # -1 for products that are bought again

    def choice_shares(self) -> NDArray[np.float64]:
        """Return P(product | category, spend level), shape (levels, categories, 15)."""
        by_category = (len(CATEGORIES), PRODUCTS_PER_CATEGORY)
        log_price = np.log(self.unit_price).reshape(by_category)
        score = (log_price - log_price.mean(axis=1, keepdims=True)) / PRICE_SIGMA
        weight = self.popularity.reshape(by_category) * np.exp(SPEND_TILTS[:, None, None] * score)
        shares: NDArray[np.float64] = weight / weight.sum(axis=2, keepdims=True)
        return shares

    def companion_matrix(self) -> NDArray[np.float64]:
        """Return P(companion | product), shape (120, 120)."""
        matrix = np.zeros((len(self.name), len(self.name)))
        rows = np.arange(len(self.name))
        matrix[rows, self.companions[:, 0]] += PARTNER_CATEGORY_SHARE
        matrix[rows, self.companions[:, 1]] += 1 - PARTNER_CATEGORY_SHARE
        return matrix


@cache
def build_catalogue() -> Catalogue:
    """Return the one assortment that every synthetic shop sells."""
    rng = np.random.default_rng(CATALOGUE_SEED)
    count = len(CATEGORIES) * PRODUCTS_PER_CATEGORY
    category = np.repeat(np.arange(len(CATEGORIES)), PRODUCTS_PER_CATEGORY)
    family = _families()
    median = np.array([item.median_price for item in CATEGORIES])[category]
    price = np.maximum(
        np.round(median * np.exp(PRICE_SIGMA * _shared(rng.standard_normal(count), family))), 1.0
    )
    unit_price = price - 0.01
    shortest, longest = map(math.log, STOCK_MONTHS_RANGE)
    cost_share = _shared(rng.uniform(*COST_SHARE_RANGE, count), family)
    return Catalogue(
        name=[name for item in CATEGORIES for name in item.product_names],
        category=category,
        unit_price=unit_price,
        unit_cost=np.round(unit_price * cost_share, 2),
        quality=QUALITY_SIGMA * rng.standard_normal(count),
        stock_months=np.exp(rng.uniform(shortest, longest, count)),
        lead_time_days=rng.integers(*LEAD_TIME_RANGE_DAYS, count),
        popularity=_popularity(),
        companions=_companions(category),
        family=family,
    )


def _families() -> NDArray[np.int64]:
    products = np.arange(len(CATEGORIES) * PRODUCTS_PER_CATEGORY)
    is_repeatable = np.repeat([item.is_repeatable for item in CATEGORIES], PRODUCTS_PER_CATEGORY)
    return np.where(is_repeatable, -1, products // VARIANTS_PER_FAMILY)


def _shared(values: NDArray[np.float64], family: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give all variants of a family the value of its first variant."""
    products = np.arange(len(values))
    first: NDArray[np.float64] = values[
        np.where(family < 0, products, products - products % VARIANTS_PER_FAMILY)
    ]
    return first


def _popularity() -> NDArray[np.float64]:
    parts = []
    for item in CATEGORIES:
        rank = np.arange(PRODUCTS_PER_CATEGORY)
        if not item.is_repeatable:
            rank = rank // VARIANTS_PER_FAMILY
        weight = (rank + 1.0) ** -POPULARITY_EXPONENT
        parts.append(weight / weight.sum())
    return np.concatenate(parts)


def _companions(category: NDArray[np.int64]) -> NDArray[np.int64]:
    position = np.arange(len(category)) % PRODUCTS_PER_CATEGORY
    partner = np.array([item.partner for item in CATEGORIES])[category]
    in_partner = partner * PRODUCTS_PER_CATEGORY + position
    in_own = category * PRODUCTS_PER_CATEGORY + (position + 5) % PRODUCTS_PER_CATEGORY
    return np.column_stack([in_partner, in_own])
