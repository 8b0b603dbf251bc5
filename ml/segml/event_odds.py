"""From contributions to class logits to contributions to the log-odds of an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, softmax

from segml.models.attribution import with_total
from segml.models.base import complete_probabilities
from segml.models.calibrator import calibrate_logits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segml.models.base import LogitContributions
    from segml.models.calibrator import Calibrator

    Array = NDArray[np.float64]

SMALLEST_DISTANCE = 1e-4  # logits; below this the quotient loses more digits than the midpoint
QUADRATURE_POINTS = 16  # exact to rounding for changes of a few nats


def through_link(logits: LogitContributions, calibrator: Calibrator, event: list[int]) -> Array:
    """Turn contributions to class logits (n, p, k - 1) into those to an event, shape (n, p).

    The odds are the sum of exp(logit) over the classes of the event by that over the rest. Along
    the straight line from the reference to the customer, contributions weighted by the average
    share of each class in its sum add up to the change of the log-odds (Aumann and Shapley 1974).
    What the probability floor does is spread in proportion to the size of the contributions.
    """
    end = logits.reference + logits.contributions.sum(axis=1)
    total = _log_odds(end, calibrator, event) - _log_odds(logits.reference[None], calibrator, event)
    calibrated = calibrate_logits(logits, calibrator)
    contributions, start = calibrated.contributions, calibrated.reference
    end = start + contributions.sum(axis=1)
    start, end = np.append(0.0, start), np.column_stack([np.zeros(len(end)), end])
    rest = [label for label in range(len(start)) if label not in event]
    weights = np.empty_like(end)
    weights[:, event] = _average_softmax(start[event], end[:, event])
    weights[:, rest] = -_average_softmax(start[rest], end[:, rest])
    # the first class is what the other logits are measured against: its own never changes
    split = np.einsum("npk,nk->np", contributions, weights[:, 1:])
    return with_total(split, total)


def _log_odds(logits: Array, calibrator: Calibrator, event: list[int]) -> Array:
    scores = np.column_stack([np.zeros(len(logits)), logits])
    classes = scores.shape[1]
    probabilities = complete_probabilities(softmax(scores, axis=1), range(classes), classes)
    calibrated = calibrator.transform(probabilities)
    rest = [label for label in range(classes) if label not in event]
    for_event, for_rest = (calibrated[:, side].sum(axis=1) for side in (event, rest))
    log_odds: Array = np.log(for_event) - np.log(for_rest)
    return log_odds


def _average_softmax(start: Array, end: Array) -> Array:
    """Average softmax over the straight line from ``start`` (m,) to each row of ``end`` (n, m)."""
    if len(start) == 1:
        return np.ones_like(end)
    if len(start) == 2:  # noqa: PLR2004  (the closed form)
        second = _average_sigmoid(start[1] - start[0], end[:, 1] - end[:, 0])
        return np.column_stack([1 - second, second])
    points, point_weights = np.polynomial.legendre.leggauss(QUADRATURE_POINTS)
    fractions = (points + 1) / 2
    path = start + fractions[:, None, None] * (end - start)
    average: Array = np.tensordot(point_weights / 2, softmax(path, axis=-1), axes=1)
    return average


def _average_sigmoid(start: float, end: Array) -> Array:
    """Average 1 / (1 + exp(-x)) over x between ``start`` and ``end``."""
    distance = end - start
    is_far = np.abs(distance) > SMALLEST_DISTANCE
    rise = np.logaddexp(0, end) - np.logaddexp(0, start)
    average: Array = np.where(
        is_far, rise / np.where(is_far, distance, 1.0), expit((start + end) / 2)
    )
    return average
