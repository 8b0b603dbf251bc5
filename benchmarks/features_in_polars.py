"""The same features as ``features_in_pandas``, as lazy polars expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

ELIGIBILITY_DAYS = 730
REVENUE = pl.col("product_revenue")


def read_tables(folder: Path) -> dict[str, pl.DataFrame]:
    """Read the staging tables."""
    return {path.stem: pl.read_parquet(path) for path in sorted(folder.glob("*.parquet"))}


def prepare(staging: dict[str, pl.DataFrame], statuses: Sequence[str]) -> dict[str, pl.DataFrame]:
    """Join and add up once what every snapshot reads, customers and repeated text as codes."""
    tables = {name: table.lazy() for name, table in staging.items()}
    items = tables["order_items"]
    gross = pl.col("gross_revenue")
    orders = (
        tables["orders"]
        .filter(pl.col("status").is_in(statuses))
        .join(
            items.group_by("order_id").agg(
                pl.col("line_revenue").sum().alias("gross_revenue"),
                pl.col("quantity").sum().alias("unit_count"),
            ),
            on="order_id",
        )
        .with_columns(
            order_revenue=gross - pl.min_horizontal("discount_amount", gross),
            ordered_date=pl.col("ordered_at").dt.date(),
        )
        .collect()
    )
    keys = orders.select(pl.col("customer_key").unique()).with_row_index("customer")
    orders = orders.join(keys, on="customer_key")
    dated = orders.lazy().select(
        "order_id", "customer", "ordered_date", "known_from", "known_until"
    )
    products = items.group_by("order_id", "product_id").agg(
        pl.col("line_revenue").sum().alias("product_revenue")
    )
    prepared = {
        "orders": orders.lazy(),
        "refunds": _refunds(tables["returns"].join(dated, on="order_id", suffix="_order")),
        "order_products": products.join(dated, on="order_id"),
        "products": tables["products"],
        "session_days": _session_days(tables["events"].join(keys.lazy(), on="customer_key")),
        "reviews": tables["reviews"].join(keys.lazy(), on="customer_key"),
    }
    repeated = pl.selectors.by_name("product_id", "category", "session_id", require_all=False)
    collected = pl.collect_all(
        [table.with_columns(repeated.cast(pl.Categorical)) for table in prepared.values()]
    )
    return {"keys": keys, **dict(zip(prepared, collected, strict=True))}


def _refunds(refunds: pl.LazyFrame) -> pl.LazyFrame:
    """Keep the pairs of versions that were known together, from the later to the earlier border."""
    apart = (pl.col("known_from") >= pl.col("known_until_order")) | (
        pl.col("known_until") <= pl.col("known_from_order")
    )
    return refunds.filter(~apart.fill_null(value=False)).with_columns(
        known_from=pl.max_horizontal("known_from", "known_from_order"),
        known_until=pl.min_horizontal("known_until", "known_until_order"),
    )


def _session_days(events: pl.LazyFrame) -> pl.LazyFrame:
    return events.group_by(
        "customer",
        "session_id",
        pl.col("occurred_at").dt.date().alias("occurred_date"),
        pl.col("known_from").dt.date(),
        pl.col("known_until").dt.date(),
    ).agg(
        pl.len().alias("event_count"),
        (pl.col("event_type") == "add_to_cart").sum().alias("cart_count"),
    )


def compute_features(tables: dict[str, pl.DataFrame], snapshot_date: date) -> pl.DataFrame:
    """Return one row per eligible customer."""
    known = {
        name: _known(table.lazy(), snapshot_date)
        for name, table in tables.items()
        if name != "keys"
    }
    orders = known["orders"].filter(pl.col("ordered_date") < snapshot_date)
    refunds = known["refunds"].filter(pl.col("ordered_date") < snapshot_date)
    features = _orders(orders, refunds, snapshot_date)
    for group in (
        _rhythm(orders),
        _basket(known["order_products"], known["products"], snapshot_date),
        _visits(known["session_days"], snapshot_date),
        _feedback(known["reviews"]),
    ):
        features = features.join(group, on="customer", how="left")
    return (
        features.filter(pl.col("recency_days") <= ELIGIBILITY_DAYS)
        .with_columns(pl.col("^.*_count.*$").fill_null(0))
        .collect()
    )


def _known(facts: pl.LazyFrame, snapshot_date: date) -> pl.LazyFrame:
    return facts.filter(
        pl.col("known_from") < snapshot_date,
        (pl.col("known_until") >= snapshot_date).fill_null(value=True),
    )


def _age_days(column: str, snapshot_date: date) -> pl.Expr:
    return (pl.lit(snapshot_date) - pl.col(column)).dt.total_days()


def _orders(orders: pl.LazyFrame, refunds: pl.LazyFrame, snapshot_date: date) -> pl.LazyFrame:
    age, revenue = pl.col("age_days"), pl.col("order_revenue")
    windows = (30, 90, 365)
    refunded = (
        refunds.with_columns(age_days=_age_days("ordered_date", snapshot_date))
        .group_by("customer")
        .agg(
            pl.len().alias("return_count"),
            pl.col("refund_amount").sum().alias("refunds"),
            *(
                pl.col("refund_amount").filter(age <= days).sum().alias(f"refunds_{days}d")
                for days in windows
            ),
        )
    )
    return (
        orders.with_columns(age_days=_age_days("ordered_date", snapshot_date))
        .group_by("customer")
        .agg(
            age.min().alias("recency_days"),
            age.max().alias("tenure_days"),
            pl.len().alias("order_count"),
            revenue.sum().alias("net_revenue"),
            revenue.mean().alias("average_order_revenue"),
            revenue.median().alias("median_order_revenue"),
            revenue.max().alias("maximum_order_revenue"),
            revenue.sort_by("ordered_at", "order_id").last().alias("last_order_revenue"),
            (pl.col("ordered_date").dt.weekday() >= 6).mean().alias("weekend_order_share"),
            *(
                expression
                for days in windows
                for expression in (
                    (age <= days).sum().alias(f"order_count_{days}d"),
                    pl.col("unit_count").filter(age <= days).sum().alias(f"unit_count_{days}d"),
                    revenue.filter(age <= days).sum().alias(f"net_revenue_{days}d"),
                )
            ),
        )
        .join(refunded, on="customer", how="left")
        .with_columns(
            pl.col(f"net_revenue{suffix}") - pl.col(f"refunds{suffix}").fill_null(0)
            for suffix in ("", "_30d", "_90d", "_365d")
        )
        .drop("refunds", *(f"refunds_{days}d" for days in windows))
    )


def _rhythm(orders: pl.LazyFrame) -> pl.LazyFrame:
    day = pl.col("ordered_date")
    gaps = day.unique().sort().diff().dt.total_days().drop_nulls()
    return orders.group_by("customer").agg(
        gaps.mean().alias("purchase_gap_mean_days"),
        gaps.std().alias("purchase_gap_sd_days"),
        gaps.last().alias("last_purchase_gap_days"),
        day.dt.truncate("1mo").n_unique().alias("active_month_count"),
    )


def _basket(
    order_products: pl.LazyFrame, products: pl.LazyFrame, snapshot_date: date
) -> pl.LazyFrame:
    spend = (
        order_products.filter(
            pl.col("ordered_date") < snapshot_date, pl.col("product_id").is_not_null()
        )
        .group_by("customer", "product_id")
        .agg(REVENUE.sum())
        .join(products.select("product_id", "category"), on="product_id", how="left")
        .group_by("customer", "category")
        .agg(REVENUE.sum(), pl.len().alias("products"))
    )
    categorised = REVENUE.filter(pl.col("category").is_not_null())
    total = categorised.sum()
    return spend.group_by("customer").agg(
        pl.col("products").sum().alias("product_count"),
        pl.col("category").count().alias("category_count"),
        pl.when(total > 0).then(categorised.max() / total).alias("top_category_share"),
        pl.when(total > 0).then((categorised / total).pow(2).sum()).alias("category_concentration"),
    )


def _visits(session_days: pl.LazyFrame, snapshot_date: date) -> pl.LazyFrame:
    age = pl.col("age_days")
    aged = session_days.with_columns(age_days=_age_days("occurred_date", snapshot_date))
    sessions = (
        aged.filter(age <= 90, pl.col("session_id").is_not_null())
        .group_by("customer")
        .agg(pl.col("session_id").n_unique().alias("session_count_90d"))
    )
    return (
        aged.group_by("customer")
        .agg(
            age.min().alias("days_since_last_event"),
            *(
                pl.col(measure).filter(age <= days).sum().alias(f"{measure}_{days}d")
                for days in (30, 365)
                for measure in ("event_count", "cart_count")
            ),
        )
        .join(sessions, on="customer", how="left")
    )


def _feedback(reviews: pl.LazyFrame) -> pl.LazyFrame:
    rating = pl.col("rating")
    return reviews.group_by("customer").agg(
        pl.len().alias("review_count"),
        rating.mean().alias("rating_mean"),
        rating.min().alias("minimum_rating"),
        (rating <= 2).mean().alias("negative_review_share"),
    )
