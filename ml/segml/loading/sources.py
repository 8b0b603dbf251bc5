"""Make a source's rows visible to the mapping's SQL: numbered, typed and split by its rules."""

from __future__ import annotations

import glob
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segml.errors import LoadingError
from segml.loading.conversion import SQL_TYPES, Conversion, convert
from segml.loading.sql import sql_name, sql_text
from segml.loading.yaml_checker import suggestion

if TYPE_CHECKING:
    from pathlib import Path

    from segml.loading.files import DataFile
    from segml.loading.mapping import Column, Source
    from segml.warehouse import Warehouse

MAX_ROWS_PER_LAYOUT = 1 << 40


@dataclass(frozen=True)
class OpenSource:
    """A source whose files are known and whose rows can be read.

    Parameters
    ----------
    conversions : tuple of Conversion
        One per column that is read from the files.
    file_columns : tuple of str
        The files' own column names.
    staged : bool
        Store the rows once, with the rule that decided about each; otherwise every use streams
        them from the files.
    """

    source: Source
    files: tuple[DataFile, ...]
    conversions: tuple[Conversion, ...]
    file_columns: tuple[str, ...]
    staged: bool

    @property
    def raw_view(self) -> str:
        """The rows as the files have them, with ``segml_file`` and ``segml_row``."""
        return sql_name(f"segml_raw_{self.source.name}")

    @property
    def typed_query(self) -> str:
        """SQL of the rows with the columns read from files, ``source_file`` and ``source_row``."""
        place = "segml_file as source_file, segml_row as source_row"
        if self.source.columns is None:
            return f"select * exclude (segml_file, segml_row), {place} from {self.raw_view}"
        columns = {item.column.name: item.strict for item in self.conversions}
        for column in self.source.columns:
            if column.sql is None and column.name not in columns:
                columns[column.name] = f"cast(null as {SQL_TYPES[column.type]})"
        selected = "".join(f"{sql} as {sql_name(name)}, " for name, sql in columns.items())
        return f"select {selected}{place} from {self.raw_view}"

    @property
    def unread_columns(self) -> tuple[str, ...]:
        """The files' columns that the mapping's columns are not read from."""
        if self.source.columns is None:
            return ()
        read = {item.read_from.lower() for item in self.conversions}
        return tuple(name for name in self.file_columns if name.lower() not in read)

    @property
    def computed_columns(self) -> dict[str, str]:
        """SQL of the columns that the mapping computes from the others."""
        return {column.name: column.sql for column in self.source.columns or () if column.sql}

    @property
    def query(self) -> str:
        """SQL of the rows with all columns of the mapping."""
        computed = "".join(
            f", ({sql}\n) as {sql_name(name)}" for name, sql in self.computed_columns.items()
        )
        return f"select *{computed} from ({self.typed_query})"


def open_source(
    warehouse: Warehouse, source: Source, files: tuple[DataFile, ...], *, staged: bool
) -> OpenSource:
    """Check the files' columns and create the view of the source's raw rows.

    Raises
    ------
    LoadingError
        When a file lacks a column that the mapping reads.
    """
    names = {column.name: _name_in_files(source, column, files) for column in source.columns or ()}
    view = sql_name(f"segml_raw_{source.name}")
    warehouse.execute(f"create temp view {view} as {_readers(source, files)}")
    described = [row[:2] for row in warehouse.rows(f"describe {view}")]
    types = {name.lower(): engine_type for name, engine_type in described}
    conversions = tuple(
        convert(column, name, types[name.lower()])
        for column in source.columns or ()
        if (name := names[column.name]) is not None
    )
    file_columns = tuple(name for name, _ in described if not name.startswith("segml_"))
    return OpenSource(source, files, conversions, file_columns, staged)


def publish_source(warehouse: Warehouse, opened: OpenSource) -> None:
    """Create the relations that the mapping names: the source and the rows its rules keep."""
    source = opened.source
    if not opened.staged:
        warehouse.execute(f"create temp view {sql_name(source.name)} as {opened.query}")
        return
    branches = " ".join(
        f"when ({rule.when or 'true'}\n) then {position}"
        for position, rule in enumerate(source.rows)
    )
    rule = f"case {branches} end" if branches else "0"
    warehouse.execute(
        f"create temp table {sql_name(source.name)} as "
        f"select *, {rule} as source_rule from ({opened.query})"
    )
    kept: dict[str, list[str]] = defaultdict(list)
    for position, row_rule in enumerate(source.rows):
        if row_rule.keep:
            kept[row_rule.keep].append(str(position))
    for name, positions in kept.items():
        warehouse.execute(
            f"create temp view {sql_name(name)} as select * exclude (source_rule) "
            f"from {sql_name(source.name)} where source_rule in ({', '.join(positions)})"
        )


def _name_in_files(source: Source, column: Column, files: tuple[DataFile, ...]) -> str | None:
    """Return the accepted name that the files use for a column, or None if they lack it."""
    if column.sql is not None:
        return None
    searched = files if column.optional else files[:1]
    in_files = {name.lower() for file in searched for name, _ in file.columns}
    name = next((item for item in column.read_from if item.lower() in in_files), None)
    if column.optional:
        return name
    for file in files:
        known = [item for item, _ in file.columns]
        if name is None or name.lower() not in (item.lower() for item in known):
            missing = name or column.read_from[0]
            raise LoadingError(
                f"{file.path} has no column {missing}",
                f"{suggestion(missing, known)}; see sources.{source.name}.columns.{column.name}",
            )
    return name


def _readers(source: Source, files: tuple[DataFile, ...]) -> str:
    """Return SQL that reads and numbers all rows, one reader per layout, columns by name.

    Each reader numbers its own rows from its own start: a numbering of the whole union would
    depend on which reader happens to be faster.
    """
    layouts: dict[tuple[object, ...], list[DataFile]] = defaultdict(list)
    for file in files:
        layouts[file.format, file.columns, file.encoding, file.delimiter].append(file)
    return " union all by name ".join(
        f"select *, {position * MAX_ROWS_PER_LAYOUT} + row_number() over () as segml_row "
        f"from ({_reader(source, alike)})"
        for position, alike in enumerate(layouts.values())
    )


def _reader(source: Source, files: list[DataFile]) -> str:
    first = files[0]
    paths = f"[{', '.join(_path_text(file.path) for file in files)}]"
    if first.format == "parquet":
        return f"select * from read_parquet({paths}, filename = 'segml_file')"
    names = [name for name, _ in first.columns]
    if first.format == "json":
        columns = ", ".join(f"{sql_name(name)} ->> '$' as {sql_name(name)}" for name in names)
        return (
            f"select {columns}, segml_file from read_json({paths}, maximum_depth = 1, "
            f"sample_size = -1, filename = 'segml_file')"
        )
    columns = ", ".join(f"{sql_text(name)}: 'VARCHAR'" for name in names)
    null_values = ", ".join(sql_text(value) for value in dict.fromkeys(("", *source.null_values)))
    # no dialect detection: it may skip lines that do not fit instead of naming them
    return (
        f"select * from read_csv({paths}, auto_detect = false, columns = {{{columns}}}, "
        f"header = true, delim = {sql_text(first.delimiter)}, quote = '\"', escape = '\"', "
        f"nullstr = [{null_values}], encoding = {sql_text(first.encoding)}, "
        f"filename = 'segml_file')"
    )


def _path_text(path: Path) -> str:
    """Return a path as SQL text that the engine does not take for a pattern."""
    return sql_text(glob.escape(str(path)))
