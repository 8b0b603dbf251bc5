"""The rules of the dbt project, checked on its manifest and its files."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
import yaml

from tests.ml.dbt_in_process import run_dbt

ROOT = Path(__file__).parents[2]
LONGEST_MODEL_LINES = 120
READ_BY_OTHERS = ("models/features/", "models/marketing/", "models/staging/segml/")
WITHOUT_KEY = {
    "quarantined_rows": "a row that came three times is rejected twice",
    "quarantined_values": "two versions of a row may have the same bad value",
}
RFM_SEGMENTS = {
    "Champions", "Loyal", "Potential Loyalist", "New Customers", "Promising", "Need Attention",
    "About To Sleep", "At Risk", "Can't Lose Them", "Hibernating", "Lost",
}  # fmt: skip
RAW_LAYERS = ("typed_shop__", "base_shop__")  # rows as they came; keys hold from stg_shop__* on
UNREPEATABLE = r"\b(current_date|current_timestamp|now|today|random|gen_random_uuid|ntile)\b"


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    parsed = run_dbt(tmp_path_factory.mktemp("dbt"), "parse", ROOT)
    return parsed.writable_manifest().to_dict()


@pytest.fixture(scope="module")
def models(manifest):
    return {
        node["name"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }


def test_the_project_parses_for_a_users_own_data(tmp_path):
    parsed = run_dbt(tmp_path, "parse", ROOT, target="dev")
    names = {node.name for node in parsed.nodes.values()}
    assert "customer_segments" in names
    assert "raw_orders" not in names, "the demo seeds must not be written into a user's database"


def test_everything_has_a_description(manifest):
    described = [
        node for node in manifest["nodes"].values() if node["resource_type"] in {"model", "seed"}
    ] + [
        item
        for kind in ("sources", "exposures", "semantic_models", "metrics")
        for item in manifest[kind].values()
    ]
    assert [node["name"] for node in described if not node["description"].strip()] == []


def test_the_published_exposure_names_every_mart(manifest, models):
    published = manifest["exposures"]["exposure.segml.published_marts"]["depends_on"]["nodes"]
    assert set(published) == {
        model["unique_id"]
        for model in models.values()
        if model["original_file_path"].startswith("models/marketing/")
    }


def test_semantic_models_speak_of_columns_that_exist(manifest, models):
    sql = {"case", "when", "not", "then", "else", "end", "1", "0"}
    for semantic in manifest["semantic_models"].values():
        columns = set(models[semantic["node_relation"]["alias"]]["columns"])
        elements = semantic["entities"] + semantic["dimensions"] + semantic["measures"]
        words = {
            word for item in elements for word in re.findall(r"\w+", item["expr"] or item["name"])
        }
        assert words - columns - sql == set(), semantic["name"]


def test_columns_that_others_read_are_under_contract_and_described(models):
    for name, model in models.items():
        if model["original_file_path"].startswith(READ_BY_OTHERS):
            assert model["config"]["contract"]["enforced"], name
            columns = model["columns"].values()
            assert [item["name"] for item in columns if not item["description"]] == [], name


def test_descriptions_are_whole_sentences():
    """An unquoted comma in ``{...}`` ends a description and starts a key without value."""
    for path in [*ROOT.glob("models/**/*.yml"), *ROOT.glob("seeds/**/*.yml")]:
        for line in path.read_text(encoding="utf-8").splitlines():
            if re.match(r"\s*- (&\w+ )?\{name: ", line):
                entry = yaml.safe_load(re.sub(r"&\w+ ", "", line))[0]
                assert None not in entry.values(), f"{path.name}: {line.strip()}"


def test_only_staging_reads_sources(models):
    outside = [
        name
        for name, model in models.items()
        if model["sources"] and not model["original_file_path"].startswith("models/staging/")
    ]
    assert outside == []


def test_nothing_upstream_of_the_features_reads_predictions(manifest, models):
    open_nodes = [
        model["unique_id"]
        for model in models.values()
        if model["original_file_path"].startswith("models/features/")
    ]
    upstream = set()
    while open_nodes:
        node = open_nodes.pop()
        if node not in upstream:
            upstream.add(node)
            open_nodes += manifest["parent_map"].get(node, [])
    assert "source.segml.shop.erasure_requests" in upstream, "the walk reaches the sources"
    assert [node for node in upstream if node.startswith("source.segml.segml.")] == []
    assert [node for node in upstream if ".stg_segml__" in node] == []


@pytest.mark.parametrize("folder", ["models", "macros"])
def test_no_sql_depends_on_clock_chance_or_row_order(folder):
    for path in (ROOT / folder).glob("**/*.sql"):
        sql = re.sub(r"--.*|\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert re.findall(UNREPEATABLE, sql) == [], path


def test_models_are_short(models):
    lengths = {
        name: len((ROOT / model["original_file_path"]).read_text(encoding="utf-8").splitlines())
        for name, model in models.items()
    }
    assert {name: count for name, count in lengths.items() if count > LONGEST_MODEL_LINES} == {}


def test_every_model_has_a_tested_key(manifest, models):
    key_tests = {"unique", "unique_combination", "exactly_one_row"}
    tested = {
        node["attached_node"]
        for node in manifest["nodes"].values()
        if node.get("test_metadata", {}).get("name") in key_tests
    }
    keyless = [
        name
        for name, model in models.items()
        if model["unique_id"] not in tested
        and name not in WITHOUT_KEY
        and not name.startswith(RAW_LAYERS)
    ]
    assert keyless == []


def test_every_model_that_others_read_is_searched_for_personal_data(manifest, models):
    searched = {
        node["attached_node"]
        for node in manifest["nodes"].values()
        if node.get("test_metadata", {}).get("name") == "no_personal_data"
    }
    unsearched = [
        name
        for name, model in models.items()
        if model["original_file_path"].startswith(READ_BY_OTHERS)
        and model["unique_id"] not in searched
    ]
    assert unsearched == []


def test_unit_tests_are_named_after_their_model(manifest):
    for test in manifest["unit_tests"].values():
        assert test["name"].startswith(f"{test['model']}__"), test["name"]


def test_every_rejection_reason_is_unit_tested(manifest):
    expected = {}
    for test in manifest["unit_tests"].values():
        rows = test["expect"]["rows"]
        reasons = {row.get("rejection_reason") for row in rows if isinstance(row, dict)}  # not SQL
        expected.setdefault(test["model"], set()).update(reasons)
    for path in (ROOT / "models/staging/shop").glob("base_shop__*.sql"):
        reasons = set(re.findall(r"then '(\w+)'", path.read_text(encoding="utf-8")))
        assert reasons <= expected.get(path.stem, set()), path.stem


def test_the_shipped_map_reaches_all_rfm_segments():
    path = ROOT / "seeds/reference/rfm_segment_map.csv"
    with path.open(encoding="utf-8", newline="") as file:
        names = [row["rfm_segment"] for row in csv.DictReader(file)]
    assert len(names) == 25
    assert set(names) == RFM_SEGMENTS
