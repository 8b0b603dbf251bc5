"""One quiet style for every chart, and SVG that a page can hold."""

from __future__ import annotations

import io
import re
import warnings
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Okabe and Ito (2008): told apart with every kind of colour vision
BLUE, SKY, ORANGE, VERMILLION = "#0072B2", "#56B4E9", "#E69F00", "#D55E00"
INK, MUTED, FAINT, PALE = "#1F2933", "#5B6770", "#D5DBE1", "#E9EDF1"
GREY = "#9AA5B1"

POINTS_PER_INCH = 72
NARROW, WIDE = 400, 900  # chart widths in points; a phone shows a narrow one at 9/10 of its size

STYLE = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # a segment may be called $x$
    "font.family": ["DejaVu Sans"],
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.titlecolor": MUTED,
    "axes.labelsize": 11,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": False,
    "grid.color": PALE,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 10,
    "ytick.labelsize": 10,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "legend.frameon": False,
    "legend.fontsize": 10,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}
NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))
ROOT_TAG = re.compile(r"<svg[^>]*>")
STYLE_TAG = re.compile(r"<defs>\s*<style.*?</style>\s*</defs>", re.DOTALL)
IDENTIFIER = re.compile(r' id="([^"]+)"')
REFERENCE = re.compile(r"(?:href=\"|url\()#([^\")]+)")


def render(
    draw: Callable[[Any], None], *, description: str, height: float, width: float = NARROW
) -> Markup:
    """Draw a figure and return it as an SVG element that scales with its container.

    Parameters
    ----------
    draw : callable
        Receives the empty matplotlib figure.
    description : str
        What the chart says, for those who do not see it.
    height, width : float
        Size in points, which gives the aspect ratio and the relative size of the text.
    """
    drawing = io.StringIO()
    # the same chart always gets the same ids, and two charts never share one
    identity = {"svg.hashsalt": f"{description} {width} × {height}"}
    with mpl.rc_context(STYLE | identity), warnings.catch_warnings():
        # the browser, not matplotlib, draws the text, and it has more fonts
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure(
            figsize=(width / POINTS_PER_INCH, height / POINTS_PER_INCH),
            layout=ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02),
        )
        draw(figure)
        figure.savefig(drawing, format="svg", metadata=NO_METADATA)
    content = ROOT_TAG.split(STYLE_TAG.sub("", drawing.getvalue()), maxsplit=1)[1]
    opening = Markup('<svg role="img" aria-label="{}" viewBox="0 0 {:g} {:g}">').format(
        description, width, height
    )
    return opening + Markup(_without_unused_ids(content))  # matplotlib has escaped its text


def _without_unused_ids(svg: str) -> str:
    """Drop ids that nothing refers to: they would repeat from chart to chart."""
    used = set(REFERENCE.findall(svg))
    return IDENTIFIER.sub(lambda found: found[0] if found[1] in used else "", svg)


def label_bars(axes: Any, labels: Iterable[str], *, room: float = 0.32) -> None:  # noqa: ANN401
    """Write a value at the end of every horizontal bar, and leave ``room`` for it."""
    axes.bar_label(axes.containers[0], labels=list(labels), padding=4, color=INK, fontsize=10)
    longest = max((patch.get_width() for patch in axes.patches), default=0)
    axes.set_xlim(min(0, *axes.get_xlim()), (longest or 1) * (1 + room))


def plain_bars_axis(axes: Any) -> None:  # noqa: ANN401
    """Leave only the names: values stand beside the bars."""
    axes.xaxis.set_visible(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(axis="y", labelcolor=INK, pad=4)


def thousands(value: float, _: int) -> str:
    """Return a tick label with separators."""
    return f"{value:,.0f}"


def percent(value: float, _: int) -> str:
    """Return a tick label of a fraction."""
    return f"{value:.0%}".replace("%", "\N{NO-BREAK SPACE}%")
