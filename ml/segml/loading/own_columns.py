"""Columns that a team brings along, under names of its own: numbers and texts for models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segml.errors import LoadingError
from segml.loading.contract import RAW_TABLES
from segml.loading.sql import sql_text
from segml.pseudonyms import PERSONAL_COLUMNS
from segml.settings import LABELLED_CUSTOMERS
from segml.warehouse import EngineError

if TYPE_CHECKING:
    from segml.loading.mapping import Mapping, TableMapping
    from segml.loading.yaml_checker import YamlChecker
    from segml.warehouse import Warehouse

TAKEN = ("customer_key", "split_role", "age_band", "income_bin")  # dbt's columns for them
NUMBERS = ("DECIMAL", "DOUBLE", "FLOAT", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")


def parse_own_columns(checker: YamlChecker, table: str, value: object) -> dict[str, str]:
    """Return SQL by the names of a table's ``own_columns``; in a list, a name is its own SQL.

    Raises
    ------
    LoadingError
        When the table can have none, or a name is taken or that of personal data.
    """
    where = f"tables.{table}.own_columns"
    if value and table != LABELLED_CUSTOMERS:
        raise checker.error(
            where, "only labelled_customers has any", "Map the columns of the contract"
        )
    named = {name: name for name in value} if isinstance(value, list) else value
    columns = {}
    for name, item in checker.named(named, where):
        if name in RAW_TABLES[table].columns or name in TAKEN:
            raise checker.error(where, f"`{name}` is a column of its own", "Choose another name")
        if name in PERSONAL_COLUMNS:
            raise checker.error(
                where, f"`{name}` is personal data, which no model may see", "Remove the line"
            )
        columns[name] = checker.sql(item, f"{where}.{name}")
    return columns


def check_own_columns(warehouse: Warehouse, mapping: Mapping, table: TableMapping) -> None:
    """Refuse what is neither a number nor a text, and SQL that the engine refuses."""
    for name, sql in table.own_columns.items():
        where = f"{mapping.path.name}, tables.{table.name}.own_columns.{name}"
        try:
            found = _type_of(warehouse, table, sql)
        except EngineError as error:
            reason = str(error).splitlines()[0].partition("Error: ")[2]
            raise LoadingError(f"{where}: {reason.rstrip('!')}", "Correct the SQL") from None
        if not (_is_number(found) or found == "VARCHAR"):
            raise LoadingError(
                f"{where}: {found} is neither a number nor a text",
                "Turn it into one, for example date_diff('day', column, date '2025-01-01')",
            )


def own_maps(warehouse: Warehouse, table: TableMapping) -> dict[str, str]:
    """Return SQL of the maps that hold the own columns of each row, by name of the raw column.

    Every row has every name, also without a value, so that the columns are the same whatever
    the rows.
    """
    entries: dict[str, list[str]] = {"own_numbers": [], "own_texts": []}
    for name, sql in table.own_columns.items():
        if _is_number(_type_of(warehouse, table, sql)):
            number = f"cast(({sql}\n) as double)"
            finite = f"if(isfinite({number}), {number}, null)"
            entries["own_numbers"].append(f"{sql_text(name)}: {finite}")
        else:
            entries["own_texts"].append(f"{sql_text(name)}: ({sql}\n)")
    return {
        column: f"cast(map {{{', '.join(items)}}} as {RAW_TABLES[table.name].columns[column]})"
        for column, items in entries.items()
        if items
    }


def _type_of(warehouse: Warehouse, table: TableMapping, sql: str) -> str:
    group_by = f" group by {table.group_by}" if table.group_by else ""
    query = f"select ({sql}\n) from {table.relation}\n{group_by}"
    return str(warehouse.rows(f"describe {query}")[0][1])


def _is_number(engine_type: str) -> bool:
    return engine_type == "BOOLEAN" or engine_type.lstrip("U").startswith(NUMBERS)
