"""Predictions against outcomes: tidy metric rows with confidence intervals, and curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segml.dataset import TIERS
from segml.metrics import (
    ScoreOrder,
    average_precision,
    calibration_bins,
    classification_metrics,
    confusion_matrices,
    expected_calibration_error,
    gains,
    normalised_gini,
    roc_auc,
    spearman,
    weighted_mean,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segml.dataset import Examples, Predictions

CONFIDENCE_TAILS = (0.025, 0.975)
LIFT_SHARE = np.array([0.1])
GAINS_SHARES = np.linspace(0, 1, 101)
BOOTSTRAP_CHUNK_CELLS = 2_000_000  # bounds memory: customers times samples at once
MIN_PROBABILITY = 1e-15


class Evaluator:
    """All metrics of one set of predictions as a function of row weights."""

    def __init__(self, predictions: Predictions, outcomes: Examples) -> None:
        probabilities = predictions.tier_probabilities
        self.class_names = outcomes.class_names
        self.tier = outcomes.value_tier.astype(np.int_)
        self.predicted = probabilities.argmax(axis=1)
        self.revenue = outcomes.net_revenue
        self.expected_revenue = predictions.expected_net_revenue
        chosen = np.take_along_axis(probabilities, self.tier[:, None], axis=1)[:, 0]
        self.loss = -np.log(np.maximum(chosen, MIN_PROBABILITY))
        self.events = _events(predictions, outcomes)
        self.orders = {name: ScoreOrder(score) for name, (_, score) in self.events.items()}
        self.has_revenue = bool(np.isfinite(self.revenue).all())
        self.revenue_order = ScoreOrder(self.expected_revenue)
        self.perfect_order = ScoreOrder(self.revenue)

    def metrics(self, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Return every metric under each row of ``weights`` (b, n), as arrays of shape (b,)."""
        values = {"log_loss": weighted_mean(self.loss, weights)}
        values |= classification_metrics(self.confusion(weights), self.class_names)
        for name, (positive, score) in self.events.items():
            order = self.orders[name]
            values |= {
                f"base_rate_{name}": weighted_mean(positive, weights),
                f"mean_probability_{name}": weighted_mean(score, weights),
                f"roc_auc_{name}": roc_auc(order, positive, weights),
                f"pr_auc_{name}": average_precision(order, positive, weights),
                f"log_loss_{name}": weighted_mean(_event_loss(positive, score), weights),
                f"brier_{name}": weighted_mean((score - positive) ** 2, weights),
                f"ece_{name}": expected_calibration_error(score, positive, weights),
                f"lift_10_{name}": gains(order, positive, weights, LIFT_SHARE)[:, 0]
                / LIFT_SHARE[0],
            }
        return values | self._revenue_metrics(weights) if self.has_revenue else values

    def confusion(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Count true class by predicted class under each row of weights, shape (b, k, k)."""
        return confusion_matrices(self.tier, self.predicted, weights, len(self.class_names))

    def _revenue_metrics(self, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        error = np.abs(self.expected_revenue - self.revenue)
        return {
            "mean_revenue": weighted_mean(self.revenue, weights),
            "mean_expected_revenue": weighted_mean(self.expected_revenue, weights),
            "mae_revenue": weighted_mean(error, weights),
            "gini_revenue": normalised_gini(
                self.revenue_order, self.perfect_order, self.revenue, weights
            ),
            "spearman_revenue": spearman(self.revenue_order, self.perfect_order, weights),
        }


def _events(
    predictions: Predictions, outcomes: Examples
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return what is judged as a yes or no: name to outcome (n,) and probability (n,).

    Of value tiers that is a purchase, and the tier ``high``; of other classes, each of them.
    """
    tier, probabilities = outcomes.value_tier, predictions.tier_probabilities
    if not outcomes.has_value_tiers:
        return {
            name: ((tier == label).astype(np.float64), probabilities[:, label])
            for label, name in enumerate(outcomes.class_names)
        }
    return {
        "purchase": ((tier > 0).astype(np.float64), predictions.purchase_probability),
        "high": ((tier == TIERS.index("high")).astype(np.float64), probabilities[:, 2]),
    }


def _event_loss(positive: NDArray[np.float64], score: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the negative log-likelihood of a yes or no per row, in nats."""
    loss: NDArray[np.float64]
    loss = -np.log(np.maximum(np.where(positive > 0, score, 1 - score), MIN_PROBABILITY))
    return loss


def evaluate(
    predictions: Predictions, outcomes: Examples, *, bootstrap_samples: int, seed: int
) -> pd.DataFrame:
    """Judge predictions, with confidence intervals from resampling customers.

    Parameters
    ----------
    outcomes : Examples
        Labelled rows, in the order of the predictions.
    bootstrap_samples : int
        Zero leaves the intervals unknown.

    Returns
    -------
    DataFrame
        Columns metric, value, ci_low, ci_high: the estimate and its 95 % percentile interval.
        What is undefined (for example an AUC when nobody bought) is NaN; metrics of revenue are
        left out where it is not observed.
    """
    evaluator = Evaluator(predictions, outcomes)
    estimate = evaluator.metrics(np.ones((1, len(outcomes))))
    samples = _bootstrap(evaluator, outcomes, bootstrap_samples, seed)
    rows = [
        (name, float(value[0]), *_percentile_interval(samples.get(name)))
        for name, value in estimate.items()
    ]
    rows.append(("example_count", float(len(outcomes)), np.nan, np.nan))
    return pd.DataFrame(rows, columns=["metric", "value", "ci_low", "ci_high"])


def _bootstrap(
    evaluator: Evaluator, outcomes: Examples, samples: int, seed: int
) -> dict[str, NDArray[np.float64]]:
    """Return each metric on every resample of whole customers, shape (samples,)."""
    customers, customer_of_row = np.unique(outcomes.customer_key, return_inverse=True)
    generator = np.random.default_rng(seed)
    even = np.full(len(customers), 1 / len(customers))
    chunk = max(1, BOOTSTRAP_CHUNK_CELLS // len(outcomes))
    parts = []
    for start in range(0, samples, chunk):
        counts = generator.multinomial(len(customers), even, size=min(chunk, samples - start))
        parts.append(evaluator.metrics(counts[:, customer_of_row].astype(np.float64)))
    return (
        {name: np.concatenate([part[name] for part in parts]) for name in parts[0]} if parts else {}
    )


def _percentile_interval(values: NDArray[np.float64] | None) -> tuple[float, float]:
    if values is None or not np.isfinite(values).any():
        return np.nan, np.nan
    low, high = np.nanquantile(values, CONFIDENCE_TAILS)
    return float(low), float(high)


def evaluation_curves(predictions: Predictions, outcomes: Examples) -> pd.DataFrame:
    """Return the points behind the plots of a report.

    Returns
    -------
    DataFrame
        Columns curve, position, x, y, weight. ``calibration_purchase``: mean predicted
        probability, observed share and customers per bin. ``gains_purchase`` and
        ``gains_high``: share of customers taken from the top, share of the event captured and
        customers taken; absent when nobody had the event. Classes that are no value tiers have
        both curves each, under their names. ``confusion``: true class, predicted class (indices
        into ``class_names``) and customers.
    """
    evaluator = Evaluator(predictions, outcomes)
    ones = np.ones((1, len(outcomes)))
    calibrated = ["purchase"] if outcomes.has_value_tiers else list(evaluator.events)
    tables = [_calibration_curve(name, *evaluator.events[name]) for name in calibrated]
    for name, (positive, _) in evaluator.events.items():
        if positive.any():
            captured = gains(evaluator.orders[name], positive, ones, GAINS_SHARES)[0]
            tables.append(
                _curve(f"gains_{name}", GAINS_SHARES, captured, GAINS_SHARES * len(outcomes))
            )
    counts = evaluator.confusion(ones)[0]
    truth, predicted = np.indices(counts.shape)
    tables.append(_curve("confusion", truth.ravel(), predicted.ravel(), counts.ravel()))
    return pd.concat(tables, ignore_index=True)


def _calibration_curve(
    name: str, positive: NDArray[np.float64], probability: NDArray[np.float64]
) -> pd.DataFrame:
    rows = pd.DataFrame({"x": probability, "y": positive, "bin": calibration_bins(probability)})
    bins = rows.groupby("bin").agg(x=("x", "mean"), y=("y", "mean"), weight=("x", "size"))
    return _curve(f"calibration_{name}", *(bins[column].to_numpy() for column in bins))


def _curve(
    name: str, x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64]
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "curve": name,
            "position": np.arange(len(x)),
            "x": x.astype(np.float64),
            "y": y.astype(np.float64),
            "weight": weight.astype(np.float64),
        }
    )
