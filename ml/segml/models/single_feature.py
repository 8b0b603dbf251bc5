"""Baseline of one rule: the single feature that tells the classes apart best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.tree import DecisionTreeClassifier

from segml.dataset import Predictions, customer_fold
from segml.errors import TrainingError
from segml.models.base import (
    LogitContributions,
    complete_probabilities,
    contributions_of_one,
    mean_log_loss,
)
from segml.models.preprocessing import informative_columns, model_frame
from segml.models.prior import PriorModel
from segml.models.storage import load_json, save_json

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from segml.dataset import Examples

INNER_FOLDS = 5
MIN_LEAF_ROWS = 5
PRIOR_WEIGHT_CUSTOMERS = 3.0  # a cell this small counts half itself, half the average customer
ELSEWHERE = "elsewhere"  # the row for cells that training never saw


class SingleFeatureModel:
    """Class shares per interval of one number, or per category, shrunk toward those of all.

    A number has at most as many intervals as there are classes. Of all features the one is taken
    whose rule has the lowest cross-validated log loss.
    """

    name = "single_feature"

    def __init__(self, *, seed: int) -> None:
        self.seed = seed

    def fit(self, train: Examples) -> Self:
        """Choose the feature on folds of customers, then learn its rule from all of them.

        Raises
        ------
        TrainingError
            When no feature varies.
        """
        losses = {
            feature: mean_log_loss(probabilities, train.value_tier)
            for feature, probabilities in cross_fitted_rules(train, seed=self.seed).items()
        }
        if not losses:
            raise TrainingError(
                "No feature has two different values", "Load more columns of the customers"
            )
        self.feature_ = min(losses, key=losses.__getitem__)
        self.rule_ = _fit_rule(train, self.feature_)
        self.revenue_ = PriorModel(seed=self.seed).fit(train).revenue_
        return self

    def predict(self, examples: Examples) -> Predictions:
        """Look up the cell of every example."""
        probabilities = _apply_rule(self.rule_, examples, self.feature_)
        return Predictions(probabilities, np.tile(self.revenue_, (len(examples), 1)))

    def logit_contributions(self, examples: Examples, typical: Examples) -> LogitContributions:
        """Return all that the one feature changes."""
        return contributions_of_one(self, self.feature_, examples, typical)

    def save(self, folder: Path) -> None:
        """Write the rule as JSON."""
        values = {"seed": self.seed, "feature": self.feature_, "rule": self.rule_}
        save_json(values | {"revenue": self.revenue_}, folder / "single_feature.json")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote."""
        values = load_json(folder / "single_feature.json")
        model = cls(seed=values["seed"])
        model.feature_, model.rule_ = values["feature"], values["rule"]
        model.revenue_ = values["revenue"]
        return model


def cross_fitted_rules(examples: Examples, *, seed: int) -> dict[str, NDArray[np.float64]]:
    """Predict each customer by the rule of every feature, learned from other customers.

    Returns
    -------
    dict of str to array of float64, shape (n, k)
        Class probabilities by the name of the feature; features without variation are left out.
    """
    fold = customer_fold(examples.customer_key, INNER_FOLDS, f"single_feature:{seed}")
    crossed = {}
    for feature in informative_columns(model_frame(examples), examples.schema.names):
        probabilities = np.empty((len(examples), len(examples.class_names)))
        for number in np.unique(fold):
            rule = _fit_rule(examples.take(fold != number), feature)
            outside = fold == number
            probabilities[outside] = _apply_rule(rule, examples.take(outside), feature)
        crossed[feature] = probabilities
    return crossed


def _fit_rule(train: Examples, feature: str) -> dict[str, Any]:
    """Return the edges of a number and the class shares of each cell, ready for JSON."""
    values, tier = model_frame(train)[feature], train.value_tier.astype(np.int_)
    classes = len(train.class_names)
    edges: list[float] = []
    if feature in train.schema.numeric:
        known = values.notna().to_numpy()
        edges = _edges(values[known].to_numpy(), tier[known], classes)
    cells = _cells(values, edges, is_numeric=feature in train.schema.numeric)
    shares = np.bincount(tier, minlength=classes) / len(tier)
    table = {ELSEWHERE: shares.tolist()}
    for cell in np.unique(cells):
        counts = np.bincount(tier[cells == cell], minlength=classes)
        smoothed = counts + PRIOR_WEIGHT_CUSTOMERS * shares
        table[str(cell)] = (smoothed / smoothed.sum()).tolist()
    return {"edges": edges, "shares": table}


def _edges(values: NDArray[np.float64], tier: NDArray[np.int_], classes: int) -> list[float]:
    """Cut where a small tree cuts."""
    if len(values) < 2 * MIN_LEAF_ROWS:
        return []
    tree = DecisionTreeClassifier(
        max_leaf_nodes=max(2, classes), min_samples_leaf=MIN_LEAF_ROWS, random_state=0
    ).fit(values[:, None], tier)
    thresholds = tree.tree_.threshold[tree.tree_.feature >= 0]
    return sorted(float(edge) for edge in thresholds)


def _cells(values: pd.Series, edges: list[float], *, is_numeric: bool) -> NDArray[np.str_]:
    if not is_numeric:
        return values.to_numpy(dtype=str)
    numbers = values.to_numpy(dtype=np.float64)
    # a tree sends a value on the edge to the left; NaN lies right of every edge
    cells = np.searchsorted(edges, numbers, side="left")
    return np.where(np.isnan(numbers), -1, cells).astype(str)


def _apply_rule(rule: dict[str, Any], examples: Examples, feature: str) -> NDArray[np.float64]:
    values = model_frame(examples)[feature]
    cells = _cells(values, rule["edges"], is_numeric=feature in examples.schema.numeric)
    table = rule["shares"]
    classes = len(table[ELSEWHERE])
    shares = [table.get(cell, table[ELSEWHERE]) for cell in cells]
    return complete_probabilities(np.array(shares).reshape(-1, classes), range(classes), classes)
