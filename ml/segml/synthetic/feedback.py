"""Returns and reviews: what follows an order, coloured by satisfaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segml.synthetic.assortment import CATEGORIES
from segml.synthetic.purchases import DAY_SECONDS, random_second

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segml.synthetic.baskets import Baskets
    from segml.synthetic.catalogue import Catalogue
    from segml.synthetic.purchases import Orders
    from segml.synthetic.traits import Traits

SATISFACTION_EFFECT_ON_RETURNS = -0.35
MIN_RETURN_DELAY_DAYS = 3
RETURN_DELAY_WEIGHTS = 0.88 ** np.arange(28)
RETURN_DELAY_SHARES = RETURN_DELAY_WEIGHTS / RETURN_DELAY_WEIGHTS.sum()  # from day 3 to day 30

REVIEW_SHARE = 0.11  # of delivered lines
REVIEW_DELAY_DAYS = (2, 20)
MEAN_RATING = 3.9
SATISFACTION_EFFECT_ON_RATING = 0.8
RATING_SIGMA = 0.7
TEXT_SHARE = 0.7  # of reviews
REVIEW_TEXTS = (
    ("Broken on arrival, very disappointed.", "Poor quality, would not buy again.",
     "Terrible, I sent it back.", "Waste of money and a bad service."),
    ("Not as described.", "Cheap feeling, I expected better.",
     "Slow delivery and a damaged box.", "Disappointing for the price."),
    ("It is okay, nothing special.", "Average quality.",
     "Does the job, delivery took a while.", "Acceptable for the price."),
    ("Good quality, quick delivery.", "Works as described, happy with it.",
     "Nice product, good value.", "Good, would buy again."),
    ("Excellent, exactly what I wanted!", "Great quality and fast delivery.",
     "Love it, highly recommended.", "Perfect, my favourite purchase."),
)  # fmt: skip


@dataclass(frozen=True)
class Returns:
    """One entry per returned line, in order of lines."""

    line: NDArray[np.int64]
    second: NDArray[np.int64]  # since the shop's first midnight
    refund_amount: NDArray[np.float64]


@dataclass(frozen=True)
class Reviews:
    """One entry per review, in order of lines; ``text`` is -1 where there is only a rating."""

    line: NDArray[np.int64]
    second: NDArray[np.int64]
    rating: NDArray[np.int64]
    text: NDArray[np.int64]


def return_factor(satisfaction: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the factor on a category's return share; unhappy customers return more."""
    factor: NDArray[np.float64] = np.exp(
        SATISFACTION_EFFECT_ON_RETURNS * np.clip(satisfaction, -3, 3)
    )
    return factor


def draw_returns(
    rng: np.random.Generator, traits: Traits, orders: Orders, baskets: Baskets, catalogue: Catalogue
) -> Returns:
    """Send whole lines of delivered orders back, for what was paid for them."""
    category = catalogue.category[baskets.product]
    share = np.array([item.return_share for item in CATEGORIES])[category]
    factor = return_factor(traits.satisfaction)[orders.customer[baskets.order]]
    is_returned = rng.random(len(share)) < share * factor
    line = np.flatnonzero(is_returned & ~baskets.is_cancelled[baskets.order])
    order = baskets.order[line]
    delay = MIN_RETURN_DELAY_DAYS + rng.choice(
        len(RETURN_DELAY_SHARES), len(line), p=RETURN_DELAY_SHARES
    )
    paid_share = 1 - baskets.discount_share[order]
    return Returns(
        line=line,
        second=(orders.day[order] + delay) * DAY_SECONDS + random_second(rng, len(line)),
        refund_amount=np.round(baskets.line_value[line] * paid_share, 2),
    )


def draw_reviews(
    rng: np.random.Generator, traits: Traits, orders: Orders, baskets: Baskets, catalogue: Catalogue
) -> Reviews:
    """Rate some delivered lines by the customer's satisfaction and the product's quality."""
    is_reviewed = rng.random(len(baskets.order)) < REVIEW_SHARE
    line = np.flatnonzero(is_reviewed & ~baskets.is_cancelled[baskets.order])
    order = baskets.order[line]
    opinion = (
        MEAN_RATING
        + SATISFACTION_EFFECT_ON_RATING * traits.satisfaction[orders.customer[order]]
        + catalogue.quality[baskets.product[line]]
        + RATING_SIGMA * rng.standard_normal(len(line))
    )
    delay = rng.integers(*REVIEW_DELAY_DAYS, len(line), endpoint=True)
    text = rng.integers(0, len(REVIEW_TEXTS[0]), len(line))
    return Reviews(
        line=line,
        second=(orders.day[order] + delay) * DAY_SECONDS + random_second(rng, len(line)),
        rating=np.clip(np.round(opinion), 1, 5).astype(np.int64),
        text=np.where(rng.random(len(line)) < TEXT_SHARE, text, -1),
    )
