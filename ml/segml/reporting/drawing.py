"""Charts as HTML and SVG that hold their text as text: any script, any width, no fonts needed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Okabe and Ito (2008): told apart with every kind of colour vision
BLUE, SKY, ORANGE, VERMILLION = "#0072B2", "#56B4E9", "#E69F00", "#D55E00"
GREEN, PURPLE, YELLOW = "#009E73", "#CC79A7", "#F0E442"
INK, MUTED, FAINT, PALE = "#1F2933", "#5B6770", "#D5DBE1", "#E9EDF1"
GREY = "#9AA5B1"


@dataclass(frozen=True)
class Bar:
    """A name with one bar per measure.

    Parameters
    ----------
    values : tuple of float
        Lengths in any unit; a missing or negative one is drawn as none.
    labels : tuple of str
        Texts at the ends of the bars.
    """

    name: str
    values: tuple[float, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Piece:
    """A part of a whole, with its share from 0 to 1."""

    name: str
    share: float
    label: str
    colour: str
    ink: str


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval; ``low`` and ``high`` are NaN where it was not estimated."""

    name: str
    value: float
    low: float
    high: float
    label: str
    is_strong: bool = False


def bars(
    rows: Sequence[Bar],
    *,
    description: str,
    titles: Sequence[str] = (),
    colours: Sequence[str] = (BLUE,),
) -> Markup:
    """Draw one line of horizontal bars per name; every measure has a scale of its own."""
    longest = [max(0.0, *(_length(row.values[at]) for row in rows)) for at in range(len(colours))]
    lines = [_titles(titles)] if titles else []
    lines += [
        Markup('<span class="name">{}</span>{}').format(
            row.name,
            Markup("").join(
                Markup(
                    '<span class="track"><i style="--size:{:.4f};background:{}"></i>{}</span>'
                ).format(_length(value) / (most or 1), colour, label)
                for value, label, colour, most in zip(
                    row.values, row.labels, colours, longest, strict=True
                )
            ),
        )
        for row in rows
    ]
    return _chart(f"bars measures-{len(colours)}", description, lines)


def stacks(rows: Sequence[tuple[str, Sequence[Piece]]], *, description: str) -> Markup:
    """Draw one bar of parts per name, with a legend above."""
    legend = Markup("").join(
        Markup('<span><i style="background:{}"></i>{}</span>').format(piece.colour, piece.name)
        for piece in rows[0][1]
    )
    lines = [Markup('<span class="legend">{}</span>').format(legend)]
    lines += [
        Markup('<span class="name">{}</span><span class="stack">{}</span>').format(
            name,
            Markup("").join(
                Markup('<b style="width:{:.2f}%;background:{};color:{}" title="{}">{}</b>').format(
                    100 * piece.share, piece.colour, piece.ink, piece.name, piece.label
                )
                for piece in pieces
            ),
        )
        for name, pieces in rows
    ]
    return _chart("stacks", description, lines)


def intervals(
    rows: Sequence[Interval], *, description: str, reference: float | None = None
) -> Markup:
    """Draw a point with its interval per name, and a line at ``reference``."""
    edges = [
        edge for row in rows for edge in (row.value, row.low, row.high) if not math.isnan(edge)
    ]
    edges += [] if reference is None else [reference]
    start, width = min(edges), (max(edges) - min(edges)) or 1.0

    def place(value: float) -> float:
        return 100 * (value - start) / width

    line = (
        Markup("")
        if reference is None
        else Markup('<u style="left:{:.2f}%"></u>').format(place(reference))
    )
    lines = []
    for row in rows:
        low, high = (row.value if math.isnan(edge) else edge for edge in (row.low, row.high))
        lines.append(
            Markup(
                '<span class="name">{}</span><span class="range{}">{}'
                '<i style="left:{:.2f}%;width:{:.2f}%"></i><b style="left:{:.2f}%"></b></span>'
                '<span class="value">{}</span>'
            ).format(
                row.name,
                " strong" if row.is_strong else "",
                line,
                place(low),
                place(high) - place(low),
                place(row.value),
                row.label,
            )
        )
    return _chart("intervals", description, lines)


def columns(
    heights: Sequence[float],
    names: Sequence[str],
    *,
    description: str,
    labels: Sequence[str] = (),
    colours: Sequence[str] = (),
    top: float | None = None,
) -> Markup:
    """Draw vertical bars on a common ground; an empty name leaves the place below its bar free.

    Parameters
    ----------
    top : float, optional
        Value at the full height, so that several charts share one scale.
    """
    most = top or max(map(_length, heights)) or 1.0
    lines = [
        Markup(
            '<span><em>{}</em><i style="height:{:.2f}%;background:{}"></i><small>{}</small></span>'
        ).format(
            labels[at] if labels else "",
            100 * _length(height) / most,
            colours[at] if colours else BLUE,
            name,
        )
        for at, (height, name) in enumerate(zip(heights, names, strict=True))
    ]
    return _chart("columns labelled" if labels else "columns", description, lines)


def _titles(titles: Sequence[str]) -> Markup:
    cells = Markup("").join(Markup('<span class="title">{}</span>').format(x) for x in titles)
    return Markup("<span></span>") + cells


def _length(value: float) -> float:
    return 0.0 if math.isnan(value) else max(0.0, value)


def _chart(kind: str, description: str, lines: Iterable[Markup]) -> Markup:
    return Markup('<div class="chart {}" role="group" aria-label="{}">{}</div>').format(
        kind, description, Markup("\n").join(lines)
    )
