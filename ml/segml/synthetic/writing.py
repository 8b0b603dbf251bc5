"""Streams tables to CSV or Parquet; the files appear together, when all are complete."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Literal, Protocol, Self, TextIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from segml.errors import SegmlError
from segml.synthetic.tables import SCHEMAS

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

FileFormat = Literal["csv", "parquet"]
PARTIAL_SUFFIX = ".partial"
TRUTH_FOLDER = "truth"


class _Writer(Protocol):
    def write_table(self, rows: pa.Table) -> None:
        """Append rows."""

    def close(self) -> None:
        """Complete the file."""


class _CsvWriter:
    """Comma-separated text with quotes only where needed; null is an empty field."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._stream: TextIO = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._stream, lineterminator="\n")
        self._writer.writerow(schema.names)

    def write_table(self, rows: pa.Table) -> None:
        columns = (pc.fill_null(pc.cast(column, pa.string()), "") for column in rows.columns)
        self._writer.writerows(zip(*(column.to_pylist() for column in columns), strict=True))

    def close(self) -> None:
        self._stream.close()


class TableFiles:
    """One open file per table; a context that removes its files when the work fails.

    Parameters
    ----------
    out_dir : Path
        Folder of the raw tables; tables of the truth go into its folder ``truth``.
    file_format : {"csv", "parquet"}
        How the files are written.
    table_names : sequence of str
        Tables to write, in the order of the summary.
    """

    def __init__(self, out_dir: Path, file_format: FileFormat, table_names: list[str]) -> None:
        self.rows = dict.fromkeys(table_names, 0)
        self._out_dir = out_dir
        self._file_format = file_format
        self._paths = {name: _path(out_dir, name, file_format) for name in table_names}
        self._writers: dict[str, _Writer] = {}

    def __enter__(self) -> Self:
        """Create the folders and open every file."""
        try:
            for name, path in self._paths.items():
                path.parent.mkdir(parents=True, exist_ok=True)
                self._writers[name] = self._open_writer(name)
        except OSError as error:
            self._discard()
            raise _unwritable(path.parent, error) from None
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give the files their names, or remove them when something failed."""
        if error_type is not None:
            self._discard()
            if isinstance(error, OSError):
                raise _unwritable(self._out_dir, error) from None
            return
        self._close()
        for path in self._paths.values():
            _partial(path).replace(path)

    def write(self, name: str, rows: pa.Table) -> None:
        """Append rows to a table's file; Parquet gets a row group of its own."""
        self.rows[name] += rows.num_rows
        self._writers[name].write_table(rows)

    def _open_writer(self, name: str) -> _Writer:
        schema, path = SCHEMAS[name], _partial(self._paths[name])
        if self._file_format == "csv":
            return _CsvWriter(path, schema)
        writer: _Writer = pq.ParquetWriter(path, schema, compression="zstd")
        return writer

    def _close(self) -> None:
        for writer in self._writers.values():
            writer.close()

    def _discard(self) -> None:
        self._close()
        for name in self._writers:
            _partial(self._paths[name]).unlink(missing_ok=True)


def _path(out_dir: Path, name: str, file_format: FileFormat) -> Path:
    folder = out_dir / TRUTH_FOLDER if name.startswith("truth_") else out_dir
    return folder / f"{name}.{file_format}"


def _unwritable(folder: Path, error: OSError) -> SegmlError:
    return SegmlError(
        f"Cannot write the demo shop to {folder}: {error.strerror or error}",
        "Choose a folder that you may write to, with enough space",
    )


def _partial(path: Path) -> Path:
    return path.with_name(path.name + PARTIAL_SUFFIX)
