"""Weights of the members of a blend, and nothing else about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax

from segml.season_levels import LARGEST_LEVEL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

PRIOR_ROWS = 20  # equal weights are believed as if so many rows had asked for them
MIN_WEIGHT = 0.02  # a member that counts less is not worth serving


def fit_weights(
    log_probabilities: Array,
    value_tier: NDArray[np.int8],
    season: NDArray[np.int_] | None = None,
) -> Array:
    """Return the weights with the lowest log loss of the pooled predictions.

    Parameters
    ----------
    log_probabilities : array, shape (m, n, classes)
        Of every member.
    value_tier : array of int, shape (n,)
    season : array of int, shape (n,), optional
        Periods, each of which has a level of its own (one constant per class): no member foresees
        it, and the one that was nearest to it by chance gets no weight for it.

    Returns
    -------
    array of float64, shape (m,)
        At least ``MIN_WEIGHT`` or zero each, summing to one. The problem is convex, and drawn a
        little toward equal weights.
    """
    members, rows, classes = log_probabilities.shape
    equal = np.full(members, 1 / members)
    ridge = PRIOR_ROWS / rows
    happened = np.eye(classes)[value_tier]
    observed = log_probabilities[:, np.arange(rows), value_tier]
    seasons = np.zeros((rows, 0))
    if season is not None:
        seasons = (season[:, None] == np.unique(season)).astype(float)

    def penalised_loss(free: Array) -> tuple[float, Array]:
        weights, levels = free[:members], free[members:].reshape(seasons.shape[1], classes - 1)
        pooled = np.tensordot(weights, log_probabilities, axes=1)
        pooled[:, 1:] += seasons @ levels
        logs = log_softmax(pooled, axis=1)
        probabilities = np.exp(logs)
        away = weights - equal
        loss = -(logs * happened).sum(axis=1).mean() + ridge * float(away @ away)
        expected = (log_probabilities * probabilities).sum(axis=2)
        by_weight = (expected - observed).mean(axis=1) + 2 * ridge * away
        by_level = seasons.T @ (probabilities - happened)[:, 1:] / rows
        return loss, np.concatenate([by_weight, by_level.ravel()])

    levels = seasons.shape[1] * (classes - 1)
    found = minimize(
        penalised_loss,
        np.append(equal, np.zeros(levels)),
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * members + [(-LARGEST_LEVEL, LARGEST_LEVEL)] * levels,
        constraints={
            "type": "eq",
            "fun": lambda free: free[:members].sum() - 1,
            "jac": lambda free: (np.arange(len(free)) < members).astype(float),
        },
    ).x[:members]
    kept = np.where(found < MIN_WEIGHT, 0.0, found)
    normalised: Array = kept / kept.sum()
    return normalised
