"""Tables of the page as headers and cells; the template only lays them out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from segml.models import BASELINES
from segml.reporting import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from segml.reporting.segments import Segments
    from segml.reporting.verdict import Comparison

PROFILE_COLUMNS: dict[str, tuple[str, Callable[[object], str]]] = {
    "customer_count": ("Customers", words.count),
    "customer_share": ("Share of customers", words.share),
    "net_revenue": ("Net revenue", words.amount),
    "net_revenue_share": ("Share of revenue", words.share),
    "net_revenue_per_order": ("Revenue per order", words.price),
    "mean_order_count": ("Orders per customer", words.decimal),
    "mean_recency_days": ("Days since last order", words.count),
    "median_purchase_gap_days": ("Days between orders", words.count),
    "mean_purchase_probability": ("Chance to buy", words.share),
    "expected_net_revenue": ("Expected revenue", words.amount),
    "median_age_years": ("Age", words.count),
    "median_annual_income": ("Yearly income", words.amount),
    "mean_rating": ("Rating, 1 to 5", words.decimal),
    "consent_share": ("May be contacted", words.share),
    "most_common_category": ("Top category", words.text),
    "most_common_channel": ("Top channel", words.text),
}
TEXT_COLUMNS = ("most_common_category", "most_common_channel")
METRICS = {
    "log_loss": "Log loss\N{NO-BREAK SPACE}↓",
    "roc_auc_purchase": "AUC, buys\N{NO-BREAK SPACE}↑",
    "brier_purchase": "Brier score, buys\N{NO-BREAK SPACE}↓",
    "lift_10_high": "Lift in top 10\N{NO-BREAK SPACE}%, high value\N{NO-BREAK SPACE}↑",
    "accuracy": "Accuracy of tier\N{NO-BREAK SPACE}↑",
    "macro_f1": "Macro F1 of tier\N{NO-BREAK SPACE}↑",
    "gini_revenue": "Gini of revenue\N{NO-BREAK SPACE}↑",
    "mae_revenue": "Mean error of revenue\N{NO-BREAK SPACE}↓",
}


@dataclass(frozen=True)
class Column:
    """A table header."""

    title: str
    is_text: bool = False


@dataclass(frozen=True)
class ProfileRow:
    """One segment; no cells when it is suppressed."""

    name: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class ProfileTable:
    """Profiles in groups: all customers, RFM segments, value tiers.

    Parameters
    ----------
    missing : tuple of str
        Titles of columns that are left out because no segment has a value.
    """

    columns: tuple[Column, ...]
    groups: tuple[tuple[str, tuple[ProfileRow, ...]], ...]
    missing: tuple[str, ...]


def profile_table(segments: Segments) -> ProfileTable:
    """Return the profile of every segment, without columns that nobody has."""
    groups = {
        "": segments.overall.to_frame().T,
        "RFM segments": segments.rfm,
        "Value tiers": segments.tiers,
    }
    if not segments.is_scored:
        del groups["Value tiers"]
    rows = list(groups.values())
    shown = [name for name in PROFILE_COLUMNS if any(part[name].notna().any() for part in rows)]
    missing = [PROFILE_COLUMNS[name][0] for name in PROFILE_COLUMNS if name not in shown]
    return ProfileTable(
        columns=tuple(Column(PROFILE_COLUMNS[name][0], name in TEXT_COLUMNS) for name in shown),
        groups=tuple((title, _profile_rows(part, shown)) for title, part in groups.items()),
        missing=tuple(missing),
    )


def _profile_rows(rows: pd.DataFrame, shown: list[str]) -> tuple[ProfileRow, ...]:
    return tuple(
        ProfileRow(
            name=str(row["segment_name"]),
            cells=()
            if row["is_suppressed"]
            else tuple(PROFILE_COLUMNS[name][1](row[name]) for name in shown),
        )
        for row in rows.to_dict("records")
    )


@dataclass(frozen=True)
class MetricCell:
    """A metric, its 95 % interval, and whether no model does better."""

    value: str
    interval: str
    is_best: bool


@dataclass(frozen=True)
class MetricRow:
    """One model's test metrics."""

    name: str
    is_champion: bool
    is_baseline: bool
    cells: tuple[MetricCell, ...]


def metric_titles(metrics: pd.DataFrame) -> dict[str, str]:
    """Return the shown metrics that were measured, with their titles."""
    measured = set(metrics["metric"])
    return {name: title for name, title in METRICS.items() if name in measured}


def metric_rows(metrics: pd.DataFrame, comparison: Comparison) -> tuple[MetricRow, ...]:
    """Return one row per tested model, lowest log loss first."""
    titles = metric_titles(metrics)
    estimates = {(row["model_name"], row["metric"]): row for row in metrics.to_dict("records")}
    best = {
        name: comparison.values.loc[name].agg("min" if title.endswith("↓") else "max")
        for name, title in titles.items()
        if name in comparison.values.index
    }

    def cell(model_name: str, metric: str) -> MetricCell:
        if (model_name, metric) not in estimates:
            return MetricCell(words.UNKNOWN, "", is_best=False)
        row = estimates[model_name, metric]
        value, low, high = row["value"], row["ci_low"], row["ci_high"]
        interval = f"{words.precise(low)}\N{EN DASH}{words.precise(high)}" if pd.notna(low) else ""
        return MetricCell(words.precise(value), interval, is_best=value == best.get(metric))

    return tuple(
        MetricRow(
            name=words.model_label(model_name),
            is_champion=model_name == comparison.champion,
            is_baseline=model_name in BASELINES,
            cells=tuple(cell(model_name, metric) for metric in titles),
        )
        for model_name in comparison.log_loss["model_name"]
    )
