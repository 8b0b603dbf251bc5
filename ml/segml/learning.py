"""From the feature mart to a registered model version."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from segml.artifacts import ArtifactMetadata, load_artifact, prune_artifacts, save_artifact
from segml.errors import ArtifactError, TrainingError
from segml.grouping import read_customers
from segml.identity import RunIdentity
from segml.mart import read_plan, read_schema, read_training_examples
from segml.registry import (
    ModelVersion,
    RunTables,
    artifact_folder,
    list_versions,
    read_metrics,
    register,
)
from segml.training import train
from segml.tuning import prune_studies
from segml.warehouse import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable

    from segml.artifacts import ArtifactInfo
    from segml.dataset import Examples, FeatureSchema
    from segml.mart import SnapshotPlan
    from segml.personas import Personas
    from segml.settings import Settings
    from segml.training import TrainingResult

@dataclass(frozen=True)
class TrainedVersion:
    """A registered champion and how its run measured all models.

    Parameters
    ----------
    metrics : DataFrame
        model_name, split, snapshot_date, metric, value, ci_low, ci_high.
    is_reused : bool
        Whether an earlier run had learned the same already.
    """

    version: ModelVersion
    metrics: pd.DataFrame
    is_reused: bool


def train_from_warehouse(
    warehouse_path: Path,
    settings: Settings,
    progress: Callable[[str], None],
    *,
    reuse: bool = False,
) -> TrainedVersion:
    """Compare, test and fit models on the mart, store the best and register it as champion.

    The warehouse is only read while models are fitted, so others can read it too. The same data,
    settings and code give the same version name, and running again replaces it.

    Parameters
    ----------
    reuse : bool
        Whether to keep a version that was learned from the same data, settings and code.

    Raises
    ------
    TrainingError
        When the data cannot support a model.
    """
    with open_warehouse(warehouse_path, read_only=True) as warehouse:
        plan = read_plan(warehouse)
        schema = read_schema(warehouse, settings.excluded_features)
        examples = read_training_examples(
            warehouse, schema, maximum_examples=settings.max_training_examples
        )
        customers = read_customers(warehouse, plan.as_of_date, settings)
    if plan.high_value_threshold is None:
        raise TrainingError(
            "There is no high-value threshold, because no train or validation snapshot has buyers",
            "Load more history, shorten horizon_days, or set the var high_value_threshold",
        )
    identity = RunIdentity.of(examples, customers, plan, settings)
    folder = artifact_folder(settings, warehouse_path)
    if reuse and (known := _known_version(warehouse_path, identity, schema, folder)):
        progress(f"{known.version.model_version}: data, settings and code are unchanged")
        return known
    progress(f"{len(examples):,} examples, {len(schema.names)} features")
    result = train(
        examples,
        plan.roles,
        horizon_days=plan.horizon_days,
        settings=settings,
        progress=progress,
        study_path=identity.study_path(folder),
    )
    personas = customers.fit_personas(settings, progress)
    artifact = _store(examples, result, plan, identity, folder, personas=personas)
    version = _describe(artifact, examples, result, plan, identity)
    tables = RunTables(
        metrics=result.metrics,
        curves=result.curves,
        importance=result.importance.assign(model_name=result.model.name),
        personas=pd.DataFrame() if personas is None else personas.table(plan.as_of_date),
        tuning_trials=result.tuning_trials,
        feature_selection=result.feature_selection,
    )
    with open_warehouse(warehouse_path) as warehouse:
        register(warehouse, version, tables)
    prune_artifacts(artifact)
    prune_studies(identity.study_path(folder))
    progress(result.decision)
    return TrainedVersion(version, result.metrics, is_reused=False)


def _known_version(
    warehouse_path: Path, identity: RunIdentity, schema: FeatureSchema, folder: Path
) -> TrainedVersion | None:
    """Return the champion if it came from the same run and its files are intact."""
    with open_warehouse(warehouse_path, read_only=True) as warehouse:
        versions = [
            item
            for item in list_versions(warehouse)
            if item.run_id == identity.run_id and item.status == "champion"
        ]
        if not versions:
            return None
        metrics = read_metrics(warehouse, identity.run_id)
    try:
        load_artifact(folder / versions[0].artifact_path, versions[0].artifact_sha256, schema)
    except ArtifactError:
        return None
    return TrainedVersion(versions[0], metrics, is_reused=True)


def _store(
    examples: Examples,
    result: TrainingResult,
    plan: SnapshotPlan,
    identity: RunIdentity,
    folder: Path,
    *,
    personas: Personas | None,
) -> ArtifactInfo:
    """Write the artifact."""
    return save_artifact(
        folder,
        f"{plan.as_of_date.isoformat()}-{result.model.name}-{identity.digest}",
        result.model,
        result.calibrator,
        ArtifactMetadata(
            schema=examples.schema,
            reference=result.reference,
            high_value_threshold=float(plan.high_value_threshold or 0.0),
            horizon_days=plan.horizon_days,
            settings=_settings_of(result, identity),
        ),
        personas=personas,
    )


def _settings_of(result: TrainingResult, identity: RunIdentity) -> dict[str, Any]:
    """Return the settings of the run with the parameters that tuning found."""
    settings: dict[str, Any] = json.loads(identity.settings_json)
    parameters = {name: dict(values) for name, values in result.parameters.items()}
    return settings | {"parameters": parameters}


def _describe(
    artifact: ArtifactInfo,
    examples: Examples,
    result: TrainingResult,
    plan: SnapshotPlan,
    identity: RunIdentity,
) -> ModelVersion:
    """Return the row of the registry."""
    return ModelVersion(
        model_version=f"{plan.as_of_date.isoformat()}-{result.model.name}-{identity.digest}",
        run_id=identity.run_id,
        model_name=result.model.name,
        trained_at=datetime.now(UTC).replace(tzinfo=None),
        as_of_date=plan.as_of_date,
        horizon_days=plan.horizon_days,
        high_value_threshold=float(plan.high_value_threshold or 0.0),
        feature_hash=examples.schema.feature_hash,
        data_fingerprint=identity.data_fingerprint,
        settings_json=json.dumps(_settings_of(result, identity), sort_keys=True),
        artifact_path=artifact.path.name,
        artifact_sha256=artifact.sha256,
        status="champion",
        decision=result.decision,
    )
