"""Inputs that agree up to rounding, against the same slow oracles as all other inputs.

Rotated lattices, spheres, rounded data, and values that differ by one unit in the last place: what
people have, and what random numbers never are. (Alpha on such clouds is in test_alpha.py.)
"""

import numpy as np
import pytest
from cloud_oracles import weak_alpha_pairs
from delaunay_oracles import weak_alpha_oracle
from near_degenerate import FAMILIES, cloud
from oracles import (
    cubical_persistence,
    freudenthal_cells,
    path_cells,
    simplicial_persistence,
)
from proximal_oracles import (
    best_partition_cost,
    best_pattern_cost,
    clusters_value,
    maxima_value,
)
from rips_oracles import rips_persistence, spanning_tree, squared_distances
from scipy.optimize import linear_sum_assignment
from test_delaunay3 import tops

from skltopo._kernels.fits.maxima import prox_maxima
from skltopo._kernels.fits.proximal import prox_clusters
from skltopo._kernels.rips.trees import euclidean_tree
from skltopo.distances import bottleneck_distance, wasserstein_distance
from skltopo.filtrations import LevelSet, SimplicialComplex, VietorisRips, WeakAlpha

COMPLEXES = ("freudenthal", "cubical", "cubical_cells")


def nearly_tied(rng, *shape):
    """Return values of which many are equal, or differ by one unit in the last place."""
    kind = rng.integers(4)
    if kind == 0:  # 0.1 + 0.2 is not 0.3
        values = sum(rng.integers(0, 4, shape) * 0.1 for _ in range(3))
    elif kind == 1:
        values = rng.integers(0, 3, shape) * rng.choice([1.0, -1.0, 1e150, 1e-150, 5e-324])
    elif kind == 2:
        values = np.full(shape, rng.normal())
    else:
        values = rng.normal(size=shape).round(1)
    towards = rng.choice([-np.inf, np.inf], shape)
    return np.where(rng.random(shape) < 0.4, np.nextafter(values, towards), values)


def rank_of(values, superlevel):
    order = np.argsort((-values if superlevel else values).ravel(), kind="stable")
    rank = np.empty(values.size, int)
    rank[order] = np.arange(values.size)
    return order, rank.tolist()


def matrix_of_grid(values, superlevel, complex):
    """Return {dim: sorted pairs of flat indices} by the boundary matrix."""
    order, rank = rank_of(values, superlevel)
    if values.ndim == 1:
        pairs, _ = simplicial_persistence(path_cells(values.size), rank)
    elif complex == "freudenthal":
        pairs, _ = simplicial_persistence(freudenthal_cells(*values.shape), rank)
    else:
        pairs, _ = cubical_persistence(values.shape, rank, complex == "cubical_cells")
    return {
        dim: sorted((int(order[b]), int(order[d])) for b, d in pairs[dim])
        for dim in range(values.ndim)
    }


@pytest.mark.parametrize("superlevel", [False, True])
@pytest.mark.parametrize("complex", COMPLEXES)
@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_level_sets(ndim, complex, superlevel, rng):
    filtration = LevelSet(ndim, superlevel=superlevel, complex=complex, keep_zero=True)
    most = {1: 15, 2: 6, 3: 4}[ndim]
    for _ in range({1: 60, 2: 60, 3: 15}[ndim]):
        values = nearly_tied(rng, *rng.integers(1, most, ndim))
        diagram = filtration(values)
        expected = matrix_of_grid(values, superlevel, complex)
        for dim in range(ndim):
            assert sorted(map(tuple, diagram.pairs[dim].tolist())) == expected[dim], values


@pytest.mark.parametrize("superlevel", [False, True])
def test_complexes(superlevel, rng):
    for _ in range(60):
        n = int(rng.integers(2, 9))
        tops = [rng.choice(n, min(n, int(rng.integers(1, 5))), replace=False) for _ in range(6)]
        filtration = SimplicialComplex(
            [top.tolist() for top in tops], n_vertices=n, superlevel=superlevel, keep_zero=True
        )
        values = nearly_tied(rng, n)
        order, rank = rank_of(values, superlevel)
        cells = [tuple(row) for part in filtration.simplices for row in part.tolist()]
        pairs, _ = simplicial_persistence(cells, rank)
        diagram = filtration(values)
        for dim in diagram.homology_dimensions:
            expected = sorted((int(order[b]), int(order[d])) for b, d in pairs[dim])
            assert sorted(map(tuple, diagram.pairs[dim].tolist())) == expected


def assert_near(found, expected, size):
    """Assert that two diagrams differ by rounding at most."""
    assert bottleneck_distance(found, expected) <= 1e-12 * size


def few(points, rng, most=13):
    """Return at most so many of the points: the oracles look at all cliques."""
    return points[np.sort(rng.permutation(len(points))[:most])]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("d", [2, 3])
def test_rips(family, d, rng):
    for _ in range(3):
        points = few(cloud(family, d, rng), rng)
        found = rips_persistence(squared_distances(points), length=np.sqrt)
        diagram = VietorisRips(2)(points)
        size = np.ptp(points, axis=0).max() + 1
        for dim, (rows, _) in enumerate(found):
            ends = points[rows].reshape(-1, 2, 2, d)
            expected = np.linalg.norm(ends[:, :, 0] - ends[:, :, 1], axis=-1)
            finite = diagram[dim][len(diagram.essential[dim]) :]
            assert_near(finite, expected, size)


def test_rips_of_matrices(rng):
    for _ in range(60):
        n = int(rng.integers(2, 11))
        matrix = np.triu(abs(nearly_tied(rng, n, n)), 1)
        matrix = matrix + matrix.T
        diagram = VietorisRips(2, metric="precomputed", keep_zero=True)(matrix)
        for dim, (rows, _) in enumerate(rips_persistence(matrix, keep_zero=True)):
            np.testing.assert_array_equal(
                sorted(diagram.pairs[dim].tolist()), sorted(rows.tolist())
            )


@pytest.mark.parametrize("family", FAMILIES)
def test_spanning_trees(family, rng):
    for d in (2, 3, 4):
        points = cloud(family, d, rng)[:40]
        squares = squared_distances(points)
        expected = np.sqrt([squares[tuple(edge)] for edge in spanning_tree(squares)])
        found = np.sqrt(euclidean_tree(points)[1])
        size = np.ptp(points, axis=0).max() + 1
        np.testing.assert_allclose(np.sort(found), np.sort(expected), rtol=0, atol=1e-12 * size)


def lengths_of(points, rows):
    rows = np.array(sorted(rows), dtype=np.int64).reshape(-1, 4)
    return np.linalg.norm(points[rows[:, ::2]] - points[rows[:, 1::2]], axis=2)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("d", [2, 3])
def test_weak_alpha(family, d, rng):
    for _ in range(4):
        points = few(cloud(family, d, rng), rng, 15)
        if d == 2:
            found = weak_alpha_pairs(points)
        else:
            found = weak_alpha_oracle(points, tops(points), (0, 1, 2), False)
        diagram = WeakAlpha(d - 1)(points)
        size = np.ptp(points, axis=0).max() + 1
        for dim in range(d):
            finite = diagram[dim][len(diagram.essential[dim]) :]
            assert_near(finite, lengths_of(points, found[dim]), size)


def slow_cost(first, second):
    """Return the matrix of distances in the maximum norm, with the diagonal beside both."""
    n, m = len(first), len(second)
    cost = np.zeros((n + m, n + m))
    cost[:n, :m] = abs(first[:, None] - second).max(axis=-1)
    cost[:n, m:] = (abs(first[:, 1] - first[:, 0]) / 2)[:, None]
    cost[n:, :m] = abs(second[:, 1] - second[:, 0]) / 2
    return cost


def test_distances(rng):
    for _ in range(100):
        first, second = (
            np.sort(nearly_tied(rng, int(rng.integers(0, 7)), 2), axis=1) for _ in range(2)
        )
        top = max(abs(first).max(initial=0), abs(second).max(initial=0))
        first, second = (x / top if top > 0 else x for x in (first, second))
        cost = slow_cost(first, second)
        expected = cost[linear_sum_assignment(cost)].sum()
        found = wasserstein_distance(first, second, ground=np.inf)
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-15)
        thresholds = np.unique(cost)
        least = next(
            (t for t in thresholds if not (late := cost > t)[linear_sum_assignment(late)].any()), 0
        )
        assert bottleneck_distance(first, second) == pytest.approx(least, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_proximal_operators(k, rng):
    operators = [
        (prox_clusters, best_partition_cost, clusters_value),
        (prox_maxima, best_pattern_cost, maxima_value),
    ]
    for p in range(1, 7):
        y = np.array([nearly_tied(rng, p) for _ in range(60)])
        y = y / np.maximum(abs(y).max(axis=1, keepdims=True), 1e-300)
        step = rng.choice([0.0, 0.1, np.nextafter(0.1, 1), 0.5, 1.0], len(y))
        for prox, best, value in operators:
            x = np.empty_like(y)
            prox(y, step, k, x)
            cost = 0.5 * ((x - y) ** 2).sum(axis=1) + step * value(x, k)
            np.testing.assert_allclose(cost, best(y, step, k), rtol=0, atol=1e-12)
