import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from segml.errors import SettingsError
from segml.models import build_model, search_space_of
from segml.recipe import Recipe
from segml.rolling import rolling_folds, rolling_log_losses
from segml.tuning import prune_studies, tune

DAYS = 90
LOGISTIC = Recipe("logistic", 1)


@pytest.fixture(scope="module")
def history(make_examples):
    """Seven snapshots, 30 days apart."""
    return make_examples(300, 7, seed=5)


@pytest.fixture(scope="module")
def train(history):
    return history.snapshot_date < np.unique(history.snapshot_date)[5]


@pytest.fixture(scope="module")
def folds(history, train):
    return rolling_folds(history, train, horizon_days=DAYS, folds=2, seed=1)


@pytest.fixture(scope="module")
def search(history, folds):
    def apply(recipe=LOGISTIC, trials=6, study_path=None, examples=history):
        lines = []
        tuned, table = tune(
            recipe, examples, folds, trials=trials, study_path=study_path, progress=lines.append
        )
        return tuned, table, lines

    return apply


@pytest.fixture(scope="module")
def found(search):
    return search()


class KilledError(Exception):
    """Stands for a kill from outside."""


def killing_after(count):
    def progress(_):
        nonlocal count
        count -= 1
        if count == 0:
            raise KilledError

    return progress


def test_every_fit_ends_before_the_judged_snapshot_and_knows_none_of_its_customers(history, folds):
    for fold in folds:
        judged_day = history.snapshot_date[fold.validate].min()
        horizon = np.timedelta64(DAYS, "D")
        assert (history.snapshot_date[fold.fit] + horizon <= judged_day).all()
        known = set(history.customer_key[fold.fit])
        assert known
        assert not known & set(history.customer_key[fold.validate])


def test_each_judged_snapshot_is_judged_whole_and_outcomes_do_not_overlap(history, train, folds):
    judged = np.logical_or.reduce([fold.validate for fold in folds])
    days = np.unique(history.snapshot_date[judged])
    assert (np.diff(days) >= np.timedelta64(DAYS, "D")).all()
    assert np.array_equal(judged, np.isin(history.snapshot_date, days))
    assert not (judged & ~train).any()


def test_a_short_history_is_judged_by_other_customers(history):
    first_two = history.snapshot_date <= np.unique(history.snapshot_date)[1]
    folds = rolling_folds(history, first_two, horizon_days=DAYS, folds=2, seed=1)
    assert len(folds) == 2
    for fold in folds:
        assert set(history.snapshot_date[fold.validate]) == {np.unique(history.snapshot_date)[1]}
        assert set(history.snapshot_date[fold.fit]) == set(history.snapshot_date[first_two])
        assert not set(history.customer_key[fold.fit]) & set(history.customer_key[fold.validate])


def test_trial_zero_is_the_model_without_tuning(history, folds, found):
    _, table, _ = found
    assert table.loc[0, "parameters_json"] == "{}"
    assert table.loc[0, "value"] == pytest.approx(
        [*rolling_log_losses(LOGISTIC, history, folds)][-1]
    )


def test_what_is_chosen_is_the_best_complete_trial(found):
    recipe, table, lines = found
    complete = table[table["state"] == "complete"]
    best = complete.loc[complete["value"].idxmin()]
    assert recipe.parameters == json.loads(best["parameters_json"])
    assert best["value"] <= table.loc[0, "value"]
    assert lines[-1].startswith("logistic: trial 6 of 6, best log loss")


def test_only_the_folds_matter(search, history, folds, found):
    used = np.logical_or.reduce([fold.fit | fold.validate for fold in folds])
    other = np.where(used, history.value_tier, 2 - history.value_tier).astype(np.int8)
    _, table, _ = search(examples=replace(history, value_tier=other))
    assert not used.all()
    pd.testing.assert_frame_equal(table, found[1])


def test_a_killed_search_goes_on_and_repeats_nothing(search, history, folds, found, tmp_path):
    path = tmp_path / "studies" / "run.sqlite"
    with pytest.raises(KilledError):
        tune(LOGISTIC, history, folds, trials=6, study_path=path, progress=killing_after(3))
    recipe, table, lines = search(study_path=path)
    assert [line.split(",")[0] for line in lines] == [
        f"logistic: trial {number} of 6" for number in (4, 5, 6)
    ]
    assert recipe == found[0]
    pd.testing.assert_frame_equal(table, found[1])


def test_a_trial_that_a_kill_cut_short_is_tried_again(search, history, found, tmp_path):
    path = tmp_path / "run.sqlite"
    outcomes = history.value_tier.copy()
    outcomes[:] = -1  # stops the first fit from within, as a kill would
    with pytest.raises(ValueError, match="class"):
        search(study_path=path, examples=replace(history, value_tier=outcomes))
    _, table, _ = search(study_path=path)
    pd.testing.assert_frame_equal(table, found[1])


def test_a_longer_search_continues_a_shorter_one(search, found, tmp_path):
    path = tmp_path / "run.sqlite"
    search(trials=2, study_path=path)
    _, table, lines = search(study_path=path)
    assert len(lines) == 4
    pd.testing.assert_frame_equal(table, found[1])


def test_hopeless_trials_are_given_up(history, folds):
    _, table = tune(LOGISTIC, history, folds, trials=14, study_path=None, progress=lambda _: None)
    pruned = table[table["state"] == "pruned"]
    assert len(pruned)
    assert pruned["value"].min() > table["value"].min()


def test_a_model_without_a_search_space_stays_as_it_is(search):
    prior = Recipe("prior", 1)
    recipe, table, lines = search(prior)
    assert recipe == prior
    assert table.empty
    assert lines == []


def test_studies_of_other_runs_are_removed(tmp_path):
    for name in ("old", "new"):
        (tmp_path / f"{name}.sqlite").touch()
    prune_studies(tmp_path / "new.sqlite")
    assert [path.name for path in tmp_path.iterdir()] == ["new.sqlite"]


@pytest.mark.parametrize("name", ["logistic", "boosting"])
def test_tuned_parameters_change_predictions_and_are_stored(shop, name, tmp_path):
    parameters = {key: span.low for key, span in search_space_of(name).items()}
    tuned = build_model(name, seed=1, parameters=parameters).fit(shop)
    plain = build_model(name, seed=1).fit(shop)
    predicted = tuned.predict(shop).tier_probabilities
    assert not np.allclose(predicted, plain.predict(shop).tier_probabilities)
    tuned.save(tmp_path)
    restored = type(tuned).load(tmp_path)
    assert {**restored.parameters, **parameters} == restored.parameters
    assert np.array_equal(restored.predict(shop).tier_probabilities, predicted)


def test_an_unknown_parameter_is_refused():
    with pytest.raises(SettingsError, match="strengt"):
        build_model("logistic", seed=1, parameters={"strengt": 0.1})
