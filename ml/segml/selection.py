"""Which model is best on the validation snapshot and the periods before it, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from segml.calibration import METHODS, CalibrationChoice, choose_calibrator, lasting_methods
from segml.dataset import Predictions
from segml.errors import SettingsError
from segml.models import (
    BASELINES,
    ENSEMBLE,
    LABELLED_BASELINES,
    NETWORKS,
    YARDSTICK,
    kind_of,
)
from segml.models.base import mean_log_loss

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segml.dataset import Examples
    from segml.models.base import TierModel
    from segml.recipe import Recipe
    from segml.settings import Settings
    from segml.splits import Splits


@dataclass(frozen=True)
class Trial:
    """One model on the validation snapshot and on earlier ones.

    Parameters
    ----------
    recipe : Recipe
        How the model is built; of a blend, no more than its name.
    fold_models : tuple of TierModel
        The model of every selection fold, in the order of ``splits.folds``.
    calibration : CalibrationChoice
        The calibration that suits the model, with its validation predictions.
    earlier : tuple of Predictions
        Of every earlier snapshot, in the order of ``splits.earlier``, as they would have been
        made then: not calibrated, since calibrations are fitted later.
    earlier_log_losses : tuple of float
        Their log losses in nats.
    weights : mapping of str to float
        Of every member, if the model is a blend of others.
    """

    recipe: Recipe
    fold_models: tuple[TierModel, ...]
    calibration: CalibrationChoice
    earlier: tuple[Predictions, ...] = ()
    earlier_log_losses: tuple[float, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the model."""
        return self.recipe.name

    @property
    def kind(self) -> str:
        """Its registered name, whatever its parameters."""
        return kind_of(self.recipe.name)

    @property
    def log_loss(self) -> float:
        """Log loss in nats of customers that neither model nor calibration has learned from."""
        return self.calibration.log_losses[self.calibration.calibrator.method]

    @property
    def mean_log_loss(self) -> float:
        """Mean log loss of the validation snapshot and the earlier ones: what models compete by.

        One period has one season, and a model that suits it may be no better in the next: hence
        several origins, rolling (Tashman 2000, "Out-of-sample tests of forecasting accuracy").
        """
        return float(np.mean([self.log_loss, *self.earlier_log_losses]))

    @property
    def is_baseline(self) -> bool:
        """True for the models that every candidate must beat."""
        return self.name in (*BASELINES, *LABELLED_BASELINES)


@dataclass(frozen=True)
class Decision:
    """The champion, the reason in one line, and whether it is better than all baselines."""

    champion: Trial
    reason: str
    beats_baselines: bool


def names_to_compare(
    settings: Settings, baselines: tuple[str, ...], kept: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Return the models of a run: baselines first, a blend of the others last.

    A network that is asked for by name is compared with a simple model, too.

    Parameters
    ----------
    baselines : tuple of str
        Those that the examples allow.
    kept : tuple of str
        What takes part beside the models that the settings ask for.

    Raises
    ------
    SettingsError
        If a blend is asked for and there is nothing to blend.
    """
    is_one = settings.model not in ("auto", ENSEMBLE)
    yardstick = (YARDSTICK,) if settings.model in NETWORKS else ()
    asked = ((*yardstick, settings.model) if is_one else settings.candidates) + kept
    learned = [name for name in asked if name not in (*baselines, ENSEMBLE)]
    if settings.model != ENSEMBLE and ENSEMBLE not in asked:
        return tuple(dict.fromkeys((*baselines, *learned)))
    if not learned:
        raise SettingsError(
            f"The model `{ENSEMBLE}` has nothing to blend",
            "Name other models in the setting `candidates`, for example logistic,boosting",
        )
    return tuple(dict.fromkeys((*baselines, *learned, ENSEMBLE)))


def run_trial(recipe: Recipe, examples: Examples, splits: Splits, settings: Settings) -> Trial:
    """Predict every validation row by a model that has not seen its customer or its time."""
    classes = len(examples.class_names)
    probabilities = np.full((len(examples), classes), np.nan)
    revenue = np.full((len(examples), classes - 1), np.nan)
    models = []
    for fold in splits.folds:
        model = recipe.fit(examples.take(fold.fit))
        predictions = model.predict(examples.take(fold.validate))
        probabilities[fold.validate] = predictions.tier_probabilities
        revenue[fold.validate] = predictions.conditional_revenue
        models.append(model)
    earlier = tuple(
        recipe.fit(examples.take(origin.fit)).predict(examples.take(origin.validate))
        for origin in splits.earlier
    )
    rows = splits.validation
    predictions = Predictions(probabilities[rows], revenue[rows])
    calibration = choose_calibrator(
        predictions,
        examples.value_tier[rows],
        examples.customer_key[rows],
        methods=_calibration_methods(examples, splits, settings, predictions, earlier),
        seed=settings.seed,
    )
    return Trial(
        recipe, tuple(models), calibration, earlier, earlier_log_losses(earlier, examples, splits)
    )


def earlier_log_losses(
    earlier: tuple[Predictions, ...], examples: Examples, splits: Splits
) -> tuple[float, ...]:
    """Return the log loss in nats of predictions of the earlier snapshots."""
    return tuple(
        mean_log_loss(predictions.tier_probabilities, examples.value_tier[origin.validate])
        for predictions, origin in zip(earlier, splits.earlier, strict=True)
    )


def _calibration_methods(
    examples: Examples,
    splits: Splits,
    settings: Settings,
    predictions: Predictions,
    earlier: tuple[Predictions, ...],
) -> tuple[str, ...]:
    """Return what may calibrate: where time passes, only what has proved that it lasts."""
    if settings.calibrate and examples.horizon_days is None:
        return METHODS
    if not settings.calibrate or not splits.is_settled:
        return ("none",)
    return lasting_methods(
        earlier[0].tier_probabilities,
        examples.value_tier[splits.earlier[0].validate],
        predictions.tier_probabilities,
        examples.value_tier[splits.validation],
    )


def decide(trials: list[Trial], asked_for: str) -> Decision:
    """Take the lowest mean log loss, baselines included, or the model that was asked for.

    Parameters
    ----------
    asked_for : str
        A model name, or ``auto``.
    """
    by_log_loss = sorted(trials, key=lambda trial: trial.mean_log_loss)
    baseline = next(trial for trial in by_log_loss if trial.is_baseline)
    automatic = asked_for == "auto"
    champion = next(trial for trial in by_log_loss if automatic or trial.name == asked_for)
    beats = champion.mean_log_loss < baseline.mean_log_loss
    periods = 1 + len(champion.earlier_log_losses)
    measured = "validation log loss" if periods == 1 else f"mean log loss of {periods} periods"
    score = f"{measured} {champion.mean_log_loss:.4f}"
    rival = f"{baseline.name} {baseline.mean_log_loss:.4f}"
    if not automatic:
        verdict = "beats the baselines" if beats else "does not beat the baselines"
        better = by_log_loss[0]
        if beats and better is not champion:
            verdict += f", but {better.name} is better"
            rival += f", {better.name} {better.mean_log_loss:.4f}"
        return Decision(champion, f"{champion.name}, as asked, {verdict} ({score}; {rival})", beats)
    if champion.is_baseline:
        return Decision(champion, f"no candidate beats the baseline {rival}: it is chosen", beats)
    return Decision(champion, f"{champion.name} is best ({score}; best baseline {rival})", beats)
