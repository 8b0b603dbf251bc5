from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
import yaml

from segml.errors import ArtifactError
from segml.registry import (
    ModelVersion,
    RunTables,
    find_version,
    list_versions,
    read_metrics,
    register,
)
from segml.scorings import Scoring, write_scoring
from segml.warehouse import open_warehouse

SOURCES = Path(__file__).resolve().parents[2] / "models/staging/segml/_segml__sources.yml"
DAY = date(2025, 7, 1)
KEYS = [f"{number:08x}-0000-0000-0000-000000000000" for number in range(3)]


@pytest.fixture
def warehouse(tmp_path):
    """The ml tables as their one definition, the source YAML, declares them."""
    tables = yaml.safe_load(SOURCES.read_text(encoding="utf-8"))["sources"][0]["tables"]
    with open_warehouse(tmp_path / "registry.duckdb") as opened:
        opened.execute("create schema ml")
        for table in tables:
            columns = ", ".join(f"{c['name']} {c['data_type']}" for c in table["columns"])
            opened.execute(f"create table ml.{table['name']} ({columns})")
        yield opened


def version(name: str, run_id: str, **changes: object) -> ModelVersion:
    values = {
        "model_version": name,
        "run_id": run_id,
        "model_name": "logistic",
        "trained_at": datetime(2025, 7, 1, 12),
        "as_of_date": DAY,
        "horizon_days": 90,
        "high_value_threshold": 50.0,
        "feature_hash": "f",
        "data_fingerprint": "d",
        "settings_json": "{}",
        "artifact_path": name,
        "artifact_sha256": "s",
        "status": "champion",
        "decision": "best",
    }
    return ModelVersion(**values | changes)


def tables(log_loss: float) -> RunTables:
    keys = {"model_name": ["logistic"], "split": ["test"], "snapshot_date": [DAY]}
    metrics = pd.DataFrame(keys | {"metric": ["log_loss"], "value": [log_loss]})
    curves = pd.DataFrame(keys | {"curve": ["gains"], "position": [0], "x": [0.0], "y": [0.0]})
    importance = pd.DataFrame({"feature": ["recency_days"], "importance_mean": [0.1]})
    personas = pd.DataFrame({"cluster_name": ["loyals"], "distinctive_features": [["20 orders"]]})
    return RunTables(
        metrics=metrics,
        curves=curves,
        importance=importance,
        personas=personas,
        tuning_trials=pd.DataFrame({"model_name": ["logistic"], "trial": [0]}),
        feature_selection=pd.DataFrame(columns=["feature", "selected", "reason"]),
    )


def predictions(*revenue: float) -> pa.Table:
    size = len(revenue)
    return pa.table(
        {
            "customer_key": KEYS[:size],
            "value_tier": ["low"] * size,
            "expected_net_revenue": list(revenue),
        }
    )


def reasons() -> pa.Table:
    return pa.table({"customer_key": KEYS[:1], "rank": [1], "feature": ["recency_days"]})


def scoring(scoring_id: str = "s1", hour: int = 12) -> Scoring:
    return Scoring(
        scoring_id=scoring_id,
        model_version="a",
        snapshot_date=DAY,
        scored_at=datetime(2025, 7, 1, hour),
    )


def test_a_new_champion_retires_the_old_one(warehouse):
    register(warehouse, version("a", "run1"), tables(0.5))
    register(warehouse, version("b", "run2"), tables(0.4))
    assert {item.model_version: item.status for item in list_versions(warehouse)} == {
        "a": "retired",
        "b": "champion",
    }
    assert find_version(warehouse).model_version == "b"


def test_registering_a_run_again_replaces_its_rows(warehouse):
    register(warehouse, version("a", "run1"), tables(0.5))
    register(warehouse, version("a", "run1"), tables(0.6))
    assert read_metrics(warehouse, "run1")["value"].tolist() == [0.6]
    assert len(list_versions(warehouse)) == 1


def test_a_run_without_personas_is_registered(warehouse):
    register(warehouse, version("a", "run1"), tables(0.5))
    register(warehouse, version("a", "run1"), replace(tables(0.5), personas=pd.DataFrame()))
    assert warehouse.value("select count(*) from ml.personas") == 0
    assert len(list_versions(warehouse)) == 1


def test_a_version_is_found_by_the_beginning_of_its_name(warehouse):
    register(warehouse, version("2025-06-logistic", "run1"), tables(0.5))
    register(warehouse, version("2025-07-boosting", "run2"), tables(0.5))
    assert find_version(warehouse, "2025-06").model_version == "2025-06-logistic"
    with pytest.raises(ArtifactError, match="fits 2025"):
        find_version(warehouse, "2025")
    with pytest.raises(ArtifactError, match="Choose one of"):
        find_version(warehouse, "2024")


def test_without_any_model_the_message_says_to_train(warehouse):
    with pytest.raises(ArtifactError, match="segml train"):
        find_version(warehouse)


def test_a_scoring_is_stored_with_ranks_that_ties_share(warehouse):
    write_scoring(warehouse, scoring(), [predictions(5.0, 9.0, 5.0)], [reasons()])
    ranks = warehouse.rows("select value_rank from ml.segment_predictions order by customer_key")
    assert ranks == [(2,), (1,), (2,)]
    assert warehouse.rows("select scoring_id, customer_count, status from ml.scorings") == [
        ("s1", 3, "complete")
    ]
    assert warehouse.rows("select distinct scoring_id from ml.prediction_reasons") == [("s1",)]


def test_ranks_run_over_all_batches(warehouse):
    first, second = predictions(1.0, 2.0), predictions(3.0)
    write_scoring(warehouse, scoring(), [first, second], [])
    assert warehouse.value("select max(value_rank) from ml.segment_predictions") == 3


def test_scoring_again_replaces_and_another_scoring_is_added(warehouse):
    write_scoring(warehouse, scoring(), [predictions(1.0, 2.0)], [reasons()])
    write_scoring(warehouse, scoring(), [predictions(1.0)], [reasons()])
    write_scoring(warehouse, scoring("s2", hour=13), [predictions(1.0)], [reasons()])
    counts = warehouse.rows(
        "select scoring_id, count(*) from ml.segment_predictions group by all order by all"
    )
    assert counts == [("s1", 1), ("s2", 1)]
    assert warehouse.value("select count(*) from ml.prediction_reasons") == 2


def test_a_scoring_that_fails_on_the_way_leaves_the_previous_one(warehouse):
    write_scoring(warehouse, scoring(), [predictions(1.0, 2.0)], [reasons()])

    def broken():
        yield predictions(7.0)
        raise RuntimeError("the model failed")

    with pytest.raises(RuntimeError, match="the model failed"):
        write_scoring(warehouse, scoring(), broken(), [])
    assert warehouse.value("select sum(expected_net_revenue) from ml.segment_predictions") == 3.0
    assert warehouse.value("select count(*) from ml.scorings") == 1
