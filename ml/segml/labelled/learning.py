"""From labelled customers to a registered model version, apart from the models of the shop."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from segml import __version__
from segml.champions import read_champion
from segml.dataset import data_fingerprint
from segml.errors import SettingsError
from segml.fairness import fairness_of_models
from segml.identity import LEARNING_SETTINGS, code_fingerprint
from segml.labelled.alarm import defining_features, describe_alarm
from segml.labelled.intervals import with_exact_shares
from segml.labelled.mart import read_labelled_customers, read_labelled_groups
from segml.labelled.splits import split_labelled
from segml.models import LABELLED_BASELINES
from segml.registration import Run, register_run
from segml.registry import require_tables
from segml.schemas import read_labelled_schema
from segml.settings import LABELLED_CUSTOMERS
from segml.threads import threads_for
from segml.training import compare_and_fit
from segml.warehouse import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    from segml.labelled.mart import LabelledCustomers
    from segml.registry import ModelVersion
    from segml.settings import Settings

PREFIX = "labelled"  # begins the names of versions and runs
NEEDS_HISTORY = ("rfm_rule", "last_period", "transformer")


@dataclass(frozen=True)
class LabelledVersion:
    """What a run on labelled customers chose, and how it measured all models.

    Parameters
    ----------
    version : ModelVersion
        Champion or candidate.
    metrics : DataFrame
        model_name, split (validation: cross-validated on the training part, cv_fold_1 and so on:
        its folds; test), snapshot_date (none), metric, value, ci_low, ci_high.
    warning : str
        Why the figures may be too good to be true; empty if there is no reason.
    """

    version: ModelVersion
    metrics: pd.DataFrame
    warning: str


def train_on_labelled(
    warehouse_path: Path,
    settings: Settings,
    progress: Callable[[str], None],
    *,
    k_anonymity: int,
) -> LabelledVersion:
    """Compare models by stratified cross-validation, test them once, store the best.

    It is served if it is better than the champion's kind of model with confidence, as in the
    shop, whose champion stays: each data set has its own.

    Parameters
    ----------
    k_anonymity : int
        Groups of fewer customers are not measured on their own.

    Raises
    ------
    TrainingError
        When there are too few customers of a class.
    """
    with open_warehouse(warehouse_path, read_only=True) as warehouse:
        require_tables(warehouse)
        schema = read_labelled_schema(warehouse, settings)
        customers = read_labelled_customers(warehouse, schema)
        examples = customers.examples
        fingerprint = data_fingerprint(examples)
        digest = _digest(customers, fingerprint, settings)
        champion = read_champion(
            warehouse,
            settings,
            run_id=f"{PREFIX}-{digest}",
            data_fingerprint=fingerprint,
            data_set=LABELLED_CUSTOMERS,
            class_names=examples.class_names,
        )
        groups = read_labelled_groups(warehouse, examples.customer_key)
    names = ", ".join(examples.class_names)
    progress(f"{len(examples):,} customers of {len(examples.class_names)} classes: {names}")
    splits = split_labelled(customers, folds=settings.selection_folds, seed=settings.seed)
    with threads_for(len(examples)):
        result = compare_and_fit(
            examples,
            splits,
            _without_history(settings),
            progress,
            champion=champion,
            baselines=LABELLED_BASELINES,
        )
    train, test = examples.take(splits.development), examples.take(splits.test)
    metrics = with_exact_shares(result.metrics, {"validation": train, "test": test})
    warning = describe_alarm(defining_features(train, seed=settings.seed))
    run = Run(
        prefix=PREFIX,
        digest=digest,
        data_fingerprint=fingerprint,
        settings_json=_settings_json(settings),
        schema=schema,
        data_set=LABELLED_CUSTOMERS,
        class_names=examples.class_names,
        note=warning,
    )
    version = register_run(
        warehouse_path,
        settings,
        run,
        replace(result, metrics=metrics),
        champion,
        # cross-validated: a test part is small
        fairness=fairness_of_models(
            {fit.name: result.validated[fit.name] for fit in result.fits},
            train,
            groups[splits.validation],
            split="validation",
            minimum_customers=k_anonymity,
            settings=settings,
        ),
    )
    progress(version.decision)
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


def _digest(customers: LabelledCustomers, fingerprint: str, settings: Settings) -> str:
    """Return a name for what a run learns from: the same customers, settings and code."""
    examples = customers.examples
    parts = [
        __version__,
        code_fingerprint(),
        fingerprint,
        hashlib.sha256(customers.is_test.tobytes()).hexdigest(),
        examples.schema.feature_hash,
        repr(examples.class_names),
        _settings_json(settings),
    ]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:8]
