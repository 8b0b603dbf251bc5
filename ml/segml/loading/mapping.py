"""The parts of a mapping file, parsed and checked."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segml.errors import LoadingError
from segml.loading.contract import REQUIRED_TABLES, data_set_of

if TYPE_CHECKING:
    from pathlib import Path

_FIRST_RELATION = re.compile(r'\s*"?(\w+)"?(?:\s+as\s+"?(\w+)"?)?', re.IGNORECASE)


@dataclass(frozen=True)
class Column:
    """One column of a source: read from the file, or computed by SQL from the other columns."""

    name: str
    read_from: tuple[str, ...]  # accepted names in the file; empty for computed columns
    type: str
    formats: tuple[str, ...]
    optional: bool
    sql: str | None


@dataclass(frozen=True)
class RowRule:
    """Rows that fit ``when`` (all rows if None) are kept under a name, or rejected."""

    keep: str | None
    reject: str | None
    when: str | None


@dataclass(frozen=True)
class Source:
    """Files of one kind; ``columns`` None means every column under its own name."""

    name: str
    paths: tuple[str, ...]
    format: str
    encoding: str
    delimiter: str | None
    null_values: tuple[str, ...]
    optional: bool
    lookup: bool
    columns: tuple[Column, ...] | None
    rows: tuple[RowRule, ...]


@dataclass(frozen=True)
class TableMapping:
    """How one raw table is selected; ``columns`` None copies the columns of the same name."""

    name: str
    relation: str  # an SQL from clause; its first relation is the one whose rows are used
    where: str | None
    group_by: str | None
    columns: dict[str, str | None] | None  # SQL expressions; None is null
    reject: dict[str, str]  # reason: SQL condition
    own_columns: dict[str, str] = field(default_factory=dict)  # SQL by names of the user's choice

    @property
    def base(self) -> str:
        """The first relation of the from clause: the table accounts for its rows."""
        return self._first_relation()[0]

    @property
    def base_alias(self) -> str:
        """What the from clause calls the first relation."""
        return self._first_relation()[1]

    @property
    def takes_each_row_once(self) -> bool:
        """Whether the table has, by its form alone, one row per row of its base."""
        return self.relation.strip('"') == self.base and not (self.where or self.reject)

    @property
    def kept_filter(self) -> str:
        """SQL where clause of the rows that the table takes; empty if all."""
        conditions = [f"({self.where}\n)"] if self.where else []
        conditions += [f"({sql}\n) is not true" for sql in self.reject.values()]
        return f" where {' and '.join(conditions)}" if conditions else ""

    def _first_relation(self) -> tuple[str, str]:
        match = _FIRST_RELATION.match(self.relation)
        if match is None:
            return self.relation, self.relation
        return match[1], match[2] or match[1]


@dataclass(frozen=True)
class Mapping:
    """A parsed and checked mapping file."""

    name: str
    path: Path
    sources: tuple[Source, ...]
    views: dict[str, str]
    tables: tuple[TableMapping, ...]

    @property
    def data_set(self) -> str:
        """The data set that the mapping fills: a load replaces no other."""
        return data_set_of(table.name for table in self.tables)

    def source_of(self, table: TableMapping) -> str | None:
        """Return the source whose rows a table accounts for; None for a view or a lookup."""
        for source in self.sources:
            kept = {rule.keep for rule in source.rows}
            if table.base in kept | {source.name} and not source.lookup:
                return source.name
        return None

    def needs_staging(self, source: Source) -> bool:
        """Tell whether a source's rows must be stored to account for them: some may drop out."""
        tables = [table for table in self.tables if table.base == source.name]
        if source.lookup:
            return False
        return bool(source.rows) or not all(table.takes_each_row_once for table in tables)

    def row_tables(self, relation: str) -> list[TableMapping]:
        """Return the tables that account for a relation's rows.

        These are the tables with one row per row; a grouped table counts only where there is no
        such table.
        """
        tables = [table for table in self.tables if table.base == relation]
        return [table for table in tables if not table.group_by] or tables

    def with_sources(self, found: set[str]) -> Mapping:
        """Return the mapping without optional sources that have no files, and their tables.

        Raises
        ------
        LoadingError
            When a table that every shop needs would be gone.
        """
        absent = {source.name for source in self.sources} - found
        tables = tuple(table for table in self.tables if table.base not in absent)
        for table in self.tables:
            if table.base in absent and table.name in REQUIRED_TABLES[self.data_set]:
                raise LoadingError(
                    f"No file for tables.{table.name}", f"Give a file for sources.{table.base}"
                )
        sources = tuple(source for source in self.sources if source.name in found)
        return dataclasses.replace(self, sources=sources, tables=tables)
