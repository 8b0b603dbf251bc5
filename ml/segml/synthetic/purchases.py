"""When customers buy: seasonal Poisson orders until drop-out, and campaigns that add some."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segml.synthetic.settings import ShopSettings
    from segml.synthetic.traits import Traits

DAY_SECONDS = 86_400
PEAK_DAY_OF_YEAR = 343  # 9 December
PEAK_SIGMA_DAYS = 22
PEAK_HEIGHT = 0.6
BASE_INTENSITY = 0.91  # keeps the yearly mean near 1
WEEKDAY_FACTORS = np.array([0.95, 0.93, 0.95, 1.00, 1.08, 1.15, 0.94])  # Monday first

FIRST_ORDER_SHARE = 0.85  # of customers register in order to buy
OPENING_HOUR, OPEN_HOURS = 8, 14
RESEARCH_SHARE = 0.4  # of later orders are prepared by a visit some days before
MAX_RESEARCH_LEAD_DAYS = 4

FIRST_CAMPAIGN_DAY = 90
CAMPAIGN_STEP_DAYS = 120
CAMPAIGN_CHANNELS = ("email", "app_push", "sms")
CAMPAIGN_AUDIENCE_SHARE = 0.5  # of registered customers with consent, at random
CONTROL_SHARE = 0.15
CAMPAIGN_EFFECT_DAYS = 14
CAMPAIGN_UPLIFT = 0.3  # of the purchase rate of contacted customers, while it works


@dataclass(frozen=True)
class Campaigns:
    """Random campaign plan; ``is_contacted`` includes the control group, shape (campaigns, n)."""

    day: list[int]
    is_contacted: NDArray[np.bool_]
    is_control: NDArray[np.bool_]

    @property
    def is_treated(self) -> NDArray[np.bool_]:
        """Who receives the message, shape (campaigns, n)."""
        return self.is_contacted & ~self.is_control


@dataclass(frozen=True)
class Orders:
    """One entry per order, in order of time.

    ``second`` counts from midnight; ``lead_days`` is how long before the order the customer
    came to look, 0 where he did not. Whoever looked will buy: the drop-out comes later.
    """

    customer: NDArray[np.int64]
    day: NDArray[np.int64]
    second: NDArray[np.int64]
    lead_days: NDArray[np.int64]
    is_first: NDArray[np.bool_]

    def __len__(self) -> int:
        """Return the number of orders."""
        return len(self.customer)


def daily_intensity(settings: ShopSettings) -> NDArray[np.float64]:
    """Return the season's factor on purchase rates for each simulated day."""
    dates = [settings.start_date + timedelta(days=day) for day in range(settings.simulated_days)]
    day_of_year = np.array([date.timetuple().tm_yday for date in dates])
    weekday = np.array([date.weekday() for date in dates])
    peak = np.exp(-(((day_of_year - PEAK_DAY_OF_YEAR) / PEAK_SIGMA_DAYS) ** 2) / 2)
    intensity: NDArray[np.float64] = (
        BASE_INTENSITY * (1 + PEAK_HEIGHT * peak) * WEEKDAY_FACTORS[weekday]
    )
    return intensity


def plan_campaigns(rng: np.random.Generator, traits: Traits, settings: ShopSettings) -> Campaigns:
    """Choose audience and control group of every campaign at random."""
    days = list(range(FIRST_CAMPAIGN_DAY, settings.simulated_days, CAMPAIGN_STEP_DAYS))
    shape = (len(days), len(traits))
    is_contacted = rng.random(shape) < CAMPAIGN_AUDIENCE_SHARE
    for row, day in enumerate(days):
        is_contacted[row] &= (traits.registered_day < day) & traits.consents_on(day)
    return Campaigns(days, is_contacted, is_contacted & (rng.random(shape) < CONTROL_SHARE))


def draw_orders(
    rng: np.random.Generator,
    traits: Traits,
    registered_second: NDArray[np.int64],
    campaigns: Campaigns,
    intensity: NDArray[np.float64],
) -> Orders:
    """Draw each customer's orders over all simulated days.

    Later orders form a Poisson process with rate ``purchase_rate * intensity`` from the day
    after registration until drop-out; campaigns superpose independent orders. Given the hidden
    traits the outcome of any period therefore has a closed form, see ``truth``.
    """
    cumulative = np.concatenate([[0.0], np.cumsum(intensity)])
    last_day = np.minimum(traits.drop_out_day, len(intensity))
    first_day = traits.registered_day + 1
    spells = [_draw_spell(rng, traits.purchase_rate, first_day, last_day, cumulative)]
    for day, treated in zip(campaigns.day, campaigns.is_treated, strict=True):
        start = np.maximum(first_day, day)
        end = np.maximum(np.minimum(last_day, day + CAMPAIGN_EFFECT_DAYS), start)
        rate = CAMPAIGN_UPLIFT * traits.purchase_rate * treated
        spells.append(_draw_spell(rng, rate, start, end, cumulative))
    customer, day_number = (np.concatenate(parts) for parts in zip(*spells, strict=True))
    starters = np.flatnonzero((rng.random(len(traits)) < FIRST_ORDER_SHARE) & ~traits.is_bot)
    lead = _lead_days(rng, len(customer))
    second = random_second(rng, len(customer))
    checkout = registered_second[starters] + rng.integers(720, 2_400, len(starters))
    orders = Orders(
        customer=np.concatenate([customer, starters]),
        day=np.concatenate([day_number, traits.registered_day[starters]]),
        second=np.concatenate([second, checkout]),
        lead_days=np.concatenate([lead, np.zeros_like(starters)]),
        is_first=np.concatenate([np.zeros(len(customer), bool), np.ones(len(starters), bool)]),
    )
    return _sorted_by_time(orders)


def random_second(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    """Draw times of day in seconds, busiest in the late afternoon; never near midnight."""
    hour = OPENING_HOUR + OPEN_HOURS * rng.beta(2.2, 1.8, count)
    return (hour * 3600).astype(np.int64)


def _draw_spell(
    rng: np.random.Generator,
    rate: NDArray[np.float64],
    start: NDArray[np.int64],
    end: NDArray[np.int64],
    cumulative: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw (customer, day) of a Poisson process on the days start <= day < end."""
    low = cumulative[np.minimum(start, len(cumulative) - 1)]
    exposure = np.maximum(cumulative[end] - low, 0.0)
    count = rng.poisson(rate * exposure)
    customer = np.repeat(np.arange(len(rate)), count)
    target = low[customer] + rng.random(len(customer)) * exposure[customer]
    return customer, np.searchsorted(cumulative, target, side="right") - 1


def _lead_days(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    is_prepared = rng.random(count) < RESEARCH_SHARE
    return np.where(is_prepared, rng.integers(1, MAX_RESEARCH_LEAD_DAYS + 1, count), 0)


def _sorted_by_time(orders: Orders) -> Orders:
    position = np.lexsort((orders.customer, orders.second, orders.day))
    return Orders(
        customer=orders.customer[position],
        day=orders.day[position],
        second=orders.second[position],
        lead_days=orders.lead_days[position],
        is_first=orders.is_first[position],
    )
