"""Judging within the train snapshots: by time and by customer at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segml.dataset import customer_fold
from segml.models.base import mean_log_loss
from segml.splits import MIN_OUTCOMES_PER_SIDE, SelectionFold, outcomes_per_side

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from segml.dataset import Examples
    from segml.recipe import Recipe

MAX_ORIGINS = 3


def rolling_folds(
    examples: Examples, train: NDArray[np.bool_], *, horizon_days: int, folds: int, seed: int
) -> tuple[SelectionFold, ...]:
    """Deal the train rows into fits and judgements that look ahead, as scoring will.

    Every fit holds outcomes that ended before the judged snapshot begins, and no customer whom
    it is judged on. Judged snapshots are the newest ones that such a fit is possible for, at
    least a horizon apart so that their outcomes do not overlap. Where history is too short for
    any, the newest train snapshot is judged by fits on other customers at all times.

    Parameters
    ----------
    train : array of bool, shape (n,)
        Labelled rows that may be used; the rows of folds are among them.
    horizon_days : int
        Length of the outcome window in days.
    folds : int
        Number of groups of customers.

    Returns
    -------
    tuple of SelectionFold
        Newest snapshot first, all folds of a snapshot together.
    """
    fold = customer_fold(examples.customer_key, folds, f"rolling:{seed}")
    pairs = []
    for snapshot, known in _origins(examples, train, np.timedelta64(horizon_days, "D")):
        for number in range(folds):
            fit, validate = known & (fold != number), snapshot & (fold == number)
            if validate.any():
                pairs.append(SelectionFold(fit, validate))
    return tuple(pairs)


def _origins(
    examples: Examples, train: NDArray[np.bool_], horizon: np.timedelta64
) -> list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Return the rows of judged snapshots with the rows whose outcomes are known by then."""
    days = examples.snapshot_date.astype("datetime64[D]")
    origins: list[tuple[NDArray[np.bool_], NDArray[np.bool_]]] = []
    newest = days[train].max()
    earliest_judged = newest + horizon
    for day in np.unique(days[train])[::-1]:
        known = train & (days <= day - horizon)
        if (
            len(origins) < MAX_ORIGINS
            and day <= earliest_judged - horizon
            and outcomes_per_side(examples, known) >= MIN_OUTCOMES_PER_SIDE
        ):
            origins.append((train & (days == day), known))
            earliest_judged = day
    return origins or [(train & (days == newest), train)]


def rolling_log_losses(
    recipe: Recipe, examples: Examples, folds: tuple[SelectionFold, ...]
) -> Iterator[float]:
    """Fit and judge fold by fold; yield the mean log loss in nats of all rows judged so far."""
    total, rows = 0.0, 0
    for fold in folds:
        judged = examples.take(fold.validate)
        predictions = recipe.fit(examples.take(fold.fit)).predict(judged)
        total += len(judged) * mean_log_loss(predictions.tier_probabilities, judged.value_tier)
        rows += len(judged)
        yield total / rows
