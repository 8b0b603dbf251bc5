"""Tables that wait on the disk, so that memory does not grow with their number."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Self

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType


class Spool:
    """Arrow tables of one shape in a file without a name: it is gone whenever its process is.

    Parameters
    ----------
    folder : Path
        On the disk to use.
    schema : pyarrow.Schema
        Names and types of the columns; appended tables must have them.
    """

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        self._writer = pa.ipc.new_stream(self._file, schema)

    def __enter__(self) -> Self:
        """Return the spool, which takes tables until it is read."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give the space on the disk back."""
        self._file.close()

    def append(self, table: pa.Table) -> None:
        """Write one table behind the others."""
        self._writer.write_table(table)

    def __iter__(self) -> Iterator[pa.Table]:
        """Yield the tables in the order in which they came; nothing can be added afterwards."""
        self._writer.close()
        self._file.seek(0)
        for batch in pa.ipc.open_stream(self._file):
            yield pa.Table.from_batches([batch])
