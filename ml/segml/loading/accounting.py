"""Every row that was read is used or rejected, exactly once: count, and refuse anything else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segml.errors import LoadingError
from segml.loading.sql import sql_name, sql_text

if TYPE_CHECKING:
    from segml.loading.mapping import Mapping, Source, TableMapping
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


def account_for_rows(warehouse: Warehouse, mapping: Mapping, source: Source) -> None:
    """Record which rows of a staged source are used and rejected, and check that all are.

    Raises
    ------
    LoadingError
        When a row is used twice by one table, both used and rejected, or neither.
    """
    _record_rejections_by_rule(warehouse, source)
    for relation in dict.fromkeys([source.name, *(rule.keep for rule in source.rows if rule.keep)]):
        for table in mapping.row_tables(relation):
            _record_use(warehouse, source, table)
    _check_used_once(warehouse, mapping, source)
    _check_all_accounted(warehouse, mapping, source)


def account_for_stream(warehouse: Warehouse, mapping: Mapping, source: Source, raw: str) -> None:
    """Check that the tables filled straight from a source have as many rows as its files."""
    read = warehouse.value("select sum(row_count) from segml_files where source = ?", [source.name])
    tables = mapping.row_tables(source.name)
    if not tables:
        raise LoadingError(
            f"{mapping.path.name}: no table uses the rows of sources.{source.name}",
            "Add a table, or `lookup: true` if the source is only joined to others",
        )
    for table in tables:
        written = warehouse.value(f"select count(*) from {raw}.{table.name}")
        if not table.group_by and written != read:
            raise LoadingError(
                f"{mapping.path.name}, tables.{table.name}: {read} rows read but {written} written",
                "Remove whatever multiplies or drops rows from `columns`",
            )


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


def _record_rejections_by_rule(warehouse: Warehouse, source: Source) -> None:
    for position, rule in enumerate(source.rows):
        if rule.reject:
            warehouse.execute(
                f"insert into segml_rejected select ?, source_row, ? from {sql_name(source.name)} "
                "where source_rule = ?",
                [source.name, rule.reject, position],
            )


def _record_use(warehouse: Warehouse, source: Source, table: TableMapping) -> None:
    row = f"{sql_name(table.base_alias)}.source_row"
    warehouse.execute(
        f"insert into segml_used select ?, ?, {row} from {table.relation}\n{table.kept_filter}",
        [source.name, table.name],
    )
    if not table.reject:
        return
    reasons = " ".join(
        f"when ({sql}\n) then {sql_text(reason)}" for reason, sql in table.reject.items()
    )
    where = f"where ({table.where}\n)" if table.where else ""
    warehouse.execute(
        f"insert into segml_rejected select * from (select ?, {row}, case {reasons} end as reason "
        f"from {table.relation}\n{where}) where reason is not null",
        [source.name],
    )


def _check_used_once(warehouse: Warehouse, mapping: Mapping, source: Source) -> None:
    twice = warehouse.rows(
        "select table_name, source_row, count(*) from segml_used where source = ? "
        "group by all having count(*) > 1 order by source_row limit 1",
        [source.name],
    )
    if twice:
        table, row, times = twice[0]
        raise LoadingError(
            f"{mapping.path.name}, tables.{table}: uses {_place(warehouse, source, row)} "
            f"{times} times",
            "Join to a relation with at most one match, for example a grouped view",
        )


def _check_all_accounted(warehouse: Warehouse, mapping: Mapping, source: Source) -> None:
    wrong = warehouse.rows(
        f"""
        select source_row, used.source_row is not null, rejected.reasons, count(*) over ()
        from {sql_name(source.name)} as read
        left join (
            select distinct source_row from segml_used where source = $source
        ) as used using (source_row)
        left join (
            select source_row, count(*) as reasons
            from segml_rejected where source = $source group by source_row
        ) as rejected using (source_row)
        where (used.source_row is not null)::integer + coalesce(rejected.reasons, 0) != 1
        order by source_row limit 1
        """,
        {"source": source.name},
    )
    if not wrong:
        return
    row, used, reasons, count = wrong[0]
    what = "neither used nor rejected"
    if reasons:
        what = "both used and rejected" if used else "rejected more than once"
    raise LoadingError(
        f"{mapping.path.name}, sources.{source.name}: {count} rows are {what}, the first is "
        f"{_place(warehouse, source, row)}",
        "Let `rows` keep or reject every row, and exactly one kind of table take what is kept",
    )


def _place(warehouse: Warehouse, source: Source, row: int) -> str:
    """Return a row's file and number in that file."""
    file, number = warehouse.rows(
        "select source_file, ? - first_row + 1 from segml_files where source = ? "
        "and ? between first_row and first_row + row_count - 1",
        [row, source.name, row],
    )[0]
    return f"{file}, row {number}"
