"""Which rows choose a model, which judge it, and which may only train the final one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segml.dataset import customer_fold
from segml.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from numpy.typing import NDArray

    from segml.dataset import Examples

    Mask = NDArray[np.bool_]

MIN_OUTCOMES_PER_SIDE = 100  # buyers, and non-buyers, that an embargoed fit must hold
MAX_EARLIER = 3  # snapshots before the validation snapshot that models are judged on
MIN_CUSTOMERS_PER_OUTCOME = 10  # fewer leave a fold with one outcome only
MORE_HISTORY = "Load more history, or lower the dbt variable `horizon_days`"


@dataclass(frozen=True)
class SelectionFold:
    """Rows to fit on and rows to predict for choosing between models, both of shape (n,)."""

    fit: Mask
    validate: Mask


@dataclass(frozen=True)
class Splits:
    """Every use of the labelled rows; masks have shape (n,).

    Parameters
    ----------
    folds : tuple of SelectionFold
        Together they validate every row of the validation snapshot exactly once.
    scheme : str
        How the folds were made, in words for the report.
    validation : mask
        The snapshot that chooses between models.
    development : mask
        Train and validation snapshots: what the model that is tested learns from.
    test : mask
        The newest labelled snapshot; never chooses anything.
    labelled : mask
        All observed outcomes: what the served model learns from.
    earlier : tuple of SelectionFold
        Snapshots before the validation snapshot, newest first, to see whether a model was only
        lucky there: each is predicted from outcomes that ended before it, and they are a horizon
        apart. None where history is too short.
    is_settled : bool
        Whether the outcomes of all earlier snapshots end before the validation snapshot, so that
        they can tell whether a calibration outlasts its season.
    """

    folds: tuple[SelectionFold, ...]
    scheme: str
    validation: Mask
    development: Mask
    test: Mask
    labelled: Mask
    validation_date: np.datetime64
    test_date: np.datetime64
    earlier: tuple[SelectionFold, ...] = ()
    is_settled: bool = False

    @property
    def train(self) -> Mask:
        """Labelled rows of the train snapshots, shape (n,)."""
        return self.development & ~self.validation


def split_examples(
    examples: Examples,
    roles: Mapping[date, str],
    *,
    horizon_days: int,
    folds: int,
    seed: int,
) -> Splits:
    """Turn snapshot roles into rows.

    Snapshots 30 days apart with a horizon of 90 days overlap in their outcomes: a model fitted
    on the neighbour of the validation snapshot has seen part of its answers. Where history
    allows, the fit is embargoed (its outcomes end before the validation snapshot begins).
    Where it does not, customers are dealt into folds and each customer of the validation
    snapshot is predicted by a model that never saw that customer.

    Parameters
    ----------
    roles : mapping of date to str
        ``train``, ``validation``, ``embargo``, ``test`` or ``scoring`` of every snapshot.
    horizon_days : int
        Length of the outcome window in days.
    folds : int
        Number of customer folds where history is short.

    Raises
    ------
    TrainingError
        If there is no validation or test snapshot, or hardly any buyers or non-buyers.
    """
    row_role = _role_of_rows(examples, roles)
    by_role = {role: (row_role == role) & examples.observed for role in set(roles.values())}
    for role in ("train", "validation", "test"):
        if not by_role.get(role, np.zeros(1, dtype=bool)).any():
            raise TrainingError(
                f"History is too short: no labelled {role} snapshot (found "
                f"{len(roles)} snapshots with a horizon of {horizon_days} days)",
                MORE_HISTORY,
            )
    development = by_role["train"] | by_role["validation"]
    _require_both_outcomes(examples, by_role["train"])

    validation_date = examples.snapshot_date[by_role["validation"]].max()
    latest_known = validation_date - np.timedelta64(horizon_days, "D")
    embargoed = by_role["train"] & (examples.snapshot_date <= latest_known)
    if outcomes_per_side(examples, embargoed) >= MIN_OUTCOMES_PER_SIDE:
        selection: tuple[SelectionFold, ...] = (SelectionFold(embargoed, by_role["validation"]),)
        scheme = "embargoed: outcomes of the fit end before the validation snapshot"
    else:
        selection = _customer_folds(
            examples, by_role["train"], by_role["validation"], folds=folds, seed=seed
        )
        scheme = f"{folds} customer folds: history is too short for an embargoed fit"
    horizon = np.timedelta64(horizon_days, "D")
    settled = _earlier_origins(examples, by_role["train"], latest_known, horizon)
    return Splits(
        folds=selection,
        scheme=scheme,
        validation=by_role["validation"],
        development=development,
        test=by_role["test"],
        labelled=examples.observed & (row_role != "scoring"),
        validation_date=validation_date,
        test_date=examples.snapshot_date[by_role["test"]].max(),
        earlier=settled
        or _earlier_origins(examples, by_role["train"], validation_date, horizon)[:1],
        is_settled=bool(settled),
    )


def _earlier_origins(
    examples: Examples, train: Mask, latest: np.datetime64, horizon: np.timedelta64
) -> tuple[SelectionFold, ...]:
    """Return the newest train snapshots up to ``latest`` that can be predicted, embargoed."""
    origins: list[SelectionFold] = []
    for day in np.unique(examples.snapshot_date[train])[::-1]:
        judged = train & (examples.snapshot_date == day)
        fit = train & (examples.snapshot_date <= day - horizon)
        sides = (outcomes_per_side(examples, judged), outcomes_per_side(examples, fit))
        if day <= latest and min(sides) >= MIN_OUTCOMES_PER_SIDE and len(origins) < MAX_EARLIER:
            origins.append(SelectionFold(fit, judged))
            latest = day - horizon
    return tuple(origins)


def _role_of_rows(examples: Examples, roles: Mapping[date, str]) -> NDArray[np.str_]:
    days = examples.snapshot_date.astype("datetime64[D]")
    dates, positions = np.unique(days, return_inverse=True)
    known = {np.datetime64(day, "D"): role for day, role in roles.items()}
    unknown = [str(day) for day in dates if day not in known]
    if unknown:
        raise TrainingError(
            f"Snapshots without a role: {', '.join(unknown)}", "Rebuild the features with dbt"
        )
    return np.array([known[day] for day in dates], dtype=np.str_)[positions]


def _customer_folds(
    examples: Examples, train: Mask, validation: Mask, *, folds: int, seed: int
) -> tuple[SelectionFold, ...]:
    fold = customer_fold(examples.customer_key, folds, f"selection:{seed}")
    return tuple(
        SelectionFold(train & (fold != number), validation & (fold == number))
        for number in range(folds)
        if (validation & (fold == number)).any()
    )


def outcomes_per_side(examples: Examples, rows: Mask) -> int:
    """Return the number of buyers or of non-buyers, whichever is smaller."""
    buyers = int((examples.value_tier[rows] > 0).sum())
    return min(buyers, int(rows.sum()) - buyers)


def _require_both_outcomes(examples: Examples, train: Mask) -> None:
    bought = examples.value_tier > 0
    buyers, others = (
        len(np.unique(examples.customer_key[train & side])) for side in (bought, ~bought)
    )
    if min(buyers, others) < MIN_CUSTOMERS_PER_OUTCOME:
        raise TrainingError(
            f"Too few outcomes to learn from: on the train snapshots {buyers} customers bought "
            f"and {others} did not ({MIN_CUSTOMERS_PER_OUTCOME} of each are needed)",
            "Load more customers, or choose another dbt variable `horizon_days`",
        )
