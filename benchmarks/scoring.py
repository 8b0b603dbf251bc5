"""Measure how many customers per minute `segml predict` scores, reasons and write-back included.

The customers of a warehouse's newest snapshot are copied into a scratch warehouse until there are
enough; amounts and shares are jittered, so that no two customers are alike. The champion and its
files are those of the warehouse, which is only read.

Example
-------
python benchmarks/scoring.py warehouse/demo.duckdb --customers 200000
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from segml.scoring import score
from segml.settings import load_settings
from segml.warehouse import Warehouse, open_warehouse

JITTER = 0.2


def main() -> None:
    """Grow a copy, score it, print the rate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("warehouse", type=Path)
    parser.add_argument("--customers", type=int, default=200_000)
    parser.add_argument("--project-dir", type=Path, default=Path())
    parser.add_argument("--model-version", help="A registered version instead of the champion.")
    arguments = parser.parse_args()

    settings = load_settings(arguments.project_dir)
    with tempfile.TemporaryDirectory() as folder:
        # artifacts are found, and views resolve, by the name of the file
        scratch = Path(shutil.copy(arguments.warehouse, folder))
        with open_warehouse(scratch) as warehouse:
            grow(warehouse, arguments.customers)
        start = time.perf_counter()
        summary = score(
            scratch,
            replace(settings, artifact_dir=settings.artifact_dir.resolve()),
            lambda message: print(f"{time.perf_counter() - start:6.1f} s  {message}"),
            model_version=arguments.model_version,
        )
        seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{summary.customer_count:,} customers by {summary.model_name} in {seconds:.1f} s: "
        f"{60 * summary.customer_count / seconds:,.0f} per minute, peak memory {peak:,.0f} MiB"
    )


def grow(warehouse: Warehouse, customers: int) -> None:
    """Replace the feature mart by ``customers`` jittered copies of its newest snapshot.

    They are sorted by key, as the tables behind the mart are.
    """
    columns = warehouse.rows(
        "select column_name from information_schema.columns where table_schema = 'features' "
        "and table_name = 'customer_features' and data_type = 'DOUBLE'"
    )
    jittered = ", ".join(
        f'"{name}" * (1 + {JITTER} * (random() - 0.5)) as "{name}"' for (name,) in columns
    )
    warehouse.execute("select setseed(0.5)")
    warehouse.execute(
        f"""
        create table features.grown as
        select features.* replace (
            cast(md5(concat(features.customer_key, '-', copies.range)) as uuid) as customer_key,
            {jittered}
        )
        from features.customer_features as features
        cross join range({customers}) as copies
        where features.snapshot_date = (select max(as_of_date) from features.snapshots)
        limit {customers}
        """
    )
    warehouse.execute("drop view features.customer_features")
    warehouse.execute(
        "create table features.customer_features as from features.grown order by customer_key"
    )


if __name__ == "__main__":
    main()
