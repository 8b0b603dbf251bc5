"""Labelled customers as models see them, and one customer given by values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from segml.audit import SENSITIVE_FEATURES
from segml.dataset import UNOBSERVED_TIER, Examples
from segml.errors import LoadingError, TrainingError
from segml.mart import feature_frame
from segml.schemas import LOAD_LABELLED, labelled_relation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from segml.dataset import FeatureSchema
    from segml.warehouse import Warehouse

AGE_BAND = "age_band"
# numbers that are never negative; a team's own may be
NEVER_NEGATIVE = ("age", "income", "frequency", "purchase_amount", "review_count", "rating")


@dataclass(frozen=True)
class LabelledCustomers:
    """The customers with a class, ordered by key.

    Parameters
    ----------
    is_test : array of bool, shape (n,)
        The part that nothing may learn from before it has judged.
    """

    examples: Examples
    is_test: NDArray[np.bool_]


def read_labelled_customers(warehouse: Warehouse, schema: FeatureSchema) -> LabelledCustomers:
    """Read everybody who has a class; the classes are sorted by name.

    Raises
    ------
    TrainingError
        When nobody has one.
    """
    frame = warehouse.frame(
        f"select {_selection(schema)}, class_name, split_role from {labelled_relation(warehouse)} "
        "where class_name is not null order by customer_key"
    )
    if frame.empty:
        raise TrainingError("No labelled customer has a class", LOAD_LABELLED)
    class_names = tuple(sorted(frame["class_name"].unique().tolist()))
    label = frame["class_name"].map(class_names.index).to_numpy(dtype=np.int8)
    return LabelledCustomers(
        _examples(frame, schema, class_names, label),
        (frame["split_role"] == "test").to_numpy(),
    )


def read_labelled_groups(warehouse: Warehouse, customer_key: NDArray[np.str_]) -> pd.DataFrame:
    """Return the groups of people that customers belong to, in the order of ``customer_key``.

    Returns
    -------
    DataFrame, shape (n, dimensions)
        One column of text per sensitive column that the table has; ``None`` is unknown.
    """
    relation = labelled_relation(warehouse)
    if warehouse.has_table("features", "labelled_model_inputs"):
        relation += (
            " left join (select customer_key, income_bin from features.labelled_model_inputs) "
            "using (customer_key)"
        )
    frame = warehouse.frame(f"select * from {relation}")
    names = [name for name in SENSITIVE_FEATURES if name in frame]
    groups = frame.set_index(frame["customer_key"].astype(str))[names].reindex(customer_key)
    return pd.DataFrame({name: [*map(_group_name, groups[name])] for name in names}, dtype=object)


def _group_name(value: Any) -> str | None:  # noqa: ANN401
    if pd.isna(value):
        return None
    return f"{value:.0f}" if isinstance(value, float) else str(value)


def read_unlabelled_batches(
    warehouse: Warehouse, schema: FeatureSchema, class_names: tuple[str, ...], rows_per_batch: int
) -> Iterator[Examples]:
    """Stream the customers without a class in the order of their keys."""
    batches = warehouse.batches(
        f"select {_selection(schema)} from {labelled_relation(warehouse)} "
        "where class_name is null order by customer_key",
        rows_per_batch,
    )
    for batch in batches:
        yield _examples(batch.to_pandas(), schema, class_names)


def parse_values(text: str) -> dict[str, str]:
    """Split ``age=25,income=30`` into names and values; a value may hold a comma.

    Raises
    ------
    LoadingError
        When the text has another form, or names a column twice.
    """
    parts = [part.partition("=") for part in re.split(r",(?=\s*\w+\s*=)", text)]
    values = {name.strip(): value.strip() for name, _, value in parts}
    if len(values) < len(parts) or not all(sign and name.strip() for name, sign, _ in parts):
        raise LoadingError(
            f"--values cannot be read: '{text}'", "Write it like age=25,income=30,frequency=10"
        )
    return values


def customer_of(
    warehouse: Warehouse,
    schema: FeatureSchema,
    class_names: tuple[str, ...],
    values: Mapping[str, str],
) -> Examples:
    """Return the one customer that has these values; what is not given is unknown.

    The age band is looked up in the warehouse, as dbt built it.

    Raises
    ------
    LoadingError
        When a name is no feature, or a number is none, or negative where it cannot be.
    """
    known = [name for name in schema.names if name != AGE_BAND]
    row: dict[str, float | str | None] = dict.fromkeys(schema.names)
    for name, text in values.items():
        if name not in known:
            raise LoadingError(f"--values names `{name}`", f"Choose from {', '.join(known)}")
        row[name] = (
            _number(name, text, is_own=name not in NEVER_NEGATIVE)
            if name in schema.numeric
            else text or None
        )
    if row.get("age") is not None and AGE_BAND in schema.names:
        row[AGE_BAND] = warehouse.value(
            "select max(age_band) from features.labelled_age_bands "
            "where $age >= lower_edge and $age < upper_edge",
            {"age": row["age"]},
        )
    frame = pd.DataFrame([row | {"customer_key": ""}])
    return _examples(frame, schema, class_names)


def _number(name: str, text: str, *, is_own: bool) -> float:
    try:
        number = float(text)
    except ValueError:
        number = np.nan
    if not np.isfinite(number) or (number < 0 and not is_own):
        kind = "no number" if is_own else "no number from zero on"
        raise LoadingError(f"--values: {name}='{text}' is {kind}", "Correct it")
    return number


def _selection(schema: FeatureSchema) -> str:
    features = ", ".join(f'"{name}"' for name in schema.names)
    return f"cast(customer_key as varchar) as customer_key, {features}"


def _examples(
    frame: pd.DataFrame,
    schema: FeatureSchema,
    class_names: tuple[str, ...],
    label: NDArray[np.int8] | None = None,
) -> Examples:
    size = len(frame)
    return Examples(
        customer_key=frame["customer_key"].to_numpy(dtype=str),
        snapshot_date=np.full(size, np.datetime64("NaT", "D")),
        features=feature_frame(frame, schema),
        value_tier=np.full(size, UNOBSERVED_TIER, dtype=np.int8) if label is None else label,
        net_revenue=np.full(size, np.nan),
        schema=schema,
        class_names=class_names,
    )
