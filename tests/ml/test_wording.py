"""Sentences about features: right number, right unit, right comparison."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from segml.wording import feature_group, feature_label, feature_sentences

FEATURES = Path(__file__).resolve().parents[2] / "models/features/_features__models.yml"
KEYS = {"customer_key", "snapshot_date"}


def mart_columns() -> list[str]:
    models = yaml.safe_load(FEATURES.read_text(encoding="utf-8"))["models"]
    mart = next(model for model in models if model["name"] == "customer_features")
    return [column["name"] for column in mart["columns"] if column["name"] not in KEYS]


def say(name, value, typical=None, **others):
    """Return the sentence about one value."""
    features = pd.DataFrame({name: [value]} | {other: [x] for other, x in others.items()})
    reference = dict.fromkeys(features) | {name: typical}
    return feature_sentences(features, np.array([0]), np.array([0]), reference)[0]


@pytest.mark.parametrize("feature", mart_columns())
def test_every_feature_of_the_mart_has_a_group_and_two_sentences_without_gaps(feature):
    assert feature_group(feature) != "other"
    known, unknown = say(feature, 1.0), say(feature, np.nan)
    assert known
    assert unknown
    assert known != unknown
    assert not {"{", "}"} & set(known + unknown)


@pytest.mark.parametrize(
    ("name", "value", "typical", "sentence"),
    [
        ("order_count_90d", 2.0, 1.0, "2 orders in the last 90 days (typical: 1)"),
        ("order_count_90d", 1.0, 1.0, "1 order in the last 90 days"),
        ("order_count", 1204.0, None, "1,204 orders so far"),
        ("search_count_7d", 0.0, 3.5, "0 searches in the last 7 days (typical: 3.5)"),
        ("category_count", 3.0, 1.0, "3 categories bought so far (typical: 1)"),
        ("tenure_days", 1.0, 60.0, "first order 1 day ago (typical: 60 days)"),
        ("net_revenue_30d", 12.345, 0.0, "net revenue of 12.35 in the last 30 days (typical: 0)"),
        ("net_revenue", -1234.6, None, "net revenue of -1,235 so far"),
        ("discount_share", 0.123, 0.05, "12% discount so far (typical: 5.0%)"),
        ("discount_share_60d", np.nan, 0.05, "no paid order in the last 60 days"),
        ("days_until_expected_order", -67.4, 3.0,
         "next order overdue by 67 days (typical: due in 3 days)"),
        ("order_revenue_change_60d", -9.5, 0.0,
         "revenue of the last 30 days -9.50 against the 30 days before (typical: unchanged)"),
        ("last_rating_change", 0.5, None, "last rating +0.5 stars from the average"),
        ("is_wholesale", 1.0, 0.0, "wholesale buyer: yes (typical: no)"),
        ("country", "FR", "DE", "country FR (typical: DE)"),
        ("country", None, "DE", "country unknown"),
        ("loyalty_points", 7.0, 2.0, "loyalty points 7 (typical: 2)"),
        ("loyalty_points", np.nan, 2.0, "loyalty points unknown"),
    ],
)  # fmt: skip
def test_a_value_is_said_with_its_unit_and_compared_when_it_differs(name, value, typical, sentence):
    assert say(name, value, typical) == sentence


def test_the_time_since_the_last_order_is_compared_with_the_own_rhythm_if_there_is_one():
    regular = say("recency_days", 143.0, 60.0, purchase_gap_mean_days=21.0)
    assert regular == "last order 143 days ago, usual gap 21 days"
    single = say("recency_days", 143.0, 60.0, purchase_gap_mean_days=np.nan)
    assert single == "last order 143 days ago (typical: 60 days)"


def test_cells_of_several_features_keep_their_places():
    features = pd.DataFrame({"order_count": [1.0, 2.0], "country": ["FR", None]})
    rows, columns = np.array([1, 0, 1, 0]), np.array([0, 1, 1, 0])
    said = feature_sentences(features, rows, columns, dict.fromkeys(features))
    assert said.tolist() == ["2 orders so far", "country FR", "country unknown", "1 order so far"]


def test_labels_carry_the_window():
    assert feature_label("order_count_90d") == "Order count, last 90 days"
    assert feature_label("recency_days") == "Days since last order"
    assert feature_label("order_count_90d", "zh") == "近 90 天订单数"


@pytest.mark.parametrize("feature", mart_columns())
def test_every_feature_of_the_mart_has_a_chinese_label(feature):
    assert re.search("[\u4e00-\u9fff]", feature_label(feature, "zh"))
