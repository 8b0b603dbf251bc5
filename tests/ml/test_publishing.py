import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from sqlalchemy import create_engine, inspect, text

from segml.errors import PublishingError, WarehouseError
from segml.files import sha256_of
from segml.pseudonyms import PERSONAL_COLUMNS
from segml.publishing import folder as publishing_folder
from segml.publishing import publish

ROOT = Path(__file__).resolve().parents[2]
PUBLISHES = 20
TABLES = """
create schema marketing; create schema ml; create schema vault;
create table vault.customer_keys as select 'ada' as customer_id, uuid() as customer_key;
create table ml.scorings as
    select 's1' as scoring_id, 'v1' as model_version, timestamp '2025-07-02 03:04:05' as scored_at;
create table marketing.customer_segments as
    select
        cast(lpad(cast(number as varchar), 32, '0') as uuid) as customer_key,
        date '2025-07-01' as as_of_date, 'v1' as model_version,
        timestamp '2025-07-02 03:04:05' as scored_at, ['bought lately'] as top_reasons,
        1 as run
    from range(500) as numbers(number);
create view marketing.segment_kpis as select 'Champions' as rfm_segment, 1 as run;
create table marketing.campaign_audiences (campaign_id varchar, run integer);
"""


@pytest.fixture
def shop(tmp_path):
    """A warehouse with three marts, one of them a view and one empty."""
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(TABLES)
    return path


def change(shop, sql):
    with duckdb.connect(str(shop)) as connection:
        connection.execute(sql)


def read(path, sql):
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_every_mart_is_a_table_with_a_parquet_file_and_nothing_else_is_published(shop, tmp_path):
    published = publish(shop, tmp_path / "out")
    assert {table.table_name: table.row_count for table in published.tables} == {
        "campaign_audiences": 0,
        "customer_segments": 500,
        "segment_kpis": 1,
    }
    tables = read(
        tmp_path / "out/segments.duckdb",
        "select table_schema, table_name, table_type from information_schema.tables order by all",
    )
    assert tables == [
        ("marketing", name, "BASE TABLE")
        for name in ("_published", "campaign_audiences", "customer_segments", "segment_kpis")
    ]
    for table in published.tables:
        file = tmp_path / "out/current" / f"{table.table_name}.parquet"
        assert len(pd.read_parquet(file)) == table.row_count
        assert sha256_of(file) == table.parquet_sha256


def test_the_manifest_says_where_the_rows_come_from(shop, tmp_path):
    published = publish(shop, tmp_path / "out")
    assert str(published.as_of_date) == "2025-07-01"
    assert (published.scoring_id, published.model_version) == ("s1", "v1")
    written = json.loads((tmp_path / "out/current/_published.json").read_text())
    assert written["published_at"] == published.published_at.isoformat()
    rows = read(
        tmp_path / "out/segments.duckdb",
        "select table_name, row_count, parquet_sha256 from marketing._published order by all",
    )
    assert rows == [tuple(table.values()) for table in written["tables"]]
    assert (written["scoring_id"], len(rows)) == ("s1", 3)


def test_a_shop_without_predictions_is_published_without_a_scoring(shop, tmp_path):
    change(shop, "update marketing.customer_segments set scored_at = null, model_version = null")
    published = publish(shop, tmp_path / "out")
    assert (published.scoring_id, published.model_version) == (None, None)


def test_equal_rows_give_equal_files_in_whatever_order_they_lie(shop, tmp_path):
    first = publish(shop, tmp_path / "out")
    change(
        shop,
        "create or replace table marketing.customer_segments as "
        "from marketing.customer_segments order by customer_key desc",
    )
    assert publish(shop, tmp_path / "out").tables == first.tables


def test_the_schema_version_changes_with_the_columns_only(shop, tmp_path):
    first = publish(shop, tmp_path / "out").schema_version
    change(shop, "update marketing.customer_segments set run = 2")
    assert publish(shop, tmp_path / "out").schema_version == first
    change(shop, "alter table marketing.campaign_audiences add column offer varchar")
    assert publish(shop, tmp_path / "out").schema_version != first


def test_a_reader_never_meets_an_error_or_a_mixed_version(shop, tmp_path):
    """Another process reads all the time; every version sets ``run`` in all marts alike."""
    folder = tmp_path / "out"
    publish(shop, folder)
    code = f"""
import duckdb, pathlib, sys
seen, folder = set(), pathlib.Path({str(folder)!r})
while not (folder / "stop").exists():
    with duckdb.connect(str(folder / "segments.duckdb"), read_only=True) as connection:
        (published,) = connection.execute(
            "select distinct publication_id from marketing._published").fetchall()
        runs = connection.execute(
            "select run from marketing.customer_segments union "
            "select run from marketing.segment_kpis").fetchall()
        assert len(runs) == 1, runs
        seen.add((published, runs[0]))
    version = (folder / "current").resolve()
    runs = duckdb.sql(
        f"select run from '{{version}}/customer_segments.parquet' union "
        f"select run from '{{version}}/segment_kpis.parquet'").fetchall()
    assert len(runs) == 1, runs
print(len(seen))
"""
    reader = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        for run in range(2, PUBLISHES + 2):
            change(
                shop,
                f"update marketing.customer_segments set run = {run}; create or replace view "
                f"marketing.segment_kpis as select 'Champions' as rfm_segment, {run} as run",
            )
            publish(shop, folder)
    finally:
        (folder / "stop").touch()
        output, errors = reader.communicate(timeout=60)
    assert errors == ""
    assert int(output) > 1, "the reader saw versions come and go"


def test_a_reader_keeps_the_version_it_has_opened(shop, tmp_path):
    publish(shop, tmp_path / "out")
    path = str(tmp_path / "out/segments.duckdb")
    with duckdb.connect(path, read_only=True) as connection:
        change(shop, "delete from marketing.customer_segments where run = 1")
        publish(shop, tmp_path / "out")
        assert connection.execute("from marketing.customer_segments").fetchall()


def test_a_failure_leaves_what_was_published(shop, tmp_path):
    publish(shop, tmp_path / "out")
    change(
        shop,
        "create view marketing.segment_profiles as "
        "select cast(rfm_segment as integer) as number from marketing.segment_kpis",
    )
    before = sorted(path.name for path in (tmp_path / "out").rglob("*"))
    with pytest.raises(PublishingError, match=r"marketing\.segment_profiles cannot be published"):
        publish(shop, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").rglob("*")) == before


@pytest.mark.parametrize("column", ["email", "customer_id"])
def test_personal_data_is_never_published(shop, tmp_path, column):
    change(shop, f"alter table marketing.campaign_audiences add column {column} varchar")
    with pytest.raises(PublishingError, match=f"personal data in column {column}"):
        publish(shop, tmp_path / "out")
    assert not (tmp_path / "out/current").exists()


def test_names_of_personal_data_are_those_that_dbt_searches_for():
    sql = (ROOT / "tests/dbt/generic/no_personal_data.sql").read_text(encoding="utf-8")
    names = sql.partition("personal_names = [")[2].partition("]")[0]
    assert set(re.findall(r"'(\w+)'", names)) == PERSONAL_COLUMNS


def test_without_marts_or_warehouse_the_fix_is_named(shop, tmp_path):
    change(shop, "drop table marketing.customer_segments")
    with pytest.raises(PublishingError, match="no marketing marts"):
        publish(shop, tmp_path / "out")
    with pytest.raises(WarehouseError, match="There is no warehouse"):
        publish(tmp_path / "none.duckdb", tmp_path / "out")


def test_a_file_of_somebody_else_is_not_replaced(shop, tmp_path):
    (tmp_path / "segments.duckdb").write_text("mine")
    with pytest.raises(PublishingError, match="not of segml's making"):
        publish(shop, tmp_path)
    assert (tmp_path / "segments.duckdb").read_text() == "mine"


def test_versions_are_removed_when_nobody_can_be_reading_them(shop, tmp_path, monkeypatch):
    old = tmp_path / "out/versions/20200101T000000000000Z"
    old.mkdir(parents=True)
    first = publish(shop, tmp_path / "out")
    assert old.exists(), "it was the current version a moment ago"
    monkeypatch.setattr(publishing_folder, "READER_GRACE", timedelta(0))
    second = publish(shop, tmp_path / "out")
    names = [path.name for path in (tmp_path / "out/versions").iterdir()]
    assert names == [second.publication_id]
    assert first.publication_id < second.publication_id


def test_the_folder_can_be_moved_and_its_files_cannot_be_written(shop, tmp_path):
    publish(shop, tmp_path / "out")
    (tmp_path / "out").rename(tmp_path / "elsewhere")
    path = tmp_path / "elsewhere/segments.duckdb"
    assert read(path, "select count(*) from marketing.customer_segments") == [(500,)]
    assert path.stat().st_mode & 0o222 == 0


def test_sqlalchemy_and_pandas_read_the_database(shop, tmp_path):
    publish(shop, tmp_path / "out")
    engine = create_engine(
        f"duckdb:///{tmp_path / 'out/segments.duckdb'}", connect_args={"read_only": True}
    )
    with engine.connect() as connection:
        assert "customer_segments" in inspect(connection).get_table_names(schema="marketing")
        frame = pd.read_sql(text("select * from marketing.customer_segments"), connection)
    engine.dispose()
    assert len(frame) == 500
    assert frame["run"].eq(1).all()
