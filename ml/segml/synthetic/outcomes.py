"""What customers really did, from the simulation itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segml.synthetic.purchases import DAY_SECONDS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segml.synthetic.simulation import Simulation

ELIGIBILITY_DAYS = 730


def outcome(
    simulation: Simulation, day: int, horizon_days: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return completed orders and net revenue within the horizon, shape (customers,) each.

    Net revenue is what the orders cost after discount, less what was refunded for them before
    the horizon ended.
    """
    orders, baskets, returns = simulation.orders, simulation.baskets, simulation.returns
    count = len(simulation.traits)
    end = day + horizon_days
    counts = (orders.day >= day) & (orders.day < end) & ~baskets.is_cancelled
    customer = orders.customer[counts]
    revenue = np.bincount(customer, baskets.net_value()[counts], count)
    order = baskets.order[returns.line]
    is_refunded = counts[order] & (returns.second < end * DAY_SECONDS)
    refunds = np.bincount(
        orders.customer[order[is_refunded]], returns.refund_amount[is_refunded], count
    )
    net_revenue = (revenue - refunds).astype(np.float64)
    return np.bincount(customer, minlength=count), net_revenue


def is_eligible(simulation: Simulation, day: int) -> NDArray[np.bool_]:
    """Return who completed an order in the two years before a day, shape (customers,)."""
    orders = simulation.orders
    counts = (orders.day < day) & (orders.day >= day - ELIGIBILITY_DAYS)
    counts &= ~simulation.baskets.is_cancelled
    completed = np.bincount(orders.customer[counts], minlength=len(simulation.traits))
    return completed > 0
