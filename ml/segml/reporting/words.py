"""Numbers as a reader wants them, in every language: separators, units, few digits."""

from __future__ import annotations

from typing import Any

import pandas as pd

UNKNOWN = "–"
WHOLE_AMOUNT_FROM = 100  # smaller amounts keep two decimals
LARGE_METRIC_FROM = 10


def count(value: Any) -> str:  # noqa: ANN401
    """Return a whole number with thousands separators."""
    return UNKNOWN if pd.isna(value) else f"{value:,.0f}"


def amount(value: Any) -> str:  # noqa: ANN401
    """Return currency units: whole ones for large amounts, two decimals for small ones."""
    if pd.isna(value):
        return UNKNOWN
    return f"{value:,.0f}" if abs(value) >= WHOLE_AMOUNT_FROM else f"{value:,.2f}"


def price(value: Any) -> str:  # noqa: ANN401
    """Return currency units with two decimals."""
    return UNKNOWN if pd.isna(value) else f"{value:,.2f}"


def decimal(value: Any) -> str:  # noqa: ANN401
    """Return a number with one decimal."""
    return UNKNOWN if pd.isna(value) else f"{value:,.1f}"


def precise(value: Any) -> str:  # noqa: ANN401
    """Return a metric with three decimals, a large one with one."""
    if pd.isna(value):
        return UNKNOWN
    places = 1 if abs(value) >= LARGE_METRIC_FROM else 3
    return f"{round(value, places) + 0.0:,.{places}f}"  # plus zero: no minus zero


def share(value: Any) -> str:  # noqa: ANN401
    """Return a fraction as a percentage with one decimal."""
    return UNKNOWN if pd.isna(value) else f"{value:.1%}".replace("%", "\N{NO-BREAK SPACE}%")


def whole_share(value: Any) -> str:  # noqa: ANN401
    """Return a fraction as a whole percentage."""
    return UNKNOWN if pd.isna(value) else f"{value:.0%}".replace("%", "\N{NO-BREAK SPACE}%")


def text(value: Any) -> str:  # noqa: ANN401
    """Return a name as it is."""
    return UNKNOWN if pd.isna(value) else str(value)
