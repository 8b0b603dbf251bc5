"""How much each model of a run counts in their blend, learned on all periods that judge."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from segml.blend_weights import fit_weights
from segml.calibration import METHODS, CalibrationChoice, choose_calibrator
from segml.dataset import customer_fold
from segml.models import ENSEMBLE
from segml.models.base import mean_log_loss
from segml.models.calibrator import Calibrator
from segml.models.ensemble import EnsembleModel, pool
from segml.season_levels import row_log_losses
from segml.selection import Trial, earlier_log_losses

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from segml.dataset import Examples, Predictions
    from segml.models.base import TierModel
    from segml.recipe import Recipe
    from segml.settings import Settings
    from segml.splits import Splits

    Array = NDArray[np.float64]

CROSS_FIT_FOLDS = 5
STANDARD_ERRORS = 1.0  # that a blend must be better by: simpler models are served otherwise
ROUNDING = 1e-12  # a blend of one member equals it but for this


def blend_trials(
    recipe: Recipe,
    trials: Sequence[Trial],
    examples: Examples,
    splits: Splits,
    settings: Settings,
) -> Trial:
    """Blend the models of a run, without its baselines.

    Weights are learned on the validation snapshot and the earlier ones. The predictions by which
    the blend is judged are honest: those of a customer have weights that other customers have
    chosen, in other periods where there are any. Where they are not better than those of the best
    member by a standard error (the rule of Breiman et al. 1984, "Classification and Regression
    Trees"), that member gets all the weight. Over time, neither weights nor standard error reward
    luck with the level of a season.

    Parameters
    ----------
    recipe : Recipe
        By its name, the blend of the run's models, or of the models as they are served.
    trials : sequence of Trial
        All that were judged so far.
    """
    members = _members_of(recipe, trials)
    is_timeless = examples.horizon_days is None
    rows = [splits.validation, *(origin.validate for origin in splits.earlier)]
    tier, keys = (
        np.concatenate([values[period] for period in rows])
        for values in (examples.value_tier, examples.customer_key)
    )
    period = np.repeat(np.arange(len(rows)), [judged.sum() for judged in rows])
    season = None if is_timeless else period
    logs = np.concatenate([_log_probabilities(members, number) for number in range(len(rows))], 1)
    fold = customer_fold(keys, CROSS_FIT_FOLDS, f"blend:{settings.seed}")
    weights_of_row = np.empty((len(tier), len(members)))
    for number, group in product(range(len(rows)), np.unique(fold)):
        judged = (period == number) & (fold == group)
        learned = (fold != group) & ((period != number) if len(rows) > 1 else True)
        seasons = None if season is None else season[learned]
        weights_of_row[judged] = fit_weights(logs[:, learned], tier[learned], seasons)
    blended, *earlier = (
        pool(_predictions_of(members, number), weights_of_row[period == number])
        for number in range(len(rows))
    )
    earlier_losses = earlier_log_losses(tuple(earlier), examples, splits)
    validated = examples.value_tier[splits.validation]
    log_loss = mean_log_loss(blended.tier_probabilities, validated)
    best = min(members, key=lambda trial: trial.mean_log_loss)
    of_best, of_blend = (
        [
            row_log_losses(_log(predicted), tier[period == number], at_level=not is_timeless)
            for number, predicted in enumerate(over_time)
        ]
        for over_time in (_predictions_over_time(best), (blended, *earlier))
    )
    gains = [worse - better for worse, better in zip(of_best, of_blend, strict=True)]
    is_better = np.mean([log_loss, *earlier_losses]) < best.mean_log_loss - ROUNDING
    if is_better and _exceeds_chance(gains):
        names = (trial.name for trial in members)
        final = dict(zip(names, fit_weights(logs, tier, season).tolist(), strict=True))
        weights = {name: weight for name, weight in final.items() if weight > 0}
        # over time, members are calibrated where that lasts, and a blend of them is left as it is
        methods = METHODS if settings.calibrate and is_timeless else ("none",)
        validated_keys = examples.customer_key[splits.validation]
        calibration = choose_calibrator(
            blended, validated, validated_keys, methods=methods, seed=settings.seed
        )
    else:
        weights = {best.name: 1.0}
        calibration = CalibrationChoice(
            Calibrator(), best.calibration.predictions, {"none": best.log_loss}
        )
        earlier, earlier_losses = list(best.earlier), best.earlier_log_losses
    fitted_by_fold = [
        {trial.name: trial.fold_models[position] for trial in members}
        for position in range(len(splits.folds))
    ]
    fold_models = [_blend_of(fitted, weights, members, settings) for fitted in fitted_by_fold]
    return Trial(recipe, tuple(fold_models), calibration, tuple(earlier), earlier_losses, weights)


def _exceeds_chance(gains: Sequence[Array]) -> bool:
    """Tell whether the mean over periods of the mean gain is larger than its standard error."""
    mean = np.mean([gain.mean() for gain in gains])
    error = np.sqrt(sum(gain.var(ddof=1) / len(gain) for gain in gains)) / len(gains)
    return bool(mean > STANDARD_ERRORS * error)


def _predictions_over_time(trial: Trial) -> tuple[Predictions, ...]:
    """Return what a model predicts of the validation snapshot and of every earlier one."""
    return (trial.calibration.predictions, *trial.earlier)


def _predictions_of(members: Sequence[Trial], period: int) -> list[Predictions]:
    """Return what the members predict: of the validation snapshot (0), or of an earlier one."""
    return [_predictions_over_time(trial)[period] for trial in members]


def _log(predictions: Predictions) -> Array:
    logs: Array = np.log(predictions.tier_probabilities)
    return logs


def _log_probabilities(members: Sequence[Trial], period: int) -> Array:
    """Return their log probabilities, shape (members, n, classes)."""
    return np.array([_log(predictions) for predictions in _predictions_of(members, period)])


def _members_of(blend: Recipe, trials: Sequence[Trial]) -> list[Trial]:
    """Return the models to blend: of a blend as served, those as served where there are any."""
    models = [trial for trial in trials if not trial.is_baseline and trial.kind != ENSEMBLE]
    as_served = {trial.kind for trial in models if trial.name != trial.kind}
    if blend.name == ENSEMBLE:
        return [trial for trial in models if trial.name == trial.kind]
    return [trial for trial in models if trial.name != trial.kind or trial.kind not in as_served]


def fit_trials(
    trials: Sequence[Trial], examples: Examples, settings: Settings
) -> dict[str, TierModel]:
    """Fit every model once; a blend is made of the fitted members."""
    fitted = {trial.name: trial.recipe.fit(examples) for trial in trials if not trial.weights}
    blends = {
        trial.name: _blend_of(fitted, trial.weights, trials, settings)
        for trial in trials
        if trial.weights
    }
    return {trial.name: (fitted | blends)[trial.name] for trial in trials}


def served_trials(champion: Trial, trials: Sequence[Trial]) -> list[Trial]:
    """Return the champion, and the members if it is a blend."""
    return [trial for trial in trials if trial is champion or trial.name in champion.weights]


def fit_champion(
    champion: Trial, trials: Sequence[Trial], examples: Examples, settings: Settings
) -> TierModel:
    """Fit a model, or the members of a blend, and none of the others."""
    return fit_trials(served_trials(champion, trials), examples, settings)[champion.name]


def _blend_of(
    fitted: Mapping[str, TierModel],
    weights: Mapping[str, float],
    members: Sequence[Trial],
    settings: Settings,
) -> EnsembleModel:
    calibrators = {trial.name: trial.calibration.calibrator for trial in members}
    return EnsembleModel.of(
        {name: fitted[name] for name in weights},
        weights,
        {name: calibrators[name] for name in weights},
        seed=settings.seed,
    )
