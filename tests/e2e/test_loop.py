"""The whole loop on the demo shop, seen from outside."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.e2e.workspace import KEY, ROOT, Workspace

pytestmark = pytest.mark.slow


@pytest.fixture
def copy_of_demo(demo, tmp_path) -> Workspace:
    """A copy that a test may change."""
    shutil.copy(demo.warehouse, tmp_path / "warehouse.duckdb")
    for folder in ("target", "artifacts"):
        shutil.copytree(demo.folder / folder, tmp_path / folder)
    return Workspace(tmp_path, demo.target)


def test_every_eligible_customer_has_exactly_one_prediction(demo):
    unmatched = demo.value(
        """
        select count(*)
        from (select customer_key from features.customer_features
              where snapshot_date = (select as_of_date from features.snapshots limit 1)) as eligible
        full join ml.segment_predictions as predictions using (customer_key)
        where eligible.customer_key is null or predictions.customer_key is null
        """
    )
    duplicates = demo.value(
        "select count(*) - count(distinct customer_key) from ml.segment_predictions"
    )
    assert (unmatched, duplicates) == (0, 0)


def test_probabilities_are_coherent(demo):
    broken = demo.value(
        """
        select count(*) from ml.segment_predictions
        where abs(probability_low + probability_mid + probability_high - 1) > 1e-9
            or abs(purchase_probability - probability_mid - probability_high) > 1e-9
            or churn_probability != probability_low
            or expected_net_revenue < 0
        """
    )
    assert broken == 0


def test_every_scored_customer_has_reasons_in_the_mart(demo):
    without = demo.value(
        "select count(*) from marketing.customer_segments "
        "where value_tier != 'unscored' and coalesce(len(top_reasons), 0) = 0"
    )
    assert without == 0


def test_every_scored_customer_has_a_persona_that_is_described(demo):
    counts = demo.query(
        """
        select count(*), count(personas.description), count(distinct personas.cluster_name)
        from marketing.customer_segments as segments
        left join staging.stg_segml__personas as personas using (cluster_name)
        where segments.value_tier != 'unscored'
        """
    )[0]
    assert counts[0] == counts[1] == demo.value("select count(*) from ml.segment_predictions")
    assert counts[2] == demo.value("select max(cluster_count) from ml.personas") >= 3


def test_no_reason_is_given_twice_and_none_names_a_column(demo):
    reasons = demo.query(
        "select top_reasons from marketing.customer_segments where value_tier != 'unscored'"
    )
    assert all(len(set(texts)) == len(texts) for (texts,) in reasons)
    assert not any("_" in text for (texts,) in reasons for text in texts)


def test_a_customer_is_explained_by_id_and_by_key_alike(demo):
    customer_id, key = demo.query(
        "select customer_id, cast(customer_key as varchar) from vault.customer_keys "
        "inner join ml.segment_predictions using (customer_key) order by all limit 1"
    )[0]
    by_id, by_key = (
        demo.segml("explain", customer, "--target", "ci", "--json")
        for customer in (customer_id, key)
    )
    assert by_id.returncode == 0, by_id.stderr
    assert by_id.stdout == by_key.stdout
    found = json.loads(by_id.stdout)
    assert found["customer_key"] == key
    assert sum(found["tier_probabilities"].values()) == pytest.approx(1)
    assert found["persona"]
    assert found["reasons"]


def test_the_mart_holds_everybody_once_and_shows_current_predictions(demo):
    rows, customers, stale = demo.query(
        "select count(*), count(distinct customer_key), "
        "count(*) filter (where value_tier != 'unscored' and not is_prediction_current) "
        "from marketing.customer_segments"
    )[0]
    assert rows == customers == demo.value("select count(*) from vault.customer_keys")
    assert stale == 0


def test_every_mart_holds_something_where_its_inputs_do(demo):
    assert demo.empty_marts() == {"labelled_customer_segments"}


def test_the_model_beats_both_baselines_on_the_test_snapshot(demo):
    losses = dict(
        demo.query(
            "select model_name, value from ml.evaluation_metrics "
            "where split = 'test' and metric = 'log_loss'"
        )
    )
    assert losses["logistic"] < min(losses["prior"], losses["rfm_rule"])


def test_evaluate_tells_rivals_profit_and_groups_of_people(demo):
    done = demo.segml("evaluate", "--target", "ci", "--json")
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert {row["challenger_name"] for row in found["comparisons"]} == {
        "prior",
        "rfm_rule",
        "last_period",
    }
    assert "profit" in {row["curve"] for row in found["curves"]}
    groups = [row for row in found["fairness"] if row["metric"] == "customer_count"]
    assert {row["dimension"] for row in groups} == {"age_band", "gender", "income_bin", "country"}
    assert min(row["value"] for row in groups) >= 10


def test_rolling_back_the_only_model_is_refused_in_one_line(demo):
    done = demo.segml("models", "rollback", "--target", "ci")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "Nothing was served before" in done.stderr


def test_the_report_is_written(demo):
    assert "<svg" in (demo.folder / "report.html").read_text(encoding="utf-8")


def test_the_demo_seeds_stay_out_of_the_schema_of_raw_tables(demo):
    assert demo.value("select count(*) from duckdb_tables() where schema_name = 'raw'") == 0


def test_the_pseudonym_key_is_in_no_file_that_dbt_or_segml_wrote(demo):
    holders = [
        path
        for path in demo.folder.rglob("*")
        if path.is_file() and KEY.encode() in path.read_bytes()
    ]
    assert holders == []


def test_direct_identifiers_stay_upstream_of_features(demo):
    leaks = demo.query(
        """
        select table_schema, table_name, column_name from information_schema.columns
        where table_schema in ('features', 'marketing', 'ml', 'intermediate')
            and column_name in ('customer_id', 'email', 'phone', 'birth_date', 'review_text')
        """
    )
    assert leaks == []


def test_a_second_run_learns_nothing_twice_and_predicts_the_same(copy_of_demo):
    predictions = "select * exclude (scored_at) from ml.segment_predictions order by customer_key"
    before = copy_of_demo.query(predictions)
    done = copy_of_demo.segml("run", "--target", "ci", "--model", "logistic")
    assert done.returncode == 0, done.stderr
    assert "data, settings and code are unchanged" in done.stderr
    assert copy_of_demo.query(predictions) == before
    assert copy_of_demo.value("select count(*) from ml.model_versions") == 1


def test_training_again_with_the_same_seed_gives_the_same_predictions(copy_of_demo):
    predictions = "select * exclude (scored_at) from ml.segment_predictions order by customer_key"
    before = copy_of_demo.query(predictions)
    for command in (["train", "--model", "logistic"], ["predict"]):
        done = copy_of_demo.segml(*command, "--target", "ci")
        assert done.returncode == 0, done.stderr
    assert copy_of_demo.query(predictions) == before


def test_a_kill_during_predict_leaves_the_previous_scoring_complete(copy_of_demo):
    before = copy_of_demo.query("select * from ml.segment_predictions order by customer_key")
    scorings = copy_of_demo.query("from ml.scorings")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_WHILE_WRITING, str(copy_of_demo.warehouse)],
        cwd=ROOT,
        env=copy_of_demo.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -9, killed.stderr
    assert (
        copy_of_demo.query("select * from ml.segment_predictions order by customer_key") == before
    )
    assert copy_of_demo.query("from ml.scorings") == scorings


KILLED_WHILE_WRITING = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
import pyarrow as pa
from segml.scorings import Scoring, write_scoring
from segml.warehouse import open_warehouse

with open_warehouse(Path(sys.argv[1])) as warehouse:
    scoring_id, version, day = warehouse.rows(
        "select scoring_id, model_version, snapshot_date from ml.scorings"
    )[0]
    keys = [row[0] for row in warehouse.rows(
        "select cast(customer_key as varchar) from ml.segment_predictions limit 100"
    )]

    def batches():
        yield pa.table({"customer_key": keys, "expected_net_revenue": [0.0] * len(keys)})
        os.kill(os.getpid(), signal.SIGKILL)

    scoring = Scoring(scoring_id=scoring_id, model_version=version, snapshot_date=day,
                      scored_at=datetime(2030, 1, 1))
    write_scoring(warehouse, scoring, batches(), [])
"""


def test_predict_after_a_kill_needs_no_repair(copy_of_demo):
    subprocess.run(
        [sys.executable, "-c", KILLED_WHILE_WRITING, str(copy_of_demo.warehouse)],
        cwd=ROOT,
        env=copy_of_demo.environment,
        capture_output=True,
        check=False,
    )
    done = copy_of_demo.segml("predict", "--target", "ci", "--json")
    assert done.returncode == 0, done.stderr
    assert copy_of_demo.value("select count(*) from ml.scorings") == 1


def test_an_altered_model_file_is_refused_with_one_line(copy_of_demo):
    artifact = copy_of_demo.value("select artifact_path from ml.model_versions")
    manifest = copy_of_demo.folder / "artifacts" / "warehouse" / str(artifact) / "manifest.json"
    manifest.write_text("{}", encoding="utf-8")
    done = copy_of_demo.segml("predict", "--target", "ci")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("segml: ")
    assert "Traceback" not in done.stderr


def test_a_locked_warehouse_gives_one_line_that_names_the_holder(copy_of_demo):
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import duckdb, sys, time\n"
            f"held = duckdb.connect({str(copy_of_demo.warehouse)!r})\n"
            "print('held', flush=True)\n"
            "time.sleep(600)",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        done = copy_of_demo.segml("run", "--target", "ci")
    finally:
        holder.kill()
        holder.communicate()
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert f"PID {holder.pid}" in done.stderr
