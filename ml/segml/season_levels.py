"""Predictions moved to the level of their season: what is left when luck with the level is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

LARGEST_LEVEL = 5.0  # nats; keeps the level of a class that nobody reached in a period finite


def row_log_losses(
    logits: Array, outcome: NDArray[np.int8], *, at_level: bool = False
) -> NDArray[np.float64]:
    """Return the log loss in nats of every row of one period, shape (n,).

    Parameters
    ----------
    logits : array, shape (n, k)
        Log probabilities but for a constant per row.
    outcome : array of int, shape (n,)
    at_level : bool
        Whether the logits are moved first, by one constant per class, so that the mean
        probability of every class is its share in the period.
    """
    moved = logits + fit_level(logits, outcome) if at_level else logits
    observed = log_softmax(moved, axis=1)[np.arange(len(outcome)), outcome]
    losses: NDArray[np.float64] = -observed
    return losses


def fit_level(logits: Array, outcome: NDArray[np.int8]) -> Array:
    """Return the constants with the lowest log loss, shape (k,), the first of them zero.

    Where classes have the same features in two periods and other shares, this is the most likely
    correction (Saerens, Latinne and Decaestecker 2002, "Adjusting the outputs of a classifier to
    new a priori probabilities", with shares that are known).
    """
    classes = logits.shape[1]
    happened = np.eye(classes)[outcome]

    def loss(free: Array) -> tuple[float, Array]:
        logs = log_softmax(logits + np.append(0.0, free), axis=1)
        gradient = (np.exp(logs) - happened).mean(axis=0)[1:]
        return float(-(logs * happened).sum(axis=1).mean()), gradient

    limits = [(-LARGEST_LEVEL, LARGEST_LEVEL)] * (classes - 1)
    found = minimize(loss, np.zeros(classes - 1), jac=True, method="L-BFGS-B", bounds=limits).x
    return np.append(0.0, found)
