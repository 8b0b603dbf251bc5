from dataclasses import replace

import numpy as np
import pytest

from segml.dataset import FeatureSchema
from segml.errors import TrainingError
from segml.models import BASELINES, baselines_for, build_model, model_class


@pytest.fixture(scope="module")
def habits(shop):
    """A shop whose customers tend to repeat the last 90 days, and not the last 30."""
    generator = np.random.default_rng(5)
    repeats = generator.random(len(shop)) < 0.8
    revenue = np.where(repeats, shop.net_revenue, generator.permutation(shop.net_revenue))
    features = shop.features.assign(
        order_count_30d=0.0,
        net_revenue_30d=0.0,
        order_count_90d=(revenue > 0).astype(float),
        net_revenue_90d=revenue,
        order_count_365d=1.0,
    )
    return replace(shop, features=features, horizon_days=80)


def test_baselines_take_part_where_they_find_their_columns(shop, habits):
    assert baselines_for(shop.features.columns) == ("prior", "rfm_rule")
    assert baselines_for(habits.features.columns) == BASELINES
    assert baselines_for(["noise"]) == ("prior",)


def test_the_period_is_the_complete_window_nearest_to_the_horizon(habits):
    assert build_model("last_period", seed=1).fit(habits).period_days_ == 90
    short = replace(habits, horizon_days=45)
    assert build_model("last_period", seed=1).fit(short).period_days_ == 30


def test_last_period_predicts_what_followed_the_same_last_tier(habits):
    model = build_model("last_period", seed=1).fit(habits)
    predictions = model.predict(habits)
    threshold = habits.net_revenue[habits.value_tier == 2].min()
    revenue = habits.features["net_revenue_90d"].to_numpy()
    last = np.where(revenue > 0, np.where(revenue >= threshold, 2, 1), 0)
    for tier in range(3):
        rows = last == tier
        observed = np.bincount(habits.value_tier[rows], minlength=3) / rows.sum()
        assert predictions.tier_probabilities[rows][0] == pytest.approx(
            observed, abs=0.1
        )  # shrunk a little
        assert np.ptp(predictions.tier_probabilities[rows], axis=0).max() == 0
    high = habits.net_revenue[(last == 2) & (habits.value_tier == 2)].mean()
    assert predictions.conditional_revenue[last == 2][0, 1] == pytest.approx(high, rel=0.1)


def test_last_period_survives_storage(habits, tmp_path):
    model = build_model("last_period", seed=1).fit(habits)
    model.save(tmp_path)
    again = model_class("last_period").load(tmp_path)
    assert np.array_equal(
        again.predict(habits).tier_probabilities, model.predict(habits).tier_probabilities
    )


def test_last_period_without_a_window_says_what_it_needs(shop):
    with pytest.raises(TrainingError, match="order_count_90d"):
        build_model("last_period", seed=1).fit(shop)


def test_an_excluded_segment_stays_with_its_baseline_and_is_seen_by_no_other(shop):
    schema = FeatureSchema(
        numeric=shop.schema.numeric,
        categorical=("country",),
        baseline_categorical=("rfm_segment",),
    )
    hidden = replace(shop, schema=schema)
    seen = build_model("rfm_rule", seed=1).fit(shop).predict(shop)
    kept = build_model("rfm_rule", seed=1).fit(hidden).predict(hidden)
    assert np.array_equal(kept.tier_probabilities, seen.tier_probabilities)
    shuffled = hidden.features.assign(rfm_segment=hidden.features["rfm_segment"].to_numpy()[::-1])
    model = build_model("logistic", seed=1).fit(hidden)
    other = model.predict(replace(hidden, features=shuffled))
    assert np.array_equal(other.tier_probabilities, model.predict(hidden).tier_probabilities)
