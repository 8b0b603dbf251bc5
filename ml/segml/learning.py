"""From the feature mart to a registered model version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segml.audit import read_groups, read_history, read_label_ends
from segml.champions import read_champion, require_servable, served_parameters
from segml.errors import ArtifactError, TrainingError
from segml.fairness import fairness_of_models
from segml.grouping import read_customers
from segml.identity import RunIdentity
from segml.leakage import (
    check_facts_precede_snapshots,
    check_history,
    check_single_features,
    check_windows,
)
from segml.mart import read_plan, read_training_examples
from segml.models import BASELINES, needs_sequences
from segml.models.checkpoints import checkpoints_in, count_checkpoints, prune_checkpoints
from segml.promotion import list_promotions
from segml.registration import Run, register_run
from segml.registry import (
    artifact_folder,
    find_champion,
    list_versions,
    read_metrics,
    require_tables,
)
from segml.schemas import read_schema
from segml.selection import names_to_compare
from segml.training import train
from segml.tuning import prune_studies
from segml.warehouse import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date
    from pathlib import Path

    import pandas as pd

    from segml.dataset import Examples
    from segml.mart import SnapshotPlan
    from segml.registry import ModelVersion
    from segml.settings import Settings
    from segml.training import TrainingResult
    from segml.warehouse import Warehouse


@dataclass(frozen=True)
class TrainedVersion:
    """What a run chose, and how it measured all models.

    Parameters
    ----------
    version : ModelVersion
        Champion or candidate; a reused run shows the champion.
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
    k_anonymity: int,
    reuse: bool = False,
) -> TrainedVersion:
    """Compare, test and fit models on the mart, store the best and let it challenge the champion.

    The warehouse is only read while models are fitted, so others can read it too. The same data,
    settings and code give the same version name, and running again replaces it. Networks whose
    fit was killed go on from their last checkpoint.

    Parameters
    ----------
    k_anonymity : int
        Groups of fewer customers are not measured on their own.
    reuse : bool
        Whether to keep what was learned from the same data, settings and code.

    Raises
    ------
    TrainingError
        When the data cannot support a model.
    LeakageError
        When a model would know what it could not have known.
    """
    with open_warehouse(warehouse_path, read_only=True) as warehouse:
        plan = read_plan(warehouse)
        require_tables(warehouse)
        schema = read_schema(warehouse, settings.excluded_features)
        examples = read_training_examples(
            warehouse,
            schema,
            maximum_examples=settings.max_training_examples,
            with_sequences=any(map(needs_sequences, _names_to_fit(warehouse, settings))),
        )
        customers = read_customers(warehouse, plan.as_of_date, settings)
        identity = RunIdentity.of(examples, customers, plan, settings)
        if reuse and (known := _known_run(warehouse, identity, plan, settings)):
            progress(f"{known.version.model_version}: data, settings and code are unchanged")
            return known
        label_ends = read_label_ends(warehouse)
        history = read_history(warehouse, horizon_days=plan.horizon_days, run_id=identity.run_id)
        champion = read_champion(
            warehouse,
            settings,
            run_id=identity.run_id,
            data_fingerprint=identity.data_fingerprint,
        )
    if plan.high_value_threshold is None:
        raise TrainingError(
            "There is no high-value threshold, because no train or validation snapshot has buyers",
            "Load more history, shorten horizon_days, or set the var high_value_threshold",
        )
    progress(f"{len(examples):,} examples, {len(schema.names)} features")
    _check_before_training(examples, plan, label_ends, settings)
    folder = artifact_folder(settings, warehouse_path)
    study_path = identity.study_path(folder)
    checkpoints = folder / f".{identity.run_id}.checkpoints"
    if fits := count_checkpoints(checkpoints):
        progress(f"resumed: {fits} network fits of a killed run go on from where they were")
    with checkpoints_in(checkpoints):
        result = train(
            examples,
            plan.roles,
            horizon_days=plan.horizon_days,
            settings=settings,
            progress=progress,
            champion=champion,
            study_path=study_path,
        )
    if settings.leak_alarm:
        check_history(result.metrics, history, settings.leak_history_margin)
    run = Run(
        prefix=plan.as_of_date.isoformat(),
        digest=identity.digest,
        data_fingerprint=identity.data_fingerprint,
        settings_json=identity.settings_json,
        schema=schema,
        as_of_date=plan.as_of_date,
        horizon_days=plan.horizon_days,
        high_value_threshold=float(plan.high_value_threshold),
        personas=customers.fit_personas(settings, progress),
    )
    fairness = _fairness(warehouse_path, settings, result, k_anonymity)
    version = register_run(warehouse_path, settings, run, result, champion, fairness=fairness)
    prune_studies(study_path)
    prune_checkpoints(checkpoints)
    progress(version.decision)
    return TrainedVersion(version, result.metrics, is_reused=False)


def _names_to_fit(warehouse: Warehouse, settings: Settings) -> tuple[str, ...]:
    """Return the models of a run: those that the settings ask for, and what is served."""
    served = find_champion(list_versions(warehouse))
    asked = names_to_compare(settings, BASELINES)
    return (*asked, *served_parameters(served)) if served else asked


def _fairness(
    warehouse_path: Path, settings: Settings, result: TrainingResult, k_anonymity: int
) -> pd.DataFrame:
    """Measure every stored model on the groups of the test snapshot's customers."""
    outcomes = result.tested[result.chosen.name].outcomes
    day = outcomes.snapshot_date.max().astype(object)
    with open_warehouse(warehouse_path, read_only=True) as warehouse:
        groups = read_groups(warehouse, outcomes.customer_key, day)
    return fairness_of_models(
        {fit.name: result.tested[fit.name].predictions for fit in result.fits},
        outcomes,
        groups,
        split="test",
        minimum_customers=k_anonymity,
        settings=settings,
    )


def _check_before_training(
    examples: Examples, plan: SnapshotPlan, label_ends: Mapping[date, date], settings: Settings
) -> None:
    """Raise the alarms that need no model; a single strong feature only if settings want it."""
    check_windows(plan.roles, label_ends, plan.horizon_days)
    check_facts_precede_snapshots(examples)
    if settings.leak_alarm:
        days = np.array(
            [day for day, role in plan.roles.items() if role == "train"], dtype="datetime64[D]"
        )
        learned = np.isin(examples.snapshot_date, days)
        if learned.any():
            check_single_features(examples.take(learned), settings.leak_auc_threshold)


def _known_run(
    warehouse: Warehouse, identity: RunIdentity, plan: SnapshotPlan, settings: Settings
) -> TrainedVersion | None:
    """Return the champion, if the same run was registered already and would not change it.

    That is so if the champion came from it or has seen the same outcomes, or if a person chose
    it. It must still be servable, and not know more than the day that the features stand at.
    """
    versions = list_versions(warehouse)
    champion = find_champion(versions)
    is_registered = any(item.run_id == identity.run_id for item in versions)
    if champion is None or champion.as_of_date is None or not is_registered:
        return None
    if champion.as_of_date > plan.as_of_date:
        return None
    by_hand = [item.actor == "manual" for item in list_promotions(warehouse)][-1:] == [True]
    has_seen_the_same = champion.data_fingerprint == identity.data_fingerprint
    if not (champion.run_id == identity.run_id or has_seen_the_same or by_hand):
        return None
    try:
        require_servable(warehouse, champion, settings)
    except ArtifactError:
        return None
    return TrainedVersion(champion, read_metrics(warehouse, identity.run_id), is_reused=True)
