"""Charts in one style and with colours that everybody can tell apart."""

from __future__ import annotations

import altair as alt
import pandas as pd
import streamlit as st

from segml.dashboard.look import heading, unit_of
from segml.reporting import words
from segml.reporting.drawing import BLUE, INK, MUTED, ORANGE, SKY, VERMILLION

GREEN, PURPLE = "#009E73", "#CC79A7"  # with the others: Okabe and Ito (2008)
SERIES = [BLUE, ORANGE, GREEN, VERMILLION, SKY, PURPLE]
ROW_HEIGHT, GRID_ROW, LABEL_WIDTH = 26, 24, 200  # pixels
AXIS_FORMATS = {
    "share": ".0%",
    "count": ",.0f",
    "amount": ",.0f",
    "precise": ",.3f",
    "mean": ",.1f",
}
LABEL_FORMATS = AXIS_FORMATS | {"share": ".1%"}
NAMES = alt.Axis(labelLimit=LABEL_WIDTH, labelOverlap=False, ticks=False)
ROWS = alt.Scale(type="point", padding=0.6)  # room above the first row and below the last
FORMATTERS = {
    "share": words.share,
    "count": words.count,
    "amount": words.amount,
    "precise": words.precise,
    "mean": words.decimal,
}


def bars(
    frame: pd.DataFrame,
    *,
    name: str,
    value: str,
    title: str,
    unit: str | None = None,
) -> None:
    """Draw horizontal bars in the order of the rows, each with its value at the end.

    Parameters
    ----------
    unit : str, optional
        As ``unit_of`` gives it; from the name of ``value`` when absent.
    """
    unit = unit or unit_of(value)
    shown = pd.DataFrame(
        {
            "name": frame[name].astype(str),
            "value": pd.to_numeric(frame[value]).astype(float),
            "label": [FORMATTERS[unit](number) for number in frame[value]],
        }
    )
    room = 1.3  # for the labels beyond the longest bar
    largest = shown["value"].max()
    domain = [min(0.0, shown["value"].min() * room), max(0.0, largest * room) or 1.0]
    base = alt.Chart(shown).encode(
        y=alt.Y(
            "name:N", sort=None, title=None, axis=alt.Axis(labelLimit=LABEL_WIDTH, ticks=False)
        ),
        x=alt.X("value:Q", axis=None, scale=alt.Scale(domain=domain, nice=False)),
        tooltip=[alt.Tooltip("name:N", title=heading(name)), alt.Tooltip("label:N", title=title)],
    )
    mark = base.mark_bar(color=BLUE, height={"band": 0.7})
    text = base.mark_text(align="left", dx=4, color=INK).encode(text="label:N")
    _show(mark + text, title, height=ROW_HEIGHT * len(shown) + 10)


def columns_over_time(
    frame: pd.DataFrame, *, day: str, value: str, title: str, unit: str | None = None
) -> None:
    """Draw a column per month."""
    unit = unit or unit_of(value)
    chart = (
        alt.Chart(_timed(frame, day, value))
        .mark_bar(color=BLUE, width={"band": 0.8})
        .encode(
            x=alt.X("yearmonth(day):O", title=None, axis=alt.Axis(format="%b %y", labelAngle=0)),
            y=alt.Y("value:Q", title=None, axis=alt.Axis(format=AXIS_FORMATS[unit], tickCount=5)),
            tooltip=[
                alt.Tooltip("day:T", title="Month", format="%B %Y"),
                alt.Tooltip("value:Q", title=title, format=LABEL_FORMATS[unit]),
            ],
        )
    )
    _show(chart, title, height=260)


def lines(
    frame: pd.DataFrame,
    *,
    day: str,
    value: str,
    series: str,
    title: str,
    unit: str | None = None,
) -> None:
    """Draw a line per series, told apart by colour and by the shape of its points."""
    unit = unit or unit_of(value)
    shown = _timed(frame, day, value).assign(series=frame[series].astype(str).to_numpy())
    names = list(dict.fromkeys(shown["series"]))
    legend = alt.Legend(title=None, orient="top", columns=3, labelLimit=LABEL_WIDTH)
    chart = (
        alt.Chart(shown)
        .mark_line(point=alt.OverlayMarkDef(size=45))
        .encode(
            x=alt.X("day:T", title=None, axis=alt.Axis(format="%b %y", tickCount=5, grid=False)),
            y=alt.Y("value:Q", title=None, axis=alt.Axis(format=AXIS_FORMATS[unit], tickCount=5)),
            color=alt.Color("series:N", scale=alt.Scale(domain=names, range=SERIES), legend=legend),
            shape=alt.Shape("series:N", scale=alt.Scale(domain=names), legend=legend),
            tooltip=[
                alt.Tooltip("series:N", title=heading(series)),
                alt.Tooltip("day:T", title="Day", format="%d %B %Y"),
                alt.Tooltip("value:Q", title=title, format=LABEL_FORMATS[unit]),
            ],
        )
    )
    _show(chart, title, height=300)


def intervals(frame: pd.DataFrame, *, name: str, value: str, title: str, unit: str) -> None:
    """Draw estimates with their 95 % intervals against zero, a row each.

    Parameters
    ----------
    frame : DataFrame
        ``name``, ``value``, ``ci_low``, ``ci_high`` and ``stands_out``: whether the row is marked.
    """
    shown = frame.assign(
        name=frame[name].astype(str), value=pd.to_numeric(frame[value]).astype(float)
    )
    axis = alt.Axis(format=AXIS_FORMATS[unit], tickCount=5)
    colour = alt.condition("datum.stands_out", alt.value(BLUE), alt.value(MUTED))
    base = alt.Chart(shown).encode(
        y=alt.Y("name:N", sort=None, title=None, axis=NAMES, scale=ROWS),
        color=colour,
        tooltip=[
            alt.Tooltip("name:N", title=heading(name)),
            alt.Tooltip("value:Q", title=title, format=LABEL_FORMATS[unit]),
            alt.Tooltip("ci_low:Q", title="95 % interval from", format=LABEL_FORMATS[unit]),
            alt.Tooltip("ci_high:Q", title="to", format=LABEL_FORMATS[unit]),
        ],
    )
    span = base.mark_rule(strokeWidth=2).encode(
        x=alt.X("ci_low:Q", title=None, axis=axis, scale=alt.Scale(zero=False, padding=10)),
        x2="ci_high:Q",
    )
    point = base.mark_point(filled=True, size=80).encode(x="value:Q")
    _show(span + point, title, height=ROW_HEIGHT * len(shown) + 50)


def heatmap(
    frame: pd.DataFrame, *, row: str, column: str, value: str, title: str, legend: str
) -> None:
    """Draw shares as a grid of shades from light to dark blue."""
    chart = (
        alt.Chart(frame)
        .mark_rect(stroke="white")
        .encode(
            x=alt.X(f"{column}:O", title=heading(column), axis=alt.Axis(labelAngle=0)),
            y=alt.Y(f"{row}:O", title=None, axis=alt.Axis(labelOverlap=False)),
            color=alt.Color(
                f"{value}:Q",
                scale=alt.Scale(range=["#EEF4F9", BLUE, "#00304D"]),
                legend=alt.Legend(title=legend, format=".0%", orient="top"),
            ),
            tooltip=[
                alt.Tooltip(f"{row}:O", title=heading(row)),
                alt.Tooltip(f"{column}:O", title=heading(column)),
                alt.Tooltip(f"{value}:Q", title=heading(value), format=".1%"),
            ],
        )
    )
    _show(chart, title, height=GRID_ROW * frame[row].nunique() + 110)


def _timed(frame: pd.DataFrame, day: str, value: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "day": pd.to_datetime(frame[day]),
            "value": pd.to_numeric(frame[value]).astype(float),
        }
    )


def _show(chart: alt.Chart | alt.LayerChart, title: str, *, height: int) -> None:
    st.markdown(f"**{title}**")
    st.altair_chart(chart.properties(height=height), width="stretch")
