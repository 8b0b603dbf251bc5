"""What an order is worth on average, given the customer's hidden traits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segml.synthetic.assortment import CATEGORIES, PRODUCTS_PER_CATEGORY
from segml.synthetic.baskets import MAX_EXTRA_LINES, MEAN_DISCOUNT, WHOLESALE_FACTOR
from segml.synthetic.catalogue import COMPANION_SHARE, SPEND_TILTS
from segml.synthetic.feedback import return_factor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segml.synthetic.catalogue import Catalogue
    from segml.synthetic.traits import Traits


def expected_order(traits: Traits, catalogue: Catalogue) -> tuple[NDArray[np.float64], ...]:
    """Return mean net value and mean refund of an order that is not cancelled, shape (n,) each.

    Line j is worth pi M^k v with the taste pi, the companion matrix M, the mean line values v
    and k = 0 where the chain starts anew: with a_k = pi M^k v and the companion share c, its
    mean is (1 - c) (a_0 + c a_1 + ... + c^(j-2) a_(j-2)) + c^(j-1) a_(j-1).
    """
    return_share = np.array([item.return_share for item in CATEGORIES])
    extra = np.array([item.extra_quantity for item in CATEGORIES])
    value = catalogue.unit_price * (1 + extra[catalogue.category])
    factor = np.where(traits.is_wholesale, WHOLESALE_FACTOR, 1)
    factor = factor * (1 - traits.deal_share * MEAN_DISCOUNT)
    gross = _mean_basket(traits, catalogue, value)
    returned = _mean_basket(traits, catalogue, value * return_share[catalogue.category])
    return factor * gross, factor * returned * return_factor(traits.satisfaction)


def _mean_basket(
    traits: Traits, catalogue: Catalogue, value: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean sum over an order's lines of a value per product, shape (n,)."""
    shape = (len(SPEND_TILTS), len(CATEGORIES), PRODUCTS_PER_CATEGORY)
    shares, matrix = catalogue.choice_shares(), catalogue.companion_matrix()
    powers = [value]
    for _ in range(MAX_EXTRA_LINES):
        powers.append(matrix @ powers[-1])
    chain = []
    for power in powers:
        by_taste = (shares * np.broadcast_to(power.reshape(shape[1:]), shape)).sum(axis=2)
        chain.append((traits.taste * by_taste[traits.spend_level]).sum(axis=1))
    total: NDArray[np.float64] = chain[0].copy()
    restarts = np.zeros_like(total)
    tail, probability = 1 - np.exp(-traits.extra_lines), np.exp(-traits.extra_lines)
    for line in range(1, MAX_EXTRA_LINES + 1):
        restarts += COMPANION_SHARE ** (line - 1) * chain[line - 1]
        mean = (1 - COMPANION_SHARE) * restarts + COMPANION_SHARE**line * chain[line]
        total += tail * mean
        probability = probability * traits.extra_lines / line
        tail = tail - probability
    return total
