"""The same features as ``features_in_pandas``, as lazy polars expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

ELIGIBILITY_DAYS = 730
REVENUE = pl.col("product_revenue")


def read_tables(folder: Path) -> dict[str, pl.DataFrame]:
    """Read the cleaned tables, with text as categories where it repeats."""
    repeated = ("product_id", "category", "session_id")
    return {
        path.stem: pl.read_parquet(path).with_columns(
            pl.selectors.by_name(*repeated, require_all=False).cast(pl.Categorical)
        )
        for path in sorted(folder.glob("*.parquet"))
    }


def compute_features(tables: dict[str, pl.DataFrame], snapshot_date: date) -> pl.DataFrame:
    """Return one row per eligible customer."""
    known = {name: _known(table.lazy(), snapshot_date) for name, table in tables.items()}
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
