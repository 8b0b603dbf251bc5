import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from segml.fairness import fairness_metrics, merge_small_groups, selected_part
from segml.models import build_model


@pytest.fixture(scope="module")
def judged(shop):
    model = build_model("logistic", seed=1).fit(shop.take(np.arange(450)))
    outcomes = shop.take(np.arange(450, 900))
    return model.predict(outcomes), outcomes


def table_of(judged, groups, **changes):
    options = {"minimum_customers": 10, "resamples": 20, "seed": 1} | changes
    return fairness_metrics(*judged, groups, **options)


def test_each_group_is_measured_on_its_own_customers(judged):
    predictions, outcomes = judged
    groups = outcomes.features[["country"]].reset_index(drop=True)
    table = table_of(judged, groups).set_index(["group_name", "metric"])["value"]
    rows = (groups["country"] == "FR").to_numpy()
    bought = outcomes.value_tier > 0
    assert table["FR", "customer_count"] == rows.sum()
    assert table["FR", "base_rate_purchase"] == pytest.approx(bought[rows].mean())
    auc = roc_auc_score(bought[rows], predictions.purchase_probability[rows])
    assert table["FR", "roc_auc_purchase"] == pytest.approx(auc)
    assert table["unknown", "customer_count"] == groups["country"].isna().sum()
    counts = table.xs("customer_count", level="metric")
    selected = table.xs("selection_rate", level="metric")
    assert (counts * selected).sum() == pytest.approx(0.2 * len(outcomes))


def test_true_positives_are_buyers_in_the_top_of_the_whole_shop(judged):
    predictions, outcomes = judged
    groups = outcomes.features[["country"]].reset_index(drop=True)
    table = table_of(judged, groups).set_index(["group_name", "metric"])["value"]
    score = predictions.purchase_probability
    buyers = (outcomes.value_tier > 0) & (groups["country"] == "DE").to_numpy()
    in_top = score > np.sort(score)[-91]  # 90 of 450, no ties in a logistic score
    assert table["DE", "true_positive_rate"] == pytest.approx(in_top[buyers].mean())


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({"a": 50, "b": 30}, {"a": 50, "b": 30}),
        ({"a": 50, "b": 30, "c": 6, "d": 5}, {"a": 50, "b": 30, "small groups": 11}),
        # the remainder alone would be too small, and hiding it would not help
        ({"a": 50, "b": 30, "c": 4}, {"a": 50, "small groups": 34}),
        ({"a": 50, "c": 4}, {"small groups": 54}),
        ({"c": 4}, {"small groups": 4}),
    ],
)
def test_no_group_below_the_minimum_can_be_told_apart(sizes, expected):
    values = pd.Series([name for name, size in sizes.items() for _ in range(size)], dtype=object)
    assert pd.Series(merge_small_groups(values, 10)).value_counts().to_dict() == expected


def test_a_dimension_with_one_group_is_left_out(judged):
    size = len(judged[1])
    groups = pd.DataFrame({"gender": [None] * size, "age_band": ["20-30"] * size}, dtype=object)
    assert table_of(judged, groups).empty


def test_customers_tied_at_the_edge_are_selected_in_proportion():
    assert selected_part(np.array([0.1, 0.9, 0.5, 0.5, 0.5]), 0.4).tolist() == pytest.approx(
        [0, 1, 1 / 3, 1 / 3, 1 / 3]
    )
