"""A fitted map of class probabilities, part of every served model."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.special import softmax

from segml.models.attribution import with_total
from segml.models.base import LogitContributions, class_logits, complete_probabilities

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segml.dataset import Predictions

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Calibrator:
    """A fitted map of class probabilities; revenue given the class is left as it is.

    ``none`` changes nothing. ``vector`` is softmax(log p / temperature + bias) with the bias of
    the first class fixed at zero (Guo et al. 2017, with one temperature). ``isotonic`` is one
    monotone curve per class, renormalised (Zadrozny and Elkan 2002).
    """

    method: str = "none"
    parameters: dict[str, Any] = field(default_factory=dict)

    def apply(self, predictions: Predictions) -> Predictions:
        """Return predictions with calibrated probabilities; expected revenue follows."""
        return replace(
            predictions, tier_probabilities=self.transform(predictions.tier_probabilities)
        )

    def transform(self, probabilities: Array) -> Array:
        """Map probabilities of shape (n, k)."""
        if self.method == "none":
            return probabilities
        if self.method == "vector":
            calibrated = scale_and_shift(probabilities, np.array(self.parameters["vector"]))
        else:
            curves = self.parameters["curves"]
            columns = [
                np.interp(column, *curve)
                for column, curve in zip(probabilities.T, curves, strict=True)
            ]
            calibrated = np.stack(columns, axis=1)
        classes = probabilities.shape[1]
        return complete_probabilities(calibrated, range(classes), classes)

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return {"method": self.method, "parameters": self.parameters}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Read what ``as_dict`` returned."""
        return cls(values["method"], values["parameters"])


def scale_and_shift(probabilities: Array, vector: Array) -> Array:
    """Apply (log temperature, bias of every class but the first)."""
    logits = np.log(probabilities) * np.exp(-vector[0]) + np.array([0.0, *vector[1:]])
    exponential = np.exp(logits - logits.max(axis=1, keepdims=True))
    scaled: Array = exponential / exponential.sum(axis=1, keepdims=True)
    return scaled


def calibrate_logits(logits: LogitContributions, calibrator: Calibrator) -> LogitContributions:
    """Turn contributions to logits into contributions to calibrated logits.

    Vector scaling is affine in the logits. Isotonic curves are steps without a useful slope:
    what they add is spread in proportion to the size of the contributions.
    """
    if calibrator.method == "none":
        return logits
    if calibrator.method == "vector":
        log_temperature, *bias = calibrator.parameters["vector"]
        factor = np.exp(-log_temperature)
        return LogitContributions(
            logits.contributions * factor, logits.reference * factor + np.array(bias)
        )
    start = _calibrated(logits.reference[None], calibrator)
    end = _calibrated(logits.reference + logits.contributions.sum(axis=1), calibrator)
    return LogitContributions(with_total(logits.contributions, end - start), start[0])


def _calibrated(logits: Array, calibrator: Calibrator) -> Array:
    scores = np.column_stack([np.zeros(len(logits)), logits])
    classes = scores.shape[1]
    probabilities = complete_probabilities(softmax(scores, axis=1), range(classes), classes)
    return class_logits(calibrator.transform(probabilities))
