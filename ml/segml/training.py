"""One training run: compare models, test them once, refit the best on everything."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from segml.blending import blend_trials
from segml.candidates import prepare_candidates, recipes_as_served
from segml.challenge import challenge
from segml.comparison import compare_with_champion
from segml.final_fit import fit_finally
from segml.judgement import judge_trials, with_keys
from segml.models import ENSEMBLE, baselines_for, kind_of
from segml.selection import decide, names_to_compare, run_trial
from segml.splits import split_examples
from segml.threads import threads_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date
    from pathlib import Path

    from segml.challenge import Champion, Verdict
    from segml.dataset import Examples, Predictions
    from segml.final_fit import FinalFit
    from segml.judgement import Judgement
    from segml.selection import Trial
    from segml.settings import Settings
    from segml.splits import Splits


@dataclass(frozen=True)
class TrainingResult:
    """The chosen model and everything that was learned about it and its rivals.

    Parameters
    ----------
    chosen : FinalFit
        The best on validation and earlier snapshots, or the model that was asked for.
    refreshed : FinalFit or None
        The champion's recipe, where it stays and has learned from newer outcomes.
    verdict : Verdict
        Which of them is served, and why.
    decision : str
        Why ``chosen`` was chosen, in one line.
    beats_baselines : bool
        True if its log loss there is lower than that of all baselines.
    comparison : DataFrame
        Per model: model_name, is_baseline, calibration, validation_log_loss_uncalibrated,
        validation_log_loss, mean_log_loss (of validation and earlier snapshots), test_log_loss;
        lowest mean_log_loss first.
    metrics : DataFrame
        model_name, split, snapshot_date, metric, value, ci_low, ci_high.
    curves : DataFrame
        model_name, split, snapshot_date, curve, position, x, y, weight.
    validated : dict of str to Predictions
        Of the validation rows by every model, calibrated by the curves of other customers.
    tested : dict of str to Judgement
        The test of every model, fitted on train and validation snapshots.
    duels : DataFrame
        The model to be served against every other on the test snapshot: split, snapshot_date and
        the columns of ``compare_with_champion``.
    selection_scheme : str
        How the validation predictions were kept honest, in words.
    tuning_trials : DataFrame
        model_name, trial, parameters_json, value, state; empty without tuning.
    feature_selection : DataFrame
        feature, selected, importance, stability, reason; empty without selection.
    """

    chosen: FinalFit
    refreshed: FinalFit | None
    verdict: Verdict
    decision: str
    beats_baselines: bool
    comparison: pd.DataFrame
    metrics: pd.DataFrame
    curves: pd.DataFrame
    validated: dict[str, Predictions]
    tested: dict[str, Judgement]
    duels: pd.DataFrame
    selection_scheme: str
    tuning_trials: pd.DataFrame
    feature_selection: pd.DataFrame

    @property
    def fits(self) -> tuple[FinalFit, ...]:
        """What a run stores: its choice, and the champion's recipe if it has learned again."""
        return (self.chosen,) if self.refreshed is None else (self.chosen, self.refreshed)


def train(
    examples: Examples,
    roles: Mapping[date, str],
    *,
    horizon_days: int,
    settings: Settings,
    progress: Callable[[str], None],
    champion: Champion | None = None,
    study_path: Path | None = None,
) -> TrainingResult:
    """Choose, test and fit a model.

    Features and parameters of the candidates are chosen on train snapshots alone. Baselines and
    candidates are compared by log loss on the validation snapshot, each after the calibration
    that suits it, on customers or times that neither model nor calibration has seen, and on
    earlier snapshots, from what was known at each. All are
    then refitted on train and validation snapshots and tested once; the test chooses nothing,
    but may keep the champion in its place. What is served is finally refitted on all labelled
    snapshots.

    Parameters
    ----------
    roles : mapping of date to str
        Role of every snapshot: train, validation, embargo, test or scoring.
    horizon_days : int
        Length of the outcome window.
    progress : callable
        Receives one line per finished step.
    champion : Champion, optional
        What is served now; its recipe takes part, whatever the candidates are.
    study_path : Path, optional
        Where the search for parameters keeps finished trials; a killed run continues there.

    Raises
    ------
    TrainingError
        If history is too short, or hardly anybody bought, or hardly anybody did not.
    """
    examples = replace(examples, horizon_days=horizon_days)
    splits = split_examples(
        examples,
        roles,
        horizon_days=horizon_days,
        folds=settings.selection_folds,
        seed=settings.seed,
    )
    with threads_for(len(examples)):
        return compare_and_fit(
            examples, splits, settings, progress, champion=champion, study_path=study_path
        )


def compare_and_fit(
    examples: Examples,
    splits: Splits,
    settings: Settings,
    progress: Callable[[str], None],
    *,
    champion: Champion | None = None,
    baselines: tuple[str, ...] | None = None,
    study_path: Path | None = None,
) -> TrainingResult:
    """Choose on the selection folds, test once, and refit the best on all labelled rows.

    Without ``baselines``, those that find their features are the ones to beat.
    """
    baselines = baselines or baselines_for(examples.features.columns)
    eligible = names_to_compare(settings, baselines)
    members = eligible
    standing = champion.parameters if champion and not champion.obstacle else {}
    if standing:
        members = names_to_compare(settings, baselines, tuple(standing))
    candidates = prepare_candidates(
        members, examples, splits, settings=settings, progress=progress, study_path=study_path
    )
    recipes = candidates.recipes | recipes_as_served(candidates.recipes, standing)
    trials: dict[str, Trial] = {}
    for name, recipe in recipes.items():
        trials[name] = (
            blend_trials(recipe, list(trials.values()), examples, splits, settings)
            if kind_of(name) == ENSEMBLE
            else run_trial(recipe, examples, splits, settings)
        )
        trial = trials[name]
        before = ", ".join(f"{loss:.4f}" for loss in trial.earlier_log_losses)
        progress(
            f"{name}: validation log loss {trial.log_loss:.4f}"
            + (f" (earlier {before})" if before else "")
        )
    # only candidates can be chosen, but whoever asks for one hears what all others would have done
    compared = eligible if settings.model == "auto" else tuple(trials)
    decision = decide([trials[name] for name in compared], settings.model)
    progress(decision.reason)

    metrics, curves, tested = judge_trials(list(trials.values()), examples, splits, settings)
    progress(f"tested on {int(splits.test.sum()):,} examples that chose nothing")
    measured = {name: judgement.measured for name, judgement in tested.items()}
    verdict = challenge(
        champion, decision, trials, measured, confidence=settings.promotion_confidence
    )
    served = verdict.promoted or (
        champion.recipe_among(trials) if champion else decision.champion.name
    )

    def finish(name: str) -> FinalFit:
        fit = fit_finally(trials[name], list(trials.values()), examples, splits, settings)
        progress(f"{name} fitted on all {int(splits.labelled.sum()):,} labelled examples")
        return fit

    chosen = decision.champion.name
    is_refresh = verdict.promoted not in (None, chosen)
    duels = compare_with_champion(measured, served)
    return TrainingResult(
        chosen=finish(chosen),
        refreshed=finish(served) if is_refresh else None,
        verdict=verdict,
        decision=decision.reason,
        beats_baselines=decision.beats_baselines,
        comparison=_compare(list(trials.values()), metrics),
        metrics=metrics,
        curves=curves,
        validated={name: trial.calibration.predictions for name, trial in trials.items()},
        tested=tested,
        duels=with_keys(duels, {"split": "test", "snapshot_date": splits.test_date}),
        selection_scheme=splits.scheme,
        tuning_trials=candidates.tuning_trials,
        feature_selection=candidates.feature_selection,
    )


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
            "mean_log_loss": trial.mean_log_loss,
            "test_log_loss": test_log_loss[trial.name],
        }
        for trial in trials
    ]
    return pd.DataFrame(rows).sort_values("mean_log_loss", ignore_index=True)
