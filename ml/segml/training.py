"""One training run: compare models on validation, test them once, refit the best on everything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
from threadpoolctl import threadpool_limits

from segml.blending import blend_trials, fit_champion, fit_trials, served_trials
from segml.candidates import prepare_candidates
from segml.evaluation import evaluate, evaluation_curves
from segml.explanation import reference_row
from segml.importance import permutation_importance
from segml.models import ENSEMBLE
from segml.selection import decide, run_trial
from segml.splits import split_examples

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date
    from pathlib import Path

    from segml.candidates import Candidates
    from segml.dataset import Examples
    from segml.models.base import TierModel
    from segml.models.calibrator import Calibrator
    from segml.models.search_space import Parameters
    from segml.selection import Trial
    from segml.settings import Settings
    from segml.splits import Splits

# Below this, threads wait for each other longer than they compute: on a busy machine boosting
# took ten times as long with two threads as with one.
MIN_ROWS_FOR_THREADS = 50_000


@dataclass(frozen=True)
class TrainingResult:
    """The served model and everything that was learned about it and its rivals.

    Parameters
    ----------
    model : TierModel
        The champion, fitted on all labelled snapshots.
    calibrator : Calibrator
        Fitted on the validation snapshot; apply it to what ``model`` predicts.
    decision : str
        Why this model is served, in one line.
    beats_baselines : bool
        True if its validation log loss is lower than that of both baselines.
    comparison : DataFrame
        Per model: model_name, is_baseline, calibration, validation_log_loss_uncalibrated,
        validation_log_loss, test_log_loss; best on validation first.
    metrics : DataFrame
        model_name, split, snapshot_date, metric, value, ci_low, ci_high.
    curves : DataFrame
        model_name, split, snapshot_date, curve, position, x, y, weight.
    importance : DataFrame
        level, feature, feature_group, importance_mean, importance_sd, ci_low, ci_high; features
        before groups, most important first.
    reference : dict
        The typical customer, for explanations; ``None`` is unknown.
    selection_scheme : str
        How the validation predictions were kept honest, in words.
    parameters : dict
        What tuning changed in the champion, or in the members of a blend, by model name.
    tuning_trials : DataFrame
        model_name, trial, parameters_json, value, state; empty without tuning.
    feature_selection : DataFrame
        feature, selected, importance, stability, reason; empty without selection.
    """

    model: TierModel
    calibrator: Calibrator
    decision: str
    beats_baselines: bool
    comparison: pd.DataFrame
    metrics: pd.DataFrame
    curves: pd.DataFrame
    importance: pd.DataFrame
    reference: dict[str, float | str | None]
    selection_scheme: str
    parameters: dict[str, Parameters]
    tuning_trials: pd.DataFrame
    feature_selection: pd.DataFrame


def train(
    examples: Examples,
    roles: Mapping[date, str],
    *,
    horizon_days: int,
    settings: Settings,
    progress: Callable[[str], None],
    study_path: Path | None = None,
) -> TrainingResult:
    """Choose, test and fit a model.

    Features and parameters of the candidates are chosen on train snapshots alone. Baselines and
    candidates are compared by log loss on the validation snapshot, each after the calibration
    that suits it, on customers or times that neither model nor calibration has seen. All are
    then refitted on train and validation snapshots and tested once; the test chooses nothing.
    The champion is finally refitted on all labelled snapshots.

    Parameters
    ----------
    roles : mapping of date to str
        Role of every snapshot: train, validation, embargo, test or scoring.
    horizon_days : int
        Length of the outcome window.
    progress : callable
        Receives one line per finished step.
    study_path : Path, optional
        Where the search for parameters keeps finished trials; a killed run continues there.

    Raises
    ------
    TrainingError
        If history is too short, or hardly anybody bought, or hardly anybody did not.
    """
    splits = split_examples(
        examples,
        roles,
        horizon_days=horizon_days,
        folds=settings.selection_folds,
        seed=settings.seed,
    )
    with threadpool_limits(limits=1 if len(examples) < MIN_ROWS_FOR_THREADS else None):
        candidates = prepare_candidates(
            examples,
            splits,
            horizon_days=horizon_days,
            settings=settings,
            progress=progress,
            study_path=study_path,
        )
        return _train(examples, splits, candidates, settings, progress)


def _train(
    examples: Examples,
    splits: Splits,
    candidates: Candidates,
    settings: Settings,
    progress: Callable[[str], None],
) -> TrainingResult:
    trials: list[Trial] = []
    for recipe in candidates.recipes:
        trials.append(
            blend_trials(trials, examples, splits, settings)
            if recipe.name == ENSEMBLE
            else run_trial(recipe, examples, splits, settings)
        )
        progress(f"{recipe.name}: validation log loss {trials[-1].log_loss:.4f}")
    decision = decide(trials, settings.model)
    served = served_trials(decision.champion, trials)
    parameters = {item.name: item.recipe.parameters for item in served if item.recipe.parameters}
    reason = decision.reason + (f"; tuned: {', '.join(parameters)}" if parameters else "")
    progress(reason)

    importance = permutation_importance(
        decision.champion,
        examples,
        splits,
        bootstrap_samples=settings.bootstrap_samples,
        seed=settings.seed,
    )
    metrics, curves = _judge(trials, examples, splits, settings)
    progress(f"tested on {splits.test_date}")
    labelled = examples.take(splits.labelled)
    model = fit_champion(decision.champion, trials, labelled, settings)
    progress(f"{model.name} fitted on all {len(labelled):,} labelled examples")
    return TrainingResult(
        model=model,
        calibrator=decision.champion.calibration.calibrator,
        decision=reason,
        beats_baselines=decision.beats_baselines,
        comparison=_compare(trials, metrics),
        metrics=metrics,
        curves=curves,
        importance=importance,
        reference=reference_row(labelled),
        selection_scheme=splits.scheme,
        parameters=parameters,
        tuning_trials=candidates.tuning_trials,
        feature_selection=candidates.feature_selection,
    )


def _judge(
    trials: list[Trial], examples: Examples, splits: Splits, settings: Settings
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return metrics and curves of every model on validation and on test."""
    development = examples.take(splits.development)
    validation, test = examples.take(splits.validation), examples.take(splits.test)
    models = fit_trials(trials, development, settings)
    metrics, curves = [], []
    for trial in trials:
        tested = trial.calibration.calibrator.apply(models[trial.name].predict(test))
        for split, day, predictions, outcomes in (
            ("validation", splits.validation_date, trial.calibration.predictions, validation),
            ("test", splits.test_date, tested, test),
        ):
            scores = evaluate(
                predictions,
                outcomes,
                bootstrap_samples=settings.bootstrap_samples,
                seed=settings.seed,
            )
            keys = {"model_name": trial.name, "split": split, "snapshot_date": day}
            metrics.append(_with_keys(scores, keys))
            curves.append(_with_keys(evaluation_curves(predictions, outcomes), keys))
    return pd.concat(metrics, ignore_index=True), pd.concat(curves, ignore_index=True)


def _with_keys(table: pd.DataFrame, keys: dict[str, object]) -> pd.DataFrame:
    return pd.concat([pd.DataFrame(keys, index=table.index), table], axis=1)


def _compare(trials: list[Trial], metrics: pd.DataFrame) -> pd.DataFrame:
    tested = metrics[(metrics["split"] == "test") & (metrics["metric"] == "log_loss")]
    test_log_loss = tested.set_index("model_name")["value"]
    rows = [
        {
            "model_name": trial.name,
            "is_baseline": trial.is_baseline,
            "calibration": trial.calibration.calibrator.method,
            "validation_log_loss_uncalibrated": trial.calibration.log_losses["none"],
            "validation_log_loss": trial.log_loss,
            "test_log_loss": test_log_loss[trial.name],
        }
        for trial in trials
    ]
    return pd.DataFrame(rows).sort_values("validation_log_loss", ignore_index=True)
