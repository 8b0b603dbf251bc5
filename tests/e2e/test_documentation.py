"""The data documentation: complete, and with the lineage through the learning layer."""

import json

import pytest

from tests.e2e.workspace import Workspace

pytestmark = pytest.mark.slow

DOCUMENTED_FOLDERS = ("models/features/", "models/marketing/", "models/staging/segml/")
DOCUMENTED_SCHEMAS = {"features", "marketing", "ml"}


@pytest.fixture(scope="module")
def docs(demo, tmp_path_factory) -> Workspace:
    """The demo shop's warehouse, documented into a folder of its own."""
    workspace = Workspace(tmp_path_factory.mktemp("docs"), demo.target)
    workspace.warehouse.symlink_to(demo.warehouse)
    done = workspace.dbt("docs", "generate", "--static", "--target", demo.target)
    assert done.returncode == 0, done.stdout[-3000:]
    return workspace


@pytest.fixture(scope="module")
def manifest(docs) -> dict:
    return json.loads((docs.folder / "target" / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def catalog(docs) -> dict:
    return json.loads((docs.folder / "target" / "catalog.json").read_text(encoding="utf-8"))


def downstream(manifest: dict, start: str) -> set[str]:
    """Return everything that reads a node, directly or through others."""
    found, waiting = set(), [start]
    while waiting:
        for child in manifest["child_map"].get(waiting.pop(), []):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found


def test_one_page_holds_the_whole_documentation(docs):
    page = (docs.folder / "target" / "static_index.html").read_text(encoding="utf-8")
    assert "model.segml.customer_features" in page
    assert "Add a feature to its int_customer_snapshots__* model" in page


def test_every_model_source_seed_and_exposure_has_a_description(manifest):
    nodes = [
        *(
            node
            for node in manifest["nodes"].values()
            if node["resource_type"] in {"model", "seed"}
        ),
        *manifest["sources"].values(),
        *manifest["exposures"].values(),
    ]
    assert len(nodes) > 60
    assert [node["unique_id"] for node in nodes if not node["description"].strip()] == []


def test_every_column_of_every_source_has_a_description(manifest):
    for source in manifest["sources"].values():
        assert source["columns"], source["unique_id"]
        nameless = [
            name for name, column in source["columns"].items() if not column["description"].strip()
        ]
        assert nameless == [], source["unique_id"]


def test_every_built_column_that_others_read_has_a_description(manifest, catalog):
    nodes = manifest["nodes"] | manifest["sources"]
    checked = 0
    for unique_id, built in (catalog["nodes"] | catalog["sources"]).items():
        node = nodes[unique_id]
        is_read = node["original_file_path"].startswith(DOCUMENTED_FOLDERS)
        if not is_read and built["metadata"]["schema"] not in DOCUMENTED_SCHEMAS:
            continue
        described = {
            name.lower()
            for name, column in node["columns"].items()
            if column["description"].strip()
        }
        assert {name.lower() for name in built["columns"]} - described == set(), unique_id
        checked += len(built["columns"])
    assert checked > 300


def test_the_catalog_holds_every_model(manifest, catalog):
    models = {
        unique_id
        for unique_id, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and node["config"]["materialized"] != "ephemeral"
    }
    assert models - catalog["nodes"].keys() == set()


def test_predictions_flow_from_the_learning_layer_into_the_marts(manifest):
    readers = downstream(manifest, "source.segml.segml.segment_predictions")
    assert "model.segml.stg_segml__segment_predictions" in readers
    assert "model.segml.customer_segments" in readers
    assert "exposure.segml.segment_report" in readers
    assert not {unique_id for unique_id in readers if "customer_features" in unique_id}


def test_the_model_is_an_exposure_of_the_features(manifest):
    readers = downstream(manifest, "seed.segml.raw_order_items")  # the demo's raw table
    assert "model.segml.training_examples" in readers
    assert "exposure.segml.value_tier_model" in readers
    direct = manifest["exposures"]["exposure.segml.value_tier_model"]["depends_on"]["nodes"]
    assert "model.segml.training_examples" in direct
