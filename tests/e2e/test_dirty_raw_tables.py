"""Whatever a shop's tables hold, the build ends green and no row is lost without a trace."""

import os

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings

from segml.dbt import DbtProject
from tests.e2e.dirty_shops import TABLES, RawTable, shops
from tests.e2e.workspace import ROOT, Workspace

pytestmark = pytest.mark.slow

ORDERS = ("order_id", "customer_id", "ordered_at")
ITEMS = ("order_id", "line_number", "product_id", "quantity", "unit_price")
ONE_ORDER = {
    "orders": RawTable(ORDERS, (("o1", "a", "2024-01-01 10:00:00"),)),
    "order_items": RawTable(ITEMS, (("o1", "1", "p", "1", "9.99"),)),
}
ONE_DAY = {
    "orders": RawTable(ORDERS, tuple((f"o{i}", f"c{i % 7}", "2024-01-01") for i in range(30))),
    "order_items": RawTable(ITEMS, tuple((f"o{i}", "1", "p", "1", "5") for i in range(30))),
}
EMPTY = {name: RawTable(tuple(columns)) for name, columns in TABLES.items()}
NULLS = {
    name: RawTable(tuple(columns), 3 * ((None,) * len(columns),))
    for name, columns in TABLES.items()
}
YEAR = [f"2024-{month:02}-{day:02}" for month in range(1, 13) for day in (1, 15)]
HUGE = {
    "orders": RawTable(ORDERS, tuple((f"o{i}", "a", day) for i, day in enumerate(YEAR))),
    "order_items": RawTable(
        ITEMS,
        tuple((f"o{i}", line, "p", "1000000", "10000000") for i in range(24) for line in "12"),
        is_native=True,
    ),
}
FREE = HUGE | {
    "order_items": RawTable(ITEMS, tuple((f"o{i}", "1", "p", "1", "0") for i in range(24)))
}
NEGATIVE = HUGE | {
    "order_items": RawTable(ITEMS, tuple((f"o{i}", "1", "p", "-1", "5") for i in range(24)))
}
ALL_ERASED = ONE_DAY | {
    "erasure_requests": RawTable(("customer_id",), tuple((f" c{i} ",) for i in range(7)))
}
# an empty id asks for nobody, and belongs to nobody
BLANK_IDS = ONE_ORDER | {
    "customers": RawTable(("customer_id", "age"), (("", "30"), ("a", "40"))),
    "erasure_requests": RawTable(("customer_id",), ((" ",), (None,))),
}
# the same few values in many snapshots: quantiles between them must not round past them
STEADY = {
    "orders": RawTable(ORDERS, (("o1", "a", "2024-01-01"), ("o2", "b", "2024-12-31"))),
    "order_items": RawTable(ITEMS, (("o1", "1", "p", "2", "11"), ("o2", "1", "p", "1", "7"))),
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A place for one warehouse after the other; dbt's parsed project stays."""
    workspace = Workspace(tmp_path_factory.mktemp("dirty"), "dev")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in workspace.environment.items():
            patch.setenv(name, value)
        patch.setenv("DBT_LOG_LEVEL_FILE", "none")  # dbt never closes its log file
        yield workspace


def write_and_build(workspace: Workspace, shop: dict[str, RawTable]) -> None:
    """Write the raw tables and build everything with all data tests; raises when one fails."""
    for path in workspace.folder.glob("warehouse.duckdb*"):
        path.unlink()
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute("create schema raw")
        for name, table in shop.items():
            table.write(connection, name)
    project = DbtProject(project_dir=ROOT, profiles_dir=ROOT, target=workspace.target)
    project.build()


def erased_counts(workspace: Workspace, shop: dict[str, RawTable]) -> dict[str, int]:
    """Count the rows of customers who asked to be erased, from the raw tables alone."""
    if "erasure_requests" not in shop:
        return {}
    customer, order = "nullif(trim(customer_id), '')", "nullif(trim(order_id), '')"
    by_customer = f"{customer} in (select {customer} from raw.erasure_requests)"
    by_order = f"{order} in (select {order} from raw.orders where {by_customer})"
    counts = {}
    for name, table in shop.items():
        if name == "erasure_requests":
            continue
        if "customer_id" in table.columns:
            condition = by_customer
        elif "order_id" in table.columns:
            condition = by_order
        else:
            continue
        counts[name] = workspace.value(f"select count(*) from raw.{name} where {condition}")
    return {name: count for name, count in counts.items() if count}


def assert_rows_are_conserved(workspace: Workspace, shop: dict[str, RawTable]) -> None:
    found = workspace.query("select * from quarantine.data_quality_summary")
    totals = dict.fromkeys(shop, 0)
    for table, _, rows in found:
        totals[table] += rows
    assert totals == {name: len(table.rows) for name, table in shop.items()}
    erased = {table: rows for table, outcome, rows in found if outcome == "erased"}
    assert erased == erased_counts(workspace, shop)
    for name in shop:
        kept = sum(rows for table, outcome, rows in found if (table, outcome) == (name, "kept"))
        assert workspace.value(f"select count(*) from staging.stg_shop__{name}") == kept


def assert_numbers_are_finite(workspace: Workspace) -> None:
    tables = workspace.query(
        "select table_schema || '.' || table_name, list(column_name order by column_name) "
        "from information_schema.columns "
        "where table_schema in ('features', 'marketing') and data_type in ('DOUBLE', 'FLOAT') "
        "and table_name != 'labelled_age_bands' "  # the outer bands are open
        "group by all"
    )
    assert "features.customer_features" in dict(tables)
    for table, columns in tables:
        infinite = ", ".join(f"count(*) filter (where not isfinite({name}))" for name in columns)
        (counts,) = workspace.query(f"select {infinite} from {table}")
        assert dict(zip(columns, counts, strict=True)) == dict.fromkeys(columns, 0), table


def assert_keys_are_unique(workspace: Workspace) -> None:
    for table in ("customer_features", "customer_labels", "rfm_segments", "training_examples"):
        keys = "count(*) - count(distinct (customer_key, snapshot_date))"
        assert workspace.value(f"select {keys} from features.{table}") == 0, table


@given(shop=shops())
@example(shop=ONE_ORDER)
@example(shop=ONE_DAY)
@example(shop=EMPTY)
@example(shop=NULLS)
@example(shop=HUGE)
@example(shop=FREE)
@example(shop=NEGATIVE)
@example(shop=ALL_ERASED)
@example(shop=BLANK_IDS)
@example(shop=STEADY)
@settings(
    max_examples=int(os.environ.get("DIRTY_SHOPS", "1")),  # random ones; a build each
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],  # shrinking would build hundreds of shops
    suppress_health_check=list(HealthCheck),
)
def test_any_raw_tables_build_green_and_keep_account_of_every_row(workspace, shop):
    write_and_build(workspace, shop)
    assert_rows_are_conserved(workspace, shop)
    assert_numbers_are_finite(workspace)
    assert_keys_are_unique(workspace)
