"""Revenue of a buyer, given the value tier: the part that every learned model shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.linear_model import GammaRegressor
from sklearn.pipeline import make_pipeline

from segml.models.preprocessing import dense_preprocessor, model_frame
from segml.models.storage import load_estimator, load_json, save_estimator, save_json

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from segml.dataset import Examples

MIN_ROWS_TO_REGRESS = 100  # below this, the mean of the tier is the safer estimate
WINSOR_QUANTILE = 0.995
PENALTY = 1.0
POSITIVE_SHARE_OF_MEAN = 0.01  # stands in for refunded-away revenue, which has no logarithm


class ConditionalRevenue:
    """E[net revenue within the horizon | tier, features], by one gamma regression per tier.

    The estimate stays within the range of its tier in the training data, so that expected
    revenue never contradicts the tier probabilities. The largest amounts are winsorised: a
    single wholesale order must not set the price of everybody.
    """

    def fit(self, train: Examples) -> Self:
        """Learn from the buyers among labelled examples."""
        self.mean_: list[float] = []
        self.lowest_: list[float] = []
        self.highest_: list[float] = []
        self.scale_: list[float] = []
        self.regressors_: list[Any] = []
        observed = np.isfinite(train.net_revenue)
        for tier in range(1, len(train.class_names)):
            self._fit_tier(train.take((train.value_tier == tier) & observed))
        return self

    def _fit_tier(self, buyers: Examples) -> None:
        revenue = buyers.net_revenue if len(buyers) else np.zeros(1)
        revenue = np.minimum(revenue, np.quantile(revenue, WINSOR_QUANTILE, method="lower"))
        mean = float(revenue.mean())
        regressor, scale = None, 1.0
        if len(buyers) >= MIN_ROWS_TO_REGRESS and mean > 0:
            frame = model_frame(buyers)
            regressor = make_pipeline(
                dense_preprocessor(frame, buyers.schema),
                GammaRegressor(alpha=PENALTY, solver="newton-cholesky", max_iter=1_000),
            ).fit(frame, np.maximum(revenue, POSITIVE_SHARE_OF_MEAN * mean))
            scale = mean / float(regressor.predict(frame).mean())
        self.mean_.append(mean)
        self.lowest_.append(float(revenue.min()))
        self.highest_.append(float(revenue.max()))
        self.scale_.append(scale)
        self.regressors_.append(regressor)

    def predict(self, examples: Examples) -> NDArray[np.float64]:
        """Return revenue in currency given each tier but the first, shape (n, k - 1)."""
        frame = model_frame(examples)
        revenue = np.tile(self.mean_, (len(frame), 1))
        for column, regressor in enumerate(self.regressors_):
            if regressor is not None and len(frame):
                revenue[:, column] = regressor.predict(frame) * self.scale_[column]
        bounded: NDArray[np.float64] = np.clip(revenue, self.lowest_, self.highest_)
        return bounded

    def save(self, folder: Path) -> None:
        """Write one JSON file and one estimator per regressed tier."""
        tables = {"mean": self.mean_, "lowest": self.lowest_, "highest": self.highest_}
        save_json(tables | {"scale": self.scale_}, folder / "revenue.json")
        for tier, regressor in enumerate(self.regressors_, start=1):
            if regressor is not None:
                save_estimator(regressor, folder / f"revenue_{tier}.skops")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote."""
        revenue = cls()
        tables = load_json(folder / "revenue.json")
        revenue.mean_, revenue.scale_ = tables["mean"], tables["scale"]
        revenue.lowest_, revenue.highest_ = tables["lowest"], tables["highest"]
        tiers = range(1, len(revenue.mean_) + 1)
        paths = [folder / f"revenue_{tier}.skops" for tier in tiers]
        revenue.regressors_ = [load_estimator(path) if path.exists() else None for path in paths]
        return revenue
