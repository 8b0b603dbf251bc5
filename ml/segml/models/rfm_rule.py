"""Baseline of marketing practice: everybody behaves like the average of the RFM segment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

from segml.dataset import TIERS, Predictions
from segml.errors import TrainingError
from segml.models.base import (
    LogitContributions,
    complete_probabilities,
    contributions_of_one,
)
from segml.models.preprocessing import UNKNOWN_CATEGORY
from segml.models.storage import load_json, save_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from segml.dataset import Examples

SEGMENT_FEATURE = "rfm_segment"
PRIOR_WEIGHT_CUSTOMERS = 20.0  # a segment this small counts half segment, half shop average
ELSEWHERE = ""  # the row for segments that training never saw


class RfmRuleModel:
    """Class shares and mean revenue per RFM segment, shrunk toward those of the shop."""

    name = "rfm_rule"

    def __init__(self, *, seed: int) -> None:
        self.seed = seed

    @staticmethod
    def is_available(columns: Iterable[str]) -> bool:
        """Tell whether there are segments to average over."""
        return SEGMENT_FEATURE in columns

    def fit(self, train: Examples) -> Self:
        """Count the outcomes of labelled examples per segment."""
        if not self.is_available(train.features.columns):
            raise TrainingError(
                f"The baseline rfm_rule needs the feature `{SEGMENT_FEATURE}`",
                "Choose another model",
            )
        tiers = range(len(TIERS))
        tier = pd.Series(train.value_tier).astype(int)
        segment = pd.Series(_segments(train), name="segment")
        counts = pd.crosstab(segment, tier).reindex(columns=tiers, fill_value=0)
        sums = pd.crosstab(segment, tier, train.net_revenue, aggfunc="sum")
        sums = sums.reindex(columns=tiers).fillna(0.0)
        shares = counts.sum() / len(train)
        means = sums.sum() / counts.sum().clip(lower=1)

        smoothed_counts = counts + PRIOR_WEIGHT_CUSTOMERS * shares
        smoothed_shares = smoothed_counts.div(smoothed_counts.sum(axis=1), axis=0)
        revenue = (sums + PRIOR_WEIGHT_CUSTOMERS * means) / (counts + PRIOR_WEIGHT_CUSTOMERS)
        self.shares_ = {ELSEWHERE: shares.tolist()} | smoothed_shares.T.to_dict("list")
        self.revenue_ = {ELSEWHERE: means.tolist()[1:]} | revenue[[1, 2]].T.to_dict("list")
        return self

    def predict(self, examples: Examples) -> Predictions:
        """Look up the segment of every example."""
        segments = [
            segment if segment in self.shares_ else ELSEWHERE for segment in _segments(examples)
        ]
        shares = np.array([self.shares_[segment] for segment in segments]).reshape(-1, len(TIERS))
        revenue = np.array([self.revenue_[segment] for segment in segments]).reshape(-1, 2)
        return Predictions(complete_probabilities(shares, range(len(TIERS))), revenue)

    def logit_contributions(self, examples: Examples, typical: Examples) -> LogitContributions:
        """Return all that the segment changes; no other feature is looked at."""
        return contributions_of_one(self, SEGMENT_FEATURE, examples, typical)

    def save(self, folder: Path) -> None:
        """Write the table of segments as JSON."""
        values = {"seed": self.seed, "shares": self.shares_, "revenue": self.revenue_}
        save_json(values, folder / "rfm_rule.json")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote."""
        values = load_json(folder / "rfm_rule.json")
        model = cls(seed=values["seed"])
        model.shares_, model.revenue_ = values["shares"], values["revenue"]
        return model


def _segments(examples: Examples) -> list[str]:
    """Return the segment of each row, whether or not other models may see it."""
    if SEGMENT_FEATURE not in examples.features:
        return [ELSEWHERE] * len(examples)
    values = examples.features[SEGMENT_FEATURE]
    segments: list[str] = values.where(values.notna(), UNKNOWN_CATEGORY).astype(str).tolist()
    return segments
