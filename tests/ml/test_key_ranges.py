"""Ranges of customer keys."""

import uuid

import pytest

from segml.key_ranges import key_at, key_ranges
from segml.warehouse import open_warehouse


@pytest.mark.parametrize("count", [1, 2, 7])
def test_every_key_lies_in_one_range_and_ranges_follow_each_other(tmp_path, count):
    keys = [uuid.UUID(int=0), uuid.UUID(int=2**128 - 1), key_at(0.5)]
    keys += [uuid.uuid5(uuid.NAMESPACE_OID, str(number)) for number in range(700)]
    with open_warehouse(tmp_path / "keys.duckdb") as warehouse:
        warehouse.execute("create table customers (customer_key uuid)")
        warehouse.execute("insert into customers select unnest(?)", [keys])
        parts = [
            [key for (key,) in warehouse.rows(f"from customers where {condition} order by all")]
            for condition in key_ranges(count)
        ]
    assert [key for part in parts for key in part] == sorted(keys)
    assert all(0.7 < len(part) * count / len(keys) < 1.3 for part in parts)
