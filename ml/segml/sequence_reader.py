"""List columns of the event sequences as arrays of fixed width, without a loop over customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from segml.sequences import EventSequences

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segml.warehouse import Warehouse

SEQUENCES = "features.customer_event_sequences"
# prefixed, so that no feature can have the same name
SEQUENCE_COLUMNS = ("sequence_type", "sequence_category", "sequence_amount", "sequence_days")
ROWS_PER_BATCH = 50_000


def with_sequences_joined(source: str) -> str:
    """Return a from-clause of a mart relation and the sequences of its customers, if any."""
    return f"""{source} left join (
        select
            customer_key,
            snapshot_date,
            event_types as sequence_type,
            categories as sequence_category,
            log_amounts as sequence_amount,
            days_before_snapshot as sequence_days
        from {SEQUENCES}
    ) as sequences using (customer_key, snapshot_date)"""


@dataclass(frozen=True)
class SequenceReader:
    """Vocabularies and length of the sequences of a warehouse."""

    event_types: tuple[str, ...]
    categories: tuple[str, ...]
    length: int

    @classmethod
    def of(cls, warehouse: Warehouse) -> Self:
        """Look up every name that occurs, sorted, and the longest sequence (at least 1)."""
        longest = warehouse.value(f"select coalesce(max(event_count), 0) from {SEQUENCES}")
        return cls(
            event_types=_names(warehouse, "event_types"),
            categories=_names(warehouse, "categories"),
            length=max(1, longest),
        )

    def read(self, warehouse: Warehouse, chosen: str) -> EventSequences:
        """Read the sequences of chosen customer-snapshots, by snapshot_date and customer_key.

        Parameters
        ----------
        chosen : str
            From- and where-clause that yield customer_key and snapshot_date.
        """
        batches = warehouse.batches(
            f"""
            select {", ".join(SEQUENCE_COLUMNS)}
            from {with_sequences_joined(f"(select customer_key, snapshot_date {chosen})")}
            order by snapshot_date, customer_key
            """,
            ROWS_PER_BATCH,
        )
        parts = [self.arrays(batch) for batch in batches]
        return EventSequences(
            event_type=np.concatenate([part.event_type for part in parts]),
            category=np.concatenate([part.category for part in parts]),
            log_amount=np.concatenate([part.log_amount for part in parts]),
            days_before=np.concatenate([part.days_before for part in parts]),
            event_types=self.event_types,
            categories=self.categories,
        )

    def arrays(self, batch: pa.RecordBatch) -> EventSequences:
        """Right-align the lists of a batch; what is longer loses its oldest events."""
        counts = pc.fill_null(pc.list_value_length(batch["sequence_type"]), 0).to_numpy()
        row = np.repeat(np.arange(len(counts)), counts)
        column = np.arange(len(row)) + np.repeat(self.length - np.cumsum(counts), counts)
        fits = column >= 0
        place = (len(counts), self.length), (row[fits], column[fits])

        def aligned(name: str, padding: int, kind: type[np.generic]) -> NDArray[Any]:
            values = self._numbers(name, batch[name].flatten())[fits]
            shape, cells = place
            matrix = np.full(shape, padding, dtype=kind)
            matrix[cells] = values
            return matrix

        return EventSequences(
            event_type=aligned("sequence_type", -1, np.int16),
            category=aligned("sequence_category", -1, np.int16),
            log_amount=aligned("sequence_amount", 0, np.float32),
            days_before=aligned("sequence_days", 0, np.int32),
            event_types=self.event_types,
            categories=self.categories,
        )

    def _numbers(self, name: str, values: pa.Array) -> NDArray[Any]:
        vocabularies = {"sequence_type": self.event_types, "sequence_category": self.categories}
        if name not in vocabularies:
            return pc.fill_null(values, 0).to_numpy()  # type: ignore[no-any-return]
        known = pa.array(vocabularies[name], type=pa.string())
        numbers = pc.index_in(values.cast(pa.string()), value_set=known, skip_nulls=True)
        return pc.fill_null(numbers, -1).to_numpy()  # type: ignore[no-any-return]


def _names(warehouse: Warehouse, column: str) -> tuple[str, ...]:
    rows = warehouse.rows(
        f"select distinct unnest({column}) as name from {SEQUENCES} order by name nulls last"
    )
    return tuple(name for (name,) in rows if name is not None)
