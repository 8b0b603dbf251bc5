"""Some features of the mart as a careful pandas user would compute them, for one snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

ELIGIBILITY_DAYS = 730


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Read the staging tables."""
    return {path.stem: pd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))}


def prepare(staging: dict[str, pd.DataFrame], statuses: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Join and add up once what every snapshot reads, customers and repeated text as codes."""
    orders, items = staging["orders"], staging["order_items"]
    orders = orders[orders["status"].isin(statuses)]
    totals = items.groupby("order_id").agg(
        gross_revenue=("line_revenue", "sum"), unit_count=("quantity", "sum")
    )
    orders = orders.merge(totals, left_on="order_id", right_index=True)
    discount = np.minimum(orders["discount_amount"], orders["gross_revenue"])
    customers, keys = pd.factorize(orders["customer_key"])
    orders = orders.assign(
        order_revenue=orders["gross_revenue"] - discount,
        customer=customers,
        ordered_date=orders["ordered_at"].dt.normalize(),
    )
    dated = orders[["order_id", "customer", "ordered_date", "known_from", "known_until"]]
    spend = items.groupby(["order_id", "product_id"], dropna=False, as_index=False)["line_revenue"]
    order_products = pd.DataFrame(spend.sum()).rename(columns={"line_revenue": "product_revenue"})
    return {
        "keys": pd.DataFrame({"customer_key": keys}),
        "orders": orders,
        "refunds": _refunds(
            staging["returns"].merge(dated, on="order_id", suffixes=("", "_order"))
        ),
        "order_products": _as_codes(order_products.merge(dated, on="order_id"), "product_id"),
        "products": _as_codes(staging["products"], "product_id", "category"),
        "session_days": _as_codes(_session_days(_of(staging["events"], keys)), "session_id"),
        "reviews": _of(staging["reviews"], keys),
    }


def _of(facts: pd.DataFrame, keys: pd.Index) -> pd.DataFrame:
    facts = facts.assign(customer=keys.get_indexer(pd.Index(facts["customer_key"])))
    return facts[facts["customer"] >= 0]


def _as_codes(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    return table.astype(dict.fromkeys(columns, "category"))


def _refunds(refunds: pd.DataFrame) -> pd.DataFrame:
    """Keep the pairs of versions that were known together, from the later to the earlier border."""
    start, end = refunds["known_from"], refunds["known_until"]
    order_start, order_end = refunds["known_from_order"], refunds["known_until_order"]
    together = ~(start >= order_end) & ~(end <= order_start)
    return refunds.assign(
        known_from=start.where(start >= order_start, order_start),
        known_until=end.where(order_end.isna() | (end <= order_end), order_end),
    )[together]


def _session_days(events: pd.DataFrame) -> pd.DataFrame:
    days = events.assign(
        occurred_date=events["occurred_at"].dt.normalize(),
        known_from=events["known_from"].dt.normalize(),
        known_until=events["known_until"].dt.normalize(),
        is_cart=events["event_type"] == "add_to_cart",
    )
    by = ["customer", "session_id", "occurred_date", "known_from", "known_until"]
    return days.groupby(by, dropna=False, as_index=False).agg(
        event_count=("is_cart", "size"), cart_count=("is_cart", "sum")
    )


def compute_features(tables: dict[str, pd.DataFrame], day: date) -> pd.DataFrame:
    """Return one row per eligible customer, indexed by customer."""
    snapshot_date = pd.Timestamp(day)
    orders = _known(tables["orders"], snapshot_date)
    orders = orders[orders["ordered_date"] < snapshot_date]
    refunds = _known(tables["refunds"], snapshot_date)
    refunds = refunds[refunds["ordered_date"] < snapshot_date]
    features = pd.concat(
        [
            _orders(orders, refunds, snapshot_date),
            _rhythm(orders),
            _basket(tables, snapshot_date),
            _visits(_known(tables["session_days"], snapshot_date), snapshot_date),
            _feedback(_known(tables["reviews"], snapshot_date)),
        ],
        axis=1,
    )
    features = features[features["recency_days"] <= ELIGIBILITY_DAYS]
    counts = [name for name in features.columns if "_count" in name]
    return features.fillna(dict.fromkeys(counts, 0))


def _known(facts: pd.DataFrame, snapshot_date: pd.Timestamp) -> pd.DataFrame:
    return facts[(facts["known_from"] < snapshot_date) & ~(facts["known_until"] < snapshot_date)]


def _orders(
    orders: pd.DataFrame, refunds: pd.DataFrame, snapshot_date: pd.Timestamp
) -> pd.DataFrame:
    age_days = (snapshot_date - orders["ordered_date"]).dt.days
    orders = orders.assign(age_days=age_days, is_weekend=orders["ordered_date"].dt.dayofweek >= 5)
    by_customer = orders.groupby("customer")
    features = by_customer.agg(
        recency_days=("age_days", "min"),
        tenure_days=("age_days", "max"),
        order_count=("age_days", "size"),
        order_revenue=("order_revenue", "sum"),
        median_order_revenue=("order_revenue", "median"),
        maximum_order_revenue=("order_revenue", "max"),
        weekend_order_share=("is_weekend", "mean"),
    )
    newest_last = orders.sort_values(["customer", "ordered_at", "order_id"])
    features["last_order_revenue"] = newest_last.groupby("customer")["order_revenue"].last()
    features["average_order_revenue"] = features["order_revenue"] / features["order_count"]
    returned = refunds.groupby("customer")["refund_amount"].agg(["sum", "size"])
    features["return_count"] = returned["size"]
    features["net_revenue"] = features.pop("order_revenue").sub(
        returned["sum"].reindex(features.index, fill_value=0)
    )
    refund_age_days = (snapshot_date - refunds["ordered_date"]).dt.days
    for days in (30, 90, 365):
        recent = orders[age_days <= days].groupby("customer")
        refunded = refunds[refund_age_days <= days].groupby("customer")["refund_amount"].sum()
        features[f"order_count_{days}d"] = recent.size()
        features[f"unit_count_{days}d"] = recent["unit_count"].sum()
        features[f"net_revenue_{days}d"] = (
            recent["order_revenue"].sum().reindex(features.index, fill_value=0)
        ).sub(refunded.reindex(features.index, fill_value=0))
    return features


def _rhythm(orders: pd.DataFrame) -> pd.DataFrame:
    days = (
        orders[["customer", "ordered_date"]]
        .drop_duplicates()
        .sort_values(["customer", "ordered_date"])
    )
    gaps = days.groupby("customer")["ordered_date"].diff().dt.days.groupby(days["customer"])
    months = days["ordered_date"].dt.year * 12 + days["ordered_date"].dt.month
    return pd.DataFrame(
        {
            "purchase_gap_mean_days": gaps.mean(),
            "purchase_gap_sd_days": gaps.std(),
            "last_purchase_gap_days": gaps.last(),
            "active_month_count": months.groupby(days["customer"]).nunique(),
        }
    )


def _basket(tables: dict[str, pd.DataFrame], snapshot_date: pd.Timestamp) -> pd.DataFrame:
    lines = _known(tables["order_products"], snapshot_date)
    lines = lines[lines["ordered_date"] < snapshot_date]
    products = _known(tables["products"], snapshot_date)
    spend = lines.groupby(["customer", "product_id"], observed=True, as_index=False)[
        "product_revenue"
    ].sum()
    category_of = products.set_index(products["product_id"].astype(str))["category"]
    codes = category_of.reindex(spend["product_id"].cat.categories).cat.codes.to_numpy()
    spend["category"] = codes[spend["product_id"].cat.codes]
    categories = (
        spend[spend["category"] >= 0]
        .groupby(["customer", "category"], as_index=False)["product_revenue"]
        .sum()
    )
    by_customer = categories.groupby("customer")["product_revenue"]
    total = by_customer.sum()
    share = categories["product_revenue"] / categories["customer"].map(total)
    return pd.DataFrame(
        {
            "product_count": spend.groupby("customer").size(),
            "category_count": by_customer.size(),
            "top_category_share": by_customer.max() / total.where(total > 0),
            "category_concentration": (share**2).groupby(categories["customer"]).sum(min_count=1),
        }
    )


def _visits(session_days: pd.DataFrame, snapshot_date: pd.Timestamp) -> pd.DataFrame:
    age_days = (snapshot_date - session_days["occurred_date"]).dt.days
    features = pd.DataFrame(
        {"days_since_last_event": age_days.groupby(session_days["customer"]).min()}
    )
    for days in (30, 365):
        recent = session_days[age_days <= days].groupby("customer")
        features[f"event_count_{days}d"] = recent["event_count"].sum()
        features[f"cart_count_{days}d"] = recent["cart_count"].sum()
    visits = session_days.loc[age_days <= 90, ["customer", "session_id"]]
    visits = visits.dropna().drop_duplicates()
    features["session_count_90d"] = visits.groupby("customer").size()
    return features


def _feedback(reviews: pd.DataFrame) -> pd.DataFrame:
    by_customer = reviews.groupby("customer")
    return pd.DataFrame(
        {
            "review_count": by_customer.size(),
            "rating_mean": by_customer["rating"].mean(),
            "minimum_rating": by_customer["rating"].min(),
            "negative_review_share": (reviews["rating"] <= 2)
            .astype(np.float64)
            .groupby(reviews["customer"])
            .mean(),
        }
    )
