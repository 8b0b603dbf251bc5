"""Complete scorings of a snapshot, kept in the warehouse's ``ml`` schema."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    import pyarrow as pa

    from segml.warehouse import Warehouse


@dataclass(frozen=True, kw_only=True)
class Scoring:
    """One complete scoring of a snapshot."""

    scoring_id: str
    model_version: str
    snapshot_date: date
    scored_at: datetime


def write_scoring(
    warehouse: Warehouse,
    scoring: Scoring,
    predictions: Iterable[pa.Table],
    reasons: Iterable[pa.Table],
) -> int:
    """Store one scoring, replacing an earlier one of the same model and snapshot.

    All of it becomes visible at once; a kill on the way leaves the scoring before complete.

    Parameters
    ----------
    predictions : iterable of pyarrow.Table
        customer_key, probabilities, expected_net_revenue and value_tier; ranks are given here.
    reasons : iterable of pyarrow.Table
        customer_key, rank, feature, feature_value, contribution, direction.

    Returns
    -------
    int
        Customers scored.
    """
    key = [scoring.scoring_id]
    with warehouse.transaction():
        for table in ("segment_predictions", "prediction_reasons", "scorings"):
            warehouse.execute(f"delete from ml.{table} where scoring_id = ?", key)
        for rows, table in ((predictions, "segment_predictions"), (reasons, "prediction_reasons")):
            warehouse.execute(
                f"create or replace temp table new_{table} as from ml.{table} limit 0"
            )
            for batch in rows:
                warehouse.append(f"new_{table}", batch)
        warehouse.execute(
            """
            insert into ml.segment_predictions by name
            select * replace (
                $scoring_id as scoring_id,
                $model_version as model_version,
                $snapshot_date as snapshot_date,
                $scored_at as scored_at,
                rank() over (order by expected_net_revenue desc) as value_rank
            )
            from new_segment_predictions
            """,
            asdict(scoring),
        )
        warehouse.execute(
            "insert into ml.prediction_reasons by name "
            "select * replace (? as scoring_id) from new_prediction_reasons",
            key,
        )
        customers: int = warehouse.value(
            "select count(*) from ml.segment_predictions where scoring_id = ?", key
        )
        warehouse.append(
            "ml.scorings",
            pd.DataFrame([asdict(scoring) | {"customer_count": customers, "status": "complete"}]),
        )
    return customers
