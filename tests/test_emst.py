import numpy as np
import pytest
from rips_oracles import rips_persistence, spanning_tree, squared_distances
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import cdist

from skltopo._kernels.rips.prim import prim_tree, prim_tree_of_rows
from skltopo._kernels.rips.trees import boruvka_tree, euclidean_tree, tree_pairs

TREES = {"prim": prim_tree, "boruvka": boruvka_tree}


def clouds(rng, n_clouds, most=45):
    """Random clouds: generic, on grids with many ties and duplicates, collinear."""
    for trial in range(n_clouds):
        n, d = rng.integers(1, most), rng.integers(1, 6)
        kind = trial % 4
        if kind == 0:
            yield rng.random((n, d))
        elif kind == 3:
            yield np.outer(rng.integers(0, 20, n), np.ones(d))
        else:
            yield rng.integers(0, (2, 8)[kind - 1], (n, d)).astype(float)


@pytest.mark.parametrize("name", TREES)
def test_tree_is_the_only_one_of_the_order(rng, name):
    for points in clouds(rng, 120):
        squares = squared_distances(points)
        edges, values = TREES[name](points)
        np.testing.assert_array_equal(edges, spanning_tree(squares))
        np.testing.assert_array_equal(values, squares[edges[:, 0], edges[:, 1]])


def test_tree_of_rows_has_components(rng):
    for points in clouds(rng, 60):
        matrix = np.sqrt(squared_distances(points))
        matrix[matrix > rng.random() * 2 * matrix.max()] = np.inf
        edges, values = prim_tree_of_rows(len(matrix), matrix.__getitem__)
        np.testing.assert_array_equal(edges, spanning_tree(matrix))
        np.testing.assert_array_equal(values, matrix[edges[:, 0], edges[:, 1]])


@pytest.mark.parametrize("n_dims", [1, 2, 3, 7])
def test_both_algorithms_agree_on_large_clouds(rng, n_dims):
    for points in (
        rng.random((3000, n_dims)),
        rng.integers(0, 5, (3000, n_dims)).astype(float),
        np.concatenate([rng.random((1500, n_dims)), 100 + 1e-9 * rng.random((1500, n_dims))]),
    ):
        for tree in (boruvka_tree, euclidean_tree):
            for a, b in zip(prim_tree(points), tree(points), strict=True):
                np.testing.assert_array_equal(a, b)


def test_weight_is_that_of_scipy(rng):
    points = rng.normal(size=(500, 4))
    _, squares = boruvka_tree(points)
    expected = minimum_spanning_tree(cdist(points, points)).sum()
    assert np.sqrt(squares).sum() == pytest.approx(expected, rel=1e-12)


def test_all_points_the_same():
    points = np.zeros((5000, 2))
    points[::2] = -0.0
    for tree in (prim_tree, boruvka_tree, euclidean_tree):
        edges, values = tree(points)
        np.testing.assert_array_equal(edges, [(0, j) for j in range(1, 5000)])
        assert not values.any()


def test_read_only_points(rng):
    points = rng.random((50, 3))
    points.flags.writeable = False
    for tree in TREES.values():
        assert len(tree(points)[0]) == 49


@pytest.mark.parametrize("keep_zero", [False, True])
def test_pairs_of_a_tree_are_those_of_the_boundary_matrix(rng, keep_zero):
    for points in clouds(rng, 60, most=9):
        squares = squared_distances(points)
        expected = rips_persistence(squares, keep_zero=keep_zero, length=np.sqrt)[0]
        edges, values = prim_tree(points)
        found = tree_pairs(edges, np.sqrt(values), len(points), keep_zero)[0]
        for a, b in zip((found.pairs, found.essential), expected, strict=True):
            np.testing.assert_array_equal(a, b)
