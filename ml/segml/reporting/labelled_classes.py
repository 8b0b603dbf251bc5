"""The classes of labelled customers: how many there are, and how well each is recognised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from segml.reporting import words
from segml.reporting.drawing import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILLION, Bar, bars
from segml.reporting.plotting import Axis, Curve, plot
from segml.reporting.tables import text_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from markupsafe import Markup

    from segml.reporting.data import Evaluation
    from segml.reporting.language import Language
    from segml.reporting.tables import Table

COLOURS = (BLUE, ORANGE, GREEN, VERMILLION, PURPLE, SKY)  # more curves cannot be told apart


def class_chart(say: Language, classes: pd.DataFrame) -> Markup | None:
    """Draw how many customers have each class: given, and predicted where any are."""
    if classes.empty:
        return None
    measures = {"given_count": GREY, "predicted_count": BLUE}
    shown = [name for name in measures if (classes[name] != 0).any()]
    return bars(
        [
            Bar(
                row["class_name"],
                tuple(row[name] for name in shown),
                tuple(_count(say, row[name]) for name in shown),
            )
            for row in classes.to_dict("records")
        ],
        titles=tuple(say(f"labelled.{name}") for name in shown),
        colours=tuple(measures[name] for name in shown),
        description=say("labelled.classes_chart", count=len(classes)),
    )


def class_table(say: Language, validated: Evaluation, class_names: list[str]) -> Table | None:
    """Return how well each class is recognised, cross-validated, with 95 % intervals."""
    rows = validated.metrics[validated.metrics["model_name"] == validated.version.model_name]
    of: Mapping[Any, Any] = rows.set_index("metric").to_dict(orient="index")

    def cell(metric: str) -> str:
        row = of.get(metric)
        if row is None or pd.isna(row["value"]):
            return words.UNKNOWN
        low, high = words.share(row["ci_low"]), words.share(row["ci_high"])
        text = words.share(row["value"])
        return text if pd.isna(row["ci_low"]) else f"{text} ({low}\N{EN DASH}{high})"

    return text_table(
        say,
        ("class", "class_share", "recall_of_class", "precision_of_class", "auc_of_class"),
        [
            (
                name,
                words.share(of.get(f"base_rate_{name}", {}).get("value")),
                cell(f"recall_{name}"),
                cell(f"precision_{name}"),
                words.precise(of.get(f"roc_auc_{name}", {}).get("value")),
            )
            for name in class_names
        ],
    )


@dataclass(frozen=True)
class ConfusionRow:
    """One true class; no cells when it is suppressed.

    Parameters
    ----------
    cells : tuple of (str, float)
        Share of its customers that got each class: as text and as a fraction.
    """

    name: str
    customers: str
    cells: tuple[tuple[str, float], ...]


def confusion_rows(
    say: Language, validated: Evaluation, class_names: list[str], k_anonymity: int
) -> tuple[ConfusionRow, ...]:
    """Return which classes the customers of each class get, cross-validated."""
    points = _points(validated, "confusion")
    counts = points.pivot_table(index="x", columns="y", values="weight", aggfunc="sum")
    rows = []
    for name, row in zip(class_names, counts.to_numpy(), strict=True):
        size = float(row.sum())
        is_shown = size >= k_anonymity
        rows.append(
            ConfusionRow(
                name,
                words.count(size) if is_shown else say("labelled.few"),
                tuple((words.whole_share(part / size), part / size) for part in row)
                if is_shown
                else (),
            )
        )
    return tuple(rows)


def calibration_chart(
    say: Language, validated: Evaluation, class_names: list[str]
) -> Markup | None:
    """Draw predicted against observed shares of the largest classes, cross-validated."""
    curves = {name: _points(validated, f"calibration_{name}") for name in class_names}
    found = [(name, points) for name, points in curves.items() if len(points)][: len(COLOURS)]
    if not found:
        return None
    lines = [
        Curve(name, points["x"].tolist(), points["y"].tolist(), colour, points["weight"].tolist())
        for (name, points), colour in zip(found, COLOURS, strict=False)
    ]
    return plot(
        [Curve(say("chart.agreement"), [0, 1], [0, 1], GREY, is_dashed=True), *lines],
        Axis(say("labelled.predicted_share"), 0, 1, words.whole_share),
        Axis(say("labelled.observed_share"), 0, 1, words.whole_share),
        description=say("labelled.calibration_chart", count=len(found)),
    )


def _points(evaluation: Evaluation, curve: str) -> pd.DataFrame:
    curves = evaluation.curves
    return curves[
        (curves["curve"] == curve) & (curves["model_name"] == evaluation.version.model_name)
    ]


def _count(say: Language, count: float) -> str:
    return say("labelled.few") if pd.isna(count) else words.count(count)
