"""How a training run blends its candidates, on predictions whose worth is known."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import softmax

from segml.blend_weights import fit_weights
from segml.blending import blend_trials, fit_champion, fit_trials
from segml.calibration import CalibrationChoice
from segml.dataset import Predictions, customer_fold
from segml.models.base import mean_log_loss
from segml.models.calibrator import Calibrator
from segml.recipe import Recipe
from segml.selection import Trial, earlier_log_losses, run_trial
from segml.settings import Settings
from segml.splits import SelectionFold, split_examples

SETTINGS = Settings(selection_folds=2)
BLEND = Recipe("ensemble", 42)


@pytest.fixture(scope="module")
def history(make_examples, assign_roles):
    """A shop whose outcomes are drawn from known scores, and its splits."""
    examples = make_examples(600, 5, seed=5)
    scores = np.random.default_rng(1).normal([0.5, 0, -0.5], size=(len(examples), 3))
    drawn = np.random.default_rng(2).gumbel(size=scores.shape)
    examples = replace(examples, value_tier=(scores + drawn).argmax(axis=1).astype(np.int8))
    roles = assign_roles(examples, "train", "train", "validation", "embargo", "test")
    splits = split_examples(examples, roles, horizon_days=90, folds=2, seed=42)
    first = examples.snapshot_date == examples.snapshot_date.min()
    return examples, replace(splits, earlier=(SelectionFold(first, first),)), scores


@pytest.fixture(scope="module")
def trial_of(history):
    """Trials that predict the true scores plus noise, times a factor."""
    examples, splits, scores = history

    def build(name, *, noise, factor=1.0, seed=1, tier=None):
        tier = examples.value_tier if tier is None else tier
        errors = np.random.default_rng(seed).normal(size=scores.shape) * noise
        probabilities = softmax(factor * (scores + errors), axis=1)
        predictions, *earlier = (
            Predictions(probabilities[rows], np.ones((rows.sum(), 2)))
            for rows in (splits.validation, *(origin.validate for origin in splits.earlier))
        )
        loss = mean_log_loss(predictions.tier_probabilities, tier[splits.validation])
        models = tuple(f"{name} of fold {fold}" for fold in range(len(splits.folds)))
        return Trial(
            Recipe(name, 42),
            models,
            CalibrationChoice(Calibrator(), predictions, {"none": loss}),
            tuple(earlier),
            earlier_log_losses(tuple(earlier), replace(examples, value_tier=tier), splits),
        )

    return build


def test_models_of_independent_errors_are_better_together(history, trial_of):
    examples, splits, _ = history
    members = [trial_of("svm", noise=1.0, seed=1), trial_of("forest", noise=1.0, seed=2)]
    blend = blend_trials(BLEND, members, examples, splits, SETTINGS)
    assert blend.mean_log_loss < 0.99 * min(trial.mean_log_loss for trial in members)
    assert sum(blend.weights.values()) == pytest.approx(1)
    assert min(blend.weights.values()) > 0.3


@pytest.mark.parametrize("noise", [0.5, 3.0, 10.0])
def test_a_blend_is_never_worse_than_its_best_member(history, trial_of, noise):
    examples, splits, _ = history
    members = [trial_of("svm", noise=0.1), trial_of("forest", noise=noise, seed=2)]
    blend = blend_trials(BLEND, members, examples, splits, SETTINGS)
    assert blend.mean_log_loss <= min(trial.mean_log_loss for trial in members)


def test_where_a_blend_does_not_help_the_best_member_is_served_as_it_is(history, trial_of):
    examples, splits, _ = history
    members = [trial_of("svm", noise=0.0), trial_of("forest", noise=30.0, factor=3, seed=2)]
    blend = blend_trials(BLEND, members, examples, splits, SETTINGS)
    assert blend.weights == {"svm": 1.0}
    assert blend.log_loss == members[0].log_loss
    assert blend.calibration.predictions is members[0].calibration.predictions
    assert blend.earlier == members[0].earlier
    assert blend.earlier_log_losses == members[0].earlier_log_losses


def test_a_member_that_was_good_in_one_period_only_counts_less(history, trial_of):
    examples, splits, _ = history
    steady, lucky = trial_of("svm", noise=0.6), trial_of("forest", noise=0.6, seed=2)
    erratic = trial_of("forest", noise=6.0, seed=3)
    lucky = replace(lucky, earlier=erratic.earlier, earlier_log_losses=erratic.earlier_log_losses)
    blend = blend_trials(BLEND, [steady, lucky], examples, splits, SETTINGS)
    alone = replace(splits, earlier=())
    members = [replace(trial, earlier=(), earlier_log_losses=()) for trial in (steady, lucky)]
    on_validation = blend_trials(BLEND, members, examples, alone, SETTINGS)
    assert blend.weights.get("forest", 0) < on_validation.weights["forest"] - 0.1


def test_weights_must_outlast_the_period_that_chose_them(history, trial_of):
    examples, splits, _ = history
    good, bad = (
        [trial_of(name, noise=noise, seed=seed) for seed, name in enumerate(["svm", "forest"])]
        for noise in (0.5, 2.0)
    )
    one, other = (
        replace(trial, earlier=worse.earlier, earlier_log_losses=worse.earlier_log_losses)
        for trial, worse in ((good[0], bad[0]), (bad[1], good[1]))
    )  # each is good in another period: what the one teaches is wrong in the other
    blend = blend_trials(BLEND, [one, other], examples, splits, SETTINGS)
    assert len(blend.weights) == 1


def test_baselines_take_no_part(history, trial_of):
    examples, splits, _ = history
    members = [trial_of("rfm_rule", noise=0.0), trial_of("svm", noise=1.0, seed=2)]
    assert set(blend_trials(BLEND, members, examples, splits, SETTINGS).weights) == {"svm"}


def test_what_a_customer_did_has_no_say_in_the_weights_of_that_customer(history, trial_of):
    examples, splits, _ = history
    fold = customer_fold(examples.customer_key, 5, f"blend:{SETTINGS.seed}")
    tier = np.where(fold == 0, (examples.value_tier + 1) % 3, examples.value_tier).astype(np.int8)
    predicted = []
    for outcomes in (examples.value_tier, tier):
        members = [
            trial_of("svm", noise=1.0, seed=1, tier=outcomes),
            trial_of("forest", noise=1.2, seed=2, tier=outcomes),
        ]
        changed = replace(examples, value_tier=outcomes)
        settings = replace(SETTINGS, calibrate=False)
        blend = blend_trials(BLEND, members, changed, splits, settings)
        predicted.append(blend.calibration.predictions.tier_probabilities)
    same = np.isclose(*predicted, rtol=0, atol=1e-12).all(axis=1)
    own = customer_fold(examples.customer_key[splits.validation], 5, f"blend:{SETTINGS.seed}") == 0
    assert same[own].all()
    assert not same[~own].any()


def test_weights_are_those_of_a_fine_grid(history, trial_of):
    examples, splits, _ = history
    members = [trial_of("svm", noise=0.8, seed=1), trial_of("forest", noise=1.2, seed=2)]
    tier = examples.value_tier[splits.validation]
    logs = np.log([trial.calibration.predictions.tier_probabilities for trial in members])

    def objective(weight):
        pooled = softmax(weight * logs[0] + (1 - weight) * logs[1], axis=1)
        return mean_log_loss(pooled, tier) + 20 / len(tier) * 2 * (weight - 0.5) ** 2

    grid = np.linspace(0, 1, 2_001)
    best = grid[np.argmin([objective(weight) for weight in grid])]
    assert fit_weights(logs, tier)[0] == pytest.approx(best, abs=2e-3)


def test_luck_with_the_level_of_a_season_gains_no_weight(history):
    examples, splits, scores = history
    tier = examples.value_tier[splits.validation]
    logs = np.log(softmax(scores[splits.validation], axis=1))
    noisy = logs + np.random.default_rng(3).normal(size=logs.shape)
    members = np.array([logs - [0.0, 2.0, 2.0], noisy])  # the better one expects a poor season
    season = np.zeros(len(tier), dtype=int)
    assert fit_weights(members, tier)[0] < 0.6
    assert fit_weights(members, tier, season)[0] > 0.8
    assert fit_weights(members, tier, season) == pytest.approx(
        fit_weights(members + np.array([0.0, 2.0, -1.0]), tier, season), abs=1e-3
    )


def test_a_blend_that_is_hardly_better_than_its_best_member_is_that_member(
    history, trial_of, monkeypatch
):
    examples, splits, _ = history
    members = [trial_of("svm", noise=0.5), trial_of("forest", noise=0.95, seed=2)]
    alone = blend_trials(BLEND, members, examples, splits, SETTINGS)
    monkeypatch.setattr("segml.blending.STANDARD_ERRORS", 0.0)
    together = blend_trials(BLEND, members, examples, splits, SETTINGS)
    assert set(together.weights) == {"svm", "forest"}
    assert together.mean_log_loss < members[0].mean_log_loss
    assert alone.weights == {"svm": 1.0}


def test_a_useless_member_is_not_served(history, trial_of):
    examples, splits, _ = history
    members = [trial_of(name, noise=0.3, seed=seed) for seed, name in enumerate(["svm", "forest"])]
    members.append(trial_of("boosting", noise=30.0, factor=3, seed=3))
    blend = blend_trials(BLEND, members, examples, splits, SETTINGS)
    assert set(blend.weights) == {"svm", "forest"}


def test_a_blend_is_made_of_the_models_that_were_fitted(make_examples, assign_roles):
    examples = make_examples(400, 5, seed=2)
    roles = assign_roles(examples, "train", "train", "validation", "embargo", "test")
    splits = split_examples(examples, roles, horizon_days=90, folds=2, seed=42)
    trials = [
        run_trial(Recipe(name, 42), examples, splits, SETTINGS) for name in ("prior", "logistic")
    ]
    trials.append(blend_trials(BLEND, trials, examples, splits, SETTINGS))
    blend = trials[-1]
    for own, member in zip(blend.fold_models, trials[1].fold_models, strict=True):
        assert own.members_ == {"logistic": member}
    labelled = examples.take(splits.labelled)
    fitted = fit_trials(trials, labelled, SETTINGS)
    assert list(fitted) == ["prior", "logistic", "ensemble"]
    assert fitted["ensemble"].members_["logistic"] is fitted["logistic"]
    served = fit_champion(blend, trials, labelled, SETTINGS)
    assert set(served.members_) == {"logistic"}
    assert np.array_equal(
        served.predict(labelled).tier_probabilities,
        fitted["ensemble"].predict(labelled).tier_probabilities,
    )


def test_a_blend_as_served_takes_its_members_as_they_are_served(history, trial_of):
    examples, splits, _ = history
    names = ("logistic", "svm", "svm-as-served", "forest")
    trials = [trial_of(name, noise=1.0, seed=seed) for seed, name in enumerate(names)]
    new = blend_trials(BLEND, trials, examples, splits, SETTINGS)
    trials.append(new)
    as_served = Recipe("ensemble-as-served", 42)
    old = blend_trials(as_served, trials, examples, splits, SETTINGS)
    assert set(new.weights) == {"logistic", "svm", "forest"}
    assert set(old.weights) == {"logistic", "svm-as-served", "forest"}
    assert (old.name, old.kind) == ("ensemble-as-served", "ensemble")
