"""Charts of how good the predictions are, and what they rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segml.reporting import words
from segml.reporting.drawing import BLUE, GREY, ORANGE, SKY, Bar, Interval, bars, intervals
from segml.reporting.plotting import Axis, Curve, nice_limits, plot

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup

    from segml.reporting.language import Language
    from segml.reporting.verdict import Comparison

SHOWN_FEATURES = 12
ZOOM_BELOW = 0.6  # where all chances are small, the chart shows only those


def log_loss_chart(say: Language, comparison: Comparison) -> Markup:
    """Draw the log loss of every model with its 95 % interval."""
    rows = comparison.log_loss.to_dict("records")
    parts = ", ".join(f"{say.model(row['model_name'])} {row['value']:.3f}" for row in rows)
    return intervals(
        [
            Interval(
                say.model(row["model_name"]),
                row["value"],
                row["ci_low"],
                row["ci_high"],
                words.precise(row["value"]),
                is_strong=row["model_name"] == comparison.champion,
            )
            for row in rows
        ],
        description=say("chart.log_loss", parts=parts),
    )


def calibration_chart(say: Language, curves: pd.DataFrame, comparison: Comparison) -> Markup | None:
    """Draw predicted chance to buy against the share that bought."""
    points = _points(curves, "calibration_purchase", comparison.champion)
    if points.empty:
        return None
    largest = float(points[["x", "y"]].to_numpy().max())
    limit = 1.0 if largest > ZOOM_BELOW else nice_limits(0, largest)[1]
    return plot(
        [
            Curve(say("chart.agreement"), [0, limit], [0, limit], GREY, is_dashed=True),
            _curve(say.model(comparison.champion), points, BLUE, is_weighted=True),
        ],
        Axis(say("chart.predicted_chance"), 0, limit, words.whole_share),
        Axis(say("chart.bought_share"), 0, limit, words.whole_share),
        description=say(
            "chart.calibration", model=say.model(comparison.champion), groups=len(points)
        ),
    )


def gains_chart(
    say: Language, curves: pd.DataFrame, comparison: Comparison, event: str
) -> Markup | None:
    """Draw the share of buyers (or of high-value customers) found by going down the ranking.

    Parameters
    ----------
    event : str
        purchase or high.
    """
    lines = _beside_rival(say, curves, comparison, f"gains_{event}")
    if not lines:
        return None
    found = say(f"event.{event}")
    return plot(
        [Curve(say("chart.random_order"), [0, 1], [0, 1], GREY, is_dashed=True), *lines],
        Axis(say("chart.ranked_share"), 0, 1, words.whole_share),
        Axis(say("chart.found_share", found=found), 0, 1, words.whole_share),
        description=say("chart.gains", found=found, model=say.model(comparison.champion)),
    )


def lift_chart(
    say: Language, curves: pd.DataFrame, comparison: Comparison, event: str
) -> Markup | None:
    """Draw how many times more of an event each tenth of the ranking holds than a random one."""
    lines = _beside_rival(say, curves, comparison, f"lift_{event}")
    if not lines:
        return None
    high = nice_limits(0, max(max(line.y) for line in lines))[1]
    found = say(f"event.{event}")
    return plot(
        [Curve(say("chart.random_order"), [0, 1], [1, 1], GREY, is_dashed=True), *lines],
        Axis(say("chart.ranked_share"), 0, 1, words.whole_share),
        Axis(say("chart.lift_axis"), 0, high, lambda value: f"{value:g}×"),
        description=say("chart.lift", found=found, model=say.model(comparison.champion)),
    )


def profit_chart(say: Language, curves: pd.DataFrame, comparison: Comparison) -> Markup | None:
    """Draw profit per customer by the share that is contacted: as foreseen, and as it came."""
    expected = _points(curves, "profit_expected", comparison.champion)
    realised = _points(curves, "profit", comparison.champion)
    if expected.empty or realised.empty:
        return None
    low, high = nice_limits(
        min(expected["y"].min(), realised["y"].min()), max(expected["y"].max(), realised["y"].max())
    )
    return plot(
        [
            _curve(say("chart.profit_expected"), expected, SKY, is_dashed=True),
            _curve(say("chart.profit_realised"), realised, BLUE),
        ],
        Axis(say("chart.ranked_share"), 0, 1, words.whole_share),
        Axis(say("chart.profit_axis"), low, high, words.price),
        description=say("chart.profit", model=say.model(comparison.champion)),
    )


def importance_chart(say: Language, importance: pd.DataFrame) -> Markup | None:
    """Draw what the model relies on: rise in log loss without the feature."""
    rows = importance[importance["importance_mean"] > 0].head(SHOWN_FEATURES)
    if rows.empty:
        return None
    return bars(
        [
            Bar(
                say.feature(row["feature"]),
                (row["importance_mean"],),
                (f"{row['importance_mean']:.4f}",),
            )
            for row in rows.to_dict("records")
        ],
        description=say("chart.importance", first=say.feature(rows["feature"].iloc[0])),
    )


def group_chart(say: Language, groups: pd.DataFrame) -> Markup | None:
    """Draw what groups of features are worth: rise in log loss when all are shuffled at once."""
    rows = groups[groups["importance_mean"] > 0]
    if rows.empty:
        return None
    return bars(
        [
            Bar(
                say.term("feature_group", row["feature_group"]),
                (row["importance_mean"],),
                (f"{row['importance_mean']:.4f}",),
            )
            for row in rows.to_dict("records")
        ],
        description=say(
            "chart.groups", first=say.term("feature_group", rows["feature_group"].iloc[0])
        ),
    )


def _beside_rival(
    say: Language, curves: pd.DataFrame, comparison: Comparison, curve: str
) -> list[Curve]:
    """Return the curve of the best baseline, if there is one, and that of the served model."""
    points = _points(curves, curve, comparison.champion)
    if points.empty:
        return []
    lines = [_curve(say.model(comparison.champion), points, BLUE)]
    rival = comparison.best_baseline
    if rival and rival != comparison.champion:
        behind = _points(curves, curve, rival)
        lines[:0] = [] if behind.empty else [_curve(say.model(rival), behind, ORANGE)]
    return lines


def _curve(
    name: str,
    points: pd.DataFrame,
    colour: str,
    *,
    is_weighted: bool = False,
    is_dashed: bool = False,
) -> Curve:
    weights = points["weight"].tolist() if is_weighted else ()
    return Curve(name, points["x"].tolist(), points["y"].tolist(), colour, weights, is_dashed)


def _points(curves: pd.DataFrame, curve: str, model_name: str) -> pd.DataFrame:
    return curves[(curves["curve"] == curve) & (curves["model_name"] == model_name)]
