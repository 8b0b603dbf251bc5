"""The learning code tells apart any number of classes, not only the three value tiers."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import logit, softmax

from segml.artifacts import ArtifactMetadata, load_artifact, save_artifact
from segml.calibration import fit_calibrator
from segml.curves import evaluation_curves
from segml.dataset import Predictions
from segml.evaluation import evaluate
from segml.explanation import contributions_to_prediction, event_contributions, reference_row
from segml.models import build_model, model_class
from segml.models.calibrator import Calibrator

NAMES = ("bronze", "gold", "platinum", "silver")
DNN = pytest.param(
    "dnn",
    marks=[
        pytest.mark.slow,
        # Keras 3.15 reads TensorFlow variables in a way that NumPy 2.4 deprecates
        pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    ],
)
ADDITIVE = ["logistic", "svm", "forest", "boosting", "ensemble", DNN]


@pytest.fixture(scope="module")
def labelled(shop):
    """Customers with one of k classes, driven by their orders, and no revenue."""

    def build(classes):
        orders = np.log(shop.features["order_count"].to_numpy())
        scores = np.outer(orders, np.arange(classes)) * 1.5 - np.arange(classes) ** 2
        drawn = np.random.default_rng(classes).random((len(shop), 1))
        label = (drawn > softmax(scores, axis=1).cumsum(axis=1)).sum(axis=1)
        return replace(
            shop,
            value_tier=label.astype(np.int8),
            net_revenue=np.full(len(shop), np.nan),
            class_names=NAMES[:classes],
        )

    return build


@pytest.fixture(scope="module")
def fitted(labelled):
    models = {}

    def get(name, classes):
        if (name, classes) not in models:
            train = labelled(classes).take(np.arange(600))
            models[name, classes] = build_model(name, seed=3).fit(train)
        return models[name, classes]

    return get


def unseen(examples):
    return examples.take(np.arange(600, 900))


def served_by(model, method, examples):
    probabilities = model.predict(examples).tier_probabilities
    calibrator = fit_calibrator(method, probabilities, examples.value_tier)
    return SimpleNamespace(
        model=model,
        calibrator=calibrator,
        predict=lambda rows: calibrator.apply(model.predict(rows)),
    )


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("name", ["prior", *ADDITIVE])
def test_a_model_of_k_classes_predicts_k_probabilities_and_no_revenue(
    labelled, fitted, name, classes
):
    predictions = fitted(name, classes).predict(unseen(labelled(classes)))
    assert predictions.tier_probabilities.shape == (300, classes)
    assert predictions.tier_probabilities.sum(axis=1) == pytest.approx(1)
    assert not predictions.conditional_revenue.any()
    assert predictions.conditional_revenue.shape == (300, classes - 1)


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("name", ADDITIVE)
def test_a_model_of_k_classes_finds_the_one_that_is_there(labelled, fitted, name, classes):
    outcomes = unseen(labelled(classes))
    losses = [
        evaluate(fitted(model, classes).predict(outcomes), outcomes, bootstrap_samples=0, seed=1)
        .set_index("metric")
        .loc["log_loss", "value"]
        for model in ("prior", name)
    ]
    assert losses[1] < losses[0]


@pytest.mark.parametrize("name", ["prior", *ADDITIVE])
def test_a_stored_model_of_k_classes_predicts_the_same(labelled, fitted, name, tmp_path):
    outcomes = unseen(labelled(4))
    fitted(name, 4).save(tmp_path)
    restored = model_class(name).load(tmp_path).predict(outcomes).tier_probabilities
    assert np.array_equal(restored, fitted(name, 4).predict(outcomes).tier_probabilities)


def test_an_artifact_remembers_its_classes(labelled, fitted, tmp_path):
    examples = labelled(4)
    metadata = ArtifactMetadata(
        examples.schema, reference_row(examples), 0.0, 0, class_names=examples.class_names
    )
    info = save_artifact(tmp_path, "named", fitted("prior", 4), Calibrator(), metadata)
    loaded = load_artifact(info.path, info.sha256, examples.schema)
    assert loaded.metadata.class_names == NAMES


@pytest.mark.parametrize("name", ["logistic", "boosting"])
def test_a_class_that_training_never_saw_stays_possible(labelled, name):
    examples = labelled(4)
    model = build_model(name, seed=1).fit(examples.take(examples.value_tier != 3))
    probabilities = model.predict(examples).tier_probabilities
    assert probabilities.shape == (len(examples), 4)
    assert (probabilities[:, 3] > 0).all()
    assert probabilities[:, 3].max() < 0.01


@pytest.mark.parametrize("method", ["vector", "isotonic"])
@pytest.mark.parametrize("classes", [2, 4])
def test_a_distortion_of_k_classes_is_undone(method, classes):
    generator = np.random.default_rng(5)
    right = generator.dirichlet(np.ones(classes), 3_000) * 0.98 + 0.02 / classes
    label = (generator.random((3_000, 1)) > right.cumsum(axis=1)).sum(axis=1).astype(np.int8)
    distorted = right**3 / (right**3).sum(axis=1, keepdims=True)
    repaired = fit_calibrator(method, distorted, label).transform(distorted)
    assert np.abs(repaired - right).mean() < 0.25 * np.abs(distorted - right).mean()


@pytest.mark.parametrize("classes", [2, 4])
def test_every_class_is_judged_against_the_rest_and_revenue_is_left_out(labelled, fitted, classes):
    outcomes = unseen(labelled(classes))
    predictions = fitted("logistic", classes).predict(outcomes)
    table = evaluate(predictions, outcomes, bootstrap_samples=5, seed=1).set_index("metric")
    for name in NAMES[:classes]:
        assert {f"roc_auc_{name}", f"recall_{name}", f"ece_{name}"} <= set(table.index)
    assert not table.index.str.contains("revenue|purchase").any()
    curves = evaluation_curves(predictions, outcomes)
    assert {f"calibration_{name}" for name in NAMES[:classes]} <= set(curves["curve"])
    assert (curves["curve"] == "confusion").sum() == classes**2


@pytest.mark.parametrize("method", ["none", "vector", "isotonic"])
@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("name", ADDITIVE)
def test_reasons_sum_to_the_log_odds_of_a_class_against_the_rest(
    labelled, fitted, name, classes, method
):
    some = unseen(labelled(classes)).take(np.arange(60))
    served = served_by(fitted(name, classes), method, unseen(labelled(classes)))
    reference = reference_row(some)
    typical = some.take(np.array([0]))
    typical = replace(typical, features=typical.features.assign(**reference))
    for label in range(classes):
        found = event_contributions(served, some, reference, event=(label,), seed=1)
        log_odds, at_reference = (
            logit(served.predict(rows).tier_probabilities[:, label]) for rows in (some, typical)
        )
        moved = np.abs(found).sum(axis=1) > 1e-9
        assert found.sum(axis=1)[moved] == pytest.approx((log_odds - at_reference)[moved], abs=1e-4)


def test_the_explained_class_is_the_predicted_one(labelled, fitted):
    some = unseen(labelled(4)).take(np.arange(40))
    served = served_by(fitted("logistic", 4), "none", some)
    reference = reference_row(some)
    found = contributions_to_prediction(served, some, reference, seed=1)
    predicted = served.predict(some).tier_probabilities.argmax(axis=1)
    for label in np.unique(predicted):
        rows = predicted == label
        expected = event_contributions(
            served, some.take(rows), reference, event=(int(label),), seed=1
        )
        assert np.array_equal(found[rows], expected)


def test_reasons_of_a_model_that_cannot_split_itself_are_walked(labelled, fitted):
    some = unseen(labelled(4)).take(np.arange(20))
    model = fitted("logistic", 4)
    opaque = SimpleNamespace(
        model=SimpleNamespace(predict=model.predict), calibrator=Calibrator(), predict=model.predict
    )
    exact = event_contributions(
        served_by(model, "none", some), some, reference_row(some), event=(0,), seed=1
    )
    walked = event_contributions(opaque, some, reference_row(some), event=(0,), seed=1)
    assert walked.sum(axis=1) == pytest.approx(exact.sum(axis=1), abs=1e-6)


def test_certain_and_right_is_perfect_for_named_classes(labelled):
    outcomes = labelled(4)
    certain = Predictions(np.eye(4)[outcomes.value_tier], np.zeros((len(outcomes), 3)))
    table = evaluate(certain, outcomes, bootstrap_samples=0, seed=1).set_index("metric")["value"]
    assert table["accuracy"] == table["macro_f1"] == table["roc_auc_gold"] == 1
