"""What the checks of a training run read beside its examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from datetime import date

    import numpy as np
    from numpy.typing import NDArray

    from segml.warehouse import Warehouse

# groups of people a model must serve alike, whether or not it may see them
SENSITIVE_FEATURES = ("age_band", "gender", "income_bin", "country")


def read_label_ends(warehouse: Warehouse) -> dict[date, date]:
    """Return the end of every snapshot's outcome window, exclusive."""
    return dict(warehouse.rows("select snapshot_date, label_end_date from features.snapshots"))


def read_groups(
    warehouse: Warehouse, customer_key: NDArray[np.str_], snapshot_date: date
) -> pd.DataFrame:
    """Return the groups of customers at a snapshot, in the order of ``customer_key``.

    Returns
    -------
    DataFrame, shape (n, dimensions)
        One column of text per sensitive feature that the mart has; ``None`` is unknown.
    """
    columns = [
        name
        for (name,) in warehouse.rows(
            "select column_name from information_schema.columns where table_schema = 'features' "
            "and table_name = 'customer_features' order by ordinal_position"
        )
        if name in SENSITIVE_FEATURES
    ]
    texts = "".join(f", cast({name} as varchar) as {name}" for name in columns)
    frame = warehouse.frame(
        f"select cast(customer_key as varchar) as customer_key{texts} "
        "from features.customer_features where snapshot_date = ?",
        [snapshot_date],
    )
    groups = frame.set_index("customer_key")[columns].reindex(customer_key)
    return groups.astype(object).where(groups.notna(), None).reset_index(drop=True)


def read_history(warehouse: Warehouse, *, horizon_days: int, run_id: str) -> pd.DataFrame:
    """Return the validation metrics of earlier runs with the same horizon.

    Returns
    -------
    DataFrame
        run_id, model_name, split, metric, value.
    """
    if not warehouse.has_table("ml", "evaluation_metrics"):
        return pd.DataFrame(columns=["run_id", "model_name", "split", "metric", "value"])
    return warehouse.frame(
        """
        select run_id, model_name, split, metric, value
        from ml.evaluation_metrics
        where split = 'validation'
            and run_id != ?
            and run_id in (select run_id from ml.model_versions where horizon_days = ?)
        order by run_id, model_name, metric
        """,
        [run_id, horizon_days],
    )
