"""How good the served model is, in sentences computed from its test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from segml.models import BASELINES, LABELLED_BASELINES
from segml.reporting import words

if TYPE_CHECKING:
    from datetime import date

    from segml.reporting.data import Evaluation
    from segml.reporting.language import Language

ALL_BASELINES = (*BASELINES, *LABELLED_BASELINES)
NETWORKS = ("dnn", "transformer")
TOP_TENTH = 0.1
NOTABLE_GAP = 0.05  # a forecast this close to the outcome is called right


@dataclass(frozen=True)
class Comparison:
    """The served model beside its rivals on the test snapshot.

    Parameters
    ----------
    test_date : date or None
        None for what has no times.
    log_loss : DataFrame
        model_name, value, ci_low, ci_high in nats, best first.
    values : DataFrame
        Metric by model name.
    """

    champion: str
    test_date: date | None
    horizon_days: int
    log_loss: pd.DataFrame
    values: pd.DataFrame

    @property
    def baselines(self) -> list[str]:
        """Baselines that were tested, best first."""
        return [name for name in self.log_loss["model_name"] if name in ALL_BASELINES]

    @property
    def best_baseline(self) -> str | None:
        """The baseline that is hardest to beat."""
        return next(iter(self.baselines), None)

    @property
    def beats_baselines(self) -> bool:
        """Whether the served model has a lower log loss than every baseline."""
        return self.champion not in ALL_BASELINES and all(
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
    tested = loss["snapshot_date"].max()
    return Comparison(
        champion=champion,
        test_date=None if pd.isna(tested) else pd.Timestamp(tested).date(),
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


def verdict(say: Language, comparison: Comparison) -> Verdict:
    """Say whether the served model beats the baselines."""
    champion = comparison.champion
    label = say.model(champion)
    losses = "; ".join(
        f"{say.model(name)} {_loss_text(say, comparison, name)}"
        for name in dict.fromkeys((champion, *comparison.baselines))
    )
    figures = say("verdict.figures", losses=losses)
    if champion in ALL_BASELINES:
        return Verdict(say("verdict.baseline_served", model=label), figures)
    if not comparison.baselines:
        return Verdict(say("verdict.no_baseline", model=label), figures)
    if not comparison.beats_baselines:
        return Verdict(say("verdict.beaten", model=label), figures)
    return Verdict(say("verdict.better", model=label), f"{figures} {_certainty(say, comparison)}")


def verdict_sentences(say: Language, comparison: Comparison, curves: pd.DataFrame) -> list[str]:
    """Return what else the test says: networks, targeting, calibration, forecast and profit."""
    sentences = (
        _network(say, comparison),
        _targeting(say, curves, comparison),
        _calibration(say, comparison),
        _forecast(say, comparison),
        _profit(say, comparison),
    )
    return [sentence for sentence in sentences if sentence]


def _network(say: Language, comparison: Comparison) -> str | None:
    """Say whether a network is worth its effort; None when none was tried."""
    names = list(comparison.log_loss["model_name"])
    network = next((name for name in names if name in NETWORKS), None)
    simpler = next((name for name in names if name not in NETWORKS), None)
    if network is None or simpler is None:
        return None
    is_worse = comparison.loss(network) > comparison.loss(simpler)
    return say(
        "verdict.network_worse" if is_worse else "verdict.network_better",
        network=say.model(network),
        simpler=say.model(simpler),
        ours=words.precise(comparison.loss(network)),
        theirs=words.precise(comparison.loss(simpler)),
    )


def _targeting(say: Language, curves: pd.DataFrame, comparison: Comparison) -> str | None:
    """Say how many high-value customers a short list would hold."""
    points = curves[
        (curves["curve"] == "gains_high") & (curves["model_name"] == comparison.champion)
    ]
    tenth = points[(points["x"] - TOP_TENTH).abs() < TOP_TENTH / 1000]
    if tenth.empty:
        return None
    return say(
        "verdict.targeting",
        model=say.model(comparison.champion),
        share=words.share(tenth["y"].iloc[0]),
    )


def _forecast(say: Language, comparison: Comparison) -> str | None:
    """Say how forecast and outcome agree on average; None when revenue was not measured."""
    expected = comparison.value("mean_expected_revenue")
    actual = comparison.value("mean_revenue")
    if not actual > 0 or pd.isna(expected):
        return None
    gap = expected / actual - 1
    kind = "below" if gap < 0 else "above"
    return say(
        "verdict.forecast_" + ("close" if abs(gap) < NOTABLE_GAP else kind),
        expected=words.amount(expected),
        actual=words.amount(actual),
        gap=words.share(abs(gap)),
    )


def _calibration(say: Language, comparison: Comparison) -> str | None:
    """Say how predicted and observed chances to buy agree; None when not measured."""
    predicted = comparison.value("mean_probability_purchase")
    observed = comparison.value("base_rate_purchase")
    gap = comparison.value("ece_purchase")
    if pd.isna([predicted, observed, gap]).any():
        return None
    return say(
        "verdict.calibration",
        predicted=words.share(predicted),
        observed=words.share(observed),
        gap=f"{100 * gap:.1f}",
    )


def _profit(say: Language, comparison: Comparison) -> str | None:
    """Say what contacting whoever pays would have earned; None when not measured."""
    chosen = comparison.value("break_even_profit_per_customer")
    everybody = comparison.value("contact_all_profit_per_customer")
    share = comparison.value("break_even_contact_share")
    if pd.isna([chosen, everybody, share]).any():
        return None
    return say(
        "verdict.profit",
        share=words.share(share),
        chosen=words.price(chosen),
        everybody=words.price(everybody),
    )


def _loss_text(say: Language, comparison: Comparison, model_name: str) -> str:
    low, high = comparison.interval(model_name)
    value = words.precise(comparison.loss(model_name))
    if pd.isna(low):
        return value
    return say("verdict.loss", value=value, low=words.precise(low), high=words.precise(high))


def _certainty(say: Language, comparison: Comparison) -> str:
    """Say whether the interval reaches that of the best baseline."""
    rival = str(comparison.best_baseline)
    high, rival_low = comparison.interval(comparison.champion)[1], comparison.interval(rival)[0]
    if pd.isna(high) or pd.isna(rival_low):
        return ""
    return say(
        "verdict.apart" if high < rival_low else "verdict.overlapping", rival=say.model(rival)
    )
