"""Write the raw tables, the rejected rows and the audit of a load."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from segml.errors import LoadingError
from segml.loading.checks import relation_columns
from segml.loading.contract import RAW_TABLES
from segml.loading.own_columns import own_maps
from segml.loading.sql import sql_name, sql_text
from segml.settings import SHOP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segml.loading.counting import FileRows
    from segml.loading.mapping import Mapping, TableMapping
    from segml.loading.sources import OpenSource
    from segml.warehouse import Warehouse

LOADS_COLUMNS = (
    "load_id varchar, mapping_name varchar, source_file varchar, file_sha256 varchar, "
    "rows_read bigint, rows_mapped bigint, rows_rejected bigint, loaded_at timestamp"
)
REJECTED_COLUMNS = (
    "source_table varchar, source_file varchar, row_number bigint, reason varchar, "
    "raw_row json, load_id varchar, data_set varchar"
)
NEVER_FORGOTTEN = "erasure_requests"  # a new load must not bring an erased person back


def refuse_foreign_tables(warehouse: Warehouse, raw_schema: str) -> None:
    """Refuse a schema whose tables another program made; a load would replace them.

    Raises
    ------
    LoadingError
        When the schema has tables of the contract but no record of an earlier load.
    """
    if warehouse.has_table(raw_schema, "loads"):
        return
    foreign = [table for table in RAW_TABLES if warehouse.has_table(raw_schema, table)]
    if foreign:
        raise LoadingError(
            f"{warehouse.path} already has {raw_schema}.{foreign[0]}, which segml load did not "
            "make",
            "Use another database file, or drop the tables of that schema first",
        )


def write_table(warehouse: Warehouse, raw_schema: str, table: TableMapping) -> None:
    """Create or replace one raw table, with every column of the contract."""
    query = _table_query(warehouse, table)
    warehouse.execute(f"create or replace table {sql_name(raw_schema)}.{table.name} as {query}")


def remember_requests(warehouse: Warehouse, raw_schema: str) -> None:
    """Set the erasure requests of earlier loads aside before a load replaces them."""
    if warehouse.has_table(raw_schema, NEVER_FORGOTTEN):
        target = f"{sql_name(raw_schema)}.{NEVER_FORGOTTEN}"
        warehouse.execute(f"create temp table segml_requests as select * from {target}")


def restore_requests(warehouse: Warehouse, raw_schema: str, written: Sequence[str]) -> None:
    """Add the earlier erasure requests to those just loaded."""
    if NEVER_FORGOTTEN in written and warehouse.value(
        "select count(*) from duckdb_tables() where table_name = 'segml_requests' and temporary"
    ):
        target = f"{sql_name(raw_schema)}.{NEVER_FORGOTTEN}"
        warehouse.execute(
            f"create or replace table {target} as select * from {target} union all by name "
            f"select * from segml_requests anti join {target} using (customer_id)"
        )


def drop_other_tables(warehouse: Warehouse, raw_schema: str, mapping: Mapping) -> None:
    """Drop the tables of an earlier load of the same data set that this one does not fill."""
    written = [table.name for table in mapping.tables]
    for name, table in RAW_TABLES.items():
        if table.data_set == mapping.data_set and name not in written and name != NEVER_FORGOTTEN:
            warehouse.execute(f"drop table if exists {sql_name(raw_schema)}.{name}")


def write_rejected_rows(
    warehouse: Warehouse,
    raw_schema: str,
    mapping: Mapping,
    sources: Sequence[OpenSource],
    load_id: str,
) -> None:
    """Keep every rejected row as the file had it, with its place and reason."""
    target = f"{sql_name(raw_schema)}.rejected_rows"
    warehouse.execute(f"create table if not exists {target} ({REJECTED_COLUMNS})")
    # tables of earlier versions lack the column, and hold rows of the shop
    warehouse.execute(f"alter table {target} add column if not exists data_set varchar")
    warehouse.execute(
        f"delete from {target} where coalesce(data_set, ?) = ?", [SHOP, mapping.data_set]
    )
    for opened in sources:
        name = opened.source.name
        if not warehouse.value("select count(*) from segml_rejected where source = ?", [name]):
            continue
        columns = ", ".join(
            f"{sql_text(column)}: raw_rows.{sql_name(column)}" for column in opened.file_columns
        )
        warehouse.execute(
            f"""
            insert into {target}
            select
                $source, files.source_file, raw_rows.segml_row - files.first_row + 1,
                rejected.reason, to_json({{{columns}}}), $load_id, $data_set
            from {opened.raw_view} as raw_rows
            inner join segml_rejected as rejected
                on rejected.source_row = raw_rows.segml_row and rejected.source = $source
            inner join segml_files as files
                on files.source_file = raw_rows.segml_file and files.source = $source
            order by raw_rows.segml_row
            """,
            {"source": name, "load_id": load_id, "data_set": mapping.data_set},
        )


def write_audit(
    warehouse: Warehouse,
    raw_schema: str,
    mapping: Mapping,
    files: Sequence[FileRows],
    load_id: str,
) -> None:
    """Record the load, one row per file; loading the same files again replaces the record."""
    target = f"{sql_name(raw_schema)}.loads"
    loaded_at = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    warehouse.execute(f"create table if not exists {target} ({LOADS_COLUMNS})")
    warehouse.execute(f"delete from {target} where load_id = ?", [load_id])
    for file in files:
        warehouse.execute(
            f"insert into {target} values (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                load_id, mapping.name, file.path, file.sha256,
                file.rows_read, file.rows_mapped, file.rows_rejected, loaded_at,
            ],
        )  # fmt: skip


def _table_query(warehouse: Warehouse, table: TableMapping) -> str:
    contract = RAW_TABLES[table.name].columns
    if table.columns is None:
        expressions = _copied_columns(contract, relation_columns(warehouse, table))
    else:
        expressions = {
            name: f"cast(({sql}\n) as {contract[name]})"
            for name, sql in table.columns.items()
            if sql is not None
        }
    expressions |= own_maps(warehouse, table)
    selected = ", ".join(
        f"{expressions.get(name, f'cast(null as {sql_type})')} as {name}"
        for name, sql_type in contract.items()
    )
    group_by = f" group by {table.group_by}" if table.group_by else ""
    return f"select {selected} from {table.relation}\n{table.kept_filter}{group_by}"


def _copied_columns(
    contract: dict[str, str], source_columns: Sequence[tuple[str, str]]
) -> dict[str, str]:
    """Return the source's columns that the contract knows: text as text, others as they are."""
    copied = {}
    for source_name, engine_type in source_columns:
        name, sql = source_name.lower(), sql_name(source_name)
        if contract.get(name) == "varchar":
            copied[name] = f"cast({sql} as varchar)"
        elif name in contract:
            has_zone = engine_type == "TIMESTAMP WITH TIME ZONE"
            copied[name] = f"{sql} at time zone 'UTC'" if has_zone else sql
    return copied
