"""From a finished training run to stored models and rows of the registry."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from segml.artifacts import ArtifactMetadata, prune_artifacts, save_artifact
from segml.dataset import TIERS
from segml.promotion import Promotion
from segml.registry import ModelVersion, RunTables, artifact_folder, register
from segml.settings import SHOP
from segml.warehouse import open_warehouse

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from segml.artifacts import ArtifactInfo
    from segml.challenge import Champion, Verdict
    from segml.dataset import FeatureSchema
    from segml.final_fit import FinalFit
    from segml.personas import Personas
    from segml.settings import Settings
    from segml.training import TrainingResult


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a training run stood on.

    Parameters
    ----------
    prefix, digest : str
        Beginning and end of the names of its versions.
    as_of_date : date or None
        The newest snapshot, up to which outcomes were learned from; None without any times.
    horizon_days : int
        Length of the outcome window; 0 without any times.
    high_value_threshold : float
        Smallest net revenue in currency of the tier ``high``; 0 without tiers.
    class_names : tuple of str
        What its models tell apart.
    personas : Personas, optional
        Those it found.
    note : str
        What a reader of its decision should know besides; empty if nothing.
    """

    prefix: str
    digest: str
    data_fingerprint: str
    settings_json: str
    schema: FeatureSchema
    as_of_date: date | None = None
    horizon_days: int = 0
    high_value_threshold: float = 0.0
    data_set: str = SHOP
    class_names: tuple[str, ...] = TIERS
    personas: Personas | None = None
    note: str = ""

    @property
    def run_id(self) -> str:
        """The name of the run."""
        return f"{self.prefix}-{self.digest}"

    def version_name(self, model_name: str) -> str:
        """Return the name under which a model of the run is registered."""
        return f"{self.prefix}-{model_name}-{self.digest}"


def register_run(
    warehouse_path: Path,
    settings: Settings,
    run: Run,
    result: TrainingResult,
    champion: Champion | None,
    *,
    fairness: pd.DataFrame,
) -> ModelVersion:
    """Store the models of a run, and register them, what was measured and who is served.

    Parameters
    ----------
    fairness : DataFrame
        Rows of ``ml.fairness_metrics`` without the run.

    Returns
    -------
    ModelVersion
        What the run chose: champion or candidate.
    """
    folder = artifact_folder(settings, warehouse_path)
    was_served = champion.model_version if champion else None
    promoted = result.verdict.promoted
    served = run.version_name(promoted) if promoted else was_served
    fits = result.fits
    artifacts = [_store(fit, run, folder) for fit in fits]
    versions = [
        _describe(fit, artifact, run, was_served, _decision(fit, result, run.note))
        for fit, artifact in zip(fits, artifacts, strict=True)
    ]
    tables = RunTables(
        metrics=result.metrics,
        curves=result.curves,
        importance=pd.concat([fit.importance.assign(model_name=fit.name) for fit in fits]),
        personas=_persona_table(run),
        comparisons=result.duels,
        fairness=fairness,
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
    is_served = versions[0].model_version == served
    return replace(versions[0], status="champion" if is_served else "candidate")


def _persona_table(run: Run) -> pd.DataFrame:
    if run.personas is None or run.as_of_date is None:
        return pd.DataFrame()
    return run.personas.table(run.as_of_date)


def _decision(fit: FinalFit, result: TrainingResult, note: str) -> str:
    """Say why a model was chosen and whether it is served."""
    outcome = "served" if fit.name == result.verdict.promoted else "candidate"
    why_chosen = f"{result.decision}; " if fit is result.chosen else ""
    text = f"{why_chosen}{outcome}: {result.verdict.reason}"
    return f"{text}. {note}" if note else text


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


def _store(fit: FinalFit, run: Run, folder: Path) -> ArtifactInfo:
    """Write the artifact."""
    return save_artifact(
        folder,
        run.version_name(fit.name),
        fit.model,
        fit.calibrator,
        ArtifactMetadata(
            schema=run.schema,
            reference=fit.reference,
            high_value_threshold=run.high_value_threshold,
            horizon_days=run.horizon_days,
            settings=_settings_of(fit, run),
            class_names=run.class_names,
        ),
        personas=run.personas,
    )


def _settings_of(fit: FinalFit, run: Run) -> dict[str, Any]:
    """Return the settings of the run with the parameters that tuning found."""
    settings: dict[str, Any] = json.loads(run.settings_json)
    return settings | {"parameters": fit.parameters}


def _describe(
    fit: FinalFit, artifact: ArtifactInfo, run: Run, was_served: str | None, decision: str
) -> ModelVersion:
    """Return the row of the registry; whoever is served already goes on with its new files."""
    name = run.version_name(fit.name)
    return ModelVersion(
        model_version=name,
        run_id=run.run_id,
        model_name=fit.name,
        trained_at=datetime.now(UTC).replace(tzinfo=None),
        as_of_date=run.as_of_date,
        horizon_days=run.horizon_days,
        high_value_threshold=run.high_value_threshold,
        feature_hash=run.schema.feature_hash,
        data_fingerprint=run.data_fingerprint,
        settings_json=json.dumps(_settings_of(fit, run), sort_keys=True),
        artifact_path=artifact.path.name,
        artifact_sha256=artifact.sha256,
        status="champion" if name == was_served else "candidate",
        decision=decision,
        data_set=run.data_set,
    )
