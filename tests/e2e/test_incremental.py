"""Advancing by a day computes what is new and gives what a full refresh gives."""

import duckdb
import pytest

from tests.e2e.test_future_blind import write_raw_tables
from tests.e2e.workspace import Workspace

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
