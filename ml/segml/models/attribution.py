"""From contributions of encoded columns to contributions of features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from segml.models.base import PROBABILITY_FLOOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ROUNDING = 1e-12  # nats; rows that sum to less have nothing to spread over
SMALLEST_CHANGE = 1e-7  # of a probability; below this the quotient loses digits to the midpoint


def encoded_sources(dense_preprocessor: Any) -> list[str]:  # noqa: ANN401
    """Return the feature behind every column of a fitted ``dense_preprocessor``."""
    sources: list[str] = []
    for name, transformer, columns in dense_preprocessor.transformers_:
        if name == "numeric" and columns:
            flagged = transformer.named_steps["simpleimputer"].indicator_.features_
            sources += [*columns, *(columns[position] for position in flagged)]
        elif name == "categorical" and columns:
            for column, categories, infrequent in zip(
                columns, transformer.categories_, transformer.infrequent_categories_, strict=True
            ):
                merged = 0 if infrequent is None else len(infrequent) - 1
                sources += [column] * (len(categories) - merged)
    return sources


def sum_by_feature(columns: Array, sources: Sequence[str], names: Sequence[str]) -> Array:
    """Add up encoded columns (n, k) that stem from the same feature: shape (n, p)."""
    belongs = np.array(sources)[:, None] == np.array(names)
    summed: Array = columns @ belongs.astype(np.float64)
    return summed


def against_first(scores: Array) -> Array:
    """Return the scores of every class but the first, less those of the first.

    Parameters
    ----------
    scores : array, shape (k, ...), or (1, ...) for two classes
        As scikit-learn has them: of two classes, the difference only.

    Returns
    -------
    array of float64, shape (k - 1, ...)
    """
    return scores if len(scores) == 1 else scores[1:] - scores[:1]


def with_total(contributions: Array, total: Array) -> Array:
    """Spread what is missing from a total in proportion to the size of the contributions.

    Parameters
    ----------
    contributions : array, shape (n, p) or (n, p, m)
    total : array, shape (n,) or (n, m)
        What the contributions of a row must sum to.

    Returns
    -------
    array of float64
        Shape of ``contributions``. Zero stays zero, and rows of nothing but zeros stay as they are.
    """
    missing, size = total - contributions.sum(axis=1), np.abs(contributions)
    whole = size.sum(axis=1)
    share = np.divide(missing, whole, out=np.zeros_like(missing), where=whole > ROUNDING)
    closed: Array = contributions + size * np.expand_dims(share, 1)
    return closed


def through_logarithm(contributions: Array, start: Array, end: Array) -> tuple[Array, Array]:
    """Turn contributions to probabilities into contributions to their logarithms.

    On the straight line from the reference, where every probability changes at a constant rate,
    the logarithm changes by the quotient of both total changes (Aumann and Shapley 1974).

    Parameters
    ----------
    contributions : array, shape (n, p, classes)
    start : array, shape (classes,)
        Probabilities of the reference.
    end : array, shape (n, classes)
        Probabilities of the rows.

    Returns
    -------
    tuple of array
        Contributions of the shape given, and the logarithms of ``start``. Probabilities are kept
        above ``PROBABILITY_FLOOR``.
    """
    log_start, log_end = (np.log(np.maximum(values, PROBABILITY_FLOOR)) for values in (start, end))
    change = end - start
    is_far = np.abs(change) > SMALLEST_CHANGE
    average = np.maximum((start + end) / 2, PROBABILITY_FLOOR)
    slope = np.where(is_far, (log_end - log_start) / np.where(is_far, change, 1.0), 1 / average)
    return contributions * slope[:, None], log_start
