"""The pages over a small published shop, run by Streamlit itself and without a browser."""

import dataclasses
import shutil

import duckdb
import pytest
import yaml
from streamlit.testing.v1 import AppTest

from segml.dashboard import SCRIPT, command, serve
from segml.dashboard.look import heading, plain, unit_of
from segml.dashboard.marts import Marts, newest
from segml.dashboard.views import PAGES
from segml.errors import PublishingError
from segml.publishing import publish
from tests.ml.test_dbt_project import ROOT

TITLES = [title for title, _ in PAGES]
EMPTY = {"customer_segments"}  # what a shop always has
VALUES = {
    "varchar": "'text'",
    "uuid": "cast(lpad(cast(n as varchar), 32, '0') as uuid)",
    "date": "date '2025-06-01'",
    "timestamp": "timestamp '2025-07-02 03:04:05'",
    "boolean": "false",
    "varchar[]": "['_text_ of a *shop*', null]",
}
CHOSEN = {
    "segment_type": "'rfm_segment'",
    "rfm_segment": "'<b>Loyal</b> & $true$'",
    "segment_name": "'<b>Loyal</b> & $true$'",
    "month_start_date": "date '2025-04-01' + cast(n as integer) * interval 1 month",
    "channel": "'all'",
    "split": "'test'",
    "subject": "case n when 0 then 'value tier' else 'demand: category' end",
    "metric": "case n when 0 then 'log_loss' else 'accuracy' end",
    "is_complete_month": "true",
    "is_served": "true",
    "is_latest": "true",
    "model_version": "'v1'",
}


def marts_of_the_project():
    """Return every documented mart with the names and types of its columns."""
    files = (ROOT / "models/marketing").glob("_*models.yml")
    models = [yaml.safe_load(file.read_text(encoding="utf-8"))["models"] for file in files]
    return {
        model["name"]: {item["name"]: item["data_type"] for item in model["columns"]}
        for group in models
        for model in group
    }


def value_of(name, kind):
    number = (
        "0.25 * (n + 1)" if kind.startswith(("double", "integer", "bigint", "decimal")) else None
    )
    return CHOSEN.get(name) or VALUES.get(kind) or number or "null"


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    """Every mart as the project declares it, with two rows each."""
    path = tmp_path_factory.mktemp("shop") / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marketing; create schema ml")
        connection.execute(
            "create table ml.scorings as select 's1' as scoring_id, 'v1' as model_version, "
            "timestamp '2025-07-02 03:04:05' as scored_at"
        )
        for table, columns in marts_of_the_project().items():
            values = ", ".join(
                f"cast({value_of(name, kind)} as {kind}) as {name}"
                for name, kind in columns.items()
            )
            rows = f"select {values} from range(2) as numbers(n)"
            connection.execute(f"create table marketing.{table} as {rows}")
    return path


@pytest.fixture(scope="module")
def published(warehouse, tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    publish(warehouse, folder)
    return folder


def page(title, folder):
    """Run one page as Streamlit does."""

    def script(folder, position):
        from pathlib import Path

        from segml.dashboard.marts import newest
        from segml.dashboard.views import PAGES

        PAGES[position][1].show(newest(Path(folder)))

    app = AppTest.from_function(script, args=(str(folder), TITLES.index(title)), default_timeout=60)
    return app.run()


@pytest.mark.parametrize("title", TITLES)
def test_every_page_shows_its_marts(published, title):
    app = page(title, published)
    assert [item.message for item in app.exception] == []
    assert app.title[0].value == title
    assert app.get("html") or app.get("arrow_vega_lite_chart") or app.dataframe or app.info


@pytest.mark.parametrize("title", TITLES)
def test_every_page_of_an_empty_shop_says_what_to_do(warehouse, tmp_path, title):
    shutil.copy(warehouse, tmp_path / "empty.duckdb")
    with duckdb.connect(str(tmp_path / "empty.duckdb")) as connection:
        for table in marts_of_the_project():
            connection.execute(f"delete from marketing.{table}")
    publish(tmp_path / "empty.duckdb", tmp_path / "out")
    app = page(title, tmp_path / "out")
    assert [item.message for item in app.exception] == []
    assert app.info


@pytest.mark.parametrize("title", TITLES)
def test_every_page_works_without_the_optional_marts(warehouse, tmp_path, title):
    shutil.copy(warehouse, tmp_path / "small.duckdb")
    with duckdb.connect(str(tmp_path / "small.duckdb")) as connection:
        for table in set(marts_of_the_project()) - EMPTY:
            connection.execute(f"drop table marketing.{table}")
    publish(tmp_path / "small.duckdb", tmp_path / "out")
    app = page(title, tmp_path / "out")
    assert [item.message for item in app.exception] == []


def test_names_of_a_shop_are_text_and_never_markup(published):
    tiles = page("Customer 360", published).get("html")[0].proto.body
    assert "&lt;b&gt;Loyal&lt;/b&gt; &amp; $true$" in tiles
    assert plain("_text_ of a *shop*") == r"\_text\_ of a \*shop\*"


def test_a_shop_without_any_prediction_has_customers_without_reasons(warehouse, tmp_path):
    shutil.copy(warehouse, tmp_path / "unscored.duckdb")
    with duckdb.connect(str(tmp_path / "unscored.duckdb")) as connection:
        connection.execute("update marketing.customer_segments set top_reasons = null")
    publish(tmp_path / "unscored.duckdb", tmp_path / "out")
    app = page("Customer 360", tmp_path / "out")
    assert [item.message for item in app.exception] == []
    assert "No reasons are stored for this customer." in app.info[0].value


def test_a_customer_is_found_by_key_and_an_unknown_key_is_said_to_be(published):
    app = page("Customer 360", published)
    app.text_input[0].set_value("00000000-0000-0000-0000-000000000001 ").run()
    assert "Why" in [item.value for item in app.header]
    app.text_input[0].set_value("nobody").run()
    assert "No customer has this key" in app.info[0].value


def test_quality_begins_with_the_value_tiers_and_forecasts_are_no_untested_model(published):
    app = page("Model quality", published)
    (subject, *_) = app.selectbox
    assert subject.value == "value tier"
    app = subject.set_value("demand: category").run()
    assert [item.message for item in app.exception] == []
    assert not app.info


def test_what_to_order_is_what_is_due(warehouse, tmp_path):
    shutil.copy(warehouse, tmp_path / "shop.duckdb")
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute(
            "update marketing.inventory_plan set is_reorder_due = rowid = 0, reorder_quantity = 7"
        )
    publish(tmp_path / "shop.duckdb", tmp_path / "out")
    tiles = page("Inventory", tmp_path / "out").get("html")[0].proto.body
    assert ">Units to order<" in tiles
    assert '<div class="value">7</div>' in tiles


def test_a_page_stays_with_the_version_it_started_from(warehouse, tmp_path):
    publish(warehouse, tmp_path / "out")
    before = newest(tmp_path / "out")
    publish(warehouse, tmp_path / "out")
    after = newest(tmp_path / "out")
    assert before.folder != after.folder
    assert len(before.frame("select * from marketing.customer_segments")) == 2


def test_the_menu_starts_with_the_overview(published, monkeypatch):
    monkeypatch.setenv("SEGML_PUBLISH_DIR", str(published))
    app = AppTest.from_file(str(SCRIPT), default_timeout=60).run()
    assert app.title[0].value == "Overview"
    assert "Customers as of **1 June 2025**" in app.sidebar.caption[0].value


@pytest.mark.parametrize(
    ("column", "unit", "shown"),
    [
        ("net_revenue", "amount", "Net revenue (currency)"),
        ("net_revenue_share", "share", "Net revenue share"),
        ("mean_recency_days", "days", "Mean recency (days)"),
        ("mean_order_count", "mean", "Mean order count"),
        ("is_overstocked", "precise", "Overstocked"),
        ("rfm_segment", "precise", "RFM segment"),
    ],
)
def test_headings_carry_the_unit_that_the_column_is_named_for(column, unit, shown):
    assert (unit_of(column), heading(column)) == (unit, shown)


def test_the_server_listens_on_this_machine_only_and_tells_nobody():
    options = command(8501)
    assert "--server.address=localhost" in options
    assert "--browser.gatherUsageStats=false" in options


def test_without_a_publication_the_fix_is_named(tmp_path):
    with pytest.raises(PublishingError, match="Run `segml publish` first"):
        serve(tmp_path, port=8501)


def test_marts_are_known_by_name_and_by_whether_they_hold_rows(published):
    marts = newest(published)
    manifest = {"tables": [{"table_name": "segment_kpis", "row_count": 0}]}
    assert marts.has("segment_kpis")
    assert not marts.has("no_such_mart")
    assert not dataclasses.replace(marts, manifest=manifest).has("segment_kpis")
    assert isinstance(marts, Marts)
