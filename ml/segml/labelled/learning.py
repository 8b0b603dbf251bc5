"""From labelled customers to a registered model version, apart from the models of the shop."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from threadpoolctl import threadpool_limits

from segml import __version__
from segml.artifacts import ArtifactMetadata, prune_artifacts, save_artifact
from segml.dataset import data_fingerprint
from segml.errors import SettingsError
from segml.identity import LEARNING_SETTINGS, code_fingerprint
from segml.labelled.alarm import defining_features, describe_alarm
from segml.labelled.intervals import with_exact_shares
from segml.labelled.mart import read_labelled_customers
from segml.labelled.splits import split_labelled
from segml.models import LABELLED_BASELINES
from segml.registry import ModelVersion, RunTables, artifact_folder, register
from segml.schemas import read_labelled_schema
from segml.settings import LABELLED_CUSTOMERS
from segml.training import MIN_ROWS_FOR_THREADS, compare_and_fit
from segml.warehouse import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    from segml.artifacts import ArtifactInfo
    from segml.labelled.mart import LabelledCustomers
    from segml.settings import Settings
    from segml.training import TrainingResult

NEEDS_HISTORY = ("rfm_rule", "last_period", "transformer")


@dataclass(frozen=True)
class LabelledVersion:
    """A registered champion for labelled customers.

    Parameters
    ----------
    metrics : DataFrame
        model_name, split (validation: cross-validated on the training part), snapshot_date (none),
        metric, value, ci_low, ci_high.
    warning : str
        Why the figures may be too good to be true; empty if there is no reason.
    """

    version: ModelVersion
    metrics: pd.DataFrame
    warning: str


def train_on_labelled(
    warehouse_path: Path, settings: Settings, progress: Callable[[str], None]
) -> LabelledVersion:
    """Compare models by stratified cross-validation, test them once, store the best.

    The champion of the shop stays: each data set has its own.

    Raises
    ------
    TrainingError
        When there are too few customers of a class.
    """
    with open_warehouse(warehouse_path, read_only=True) as warehouse:
        schema = read_labelled_schema(warehouse, settings)
        customers = read_labelled_customers(warehouse, schema)
    examples = customers.examples
    names = ", ".join(examples.class_names)
    progress(f"{len(examples):,} customers of {len(examples.class_names)} classes: {names}")
    splits = split_labelled(customers, folds=settings.selection_folds, seed=settings.seed)
    with threadpool_limits(limits=1 if len(examples) < MIN_ROWS_FOR_THREADS else None):
        result = compare_and_fit(
            examples,
            splits,
            _without_history(settings),
            progress,
            baselines=LABELLED_BASELINES,
        )
    train, test = examples.take(splits.development), examples.take(splits.test)
    metrics = with_exact_shares(result.metrics, {"validation": train, "test": test})
    warning = describe_alarm(defining_features(train, seed=settings.seed))
    digest = _digest(customers, settings)
    artifact = _store(
        result, customers, digest, artifact_folder(settings, warehouse_path), settings
    )
    version = _describe(result, customers, digest, artifact, settings)
    if warning:
        version = replace(version, decision=f"{version.decision}. {warning}")
    tables = RunTables(
        metrics=metrics,
        curves=result.curves,
        importance=result.importance.assign(model_name=result.model.name),
    )
    with open_warehouse(warehouse_path) as warehouse:
        register(warehouse, version, tables)
    prune_artifacts(artifact)
    progress(result.decision)
    return LabelledVersion(version, metrics, warning)


def _without_history(settings: Settings) -> Settings:
    """Take out the models that need orders or events, which labelled customers have not."""
    if settings.model in NEEDS_HISTORY:
        raise SettingsError(
            f"Model {settings.model} needs the history of a shop, which labelled customers lack",
            "Choose another --model",
        )
    kept = tuple(name for name in settings.candidates if name not in NEEDS_HISTORY)
    return replace(settings, candidates=kept or LABELLED_BASELINES)


def _settings_json(settings: Settings) -> str:
    values = settings.as_dict()
    return json.dumps({name: values[name] for name in LEARNING_SETTINGS}, sort_keys=True)


def _digest(customers: LabelledCustomers, settings: Settings) -> str:
    """Return a name for what a run learns from: the same customers, settings and code."""
    examples = customers.examples
    parts = [
        __version__,
        code_fingerprint(),
        data_fingerprint(examples),
        hashlib.sha256(customers.is_test.tobytes()).hexdigest(),
        examples.schema.feature_hash,
        repr(examples.class_names),
        _settings_json(settings),
    ]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:8]


def _store(
    result: TrainingResult,
    customers: LabelledCustomers,
    digest: str,
    folder: Path,
    settings: Settings,
) -> ArtifactInfo:
    return save_artifact(
        folder,
        f"labelled-{result.model.name}-{digest}",
        result.model,
        result.calibrator,
        ArtifactMetadata(
            schema=customers.examples.schema,
            reference=result.reference,
            high_value_threshold=0.0,
            horizon_days=0,
            settings=json.loads(_settings_json(settings)),
            class_names=customers.examples.class_names,
        ),
    )


def _describe(
    result: TrainingResult,
    customers: LabelledCustomers,
    digest: str,
    artifact: ArtifactInfo,
    settings: Settings,
) -> ModelVersion:
    """Return the row of the registry."""
    return ModelVersion(
        model_version=f"labelled-{result.model.name}-{digest}",
        run_id=f"labelled-{digest}",
        model_name=result.model.name,
        trained_at=datetime.now(UTC).replace(tzinfo=None),
        as_of_date=None,
        horizon_days=0,
        high_value_threshold=0.0,
        feature_hash=customers.examples.schema.feature_hash,
        data_fingerprint=data_fingerprint(customers.examples),
        settings_json=_settings_json(settings),
        artifact_path=artifact.path.name,
        artifact_sha256=artifact.sha256,
        status="champion",
        decision=result.decision,
        data_set=LABELLED_CUSTOMERS,
    )
