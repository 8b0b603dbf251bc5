"""Exact Shapley values of a forest's probabilities against one reference row."""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Ways = NDArray[np.uint32]

MAX_LEAVES = 32  # the ways through the splits of a tree fit the bits of one number
CALL_ROWS = 8_192  # customers whose ways stay in the cache


@dataclass(frozen=True)
class _Leaf:
    """What leads to a leaf: the splits that each feature decides, and the way they must go."""

    value: Array  # probability of every class
    way: np.uint32  # bit set: left at this split
    splits_of_feature: dict[int, np.uint32]


def forest_contributions(
    forest: Any,  # noqa: ANN401
    matrix: Array,
    reference: Array,
    features: NDArray[np.int_],
    feature_count: int,
) -> Array:
    """Split the probabilities of a forest between features.

    The contribution is the interventional Shapley value (Lundberg et al. 2020): a feature is
    absent when it has the value of the reference. A leaf is reached by a mixture of both rows
    if each feature on its path is taken from a row that takes the path. Its value is shared
    between the s features that only the customer passes and the t that only the reference
    passes: (s-1)! t! / (s+t)! for each of the former, minus s! (t-1)! / (s+t)! for the latter.

    Parameters
    ----------
    forest : RandomForestClassifier
        Fitted, with at most ``MAX_LEAVES`` leaves per tree.
    matrix : array, shape (n, k)
    reference : array, shape (1, k)
    features : array of int, shape (k,)
        The feature behind every column; columns of one feature change together.
    feature_count : int

    Returns
    -------
    array of float64, shape (n, feature_count, classes)
        Sums over the features to the probabilities of the customers minus the reference's.
    """
    columns = np.asfortranarray(np.vstack([reference, matrix]), dtype=np.float32)
    total = np.zeros((len(forest.classes_), feature_count, len(matrix)))
    for estimator in forest.estimators_:
        tree = estimator.tree_
        splits = np.flatnonzero(tree.children_left >= 0)
        leaves = list(_leaves(tree, splits, features))
        typical = _ways(tree, splits, columns[:1])[0]
        for start in range(0, len(matrix), CALL_ROWS):
            rows = slice(start, min(start + CALL_ROWS, len(matrix)))
            ways = _ways(tree, splits, columns[rows.start + 1 : rows.stop + 1])
            for leaf in leaves:
                _share(leaf, ways, typical, total[:, :, rows])
    shares: Array = total.transpose(2, 1, 0) / len(forest.estimators_)
    return shares


def _ways(tree: Any, splits: NDArray[np.int_], columns: NDArray[np.float32]) -> Ways:  # noqa: ANN401
    """Return at which splits each row would go left, one bit each, shape (n,)."""
    ways = np.zeros(len(columns), dtype=np.uint32)
    for bit, split in enumerate(splits):
        left = columns[:, tree.feature[split]] <= tree.threshold[split]
        ways |= left.astype(np.uint32) << np.uint32(bit)
    return ways


def _leaves(tree: Any, splits: NDArray[np.int_], features: NDArray[np.int_]) -> Iterator[_Leaf]:  # noqa: ANN401
    bit_of_split = {int(split): np.uint32(1 << bit) for bit, split in enumerate(splits)}
    pending: list[tuple[int, np.uint32, dict[int, np.uint32]]] = [(0, np.uint32(0), {})]
    while pending:
        node, way, path = pending.pop()
        if node not in bit_of_split:
            value = tree.value[node, 0]
            yield _Leaf(value / value.sum(), way, path)
            continue
        bit, feature = bit_of_split[node], int(features[tree.feature[node]])
        longer = path | {feature: path.get(feature, np.uint32(0)) | bit}
        pending.append((tree.children_left[node], way | bit, longer))
        pending.append((tree.children_right[node], way, longer))


def _share(leaf: _Leaf, ways: Ways, typical: np.uint32, total: Array) -> None:
    """Add what a leaf contributes to ``total`` (classes, features, n)."""
    wrong = typical ^ leaf.way
    absent = [name for name, mask in leaf.splits_of_feature.items() if wrong & mask]
    needed = np.bitwise_or.reduce(
        [leaf.splits_of_feature[name] for name in absent], dtype=np.uint32
    )
    reached = np.flatnonzero(((ways ^ leaf.way) & needed) == 0)
    if not len(reached):
        return
    off = ways[reached] ^ leaf.way
    optional = {
        name: (off & mask) != 0
        for name, mask in leaf.splits_of_feature.items()
        if name not in absent
    }
    own = len(absent)
    others = np.sum(list(optional.values()), axis=0, dtype=np.int_, initial=0)
    others = np.broadcast_to(others, len(reached))
    for_own, for_others = _weights(own, len(optional))
    if own:
        gain = leaf.value[:, None] * for_own[others]
        for name in absent:
            total[:, name, reached] += gain
    loss = leaf.value[:, None] * for_others[others]
    for name, missed in optional.items():
        total[:, name, reached[missed]] -= loss[:, missed]


def _weights(own: int, most_others: int) -> tuple[Array, Array]:
    """Return the Shapley weights by the number of features that only the reference passes."""
    of_own, of_others = np.zeros(most_others + 1), np.zeros(most_others + 1)
    for others in range(most_others + 1):
        whole = factorial(own + others)
        if own:
            of_own[others] = factorial(own - 1) * factorial(others) / whole
        if others:
            of_others[others] = factorial(own) * factorial(others - 1) / whole
    return of_own, of_others
