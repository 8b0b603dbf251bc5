"""How many clusters customers fall into: k-means, with k by stability and silhouette."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

STARTS = 10
RESAMPLE_STARTS = 3
RESAMPLES = 10
RESAMPLED_SHARE = 0.8
SILHOUETTE_ROWS = 4_000
STABLE_FROM = 0.8  # adjusted Rand index; below it a second sample would tell another story
SMALLEST_SHARE = 0.02
CLEAR_FROM = 0.5  # silhouette of a reasonable structure (Kaufman and Rousseeuw 1990)
NEARLY_AS_GOOD = 0.75  # of the best silhouette


@dataclass(frozen=True)
class Clustering:
    """One number of clusters, and how real they look.

    Parameters
    ----------
    model : KMeans
        Fitted on all rows.
    labels : array of int, shape (n,)
    stability : float
        Mean adjusted Rand index between these clusters and those of subsamples; 1 is perfect
        agreement, 0 is chance (Hubert and Arabie 1985; Ben-Hur, Elisseeff and Guyon 2002).
    silhouette : float
        Mean silhouette, -1 to 1 (Rousseeuw 1987), of at most ``SILHOUETTE_ROWS`` rows.
    """

    model: Any
    labels: NDArray[np.int_]
    stability: float
    silhouette: float

    @property
    def size(self) -> int:
        """Number of clusters."""
        return int(self.model.n_clusters)

    @property
    def smallest_share(self) -> float:
        """Share of the rows in the smallest cluster."""
        return float(np.bincount(self.labels, minlength=self.size).min() / len(self.labels))


def choose_clustering(points: Array, sizes: Iterable[int], *, seed: int) -> Clustering:
    """Fit every number of clusters and return the most telling one that can be trusted.

    Only stable clusterings without tiny clusters compete. Where one of them shows clear clusters,
    the best separated one is taken. Where customers form a continuum, as in most shops, it is the
    finest cut that is nearly as well separated as the best: more of equal quality tells more.
    Where nothing is stable, the most stable one is taken, and fewer clusters of equal ones.

    Parameters
    ----------
    points : array, shape (n, d)
        Rows in an order that depends on nothing but the customers.
    sizes : iterable of int
        Numbers of clusters to try, increasing, all smaller than n.
    """
    tried = [_cluster(points, size, seed) for size in sizes]
    large = [item for item in tried if item.smallest_share >= SMALLEST_SHARE] or tried
    stable = [item for item in large if item.stability >= STABLE_FROM]
    if not stable:
        return max(large, key=lambda item: item.stability)
    best = max(stable, key=lambda item: item.silhouette)
    if best.silhouette >= CLEAR_FROM:
        return best
    return [item for item in stable if item.silhouette >= NEARLY_AS_GOOD * best.silhouette][-1]


def _cluster(points: Array, size: int, seed: int) -> Clustering:
    model = KMeans(size, n_init=STARTS, random_state=seed).fit(points)
    labels = model.labels_
    generator = np.random.default_rng(seed)
    agreements = []
    for _ in range(RESAMPLES):
        rows = generator.permutation(len(points))[: max(size, int(RESAMPLED_SHARE * len(points)))]
        again = KMeans(size, n_init=RESAMPLE_STARTS, random_state=seed).fit(points[rows])
        agreements.append(adjusted_rand_score(labels, again.predict(points)))
    shown = generator.permutation(len(points))[:SILHOUETTE_ROWS]
    has_several = len(np.unique(labels[shown])) > 1
    silhouette = silhouette_score(points[shown], labels[shown]) if has_several else -1.0
    return Clustering(model, labels, float(np.mean(agreements)), float(silhouette))
