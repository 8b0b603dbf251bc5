"""Predictions against outcomes: every metric, with confidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segml.bootstrap import measure
from segml.dataset import TIERS
from segml.metrics import (
    ScoreOrder,
    average_precision,
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
    import pandas as pd
    from numpy.typing import NDArray

    from segml.dataset import Examples, Predictions

LIFT_SHARE = np.array([0.1])
MIN_PROBABILITY = 1e-15
# share of the errors of always naming the largest class that one feature takes away
DEFINING_SHARE = 0.9


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
        values = {
            "example_count": weights.sum(axis=1),
            "log_loss": weighted_mean(self.loss, weights),
        }
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
    metrics = Evaluator(predictions, outcomes).metrics
    measured = measure(metrics, outcomes.customer_key, resamples=bootstrap_samples, seed=seed)
    return measured.table()


def defines_class(accuracy: float, largest_share: float) -> bool:
    """Tell whether a rule on one feature nearly names the class of everybody.

    Parameters
    ----------
    accuracy : float
        Share of customers whose class the rule names.
    largest_share : float
        Share of the largest class, which is the accuracy of always naming it.
    """
    return accuracy - largest_share >= DEFINING_SHARE * (1 - largest_share)
