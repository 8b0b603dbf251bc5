"""Tables that wait on the disk."""

import pyarrow as pa
import pytest

from segml.spool import Spool

SCHEMA = pa.schema({"customer_key": pa.string(), "rank": pa.int64()})


def table(*keys):
    return pa.table({"customer_key": keys, "rank": range(len(keys))}, schema=SCHEMA)


def test_tables_come_back_as_they_went_in_the_same_order(tmp_path):
    parts = [table("b", "a"), table(None), table("c")]
    with Spool(tmp_path, SCHEMA) as spool:
        for part in parts:
            spool.append(part)
        assert list(spool) == parts


def test_a_spool_that_nobody_filled_is_empty(tmp_path):
    with Spool(tmp_path, SCHEMA) as spool:
        assert list(spool) == []


def test_nothing_of_it_can_be_found_in_the_folder(tmp_path):
    with Spool(tmp_path, SCHEMA) as spool:
        spool.append(table("a"))
        assert list(tmp_path.iterdir()) == []


def test_a_table_of_another_shape_is_refused(tmp_path):
    with Spool(tmp_path, SCHEMA) as spool, pytest.raises(ValueError, match="schema"):
        spool.append(pa.table({"customer_key": ["a"]}))
