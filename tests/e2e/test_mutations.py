"""Adding, changing or deleting rows at or after a day changes nothing that was known on it."""

import shutil
from collections import Counter

import duckdb
import pytest

from tests.e2e.raw_mutations import KEYS, mutate_from
from tests.e2e.test_future_blind import write_raw_tables
from tests.e2e.workspace import Workspace

pytestmark = pytest.mark.slow

AS_OF = "2025-02-15"
SEEDS = [1, 2]
EXPECTED_TABLES = {
    "snapshots",
    "customer_features",
    "customer_labels",
    "training_examples",
    "feature_bins",
    "rfm_cut_points",
    "rfm_segments",
    "value_tier_threshold",
    "wholesale_limit",
    "customer_event_sequences",
    "feature_scaling",
    "feature_imputation",
    "model_input_bins",
    "customer_model_inputs",
}
EARLY_RETURNS = """
insert into raw.returns (return_id, order_id, product_id, quantity, refund_amount, returned_at)
select
    'early ' || order_id, order_id, any_value(order_items.product_id), '1',
    any_value(order_items.unit_price),
    cast(any_value(try_cast(orders.ordered_at as timestamp)) - interval 2 hour as varchar)
from raw.orders
inner join raw.order_items using (order_id)
where orders.loaded_at between '2025-01-01' and '2025-02-01'
group by order_id
having count(distinct orders.ordered_at) = 1
order by order_id
limit 20
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Workspace:
    """The demo shop as of a day in the middle of its data."""
    workspace = Workspace(tmp_path_factory.mktemp("mutations"), "dev")
    write_raw_tables(workspace.warehouse, before=None)
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute(EARLY_RETURNS)
    build_features(workspace)
    return workspace


@pytest.fixture
def copy_of_shop(shop, tmp_path) -> Workspace:
    shutil.copy(shop.warehouse, tmp_path / "warehouse.duckdb")
    shutil.copytree(shop.folder / "target", tmp_path / "target")
    return Workspace(tmp_path, shop.target)


def build_features(workspace: Workspace) -> None:
    """Build everything up to the features anew, whatever an incremental model would skip."""
    built = workspace.dbt(
        *("build", "--target", workspace.target, "--full-refresh"),
        *("--select", "+path:models/features"),
        *("--exclude-resource-type", "test", "unit_test"),
        *("--vars", f"{{as_of_date: {AS_OF}, horizon_days: 60}}"),
    )
    assert built.returncode == 0, built.stdout[-3000:]


def feature_rows(workspace: Workspace) -> dict[str, Counter[str]]:
    """Return the rows of every relation in the schema ``features`` as hashes of their text."""
    relations = workspace.query(
        "select table_name from information_schema.tables where table_schema = 'features'"
    )
    hashes = "select md5(cast(whole_row as varchar)) from features.{} as whole_row"
    return {
        name: Counter(value for (value,) in workspace.query(hashes.format(name)))
        for (name,) in relations
    }


def differing_tables(
    one: dict[str, Counter[str]], other: dict[str, Counter[str]]
) -> dict[str, int]:
    """Return per table the number of rows that only one side has."""
    counts = {}
    for name in one.keys() | other.keys():
        mine, theirs = one.get(name, Counter()), other.get(name, Counter())
        counts[name] = (mine - theirs).total() + (theirs - mine).total()
    return {name: count for name, count in counts.items() if count}


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_from_the_day_on_change_nothing_that_was_known_before(shop, copy_of_shop, seed):
    with duckdb.connect(str(copy_of_shop.warehouse)) as connection:
        changes = mutate_from(connection, AS_OF, seed)
    assert changes.keys() == KEYS.keys()
    assert min(changes.values()) >= 50, changes
    build_features(copy_of_shop)
    before, after = feature_rows(shop), feature_rows(copy_of_shop)
    assert before.keys() >= EXPECTED_TABLES
    assert min(before[name].total() for name in EXPECTED_TABLES) > 0
    assert differing_tables(before, after) == {}


def test_rows_before_the_day_do_change_the_features(shop, copy_of_shop):
    with duckdb.connect(str(copy_of_shop.warehouse)) as connection:
        mutate_from(connection, "2025-01-01", SEEDS[0])
    build_features(copy_of_shop)
    differing = differing_tables(feature_rows(shop), feature_rows(copy_of_shop))
    assert differing.keys() >= {"customer_features", "customer_labels", "rfm_segments"}
