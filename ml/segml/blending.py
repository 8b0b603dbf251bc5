"""How much each model of a run counts in their blend, learned on all periods that judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax

from segml.calibration import METHODS, CalibrationChoice, choose_calibrator
from segml.dataset import customer_fold
from segml.models import ENSEMBLE
from segml.models.base import mean_log_loss
from segml.models.calibrator import Calibrator
from segml.models.ensemble import EnsembleModel, pool
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
RIDGE = 0.1  # of the distance from equal weights: few periods know few seasons
ROUNDING = 1e-12  # a blend of one member equals it but for this
MIN_WEIGHT = 0.02  # a member that counts less is not worth serving


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
    chosen. Where they are no better than those of the best member, that member gets all the weight.

    Parameters
    ----------
    recipe : Recipe
        By its name, the blend of the run's models, or of the models as they are served.
    trials : sequence of Trial
        All that were judged so far.
    """
    members = _members_of(recipe, trials)
    rows = [splits.validation, *(origin.validate for origin in splits.earlier)]
    tier, keys = (
        np.concatenate([values[period] for period in rows])
        for values in (examples.value_tier, examples.customer_key)
    )
    logs = np.concatenate([_log_probabilities(members, number) for number in range(len(rows))], 1)
    fold = customer_fold(keys, CROSS_FIT_FOLDS, f"blend:{settings.seed}")
    weights_of_row = np.empty((len(tier), len(members)))
    for number in np.unique(fold):
        inside, outside = fold != number, fold == number
        weights_of_row[outside] = fit_weights(logs[:, inside], tier[inside])
    ends = np.cumsum([period.sum() for period in rows])[:-1]
    blended, *earlier = (
        pool(_predictions_of(members, number), weights)
        for number, weights in enumerate(np.split(weights_of_row, ends))
    )
    earlier_losses = earlier_log_losses(tuple(earlier), examples, splits)
    validated = examples.value_tier[splits.validation]
    log_loss = mean_log_loss(blended.tier_probabilities, validated)
    best = min(members, key=lambda trial: trial.mean_log_loss)
    if np.mean([log_loss, *earlier_losses]) < best.mean_log_loss - ROUNDING:
        names = (trial.name for trial in members)
        learned = dict(zip(names, fit_weights(logs, tier).tolist(), strict=True))
        weights = {name: weight for name, weight in learned.items() if weight > 0}
        # over time, members are calibrated where that lasts, and a blend of them is left as it is
        is_timeless = examples.horizon_days is None
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


def _predictions_of(members: Sequence[Trial], period: int) -> list[Predictions]:
    """Return what the members predict: of the validation snapshot (0), or of an earlier one."""
    return [
        trial.earlier[period - 1] if period else trial.calibration.predictions for trial in members
    ]


def _log_probabilities(members: Sequence[Trial], period: int) -> Array:
    """Return their log probabilities, shape (members, n, classes)."""
    logs: Array = np.log(
        [predictions.tier_probabilities for predictions in _predictions_of(members, period)]
    )
    return logs


def _members_of(blend: Recipe, trials: Sequence[Trial]) -> list[Trial]:
    """Return the models to blend: of a blend as served, those as served where there are any."""
    models = [trial for trial in trials if not trial.is_baseline and trial.kind != ENSEMBLE]
    as_served = {trial.kind for trial in models if trial.name != trial.kind}
    if blend.name == ENSEMBLE:
        return [trial for trial in models if trial.name == trial.kind]
    return [trial for trial in models if trial.name != trial.kind or trial.kind not in as_served]


def fit_weights(log_probabilities: Array, value_tier: NDArray[np.int8]) -> Array:
    """Return the weights with the lowest log loss of the pooled predictions.

    Parameters
    ----------
    log_probabilities : array, shape (m, n, classes)
        Of every member.
    value_tier : array of int, shape (n,)

    Returns
    -------
    array of float64, shape (m,)
        At least ``MIN_WEIGHT`` or zero each, summing to one. The problem is convex, and drawn a
        little toward equal weights.
    """
    members = len(log_probabilities)
    equal = np.full(members, 1 / members)
    rows = np.arange(len(value_tier))
    observed = log_probabilities[:, rows, value_tier]

    def penalised_loss(weights: Array) -> tuple[float, Array]:
        probabilities = softmax(np.tensordot(weights, log_probabilities, axes=1), axis=1)
        expected = (log_probabilities * probabilities).sum(axis=2)
        away = weights - equal
        loss = -np.log(probabilities[rows, value_tier]).mean() + RIDGE * float(away @ away)
        return loss, (expected - observed).mean(axis=1) + 2 * RIDGE * away

    found = minimize(
        penalised_loss,
        equal,
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * members,
        constraints={
            "type": "eq",
            "fun": lambda weights: weights.sum() - 1,
            "jac": np.ones_like,
        },
    ).x
    kept = np.where(found < MIN_WEIGHT, 0.0, found)
    normalised: Array = kept / kept.sum()
    return normalised


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
