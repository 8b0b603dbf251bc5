"""Weighted geometric mean of other models, each behind its calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from scipy.special import softmax

from segml.dataset import Predictions
from segml.models import build_model, model_class, needs_sequences
from segml.models.base import AdditiveModel, LogitContributions, complete_probabilities
from segml.models.calibrator import Calibrator, calibrate_logits
from segml.models.storage import load_json, save_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from segml.dataset import Examples
    from segml.models.base import TierModel
    from segml.models.search_space import Parameters, SearchSpace

    Array = NDArray[np.float64]

DEFAULT_MEMBERS = ("logistic", "forest")  # of a blend that nobody has weighed: both err differently


class EnsembleModel:
    """A logarithmic opinion pool (Genest and Zidek 1986): the weighted mean of class logits.

    In contrast to the mean of probabilities, its reasons are the weighted sum of those of its
    members. A training run weighs the members on the validation snapshot and builds the blend
    by ``of``; fitted by itself, a blend has the weights that it was given.

    Parameters
    ----------
    parameters : mapping, optional
        Weight of every member by name; without any, ``DEFAULT_MEMBERS`` count alike.
    """

    name = "ensemble"
    search_space: ClassVar[SearchSpace] = {}

    def __init__(self, *, seed: int, parameters: Parameters | None = None) -> None:
        self.seed = seed
        given = parameters or dict.fromkeys(DEFAULT_MEMBERS, 1.0)
        total = sum(map(float, given.values()))
        self.weights = {name: float(given[name]) / total for name in sorted(given)}
        self.calibrators = dict.fromkeys(self.weights, Calibrator())

    @classmethod
    def of(
        cls,
        members: Mapping[str, TierModel],
        weights: Mapping[str, float],
        calibrators: Mapping[str, Calibrator],
        *,
        seed: int,
    ) -> Self:
        """Blend fitted models; all three mappings have the same keys."""
        model = cls(seed=seed, parameters=weights)
        model.calibrators = dict(calibrators)
        model.members_ = dict(members)
        return model

    @property
    def needs_sequences(self) -> bool:
        """True if a member looks at the events of each customer."""
        return any(needs_sequences(name) for name in self.weights)

    def fit(self, train: Examples) -> Self:
        """Fit every member; weights and calibrations stay as they are."""
        self.members_: dict[str, TierModel] = {
            name: build_model(name, seed=self.seed).fit(train) for name in self.weights
        }
        return self

    def predict(self, examples: Examples) -> Predictions:
        """Return class probabilities, and the weighted mean of revenue given the class."""
        predictions = [
            self.calibrators[name].apply(self.members_[name].predict(examples))
            for name in self.weights
        ]
        return pool(predictions, np.tile(list(self.weights.values()), (len(examples), 1)))

    def logit_contributions(
        self, examples: Examples, typical: Examples
    ) -> LogitContributions | None:
        """Return the weighted sum of the members' contributions, if all members have any."""
        parts = []
        for name, weight in self.weights.items():
            member = self.members_[name]
            logits = (
                member.logit_contributions(examples, typical)
                if isinstance(member, AdditiveModel)
                else None
            )
            if logits is None:
                return None
            parts.append((weight, calibrate_logits(logits, self.calibrators[name])))
        # a member that looks at events has a last column more than the others
        columns = max(logits.contributions.shape[1] for _, logits in parts)
        classes = len(parts[0][1].reference)
        contributions = np.zeros((len(examples), columns, classes))
        reference = np.zeros(classes)
        for weight, logits in parts:
            contributions[:, : logits.contributions.shape[1]] += weight * logits.contributions
            reference += weight * logits.reference
        return LogitContributions(contributions, reference)

    def save(self, folder: Path) -> None:
        """Write the weights and calibrations, and every member into a folder of its name."""
        calibrators = {name: calibrator.as_dict() for name, calibrator in self.calibrators.items()}
        values = {"seed": self.seed, "weights": self.weights, "calibrators": calibrators}
        save_json(values, folder / "ensemble.json")
        for name, member in self.members_.items():
            (folder / name).mkdir()
            member.save(folder / name)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote."""
        values = load_json(folder / "ensemble.json")
        return cls.of(
            {name: model_class(name).load(folder / name) for name in values["weights"]},
            values["weights"],
            {name: Calibrator.from_dict(part) for name, part in values["calibrators"].items()},
            seed=values["seed"],
        )


def pool(predictions: list[Predictions], weights: Array) -> Predictions:
    """Blend the predictions of m members for n rows by weights (n, m) that sum to one."""
    logs = np.log([member.tier_probabilities for member in predictions])
    revenue = np.array([member.conditional_revenue for member in predictions])
    blended = softmax(np.einsum("nm,mnk->nk", weights, logs), axis=1)
    classes = blended.shape[1]
    return Predictions(
        complete_probabilities(blended, range(classes), classes),
        np.einsum("nm,mnk->nk", weights, revenue),
    )
