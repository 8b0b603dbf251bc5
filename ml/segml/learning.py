"""From the feature mart to a registered model version."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from segml import __version__
from segml.artifacts import ArtifactMetadata, save_artifact
from segml.errors import TrainingError
from segml.mart import data_fingerprint, read_plan, read_schema, read_training_examples
from segml.registry import ModelVersion, RunTables, register
from segml.training import train
from segml.warehouse import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from segml.dataset import Examples
    from segml.mart import SnapshotPlan
    from segml.settings import Settings
    from segml.training import TrainingResult

# settings that change what is learned; paths and batch sizes do not
LEARNING_SETTINGS = (
    "model",
    "candidates",
    "seed",
    "selection_folds",
    "max_training_examples",
    "excluded_features",
    "calibrate",
    "bootstrap_samples",
)


@dataclass(frozen=True)
class TrainedVersion:
    """A registered version with the measurements of its run."""

    version: ModelVersion
    result: TrainingResult


def train_from_warehouse(
    warehouse_path: Path, settings: Settings, progress: Callable[[str], None]
) -> TrainedVersion:
    """Compare, test and fit models on the mart, store the best and register it as champion.

    The warehouse is only read while models are fitted, so others can read it too. The same data
    and settings give the same version name, and running again replaces it.

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
    if plan.high_value_threshold is None:
        raise TrainingError(
            "There is no high-value threshold, because no train or validation snapshot has buyers",
            "Load more history, shorten horizon_days, or set the var high_value_threshold",
        )
    progress(f"{len(examples):,} examples, {len(schema.names)} features")
    result = train(
        examples,
        plan.roles,
        horizon_days=plan.horizon_days,
        settings=settings,
        progress=progress,
    )
    version = _store(examples, result, plan, settings)
    tables = RunTables(
        metrics=result.metrics,
        curves=result.curves,
        importance=result.importance.rename(
            columns={"importance": "importance_mean"}
        ).assign(model_name=result.model.name),
    )
    with open_warehouse(warehouse_path) as warehouse:
        register(warehouse, version, tables)
    return TrainedVersion(version, result)


def _store(
    examples: Examples, result: TrainingResult, plan: SnapshotPlan, settings: Settings
) -> ModelVersion:
    """Write the artifact and describe it."""
    learning = {name: settings.as_dict()[name] for name in LEARNING_SETTINGS}
    settings_json = json.dumps(learning, sort_keys=True)
    fingerprint = data_fingerprint(examples)
    identity = "|".join(
        [__version__, fingerprint, examples.schema.feature_hash, settings_json]
    )
    digest = hashlib.sha256(identity.encode()).hexdigest()[:8]
    model_version = f"{plan.as_of_date.isoformat()}-{result.model.name}-{digest}"
    threshold = float(plan.high_value_threshold or 0.0)
    artifact = save_artifact(
        settings.artifact_dir,
        model_version,
        result.model,
        result.calibrator,
        ArtifactMetadata(
            schema=examples.schema,
            reference=result.reference,
            high_value_threshold=threshold,
            horizon_days=plan.horizon_days,
            settings=learning,
        ),
    )
    return ModelVersion(
        model_version=model_version,
        run_id=f"{plan.as_of_date.isoformat()}-{digest}",
        model_name=result.model.name,
        trained_at=datetime.now(UTC).replace(tzinfo=None),
        as_of_date=plan.as_of_date,
        horizon_days=plan.horizon_days,
        high_value_threshold=threshold,
        feature_hash=examples.schema.feature_hash,
        data_fingerprint=fingerprint,
        settings_json=settings_json,
        artifact_path=str(artifact.path),
        artifact_sha256=artifact.sha256,
        status="champion",
        decision=result.decision,
    )
