"""Complete scorings of a snapshot, kept in the warehouse's ``ml`` schema."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

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
        warehouse.execute(
            "create or replace temp table new_segment_predictions as "
            "from ml.segment_predictions limit 0"
        )
        for batch in predictions:
            warehouse.append("new_segment_predictions", batch)
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
        warehouse.execute("drop table new_segment_predictions")
        for batch in reasons:
            ids = pa.repeat(scoring.scoring_id, len(batch))
            warehouse.append("ml.prediction_reasons", batch.append_column("scoring_id", ids))
        customers: int = warehouse.value(
            "select count(*) from ml.segment_predictions where scoring_id = ?", key
        )
        warehouse.append(
            "ml.scorings",
            pd.DataFrame([asdict(scoring) | {"customer_count": customers, "status": "complete"}]),
        )
    return customers
