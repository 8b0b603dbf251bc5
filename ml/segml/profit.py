"""What contacting the most valuable customers would have earned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segml.curves import curve_points
from segml.metrics import ScoreOrder, captured, weighted_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segml.dataset import Examples, Predictions

    Array = NDArray[np.float64]

SHARES = np.linspace(0, 1, 101)


@dataclass(frozen=True, kw_only=True)
class Economics:
    """What a contact costs and what it brings.

    Parameters
    ----------
    contact_cost : float
        Currency per contacted customer.
    margin_share : float
        Contribution margin over net revenue, 0 to 1.
    contact_effect_share : float
        Part of a contacted customer's net revenue in the horizon that would not have come
        without the contact, 0 to 1. An assumption, until a control group has measured it.
    """

    contact_cost: float
    margin_share: float
    contact_effect_share: float

    @property
    def gain_per_revenue(self) -> float:
        """Margin that a contact adds, per currency unit of the customer's net revenue."""
        return self.margin_share * self.contact_effect_share

    @property
    def break_even_revenue(self) -> float:
        """Net revenue from which a contact pays; infinite when contacts add nothing."""
        return self.contact_cost / self.gain_per_revenue if self.gain_per_revenue else np.inf


class ProfitEvaluator:
    """Profit in currency per customer, when those with the highest expected revenue are contacted.

    Customers with the same expectation are taken in proportion, so row order never matters.
    """

    def __init__(self, predictions: Predictions, outcomes: Examples, economics: Economics) -> None:
        self.expected = predictions.expected_net_revenue
        self.revenue = outcomes.net_revenue
        self.economics = economics
        self.order = ScoreOrder(self.expected)
        self.pays = (self.expected > economics.break_even_revenue).astype(np.float64)
        self.threshold_of_share = np.quantile(self.expected, 1 - SHARES, method="lower")

    def profit_by_share(self, revenue: Array, weights: Array) -> Array:
        """Profit per customer after contacting each of ``SHARES`` from the top, (b, shares)."""
        reached = captured(self.order, revenue, weights, SHARES)
        gain = self.economics.gain_per_revenue * reached / weights.sum(axis=1, keepdims=True)
        profit: Array = gain - self.economics.contact_cost * SHARES
        return profit

    def metrics(self, weights: Array) -> dict[str, Array]:
        """Return every metric under each row of ``weights`` (b, n), as arrays of shape (b,).

        ``best_*`` looks at the outcome and is what a perfect choice of the share would have
        earned; ``break_even_*`` contacts whoever is expected to pay, without looking.
        """
        profit = self.profit_by_share(self.revenue, weights)
        best = profit.argmax(axis=1)
        gain = self.economics.gain_per_revenue * self.revenue - self.economics.contact_cost
        # contacting nobody has no last contacted customer
        threshold = np.where(best > 0, self.threshold_of_share[best], np.nan)
        return {
            "best_contact_share": SHARES[best],
            "best_contact_threshold": threshold,
            "best_profit_per_customer": profit.max(axis=1),
            "break_even_contact_share": weighted_mean(self.pays, weights),
            "break_even_profit_per_customer": weighted_mean(self.pays * gain, weights),
            "contact_all_profit_per_customer": weighted_mean(gain, weights),
        }

    def curves(self) -> pd.DataFrame:
        """Return the curves ``profit`` and ``profit_expected``.

        Returns
        -------
        DataFrame
            curve, position, x (share contacted), y (profit in currency per customer, realised or
            as predicted) and weight (customers contacted).
        """
        ones = np.ones((1, len(self.revenue)))
        contacted = SHARES * len(self.revenue)
        tables = [
            curve_points(name, SHARES, self.profit_by_share(revenue, ones)[0], contacted)
            for name, revenue in (("profit", self.revenue), ("profit_expected", self.expected))
        ]
        return pd.concat(tables, ignore_index=True)
