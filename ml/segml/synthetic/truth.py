"""The hidden truth: what each customer will do, as well as anyone could know it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from segml.synthetic.activity import order_rate
from segml.synthetic.baskets import CANCELLED_SHARE
from segml.synthetic.feedback import MIN_RETURN_DELAY_DAYS, RETURN_DELAY_SHARES
from segml.synthetic.outcomes import is_eligible, outcome
from segml.synthetic.purchases import MAX_RESEARCH_LEAD_DAYS, RESEARCH_SHARE
from segml.synthetic.valuation import expected_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segml.synthetic.simulation import Simulation

COMPLETED_SHARE = 1 - CANCELLED_SHARE


class Forecast(NamedTuple):
    """P(a completed order) and E[net revenue] within the horizon, shape (n,) each."""

    purchase_probability: NDArray[np.float64]
    expected_net_revenue: NDArray[np.float64]


@dataclass(frozen=True)
class SnapshotTruth:
    """Forecasts and outcome of the customers registered before one day, shape (n,) each.

    ``full`` is exact given everything that the process decided before the snapshot: the hidden
    traits, whether the customer is still active, the orders already being prepared by a visit,
    and the campaign plan. On average no model can do better. ``history`` knows the traits and
    the plan but of the customer's state only when orders were placed: about as good as a
    perfect model of purchase dates could be.
    """

    customer: NDArray[np.int64]
    is_eligible: NDArray[np.bool_]
    is_active: NDArray[np.bool_]
    full: Forecast
    history: Forecast
    order_count: NDArray[np.int64]
    net_revenue: NDArray[np.float64]


class _Prepared(NamedTuple):
    """Orders of the horizon for which the customer came to look before the snapshot."""

    placed: NDArray[np.int64]
    refunded: NDArray[np.float64]  # expected number whose return would arrive in time
    last_day: NDArray[np.int64]  # last day on which the customer is known to be active


def snapshot_truth(
    simulation: Simulation, active: NDArray[np.float64], day: int, horizon_days: int
) -> SnapshotTruth:
    """Return forecasts and outcome for the horizon that begins on ``day``.

    ``active`` is what ``activity.active_probability`` found for this day, shape (customers,).
    """
    traits = simulation.traits
    days = np.arange(day, day + horizon_days)
    rate = order_rate(simulation, days)
    prepared = _prepared_orders(simulation, day, horizon_days)
    is_active = traits.drop_out_day >= day
    full_survival = is_active[:, None] * _survival(simulation, prepared.last_day, days)
    history_survival = active[:, None] * _survival(simulation, np.full(len(traits), day - 1), days)
    nothing = _Prepared(np.zeros_like(prepared.placed), np.zeros(len(traits)), prepared.last_day)
    full = _forecast(simulation, rate * _unprepared_share(horizon_days), full_survival, prepared)
    history = _forecast(simulation, rate, history_survival, nothing)
    order_count, net_revenue = outcome(simulation, day, horizon_days)
    customer = np.flatnonzero(traits.registered_day < day)
    return SnapshotTruth(
        customer=customer,
        is_eligible=is_eligible(simulation, day)[customer],
        is_active=is_active[customer],
        full=Forecast(*(part[customer] for part in full)),
        history=Forecast(*(part[customer] for part in history)),
        order_count=order_count[customer],
        net_revenue=np.round(net_revenue[customer], 2),
    )


def _forecast(
    simulation: Simulation,
    rate: NDArray[np.float64],
    survival: NDArray[np.float64],
    prepared: _Prepared,
) -> Forecast:
    """Return the forecast from rates while active and P(active), shape (n, horizon) each."""
    silence = no_order_probability(COMPLETED_SHARE * rate, survival)
    flow = rate * survival
    refunded_share = _refunded_share(rate.shape[1])
    value, refund = expected_order(simulation.traits, simulation.catalogue)
    placed = prepared.placed + flow.sum(axis=1)
    refunded = prepared.refunded + (flow * refunded_share).sum(axis=1)
    return Forecast(
        purchase_probability=1 - silence * CANCELLED_SHARE**prepared.placed,
        expected_net_revenue=COMPLETED_SHARE * (value * placed - refund * refunded),
    )


def no_order_probability(
    rate: NDArray[np.float64], survival: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return P(no order) of Poisson orders that end with the drop-out, shape (n,).

    Sums over the day of the drop-out: whoever drops out on day k had k days to order.

    Parameters
    ----------
    rate : array, shape (n, days)
        Orders per day while active.
    survival : array, shape (n, days)
        P(active on the day), never rising.
    """
    no_order = np.exp(-np.cumsum(rate, axis=1))
    before = np.concatenate([np.ones((len(rate), 1)), no_order[:, :-1]], axis=1)
    drop_out = -np.diff(survival, axis=1, prepend=1.0)
    silence: NDArray[np.float64] = (drop_out * before).sum(axis=1)
    return silence + survival[:, -1] * no_order[:, -1]


def _survival(
    simulation: Simulation, known_day: NDArray[np.int64], days: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return P(active on each day | active on the known day), shape (customers, days)."""
    ahead = np.maximum(days - known_day[:, None], 0)
    survival: NDArray[np.float64] = np.exp(-simulation.traits.drop_out_rate[:, None] * ahead)
    return survival


def _prepared_orders(simulation: Simulation, day: int, horizon_days: int) -> _Prepared:
    orders, count = simulation.orders, len(simulation.traits)
    chosen = (orders.day >= day) & (orders.day - orders.lead_days < day)
    customer, order_day = orders.customer[chosen], orders.day[chosen]
    refunded = _refunded_share(horizon_days)[order_day - day]
    last_day = np.full(count, day - 1)
    np.maximum.at(last_day, customer, order_day)
    return _Prepared(
        placed=np.bincount(customer, minlength=count),
        refunded=np.bincount(customer, refunded, count).astype(np.float64),
        last_day=last_day,
    )


def _unprepared_share(horizon_days: int) -> NDArray[np.float64]:
    """Return the share of orders without a visit before the snapshot, by day of the order."""
    lead = np.minimum(np.arange(horizon_days), MAX_RESEARCH_LEAD_DAYS) / MAX_RESEARCH_LEAD_DAYS
    share: NDArray[np.float64] = 1 - RESEARCH_SHARE * (1 - lead)
    return share


def _refunded_share(horizon_days: int) -> NDArray[np.float64]:
    """Return P(a return arrives before the horizon ends) by day of the order."""
    room = np.arange(horizon_days - 1, -1, -1) - MIN_RETURN_DELAY_DAYS
    cumulative = np.concatenate([[0.0], np.cumsum(RETURN_DELAY_SHARES)])
    share: NDArray[np.float64] = cumulative[np.clip(room + 1, 0, len(RETURN_DELAY_SHARES))]
    return share
