import json

import numpy as np
import pytest

from segml.calibration import choose_calibrator, fit_calibrator, lasting_methods
from segml.dataset import Predictions
from segml.models.base import mean_log_loss
from segml.models.calibrator import Calibrator

ROWS = 3_000
KEYS = np.array([f"customer-{number}" for number in range(ROWS)])


@pytest.fixture(scope="module")
def truth():
    """Probabilities that are right, and outcomes drawn from them."""
    generator = np.random.default_rng(5)
    probabilities = generator.dirichlet((2, 1, 1), ROWS) * 0.98 + 0.02 / 3
    drawn = (generator.random((ROWS, 1)) > probabilities.cumsum(axis=1)).sum(axis=1)
    return probabilities, drawn.astype(np.int8)


def predictions_of(probabilities):
    return Predictions(probabilities, np.tile([10.0, 100.0], (len(probabilities), 1)))


def sharpened(probabilities):
    distorted = probabilities**3 * np.array([1.0, 2.0, 0.5])
    return distorted / distorted.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("method", ["vector", "isotonic"])
def test_a_distortion_is_undone(truth, method):
    probabilities, tier = truth
    distorted = sharpened(probabilities)
    calibrator = fit_calibrator(method, distorted, tier)
    lost = mean_log_loss(distorted, tier) - mean_log_loss(probabilities, tier)
    left = mean_log_loss(calibrator.transform(distorted), tier) - mean_log_loss(probabilities, tier)
    assert left < 0.15 * lost


@pytest.mark.parametrize("method", ["none", "vector", "isotonic"])
def test_calibrated_rows_are_probabilities(truth, method):
    probabilities, tier = truth
    calibrated = fit_calibrator(method, probabilities, tier).transform(probabilities)
    assert calibrated.min() > 0
    assert calibrated.sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize("method", ["none", "vector", "isotonic"])
def test_a_calibrator_survives_json(truth, method):
    probabilities, tier = truth
    calibrator = fit_calibrator(method, probabilities, tier)
    restored = Calibrator.from_dict(json.loads(json.dumps(calibrator.as_dict())))
    assert np.array_equal(restored.transform(probabilities), calibrator.transform(probabilities))


def test_right_probabilities_are_left_alone(truth):
    probabilities, tier = truth
    choice = choose_calibrator(predictions_of(probabilities), tier, KEYS, seed=1)
    assert choice.calibrator.method == "none"
    assert np.array_equal(choice.predictions.tier_probabilities, probabilities)


def test_wrong_probabilities_are_calibrated_by_the_better_method(truth):
    probabilities, tier = truth
    choice = choose_calibrator(predictions_of(sharpened(probabilities)), tier, KEYS, seed=1)
    assert choice.calibrator.method == min(choice.log_losses, key=choice.log_losses.get) != "none"


def test_a_customer_is_judged_by_curves_of_other_customers(truth):
    probabilities, tier = truth
    predictions = predictions_of(sharpened(probabilities))
    before = choose_calibrator(predictions, tier, KEYS, seed=1)
    changed = tier.copy()
    changed[7] = (tier[7] + 1) % 3
    after = choose_calibrator(predictions, changed, KEYS, seed=1)
    assert before.calibrator.method == after.calibrator.method
    assert np.array_equal(
        before.predictions.tier_probabilities[7], after.predictions.tier_probabilities[7]
    )
    assert not np.array_equal(
        before.predictions.tier_probabilities, after.predictions.tier_probabilities
    )


def test_expected_revenue_follows_the_calibrated_probabilities(truth):
    probabilities, tier = truth
    predictions = predictions_of(sharpened(probabilities))
    calibrated = fit_calibrator("vector", predictions.tier_probabilities, tier).apply(predictions)
    by_hand = calibrated.tier_probabilities @ np.array([0.0, 10.0, 100.0])
    assert calibrated.expected_net_revenue == pytest.approx(by_hand)


def test_few_rows_are_not_calibrated(truth):
    probabilities, tier = truth
    few = predictions_of(sharpened(probabilities)[:150])
    choice = choose_calibrator(few, tier[:150], KEYS[:150], seed=1)
    assert choice.calibrator.method == "none"


def test_one_prediction_for_all_can_be_calibrated(truth):
    _, tier = truth
    constant = np.tile([0.9, 0.05, 0.05], (ROWS, 1))
    for method in ("vector", "isotonic"):
        calibrated = fit_calibrator(method, constant, tier).transform(constant)
        assert calibrated[0] == pytest.approx(np.bincount(tier) / ROWS, abs=0.05)


def test_a_fault_of_the_model_is_worth_calibrating_at_a_later_snapshot(truth):
    probabilities, tier = truth
    distorted = sharpened(probabilities)
    half = ROWS // 2
    lasting = lasting_methods(distorted[:half], tier[:half], distorted[half:], tier[half:])
    assert lasting == ("none", "vector", "isotonic")


def test_a_season_is_not(truth):
    probabilities, tier = truth
    half = ROWS // 2
    out_of_season = np.where(np.arange(half) % 3 == 0, 0, tier[:half]).astype(np.int8)
    lasting = lasting_methods(
        probabilities[:half], out_of_season, probabilities[half:], tier[half:]
    )
    assert lasting == ("none",)
