"""How well recommendations foresaw what customers bought, beside bestsellers and repeats.

``dbt build`` makes the lists of the newest labelled snapshot with the SQL that makes today's, from
what was known at it, and judges them by the horizon that followed. This script prints the result.

    python benchmarks/recommendations.py WAREHOUSE.duckdb
"""

from __future__ import annotations

import sys
from pathlib import Path

from quality_table import print_quality

if __name__ == "__main__":
    print_quality(Path(sys.argv[1]), "recommendation_quality")
