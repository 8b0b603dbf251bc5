"""Integrated gradients of a network's class logits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]

PATH_POINTS = 64
CALL_ROWS = 16_384
SMALLEST_PROBABILITY = float(np.finfo(np.float32).tiny)


def path_gradients(network: Any, matrix: Matrix, reference: Matrix) -> NDArray[np.float64]:  # noqa: ANN401
    """Average the gradients between the reference and each row (Sundararajan et al. 2017).

    Times the distance from the reference, they sum to the change of the logits, up to the error
    of the midpoint rule, a few hundredths at worst: finer rules do no better on the kinks of ReLU.

    Parameters
    ----------
    network : keras.Model
        Maps (rows, m) to probabilities (rows, k).
    matrix : array of float32, shape (n, m)
    reference : array of float32, shape (1, m)

    Returns
    -------
    array of float64, shape (k - 1, n, m)
        Of log P(class) / P(first class), of every other class.
    """
    fractions = ((np.arange(PATH_POINTS) + 0.5) / PATH_POINTS).astype(np.float32)
    logits = network.output_shape[1] - 1
    averages = np.empty((logits, *matrix.shape))
    customers_per_call = CALL_ROWS // PATH_POINTS
    for start in range(0, len(matrix), customers_per_call):
        rows = slice(start, start + customers_per_call)
        change = matrix[rows] - reference
        path = reference + fractions[:, None, None] * change
        gradients = _gradients(network, path.reshape(-1, matrix.shape[1]))
        averages[:, rows] = gradients.reshape(logits, *path.shape).mean(axis=1)
    return averages


def tier_logits(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return log P(class) / P(first class) of every other class, shape (n, k - 1)."""
    logs = np.log(np.maximum(probabilities, SMALLEST_PROBABILITY).astype(np.float64))
    logits: NDArray[np.float64] = logs[:, 1:] - logs[:, :1]
    return logits


def _gradients(network: Any, path: Matrix) -> NDArray[np.float32]:  # noqa: ANN401
    """Return the gradients (k - 1, rows, m) of all logits at every point."""
    import tensorflow

    points = tensorflow.constant(path)
    with tensorflow.GradientTape(persistent=True) as tape:
        tape.watch(points)
        probabilities = network(points, training=False)
        logs = tensorflow.math.log(tensorflow.maximum(probabilities, SMALLEST_PROBABILITY))
        logits = [logs[:, label] - logs[:, 0] for label in range(1, logs.shape[1])]
    return np.stack([tape.gradient(logit, points).numpy() for logit in logits])
