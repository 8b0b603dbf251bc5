from dataclasses import replace

import numpy as np
import pytest

from segml.errors import TrainingError
from segml.splits import split_examples

ROLES = ("train", "train", "validation", "embargo", "test")


@pytest.fixture
def split(make_examples, assign_roles):
    def apply(*names, customers=300, step_days=30, horizon_days=90, **options):
        examples = make_examples(customers, len(names), step_days=step_days)
        roles = assign_roles(examples, *names)
        splits = split_examples(
            examples, roles, horizon_days=horizon_days, folds=3, seed=1, **options
        )
        return examples, splits

    return apply


def test_overlapping_outcomes_never_share_a_customer_between_fit_and_validation(split):
    examples, splits = split(*ROLES)
    assert len(splits.folds) == 3
    for fold in splits.folds:
        assert not set(examples.customer_key[fold.fit]) & set(examples.customer_key[fold.validate])


def test_folds_validate_every_row_of_the_validation_snapshot_once(split):
    _, splits = split(*ROLES)
    times_validated = sum(fold.validate.astype(int) for fold in splits.folds)
    assert np.array_equal(times_validated, splits.validation.astype(int))


def test_folds_fit_on_train_snapshots_only(split):
    examples, splits = split(*ROLES)
    for fold in splits.folds:
        assert examples.snapshot_date[fold.fit].max() < splits.validation_date


def test_a_long_history_is_embargoed_instead(split):
    examples, splits = split("train", "train", "validation", "test", step_days=90)
    assert len(splits.folds) == 1
    fitted = examples.snapshot_date[splits.folds[0].fit]
    assert (fitted + np.timedelta64(90, "D") <= splits.validation_date).all()


def test_an_embargo_that_leaves_too_few_outcomes_gives_customer_folds(split):
    _, splits = split("train", "validation", "test", step_days=90, customers=100)
    assert len(splits.folds) == 3


def test_the_test_snapshot_is_outside_selection_and_development(split):
    _, splits = split(*ROLES)
    used = splits.development | splits.validation
    for fold in splits.folds:
        used = used | fold.fit | fold.validate
    assert not (used & splits.test).any()


def test_embargoed_snapshots_serve_the_final_fit_only(split):
    examples, splits = split(*ROLES)
    embargo = examples.snapshot_date == np.unique(examples.snapshot_date)[3]
    assert splits.labelled[embargo].all()
    assert not splits.development[embargo].any()


def test_rows_without_outcome_are_never_used(make_examples, assign_roles):
    examples = make_examples(300, 6)
    newest = examples.snapshot_date == examples.snapshot_date.max()
    examples = replace(
        examples, value_tier=np.where(newest, -1, examples.value_tier).astype(np.int8)
    )
    roles = assign_roles(examples, *ROLES, "scoring")
    splits = split_examples(examples, roles, horizon_days=90, folds=3, seed=1)
    assert not splits.labelled[newest].any()


@pytest.mark.parametrize("missing", ["train", "validation", "test"])
def test_a_missing_snapshot_says_that_history_is_too_short(split, missing):
    names = [name for name in ("train", "validation", "test") if name != missing]
    with pytest.raises(TrainingError, match=f"no labelled {missing} snapshot"):
        split(*names)


@pytest.mark.parametrize(("tier", "counts"), [(0, "0 customers bought"), (1, "and 0 did not")])
def test_one_outcome_only_is_nothing_to_learn(make_examples, assign_roles, tier, counts):
    examples = make_examples(100, 3)
    examples = replace(examples, value_tier=np.full_like(examples.value_tier, tier))
    roles = assign_roles(examples, "train", "validation", "test")
    with pytest.raises(TrainingError, match=counts):
        split_examples(examples, roles, horizon_days=90, folds=3, seed=1)


def test_a_snapshot_without_role_is_named(make_examples, assign_roles):
    examples = make_examples(100, 3)
    roles = assign_roles(examples, "train", "validation", "test")
    del roles[min(roles)]
    with pytest.raises(TrainingError, match="without a role: 2024-01-01"):
        split_examples(examples, roles, horizon_days=90, folds=3, seed=1)


def test_row_order_does_not_move_customers_between_folds(make_examples, assign_roles):
    examples = make_examples(200, 3)
    roles = assign_roles(examples, "train", "validation", "test")
    order = np.random.default_rng(0).permutation(len(examples))
    original = split_examples(examples, roles, horizon_days=90, folds=3, seed=1)
    shuffled = split_examples(examples.take(order), roles, horizon_days=90, folds=3, seed=1)
    for before, after in zip(original.folds, shuffled.folds, strict=True):
        assert np.array_equal(before.validate[order], after.validate)


def test_earlier_origins_are_a_horizon_apart_and_know_nothing_of_their_outcomes(split):
    roles = ("train",) * 5 + ("validation", "test")
    examples, splits = split(*roles, step_days=90, customers=400)
    horizon, later = np.timedelta64(90, "D"), splits.validation_date
    assert len(splits.earlier) == 3
    assert splits.is_settled
    for origin in splits.earlier:
        judged = np.unique(examples.snapshot_date[origin.validate])
        assert len(judged) == 1
        assert judged[0] + horizon <= later
        assert (examples.snapshot_date[origin.fit] + horizon <= judged[0]).all()
        later = judged[0]


def test_a_short_history_is_judged_once_more_before_its_validation_snapshot(split):
    roles = ("train", "train", "train", "validation", "test")
    examples, splits = split(*roles, step_days=45, customers=600)
    assert len(splits.earlier) == 1
    assert not splits.is_settled
    origin = splits.earlier[0]
    judged = examples.snapshot_date[origin.validate].max()
    assert judged < splits.validation_date < judged + np.timedelta64(90, "D")
    assert (examples.snapshot_date[origin.fit] + np.timedelta64(90, "D") <= judged).all()


def test_a_history_of_one_horizon_has_no_earlier_origin(split):
    _, splits = split(*ROLES)
    assert splits.earlier == ()
    assert not splits.is_settled
