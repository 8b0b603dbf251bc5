"""Units, headings, tiles, tables and empty states: the same on every page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TABLE_ROW, TABLE_HEADER, VISIBLE_ROWS = 35, 38, 12
TILE_WIDTH = 200
SHARES = ("share", "rate", "probability", "recall", "coverage", "wape")
COUNTS = ("count", "rank", "units", "quantity", "priority", "stock")
MONEY = ("revenue", "profit", "cost", "price", "income", "stake")
MARKDOWN = re.compile(r"[\\`*_{}\[\]()#+!|<>$:~-]")
ACRONYMS = {"rfm": "RFM", "id": "ID", "ci": "95 % interval,"}


def unit_of(column: str) -> str:
    """Return ``share``, ``amount``, ``days``, ``count`` or ``precise`` from a column's name."""
    parts = column.split("_")
    if "days" in parts:
        return "days"
    if "share" in parts or "rate" in parts:
        return "share"
    if any(part in MONEY for part in parts):
        return "amount"
    if any(part in SHARES for part in parts) or column.startswith("conversion_uplift"):
        return "share"
    if parts[-1] in COUNTS:
        return "count"
    return "precise"


def heading(column: str) -> str:
    """Return a column's name in words, with its unit where the name does not say it."""
    name = column.removeprefix("is_").removeprefix("has_").removesuffix("_start_date")
    name = name.removesuffix("_days")
    text = " ".join(ACRONYMS.get(part, part) for part in name.split("_"))
    text = text[:1].upper() + text[1:]
    unit = {"days": " (days)", "amount": " (currency)"}.get(unit_of(column), "")
    return text + unit


def tiles(values: Mapping[str, str], deltas: Mapping[str, str] | None = None) -> None:
    """Show figures side by side, as many in a row as there is room for."""
    with st.container(horizontal=True):
        for label, value in values.items():
            st.metric(label, value, (deltas or {}).get(label), border=True, width=TILE_WIDTH)


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
    st.dataframe(shown, column_config=settings, hide_index=True, height=height, key=key)


def _displayed(values: pd.Series, unit: str) -> tuple[pd.Series, str]:
    """Return numbers and the format that shows them with separators."""
    if unit == "share":
        return values, "percent"
    places = {"count": 0, "amount": 2, "days": 1}.get(unit, 3)
    return values.round(places), "localized"


def empty(what: str, fix: str) -> None:
    """Say that there is nothing to show, and what would change that."""
    st.info(f"{what} {fix}", icon=":material/info:")


def names_in(frame: pd.DataFrame, column: str) -> Sequence[str]:
    """Return the distinct values of a column in the order of the rows."""
    return list(dict.fromkeys(frame[column].dropna().astype(str)))


def matrix(frame: pd.DataFrame) -> None:
    """Show counts by row and column name; it scrolls where the screen is narrow."""
    counts = {str(name): st.column_config.NumberColumn(format="localized") for name in frame}
    st.dataframe(
        frame.rename_axis(index="", columns=None),
        column_config={**counts, "_index": st.column_config.Column(pinned=True)},
        height=TABLE_HEADER + TABLE_ROW * len(frame),
    )


def plain(text: str) -> str:
    """Return text that Markdown shows as it is, whatever a shop calls its products."""
    return MARKDOWN.sub(r"\\\g<0>", text)
