"""Whatever changes in the raw tables, building its parts anew gives what a full refresh gives."""

import json
import os
import shutil
from pathlib import Path

import duckdb
import pytest
import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

from tests.e2e.raw_mutations import mutate_from
from tests.e2e.test_future_blind import write_raw_tables
from tests.e2e.workspace import ROOT, Workspace

pytestmark = pytest.mark.slow

AS_OF = "2025-07-01"
CLEANED = "+int_order_products__completed +int_session_days__events +stg_shop__reviews"
FEATURES = "+customer_features"
BY_PART = {
    "staging.base_shop__orders",
    "staging.base_shop__order_items",
    "staging.base_shop__events",
    "intermediate.int_orders__completed",
    "intermediate.int_order_products__completed",
    "intermediate.int_session_days__events",
}
# orders with lines in a row, a customer who is no machine yet, and two who will be erased
CHOSEN = """
create schema chosen;
create table chosen.orders as
select row_number() over (order by order_id) as place, orders.*
from raw.orders as orders
where order_id in (select order_id from raw.order_items)
qualify count(*) over (partition by order_id) = 1;
create table chosen.visitor as
select customer_id from raw.events where customer_id in (select customer_id from raw.customers)
group by customer_id having count(*) between 20 and 50 order by customer_id limit 1;
create table chosen.stranger as
select customer_id from raw.events
where
    customer_id in (select customer_id from chosen.orders)
    and customer_id != (from chosen.visitor)
group by customer_id having count(*) between 20 and 50 order by customer_id desc limit 1;
create table chosen.erased as
select distinct customer_id from chosen.orders
where customer_id not in (from chosen.visitor union all from chosen.stranger)
order by customer_id limit 2;
create schema original;
create table original.orders as from raw.orders;
create table original.order_items as from raw.order_items;
create table original.events as from raw.events;
create table original.customers as from raw.customers;
"""
ONE_ORDER_IS_CANCELLED = """
update raw.orders set status = 'cancelled'
where order_id in (select order_id from chosen.orders where place = 1)
"""
EVERYTHING_AT_ONCE = """
-- an order changes, is loaded again, comes twice, is rejected, loses its status, vanishes
update raw.orders set discount_amount = '0.01'
where order_id = (select order_id from chosen.orders where place = 10);
insert into raw.orders by name
select * exclude (place) replace ('returned' as status, '2025-06-01 00:00:00' as loaded_at)
from chosen.orders where place in (11, 12);
insert into raw.orders by name select * exclude (place) from chosen.orders where place in (12, 13);
update raw.orders set discount_amount = '-1'
where order_id in (select order_id from chosen.orders where place in (14, 15));
update raw.orders set customer_id = null
where order_id = (select order_id from chosen.orders where place = 16);
delete from raw.orders
where order_id in (select order_id from chosen.orders where place in (17, 18));
-- the same order in other spelling, orders and lines without key, a line twice, one without order
insert into raw.orders by name
select * exclude (place) replace (' ' || order_id || ' ' as order_id, '2025-06-02' as loaded_at)
from chosen.orders where place = 19;
insert into raw.orders by name
select * exclude (place) replace (null as order_id) from chosen.orders where place in (20, 21);
insert into raw.order_items by name
select items.* replace (nullif(items.order_id, '') as order_id)
from raw.order_items as items inner join chosen.orders as o using (order_id) where place = 22;
insert into raw.order_items by name
select * replace (null as order_id) from raw.order_items order by all limit 3;
insert into raw.order_items by name
select * replace ('nowhere' as order_id) from raw.order_items order by all limit 3;
delete from raw.order_items
where order_id in (select order_id from chosen.orders where place between 23 and 25);
-- a day of a machine; an event twice; one of a customer who is unknown so far
insert into raw.events by name
select events.* replace (event_id || ' again ' || number as event_id)
from (from raw.events where customer_id = (from chosen.visitor) order by event_id limit 1) as events
cross join range(150) as numbers (number);
insert into raw.events by name select * from raw.events order by event_id limit 2;
insert into raw.events by name
select * replace ('of a stranger' as event_id, 'stranger' as customer_id)
from raw.events order by event_id limit 1;
-- somebody who was known has never ordered, and is not in the table of customers
delete from raw.orders where customer_id = (from chosen.stranger);
delete from raw.customers where customer_id = (from chosen.stranger);
-- two people are erased; an order of somebody else turns out to be theirs, too
create table raw.erasure_requests as select customer_id from chosen.erased;
insert into raw.orders by name
select * exclude (place) replace ((select min(customer_id) from chosen.erased) as customer_id)
from chosen.orders where place = 31 and customer_id not in (from chosen.erased);
"""
EVERYTHING_BACK = """
create or replace table raw.orders as from original.orders;
create or replace table raw.order_items as from original.order_items;
create or replace table raw.events as from original.events;
create or replace table raw.customers as from original.customers;
drop table raw.erasure_requests;
"""
OTHER_COLUMNS = """
alter table raw.orders drop column channel;
alter table raw.order_items alter quantity type double using try_cast(quantity as double);
alter table raw.events add column browser varchar default 'lynx';
"""
NO_EVENTS = "drop table raw.events"


class Shop(Workspace):
    """A warehouse that is built by dbt, again and again in this process."""

    def build(self, select: str, *options: str, **variables: str) -> str:
        """Build models only; return the messages of those that failed."""
        command = ["--quiet", "build", "--project-dir", str(ROOT), "--target", self.target]
        command += ["--vars", json.dumps({"as_of_date": AS_OF} | variables)]
        command += ["--exclude-resource-type", "test", "unit_test", *options]
        folder = Path.cwd()
        try:
            outcome = dbtRunner().invoke([*command, "--select", *select.split()])
        finally:
            DuckDBConnectionManager.close_all_connections()
            os.chdir(folder)
        assert outcome.exception is None, outcome.exception
        return "; ".join(
            str(item.message) for item in outcome.result.results if item.status == "error"
        )

    def execute(self, sql: str) -> None:
        with duckdb.connect(str(self.warehouse)) as connection:
            connection.execute(sql)

    def contents(self) -> dict[str, tuple]:
        """Count the rows of every relation after raw, and add up their hashes."""
        relations = self.query(  # but for what depends on the snapshots that are yet to build
            "select concat_ws('.', table_schema, table_name) from information_schema.tables "
            "where table_schema in ('staging', 'vault', 'intermediate', 'features') "
            "and table_name not like '%\\_\\_parts' escape '\\'"
            "and (table_name not similar to 'int_(snapshots|customer_snapshots)__.*' "
            "or table_name = 'int_customer_snapshots__features')"
        )
        sums = "select count(*), sum(cast(hash(whole_row) as hugeint)) from {} as whole_row"
        return {name: self.query(sums.format(name))[0] for (name,) in relations}

    def replaced_parts(self) -> dict[str, int]:
        """Count the parts of each table that were built anew since all of it was."""
        count = "select count(*) filter (where is_replaced) from {}__parts"
        return {table: self.value(count.format(table)) for table in BY_PART}

    def assert_equals_full_refresh(self, select: str, **variables: str) -> None:
        incremental = self.contents()
        assert incremental.keys() >= BY_PART
        copy = self.folder / "incremental.duckdb"
        shutil.copy(self.warehouse, copy)
        assert self.build(select, "--full-refresh", **variables) == ""
        full = self.contents()
        shutil.move(copy, self.warehouse)
        differing = {name for name in full if full[name] != incremental[name]}
        assert differing == set()


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Shop:
    """The demo shop, built once; tests begin with a copy of it."""
    shop = Shop(tmp_path_factory.mktemp("parts"), "dev")
    write_raw_tables(shop.warehouse, before=None)
    shop.execute(CHOSEN)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in shop.environment.items():
            patch.setenv(name, value)
        patch.setenv("DBT_LOG_LEVEL_FILE", "none")  # dbt never closes its log file
        assert shop.build(CLEANED) == ""
        shutil.copy(shop.warehouse, shop.folder / "built.duckdb")
        yield shop


@pytest.fixture
def shop(built) -> Shop:
    shutil.copy(built.folder / "built.duckdb", built.warehouse)
    return built


def test_a_changed_row_replaces_its_own_parts_only(shop):
    assert shop.build(CLEANED) == ""
    assert set(shop.replaced_parts().values()) == {0}
    shop.execute(ONE_ORDER_IS_CANCELLED)
    assert shop.build(CLEANED) == ""
    assert shop.replaced_parts() == {table: 0 if "events" in table else 1 for table in BY_PART}
    shop.assert_equals_full_refresh(CLEANED)


def test_every_kind_of_change_there_and_back_equals_a_full_refresh(shop):
    original = shop.contents()
    shop.execute(EVERYTHING_AT_ONCE)
    assert shop.build(CLEANED) == ""
    assert min(shop.replaced_parts().values()) > 0, shop.replaced_parts()
    changed = shop.contents()
    assert {table for table in BY_PART if changed[table] == original[table]} == set()
    shop.assert_equals_full_refresh(CLEANED)
    shop.execute(EVERYTHING_BACK)
    assert shop.build(CLEANED) == ""
    assert min(shop.replaced_parts().values()) > 0
    assert shop.contents() == original


def test_random_changes_one_after_the_other_equal_a_full_refresh(shop):
    for seed, day in enumerate(["2025-06-20", "2025-06-25", "2025-06-10"]):
        with duckdb.connect(str(shop.warehouse)) as connection:
            mutate_from(connection, day, seed)
        assert shop.build(FEATURES) == ""
    assert shop.replaced_parts()["staging.base_shop__orders"] > 0
    shop.assert_equals_full_refresh(FEATURES)


def test_other_columns_and_missing_tables_equal_a_full_refresh(shop):
    shop.execute(OTHER_COLUMNS)
    assert shop.build(CLEANED) == ""
    shop.execute(NO_EVENTS)
    assert shop.build(CLEANED) == ""
    assert shop.value("select count(*) from staging.base_shop__events") == 0
    shop.assert_equals_full_refresh(CLEANED)


def test_another_variable_or_key_equals_a_full_refresh(shop, monkeypatch):
    assert shop.build(CLEANED, maximum_unit_price="20") == ""
    dearest = "select max(unit_price) from staging.stg_shop__order_items"
    assert shop.value(dearest) <= 20
    monkeypatch.setenv("SEGML_PSEUDONYM_KEY", "another key for tests, not for people")
    assert shop.build(CLEANED, maximum_unit_price="20") == ""
    shop.assert_equals_full_refresh(CLEANED, maximum_unit_price="20")


def test_a_build_that_fails_midway_leaves_what_was_there(shop, tmp_path):
    project = tmp_path / "project"
    for folder in ("models", "macros", "seeds", "tests/dbt"):
        shutil.copytree(ROOT / folder, project / folder)
    settings = yaml.safe_load((ROOT / "dbt_project.yml").read_text())
    staging = {"shop": {"base_shop__orders": {"+post-hook": "select error('stopped')"}}}
    settings["models"]["segml"]["staging"] |= staging
    (project / "dbt_project.yml").write_text(yaml.safe_dump(settings))
    shutil.copy(ROOT / "profiles.yml", project)
    before = shop.contents()
    shop.execute(ONE_ORDER_IS_CANCELLED)
    failed = shop.build("+base_shop__orders", "--project-dir", str(project))
    assert "stopped" in failed
    assert shop.contents()["staging.base_shop__orders"] == before["staging.base_shop__orders"]
    assert shop.build("+base_shop__orders") == ""
    assert shop.replaced_parts()["staging.base_shop__orders"] == 1
    assert shop.contents()["staging.base_shop__orders"] != before["staging.base_shop__orders"]
