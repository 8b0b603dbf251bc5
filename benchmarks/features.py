"""Measure the feature mart: time against a bare scan, memory, an advance, pandas and polars.

Example
-------
python benchmarks/features.py --customers 1000000 --folder warehouse/features_benchmark
"""

from __future__ import annotations

import argparse
import gc
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

import features_in_pandas
import features_in_polars
from measuring import Spent, Stopwatch
from segml.synthetic import ShopSettings
from segml.warehouse import Warehouse, open_warehouse
from shops import ROOT, build, make_shop, run_dbt

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd

ROUNDS = 3
SNAPSHOTS = 13
MART = ("+customer_features",)
SEQUENCES = (
    "int_products__categories",
    "int_customer_events__versions",
    "customer_event_sequences",
)
# the raw columns that the mart reads
SCANNED = {
    "customers": "customer_id, birth_date, gender, annual_income, country, registered_at, "
    "marketing_consent, consent_updated_at, loaded_at",
    "products": "product_id, category",
    "orders": "order_id, customer_id, ordered_at, status, discount_amount, channel, loaded_at",
    "order_items": "order_id, line_number, product_id, quantity, unit_price",
    "returns": "return_id, order_id, quantity, refund_amount, returned_at",
    "events": "event_id, customer_id, session_id, event_type, product_id, occurred_at",
    "reviews": "review_id, customer_id, rating, review_text, reviewed_at",
    "campaign_contacts": "campaign_id, customer_id, channel, is_control, contacted_at",
}
# when a row of the last day happened; lines come with their orders
EVENT_TIMES = {
    "customers": "registered_at",
    "orders": "ordered_at",
    "returns": "returned_at",
    "events": "occurred_at",
    "reviews": "reviewed_at",
    "campaign_contacts": "contacted_at",
}
# what the peers start from: the staging tables that these features read, money as floating point
STAGED = {
    "orders": "select order_id, cast(customer_key as varchar) as customer_key, status, ordered_at, "
    "cast(discount_amount as double) as discount_amount, known_from, known_until "
    "from staging.stg_shop__orders",
    "order_items": "select order_id, product_id, cast(quantity as double) as quantity, "
    "cast(line_revenue as double) as line_revenue from staging.stg_shop__order_items",
    "returns": "select order_id, cast(refund_amount as double) as refund_amount, "
    "known_from, known_until from staging.stg_shop__returns",
    "products": "select product_id, category, known_from, known_until "
    "from staging.stg_shop__products",
    "events": "select cast(customer_key as varchar) as customer_key, session_id, event_type, "
    "occurred_at, known_from, known_until from staging.stg_shop__events",
    "reviews": "select cast(customer_key as varchar) as customer_key, "
    "cast(rating as double) as rating, known_from, known_until from staging.stg_shop__reviews",
}
# what the mart's own SQL makes of them once, for all snapshots
PREPARED = ("int_orders__completed", "int_order_products__completed", "int_session_days__events")
INTERMEDIATE = "target/compiled/segml/models/intermediate"


def main() -> None:
    """Build the mart but for the last day, compute a part of it three times, add the last day."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--folder", type=Path, default=ROOT / "warehouse" / "features_benchmark")
    parser.add_argument("--rounds", type=int, default=3, help="of comparing engines; 0 for none")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve() / str(arguments.customers)
    warehouse = folder / "warehouse.duckdb"
    if not warehouse.exists():
        make_shop(arguments.customers, folder)
    with open_warehouse(warehouse, read_only=True) as opened:
        lines = opened.value("select count(*) from raw.order_items")
    print(f"{arguments.customers:,} customers, {lines:,} order lines")

    as_of = ShopSettings(customers=arguments.customers).as_of_date
    last_day = as_of - timedelta(days=1)
    add_held_back_rows(warehouse)
    hold_back(warehouse, last_day)
    startup = run_dbt(folder, "parse")
    scan = Spent.least(scan_raw_tables(warehouse) for _ in range(ROUNDS))

    def show(name: str, spent: Spent) -> None:
        scans = spent.cpu / scan.cpu
        print(
            f"{name:<24}{spent.cpu:>10.2f}{spent.wall:>10.2f}{scans:>8.1f}{spent.peak_gib:>10.2f}",
            flush=True,
        )

    print(f"{'':<24}{'CPU s':>10}{'seconds':>10}{'scans':>8}{'peak GiB':>10}")
    show("bare scan", scan)
    day = {"as_of_date": last_day.isoformat()}
    full = build(folder, day, MART, "--full-refresh") - startup
    show("mart, 13 snapshots", full)
    show("  per snapshot", full / SNAPSHOTS)
    show("sequences, 13 snapshots", build(folder, day, SEQUENCES, "--full-refresh") - startup)
    if arguments.rounds:
        compare_engines(folder, warehouse, arguments.rounds)
    show("bare scan again", Spent.least(scan_raw_tables(warehouse) for _ in range(ROUNDS)))
    added = add_held_back_rows(warehouse)
    advance = build(folder, {"as_of_date": as_of.isoformat()}, MART) - startup
    show("advance by a day", advance)
    print(f"{added:,} rows of that day; ", end="")
    print(f"advance / full build: {advance.cpu / full.cpu:.1%} of CPU", flush=True)


def hold_back(warehouse: Path, day: date) -> None:
    """Put the rows that became known from a day on aside."""
    with open_warehouse(warehouse) as opened:
        opened.execute("create schema held_back")
        for table, event_time in EVENT_TIMES.items():
            times = ", ".join(
                f"try_cast({column} as timestamp)" for column in (event_time, "loaded_at")
            )
            move(opened, table, f"greatest({times}) >= date '{day}'")
        move(opened, "order_items", "order_id in (select order_id from held_back.orders)")


def move(opened: Warehouse, table: str, condition: str) -> None:
    """Move rows of a raw table to the table of the same name in held_back."""
    opened.execute(f"create table held_back.{table} as from raw.{table} where {condition}")
    opened.execute(f"delete from raw.{table} where {condition}")


def add_held_back_rows(warehouse: Path) -> int:
    """Put the rows back, if there are any, as a load of that day would; return their number."""
    count = 0
    with open_warehouse(warehouse) as opened:
        if not opened.has_table("held_back", "order_items"):
            return count
        for table in (*EVENT_TIMES, "order_items"):
            count += int(opened.value(f"select count(*) from held_back.{table}"))
            opened.execute(f"insert into raw.{table} by name from held_back.{table}")
        opened.execute("drop schema held_back cascade")
    return count


def scan_raw_tables(warehouse: Path) -> Spent:
    """Read every value of the scanned columns once; the second reading counts."""
    with open_warehouse(warehouse, read_only=True) as opened:
        for _ in range(2):
            with Stopwatch() as stopwatch:
                for table, columns in SCANNED.items():
                    maxima = ", ".join(f"max({column})" for column in columns.split(", "))
                    opened.rows(f"select {maxima} from raw.{table}")
    return stopwatch.spent


def compare_engines(folder: Path, warehouse: Path, rounds: int) -> None:
    """Time the same features of the built snapshots in turns, and check that they agree."""
    staged = folder / "staged"
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    statuses = project["vars"]["completed_order_statuses"]
    spent: dict[str, list[Spent]] = {}
    with open_warehouse(warehouse) as opened:
        opened.execute("set nested_loop_join_threshold = 64")  # as in profiles.yml
        days = export_staging(opened, staged)
        for _ in range(rounds):
            results: dict[tuple[str, object], Any] = {}
            for name, peer in (("pandas", features_in_pandas), ("polars", features_in_polars)):
                with Stopwatch() as reading:
                    staging = peer.read_tables(staged)
                with Stopwatch() as computing:
                    tables = peer.prepare(staging, statuses)
                    for day in days:
                        results[name, day] = peer.compute_features(tables, day)
                        if day not in (days[0], days[-1]):
                            del results[name, day]
                spent.setdefault(f"{name}, reading", []).append(reading.spent)
                spent.setdefault(f"{name}, computing", []).append(computing.spent)
                results[name, "keys"] = tables["keys"]["customer_key"].to_numpy()
                del staging, tables
                gc.collect()
            columns = [name for name in results["pandas", days[0]].columns if name != "customer"]
            with Stopwatch() as stopwatch:
                for model in PREPARED:
                    opened.execute(
                        f"create or replace temp table {model} as {compiled_sql(folder, model)}"
                    )
                opened.execute(
                    "create or replace temp table subset as "
                    f"select customer_key, snapshot_date, {', '.join(columns)} "
                    f"from ({compiled_sql(folder, 'int_customer_snapshots__features')})"
                )
            spent.setdefault("segml", []).append(stopwatch.spent)
        for day in (days[0], days[-1]):
            expected = opened.frame(
                "select * replace (cast(customer_key as varchar) as customer_key) from subset "
                "where snapshot_date = ?",
                [day],
            ).set_index("customer_key")
            in_polars = results["polars", day].to_pandas().set_index("customer")
            for name, found in (("pandas", results["pandas", day]), ("polars", in_polars)):
                found.index = results[name, "keys"][found.index]
                check_equal(expected, found, columns)
    print(f"{len(columns)} features of {len(days)} snapshots; the oldest and the newest are equal")
    segml = Spent.least(spent["segml"])
    for name, measured in spent.items():
        least = Spent.least(measured)
        print(
            f"{name:<24}{least.cpu:>10.2f}{least.wall:>10.2f}"
            f"  {least.cpu / segml.cpu:.1f} times the CPU time, {least.wall / segml.wall:.1f} times"
        )


def export_staging(opened: Warehouse, staged: Path) -> list[date]:
    """Write the staging tables as Parquet; return the snapshots that are built."""
    staged.mkdir(exist_ok=True)
    for name, query in STAGED.items():
        opened.execute(f"copy ({query}) to '{staged / name}.parquet'")
    days = opened.rows("select snapshot_date from intermediate.int_snapshots__to_build order by 1")
    return [day for (day,) in days]


def compiled_sql(folder: Path, model: str) -> str:
    """Return the mart's own SQL of an intermediate model, as dbt compiled it."""
    return (folder / INTERMEDIATE / f"{model}.sql").read_text(encoding="utf-8")


def check_equal(expected: pd.DataFrame, found: pd.DataFrame, names: list[str]) -> None:
    """Stop unless both have the same customers and, but for rounding, the same numbers."""
    found = found.reindex(expected.index)
    for name in names:
        pair = (
            expected[name].to_numpy(float, na_value=np.nan),
            found[name].to_numpy(float, na_value=np.nan),
        )
        if not np.allclose(*pair, rtol=1e-9, atol=1e-6, equal_nan=True):
            worst = int(np.nanargmax(np.abs(pair[0] - pair[1])))
            sys.exit(f"{name} differs: {pair[0][worst]} in SQL, {pair[1][worst]} elsewhere")


if __name__ == "__main__":
    main()
