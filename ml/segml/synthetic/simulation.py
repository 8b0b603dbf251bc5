"""One chunk of customers from traits to reviews, each part from its own random stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segml.synthetic.baskets import Baskets, draw_baskets
from segml.synthetic.behaviour import Events, draw_events
from segml.synthetic.feedback import Returns, Reviews, draw_returns, draw_reviews
from segml.synthetic.purchases import (
    Campaigns,
    Orders,
    daily_intensity,
    draw_orders,
    plan_campaigns,
    random_second,
)
from segml.synthetic.traits import Traits, draw_traits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segml.synthetic.catalogue import Catalogue
    from segml.synthetic.settings import ShopSettings


@dataclass(frozen=True)
class Simulation:
    """Everything that happens to one chunk of customers, hidden traits included."""

    catalogue: Catalogue
    first_customer: int  # number of the chunk's first customer in the whole shop, from 0
    traits: Traits
    registered_second: NDArray[np.int64]
    campaigns: Campaigns
    intensity: NDArray[np.float64]
    orders: Orders
    baskets: Baskets
    returns: Returns
    reviews: Reviews
    events: Events


def simulate(
    settings: ShopSettings,
    catalogue: Catalogue,
    first_customer: int,
    count: int,
    seed: np.random.SeedSequence,
) -> Simulation:
    """Simulate ``count`` customers over the data and one horizon more."""
    streams = [np.random.default_rng(part) for part in seed.spawn(7)]
    traits = draw_traits(streams[0], count, settings)
    registered_second = random_second(streams[1], count)
    campaigns = plan_campaigns(streams[2], traits, settings)
    intensity = daily_intensity(settings)
    orders = draw_orders(streams[3], traits, registered_second, campaigns, intensity)
    baskets = draw_baskets(streams[4], traits, orders, catalogue)
    feedback = (streams[5], traits, orders, baskets, catalogue)
    return Simulation(
        catalogue=catalogue,
        first_customer=first_customer,
        traits=traits,
        registered_second=registered_second,
        campaigns=campaigns,
        intensity=intensity,
        orders=orders,
        baskets=baskets,
        returns=draw_returns(*feedback),
        reviews=draw_reviews(*feedback),
        events=draw_events(streams[6], traits, orders, baskets, catalogue, days=settings.days),
    )
