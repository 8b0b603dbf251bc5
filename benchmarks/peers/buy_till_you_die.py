"""Purchase-process models on the bare transaction log, with the ``lifetimes`` package.

BG/NBD (Fader, Hardie and Lee 2005) and Pareto/NBD (Schmittlein, Morrison and Colombo 1987) expect
purchases, Gamma-Gamma (Fader and Hardie 2013) the value of each. They need no labels: they are
fitted on all purchases up to the test day.
"""

from __future__ import annotations

import warnings
from contextlib import redirect_stdout, suppress
from importlib.resources import files
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd
from lifetimes import BetaGeoFitter, GammaGammaFitter, ParetoNBDFitter
from lifetimes.utils import ConvergenceError

from peers.data_sets import Task
from peers.scores import Ranking

MODELS = {"BG/NBD × Gamma-Gamma": BetaGeoFitter, "Pareto/NBD × Gamma-Gamma": ParetoNBDFitter}
WEEK_DAYS = 7
PENALTIES = (0.0, 0.001, 0.01, 0.1)
VALUE_PENALTY = 0.01  # keeps the Gamma-Gamma fit finite on short logs
# Fader, Hardie and Lee (2005): 1/10 sample of CDNOW, 39 weeks each
CALIBRATION_END, HOLD_OUT_WEEKS = pd.Timestamp("1997-09-30"), 39
PUBLISHED_CORRELATION = {"BG/NBD × Gamma-Gamma": 0.626, "Pareto/NBD × Gamma-Gamma": 0.630}


def rank(name: str, task: Task) -> Ranking:
    """Fit one model and rank the customers of the test snapshot."""
    summary = summarise(task.orders, pd.Timestamp(str(task.splits.test_date)))
    history = (summary["frequency"], summary["recency"], summary["age"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package predates today's NumPy and pandas
        fitted = fit(MODELS[name], history)
        purchases = fitted.conditional_expected_number_of_purchases_up_to_time(
            task.plan.horizon_days / WEEK_DAYS, *history
        )
        repeated = summary[(summary["frequency"] > 0) & (summary["value"] > 0)]
        spend = GammaGammaFitter(penalizer_coef=VALUE_PENALTY)
        spend.fit(repeated["frequency"], repeated["value"])
        value = spend.conditional_expected_average_profit(
            summary["frequency"], summary["value"].clip(lower=0)
        )
    scores = pd.DataFrame({"purchases": purchases, "value": value}, index=summary.index)
    scores = scores.loc[list(task.test.customer_key)].fillna(0.0)
    purchases = scores["purchases"].to_numpy()
    return Ranking(purchases, purchases * scores["value"].to_numpy())


def fit(fitter: type, history: tuple[pd.Series, ...]) -> Any:
    """Fit with the smallest penalty that lets the likelihood converge: none, where it can."""
    for penalty in PENALTIES[:-1]:
        with suppress(ConvergenceError), redirect_stdout(StringIO()):  # it prints its failures
            return fitter(penalizer_coef=penalty).fit(*history)
    return fitter(penalizer_coef=PENALTIES[-1]).fit(*history)


def summarise(orders: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Return frequency, recency and age in weeks, and mean value of repeat purchases."""
    dated = orders.assign(ordered_date=pd.to_datetime(orders["ordered_date"]))
    dated = dated.sort_values(["customer_key", "ordered_date"])
    groups = dated.groupby("customer_key")
    first, last = groups["ordered_date"].min(), groups["ordered_date"].max()
    repeats = dated[dated["ordered_date"] > dated["customer_key"].map(first)]
    return pd.DataFrame(
        {
            "frequency": groups.size() - 1.0,
            "recency": (last - first).dt.days / WEEK_DAYS,
            "age": (day - first).dt.days / WEEK_DAYS,
            "value": repeats.groupby("customer_key")["revenue"].mean(),
        }
    ).fillna({"value": 0.0})


def published_check() -> dict[str, tuple[float, float]]:
    """Return measured and published correlation with hold-out purchases on the CDNOW sample."""
    with files("lifetimes").joinpath("datasets/CDNOW_sample.txt").open() as file:
        names = ["master_id", "customer_key", "ordered_date", "units", "revenue"]
        log = pd.read_csv(file, sep=r"\s+", header=None, names=names)
    log["ordered_date"] = pd.to_datetime(log["ordered_date"], format="%Y%m%d")
    orders = log.groupby(["customer_key", "ordered_date"], as_index=False)["revenue"].sum()
    is_early = orders["ordered_date"] <= CALIBRATION_END
    summary = summarise(orders[is_early], CALIBRATION_END)
    actual = orders[~is_early].groupby("customer_key").size().reindex(summary.index).fillna(0)
    history = (summary["frequency"], summary["recency"], summary["age"])
    correlations = {}
    for name, fitter in MODELS.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted = fit(fitter, history)
            expected = fitted.conditional_expected_number_of_purchases_up_to_time(
                HOLD_OUT_WEEKS, *history
            )
        measured = float(np.corrcoef(expected, actual)[0, 1])
        correlations[name] = (measured, PUBLISHED_CORRELATION[name])
    return correlations
