"""From a registered model to predictions and reasons in the warehouse."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from segml.artifacts import load_artifact
from segml.dataset import TIERS
from segml.errors import WarehouseError
from segml.explanation import REASON_COLUMNS, explain
from segml.mart import read_plan, read_scoring_batches
from segml.registry import artifact_folder, find_version
from segml.schemas import read_schema
from segml.scorings import Scoring, write_scoring
from segml.spool import Spool
from segml.threads import threads_for
from segml.warehouse import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from segml.artifacts import ServedModel
    from segml.dataset import Examples
    from segml.registry import ModelVersion
    from segml.settings import Settings
    from segml.warehouse import Warehouse


PREDICTION_SCHEMA = pa.schema(
    {
        "customer_key": pa.string(),
        "value_tier": pa.string(),
        **{f"probability_{tier}": pa.float64() for tier in TIERS},
        "purchase_probability": pa.float64(),
        "churn_probability": pa.float64(),
        "expected_net_revenue": pa.float64(),
        "cluster_name": pa.string(),
    }
)
REASON_SCHEMA = pa.schema(
    {
        name: {"rank": pa.int64(), "contribution": pa.float64()}.get(name, pa.string())
        for name in REASON_COLUMNS
    }
)


@dataclass(frozen=True, kw_only=True)
class ScoringSummary:
    """What one scoring wrote."""

    scoring_id: str
    model_version: str
    model_name: str
    snapshot_date: str
    customer_count: int
    tier_counts: dict[str, int]
    expected_net_revenue: float


def score(
    warehouse_path: Path,
    settings: Settings,
    progress: Callable[[str], None],
    *,
    model_version: str | None = None,
) -> ScoringSummary:
    """Score every eligible customer of the newest snapshot with the champion.

    Parameters
    ----------
    model_version : str, optional
        Another registered version, or the beginning of its name.

    Raises
    ------
    ArtifactError
        When there is no such model, or its files do not fit the features or libraries.
    WarehouseError
        When there is nobody to score.
    """
    folder = warehouse_path.parent
    with Spool(folder, PREDICTION_SCHEMA) as predictions, Spool(folder, REASON_SCHEMA) as reasons:
        totals = _Totals()
        with open_warehouse(warehouse_path, read_only=True) as warehouse:
            plan = read_plan(warehouse)
            version = find_version(warehouse, model_version)
            model = _load(warehouse, version, settings)
            batches = read_scoring_batches(
                warehouse,
                model.metadata.schema,
                plan.as_of_date,
                settings.scoring_batch_rows,
                with_sequences=model.needs_sequences,
            )
            for batch in batches:
                with threads_for(len(batch)):
                    rows = _prediction_rows(model, batch)
                    reasons.append(_reason_rows(model, batch, settings))
                totals.add(rows)
                predictions.append(rows)
                progress(f"{totals.customers:,} customers scored")
        if not totals.customers:
            raise WarehouseError(
                f"No customer is eligible on {plan.as_of_date}",
                "Check as_of_date and eligibility_days, then run `dbt build`",
            )
        scoring = Scoring(
            scoring_id=_scoring_id(version, plan.as_of_date.isoformat()),
            model_version=version.model_version,
            snapshot_date=plan.as_of_date,
            scored_at=datetime.now(UTC).replace(tzinfo=None),
        )
        with open_warehouse(warehouse_path) as warehouse:
            write_scoring(warehouse, scoring, predictions, reasons)
    return ScoringSummary(
        scoring_id=scoring.scoring_id,
        model_version=version.model_version,
        model_name=version.model_name,
        snapshot_date=scoring.snapshot_date.isoformat(),
        customer_count=totals.customers,
        tier_counts={tier: totals.tiers[tier] for tier in reversed(TIERS)},
        expected_net_revenue=totals.expected_net_revenue,
    )


@dataclass
class _Totals:
    """What the batches add up to."""

    customers: int = 0
    tiers: Counter[str] = field(default_factory=Counter)
    expected_net_revenue: float = 0.0

    def add(self, rows: pa.Table) -> None:
        self.customers += len(rows)
        self.tiers.update(rows["value_tier"].to_pylist())
        self.expected_net_revenue += float(np.sum(rows["expected_net_revenue"].to_numpy()))


def _load(warehouse: Warehouse, version: ModelVersion, settings: Settings) -> ServedModel:
    """Load the artifact, checked against the mart as it is now."""
    excluded = settings.excluded_features
    return load_artifact(
        artifact_folder(settings, warehouse.path) / version.artifact_path,
        version.artifact_sha256,
        read_schema(warehouse, excluded),
    )


def _scoring_id(version: ModelVersion, snapshot_date: str) -> str:
    text = f"{version.model_version}|{snapshot_date}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _prediction_rows(model: ServedModel, batch: Examples) -> pa.Table:
    predicted = model.predict(batch)
    probabilities = predicted.tier_probabilities
    tiers = np.array(TIERS)[probabilities.argmax(axis=1)]
    return pa.table(
        {
            "customer_key": batch.customer_key,
            "value_tier": tiers,
            **{f"probability_{tier}": probabilities[:, i] for i, tier in enumerate(TIERS)},
            "purchase_probability": predicted.purchase_probability,
            "churn_probability": probabilities[:, 0],
            "expected_net_revenue": predicted.expected_net_revenue,
            "cluster_name": [None] * len(batch)
            if model.personas is None
            else model.personas.assign(batch),
        },
        schema=PREDICTION_SCHEMA,
    )


def _reason_rows(model: ServedModel, batch: Examples, settings: Settings) -> pa.Table:
    reasons = explain(
        model,
        batch,
        model.metadata.reference,
        top=settings.reasons_per_customer,
        seed=settings.seed,
    )
    return pa.Table.from_pandas(reasons, schema=REASON_SCHEMA, preserve_index=False)
