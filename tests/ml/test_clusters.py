"""The number of clusters is found where there are clusters, and the same every time."""

import numpy as np
import pytest

from segml.models.clusters import STABLE_FROM, choose_clustering


def blobs(*sizes, spread=0.3):
    """Draw round clusters on a circle of radius 3."""
    generator = np.random.default_rng(5)
    angles = 2 * np.pi * np.arange(len(sizes)) / len(sizes)
    centres = 3 * np.column_stack([np.cos(angles), np.sin(angles)])
    return np.concatenate(
        [generator.normal(c, spread, (size, 2)) for c, size in zip(centres, sizes, strict=True)]
    )


@pytest.mark.parametrize("count", [3, 5])
def test_clusters_that_are_there_are_found(count):
    points = blobs(*[60] * count)
    found = choose_clustering(points, range(2, 8), seed=1)
    assert found.size == count
    assert found.stability == pytest.approx(1)
    assert found.silhouette > 0.7
    assert np.bincount(found.labels).tolist() == [60] * count


def test_a_handful_of_outliers_is_no_cluster():
    points = np.concatenate([blobs(100, 100, 100), np.full((3, 2), 6.0)])
    isolated = choose_clustering(points, [4], seed=1)
    assert np.bincount(isolated.labels).min() == 3
    assert choose_clustering(points, range(3, 6), seed=1).size == 3


def test_without_structure_the_most_stable_number_is_taken():
    points = np.random.default_rng(0).normal(size=(300, 6))
    sizes = range(3, 7)
    alone = {size: choose_clustering(points, [size], seed=1).stability for size in sizes}
    assert max(alone.values()) < STABLE_FROM
    assert choose_clustering(points, sizes, seed=1).size == max(alone, key=alone.get)


def test_the_same_seed_gives_the_same_clusters():
    points = blobs(50, 60, 70, spread=1.5)
    first, second = (choose_clustering(points, range(3, 6), seed=4) for _ in range(2))
    assert np.array_equal(first.labels, second.labels)
    assert (first.stability, first.silhouette) == (second.stability, second.silhouette)
