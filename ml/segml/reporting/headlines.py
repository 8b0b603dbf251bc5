"""What a reader should know after ten seconds, computed from the marts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from segml.reporting import words
from segml.reporting.quality import KEPT
from segml.reporting.segments import published

if TYPE_CHECKING:
    from segml.reporting.data import Freshness
    from segml.reporting.segments import Segments
    from segml.reporting.verdict import Comparison

NOTABLE_DROP = 0.02  # of the shop's revenue; a smaller loss of share is no headline


@dataclass(frozen=True)
class Headline:
    """A number or a name, and what it means."""

    title: str
    value: str
    explanation: str


@dataclass(frozen=True)
class Horizon:
    """The time that predictions look ahead."""

    days: int
    threshold: float | None


def cards(segments: Segments, freshness: Freshness, horizon: Horizon | None) -> list[Headline]:
    """Return the four numbers at the top of the page."""
    if not segments.is_describable:
        return [Headline("Customers", "suppressed", "fewer than k customers")]
    overall = segments.overall
    scored = (
        f"{words.count(freshness.scored_count)} with a prediction"
        if segments.is_scored
        else f"known on {words.day(freshness.as_of_date)}"
    )
    found = [
        Headline("Customers", words.count(overall["customer_count"]), scored),
        Headline(
            "Net revenue so far",
            words.amount(overall["net_revenue"]),
            f"currency units, orders from {words.day(freshness.first_order_date)} "
            f"to {words.day(freshness.last_order_date)}",
        ),
    ]
    top = _top_tier(segments) if segments.is_scored else _top_segment(segments)
    if top is not None:
        kind = "tier" if segments.is_scored else "segment"
        found.append(
            Headline(
                f"Revenue share of {top['segment_name']} {kind}",
                words.share(top["net_revenue_share"]),
                f"of net revenue so far came from {words.share(top['customer_share'])} "
                "of customers",
            )
        )
    if horizon is not None and segments.is_scored:
        found.append(
            Headline(
                f"Expected in {horizon.days} days",
                words.amount(overall["expected_net_revenue"]),
                f"currency units from these customers, starting "
                f"{words.day(freshness.prediction_date)}",
            )
        )
    return found


def findings(
    segments: Segments,
    horizon: Horizon | None,
    comparison: Comparison | None,
    quality: pd.DataFrame,
) -> list[Headline]:
    """Return one sentence per thing worth knowing, strongest first."""
    candidates = [
        _describe_top_segment(segments),
        _describe_top_tier(segments, horizon),
        _describe_slipping(segments),
        _describe_consent(segments),
        _describe_model(comparison),
        _describe_quality(quality),
    ]
    return [finding for finding in candidates if finding is not None]


def _top_segment(segments: Segments) -> pd.Series | None:
    rows = published(segments.rfm).dropna(subset=["net_revenue_share"])
    return None if rows.empty else rows.iloc[0]


def _top_tier(segments: Segments) -> pd.Series | None:
    rows = published(segments.tiers)
    rows = rows[rows["segment_name"] == "high"]
    return None if rows.empty else rows.iloc[0]


def _describe_top_segment(segments: Segments) -> Headline | None:
    top = _top_segment(segments)
    if top is None:
        return None
    ahead = (
        ""
        if pd.isna(top["expected_share"])
        else f"; they hold {words.share(top['expected_share'])} of all expected revenue"
    )
    return Headline(
        "Top segment",
        str(top["segment_name"]),
        f"are {words.count(top['customer_count'])} customers "
        f"({words.share(top['customer_share'])}) who brought "
        f"{words.share(top['net_revenue_share'])} of net revenue so far{ahead}.",
    )


def _describe_top_tier(segments: Segments, horizon: Horizon | None) -> Headline | None:
    top = _top_tier(segments)
    if top is None or horizon is None:
        return None
    rule = (
        ""
        if horizon.threshold is None
        else f", most likely to bring {words.amount(horizon.threshold)} currency units or more "
        f"in {horizon.days} days,"
    )
    return Headline(
        "High value",
        f"{words.count(top['customer_count'])} customers",
        f"({words.share(top['customer_share'])}){rule} hold "
        f"{words.share(top['expected_share'])} of all expected revenue.",
    )


def _describe_slipping(segments: Segments) -> Headline | None:
    """Name the segment whose past revenue is most out of line with what is expected of it."""
    rows = published(segments.rfm).dropna(subset=["net_revenue_share", "expected_share"])
    drops = rows["net_revenue_share"] - rows["expected_share"]
    if drops.empty or drops.max() < NOTABLE_DROP:
        return None
    worst = rows.iloc[int(drops.to_numpy().argmax())]
    return Headline(
        "Slipping away",
        str(worst["segment_name"]),
        f"brought {words.share(worst['net_revenue_share'])} of net revenue so far but hold only "
        f"{words.share(worst['expected_share'])} of expected revenue: "
        f"{words.count(worst['customer_count'])} customers, "
        f"{words.count(worst['mean_recency_days'])} days since their last order on average.",
    )


def _describe_consent(segments: Segments) -> Headline | None:
    consent = segments.overall["consent_share"]
    if not segments.is_describable or pd.isna(consent):
        return None
    return Headline(
        "Reach",
        f"{words.share(consent)} of customers",
        "have agreed to be contacted; unknown counts as no.",
    )


def _describe_model(comparison: Comparison | None) -> Headline | None:
    if comparison is None:
        return None
    verb = "beats" if comparison.beats_baselines else "does not beat"
    label = words.model_label(comparison.champion)
    return Headline(
        "Model",
        f"The {label} {verb} the baselines",
        "on outcomes that it had not seen."
        if comparison.beats_baselines
        else "on the test, so treat its predictions with care.",
    )


def _describe_quality(quality: pd.DataFrame) -> Headline | None:
    if quality.empty:
        return None
    total = quality["row_count"].sum()
    aside = quality.loc[quality["outcome"] != KEPT, "row_count"].sum()
    return Headline(
        "Data",
        f"{words.count(aside)} of {words.count(total)} rows",
        f"({words.share(aside / total)}) were set aside, each with a reason.",
    )
