"""What every column of ``customer_features`` measures: its group, unit and sentence."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

WINDOW = re.compile(r"^(?P<measure>.+)_(?P<days>\d+)d$")
LABELS = {
    "age_years": "Age",
    "active_month_count": "Months with an order",
    "overdue_ratio": "Lateness against usual rhythm",
    "recency_days": "Days since last order",
    "tenure_days": "Days since first order",
}
LABEL_WORDS = {"rfm": "RFM", "sd": "(standard deviation)", "mean": "(mean)"}


@dataclass(frozen=True)
class Measure:
    """How to speak of one measure, whatever its window: a row of ``measures.csv``.

    Parameters
    ----------
    group : str
        Features of a group say much the same.
    unit : str
        What a value is: ``currency``, ``change`` (signed currency), ``share`` (a fraction),
        ``number``, ``due`` (days ahead), ``flag``, ``text``, or the noun that is counted, such as
        ``day``.
    known, unknown : str
        Sentences with and without a value: ``{value}`` carries its unit, ``{when}`` is the
        window or "so far", ``{half}`` is half the days of the window.
    chinese_label : str
        The name in Chinese; the English one follows from the column.
    """

    group: str
    unit: str
    known: str
    unknown: str
    chinese_label: str


OTHER = "other"


def feature_group(feature: str) -> str:
    """Return the group of a column: features of one group say much the same."""
    return measure_of(feature).group


def feature_label(feature: str, language: str = "en") -> str:
    """Return a column of ``customer_features`` in words, with its window if it has one.

    Parameters
    ----------
    language : str
        en or zh.
    """
    if language == "zh":
        _, window_days = split_window(feature)
        name = measure_of(feature).chinese_label
        return f"近 {window_days} 天{name}" if window_days else name
    if feature in LABELS:
        return LABELS[feature]
    measure, days = split_window(feature)
    words = [LABEL_WORDS.get(word, word) for word in measure.split("_")]
    if words[-1] == "days":
        words[-1] = "(days)"
    label = " ".join(words)
    label = label[0].upper() + label[1:]
    return f"{label}, last {days} days" if days else label


@cache
def measure_of(feature: str) -> Measure:
    """Return how to speak of a column; one that nobody described is named by its label."""
    name, _ = split_window(feature)
    if name in _measures():
        return _measures()[name]
    label = feature_label(feature)
    label = label[0].lower() + label[1:] if label[1:2].islower() else label
    return Measure(OTHER, "number", f"{label} {{value}}", f"{label} unknown", label)


def split_window(feature: str) -> tuple[str, int | None]:
    """Split ``order_count_90d`` into ``order_count`` and 90; without a window the days are None."""
    window = WINDOW.match(feature)
    return (window["measure"], int(window["days"])) if window else (feature, None)


@cache
def _measures() -> dict[str, Measure]:
    text = files(__package__).joinpath("measures.csv").read_text(encoding="utf-8")
    return {row.pop("measure"): Measure(**row) for row in csv.DictReader(text.splitlines())}
