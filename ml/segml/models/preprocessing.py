"""From feature columns to matrices, with scikit-learn's own transformers only.

Nothing here is a class of ours: a fitted pipeline can be stored and read back without trusting
any code outside scikit-learn and NumPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)

if TYPE_CHECKING:
    import pandas as pd

    from segml.dataset import Examples, FeatureSchema

UNKNOWN_CATEGORY = "unknown"
MIN_CATEGORY_ROWS = 30  # rarer categories share one column
MAX_TREE_CATEGORIES = 200  # histogram trees hold at most 255
CLIP_STANDARD_DEVIATIONS = 4.0


def model_frame(examples: Examples) -> pd.DataFrame:
    """Return the features with NaN as the only unknown number and 'unknown' as a category."""
    schema = examples.schema
    numeric = examples.features[list(schema.numeric)].astype(np.float64)
    categorical = examples.features[list(schema.categorical)].astype(object)
    frame = numeric.where(np.isfinite(numeric))
    for name in schema.categorical:
        values = categorical[name]
        frame[name] = values.where(values.notna(), UNKNOWN_CATEGORY).astype(str).astype(object)
    return frame


def informative_columns(frame: pd.DataFrame, names: tuple[str, ...]) -> list[str]:
    """Return the columns that vary; absent sources leave columns of one value or all unknown."""
    return [
        name
        for name in names
        if frame[name].notna().any() and frame[name].nunique(dropna=False) > 1
    ]


def dense_preprocessor(frame: pd.DataFrame, schema: FeatureSchema) -> Any:  # noqa: ANN401
    """Build, unfitted, the preprocessing of linear models and networks.

    Heavy-tailed amounts pass through arcsinh (a logarithm that accepts zero and negative
    values), unknown values become the median plus a flag, and what remains far out is clipped.
    """
    numeric = make_pipeline(
        FunctionTransformer(np.arcsinh, feature_names_out="one-to-one"),
        SimpleImputer(strategy="median", add_indicator=True),
        StandardScaler(),
        FunctionTransformer(
            np.clip,
            kw_args={"a_min": -CLIP_STANDARD_DEVIATIONS, "a_max": CLIP_STANDARD_DEVIATIONS},
            feature_names_out="one-to-one",
        ),
    )
    one_hot = OneHotEncoder(
        min_frequency=MIN_CATEGORY_ROWS,
        handle_unknown="infrequent_if_exist",
        sparse_output=False,
    )
    return ColumnTransformer(
        [
            ("numeric", numeric, informative_columns(frame, schema.numeric)),
            ("categorical", one_hot, informative_columns(frame, schema.categorical)),
        ]
    )


def tree_preprocessor(frame: pd.DataFrame, schema: FeatureSchema) -> tuple[Any, list[bool]]:
    """Build, unfitted, the preprocessing of trees, and which output columns are categories.

    Trees take numbers as they are, unknown ones included.
    """
    numeric = informative_columns(frame, schema.numeric)
    categorical = informative_columns(frame, schema.categorical)
    ordinal = OrdinalEncoder(
        min_frequency=MIN_CATEGORY_ROWS,
        max_categories=MAX_TREE_CATEGORIES,
        handle_unknown="use_encoded_value",
        unknown_value=-1,
    )
    transformer = ColumnTransformer(
        [("numeric", "passthrough", numeric), ("categorical", ordinal, categorical)]
    )
    return transformer, [False] * len(numeric) + [True] * len(categorical)
