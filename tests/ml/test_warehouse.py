import subprocess
import sys

import pandas as pd
import pytest

from segml.errors import WarehouseError
from segml.warehouse import EngineError, open_warehouse

HOLD = """
import duckdb, sys, time
held = duckdb.connect(sys.argv[1])
print('held', flush=True)
time.sleep(600)
"""


def test_a_missing_file_is_not_created_by_reading(tmp_path):
    path = tmp_path / "missing.duckdb"
    with (
        pytest.raises(WarehouseError, match="There is no warehouse at"),
        open_warehouse(path, read_only=True),
    ):
        pass
    assert not path.exists()


def test_a_file_that_is_no_database_is_one_clear_line(tmp_path):
    path = tmp_path / "notes.duckdb"
    path.write_text("no database " * 1000)
    with pytest.raises(WarehouseError, match="cannot be opened"), open_warehouse(path):
        pass


def test_a_locked_file_names_the_process_that_holds_it(tmp_path):
    path = tmp_path / "busy.duckdb"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True
    )
    try:
        holder.stdout.readline()
        with (
            pytest.raises(WarehouseError, match=rf"in use by .*PID {holder.pid}"),
            open_warehouse(path, read_only=True),
        ):
            pass
    finally:
        holder.kill()
        holder.communicate()


def test_a_transaction_that_fails_leaves_nothing_behind(tmp_path):
    with open_warehouse(tmp_path / "w.duckdb") as warehouse:
        warehouse.execute("create table t (x integer)")
        with pytest.raises(EngineError), warehouse.transaction():
            warehouse.execute("insert into t values (1), (error('the second row fails'))")
        assert warehouse.value("select count(*) from t") == 0


def test_appended_columns_match_by_name_and_missing_ones_are_null(tmp_path):
    with open_warehouse(tmp_path / "w.duckdb") as warehouse:
        warehouse.execute("create table t (a integer, b varchar, c double)")
        warehouse.append("t", pd.DataFrame({"c": [2.5], "a": [1]}))
        assert warehouse.rows("from t") == [(1, None, 2.5)]


def test_an_unknown_column_is_refused(tmp_path):
    with open_warehouse(tmp_path / "w.duckdb") as warehouse:
        warehouse.execute("create table t (a integer)")
        with pytest.raises(Exception, match="stray"):
            warehouse.append("t", pd.DataFrame({"a": [1], "stray": [2]}))


def test_an_open_stream_stands_in_nobodys_way(tmp_path):
    with open_warehouse(tmp_path / "w.duckdb") as warehouse:
        stream = warehouse.batches("select range as x from range(10000)", 4096)
        next(stream)
        assert warehouse.value("select 1") == 1
        assert sum(batch.num_rows for batch in stream) > 0
    with open_warehouse(tmp_path / "w.duckdb") as warehouse:
        warehouse.execute("create table t as select 1 as x")


def test_batches_stream_in_order_and_keep_to_their_size(tmp_path):
    with open_warehouse(tmp_path / "w.duckdb") as warehouse:
        batches = list(warehouse.batches("select range as x from range(10000) order by x", 4096))
    values = [x for batch in batches for x in batch.column(0).to_pylist()]
    assert values == list(range(10000))
    assert len(batches) > 1
