"""Which features the champion relies on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segml.models.base import mean_log_loss

if TYPE_CHECKING:
    from segml.dataset import Examples
    from segml.selection import Trial
    from segml.splits import Splits

REPEATS = 3


def permutation_importance(
    trial: Trial, examples: Examples, splits: Splits, *, seed: int
) -> pd.DataFrame:
    """Shuffle one feature at a time between validation customers (Breiman 2001).

    Features that say the same stand in for each other, so each importance is a lower bound.

    Returns
    -------
    DataFrame
        Columns feature, importance_mean (increase of validation log loss in nats) and
        importance_sd over repeats, most important first.
    """
    generator = np.random.default_rng(seed)
    folds = [examples.take(fold.validate) for fold in splits.folds]
    intact = _log_loss(trial, folds)
    rows = []
    for name in examples.schema.names:
        increases = [
            _log_loss(trial, [_shuffled(fold, name, generator) for fold in folds]) - intact
            for _ in range(REPEATS)
        ]
        rows.append((name, np.mean(increases), np.std(increases, ddof=1)))
    table = pd.DataFrame(rows, columns=["feature", "importance_mean", "importance_sd"])
    return table.sort_values(
        ["importance_mean", "feature"], ascending=[False, True], ignore_index=True
    )


def _log_loss(trial: Trial, folds: list[Examples]) -> float:
    calibrator = trial.calibration.calibrator
    losses = [
        mean_log_loss(calibrator.apply(model.predict(fold)).tier_probabilities, fold.value_tier)
        for model, fold in zip(trial.fold_models, folds, strict=True)
    ]
    return float(np.average(losses, weights=[len(fold) for fold in folds]))


def _shuffled(fold: Examples, name: str, generator: np.random.Generator) -> Examples:
    values = generator.permutation(fold.features[name].to_numpy())
    return replace(fold, features=fold.features.assign(**{name: values}))
