"""What customers do on the site: visits that lead to an order and visits that do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from segml.synthetic.baskets import draw_by_taste
from segml.synthetic.purchases import DAY_SECONDS, random_second
from segml.synthetic.traits import CHANNELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segml.synthetic.baskets import Baskets
    from segml.synthetic.catalogue import Catalogue
    from segml.synthetic.purchases import Orders
    from segml.synthetic.traits import Traits

EVENT_TYPES = ("page_view", "search", "click", "add_to_cart", "checkout")
PAGE_VIEW, SEARCH, CLICK, ADD_TO_CART, CHECKOUT = range(len(EVENT_TYPES))
FADE_DAYS = 25.0  # visits decay exponentially after the customer dropped out
CRAWL_DAYS = (1, 4)  # days on which a bot crawls the shop
CRAWL_EVENTS = (150, 300)  # events on such a day
CRAWL_CLICK_SHARE = 0.3


class Step(NamedTuple):
    """One possible event of a session: what, how long before its end, how often."""

    event_type: int
    seconds_before_end: int
    share: float


ORDER_STEPS = (
    Step(SEARCH, 580, 0.35),
    Step(PAGE_VIEW, 450, 1.0),
    Step(CLICK, 300, 0.7),
    Step(ADD_TO_CART, 120, 1.0),
    Step(CHECKOUT, 0, 1.0),
)
RESEARCH_STEPS = (
    Step(SEARCH, 400, 0.5),
    Step(PAGE_VIEW, 240, 1.0),
    Step(CLICK, 90, 0.8),
    Step(ADD_TO_CART, 0, 0.3),
)
VISIT_STEPS = (
    Step(SEARCH, 300, 0.25),
    Step(PAGE_VIEW, 200, 1.0),
    Step(CLICK, 60, 0.5),
    Step(ADD_TO_CART, 0, 0.08),
)
PACE_RANGE = (0.4, 1.2)  # factor on the times between the events of a session


@dataclass(frozen=True)
class Events:
    """One entry per event; ``second`` counts from the shop's first midnight."""

    customer: NDArray[np.int64]
    session: NDArray[np.int64]
    event_type: NDArray[np.int64]
    product: NDArray[np.int64]
    second: NDArray[np.int64]


class _Sessions(NamedTuple):
    customer: NDArray[np.int64]
    end_second: NDArray[np.int64]
    product: NDArray[np.int64]


def draw_events(
    rng: np.random.Generator,
    traits: Traits,
    orders: Orders,
    baskets: Baskets,
    catalogue: Catalogue,
    *,
    days: int,
) -> Events:
    """Draw the events of the first ``days`` days, in order of time.

    Only customers who accept analytics leave events, and orders in the store leave none.
    """
    is_online = baskets.channel != CHANNELS.index("store")
    seen = np.flatnonzero(traits.is_tracked[orders.customer] & is_online)
    parts = [
        _play(rng, _order_sessions(orders, baskets, seen), ORDER_STEPS),
        _play(rng, _research_sessions(rng, traits, orders, baskets, seen), RESEARCH_STEPS),
        _play(rng, _visit_sessions(rng, traits, catalogue, days), VISIT_STEPS),
        _crawl(rng, traits, len(catalogue.name), days),
    ]
    offsets = np.cumsum([0] + [part.session.max(initial=-1) + 1 for part in parts[:-1]])
    second = np.concatenate([part.second for part in parts])
    session = np.concatenate(
        [part.session + offset for part, offset in zip(parts, offsets, strict=True)]
    )
    event_type = np.concatenate([part.event_type for part in parts])
    position = np.lexsort((event_type, session, second))
    position = position[second[position] < days * DAY_SECONDS]
    return Events(
        customer=np.concatenate([part.customer for part in parts])[position],
        session=_by_appearance(session[position]),
        event_type=event_type[position],
        product=np.concatenate([part.product for part in parts])[position],
        second=second[position],
    )


def _by_appearance(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """Renumber labels in the order in which they first appear."""
    _, first, label = np.unique(labels, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[label]


def _play(rng: np.random.Generator, sessions: _Sessions, steps: tuple[Step, ...]) -> Events:
    """Turn sessions into events; each step happens with its share, in order."""
    count = len(sessions.customer)
    happens = rng.random((count, len(steps))) < np.array([step.share for step in steps])
    pace = rng.uniform(*PACE_RANGE, count)
    session, step = np.nonzero(happens)
    before = np.array([item.seconds_before_end for item in steps])[step] * pace[session]
    return Events(
        customer=sessions.customer[session],
        session=session,
        event_type=np.array([item.event_type for item in steps])[step],
        product=sessions.product[session],
        second=sessions.end_second[session] - before.astype(np.int64),
    )


def _order_sessions(orders: Orders, baskets: Baskets, seen: NDArray[np.int64]) -> _Sessions:
    """Return the session that ends in each seen order, on its first product."""
    first_line = np.searchsorted(baskets.order, seen)
    end = orders.day[seen] * DAY_SECONDS + orders.second[seen]
    return _Sessions(orders.customer[seen], end, baskets.product[first_line])


def _research_sessions(
    rng: np.random.Generator,
    traits: Traits,
    orders: Orders,
    baskets: Baskets,
    seen: NDArray[np.int64],
) -> _Sessions:
    """Return the visits that prepared orders; none before the customer registered."""
    day = orders.day[seen] - orders.lead_days[seen]
    is_visit = (orders.lead_days[seen] > 0) & (day > traits.registered_day[orders.customer[seen]])
    order, day = seen[is_visit], day[is_visit]
    end = day * DAY_SECONDS + random_second(rng, len(day))
    first_line = np.searchsorted(baskets.order, order)
    return _Sessions(orders.customer[order], end, baskets.product[first_line])


def _visit_sessions(
    rng: np.random.Generator, traits: Traits, catalogue: Catalogue, days: int
) -> _Sessions:
    """Return visits without an order: a steady stream that fades after the drop-out."""
    rate = np.where(traits.is_tracked & ~traits.is_bot, traits.visit_rate, 0.0)
    start = np.minimum(traits.registered_day + 1, days)
    stop = np.maximum(np.minimum(traits.drop_out_day, days), start)
    active = np.repeat(np.arange(len(traits)), rng.poisson(rate * (stop - start)))
    active_day = start[active] + rng.random(len(active)) * (stop - start)[active]
    faded_share = 1 - np.exp(-(days - stop) / FADE_DAYS)
    gone = np.repeat(np.arange(len(traits)), rng.poisson(rate * FADE_DAYS * faded_share))
    after = -FADE_DAYS * np.log1p(-rng.random(len(gone)) * faded_share[gone])
    customer = np.concatenate([active, gone])
    day = np.concatenate([active_day, stop[gone] + after]).astype(np.int64)
    end = day * DAY_SECONDS + random_second(rng, len(day))
    return _Sessions(customer, end, draw_by_taste(rng, traits, customer, catalogue))


def _crawl(rng: np.random.Generator, traits: Traits, product_count: int, days: int) -> Events:
    """Let bots view hundreds of products within an hour or two of some days."""
    bots = np.flatnonzero(traits.is_bot)
    bot = np.repeat(bots, rng.integers(*CRAWL_DAYS, len(bots)))
    room = np.maximum(days - 1 - traits.registered_day[bot], 0)
    day = traits.registered_day[bot] + 1 + (rng.random(len(bot)) * room).astype(np.int64)
    start = day * DAY_SECONDS + random_second(rng, len(bot))
    session = np.repeat(np.arange(len(bot)), rng.integers(*CRAWL_EVENTS, len(bot)))
    return Events(
        customer=bot[session],
        session=session,
        event_type=np.where(rng.random(len(session)) < CRAWL_CLICK_SHARE, CLICK, PAGE_VIEW),
        product=rng.integers(0, product_count, len(session)),
        second=start[session] + rng.integers(0, 3_600, len(session)),
    )
