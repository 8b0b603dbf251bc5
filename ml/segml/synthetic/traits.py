"""Hidden traits of customers: who they are, how often they buy, when they drop out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segml.synthetic.assortment import CATEGORIES
from segml.synthetic.catalogue import SPEND_TILTS
from segml.synthetic.dirt_rates import DIRT_RATES, exact_share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segml.synthetic.settings import ShopSettings

GENDERS = ("female", "male", "other")
GENDER_SHARES = (0.52, 0.45, 0.03)
COUNTRIES = ("DE", "FR", "NL", "ES", "IT", "PL")
COUNTRY_SHARES = (0.40, 0.20, 0.14, 0.10, 0.09, 0.07)
CHANNELS = ("web", "app", "store")

OPENING_SHARE = 0.30  # of customers who register in the opening period
OPENING_DAYS = 60
MEAN_PURCHASES_PER_DAY = 0.030
PURCHASE_SHAPE = 0.9  # Gamma shape: below 1 means many rare buyers
MEAN_DROP_OUTS_PER_DAY = 0.0028
DROP_OUT_SHAPE = 1.2
INCOME_EFFECT_ON_RATE = 0.20
AGE_EFFECT_ON_RATE = 0.25  # lost per squared 20 years from age 42
SATISFACTION_EFFECT_ON_DROP_OUT = -0.6
SPEND_SIGMA = 0.7
INCOME_SPEND_CORRELATION = 0.6
MEAN_EXTRA_LINES = 1.0
SPEND_EFFECT_ON_LINES = 0.6
TASTE_CONCENTRATION = 5.0  # Dirichlet
MEAN_VISITS_PER_DAY = 0.018  # without buying
VISIT_SIGMA = 0.5
TRACKED_SHARE = 0.33  # accept analytics, so their browsing is recorded
CONSENT_SHARE = 0.62
CONSENT_CHANGE_SHARE = 0.06
NEVER = -1


@dataclass(frozen=True)
class Traits:
    """One entry per customer of a chunk; days count from the shop's first day."""

    age_years: NDArray[np.float64]  # on the shop's first day
    annual_income: NDArray[np.float64]
    gender: NDArray[np.int64]
    country: NDArray[np.int64]
    registered_day: NDArray[np.int64]
    drop_out_day: NDArray[np.int64]  # first day on which the customer buys no more
    purchase_rate: NDArray[np.float64]  # orders per day in an average season, while active
    drop_out_rate: NDArray[np.float64]  # hazard per day
    satisfaction: NDArray[np.float64]  # standard normal
    spend_level: NDArray[np.int64]  # position in SPEND_TILTS
    extra_lines: NDArray[np.float64]  # Poisson mean of lines beyond the first
    taste: NDArray[np.float64]  # shape (n, categories), rows sum to 1
    deal_share: NDArray[np.float64]  # of orders with a discount
    channel_shares: NDArray[np.float64]  # shape (n, channels)
    visit_rate: NDArray[np.float64]  # sessions without buying per day, while active
    is_tracked: NDArray[np.bool_]
    has_consent: NDArray[np.bool_]  # at registration
    consent_change_day: NDArray[np.int64]  # NEVER where it stays
    is_wholesale: NDArray[np.bool_]
    is_bot: NDArray[np.bool_]

    def __len__(self) -> int:
        """Return the number of customers."""
        return len(self.age_years)

    def consents_on(self, day: int) -> NDArray[np.bool_]:
        """Return who may be contacted on a day, shape (n,)."""
        has_changed = (self.consent_change_day != NEVER) & (self.consent_change_day < day)
        consents: NDArray[np.bool_] = self.has_consent ^ has_changed
        return consents


def draw_traits(rng: np.random.Generator, count: int, settings: ShopSettings) -> Traits:
    """Draw ``count`` customers."""
    age = 18.0 + 67.0 * rng.beta(1.8, 2.9, count)
    income_score = rng.standard_normal(count)
    satisfaction = rng.standard_normal(count)
    is_bot = exact_share(rng, count, DIRT_RATES["customers.bot"] * settings.dirt)
    is_wholesale = (
        exact_share(rng, count, DIRT_RATES["customers.wholesale"] * settings.dirt) & ~is_bot
    )
    spend = SPEND_SIGMA * (
        INCOME_SPEND_CORRELATION * income_score
        + np.sqrt(1 - INCOME_SPEND_CORRELATION**2) * rng.standard_normal(count)
    )
    drop_out_rate = _gamma(rng, count, DROP_OUT_SHAPE, MEAN_DROP_OUTS_PER_DAY) * np.exp(
        SATISFACTION_EFFECT_ON_DROP_OUT * satisfaction
    )
    registered_day = _registration_days(rng, count, settings.days)
    last_day = settings.simulated_days
    lifetime_days = np.minimum(rng.standard_exponential(count) / drop_out_rate, last_day)
    consent_change_day = np.where(
        exact_share(rng, count, CONSENT_CHANGE_SHARE),
        registered_day + 1 + rng.integers(0, settings.days, count),
        NEVER,
    )
    return Traits(
        age_years=age,
        annual_income=_income(age, income_score),
        gender=rng.choice(len(GENDERS), count, p=GENDER_SHARES),
        country=rng.choice(len(COUNTRIES), count, p=COUNTRY_SHARES),
        registered_day=registered_day,
        drop_out_day=registered_day + 1 + lifetime_days.astype(np.int64),
        purchase_rate=np.where(is_bot, 0.0, _purchase_rate(rng, age, income_score)),
        drop_out_rate=drop_out_rate,
        satisfaction=satisfaction,
        spend_level=np.abs(SPEND_TILTS - spend[:, None]).argmin(axis=1),
        extra_lines=MEAN_EXTRA_LINES * np.exp(SPEND_EFFECT_ON_LINES * spend),
        taste=_taste(rng, age, income_score),
        deal_share=rng.beta(1.2, 4.0, count),
        channel_shares=_channel_shares(rng, age),
        visit_rate=_visit_rate(rng, count),
        is_tracked=rng.random(count) < TRACKED_SHARE,
        has_consent=rng.random(count) < CONSENT_SHARE,
        consent_change_day=np.where(consent_change_day < settings.days, consent_change_day, NEVER),
        is_wholesale=is_wholesale,
        is_bot=is_bot,
    )


def _gamma(rng: np.random.Generator, count: int, shape: float, mean: float) -> NDArray[np.float64]:
    # The floor keeps a lifetime finite where the draw underflows to zero.
    draws: NDArray[np.float64] = rng.standard_gamma(shape, count) * (mean / shape)
    return np.maximum(draws, 1e-12)


def _income(age: NDArray[np.float64], score: NDArray[np.float64]) -> NDArray[np.float64]:
    log_income = np.log(34_000) + 0.45 * score - 0.35 * ((age - 48) / 25) ** 2
    income: NDArray[np.float64] = np.round(np.exp(log_income), -2)
    return income


def _registration_days(rng: np.random.Generator, count: int, days: int) -> NDArray[np.int64]:
    is_opening = rng.random(count) < OPENING_SHARE
    return (rng.random(count) * np.where(is_opening, min(OPENING_DAYS, days), days)).astype(
        np.int64
    )


def _purchase_rate(
    rng: np.random.Generator, age: NDArray[np.float64], income_score: NDArray[np.float64]
) -> NDArray[np.float64]:
    effect = INCOME_EFFECT_ON_RATE * income_score - AGE_EFFECT_ON_RATE * ((age - 42) / 20) ** 2
    return _gamma(rng, len(age), PURCHASE_SHAPE, MEAN_PURCHASES_PER_DAY) * np.exp(effect)


def _taste(
    rng: np.random.Generator, age: NDArray[np.float64], income_score: NDArray[np.float64]
) -> NDArray[np.float64]:
    base = np.array([item.taste for item in CATEGORIES])
    age_effect = np.array([item.age_effect for item in CATEGORIES])
    income_effect = np.array([item.income_effect for item in CATEGORIES])
    age_score = (age - 44) / 15
    weight = base * np.exp(age_score[:, None] * age_effect + income_score[:, None] * income_effect)
    concentration = TASTE_CONCENTRATION * weight / weight.sum(axis=1, keepdims=True)
    return _normalised(rng.standard_gamma(concentration) + 1e-9)


def _channel_shares(rng: np.random.Generator, age: NDArray[np.float64]) -> NDArray[np.float64]:
    app = 1.2 * np.exp(-(age - 44) / 30)
    store = 0.6 * np.exp((age - 44) / 30)
    return _normalised(rng.standard_gamma(np.column_stack([np.full(len(age), 1.8), app, store])))


def _visit_rate(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    return MEAN_VISITS_PER_DAY * rng.lognormal(-(VISIT_SIGMA**2) / 2, VISIT_SIGMA, count)


def _normalised(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return shares
