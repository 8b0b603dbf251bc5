"""Probabilities that mean what they say, where the validation snapshot proves the need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from sklearn.isotonic import IsotonicRegression

from segml.dataset import Predictions, customer_fold
from segml.models.base import mean_log_loss
from segml.models.calibrator import Calibrator, scale_and_shift

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

METHODS = ("none", "vector", "isotonic")
CROSS_FIT_FOLDS = 5
MIN_GAIN_SHARE = 0.01  # of the log loss; less is not worth another moving part
MIN_ROWS_TO_CALIBRATE = 200
RIDGE = 0.01  # keeps the scaling near the identity unless the data insists


@dataclass(frozen=True)
class CalibrationChoice:
    """The chosen calibrator, and what it does to customers it was not fitted on.

    Parameters
    ----------
    calibrator : Calibrator
        Fitted on all validation rows.
    predictions : Predictions
        Validation predictions calibrated by curves of other customers: an honest estimate.
    log_losses : dict of str to float
        Cross-fitted log loss of every method that was tried, in nats.
    """

    calibrator: Calibrator
    predictions: Predictions
    log_losses: dict[str, float]


def fit_calibrator(method: str, probabilities: Array, value_tier: NDArray[np.int8]) -> Calibrator:
    """Fit one method to probabilities (n, k) and observed classes (n,)."""
    if method == "vector":
        return Calibrator(method, {"vector": _fit_vector(probabilities, value_tier).tolist()})
    if method == "isotonic":
        return Calibrator(method, {"curves": _fit_curves(probabilities, value_tier)})
    return Calibrator()


def choose_calibrator(
    predictions: Predictions,
    value_tier: NDArray[np.int8],
    customer_key: NDArray[np.str_],
    *,
    methods: tuple[str, ...] = METHODS,
    seed: int,
) -> CalibrationChoice:
    """Compare the methods by log loss, each customer calibrated by the curves of others.

    ``none`` stays unless another method lowers the log loss by ``MIN_GAIN_SHARE``.
    """
    probabilities = predictions.tier_probabilities
    if len(value_tier) < MIN_ROWS_TO_CALIBRATE:
        methods = ("none",)
    fold = customer_fold(customer_key, CROSS_FIT_FOLDS, f"calibration:{seed}")
    crossed = {method: _cross_fit(method, probabilities, value_tier, fold) for method in methods}
    losses = {method: mean_log_loss(values, value_tier) for method, values in crossed.items()}
    best = min(losses, key=losses.__getitem__)
    if losses[best] > (1 - MIN_GAIN_SHARE) * losses["none"]:
        best = "none"
    return CalibrationChoice(
        calibrator=fit_calibrator(best, probabilities, value_tier),
        predictions=replace(predictions, tier_probabilities=crossed[best]),
        log_losses=losses,
    )


def lasting_methods(
    earlier: Array,
    earlier_tier: NDArray[np.int8],
    later: Array,
    later_tier: NDArray[np.int8],
) -> tuple[str, ...]:
    """Return the methods that still help on a later snapshot than the one they are fitted on.

    A calibration learns the season of its snapshot along with the faults of the model. On UCI
    Online Retail every method gains on the validation snapshot and loses as much one quarter
    later (benchmarks/README.md), so that a gain on one snapshot proves nothing.

    Parameters
    ----------
    earlier, later : array, shape (n, k)
        Uncalibrated probabilities at two snapshots whose outcomes do not overlap.
    """
    intact = mean_log_loss(later, later_tier)
    lasting = [
        method
        for method in METHODS[1:]
        if mean_log_loss(fit_calibrator(method, earlier, earlier_tier).transform(later), later_tier)
        <= (1 - MIN_GAIN_SHARE) * intact
    ]
    return ("none", *lasting)


def _cross_fit(
    method: str, probabilities: Array, value_tier: NDArray[np.int8], fold: NDArray[np.int_]
) -> Array:
    crossed = probabilities.copy()
    for number in np.unique(fold):
        inside, outside = fold != number, fold == number
        calibrator = fit_calibrator(method, probabilities[inside], value_tier[inside])
        crossed[outside] = calibrator.transform(probabilities[outside])
    return crossed


def _fit_vector(probabilities: Array, value_tier: NDArray[np.int8]) -> Array:
    def penalised_loss(vector: Array) -> float:
        scaled = np.maximum(scale_and_shift(probabilities, vector), np.finfo(np.float64).tiny)
        return mean_log_loss(scaled, value_tier) + RIDGE * float(vector @ vector)

    start = np.zeros(probabilities.shape[1])
    fitted: Array = minimize(penalised_loss, start, method="L-BFGS-B").x
    return fitted


def _fit_curves(probabilities: Array, value_tier: NDArray[np.int8]) -> list[list[list[float]]]:
    """Return knots (x, y) of one curve per class, kept off 0 and 1 by one pseudo-customer."""
    lowest = 1 / (len(value_tier) + 2)
    curves = []
    for tier in range(probabilities.shape[1]):
        curve = IsotonicRegression(y_min=lowest, y_max=1 - lowest, out_of_bounds="clip")
        curve.fit(probabilities[:, tier], value_tier == tier)
        curves.append([curve.X_thresholds_.tolist(), curve.y_thresholds_.tolist()])
    return curves
