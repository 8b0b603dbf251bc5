"""Integrated gradients of a network's tier logits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]
    Rule = tuple[Matrix, Matrix]

MIDPOINTS = 32
CALL_ROWS, CALL_NUMBERS = 16_384, 4_000_000
SMALLEST_PROBABILITY = float(np.finfo(np.float32).tiny)


def midpoint_rule(points: int = MIDPOINTS) -> Rule:
    """Return places on [0, 1] and their weights, evenly spread: for networks with kinks."""
    places = ((np.arange(points) + 0.5) / points).astype(np.float32)
    return places, np.full(points, 1 / points, np.float32)


def gauss_rule(points: int) -> Rule:
    """Return places on [0, 1] and their weights after Gauss: few do for smooth networks."""
    places, weights = np.polynomial.legendre.leggauss(points)
    return ((places + 1) / 2).astype(np.float32), (weights / 2).astype(np.float32)


def path_gradients(
    network: Any,  # noqa: ANN401
    matrix: Matrix,
    reference: Matrix,
    rule: Rule | None = None,
) -> NDArray[np.float64]:
    """Average the gradients between the reference and each row (Sundararajan et al. 2017).

    Times the distance from the reference, they sum to the change of the logits, up to the error
    of the rule, for midpoints a few hundredths at worst: rules of a higher degree do no better on
    the kinks of ReLU.

    Parameters
    ----------
    network : callable
        Maps (rows, k) to probabilities (rows, classes); takes ``training``.
    matrix : array of float32, shape (n, k)
    reference : array of float32, shape (1, k)
    rule : pair of arrays, optional
        Places and weights; the midpoint rule by default.

    Returns
    -------
    array of float64, shape (classes - 1, n, k)
        Of the logarithm of each probability but the first over the first.
    """
    places, weights = rule or midpoint_rule()
    columns = matrix.shape[1]
    customers_per_call = max(1, min(CALL_ROWS, CALL_NUMBERS // columns) // len(places))
    averages = []
    for start in range(0, len(matrix), customers_per_call) or range(1):
        change = matrix[start : start + customers_per_call] - reference
        path = reference + places[:, None, None] * change
        gradients = _gradients(network, path.reshape(-1, columns))
        averages.append(np.einsum("p,lpnk->lnk", weights, gradients.reshape(-1, *path.shape)))
    return np.concatenate(averages, axis=1).astype(np.float64)


def tier_logits(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return log P(class) / P(first class) of the other classes, shape (n, classes - 1)."""
    logs = np.log(np.maximum(probabilities, SMALLEST_PROBABILITY).astype(np.float64))
    logits: NDArray[np.float64] = logs[:, 1:] - logs[:, :1]
    return logits


def _gradients(network: Any, path: Matrix) -> NDArray[np.float32]:  # noqa: ANN401
    """Return the gradients (classes - 1, rows, k) of the logits at every point."""
    import tensorflow

    points = tensorflow.constant(path)
    with tensorflow.GradientTape(persistent=True) as tape:
        tape.watch(points)
        probabilities = network(points, training=False)
        logs = tensorflow.math.log(tensorflow.maximum(probabilities, SMALLEST_PROBABILITY))
        logits = [logs[:, tier] - logs[:, 0] for tier in range(1, probabilities.shape[1])]
    return np.stack([tape.gradient(logit, points).numpy() for logit in logits])
