"""Exact Vietoris-Rips persistence in the plane: the boundary matrix, ripser, a budget."""

from itertools import combinations

import numpy as np
import pytest
from cloud_oracles import degenerate_clouds, edge_key
from oracles import reduce_boundary

from skltopo._kernels.rips.plane import planar_rips_pairs
from skltopo.filtrations import VietorisRips


def rips_oracle(points):
    """Return {dim: sorted rows (bu, bv, du, dv)} of positive length, from all triangles."""
    n = len(points)
    order = sorted(combinations(range(n), 2), key=lambda e: edge_key(points, *e))
    rank = {e: n + i for i, e in enumerate(order)}
    cells = [(i, 0, (i,), []) for i in range(n)]
    cells += [(rank[e], 1, e, [(e[0],), (e[1],)]) for e in order]
    for t in combinations(range(n), 3):
        sides = list(combinations(t, 2))
        cells.append((max(rank[e] for e in sides), 2, t, sides))
    pairs, _ = reduce_boundary(cells)

    def edge(rank):
        return (rank, rank) if rank < n else order[rank - n]

    rows = {k: [edge(b) + edge(d) for b, d in pairs[k]] for k in (0, 1)}
    return {
        k: sorted(row for row in rows[k] if lengths(points, row)[::-1] > lengths(points, row))
        for k in rows
    }


def lengths(points, row):
    return [np.sqrt(edge_key(points, u, v)[0]) for u, v in (row[:2], row[2:])]


def ring(rng, n, noise):
    angle = 7 * rng.random(n)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return circle * (1 + noise * rng.normal(size=(n, 1)))


def clouds(rng, n_clouds, most):
    for i in range(n_clouds):
        n = int(rng.integers(3, most))
        yield [
            rng.random((n, 2)),
            rng.normal(size=(n, 2)),
            ring(rng, n, 0.2),
            ring(rng, n, 0),
            rng.random((n, 2)) * [1, 0.2],
        ][i % 5]


@pytest.mark.parametrize("most_rows", [0, 8192])
def test_pairs_equal_the_boundary_matrix(rng, most_rows):
    for points in clouds(rng, 100, 16):
        expected = rips_oracle(points)
        for dim, found in planar_rips_pairs(points, most_rows=most_rows).items():
            assert sorted(map(tuple, found.pairs.tolist())) == expected[dim]


@pytest.mark.parametrize("most_rows", [0, 8192])
def test_pairs_equal_those_of_all_edges_where_faces_have_many_corners(rng, most_rows):
    """Curves have one large face; of a third dimension, all edges are swept."""
    for _ in range(30):
        n = int(rng.integers(60, 250))
        angle = np.sort(rng.random(n)) * 2 * np.pi
        radius = rng.choice([0, 0.01, 0.2]) * rng.normal(size=n) + rng.choice(
            [np.ones(n), 1 + 0.3 * np.sin(rng.integers(2, 8) * angle), np.linspace(0.3, 1, n)]
        )
        points = np.stack([radius * np.cos(angle), rng.uniform(0.3, 1) * radius * np.sin(angle)], 1)
        expected = VietorisRips(1)(np.pad(points, ((0, 0), (0, 1)))).pairs
        for dim, found in planar_rips_pairs(points, most_rows=most_rows).items():
            assert sorted(map(tuple, found.pairs.tolist())) == sorted(
                map(tuple, expected[dim].tolist())
            )


def test_lengths_equal_the_boundary_matrix_where_distances_tie(rng):
    for points in degenerate_clouds(rng, 210):
        if points.shape[1] == 1:
            continue
        expected = rips_oracle(points)
        for dim, pairs in planar_rips_pairs(points).items():
            found = sorted(lengths(points, row) for row in pairs.pairs.tolist())
            np.testing.assert_allclose(
                np.reshape(found, (-1, 2)),
                np.reshape(sorted(lengths(points, row) for row in expected[dim]), (-1, 2)),
                rtol=1e-12,
            )


def test_points_that_coincide_up_to_rounding_lose_no_class(rng):
    """A turned grid twice, computed in two ways: distances once hid edges of the triangulation."""
    grid = np.indices((6, 6)).reshape(2, -1).T.astype(float)
    for angle in 6 * rng.random(20):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        some = grid[rng.random(len(grid)) < 0.8]
        points = np.concatenate([some @ turn, (some + 3) @ turn - np.full((1, 2), 3.0) @ turn])
        found = planar_rips_pairs(np.ascontiguousarray(points))
        matrix = np.sqrt(((points[:, np.newaxis] - points) ** 2).sum(axis=2))
        expected = VietorisRips(metric="precomputed")(matrix)
        for dim in (0, 1):
            rows = np.array([lengths(points, row) for row in found[dim].pairs.tolist()])
            rows = rows.reshape(-1, 2)
            finite = expected[dim][np.isfinite(expected[dim][:, 1])]
            rows, finite = (d[np.diff(d, axis=1)[:, 0] > 1e-9] for d in (rows, finite))
            np.testing.assert_allclose(
                np.sort(rows, axis=0), np.sort(finite, axis=0), atol=1e-12, rtol=0
            )


def test_equals_ripser(rng):
    ripser = pytest.importorskip("ripser").ripser
    for points in clouds(rng, 60, 150):
        expected = ripser(points, maxdim=1)["dgms"][1]
        pairs = planar_rips_pairs(points)[1].pairs
        found = np.array([lengths(points, row) for row in pairs.tolist()]).reshape(-1, 2)
        expected, found = (d[np.diff(d, axis=1)[:, 0] > 1e-5] for d in (expected, found))
        assert len(found) == len(expected)
        np.testing.assert_allclose(
            found[np.lexsort(found.T)], expected[np.lexsort(expected.T)], atol=1e-5
        )


def test_longest_first(rng):
    points = rng.random((300, 2))
    for found in planar_rips_pairs(points).values():
        length = [np.subtract(*lengths(points, row)) for row in found.pairs.tolist()]
        assert length == sorted(length)


def test_a_budget_gives_up(rng):
    points = ring(rng, 400, 0.001)
    assert planar_rips_pairs(points, budget=1e3) is None
    assert len(planar_rips_pairs(points, budget=1e12)[0].pairs) == 399
