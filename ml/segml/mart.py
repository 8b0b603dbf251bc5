"""The feature mart as models see it: training examples and scoring batches, in a fixed order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segml.dataset import TIERS, UNOBSERVED_TIER, Examples
from segml.errors import TrainingError, WarehouseError
from segml.key_ranges import key_at, key_ranges
from segml.sequence_reader import SEQUENCE_COLUMNS, SequenceReader, with_sequences_joined

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from segml.dataset import FeatureSchema
    from segml.warehouse import Warehouse

LARGEST_RANGE = 2  # of the average number of customers


@dataclass(frozen=True)
class SnapshotPlan:
    """The snapshots that dbt built, and the tier rule that goes with them.

    Parameters
    ----------
    roles : dict
        Snapshot date to train, validation, embargo, test or scoring.
    as_of_date : date
        The newest snapshot: the one to score.
    horizon_days : int
        Length of the outcome window.
    high_value_threshold : float or None
        Net revenue in the horizon, in currency, from which a customer is of high value; None
        while there is no history to fit it on.
    """

    roles: dict[date, str]
    as_of_date: date
    horizon_days: int
    high_value_threshold: float | None


def read_plan(warehouse: Warehouse) -> SnapshotPlan:
    """Read snapshots and the tier threshold.

    Raises
    ------
    WarehouseError
        When the marts have not been built, or there is no completed order to build them from.
    """
    if not warehouse.has_table("features", "snapshots"):
        raise WarehouseError(
            f"{warehouse.path} has no feature mart", "Run `dbt build` or `segml run` first"
        )
    rows = warehouse.rows(
        "select snapshot_date, snapshot_role, as_of_date, horizon_days "
        "from features.snapshots order by snapshot_date"
    )
    if not rows:
        raise WarehouseError(
            f"{warehouse.path} holds no completed order",
            "Load orders with `segml load`, or check the var completed_order_statuses",
        )
    return SnapshotPlan(
        roles={row[0]: row[1] for row in rows},
        as_of_date=rows[-1][2],
        horizon_days=rows[-1][3],
        high_value_threshold=warehouse.value(
            "select max(high_value_threshold) from features.value_tier_threshold"
        ),
    )


def read_training_examples(
    warehouse: Warehouse,
    schema: FeatureSchema,
    *,
    maximum_examples: int,
    with_sequences: bool = False,
) -> Examples:
    """Read all labelled examples, or those of a fixed sample of customers.

    A sample is everybody below a cut in key space, the same customers in every run.

    Parameters
    ----------
    with_sequences : bool
        Whether to read the events of each customer, too; only some models look at them.

    Raises
    ------
    TrainingError
        When nothing is labelled.
    """
    total = warehouse.value("select count(*) from features.customer_labels")
    if total == 0:
        raise TrainingError(
            "No snapshot has a full horizon of data behind it",
            "Shorten horizon_days or minimum_history_days, or load more history",
        )
    chosen = f"""
        from features.training_examples
        where value_tier is not null
            and customer_key <= cast('{key_at(min(1.0, maximum_examples / total))}' as uuid)
    """
    frame = warehouse.frame(
        f"select {_selection(schema)}, value_tier, horizon_net_revenue {chosen} "
        "order by snapshot_date, customer_key"
    )
    examples = _to_examples(frame, schema)
    if not with_sequences:
        return examples
    reader = SequenceReader.of(warehouse)
    return replace(examples, sequences=reader.read(warehouse, chosen))


def read_scoring_batches(
    warehouse: Warehouse,
    schema: FeatureSchema,
    snapshot_date: date,
    rows_per_batch: int,
    *,
    with_sequences: bool = False,
) -> Iterator[Examples]:
    """Yield the customers of one snapshot in the order of their keys, a range of keys at a time.

    A range holds about ``rows_per_batch`` customers, and no others are ever in memory. The mart
    is sorted by key, so that reading a range skips the rest of it.
    """
    reader = SequenceReader.of(warehouse) if with_sequences else None
    columns = ", ".join([_selection(schema), *(SEQUENCE_COLUMNS if reader else ())])
    mart = f"""features.customer_features
        where snapshot_date = date '{snapshot_date.isoformat()}'"""
    count = -(-warehouse.value(f"select count(*) from {mart}") // rows_per_batch)
    for condition in key_ranges(count) if count else ():
        source = f"(from {mart} and {condition})"
        source = with_sequences_joined(source) if reader else source
        query = f"select {columns} from {source} order by customer_key"
        # what is a little larger than the average range is still one batch
        for batch in warehouse.batches(query, LARGEST_RANGE * rows_per_batch):
            features = batch.drop_columns(list(SEQUENCE_COLUMNS)) if reader else batch
            examples = _to_examples(features.to_pandas(), schema)
            yield replace(examples, sequences=reader.arrays(batch)) if reader else examples


def _selection(schema: FeatureSchema) -> str:
    numeric = [
        f'cast("{name}" as double) as "{name}"'
        for name in (*schema.numeric, *schema.baseline_numeric)
    ]
    categorical = [f'"{name}"' for name in (*schema.categorical, *schema.baseline_categorical)]
    return ", ".join(
        ["cast(customer_key as varchar) as customer_key", "snapshot_date", *numeric, *categorical]
    )


def _to_examples(frame: pd.DataFrame, schema: FeatureSchema) -> Examples:
    size = len(frame)
    if "value_tier" in frame:
        tiers = frame["value_tier"].map(TIERS.index).to_numpy(dtype=np.int8)
        revenue = frame["horizon_net_revenue"].to_numpy(dtype=np.float64)
    else:
        tiers = np.full(size, UNOBSERVED_TIER, dtype=np.int8)
        revenue = np.full(size, np.nan)
    return Examples(
        customer_key=frame["customer_key"].to_numpy(dtype=str),
        snapshot_date=frame["snapshot_date"].to_numpy(dtype="datetime64[D]"),
        features=feature_frame(frame, schema),
        value_tier=tiers,
        net_revenue=revenue,
        schema=schema,
    )


def feature_frame(frame: pd.DataFrame, schema: FeatureSchema) -> pd.DataFrame:
    """Return the features as models want them: NaN for unknown numbers, None for unknown texts."""
    numeric = (*schema.numeric, *schema.baseline_numeric)
    categorical = (*schema.categorical, *schema.baseline_categorical)
    return pd.DataFrame(
        {name: frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in numeric}
        | {name: _texts(frame[name]) for name in categorical}
    )


def _texts(column: pd.Series) -> pd.Series:
    """Return text as Python strings with None for unknown, whatever the reader's own type was."""
    values = [value if isinstance(value, str) else None for value in column.tolist()]
    return pd.Series(values, dtype=object)
