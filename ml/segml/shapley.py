"""Shapley contributions of features to the log-odds of an event, for any model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from segml.dataset import Examples, Predictions

ANTITHETIC_PAIRS = 2
PURCHASE = (1, 2)  # the value tiers that buy
CALL_ROWS = 20_000  # rows shown to the model in one call
MIN_PROBABILITY = 1e-9


class Predictor(Protocol):
    """Anything that predicts, calibrated or not."""

    def predict(self, examples: Examples) -> Predictions:
        """Return predictions for every row."""


def shapley_contributions(
    model: Predictor,
    examples: Examples,
    reference: Mapping[str, float | str | None],
    *,
    event: Sequence[int] = PURCHASE,
    seed: int,
    pairs: int = ANTITHETIC_PAIRS,
) -> NDArray[np.float64]:
    """Split the log-odds of an event between the features of each customer.

    A random order of the features is walked from the reference row to the customer, changing
    one feature at a time, and then walked again in reverse order; each change is the
    contribution of its feature (Strumbelj and Kononenko 2014; the antithetic reverse order
    makes additive models and pairwise interactions exact).

    Parameters
    ----------
    reference : mapping
        Value of every feature in the row to compare with; ``None`` is unknown.
    event : sequence of int
        The classes that make up the event, against the rest; of value tiers, a purchase.
    pairs : int
        Number of random orders, each walked both ways.

    Returns
    -------
    array of float64, shape (n, p)
        In the order of ``examples.schema.names``. Rows sum to the log-odds of the customer
        minus those of the reference.
    """
    names = examples.schema.names
    blend = _Blend(model, examples, reference, event)
    contributions = np.zeros((len(examples), len(names)))
    if not blend.moving or not len(examples):
        return contributions

    ends = blend.log_odds(blend.moving, np.array([0, len(blend.moving)]))
    between = np.arange(1, len(blend.moving))
    generator = np.random.default_rng(seed)
    for _ in range(pairs):
        order = generator.permutation(len(blend.moving))
        for walk in (order, order[::-1]):
            path = [blend.moving[position] for position in walk]
            log_odds = np.vstack([ends[:1], blend.log_odds(path, between), ends[1:]])
            for name, change in zip(path, np.diff(log_odds, axis=0), strict=True):
                contributions[:, names.index(name)] += change
    return contributions / (2 * pairs)


class _Blend:
    """Rows between the reference and the customers, as a model sees them."""

    def __init__(
        self,
        model: Predictor,
        examples: Examples,
        reference: Mapping[str, float | str | None],
        event: Sequence[int],
    ) -> None:
        self.model, self.examples, self.event = model, examples, list(event)
        names = examples.schema.names
        columns = map(str, examples.features)  # with those that only a baseline sees
        self.values = {name: examples.features[name].to_numpy() for name in columns}
        # NumPy sees an unknown number as NaN and an unknown category as None
        self.typical: dict[str, Any] = {
            name: np.nan
            if reference[name] is None and name in examples.schema.numeric
            else reference[name]
            for name in names
        }
        self.moving = [name for name in names if self._differs(name).any()]

    def _differs(self, name: str) -> NDArray[np.bool_]:
        values, typical = self.values[name], self.typical[name]
        differs: NDArray[np.bool_] = pd.notna(values) if pd.isna(typical) else values != typical
        return differs

    def log_odds(self, path: Sequence[str], step_numbers: NDArray[np.int_]) -> NDArray[np.float64]:
        """Return log-odds of the event (steps, n) with the first ``step`` features replaced.

        All other features of the path are those of the reference.
        """
        rows = len(self.examples)
        place = {name: number for number, name in enumerate(path)}
        steps_per_call = max(1, CALL_ROWS // rows)
        parts = [np.empty((0, rows))]
        for start in range(0, len(step_numbers), steps_per_call):
            steps = step_numbers[start : start + steps_per_call, None]
            columns = {
                name: np.where(steps > place[name], column, self.typical[name]).ravel()
                if name in place
                else np.tile(column, len(steps))
                for name, column in self.values.items()
            }
            repeated = self.examples.take(np.tile(np.arange(rows), len(steps)))
            blended = replace(repeated, features=pd.DataFrame(columns))
            parts.append(self._log_odds(blended).reshape(-1, rows))
        return np.concatenate(parts)

    def _log_odds(self, blended: Examples) -> NDArray[np.float64]:
        probabilities = self.model.predict(blended).tier_probabilities
        probability = np.clip(
            probabilities[:, self.event].sum(axis=1), MIN_PROBABILITY, 1 - MIN_PROBABILITY
        )
        log_odds: NDArray[np.float64] = np.log(probability) - np.log1p(-probability)
        return log_odds
