"""What small histogram-boosted trees say when some columns are those of other rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from segml.models.tree_shapley import encode, goes_left, leaf_value, position_in_trees

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]


def shuffled_changes(
    classifier: Any,  # noqa: ANN401
    matrix: Array,
    order: NDArray[np.int_],
    groups: Sequence[Sequence[int]],
) -> Array:
    """Return how raw scores change when the columns of a group are taken from other rows.

    Which way a split sends a row depends on one column alone, so that a shuffled column is a
    shuffled way: nothing is predicted anew, and trees that do not look at a group are not asked.

    Parameters
    ----------
    classifier : HistGradientBoostingClassifier
        Fitted, with trees of few leaves.
    matrix : array, shape (n, k)
        Rows as the classifier is shown them.
    order : array of int, shape (n,)
        The row whose columns each row is given.
    groups : sequence of sequences of int
        Columns that are taken together; no column is in two groups.

    Returns
    -------
    array of float64, shape (len(groups), trees per iteration, n)
    """
    encoded = encode(classifier, matrix)
    unknown = np.isnan(encoded)
    group_of_column = np.full(encoded.shape[1], -1)
    for number, columns in enumerate(groups):
        group_of_column[position_in_trees(classifier)[list(columns)]] = number
    changes = np.zeros((len(groups), classifier.n_trees_per_iteration_, len(matrix)))
    for iteration in classifier._predictors:
        for position, tree in enumerate(iteration):
            splits = np.flatnonzero(tree.nodes["is_leaf"] == 0)
            columns = tree.nodes["feature_idx"][splits]
            ways = [
                goes_left(split, tree, encoded[:, column], unknown[:, column]) * 2**bit
                for bit, (split, column) in enumerate(zip(tree.nodes[splits], columns, strict=True))
            ]
            values = np.array(
                [leaf_value(tree.nodes, splits, way) for way in range(2 ** len(splits))]
            )
            intact = values[sum(ways, np.zeros(len(matrix), dtype=np.intp))]
            touched = group_of_column[columns]
            for group in np.unique(touched[touched >= 0]):
                mixed = np.zeros(len(matrix), dtype=np.intp)
                for way, own_group in zip(ways, touched, strict=True):
                    mixed |= way[order] if own_group == group else way
                changes[group, position] += values[mixed] - intact
    return changes
