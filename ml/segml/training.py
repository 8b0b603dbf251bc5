"""One training run: compare models on validation, test them once, refit the best on everything."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segml.calibration import METHODS, CalibrationChoice, choose_calibrator
from segml.dataset import TIERS, Predictions
from segml.evaluation import evaluate, evaluation_curves
from segml.explanation import reference_row
from segml.models import BASELINES, build_model
from segml.models.base import mean_log_loss
from segml.splits import split_examples

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from segml.calibration import Calibrator
    from segml.dataset import Examples
    from segml.models.base import TierModel
    from segml.settings import Settings
    from segml.splits import Splits

IMPORTANCE_REPEATS = 3


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
        Why this model is served, in one sentence.
    comparison : DataFrame
        Per model: model_name, is_baseline, calibration, validation_log_loss_uncalibrated,
        validation_log_loss, test_log_loss; best on validation first.
    metrics : DataFrame
        model_name, split, snapshot_date, metric, value, ci_low, ci_high.
    curves : DataFrame
        model_name, split, snapshot_date, curve, position, x, y, weight.
    importance : DataFrame
        feature, importance (increase of validation log loss in nats when its values are
        shuffled between customers) and its standard deviation, most important first.
    reference : dict
        The typical customer, for explanations.
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


@dataclass(frozen=True)
class Trial:
    """One model on the validation snapshot: fold models, and calibrated predictions."""

    name: str
    fold_models: tuple[TierModel, ...]
    uncalibrated_log_loss: float
    log_loss: float
    calibration: CalibrationChoice


def train(
    examples: Examples,
    roles: Mapping[date, str],
    *,
    horizon_days: int,
    settings: Settings,
    progress: Callable[[str], None],
) -> TrainingResult:
    """Choose, test and fit a model.

    Baselines and candidates are compared by log loss on the validation snapshot, each after the
    calibration that suits it, on customers or times that neither model nor calibration has
    seen. All are then refitted on train and validation snapshots and tested once; the test
    chooses nothing. The champion is finally refitted on all labelled snapshots.

    Parameters
    ----------
    roles : mapping of date to str
        Role of every snapshot: train, validation, embargo, test or scoring.
    progress : callable
        Receives one line per finished step.

    Raises
    ------
    TrainingError
        If history is too short, or all outcomes are the same.
    """
    splits = split_examples(
        examples,
        roles,
        horizon_days=horizon_days,
        folds=settings.selection_folds,
        seed=settings.seed,
    )
    candidates = settings.candidates if settings.model == "auto" else (settings.model,)
    validation = examples.take(_validation_rows(splits))
    trials = {}
    for name in dict.fromkeys((*BASELINES, *candidates)):
        trials[name] = _run_trial(name, examples, splits, settings)
        progress(f"{name}: validation log loss {trials[name].log_loss:.4f}")

    champion, decision, beats_baselines = _decide(trials, settings)
    progress(decision)
    importance = _permutation_importance(champion, examples, splits, settings.seed)
    metrics, curves = _judge(trials, examples, splits, validation, settings)
    progress(f"tested on {splits.test_date}, refitting {champion.name} on all labelled snapshots")
    labelled = examples.take(splits.labelled)
    return TrainingResult(
        model=build_model(champion.name, seed=settings.seed).fit(labelled),
        calibrator=champion.calibration.calibrator,
        decision=decision,
        beats_baselines=beats_baselines,
        comparison=_comparison(trials, metrics),
        metrics=metrics,
        curves=curves,
        importance=importance,
        reference=reference_row(labelled),
        selection_scheme=splits.scheme,
    )


def _validation_rows(splits: Splits) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.logical_or.reduce([fold.validate for fold in splits.folds])


def _run_trial(name: str, examples: Examples, splits: Splits, settings: Settings) -> Trial:
    """Predict every validation row by a model that has not seen its customer or its time."""
    probabilities = np.full((len(examples), len(TIERS)), np.nan)
    revenue = np.full((len(examples), len(TIERS) - 1), np.nan)
    models = []
    for fold in splits.folds:
        model = build_model(name, seed=settings.seed).fit(examples.take(fold.fit))
        predictions = model.predict(examples.take(fold.validate))
        probabilities[fold.validate] = predictions.tier_probabilities
        revenue[fold.validate] = predictions.conditional_revenue
        models.append(model)
    rows = _validation_rows(splits)
    predictions = Predictions(probabilities[rows], revenue[rows])
    calibration = choose_calibrator(
        predictions,
        examples.value_tier[rows],
        examples.customer_key[rows],
        methods=METHODS if settings.calibrate else ("none",),
        seed=settings.seed,
    )
    return Trial(
        name=name,
        fold_models=tuple(models),
        uncalibrated_log_loss=calibration.log_losses["none"],
        log_loss=calibration.log_losses[calibration.calibrator.method],
        calibration=calibration,
    )


def _decide(trials: dict[str, Trial], settings: Settings) -> tuple[Trial, str, bool]:
    """Return the champion, the reason, and whether it is better than both baselines."""
    baseline = min((trials[name] for name in BASELINES), key=lambda trial: trial.log_loss)
    best = min(trials.values(), key=lambda trial: trial.log_loss)
    champion = best if settings.model == "auto" else trials[settings.model]
    beats = champion.log_loss < baseline.log_loss and champion.name not in BASELINES
    scores = f"validation log loss {champion.log_loss:.4f}"
    rival = f"{baseline.name} {baseline.log_loss:.4f}"
    if settings.model != "auto":
        verdict = "beats both baselines" if beats else "does not beat both baselines"
        return champion, f"{champion.name}, as asked, {verdict} ({scores}, {rival})", beats
    if beats:
        return champion, f"{champion.name} is best ({scores}; best baseline {rival})", beats
    return champion, f"No candidate beats the baseline {champion.name} ({scores})", beats


def _judge(
    trials: dict[str, Trial],
    examples: Examples,
    splits: Splits,
    validation: Examples,
    settings: Settings,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return metrics and curves of every model on validation and on test."""
    development, test = examples.take(splits.development), examples.take(splits.test)
    metrics, curves = [], []
    for name, trial in trials.items():
        model = build_model(name, seed=settings.seed).fit(development)
        tested = trial.calibration.calibrator.apply(model.predict(test))
        for split, day, predictions, outcomes in (
            ("validation", splits.validation_date, trial.calibration.predictions, validation),
            ("test", splits.test_date, tested, test),
        ):
            keys = {"model_name": name, "split": split, "snapshot_date": day}
            scores = evaluate(
                predictions,
                outcomes,
                bootstrap_samples=settings.bootstrap_samples,
                seed=settings.seed,
            )
            metrics.append(pd.DataFrame(keys, index=scores.index).join(scores))
            points = evaluation_curves(predictions, outcomes)
            curves.append(pd.DataFrame(keys, index=points.index).join(points))
    return pd.concat(metrics, ignore_index=True), pd.concat(curves, ignore_index=True)


def _comparison(trials: dict[str, Trial], metrics: pd.DataFrame) -> pd.DataFrame:
    tested = metrics[(metrics["split"] == "test") & (metrics["metric"] == "log_loss")]
    test_log_loss = tested.set_index("model_name")["value"]
    rows = [
        {
            "model_name": trial.name,
            "is_baseline": trial.name in BASELINES,
            "calibration": trial.calibration.calibrator.method,
            "validation_log_loss_uncalibrated": trial.uncalibrated_log_loss,
            "validation_log_loss": trial.log_loss,
            "test_log_loss": test_log_loss[trial.name],
        }
        for trial in trials.values()
    ]
    return pd.DataFrame(rows).sort_values("validation_log_loss", ignore_index=True)


def _permutation_importance(
    trial: Trial, examples: Examples, splits: Splits, seed: int
) -> pd.DataFrame:
    """Shuffle one feature at a time between validation customers (Breiman 2001).

    Features that say the same stand in for each other, so the importance of each is a lower
    bound.
    """
    generator = np.random.default_rng(seed)
    rows = [examples.take(fold.validate) for fold in splits.folds]
    sizes = np.array([len(part) for part in rows])

    def loss(parts: list[Examples]) -> float:
        losses = [
            mean_log_loss(
                trial.calibration.calibrator.apply(model.predict(part)).tier_probabilities,
                part.value_tier,
            )
            for model, part in zip(trial.fold_models, parts, strict=True)
        ]
        return float(np.average(losses, weights=sizes))

    base = loss(rows)
    table = []
    for name in examples.schema.names:
        increases = []
        for _ in range(IMPORTANCE_REPEATS):
            shuffled = [
                replace(
                    part,
                    features=part.features.assign(
                        **{name: generator.permutation(part.features[name].to_numpy())}
                    ),
                )
                for part in rows
            ]
            increases.append(loss(shuffled) - base)
        table.append((name, float(np.mean(increases)), float(np.std(increases, ddof=1))))
    importance = pd.DataFrame(table, columns=["feature", "importance", "importance_sd"])
    return importance.sort_values(
        ["importance", "feature"], ascending=[False, True], ignore_index=True
    )
