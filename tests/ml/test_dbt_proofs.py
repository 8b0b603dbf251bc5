"""Proofs that each of the project's own data tests can fail, and what its raw macros do.

A throw-away dbt project takes the macros, the data tests and the declaration of the raw tables
from this one, over the tiny tables of ``proof_models.sql``: sound ones or, in a second world, ones
that are wrong in the one way that each data test is there to find.
"""

from __future__ import annotations

import re
import shutil
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml

from tests.ml.dbt_in_process import run_dbt

ROOT = Path(__file__).parents[2]
DATA_TESTS = sorted(path.stem for path in (ROOT / "tests" / "dbt").glob("**/*.sql"))
PROOF_MODELS = Path(__file__).with_name("proof_models.sql")
TESTED = {
    "unique_rows": {"unique_combination": {"columns": ["a", "b"]}},
    "filled_rows": {"columns_not_null": {"columns": ["a", "b"]}},
    "at_least_one": {"columns_within_range": {"ranges": {"a": {"minimum": 1}, "b": {}}}},
    "at_most_one": {"columns_within_range": {"ranges": {"a": {"maximum": 1}}}},
    "a_number": {"columns_within_range": {"ranges": {"a": {"minimum": 0}}}},
    "one_row": {"exactly_one_row": {}},
    "one_row_only": {"exactly_one_row": {}},
    "no_personal_column": {"no_personal_data": {}},
    "no_address": {"no_personal_data": {}},
    "no_address_in_a_list": {"no_personal_data": {}},
    "no_telephone": {"no_personal_data": {}},
    "no_telephone_in_a_map": {"no_personal_data": {}},
    "two_rows": {"same_row_count_as": {"compare_model": "ref('compared_rows')"}},
}
PROJECT = {
    "name": "segml",
    "version": "1.0.0",
    "profile": "segml",
    "test-paths": ["tests"],
    "flags": {"require_generic_test_arguments_property": True},
    "vars": {
        "demo_targets": ["ci"],
        "raw_schema": "raw",
        "contact_unknown_consent": False,
        "recommendation_count": 10,
        "is_broken": False,
    },
    "on-run-start": [
        "create schema if not exists raw",
        "create or replace table raw.erasure_requests as select ' erased' as customer_id",
        "create or replace table raw.labelled_customers as select 'kept' as user_id",
    ],
}
PROFILE = {
    "segml": {
        "target": "ci",
        "outputs": {"ci": {"type": "duckdb", "path": "{{ env_var('SEGML_CI_DB') }}"}},
    }
}
PREAMBLE = (
    "{% macro either(sound, broken) %}{{ broken if var('is_broken') else sound }}{% endmacro %}"
)
PEOPLE = (
    "{%- set ada, bob = 'aaaaaaaa-0000-0000-0000-000000000000',"
    " 'bbbbbbbb-0000-0000-0000-000000000000' -%}\n"
)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Write the throw-away project."""
    folder = tmp_path_factory.mktemp("proofs")
    shutil.copytree(ROOT / "macros", folder / "macros")
    shutil.copytree(ROOT / "tests" / "dbt", folder / "tests")
    models = folder / "models"
    models.mkdir()
    shutil.copy(ROOT / "models/staging/shop/_shop__sources.yml", models)
    (folder / "macros/either.sql").write_text(PREAMBLE, encoding="utf-8")
    parts = re.split(r"-- model: (\w+)\n", PROOF_MODELS.read_text(encoding="utf-8"))[1:]
    for name, sql in zip(parts[::2], parts[1::2], strict=True):
        (models / f"{name}.sql").write_text(PEOPLE + sql, encoding="utf-8")
    tested = [
        {"name": name, "data_tests": [{test: {"arguments": arguments}}]}
        for name, tests in TESTED.items()
        for test, arguments in tests.items()
    ]
    documents = {
        "models/models.yml": {"version": 2, "models": tested},
        "dbt_project.yml": PROJECT,
        "profiles.yml": PROFILE,
    }
    for path, document in documents.items():
        (folder / path).write_text(yaml.safe_dump(document), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def worlds(project, tmp_path_factory):
    """Return per world the statuses of each data test, and the folder of the sound one."""
    statuses = {}
    for world in ("broken", "sound"):
        folder = tmp_path_factory.mktemp(world)
        built = run_dbt(folder, "build", project, is_broken=world == "broken")
        statuses[world] = {}
        for result in built.results:
            assert str(result.status) != "error", result.message
            if result.node.resource_type == "test":
                metadata = getattr(result.node, "test_metadata", None)
                name = metadata.name if metadata else result.node.name
                statuses[world].setdefault(name, []).append(str(result.status))
    return statuses, folder


@pytest.fixture(scope="module")
def sound(worlds):
    """Return a function that reads the database of the sound world."""
    path = worlds[1] / "ci.duckdb"

    def rows(sql):
        with duckdb.connect(str(path), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    return rows


@pytest.mark.parametrize("name", DATA_TESTS)
def test_a_data_test_passes_on_sound_tables_and_fails_on_broken_ones(worlds, name):
    statuses, _ = worlds
    assert set(statuses["sound"][name]) == {"pass"}
    assert set(statuses["broken"][name]) == {"fail"}


def test_raw_values_are_trimmed_and_cast_or_named_as_uncastable(sound):
    rows = sound(
        "select order_id, customer_id, cast(ordered_at as varchar), status, discount_amount, "
        "uncastable_columns "
        "from typed_orders"
    )
    assert rows == [
        ("o1", "kept", "2024-01-20 10:00:00", "Paid", Decimal("1.5"), []),
        ("o2", "erased", None, None, None, ["ordered_at", "discount_amount"]),
        (None, None, None, None, None, []),
    ]


def test_a_row_with_an_uncastable_value_is_kept_as_it_came(sound):
    rows = sound(
        "select original_row ->> 'ordered_at', original_row ->> 'order_id' from typed_orders"
    )
    assert rows == [(None, None), ("infinity", "o2 "), (None, None)]


def test_missing_columns_are_null_and_missing_tables_are_empty(sound):
    assert sound("select count(channel), count(loaded_at) from typed_orders") == [(0, 0)]
    assert sound("select count(*) from typed_rejected_rows") == [(0,)]
    assert sound("select typeof(channel), typeof(loaded_at) from typed_orders limit 1") == [
        ("VARCHAR", "TIMESTAMP")
    ]


def test_of_rows_known_at_once_the_largest_stays_whatever_their_order(sound):
    rows = sound("select status, rejection_reason from judged_orders order by all")
    assert rows == [
        ("a", "duplicate_key"),
        ("b", "duplicate_key"),
        ("c", "exact_duplicate"),
        ("c", None),
    ]


def test_a_rejected_row_is_shown_with_its_typed_values(sound):
    rows = sound("select raw_row ->> 'status', status from judged_orders where raw_row is not null")
    assert sorted(rows) == [("a", "a"), ("b", "b"), ("c", "c")]
