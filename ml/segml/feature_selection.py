"""Which features candidates are shown: those that help, again and again, on unseen customers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.special import softmax
from sklearn.ensemble import HistGradientBoostingClassifier

from segml.dataset import FeatureSchema, customer_fold, draw_customers
from segml.models.base import complete_probabilities, mean_log_loss
from segml.models.preprocessing import informative_columns, model_frame, tree_preprocessor
from segml.models.tree_shuffling import shuffled_changes
from segml.recipe import Recipe
from segml.rolling import rolling_log_losses
from segml.splits import SelectionFold
from segml.threads import grow_side_by_side

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segml.dataset import Examples
    from segml.models.search_space import Parameters

SPLITS_IN_HALVES = 5  # each half judges the other: twice as many resamples
MIN_STABILITY = 0.8  # share of resamples in which a group must help
ALIKE_CORRELATION = 0.8  # of ranks, on average: such features are kept or dropped together
FEATURE_COLUMNS = ("feature", "selected", "importance", "stability", "reason")
# a hashed sample of customers above this; on few rows, what helps a little does not do so reliably
MAX_ROWS, MAX_JUDGED_ROWS = 100_000, 40_000
# must do without what is dropped; what is fixed spares them their inner folds
JUDGES: dict[str, Parameters] = {
    "logistic": {"strength": 0.003},
    "boosting": {"iterations": 120, "learning_rate": 0.05},
}
# small trees, weakly fitted: enough to see which groups matter
SCREEN = {
    "max_iter": 80,
    "learning_rate": 0.1,
    "max_leaf_nodes": 4,
    "min_samples_leaf": 20,
    "l2_regularization": 10.0,
    "max_features": 0.3,
    "early_stopping": False,
}


@dataclass(frozen=True)
class FeatureSelection:
    """The features that candidates learn from.

    Parameters
    ----------
    schema : FeatureSchema
        The selected features in the order of the mart.
    table : DataFrame
        feature, selected, importance (mean rise in log loss in nats when the feature's group is
        shuffled), stability (share of resamples in which it rises) and reason, in the order of
        the mart. Importance and stability are NaN where nothing was measured.
    summary : str
        What was decided, in one line.
    """

    schema: FeatureSchema
    table: pd.DataFrame
    summary: str


def select_features(
    examples: Examples,
    train: NDArray[np.bool_],
    folds: tuple[SelectionFold, ...],
    *,
    seed: int,
) -> FeatureSelection:
    """Drop what is constant, repeated or not reliably useful; keep all unless that is as good.

    Customers are split into complementary halves several times (as in Shah and Samworth 2013):
    small boosted trees learn from one half, and groups of correlated features are shuffled in
    the other. A group that helps in fewer than ``MIN_STABILITY`` of the resamples is dropped.
    Logistic regression and boosting are then compared with and without the dropped features on
    ``folds``; if their log loss is higher without, those features stay.

    Parameters
    ----------
    train : array of bool, shape (n,)
        Rows of the train snapshots: nothing else is looked at.
    folds : tuple of SelectionFold
        From ``rolling_folds``.
    """
    rows = examples.take(train & _sample(examples, train, MAX_ROWS))
    frame = model_frame(rows)
    reasons = _empty_or_repeated(frame, examples.schema)
    varied = _without(examples.schema, reasons)
    groups = _groups(frame, varied)
    rises = _rises(rows, varied, groups, seed=seed)
    importance, stability = rises.mean(axis=0), (rises > 0).mean(axis=0)
    measured = {
        name: (importance[position], stability[position], len(group))
        for position, group in enumerate(groups)
        for name in group
    }
    unstable = {name for name, values in measured.items() if values[1] < MIN_STABILITY}
    reduced = _without(varied, unstable)
    judged = _sample(examples, train, MAX_JUDGED_ROWS)
    folds = tuple(SelectionFold(fold.fit & judged, fold.validate & judged) for fold in folds)
    before, after = (_judge(examples, folds, schema, seed) for schema in (varied, reduced))
    helps = bool(reduced.names) and after <= before
    schema = reduced if helps else varied
    rows_of_table = []
    for name in examples.schema.names:
        mean, share, size = measured.get(name, (np.nan, np.nan, 0))
        reason = reasons.get(name) or _reason(share, size, name in schema.names)
        rows_of_table.append((name, name in schema.names, mean, share, reason))
    verdict = "fewer are enough" if helps else "the unstable ones stay"
    return FeatureSelection(
        schema,
        pd.DataFrame(rows_of_table, columns=list(FEATURE_COLUMNS)),
        f"{len(schema.names)} of {len(examples.schema.names)} features: log loss on rolling folds "
        f"{after:.4f} without {len(unstable)} unstable ones, {before:.4f} with them; {verdict}",
    )


def _sample(examples: Examples, train: NDArray[np.bool_], maximum_rows: int) -> NDArray[np.bool_]:
    """Mark the rows of so many customers that about ``maximum_rows`` are of train snapshots."""
    share = maximum_rows / max(1, int(train.sum()))
    return draw_customers(examples.customer_key, share, "feature selection")


def _empty_or_repeated(frame: pd.DataFrame, schema: FeatureSchema) -> dict[str, str]:
    """Return why a feature says nothing, or nothing that an earlier feature does not say."""
    varied = set(informative_columns(frame, schema.names))
    reasons = {name: "constant" for name in schema.names if name not in varied}
    first_with: dict[bytes, str] = {}
    for name in schema.names:
        if name in varied:
            values = pd.util.hash_pandas_object(frame[name], index=False).to_numpy().tobytes()
            original = first_with.setdefault(values, name)
            if original != name:
                reasons[name] = f"duplicate of {original}"
    return reasons


def _without(schema: FeatureSchema, dropped: dict[str, str] | set[str]) -> FeatureSchema:
    return FeatureSchema(
        tuple(name for name in schema.numeric if name not in dropped),
        tuple(name for name in schema.categorical if name not in dropped),
    )


def _groups(frame: pd.DataFrame, schema: FeatureSchema) -> list[list[str]]:
    """Put numbers with similar ranks together; a category stands alone."""
    names = list(schema.numeric)
    labels = np.arange(1, len(names) + 1)
    if len(names) > 1:
        ranks = frame[names].rank(pct=True).fillna(0.0)
        distance = 1 - np.abs(np.corrcoef(ranks.to_numpy(), rowvar=False))
        condensed = squareform(np.maximum(distance, 0.0), checks=False)
        labels = fcluster(linkage(condensed, "average"), 1 - ALIKE_CORRELATION, "distance")
    groups: dict[int, list[str]] = {}
    for name, label in zip(names, labels, strict=True):
        groups.setdefault(int(label), []).append(name)
    return [*groups.values(), *([name] for name in schema.categorical)]


def _rises(
    rows: Examples, schema: FeatureSchema, groups: list[list[str]], *, seed: int
) -> NDArray[np.float64]:
    """Return the rise in log loss when a group is shuffled, shape (resamples, groups)."""
    frame = model_frame(rows)
    preprocessor, is_category = tree_preprocessor(frame, schema)
    matrix = preprocessor.fit_transform(frame)
    columns = [name for _, _, names in preprocessor.transformers for name in names]
    positions = [[columns.index(name) for name in group] for group in groups]
    tier = rows.value_tier
    generator = np.random.default_rng(seed)
    halves = [
        customer_fold(rows.customer_key, 2, f"stability:{seed}:{number}")
        for number in range(SPLITS_IN_HALVES)
    ]
    resamples = [
        (seed + number, half == side, generator.permutation(int((half != side).sum())))
        for number, half in enumerate(halves)
        for side in (0, 1)
    ]

    def rise(random_state: int, inside: NDArray[np.bool_], order: NDArray[np.int_]) -> list[float]:
        screen = HistGradientBoostingClassifier(
            **SCREEN, categorical_features=is_category, random_state=random_state
        )
        screen.fit(matrix[inside], tier[inside])
        changes = shuffled_changes(screen, matrix[~inside], order, positions)
        scores = screen.decision_function(matrix[~inside]).reshape(len(order), -1).T
        loss = partial(_loss, screen.classes_, tier[~inside], len(rows.class_names))
        intact = loss(scores)
        return [loss(scores + change) - intact for change in changes]

    return np.array(grow_side_by_side(rise, resamples))


def _loss(
    seen: NDArray[np.int_], tier: NDArray[np.int8], classes: int, scores: NDArray[np.float64]
) -> float:
    """Return the log loss of raw scores, shape (seen classes, n), or (1, n) for two."""
    if len(scores) == 1:
        scores = np.vstack([np.zeros_like(scores), scores])
    probabilities = softmax(scores, axis=0).T
    return mean_log_loss(complete_probabilities(probabilities, seen, classes), tier)


def _judge(
    examples: Examples, folds: tuple[SelectionFold, ...], schema: FeatureSchema, seed: int
) -> float:
    """Return the mean log loss of the judges when they see only these features."""
    if not schema.names:
        return float("inf")
    recipes = [Recipe(name, seed, fixed, schema) for name, fixed in JUDGES.items()]
    return float(np.mean([[*rolling_log_losses(item, examples, folds)][-1] for item in recipes]))


def _reason(stability: float, group_size: int, selected: bool) -> str:
    together = f"; shuffled with {group_size - 1} alike" if group_size > 1 else ""
    if stability >= MIN_STABILITY:
        return f"helps in {stability:.0%} of resamples{together}"
    verdict = "kept: the others alone predict worse" if selected else "dropped"
    return f"helps in only {stability:.0%} of resamples{together}; {verdict}"
