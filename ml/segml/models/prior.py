"""Baseline without features: everybody is the average customer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from segml.dataset import Predictions
from segml.models.base import LogitContributions, class_logits, complete_probabilities
from segml.models.storage import load_json, save_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from segml.dataset import Examples


class PriorModel:
    """Class shares and the mean revenue of each class."""

    name = "prior"

    def __init__(self, *, seed: int) -> None:
        self.seed = seed

    @staticmethod
    def is_available(columns: Iterable[str]) -> bool:  # noqa: ARG004  (as other baselines)
        """Tell whether the baseline applies: always."""
        return True

    def fit(self, train: Examples) -> Self:
        """Count the outcomes of labelled examples."""
        tier, classes = train.value_tier, len(train.class_names)
        counts = np.bincount(tier, minlength=classes)
        sums = np.bincount(tier, weights=np.nan_to_num(train.net_revenue), minlength=classes)
        self.shares_: list[float] = (counts / counts.sum()).tolist()
        self.revenue_: list[float] = (sums / np.maximum(counts, 1))[1:].tolist()
        return self

    def predict(self, examples: Examples) -> Predictions:
        """Return the same prediction for every example."""
        rows = (len(examples), 1)
        classes = len(self.shares_)
        shares = complete_probabilities(np.tile(self.shares_, rows), range(classes), classes)
        return Predictions(shares, np.tile(self.revenue_, rows))

    def logit_contributions(self, examples: Examples, typical: Examples) -> LogitContributions:
        """Return nothing but zeros: no feature moves anybody."""
        reference = class_logits(self.predict(typical).tier_probabilities)[0]
        shape = (len(examples), len(examples.schema.names), len(reference))
        return LogitContributions(np.zeros(shape), reference)

    def save(self, folder: Path) -> None:
        """Write the two averages as JSON."""
        values = {"seed": self.seed, "shares": self.shares_, "revenue": self.revenue_}
        save_json(values, folder / "prior.json")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote."""
        values = load_json(folder / "prior.json")
        model = cls(seed=values["seed"])
        model.shares_, model.revenue_ = values["shares"], values["revenue"]
        return model
