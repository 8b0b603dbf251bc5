"""Tables of the page as headers and cells; the template only lays them out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from segml.models import BASELINES, LABELLED_BASELINES
from segml.reporting import words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segml.reporting.language import Language
    from segml.reporting.segments import Segments
    from segml.reporting.verdict import Comparison

PROFILE_COLUMNS: dict[str, Callable[[object], str]] = {
    "customer_count": words.count,
    "customer_share": words.share,
    "net_revenue": words.amount,
    "net_revenue_share": words.share,
    "net_revenue_per_order": words.price,
    "mean_order_count": words.decimal,
    "mean_recency_days": words.count,
    "median_purchase_gap_days": words.count,
    "mean_purchase_probability": words.share,
    "expected_net_revenue": words.amount,
    "median_age_years": words.count,
    "median_annual_income": words.amount,
    "mean_rating": words.decimal,
    "consent_share": words.share,
    "most_common_category": words.text,
    "most_common_channel": words.text,
}
TEXT_COLUMNS = frozenset(
    {
        "most_common_category",
        "most_common_channel",
        "channel",
        "method",
        "products",
        "reliability",
        "use",
    }
)
LOWER_IS_BETTER = ("log_loss", "brier_purchase", "mae_revenue")
METRICS = (
    "log_loss",
    "roc_auc_purchase",
    "brier_purchase",
    "lift_10_high",
    "accuracy",
    "macro_f1",
    "gini_revenue",
    "mae_revenue",
)


@dataclass(frozen=True)
class Column:
    """A table header; numbers stand at the right, words at the left."""

    title: str
    is_text: bool = False


@dataclass(frozen=True)
class Table:
    """Columns and rows of text; the first cell of a row names it."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


def text_table(
    say: Language, names: Sequence[str], rows: Sequence[tuple[str, ...]]
) -> Table | None:
    """Return a table whose titles are messages ``column.<name>``; None without rows."""
    columns = tuple(Column(say(f"column.{name}"), name in TEXT_COLUMNS) for name in names)
    return Table(columns, tuple(rows)) if rows else None


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


def profile_table(say: Language, segments: Segments) -> ProfileTable:
    """Return the profile of every segment, without columns that nobody has."""
    groups = {
        "": segments.overall.to_frame().T,
        say("term.rfm_segments"): segments.rfm,
    }
    if segments.is_scored:
        groups[say("term.value_tiers")] = segments.tiers
    if not segments.personas.empty:
        groups[say("term.personas")] = segments.personas
    rows = list(groups.values())
    shown = [name for name in PROFILE_COLUMNS if any(part[name].notna().any() for part in rows)]
    missing = [say(f"profile.{name}") for name in PROFILE_COLUMNS if name not in shown]
    return ProfileTable(
        columns=tuple(Column(say(f"profile.{name}"), name in TEXT_COLUMNS) for name in shown),
        groups=tuple((title, _profile_rows(say, part, shown)) for title, part in groups.items()),
        missing=tuple(missing),
    )


def _profile_rows(say: Language, rows: pd.DataFrame, shown: list[str]) -> tuple[ProfileRow, ...]:
    return tuple(
        ProfileRow(
            name=say.segment(row["segment_name"]),
            cells=()
            if row["is_suppressed"]
            else tuple(profile_cell(say, name, row[name]) for name in shown),
        )
        for row in rows.to_dict("records")
    )


def profile_cell(say: Language, name: str, value: object) -> str:
    """Return a value of a profile with its unit."""
    text = PROFILE_COLUMNS[name](value)
    return say.name("channel", text) if name == "most_common_channel" else text


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


def metric_titles(say: Language, metrics: pd.DataFrame) -> dict[str, str]:
    """Return the shown metrics that were measured, with their titles."""
    measured = set(metrics["metric"])
    return {name: say(f"metric.{name}") for name in METRICS if name in measured}


def metric_rows(
    say: Language, metrics: pd.DataFrame, comparison: Comparison
) -> tuple[MetricRow, ...]:
    """Return one row per tested model, lowest log loss first."""
    titles = metric_titles(say, metrics)
    estimates = {(row["model_name"], row["metric"]): row for row in metrics.to_dict("records")}
    best = {
        name: comparison.values.loc[name].agg("min" if name in LOWER_IS_BETTER else "max")
        for name in titles
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
            name=say.model(model_name),
            is_champion=model_name == comparison.champion,
            is_baseline=model_name in (*BASELINES, *LABELLED_BASELINES),
            cells=tuple(cell(model_name, metric) for metric in titles),
        )
        for model_name in comparison.log_loss["model_name"]
    )
