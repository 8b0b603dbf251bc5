"""Why a customer scores as they do: Shapley contributions that add up exactly."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from segml.dataset import Examples

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from segml.dataset import Predictions

REASON_COLUMNS = (
    "customer_key",
    "rank",
    "feature",
    "feature_value",
    "contribution",
    "direction",
)
ANTITHETIC_PAIRS = 2
CALL_ROWS = 20_000  # rows shown to the model in one call
MIN_PROBABILITY = 1e-9
MAJORITY = 0.5


class Predictor(Protocol):
    """Anything that predicts, calibrated or not."""

    def predict(self, examples: Examples) -> Predictions:
        """Return predictions for every row."""


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


def shapley_contributions(
    model: Predictor,
    examples: Examples,
    reference: Mapping[str, float | str | None],
    *,
    seed: int,
    pairs: int = ANTITHETIC_PAIRS,
) -> NDArray[np.float64]:
    """Split the log-odds of purchase between the features of each customer.

    A random order of the features is walked from the reference row to the customer, changing
    one feature at a time, and then walked again in reverse order; each change is the
    contribution of its feature (Strumbelj and Kononenko 2014; the antithetic reverse order
    makes additive models and pairwise interactions exact).

    Parameters
    ----------
    reference : mapping
        Value of every feature in the row to compare with; ``None`` is unknown.
    pairs : int
        Number of random orders, each walked both ways.

    Returns
    -------
    array of float64, shape (n, p)
        In the order of ``examples.schema.names``. Rows sum to the log-odds of the customer
        minus those of the reference.
    """
    names = examples.schema.names
    values = {name: examples.features[name].to_numpy() for name in names}
    typical = {name: _reference_value(reference[name], values[name].dtype) for name in names}
    moving = [name for name in names if not _equal(values[name], typical[name]).all()]
    contributions = np.zeros((len(examples), len(names)))
    if not moving or not len(examples):
        return contributions

    base = _walk(model, examples, values, typical, moving, np.array([0, len(moving)]))
    generator = np.random.default_rng(seed)
    for _ in range(pairs):
        order = generator.permutation(len(moving))
        for walk in (order, order[::-1]):
            path = [moving[position] for position in walk]
            between = np.arange(1, len(path))
            log_odds = _walk(model, examples, values, typical, path, between)
            steps = np.diff(np.vstack([base[:1], log_odds, base[1:]]), axis=0)
            for name, step in zip(path, steps, strict=True):
                contributions[:, names.index(name)] += step
    return contributions / (2 * pairs)


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
    return reasons[amounts != 0].reset_index(drop=True)


def _walk(
    model: Predictor,
    examples: Examples,
    values: Mapping[str, NDArray[Any]],
    typical: Mapping[str, Any],
    path: Sequence[str],
    step_numbers: NDArray[np.int_],
) -> NDArray[np.float64]:
    """Return log-odds (steps, n), the first ``step`` features of the path being the customer's."""
    place = {name: number for number, name in enumerate(path)}
    rows = len(examples)
    steps_per_call = max(1, CALL_ROWS // rows)
    parts = []
    for start in range(0, len(step_numbers), steps_per_call):
        steps = step_numbers[start : start + steps_per_call, None]
        frame = pd.DataFrame(
            {
                name: np.where(steps > place[name], values[name], typical[name]).ravel()
                if name in place
                else np.tile(values[name], len(steps))
                for name in values
            }
        )
        parts.append(_log_odds(model, _with_features(examples, frame)).reshape(-1, rows))
    return np.concatenate(parts) if parts else np.empty((0, rows))


def _with_features(examples: Examples, frame: pd.DataFrame) -> Examples:
    repeats = len(frame) // len(examples)
    return replace(examples.take(np.tile(np.arange(len(examples)), repeats)), features=frame)


def _log_odds(model: Predictor, examples: Examples) -> NDArray[np.float64]:
    probability = np.clip(
        model.predict(examples).purchase_probability, MIN_PROBABILITY, 1 - MIN_PROBABILITY
    )
    log_odds: NDArray[np.float64] = np.log(probability) - np.log1p(-probability)
    return log_odds


def _reference_value(value: float | str | None, dtype: np.dtype[Any]) -> float | str | None:
    return np.nan if value is None and dtype.kind == "f" else value


def _equal(values: NDArray[Any], value: object) -> NDArray[np.bool_]:
    if pd.isna(value):
        return np.asarray(pd.isna(values))
    return np.asarray(values == value)


def _as_text(values: pd.Series) -> list[str | None]:
    return [
        None if pd.isna(value) else f"{value:.6g}" if isinstance(value, float) else str(value)
        for value in values
    ]
