"""How good the served model is: on data it had not seen, and in the past that came true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from segml.dashboard import charts, look
from segml.reporting import words
from segml.reporting.language import ENGLISH

if TYPE_CHECKING:
    import pandas as pd

    from segml.dashboard.marts import Marts

MODEL = "value tier"  # the subject that models predict; the others are forecast by rules
SPLITS = {
    "test": "Test: the newest known outcome",
    "validation": "Validation",
    "realised": "Realised",
}
HEADLINES = {
    "log_loss": ("Log loss (lower is better)", words.precise),
    "roc_auc_purchase": ("ROC AUC of a purchase", words.precise),
    "lift_10_purchase": ("Lift in the best 10 %", words.decimal),
    "ece_purchase": ("Calibration error", words.share),
    "spearman_revenue": ("Rank correlation of revenue", words.precise),
}
SHARE_METRICS = ("ece_", "base_rate_", "accuracy", "mean_probability_", "share")


def show(marts: Marts) -> None:
    """Show the page."""
    st.title("Model quality")
    if not marts.has("model_performance"):
        look.empty("No model has been tested yet.", "Run `segml run`, then `segml publish`.")
        return
    rows = marts.frame(
        "select * from marketing.model_performance "
        f"order by subject != '{MODEL}', subject, as_of, metric, method"
    )
    subjects = look.names_in(rows, "subject")
    subject = subjects[0]
    if len(subjects) > 1:
        subject = st.selectbox("What is predicted", subjects)
    rows = rows[rows["subject"] == subject]
    if subject == MODEL:
        _headline(rows)
    _comparison(rows)
    if subject == MODEL:
        _realised(rows[rows["split"] == "realised"])


def _headline(rows: pd.DataFrame) -> None:
    tested = rows[(rows["split"] == "test") & rows["is_served"]].set_index("metric")
    known = {name: label for name, label in HEADLINES.items() if name in tested.index}
    if not known:
        look.empty("The served model has no test.", "Its history was too short for one.")
        return
    day = tested["as_of"].iloc[0]
    served = ENGLISH.model(str(tested["method"].iloc[0]))
    look.tiles({label: form(tested.loc[name, "value"]) for name, (label, form) in known.items()})
    st.caption(
        f"{served.capitalize()}, predicting at {ENGLISH.day(day)} and judged once by what "
        "customers then did."
    )


def _comparison(rows: pd.DataFrame) -> None:
    st.header("Against the baselines")
    left, right = st.columns(2)
    splits = [name for name in SPLITS if name in set(rows["split"])]
    split = left.selectbox("Judged on", splits, format_func=SPLITS.__getitem__)
    rows = rows[rows["split"] == split]
    metrics = look.names_in(rows, "metric")
    start = metrics.index("log_loss") if "log_loss" in metrics else 0
    metric = right.selectbox("Metric", metrics, index=start, format_func=look.heading)
    newest = rows[(rows["metric"] == metric) & (rows["as_of"] == rows["as_of"].max())]
    charts.intervals(
        newest.sort_values("value").assign(
            method=newest["method"].map(look.method_name), stands_out=newest["is_served"]
        ),
        name="method",
        value="value",
        title=look.heading(metric),
        unit="share" if metric.startswith(SHARE_METRICS) else "precise",
    )
    st.caption("95 % intervals where there are any; blue: what is used.")
    with st.expander("All metrics"):
        look.table(_by_method(rows), key="metrics")


def _by_method(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row per metric and a column per method, at the newest day."""
    newest = rows[rows["as_of"] == rows["as_of"].max()]
    wide = newest.pivot_table(index="metric", columns="method", values="value", aggfunc="first")
    by_method: pd.DataFrame = wide.rename(columns=look.method_name, index=look.heading)
    return by_method.rename_axis(columns=None).reset_index()


def _realised(rows: pd.DataFrame) -> None:
    st.header("What came true of past predictions")
    if rows.empty:
        look.empty(
            "No past prediction can be judged yet.", "It takes a full horizon after a scoring."
        )
        return
    metrics = look.names_in(rows, "metric")
    metric = st.selectbox("Metric", metrics, format_func=look.heading, key="realised")
    charts.lines(
        rows[rows["metric"] == metric],
        day="as_of",
        value="value",
        series="method",
        title=look.heading(metric),
        unit="share" if metric.startswith(SHARE_METRICS) else "precise",
    )
