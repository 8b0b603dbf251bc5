"""Profiles of one kind of segment, in the order in which a reader wants them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from segml.dataset import TIERS

if TYPE_CHECKING:
    from collections.abc import Hashable

NO_PERSONA = "No persona"  # of customers without a prediction
TIER_ORDER = {name: rank for rank, name in enumerate((*reversed(TIERS), "unscored"))}


@dataclass(frozen=True)
class Segments:
    """The profiles of a shop.

    Parameters
    ----------
    overall : Series
        All customers; ``is_suppressed`` for a shop that is too small to describe.
    rfm : DataFrame
        One row per RFM segment, highest net revenue first, suppressed ones last.
    tiers : DataFrame
        One row per value tier, high first; with ``expected_share`` like ``rfm``: the share of
        expected net revenue, NaN before any prediction.
    personas : DataFrame
        One row per persona, highest net revenue first; empty before any training.
    """

    overall: pd.Series
    rfm: pd.DataFrame
    tiers: pd.DataFrame
    personas: pd.DataFrame

    @property
    def is_describable(self) -> bool:
        """Tell whether there are enough customers to say anything."""
        return not bool(self.overall["is_suppressed"])

    @property
    def is_scored(self) -> bool:
        """Tell whether there are predictions to show."""
        return bool(self.tiers["expected_net_revenue"].notna().any())


def arrange_segments(profiles: pd.DataFrame) -> Segments:
    """Split the rows of ``marketing.segment_profiles`` by kind and order them."""
    kinds: dict[Hashable, pd.DataFrame] = dict(list(profiles.groupby("segment_type")))
    overall = kinds["all"].iloc[0]
    rfm = _by_revenue(kinds["rfm_segment"])
    personas = _by_revenue(kinds.get("persona", profiles.iloc[:0]))
    if personas["segment_name"].eq(NO_PERSONA).all():
        personas = personas.iloc[:0]
    ranks = kinds["value_tier"]["segment_name"].map(TIER_ORDER).fillna(len(TIER_ORDER))
    tiers = kinds["value_tier"].assign(rank=ranks).sort_values("rank", kind="stable")
    total = overall["expected_net_revenue"]
    return Segments(
        overall, *(_with_expected_share(rows, total) for rows in (rfm, tiers, personas))
    )


def _by_revenue(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sort_values(
        ["is_suppressed", "net_revenue", "customer_count"], ascending=[True, False, False]
    )


def published(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the segments that are large enough to show."""
    return rows[~rows["is_suppressed"].astype(bool)]


def _with_expected_share(rows: pd.DataFrame, total: float) -> pd.DataFrame:
    expected = rows["expected_net_revenue"].astype(float)
    return rows.assign(expected_share=expected / total if total > 0 else float("nan"))
