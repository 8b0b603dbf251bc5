"""One load from start to end: find files, read, account for every row, write, all or nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from segml.loading.accounting import account_for_rows, check_written
from segml.loading.checks import check_source_sql, check_table_sql, create_view
from segml.loading.counting import FileRows, count_files, create_accounts, rows_by_file
from segml.loading.diagnosis import explain_failure
from segml.loading.files import find_files, inspect_file
from segml.loading.parsing import read_mapping
from segml.loading.sources import open_source, publish_source
from segml.loading.sql import sql_name
from segml.loading.writing import (
    drop_other_tables,
    refuse_foreign_tables,
    remember_requests,
    restore_requests,
    write_audit,
    write_rejected_rows,
    write_table,
)
from segml.settings import LABELLED_CUSTOMERS
from segml.warehouse import EngineError, open_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from segml.loading.mapping import Mapping
    from segml.loading.sources import OpenSource
    from segml.warehouse import Warehouse


@dataclass(frozen=True)
class LoadSummary:
    """What a load did.

    Parameters
    ----------
    load_id : str
        Hash of the mapping and the files: the same input gives the same id.
    files : tuple of FileRows
        One per file; in each, ``rows_read = rows_mapped + rows_rejected``.
    table_rows : dict of str to int
        Rows now in each raw table that the load filled.
    rejected_rows : dict of str to int
        Rows per reason, most frequent first.
    unread_columns : dict of str to tuple of str
        Columns of the files that the mapping does not read, by source; without sources that have
        none.
    """

    load_id: str
    mapping_name: str
    files: tuple[FileRows, ...]
    table_rows: dict[str, int]
    rejected_rows: dict[str, int]
    unread_columns: dict[str, tuple[str, ...]]

    @property
    def can_take_own_columns(self) -> bool:
        """Whether models could use what is not read: labelled customers may have any column."""
        return bool(self.unread_columns) and LABELLED_CUSTOMERS in self.table_rows


def load_files(
    mapping_path: Path,
    data_path: Path | None,
    warehouse_path: Path,
    *,
    raw_schema: str = "raw",
    progress: Callable[[str], None] = lambda _: None,
) -> LoadSummary:
    """Load a user's files into the raw tables, replacing those of the previous load.

    Everything becomes visible at once; after an error or a kill the previous tables are as they
    were. Every row read ends in a raw table or, with its reason, in ``rejected_rows``.

    Parameters
    ----------
    mapping_path : Path
        The mapping file; paths in it start from its folder.
    data_path : Path or None
        A file or pattern instead of the path of a mapping's only source, or a folder that holds
        the files of all sources.
    warehouse_path : Path
        The DuckDB file; created if absent.
    progress : callable
        Told each step before it starts.

    Raises
    ------
    LoadingError
        When the mapping or a file cannot be used; names file, column and row where they apply.
    WarehouseError
        When the database file cannot be opened or stays locked.
    """
    mapping = read_mapping(mapping_path)
    paths = {
        source.name: found
        for source in mapping.sources
        if (found := find_files(mapping, source, data_path))
    }
    mapping = mapping.with_sources(set(paths))
    sources: list[OpenSource] = []
    with open_warehouse(warehouse_path) as warehouse:
        refuse_foreign_tables(warehouse, raw_schema)
        try:
            for source in mapping.sources:
                progress(f"reading {source.name}")
                files = tuple(inspect_file(warehouse, source, path) for path in paths[source.name])
                staged = mapping.needs_staging(source)
                sources.append(open_source(warehouse, source, files, staged=staged))
            _read(warehouse, mapping, sources)
            with warehouse.transaction():
                return _write(warehouse, mapping, sources, raw_schema, progress)
        except EngineError as error:
            raise explain_failure(warehouse, mapping, sources, error) from None


def _read(warehouse: Warehouse, mapping: Mapping, sources: Sequence[OpenSource]) -> None:
    """Publish all relations of the mapping, try its SQL, and account for what is staged."""
    warehouse.execute("set TimeZone = 'UTC'")
    create_accounts(warehouse)
    for opened in sources:
        count_files(warehouse, opened)
        check_source_sql(warehouse, mapping, opened)
        publish_source(warehouse, opened)
    for name, sql in mapping.views.items():
        create_view(warehouse, mapping, name, sql)
    for table in mapping.tables:
        check_table_sql(warehouse, mapping, table)
    for opened in sources:
        if opened.staged:
            account_for_rows(warehouse, mapping, opened.source)


def _write(
    warehouse: Warehouse,
    mapping: Mapping,
    sources: Sequence[OpenSource],
    raw_schema: str,
    progress: Callable[[str], None],
) -> LoadSummary:
    """Replace the raw tables; the caller's transaction makes it all or nothing."""
    load_id = _load_id(mapping, sources)
    written = [table.name for table in mapping.tables]
    warehouse.execute(f"create schema if not exists {sql_name(raw_schema)}")
    remember_requests(warehouse, raw_schema)
    for table in mapping.tables:
        progress(f"writing {raw_schema}.{table.name}")
        write_table(warehouse, raw_schema, table)
    for opened in sources:
        if not opened.source.lookup:
            check_written(warehouse, mapping, opened, sql_name(raw_schema))
    restore_requests(warehouse, raw_schema, written)
    drop_other_tables(warehouse, raw_schema, mapping)
    write_rejected_rows(warehouse, raw_schema, mapping, sources, load_id)
    files = [file for opened in sources for file in rows_by_file(warehouse, opened)]
    write_audit(warehouse, raw_schema, mapping, files, load_id)
    summary = _summary(warehouse, mapping, raw_schema, files, load_id)
    unread = {opened.source.name: opened.unread_columns for opened in sources}
    return replace(
        summary, unread_columns={name: columns for name, columns in unread.items() if columns}
    )


def _load_id(mapping: Mapping, sources: Sequence[OpenSource]) -> str:
    digest = hashlib.sha256(mapping.path.read_bytes())
    for opened in sources:
        for file in opened.files:
            digest.update(f"{opened.source.name} {file.sha256}\n".encode())
    return digest.hexdigest()[:16]


def _summary(
    warehouse: Warehouse,
    mapping: Mapping,
    raw_schema: str,
    files: Sequence[FileRows],
    load_id: str,
) -> LoadSummary:
    table_rows = {
        table.name: warehouse.value(f"select count(*) from {sql_name(raw_schema)}.{table.name}")
        for table in mapping.tables
    }
    rejected_rows = dict(
        warehouse.rows(
            "select reason, count(*) from segml_rejected group by reason "
            "order by count(*) desc, reason"
        )
    )
    return LoadSummary(load_id, mapping.name, tuple(files), table_rows, rejected_rows, {})
