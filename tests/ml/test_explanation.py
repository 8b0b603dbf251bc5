from dataclasses import dataclass, field, replace
from functools import cache
from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pytest

from segml.calibration import fit_calibrator
from segml.dataset import Examples, FeatureSchema, Predictions
from segml.explanation import explain, purchase_contributions, reference_row
from segml.models import build_model, model_class, model_names
from segml.models.attribution import (
    against_first,
    encoded_sources,
    sum_by_feature,
    with_total,
)
from segml.models.base import class_logits
from segml.models.calibrator import Calibrator, calibrate_logits
from segml.models.ensemble import EnsembleModel
from segml.models.forest_shapley import forest_contributions
from segml.models.preprocessing import model_frame
from segml.shapley import shapley_contributions

DNN = pytest.param(
    "dnn",
    marks=[
        pytest.mark.slow,
        # Keras 3.15 reads TensorFlow variables in a way that NumPy 2.4 deprecates
        pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    ],
)
LEARNED = ["logistic", "svm", "forest", "boosting", "ensemble", DNN]
EVERY = ["prior", "rfm_rule", "single_feature", *LEARNED]


@dataclass
class LogOddsModel:
    """A purchase model whose log-odds are a given function of the features."""

    log_odds: object

    def predict(self, examples):
        purchase = 1 / (1 + np.exp(-self.log_odds(examples.features)))
        probabilities = np.stack([1 - purchase, purchase / 2, purchase / 2], axis=1)
        return Predictions(probabilities, np.ones((len(examples), 2)))


@dataclass
class Served:
    """A model behind its calibrator."""

    model: object
    calibrator: Calibrator = field(default_factory=Calibrator)

    def predict(self, examples):
        return self.calibrator.apply(self.model.predict(examples))


@pytest.fixture(scope="module")
def fitted(shop):
    """Models by name, each fitted once."""
    models = {}

    def get(name):
        if name not in models:
            models[name] = build_model(name, seed=1).fit(shop)
        return models[name]

    return get


@pytest.fixture(scope="module")
def some(shop):
    return shop.take(np.arange(60))


def typical_rows(examples, reference):
    """Return as many typical customers as there are examples."""
    return replace(examples, features=examples.features.assign(**reference))


def log_odds(model, examples):
    tiers = model.predict(examples).tier_probabilities
    return np.log(tiers[:, 1:].sum(axis=1) / tiers[:, 0])


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
def test_permutations_sum_to_the_log_odds_against_the_reference(fitted, shop, some, name):
    model, reference = fitted(name), reference_row(shop)
    difference = log_odds(model, some) - log_odds(model, typical_rows(some, reference))
    found = shapley_contributions(model, some, reference, seed=1)
    assert found.sum(axis=1) == pytest.approx(difference, abs=1e-6)


@pytest.mark.parametrize("method", ["none", "vector", "isotonic"])
@pytest.mark.parametrize("name", EVERY)
def test_contributions_sum_to_the_calibrated_log_odds(fitted, shop, some, name, method):
    model, reference = fitted(name), reference_row(shop)
    predicted = model.predict(shop).tier_probabilities
    served = Served(model, fit_calibrator(method, predicted, shop.value_tier))
    difference = log_odds(served, some) - log_odds(served, typical_rows(some, reference))
    found = purchase_contributions(served, some, reference, seed=1)
    assert found.sum(axis=1) == pytest.approx(difference, abs=1e-6)


@pytest.mark.parametrize("method", ["none", "vector"])
def test_contributions_agree_with_those_of_permutations(fitted, shop, some, method):
    model, reference = fitted("logistic"), reference_row(shop)
    predicted = model.predict(shop).tier_probabilities
    served = Served(model, fit_calibrator(method, predicted, shop.value_tier))
    found = purchase_contributions(served, some, reference, seed=1)
    permuted = shapley_contributions(served, some, reference, seed=1)
    assert found == pytest.approx(permuted, abs=0.01)
    assert np.abs(found).max() > 1


def shapley_of_all_subsets(value, names):
    """Return the Shapley value (n, p) of a set function by its definition."""
    columns = []
    for name in names:
        others = [other for other in names if other != name]
        total = 0.0
        for size in range(len(names)):
            for subset in combinations(others, size):
                gain = value(frozenset({*subset, name})) - value(frozenset(subset))
                total = total + gain / (len(names) * comb(len(others), size))
        columns.append(total)
    return np.stack(columns, axis=-1)


def logits_of_hybrids(model, examples, reference):
    """Return a function from a set of features to logits (2, n) with only these changed."""

    @cache
    def logits(changed):
        kept = {name: reference[name] for name in examples.schema.names if name not in changed}
        hybrid = replace(examples, features=examples.features.assign(**kept))
        return class_logits(model.predict(hybrid).tier_probabilities).T

    return logits


@pytest.mark.parametrize("name", ["logistic", "boosting"])
def test_logits_are_split_by_the_definition_of_shapley(make_examples, name):
    shop = make_examples(900, seed=4)
    rare = np.array(["NO", "SE", "IS"], dtype=object)[np.arange(60) % 3]
    shop.features.loc[:59, "country"] = rare  # too few: they share a column, or are unknown
    shop.features["rating_mean"] = np.where(np.arange(900) % 3, np.nan, np.arange(900) % 5)
    model, reference = build_model(name, seed=1).fit(shop), reference_row(shop)
    some = shop.take(np.arange(50, 80))
    some.features.loc[50, "country"] = "never seen"
    typical = typical_rows(some, reference).take(np.array([0]))
    found = model.logit_contributions(some, typical)
    logits = logits_of_hybrids(model, some, reference)
    expected = shapley_of_all_subsets(logits, shop.schema.names)
    assert np.moveaxis(found.contributions, 2, 0) == pytest.approx(expected, abs=1e-9)
    assert found.reference == pytest.approx(logits(frozenset())[:, 0])
    assert (np.abs(found.contributions).max(axis=(0, 2)) > 0).sum() > 5


def test_probabilities_of_a_forest_are_split_by_the_definition_of_shapley(
    make_examples, monkeypatch
):
    monkeypatch.setattr("segml.models.forest.TREES", 10)
    shop = make_examples(900, seed=4)
    model, reference = build_model("forest", seed=1).fit(shop), reference_row(shop)
    some, names = shop.take(np.arange(50, 80)), shop.schema.names
    preprocessor, forest = model.pipeline_

    @cache
    def probabilities(changed):
        kept = {name: reference[name] for name in names if name not in changed}
        hybrid = replace(some, features=some.features.assign(**kept))
        return model.pipeline_.predict_proba(model_frame(hybrid)).T

    features = np.array([names.index(name) for name in encoded_sources(preprocessor)])
    found = forest_contributions(
        forest,
        preprocessor.transform(model_frame(some)),
        preprocessor.transform(model_frame(typical_rows(some, reference)))[:1],
        features,
        len(names),
    )
    expected = shapley_of_all_subsets(probabilities, names)
    assert np.moveaxis(found, 2, 0) == pytest.approx(expected, abs=1e-12)
    assert (np.abs(found).max(axis=(0, 2)) > 0).sum() > 4


def test_a_machine_is_split_by_integrated_gradients(fitted, shop, some):
    model, reference = fitted("svm"), typical_rows(some, reference_row(shop))
    start, end = (model.preprocessor_.transform(model_frame(rows)) for rows in (reference, some))
    found = model.logit_contributions(some, reference.take(np.array([0])))
    column, step = shop.schema.names.index("recency_days"), 1e-4

    def logits(matrix):
        scores = model.machine_.decision_function(matrix)
        return against_first(model.link_.decision_function(scores).T).T

    nudge = np.zeros(start.shape[1])
    nudge[encoded_sources(model.preprocessor_).index("recency_days")] = step
    points = [start + (end - start) * fraction for fraction in (np.arange(200) + 0.5) / 200]
    slopes = [(logits(point + nudge) - logits(point - nudge)) / (2 * step) for point in points]
    change = ((end - start) @ nudge / step)[:, None]
    assert found.contributions[:, column] == pytest.approx(
        np.mean(slopes, axis=0) * change, abs=1e-5
    )
    assert np.abs(found.contributions[:, column]).max() > 0.1


@pytest.mark.parametrize("method", ["none", "vector", "isotonic"])
def test_a_blend_is_split_as_its_calibrated_members_are(fitted, shop, some, method):
    members = {name: fitted(name) for name in ("logistic", "svm")}
    calibrators = {
        name: fit_calibrator(method, model.predict(shop).tier_probabilities, shop.value_tier)
        for name, model in members.items()
    }
    blend = EnsembleModel.of(members, {"logistic": 0.3, "svm": 0.7}, calibrators, seed=1)
    typical = typical_rows(some, reference_row(shop)).take(np.array([0]))
    found = blend.logit_contributions(some, typical)
    change = class_logits(blend.predict(some).tier_probabilities) - found.reference
    assert found.contributions.sum(axis=1) == pytest.approx(change, abs=1e-6)
    parts = [
        weight
        * calibrate_logits(
            members[name].logit_contributions(some, typical), calibrators[name]
        ).contributions
        for name, weight in blend.weights.items()
    ]
    assert found.contributions == pytest.approx(sum(parts))


def test_a_blend_with_a_member_that_cannot_be_split_is_explained_by_permutations(
    fitted, shop, some
):
    members = {"logistic": fitted("logistic"), "opaque": LogOddsModel(lambda rows: rows["noise"])}
    blend = EnsembleModel.of(
        members, dict.fromkeys(members, 0.5), dict.fromkeys(members, Calibrator()), seed=1
    )
    reference = reference_row(shop)
    found = purchase_contributions(Served(blend), some, reference, seed=1)
    difference = log_odds(blend, some) - log_odds(blend, typical_rows(some, reference))
    assert found.sum(axis=1) == pytest.approx(difference, abs=1e-6)


@pytest.mark.parametrize("name", model_names())
def test_every_model_splits_its_own_logits_and_needs_no_permutations(name):
    assert callable(getattr(model_class(name), "logit_contributions", None))


def test_baselines_name_what_they_look_at_and_nothing_else(fitted, shop, some):
    reference = reference_row(shop)
    best = fitted("single_feature").feature_
    for model, looked_at in (("rfm_rule", "rfm_segment"), ("single_feature", best)):
        split = purchase_contributions(Served(fitted(model)), some, reference, seed=1)
        assert [shop.schema.names[column] for column in np.flatnonzero(split.any(axis=0))] == [
            looked_at
        ]
    assert not purchase_contributions(Served(fitted("prior")), some, reference, seed=1).any()


def test_habit_is_split_between_orders_and_revenue(shop):
    spent = np.where(np.arange(900) % 3, shop.features["net_revenue"], 0.0)
    windows = {"order_count_90d": np.minimum(np.arange(900) % 4, 1.0), "net_revenue_90d": spent}
    schema = replace(shop.schema, numeric=(*shop.schema.numeric, *windows))
    habit = replace(shop, features=shop.features.assign(**windows), schema=schema)
    model, reference = build_model("last_period", seed=1).fit(habit), reference_row(habit)
    some = habit.take(np.arange(80))

    def logits(changed):
        kept = {name: reference[name] for name in windows if name not in changed}
        hybrid = replace(some, features=some.features.assign(**kept))
        return class_logits(model.predict(hybrid).tier_probabilities).T

    typical = typical_rows(some, reference).take(np.array([0]))
    found = model.logit_contributions(some, typical)
    expected = shapley_of_all_subsets(logits, list(windows))
    assert np.moveaxis(found.contributions[:, -4:-2], 2, 0) == pytest.approx(expected)
    assert (np.abs(expected).max(axis=(0, 1)) > 0.1).all()
    assert found.reference == pytest.approx(logits(frozenset())[:, 0])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_gradients_of_a_linear_network_are_its_weights(fitted):
    fitted("dnn")  # starts Keras as the package does
    import keras

    from segml.models.integrated_gradients import path_gradients

    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    generator = np.random.default_rng(1)
    matrix = generator.normal(size=(700, 4)).astype(np.float32)
    weights = network.layers[0].kernel.numpy()
    found = path_gradients(network, matrix, matrix[:1])
    for gradients, tier in zip(found, (1, 2), strict=True):
        expected = np.tile(weights[:, tier] - weights[:, 0], (700, 1))
        assert gradients == pytest.approx(expected, abs=1e-5)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_gradients_at_the_first_layers_are_those_at_the_columns(fitted, shop, some):
    model = fitted("dnn")
    from segml.models.integrated_gradients import path_gradients, tier_logits

    typical = typical_rows(some, reference_row(shop)).take(np.array([0]))
    matrix, reference = (
        model.preprocessor_.transform(model_frame(rows)).astype(np.float32)
        for rows in (some, typical)
    )
    network, sources = model.network_, encoded_sources(model.preprocessor_)
    gradients = path_gradients(lambda points, **_: network(points)["tier"], matrix, reference)
    by_column = [
        sum_by_feature((matrix - reference) * part, sources, shop.schema.names)
        for part in gradients
    ]
    start, end = (tier_logits(network(rows)["tier"].numpy()) for rows in (reference, matrix))
    found = model.logit_contributions(some, typical).contributions
    expected = with_total(np.stack(by_column, axis=-1), end - start)
    assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", LEARNED)
def test_a_feature_like_that_of_the_reference_contributes_exactly_nothing(fitted, shop, some, name):
    reference = reference_row(shop)
    same = ["recency_days", "purchase_gap_mean_days", "country"]
    alike = replace(
        some, features=some.features.assign(**{column: reference[column] for column in same})
    )
    found = purchase_contributions(Served(fitted(name)), alike, reference, seed=1)
    changes = dict(zip(shop.schema.names, found.any(axis=0), strict=True))
    assert not any(changes[column] for column in same)
    assert changes["order_count"]


@pytest.mark.parametrize("name", LEARNED)
def test_a_feature_that_was_empty_in_training_contributes_nothing(fitted, shop, some, name):
    rated = replace(some, features=some.features.assign(rating_mean=5.0))
    found = purchase_contributions(Served(fitted(name)), rated, reference_row(shop), seed=1)
    assert not found[:, shop.schema.names.index("rating_mean")].any()


@pytest.mark.parametrize("name", LEARNED)
def test_the_same_customers_get_the_same_contributions(fitted, shop, some, name):
    served, reference = Served(fitted(name)), reference_row(shop)
    first = purchase_contributions(served, some, reference, seed=1)
    assert np.array_equal(purchase_contributions(served, some, reference, seed=1), first)


@pytest.mark.parametrize("name", LEARNED)
def test_a_stored_model_gives_the_same_contributions(fitted, shop, some, name, tmp_path):
    fitted(name).save(tmp_path)
    stored, reference = model_class(name).load(tmp_path), reference_row(shop)
    found = purchase_contributions(Served(stored), some, reference, seed=1)
    expected = purchase_contributions(Served(fitted(name)), some, reference, seed=1)
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("name", LEARNED)
def test_contributions_do_not_depend_on_the_other_customers(fitted, shop, some, name):
    served, reference = Served(fitted(name)), reference_row(shop)
    together = purchase_contributions(served, some, reference, seed=1)
    alone = purchase_contributions(served, some.take(np.array([7])), reference, seed=1)
    assert together[7:8] == pytest.approx(alone, abs=1e-5)


@pytest.mark.parametrize("name", ["logistic", "svm", "forest", "boosting"])
def test_a_shop_without_categories_is_explained(shop, name):
    numeric = replace(shop, schema=FeatureSchema(shop.schema.numeric, ()))
    model, reference = build_model(name, seed=1).fit(numeric), reference_row(numeric)
    difference = log_odds(model, numeric) - log_odds(model, typical_rows(numeric, reference))
    found = purchase_contributions(Served(model), numeric, reference, seed=1)
    assert found.sum(axis=1) == pytest.approx(difference, abs=1e-6)


@pytest.mark.parametrize("name", ["logistic", "svm", "forest", "boosting"])
def test_a_shop_without_a_middle_tier_is_explained_by_permutations(shop, name):
    two_tiers = replace(shop, value_tier=np.where(shop.value_tier == 1, 2, shop.value_tier))
    model, reference = build_model(name, seed=1).fit(two_tiers), reference_row(shop)
    some = shop.take(np.arange(20))
    found = purchase_contributions(Served(model), some, reference, seed=1)
    assert np.array_equal(found, shapley_contributions(model, some, reference, seed=1))
    assert found.any()


def test_a_customer_close_to_typical_gets_finite_contributions(fitted, shop, some):
    served, reference = Served(fitted("logistic")), reference_row(shop)
    close = typical_rows(some, reference | {"recency_days": reference["recency_days"] + 1e-9})
    found = purchase_contributions(served, close, reference, seed=1)
    difference = log_odds(served, close) - log_odds(served, typical_rows(some, reference))
    assert found[:, 0] == pytest.approx(difference, abs=1e-12)
    assert found[:, 0].all()


def test_a_missing_total_is_spread_by_size_and_never_to_zeros():
    contributions = np.array([[3.0, -1.0, 0.0], [0.0, 0.0, 0.0]])
    closed = with_total(contributions, np.array([4.0, 0.5]))
    assert closed == pytest.approx(np.array([[4.5, -0.5, 0.0], [0.0, 0.0, 0.0]]))


def test_a_customer_is_explained_alike_in_any_batch(shop, monkeypatch):
    model, reference = build_model("boosting", seed=1).fit(shop), reference_row(shop)
    some = shop.take(np.arange(30))
    whole = shapley_contributions(model, some, reference, seed=1)
    monkeypatch.setattr("segml.shapley.CALL_ROWS", 60)
    assert shapley_contributions(model, some, reference, seed=1) == pytest.approx(whole)


def test_the_typical_customer_gets_no_reasons(customers):
    model = LogOddsModel(lambda rows: rows["a"])
    typical = replace(customers, features=customers.features * 0)
    assert explain(Served(model), typical, ORIGIN, top=3, seed=1).empty


def test_reasons_are_ranked_by_strength_with_value_and_direction(customers):
    model = LogOddsModel(lambda rows: 3 * rows["a"] - 2 * rows["b"] + rows["c"])
    fixed = customers.features.assign(a=0.123456789, b=1.0, c=-0.1)
    reasons = explain(Served(model), replace(customers, features=fixed), ORIGIN, top=2, seed=1)
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
    reasons = explain(Served(model), replace(shop, features=frame), reference, top=6, seed=1)
    unknown = reasons.loc[reasons["feature"] == "purchase_gap_mean_days", "feature_value"]
    assert len(unknown)
    assert unknown.isna().all()


@pytest.mark.parametrize("name", ["prior", "logistic", "boosting"])
def test_nobody_gets_no_reasons(fitted, shop, name):
    nobody = shop.take(np.arange(0))
    assert explain(Served(fitted(name)), nobody, reference_row(shop), top=3, seed=1).empty


def test_no_reasons_on_request(customers):
    model = LogOddsModel(lambda rows: rows["a"])
    assert explain(Served(model), customers, ORIGIN, top=0, seed=1).empty


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
