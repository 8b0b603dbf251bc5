"""The space in which customers are compared: groups of behaviour, each with the same say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from segml.models.preprocessing import informative_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

# behaviour only: who somebody is (age, gender, country) must not decide how they are treated
GROUPS = {
    "recency": ("recency_days", "overdue_ratio"),
    "frequency": (
        "order_count",
        "order_count_365d",
        "orders_per_tenure_month",
        "tenure_days",
    ),
    "monetary": ("net_revenue", "net_revenue_365d", "average_order_revenue"),
    "basket": ("average_order_units", "average_unit_revenue"),
    "categories": ("category_count", "top_category_share"),
    "discounts": ("discounted_order_share", "discount_share"),
    "returns": ("returned_order_share",),
    "browsing": ("session_count_90d", "session_count_365d", "days_since_last_event"),
    "feedback": ("review_count", "rating_mean"),
}
COMPONENTS = 4  # on the demo shop and UCI Online Retail, further ones made clusters less stable
CLIP_STANDARD_DEVIATIONS = 3.0


def build_space(frame: pd.DataFrame, inputs: Sequence[str]) -> Any:  # noqa: ANN401
    """Build, unfitted, the steps from feature columns to a few coordinates.

    A group of p columns is divided by the square root of p, so that a shop with much data about
    browsing is not grouped by browsing alone. Columns that say nothing are left out.

    Returns
    -------
    Pipeline or None
        None if fewer than two columns vary.
    """
    columns = {
        group: informative_columns(frame, tuple(name for name in names if name in inputs))
        for group, names in GROUPS.items()
    }
    columns = {group: names for group, names in columns.items() if names}
    width = sum(map(len, columns.values()))
    if width < 2:  # noqa: PLR2004
        return None
    scaled = ColumnTransformer(
        [(group, _scaling(), names) for group, names in columns.items()],
        transformer_weights={group: len(names) ** -0.5 for group, names in columns.items()},
    )
    return make_pipeline(scaled, PCA(min(COMPONENTS, width), svd_solver="full"))


def _scaling() -> Any:  # noqa: ANN401
    """Return the steps of one group: heavy tails drawn in, unknown values made typical."""
    return make_pipeline(
        FunctionTransformer(np.arcsinh),
        SimpleImputer(strategy="median"),
        StandardScaler(),
        FunctionTransformer(
            np.clip,
            kw_args={"a_min": -CLIP_STANDARD_DEVIATIONS, "a_max": CLIP_STANDARD_DEVIATIONS},
        ),
    )


def columns_of(space: Any) -> list[str]:  # noqa: ANN401
    """Return the columns that a fitted space uses, in its order."""
    return [name for _, _, names in space[0].transformers for name in names]


def contrasts(space: Any, frame: pd.DataFrame, labels: NDArray[np.int_]) -> Array:  # noqa: ANN401
    """Return how each cluster differs from all customers, in standard deviations: shape (k, p).

    The columns are those of ``columns_of``; values beyond the clip count as the clip, so that
    a few extreme customers do not name a persona.
    """
    weights = [
        space[0].transformer_weights[group]
        for group, _, names in space[0].transformers
        for _ in names
    ]
    standardised = space[0].transform(frame) / weights
    means = [standardised[labels == label].mean(axis=0) for label in np.unique(labels)]
    differences: Array = np.stack(means) - standardised.mean(axis=0)
    return differences
