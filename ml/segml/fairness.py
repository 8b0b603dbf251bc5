"""How well a model serves each group of people, whether or not it knows the group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segml.bootstrap import measure
from segml.metrics import ScoreOrder, expected_calibration_error, ratio, roc_auc, weighted_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from segml.bootstrap import Metrics
    from segml.dataset import Examples, Predictions
    from segml.settings import Settings

    Array = NDArray[np.float64]

SELECTED_SHARE = 0.2
UNKNOWN_GROUP = "unknown"
SMALL_GROUPS = "small groups"


def fairness_of_models(
    predictions: Mapping[str, Predictions],
    outcomes: Examples,
    groups: pd.DataFrame,
    *,
    split: str,
    minimum_customers: int,
    settings: Settings,
) -> pd.DataFrame:
    """Measure several models on each group, as rows of ``ml.fairness_metrics``.

    Parameters
    ----------
    predictions : mapping of str to Predictions
        Of the outcomes, by name of the model.
    split : str
        What the outcomes are.
    """
    snapshot_date = outcomes.snapshot_date.max().astype(object)
    tables = [
        fairness_metrics(
            predicted,
            outcomes,
            groups,
            minimum_customers=minimum_customers,
            resamples=settings.bootstrap_samples,
            seed=settings.seed,
        ).assign(model_name=name, split=split, snapshot_date=snapshot_date)
        for name, predicted in predictions.items()
    ]
    return pd.concat(tables)


def fairness_metrics(
    predictions: Predictions,
    outcomes: Examples,
    groups: pd.DataFrame,
    *,
    minimum_customers: int,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """Measure a model on each group: of value tiers, how well it finds buyers; else, the classes.

    Selected are the customers in the top ``SELECTED_SHARE`` of the whole shop by purchase
    probability. The true-positive rate is the share of a group's buyers among them (equality of
    opportunity, Hardt et al. 2016). Of classes without an order, accuracy and log loss tell how
    well a group is served, and ``class_share_gap`` how far its predicted and observed shares of
    the classes are apart (half the sum of the absolute differences: 0 is none, 1 is all).

    Parameters
    ----------
    groups : DataFrame, shape (n, dimensions)
        One column per dimension, such as gender, in the order of the outcomes; ``None`` is
        unknown.
    minimum_customers : int
        Groups with fewer customers are shown together; a dimension of one group is left out.

    Returns
    -------
    DataFrame
        dimension, group_name, metric (customer_count; of value tiers base_rate_purchase,
        mean_probability_purchase, roc_auc_purchase, ece_purchase, selection_rate,
        true_positive_rate; of other classes accuracy, log_loss, class_share_gap), value, ci_low,
        ci_high.
    """
    judge: _GroupJudge | _ClassJudge = (
        _GroupJudge(predictions, outcomes)
        if outcomes.has_value_tiers
        else _ClassJudge(predictions, outcomes)
    )
    tables = []
    for dimension in map(str, groups):
        names = merge_small_groups(groups[dimension], minimum_customers)
        distinct = np.unique(names)
        for name in distinct if len(distinct) > 1 else ():
            rows = np.flatnonzero(names == name)
            measured = measure(
                judge.metrics_of(rows), outcomes.customer_key[rows], resamples=resamples, seed=seed
            )
            table = measured.table()
            size = pd.DataFrame({"metric": ["customer_count"], "value": [float(len(rows))]})
            table = pd.concat([size, table], ignore_index=True)
            tables.append(table.assign(dimension=dimension, group_name=name))
    columns = ["dimension", "group_name", "metric", "value", "ci_low", "ci_high"]
    return (
        pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)
    )


def merge_small_groups(values: pd.Series, minimum_customers: int) -> NDArray[np.str_]:
    """Return the group of each row, small groups merged so that none can be singled out.

    What is left over joins the smallest group that is large enough: were it merely hidden, the
    total less the other groups would give it away.
    """
    names = values.where(values.notna(), UNKNOWN_GROUP).astype(str)
    sizes = names.value_counts().sort_index().sort_values(kind="stable")
    small = list(sizes.index[sizes < minimum_customers])
    while small and sizes[small].sum() < minimum_customers and len(small) < len(sizes):
        small.append(sizes.index[len(small)])
    merged: NDArray[np.str_] = names.where(~names.isin(small), SMALL_GROUPS).to_numpy(dtype=str)
    return merged


class _GroupJudge:
    """Metrics of any subset of rows; who is selected is decided once, over all rows."""

    def __init__(self, predictions: Predictions, outcomes: Examples) -> None:
        self.score = predictions.purchase_probability
        self.bought = (outcomes.value_tier > 0).astype(np.float64)
        self.selected = selected_part(self.score, SELECTED_SHARE)

    def metrics_of(self, rows: NDArray[np.int_]) -> Metrics:
        """Return the metrics of these rows as a function of their weights."""
        score, bought, selected = self.score[rows], self.bought[rows], self.selected[rows]
        order = ScoreOrder(score)

        def metrics(weights: Array) -> dict[str, Array]:
            return {
                "base_rate_purchase": weighted_mean(bought, weights),
                "mean_probability_purchase": weighted_mean(score, weights),
                "roc_auc_purchase": roc_auc(order, bought, weights),
                "ece_purchase": expected_calibration_error(score, bought, weights),
                "selection_rate": weighted_mean(selected, weights),
                "true_positive_rate": ratio(weights @ (bought * selected), weights @ bought),
            }

        return metrics


class _ClassJudge:
    """Metrics of any subset of rows whose classes are no value tiers."""

    def __init__(self, predictions: Predictions, outcomes: Examples) -> None:
        label = outcomes.value_tier.astype(np.int_)
        self.probabilities = predictions.tier_probabilities
        self.observed = np.eye(len(outcomes.class_names))[label]
        self.is_right = (self.probabilities.argmax(axis=1) == label).astype(np.float64)
        self.loss = -np.log((self.probabilities * self.observed).sum(axis=1))

    def metrics_of(self, rows: NDArray[np.int_]) -> Metrics:
        """Return the metrics of these rows as a function of their weights."""
        excess = self.probabilities[rows] - self.observed[rows]

        def metrics(weights: Array) -> dict[str, Array]:
            gaps = np.abs(weights @ excess).sum(axis=1) / 2
            return {
                "accuracy": weighted_mean(self.is_right[rows], weights),
                "log_loss": weighted_mean(self.loss[rows], weights),
                "class_share_gap": ratio(gaps, weights.sum(axis=1)),
            }

        return metrics


def selected_part(score: Array, share: float) -> Array:
    """Return how much of each customer is in the top ``share``, 0 to 1, shape (n,).

    Customers tied at the edge are taken in proportion: the expectation over random orders.
    """
    order = ScoreOrder(score)
    ends = order.cumulative(np.ones((1, len(score))))[0]
    sizes = np.diff(ends)
    part: Array = np.clip((share * len(score) - ends[:-1]) / sizes, 0, 1)[order.step_of_row]
    return part
