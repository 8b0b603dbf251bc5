"""Why a customer scores as they do, against the typical customer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segml.shapley import shapley_contributions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segml.dataset import Examples
    from segml.shapley import Predictor

REASON_COLUMNS = (
    "customer_key",
    "rank",
    "feature",
    "feature_value",
    "contribution",
    "direction",
)
MAJORITY = 0.5
NEGLIGIBLE = 1e-6  # log-odds; below this it is rounding


def reference_row(examples: Examples) -> dict[str, float | str | None]:
    """Return the typical customer: medians and most frequent categories.

    A number that most customers lack is unknown in the typical customer, too. Equally frequent
    categories resolve in alphabetical order.
    """
    reference: dict[str, float | str | None] = {}
    for name in examples.schema.numeric:
        values = examples.features[name]
        missing = values.isna().mean() > MAJORITY
        reference[name] = None if missing else float(values.median())
    for name in examples.schema.categorical:
        values = examples.features[name]
        counts = values[values.notna()].astype(str).value_counts()
        if counts.empty or values.isna().sum() > counts.max():
            reference[name] = None
        else:
            reference[name] = min(counts.index[counts == counts.max()])
    return reference


def explain(
    model: Predictor,
    examples: Examples,
    reference: Mapping[str, float | str | None],
    *,
    top: int,
    seed: int,
) -> pd.DataFrame:
    """Return the strongest reasons per customer.

    Parameters
    ----------
    top : int
        Reasons per customer; features that changed nothing are left out.

    Returns
    -------
    DataFrame
        Columns customer_key, rank (1 is strongest), feature, feature_value (text, ``None`` for
        unknown), contribution (log-odds of purchase), direction (``raises`` or ``lowers``).
    """
    contributions = shapley_contributions(model, examples, reference, seed=seed)
    names = np.array(examples.schema.names)
    strongest = np.argsort(-np.abs(contributions), axis=1, kind="stable")[:, :top]
    rows = np.repeat(np.arange(len(examples)), strongest.shape[1])
    columns = strongest.ravel()
    amounts = contributions[rows, columns]
    text = {name: _as_text(examples.features[name]) for name in names[np.unique(columns)]}
    reasons = pd.DataFrame(
        {
            "customer_key": examples.customer_key[rows],
            "rank": np.tile(np.arange(1, strongest.shape[1] + 1), len(examples)),
            "feature": names[columns],
            "feature_value": pd.Series(
                [text[names[column]][row] for row, column in zip(rows, columns, strict=True)],
                dtype=object,
            ),
            "contribution": amounts,
            "direction": np.where(amounts > 0, "raises", "lowers"),
        },
        columns=list(REASON_COLUMNS),
    )
    changed: pd.DataFrame = reasons[np.abs(amounts) > NEGLIGIBLE]
    return changed.reset_index(drop=True)


def _as_text(values: pd.Series) -> list[str | None]:
    return [
        None if pd.isna(value) else f"{value:.6g}" if isinstance(value, float) else str(value)
        for value in values
    ]
