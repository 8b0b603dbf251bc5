from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from segml.dataset import FeatureSchema
from segml.feature_selection import MIN_STABILITY, SCREEN, select_features
from segml.models.preprocessing import model_frame, tree_preprocessor
from segml.models.tree_shuffling import shuffled_changes
from segml.recipe import Recipe
from segml.rolling import rolling_folds


@pytest.fixture(scope="module")
def history(make_examples):
    """Five snapshots with a repeated, a rescaled and many useless columns."""
    examples = make_examples(400, 5, seed=7)
    generator = np.random.default_rng(0)
    useless = [f"useless_{number}" for number in range(6)]
    features = examples.features.assign(
        recency_days_again=examples.features["recency_days"],
        recency_weeks=examples.features["recency_days"] / 7 + generator.normal(size=len(examples)),
        **{name: generator.standard_t(2, len(examples)) for name in useless},
    )
    schema = FeatureSchema(
        (*examples.schema.numeric, "recency_days_again", "recency_weeks", *useless),
        examples.schema.categorical,
    )
    return replace(examples, features=features, schema=schema)


def all_but_newest(examples):
    return examples.snapshot_date < examples.snapshot_date.max()


@pytest.fixture(scope="module")
def train(history):
    return all_but_newest(history)


@pytest.fixture(scope="module")
def select():
    def apply(examples):
        train = all_but_newest(examples)
        folds = rolling_folds(examples, train, horizon_days=90, folds=2, seed=1)
        return select_features(examples, train, folds, seed=1)

    return apply


@pytest.fixture(scope="module")
def selection(select, history):
    return select(history)


@pytest.fixture(scope="module")
def table(selection):
    return selection.table.set_index("feature")


def test_what_drives_purchases_is_selected_and_noise_is_not(selection, table):
    assert table.loc[["recency_days", "order_count"], "selected"].all()
    useless = table.loc[[name for name in table.index if "useless" in name]]
    assert useless["selected"].mean() < 0.5
    assert list(table.index[table["selected"]]) == list(selection.schema.names)


def test_constant_and_repeated_columns_are_named(table):
    assert table.loc["rating_mean", "reason"] == "constant"
    assert table.loc["recency_days_again", "reason"] == "duplicate of recency_days"
    assert not table.loc[["rating_mean", "recency_days_again"], "selected"].any()
    assert table.loc[["rating_mean", "recency_days_again"], "stability"].isna().all()


def test_columns_that_say_the_same_share_their_fate(table):
    alike = table.loc[["recency_days", "recency_weeks"]]
    assert alike["importance"].nunique() == alike["stability"].nunique() == 1
    assert alike["reason"].str.contains("shuffled with 1 alike").all()


def test_dropped_columns_helped_too_seldom(table):
    dropped = table[~table["selected"] & table["stability"].notna()]
    assert len(dropped)
    assert (dropped["stability"] < MIN_STABILITY).all()
    assert dropped["reason"].str.startswith("helps in only").all()


def test_only_train_rows_are_looked_at(select, history, train, selection):
    generator = np.random.default_rng(1)
    shuffled = np.where(train, history.value_tier, generator.permutation(history.value_tier))
    other = select(replace(history, value_tier=shuffled.astype(np.int8)))
    pd.testing.assert_frame_equal(other.table, selection.table)


def test_a_model_of_few_features_predicts_from_all_columns(history, train, selection):
    model = Recipe("logistic", 1, schema=selection.schema).fit(history.take(train))
    newest = history.take(~train)
    dropped = [name for name in history.schema.names if name not in selection.schema.names]
    blind = replace(newest, features=newest.features.assign(**dict.fromkeys(dropped, None)))
    assert np.array_equal(
        model.predict(newest).tier_probabilities, model.predict(blind).tier_probabilities
    )


def test_noise_alone_leaves_something_to_learn_from(select, make_examples):
    noise = select(make_examples(200, 5, seed=9, signal=0.0))
    assert len(noise.schema.names) >= 1


@pytest.mark.parametrize("classes", [2, 3])
def test_shuffled_ways_score_like_shuffled_columns(history, classes):
    frame, tier = model_frame(history), np.minimum(history.value_tier, classes - 1)
    preprocessor, is_category = tree_preprocessor(frame, history.schema)
    matrix = preprocessor.fit_transform(frame)
    matrix[::7, 0] = np.nan
    screen = HistGradientBoostingClassifier(
        **SCREEN, categorical_features=is_category, random_state=1
    ).fit(matrix, tier)
    order = np.random.default_rng(3).permutation(len(matrix))
    groups = [[0, 1], [2], [len(is_category) - 1]]
    found = shuffled_changes(screen, matrix, order, groups)
    for group, changes in zip(groups, found, strict=True):
        shuffled = matrix.copy()
        shuffled[:, group] = matrix[order][:, group]
        expected = screen.decision_function(shuffled) - screen.decision_function(matrix)
        assert changes == pytest.approx(np.atleast_2d(expected.T), abs=1e-9)
        assert changes.any()
