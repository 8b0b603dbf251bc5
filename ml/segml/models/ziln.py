"""Zero-inflated lognormal revenue of the networks, coherent with their tiers.

Wang, Liu and Miao 2019 (arXiv 1912.07753) model revenue as zero with some probability and
lognormal otherwise. Here the tier head is the first half of their loss: the cross-entropy of the
tiers is that of buying at all plus, among buyers, that of ``mid`` against ``high``. What remains
is the lognormal part below. The tier probabilities say on which side of the high-value threshold
a buyer falls, and the revenue given a tier is the mean of the lognormal on that side of it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.special import log_ndtr

from segml.dataset import TIERS
from segml.models.revenue import MIN_ROWS_TO_REGRESS, WINSOR_QUANTILE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segml.dataset import Examples

    Array = NDArray[np.float64]

BUYER_TIERS = tuple(range(1, len(TIERS)))
HEAD_UNITS = 2  # location and unbounded width of the standardised logarithm of revenue
LOSS_WEIGHT = 0.2  # of a nat of revenue against a nat of tier
MIN_WIDTH, MAX_WIDTH = 0.1, 3.0  # standard deviations of log revenue over all buyers
MAX_LOCATION = 6.0  # of these from their mean
SMALLEST_DEVIATION = 0.1  # of log revenue; shops of one price have none


def lognormal_loss(target: Any, head: Any) -> Any:  # noqa: ANN401
    """Return the negative log-likelihood of log revenue per row, in nats; 0 for rows without.

    Parameters
    ----------
    target : tensor, shape (n, 2)
        Standardised log revenue, and 1 where it exists, as ``RevenueHead.targets`` gives them.
    head : tensor, shape (n, 2)
        What the network says.
    """
    from keras import ops

    width = ops.clip(ops.softplus(head[:, 1]), MIN_WIDTH, MAX_WIDTH)
    distance = (target[:, 0] - head[:, 0]) / width
    loss = 0.5 * ops.square(distance) + ops.log(width) + 0.5 * np.log(2 * np.pi)
    return target[:, 1] * loss


def truncated_means(location: Array, width: Array, threshold: float) -> tuple[Array, Array]:
    """Return E[x | x < threshold] and E[x | x >= threshold] of lognormals, each of shape (n,).

    Written with logarithms of the normal distribution, so that neither tail divides zero by zero.

    Parameters
    ----------
    location, width : array, shape (n,)
        Mean and standard deviation of log x.
    threshold : float
        In currency, positive.
    """
    edge = (np.log(threshold) - location) / width
    log_mean = location + width**2 / 2
    below = np.exp(log_mean + log_ndtr(edge - width) - log_ndtr(edge))
    above = np.exp(log_mean + log_ndtr(width - edge) - log_ndtr(-edge))
    return below, above


@dataclass
class RevenueHead:
    """E[net revenue within the horizon | tier, features] from the revenue output of a network.

    Every estimate is scaled so that its mean over the training rows of the tier is right, and
    stays within the range of the tier; the largest amounts are winsorised. A tier of few rows
    gets its mean.

    Parameters
    ----------
    class_count : int
    has_value_tiers : bool
        Other classes have no revenue.
    center, deviation : float
        Mean and standard deviation of log revenue over the training buyers.
    threshold : float
        Smallest training revenue of ``high``, in currency.
    mean, lowest, highest : list of float
        Of revenue in currency, for ``mid`` and ``high``.
    scale : list of float or None
        Factors that make the means right; ``None`` where the tier gets its mean.
    """

    class_count: int
    has_value_tiers: bool
    center: float
    deviation: float
    threshold: float
    mean: list[float]
    lowest: list[float]
    highest: list[float]
    scale: list[float | None]

    @classmethod
    def describe(cls, train: Examples) -> Self:
        """Learn everything but the scale, which needs a fitted network."""
        logs = np.log(train.net_revenue[_has_logarithm(train)])
        high = train.net_revenue[train.value_tier == BUYER_TIERS[-1]]
        tiers = [_winsorised(train, tier) for tier in BUYER_TIERS]
        return cls(
            class_count=len(train.class_names),
            has_value_tiers=train.has_value_tiers,
            center=float(logs.mean()) if len(logs) else 0.0,
            deviation=max(float(logs.std()), SMALLEST_DEVIATION) if len(logs) else 1.0,
            threshold=float(np.nanmin(high)) if np.isfinite(high).any() else float("inf"),
            mean=[float(revenue.mean()) for revenue in tiers],
            lowest=[float(revenue.min()) for revenue in tiers],
            highest=[float(revenue.max()) for revenue in tiers],
            scale=[None for _ in tiers],
        )

    def targets(self, train: Examples) -> NDArray[np.float32]:
        """Return what ``lognormal_loss`` compares with, shape (n, 2).

        Buyers who were refunded everything, or more, have no logarithm: they count in the scale.
        """
        known = _has_logarithm(train)
        logs = np.log(np.where(known, train.net_revenue, 1.0))
        standardised = (logs - self.center) / self.deviation
        return np.column_stack([np.where(known, standardised, 0.0), known]).astype(np.float32)

    def calibrate(self, train: Examples, head: NDArray[np.float32]) -> Self:
        """Learn the scale of each tier from what the fitted network says of the training rows."""
        means = self._unscaled(head)
        for position, tier in enumerate(BUYER_TIERS):
            rows = (train.value_tier == tier) & np.isfinite(train.net_revenue)
            if rows.sum() >= MIN_ROWS_TO_REGRESS and self.mean[position] > 0:
                self.scale[position] = self.mean[position] / float(means[rows, position].mean())
        return self

    def predict(self, head: NDArray[np.float32]) -> Array:
        """Return revenue in currency given each class but the first, shape (n, classes - 1)."""
        if not self.has_value_tiers:
            return np.zeros((len(head), self.class_count - 1))
        revenue = np.tile(self.mean, (len(head), 1))
        means = self._unscaled(head)
        for position, scale in enumerate(self.scale):
            if scale is not None:
                revenue[:, position] = means[:, position] * scale
        bounded: Array = np.clip(revenue, self.lowest, self.highest)
        return bounded

    def _unscaled(self, head: NDArray[np.float32]) -> Array:
        if not np.isfinite(self.threshold):
            return np.ones((len(head), len(BUYER_TIERS)))
        location = np.clip(head[:, 0].astype(np.float64), -MAX_LOCATION, MAX_LOCATION)
        unbounded = head[:, 1].astype(np.float64)
        width = self.deviation * np.clip(np.logaddexp(0, unbounded), MIN_WIDTH, MAX_WIDTH)
        location = self.center + self.deviation * location
        return np.column_stack(truncated_means(location, width, self.threshold))

    def as_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; the class reads them as keyword arguments."""
        return asdict(self)


def _has_logarithm(train: Examples) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (train.value_tier > 0) & (train.net_revenue > 0)
    return found & train.has_value_tiers


def _winsorised(train: Examples, tier: int) -> Array:
    revenue = train.net_revenue[(train.value_tier == tier) & np.isfinite(train.net_revenue)]
    if not len(revenue):
        return np.zeros(1)
    capped: Array = np.minimum(revenue, np.quantile(revenue, WINSOR_QUANTILE, method="lower"))
    return capped
