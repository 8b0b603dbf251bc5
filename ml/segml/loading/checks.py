"""Try every SQL expression of a mapping before any data is written; name the place of an error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segml.errors import LoadingError
from segml.loading.contract import RAW_TABLES
from segml.loading.own_columns import check_own_columns
from segml.loading.sql import sql_name
from segml.loading.yaml_checker import RESERVED_NAMES, suggestion
from segml.warehouse import EngineError

if TYPE_CHECKING:
    from segml.loading.mapping import Mapping, TableMapping
    from segml.loading.sources import OpenSource
    from segml.warehouse import Warehouse


def check_source_sql(warehouse: Warehouse, mapping: Mapping, opened: OpenSource) -> None:
    """Try the computed columns and the conditions of a source's rules."""
    where = f"sources.{opened.source.name}"
    computed = ""
    for name, sql in opened.computed_columns.items():
        computed += f", ({sql}\n) as {sql_name(name)}"
        query = f"select *{computed} from ({opened.typed_query})"
        _result_type(warehouse, mapping, query, f"{where}.columns.{name}")
    for position, rule in enumerate(opened.source.rows, start=1):
        query = f"select ({rule.when or 'true'}\n) is true from ({opened.query})"
        _result_type(warehouse, mapping, query, f"{where}.rows[{position}]")


def create_view(warehouse: Warehouse, mapping: Mapping, name: str, sql: str) -> None:
    """Create one of the mapping's views."""
    try:
        warehouse.execute(f"create temp view {sql_name(name)} as {sql}")
    except EngineError as error:
        raise sql_error(mapping, f"views.{name}", error) from None


def check_table_sql(warehouse: Warehouse, mapping: Mapping, table: TableMapping) -> None:
    """Try a table's clauses and columns, and refuse text where the contract wants another type."""
    where = f"tables.{table.name}"
    relation = f"from {table.relation}\n"
    counted = mapping.source_of(table) is not None
    row = f"{sql_name(table.base_alias)}.source_row" if counted else "1"
    _result_type(warehouse, mapping, f"select {row} {relation}", f"{where}.from")
    if table.where:
        condition = f"select 1 {relation} where ({table.where}\n)"
        _result_type(warehouse, mapping, condition, f"{where}.where")
    for reason, sql in table.reject.items():
        condition = f"select 1 {relation} where ({sql}\n)"
        _result_type(warehouse, mapping, condition, f"{where}.reject.{reason}")
    if table.columns is None:
        _check_copied_columns(warehouse, mapping, table)
    check_own_columns(warehouse, mapping, table)
    group_by = f" group by {table.group_by}" if table.group_by else ""
    for column, sql_or_null in (table.columns or {}).items():
        if sql_or_null is None:
            continue
        query = f"select ({sql_or_null}\n) {relation}{group_by}"
        found = _result_type(warehouse, mapping, query, f"{where}.columns.{column}")
        wanted = RAW_TABLES[table.name].columns[column]
        if found == "VARCHAR" and wanted != "varchar":
            raise LoadingError(
                f"{mapping.path.name}, {where}.columns.{column}: text where {wanted} is needed",
                "Give the source's column a `type`, or convert it in SQL",
            )


def relation_columns(warehouse: Warehouse, table: TableMapping) -> list[tuple[str, str]]:
    """Return names and engine types of the columns that a table without ``columns`` may copy."""
    described = warehouse.rows(f"describe select * from {table.relation}")
    return [row[:2] for row in described if row[0] not in RESERVED_NAMES]


def sql_error(mapping: Mapping, where: str, error: EngineError) -> LoadingError:
    """Turn the engine's answer to a mapping's SQL into one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = lines[0].partition("Error: ")[2] or lines[0]
    hint = next((f"; {line}" for line in lines if line.startswith("Candidate bindings")), "")
    fix = "Correct the SQL"
    if "column" in reason and "not found" in reason:
        fix = "Correct the name, or write {value: ...} for a constant text"
    return LoadingError(f"{mapping.path.name}, {where}: {reason.rstrip('!')}{hint}", fix)


def _check_copied_columns(warehouse: Warehouse, mapping: Mapping, table: TableMapping) -> None:
    known = [name for name, _ in relation_columns(warehouse, table)]
    for required in RAW_TABLES[table.name].required:
        if required not in (name.lower() for name in known):
            raise LoadingError(
                f"{mapping.path.name}, tables.{table.name}: {table.base} has no column {required}",
                f"{suggestion(required, known)}; map it under `columns`",
            )


def _result_type(warehouse: Warehouse, mapping: Mapping, query: str, where: str) -> str:
    """Bind a query without running it and return its last column's type."""
    try:
        return str(warehouse.rows(f"describe {query}")[-1][1])
    except EngineError as error:
        raise sql_error(mapping, where, error) from None
