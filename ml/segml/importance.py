"""Which features, and which groups of features, the champion relies on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segml.dataset import draw_customers
from segml.sequences import RECENT_EVENTS
from segml.wording import feature_group

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from segml.dataset import Examples
    from segml.selection import Trial
    from segml.splits import Splits

    Array = NDArray[np.float64]

REPEATS = 3
MAX_ROWS = 1_000  # customers looked at: every feature costs predictions of all of them
SUBJECTS_PER_CALL = 8  # a call of a model costs as much as thousands of rows
CONFIDENCE_TAILS = (0.025, 0.975)
BOOTSTRAP_CHUNK_CELLS = 20_000_000


def permutation_importance(
    trial: Trial,
    examples: Examples,
    splits: Splits,
    *,
    bootstrap_samples: int,
    seed: int,
    shown: frozenset[str] | None = None,
) -> pd.DataFrame:
    """Shuffle a feature, or a whole group, between validation customers (Breiman 2001).

    Features that say the same stand in for each other, so the importance of one is a lower
    bound. The features of a group are shuffled together: they cannot. What a model sees in the
    events of each customer beyond the features is a feature, and a group, of its own.

    Parameters
    ----------
    bootstrap_samples : int
        Zero leaves the intervals unknown.
    shown : frozenset of str, optional
        Features that the model, or a member of it, is shown; all by default. The others have no
        importance.

    Returns
    -------
    DataFrame
        Columns level (``feature`` or ``group``), feature (``None`` for a group), feature_group,
        importance_mean (increase of validation log loss in nats), importance_sd over repeats,
        ci_low and ci_high (95 % bootstrap interval over customers); features before groups, most
        important first.
    """
    generator = np.random.default_rng(seed)
    share = MAX_ROWS / splits.validation.sum()
    looked_at = draw_customers(examples.customer_key, share, f"importance:{seed}")
    folds = [examples.take(fold.validate & looked_at) for fold in splits.folds]
    intact = _losses(trial, folds)
    groups: dict[str, list[str]] = {}
    for name in (*examples.schema.names, *_beyond_features(trial, examples)):
        groups.setdefault(feature_group(name), []).append(name)
    subjects: list[tuple[str, str | None, str, list[str]]] = [
        ("feature", name, group, [name]) for group, names in groups.items() for name in names
    ]
    subjects += [("group", None, group, names) for group, names in groups.items()]

    seen = [
        [name for name in names if shown is None or name in shown or name == RECENT_EVENTS]
        for *_, names in subjects
    ]
    matters = np.flatnonzero([bool(names) for names in seen])
    repeats = np.zeros((len(subjects), REPEATS, intact.shape[1]))
    for start in range(0, len(matters), SUBJECTS_PER_CALL):
        positions = matters[start : start + SUBJECTS_PER_CALL]
        together = [seen[position] for position in positions]
        shuffled = [_shuffled(fold, together, generator) for fold in folds]
        losses = _losses(trial, shuffled, len(together) * REPEATS)
        repeats[positions] = losses.reshape(len(together), REPEATS, -1) - intact
    increases, means = repeats.mean(axis=1), repeats.mean(axis=2)
    rows = [
        (level, feature, group, mean, sd)
        for (level, feature, group, _), mean, sd in zip(
            subjects, means.mean(axis=1), means.std(axis=1, ddof=1), strict=True
        )
    ]
    columns = ["level", "feature", "feature_group", "importance_mean", "importance_sd"]
    table = pd.DataFrame(rows, columns=columns)
    table["ci_low"], table["ci_high"] = _intervals(increases, bootstrap_samples, generator)
    return table.sort_values(
        ["level", "importance_mean", "feature_group", "feature"],
        ascending=[True, False, True, True],
        ignore_index=True,
    )


def _intervals(increases: Array, samples: int, generator: np.random.Generator) -> Array:
    """Return the 2.5 % and 97.5 % quantiles of the mean over resampled customers, shape (2, m)."""
    subjects, customers = increases.shape
    if not samples or not customers:
        return np.full((2, subjects), np.nan)
    even = np.full(customers, 1 / customers)
    chunk = max(1, BOOTSTRAP_CHUNK_CELLS // customers)
    means = [
        generator.multinomial(customers, even, size=min(chunk, samples - start)) @ increases.T
        for start in range(0, samples, chunk)
    ]
    intervals: Array = np.quantile(np.concatenate(means) / customers, CONFIDENCE_TAILS, axis=0)
    return intervals


def _losses(trial: Trial, folds: list[Examples], repeats: int = 1) -> Array:
    """Return the negative log-likelihood of every customer in nats, shape (repeats, n)."""
    calibrator = trial.calibration.calibrator
    losses = []
    for model, fold in zip(trial.fold_models, folds, strict=True):
        probabilities = calibrator.apply(model.predict(fold)).tier_probabilities
        observed = np.take_along_axis(probabilities, fold.value_tier[:, None].astype(int), axis=1)
        losses.append(-np.log(observed).reshape(repeats, -1))
    return np.concatenate(losses, axis=1)


def _beyond_features(trial: Trial, examples: Examples) -> tuple[str, ...]:
    """Return the name of the events if the model looks at them."""
    looks = any(getattr(model, "needs_sequences", False) for model in trial.fold_models)
    return (RECENT_EVENTS,) if looks and examples.sequences is not None else ()


def _shuffled(
    fold: Examples, subjects: Sequence[Sequence[str]], generator: np.random.Generator
) -> Examples:
    """Return the fold ``REPEATS`` times per subject, every time with its features shuffled anew."""
    size = len(fold) * REPEATS
    in_order = np.tile(np.arange(len(fold)), REPEATS * len(subjects))
    sources: dict[str, NDArray[np.int_]] = {}
    for number, names in enumerate(subjects):
        order = np.concatenate([generator.permutation(len(fold)) for _ in range(REPEATS)])
        for name in names:
            rows = sources.setdefault(name, in_order.copy())
            rows[number * size : (number + 1) * size] = order
    event_rows = sources.pop(RECENT_EVENTS, in_order)
    values = {name: fold.features[name].to_numpy()[rows] for name, rows in sources.items()}
    repeated = replace(fold, sequences=None).take(in_order)
    return replace(
        repeated,
        features=repeated.features.assign(**values).copy(),  # in one piece again
        sequences=None if fold.sequences is None else fold.sequences.take(event_rows),
    )
