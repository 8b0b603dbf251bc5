"""Methods side by side, as the quality marts hold them: the same for every kind of forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from segml.dashboard import charts, look

if TYPE_CHECKING:
    from segml.dashboard.marts import Marts


def compare_methods(marts: Marts, table: str) -> None:
    """Draw one metric of one subject with its intervals, a row per method; then all figures.

    Parameters
    ----------
    table : str
        A mart with subject, method, metric, value, ci_low, ci_high and snapshot_date.
    """
    rows = marts.frame(
        f"select * exclude (snapshot_date) from marketing.{table} "
        "order by subject, metric, value desc, method"
    )
    left, right = st.columns(2)
    subject = left.selectbox("Judged by", look.names_in(rows, "subject"), key=f"{table}_subject")
    of_subject = rows[rows["subject"] == subject]
    metric = right.selectbox("Metric", look.names_in(of_subject, "metric"), key=f"{table}_metric")
    chosen = of_subject[of_subject["metric"] == metric]
    charts.intervals(
        chosen.assign(stands_out=False),
        name="method",
        value="value",
        title=look.heading(metric),
        unit="share",
    )
    look.table(of_subject.drop(columns="subject"), key=f"{table}_rows")
