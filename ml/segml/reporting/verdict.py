"""How good the served model is, in sentences computed from its test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from segml.models import BASELINES
from segml.reporting import words

if TYPE_CHECKING:
    from datetime import date

    from segml.reporting.data import Evaluation

NETWORKS = ("dnn", "transformer")
TOP_TENTH = 0.1
NOTABLE_GAP = 0.05  # a forecast this close to the outcome is called right


@dataclass(frozen=True)
class Comparison:
    """The served model beside its rivals on the test snapshot.

    Parameters
    ----------
    log_loss : DataFrame
        model_name, value, ci_low, ci_high in nats, best first.
    values : DataFrame
        Metric by model name.
    """

    champion: str
    test_date: date
    horizon_days: int
    log_loss: pd.DataFrame
    values: pd.DataFrame

    @property
    def baselines(self) -> list[str]:
        """Baselines that were tested, best first."""
        return [name for name in self.log_loss["model_name"] if name in BASELINES]

    @property
    def best_baseline(self) -> str | None:
        """The baseline that is hardest to beat."""
        return next(iter(self.baselines), None)

    @property
    def beats_baselines(self) -> bool:
        """Whether the served model has a lower log loss than every baseline."""
        return self.champion not in BASELINES and all(
            self.loss(self.champion) < self.loss(name) for name in self.baselines
        )

    def loss(self, model_name: str) -> float:
        """Return the log loss of a model in nats."""
        return self.value("log_loss", model_name)

    def value(self, metric: str, model_name: str | None = None) -> float:
        """Return a metric of a model, by default of the served one; NaN where undefined."""
        name = model_name or self.champion
        values = self.values[name].to_dict() if name in self.values else {}
        return float(values.get(metric, float("nan")))

    def interval(self, model_name: str) -> tuple[float, float]:
        """Return the 95 % interval of a model's log loss; NaN where it was not estimated."""
        row = self.log_loss[self.log_loss["model_name"] == model_name]
        return float(row["ci_low"].iloc[0]), float(row["ci_high"].iloc[0])


def compare(evaluation: Evaluation) -> Comparison | None:
    """Return the comparison on the test snapshot, or None when the model was not tested."""
    metrics = evaluation.metrics
    loss = metrics[metrics["metric"] == "log_loss"].dropna(subset=["value"])
    champion = evaluation.version.model_name
    if champion not in set(loss["model_name"]):
        return None
    return Comparison(
        champion=champion,
        test_date=pd.Timestamp(loss["snapshot_date"].max()).date(),
        horizon_days=evaluation.version.horizon_days,
        log_loss=loss[["model_name", "value", "ci_low", "ci_high"]].sort_values(
            ["value", "model_name"], ignore_index=True
        ),
        values=metrics.pivot_table(index="metric", columns="model_name", values="value"),
    )


@dataclass(frozen=True)
class Verdict:
    """One sentence, and the figures behind it."""

    claim: str
    figures: str


def verdict(comparison: Comparison) -> Verdict:
    """Say whether the served model beats the baselines."""
    champion = comparison.champion
    label = words.model_label(champion)
    losses = "; ".join(
        f"{words.model_label(name)} {_loss_text(comparison, name)}"
        for name in dict.fromkeys((champion, *comparison.baselines))
    )
    figures = f"Log loss on the test, lower is better: {losses}."
    if champion in BASELINES:
        return Verdict(
            f"No model beats the baselines, so the {label} is served: read predictions as averages "
            "of groups, not as knowledge of single customers.",
            figures,
        )
    if not comparison.baselines:
        return Verdict(f"The {label} was tested without a baseline.", figures)
    if not comparison.beats_baselines:
        return Verdict(
            f"The {label} does not beat the baselines on the test: do not rely on it.", figures
        )
    return Verdict(f"The {label} beats the baselines.", f"{figures} {_certainty(comparison)}")


def network_verdict(comparison: Comparison) -> str | None:
    """Say whether a network is worth its effort; None when none was tried."""
    names = list(comparison.log_loss["model_name"])
    network = next((name for name in names if name in NETWORKS), None)
    simpler = next((name for name in names if name not in NETWORKS), None)
    if network is None or simpler is None:
        return None
    ours, theirs = words.model_label(network), words.model_label(simpler)
    losses = f"{comparison.loss(network):.3f} against {comparison.loss(simpler):.3f}"
    if comparison.loss(network) > comparison.loss(simpler):
        return f"The {ours} is worse than the simpler {theirs} here: log loss {losses}."
    return f"The {ours} is better than every simpler model; next is the {theirs}: {losses}."


def targeting_verdict(curves: pd.DataFrame, comparison: Comparison) -> str | None:
    """Say how many high-value customers a short list would hold."""
    points = curves[
        (curves["curve"] == "gains_high") & (curves["model_name"] == comparison.champion)
    ]
    tenth = points[(points["x"] - TOP_TENTH).abs() < TOP_TENTH / 1000]
    if tenth.empty:
        return None
    return (
        f"The tenth of customers that the {words.model_label(comparison.champion)} ranked "
        f"highest held {words.share(tenth['y'].iloc[0])} of all high-value customers."
    )


def forecast_verdict(comparison: Comparison) -> str | None:
    """Say how forecast and outcome agree on average; None when revenue was not measured."""
    expected = comparison.value("mean_expected_revenue")
    actual = comparison.value("mean_revenue")
    if not actual > 0 or pd.isna(expected):
        return None
    gap = expected / actual - 1
    side = "below" if gap < 0 else "above"
    agreement = (
        "close to the outcome" if abs(gap) < NOTABLE_GAP else f"{words.share(abs(gap))} {side} it"
    )
    return (
        f"Expected revenue was {words.amount(expected)} per customer and actual revenue "
        f"{words.amount(actual)}: the forecast was {agreement}."
    )


def calibration_verdict(comparison: Comparison) -> str | None:
    """Say how predicted and observed chances to buy agree; None when not measured."""
    predicted = comparison.value("mean_probability_purchase")
    observed = comparison.value("base_rate_purchase")
    gap = comparison.value("ece_purchase")
    if pd.isna([predicted, observed, gap]).any():
        return None
    return (
        f"On average a purchase was predicted for {words.share(predicted)} of customers and "
        f"{words.share(observed)} bought; over groups of similar chance the gap is "
        f"{100 * gap:.1f} percentage points on average."
    )


def _loss_text(comparison: Comparison, model_name: str) -> str:
    low, high = comparison.interval(model_name)
    interval = "" if pd.isna(low) else f" (95\N{NO-BREAK SPACE}% interval {low:.3f} to {high:.3f})"
    return f"{comparison.loss(model_name):.3f}{interval}"


def _certainty(comparison: Comparison) -> str:
    """Say whether the interval reaches that of the best baseline."""
    rival = str(comparison.best_baseline)
    high, rival_low = comparison.interval(comparison.champion)[1], comparison.interval(rival)[0]
    if pd.isna(high) or pd.isna(rival_low):
        return ""
    if high < rival_low:
        return f"The interval lies wholly below that of the {words.model_label(rival)}."
    return (
        f"The interval overlaps that of the {words.model_label(rival)}, so the size of the gain "
        "is uncertain."
    )
