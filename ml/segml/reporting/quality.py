"""What became of every raw row: a table and a chart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segml.reporting import words
from segml.reporting.drawing import VERMILLION, Bar, bars

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup

    from segml.reporting.language import Language

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


def quality_rows(say: Language, quality: pd.DataFrame) -> tuple[QualityRow, ...]:
    """Return one row per raw table, largest first, with the reasons most frequent first."""
    totals = quality.groupby("table_name")["row_count"].sum()
    ordered = totals.sort_values(ascending=False, kind="stable")
    return tuple(
        _quality_row(say, str(name), quality[quality["table_name"] == name])
        for name in ordered.index
    )


def _quality_row(say: Language, table_name: str, rows: pd.DataFrame) -> QualityRow:
    total = rows["row_count"].sum()
    kept = rows.loc[rows["outcome"] == KEPT, "row_count"].sum()
    rejected = rows[rows["outcome"] != KEPT].sort_values(
        ["row_count", "outcome"], ascending=[False, True]
    )
    return QualityRow(
        name=say.term("raw_table", table_name),
        read=words.count(total),
        kept=words.count(kept),
        kept_share=words.share(kept / total),
        aside=words.count(total - kept),
        reasons=tuple(
            (say.term("reason", row["outcome"]), words.count(row["row_count"]))
            for row in rejected.to_dict("records")
        ),
    )


def rejection_chart(say: Language, quality: pd.DataFrame) -> Markup | None:
    """Draw the most frequent reasons for setting rows aside."""
    rows = quality[quality["outcome"] != KEPT].nlargest(SHOWN_REASONS, "row_count")
    if rows.empty:
        return None
    names = [
        f"{say.term('raw_table', row['table_name'])}: {say.term('reason', row['outcome'])}"
        for row in rows.to_dict("records")
    ]
    counts = rows["row_count"].tolist()
    return bars(
        [
            Bar(name, (value,), (words.count(value),))
            for name, value in zip(names, counts, strict=True)
        ],
        colours=(VERMILLION,),
        description=say("chart.rejections", name=names[0], rows=words.count(counts[0])),
    )
