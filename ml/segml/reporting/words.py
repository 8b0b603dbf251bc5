"""Numbers as a reader wants them, in every language: separators, units, few digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

UNKNOWN = "–"
WHOLE_AMOUNT_FROM = 100  # smaller amounts keep two decimals
WHOLE_AMOUNTS_FROM = 1_000  # so does a column without a larger one
LARGE_METRIC_FROM = 10


def count(value: Any) -> str:  # noqa: ANN401
    """Return a whole number with thousands separators."""
    return UNKNOWN if pd.isna(value) else f"{value:,.0f}"


def amount(value: Any) -> str:  # noqa: ANN401
    """Return currency units: whole ones for large amounts, two decimals for small ones."""
    if pd.isna(value):
        return UNKNOWN
    return f"{value:,.0f}" if abs(value) >= WHOLE_AMOUNT_FROM else f"{value:,.2f}"


def amounts(values: Sequence[float | None]) -> list[str]:
    """Return currency units that stand below each other, all with as many decimals."""
    known = [value for value in values if pd.notna(value)]
    write = count if max(map(abs, known), default=0) >= WHOLE_AMOUNTS_FROM else price
    return [write(value) for value in values]


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
    if pd.isna(value):
        return UNKNOWN
    return f"{round(value, 3) + 0.0:.1%}".replace("%", "\N{NO-BREAK SPACE}%")


def change(value: Any) -> str:  # noqa: ANN401
    """Return a relative change as a percentage with its sign."""
    return f"+{share(value)}" if value > 0 else share(value)


def whole_share(value: Any) -> str:  # noqa: ANN401
    """Return a fraction as a whole percentage."""
    return UNKNOWN if pd.isna(value) else f"{value:.0%}".replace("%", "\N{NO-BREAK SPACE}%")


def text(value: Any) -> str:  # noqa: ANN401
    """Return a name as it is."""
    return UNKNOWN if pd.isna(value) else str(value)
