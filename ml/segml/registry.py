"""What segml knows of its models, kept in the warehouse's ``ml`` schema."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from segml.errors import ArtifactError, WarehouseError
from segml.promotion import crown
from segml.settings import SHOP
from segml.warehouse import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime
    from pathlib import Path

    from segml.promotion import Promotion
    from segml.settings import Settings
    from segml.warehouse import Warehouse

NO_MODEL_FIX = "Run `segml train` first"


def artifact_folder(settings: Settings, warehouse_path: Path) -> Path:
    """Return where the models of one warehouse are stored: two warehouses never share files."""
    return settings.artifact_dir / warehouse_path.stem


@dataclass(frozen=True, kw_only=True)
class ModelVersion:
    """One row of ``ml.model_versions``; every data set has a champion of its own."""

    model_version: str
    run_id: str
    model_name: str
    trained_at: datetime
    as_of_date: date | None
    horizon_days: int
    high_value_threshold: float
    feature_hash: str
    data_fingerprint: str
    settings_json: str
    artifact_path: str
    artifact_sha256: str
    status: str
    decision: str
    data_set: str = SHOP


@dataclass(frozen=True, kw_only=True)
class RunTables:
    """What a training run measured, without its ``run_id``: rows for the ``ml`` tables."""

    metrics: pd.DataFrame
    curves: pd.DataFrame
    importance: pd.DataFrame
    personas: pd.DataFrame = field(default_factory=pd.DataFrame)
    comparisons: pd.DataFrame = field(default_factory=pd.DataFrame)
    fairness: pd.DataFrame = field(default_factory=pd.DataFrame)
    tuning_trials: pd.DataFrame = field(default_factory=pd.DataFrame)
    feature_selection: pd.DataFrame = field(default_factory=pd.DataFrame)


TABLE_OF = {
    "metrics": "evaluation_metrics",
    "curves": "evaluation_curves",
    "importance": "feature_importance",
    "personas": "personas",
    "comparisons": "model_comparisons",
    "fairness": "fairness_metrics",
    "tuning_trials": "tuning_trials",
    "feature_selection": "feature_selection",
}  # field of RunTables -> table of the schema ml


def require_tables(warehouse: Warehouse) -> None:
    """Check that the tables of this segml exist, before anything is learned for them.

    Raises
    ------
    WarehouseError
        Naming the first that is missing.
    """
    for table in ("model_versions", "promotions", *TABLE_OF.values()):
        if not warehouse.has_table("ml", table):
            raise WarehouseError(
                f"{warehouse.path} has no table ml.{table}", "Run `dbt build` or `segml run` first"
            )


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
    versions = [item for item in (version, refreshed) if item is not None]
    with warehouse.transaction():
        if version.status == "champion":
            warehouse.execute(
                "update ml.model_versions set status = 'retired' "
                "where status = 'champion' and coalesce(data_set, ?) = ?",
                [SHOP, version.data_set],
            )
        for name, table in TABLE_OF.items():
            warehouse.execute(f"delete from ml.{table} where run_id = ?", [version.run_id])
            rows: pd.DataFrame = getattr(tables, name)
            warehouse.append(f"ml.{table}", rows.assign(run_id=version.run_id))
        for item in versions:
            warehouse.execute(
                "delete from ml.model_versions where model_version = ?", [item.model_version]
            )
        warehouse.append("ml.model_versions", pd.DataFrame([asdict(item) for item in versions]))
        if promotion is not None:
            crown(warehouse, promotion)


def list_versions(warehouse: Warehouse, *, data_set: str | None = SHOP) -> list[ModelVersion]:
    """Return the versions that learned from a data set, or from any, newest first.

    Raises
    ------
    WarehouseError
        When the table lacks a column.
    """
    if not warehouse.has_table("ml", "model_versions"):
        return []
    # versions from before there were data sets are of the shop
    names = ", ".join(
        f"coalesce(data_set, '{SHOP}')" if name == "data_set" else name
        for name in ModelVersion.__dataclass_fields__
    )
    try:
        rows = warehouse.rows(
            f"select {names} from ml.model_versions where coalesce($data_set, data_set, '{SHOP}') "
            f"= coalesce(data_set, '{SHOP}') order by trained_at desc, model_version",
            {"data_set": data_set},
        )
    except EngineError:  # a column that this segml reads does not exist
        raise WarehouseError(
            f"{warehouse.path} has a table ml.model_versions of an older segml",
            "Run `dbt build` or `segml run` first",
        ) from None
    return [
        ModelVersion(**dict(zip(ModelVersion.__dataclass_fields__, row, strict=True)))
        for row in rows
    ]


def find_champion(versions: Iterable[ModelVersion]) -> ModelVersion | None:
    """Return which of a data set's versions is served; None before the first."""
    return next((version for version in versions if version.status == "champion"), None)


def find_version(
    warehouse: Warehouse, model_version: str | None = None, *, data_set: str | None = SHOP
) -> ModelVersion:
    """Return a version by name (a unique beginning will do), or the champion of its data set.

    Parameters
    ----------
    data_set : str or None
        None looks among all of them, which takes a name.

    Raises
    ------
    ArtifactError
        When there is none, or a beginning fits several.
    """
    versions = list_versions(warehouse, data_set=data_set)
    if model_version is None:
        champion = find_champion(versions)
        found = [champion] if champion else []
        wanted = "champion" if data_set == SHOP else f"champion for {data_set}"
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


def read_run(warehouse: Warehouse, run_id: str) -> RunTables:
    """Return everything that one run measured."""
    tables = {name: f"ml.{table}" for name, table in TABLE_OF.items()}
    return RunTables(
        **{
            name: warehouse.frame(
                f"select * exclude (run_id) from {table} where run_id = ? order by all", [run_id]
            )
            for name, table in tables.items()
            if warehouse.has_table(*table.split("."))
        }
    )


def read_metrics(warehouse: Warehouse, run_id: str) -> pd.DataFrame:
    """Return model_name, split, snapshot_date, metric, value, ci_low, ci_high of one run."""
    return warehouse.frame(
        "select * exclude (run_id) from ml.evaluation_metrics where run_id = ? "
        "order by split, model_name, metric, snapshot_date",
        [run_id],
    )
