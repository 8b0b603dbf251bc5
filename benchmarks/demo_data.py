"""Measure time, peak memory and size of the synthetic shop's files.

Example
-------
python benchmarks/demo_data.py --customers 1000000
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path

from segml.synthetic import ShopSettings, generate_shop

KIB_PER_MIB = 1024
BYTES_PER_MIB = 1024**2


def main() -> None:
    """Generate a shop in a temporary folder, print the measures, remove the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--days", type=int, default=ShopSettings.days)
    parser.add_argument("--seed", type=int, default=ShopSettings.seed)
    parser.add_argument("--format", choices=("parquet", "csv"), default="parquet")
    arguments = parser.parse_args()
    settings = ShopSettings(customers=arguments.customers, days=arguments.days, seed=arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        summary = generate_shop(settings, Path(folder), file_format=arguments.format)
        seconds = time.perf_counter() - start
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    for name, rows in summary.rows.items():
        print(f"{name:<24}{rows:>14,} rows")
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KIB_PER_MIB
    print(
        f"{seconds:.1f} s, peak memory {peak_mib:,.0f} MiB, files {size / BYTES_PER_MIB:,.0f} MiB"
    )


if __name__ == "__main__":
    main()
