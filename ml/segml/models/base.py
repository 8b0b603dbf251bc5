"""The one protocol behind every tier model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

import numpy as np

from segml.dataset import TIERS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from segml.dataset import Examples, Predictions

# keeps log loss and log-odds finite where a model has never seen an outcome
PROBABILITY_FLOOR = 1e-5


class TierModel(Protocol):
    """A model of value tier and revenue in the horizon.

    ``fit`` sees labelled examples only. A model that needs a hold-out for early stopping takes
    it from ``train`` by customer, never from the validation snapshot: that one chooses between
    models and must stay unseen.
    """

    name: str

    def fit(self, train: Examples) -> Self:
        """Learn from labelled examples and return self."""

    def predict(self, examples: Examples) -> Predictions:
        """Return class probabilities (n, k) and revenue given the class (n, k - 1)."""

    def save(self, folder: Path) -> None:
        """Write the fitted model into an existing empty folder in safe formats only."""

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote; never unpickles."""


@dataclass(frozen=True)
class LogitContributions:
    """How each feature moves the tiers of a customer away from those of a reference row.

    Parameters
    ----------
    contributions : array of float64, shape (n, p, k - 1)
        Additive shares, in nats and in the order of ``schema.names``, of the logits: log P(class)
        / P(first class) of every other class. Zero where the customer has the value of the
        reference. A model that looks at events adds a last column with their share.
    reference : array of float64, shape (k - 1,)
        The logits of the reference row, before ``PROBABILITY_FLOOR``.
    """

    contributions: NDArray[np.float64]
    reference: NDArray[np.float64]


@runtime_checkable
class AdditiveModel(Protocol):
    """A tier model that can split its own logits between the features."""

    def logit_contributions(
        self, examples: Examples, typical: Examples
    ) -> LogitContributions | None:
        """Compare every example with the one row of ``typical``.

        ``None`` when training never saw one of the classes: then its logit does not exist.
        """


def complete_probabilities(
    probabilities: NDArray[np.float64],
    classes: Sequence[int] | NDArray[np.int_],
    class_count: int = len(TIERS),
) -> NDArray[np.float64]:
    """Spread the columns of the seen classes over all classes, floored and summing to one.

    Parameters
    ----------
    probabilities : array, shape (n, len(classes))
    classes : sequence of int
        Index into ``class_names`` of each column.
    class_count : int
        Number k of classes, seen or not.

    Returns
    -------
    array of float64, shape (n, k)
    """
    complete = np.zeros((len(probabilities), class_count))
    complete[:, np.asarray(classes, dtype=np.int_)] = probabilities
    complete = np.maximum(complete, PROBABILITY_FLOOR)
    normalised: NDArray[np.float64] = complete / complete.sum(axis=1, keepdims=True)
    return normalised


def class_logits(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log P(class) / P(first class) of every class but the first, shape (n, k - 1)."""
    logs = np.log(probabilities)
    logits: NDArray[np.float64] = logs[:, 1:] - logs[:, :1]
    return logits


def contributions_of_one(
    model: TierModel, feature: str, examples: Examples, typical: Examples
) -> LogitContributions:
    """Return the contributions to a model that looks at one feature only: all that it changes.

    Where the feature is hidden from reasons, nothing that may be shown moves.
    """
    reference = class_logits(model.predict(typical).tier_probabilities)[0]
    change = class_logits(model.predict(examples).tier_probabilities) - reference
    contributions = np.zeros((len(examples), len(examples.schema.names), len(reference)))
    if feature in examples.schema.names:
        contributions[:, examples.schema.names.index(feature)] = change
    return LogitContributions(contributions, reference)


def mean_log_loss(probabilities: NDArray[np.float64], value_tier: NDArray[np.int8]) -> float:
    """Return the mean negative log-likelihood of the observed classes, in nats."""
    observed = np.take_along_axis(probabilities, value_tier[:, None].astype(np.int_), axis=1)
    return float(-np.log(observed).mean())
