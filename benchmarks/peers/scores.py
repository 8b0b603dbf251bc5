"""One set of numbers for everybody, computed by segml's own, tested metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from segml.bootstrap import Measurement, measure
from segml.dataset import Examples, Predictions
from segml.evaluation import Evaluator
from segml.metrics import ScoreOrder, normalised_gini, roc_auc, weighted_mean

if TYPE_CHECKING:
    from segml.bootstrap import Metrics

METRICS = {
    "log_loss": "log loss",
    "roc_auc_purchase": "AUC buys",
    "roc_auc_high": "AUC high",
    "macro_f1": "macro F1",
    "gini_revenue": "Gini",
    "log_loss_purchase": "log loss buys",
}
RESAMPLES = 1_000  # of the test customers, the same for everybody
RESAMPLING_SEED = 0
TINY = 1e-15  # least probability that a loss is taken of


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


def score_tiers(forecast: Predictions | TierForecast, outcomes: Examples) -> Measurement:
    """Return every metric of a model with tier probabilities."""
    metrics = Evaluator(cast("Predictions", forecast), outcomes).metrics  # asks for nothing more
    return _measured(lambda weights: {name: metrics(weights)[name] for name in METRICS}, outcomes)


def score_ranking(ranking: Ranking, outcomes: Examples) -> Measurement:
    """Return the metrics that need no tier probabilities; the others are absent."""
    tier, revenue = outcomes.value_tier, outcomes.net_revenue
    buys, is_high = (tier > 0).astype(np.float64), (tier == 2).astype(np.float64)
    by_purchases, by_revenue = ScoreOrder(ranking.purchases), ScoreOrder(ranking.net_revenue)
    perfect = ScoreOrder(revenue)

    def metrics(weights: np.ndarray) -> dict[str, np.ndarray]:
        scores = {
            "roc_auc_purchase": roc_auc(by_purchases, buys, weights),
            "roc_auc_high": roc_auc(by_revenue, is_high, weights),
            "gini_revenue": normalised_gini(by_revenue, perfect, revenue, weights),
        }
        if ranking.purchase_probability is not None:
            probability = ranking.purchase_probability
            loss = -np.log(np.maximum(np.where(tier > 0, probability, 1 - probability), TINY))
            scores["log_loss_purchase"] = weighted_mean(loss, weights)
        return scores

    return _measured(metrics, outcomes)


def _measured(metrics: Metrics, outcomes: Examples) -> Measurement:
    return measure(metrics, outcomes.customer_key, resamples=RESAMPLES, seed=RESAMPLING_SEED)
