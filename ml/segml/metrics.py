"""Metrics under row weights: one implementation for the estimate and for its bootstrap.

Every function takes ``weights`` of shape (b, n) and returns b values, so a plain estimate is a
single row of ones and a bootstrap sample is a row of counts. Ties in a score never depend on
row order. What is undefined (one class only, nothing predicted, no variation) is NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from segml.dataset import TIERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ECE_BINS = 10


def ratio(numerator: Array, denominator: Array) -> Array:
    """Divide, with NaN where the denominator is zero."""
    undefined = np.full(np.broadcast(numerator, denominator).shape, np.nan)
    result: Array = np.divide(numerator, denominator, out=undefined, where=denominator != 0)
    return result


def weighted_mean(values: Array, weights: Array) -> Array:
    """Return the mean of ``values`` (n,) under each row of weights."""
    return ratio(weights @ values, weights.sum(axis=1))


def confusion_matrices(
    truth: NDArray[Any], predicted: NDArray[Any], weights: Array, class_count: int = len(TIERS)
) -> Array:
    """Count true class by predicted class, shape (b, k, k)."""
    cell = truth.astype(np.int_) * class_count + predicted
    indicator = (cell[:, None] == np.arange(class_count**2)).astype(np.float64)
    counts: Array = (weights @ indicator).reshape(-1, class_count, class_count)
    return counts


def classification_metrics(
    confusion: Array, class_names: Sequence[str] = TIERS
) -> dict[str, Array]:
    """Accuracy, and precision, recall and F1 per class and as the plain mean over classes.

    A class that is never predicted has undefined precision; in the mean it counts as zero.
    """
    hits = np.diagonal(confusion, axis1=1, axis2=2)
    truth, predicted = confusion.sum(axis=2), confusion.sum(axis=1)
    per_class = {
        "precision": ratio(hits, predicted),
        "recall": ratio(hits, truth),
        "f1": ratio(2 * hits, truth + predicted),
    }
    metrics = {"accuracy": ratio(hits.sum(axis=1), confusion.sum(axis=(1, 2)))}
    for name, values in per_class.items():
        metrics[f"macro_{name}"] = np.nan_to_num(values).mean(axis=1)
        metrics |= {
            f"{name}_{label}": values[:, column] for column, label in enumerate(class_names)
        }
    return metrics


class ScoreOrder:
    """Rows from the highest score to the lowest, with equal scores taken as one step."""

    def __init__(self, score: Array) -> None:
        self.order = np.argsort(-score, kind="stable")
        ordered = score[self.order]
        self.step_ends = np.flatnonzero(np.append(np.diff(ordered) != 0, True))
        self.step_of_row = np.empty(len(score), dtype=np.int_)
        self.step_of_row[self.order] = np.append(0, np.cumsum(np.diff(ordered) != 0))

    def cumulative(self, values: Array) -> Array:
        """Sum (b, n) values down the order, at the start and after every step, (b, steps + 1)."""
        sums = np.cumsum(values[:, self.order], axis=1)[:, self.step_ends]
        return np.concatenate([np.zeros((len(values), 1)), sums], axis=1)


def area_under_steps(x: Array, y: Array) -> Array:
    """Trapezoid area of each row of a curve, shape (b,)."""
    area: Array = (np.diff(x, axis=1) * (y[:, 1:] + y[:, :-1])).sum(axis=1) / 2
    return area


def roc_auc(order: ScoreOrder, positive: Array, weights: Array) -> Array:
    """Area under the ROC curve."""
    hits = order.cumulative(weights * positive)
    false_alarms = order.cumulative(weights * (1 - positive))
    return ratio(area_under_steps(false_alarms, hits), hits[:, -1] * false_alarms[:, -1])


def average_precision(order: ScoreOrder, positive: Array, weights: Array) -> Array:
    """Area under the precision-recall curve, as a sum over steps (scikit-learn's definition)."""
    hits = order.cumulative(weights * positive)
    precision = np.nan_to_num(ratio(hits, order.cumulative(weights)))
    return ratio((np.diff(hits, axis=1) * precision[:, 1:]).sum(axis=1), hits[:, -1])


def captured(order: ScoreOrder, value: Array, weights: Array, shares: Array) -> Array:
    """Sum ``value`` over the top ``shares`` of customers, (b, len(shares)).

    A step that straddles a share counts in proportion, which is the expectation over random
    orders of tied customers.
    """
    reached, sums = order.cumulative(weights), order.cumulative(weights * value)
    curves = [np.interp(shares * x[-1], x, y) for x, y in zip(reached, sums, strict=True)]
    return np.array(curves)


def gains(order: ScoreOrder, value: Array, weights: Array, shares: Array) -> Array:
    """Share of the total ``value`` held by the top ``shares`` of customers, (b, len(shares))."""
    sums = captured(order, value, weights, np.append(shares, 1.0))
    return ratio(sums[:, :-1], sums[:, -1:])


def normalised_gini(order: ScoreOrder, perfect: ScoreOrder, value: Array, weights: Array) -> Array:
    """Gini of revenue ranked by prediction over that of the perfect ranking.

    1 is a perfect order, 0 a random one.
    """
    total = (weights @ value) * weights.sum(axis=1)

    def concentration(ranking: ScoreOrder) -> Array:
        area = area_under_steps(ranking.cumulative(weights), ranking.cumulative(weights * value))
        return ratio(area, total) - 0.5

    return np.where(total > 0, ratio(concentration(order), concentration(perfect)), np.nan)


def spearman(first: ScoreOrder, second: ScoreOrder, weights: Array) -> Array:
    """Rank correlation, with the mid-rank for ties."""
    total = weights.sum(axis=1, keepdims=True)
    ranks = []
    for order in (first, second):
        after = order.cumulative(weights)
        middle = (after[:, 1:] + after[:, :-1]) / 2
        ranks.append(middle[:, order.step_of_row] - total / 2)
    x, y = ranks
    spread = (weights * x * x).sum(axis=1) * (weights * y * y).sum(axis=1)
    return ratio((weights * x * y).sum(axis=1), np.sqrt(spread))


def calibration_bins(probability: Array) -> NDArray[np.int_]:
    """Assign rows to at most ten bins of similar size by probability; ties stay together."""
    edges = np.unique(np.quantile(probability, np.linspace(0, 1, ECE_BINS + 1)[1:-1]))
    bins: NDArray[np.int_] = np.searchsorted(edges, probability, side="left")
    return bins


def expected_calibration_error(probability: Array, positive: Array, weights: Array) -> Array:
    """Mean absolute gap between predicted and observed share over bins of similar size."""
    bins = calibration_bins(probability)
    indicator = (bins[:, None] == np.unique(bins)).astype(np.float64)
    gaps = np.abs(weights @ (indicator * (probability - positive)[:, None]))
    return ratio(gaps.sum(axis=1), weights.sum(axis=1))
