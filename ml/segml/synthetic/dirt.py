"""Puts known amounts of realistic dirt into clean raw tables.

Orders, lines, returns and events are never altered: their dirt is additional rows, so a
pipeline that removes it gets back exactly what the truth tables were computed from.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from segml.synthetic.dirt_rates import DIRT_RATES, exact_share

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOT_A_TIME = "not a date"
FUTURE_TIME = "2099-12-31 12:00:00"
IMPOSSIBLE_AGES = (3, 212, -1)
IMPOSSIBLE_RATINGS = (0, 9)
NEGATIVE_INCOME = -1
UNKNOWN_SUFFIX = "-missing"  # makes a key that no row has
EXTRA_LINE_NUMBER = 90  # added to the number of the line that is spoilt


class Dirt:
    """Draws which rows of a chunk become dirty and counts them by kind.

    Parameters
    ----------
    rng : numpy.random.Generator
        The chunk's stream for dirt.
    scale : float
        Factor on every rate.
    """

    def __init__(self, rng: np.random.Generator, scale: float) -> None:
        self.rng = rng
        self.scale = scale
        self.counts: Counter[str] = Counter()

    def rows(self, kind: str, count: int) -> NDArray[np.int64]:
        """Return the positions, out of ``count``, that get one kind of dirt, ascending."""
        share = min(1.0, DIRT_RATES[kind] * self.scale)
        chosen = np.flatnonzero(exact_share(self.rng, count, share))
        self.counts[kind] += len(chosen)
        return chosen

    def copies(self, kind: str, rows: pa.Table, **changes: Any) -> pa.Table:  # noqa: ANN401
        """Return copies of random rows with some columns changed."""
        sample = rows.take(pa.array(self.rows(kind, rows.num_rows)))
        return changed(sample, **changes)

    def spoilt(self, kind: str, rows: pa.Table, column: str, values: tuple[Any, ...]) -> pa.Table:
        """Return the rows with one column overwritten in some, each with one of the values."""
        chosen = self.rows(kind, rows.num_rows)
        position = np.full(rows.num_rows, -1)
        position[chosen] = self.rng.integers(0, len(values), len(chosen))
        new = pa.array(values, rows.schema.field(column).type).take(
            pa.array(np.maximum(position, 0))
        )
        return changed(rows, **{column: pc.if_else(pa.array(position >= 0), new, rows[column])})

    def noisy(self, kind: str, rows: pa.Table, column: str) -> pa.Table:
        """Return the rows with white space or another case in one column of some."""
        text = rows[column].to_pylist()
        for position in self.rows(kind, rows.num_rows):
            if text[position] is not None:
                text[position] = _noisy_text(text[position], int(self.rng.integers(3)))
        return changed(rows, **{column: pa.array(text, pa.string())})


def changed(rows: pa.Table, **changes: Any) -> pa.Table:  # noqa: ANN401
    """Return the rows with columns replaced by an array or by one value."""
    for name, value in changes.items():
        position = rows.schema.get_field_index(name)
        field = rows.schema.field(position)
        is_array = isinstance(value, pa.Array | pa.ChunkedArray)
        column = value if is_array else pa.repeat(pa.scalar(value, field.type), rows.num_rows)
        rows = rows.set_column(position, field, column)
    return rows


def suffixed(values: pa.ChunkedArray, suffix: str) -> pa.ChunkedArray:
    """Return text with a suffix: a new key, or one that no row has."""
    return pc.binary_join_element_wise(values, suffix, "")


def renamed_copies(dirt: Dirt, kind: str, rows: pa.Table, key: str, **changes: Any) -> pa.Table:  # noqa: ANN401
    """Return changed copies of random rows under a key of their own."""
    copies = dirt.copies(kind, rows, **changes)
    return changed(copies, **{key: suffixed(copies[key], "-" + kind.split(".")[1])})


def _noisy_text(text: str, kind: int) -> str:
    return (f"  {text}", f"{text} ", text.swapcase())[kind]
