"""Say in one line why the engine could not read a file: which file, which column, which row."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segml.errors import LoadingError
from segml.loading.sql import sql_text
from segml.warehouse import EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segml.loading.mapping import Mapping
    from segml.loading.sources import OpenSource
    from segml.warehouse import Warehouse

_CSV_LINE = re.compile(r"CSV Error on Line: (\d+)")
_CSV_FILE = re.compile(r"^\s*file = (.+)$", re.MULTILINE)
_MAX_SHOWN = 40


def explain_failure(
    warehouse: Warehouse, mapping: Mapping, sources: Sequence[OpenSource], error: EngineError
) -> LoadingError:
    """Find what the engine stumbled over; called after its transaction has ended."""
    malformed = _malformed_csv(sources, error)
    if malformed is not None:
        return malformed
    for opened in sources:
        try:
            bad = _first_bad_value(warehouse, opened)
        except EngineError as reading_error:
            return _unreadable(mapping, reading_error)
        if bad is not None:
            return bad
    return _unreadable(mapping, error)


def _malformed_csv(sources: Sequence[OpenSource], error: EngineError) -> LoadingError | None:
    text = str(error)
    line, file = _CSV_LINE.search(text), _CSV_FILE.search(text)
    if line is None or file is None:
        return None
    place = f"{file[1]}, line {line[1]}"
    if "not utf-8" in text:
        source = next(
            opened.source.name
            for opened in sources
            if file[1] in (str(data_file.path) for data_file in opened.files)
        )
        return LoadingError(
            f"{place}: not UTF-8 text", f"Set sources.{source}.encoding to auto or latin-1"
        )
    count = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", text)
    reason = f"{count[2]} values for {count[1]} columns" if count else "not valid CSV"
    if "unterminated quote" in text:
        reason = "a quote is opened and never closed"
    return LoadingError(f"{place}: {reason}", "Correct the line, or set the source's delimiter")


def _first_bad_value(warehouse: Warehouse, opened: OpenSource) -> LoadingError | None:
    fallible = [item for item in opened.conversions if item.can_fail]
    if not fallible:
        return None
    values = ", ".join(
        f"if({item.is_bad}, cast({item.value} as varchar), null)" for item in fallible
    )
    found = warehouse.rows(
        f"select segml_file, segml_row, {values} from {opened.raw_view} "
        f"where {' or '.join(item.is_bad for item in fallible)} order by segml_row limit 1"
    )
    if not found:
        return None
    file, row, *bad_values = found[0]
    row_in_file = warehouse.value(
        f"select count(*) from {opened.raw_view} "
        f"where segml_file = {sql_text(file)} and segml_row <= {row}"
    )
    item, value = next(pair for pair in zip(fallible, bad_values, strict=True) if pair[1])
    shown = value if len(value) <= _MAX_SHOWN else value[:_MAX_SHOWN] + "..."
    return LoadingError(
        f"{file}, column {item.read_from}, row {row_in_file}: {shown!r} is not {item.noun}",
        "Correct the value, or read the column as text and convert it in SQL",
    )


def _unreadable(mapping: Mapping, error: EngineError) -> LoadingError:
    reason = " ".join(str(error).split("\n\n")[0].split())
    if reason.startswith(("Out of Memory", "IO Error")):
        return LoadingError(reason, "Free memory or disk space, then load again")
    return LoadingError(f"{mapping.path.name}: {reason}", "Correct the mapping's SQL or the file")
