"""Permutation importance of features and groups, on a model whose use of them is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from segml.calibration import CalibrationChoice
from segml.dataset import Predictions
from segml.importance import permutation_importance
from segml.models.calibrator import Calibrator
from segml.recipe import Recipe
from segml.selection import Trial
from segml.sequences import EventSequences
from segml.splits import split_examples


class Purchases:
    """Takes the mean of two columns that say the same for the log-odds of purchase."""

    def predict(self, examples):
        signal = examples.features[["order_count", "tenure_days"]].mean(axis=1)
        purchase = 1 / (1 + np.exp(-signal.to_numpy()))
        probabilities = np.stack([1 - purchase, purchase / 2, purchase / 2], axis=1)
        return Predictions(probabilities, np.ones((len(examples), 2)))


class PurchasesAndVisits(Purchases):
    """Looks at the last event as well."""

    needs_sequences = True

    def predict(self, examples):
        came_back = examples.sequences.event_type[:, -1] * 2.0 - 1.0
        signal = examples.features["order_count"].to_numpy() + came_back
        purchase = 1 / (1 + np.exp(-signal))
        probabilities = np.stack([1 - purchase, purchase / 2, purchase / 2], axis=1)
        return Predictions(probabilities, np.ones((len(examples), 2)))


@pytest.fixture(scope="module")
def measured(make_examples, assign_roles):
    examples = make_examples(300, 5, seed=3)
    generator = np.random.default_rng(0)
    bought = np.where(examples.value_tier > 0, 2.0, -2.0)
    signal = bought + generator.normal(size=len(bought))
    features = examples.features.assign(order_count=signal, tenure_days=signal)
    schema = replace(examples.schema, numeric=(*examples.schema.numeric, "tenure_days"))
    examples = replace(examples, features=features, schema=schema)
    roles = assign_roles(examples, "train", "train", "validation", "embargo", "test")
    splits = split_examples(examples, roles, horizon_days=90, folds=2, seed=1)

    last = (bought > 0).astype(np.int16)[:, None]
    sequences = EventSequences(
        event_type=last,
        category=0 * last,
        log_amount=np.zeros(last.shape, np.float32),
        days_before=np.ones(last.shape, np.int32),
        event_types=("search", "visit"),
        categories=("tea",),
    )
    examples = replace(examples, sequences=sequences)

    def measure(samples=100, model=Purchases, shown=None):
        trial = Trial(
            Recipe("purchases", 1),
            tuple(model() for _ in splits.folds),
            CalibrationChoice(Calibrator(), Predictions(np.empty((0, 3)), np.empty((0, 2))), {}),
        )
        return permutation_importance(
            trial, examples, splits, bootstrap_samples=samples, seed=1, shown=shown
        )

    return measure


@pytest.fixture(scope="module")
def table(measured):
    return measured()


def of(table, level, name):
    column = "feature" if level == "feature" else "feature_group"
    return table[(table["level"] == level) & (table[column] == name)].iloc[0]


def test_features_that_stand_in_for_each_other_are_important_as_a_group(table):
    alone = [
        of(table, "feature", name)["importance_mean"] for name in ("order_count", "tenure_days")
    ]
    assert of(table, "group", "frequency")["importance_mean"] > 1.2 * sum(alone) > 0


def test_every_feature_has_a_row_and_every_group_one_more(table):
    features, groups = (table[table["level"] == level] for level in ("feature", "group"))
    assert set(groups["feature_group"]) == set(features["feature_group"])
    assert groups["feature"].isna().all()
    assert features["feature"].is_unique
    assert features["importance_mean"].is_monotonic_decreasing


def test_the_interval_surrounds_what_matters_and_is_a_point_for_what_does_not(table):
    used, unused = of(table, "group", "frequency"), of(table, "feature", "country")
    assert 0 < used["ci_low"] < used["importance_mean"] < used["ci_high"]
    assert unused[["importance_mean", "ci_low", "ci_high"]].tolist() == [0, 0, 0]


def test_the_interval_is_that_of_a_mean_over_customers(table, measured):
    many = of(measured(2000), "group", "frequency")
    half_width = (many["ci_high"] - many["ci_low"]) / 2
    assert of(table, "group", "frequency")["ci_high"] == pytest.approx(
        many["ci_high"], abs=half_width
    )


def test_what_no_member_is_shown_is_not_shuffled_and_has_no_importance(measured, table):
    part = measured(shown=frozenset({"order_count"}))
    assert set(part["feature"].dropna()) == set(table["feature"].dropna())
    assert of(part, "feature", "order_count")["importance_mean"] > 0
    assert of(part, "group", "frequency")["ci_low"] > 0
    assert (part.loc[part["importance_mean"] == 0, ["ci_low", "ci_high"]] == 0).all(axis=None)
    assert of(part, "feature", "tenure_days")["importance_mean"] == 0


def test_without_resamples_the_intervals_are_unknown(measured, table):
    without = measured(0)
    assert without[["ci_low", "ci_high"]].isna().all(axis=None)
    pd.testing.assert_series_equal(without["importance_mean"], table["importance_mean"])


def test_the_events_are_a_group_for_a_model_that_looks_at_them(measured, table):
    assert not (table["feature_group"] == "recent events").any()
    looking = measured(model=PurchasesAndVisits)
    events = of(looking, "feature", "recent_events")
    assert events["importance_mean"] > 0.1
    assert of(looking, "group", "recent events")["ci_low"] > 0
