from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from segml.curves import evaluation_curves
from segml.dataset import Examples, Predictions
from segml.evaluation import evaluate
from segml.models import build_model


@pytest.fixture(scope="module")
def judged(shop):
    half = len(shop) // 2
    model = build_model("logistic", seed=1).fit(shop.take(np.arange(half)))
    outcomes = shop.take(np.arange(half, len(shop)))
    return model.predict(outcomes), outcomes


def value_of(table, metric):
    return table.set_index("metric").loc[metric, "value"]


def test_every_estimate_lies_in_its_interval(judged):
    table = evaluate(*judged, bootstrap_samples=100, seed=1).dropna()
    inside = (table["ci_low"] <= table["value"]) & (table["value"] <= table["ci_high"])
    # a bootstrap of an absolute gap is biased upwards, so calibration errors may fall outside
    outside = table.loc[~inside, "metric"]
    assert outside.str.startswith("ece_").all()


def test_same_seed_gives_the_same_intervals(judged):
    first, second = (evaluate(*judged, bootstrap_samples=20, seed=4) for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


def test_the_size_of_a_bootstrap_chunk_changes_nothing(judged, monkeypatch):
    whole = evaluate(*judged, bootstrap_samples=20, seed=4)
    monkeypatch.setattr("segml.bootstrap.CHUNK_CELLS", len(judged[1]) * 3)
    pd.testing.assert_frame_equal(whole, evaluate(*judged, bootstrap_samples=20, seed=4))


def test_without_resamples_there_are_no_intervals(judged):
    table = evaluate(*judged, bootstrap_samples=0, seed=1)
    assert table[["ci_low", "ci_high"]].isna().all(axis=None)


def test_repeating_each_customer_does_not_narrow_the_interval(judged):
    predictions, outcomes = judged
    twice = np.repeat(np.arange(len(outcomes)), 2)
    repeated = Predictions(
        predictions.tier_probabilities[twice], predictions.conditional_revenue[twice]
    )
    once = evaluate(predictions, outcomes, bootstrap_samples=50, seed=1)
    both = evaluate(repeated, outcomes.take(twice), bootstrap_samples=50, seed=1)
    compared = once["metric"] == "log_loss"
    assert both.loc[compared, "ci_low"].item() == pytest.approx(once.loc[compared, "ci_low"].item())


def test_perfect_predictions_are_perfect(judged):
    _, outcomes = judged
    certain = np.eye(3)[outcomes.value_tier]
    exact = Predictions(certain, np.tile(outcomes.net_revenue[:, None], (1, 2)))
    table = evaluate(exact, outcomes, bootstrap_samples=0, seed=1)
    for metric in ("accuracy", "macro_f1", "roc_auc_purchase", "pr_auc_high", "gini_revenue"):
        assert value_of(table, metric) == pytest.approx(1)
    for metric in ("log_loss", "brier_purchase", "ece_high", "mae_revenue"):
        assert value_of(table, metric) == pytest.approx(0)


def test_when_nobody_buys_the_rest_is_still_measured(judged):
    predictions, outcomes = judged
    nobody = replace(
        outcomes,
        value_tier=np.zeros_like(outcomes.value_tier),
        net_revenue=np.zeros_like(outcomes.net_revenue),
    )
    table = evaluate(predictions, nobody, bootstrap_samples=5, seed=1)
    for metric in ("roc_auc_purchase", "pr_auc_high", "lift_10_purchase", "gini_revenue"):
        assert np.isnan(value_of(table, metric))
    assert np.isfinite(value_of(table, "log_loss"))


def test_a_certain_wrong_prediction_stays_finite(judged):
    _, outcomes = judged
    wrong = Predictions(np.eye(3)[(outcomes.value_tier + 1) % 3], np.ones((len(outcomes), 2)))
    assert np.isfinite(value_of(evaluate(wrong, outcomes, bootstrap_samples=0, seed=1), "log_loss"))


def test_calibration_bins_hold_every_customer_once(judged):
    curves = evaluation_curves(*judged)
    bins = curves[curves["curve"] == "calibration_purchase"]
    assert bins["weight"].sum() == len(judged[1])
    assert (bins["y"] * bins["weight"]).sum() == (judged[1].value_tier > 0).sum()


def test_gains_start_at_nothing_rise_and_end_at_everything(judged):
    curves = evaluation_curves(*judged)
    for name in ("gains_purchase", "gains_high"):
        points = curves[curves["curve"] == name]
        assert points[["x", "y"]].iloc[0].tolist() == [0, 0]
        assert points[["x", "y"]].iloc[-1].tolist() == [1, 1]
        assert points["y"].is_monotonic_increasing


def test_the_confusion_matrix_counts_true_before_predicted(judged):
    predictions, outcomes = judged
    curves = evaluation_curves(predictions, outcomes)
    cells = curves[curves["curve"] == "confusion"].set_index(["x", "y"])["weight"]
    predicted = predictions.tier_probabilities.argmax(axis=1)
    assert cells[(2, 0)] == ((outcomes.value_tier == 2) & (predicted == 0)).sum()
    assert cells.sum() == len(outcomes)


def test_no_event_leaves_no_gains_curve(judged):
    predictions, outcomes = judged
    nobody: Examples = replace(outcomes, value_tier=np.zeros_like(outcomes.value_tier))
    curves = evaluation_curves(predictions, nobody)
    drawn = {name for name in curves["curve"] if name.startswith(("gains", "lift"))}
    assert drawn == set()


def test_deciles_hold_everybody_and_every_event_once(judged):
    predictions, outcomes = judged
    curves = evaluation_curves(predictions, outcomes)
    totals = {
        "purchase": (outcomes.value_tier > 0).sum(),
        "high": (outcomes.value_tier == 2).sum(),
        "revenue": outcomes.net_revenue.sum(),
    }
    for name, total in totals.items():
        deciles = curves[curves["curve"] == f"deciles_{name}"]
        assert len(deciles) == 10
        assert deciles["weight"].sum() == pytest.approx(len(outcomes))
        assert (deciles["y"] * deciles["weight"]).sum() == pytest.approx(total)
        assert deciles["x"].is_monotonic_decreasing


def test_lift_of_the_first_tenth_is_the_metric(judged):
    curves = evaluation_curves(*judged)
    table = evaluate(*judged, bootstrap_samples=0, seed=1)
    first = curves[(curves["curve"] == "lift_high") & (curves["position"] == 0)]
    assert first["y"].item() == pytest.approx(value_of(table, "lift_10_high"))


def test_equal_scores_share_their_deciles_whatever_the_order_of_rows(judged):
    _, outcomes = judged
    same = Predictions(np.full((len(outcomes), 3), 1 / 3), np.ones((len(outcomes), 2)))
    curves = evaluation_curves(same, outcomes)
    deciles = curves.loc[curves["curve"] == "deciles_purchase", "y"]
    assert np.allclose(deciles, (outcomes.value_tier > 0).mean())
