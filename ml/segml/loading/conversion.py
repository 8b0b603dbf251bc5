"""SQL that turns a file's values into a column's declared type, and says which values fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segml.loading.contract import MONEY
from segml.loading.sql import sql_name, sql_text

if TYPE_CHECKING:
    from segml.loading.mapping import Column

SQL_TYPES = {
    "text": "varchar",
    "id": "varchar",
    "integer": "bigint",
    "number": "double",
    "money": MONEY,
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}
NOUNS = {
    "integer": "a whole number",
    "number": "a number",
    "money": "a number",
    "boolean": "true or false",
    "date": "a date",
    "timestamp": "a date and time",
}
_TIME_WITH_OFFSET = r"^\d{4}-.*:\d\d.*[+-]\d\d(:?\d\d)?$"


@dataclass(frozen=True)
class Conversion:
    """How one file column becomes one typed column.

    Parameters
    ----------
    column : Column
        The declaration.
    read_from : str
        The column's name in the file.
    value : str
        SQL of the file's value, null where it means missing.
    converted : str
        SQL of the typed value; null where the value does not fit the type.
    """

    column: Column
    read_from: str
    value: str
    converted: str

    @property
    def can_fail(self) -> bool:
        """Text always fits; every other type can meet a value that does not."""
        return self.column.type not in ("text", "id")

    @property
    def is_bad(self) -> str:
        """SQL that is true where a value does not fit its type."""
        return f"(({self.value}) is not null and ({self.converted}) is null)"

    @property
    def strict(self) -> str:
        """SQL of the typed value; a value that does not fit stops the statement."""
        if not self.can_fail:
            return self.converted
        return f"if({self.is_bad}, error('value does not fit its type'), {self.converted})"

    @property
    def noun(self) -> str:
        """What the value should have been, for a message."""
        noun = NOUNS[self.column.type]
        return f"{noun} like {' or '.join(self.column.formats)}" if self.column.formats else noun


def convert(column: Column, read_from: str, engine_type: str) -> Conversion:
    """Choose the SQL for a column by its declared type and its type in the file."""
    name = sql_name(read_from)
    value = name
    if engine_type in ("FLOAT", "DOUBLE"):
        value = f"if(isnan({name}), null, {name})"  # pandas writes missing numbers as NaN
    elif engine_type == "VARCHAR" and column.type != "text":
        value = f"nullif(trim({name}), '')"
    elif engine_type == "TIMESTAMP WITH TIME ZONE":
        value = f"({name} at time zone 'UTC')"
    return Conversion(column, read_from, value, _converted(column, value, engine_type))


def _converted(column: Column, value: str, engine_type: str) -> str:
    plain = f"try_cast({value} as {SQL_TYPES[column.type]})"
    if column.type == "id":
        # spreadsheets and pandas turn the number 17850 into 17850.0
        return f"regexp_replace(trim({plain}), '^(\\d+)\\.0+$', '\\1')"
    if column.type == "number":
        return f"if(isfinite({plain}), {plain}, null)"
    if column.type == "integer" and engine_type in ("VARCHAR", "FLOAT", "DOUBLE"):
        number = f"try_cast({value} as double)"
        return f"if({number} = trunc({number}), {plain}, null)"
    if column.type in ("date", "timestamp") and engine_type == "VARCHAR":
        return _parsed_time(column, value, plain)
    return plain


def _parsed_time(column: Column, value: str, plain: str) -> str:
    """Parse by the given formats only; without any, ISO 8601 with a four-digit year, in UTC."""
    sql_type = SQL_TYPES[column.type]
    if column.formats:
        formats = ", ".join(sql_text(format_) for format_ in column.formats)
        return f"cast(try_strptime({value}, [{formats}]) as {sql_type})"
    # a plain cast would drop the offset without a word
    in_utc = f"cast(try_cast({value} as timestamptz) at time zone 'UTC' as {sql_type})"
    return (
        f"case when regexp_matches({value}, '{_TIME_WITH_OFFSET}') then {in_utc} "
        f"when regexp_matches({value}, '^\\d{{4}}-') then {plain} end"
    )
