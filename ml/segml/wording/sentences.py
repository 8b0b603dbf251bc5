"""One sentence per value of a feature: what it is, in its unit, and what is typical."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from segml.wording.catalogue import measure_of, split_window

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Texts = NDArray[np.object_]

WHOLE_NUMBER_FROM = 10  # larger ones are shown without decimals
WHOLE_AMOUNT_FROM = 100
SMALL_SHARE = 0.1  # smaller ones keep a decimal
USUAL_GAP = "purchase_gap_mean_days"
SIGNED = ("last_rating_change",)
SIBILANTS = ("s", "x", "ch", "sh")


def feature_sentences(
    features: pd.DataFrame,
    rows: NDArray[np.int_],
    columns: NDArray[np.int_],
    reference: Mapping[str, float | str | None],
) -> Texts:
    """Say what chosen cells mean, such as "2 orders in the last 90 days (typical: 1)".

    The time since the last order is compared with the customer's own usual gap, if there is one.

    Parameters
    ----------
    features : DataFrame, shape (n, p)
        Feature columns.
    rows, columns : array of int, shape (m,)
        Positions of the cells.
    reference : mapping
        The typical value of every feature; ``None`` is unknown.

    Returns
    -------
    array of str, shape (m,)
    """
    sentences = np.full(len(rows), "", dtype=object)
    for column in np.unique(columns):
        chosen = np.flatnonzero(columns == column)
        name, selected = features.columns[column], rows[chosen]
        values = features[name].to_numpy()[selected]
        texts = _sentences(name, values, reference[name])
        if name == "recency_days" and USUAL_GAP in features:
            gaps = features[USUAL_GAP].to_numpy()[selected]
            usual = _each(gaps, lambda gap: f", usual gap {_writer(USUAL_GAP)(gap)}", "")
            texts = np.where(pd.isna(gaps), texts, _sentences(name, values, None) + usual)
        sentences[chosen] = texts
    return sentences


def _sentences(name: str, values: NDArray[Any], typical: float | str | None) -> Texts:
    """Return a sentence per value, compared with the typical one where both are known."""
    known, unknown = _templates(name)
    write = _writer(name)
    is_compared = typical is not None and not pd.isna(typical)
    usual = write(typical) if is_compared else ""
    # the unit of what is counted stands in the sentence already
    bare = usual if measure_of(name).unit in (*WRITERS, "day") else usual.partition(" ")[0]

    def sentence(value: Any) -> str:  # noqa: ANN401
        text = write(value)
        comparison = f" (typical: {bare})" if is_compared and text != usual else ""
        return known.replace("{value}", text) + comparison

    return _each(values, sentence, unknown)


def _each(values: NDArray[Any], write: Callable[[Any], str], unknown: str) -> Texts:
    """Write every distinct value once; many customers share few of them."""
    codes, distinct = pd.factorize(values)
    texts = np.array([*map(write, distinct), unknown], dtype=object)
    return texts[codes]  # the code of an unknown value is -1


def _templates(name: str) -> tuple[str, str]:
    measure = measure_of(name)
    _, days = split_window(name)
    when = f"in the last {days} days" if days else "so far"
    half = str(days // 2) if days else ""
    known, unknown = (
        text.replace("{when}", when).replace("{half}", half)
        for text in (measure.known, measure.unknown)
    )
    return known, unknown


def _writer(name: str) -> Callable[[Any], str]:
    """Return the function that writes a value of this feature with its unit."""
    unit = measure_of(name).unit
    if unit in WRITERS:
        return WRITERS[unit]
    sign = "+" if name in SIGNED else ""
    return lambda value: f"{_number(value, sign)} {unit if value == 1 else _plural(unit)}"


def _number(value: Any, sign: str = "") -> str:  # noqa: ANN401
    if isinstance(value, str):
        return value
    if abs(value) >= WHOLE_NUMBER_FROM or value == round(value):
        return f"{value:{sign},.0f}"
    return f"{value:{sign}.1f}" if abs(value) >= 1 else f"{value:{sign}.2g}"


def _currency(value: float, sign: str = "") -> str:
    is_whole = value == 0 or abs(value) >= WHOLE_AMOUNT_FROM
    return f"{value:{sign},.0f}" if is_whole else f"{value:{sign},.2f}"


def _due(value: float) -> str:
    days = abs(round(value))
    return f"{'overdue by' if value < 0 else 'due in'} {days:,} {'day' if days == 1 else 'days'}"


def _share(value: float) -> str:
    return f"{value:.1%}" if 0 < abs(value) < SMALL_SHARE else f"{value:.0%}"


def _plural(noun: str) -> str:
    if noun.endswith(SIBILANTS):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun != "day" else f"{noun}s"


WRITERS: dict[str, Callable[[Any], str]] = {
    "change": lambda value: _currency(value, "+") if value else "unchanged",
    "currency": _currency,
    "due": _due,
    "flag": lambda value: "yes" if value else "no",
    "number": _number,
    "share": _share,
    "text": str,
}
