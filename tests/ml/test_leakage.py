from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from segml.errors import LeakageError
from segml.leakage import (
    check_facts_precede_snapshots,
    check_history,
    check_single_features,
    check_windows,
    feature_strength,
)

ROLES = {
    date(2025, 1, 1): "train",
    date(2025, 2, 1): "validation",
    date(2025, 3, 1): "embargo",
    date(2025, 5, 2): "test",
    date(2025, 8, 1): "scoring",
}
LABEL_ENDS = {day: day + pd.Timedelta(days=90).to_pytimedelta() for day in ROLES}


def with_feature(examples, name, values):
    return replace(examples, features=examples.features.assign(**{name: values}))


def test_windows_that_end_before_the_test_are_silent():
    check_windows(ROLES, LABEL_ENDS, 90)


def test_a_development_window_that_reaches_into_the_test_raises():
    roles = ROLES | {date(2025, 3, 1): "train"}
    with pytest.raises(LeakageError, match="train snapshot 2025-03-01 end on 2025-05-30, after"):
        check_windows(roles, LABEL_ENDS, 90)


def test_a_window_that_ends_exactly_at_the_test_is_honest():
    check_windows({date(2025, 1, 1): "train", date(2025, 4, 1): "test"}, LABEL_ENDS_AT_TEST, 90)


LABEL_ENDS_AT_TEST = {date(2025, 1, 1): date(2025, 4, 1), date(2025, 4, 1): date(2025, 6, 30)}


def test_a_window_of_another_length_than_the_horizon_raises():
    with pytest.raises(LeakageError, match="not 60 days later"):
        check_windows(ROLES, LABEL_ENDS, 60)


def test_a_fact_of_the_day_of_the_snapshot_raises(shop):
    honest = with_feature(shop, "recency_days", np.full(len(shop), 1.0))
    check_facts_precede_snapshots(honest)
    late = with_feature(shop, "recency_days", np.where(np.arange(len(shop)) == 7, 0.0, 1.0))
    with pytest.raises(LeakageError, match="`recency_days` knows a fact of the day"):
        check_facts_precede_snapshots(late)


def test_honest_features_raise_nothing(shop):
    strength = feature_strength(shop)
    assert 0.6 < strength.iloc[0] < 0.95
    assert strength["noise"] < 0.6
    check_single_features(shop, 0.99)


@pytest.mark.parametrize(
    ("name", "leak"),
    [
        ("noise", lambda shop: shop.net_revenue + 0.01),
        ("noise", lambda shop: -shop.net_revenue),
        ("noise", lambda shop: np.where(shop.value_tier > 0, shop.net_revenue, np.nan)),
        # the order of codes means nothing: mid is the largest
        ("noise", lambda shop: np.array([1.0, 7.0, 3.0])[shop.value_tier]),
        ("country", lambda shop: np.array(["x", "y", "z"], dtype=object)[shop.value_tier]),
        ("country", lambda shop: np.where(shop.value_tier == 2, "vip", None)),
    ],
)
def test_a_feature_that_knows_the_outcome_raises(shop, name, leak):
    leaking = with_feature(shop, name, leak(shop))
    with pytest.raises(
        LeakageError, match=f"`{name}` alone nearly determines the outcome"
    ) as raised:
        check_single_features(leaking, 0.99)
    assert "excluded_features" in raised.value.fix
    assert "leak_alarm = false" in raised.value.fix


def test_a_name_per_customer_is_no_knowledge(shop):
    names = with_feature(shop, "country", [f"town {row}" for row in range(len(shop))])
    assert feature_strength(names)["country"] < 0.6


def test_a_few_lucky_rows_raise_nothing(shop):
    few = shop.take(np.flatnonzero(shop.value_tier == 0)[:40])
    check_single_features(few, 0.99)


def losses(**log_loss):
    return pd.DataFrame({"model_name": list(log_loss), "value": list(log_loss.values())}).assign(
        split="validation", metric="log_loss"
    )


HISTORY = pd.concat(
    [
        losses(prior=0.9, logistic=0.6).assign(run_id="1"),
        losses(prior=0.8, logistic=0.56).assign(run_id="2"),
    ]
)


def test_a_model_far_better_than_in_earlier_runs_raises():
    with pytest.raises(LeakageError, match=r"logistic is implausibly good.*0\.44 .*below 0\.67"):
        check_history(losses(prior=0.9, logistic=0.4), HISTORY, 0.25)


def test_a_better_snapshot_or_another_kind_of_model_raises_nothing():
    check_history(losses(prior=0.45, logistic=0.3), HISTORY, 0.25)  # everything is easier
    check_history(losses(prior=0.9, logistic=0.55), HISTORY, 0.25)  # a plausible gain
    check_history(losses(prior=0.9, boosting=0.1), HISTORY, 0.25)  # no history to compare with


def test_without_history_nothing_is_implausible():
    empty = pd.DataFrame(columns=["run_id", "model_name", "split", "metric", "value"])
    check_history(losses(prior=0.9, logistic=0.01), empty, 0.25)
