"""What became of every raw row: a table and a chart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segml.reporting import words
from segml.reporting.charts import bar_chart
from segml.reporting.drawing import VERMILLION

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup

KEPT = "kept"  # every other outcome sets the row aside
SHOWN_REASONS = 12


@dataclass(frozen=True)
class QualityRow:
    """What became of the rows of one raw table."""

    name: str
    read: str
    kept: str
    kept_share: str
    aside: str
    reasons: tuple[tuple[str, str], ...]


def quality_rows(quality: pd.DataFrame) -> tuple[QualityRow, ...]:
    """Return one row per raw table, largest first, with the reasons most frequent first."""
    totals = quality.groupby("table_name")["row_count"].sum()
    ordered = totals.sort_values(ascending=False, kind="stable")
    return tuple(
        _quality_row(str(name), quality[quality["table_name"] == name]) for name in ordered.index
    )


def _quality_row(table_name: str, rows: pd.DataFrame) -> QualityRow:
    total = rows["row_count"].sum()
    kept = rows.loc[rows["outcome"] == KEPT, "row_count"].sum()
    rejected = rows[rows["outcome"] != KEPT].sort_values(
        ["row_count", "outcome"], ascending=[False, True]
    )
    return QualityRow(
        name=words.table_label(table_name),
        read=words.count(total),
        kept=words.count(kept),
        kept_share=words.share(kept / total),
        aside=words.count(total - kept),
        reasons=tuple(
            (words.reason_label(row["outcome"]), words.count(row["row_count"]))
            for row in rejected.to_dict("records")
        ),
    )


def rejection_chart(quality: pd.DataFrame) -> Markup | None:
    """Draw the most frequent reasons for setting rows aside."""
    rows = quality[quality["outcome"] != KEPT].nlargest(SHOWN_REASONS, "row_count")
    if rows.empty:
        return None
    names = [
        f"{words.table_label(row['table_name'])}: {words.reason_label(row['outcome'])}"
        for row in rows.to_dict("records")
    ]
    counts = rows["row_count"].tolist()
    return bar_chart(
        names,
        counts,
        list(map(words.count, counts)),
        colour=VERMILLION,
        description=f"Rows set aside by table and reason; most frequent is {names[0]} with "
        f"{words.count(counts[0])} rows.",
    )
