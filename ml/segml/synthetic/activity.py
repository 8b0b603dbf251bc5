"""How likely customers are still active, to someone who sees only when they bought."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segml.synthetic.purchases import CAMPAIGN_EFFECT_DAYS, CAMPAIGN_UPLIFT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segml.synthetic.simulation import Simulation


def order_rate(simulation: Simulation, days: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return rates of orders of active customers, shape (customers, days)."""
    factor = np.ones((len(simulation.traits), len(days)))
    campaigns = simulation.campaigns
    for start, treated in zip(campaigns.day, campaigns.is_treated, strict=True):
        works = (days >= start) & (days < start + CAMPAIGN_EFFECT_DAYS)
        if works.any():
            factor += CAMPAIGN_UPLIFT * treated[:, None] * works
    return simulation.traits.purchase_rate[:, None] * simulation.intensity[days] * factor


def active_probability(
    simulation: Simulation, snapshot_days: list[int]
) -> dict[int, NDArray[np.float64]]:
    """Return P(active on the day before | traits, orders so far) by snapshot day.

    A forward pass of the two-state hidden Markov model behind the process: an order proves
    activity, a day without one lowers the odds by the chance of the silence. This is the
    P(alive) of Schmittlein, Morrison and Colombo (1987) with known rates and a season.
    """
    traits, orders = simulation.traits, simulation.orders
    survives = np.exp(-traits.drop_out_rate)
    first_order = np.searchsorted(orders.day, np.arange(max(snapshot_days) + 1))
    active = np.zeros(len(traits))
    found = {}
    for day in range(max(snapshot_days)):
        prior = active * survives
        silent = prior * np.exp(-order_rate(simulation, np.array([day]))[:, 0])
        active = silent / (1 - prior + silent)
        active[orders.customer[first_order[day] : first_order[day + 1]]] = 1.0
        active[traits.registered_day == day] = 1.0
        if day + 1 in snapshot_days:
            found[day + 1] = active.copy()
    return found
