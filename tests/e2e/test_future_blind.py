"""Nothing after the chosen day, and no order of rows, may change what was known on that day."""

from pathlib import Path

import duckdb
import pytest

from tests.e2e.workspace import ROOT, Workspace

pytestmark = pytest.mark.slow

AS_OF = "2025-02-15"
COMPARED = [
    "features.snapshots",
    "features.customer_features",
    "features.customer_labels",
    "features.training_examples",
    "features.feature_bins",
    "features.rfm_cut_points",
    "features.rfm_segments",
    "features.value_tier_threshold",
    "features.wholesale_limit",
    "features.customer_event_sequences",
    "features.feature_distributions",
    "features.feature_scaling",
    "features.feature_imputation",
    "features.feature_outcomes",
    "features.supervised_bins",
    "features.model_input_bins",
    "features.customer_model_inputs",
    "ml.segment_predictions",
    "ml.prediction_reasons",
    "marketing.customer_segments",
    "marketing.segment_profiles",
    "marketing.segment_kpis",
    "marketing.segment_migration",
    "marketing.retention_cohorts",
    "marketing.campaign_results",
    "marketing.product_recommendations",
    "marketing.segment_recommendations",
    "marketing.recommendation_quality",
    "marketing.category_demand",
    "marketing.demand_quality",
]  # not campaign_audiences: whoever refuses later is not contacted (docs/decisions/0017)
# when a raw row became known: its load, or else its event
KNOWN_AT = {
    "customers": "coalesce(try_cast(loaded_at as timestamp), try_cast(registered_at as timestamp))",
    "orders": "coalesce(try_cast(loaded_at as timestamp), try_cast(ordered_at as timestamp))",
    "returns": "try_cast(returned_at as timestamp)",
    "events": "try_cast(occurred_at as timestamp)",
    "reviews": "try_cast(reviewed_at as timestamp)",
    "campaign_contacts": "try_cast(contacted_at as timestamp)",
    "products": "null",
    "order_items": "null",
}


def write_raw_tables(path: Path, *, before: str | None) -> None:
    """Copy the seeds into ``raw``; with ``before``, only rows known by then, shuffled."""
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema raw")
        for table, known_at in KNOWN_AT.items():
            source = f"read_csv('{ROOT}/seeds/demo/raw_{table}.csv', all_varchar = true)"
            known = f"coalesce({known_at} < timestamp '{before}', true)" if before else "true"
            order = "order by hash(seed_row)" if before else ""
            connection.execute(
                f"create table raw.{table} as select * from {source} as seed_row "
                f"where {known} {order}"
            )
        if before:
            connection.execute(
                f"""
                delete from raw.order_items where order_id in (
                    select order_id from read_csv(
                        '{ROOT}/seeds/demo/raw_orders.csv', all_varchar = true
                    )
                    except select order_id from raw.orders
                )
                """
            )


def differing_tables(one: Workspace, other: Workspace) -> dict[str, int]:
    """Return the number of rows that only one of two warehouses has, per table that differs."""
    found = {}
    for table in COMPARED:
        first, second = export(one, table), export(other, table)
        rows = duckdb.sql(
            f"""
            select count(*) from (
                (from '{first}' except all from '{second}')
                union all
                (from '{second}' except all from '{first}')
            )
            """
        ).fetchall()[0][0]
        if rows:
            found[table] = rows
    return found


def export(workspace: Workspace, table: str) -> Path:
    """Write a table or view to Parquet, without the time of scoring."""
    path = workspace.folder / f"{table}.parquet"
    columns = "columns(lambda column_name: column_name != 'scored_at')"
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        connection.execute(f"copy (select {columns} from {table}) to '{path}' (format parquet)")
    return path


def test_the_demo_shop_of_a_past_day_is_blind_to_later_rows_and_to_their_order(
    tmp_path_factory,
):
    everything = Workspace(tmp_path_factory.mktemp("everything"), "dev")
    past_only = Workspace(tmp_path_factory.mktemp("past_only"), "dev")
    write_raw_tables(everything.warehouse, before=None)
    write_raw_tables(past_only.warehouse, before=AS_OF)
    for workspace in (everything, past_only):
        workspace.run_loop("--as-of", AS_OF, "--horizon-days", "60")
    later_orders = everything.value(
        f"select count(*) from staging.stg_shop__orders where ordered_date >= date '{AS_OF}'"
    )
    assert later_orders > 1_000
    assert everything.value("select count(*) from ml.segment_predictions") > 1_000
    assert differing_tables(everything, past_only) == {}


def test_online_retail_of_a_past_day_is_blind_to_later_rows(tmp_path_factory, shared_data):
    source = shared_data / "online_retail.parquet"
    everything = Workspace(tmp_path_factory.mktemp("all_retail"), "dev")
    past_only = Workspace(tmp_path_factory.mktemp("past_retail"), "dev")
    past_file = past_only.folder / "past.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (from '{source}' where InvoiceDate < timestamp '2011-09-09') "
            f"to '{past_file}' (format parquet)"
        )
    for workspace, file in ((everything, source), (past_only, past_file)):
        loaded = workspace.segml("load", "examples/online_retail.yml", "--data", str(file))
        assert loaded.returncode == 0, loaded.stderr
        workspace.run_loop("--as-of", "2011-09-09", "--horizon-days", "90", "--model", "logistic")
    assert differing_tables(everything, past_only) == {}
