"""Methods side by side, as the quality marts hold them: the same for every kind of forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from segml.dashboard import charts, look

if TYPE_CHECKING:
    from segml.dashboard.marts import Marts


def compare_methods(marts: Marts, table: str, *, own: str, headline: str) -> None:
    """Draw one metric of one subject with its intervals, a row per method; then all figures.

    Parameters
    ----------
    table : str
        A mart with subject, method, metric, value, ci_low, ci_high and snapshot_date.
    own : str
        The method that is in use, which is marked.
    headline : str
        The metric to begin with.
    """
    rows = marts.frame(
        f"select * exclude (snapshot_date) from marketing.{table} "
        "order by subject, metric, value desc, method"
    )
    left, right = st.columns(2)
    subject = left.selectbox("Judged by", look.names_in(rows, "subject"), key=f"{table}_subject")
    of_subject = rows[rows["subject"] == subject]
    metrics = look.names_in(of_subject, "metric")
    metric = right.selectbox(
        "Metric",
        metrics,
        index=metrics.index(headline) if headline in metrics else 0,
        format_func=look.heading,
        key=f"{table}_metric",
    )
    chosen = of_subject[of_subject["metric"] == metric]
    charts.intervals(
        chosen.assign(
            method=chosen["method"].map(look.method_name), stands_out=chosen["method"] == own
        ),
        name="method",
        value="value",
        title=look.heading(metric),
        unit="share",
    )
    st.caption("95 % intervals where there are any; blue: what is used.")
    look.table(
        of_subject.drop(columns="subject").assign(
            method=of_subject["method"].map(look.method_name),
            metric=of_subject["metric"].map(look.heading),
        ),
        key=f"{table}_rows",
    )
