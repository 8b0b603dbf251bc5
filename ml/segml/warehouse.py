"""The only module that knows the engine: connections, reads and atomic writes in DuckDB."""

from __future__ import annotations

import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from segml.errors import WarehouseError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    import pyarrow as pa

LOCK_RETRY_SECONDS = 3.0
LOCK_RETRY_STEP_SECONDS = 0.25

EngineError = duckdb.Error  # what a statement raises; callers turn it into one clear line


class Warehouse:
    """One DuckDB file, opened for one short job.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        An open connection; use ``open_warehouse`` to get one that is closed again.
    path : Path
        The database file, for messages.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self.connection = connection
        self.path = path

    def execute(self, sql: str, parameters: Sequence[Any] | dict[str, Any] | None = None) -> None:
        """Run a statement whose result nobody reads."""
        self.connection.execute(sql, parameters).fetchall()

    def rows(
        self, sql: str, parameters: Sequence[Any] | dict[str, Any] | None = None
    ) -> list[tuple[Any, ...]]:
        """Return all rows of a small query."""
        return self.connection.execute(sql, parameters).fetchall()

    def value(self, sql: str, parameters: Sequence[Any] | dict[str, Any] | None = None) -> Any:  # noqa: ANN401
        """Return the single value of a one-row, one-column query."""
        return self.rows(sql, parameters)[0][0]

    def frame(
        self, sql: str, parameters: Sequence[Any] | dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Return a query's rows as a pandas frame; for results that fit in memory."""
        return self.connection.execute(sql, parameters).fetch_df()

    def batches(self, sql: str, rows_per_batch: int) -> Iterator[pa.RecordBatch]:
        """Stream a query's rows as Arrow record batches.

        The stream has a connection of its own, which sees what is committed: on DuckDB 2, a
        connection with an open result refuses everything else.
        """
        with closing(self.connection.cursor()) as cursor:
            relation = cursor.sql(sql)
            # DuckDB 2 renamed the reader; both spellings stream
            reader_of = getattr(relation, "to_arrow_reader", None) or relation.fetch_arrow_reader
            yield from reader_of(rows_per_batch)

    def append(self, table: str, rows: pd.DataFrame | pa.Table) -> None:
        """Append rows to a table, matching columns by name; unknown columns fail."""
        self.connection.register("segml_new_rows", rows)
        try:
            self.execute(f"insert into {table} by name select * from segml_new_rows")
        finally:
            self.connection.unregister("segml_new_rows")

    def has_table(self, schema: str, table: str) -> bool:
        """Tell whether a table or view exists."""
        found: int = self.value(
            "select count(*) from information_schema.tables "
            "where table_schema = ? and table_name = ?",
            [schema, table],
        )
        return found > 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make everything inside visible at once, or not at all."""
        self.connection.begin()
        try:
            yield
        except BaseException:
            self.connection.rollback()
            raise
        self.connection.commit()


@contextmanager
def open_warehouse(path: Path, *, read_only: bool = False) -> Iterator[Warehouse]:
    """Open a DuckDB file, retrying briefly while another process holds it.

    Raises
    ------
    WarehouseError
        When the file is missing (read-only), not a DuckDB file, or stays locked; the message
        names the process that holds it.
    """
    if read_only and not path.exists():
        raise WarehouseError(
            f"There is no warehouse at {path}", "Run `dbt build` or `segml run` first"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = _connect(path, read_only=read_only)
    try:
        yield Warehouse(connection, path)
    finally:
        connection.close()


def _connect(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    deadline = time.monotonic() + LOCK_RETRY_SECONDS
    while True:
        try:
            return duckdb.connect(str(path), read_only=read_only)
        except duckdb.IOException as error:
            text = str(error)
            if "lock" not in text.lower():
                raise WarehouseError(
                    f"{path} cannot be opened: {text.splitlines()[0]}",
                    "Check that it is a DuckDB file and that you may read and write it",
                ) from None
            if time.monotonic() >= deadline:
                raise WarehouseError(
                    f"{path} is in use by {_lock_holder(text)}",
                    "Close that program or wait for it; DuckDB allows one writer at a time",
                ) from None
            time.sleep(LOCK_RETRY_STEP_SECONDS)


def _lock_holder(message: str) -> str:
    """Return the process that DuckDB names in its lock message."""
    _, _, holder = message.partition("held in ")
    return holder.split(")")[0] + ")" if "(PID" in holder else "another process"
