"""Who asked to be forgotten is in no table that is built after the request."""

import re
from dataclasses import dataclass

import duckdb
import pytest

from tests.e2e.test_future_blind import write_raw_tables
from tests.e2e.workspace import Workspace

pytestmark = pytest.mark.slow

# views of the raw rows, of the requests themselves, and of predictions made before the request
PASS_THROUGH = ("typed_shop__", "stg_segml__")
REQUEST_TABLES = ("base_shop__erasure_requests", "stg_shop__erasure_requests")
ERASED_ORDERS = "base_shop__erased_orders"
OWNED_BY_CUSTOMER = ("customers", "orders", "events", "reviews", "campaign_contacts")
OWNED_BY_ORDER = ("order_items", "returns")
BUSIEST = """
select trim(customer_id) from raw.{} where customer_id is not null
group by all order by count(*) desc, 1 limit 1
"""


@dataclass(frozen=True)
class Person:
    """Everything in the raw tables that points to one customer."""

    customer_id: str
    identifiers: tuple[str, ...]
    order_ids: tuple[str, ...]


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Workspace:
    """The demo shop after a run of the loop, with everybody in it."""
    workspace = Workspace(tmp_path_factory.mktemp("erasure"), "dev")
    write_raw_tables(workspace.warehouse, before=None)
    workspace.run_loop("--model", "logistic")
    return workspace


@pytest.fixture(scope="module")
def people(shop) -> list[Person]:
    """The customers with most orders, reviews and contacts, and one with rejected rows."""
    ids = {str(shop.value(BUSIEST.format(table))) for table in OWNED_BY_CUSTOMER}
    ids.add(
        str(
            shop.value(
                "select json_extract_string(raw_row, '$.customer_id') as customer_id "
                "from quarantine.quarantined_rows where table_name = 'reviews' "
                "and customer_id in (select customer_id from vault.customer_keys) order by 1"
            )
        )
    )
    return [find_person(shop, customer_id) for customer_id in sorted(ids)]


def find_person(workspace: Workspace, customer_id: str) -> Person:
    is_theirs = f"trim(customer_id) = '{customer_id}'"
    contacts = workspace.query(
        f"select unnest([email, phone]) from raw.customers where {is_theirs}"
    )
    keys = workspace.query(
        f"select cast(customer_key as varchar) from vault.customer_keys where {is_theirs}"
    )
    orders = workspace.query(f"select distinct trim(order_id) from raw.orders where {is_theirs}")
    identifiers = {customer_id, *(value for (value,) in contacts + keys if value)}
    return Person(
        customer_id,
        tuple(sorted(identifiers)),
        tuple(order_id for (order_id,) in orders if order_id),
    )


def identifiers_of(people: list[Person]) -> list[str]:
    return [identifier for person in people for identifier in person.identifiers]


def holders(workspace: Workspace, needles: list[str]) -> set[str]:
    """Return the relations outside the raw tables and ``ml`` with a row that names a needle."""
    relations = workspace.query(
        "select table_schema, table_name from information_schema.tables "
        "where table_schema not in ('raw', 'ml')"
    )
    pattern = rf"(^|[^\w-])({'|'.join(map(re.escape, needles))})([^\w-]|$)"
    found = set()
    for schema, name in relations:
        if name.startswith(PASS_THROUGH) or name in REQUEST_TABLES:
            continue
        count = workspace.value(
            f"select count(*) from {schema}.{name} as whole_row "
            f"where regexp_matches(cast(whole_row as varchar), '{pattern}', 'i')"
        )
        if count:
            found.add(name)
    return found


def request_erasure(workspace: Workspace, people: list[Person]) -> None:
    """Ask in the way that files do: with spaces, twice, and for somebody unknown."""
    ids = [f" {person.customer_id} " for person in people] + [people[0].customer_id, "nobody"]
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute(
            "create table raw.erasure_requests (customer_id varchar, requested_at varchar)"
        )
        connection.executemany(
            "insert into raw.erasure_requests values (?, '2025-07-01')", [[item] for item in ids]
        )


@pytest.fixture(scope="module")
def erased_shop(shop, people) -> Workspace:
    """The same warehouse after the requests and one more build."""
    everywhere = holders(shop, identifiers_of(people))
    assert everywhere >= {"customer_keys", "customer_features", "customer_segments"}
    request_erasure(shop, people)
    built = shop.dbt("build", "--target", shop.target, "--exclude-resource-type", "unit_test")
    assert built.returncode == 0, built.stdout[-3000:]
    return shop


def test_nothing_that_points_to_an_erased_customer_is_left(erased_shop, people):
    assert holders(erased_shop, identifiers_of(people)) == set()


def test_nothing_that_points_to_an_order_of_an_erased_customer_is_left(erased_shop, people):
    order_ids = [order_id for person in people for order_id in person.order_ids]
    assert len(order_ids) > 50
    assert holders(erased_shop, order_ids) == {ERASED_ORDERS}


def test_everybody_else_is_still_there(erased_shop, people):
    remaining = erased_shop.value("select count(*) from vault.customer_keys")
    assert remaining == erased_shop.value(
        "select count(distinct customer_key) from marketing.customer_segments"
    )
    assert remaining > 1_000
    assert len(people) >= 4


def test_erased_rows_are_counted_as_erased_and_nothing_else(erased_shop, people):
    ids = ", ".join(f"'{person.customer_id}'" for person in people)
    is_theirs = f"trim(customer_id) in ({ids})"
    orders = f"trim(order_id) in (select trim(order_id) from raw.orders where {is_theirs})"
    conditions = dict.fromkeys(OWNED_BY_CUSTOMER, is_theirs) | dict.fromkeys(OWNED_BY_ORDER, orders)
    expected = {
        table: erased_shop.value(f"select count(*) from raw.{table} where {condition}")
        for table, condition in conditions.items()
    }
    found = dict(
        erased_shop.query(
            "select table_name, row_count from quarantine.data_quality_summary "
            "where outcome = 'erased'"
        )
    )
    assert found == expected
    totals = erased_shop.query(
        "select table_name, sum(row_count) from quarantine.data_quality_summary group by all"
    )
    for table, rows in totals:
        assert rows == erased_shop.value(f"select count(*) from raw.{table}"), table
