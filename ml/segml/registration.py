"""From a finished training run to stored models and rows of the registry."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from segml.artifacts import ArtifactMetadata, prune_artifacts, save_artifact
from segml.audit import read_groups
from segml.fairness import fairness_metrics
from segml.promotion import Promotion
from segml.registry import ModelVersion, RunTables, artifact_folder, register
from segml.tuning import prune_studies
from segml.warehouse import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from segml.artifacts import ArtifactInfo
    from segml.challenge import Champion, Verdict
    from segml.dataset import FeatureSchema
    from segml.final_fit import FinalFit
    from segml.identity import RunIdentity
    from segml.mart import SnapshotPlan
    from segml.personas import Personas
    from segml.settings import Settings
    from segml.training import TrainingResult


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a training run stood on, and the personas it found."""

    identity: RunIdentity
    plan: SnapshotPlan
    schema: FeatureSchema
    personas: Personas | None

    @property
    def day(self) -> date:
        """The newest snapshot, up to which outcomes were learned from."""
        return self.plan.as_of_date

    def version_name(self, model_name: str) -> str:
        """Return the name under which a model of the run is registered."""
        return f"{self.day.isoformat()}-{model_name}-{self.identity.digest}"


def register_run(
    warehouse_path: Path,
    settings: Settings,
    run: Run,
    result: TrainingResult,
    champion: Champion | None,
    *,
    k_anonymity: int,
) -> ModelVersion:
    """Store the models of a run, and register them, what was measured and who is served.

    Returns
    -------
    ModelVersion
        What the run chose: champion or candidate.
    """
    folder = artifact_folder(settings, warehouse_path)
    was_served = champion.model_version if champion else None
    promoted = result.verdict.promoted
    served = run.version_name(promoted) if promoted else was_served
    fits = [fit for fit in (result.chosen, result.refreshed) if fit is not None]
    artifacts = [_store(fit, run, folder) for fit in fits]
    versions = [
        _describe(fit, artifact, run, was_served, _decision(fit, result))
        for fit, artifact in zip(fits, artifacts, strict=True)
    ]
    tables = RunTables(
        metrics=result.metrics,
        curves=result.curves,
        importance=pd.concat([fit.importance.assign(model_name=fit.model.name) for fit in fits]),
        personas=pd.DataFrame() if run.personas is None else run.personas.table(run.day),
        comparisons=result.duels,
        fairness=_fairness(warehouse_path, settings, result, fits, k_anonymity),
        tuning_trials=result.tuning_trials,
        feature_selection=result.feature_selection,
    )
    with open_warehouse(warehouse_path) as warehouse:
        register(
            warehouse,
            versions[0],
            tables,
            refreshed=versions[1] if len(versions) > 1 else None,
            promotion=None
            if served is None or served == was_served
            else _promotion(result.verdict, served, was_served),
        )
    for artifact in artifacts:
        prune_artifacts(artifact)
    prune_studies(run.identity.study_path(folder))
    is_served = versions[0].model_version == served
    return replace(versions[0], status="champion" if is_served else "candidate")


def _decision(fit: FinalFit, result: TrainingResult) -> str:
    """Say why a model was chosen and whether it is served."""
    outcome = "served" if fit.model.name == result.verdict.promoted else "candidate"
    why_chosen = f"{result.decision}; " if fit is result.chosen else ""
    return f"{why_chosen}{outcome}: {result.verdict.reason}"


def _promotion(verdict: Verdict, served: str, was_served: str | None) -> Promotion:
    found = {} if verdict.evidence is None else asdict(verdict.evidence)
    return Promotion(
        promoted_at=datetime.now(UTC).replace(tzinfo=None),
        action="promote",
        actor="auto",
        model_version=served,
        previous_version=was_served,
        reason=verdict.reason,
        delta=found.get("value"),
        ci_low=found.get("ci_low"),
        ci_high=found.get("ci_high"),
        p_better=found.get("p_better"),
    )


def _fairness(
    warehouse_path: Path,
    settings: Settings,
    result: TrainingResult,
    fits: Sequence[FinalFit],
    k_anonymity: int,
) -> pd.DataFrame:
    """Measure every stored model on the groups of the test snapshot's customers."""
    outcomes = result.tested[fits[0].model.name].outcomes
    day = outcomes.snapshot_date.max().astype(object)
    with open_warehouse(warehouse_path, read_only=True) as warehouse:
        groups = read_groups(warehouse, outcomes.customer_key, day)
    tables = [
        fairness_metrics(
            result.tested[fit.model.name].predictions,
            outcomes,
            groups,
            minimum_customers=k_anonymity,
            resamples=settings.bootstrap_samples,
            seed=settings.seed,
        ).assign(model_name=fit.model.name, split="test", snapshot_date=day)
        for fit in fits
    ]
    return pd.concat(tables)


def _store(fit: FinalFit, run: Run, folder: Path) -> ArtifactInfo:
    """Write the artifact."""
    return save_artifact(
        folder,
        run.version_name(fit.model.name),
        fit.model,
        fit.calibrator,
        ArtifactMetadata(
            schema=run.schema,
            reference=fit.reference,
            high_value_threshold=float(run.plan.high_value_threshold or 0.0),
            horizon_days=run.plan.horizon_days,
            settings=_settings_of(fit, run),
        ),
        personas=run.personas,
    )


def _settings_of(fit: FinalFit, run: Run) -> dict[str, Any]:
    """Return the settings of the run with the parameters that tuning found."""
    settings: dict[str, Any] = json.loads(run.identity.settings_json)
    return settings | {"parameters": fit.parameters}


def _describe(
    fit: FinalFit, artifact: ArtifactInfo, run: Run, was_served: str | None, decision: str
) -> ModelVersion:
    """Return the row of the registry; whoever is served already goes on with its new files."""
    name = run.version_name(fit.model.name)
    return ModelVersion(
        model_version=name,
        run_id=run.identity.run_id,
        model_name=fit.model.name,
        trained_at=datetime.now(UTC).replace(tzinfo=None),
        as_of_date=run.day,
        horizon_days=run.plan.horizon_days,
        high_value_threshold=float(run.plan.high_value_threshold or 0.0),
        feature_hash=run.schema.feature_hash,
        data_fingerprint=run.identity.data_fingerprint,
        settings_json=json.dumps(_settings_of(fit, run), sort_keys=True),
        artifact_path=artifact.path.name,
        artifact_sha256=artifact.sha256,
        status="champion" if name == was_served else "candidate",
        decision=decision,
    )
