"""Who moved between segments, and how much revenue is at stake."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from segml.dashboard import charts, look
from segml.dashboard.views.segments import KINDS
from segml.reporting import words
from segml.reporting.language import ENGLISH

if TYPE_CHECKING:
    import pandas as pd

    from segml.dashboard.marts import Marts

LARGEST_MOVES = 12


def show(marts: Marts) -> None:
    """Show the page."""
    st.title("Migration")
    if not marts.has("segment_migration"):
        look.empty(
            "Nobody can have moved yet: it takes two snapshots.", "Come back after the next run."
        )
        return
    kinds = marts.frame("select distinct segment_type from marketing.segment_migration order by 1")
    kind = st.selectbox(
        "Kind of segment", look.names_in(kinds, "segment_type"), format_func=KINDS.__getitem__
    )
    periods = marts.frame(
        "select distinct from_date, to_date from marketing.segment_migration "
        "where segment_type = ? order by to_date desc",
        [kind],
    )
    position = st.selectbox(
        "Between",
        range(len(periods)),
        format_func=lambda row: (
            f"{ENGLISH.day(periods['from_date'][row])} and {ENGLISH.day(periods['to_date'][row])}"
        ),
    )
    moves = marts.frame(
        "select from_segment, to_segment, customer_count, from_segment_share, revenue_before, "
        "revenue_after, revenue_change, revenue_at_stake, is_suppressed "
        "from marketing.segment_migration where segment_type = ? and to_date = ? "
        "order by revenue_at_stake desc nulls last, from_segment, to_segment",
        [kind, periods["to_date"][position].date()],
    )
    _figures(moves[~moves["is_suppressed"]], kind)
    _matrix(moves)


def _figures(moves: pd.DataFrame, kind: str) -> None:
    changed = moves[moves["from_segment"] != moves["to_segment"]]
    lost = changed[changed["to_segment"] == "Left"]
    look.tiles(
        {
            "Customers": words.count(moves["customer_count"].sum()),
            "Moved": words.count(changed["customer_count"].sum()),
            "Left": words.count(lost["customer_count"].sum()),
            "Revenue of those who moved (currency)": words.amount(
                changed["revenue_at_stake"].sum()
            ),
        }
    )
    basis = "net revenue of the 365 days before" if kind == "rfm_segment" else "expected revenue"
    st.caption(f"Revenue: {basis} each of the two days.")
    if changed.empty:
        look.empty("Nobody moved between these days.", "Choose another period.")
        return
    largest = changed.head(LARGEST_MOVES)
    charts.bars(
        largest.assign(move=largest["from_segment"] + " → " + largest["to_segment"]),
        name="move",
        value="revenue_at_stake",
        title="Largest moves by revenue at stake (currency)",
    )


def _matrix(moves: pd.DataFrame) -> None:
    st.header("Customers from (row) to (column)")
    matrix = moves.pivot_table(
        index="from_segment", columns="to_segment", values="customer_count", aggfunc="sum"
    )
    look.matrix(matrix)
    st.header("All moves")
    look.table(moves.drop(columns="is_suppressed"))
