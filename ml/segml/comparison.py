"""The champion against every rival on the same customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segml.bootstrap import percentile_interval

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segml.bootstrap import Measurement

# metric -> whether more is better
COMPARED_METRICS = {
    "log_loss": False,
    "roc_auc_purchase": True,
    "roc_auc_high": True,
    "macro_f1": True,
    "gini_revenue": True,
}


@dataclass(frozen=True)
class Difference:
    """A challenger's metric less the champion's, from a paired bootstrap.

    Parameters
    ----------
    ci_low, ci_high : float
        95 % percentile interval; NaN without resamples.
    p_better : float
        Share of resamples in which the challenger is better, ties counted half; NaN without
        resamples.
    """

    value: float
    ci_low: float
    ci_high: float
    p_better: float


def difference(champion: Measurement, challenger: Measurement, metric: str) -> Difference:
    """Compare one metric on the same resamples (Efron and Tibshirani 1993, chapter 16).

    The measurements must be of the same rows with the same seed.
    """
    value = challenger.estimates[metric] - champion.estimates[metric]
    if not champion.samples:
        return Difference(value, np.nan, np.nan, np.nan)
    gaps = challenger.samples[metric] - champion.samples[metric]
    gaps = gaps[np.isfinite(gaps)]
    gains = gaps if COMPARED_METRICS[metric] else -gaps
    p_better = float((np.sign(gains).mean() + 1) / 2) if len(gains) else np.nan
    return Difference(value, *percentile_interval(gaps), p_better)


def compare_with_champion(measured: Mapping[str, Measurement], champion: str) -> pd.DataFrame:
    """Compare every other model with the champion.

    Returns
    -------
    DataFrame
        champion_name, challenger_name, metric, champion_value, challenger_value, difference
        (challenger less champion), ci_low, ci_high, p_better.
    """
    served = measured[champion]
    rows = []
    for name, rival in measured.items():
        for metric in COMPARED_METRICS:
            if name != champion and metric in rival.estimates:
                gap = difference(served, rival, metric)
                values = served.estimates[metric], rival.estimates[metric]
                interval = gap.ci_low, gap.ci_high
                rows.append((champion, name, metric, *values, gap.value, *interval, gap.p_better))
    columns = [
        "champion_name",
        "challenger_name",
        "metric",
        "champion_value",
        "challenger_value",
        "difference",
        "ci_low",
        "ci_high",
        "p_better",
    ]
    return pd.DataFrame(rows, columns=columns)
