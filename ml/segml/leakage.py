"""Alarms for a model that knows what it could not have known."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segml.dataset import customer_fold
from segml.errors import LeakageError
from segml.metrics import ScoreOrder, roc_auc

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from numpy.typing import NDArray

    from segml.dataset import Examples

    Array = NDArray[np.float64]

SWITCH_OFF = "set `leak_alarm = false`"
AGE_FEATURES = ("recency_days", "tenure_days")
AGE_PREFIX = "days_since_"
MAX_CODES = 20  # a number with fewer values may be a code, whose order means nothing
MIN_EVENTS = 10  # fewer make any feature look perfect by chance
FOLDS = 2


def check_windows(
    roles: Mapping[date, str], label_ends: Mapping[date, date], horizon_days: int
) -> None:
    """Check that outcomes begin at their snapshot and that development never reaches the test.

    Parameters
    ----------
    roles : mapping of date to str
        train, validation, embargo, test or scoring of every snapshot.
    label_ends : mapping of date to date
        End of every outcome window, exclusive.

    Raises
    ------
    LeakageError
        Naming the first snapshot whose window is wrong.
    """
    for day, end in sorted(label_ends.items()):
        if end != day + timedelta(days=horizon_days):
            raise LeakageError(
                f"The outcomes of snapshot {day} end on {end}, not {horizon_days} days later",
                "Rebuild features.snapshots and features.customer_labels with `dbt build`",
            )
    tests = [day for day, role in roles.items() if role == "test"]
    for day, role in sorted(roles.items()):
        if role in ("train", "validation") and tests and label_ends[day] > min(tests):
            raise LeakageError(
                f"The outcomes of {role} snapshot {day} end on {label_ends[day]}, after the test "
                f"snapshot of {min(tests)} begins: training would see the answers of the test",
                "Give that snapshot the role embargo in features.snapshots",
            )


def check_facts_precede_snapshots(examples: Examples) -> None:
    """Check that no feature counts days to a fact of the snapshot's own day or later.

    Raises
    ------
    LeakageError
        Naming the feature and the snapshot.
    """
    for name in examples.schema.numeric:
        if name in AGE_FEATURES or name.startswith(AGE_PREFIX):
            late = np.flatnonzero(examples.features[name].to_numpy() < 1)
            if len(late):
                raise LeakageError(
                    f"Feature `{name}` knows a fact of the day of its snapshot or later "
                    f"({len(late)} rows, first on {examples.snapshot_date[late[0]]})",
                    "Correct its model in dbt, or exclude it with `excluded_features`",
                )


def check_single_features(examples: Examples, threshold: float) -> None:
    """Check that no feature alone tells buyers, or any class, from everybody else.

    Parameters
    ----------
    examples : Examples
        Labelled rows that may be learned from; the test stays unseen.
    threshold : float
        Smallest AUC, in either direction, that raises the alarm.

    Raises
    ------
    LeakageError
        Naming the strongest feature.
    """
    strength = feature_strength(examples)
    if strength.empty or strength.iloc[0] < threshold:
        return
    raise LeakageError(
        f"Feature `{strength.index[0]}` alone nearly determines the outcome (AUC "
        f"{strength.iloc[0]:.4f}, alarm from {threshold:g}): it probably knows the future",
        f"Exclude it with `excluded_features`, or {SWITCH_OFF} if it is honestly that good",
    )


def feature_strength(examples: Examples) -> pd.Series:
    """Return the best AUC of each feature alone over all outcomes, strongest first.

    Numbers are ranked as they are, unknown ones last or first, whichever is stronger. Categories
    and numbers with few values are ranked by the outcome's rate among other customers of the same
    value, so that a value per customer does not look like knowledge.
    """
    fold = customer_fold(examples.customer_key, FOLDS, "leakage")
    events = [
        event for event in _events(examples) if min(event.sum(), (~event).sum()) >= MIN_EVENTS
    ]
    strength = {}
    for name in examples.schema.names:
        values = examples.features[name]
        is_code = name in examples.schema.categorical or values.nunique() <= MAX_CODES
        strength[name] = max(
            (
                _code_auc(values, event, fold) if is_code else _number_auc(values, event)
                for event in events
            ),
            default=0.5,
        )
    return pd.Series(strength, dtype=float).sort_values(ascending=False, kind="stable")


def _events(examples: Examples) -> list[NDArray[np.bool_]]:
    """Return the outcomes to look for; of value tiers, ``low`` is the absence of a purchase."""
    tier = examples.value_tier
    return [tier == label for label in range(len(examples.class_names))]


def _number_auc(values: pd.Series, event: NDArray[np.bool_]) -> float:
    numbers = values.to_numpy(dtype=np.float64)
    is_known = np.isfinite(numbers)
    known = numbers[is_known]  # more than MAX_CODES values
    ends = known.min() - 1, known.max() + 1
    aucs = [_auc(np.where(is_known, numbers, end), event) for end in ends]
    return max(max(auc, 1 - auc) for auc in aucs)


def _code_auc(values: pd.Series, event: NDArray[np.bool_], fold: NDArray[np.int_]) -> float:
    """Rank each row by the rate of its value among the customers of the other fold."""
    codes = pd.factorize(values.to_numpy(), use_na_sentinel=False)[0]
    score = np.empty(len(codes))
    for number in range(FOLDS):
        others, own = fold != number, fold == number
        counts = np.bincount(codes[others], minlength=codes.max() + 1)
        hits = np.bincount(codes[others], weights=event[others], minlength=codes.max() + 1)
        # one pseudo-customer of the average keeps unseen values in the middle
        score[own] = ((hits + event[others].mean()) / (counts + 1))[codes[own]]
    return float(_auc(score, event))


def _auc(score: Array, event: NDArray[np.bool_]) -> float:
    ones = np.ones((1, len(score)))
    return float(roc_auc(ScoreOrder(score), event.astype(np.float64), ones)[0])


def check_history(metrics: pd.DataFrame, history: pd.DataFrame, margin: float) -> None:
    """Check that no model is implausibly better than the same kind was in earlier runs.

    Compared is the validation log loss over that of ``prior`` in the same run, which takes out
    how predictable the snapshot is.

    Parameters
    ----------
    metrics : DataFrame
        model_name, split, metric and value of this run.
    history : DataFrame
        run_id and the same columns of earlier runs with the same horizon.
    margin : float
        Fall of that ratio against the best earlier run, as a share of it, that raises the alarm.

    Raises
    ------
    LeakageError
        Naming the model and both figures.
    """
    now = _loss_over_prior(metrics.assign(run_id="")).min()
    best = _loss_over_prior(history).min()
    for name in map(str, now.index):
        ratio = now[name]
        if ratio < (1 - margin) * best.get(name, np.nan):
            raise LeakageError(
                f"{name} is implausibly good: its validation log loss is {ratio:.2f} of that of "
                f"the prior, in earlier runs it was never below {best[name]:.2f}",
                "Look for a new feature that knows the outcome and exclude it with "
                f"`excluded_features`, or {SWITCH_OFF} once if the gain is real",
            )


def _loss_over_prior(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return validation log loss over that of the prior, by run and model; NaN where unknown."""
    judged = metrics[(metrics["split"] == "validation") & (metrics["metric"] == "log_loss")]
    losses = judged.pivot_table(index="run_id", columns="model_name", values="value")
    prior = losses.pop("prior") if "prior" in losses else np.nan
    return losses.div(prior, axis=0)
