"""The ``ml.*`` tables: made from their declaration, and brought up to it where they are older."""

from pathlib import Path

import duckdb
import pytest
import yaml

from tests.ml.dbt_in_process import run_dbt
from tests.ml.macro_project import write_project

SOURCES = "models/staging/segml/_segml__sources.yml"
ROOT = Path(__file__).parents[2]
MODEL = '{{ config(pre_hook="{{ create_missing_ml_tables() }}") }} select 1 as one'
FIRST_RUN = "a run of an older segml"


def declared_tables():
    """Name and type of every column, by table, in the order of the declaration."""
    (source,) = yaml.safe_load((ROOT / SOURCES).read_text(encoding="utf-8"))["sources"]
    return {
        table["name"]: [(column["name"], column["data_type"]) for column in table["columns"]]
        for table in source["tables"]
    }


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory):
    """Return a database whose tables all lacked their last column, after two builds."""
    folder = tmp_path_factory.mktemp("upgrade")
    project = write_project(folder / "project", {"anything": MODEL}, files=(SOURCES,))
    path = folder / "ci.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema ml")
        for name, columns in declared_tables().items():
            older = ", ".join(f"{column} {kind}" for column, kind in columns[:-1])
            connection.execute(f"create table ml.{name} ({older})")
        connection.execute(f"insert into ml.evaluation_metrics (run_id) values ('{FIRST_RUN}')")
    for _ in range(2):
        for result in run_dbt(folder, "run", project).results:
            assert str(result.status) == "success", result.message
    return path


def test_tables_of_an_older_version_get_the_columns_they_lack(upgraded):
    with duckdb.connect(str(upgraded), read_only=True) as connection:
        columns = connection.execute(
            "select table_name, column_name from duckdb_columns() "
            "where schema_name = 'ml' order by table_name, column_index"
        ).fetchall()
    assert columns == [
        (table, column)
        for table, columns in sorted(declared_tables().items())
        for column, _ in columns
    ]


def test_rows_of_an_older_version_stay(upgraded):
    _, (added, _) = declared_tables()["evaluation_metrics"][-2:]
    with duckdb.connect(str(upgraded), read_only=True) as connection:
        rows = connection.execute(f"select run_id, {added} from ml.evaluation_metrics").fetchall()
    assert rows == [(FIRST_RUN, None)]
