"""What segml knows of its models and scorings, kept in the warehouse's ``ml`` schema."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from segml.errors import ArtifactError
from segml.promotion import crown

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime
    from pathlib import Path

    import pyarrow as pa

    from segml.promotion import Promotion
    from segml.settings import Settings
    from segml.warehouse import Warehouse

NO_MODEL_FIX = "Run `segml train` first"


def artifact_folder(settings: Settings, warehouse_path: Path) -> Path:
    """Return where the models of one warehouse are stored: two warehouses never share files."""
    return settings.artifact_dir / warehouse_path.stem


@dataclass(frozen=True, kw_only=True)
class ModelVersion:
    """One row of ``ml.model_versions``."""

    model_version: str
    run_id: str
    model_name: str
    trained_at: datetime
    as_of_date: date
    horizon_days: int
    high_value_threshold: float
    feature_hash: str
    data_fingerprint: str
    settings_json: str
    artifact_path: str
    artifact_sha256: str
    status: str
    decision: str


@dataclass(frozen=True, kw_only=True)
class RunTables:
    """What a training run measured, without its ``run_id``: rows for the ``ml`` tables."""

    metrics: pd.DataFrame
    curves: pd.DataFrame
    importance: pd.DataFrame
    personas: pd.DataFrame = field(default_factory=pd.DataFrame)
    tuning_trials: pd.DataFrame = field(default_factory=pd.DataFrame)
    feature_selection: pd.DataFrame = field(default_factory=pd.DataFrame)
    comparisons: pd.DataFrame = field(default_factory=pd.DataFrame)
    fairness: pd.DataFrame = field(default_factory=pd.DataFrame)


def register(
    warehouse: Warehouse,
    version: ModelVersion,
    tables: RunTables,
    *,
    refreshed: ModelVersion | None = None,
    promotion: Promotion | None = None,
) -> None:
    """Store a run's versions and measurements, and the promotion that it led to.

    Registering the same run again replaces its rows. Everything becomes visible at once.

    Parameters
    ----------
    version : ModelVersion
        What the run chose.
    refreshed : ModelVersion, optional
        The champion's kind of model, where it has learned again and stays.
    promotion : Promotion, optional
        Where one of the versions takes over.
    """
    contents = {
        "evaluation_metrics": tables.metrics,
        "evaluation_curves": tables.curves,
        "feature_importance": tables.importance,
        "personas": tables.personas,
        "tuning_trials": tables.tuning_trials,
        "feature_selection": tables.feature_selection,
        "model_comparisons": tables.comparisons,
        "fairness_metrics": tables.fairness,
    }
    versions = [item for item in (version, refreshed) if item is not None]
    with warehouse.transaction():
        if version.status == "champion":
            warehouse.execute(
                "update ml.model_versions set status = 'retired' where status = 'champion'"
            )
        for table, rows in contents.items():
            warehouse.execute(f"delete from ml.{table} where run_id = ?", [version.run_id])
            warehouse.append(f"ml.{table}", rows.assign(run_id=version.run_id))
        for item in versions:
            warehouse.execute(
                "delete from ml.model_versions where model_version = ?", [item.model_version]
            )
        warehouse.append("ml.model_versions", pd.DataFrame([asdict(item) for item in versions]))
        if promotion is not None:
            crown(warehouse, promotion)


def list_versions(warehouse: Warehouse) -> list[ModelVersion]:
    """Return all versions, newest first."""
    names = ", ".join(ModelVersion.__dataclass_fields__)
    if not warehouse.has_table("ml", "model_versions"):
        return []
    rows = warehouse.rows(
        f"select {names} from ml.model_versions order by trained_at desc, model_version"
    )
    return [
        ModelVersion(**dict(zip(ModelVersion.__dataclass_fields__, row, strict=True)))
        for row in rows
    ]


def find_version(warehouse: Warehouse, model_version: str | None = None) -> ModelVersion:
    """Return a version by name (a unique beginning will do), or the champion.

    Raises
    ------
    ArtifactError
        When there is none, or a beginning fits several.
    """
    versions = list_versions(warehouse)
    if model_version is None:
        found = [version for version in versions if version.status == "champion"]
        wanted = "champion"
    else:
        found = [item for item in versions if item.model_version == model_version] or [
            item for item in versions if item.model_version.startswith(model_version)
        ]
        wanted = f"model version '{model_version}'"
    if len(found) > 1:
        names = ", ".join(item.model_version for item in found)
        raise ArtifactError(f"{wanted} fits {names}", "Give more of the name")
    if not found:
        known = ", ".join(item.model_version for item in versions)
        raise ArtifactError(
            f"There is no {wanted}", f"Choose one of {known}" if known else NO_MODEL_FIX
        )
    return found[0]


def read_metrics(warehouse: Warehouse, run_id: str) -> pd.DataFrame:
    """Return model_name, split, snapshot_date, metric, value, ci_low, ci_high of one run."""
    return warehouse.frame(
        "select * exclude (run_id) from ml.evaluation_metrics where run_id = ? "
        "order by split, model_name, metric, snapshot_date",
        [run_id],
    )


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """One complete scoring of a snapshot."""

    scoring_id: str
    model_version: str
    snapshot_date: date
    scored_at: datetime


def write_scoring(
    warehouse: Warehouse,
    scoring: Scoring,
    predictions: Iterable[pa.Table],
    reasons: Iterable[pa.Table],
) -> int:
    """Store one scoring, replacing an earlier one of the same model and snapshot.

    All of it becomes visible at once; a kill on the way leaves the scoring before complete.

    Parameters
    ----------
    predictions : iterable of pyarrow.Table
        customer_key, probabilities, expected_net_revenue and value_tier; ranks are given here.
    reasons : iterable of pyarrow.Table
        customer_key, rank, feature, feature_value, contribution, direction.

    Returns
    -------
    int
        Customers scored.
    """
    key = [scoring.scoring_id]
    with warehouse.transaction():
        for table in ("segment_predictions", "prediction_reasons", "scorings"):
            warehouse.execute(f"delete from ml.{table} where scoring_id = ?", key)
        for rows, table in ((predictions, "segment_predictions"), (reasons, "prediction_reasons")):
            warehouse.execute(
                f"create or replace temp table new_{table} as from ml.{table} limit 0"
            )
            for batch in rows:
                warehouse.append(f"new_{table}", batch)
        warehouse.execute(
            """
            insert into ml.segment_predictions by name
            select * replace (
                $scoring_id as scoring_id,
                $model_version as model_version,
                $snapshot_date as snapshot_date,
                $scored_at as scored_at,
                rank() over (order by expected_net_revenue desc) as value_rank
            )
            from new_segment_predictions
            """,
            asdict(scoring),
        )
        warehouse.execute(
            "insert into ml.prediction_reasons by name "
            "select * replace (? as scoring_id) from new_prediction_reasons",
            key,
        )
        customers: int = warehouse.value(
            "select count(*) from ml.segment_predictions where scoring_id = ?", key
        )
        warehouse.append(
            "ml.scorings",
            pd.DataFrame([asdict(scoring) | {"customer_count": customers, "status": "complete"}]),
        )
    return customers
