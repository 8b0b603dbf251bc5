"""Curves on two axes, as SVG with its text as text."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from segml.reporting.drawing import FAINT, GREY, INK, MUTED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# user units; a phone shows one at about nine tenths of a CSS pixel
WIDTH, HEIGHT = 400, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 376, 12, 244
TICKS = 4


@dataclass(frozen=True)
class Curve:
    """One line of a plot.

    Parameters
    ----------
    x, y : sequence of float
        Points in order.
    weights : sequence of float
        Customers behind the points; draws them as discs of that area.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: str
    weights: Sequence[float] = ()
    is_dashed: bool = False


@dataclass(frozen=True)
class Axis:
    """What an axis measures, from where to where, and how its ticks are written."""

    title: str
    low: float
    high: float
    write: Callable[[float], str]


def plot(curves: Sequence[Curve], x: Axis, y: Axis, *, description: str) -> Markup:
    """Draw curves with a grid, axis titles and a legend above."""
    legend = Markup("").join(
        Markup('<span><i class="{}" style="color:{}"></i>{}</span>').format(
            "dashed" if curve.is_dashed else "line", curve.colour, curve.name
        )
        for curve in reversed(curves)
        if curve.name
    )
    drawn = Markup("").join(_curve(curve, x, y) for curve in curves)
    return Markup(
        '<div class="chart plot"><span class="legend">{}</span>'
        '<svg role="img" aria-label="{}" viewBox="0 0 {} {}">{}{}{}</svg></div>'
    ).format(legend, description, WIDTH, HEIGHT, _grid(x, y), drawn, _titles(x, y))


def nice_limits(low: float, high: float) -> tuple[float, float]:
    """Return round limits around a range, with zero where it is near."""
    low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        return 0.0, 1.0
    step = (high - low) / TICKS
    scale = 10.0 ** math.floor(math.log10(step))
    step = scale * next(factor for factor in (1, 2, 2.5, 5, 10) if factor * scale >= step)
    return step * math.floor(low / step), step * math.ceil(high / step)


def text(x: float, y: float, words: str, anchor: str = "middle", colour: str = MUTED) -> Markup:
    """Return an SVG text."""
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}" fill="{}">{}</text>').format(
        x, y, anchor, colour, words
    )


def _place(value: float, axis: Axis, start: float, end: float) -> float:
    return start + (end - start) * (value - axis.low) / (axis.high - axis.low)


def _grid(x: Axis, y: Axis) -> Markup:
    parts = []
    for tick in range(TICKS + 1):
        fraction = tick / TICKS
        across = LEFT + fraction * (RIGHT - LEFT)
        up = BOTTOM + fraction * (TOP - BOTTOM)
        parts += [
            Markup('<path d="M{:.1f} {}V{}M{} {:.1f}H{}" stroke="{}"/>').format(
                across, TOP, BOTTOM, LEFT, up, RIGHT, FAINT
            ),
            text(across, BOTTOM + 18, x.write(x.low + fraction * (x.high - x.low))),
            text(LEFT - 7, up + 4, y.write(y.low + fraction * (y.high - y.low)), "end"),
        ]
    return Markup("").join(parts)


def _titles(x: Axis, y: Axis) -> Markup:
    middle = (TOP + BOTTOM) / 2
    upright = Markup(
        '<text transform="translate(11 {:.1f}) rotate(-90)" text-anchor="middle" fill="{}">{}'
        "</text>"
    ).format(middle, INK, y.title)
    return text((LEFT + RIGHT) / 2, BOTTOM + 42, x.title, colour=INK) + upright


def _curve(curve: Curve, x: Axis, y: Axis) -> Markup:
    points = [
        (_place(across, x, LEFT, RIGHT), _place(up, y, BOTTOM, TOP))
        for across, up in zip(curve.x, curve.y, strict=True)
    ]
    line = Markup('<polyline points="{}" fill="none" stroke="{}" stroke-width="{}"{}/>').format(
        " ".join(f"{across:.1f},{up:.1f}" for across, up in points),
        curve.colour,
        1.2 if curve.colour == GREY else 2.2,
        Markup(' stroke-dasharray="5 4"') if curve.is_dashed else "",
    )
    most = max(curve.weights, default=1.0)
    discs = (
        Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{:.1f}" fill="{}"/>').format(
            across, up, 2 + 4 * math.sqrt(weight / most), curve.colour
        )
        for (across, up), weight in zip(points, curve.weights, strict=False)
    )
    return line + Markup("").join(discs)
