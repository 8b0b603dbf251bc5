import numpy as np
import pytest

from segml.dataset import data_fingerprint
from segml.errors import SettingsError, TrainingError, WarehouseError
from segml.mart import (
    read_plan,
    read_schema,
    read_scoring_batches,
    read_training_examples,
)
from segml.warehouse import open_warehouse

MART = """
create schema features;
create table features.snapshots as
select * from (values
    (date '2025-01-01', 'test', date '2025-03-01', 59),
    (date '2025-03-01', 'scoring', date '2025-03-01', 59)
) as t (snapshot_date, snapshot_role, as_of_date, horizon_days);
create table features.value_tier_threshold as select 50.0 as high_value_threshold;
create table features.customer_features as
select
    cast(format('{:02x}000000-0000-0000-0000-000000000000', range) as uuid) as customer_key,
    snapshot_date,
    range as recency_days,
    case when range % 2 = 0 then 1.5 end as rating_mean,
    range % 3 = 0 as is_wholesale,
    case when range % 5 > 0 then 'de' end as country
from range(256), (select unnest([date '2025-01-01', date '2025-03-01']) as snapshot_date);
create table features.customer_labels as
select customer_key, snapshot_date, 'low' as value_tier, 0.0 as horizon_net_revenue
from features.customer_features where snapshot_date = date '2025-01-01';
create table features.training_examples as
select * from features.customer_features
left join features.customer_labels using (customer_key, snapshot_date)
order by hash(customer_key);
"""


@pytest.fixture
def mart(tmp_path):
    with open_warehouse(tmp_path / "mart.duckdb") as warehouse:
        for statement in MART.split(";")[:-1]:
            warehouse.execute(statement)
        yield warehouse


def test_the_plan_holds_roles_horizon_and_threshold(mart):
    plan = read_plan(mart)
    assert [str(day) for day in plan.roles] == ["2025-01-01", "2025-03-01"]
    assert (plan.horizon_days, plan.high_value_threshold) == (59, 50.0)


def test_a_warehouse_without_marts_says_what_to_run(tmp_path):
    with (
        open_warehouse(tmp_path / "empty.duckdb") as warehouse,
        pytest.raises(WarehouseError, match="dbt build"),
    ):
        read_plan(warehouse)


def test_every_column_but_the_keys_is_a_feature_of_its_kind(mart):
    schema = read_schema(mart)
    assert schema.numeric == ("recency_days", "rating_mean", "is_wholesale")
    assert schema.categorical == ("country",)


def test_excluded_features_are_names_or_patterns(mart):
    assert read_schema(mart, ["count*", "rating_mean"]).names == ("recency_days", "is_wholesale")


def test_an_exclusion_that_protects_nothing_is_refused(mart):
    with pytest.raises(SettingsError, match="'genders', which is no column"):
        read_schema(mart, ["genders"])


def test_examples_come_in_key_order_with_unknown_values_as_nan_and_none(mart):
    schema = read_schema(mart)
    examples = read_training_examples(mart, schema, maximum_examples=1000)
    assert list(examples.customer_key) == sorted(examples.customer_key)
    assert len(examples) == 256
    assert np.isnan(examples.features["rating_mean"].to_numpy()[1])
    assert examples.features["country"].to_numpy()[0] is None
    assert set(examples.value_tier) == {0}


def test_a_sample_keeps_whole_customers_and_is_always_the_same(mart):
    schema = read_schema(mart)
    sample = read_training_examples(mart, schema, maximum_examples=64)
    again = read_training_examples(mart, schema, maximum_examples=64)
    assert 60 <= len(sample) <= 70
    assert list(sample.customer_key) == list(again.customer_key)


def test_nothing_labelled_is_a_training_error(mart):
    mart.execute("delete from features.customer_labels")
    with pytest.raises(TrainingError, match="No snapshot has a full horizon"):
        read_training_examples(mart, read_schema(mart), maximum_examples=1000)


def test_scoring_batches_hold_the_newest_snapshot_once_and_in_order(mart):
    plan, schema = read_plan(mart), read_schema(mart)
    batches = list(read_scoring_batches(mart, schema, plan.as_of_date, 100))
    keys = [key for batch in batches for key in batch.customer_key]
    assert keys == sorted(set(keys))
    assert len(keys) == 256
    assert not any(batch.observed.any() for batch in batches)


def test_the_fingerprint_sees_every_value(mart):
    schema = read_schema(mart)
    before = data_fingerprint(read_training_examples(mart, schema, maximum_examples=1000))
    mart.execute(
        "update features.training_examples set recency_days = recency_days + 1 "
        "where customer_key = (select max(customer_key) from features.training_examples)"
    )
    after = data_fingerprint(read_training_examples(mart, schema, maximum_examples=1000))
    assert before != after
