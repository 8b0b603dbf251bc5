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
    from segml.reporting.language import Language
    from segml.reporting.segments import Segments
    from segml.reporting.verdict import Comparison

NOTABLE_DROP = 0.02  # of the shop's revenue; a smaller loss of share is no headline
SLIPPING_SHARE = 0.5  # of a segment's past share of revenue; one that brings more still buys


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


def cards(
    say: Language, segments: Segments, freshness: Freshness, horizon: Horizon | None
) -> list[Headline]:
    """Return the four numbers at the top of the page."""
    if not segments.is_describable:
        return [Headline(say("term.customers"), say("card.suppressed"), say("card.fewer_than_k"))]
    overall = segments.overall
    found = [
        Headline(
            say("term.customers"),
            words.count(overall["customer_count"]),
            say("card.scored", count=words.count(freshness.scored_count))
            if segments.is_scored
            else say("card.known", day=say.day(freshness.as_of_date)),
        ),
        Headline(
            say("term.net_revenue_so_far"),
            words.amount(overall["net_revenue"]),
            say(
                "card.order_days",
                first=say.day(freshness.first_order_date),
                last=say.day(freshness.last_order_date),
            ),
        ),
    ]
    top = _top_tier(segments) if segments.is_scored else _top_segment(segments)
    if top is not None:
        found.append(
            Headline(
                say(
                    "card.tier_share" if segments.is_scored else "card.segment_share",
                    name=say.segment(top["segment_name"]),
                ),
                words.share(top["net_revenue_share"]),
                say("card.from_customers", share=words.share(top["customer_share"])),
            )
        )
    if horizon is not None and segments.is_scored:
        found.append(
            Headline(
                say("card.expected", days=horizon.days),
                words.amount(overall["expected_net_revenue"]),
                say("card.starting", day=say.day(freshness.prediction_date)),
            )
        )
    return found


def findings(
    say: Language,
    segments: Segments,
    horizon: Horizon | None,
    comparison: Comparison | None,
    quality: pd.DataFrame,
) -> list[Headline]:
    """Return one sentence per thing worth knowing, strongest first."""
    candidates = [
        _describe_top_segment(say, segments),
        _describe_top_tier(say, segments, horizon),
        _describe_slipping(say, segments),
        _describe_consent(say, segments),
        _describe_model(say, comparison),
        _describe_quality(say, quality),
    ]
    return [finding for finding in candidates if finding is not None]


def _top_segment(segments: Segments) -> pd.Series | None:
    rows = published(segments.rfm).dropna(subset=["net_revenue_share"])
    return None if rows.empty else rows.iloc[0]


def _top_tier(segments: Segments) -> pd.Series | None:
    rows = published(segments.tiers)
    rows = rows[rows["segment_name"] == "high"]
    return None if rows.empty else rows.iloc[0]


def _describe_top_segment(say: Language, segments: Segments) -> Headline | None:
    top = _top_segment(segments)
    if top is None:
        return None
    is_scored = not pd.isna(top["expected_share"])
    return Headline(
        say("finding.top_segment"),
        say.segment(top["segment_name"]),
        say(
            "finding.top_segment_ahead" if is_scored else "finding.top_segment_so_far",
            count=words.count(top["customer_count"]),
            share=words.share(top["customer_share"]),
            revenue=words.share(top["net_revenue_share"]),
            expected=words.share(top["expected_share"]),
        ),
    )


def _describe_top_tier(
    say: Language, segments: Segments, horizon: Horizon | None
) -> Headline | None:
    top = _top_tier(segments)
    if top is None or horizon is None:
        return None
    return Headline(
        say("finding.high_value"),
        say("finding.customers", count=words.count(top["customer_count"])),
        say(
            "finding.high_value_share" if horizon.threshold is None else "finding.high_value_rule",
            share=words.share(top["customer_share"]),
            threshold=words.amount(horizon.threshold),
            days=horizon.days,
            expected=words.share(top["expected_share"]),
        ),
    )


def _describe_slipping(say: Language, segments: Segments) -> Headline | None:
    """Name the segment whose past revenue is most out of line with what is expected of it."""
    rows = published(segments.rfm).dropna(subset=["net_revenue_share", "expected_share"])
    rows = rows[rows["expected_share"] < SLIPPING_SHARE * rows["net_revenue_share"]]
    drops = rows["net_revenue_share"] - rows["expected_share"]
    if drops.empty or drops.max() < NOTABLE_DROP:
        return None
    worst = rows.iloc[int(drops.to_numpy().argmax())]
    return Headline(
        say("finding.slipping"),
        say.segment(worst["segment_name"]),
        say(
            "finding.slipping_revenue",
            revenue=words.share(worst["net_revenue_share"]),
            expected=words.share(worst["expected_share"]),
            count=words.count(worst["customer_count"]),
            days=words.count(worst["mean_recency_days"]),
        ),
    )


def _describe_consent(say: Language, segments: Segments) -> Headline | None:
    consent = segments.overall["consent_share"]
    if not segments.is_describable or pd.isna(consent):
        return None
    if consent == 0:
        return Headline(say("finding.reach"), say("finding.nobody"), say("finding.no_consent"))
    return Headline(
        say("finding.reach"),
        say("finding.share_of_customers", share=words.share(consent)),
        say("finding.consent"),
    )


def _describe_model(say: Language, comparison: Comparison | None) -> Headline | None:
    if comparison is None:
        return None
    kind = "better" if comparison.beats_baselines else "not_better"
    return Headline(
        say("finding.model"),
        say(f"finding.model_{kind}", model=say.model(comparison.champion)),
        say(f"finding.model_{kind}_why"),
    )


def _describe_quality(say: Language, quality: pd.DataFrame) -> Headline | None:
    if quality.empty:
        return None
    total = quality["row_count"].sum()
    aside = quality.loc[quality["outcome"] != KEPT, "row_count"].sum()
    return Headline(
        say("finding.data"),
        say("finding.rows_aside", aside=words.count(aside), total=words.count(total)),
        say("finding.rows_aside_share", share=words.share(aside / total)),
    )
