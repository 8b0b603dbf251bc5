"""The points behind the plots and tables of an evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from segml.evaluation import Evaluator
from segml.metrics import ScoreOrder, calibration_bins, captured, gains

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segml.dataset import Examples, Predictions

GAINS_SHARES = np.linspace(0, 1, 101)
DECILE_EDGES = np.linspace(0, 1, 11)


def evaluation_curves(predictions: Predictions, outcomes: Examples) -> pd.DataFrame:
    """Return the points behind the plots of a report.

    Returns
    -------
    DataFrame
        Columns curve, position, x, y, weight. ``calibration_purchase``: mean predicted
        probability, observed share and customers per bin. ``gains_purchase`` and
        ``gains_high``: share of customers taken from the top, share of the event captured and
        customers taken; absent when nobody had the event. ``deciles_purchase`` and
        ``deciles_high``: mean predicted probability, observed share and customers of each tenth
        from the top, ties divided in proportion; ``deciles_revenue`` the same in currency per
        customer. ``lift_purchase`` and ``lift_high``: share of customers down to the end of each
        tenth, and the tenth's observed share over that of everybody; absent when nobody had the
        event. Classes that are no value tiers have all these curves, under their names.
        ``confusion``: true class, predicted class (indices into ``class_names``) and customers.
    """
    evaluator = Evaluator(predictions, outcomes)
    ones = np.ones((1, len(outcomes)))
    calibrated = ["purchase"] if outcomes.has_value_tiers else list(evaluator.events)
    tables = [_calibration_curve(name, *evaluator.events[name]) for name in calibrated]
    for name, (positive, score) in evaluator.events.items():
        deciles = _deciles(name, evaluator.orders[name], score, positive)
        tables.append(deciles)
        if positive.any():
            held = gains(evaluator.orders[name], positive, ones, GAINS_SHARES)[0]
            lift = deciles["y"].to_numpy() / positive.mean()
            tables += [
                curve_points(f"gains_{name}", GAINS_SHARES, held, GAINS_SHARES * len(outcomes)),
                curve_points(f"lift_{name}", DECILE_EDGES[1:], lift, deciles["weight"].to_numpy()),
            ]
    if evaluator.has_revenue:
        revenue = evaluator.expected_revenue, evaluator.revenue
        tables.append(_deciles("revenue", evaluator.revenue_order, *revenue))
    counts = evaluator.confusion(ones)[0]
    truth, predicted = np.indices(counts.shape)
    tables.append(curve_points("confusion", truth.ravel(), predicted.ravel(), counts.ravel()))
    return pd.concat(tables, ignore_index=True)


def _calibration_curve(
    name: str, positive: NDArray[np.float64], probability: NDArray[np.float64]
) -> pd.DataFrame:
    rows = pd.DataFrame({"x": probability, "y": positive, "bin": calibration_bins(probability)})
    bins = rows.groupby("bin").agg(x=("x", "mean"), y=("y", "mean"), weight=("x", "size"))
    return curve_points(f"calibration_{name}", *(bins[column].to_numpy() for column in bins))


def _deciles(
    name: str, order: ScoreOrder, score: NDArray[np.float64], outcome: NDArray[np.float64]
) -> pd.DataFrame:
    """Average prediction and outcome over each tenth of customers, from the top."""
    ones = np.ones((1, len(score)))
    customers = np.diff(DECILE_EDGES) * len(score)
    predicted, observed = (
        np.diff(captured(order, values, ones, DECILE_EDGES)[0]) / customers
        for values in (score, outcome)
    )
    return curve_points(f"deciles_{name}", predicted, observed, customers)


def curve_points(
    name: str, x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64]
) -> pd.DataFrame:
    """Return one named curve: columns curve, position (from 0), x, y, weight."""
    return pd.DataFrame(
        {
            "curve": name,
            "position": np.arange(len(x)),
            "x": x.astype(np.float64),
            "y": y.astype(np.float64),
            "weight": weight.astype(np.float64),
        }
    )
