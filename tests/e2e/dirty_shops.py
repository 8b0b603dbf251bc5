"""Random raw tables as bad as files from the wild, for property-based tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
from hypothesis import strategies as st

from tests.e2e.raw_oracle import CONTRACT, MONEY, NUMBER, TEXT, TIME, TRUTH

if TYPE_CHECKING:
    import duckdb

TABLES = CONTRACT | {"erasure_requests": {"customer_id": TEXT, "requested_at": TIME}}
REQUIRED = {
    "orders": {"order_id", "customer_id", "ordered_at"},
    "order_items": {"order_id", "line_number", "quantity", "unit_price"},
}
PLAUSIBLE_IDS, PLAUSIBLE_TIMES, PLAUSIBLE_NUMBERS = 6, 7, 5
MANY_ROWS = 10
NATIVE_TYPES = {
    TEXT: "varchar",
    TIME: "timestamp",
    NUMBER: "double",
    MONEY: "double",
    TRUTH: "boolean",
}
IDS = [
    "a",
    "b",
    " b ",
    "c",
    "d",
    "e",
    "ä🛒",
    "O'Neil; drop",
    '"',
    "1",
    "01",
    "x" * 300,
    "n/a",
    "",
    None,
]
TIMES = [
    "2024-01-01", "2024-01-01 00:00:00", "2024-02-29 23:59:59.999999", "2024-03-05T10:00:00",
    "2024-06-30 12:00:00", "2024-12-31 23:59:59", "2025-03-01 08:00:00", "1970-01-01",
    "2049-12-31", "2050-01-01", "9999-12-31 23:59:59", "0001-01-01", "infinity", "-infinity",
    "not a date", "31/12/2024", "", None,
]  # fmt: skip
NUMBERS = [
    "1", "2", "3.5", "10", "20", "0", "-1", "0.00004", "999999.9999", "1e7", "1e308", "-1e308",
    "1e400", "99999999999999999999999999999999999999999", "nan", "inf", "-inf", "1,5", "many",
    "", None,
]  # fmt: skip
WORDS = {
    "status": ["completed", " Paid ", "cancelled", "test", "RETURNED", "?", "", None],
    "event_type": ["page_view", "search", "ADD_TO_CART", "checkout", "?", "", None],
    "channel": ["web", "App", "store", "", None],
    "category": ["Books", " books", "BOOKS  and  more", "", None],
    "marketing_consent": ["true", "false", "maybe", "", None],
    "is_control": ["true", "false", "maybe", "", None],
}


@dataclass(frozen=True)
class RawTable:
    """Rows of text under column names; ``is_native`` stores them under their own types."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...] = ()
    is_native: bool = False

    def write(self, connection: duckdb.DuckDBPyConnection, table: str) -> None:
        """Create the table in the schema ``raw``."""
        frame = pd.DataFrame(list(self.rows), columns=list(self.columns), dtype="string")
        connection.register("rows_as_text", frame)
        columns = ", ".join(
            f"try_cast({name} as {self._type(table, name)}) as {name}" for name in self.columns
        )
        connection.execute(f"create table raw.{table} as select {columns} from rows_as_text")
        connection.unregister("rows_as_text")

    def _type(self, table: str, column: str) -> str:
        return NATIVE_TYPES[TABLES[table][column]] if self.is_native else "varchar"


def values_of(column: str, kind: str) -> st.SearchStrategy[str | None]:
    """Values of a column: three in four plausible, so that some rows survive the cleaning."""
    if kind == TIME:
        return _mostly(TIMES[:PLAUSIBLE_TIMES], TIMES)
    if kind in {NUMBER, MONEY}:
        return _mostly(NUMBERS[:PLAUSIBLE_NUMBERS], NUMBERS)
    if column in WORDS:
        return _mostly(WORDS[column][:2], WORDS[column])
    if column.endswith("_id"):
        return _mostly(IDS[:PLAUSIBLE_IDS], IDS)
    return st.one_of(st.none(), st.text(max_size=8))


def _mostly(plausible: list[str], anything: list[str | None]) -> st.SearchStrategy[str | None]:
    usual = st.sampled_from(plausible)
    return st.one_of(usual, usual, usual, st.sampled_from(anything))


@st.composite
def raw_tables(draw: st.DrawFn, table: str) -> RawTable:
    """Draw a table with any optional columns left out; the required tables are seldom short."""
    declared = TABLES[table]
    required = REQUIRED.get(table, {next(iter(declared))})
    optional = draw(st.sets(st.sampled_from([*declared])))
    columns = tuple(name for name in declared if name in required or name in optional)
    values = st.tuples(*(values_of(name, declared[name]) for name in columns))
    usual_size = draw(st.sampled_from([0, MANY_ROWS, MANY_ROWS])) if table in REQUIRED else 0
    most = 2 if table == "erasure_requests" else 2 * MANY_ROWS
    rows = draw(st.lists(values, min_size=usual_size, max_size=most))
    return RawTable(columns, tuple(rows), draw(st.booleans()))


@st.composite
def shops(draw: st.DrawFn) -> dict[str, RawTable]:
    """Draw a shop: the two required tables and any of the others."""
    names = draw(st.sets(st.sampled_from([*TABLES]))) | REQUIRED.keys()
    return {name: draw(raw_tables(name)) for name in TABLES if name in names}
