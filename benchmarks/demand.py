"""How far forecasts of demand missed what was ordered, beside the last period and moving averages.

``dbt build`` forecasts the newest labelled window from what was known at its beginning, settings
included, and judges it by what came. This script prints the result.

    python benchmarks/demand.py WAREHOUSE.duckdb
"""

from __future__ import annotations

import sys
from pathlib import Path

from quality_table import print_quality

if __name__ == "__main__":
    print_quality(Path(sys.argv[1]), "demand_quality")
