import numpy as np
import pytest

from segml.dataset import data_fingerprint
from segml.errors import SettingsError, TrainingError, WarehouseError
from segml.mart import (
    read_plan,
    read_scoring_batches,
    read_training_examples,
)
from segml.schemas import read_schema
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


SEQUENCES = """
create table features.customer_event_sequences as
select
    customer_key,
    snapshot_date,
    event_count,
    list_transform(range(event_count), lambda i: ['return', 'purchase'][1 + i % 2]) as event_types,
    list_transform(
        range(event_count), lambda i: case when i % 2 = 0 then 'tea' end
    ) as categories,
    list_transform(range(event_count), lambda i: cast(i as double) + 0.5) as log_amounts,
    list_transform(range(event_count), lambda i: cast(event_count - i as integer))
        as days_before_snapshot
from (select *, recency_days % 4 as event_count from features.customer_features)
where event_count > 0
order by hash(customer_key)
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


def assert_sequences_are_those_of_their_customers(examples):
    events = examples.sequences
    count = (examples.features["recency_days"] % 4).to_numpy().astype(int)
    assert (events.event_types, events.categories) == (("purchase", "return"), ("tea",))
    assert events.days_before.shape == (len(examples), 3)
    for length, newest in ((0, [0, 0, 0]), (1, [0, 0, 1]), (3, [3, 2, 1])):
        chosen = count == length
        assert chosen.any()
        assert (events.days_before[chosen] == newest).all()
    assert np.array_equal((events.event_type >= 0).sum(axis=1), count)
    three = count == 3
    assert (events.event_type[three] == [1, 0, 1]).all()
    assert (events.category[three] == [0, -1, 0]).all()
    assert (events.log_amount[three] == [0.5, 1.5, 2.5]).all()
    assert (events.category[count == 0] == -1).all()


def test_events_of_training_examples_are_right_aligned(mart):
    mart.execute(SEQUENCES)
    examples = read_training_examples(
        mart, read_schema(mart), maximum_examples=1000, with_sequences=True
    )
    assert_sequences_are_those_of_their_customers(examples)
    again = read_training_examples(
        mart, read_schema(mart), maximum_examples=100, with_sequences=True
    )
    assert len(again.sequences.event_type) == len(again) < len(examples)
    assert_sequences_are_those_of_their_customers(again)


def test_events_of_scoring_batches_are_right_aligned(mart):
    mart.execute(SEQUENCES)
    plan, schema = read_plan(mart), read_schema(mart)
    batches = list(read_scoring_batches(mart, schema, plan.as_of_date, 100, with_sequences=True))
    assert sum(map(len, batches)) == 256
    for batch in batches:
        assert_sequences_are_those_of_their_customers(batch)


def test_the_fingerprint_sees_events(mart):
    mart.execute(SEQUENCES)
    schema = read_schema(mart)

    def fingerprint():
        examples = read_training_examples(mart, schema, maximum_examples=1000, with_sequences=True)
        return data_fingerprint(examples)

    before = fingerprint()
    mart.execute(
        "update features.customer_event_sequences set log_amounts = list_append([9.0], 1.0) "
        "where event_count = 2"
    )
    assert fingerprint() != before
