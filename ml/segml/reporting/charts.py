"""Charts of segments and predictions; None where there is nothing to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from segml.reporting import words
from segml.reporting.drawing import (
    BLUE,
    GREY,
    INK,
    MUTED,
    PALE,
    SKY,
    label_bars,
    percent,
    plain_bars_axis,
    render,
)
from segml.reporting.segments import published

if TYPE_CHECKING:
    import pandas as pd
    from markupsafe import Markup

    from segml.reporting.segments import Segments

ROW_HEIGHT = 21
NAME_LENGTH = 22
MIN_LABELLED_SHARE = 0.08  # a narrower piece of a bar has no room for its label
TIER_COLOURS = {"high": (BLUE, "white"), "mid": (SKY, INK), "low": ("#C3CCD5", INK)}
OTHER_TIER_COLOUR = (PALE, MUTED)


def segment_chart(segments: Segments) -> Markup | None:
    """Draw customers and share of net revenue per RFM segment."""
    rows = published(segments.rfm)
    if rows.empty:
        return None
    names = _names(rows["segment_name"])
    shares = rows["net_revenue_share"].astype(float)

    def draw(figure: Any) -> None:  # noqa: ANN401
        customers, revenue = figure.subplots(1, 2, sharey=True)
        places = range(len(rows))
        customers.barh(places, rows["customer_count"], color=GREY, height=0.72)
        customers.set_yticks(places, names)
        customers.invert_yaxis()
        revenue.barh(places, shares.fillna(0), color=BLUE, height=0.72)
        for axes, title in ((customers, "Customers"), (revenue, "Share of net revenue")):
            axes.set_title(title)
            plain_bars_axis(axes)
        revenue.tick_params(axis="y", labelleft=False)
        label_bars(customers, map(words.count, rows["customer_count"]))
        label_bars(revenue, map(words.share, shares), room=0.45)

    largest = rows.iloc[int(rows["customer_count"].to_numpy(dtype=float).argmax())]
    return render(
        draw,
        height=40 + ROW_HEIGHT * len(rows),
        description=f"Customers and share of net revenue for {len(rows)} RFM segments; the "
        f"largest is {largest['segment_name']} with {words.count(largest['customer_count'])} "
        "customers.",
    )


def tier_chart(segments: Segments) -> Markup | None:
    """Draw how customers, past and expected revenue divide into value tiers."""
    rows = published(segments.tiers)
    if not segments.is_scored or rows.empty:
        return None
    measures = {
        "Customers": rows["customer_share"],
        "Net revenue\nso far": rows["net_revenue_share"],
        "Expected\nnet revenue": rows["expected_share"],
    }

    def draw(figure: Any) -> None:  # noqa: ANN401
        axes = figure.subplots()
        for place, values in enumerate(measures.values()):
            start = 0.0
            for name, value in zip(rows["segment_name"], values.fillna(0).clip(0), strict=True):
                fill, ink = TIER_COLOURS.get(name, OTHER_TIER_COLOUR)
                axes.barh(place, value, left=start, height=0.62, color=fill, edgecolor="white",
                          label=name if place == 0 else None)  # fmt: skip
                if value >= MIN_LABELLED_SHARE:
                    label = percent(value, 0)
                    axes.text(start + value / 2, place, label, color=ink, ha="center", va="center")
                start += value
        axes.set_yticks(range(len(measures)), measures)
        axes.set_xlim(0, 1)
        axes.invert_yaxis()
        plain_bars_axis(axes)
        figure.legend(loc="outside upper left", ncols=len(rows), handlelength=1)

    parts = ", ".join(
        f"{row['segment_name']} {words.share(row['customer_share'])}"
        for row in rows.to_dict("records")
    )
    return render(draw, height=180, description=f"Customers by predicted value tier: {parts}.")


def outlook_chart(segments: Segments, horizon_days: int) -> Markup | None:
    """Draw expected net revenue per RFM segment, with the mean chance to buy."""
    rows = published(segments.rfm).dropna(subset=["expected_net_revenue"])
    if rows.empty:
        return None
    rows = rows.sort_values("expected_net_revenue", ascending=False)
    amounts = [words.amount(value) for value in rows["expected_net_revenue"]]
    chances = [percent(value, 0) for value in rows["mean_purchase_probability"]]
    best = rows["segment_name"].iloc[0]
    return bar_chart(
        _names(rows["segment_name"]),
        rows["expected_net_revenue"].tolist(),
        [f"{text} ({chance})" for text, chance in zip(amounts, chances, strict=True)],
        description=f"Expected net revenue per RFM segment in {horizon_days} days; the highest is "
        f"{best} with {amounts[0]}.",
    )


def probability_chart(bands: pd.DataFrame) -> Markup | None:
    """Draw how many customers have which chance to buy."""
    if bands.empty:
        return None
    counts = bands.set_index("band")["customer_count"].reindex(range(10), fill_value=0)

    def draw(figure: Any) -> None:  # noqa: ANN401
        axes = figure.subplots()
        bars = axes.bar(counts.index, counts, width=0.86, color=BLUE)
        axes.bar_label(bars, map(words.count, counts), padding=2, fontsize=9, color=INK)
        axes.set_xticks([edge - 0.5 for edge in range(0, 11, 2)], range(0, 101, 20))
        axes.set_xlabel("Predicted chance to buy, %")
        axes.yaxis.set_visible(False)
        axes.spines["left"].set_visible(False)
        axes.margins(x=0.01, y=0.1)

    likely = int(counts.iloc[5:].sum())
    return render(
        draw,
        height=250,
        description=f"Customers by predicted chance to buy; {likely:,} have a chance of at least "
        "one half.",
    )


def bar_chart(
    names: list[str],
    values: list[float],
    labels: list[str],
    *,
    description: str,
    colour: str = BLUE,
) -> Markup:
    """Draw one horizontal bar per name, with its label at its end."""

    def draw(figure: Any) -> None:  # noqa: ANN401
        axes = figure.subplots()
        axes.barh(range(len(names)), values, color=colour, height=0.72)
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        plain_bars_axis(axes)
        label_bars(axes, labels)

    return render(draw, height=20 + ROW_HEIGHT * len(names), description=description)


def _names(names: pd.Series) -> list[str]:
    return [words.shorten(str(name), NAME_LENGTH) for name in names]
