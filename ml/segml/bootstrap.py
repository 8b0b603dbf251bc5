"""Metrics with confidence, from resampling whole customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]
    Metrics = Callable[[Array], dict[str, Array]]

CONFIDENCE_TAILS = (0.025, 0.975)
CHUNK_CELLS = 2_000_000  # bounds memory: rows times resamples at once


@dataclass(frozen=True)
class Measurement:
    """Metrics of the rows as they are, and of every resample.

    Two measurements of the same customers with the same seed are paired: the same position is
    the same resample.

    Parameters
    ----------
    estimates : dict of str to float
        Metric to value; NaN where undefined.
    samples : dict of str to array, shape (resamples,)
        The same metrics on every resample; empty without resamples.
    """

    estimates: dict[str, float]
    samples: dict[str, Array]

    def table(self) -> pd.DataFrame:
        """Return columns metric, value, ci_low, ci_high: a 95 % percentile interval each."""
        rows = [
            (name, value, *percentile_interval(self.samples.get(name)))
            for name, value in self.estimates.items()
        ]
        return pd.DataFrame(rows, columns=["metric", "value", "ci_low", "ci_high"])


def measure(
    metrics: Metrics, customer_key: NDArray[np.str_], *, resamples: int, seed: int
) -> Measurement:
    """Measure once on the rows as they are, and once per resample of their customers.

    Parameters
    ----------
    metrics : callable
        Receives row weights of shape (b, n) and returns each metric as an array of shape (b,).
    customer_key : array of str, shape (n,)
        Rows of the same customer are drawn together.
    resamples : int
        Zero leaves all intervals unknown.
    """
    plain = metrics(np.ones((1, len(customer_key))))
    customers, customer_of_row = np.unique(customer_key, return_inverse=True)
    generator = np.random.default_rng(seed)
    even = np.full(len(customers), 1 / len(customers))
    chunk = max(1, CHUNK_CELLS // len(customer_key))
    parts = []
    for start in range(0, resamples, chunk):
        counts = generator.multinomial(len(customers), even, size=min(chunk, resamples - start))
        parts.append(metrics(counts[:, customer_of_row].astype(np.float64)))
    samples = {name: np.concatenate([part[name] for part in parts]) for name in plain if parts}
    return Measurement({name: float(value[0]) for name, value in plain.items()}, samples)


def percentile_interval(values: Array | None) -> tuple[float, float]:
    """Return the 95 % interval of resampled values, NaN where there is none."""
    if values is None or not np.isfinite(values).any():
        return np.nan, np.nan
    low, high = np.nanquantile(values, CONFIDENCE_TAILS)
    return float(low), float(high)
