"""The transformer: its inputs, pre-training, fits that are killed, files and reasons."""

from dataclasses import replace

import numpy as np
import pytest

from segml.dataset import FeatureSchema
from segml.explanation import explain, purchase_contributions, reference_row
from segml.models import build_model, model_class, needs_sequences
from segml.models.base import mean_log_loss
from segml.models.calibrator import Calibrator
from segml.models.checkpoints import Checkpoint, checkpoints_in
from segml.models.transformer_config import PRESETS, TransformerConfig
from segml.models.transformer_inputs import FeatureInputs, event_arrays
from segml.models.transformer_pretraining import next_event_batch
from segml.sequences import EventSequences
from segml.settings import TRANSFORMER_PRESETS

TINY = {
    "width": 8,
    "heads": 2,
    "bins": 4,
    "events": 6,
    "event_blocks": 1,
    "queries": 2,
    "batch_rows": 64,
    "epochs": 6,
    "pretraining_epochs": 2,
    "learning_rate": 0.01,
}
LENGTH = 8
# Keras 3.15 reads TensorFlow variables in a way that NumPy 2.4 deprecates
KERAS = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


def keras_test(function):
    for mark in KERAS:
        function = mark(function)
    return function


def sequences_of(examples, *, seed=5):
    """Draw up to eight events per customer, of whom buyers have viewed a page last."""
    generator = np.random.default_rng(seed)
    shape = (len(examples), LENGTH)
    count = generator.integers(1, LENGTH + 1, len(examples))
    is_event = np.arange(LENGTH) >= LENGTH - count[:, None]
    event_type = generator.integers(0, 2, shape)
    event_type[:, -1] = examples.value_tier > 0
    days = np.cumsum(generator.integers(1, 20, shape)[:, ::-1], axis=1)[:, ::-1]
    return EventSequences(
        event_type=np.where(is_event, event_type, -1).astype(np.int16),
        category=np.where(is_event, generator.integers(-1, 3, shape), -1).astype(np.int16),
        log_amount=np.where(is_event & (event_type == 0), 3.0, 0.0).astype(np.float32),
        days_before=np.where(is_event, days, 0).astype(np.int32),
        event_types=("page_view", "purchase"),
        categories=("books", "games", "tea"),
    )


def build(examples, **changed):
    return build_model("transformer", seed=3, parameters=TINY | changed).fit(examples)


class Served:
    """A model without calibration."""

    calibrator = Calibrator()

    def __init__(self, model):
        self.model = model
        self.predict = model.predict


@pytest.fixture(scope="module")
def visited(shop):
    return replace(shop, sequences=sequences_of(shop))


@pytest.fixture(scope="module")
def train(visited):
    return visited.take(np.arange(600))


@pytest.fixture(scope="module")
def unseen(visited):
    return visited.take(np.arange(600, 900))


@pytest.fixture(scope="module")
def model(train):
    return build(train)


def log_loss(model, examples):
    return mean_log_loss(model.predict(examples).tier_probabilities, examples.value_tier)


@keras_test
def test_it_learns_from_events_what_the_features_do_not_say(model, unseen):
    shares = np.bincount(unseen.value_tier) / len(unseen)
    entropy = -(shares * np.log(shares)).sum()
    assert log_loss(model, unseen) < 0.8 * entropy
    assert log_loss(model, unseen) < log_loss(model, replace(unseen, sequences=None)) - 0.1


@keras_test
def test_predictions_are_probabilities_and_ordered_revenue(model, unseen):
    predictions = model.predict(unseen)
    assert predictions.tier_probabilities.min() > 0
    assert predictions.tier_probabilities.sum(axis=1) == pytest.approx(1)
    mid, high = predictions.conditional_revenue.T
    assert ((mid > 0) & (mid < high)).all()


@keras_test
def test_a_killed_fit_goes_on_and_ends_as_if_it_had_not_been(
    model, train, unseen, tmp_path, monkeypatch
):
    folder = tmp_path / "run"
    whole, saves = Checkpoint.save, []

    def killed(self, state):
        whole(self, state)
        saves.append(self.path)
        if len(saves) == TINY["pretraining_epochs"] + 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "save", killed)
    with pytest.raises(KeyboardInterrupt), checkpoints_in(folder):
        build(train)
    assert len(list(folder.glob("*.npz"))) == 2
    with checkpoints_in(folder):
        resumed = build(train).predict(unseen)
    expected = model.predict(unseen)
    assert resumed.tier_probabilities == pytest.approx(expected.tier_probabilities, abs=1e-5)
    assert resumed.conditional_revenue == pytest.approx(expected.conditional_revenue, rel=1e-4)
    epochs_after_the_kill = len(saves) - TINY["pretraining_epochs"] - 2
    assert epochs_after_the_kill <= TINY["epochs"] - 2
    assert not folder.exists()


@keras_test
def test_a_stored_model_predicts_and_explains_the_same(model, unseen, tmp_path):
    model.save(tmp_path)
    stored, some = model_class("transformer").load(tmp_path), unseen.take(np.arange(40))
    found, expected = stored.predict(some), model.predict(some)
    assert np.array_equal(found.tier_probabilities, expected.tier_probabilities)
    assert np.array_equal(found.conditional_revenue, expected.conditional_revenue)
    typical = replace(some.take(np.array([0])), sequences=None)
    again = stored.logit_contributions(some, typical).contributions
    assert again == pytest.approx(model.logit_contributions(some, typical).contributions, abs=1e-6)


@keras_test
def test_contributions_sum_to_the_log_odds_against_a_customer_without_events(model, shop, unseen):
    reference = reference_row(shop)
    typical = replace(unseen, features=unseen.features.assign(**reference), sequences=None)
    found = purchase_contributions(Served(model), unseen, reference, seed=1)
    odds = [
        np.log(1 / rows.tier_probabilities[:, 0] - 1)
        for rows in (model.predict(unseen), model.predict(typical))
    ]
    assert found.shape == (len(unseen), len(shop.schema.names) + 1)
    assert found.sum(axis=1) == pytest.approx(odds[0] - odds[1], abs=1e-6)


@keras_test
def test_a_few_points_of_the_path_are_enough(model, unseen, monkeypatch):
    typical = replace(unseen.take(np.array([0])), sequences=None)
    few = model.logit_contributions(unseen, typical).contributions
    monkeypatch.setattr("segml.models.transformer.PATH_POINTS", 32)
    many = model.logit_contributions(unseen, typical).contributions
    assert np.abs(few - many).max() < 0.1 * np.abs(many).max()


@keras_test
def test_events_are_a_reason_in_words(model, shop, unseen):
    reasons = explain(Served(model), unseen, reference_row(shop), top=7, seed=1)
    events = reasons[reasons["feature"] == "recent_events"].set_index("customer_key")
    assert len(events) == len(unseen)
    days = unseen.sequences.days_before[0, -1]
    name = unseen.sequences.event_types[unseen.sequences.event_type[0, -1]].replace("_", " ")
    assert events["feature_value"].iloc[0].startswith(f"{name} {days} day")
    assert "last seen" in events["reason_text"].iloc[0]


@keras_test
def test_what_is_as_in_the_reference_contributes_exactly_nothing(model, shop, unseen):
    reference = reference_row(shop)
    alike = replace(
        unseen,
        features=unseen.features.assign(
            recency_days=reference["recency_days"], country=reference["country"]
        ),
        sequences=replace(unseen.sequences, days_before=0 * unseen.sequences.days_before),
    )
    found = purchase_contributions(Served(model), alike, reference, seed=1)
    names = [*shop.schema.names, "recent_events"]
    still = [names.index(name) for name in ("recency_days", "country", "recent_events")]
    assert not found[:, still].any()
    assert found[:, names.index("order_count")].any()


@keras_test
def test_events_are_known_by_name_not_by_number(model, unseen):
    other = unseen.sequences.with_vocabulary(
        ("wish", "purchase", "page_view"), ("tea", "toys", "games", "books")
    )
    found = model.predict(replace(unseen, sequences=other)).tier_probabilities
    assert np.array_equal(found, model.predict(unseen).tier_probabilities)


@keras_test
def test_a_prediction_does_not_depend_on_its_neighbours(model, unseen):
    together = model.predict(unseen).tier_probabilities[7]
    alone = model.predict(unseen.take(np.array([7]))).tier_probabilities[0]
    assert alone == pytest.approx(together, abs=1e-5)


@keras_test
def test_labelled_rows_without_events_revenue_or_categories_are_learned(shop):
    labelled = replace(
        shop,
        schema=FeatureSchema(shop.schema.numeric, ()),
        class_names=("no", "yes"),
        value_tier=(shop.value_tier > 0).astype(np.int8),
        net_revenue=np.full(len(shop), np.nan),
    )
    predictions = build(labelled).predict(labelled)
    assert predictions.tier_probabilities.shape == (len(shop), 2)
    assert not predictions.conditional_revenue.any()
    assert mean_log_loss(predictions.tier_probabilities, labelled.value_tier) < np.log(2)


@keras_test
def test_the_large_preset_takes_a_step_and_predicts(train, unseen):
    one_step = {"preset": "large", "epochs": 1, "pretraining_epochs": 1}
    large = build_model("transformer", seed=3, parameters=one_step).fit(train.take(np.arange(100)))
    assert large.body_.config.width == PRESETS["large"]["width"]
    assert large.body_.config.events == LENGTH
    probabilities = large.predict(unseen.take(np.arange(8))).tier_probabilities
    assert np.isfinite(probabilities).all()


@keras_test
def test_it_learns_in_16_bits_as_on_a_gpu(train, unseen):
    from segml.models.keras_runtime import import_keras

    keras = import_keras()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        predictions = build(replace(train, sequences=None), epochs=1).predict(unseen)
    finally:
        keras.config.set_dtype_policy("float32")
    assert np.isfinite(predictions.tier_probabilities).all()
    assert np.isfinite(predictions.expected_net_revenue).all()


def test_numbers_fall_into_pieces_between_distinct_quantiles(shop):
    features = FeatureInputs.fit(shop, bins=4)
    assert "rating_mean" not in features.names
    position = features.numeric.index("noise")
    edges = np.quantile(np.arcsinh(shop.features["noise"]), [0, 0.25, 0.5, 0.75])
    assert features.lower[position] == pytest.approx(edges, abs=1e-6)
    assert (features.width[position] > 0).all()


def test_every_category_has_a_code_of_its_own_and_unseen_ones_another(shop):
    features = FeatureInputs.fit(shop, bins=4)
    seen = features.arrays(shop)["codes"]
    assert not set(seen[:, 0]) & set(seen[:, 1])
    strange = shop.features.assign(country="Atlantis", rfm_segment="new")
    unseen = features.arrays(replace(shop, features=strange))["codes"]
    assert np.unique(unseen, axis=0).shape == (1, 2)
    total = sum(features.category_counts) + len(features.category_counts)
    assert min(unseen.min(), seen.min()) >= 0
    assert max(unseen.max(), seen.max()) < total
    assert not set(unseen[0]) & set(seen.ravel())


def test_the_newest_events_are_kept_with_the_gap_to_the_one_before():
    events = EventSequences(
        event_type=np.array([[-1, 0, 1]], np.int16),
        category=np.array([[-1, -1, 0]], np.int16),
        log_amount=np.array([[0, 2, 0]], np.float32),
        days_before=np.array([[0, 30, 10]], np.int32),
        event_types=("purchase", "search"),
        categories=("tea",),
    )
    longer, shorter = event_arrays(events, 4), event_arrays(events, 1)
    assert longer["is_event"].tolist() == [[False, False, True, True]]
    assert longer["event_type"].tolist() == [[0, 0, 1, 2]]
    assert longer["category"].tolist() == [[0, 0, 0, 1]]
    assert longer["measures"][0, 2] == pytest.approx([2, np.log1p(30), 0])
    assert longer["measures"][0, 3] == pytest.approx([0, np.log1p(10), np.log1p(20)])
    assert np.array_equal(shorter["measures"][0, 0], longer["measures"][0, 3])


def test_each_event_is_to_foretell_the_next_and_the_last_nothing(visited):
    inputs, targets, weights = next_event_batch(visited.sequences, LENGTH)
    count = inputs["is_event"].sum(axis=1)
    assert np.array_equal(weights["next_type"].sum(axis=1), count - 1)
    row = int(np.argmax(count))
    assert np.array_equal(targets["next_type"][row, :-1], inputs["event_type"][row, 1:])
    assert np.array_equal(targets["next_measures"][row, :-1], inputs["measures"][row, 1:, [0, 2]].T)


def test_the_vocabulary_is_what_training_has_seen(visited):
    names = replace(
        visited.sequences,
        event_types=("page_view", "purchase", "return"),
        categories=("a", "b", "c", "d"),
    )
    assert names.used_vocabulary() == (("page_view", "purchase"), ("a", "b", "c"))


def test_a_preset_may_be_changed_in_part():
    assert tuple(PRESETS) == TRANSFORMER_PRESETS
    config = TransformerConfig.of({"preset": "large", "dropout": 0.4})
    assert (config.width, config.dropout) == (PRESETS["large"]["width"], 0.4)
    assert TransformerConfig.of(None) == TransformerConfig()


def test_only_some_models_look_at_events():
    assert needs_sequences("transformer")
    assert not needs_sequences("logistic")
    assert not needs_sequences("ensemble")
