"""Histogram gradient boosting with small trees, strongly regularised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline

from segml.dataset import Predictions, customer_fold, sample_customers
from segml.models.attribution import against_first
from segml.models.base import LogitContributions, complete_probabilities, mean_log_loss
from segml.models.preprocessing import model_frame, tree_preprocessor
from segml.models.revenue import ConditionalRevenue
from segml.models.search_space import Span, complete_parameters
from segml.models.storage import load_estimator, load_json, save_estimator, save_json
from segml.models.tree_shapley import tree_contributions

if TYPE_CHECKING:
    from pathlib import Path

    from segml.dataset import Examples
    from segml.models.search_space import Parameters, SearchSpace

INNER_FOLDS = 3
MAX_CHOICE_ROWS = 60_000  # customers are sampled above it: beyond, more rows ask for few more trees
MAX_ITERATIONS = 200
MIN_LEAF_ROWS = 20
DEFAULTS: Parameters = {
    "iterations": 0,
    "learning_rate": 0.05,
    "max_leaves": 4,
    "leaf_share": 0.01,
    "feature_share": 0.2,
    "ridge": 10.0,
}


class BoostingModel:
    """Boosted trees whose number is chosen by customer-grouped cross-validation.

    Parameters
    ----------
    parameters : mapping, optional
        ``iterations`` (trees per class; chosen where it is 0), ``learning_rate``, ``max_leaves``,
        ``leaf_share`` (smallest share of the rows that a leaf may speak for), ``feature_share`` (of
        the features, drawn anew for every split) and ``ridge``; what is absent keeps its strongly
        regularised default.
    """

    name = "boosting"
    search_space: ClassVar[SearchSpace] = {
        "learning_rate": Span(0.02, 0.2, log=True),
        "max_leaves": Span(2, 8, integer=True),  # explanations keep 2 ** (leaves - 1) answers
        "leaf_share": Span(0.002, 0.03, log=True),
        "feature_share": Span(0.05, 1.0),
        "ridge": Span(0.1, 100.0, log=True),
    }

    def __init__(self, *, seed: int, parameters: Parameters | None = None) -> None:
        self.seed = seed
        self.parameters = complete_parameters(parameters, self.search_space, DEFAULTS)

    def fit(self, train: Examples) -> Self:
        """Choose the number of trees on folds of customers, then learn from all examples."""
        frame = model_frame(train)
        preprocessor, is_category = tree_preprocessor(frame, train.schema)
        self.iterations_: int = self.parameters["iterations"] or self._choose_iterations(
            train, preprocessor, is_category
        )
        classifier = self._classifier(len(train), is_category, self.iterations_)
        self.pipeline_: Any = make_pipeline(preprocessor, classifier).fit(frame, train.value_tier)
        self.revenue_ = ConditionalRevenue().fit(train)
        return self

    def _classifier(self, rows: int, is_category: list[bool], iterations: int) -> Any:  # noqa: ANN401
        return HistGradientBoostingClassifier(
            learning_rate=self.parameters["learning_rate"],
            max_iter=iterations,
            max_leaf_nodes=self.parameters["max_leaves"],
            min_samples_leaf=max(MIN_LEAF_ROWS, int(self.parameters["leaf_share"] * rows)),
            l2_regularization=self.parameters["ridge"],
            max_features=self.parameters["feature_share"],
            categorical_features=is_category,
            early_stopping=False,
            random_state=self.seed,
        )

    def _choose_iterations(
        self,
        train: Examples,
        preprocessor: Any,  # noqa: ANN401
        is_category: list[bool],
    ) -> int:
        train = sample_customers(train, MAX_CHOICE_ROWS, f"{self.name}-choice:{self.seed}")
        frame, tier = model_frame(train), train.value_tier
        fold = customer_fold(train.customer_key, INNER_FOLDS, f"{self.name}:{self.seed}")
        losses = np.zeros(MAX_ITERATIONS)
        for number in np.unique(fold):
            inside, outside = fold != number, fold == number
            fitted = clone(preprocessor).fit(frame[inside])
            model = self._classifier(int(inside.sum()), is_category, MAX_ITERATIONS)
            model.fit(fitted.transform(frame[inside]), tier[inside])
            stages = model.staged_predict_proba(fitted.transform(frame[outside]))
            losses += outside.sum() * np.array(
                [
                    mean_log_loss(
                        complete_probabilities(stage, model.classes_, len(train.class_names)),
                        tier[outside],
                    )
                    for stage in stages
                ]
            )
        return int(losses.argmin()) + 1

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
        """Return exact Shapley values against the typical row."""
        preprocessor, classifier = self.pipeline_[0], self.pipeline_[-1]
        if len(classifier.classes_) < len(examples.class_names):
            return None
        scores = np.atleast_1d(self.pipeline_.decision_function(model_frame(typical))[0])
        by_class = tree_contributions(
            classifier,
            preprocessor.transform(model_frame(examples)),
            preprocessor.transform(model_frame(typical)),
        )
        used = [name for _, _, columns in preprocessor.transformers for name in columns]
        logits = len(examples.class_names) - 1
        contributions = np.zeros((len(examples), len(examples.schema.names), logits))
        positions = [examples.schema.names.index(name) for name in used]
        contributions[:, positions] = against_first(by_class).T
        return LogitContributions(contributions, against_first(scores))

    def save(self, folder: Path) -> None:
        """Write the fitted pipeline and the revenue part."""
        values = {
            "seed": self.seed,
            "parameters": self.parameters,
            "iterations": self.iterations_,
        }
        save_json(values, folder / "boosting.json")
        save_estimator(self.pipeline_, folder / "boosting.skops")
        self.revenue_.save(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote."""
        values = load_json(folder / "boosting.json")
        model = cls(seed=values["seed"], parameters=values["parameters"])
        model.iterations_ = values["iterations"]
        model.pipeline_ = load_estimator(folder / "boosting.skops")
        model.revenue_ = ConditionalRevenue.load(folder)
        return model
