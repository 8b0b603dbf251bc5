"""Why a customer scores as they do, against the typical customer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd
from scipy.special import expit, softmax

from segml.dataset import TIERS
from segml.models.attribution import with_total
from segml.models.base import AdditiveModel, LogitContributions, complete_probabilities
from segml.models.calibrator import calibrate_logits
from segml.shapley import shapley_contributions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from segml.dataset import Examples, Predictions
    from segml.models.base import TierModel
    from segml.models.calibrator import Calibrator

    Array = NDArray[np.float64]

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
SMALLEST_DISTANCE = 1e-4  # logits; below this the quotient loses more digits than the midpoint


class Served(Protocol):
    """A model behind its calibrator."""

    @property
    def model(self) -> TierModel: ...  # noqa: D102

    @property
    def calibrator(self) -> Calibrator: ...  # noqa: D102

    def predict(self, examples: Examples) -> Predictions: ...  # noqa: D102


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


def purchase_contributions(
    served: Served,
    examples: Examples,
    reference: Mapping[str, float | str | None],
    *,
    seed: int,
) -> Array:
    """Split the calibrated log-odds of purchase between the features of each customer.

    Models that can split their tier logits do so, in closed form; the others are walked through
    by ``shapley_contributions``.

    Returns
    -------
    array of float64, shape (n, p)
        In the order of ``examples.schema.names``. Rows sum to the log-odds of the customer
        minus those of the reference.
    """
    logits = None
    if isinstance(served.model, AdditiveModel) and len(examples):
        values = pd.DataFrame([reference], columns=list(examples.schema.names))
        typical = replace(examples.take(np.array([0])), features=values)
        logits = served.model.logit_contributions(examples, typical)
    if logits is None:
        return shapley_contributions(served, examples, reference, seed=seed)
    return _through_link(logits, served.calibrator)


def _through_link(logits: LogitContributions, calibrator: Calibrator) -> Array:
    """Turn contributions to tier logits into contributions to the log-odds of purchase.

    Purchase odds are exp(mid) + exp(high). Along the straight line from the reference to the
    customer the average weight of ``high`` has a closed form, so that the weighted contributions
    sum to the change of the log-odds (Aumann and Shapley 1974). What the probability floor adds
    is spread in proportion to the size of the contributions.
    """
    start, end = logits.reference, logits.reference + logits.contributions.sum(axis=1)
    total = _log_odds(end, calibrator) - _log_odds(start[None], calibrator)
    calibrated = calibrate_logits(logits, calibrator)
    start, end = calibrated.reference, calibrated.reference + calibrated.contributions.sum(axis=1)
    weight = _average_sigmoid(start[1] - start[0], end[:, 1] - end[:, 0])[:, None]
    mid, high = np.moveaxis(calibrated.contributions, 2, 0)
    return with_total((1 - weight) * mid + weight * high, total)


def _log_odds(logits: Array, calibrator: Calibrator) -> Array:
    scores = np.column_stack([np.zeros(len(logits)), logits])
    probabilities = complete_probabilities(softmax(scores, axis=1), range(len(TIERS)))
    low, mid, high = calibrator.transform(probabilities).T
    log_odds: Array = np.log(mid + high) - np.log(low)
    return log_odds


def _average_sigmoid(start: float, end: Array) -> Array:
    """Average 1 / (1 + exp(-x)) over x between ``start`` and ``end``."""
    distance = end - start
    is_far = np.abs(distance) > SMALLEST_DISTANCE
    rise = np.logaddexp(0, end) - np.logaddexp(0, start)
    average: Array = np.where(
        is_far, rise / np.where(is_far, distance, 1.0), expit((start + end) / 2)
    )
    return average


def explain(
    model: Served,
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
    contributions = purchase_contributions(model, examples, reference, seed=seed)
    strongest = np.argsort(-np.abs(contributions), axis=1, kind="stable")[:, :top]
    amounts = np.take_along_axis(contributions, strongest, axis=1)
    rows, ranks = np.nonzero(np.abs(amounts) > NEGLIGIBLE)
    columns, amounts = strongest[rows, ranks], amounts[rows, ranks]
    return pd.DataFrame(
        {
            "customer_key": examples.customer_key[rows],
            "rank": ranks + 1,
            "feature": np.array(examples.schema.names)[columns],
            "feature_value": _texts(examples, rows, columns),
            "contribution": amounts,
            "direction": np.where(amounts > 0, "raises", "lowers"),
        },
        columns=list(REASON_COLUMNS),
    )


def _texts(examples: Examples, rows: NDArray[np.int_], columns: NDArray[np.int_]) -> pd.Series:
    """Return the value of each named cell as text, ``None`` for unknown."""
    texts = np.full(len(rows), None, dtype=object)
    for column in np.unique(columns):
        chosen = columns == column
        values = examples.features[examples.schema.names[column]].to_numpy()
        texts[chosen] = [_as_text(value) for value in values[rows[chosen]]]
    return pd.Series(texts, dtype=object)


def _as_text(value: object) -> str | None:
    if pd.isna(value):  # type: ignore[call-overload]
        return None
    return f"{value:.6g}" if isinstance(value, float) else str(value)
