"""The feature mart once more, in pandas and NumPy: an oracle for features and labels.

Written from the descriptions in ``_features__models.yml``, not from the SQL.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tests.e2e.behaviour_oracle import (
    browsing_features,
    contact_features,
    demographics,
    feedback_features,
)
from tests.e2e.purchase_oracle import (
    Past,
    basket_features,
    rhythm_features,
    share,
    spend_features,
)
from tests.e2e.raw_oracle import TICKS_PER_UNIT

if TYPE_CHECKING:
    from tests.e2e.cleaning_oracle import CleanShop

ELIGIBILITY_DAYS = 730
WHOLESALE_IQR_MULTIPLIER = 6
HIGH_VALUE_QUANTILE = 0.8
SEGMENT_MAP = Path(__file__).parents[2] / "seeds" / "reference" / "rfm_segment_map.csv"


def customer_features(
    shop: CleanShop, snapshots: list[pd.Timestamp], development_day: pd.Timestamp
) -> pd.DataFrame:
    """Return one row per customer and snapshot; edges and limits are fitted on one snapshot."""
    tables = {day: _features_at(shop, Past.of(shop, day)) for day in snapshots}
    limit = _upper_fence(Past.of(shop, development_day).orders.units)
    income_edges = _quintile_edges(tables[development_day].annual_income)
    for day, table in tables.items():
        table["snapshot_date"] = day
        table["is_wholesale"] = table.maximum_order_units > limit
        table["income_bin"] = _bins(table.annual_income, income_edges)
    return pd.concat(tables.values()).reset_index().copy()


def customer_labels(
    shop: CleanShop,
    features: pd.DataFrame,
    windows: dict[pd.Timestamp, pd.Timestamp],
    development_days: list[pd.Timestamp],
) -> pd.DataFrame:
    """Return what the customers of each labelled snapshot did until the end of its window."""
    tables = []
    for day, end in windows.items():
        table = features.loc[features.snapshot_date == day, ["customer_id", "snapshot_date"]]
        future = Past.of(shop, end)
        horizon_days = (end - day).days
        orders = future.orders[future.orders.age_days <= horizon_days].groupby("customer_id")
        refunds = future.refunds[future.refunds.age_days <= horizon_days].groupby("customer_id")
        net_revenue = orders.revenue.sum().sub(refunds.refund_amount.sum(), fill_value=0)
        tables.append(
            table.assign(
                horizon_order_count=table.customer_id.map(orders.size()).fillna(0),
                horizon_net_revenue=table.customer_id.map(net_revenue).fillna(0) / TICKS_PER_UNIT,
            )
        )
    labels = pd.concat(tables)
    labels["has_purchased"] = labels.horizon_order_count > 0
    fitted = labels[labels.snapshot_date.isin(development_days)]
    threshold = np.quantile(fitted.horizon_net_revenue, HIGH_VALUE_QUANTILE)
    if threshold <= 0:
        threshold = np.median(fitted.horizon_net_revenue[fitted.has_purchased])
    is_high = labels.horizon_net_revenue >= threshold
    labels["value_tier"] = np.select([~labels.has_purchased, is_high], ["low", "high"], "mid")
    return labels


def _features_at(shop: CleanShop, past: Past) -> pd.DataFrame:
    table = spend_features(past)
    table = table[table.recency_days <= ELIGIBILITY_DAYS]
    for group in (
        rhythm_features(past),
        basket_features(shop, past),
        browsing_features(shop, past.day),
        feedback_features(shop, past.day),
        contact_features(shop, past.day),
    ):
        counts = [name for name in group if "_count" in name]
        table = table.join(group)
        table[counts] = table[counts].fillna(0)
    table = table.join(demographics(shop, past.day))
    table["rating_times_frequency"] = table.rating_mean * table.order_count
    for days in (30, 90, 365):
        orders, sessions = table[f"order_count_{days}d"], table[f"session_count_{days}d"]
        table[f"orders_per_session_{days}d"] = share(orders, sessions)
    return table.join(_rfm_scores(table))


def _rfm_scores(table: pd.DataFrame) -> pd.DataFrame:
    scores = pd.DataFrame(
        {
            "recency_score": _fifth(-table.recency_days),
            "frequency_score": _fifth(table.order_count),
            "monetary_score": _fifth(table.net_revenue),
        }
    )
    names = pd.read_csv(SEGMENT_MAP).set_index(["recency_score", "frequency_score"]).rfm_segment
    cells = pd.MultiIndex.from_frame(scores[["recency_score", "frequency_score"]])
    return scores.assign(rfm_segment=names.loc[cells].to_numpy())


def _fifth(values: pd.Series) -> pd.Series:
    """Score 1 to 5 by the share of customers with a smaller value; ties share a score."""
    smaller = values.rank(method="min").astype(int) - 1
    return (1 + 5 * smaller // max(len(values) - 1, 1)).clip(upper=5)


def _quintile_edges(values: pd.Series) -> np.ndarray:
    known = values.dropna()
    if known.empty:
        return np.array([])
    return np.unique(np.quantile(known, [0.2, 0.4, 0.6, 0.8], method="inverted_cdf"))


def _bins(values: pd.Series, edges: np.ndarray) -> pd.Series:
    position = pd.Series(np.digitize(values, edges), index=values.index).astype("float64")
    return position.where(values.notna())


def _upper_fence(values: pd.Series) -> float:
    lower, upper = np.quantile(values, [0.25, 0.75])
    return upper + WHOLESALE_IQR_MULTIPLIER * max(upper - lower, 1)
