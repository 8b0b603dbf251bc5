"""Units, headings, tiles, tables and empty states: the same on every page."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from segml.reporting.language import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Mapping

MISSING = "–"
TABLE_ROW, TABLE_HEADER, VISIBLE_ROWS = 35, 38, 12
# the first unit with a word of the column's name, since names carry units
UNITS = {
    "days": {"days"},
    "share": {"share", "rate", "probability", "recall", "coverage", "wape", "conversion"},
    "amount": {"revenue", "profit", "cost", "price", "income", "stake"},
    "mean": {"mean", "median"},
    "count": {"count", "rank", "units", "quantity", "priority", "stock"},
}
STYLE = """
<style>
h1 {font-size: 2rem !important}
h2 {font-size: 1.5rem !important}
.tiles {display: grid; grid-template-columns: repeat(auto-fill, minmax(148px, 1fr)); gap: 12px}
.tile {border: 1px solid #D5DBE1; border-radius: 8px; padding: 12px 14px}
.tile .label {color: #5B6770; font-size: 14px; line-height: 1.3; min-height: 2.6em}
.tile .value {color: #1F2933; font-size: 26px; line-height: 1.25; overflow-wrap: anywhere}
.tile .words {font-size: 18px}
.tile .change {color: #5B6770; font-size: 14px}
</style>
"""
FORMATS = {"share": "%.1f\N{NO-BREAK SPACE}%%", "count": "%,d", "days": "%,.1f", "mean": "%,.1f"}
LARGE_AMOUNT = 100
MARKDOWN = re.compile(r"[\\`*_{}\[\]()#+!|<>$:~-]")
ACRONYMS = {name: name.upper() for name in ("rfm", "id", "auc", "ece", "mae", "ndcg", "pr", "roc")}
ACRONYMS |= {"ci": "95 % interval,", "wape": "WAPE"}


def unit_of(column: str) -> str:
    """Return the unit that a column's name implies; ``precise`` where it implies none."""
    parts = set(column.split("_"))
    return next((unit for unit, words in UNITS.items() if parts & words), "precise")


def heading(column: str) -> str:
    """Return a column's name in words, with its unit where the name does not say it."""
    name = column.removeprefix("is_").removeprefix("has_").removesuffix("_start_date")
    name = name.removesuffix("_days")
    text = " ".join(ACRONYMS.get(part, part) for part in name.split("_"))
    text = text[:1].upper() + text[1:]
    unit = {"days": " (days)", "amount": " (currency)"}.get(unit_of(column), "")
    return text + unit


def method_name(method: str) -> str:
    """Return a model or a simple method in words."""
    if f"quality_method.{method}" in ENGLISH.messages:
        return ENGLISH.name("quality_method", method)
    return ENGLISH.model(method)


def style() -> None:
    """Give the page its sizes and its tiles."""
    st.html(STYLE)


def tiles(values: Mapping[str, str], changes: Mapping[str, str] | None = None) -> None:
    """Show figures side by side, as many in a row as there is room for; nothing is cut off.

    Parameters
    ----------
    changes : mapping, optional
        Label to what changed, shown below the figure without judging it.
    """
    cells = [
        f'<div class="tile"><div class="label">{escape(label)}</div>'
        f'<div class="value{" words" if value[:1].isalpha() else ""}">'
        f"{escape(value)}</div>"
        f'<div class="change">{escape((changes or {}).get(label, ""))}</div></div>'
        for label, value in values.items()
    ]
    st.html(f'<div class="tiles">{"".join(cells)}</div>')


def table(frame: pd.DataFrame, *, key: str | None = None) -> None:
    """Show rows with headings in words and numbers with separators and units."""
    shown = frame.copy()
    settings: dict[str, Any] = {}
    for column in frame.columns:
        values = frame[column]
        if pd.api.types.is_bool_dtype(values):
            shown[column] = values.map({True: "yes", False: "no"})
        elif pd.api.types.is_numeric_dtype(values):
            shown[column], form = _displayed(values, unit_of(str(column)))
            settings[column] = st.column_config.NumberColumn(heading(str(column)), format=form)
            continue
        elif pd.api.types.is_datetime64_any_dtype(values):
            settings[column] = st.column_config.DateColumn(
                heading(str(column)), format="D MMM YYYY"
            )
            continue
        settings[column] = st.column_config.Column(heading(str(column)))
    height = TABLE_HEADER + TABLE_ROW * min(max(len(shown), 1), VISIBLE_ROWS)
    st.dataframe(
        shown, column_config=settings, hide_index=True, height=height, placeholder=MISSING, key=key
    )


def _displayed(values: pd.Series, unit: str) -> tuple[pd.Series, str]:
    """Return numbers and the format that shows them with separators, alike in a column."""
    if unit == "share":
        return 100 * values + 0.0, FORMATS[unit]
    if unit == "count":
        return values.round().astype("Int64"), FORMATS[unit]
    if unit == "amount":
        return values, "%,.0f" if values.abs().max() >= LARGE_AMOUNT else "%,.2f"
    return values.round(3) + 0.0, FORMATS.get(unit, "%,.3f")  # plus zero: no minus zero


def empty(what: str, fix: str) -> None:
    """Say that there is nothing to show, and what would change that."""
    st.info(f"{what} {fix}", icon=":material/info:")


def names_in(frame: pd.DataFrame, column: str) -> list[str]:
    """Return the distinct values of a column in the order of the rows."""
    return list(dict.fromkeys(frame[column].dropna().astype(str)))


def matrix(frame: pd.DataFrame) -> None:
    """Show counts by row and column name; it scrolls where the screen is narrow."""
    counts = {str(name): st.column_config.NumberColumn(format=FORMATS["count"]) for name in frame}
    st.dataframe(
        frame.rename_axis(index="", columns=None),
        column_config={**counts, "_index": st.column_config.Column(pinned=True)},
        height=TABLE_HEADER + TABLE_ROW * len(frame),
        placeholder="",
    )


def plain(text: str) -> str:
    """Return text that Markdown shows as it is, whatever a shop calls its products."""
    return MARKDOWN.sub(r"\\\g<0>", text)
