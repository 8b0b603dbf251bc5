"""Everything that is measured about the models of a run, snapshot by snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from segml.blending import fit_trials
from segml.bootstrap import measure
from segml.curves import evaluation_curves
from segml.evaluation import Evaluator, evaluate
from segml.profit import Economics, ProfitEvaluator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from segml.bootstrap import Measurement
    from segml.dataset import Examples, Predictions
    from segml.selection import Trial
    from segml.settings import Settings
    from segml.splits import Splits


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


def judge_trials(
    trials: list[Trial], examples: Examples, splits: Splits, settings: Settings
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Judgement]]:
    """Return metrics and curves of every model on validation and on test, and all tests.

    The metrics are those of the folds, too.
    """
    development = examples.take(splits.development)
    validation, test = examples.take(splits.validation), examples.take(splits.test)
    models = fit_trials(trials, development, settings)
    metrics, curves, judgements = [], [], {}
    for trial in trials:
        tested = trial.calibration.calibrator.apply(models[trial.name].predict(test))
        for split, day, predictions, outcomes in (
            ("validation", splits.validation_date, trial.calibration.predictions, validation),
            ("test", splits.test_date, tested, test),
        ):
            judgement = judge(predictions, outcomes, settings)
            keys = {"model_name": trial.name, "split": split, "snapshot_date": day}
            metrics.append(with_keys(judgement.measured.table(), keys))
            curves.append(with_keys(judgement.curves, keys))
        judgements[trial.name] = judgement  # the last one is the test
        metrics += _fold_metrics(trial, examples, splits)
    tables = pd.concat(metrics, ignore_index=True), pd.concat(curves, ignore_index=True)
    return *tables, judgements


def _fold_metrics(trial: Trial, examples: Examples, splits: Splits) -> list[pd.DataFrame]:
    """Measure a model on every earlier snapshot, or on every fold of what has no times.

    Intervals are left out: how far the folds differ says more than any of them.
    """
    folds = [
        (origin.validate, predictions)
        for origin, predictions in zip(splits.earlier, trial.earlier, strict=True)
    ]
    if examples.horizon_days is None:
        validated = trial.calibration.predictions
        folds = [
            (fold.validate, validated.take(fold.validate[splits.validation]))
            for fold in splits.folds
        ]
    tables = []
    for number, (rows, predictions) in enumerate(folds, start=1):
        outcomes = examples.take(rows)
        table = evaluate(predictions, outcomes, bootstrap_samples=0, seed=0)
        day = outcomes.snapshot_date.max()
        keys = {"model_name": trial.name, "split": f"cv_fold_{number}", "snapshot_date": day}
        tables.append(with_keys(table, keys))
    return tables


def with_keys(table: pd.DataFrame, keys: dict[str, object]) -> pd.DataFrame:
    """Put constant columns before a table."""
    return pd.concat([pd.DataFrame(keys, index=table.index), table], axis=1)
