"""How to build a model: its name, what was tuned, and what it is shown."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from segml.models import build_model
from segml.threads import threads_for

if TYPE_CHECKING:
    from segml.dataset import Examples, FeatureSchema
    from segml.models.base import TierModel
    from segml.models.search_space import Parameters


@dataclass(frozen=True)
class Recipe:
    """Everything but the rows that a fit depends on.

    Parameters
    ----------
    parameters : mapping
        Tuned values; what is absent keeps the model's default.
    schema : FeatureSchema, optional
        The features the model learns from; all of them by default. It predicts from examples
        with the full schema and picks its own.
    """

    name: str
    seed: int
    parameters: Parameters = field(default_factory=dict)
    schema: FeatureSchema | None = None

    def fit(self, train: Examples) -> TierModel:
        """Return a model that has learned from labelled examples."""
        shown = replace(train, schema=self.schema or train.schema)
        model = build_model(self.name, seed=self.seed, parameters=self.parameters)
        with threads_for(len(train)):
            return model.fit(shown)
