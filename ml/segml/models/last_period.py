"""Baseline of habit: the customer does in the horizon what they did in the period before it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Self

import numpy as np

from segml.dataset import TIERS, Predictions
from segml.errors import TrainingError
from segml.models.base import LogitContributions, class_logits, complete_probabilities
from segml.models.storage import load_json, save_json

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from segml.dataset import Examples

ORDER_COUNT = re.compile(r"order_count_(\d+)d")
PRIOR_WEIGHT_CUSTOMERS = 20.0  # a last tier this rare counts half itself, half shop average
BUYING_TIERS = (1, 2)


class LastPeriodModel:
    """Tier of the preceding period, with probabilities counted on outcomes.

    The period is the feature window nearest to the horizon. Each customer gets a last tier from
    its orders and net revenue; how often a last tier is followed by each tier is counted, shrunk
    toward the shop. Revenue given a tier is the mean of those who came from the same last tier.
    """

    name = "last_period"

    def __init__(self, *, seed: int) -> None:
        self.seed = seed

    @staticmethod
    def is_available(columns: Iterable[str]) -> bool:
        """Tell whether there is a window to look back on."""
        return bool(_windows(columns))

    def fit(self, train: Examples) -> Self:
        """Count what followed each last tier."""
        windows = _windows(train.features.columns)
        if not windows or not train.has_value_tiers:
            raise TrainingError(
                "The baseline last_period needs value tiers and features such as "
                "`order_count_90d` and `net_revenue_90d`",
                "Choose another model",
            )
        horizon_days = train.horizon_days or max(windows)
        self.period_days_ = min(windows, key=lambda days: (abs(days - horizon_days), days))
        tier, revenue = train.value_tier, train.net_revenue
        high = tier == TIERS.index("high")
        self.threshold_ = float(revenue[high].min()) if high.any() else np.inf
        last = self._last_tier(train)

        counts = np.zeros((len(TIERS), len(TIERS)))
        np.add.at(counts, (last, tier), 1)
        shop = counts.sum(axis=0) / len(train)
        smoothed = counts + PRIOR_WEIGHT_CUSTOMERS * shop
        self.shares_: list[list[float]] = (smoothed / smoothed.sum(axis=1, keepdims=True)).tolist()
        sums = np.zeros((len(TIERS), len(TIERS)))
        np.add.at(sums, (last, tier), revenue)
        means = sums.sum(axis=0) / np.maximum(counts.sum(axis=0), 1)
        shrunk = (sums + PRIOR_WEIGHT_CUSTOMERS * means) / (counts + PRIOR_WEIGHT_CUSTOMERS)
        self.revenue_: list[list[float]] = shrunk[:, BUYING_TIERS].tolist()
        return self

    def predict(self, examples: Examples) -> Predictions:
        """Look up what usually follows the last tier of every example."""
        last = self._last_tier(examples)
        shares = complete_probabilities(np.array(self.shares_)[last], range(len(TIERS)))
        return Predictions(shares, np.array(self.revenue_)[last])

    def logit_contributions(
        self, examples: Examples, typical: Examples
    ) -> LogitContributions | None:
        """Return exact Shapley values of orders and revenue, the two columns looked at.

        ``None`` where either is hidden from reasons.
        """
        names = self._columns()
        if not set(names) <= set(examples.schema.names):
            return None
        logits = class_logits(complete_probabilities(np.array(self.shares_), range(len(TIERS))))
        orders, revenue = (examples.features[name].to_numpy(np.float64) for name in names)
        usual_orders, usual_revenue = (
            typical.features[name].to_numpy(np.float64) for name in names
        )
        both = logits[self._tier_of(orders, revenue)]
        only_orders = logits[self._tier_of(orders, usual_revenue)]
        only_revenue = logits[self._tier_of(usual_orders, revenue)]
        neither = logits[self._tier_of(usual_orders, usual_revenue)]
        contributions = np.zeros((len(examples), len(examples.schema.names), len(TIERS) - 1))
        for name, alone, rest in zip(
            names, (only_orders, only_revenue), (only_revenue, only_orders), strict=True
        ):
            change = (alone - neither + both - rest) / 2
            contributions[:, examples.schema.names.index(name)] = change
        return LogitContributions(contributions, neither[0])

    def _last_tier(self, examples: Examples) -> NDArray[np.int_]:
        """Return the tier of the preceding period, index into ``TIERS``."""
        orders, revenue = (
            examples.features[name].to_numpy(dtype=np.float64) for name in self._columns()
        )
        return self._tier_of(orders, revenue)

    def _columns(self) -> tuple[str, str]:
        days = self.period_days_
        return f"order_count_{days}d", f"net_revenue_{days}d"

    def _tier_of(
        self, orders: NDArray[np.float64], revenue: NDArray[np.float64]
    ) -> NDArray[np.int_]:
        return np.where(orders > 0, np.where(revenue >= self.threshold_, 2, 1), 0)

    def save(self, folder: Path) -> None:
        """Write the period, the threshold and the table of last tiers as JSON."""
        values = {
            "seed": self.seed,
            "period_days": self.period_days_,
            # JSON has no infinity
            "threshold": self.threshold_ if np.isfinite(self.threshold_) else None,
            "shares": self.shares_,
            "revenue": self.revenue_,
        }
        save_json(values, folder / "last_period.json")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote."""
        values = load_json(folder / "last_period.json")
        model = cls(seed=values["seed"])
        model.period_days_ = values["period_days"]
        model.threshold_ = np.inf if values["threshold"] is None else values["threshold"]
        model.shares_, model.revenue_ = values["shares"], values["revenue"]
        return model


def _windows(columns: Iterable[str]) -> list[int]:
    """Return the lengths in days of the windows with both orders and net revenue."""
    names = set(columns)
    matches = (ORDER_COUNT.fullmatch(name) for name in names)
    days = (int(match[1]) for match in matches if match)
    return sorted(number for number in days if f"net_revenue_{number}d" in names)
