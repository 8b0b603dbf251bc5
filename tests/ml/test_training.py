from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from segml.calibration import CalibrationChoice
from segml.challenge import Champion
from segml.dataset import Predictions
from segml.errors import SettingsError, TrainingError
from segml.models.calibrator import Calibrator
from segml.recipe import Recipe
from segml.selection import Trial, decide, names_to_compare
from segml.settings import Settings
from segml.training import train

ROLES = ("train", "train", "validation", "embargo", "test")
SETTINGS = Settings(
    candidates=("logistic",), bootstrap_samples=10, selection_folds=2, feature_selection="off"
)


@pytest.fixture(scope="module")
def history(make_examples):
    return make_examples(400, len(ROLES), seed=2)


@pytest.fixture(scope="module")
def run(history, assign_roles):
    def apply(examples=history, settings=SETTINGS, champion=None, **changes):
        lines = []
        result = train(
            examples,
            assign_roles(examples, *ROLES),
            horizon_days=90,
            settings=replace(settings, **changes),
            progress=lines.append,
            champion=champion,
        )
        return result, lines

    return apply


@pytest.fixture(scope="module")
def result(run):
    return run()[0]


def on_snapshot(examples, number):
    return examples.snapshot_date == np.unique(examples.snapshot_date)[number]


def test_the_model_with_the_lowest_mean_loss_is_served(result):
    best = result.comparison.iloc[0]
    assert best["mean_log_loss"] == result.comparison["mean_log_loss"].min()
    assert best["model_name"] == result.chosen.model.name == "logistic"
    assert result.beats_baselines
    assert result.decision.startswith("logistic is best")


def test_the_test_snapshot_chooses_nothing(run, history, result):
    rows = on_snapshot(history, 4)
    reversed_outcomes = history.value_tier.copy()
    reversed_outcomes[rows] = 2 - reversed_outcomes[rows]
    other, _ = run(replace(history, value_tier=reversed_outcomes))
    assert other.decision == result.decision
    columns = ["model_name", "calibration", "validation_log_loss"]
    pd.testing.assert_frame_equal(other.comparison[columns], result.comparison[columns])
    pd.testing.assert_frame_equal(other.chosen.importance, result.chosen.importance)
    assert not other.comparison["test_log_loss"].equals(result.comparison["test_log_loss"])


def test_the_tested_model_has_not_learned_from_embargoed_outcomes(run, history, result):
    rows = on_snapshot(history, 3)
    shuffled = history.value_tier.copy()
    shuffled[rows] = np.random.default_rng(0).permutation(shuffled[rows])
    other, _ = run(replace(history, value_tier=shuffled))
    pd.testing.assert_frame_equal(other.metrics, result.metrics)


@pytest.mark.parametrize("number", [3, 4])
def test_the_served_model_has_learned_from_embargoed_and_tested_outcomes(
    run, history, result, number
):
    tier = np.where(on_snapshot(history, number), 0, history.value_tier).astype(np.int8)
    other, _ = run(replace(history, value_tier=tier))
    before = result.chosen.model.predict(history).tier_probabilities
    assert not np.allclose(other.chosen.model.predict(history).tier_probabilities, before)


def test_noise_is_left_to_a_baseline_and_said_so(run, make_examples):
    noise = make_examples(400, len(ROLES), seed=3, signal=0.0)
    result, lines = run(noise)
    assert result.chosen.model.name in ("prior", "rfm_rule")
    assert not result.beats_baselines
    assert result.decision.startswith("no candidate beats the baseline")
    assert result.decision in lines


def test_a_model_asked_for_is_served_and_compared(run):
    result, _ = run(model="rfm_rule")
    assert result.chosen.model.name == "rfm_rule"
    assert "as asked, does not beat the baselines" in result.decision
    assert set(result.comparison["model_name"]) == {"prior", "rfm_rule"}


def test_whoever_asks_for_a_model_hears_that_the_kind_that_is_served_is_better(run):
    served = Champion(
        model_version="before",
        kind="svm",
        parameters={"svm": {}},
        obstacle=None,
        is_current=True,
    )
    result, _ = run(model="logistic", champion=served)
    loss = result.comparison.set_index("model_name")["mean_log_loss"]
    assert loss["svm"] < loss["logistic"]
    assert result.chosen.name == "logistic"
    assert result.decision.startswith("logistic, as asked, beats the baselines, but svm is better")


@pytest.mark.parametrize("network", ["dnn", "transformer"])
def test_a_network_asked_for_is_compared_with_a_simple_model_as_well(network):
    compared = names_to_compare(Settings(model=network), ("prior",))
    assert compared == ("prior", "logistic", network)
    losses = {"prior": 0.9, "logistic": 0.5, network: 0.6}
    found = decide([_judged(name, loss) for name, loss in losses.items()], network)
    assert found.champion.name == network
    assert found.reason == (
        f"{network}, as asked, beats the baselines, but logistic is better "
        "(validation log loss 0.6000; prior 0.9000, logistic 0.5000)"
    )


def _judged(name, log_loss, *earlier):
    nothing = Predictions(np.empty((0, 3)), np.empty((0, 2)))
    choice = CalibrationChoice(Calibrator(), nothing, {"none": log_loss})
    return Trial(Recipe(name, seed=0), (), choice, earlier_log_losses=earlier)


def test_one_lucky_period_does_not_make_a_model_the_best():
    trials = [
        _judged("prior", 0.9, 0.9),
        _judged("forest", 0.50, 0.70),
        _judged("svm", 0.55, 0.60),
    ]
    found = decide(trials, "auto")
    assert found.champion.name == "svm"
    assert found.reason == (
        "svm is best (mean log loss of 2 periods 0.5750; best baseline prior 0.9000)"
    )


@pytest.mark.parametrize("model", ["auto", "ensemble"])
def test_a_blend_of_the_candidates_is_compared_and_served(run, model):
    result, lines = run(model=model, candidates=("logistic", "svm", "ensemble"))
    compared = result.comparison.set_index("model_name")["validation_log_loss"]
    assert set(compared.index) == {"prior", "rfm_rule", "logistic", "svm", "ensemble"}
    assert compared["ensemble"] <= compared[["logistic", "svm"]].min()
    assert any(line.startswith("ensemble: validation log loss") for line in lines)
    if model == "ensemble":
        assert result.chosen.model.name == "ensemble"


def test_a_blend_of_nothing_is_refused(run):
    with pytest.raises(SettingsError, match="nothing to blend"):
        run(candidates=("ensemble",))


def test_the_same_data_and_seed_give_the_same_result(run, result, history):
    again, _ = run()
    pd.testing.assert_frame_equal(again.metrics, result.metrics)
    pd.testing.assert_frame_equal(again.chosen.importance, result.chosen.importance)
    assert np.array_equal(
        again.chosen.model.predict(history).tier_probabilities,
        result.chosen.model.predict(history).tier_probabilities,
    )


def test_metrics_and_curves_cover_every_model_on_both_snapshots(result, history):
    days = np.unique(history.snapshot_date)
    for table in (result.metrics, result.curves):
        groups = table.groupby(["model_name", "split"])["snapshot_date"].first()
        assert len(groups) == 6
        assert set(groups.xs("validation", level="split")) == {pd.Timestamp(days[2])}
        assert set(groups.xs("test", level="split")) == {pd.Timestamp(days[4])}
    assert list(result.metrics)[3:] == ["metric", "value", "ci_low", "ci_high"]
    assert list(result.curves)[3:] == ["curve", "position", "x", "y", "weight"]


def test_importance_finds_what_drives_purchases_and_not_the_noise(result):
    importance = result.chosen.importance.set_index("feature")["importance_mean"]
    assert set(importance.index[:3]) & {"recency_days", "order_count"}
    assert importance["noise"] < 0.2 * importance.max()
    assert importance["rating_mean"] == 0


def test_calibration_can_be_switched_off(run):
    result, _ = run(calibrate=False)
    assert set(result.comparison["calibration"]) == {"none"}


def test_progress_names_every_model_and_the_decision(run):
    result, lines = run()
    text = "\n".join(lines)
    assert all(f"{name}: validation log loss" in text for name in ("prior", "rfm_rule", "logistic"))
    assert result.decision in lines


def test_parameters_are_tuned_on_train_snapshots_alone(run, history):
    result, lines = run(tune_trials=3, seed=1)
    later = history.snapshot_date >= np.unique(history.snapshot_date)[2]
    tier = np.where(later, 2 - history.value_tier, history.value_tier).astype(np.int8)
    other, _ = run(replace(history, value_tier=tier), tune_trials=3, seed=1)
    pd.testing.assert_frame_equal(other.tuning_trials, result.tuning_trials)
    assert list(result.tuning_trials["trial"]) == [0, 1, 2]
    assert any("trial 3 of 3" in line for line in lines)


def test_the_model_that_is_fitted_finally_is_the_tuned_one(run):
    result, _ = run(tune_trials=3, seed=1)
    assert result.chosen.parameters == {"logistic": {"strength": result.chosen.model.strength_}}


def test_dropped_features_play_no_part_in_the_served_model(run):
    result, lines = run(feature_selection="auto")
    features = result.feature_selection.set_index("feature")
    dropped = features.index[~features["selected"]]
    assert "rating_mean" in dropped
    assert (
        result.chosen.importance.set_index("feature").loc[dropped, "importance_mean"] == 0
    ).all()
    assert any("features: log loss on rolling folds" in line for line in lines)


def test_baselines_compete_as_they_are(run):
    result, _ = run(model="prior", tune_trials=4, feature_selection="auto")
    assert result.tuning_trials.empty
    assert result.feature_selection.empty


def test_too_short_a_history_is_one_clear_line(make_examples, assign_roles):
    examples = make_examples(50, 1)
    with pytest.raises(TrainingError, match="History is too short"):
        train(
            examples,
            assign_roles(examples, "train"),
            horizon_days=90,
            settings=SETTINGS,
            progress=print,
        )
