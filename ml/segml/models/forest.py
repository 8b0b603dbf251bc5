"""Random forest of small trees with large leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline

from segml.dataset import Predictions, outcome_fold, sample_customers
from segml.models.attribution import encoded_sources, through_logarithm
from segml.models.base import LogitContributions, complete_probabilities, mean_log_loss
from segml.models.forest_shapley import MAX_LEAVES, forest_contributions
from segml.models.preprocessing import dense_preprocessor, model_frame
from segml.models.revenue import ConditionalRevenue
from segml.models.search_space import Span, complete_parameters
from segml.models.storage import load_estimator, load_json, save_estimator, save_json

if TYPE_CHECKING:
    from pathlib import Path

    from segml.dataset import Examples
    from segml.models.search_space import Parameters, SearchSpace

LEAF_SHARES = (0.003, 0.01, 0.03)  # of the rows that a tree learns from
MIN_LEAF_ROWS = 5
INNER_FOLDS = 3
TREES, TRIAL_TREES = 100, 40  # the leaf size is told apart by fewer
MAX_ROWS_PER_TREE = 20_000
MAX_CHOICE_ROWS = 20_000  # the leaf size is a share: customers are sampled above it
DEFAULTS: Parameters = {"feature_share": 0.15}


class ForestModel:
    """Averaged trees whose leaf size is chosen by customer-grouped cross-validation.

    The rows that a tree leaves out would choose without further fits, but hold earlier and
    later snapshots of the customers that it has learned from.

    Parameters
    ----------
    parameters : mapping, optional
        ``leaf_share`` (smallest share of the rows of a tree that a leaf may speak for), where a
        tuner has chosen it, and ``feature_share`` (of the columns, drawn anew for every split).
    """

    name = "forest"
    search_space: ClassVar[SearchSpace] = {
        "leaf_share": Span(0.001, 0.1, log=True),
        "feature_share": Span(0.02, 0.6, log=True),
    }

    def __init__(self, *, seed: int, parameters: Parameters | None = None) -> None:
        self.seed = seed
        self.parameters = complete_parameters(parameters, self.search_space, DEFAULTS)

    def fit(self, train: Examples) -> Self:
        """Choose the leaf size on folds of customers, then learn from all labelled examples."""
        frame = model_frame(train)
        preprocessor = dense_preprocessor(frame, train.schema)
        tuned = self.parameters.get("leaf_share")
        self.leaf_share_: float = tuned or self._choose_leaf_share(train, preprocessor)
        forest = self._forest(TREES, self.leaf_share_, len(frame))
        self.pipeline_: Any = make_pipeline(preprocessor, forest).fit(frame, train.value_tier)
        self.revenue_ = ConditionalRevenue().fit(train)
        return self

    def _forest(self, trees: int, leaf_share: float, rows: int) -> Any:  # noqa: ANN401
        # one thread: several add up the trees in a different order every time, and scikit-learn's
        # trip over each other's warning filters
        rows_per_tree = min(rows, MAX_ROWS_PER_TREE)
        return RandomForestClassifier(
            n_estimators=trees,
            max_leaf_nodes=MAX_LEAVES,
            min_samples_leaf=max(MIN_LEAF_ROWS, int(leaf_share * rows_per_tree)),
            max_features=self.parameters["feature_share"],
            max_samples=rows_per_tree,
            random_state=self.seed,
        )

    def _choose_leaf_share(self, train: Examples, preprocessor: Any) -> float:  # noqa: ANN401
        train = sample_customers(train, MAX_CHOICE_ROWS, f"{self.name}-choice:{self.seed}")
        frame, tier = model_frame(train), train.value_tier
        fold = outcome_fold(train, INNER_FOLDS, f"{self.name}:{self.seed}")
        losses = np.zeros(len(LEAF_SHARES))
        for number in np.unique(fold):
            inside, outside = fold != number, fold == number
            fitted = clone(preprocessor).fit(frame[inside])
            matrix, unseen = fitted.transform(frame[inside]), fitted.transform(frame[outside])
            for position, share in enumerate(LEAF_SHARES):
                forest = self._forest(TRIAL_TREES, share, len(matrix)).fit(matrix, tier[inside])
                predicted = complete_probabilities(
                    forest.predict_proba(unseen), forest.classes_, len(train.class_names)
                )
                losses[position] += outside.sum() * mean_log_loss(predicted, tier[outside])
        return LEAF_SHARES[int(losses.argmin())]

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
        """Return exact Shapley values of the probabilities, carried over to their logarithms."""
        preprocessor, forest = self.pipeline_[0], self.pipeline_[-1]
        if len(forest.classes_) < len(examples.class_names):
            return None
        matrix, reference = (
            preprocessor.transform(model_frame(rows)) for rows in (examples, typical)
        )
        names = examples.schema.names
        features = np.array([names.index(name) for name in encoded_sources(preprocessor)])
        shares = forest_contributions(forest, matrix, reference, features, len(names))
        start, end = forest.predict_proba(reference), forest.predict_proba(matrix)
        logs, log_start = through_logarithm(shares, start[0], end)
        return LogitContributions(logs[..., 1:] - logs[..., :1], log_start[1:] - log_start[0])

    def save(self, folder: Path) -> None:
        """Write the fitted pipeline and the revenue part."""
        values = {"seed": self.seed, "parameters": self.parameters, "leaf_share": self.leaf_share_}
        save_json(values, folder / "forest.json")
        save_estimator(self.pipeline_, folder / "forest.skops")
        self.revenue_.save(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote."""
        values = load_json(folder / "forest.json")
        model = cls(seed=values["seed"], parameters=values["parameters"])
        model.leaf_share_ = values["leaf_share"]
        model.pipeline_ = load_estimator(folder / "forest.skops")
        model.revenue_ = ConditionalRevenue.load(folder)
        return model
