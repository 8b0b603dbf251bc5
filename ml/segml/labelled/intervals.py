"""Exact confidence intervals of shares, where a small sample has no error to resample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from scipy.stats import binomtest

if TYPE_CHECKING:
    from segml.dataset import Examples

ACCURACY, RECALL = "accuracy", "recall_"


def with_exact_shares(metrics: pd.DataFrame, judged: dict[str, Examples]) -> pd.DataFrame:
    """Replace the intervals of accuracy and recall by those of Clopper and Pearson (1934).

    A bootstrap of twenty customers who were all named right says 100 % to 100 %; twenty of twenty
    are compatible with a true share of 83 %.

    Parameters
    ----------
    metrics : DataFrame
        Columns model_name, split, metric, value, ci_low, ci_high and others.
    judged : dict
        The examples behind each split that has intervals.
    """
    exact = metrics.copy()
    for index, split, metric, value in zip(
        metrics.index, metrics["split"], metrics["metric"], metrics["value"], strict=True
    ):
        if split not in judged:
            continue
        examples, count = judged[split], 0
        if metric == ACCURACY:
            count = len(examples)
        elif metric.startswith(RECALL):
            label = examples.class_names.index(metric.removeprefix(RECALL))
            count = int((examples.value_tier == label).sum())
        if count:
            interval = binomtest(round(value * count), count).proportion_ci()
            exact.loc[index, ["ci_low", "ci_high"]] = interval.low, interval.high
    return exact
