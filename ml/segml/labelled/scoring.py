"""Classes for customers without one: those of the table, or one given by values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from segml.artifacts import load_artifact
from segml.errors import WarehouseError
from segml.explanation import explain
from segml.labelled.mart import (
    AGE_BAND,
    customer_of,
    read_unlabelled_batches,
)
from segml.registry import artifact_folder, find_version
from segml.schemas import read_labelled_schema
from segml.settings import LABELLED_CUSTOMERS
from segml.threads import threads_for
from segml.warehouse import open_warehouse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from segml.artifacts import ServedModel
    from segml.dataset import Examples
    from segml.registry import ModelVersion
    from segml.settings import Settings
    from segml.warehouse import Warehouse


@dataclass(frozen=True, kw_only=True)
class LabelledScoring:
    """What one scoring of the customers without a class wrote."""

    scoring_id: str
    model_version: str
    model_name: str
    customer_count: int
    class_counts: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class CustomerAnswer:
    """What the model says about one customer.

    Parameters
    ----------
    reasons : tuple of str
        What speaks for or against the class, strongest first.
    notes : tuple of str
        What the answer should be taken with care for.
    """

    model_version: str
    predicted_class: str
    class_probabilities: dict[str, float]
    reasons: tuple[str, ...]
    notes: tuple[str, ...]


def score_unlabelled(
    warehouse_path: Path,
    settings: Settings,
    progress: Callable[[str], None],
    *,
    model_version: str | None = None,
) -> LabelledScoring:
    """Predict everybody who has no class, and write ``ml.labelled_predictions``.

    Scoring the same customers with the same model again replaces its rows.

    Raises
    ------
    ArtifactError
        When there is no such model, or its files do not fit the features or libraries.
    WarehouseError
        When everybody has a class.
    """
    parts: list[pa.Table] = []
    with open_warehouse(warehouse_path, read_only=True) as warehouse:
        version, model = _load(warehouse, settings, model_version)
        batches = read_unlabelled_batches(
            warehouse,
            model.metadata.schema,
            model.metadata.class_names,
            settings.scoring_batch_rows,
        )
        for batch in batches:
            parts.append(_rows(model, batch, settings))
            progress(f"{sum(len(part) for part in parts):,} customers scored")
    if not parts:
        raise WarehouseError(
            "Every labelled customer has a class already",
            "Load rows without a class, or ask about one customer with --values",
        )
    rows = pa.concat_tables(parts)
    scoring_id = _scoring_id(version, rows)
    with open_warehouse(warehouse_path) as warehouse, warehouse.transaction():
        warehouse.execute("delete from ml.labelled_predictions where scoring_id = ?", [scoring_id])
        warehouse.append("ml.labelled_predictions", _with_scoring(rows, version, scoring_id))
    classes = rows["predicted_class"].to_pylist()
    return LabelledScoring(
        scoring_id=scoring_id,
        model_version=version.model_version,
        model_name=version.model_name,
        customer_count=len(rows),
        class_counts={name: classes.count(name) for name in model.metadata.class_names},
    )


def predict_values(
    warehouse_path: Path,
    settings: Settings,
    values: Mapping[str, str],
    *,
    model_version: str | None = None,
) -> CustomerAnswer:
    """Predict the class of one customer, given as texts by column.

    Raises
    ------
    ArtifactError
        When there is no model.
    LoadingError
        When a column is unknown, or a value is no number.
    """
    with open_warehouse(warehouse_path, read_only=True) as warehouse:
        version, model = _load(warehouse, settings, model_version)
        customer = customer_of(warehouse, model.metadata.schema, model.metadata.class_names, values)
        notes = _notes(warehouse, customer)
    row = _rows(model, customer, settings).to_pylist()[0]
    if not row["reasons"]:
        notes = (*notes, "no reason stands out: to the model this is the typical customer")
    return CustomerAnswer(
        model_version=version.model_version,
        predicted_class=row["predicted_class"],
        class_probabilities=dict(row["class_probabilities"]),
        reasons=tuple(row["reasons"]),
        notes=notes,
    )


def _load(
    warehouse: Warehouse, settings: Settings, model_version: str | None
) -> tuple[ModelVersion, ServedModel]:
    """Load the artifact, checked against the table as it is now."""
    version = find_version(warehouse, model_version, data_set=LABELLED_CUSTOMERS)
    path = artifact_folder(settings, warehouse.path) / version.artifact_path
    schema = read_labelled_schema(warehouse, settings)
    return version, load_artifact(path, version.artifact_sha256, schema)


def _rows(model: ServedModel, batch: Examples, settings: Settings) -> pa.Table:
    names = model.metadata.class_names
    with threads_for(len(batch)):
        probabilities = model.predict(batch).tier_probabilities
        predicted = probabilities.argmax(axis=1)
        reasons = _reasons(model, batch, predicted, settings)
    pairs = [list(zip(names, row, strict=True)) for row in probabilities.tolist()]
    return pa.table(
        {
            "customer_key": batch.customer_key,
            "predicted_class": np.array(names)[predicted],
            "probability": probabilities.max(axis=1),
            "class_probabilities": pa.array(pairs, pa.map_(pa.string(), pa.float64())),
            "reasons": pa.array(reasons, pa.list_(pa.string())),
        }
    )


def _reasons(
    model: ServedModel, batch: Examples, predicted: np.ndarray[Any, Any], settings: Settings
) -> list[list[str]]:
    """Say what speaks for or against the predicted class of every customer."""
    table = explain(
        model,
        batch,
        model.metadata.reference,
        top=settings.reasons_per_customer,
        seed=settings.seed,
    )
    position = {key: row for row, key in enumerate(batch.customer_key)}
    texts: list[list[str]] = [[] for _ in position]
    for reason in table.itertuples():
        row = position[str(reason.customer_key)]
        side = "for" if reason.direction == "raises" else "against"
        name = model.metadata.class_names[int(predicted[row])]
        texts[row].append(f"{reason.reason_text} speaks {side} {name}")
    return texts


def _scoring_id(version: ModelVersion, rows: pa.Table) -> str:
    keys = "|".join(rows["customer_key"].to_pylist())
    return hashlib.sha256(f"{version.model_version}|{keys}".encode()).hexdigest()[:16]


def _with_scoring(rows: pa.Table, version: ModelVersion, scoring_id: str) -> pa.Table:
    scored_at = datetime.now(UTC).replace(tzinfo=None)
    for name, value in (
        ("scoring_id", scoring_id),
        ("model_version", version.model_version),
        ("scored_at", scored_at),
    ):
        rows = rows.append_column(name, pa.array([value] * len(rows)))
    return rows


def _notes(warehouse: Warehouse, customer: Examples) -> tuple[str, ...]:
    """Name what is not given, and what lies outside of everything that training saw."""
    row = customer.features.iloc[0]
    missing = [name for name in row.index if name != AGE_BAND and row.isna()[name]]
    notes = [f"not given, so taken as unknown: {', '.join(missing)}"] if missing else []
    limits = warehouse.rows(
        "select feature, minimum_value, maximum_value from features.labelled_feature_parameters "
        "where known_count > 0 order by feature"
    )
    for name, lowest, highest in limits:
        if name in row.index and not row.isna()[name] and not lowest <= row[name] <= highest:
            notes.append(
                f"{name} {row[name]:,g} lies outside of {lowest:,g} to {highest:,g}, all that "
                "training saw: check the unit"
            )
    return tuple(notes)
