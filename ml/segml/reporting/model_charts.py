"""Charts of how good the predictions are, and what they rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segml.reporting import words
from segml.reporting.drawing import BLUE, FAINT, GREY, INK, MUTED, ORANGE, percent, render

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup

    from segml.reporting.verdict import Comparison

ROW_HEIGHT = 44
SHOWN_FEATURES = 12
FEATURE_HEIGHT = 21
LARGEST_POINT = 60  # square points
SQUARE_HEIGHT = 280
ZOOM_BELOW = 0.6  # where all chances are small, the chart shows only those


def log_loss_chart(comparison: Comparison) -> Markup:
    """Draw the log loss of every model with its 95 % interval."""
    rows = comparison.log_loss.to_dict("records")

    def draw(figure: Any) -> None:  # noqa: ANN401
        axes = figure.subplots()
        for place, row in enumerate(rows):
            is_champion = row["model_name"] == comparison.champion
            colour = BLUE if is_champion else MUTED
            axes.plot([row["ci_low"], row["ci_high"]], [place, place], color=colour, lw=2)
            axes.plot(row["value"], place, "o", color=colour, ms=9 if is_champion else 7)
            axes.annotate(f"{row['value']:.3f}", (row["value"], place), (0, 8), color=colour,
                          textcoords="offset points", ha="center", fontsize=10)  # fmt: skip
        axes.set_yticks(range(len(rows)), [words.model_label(row["model_name"]) for row in rows])
        axes.set_ylim(len(rows) - 0.5, -0.7)
        axes.margins(x=0.08)
        axes.set_xlabel("Log loss on the test snapshot (lower is better)")
        axes.tick_params(axis="y", labelcolor=INK)
        axes.spines["left"].set_visible(False)
        axes.grid(visible=True, axis="x")
        axes.locator_params(axis="x", nbins=5)

    parts = ", ".join(f"{words.model_label(row['model_name'])} {row['value']:.3f}" for row in rows)
    return render(
        draw, height=60 + ROW_HEIGHT * len(rows), description=f"Log loss on the test: {parts}."
    )


def calibration_chart(curves: pd.DataFrame, comparison: Comparison) -> Markup | None:
    """Draw predicted chance to buy against the share that bought."""
    points = _points(curves, "calibration_purchase", comparison.champion)
    if points.empty:
        return None
    largest = float(points[["x", "y"]].to_numpy().max())
    limit = 1.0 if largest > ZOOM_BELOW else 1.25 * max(largest, 0.01)

    def draw(figure: Any) -> None:  # noqa: ANN401
        axes = figure.subplots()
        axes.plot([0, limit], [0, limit], color=GREY, lw=1, ls="--")
        axes.plot(points["x"], points["y"], color=BLUE, lw=1.5)
        sizes = LARGEST_POINT * points["weight"] / points["weight"].max()
        axes.scatter(points["x"], points["y"], s=sizes, color=BLUE, clip_on=False, zorder=3)
        _square_axes(axes, limit)
        axes.set_xlabel("Predicted chance to buy")
        axes.set_ylabel("Share that bought")
        axes.text(0.03, 0.95, "bought more often\nthan predicted", color=MUTED, va="top",
                  fontsize=10, transform=axes.transAxes)  # fmt: skip
        axes.text(0.97, 0.05, "bought less often\nthan predicted", color=MUTED, ha="right",
                  fontsize=10, transform=axes.transAxes)  # fmt: skip

    return render(
        draw,
        height=SQUARE_HEIGHT,
        description=f"Calibration of {words.model_label(comparison.champion)}: predicted chance "
        f"to buy against the share that bought, in {len(points)} groups of customers.",
    )


def gains_chart(curves: pd.DataFrame, comparison: Comparison, event: str) -> Markup | None:
    """Draw the share of buyers (or of high-value customers) found by going down the ranking.

    Parameters
    ----------
    event : str
        purchase or high.
    """
    points = _points(curves, f"gains_{event}", comparison.champion)
    if points.empty:
        return None
    found = "buyers" if event == "purchase" else "high-value customers"
    rival = comparison.best_baseline
    rival_points = _points(curves, f"gains_{event}", rival) if rival else points.iloc[:0]

    def draw(figure: Any) -> None:  # noqa: ANN401
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=GREY, lw=1, ls="--", label="in random order")
        if rival != comparison.champion and not rival_points.empty:
            label = words.model_label(str(rival))
            axes.plot(rival_points["x"], rival_points["y"], color=ORANGE, lw=1.8, label=label)
        label = words.model_label(comparison.champion)
        axes.plot(points["x"], points["y"], color=BLUE, lw=2.4, label=label)
        _square_axes(axes, 1.0)
        axes.set_xlabel("Share of customers, highest ranked first")
        axes.set_ylabel(f"Share of {found} found")
        handles, labels = axes.get_legend_handles_labels()
        axes.legend(handles[::-1], labels[::-1], loc="lower right")

    return render(
        draw,
        height=SQUARE_HEIGHT,
        description=f"Cumulative gains: share of {found} found by share of customers taken from "
        f"the top of the ranking of {words.model_label(comparison.champion)}.",
    )


def importance_chart(importance: pd.DataFrame) -> Markup | None:
    """Draw what the model relies on: rise in log loss without the feature, with its spread."""
    rows = importance[importance["importance_mean"] > 0].head(SHOWN_FEATURES)
    if rows.empty:
        return None

    def draw(figure: Any) -> None:  # noqa: ANN401
        axes = figure.subplots()
        places = range(len(rows))
        axes.barh(places, rows["importance_mean"], color=BLUE, height=0.66)
        axes.errorbar(rows["importance_mean"], places, xerr=rows["importance_sd"].fillna(0),
                      fmt="none", ecolor=MUTED, elinewidth=1)  # fmt: skip
        axes.set_yticks(places, [words.feature_label(name) for name in rows["feature"]])
        axes.invert_yaxis()
        axes.set_xlim(left=0)
        axes.set_xlabel("Rise in log loss when shuffled")
        axes.tick_params(axis="y", labelcolor=INK)
        axes.locator_params(axis="x", nbins=4)
        axes.grid(visible=True, axis="x")
        axes.spines[:].set_visible(False)

    first = words.feature_label(rows["feature"].iloc[0])
    return render(
        draw,
        height=50 + FEATURE_HEIGHT * len(rows),
        description=f"The features that the model relies on most; first is {first}.",
    )


def _points(curves: pd.DataFrame, curve: str, model_name: str) -> pd.DataFrame:
    return curves[(curves["curve"] == curve) & (curves["model_name"] == model_name)]


def _square_axes(axes: Any, limit: float) -> None:  # noqa: ANN401
    axes.set_xlim(0, limit)
    axes.set_ylim(0, limit)
    axes.grid(visible=True)
    axes.spines[:].set_color(FAINT)
    axes.xaxis.set_major_formatter(percent)
    axes.yaxis.set_major_formatter(percent)
    axes.locator_params(nbins=5)
    axes.tick_params(pad=6)
