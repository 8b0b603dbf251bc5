from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from segml.dataset import Examples, FeatureSchema, Predictions
from segml.explanation import explain, reference_row
from segml.models import build_model
from segml.shapley import shapley_contributions


@dataclass
class LogOddsModel:
    """A purchase model whose log-odds are a given function of the features."""

    log_odds: object

    def predict(self, examples):
        purchase = 1 / (1 + np.exp(-self.log_odds(examples.features)))
        probabilities = np.stack([1 - purchase, purchase / 2, purchase / 2], axis=1)
        return Predictions(probabilities, np.ones((len(examples), 2)))


@pytest.fixture
def customers():
    generator = np.random.default_rng(2)
    features = pd.DataFrame(generator.normal(size=(40, 4)), columns=["a", "b", "c", "idle"])
    return Examples(
        customer_key=np.array([f"customer-{number}" for number in range(40)]),
        snapshot_date=np.full(40, np.datetime64("2024-01-01")),
        features=features,
        value_tier=np.zeros(40, dtype=np.int8),
        net_revenue=np.zeros(40),
        schema=FeatureSchema(("a", "b", "c", "idle"), ()),
    )


ORIGIN = {"a": 0.0, "b": 0.0, "c": 0.0, "idle": 0.0}


def test_an_additive_model_is_split_exactly(customers):
    model = LogOddsModel(lambda rows: 0.7 * rows["a"] - 0.2 * rows["b"])
    found = shapley_contributions(model, customers, ORIGIN, seed=1)
    assert found[:, 0] == pytest.approx(0.7 * customers.features["a"].to_numpy())
    assert found[:, 1] == pytest.approx(-0.2 * customers.features["b"].to_numpy())


def test_a_pairwise_interaction_is_shared_equally_by_a_single_pair_of_orders(customers):
    model = LogOddsModel(lambda rows: rows["a"] * rows["b"])
    found = shapley_contributions(model, customers, ORIGIN, seed=1, pairs=1)
    half = customers.features["a"].to_numpy() * customers.features["b"].to_numpy() / 2
    assert found[:, 0] == pytest.approx(half)
    assert found[:, 1] == pytest.approx(half)


def test_a_feature_that_the_model_ignores_contributes_nothing(customers):
    model = LogOddsModel(lambda rows: rows["a"] * rows["b"] * rows["c"])
    assert not shapley_contributions(model, customers, ORIGIN, seed=1)[:, 3].any()


@pytest.mark.parametrize("name", ["logistic", "boosting", "rfm_rule"])
def test_contributions_sum_to_the_log_odds_against_the_reference(shop, name):
    model, reference = build_model(name, seed=1).fit(shop), reference_row(shop)
    some = shop.take(np.arange(50))
    typical = replace(some, features=some.features.assign(**reference))
    difference = log_odds(model, some) - log_odds(model, typical)
    found = shapley_contributions(model, some, reference, seed=1)
    assert found.sum(axis=1) == pytest.approx(difference, abs=1e-6)


def log_odds(model, examples):
    probability = model.predict(examples).purchase_probability
    return np.log(probability / (1 - probability))


def test_a_customer_is_explained_alike_in_any_batch(shop, monkeypatch):
    model, reference = build_model("boosting", seed=1).fit(shop), reference_row(shop)
    some = shop.take(np.arange(30))
    whole = shapley_contributions(model, some, reference, seed=1)
    monkeypatch.setattr("segml.shapley.CALL_ROWS", 60)
    assert shapley_contributions(model, some, reference, seed=1) == pytest.approx(whole)


def test_the_typical_customer_gets_no_reasons(customers):
    model = LogOddsModel(lambda rows: rows["a"])
    typical = replace(customers, features=customers.features * 0)
    assert explain(model, typical, ORIGIN, top=3, seed=1).empty


def test_reasons_are_ranked_by_strength_with_value_and_direction(customers):
    model = LogOddsModel(lambda rows: 3 * rows["a"] - 2 * rows["b"] + rows["c"])
    fixed = customers.features.assign(a=0.123456789, b=1.0, c=-0.1)
    reasons = explain(model, replace(customers, features=fixed), ORIGIN, top=2, seed=1)
    first = reasons[reasons["customer_key"] == "customer-0"]
    assert first["rank"].tolist() == [1, 2]
    assert first["feature"].tolist() == ["b", "a"]
    assert first["feature_value"].tolist() == ["1", "0.123457"]
    assert first["direction"].tolist() == ["lowers", "raises"]
    assert first["contribution"].tolist() == pytest.approx([-2, 3 * 0.123456789])


def test_an_unknown_value_is_a_reason_without_text(shop):
    reference = reference_row(shop)
    frame = shop.features.assign(purchase_gap_mean_days=np.nan)
    model = build_model("logistic", seed=1).fit(shop)
    reasons = explain(model, replace(shop, features=frame), reference, top=6, seed=1)
    unknown = reasons.loc[reasons["feature"] == "purchase_gap_mean_days", "feature_value"]
    assert len(unknown)
    assert unknown.isna().all()


def test_no_reasons_on_request(customers):
    model = LogOddsModel(lambda rows: rows["a"])
    assert explain(model, customers, ORIGIN, top=0, seed=1).empty


def test_the_typical_customer_is_median_and_most_frequent():
    features = pd.DataFrame(
        {
            "spend": [1.0, 2.0, 9.0, np.nan],
            "rating": [np.nan, np.nan, np.nan, 5.0],
            "country": ["FR", "DE", "FR", None],
            "channel": ["web", "app", None, None],
            "tie": ["b", "a", "a", "b"],
        }
    ).astype({"country": object, "channel": object, "tie": object})
    examples = Examples(
        customer_key=np.array(list("wxyz")),
        snapshot_date=np.full(4, np.datetime64("2024-01-01")),
        features=features,
        value_tier=np.zeros(4, dtype=np.int8),
        net_revenue=np.zeros(4),
        schema=FeatureSchema(("spend", "rating"), ("country", "channel", "tie")),
    )
    assert reference_row(examples) == {
        "spend": 2.0,
        "rating": None,
        "country": "FR",
        "channel": None,
        "tie": "a",
    }
