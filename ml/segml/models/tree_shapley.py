"""Exact Shapley values of small histogram-boosted trees against one reference row."""

from __future__ import annotations

from functools import lru_cache
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

CACHED_TREES = 10_000  # a kilobyte each with four leaves, eight with eight


def tree_contributions(classifier: Any, matrix: Array, reference: Array) -> Array:  # noqa: ANN401
    """Split the raw scores of boosted trees between their features.

    The contribution is the interventional Shapley value (Lundberg et al. 2020): a feature is
    absent when it has the value of the reference. All a tree sees of a customer is which way
    each split sends them, so one table per tree, of 2 ** splits entries, holds every answer.

    Parameters
    ----------
    classifier : HistGradientBoostingClassifier
        Fitted, with trees of few leaves.
    matrix : array, shape (n, k)
        Customers as the classifier is shown them.
    reference : array, shape (1, k)

    Returns
    -------
    array of float64, shape (trees per iteration, k, n)
        Sums over the k features to the raw scores of the customers minus those of the reference.
    """
    encoded = encode(classifier, np.vstack([reference, matrix]))
    unknown = np.isnan(encoded)
    contributions = np.zeros((classifier.n_trees_per_iteration_, encoded.shape[1], len(matrix)))
    for iteration in classifier._predictors:
        for tree, total in zip(iteration, contributions, strict=True):
            splits = tree.nodes[tree.nodes["is_leaf"] == 0]
            way = np.zeros(len(encoded), dtype=np.min_scalar_type(2 ** len(splits)))
            for bit, split in enumerate(splits):
                column = split["feature_idx"]
                left = goes_left(split, tree, encoded[:, column], unknown[:, column])
                way |= left.astype(way.dtype) << way.dtype.type(bit)
            answers_of = _answers(tree.nodes.tobytes(), tree.nodes.dtype, int(way[0]))
            for column, answers in answers_of.items():
                total[column] += answers[way[1:]]
    return contributions[:, position_in_trees(classifier)]


def encode(classifier: Any, matrix: Array) -> Array:  # noqa: ANN401
    """Return rows as the trees look at them."""
    # scikit-learn has no public way to its trees, nor to the order of columns they refer to
    encoded: Array = np.asfortranarray(classifier._preprocess_X(matrix, reset=False))
    return encoded


def position_in_trees(classifier: Any) -> NDArray[np.int_]:  # noqa: ANN401
    """Return where the trees look for each column that was shown: categories come first."""
    if classifier.is_categorical_ is None:
        return np.arange(classifier.n_features_in_)
    order = np.argsort(~classifier.is_categorical_, kind="stable")
    position: NDArray[np.int_] = np.argsort(order)
    return position


def goes_left(
    split: Any,  # noqa: ANN401
    tree: Any,  # noqa: ANN401
    values: Array,
    unknown: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Tell which rows a split sends to the left, shape (n,)."""
    if split["is_categorical"]:
        words = tree.raw_left_cat_bitsets[split["bitset_idx"]].astype("<u4")
        is_left_category = np.unpackbits(words.view(np.uint8), bitorder="little").astype(bool)
        left = is_left_category[np.where(unknown, 0, values).astype(np.intp)] & ~unknown
    else:
        left = values <= split["num_threshold"]  # false for NaN
    goes_left: NDArray[np.bool_] = left | unknown if split["missing_go_to_left"] else left
    return goes_left


@lru_cache(maxsize=CACHED_TREES)
def _answers(tree: bytes, kind: np.dtype[Any], reference_way: int) -> dict[int, Array]:
    """Return the Shapley value of each column of a tree for every way through its splits.

    A way is a number whose bits say at which splits the customer would go left. Every batch of
    customers asks the same trees, whose nodes come as bytes, so that answers can be kept.
    """
    nodes = np.frombuffer(tree, dtype=kind)
    splits = np.flatnonzero(nodes["is_leaf"] == 0)
    columns, player_of_split = np.unique(nodes["feature_idx"][splits], return_inverse=True)
    players = len(columns)
    ways = np.arange(2 ** len(splits))
    leaf_values = np.array([leaf_value(nodes, splits, way) for way in ways])
    coalitions = np.arange(2**players)
    decided = np.zeros_like(coalitions)  # the splits at which a coalition has its say
    for bit, player in enumerate(player_of_split):
        decided |= (coalitions >> player & 1) << bit
    hybrids = (ways & decided[:, None]) | (reference_way & ~decided[:, None])
    worth = leaf_values[hybrids]
    answers = {}
    for player, column in enumerate(columns):
        without = coalitions[(coalitions >> player & 1) == 0]
        gain = worth[without | 1 << player] - worth[without]
        sizes = np.bitwise_count(without)
        weights = [1 / (players * comb(players - 1, int(size))) for size in sizes]
        answers[int(column)] = weights @ gain
    return answers


def leaf_value(nodes: Any, splits: NDArray[np.int_], way: int) -> float:  # noqa: ANN401
    """Return where a way ends: a number whose bits say at which splits a row goes left."""
    node = 0
    while not nodes["is_leaf"][node]:
        goes_left = way >> int(np.searchsorted(splits, node)) & 1
        node = int(nodes["left" if goes_left else "right"][node])
    return float(nodes["value"][node])
