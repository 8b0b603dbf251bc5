"""A mart of qualities as a table: one line per method, one column per metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segml.warehouse import open_warehouse

if TYPE_CHECKING:
    from pathlib import Path

ROWS = """
select subject, method, metric, value, ci_low, ci_high, snapshot_date
from marketing.{mart}
order by subject, method, metric
"""


def print_quality(warehouse_path: Path, mart: str) -> None:
    """Print ``mart`` as Markdown, with half the width of the intervals that there are."""
    with open_warehouse(warehouse_path, read_only=True) as warehouse:
        rows = warehouse.frame(ROWS.format(mart=mart))
    half_width = (rows["ci_high"] - rows["ci_low"]) / 2
    rows["text"] = [
        f"{value:.4f} ± {width:.4f}" if width >= 0 else f"{value:.4f}"
        for value, width in zip(rows["value"], half_width.astype(float), strict=True)
    ]
    table = rows.pivot_table(
        index=["subject", "method"], columns="metric", values="text", aggfunc="first"
    ).fillna("")
    print(f"At {rows['snapshot_date'].iloc[0]:%Y-%m-%d}\n")
    print("| subject | method | " + " | ".join(table.columns) + " |")
    print("|" + "---|" * (len(table.columns) + 2))
    for subject, method, *values in table.reset_index().itertuples(index=False):
        print(f"| {subject} | {method} | " + " | ".join(values) + " |")
