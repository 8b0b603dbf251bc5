"""Charts of segments and predictions; None where there is nothing to draw."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from segml.reporting import words
from segml.reporting.drawing import BLUE, FAINT, GREY, INK, SKY, Bar, Piece, bars, columns, stacks
from segml.reporting.segments import published

if TYPE_CHECKING:
    from datetime import date

    from markupsafe import Markup

    from segml.reporting.language import Language
    from segml.reporting.segments import Segments

MIN_LABELLED_SHARE = 0.12  # a narrower piece of a bar has no room for its label
TIER_COLOURS = {"high": (BLUE, "#fff"), "mid": (SKY, INK), "low": ("#C3CCD5", INK)}
OTHER_TIER_COLOUR = (FAINT, INK)
SMALL_PANELS = 6
FEW_MONTHS, MOST_YEARS = 4, 4  # so few all have room for a label
SHOP_COLOURS, SEGMENT_COLOURS = (BLUE, SKY), (GREY, "#CBD2D9")  # a whole month, and one cut short


def segment_chart(say: Language, segments: Segments) -> Markup | None:
    """Draw customers and share of net revenue per RFM segment."""
    rows = published(segments.rfm)
    if rows.empty:
        return None
    largest = rows.iloc[int(rows["customer_count"].to_numpy(dtype=float).argmax())]
    return bars(
        [
            Bar(
                say.segment(row["segment_name"]),
                (row["customer_count"], row["net_revenue_share"]),
                (words.count(row["customer_count"]), words.share(row["net_revenue_share"])),
            )
            for row in rows.to_dict("records")
        ],
        titles=(say("term.customers"), say("term.net_revenue_share")),
        colours=(GREY, BLUE),
        description=say(
            "chart.segments",
            segments=len(rows),
            largest=say.segment(largest["segment_name"]),
            customers=words.count(largest["customer_count"]),
        ),
    )


def tier_chart(say: Language, segments: Segments) -> Markup | None:
    """Draw how customers, past and expected revenue divide into value tiers."""
    rows = published(segments.tiers)
    if not segments.is_scored or rows.empty:
        return None
    measures = {
        "term.customers": "customer_share",
        "term.net_revenue_so_far": "net_revenue_share",
        "term.expected_net_revenue": "expected_share",
    }
    parts = ", ".join(
        f"{say.segment(row['segment_name'])} {words.share(row['customer_share'])}"
        for row in rows.to_dict("records")
    )
    return stacks(
        [(say(title), _pieces(say, rows, measure)) for title, measure in measures.items()],
        description=say("chart.tiers", parts=parts),
    )


def _pieces(say: Language, rows: pd.DataFrame, measure: str) -> list[Piece]:
    return [
        Piece(
            say.segment(name),
            share,
            words.whole_share(share) if share >= MIN_LABELLED_SHARE else "",
            *TIER_COLOURS.get(name, OTHER_TIER_COLOUR),
        )
        for name, share in zip(
            rows["segment_name"], rows[measure].astype(float).fillna(0).clip(0), strict=True
        )
    ]


def outlook_chart(say: Language, segments: Segments, horizon_days: int) -> Markup | None:
    """Draw expected net revenue per RFM segment, with the mean chance to buy."""
    rows = published(segments.rfm).dropna(subset=["expected_net_revenue"])
    if rows.empty:
        return None
    rows = rows.sort_values("expected_net_revenue", ascending=False)
    best = rows.iloc[0]
    return bars(
        [
            Bar(
                say.segment(row["segment_name"]),
                (row["expected_net_revenue"], row["mean_purchase_probability"]),
                (
                    words.amount(row["expected_net_revenue"]),
                    words.whole_share(row["mean_purchase_probability"]),
                ),
            )
            for row in rows.to_dict("records")
        ],
        titles=(say("term.expected_net_revenue"), say("term.mean_chance")),
        colours=(BLUE, GREY),
        description=say(
            "chart.outlook",
            days=horizon_days,
            best=say.segment(best["segment_name"]),
            amount=words.amount(best["expected_net_revenue"]),
        ),
    )


def probability_chart(say: Language, bands: pd.DataFrame) -> Markup | None:
    """Draw how many customers have which chance to buy."""
    if bands.empty:
        return None
    counts = bands.set_index("band")["customer_count"].reindex(range(10), fill_value=0)
    return columns(
        counts.tolist(),
        [f"{10 * band}–{10 * band + 10}" for band in counts.index],
        labels=list(map(words.count, counts)),
        description=say("chart.probability", customers=words.count(counts.iloc[5:].sum())),
    )


def revenue_charts(
    say: Language, monthly: pd.DataFrame, segments: Segments, as_of_date: date
) -> list[tuple[str, str, Markup]]:
    """Return title, largest month and chart of the shop and of its strongest segments.

    The charts of segments share one scale. A month that ``as_of_date`` cuts short is drawn
    lighter.
    """
    if monthly.empty or not segments.is_describable:
        return []
    table = monthly.pivot_table(
        index="month_start_date", columns="rfm_segment", values="net_revenue", aggfunc="sum"
    ).fillna(0.0)
    table = table.loc[(table != 0).any(axis=1).cummax()]
    if table.empty:
        return []
    table = table.reindex(pd.date_range(table.index[0], table.index[-1], freq="MS"), fill_value=0.0)
    ranked = published(segments.rfm)["segment_name"]
    names = [name for name in ranked if name in table and table[name].any()][:SMALL_PANELS]
    whole = [month.end_time.date() < as_of_date for month in pd.PeriodIndex(table.index, freq="M")]
    shop = (say("segment.All customers"), table.sum(axis=1), SHOP_COLOURS, None)
    most = table[names].to_numpy().max(initial=1.0)
    panels = [(say.segment(name), table[name], SEGMENT_COLOURS, most) for name in names]
    return [
        (
            title,
            say(
                "chart.best_month",
                month=say.short_month(values.idxmax()),
                amount=words.amount(values.max()),
            ),
            columns(
                values.tolist(),
                _month_names(say, values.index),
                colours=[colours[0] if is_whole else colours[1] for is_whole in whole],
                top=top,
                description=say(
                    "chart.revenue",
                    name=title,
                    first=say.month(values.index[0]),
                    last=say.month(values.index[-1]),
                    best=say.month(values.idxmax()),
                    amount=words.amount(values.max()),
                ),
            ),
        )
        for title, values, colours, top in [shop, *panels]
    ]


def _month_names(say: Language, months: pd.DatetimeIndex) -> list[str]:
    """Name every month of few; of many the Januaries, by their years, as many as have room."""
    if len(months) <= FEW_MONTHS:
        return [say.short_month(month) for month in months]
    years = [month for month in months if month.month == 1]
    if not years:
        return [say.short_month(months[0]), *[""] * (len(months) - 1)]
    shown = years[:: math.ceil(len(years) / MOST_YEARS)]
    return [str(month.year) if month in shown else "" for month in months]
