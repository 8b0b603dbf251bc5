"""Histogram gradient boosting with small trees, strongly regularised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from scipy.special import softmax
from sklearn.ensemble import HistGradientBoostingClassifier

from segml.dataset import Predictions, draw_customers, outcome_fold
from segml.models.attribution import against_first
from segml.models.base import PROBABILITY_FLOOR, LogitContributions, complete_probabilities
from segml.models.preprocessing import model_frame, tree_preprocessor
from segml.models.revenue import ConditionalRevenue
from segml.models.search_space import Span, complete_parameters
from segml.models.storage import load_estimator, load_json, save_estimator, save_json
from segml.models.tree_shapley import tree_contributions
from segml.threads import grow_side_by_side

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from segml.dataset import Examples
    from segml.models.search_space import Parameters, SearchSpace

    Array = NDArray[np.float64]

FOLDS = 4
MAX_ROWS = 200_000  # that a member learns from or is stopped by; beyond, each has its own sample
MAX_ITERATIONS = 400
PATIENCE = 15  # iterations that members go on for; an average bears trees that one would not
MIN_LEAF_ROWS = 20
DEFAULTS: Parameters = {
    "iterations": 0,
    "learning_rate": 0.03,
    "max_leaves": 4,
    "leaf_share": 0.01,
    "feature_share": 0.2,
    "ridge": 10.0,
}


class BoostingModel:
    """A committee of boosted trees, each stopped by customers that it has not learned from.

    Every member leaves out another fold of customers and grows until it no longer gets better
    there: a cross-validated committee (Parmanto, Munro and Doyle 1996, "Improving committee
    diagnosis with resampling techniques"). The answer is the mean of their logits, so that
    its reasons are the mean of theirs.

    Parameters
    ----------
    parameters : mapping, optional
        ``iterations`` (trees per class; above 0, one model has so many and learns from all rows),
        ``learning_rate``, ``max_leaves``, ``leaf_share`` (smallest share of the rows that a leaf
        may speak for), ``feature_share`` (of the features, drawn anew for every split) and
        ``ridge``; what is absent keeps its strongly regularised default.
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
        """Learn from all labelled examples; no member sees the customers that stop it."""
        frame = model_frame(train)
        preprocessor, is_category = tree_preprocessor(frame, train.schema)
        matrix = preprocessor.fit_transform(frame)
        self.preprocessor_: Any = preprocessor
        self.members_: list[Any] = self._grow(train, matrix, is_category)
        self.revenue_ = ConditionalRevenue().fit(train)
        return self

    def _grow(self, train: Examples, matrix: Array, is_category: list[bool]) -> list[Any]:
        tier, iterations = train.value_tier, self.parameters["iterations"]
        if iterations:
            whole = self._classifier(
                len(tier),
                is_category,
                max_iter=iterations,
                early_stopping=False,
                random_state=self.seed,
            )
            return [whole.fit(matrix, tier)]
        fold = outcome_fold(train, FOLDS, f"{self.name}:{self.seed}")

        def grow(number: int) -> Any:  # noqa: ANN401
            salt = f"{self.name}-sample:{FOLDS * self.seed + number}"
            drawn = draw_customers(train.customer_key, MAX_ROWS / len(tier), salt)
            inside = drawn & (fold != number)
            judges = drawn & (fold == number) & np.isin(tier, tier[inside])
            member = self._classifier(
                int(inside.sum()),
                is_category,
                max_iter=MAX_ITERATIONS,
                early_stopping=True,
                n_iter_no_change=PATIENCE,
                random_state=FOLDS * self.seed + number,
            )
            return member.fit(
                matrix[inside], tier[inside], X_val=matrix[judges], y_val=tier[judges]
            )

        members = grow_side_by_side(grow, [(number,) for number in range(FOLDS)])
        # who has not seen a class of few customers has no opinion on it
        most = max(len(member.classes_) for member in members)
        return [member for member in members if len(member.classes_) == most]

    def _classifier(self, rows: int, is_category: list[bool], **growth: int) -> Any:  # noqa: ANN401
        return HistGradientBoostingClassifier(
            learning_rate=self.parameters["learning_rate"],
            max_leaf_nodes=self.parameters["max_leaves"],
            min_samples_leaf=max(MIN_LEAF_ROWS, int(self.parameters["leaf_share"] * rows)),
            l2_regularization=self.parameters["ridge"],
            max_features=self.parameters["feature_share"],
            categorical_features=is_category,
            **growth,
        )

    def predict(self, examples: Examples) -> Predictions:
        """Return class probabilities and revenue given the class."""
        matrix = self.preprocessor_.transform(model_frame(examples))
        classes = len(examples.class_names)
        logs = np.mean(
            [_log_probabilities(member, matrix, classes) for member in self.members_], axis=0
        )
        return Predictions(
            complete_probabilities(softmax(logs, axis=1), range(classes), classes),
            self.revenue_.predict(examples),
        )

    def logit_contributions(
        self, examples: Examples, typical: Examples
    ) -> LogitContributions | None:
        """Return exact Shapley values against the typical row."""
        if any(len(member.classes_) < len(examples.class_names) for member in self.members_):
            return None
        shown, reference = (
            self.preprocessor_.transform(model_frame(rows)) for rows in (examples, typical)
        )
        scores: Array = np.mean(
            [np.atleast_1d(member.decision_function(reference)[0]) for member in self.members_],
            axis=0,
        )
        by_class: Array = np.mean(
            [tree_contributions(member, shown, reference) for member in self.members_], axis=0
        )
        used = [name for _, _, columns in self.preprocessor_.transformers for name in columns]
        logits = len(examples.class_names) - 1
        contributions = np.zeros((len(examples), len(examples.schema.names), logits))
        positions = [examples.schema.names.index(name) for name in used]
        contributions[:, positions] = against_first(by_class).T
        return LogitContributions(contributions, against_first(scores))

    def save(self, folder: Path) -> None:
        """Write the fitted committee and the revenue part."""
        values = {"seed": self.seed, "parameters": self.parameters}
        save_json(values, folder / "boosting.json")
        save_estimator([self.preprocessor_, *self.members_], folder / "boosting.skops")
        self.revenue_.save(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote."""
        values = load_json(folder / "boosting.json")
        model = cls(seed=values["seed"], parameters=values["parameters"])
        model.preprocessor_, *model.members_ = load_estimator(folder / "boosting.skops")
        model.revenue_ = ConditionalRevenue.load(folder)
        return model


def _log_probabilities(member: Any, matrix: Array, classes: int) -> Array:  # noqa: ANN401
    """Return the log probabilities of all classes, shape (n, classes), seen or not."""
    logs = np.full((len(matrix), classes), np.log(PROBABILITY_FLOOR))
    logs[:, member.classes_] = np.log(member.predict_proba(matrix))
    return logs
