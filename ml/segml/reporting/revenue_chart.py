"""Revenue by month: the whole shop large, the strongest segments small and on one scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from segml.reporting import words
from segml.reporting.drawing import BLUE, GREY, INK, NARROW, SKY, WIDE, render, thousands
from segml.reporting.segments import published

if TYPE_CHECKING:
    from datetime import date

    from markupsafe import Markup

    from segml.reporting.segments import Segments

SMALL_PANELS = 6
TITLE_LENGTH = 20
FEW_MONTHS = 4  # so few all have room for a label


def revenue_charts(
    monthly: pd.DataFrame, segments: Segments, as_of_date: date
) -> dict[str, Markup]:
    """Return the chart for a wide and for a narrow screen; empty without revenue.

    A month that ``as_of_date`` cuts short is drawn lighter.
    """
    if monthly.empty or not segments.is_describable:
        return {}
    table = monthly.pivot_table(
        index="month_start_date", columns="rfm_segment", values="net_revenue", aggfunc="sum"
    ).fillna(0.0)
    table = table.loc[(table != 0).any(axis=1).cummax()]
    if table.empty:
        return {}
    table = table.reindex(pd.date_range(table.index[0], table.index[-1], freq="MS"), fill_value=0.0)
    ranked = published(segments.rfm)["segment_name"]
    names = [name for name in ranked if name in table and table[name].any()][:SMALL_PANELS]
    total = table.sum(axis=1)
    whole_months = [
        month.end_time.date() < as_of_date for month in pd.PeriodIndex(total.index, freq="M")
    ]
    description = (
        f"Net revenue by month from {total.index[0]:%B %Y} to {total.index[-1]:%B %Y}; the best "
        f"month is {total.idxmax():%B %Y} with {words.amount(total.max())}."
    )

    def draw_wide(figure: Any) -> None:  # noqa: ANN401
        left, right = figure.subfigures(1, 2, width_ratios=[1.05, 1.6])
        _draw_total(left.subplots(), total, whole_months)
        _draw_small(right, table[names], whole_months, columns=3)

    def draw_narrow(figure: Any) -> None:  # noqa: ANN401
        top, bottom = figure.subfigures(2, 1, height_ratios=[1, 0.55 * _panel_rows(names, 2)])
        _draw_total(top.subplots(), total, whole_months)
        _draw_small(bottom, table[names], whole_months, columns=2)

    return {
        "wide": render(draw_wide, description=description, width=WIDE, height=290),
        "narrow": render(
            draw_narrow,
            description=description,
            width=NARROW,
            height=200 * (1 + 0.55 * _panel_rows(names, 2)),
        ),
    }


def _panel_rows(names: list[str], columns: int) -> int:
    return max(1, -(-len(names) // columns))


def _draw_total(axes: Any, total: pd.Series, whole_months: list[bool]) -> None:  # noqa: ANN401
    _draw_months(axes, total, whole_months, colours=(BLUE, SKY))
    axes.set_title("All customers", color=INK, fontweight="bold")
    axes.grid(visible=True, axis="y")
    axes.spines["left"].set_visible(False)


def _draw_small(
    figure: Any,  # noqa: ANN401
    table: pd.DataFrame,
    whole_months: list[bool],
    *,
    columns: int,
) -> None:
    names = [str(name) for name in table]
    grid = figure.subplots(
        _panel_rows(names, columns), columns, sharex=True, sharey=True, squeeze=False
    )
    for axes in grid.flat[len(names) :]:
        axes.set_visible(False)
    for axes, name in zip(grid.flat, names, strict=False):
        _draw_months(axes, table[name], whole_months, colours=(GREY, "#CBD2D9"))
        axes.set_title(words.shorten(name, TITLE_LENGTH), color=INK)
        axes.grid(visible=True, axis="y")
        axes.spines["left"].set_visible(False)


def _draw_months(
    axes: Any,  # noqa: ANN401
    values: pd.Series,
    whole_months: list[bool],
    *,
    colours: tuple[str, str],
) -> None:
    colour_of_bar = [colours[0] if whole else colours[1] for whole in whole_months]
    axes.bar(range(len(values)), values, width=0.8, color=colour_of_bar)
    years = [
        (place, f"{month:%b}\n{month.year}")
        for place, month in enumerate(values.index)
        if place == 0 or month.month == 1 or len(values) <= FEW_MONTHS
    ]
    axes.set_xticks([place for place, _ in years], [label for _, label in years])
    axes.yaxis.set_major_formatter(thousands)
    axes.locator_params(axis="y", nbins=4)
