"""Tell whether the engine or exact sums and 16-byte keys separate the mart's SQL from pandas.

Sixteen order features of every snapshot, from a built warehouse of `benchmarks/features.py`: by
DuckDB with the types of the mart, by DuckDB with the types that pandas has, and by pandas.

Example
-------
python benchmarks/engine_limits.py warehouse/features_benchmark/50000/warehouse.duckdb
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from measuring import Spent, Stopwatch
from segml.warehouse import Warehouse, open_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 3
WINDOW_DAYS = (30, 90, 365)
SNAPSHOTS = """
create temp table snapshots as select distinct snapshot_date from features.customer_features
"""
AS_IN_THE_MART = """
create temp table exact_orders as
select customer_key as customer, ordered_at, order_id, ordered_date, known_from, known_until,
    isodow(ordered_date) >= 6 as is_weekend, order_revenue, unit_count
from intermediate.int_orders__completed
"""
AS_IN_PANDAS = """
create temp table plain_orders as
select cast(dense_rank() over (order by customer) as integer) as customer,
    cast(row_number() over (order by customer, ordered_at, order_id) as integer) as order_number,
    ordered_date, known_from, known_until, is_weekend,
    cast(order_revenue as double) as order_revenue, cast(unit_count as double) as unit_count
from exact_orders
"""


def main() -> None:
    """Compute the same in three ways in turns; print the least time of each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("warehouse", type=Path)
    spent: dict[str, list[Spent]] = {}
    with open_warehouse(parser.parse_args().warehouse) as opened:
        opened.execute("set nested_loop_join_threshold = 64")  # as in profiles.yml
        opened.execute(AS_IN_THE_MART)
        opened.execute(AS_IN_PANDAS)
        orders = opened.frame("select * from plain_orders")
        opened.execute(SNAPSHOTS)
        days = [day for (day,) in opened.rows("from snapshots")]
        ways: dict[str, Callable[[], float]] = {
            "DuckDB, exact sums, 16-byte keys": lambda: in_sql(
                opened, "exact_orders", "(ordered_at, order_id)"
            ),
            "DuckDB, floating point, integer keys": lambda: in_sql(
                opened, "plain_orders", "order_number"
            ),
            "pandas, floating point, integer keys": lambda: sum(
                in_pandas(orders, pd.Timestamp(day)) for day in days
            ),
        }
        print(f"{len(orders):,} orders, {len(days)} snapshots")
        for _ in range(ROUNDS):
            totals = []
            for name, compute in ways.items():
                with Stopwatch() as stopwatch:
                    totals.append(compute())
                spent.setdefault(name, []).append(stopwatch.spent)
            np.testing.assert_allclose(totals, totals[0])
    for name, measured in spent.items():
        least = Spent.least(measured)
        print(f"{name:<40}{least.cpu:>8.2f} CPU s{least.wall:>8.2f} s")


def in_sql(opened: Warehouse, orders: str, newest: str) -> float:
    """Compute all snapshots at once; return the total of the newest orders' revenue."""
    windows = ", ".join(
        f"count(*) filter (where age_days <= {days}) as order_count_{days}d, "
        f"sum(unit_count) filter (where age_days <= {days}) as unit_count_{days}d, "
        f"sum(order_revenue) filter (where age_days <= {days}) as order_revenue_{days}d"
        for days in WINDOW_DAYS
    )
    opened.execute(
        f"""
        create or replace temp table computed as
        select customer, snapshot_date, min(age_days) as recency_days,
            max(age_days) as tenure_days, count(*) as order_count,
            sum(order_revenue) as order_revenue, max(order_revenue) as maximum_order_revenue,
            arg_max(order_revenue, {newest}) as last_order_revenue,
            count(*) filter (where is_weekend) as weekend_order_count, {windows}
        from (
            select orders.*, snapshots.snapshot_date,
                cast(snapshots.snapshot_date - orders.ordered_date as integer) as age_days
            from snapshots
            inner join {orders} as orders
                on snapshots.snapshot_date > orders.ordered_date
                    and snapshots.snapshot_date > orders.known_from
                    and coalesce(orders.known_until >= snapshots.snapshot_date, true)
        )
        group by customer, snapshot_date
        """
    )
    return float(opened.value("select sum(last_order_revenue) from computed"))


def in_pandas(orders: pd.DataFrame, snapshot_date: pd.Timestamp) -> float:
    """Compute one snapshot; return the total of the newest orders' revenue."""
    known = orders[
        (orders["ordered_date"] < snapshot_date)
        & (orders["known_from"] < snapshot_date)
        & ~(orders["known_until"] < snapshot_date)
    ]
    known = known.assign(age_days=(snapshot_date - known["ordered_date"]).dt.days)
    features = known.groupby("customer").agg(
        recency_days=("age_days", "min"),
        tenure_days=("age_days", "max"),
        order_count=("age_days", "size"),
        order_revenue=("order_revenue", "sum"),
        maximum_order_revenue=("order_revenue", "max"),
        weekend_order_count=("is_weekend", "sum"),
    )
    newest_last = known.sort_values("order_number").groupby("customer")["order_revenue"]
    features["last_order_revenue"] = newest_last.last()
    for days in WINDOW_DAYS:
        recent = known[known["age_days"] <= days].groupby("customer")
        features[f"order_count_{days}d"] = recent.size()
        features[f"unit_count_{days}d"] = recent["unit_count"].sum()
        features[f"order_revenue_{days}d"] = recent["order_revenue"].sum()
    return float(features["last_order_revenue"].sum())


if __name__ == "__main__":
    main()
