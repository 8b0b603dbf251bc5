"""Compare k-means with Gaussian mixtures as personas: stable, separated, on the same features.

The customers and the space are those of `segml train`. Stability is the mean adjusted Rand index
between the groups of all customers and those that are found in samples of 80 % of them.

Example
-------
python benchmarks/personas.py warehouse/demo.duckdb warehouse/retail.duckdb
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from segml.grouping import read_customers
from segml.mart import read_plan
from segml.models.clusters import (
    RESAMPLE_STARTS,
    RESAMPLED_SHARE,
    RESAMPLES,
    SILHOUETTE_ROWS,
    STARTS,
)
from segml.personas.space import build_space
from segml.settings import load_settings
from segml.warehouse import open_warehouse

SEED = 42
SIZES = range(3, 9)
COVARIANCES = ("diag", "full", "tied")


def main() -> None:
    """Print one table per warehouse."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("warehouses", type=Path, nargs="+")
    parser.add_argument("--project-dir", type=Path, default=Path())
    arguments = parser.parse_args()
    settings = load_settings(arguments.project_dir)
    for path in arguments.warehouses:
        with open_warehouse(path, read_only=True) as warehouse:
            customers = read_customers(warehouse, read_plan(warehouse).as_of_date, settings)
        if customers.examples is None:
            parser.error(f"{path}: nobody to group; build the warehouse first")
        frame = customers.examples.features[list(customers.inputs)].astype(np.float64)
        space = build_space(frame, customers.inputs)
        with threadpool_limits(limits=1):
            compare(path.stem, space.fit_transform(frame))


def compare(name: str, points: np.ndarray) -> None:
    """Print stability and silhouette of every method and number of groups."""
    print(f"{name}: {len(points):,} customers in {points.shape[1]} dimensions")
    print(f"{'':<12}" + "".join(f"{f'{size} groups':>16}" for size in SIZES))
    for method in ("k-means", *COVARIANCES):
        cells = [measure(points, method, size) for size in SIZES]
        row = "".join(f"{f'{rand:.2f} / {width:.2f}':>16}" for rand, width in cells)
        print(f"{method:<12}{row}", flush=True)


def measure(points: np.ndarray, method: str, size: int) -> tuple[float, float]:
    """Return stability over subsamples, and the silhouette."""
    model = build(method, size, STARTS).fit(points)
    labels = model.predict(points)
    generator = np.random.default_rng(SEED)
    agreements = []
    for _ in range(RESAMPLES):
        rows = generator.permutation(len(points))[: int(RESAMPLED_SHARE * len(points))]
        again = build(method, size, RESAMPLE_STARTS).fit(points[rows])
        agreements.append(adjusted_rand_score(labels, again.predict(points)))
    shown = generator.permutation(len(points))[:SILHOUETTE_ROWS]
    return float(np.mean(agreements)), float(silhouette_score(points[shown], labels[shown]))


def build(method: str, size: int, starts: int) -> Any:
    """Return an unfitted clustering."""
    if method == "k-means":
        return KMeans(size, n_init=starts, random_state=SEED)
    return GaussianMixture(size, covariance_type=method, n_init=starts, random_state=SEED)


if __name__ == "__main__":
    main()
