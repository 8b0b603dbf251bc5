"""Why a customer scores as they do, against the typical customer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pandas as pd

from segml.event_odds import through_link
from segml.models.base import AdditiveModel
from segml.sequences import RECENT_EVENTS
from segml.shapley import shapley_contributions
from segml.wording import feature_sentences

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    "reason_text",
)
MAJORITY = 0.5
NEGLIGIBLE = 1e-6  # log-odds; below this it is rounding


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


def contributions_to_prediction(
    served: Served,
    examples: Examples,
    reference: Mapping[str, float | str | None],
    *,
    seed: int,
) -> Array:
    """Split the log-odds that an explanation is about between the features, shape (n, p).

    Of value tiers, that is a purchase; of other classes, the class that is predicted for the
    customer against the rest.
    """
    if examples.has_value_tiers:
        return purchase_contributions(served, examples, reference, seed=seed)
    predicted = served.predict(examples).tier_probabilities.argmax(axis=1)
    contributions = np.zeros((len(examples), len(examples.schema.names)))
    for label in np.unique(predicted):
        rows = np.flatnonzero(predicted == label)
        contributions[rows] = event_contributions(
            served, examples.take(rows), reference, event=(int(label),), seed=seed
        )
    return contributions


def purchase_contributions(
    served: Served,
    examples: Examples,
    reference: Mapping[str, float | str | None],
    *,
    seed: int,
) -> Array:
    """Split the calibrated log-odds of purchase, that is of every class but the first."""
    event = tuple(range(1, len(examples.class_names)))
    return event_contributions(served, examples, reference, event=event, seed=seed)


def event_contributions(
    served: Served,
    examples: Examples,
    reference: Mapping[str, float | str | None],
    *,
    event: Sequence[int],
    seed: int,
) -> Array:
    """Split the calibrated log-odds of an event between the features of each customer.

    Models that can split their class logits do so, in closed form; the others are walked through
    by ``shapley_contributions``.

    Parameters
    ----------
    event : sequence of int
        The classes that make up the event.

    Returns
    -------
    array of float64, shape (n, p) or (n, p + 1)
        In the order of ``examples.schema.names``, then what is due to the events if the model
        looks at them. Rows sum to the log-odds of the customer minus those of the reference,
        of whom no events are known.
    """
    logits = None
    if isinstance(served.model, AdditiveModel) and len(examples):
        values = pd.DataFrame([reference], columns=list(examples.schema.names))
        typical = replace(examples.take(np.array([0])), features=values, sequences=None)
        logits = served.model.logit_contributions(examples, typical)
    if logits is None:
        return shapley_contributions(served, examples, reference, event=event, seed=seed)
    return through_link(logits, served.calibrator, list(event))


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
        unknown), contribution (log-odds of purchase, or of the predicted class where the classes
        are not value tiers), direction (``raises`` or ``lowers``), reason_text (the value in
        words, beside the typical one).
    """
    contributions = contributions_to_prediction(model, examples, reference, seed=seed)
    reasons = examples.reasons.iloc[:, : contributions.shape[1]]
    strongest = np.argsort(-np.abs(contributions), axis=1, kind="stable")[:, :top]
    amounts = np.take_along_axis(contributions, strongest, axis=1)
    rows, ranks = np.nonzero(np.abs(amounts) > NEGLIGIBLE)
    columns, amounts = strongest[rows, ranks], amounts[rows, ranks]
    return pd.DataFrame(
        {
            "customer_key": examples.customer_key[rows],
            "rank": ranks + 1,
            "feature": np.array(reasons.columns, dtype=object)[columns],
            "feature_value": _texts(reasons, rows, columns),
            "contribution": amounts,
            "direction": np.where(amounts > 0, "raises", "lowers"),
            "reason_text": feature_sentences(
                reasons, rows, columns, {RECENT_EVENTS: None, **reference}
            ),
        },
        columns=list(REASON_COLUMNS),
    )


def _texts(reasons: pd.DataFrame, rows: NDArray[np.int_], columns: NDArray[np.int_]) -> pd.Series:
    """Return the value of each named cell as text, ``None`` for unknown."""
    texts = np.full(len(rows), None, dtype=object)
    for column in np.unique(columns):
        chosen = np.flatnonzero(columns == column)
        values = reasons.iloc[:, column].to_numpy()[rows[chosen]]
        codes, distinct = pd.factorize(values)
        written = np.array([*map(_as_text, distinct), None], dtype=object)
        texts[chosen] = written[codes]  # the code of an unknown value is -1
    return pd.Series(texts, dtype=object)


def _as_text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
