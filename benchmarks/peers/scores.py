"""One set of numbers for everybody, computed by segml's own, tested metrics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.metrics import log_loss

from segml.dataset import Examples
from segml.evaluation import Evaluator
from segml.metrics import ScoreOrder, normalised_gini, roc_auc

METRICS = {
    "log_loss": "log loss",
    "roc_auc_purchase": "AUC buys",
    "roc_auc_high": "AUC high",
    "macro_f1": "macro F1",
    "gini_revenue": "Gini",
    "log_loss_purchase": "log loss buys",
}


@dataclass(frozen=True)
class TierForecast:
    """Tier probabilities (n, 3) and expected net revenue (n,) of one model."""

    tier_probabilities: np.ndarray
    expected_net_revenue: np.ndarray

    @property
    def purchase_probability(self) -> np.ndarray:
        """P(at least one order in the horizon), shape (n,)."""
        return 1 - self.tier_probabilities[:, 0]


@dataclass(frozen=True)
class Ranking:
    """Scores of a model that has no tiers: expected purchases (or P) and revenue, (n,) each."""

    purchases: np.ndarray
    net_revenue: np.ndarray
    purchase_probability: np.ndarray | None = None


def score_tiers(forecast, outcomes: Examples) -> dict[str, float]:
    """Return every metric of a model with tier probabilities."""
    values = Evaluator(forecast, outcomes).metrics(np.ones((1, len(outcomes))))
    return {name: float(values[name][0]) for name in METRICS}


def score_ranking(ranking: Ranking, outcomes: Examples) -> dict[str, float]:
    """Return the metrics that need no tier probabilities; the others are absent."""
    ones = np.ones((1, len(outcomes)))
    tier, revenue = outcomes.value_tier, outcomes.net_revenue
    by_revenue = ScoreOrder(ranking.net_revenue)
    scores = {
        "roc_auc_purchase": roc_auc(ScoreOrder(ranking.purchases), (tier > 0) * 1.0, ones),
        "roc_auc_high": roc_auc(by_revenue, (tier == 2) * 1.0, ones),
        "gini_revenue": normalised_gini(by_revenue, ScoreOrder(revenue), revenue, ones),
    }
    plain = {name: float(value[0]) for name, value in scores.items()}
    if ranking.purchase_probability is not None:
        plain["log_loss_purchase"] = log_loss(tier > 0, ranking.purchase_probability)
    return plain
