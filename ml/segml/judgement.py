"""Everything that is measured about one model on one snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from segml.bootstrap import measure
from segml.curves import evaluation_curves
from segml.evaluation import Evaluator
from segml.profit import Economics, ProfitEvaluator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from segml.bootstrap import Measurement
    from segml.dataset import Examples, Predictions
    from segml.settings import Settings


@dataclass(frozen=True)
class Judgement:
    """Predictions, the outcomes they are judged by, and how good they were.

    Parameters
    ----------
    curves : DataFrame
        curve, position, x, y, weight.
    """

    predictions: Predictions
    outcomes: Examples
    measured: Measurement
    curves: pd.DataFrame


def judge(predictions: Predictions, outcomes: Examples, settings: Settings) -> Judgement:
    """Measure predictions, and the profit of contacts that follow them where revenue is known."""
    evaluator = Evaluator(predictions, outcomes)
    economics = Economics(
        contact_cost=settings.contact_cost,
        margin_share=settings.margin_share,
        contact_effect_share=settings.contact_effect_share,
    )
    profit = ProfitEvaluator(predictions, outcomes, economics) if evaluator.has_revenue else None

    def metrics(weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        return evaluator.metrics(weights) | (profit.metrics(weights) if profit else {})

    measured = measure(
        metrics,
        outcomes.customer_key,
        resamples=settings.bootstrap_samples,
        seed=settings.seed,
    )
    curves = [evaluation_curves(predictions, outcomes)]
    if profit:
        curves.append(profit.curves())
    return Judgement(predictions, outcomes, measured, pd.concat(curves, ignore_index=True))
