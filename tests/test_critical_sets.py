"""Critical sets: the reduction with its records, sets that reach their targets, and gradients."""

from itertools import combinations

import numpy as np
import pytest

from skltopo import Energy
from skltopo._kernels.functionals.critical_sets import columns_of_v, reduce_columns
from skltopo.filtrations import WeakAlpha
from skltopo.shaping.critical_sets import (
    CriticalSets,
    EdgeComplex,
    big_step_gradient,
    cliques,
    delaunay_faces,
)


def dense(starts, rows, n_rows):
    """Return the matrix over Z/2."""
    matrix = np.zeros((n_rows, len(starts) - 1), dtype=np.int64)
    for k in range(matrix.shape[1]):
        matrix[rows[starts[k] : starts[k + 1]], k] = 1
    return matrix


@pytest.mark.parametrize("seed", range(30))
def test_reduction_is_d_times_v_and_additions_are_its_inverse(seed):
    rng = np.random.default_rng(seed)
    n, m = rng.integers(1, 12, 2)
    matrix = rng.random((n, m)) < 0.4
    starts = np.concatenate([[0], np.cumsum(matrix.sum(axis=0))])
    rows = np.concatenate([np.flatnonzero(column) for column in matrix.T]).astype(np.int64)
    low, added_starts, added = reduce_columns(starts, rows, n)
    splits, members = columns_of_v(added_starts, added, np.arange(m))
    v = dense(splits, members, m)
    u = dense(added_starts, added, m) + np.eye(m, dtype=np.int64)
    np.testing.assert_array_equal(u @ v % 2, np.eye(m))
    assert (v == np.triu(v)).all()
    reduced = dense(starts, rows, n) @ v % 2
    lowest = [max(np.flatnonzero(column), default=-1) for column in reduced.T]
    np.testing.assert_array_equal(low, lowest)
    found = low[low >= 0]
    assert len(np.unique(found)) == len(found)


@pytest.mark.parametrize(
    ("starts", "rows", "message"),
    [
        ([0, 1], [5], "rows must be between 0 and 2"),
        ([0, 2], [1], "starts must rise"),
        ([1, 1], [1], "starts must rise"),
        ([0, 2, 1], [1], "starts must rise"),
    ],
)
def test_reduction_refuses_wrong_matrices(starts, rows, message):
    with pytest.raises(ValueError, match=message):
        reduce_columns(np.array(starts), np.array(rows), 3)


def test_columns_of_v_are_asked_for_by_number():
    with pytest.raises(ValueError, match="columns must be between 0 and 1"):
        columns_of_v(np.zeros(3, np.int64), np.zeros(0, np.int64), np.array([2]))


# Random complexes, with values of their own for every simplex


def close(values, simplices, up):
    """Raise cofaces or lower faces until values are a filtration."""
    values = values.copy()
    index = {simplex: i for i, simplex in enumerate(simplices)}
    order = sorted(range(len(simplices)), key=lambda i: len(simplices[i]), reverse=not up)
    for i in order:
        for facet in combinations(simplices[i], len(simplices[i]) - 1) if i >= 9 else ():
            if up:
                values[i] = max(values[i], values[index[facet]])
            else:
                values[index[facet]] = min(values[index[facet]], values[i])
    return values


def critical_sets(simplices, values, k):
    """Return the `CriticalSets`, and the simplices of both dimensions in their order."""
    lower, higher = (
        sorted(
            (i for i, simplex in enumerate(simplices) if len(simplex) == size),
            key=lambda i: (values[i], i),
        )
        for size in (k + 1, k + 2)
    )
    position = {simplices[i]: p for p, i in enumerate(lower)}
    boundary = [[position[f] for f in combinations(simplices[i], k + 1)] for i in higher]
    boundary = np.array(boundary, dtype=np.int64).reshape(-1, k + 2)
    return CriticalSets(values[lower], values[higher], boundary), lower, higher


def random_filtration(rng):
    """Return simplices up to dimension 2 of 9 vertices, and values of a filtration."""
    points = rng.random((9, 2))
    near = np.linalg.norm(points[:, np.newaxis] - points, axis=-1) < 0.75
    simplices = [(v,) for v in range(9)] + [e for e in combinations(range(9), 2) if near[e]]
    edges = set(simplices)
    simplices += [t for t in combinations(range(9), 3) if edges.issuperset(combinations(t, 2))]
    return simplices, close(rng.random(len(simplices)), simplices, True)


@pytest.mark.parametrize("k", [0, 1])
@pytest.mark.parametrize("move", ["death up", "death down", "birth up", "birth down"])
def test_moves_reach_their_targets(k, move):
    rng = np.random.default_rng(0)
    n_moves = 0
    for _ in range(25):
        simplices, values = random_filtration(rng)
        sets, lower, higher = critical_sets(simplices, values, k)
        for pair in sets.pairs:
            birth, death = sets.values[0][pair[0]], sets.values[1][pair[1]]
            if death - birth < 0.05:
                continue
            length = death - birth
            end, moving = (1, higher) if "death" in move else (0, lower)
            goal = {
                "death up": death + 0.1,
                "death down": birth + 0.4 * length,
                "birth up": birth + 0.6 * length,
                "birth down": birth - 0.1,
            }[move]
            find = sets.death_sets if end else sets.birth_sets
            query, member = find(pair[np.newaxis], np.array([goal]))
            assert (query == 0).all()
            moved = values.copy()
            moved[[moving[i] for i in member]] = goal
            after, _, _ = critical_sets(simplices, close(moved, simplices, "up" in move), k)
            points = np.stack([after.values[i][after.pairs[:, i]] for i in (0, 1)], axis=1)
            wanted = (birth, goal) if end else (goal, death)
            assert np.isclose(points, wanted, atol=1e-9).all(axis=1).any()
            n_moves += 1
    assert n_moves > 30


def test_several_pairs_at_once_are_as_one_by_one():
    simplices, values = random_filtration(np.random.default_rng(5))
    sets, _, _ = critical_sets(simplices, values, 1)
    deaths = sets.values[1][sets.pairs[:, 1]]
    goals = deaths + np.where(np.arange(len(deaths)) % 2, 0.2, -0.05)
    query, member = sets.death_sets(sets.pairs, goals)
    for i, pair in enumerate(sets.pairs):
        _, alone = sets.death_sets(pair[np.newaxis], goals[[i]])
        assert sorted(member[query == i]) == sorted(alone)


# Complexes of points


@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("seed", range(5))
def test_pairs_are_those_of_the_filtration(d, seed):
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 9, (40, d)).astype(float) if seed % 2 else rng.random((40, d))
    complex = EdgeComplex(points, delaunay_faces(points))
    diagram = WeakAlpha(max_dim=2)(points).as_batch()
    for k in range(d):
        sets = complex.critical_sets(k)
        births, deaths = (sets.values[i][sets.pairs[:, i]] for i in (0, 1))
        length = np.sort((deaths - births)[deaths > births])
        expected = diagram.get_points(k).finite
        np.testing.assert_allclose(length, np.sort(expected[:, 1] - expected[:, 0]), atol=1e-12)


def test_cliques_are_those_of_the_graph():
    points = np.random.default_rng(0).random((14, 2))
    simplices = cliques(points, 0.5)
    length = np.linalg.norm(points[:, np.newaxis] - points, axis=-1)
    bound = min(0.5, length.max(axis=1).min())
    for k in (1, 2, 3):
        expected = [
            s
            for s in combinations(range(14), k + 1)
            if all(length[e] <= bound for e in combinations(s, 2))
        ]
        assert simplices(k).tolist() == [list(s) for s in expected]


@pytest.mark.parametrize(
    "points",
    [
        np.zeros((1, 2)),
        np.zeros((5, 2)),
        np.arange(6.0)[:, np.newaxis] * [1.0, 2.0],
        np.arange(6.0)[:, np.newaxis] * [1.0, 2.0, -1.0],
        np.random.default_rng(0).integers(0, 3, (30, 2)).astype(float),
        np.random.default_rng(0).random((20, 2)) @ [[1.0, 0.0, 1.0], [0.0, 1.0, 2.0]],
        np.random.default_rng(0).random((20, 3)),
        np.random.default_rng(0).random((20, 3)) * [1.0, 1.0, 1e-9],
        np.random.default_rng(0).integers(0, 3, (30, 3)).astype(float),
        np.random.default_rng(0).random((12, 4)),
    ],
    ids=[
        "one",
        "same",
        "line",
        "line in space",
        "grid",
        "plane in space",
        "space",
        "nearly flat",
        "grid in space",
        "R^4",
    ],
)
def test_big_steps_of_any_points_are_finite(points):
    complex = EdgeComplex(points, delaunay_faces(points))
    energies = [Energy(dim=1, p=2, weight=-1.0), Energy(dim=0, p=2, i0=2)]
    gradient = big_step_gradient(complex, energies, {0: 1, 1: 0})
    assert gradient.shape == points.shape
    assert np.isfinite(gradient).all()


def test_a_single_hole_moves_all_the_edges_that_would_end_it():
    angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points += 0.01 * np.random.default_rng(0).normal(size=points.shape)
    complex = EdgeComplex(points, delaunay_faces(points))
    gradient = big_step_gradient(complex, [Energy(dim=1, p=2, weight=-1.0)], {1: 0})
    diagram = WeakAlpha(max_dim=1)(points)
    assert len(diagram.pairs[1]) == 1
    moving = np.flatnonzero(gradient.any(axis=1))
    assert set(diagram.pairs[1].ravel()) <= set(moving)
    assert len(moving) > 8  # a subgradient moves 4 at the most


def test_critical_edges_move_as_by_the_subgradient_where_sets_are_single():
    points = np.array([[0.0, 0.0], [1.0, 0.1], [2.5, 0.0]])
    complex = EdgeComplex(points, delaunay_faces(points))
    gradient = big_step_gradient(complex, [Energy(dim=0, p=2, i0=2)], {0: 1})
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    units = np.diff(points, axis=0) / lengths[:, np.newaxis]
    pull = 2 * lengths[:, np.newaxis] * units
    np.testing.assert_allclose(gradient, [-pull[0], pull[0] - pull[1], pull[1]])


def test_too_large_complexes_are_refused(monkeypatch):
    points = np.random.default_rng(0).random((30, 2))
    monkeypatch.setattr("skltopo.shaping.critical_sets.MAX_CLIQUES", 100)
    with pytest.raises(ValueError, match="take more than 100 simplices: use subsample"):
        cliques(points, np.inf)(2)
