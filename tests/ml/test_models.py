from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.preprocessing import FunctionTransformer
from skops import io
from threadpoolctl import threadpool_info

from segml.dataset import FeatureSchema
from segml.errors import ArtifactError, SettingsError, TrainingError
from segml.models import build_model, model_class, model_names
from segml.models.base import TierModel, complete_probabilities, mean_log_loss
from segml.models.calibrator import Calibrator
from segml.models.ensemble import EnsembleModel
from segml.models.preprocessing import dense_preprocessor, model_frame
from segml.models.revenue import ConditionalRevenue
from segml.models.storage import load_estimator

FAST = ("prior", "rfm_rule", "logistic", "svm", "forest", "boosting", "ensemble")
DNN = pytest.param(
    "dnn",
    marks=[
        pytest.mark.slow,
        # Keras 3.15 reads TensorFlow variables in a way that NumPy 2.4 deprecates
        pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    ],
)
EVERY = [*FAST, DNN]
MEMBERS = ["logistic", "svm", "forest", "boosting", DNN]
LEARNED = ["ensemble", *MEMBERS]


@pytest.fixture(scope="module")
def fitted(shop):
    """Models by name, each fitted once on two thirds of the shop."""
    models: dict[str, TierModel] = {}

    def get(name):
        if name not in models:
            models[name] = build_model(name, seed=3).fit(shop.take(np.arange(600)))
        return models[name]

    return get


@pytest.fixture(scope="module")
def unseen(shop):
    return shop.take(np.arange(600, 900))


@pytest.mark.parametrize("name", EVERY)
def test_predictions_are_probabilities_and_ordered_revenue(fitted, unseen, name):
    predictions = fitted(name).predict(unseen)
    assert predictions.tier_probabilities.shape == (300, 3)
    assert predictions.tier_probabilities.min() > 0
    assert predictions.tier_probabilities.sum(axis=1) == pytest.approx(1)
    mid, high = predictions.conditional_revenue.T
    assert (mid < high).all()


@pytest.mark.parametrize("name", LEARNED)
def test_a_learned_model_beats_both_baselines(fitted, unseen, name):
    losses = {
        other: mean_log_loss(fitted(other).predict(unseen).tier_probabilities, unseen.value_tier)
        for other in ("prior", "rfm_rule", name)
    }
    assert losses[name] < min(losses["prior"], losses["rfm_rule"])


@pytest.mark.parametrize("name", EVERY)
def test_a_stored_model_predicts_the_same(fitted, unseen, name, tmp_path):
    fitted(name).save(tmp_path)
    restored = model_class(name).load(tmp_path).predict(unseen)
    original = fitted(name).predict(unseen)
    assert np.array_equal(restored.tier_probabilities, original.tier_probabilities)
    assert np.array_equal(restored.conditional_revenue, original.conditional_revenue)


@pytest.mark.parametrize("name", EVERY)
def test_the_same_seed_gives_the_same_predictions(fitted, shop, unseen, name):
    again = build_model(name, seed=3).fit(shop.take(np.arange(600))).predict(unseen)
    first = fitted(name).predict(unseen)
    assert np.array_equal(again.tier_probabilities, first.tier_probabilities)


@pytest.mark.parametrize("name", FAST)
def test_a_prediction_does_not_depend_on_its_neighbours(fitted, unseen, name):
    together = fitted(name).predict(unseen).tier_probabilities[7]
    alone = fitted(name).predict(unseen.take(np.array([7]))).tier_probabilities[0]
    assert alone == pytest.approx(together, abs=1e-12)


@pytest.mark.parametrize("name", FAST)
def test_unknown_categories_and_impossible_numbers_are_predicted(fitted, unseen, name):
    strange = unseen.features.assign(
        country="Atlantis", rfm_segment=None, recency_days=np.inf, net_revenue=np.nan
    )
    predictions = fitted(name).predict(replace(unseen, features=strange))
    assert np.isfinite(predictions.tier_probabilities).all()
    assert np.isfinite(predictions.expected_net_revenue).all()


@pytest.mark.parametrize("name", FAST)
def test_a_tier_that_training_never_saw_stays_possible(shop, unseen, name):
    seen = shop.take(shop.value_tier != 2)
    probabilities = build_model(name, seed=1).fit(seen).predict(unseen).tier_probabilities
    assert probabilities.shape == (300, 3)
    assert (probabilities[:, 2] > 0).all()
    assert probabilities[:, 2].max() < 0.01


@pytest.fixture(scope="module")
def rare(make_examples):
    """Two snapshots of a shop where one customer in a hundred buys, and hardly one buys much."""
    shop = make_examples(3_000, 2, seed=8)
    chosen = np.flatnonzero(shop.value_tier == 0)
    buyers = np.flatnonzero(shop.value_tier > 0)[::40]
    kept = shop.take(np.sort(np.concatenate([chosen, buyers])))
    assert 0.007 < (kept.value_tier > 0).mean() < 0.03
    return kept


@pytest.mark.parametrize("name", MEMBERS)
def test_rare_buyers_are_found_at_their_true_rate(rare, name):
    learned, later = (rare.take(rare.snapshot_date == day) for day in np.unique(rare.snapshot_date))
    purchase = build_model(name, seed=2).fit(learned).predict(later).purchase_probability
    bought = later.value_tier > 0
    assert purchase.mean() == pytest.approx(bought.mean(), rel=0.5)
    assert purchase[bought].mean() > 1.5 * purchase[~bought].mean()


@pytest.mark.parametrize("name", MEMBERS)
def test_a_tier_of_one_customer_is_learned(shop, unseen, name):
    high = np.flatnonzero(shop.value_tier == 2)
    one = shop.take(np.sort(np.append(np.flatnonzero(shop.value_tier < 2)[:400], high[0])))
    probabilities = build_model(name, seed=1).fit(one).predict(unseen).tier_probabilities
    assert 0 < probabilities[:, 2].mean() < 0.05


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("svm", {"strength": 2.0}),
        ("forest", {"leaf_share": 0.02}),
    ],
)
def test_what_is_given_is_not_chosen_again(shop, name, parameters, tmp_path):
    model = build_model(name, seed=1, parameters=parameters).fit(shop)
    ((parameter, value),) = parameters.items()
    assert getattr(model, f"{parameter}_") == value
    model.save(tmp_path)
    assert model_class(name).load(tmp_path).parameters == model.parameters


def test_boosting_with_a_given_number_of_trees_is_one_model_of_so_many(shop):
    model = build_model("boosting", seed=1, parameters={"iterations": 7}).fit(shop)
    assert [member.n_iter_ for member in model.members_] == [7]


def grow_watched_members(shop, monkeypatch):
    """Fit boosting; return the customers each member learned from, and those that stopped it."""
    seen = []
    fit = HistGradientBoostingClassifier.fit

    def watched(self, X, y, X_val, y_val):
        seen.append((X, X_val))
        return fit(self, X, y, X_val=X_val, y_val=y_val)

    monkeypatch.setattr(HistGradientBoostingClassifier, "fit", watched)
    marked = replace(
        shop,
        schema=replace(shop.schema, numeric=(*shop.schema.numeric, "customer")),
        features=shop.features.assign(customer=pd.factorize(shop.customer_key)[0].astype(float)),
    )
    model = build_model("boosting", seed=1).fit(marked)
    assert len(model.members_) == len(seen) == 4
    position = list(model.preprocessor_.get_feature_names_out()).index("numeric__customer")
    return ([set(matrix[:, position]) for matrix in side] for side in zip(*seen, strict=True))


def test_no_member_of_boosting_learns_from_the_customers_that_stop_it(shop, monkeypatch):
    learned, judged = grow_watched_members(shop, monkeypatch)
    assert all(not inside & outside for inside, outside in zip(learned, judged, strict=True))
    assert set.union(*judged) == set(range(len(np.unique(shop.customer_key))))
    assert sum(map(len, judged)) == len(set.union(*judged))


def test_every_member_of_boosting_draws_its_own_customers_where_rows_abound(shop, monkeypatch):
    monkeypatch.setattr("segml.models.boosting.MAX_ROWS", len(shop) // 2)
    learned, judged = grow_watched_members(shop, monkeypatch)
    customers = len(np.unique(shop.customer_key))
    assert all(not inside & outside for inside, outside in zip(learned, judged, strict=True))
    drawn = [inside | outside for inside, outside in zip(learned, judged, strict=True)]
    assert all(0.4 < len(sample) / customers < 0.6 for sample in drawn)
    assert len(set.union(*drawn)) / customers > 0.85  # four halves of one kind would be 0.94


def test_members_of_boosting_grow_with_one_thread_each(shop, monkeypatch):
    threads, fit = [], HistGradientBoostingClassifier.fit

    def watched(self, *arrays, **held_out):
        pools = threadpool_info()
        threads.extend(pool["num_threads"] for pool in pools if pool["user_api"] == "openmp")
        return fit(self, *arrays, **held_out)

    monkeypatch.setattr(HistGradientBoostingClassifier, "fit", watched)
    build_model("boosting", seed=1).fit(shop)
    assert set(threads) == {1}


def test_a_member_of_boosting_that_never_saw_a_class_is_left_out(shop):
    highest = shop.customer_key[shop.value_tier == 2][0]
    one = np.where(shop.customer_key == highest, shop.value_tier, np.minimum(shop.value_tier, 1))
    model = build_model("boosting", seed=1).fit(replace(shop, value_tier=one.astype(np.int8)))
    assert [len(member.classes_) for member in model.members_] == [3, 3, 3]


def test_a_machine_learns_from_a_fixed_sample_of_a_large_shop(shop, unseen, monkeypatch):
    whole = build_model("svm", seed=1).fit(shop).predict(unseen).tier_probabilities
    monkeypatch.setattr("segml.models.svm.MAX_ROWS", 300)
    first, second = (
        build_model("svm", seed=1).fit(shop).predict(unseen).tier_probabilities for _ in range(2)
    )
    assert np.array_equal(first, second)
    assert 0 < np.abs(first - whole).mean() < 0.2


def test_a_blend_is_the_weighted_geometric_mean_of_its_calibrated_members(fitted, unseen):
    names = ["logistic", "forest"]
    sharper = Calibrator("vector", {"vector": [-0.5, 0.1, -0.1]})
    blend = EnsembleModel.of(
        {name: fitted(name) for name in names},
        {"logistic": 0.25, "forest": 0.75},
        {"logistic": sharper, "forest": Calibrator()},
        seed=1,
    )
    found = blend.predict(unseen)
    logistic, forest = (fitted(name).predict(unseen) for name in names)
    mean = sharper.transform(logistic.tier_probabilities) ** 0.25 * forest.tier_probabilities**0.75
    assert found.tier_probabilities == pytest.approx(mean / mean.sum(axis=1, keepdims=True))
    revenue = 0.25 * logistic.conditional_revenue + 0.75 * forest.conditional_revenue
    assert found.conditional_revenue == pytest.approx(revenue)


def test_a_blend_by_itself_weighs_its_members_as_told(shop):
    told = build_model("ensemble", seed=1, parameters={"prior": 3, "rfm_rule": 1}).fit(shop)
    assert told.weights == {"prior": 0.75, "rfm_rule": 0.25}
    assert set(told.members_) == {"prior", "rfm_rule"}


def test_a_small_segment_is_drawn_toward_the_shop(shop):
    segments = np.where(np.arange(len(shop)) == 0, "tiny", "rest").astype(object)
    tiny_buyer = replace(
        shop,
        features=shop.features.assign(rfm_segment=segments),
        value_tier=np.where(np.arange(len(shop)) == 0, 2, shop.value_tier).astype(np.int8),
    )
    model = build_model("rfm_rule", seed=1).fit(tiny_buyer)
    probability = model.predict(tiny_buyer.take(np.array([0]))).tier_probabilities[0, 2]
    share = (tiny_buyer.value_tier == 2).mean()
    assert probability == pytest.approx((1 + 20 * share) / 21)


def test_the_segment_rule_needs_segments(shop):
    blind = replace(
        shop,
        features=shop.features.drop(columns="rfm_segment"),
        schema=FeatureSchema(shop.schema.numeric, ("country",)),
    )
    with pytest.raises(TrainingError, match="needs the feature `rfm_segment`"):
        build_model("rfm_rule", seed=1).fit(blind)


@pytest.mark.parametrize("factor", [1e-6, 1.0, 1e6])
def test_revenue_stays_within_its_tier(shop, factor):
    steep = np.clip(shop.features["order_count"].to_numpy(), 2, 8) ** 3
    amounts = np.select([shop.value_tier == 1, shop.value_tier == 2], [steep / 10, steep * 10])
    extreme = shop.features.assign(
        order_count=shop.features["order_count"] * factor,
        net_revenue=shop.features["net_revenue"] * factor,
    )
    model = ConditionalRevenue().fit(replace(shop, net_revenue=amounts))
    revenue = model.predict(replace(shop, features=extreme))
    for column, tier in enumerate((1, 2)):
        observed = amounts[shop.value_tier == tier]
        assert revenue[:, column].min() >= observed.min()
        assert revenue[:, column].max() <= observed.max()


def test_revenue_rises_with_what_drives_it(shop):
    revenue = ConditionalRevenue().fit(shop).predict(shop)[:, 1]
    orders = shop.features["order_count"].to_numpy()
    assert revenue[orders > 8].mean() > 1.1 * revenue[orders < 3].mean()


def test_one_wholesale_order_does_not_set_the_price(shop):
    high = np.flatnonzero(shop.value_tier == 2)
    amounts = shop.net_revenue.copy()
    amounts[high[0]] = 1e7
    outlier = ConditionalRevenue().fit(replace(shop, net_revenue=amounts)).predict(shop)
    usual = ConditionalRevenue().fit(shop).predict(shop)
    assert outlier[:, 1].mean() == pytest.approx(usual[:, 1].mean(), rel=0.25)


def test_refunds_beyond_the_purchase_are_accepted(shop):
    amounts = np.where(shop.value_tier == 1, shop.net_revenue - 20, shop.net_revenue)
    revenue = ConditionalRevenue().fit(replace(shop, net_revenue=amounts)).predict(shop)
    assert revenue[:, 0].mean() == pytest.approx(amounts[shop.value_tier == 1].mean(), rel=0.3)


def test_few_buyers_get_the_mean_of_their_tier(shop):
    few = shop.take(np.concatenate([np.flatnonzero(shop.value_tier == 2)[:50], [0, 1, 2]]))
    revenue = ConditionalRevenue().fit(few).predict(shop)
    assert np.unique(revenue[:, 1]).size == 1


def test_a_file_with_code_is_refused(tmp_path):
    path = tmp_path / "model.skops"
    io.dump(FunctionTransformer(np.testing.assert_equal), path)
    with pytest.raises(ArtifactError, match="untrusted types"):
        load_estimator(path)


def test_missing_numbers_are_flagged_and_outliers_clipped(shop):
    frame = model_frame(shop)
    preprocessor = dense_preprocessor(frame, shop.schema)
    preprocessor.set_output(transform="pandas")
    table = preprocessor.fit(frame).transform(frame.assign(net_revenue=1e30))
    flag = "numeric__missingindicator_purchase_gap_mean_days"
    assert table[flag].nunique() == 2
    assert table["numeric__net_revenue"].eq(4.0).all()


def test_columns_without_variation_are_left_out(shop):
    frame = model_frame(shop)
    used = dense_preprocessor(frame, shop.schema).fit(frame).get_feature_names_out()
    assert not any("rating_mean" in name for name in used)


def test_probabilities_of_absent_classes_are_floored():
    complete = complete_probabilities(np.array([[0.0, 1.0]]), [0, 2])
    assert complete[0, 1] > 0
    assert complete[0, 0] > 0
    assert complete.sum() == pytest.approx(1)


def test_an_unknown_model_lists_the_known_ones():
    with pytest.raises(SettingsError, match="prior, rfm_rule, last_period, logistic, svm"):
        build_model("oracle", seed=1)


def test_every_registered_model_answers_to_its_name():
    assert all(model_class(name).name == name for name in model_names())
