"""Measure `segml train` on a synthetic shop: seconds, processor time and peak memory.

The shop is made, loaded and built once; only the training is timed, in a process of its own.

Example
-------
python benchmarks/training.py --customers 100000 --folder warehouse/training_benchmark
"""

from __future__ import annotations

import argparse
from pathlib import Path

from measuring import spent_by
from segml.warehouse import open_warehouse
from shops import ROOT, SEGML, build, environment_of, make_shop

MART = ("+training_examples", "+value_tier_threshold")


def main() -> None:
    """Make the shop and its feature mart unless they are there, train, print what that cost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--snapshots", type=int, default=6, help="with outcomes")
    parser.add_argument("--model", default="auto")
    parser.add_argument("--folder", type=Path, default=ROOT / "warehouse" / "training_benchmark")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve() / f"{arguments.customers}x{arguments.snapshots}"
    environment = environment_of(folder)
    warehouse = folder / "warehouse.duckdb"
    if not warehouse.exists():
        make_shop(arguments.customers, folder)
        build(folder, {"snapshot_count": arguments.snapshots}, MART)
    with open_warehouse(warehouse, read_only=True) as opened:
        rows = opened.value("select count(*) from features.customer_labels")
    print(f"{arguments.customers:,} customers, {rows:,} labelled rows", flush=True)

    train = [*SEGML, "train", "--model", arguments.model, "--target", "dev"]
    spent = spent_by(train, cwd=ROOT, env=environment)
    print(
        f"{arguments.model}: {spent.wall:.0f} s, {spent.cpu:.0f} s of processor time, "
        f"peak memory {spent.peak_gib:.2f} GiB"
    )


if __name__ == "__main__":
    main()
