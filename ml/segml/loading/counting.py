"""Count each file's rows: read, mapped and rejected, in temporary tables beside the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segml.errors import LoadingError

if TYPE_CHECKING:
    from segml.loading.mapping import Source
    from segml.loading.sources import OpenSource
    from segml.warehouse import Warehouse


@dataclass(frozen=True)
class FileRows:
    """What became of one file's rows; ``rows_read = rows_mapped + rows_rejected``."""

    source: str
    path: str
    sha256: str
    rows_read: int
    rows_mapped: int
    rows_rejected: int


def create_accounts(warehouse: Warehouse) -> None:
    """Create the temporary tables that record each file, used row and rejected row."""
    warehouse.execute(
        "create temp table segml_files "
        "(source varchar, source_file varchar, row_count bigint, first_row bigint)"
    )
    warehouse.execute(
        "create temp table segml_used (source varchar, table_name varchar, source_row bigint)"
    )
    warehouse.execute(
        "create temp table segml_rejected (source varchar, source_row bigint, reason varchar)"
    )


def count_files(warehouse: Warehouse, opened: OpenSource) -> None:
    """Record how many rows each file has.

    Raises
    ------
    LoadingError
        When a file of a source that is not optional has no rows.
    """
    name = opened.source.name
    warehouse.execute(
        "insert into segml_files select ?, segml_file, count(*), min(segml_row) "
        f"from {opened.raw_view} group by segml_file",
        [name],
    )
    counted = {
        row[0]
        for row in warehouse.rows("select source_file from segml_files where source = ?", [name])
    }
    for file in opened.files:
        if str(file.path) not in counted:
            if not opened.source.optional:
                raise LoadingError(f"{file.path} has no rows", "Give a file with rows")
            warehouse.execute("insert into segml_files values (?, ?, 0, 1)", [name, str(file.path)])


def rows_by_file(warehouse: Warehouse, opened: OpenSource) -> list[FileRows]:
    """Return the account of each of a source's files."""
    rejected = dict(
        warehouse.rows(
            "select source_file, count(*) from segml_rejected "
            "inner join segml_files on segml_rejected.source = segml_files.source "
            "and source_row between first_row and first_row + row_count - 1 "
            "where segml_files.source = ? group by source_file",
            [opened.source.name],
        )
    )
    read = dict(
        warehouse.rows(
            "select source_file, row_count from segml_files where source = ?", [opened.source.name]
        )
    )
    return [
        FileRows(
            source=opened.source.name,
            path=path,
            sha256=file.sha256,
            rows_read=read[path],
            rows_mapped=read[path] - rejected.get(path, 0),
            rows_rejected=rejected.get(path, 0),
        )
        for file in opened.files
        if (path := str(file.path))
    ]


def place_of(warehouse: Warehouse, source: Source, row: int) -> str:
    """Return a row's file and number in that file."""
    file, number = warehouse.rows(
        "select source_file, ? - first_row + 1 from segml_files where source = ? "
        "and ? between first_row and first_row + row_count - 1",
        [row, source.name, row],
    )[0]
    return f"{file}, row {number}"
