"""Every row that was read is used or rejected, exactly once: count, and refuse anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segml.errors import LoadingError
from segml.loading.counting import place_of
from segml.loading.sql import sql_name, sql_text

if TYPE_CHECKING:
    from segml.loading.mapping import Mapping, Source, TableMapping
    from segml.loading.sources import OpenSource
    from segml.warehouse import Warehouse


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


def check_written(warehouse: Warehouse, mapping: Mapping, opened: OpenSource, raw: str) -> None:
    """Check that each ungrouped table has as many rows as it took from a source.

    Raises
    ------
    LoadingError
        When the counts differ, or when no table takes the rows of a streamed source.
    """
    source = opened.source
    tables = [table for table in mapping.tables if mapping.source_of(table) == source.name]
    if not tables and not opened.staged:
        raise LoadingError(
            f"{mapping.path.name}: no table uses the rows of sources.{source.name}",
            "Add a table, or `lookup: true` if the source is only joined to others",
        )
    for table in tables:
        if table.group_by:
            continue
        taken = _rows_taken(warehouse, opened, table)
        written = warehouse.value(f"select count(*) from {raw}.{table.name}")
        if written != taken:
            raise LoadingError(
                f"{mapping.path.name}, tables.{table.name}: {taken} rows make {written} rows",
                "Remove whatever multiplies rows from `columns`",
            )


def _rows_taken(warehouse: Warehouse, opened: OpenSource, table: TableMapping) -> int:
    """Return how many rows of a source a table takes; a streamed source gives all of them."""
    name = opened.source.name
    rows: int = (
        warehouse.value(
            "select count(*) from segml_used where source = ? and table_name = ?",
            [name, table.name],
        )
        if opened.staged
        else warehouse.value("select sum(row_count) from segml_files where source = ?", [name])
    )
    return rows


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
            f"{mapping.path.name}, tables.{table}: uses {place_of(warehouse, source, row)} "
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
        f"{place_of(warehouse, source, row)}",
        "Let `rows` keep or reject every row, and exactly one kind of table take what is kept",
    )
