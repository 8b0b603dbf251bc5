"""Numbers and names as a reader wants them: separators, units, plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from segml import wording

if TYPE_CHECKING:
    from datetime import date

UNKNOWN = "–"
SUPPRESSED = "suppressed (fewer than k customers)"
WHOLE_AMOUNT_FROM = 100  # smaller amounts keep two decimals
LARGE_METRIC_FROM = 10
MODEL_NAMES = {
    "prior": "constant average",
    "rfm_rule": "RFM rule",
    "last_period": "repeat of the last period",
    "logistic": "logistic regression",
    "boosting": "gradient boosting",
    "dnn": "neural network",
    "transformer": "transformer",
}
TABLE_NAMES = {"loaded_files": "files, while loading"}
REASONS = {
    "bot": "visitor is a machine",
    "duplicate_key": "same key again",
    "erased": "erased on request",
    "exact_duplicate": "exact duplicate",
    "future_dated": "dated in the future",
    "orphan_order_line": "line without its order",
    "orphan_return": "return without its order",
    "uncastable_value": "unreadable value",
    "unknown_customer": "unknown customer",
}


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


def day(value: date | None) -> str:
    """Return a date such as 1 July 2025."""
    return UNKNOWN if value is None else f"{value.day} {value:%B %Y}"


def text(value: Any) -> str:  # noqa: ANN401
    """Return a name as it is."""
    return UNKNOWN if pd.isna(value) else str(value)


def shorten(name: str, length: int) -> str:
    """Return a name that fits beside a bar."""
    return name if len(name) <= length else name[: length - 1].rstrip() + "…"


def model_label(model_name: str) -> str:
    """Return what a model is, in words."""
    return MODEL_NAMES.get(model_name, model_name)


def table_label(table_name: str) -> str:
    """Return the name of a raw table in words."""
    return TABLE_NAMES.get(table_name, table_name.replace("_", " "))


def reason_label(reason: str) -> str:
    """Return the name of a rejection rule in words."""
    return REASONS.get(reason, reason.replace("_", " "))


def feature_label(feature: str) -> str:
    """Return a column of ``customer_features`` in words, with its window if it has one."""
    return wording.feature_label(feature)
