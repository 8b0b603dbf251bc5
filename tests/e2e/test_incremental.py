"""Advancing by a day computes what is new and gives what a full refresh gives."""

import shutil
from pathlib import Path

import duckdb
import pytest

from tests.e2e.test_future_blind import write_raw_tables
from tests.e2e.workspace import ROOT, Workspace

pytestmark = pytest.mark.slow

FEATURES = "+snapshots +customer_features +customer_labels +customer_event_sequences +rfm_segments"
COMPARED = [
    "features.snapshots",
    "features.customer_features",
    "features.customer_labels",
    "features.customer_event_sequences",
    "features.rfm_cut_points",
    "features.rfm_segments",
    "features.feature_bins",
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("incremental"), "dev")
    write_raw_tables(workspace.warehouse, before=None)
    return workspace


def build(workspace: Workspace, as_of: str, *arguments: str) -> list[str]:
    """Build the features and return the snapshots that were computed."""
    done = workspace.dbt(
        "build",
        "--target",
        workspace.target,
        "--vars",
        f"as_of_date: {as_of}",
        "--select",
        *FEATURES.split(),
        "--exclude-resource-type",
        "test",
        "unit_test",
        *arguments,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    rows = workspace.query(
        "select snapshot_date from intermediate.int_snapshots__to_build order by snapshot_date"
    )
    return [str(row[0]) for row in rows]


def contents(workspace: Workspace) -> dict[str, list[tuple]]:
    return {table: workspace.query(f"from {table} order by all") for table in COMPARED}


def test_an_advance_computes_only_the_new_snapshots_and_equals_a_full_refresh(shop):
    first = build(shop, "2025-05-20")
    assert len(first) == 13
    assert build(shop, "2025-05-20") == []
    advanced = build(shop, "2025-05-21")
    assert advanced == ["2025-05-21"]
    matured = build(shop, "2025-06-20")
    assert matured == ["2025-03-20", "2025-06-20"]
    incremental = contents(shop)
    assert len(build(shop, "2025-06-20", "--full-refresh")) == 13
    assert contents(shop) == incremental


def test_a_row_that_arrives_late_rebuilds_only_the_snapshots_that_can_see_it(shop):
    build(shop, "2025-06-20")
    with duckdb.connect(str(shop.warehouse)) as connection:
        connection.execute(
            "insert into raw.reviews (review_id, customer_id, product_id, rating, reviewed_at) "
            "select 'late', customer_id, product_id, '5', '2025-02-01 10:00:00' "
            "from raw.reviews where rating = '5' limit 1"
        )
    assert build(shop, "2025-06-20") == ["2025-02-18", "2025-03-20", "2025-06-20"]


def test_a_changed_macro_makes_every_built_snapshot_stale(tmp_path):
    workspace = Workspace(tmp_path, "ci")
    project = tmp_path / "project"
    for folder in ("models", "macros", "seeds", "tests/dbt"):
        shutil.copytree(ROOT / folder, project / folder)
    for file in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(ROOT / file, project)
    before = compiled_fingerprints(workspace, project)
    assert compiled_fingerprints(workspace, project) == before
    macro = project / "macros/quality/is_known_at.sql"
    macro.write_text(macro.read_text().replace("known_until >=", "known_until >"))
    assert compiled_fingerprints(workspace, project) != before


def compiled_fingerprints(workspace: Workspace, project: Path) -> str:
    """Return the query that compares snapshots with what they were built from."""
    done = workspace.dbt(
        *("compile", "--project-dir", str(project), "--profiles-dir", str(project)),
        *("--target", workspace.target, "--select", "int_snapshots__fingerprints"),
    )
    assert done.returncode == 0, done.stdout[-3000:]
    model = "compiled/segml/models/intermediate/int_snapshots__fingerprints.sql"
    return (workspace.folder / "target" / model).read_text()
