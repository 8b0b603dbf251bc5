"""Multinomial logistic regression on log-like features, strongly regularised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from segml.dataset import Predictions, customer_fold, sample_customers
from segml.models.attribution import against_first, encoded_sources, sum_by_feature
from segml.models.base import LogitContributions, complete_probabilities, mean_log_loss
from segml.models.preprocessing import dense_preprocessor, model_frame
from segml.models.revenue import ConditionalRevenue
from segml.models.search_space import Span, complete_parameters
from segml.models.storage import load_estimator, load_json, save_estimator, save_json

if TYPE_CHECKING:
    from pathlib import Path

    from segml.dataset import Examples
    from segml.models.search_space import Parameters, SearchSpace

STRENGTHS = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1)  # inverse penalties, strongest first
INNER_FOLDS = 3
MAX_CHOICE_ROWS = 20_000  # customers are sampled above it: a prior does not depend on their number


class LogisticModel:
    """Logistic regression whose penalty is chosen by customer-grouped cross-validation.

    Parameters
    ----------
    parameters : mapping, optional
        ``strength``, the inverse penalty, where a tuner has chosen it.
    """

    name = "logistic"
    search_space: ClassVar[SearchSpace] = {"strength": Span(1e-4, 1.0, log=True)}

    def __init__(self, *, seed: int, parameters: Parameters | None = None) -> None:
        self.seed = seed
        self.parameters = complete_parameters(parameters, self.search_space, {})

    def fit(self, train: Examples) -> Self:
        """Choose the penalty on folds of customers unless it is given, then learn from all."""
        frame = model_frame(train)
        preprocessor = dense_preprocessor(frame, train.schema)
        tuned = self.parameters.get("strength")
        self.strength_: float = tuned or self._choose_strength(train, preprocessor)
        self.pipeline_: Any = make_pipeline(preprocessor, _classifier(self.strength_)).fit(
            frame, train.value_tier
        )
        self.revenue_ = ConditionalRevenue().fit(train)
        return self

    def _choose_strength(self, train: Examples, preprocessor: Any) -> float:  # noqa: ANN401
        train = sample_customers(train, MAX_CHOICE_ROWS, f"{self.name}-choice:{self.seed}")
        frame, tier = model_frame(train), train.value_tier
        fold = customer_fold(train.customer_key, INNER_FOLDS, f"{self.name}:{self.seed}")
        losses = np.zeros(len(STRENGTHS))
        for number in np.unique(fold):
            inside, outside = fold != number, fold == number
            fitted = clone(preprocessor).fit(frame[inside])
            matrix, unseen = fitted.transform(frame[inside]), fitted.transform(frame[outside])
            for position, strength in enumerate(STRENGTHS):
                model = _classifier(strength).fit(matrix, tier[inside])
                predicted = complete_probabilities(
                    model.predict_proba(unseen), model.classes_, len(train.class_names)
                )
                losses[position] += outside.sum() * mean_log_loss(predicted, tier[outside])
        return STRENGTHS[int(losses.argmin())]

    def predict(self, examples: Examples) -> Predictions:
        """Return class probabilities and revenue given the class."""
        probabilities = self.pipeline_.predict_proba(model_frame(examples))
        return Predictions(
            complete_probabilities(
                probabilities, self.pipeline_.classes_, len(examples.class_names)
            ),
            self.revenue_.predict(examples),
        )

    def logit_contributions(
        self, examples: Examples, typical: Examples
    ) -> LogitContributions | None:
        """Multiply coefficients by the distance from the typical row."""
        preprocessor, classifier = self.pipeline_[0], self.pipeline_[-1]
        if len(classifier.classes_) < len(examples.class_names):
            return None
        scores = np.atleast_1d(self.pipeline_.decision_function(model_frame(typical))[0])
        change = preprocessor.transform(model_frame(examples)) - preprocessor.transform(
            model_frame(typical)
        )
        sources = encoded_sources(preprocessor)
        contributions = [
            sum_by_feature(change * coefficients, sources, examples.schema.names)
            for coefficients in against_first(classifier.coef_)
        ]
        return LogitContributions(np.stack(contributions, axis=-1), against_first(scores))

    def save(self, folder: Path) -> None:
        """Write the fitted pipeline and the revenue part."""
        values = {"seed": self.seed, "parameters": self.parameters, "strength": self.strength_}
        save_json(values, folder / "logistic.json")
        save_estimator(self.pipeline_, folder / "logistic.skops")
        self.revenue_.save(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote."""
        values = load_json(folder / "logistic.json")
        model = cls(seed=values["seed"], parameters=values["parameters"])
        model.strength_ = values["strength"]
        model.pipeline_ = load_estimator(folder / "logistic.skops")
        model.revenue_ = ConditionalRevenue.load(folder)
        return model


def _classifier(strength: float) -> Any:  # noqa: ANN401
    return LogisticRegression(C=strength, solver="newton-cholesky", max_iter=200)
