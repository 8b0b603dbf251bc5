"""Purchases, their rhythm and their baskets in pandas: part of the oracle of the features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from tests.e2e.raw_oracle import TICKS_PER_UNIT

if TYPE_CHECKING:
    from tests.e2e.cleaning_oracle import CleanShop

WINDOWS_DAYS = (7, 30, 60, 90, 180, 365)
DAYS_PER_MONTH = 30.4375
COMPLETED = {
    "completed", "complete", "delivered", "shipped", "paid", "fulfilled", "partially_returned",
    "returned",
}  # fmt: skip


@dataclass(frozen=True)
class Past:
    """What the shop knew as of one day boundary about completed orders and their refunds."""

    day: pd.Timestamp
    orders: pd.DataFrame
    lines: pd.DataFrame
    refunds: pd.DataFrame

    @classmethod
    def of(cls, shop: CleanShop, day: pd.Timestamp) -> Past:
        orders = shop.known_at("orders", day)
        status = orders.status.str.lower().fillna("completed")
        orders = orders[status.isin(COMPLETED) & (orders.ordered_at < day)]
        lines = shop.kept["order_items"]
        lines = lines[lines.order_id.isin(orders.order_id)]
        lines = lines.assign(revenue=lines.quantity * lines.unit_price)
        totals = lines.groupby("order_id").agg(
            gross=("revenue", "sum"), units=("quantity", "sum"), line_count=("revenue", "size")
        )
        orders = orders.merge(totals, left_on="order_id", right_index=True)
        orders["discount"] = orders.discount_amount.fillna(0).clip(upper=orders.gross)
        orders["revenue"] = orders.gross - orders.discount
        orders["day"] = orders.ordered_at.dt.floor("D")
        orders["age_days"] = (day - orders.day).dt.days
        orders = orders.sort_values(["ordered_at", "order_id"])
        owners = orders[["order_id", "customer_id", "age_days"]]
        refunds = shop.known_at("returns", day).merge(owners, on="order_id")
        orders["is_returned"] = orders.order_id.isin(refunds.order_id)
        return cls(day, orders, lines.merge(owners, on="order_id"), refunds)


def share(part: pd.Series, whole: pd.Series) -> pd.Series:
    """Divide; nothing over nothing is null."""
    return part / whole.where(whole != 0)


def spend_features(past: Past) -> pd.DataFrame:
    """Order counts and revenue of each customer, over all time and per window."""
    rows = past.orders
    orders = rows.groupby("customer_id")
    table = pd.DataFrame(
        {
            "recency_days": orders.age_days.min(),
            "tenure_days": orders.age_days.max(),
            "order_count": orders.size(),
            "average_order_revenue": orders.revenue.mean() / TICKS_PER_UNIT,
            "median_order_revenue": orders.revenue.median() / TICKS_PER_UNIT,
            "maximum_order_revenue": orders.revenue.max() / TICKS_PER_UNIT,
            "last_order_revenue": orders.revenue.last() / TICKS_PER_UNIT,
            "order_revenue_variation": share(orders.revenue.std(ddof=1), orders.revenue.mean()),
            "active_month_count": rows.day.dt.to_period("M").groupby(rows.customer_id).nunique(),
            "weekend_order_share": (rows.day.dt.day_of_week >= 5).groupby(rows.customer_id).mean(),
            "discounted_order_share": (rows.discount > 0).groupby(rows.customer_id).mean(),
            "returned_order_share": orders.is_returned.mean(),
            "average_order_units": orders.units.mean(),
            "maximum_order_units": orders.units.max(),
            "average_order_lines": orders.line_count.mean(),
            "average_unit_revenue": orders.revenue.sum() / orders.units.sum() / TICKS_PER_UNIT,
        }
    )
    table = table.join(_window_features(past, None, table.index))
    for days in WINDOWS_DAYS:
        table = table.join(_window_features(past, days, table.index).add_suffix(f"_{days}d"))
    for days in (60, 180):
        table = table.join(_trend_features(rows, days, table.index))
    refunds = past.refunds.groupby("customer_id").size()
    table["return_count"] = refunds.reindex(table.index, fill_value=0)
    table["net_revenue_per_active_month"] = table.net_revenue / table.active_month_count
    table["orders_per_tenure_month"] = table.order_count / (table.tenure_days / DAYS_PER_MONTH)
    return table.join(_channel_features(rows)).fillna({"channel_count": 0})


def _window_features(past: Past, days: int | None, customers: pd.Index) -> pd.DataFrame:
    orders, refunds = past.orders, past.refunds
    if days is not None:
        orders, refunds = orders[orders.age_days <= days], refunds[refunds.age_days <= days]
    sums = orders.groupby("customer_id")[["revenue", "gross", "discount", "units"]].sum()
    sums = sums.reindex(customers, fill_value=0)
    refunded = refunds.groupby("customer_id").refund_amount.sum().reindex(customers, fill_value=0)
    window = pd.DataFrame(
        {
            "net_revenue": (sums.revenue - refunded) / TICKS_PER_UNIT,
            "discount_share": share(sums.discount, sums.gross),
            "refund_share": share(refunded, sums.revenue),
        }
    )
    if days is not None:
        counts = orders.groupby("customer_id").size().reindex(customers, fill_value=0)
        window = window.assign(order_count=counts, unit_count=sums.units)
    return window


def _trend_features(orders: pd.DataFrame, days: int, customers: pd.Index) -> pd.DataFrame:
    recent = orders[orders.age_days <= days]
    is_new = recent.age_days <= days // 2
    signed = recent.revenue.where(is_new, -recent.revenue).groupby(recent.customer_id).sum()
    change = signed.reindex(customers, fill_value=0)
    total = recent.groupby("customer_id").revenue.sum().reindex(customers, fill_value=0)
    return pd.DataFrame(
        {
            f"order_revenue_change_{days}d": change / TICKS_PER_UNIT,
            f"order_revenue_trend_{days}d": share(change, total),
        }
    )


def _channel_features(orders: pd.DataFrame) -> pd.DataFrame:
    named = orders.assign(channel=orders.channel.str.lower()).dropna(subset="channel")
    counts = named.groupby(["customer_id", "channel"]).size().rename("order_count").reset_index()
    ranked = counts.sort_values(["order_count", "channel"]).groupby("customer_id")
    return pd.DataFrame(
        {
            "channel_count": ranked.size(),
            "last_channel": named.groupby("customer_id").channel.last(),
            "top_channel": ranked.channel.last(),
            "top_channel_share": ranked.order_count.last() / ranked.order_count.sum(),
        }
    )


def rhythm_features(past: Past) -> pd.DataFrame:
    """Gaps between the days on which a customer ordered."""
    days = past.orders[["customer_id", "day", "age_days"]].drop_duplicates()
    days["gap"] = days.groupby("customer_id").day.diff().dt.days
    gaps = days.dropna().groupby("customer_id").gap
    table = pd.DataFrame(
        {
            "purchase_gap_mean_days": gaps.mean(),
            "purchase_gap_sd_days": gaps.std(ddof=1),
            "last_purchase_gap_days": gaps.last(),
            "maximum_purchase_gap_days": gaps.max(),
        }
    )
    table["purchase_gap_variation"] = table.purchase_gap_sd_days / table.purchase_gap_mean_days
    recency = days.groupby("customer_id").age_days.min()
    table["overdue_ratio"] = recency / table.purchase_gap_mean_days
    table["days_until_expected_order"] = table.purchase_gap_mean_days - recency
    table["purchase_clumpiness"] = pd.Series(
        {customer: _clumpiness([*own, recency[customer]]) for customer, own in gaps},
        dtype="float64",
    )
    return table


def _clumpiness(intervals: list[float]) -> float:
    parts = np.array(intervals) / np.sum(intervals)
    return 1 + float(np.sum(parts * np.log(parts))) / np.log(len(parts))


def basket_features(shop: CleanShop, past: Past) -> pd.DataFrame:
    """Products and their categories as the catalogue told them on the day."""
    products = shop.known_at("products", past.day)[["product_id", "category"]]
    lines = past.lines.merge(products, on="product_id", how="left")
    lines["category"] = lines.category.str.lower().str.replace(r"\s+", " ", regex=True)
    spend = lines.dropna(subset="category").groupby(["customer_id", "category"]).revenue.sum()
    ranked = spend.reset_index().sort_values(["revenue", "category"]).groupby("customer_id")
    part = spend / spend.groupby("customer_id").transform("sum")
    information = -part * np.log(part.where(part > 0, 1))
    named = lines.dropna(subset="product_id").groupby("customer_id").product_id
    return pd.DataFrame(
        {
            "product_count": named.nunique(),
            "repeat_product_share": 1 - named.nunique() / named.size(),
            "category_count": ranked.size(),
            "top_category": ranked.category.last(),
            "top_category_share": share(ranked.revenue.max(), ranked.revenue.sum()),
            "category_concentration": (part**2).groupby("customer_id").sum(min_count=1),
            "category_entropy": information.groupby("customer_id").sum(min_count=1),
        }
    )
