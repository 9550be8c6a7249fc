"""Delaunay complexes in space and above, and their filtrations, against exact oracles and peers."""

from itertools import combinations

import gudhi
import numpy as np
import pytest
from delaunay_oracles import (
    alpha_oracle,
    degenerate_cloud,
    determinant,
    dot,
    exact,
    minus,
    weak_alpha_oracle,
)
from scipy.spatial import Delaunay

from skltopo._kernels.delaunay.pairs_any import (
    _path,
    delaunay_complex,
    delaunay_pairs,
)
from skltopo._kernels.delaunay.triangulation3 import (
    delaunay_simplices,
    delaunay_tetrahedra,
    predicate_signs,
)

ORACLE = {False: weak_alpha_oracle, True: alpha_oracle}


def sign(x):
    return (x > 0) - (x < 0)


def exact_signs(points):
    a, b, c, d, e = exact(points)
    lifted = [[*minus(p, e), dot(minus(p, e), minus(p, e))] for p in (a, b, c, d)]
    u, v, p = minus(b, a), minus(c, a), minus(d, a)
    n = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]]
    across = [v[1] * n[2] - v[2] * n[1], v[2] * n[0] - v[0] * n[2], v[0] * n[1] - v[1] * n[0]]
    along = [n[1] * u[2] - n[2] * u[1], n[2] * u[0] - n[0] * u[2], n[0] * u[1] - n[1] * u[0]]
    return [
        sign(determinant([minus(q, a) for q in (b, c, d)])),
        -sign(determinant(lifted)),
        -sign(dot(minus(a, c), minus(b, c))),
        sign(dot(u, u) * dot(p, across) + dot(v, v) * dot(p, along) - dot(p, p) * dot(n, n)),
        int(not any(n)),
    ]


def hard_points(rng):
    """Five points that are often coplanar, cospherical, or nearly so."""
    kind = rng.integers(6)
    if kind == 0:
        return rng.integers(-2, 3, (5, 3)).astype(float)
    if kind == 1:
        return np.linspace(0, 1, 7)[rng.integers(0, 7, (5, 3))] + 0.7
    if kind == 2:
        points = rng.integers(-2, 3, (5, 3)) * 10.0 ** rng.integers(-200, 200)
        return points * (1 + (rng.random((5, 3)) < 0.1) * 2.0**-52)
    if kind == 3:
        return rng.integers(-3, 4, (5, 3)) * 2.0 ** rng.integers(-120, 120, (5, 3))
    if kind == 4:
        return 1e8 + rng.integers(-2, 3, (5, 3)) * 2.0**-26
    points = rng.standard_normal((5, 3))
    return points / np.linalg.norm(points, axis=1)[:, None]


def test_predicates_agree_with_fractions(rng):
    zeros = np.zeros(5, int)
    for _ in range(2000):
        points = hard_points(rng)
        expected = exact_signs(points)
        assert predicate_signs(points) == expected, points
        zeros += np.array(expected) == 0
    assert (zeros[:4] > 60).all()


def simplex_set(simplices):
    return {tuple(sorted(s)) for s in simplices.tolist()}


def test_generic_points_agree_with_qhull(rng):
    for n in (4, 5, 6, 20, 60, 200):
        for points in (rng.random((n, 3)), rng.standard_normal((n, 3)), 1e8 + rng.random((n, 3))):
            simplices = delaunay_tetrahedra(points)
            # Qhull is not told about the offset, which costs it half of its digits.
            local = points - points[0]
            assert simplex_set(simplices) == simplex_set(Delaunay(local).simplices)
            edges = local[simplices[:, 1:]] - local[simplices[:, :1]]
            assert (np.linalg.det(edges) > 0).all()


def assert_delaunay(points, simplices):
    """No point inside a circumsphere, facets match, and the volume is that of the hull."""
    corners = exact(points)
    volume = 0
    facets = {}
    for simplex in simplices.tolist():
        p = [corners[v] for v in simplex]
        orientation = determinant([minus(q, p[0]) for q in p[1:]])
        assert orientation > 0
        volume += orientation
        for q in corners:
            lifted = [[*minus(r, q), dot(minus(r, q), minus(r, q))] for r in p]
            assert determinant(lifted) >= 0
        for facet in combinations(sorted(simplex), 3):
            facets[facet] = facets.get(facet, 0) + 1
    assert max(facets.values()) <= 2
    used = {v for s in simplices.tolist() for v in s}
    assert {corners[v] for v in used} == set(corners)
    assert len(used) == len(set(corners))
    for facet, count in facets.items():
        sides = {
            sign(determinant([minus(corners[v], corners[facet[0]]) for v in facet[1:]]
                             + [minus(q, corners[facet[0]])])) for q in corners
        } - {0}  # fmt: skip
        assert len(sides) == 1 or count == 2
    return volume


def test_lattices_are_delaunay(rng):
    for _ in range(25):
        points = degenerate_cloud(rng, 3, 12)
        simplices, _ = delaunay_simplices(points)
        if simplices.shape[1] == 4:
            assert_delaunay(points, simplices)
    grid = np.stack(np.meshgrid(*[np.arange(3.0)] * 3), -1).reshape(-1, 3)
    assert assert_delaunay(grid, delaunay_tetrahedra(grid)) == 6 * 8
    points = np.linspace(0.1, 0.9, 12)[np.stack(np.indices((12, 12, 12)), -1).reshape(-1, 3)]
    simplices = delaunay_tetrahedra(points)
    volumes = np.linalg.det(points[simplices[:, 1:]] - points[simplices[:, :1]])
    assert (volumes > 0).all()
    assert volumes.sum() / 6 == pytest.approx(0.8**3)


def test_triangulation_does_not_depend_on_the_order_of_points(rng):
    for _ in range(30):
        points = np.unique(rng.integers(0, 4, (40, 3)).astype(float), axis=0)
        order = rng.permutation(len(points))
        simplices = delaunay_tetrahedra(points)
        assert simplex_set(simplices) == simplex_set(order[delaunay_tetrahedra(points[order])])
        moved = delaunay_tetrahedra(4 * points - 8)
        assert simplex_set(simplices) == simplex_set(moved)


def test_many_points_on_a_sphere_and_large_cavities(rng):
    # The last point to come sees all others: more vertices than the table of edges holds.
    points = rng.standard_normal((400, 3))
    points /= np.linalg.norm(points, axis=1)[:, None]
    points = np.concatenate([points, [[0.0, 0.0, 0.0]]])
    simplices = delaunay_tetrahedra(points)
    assert all(400 in s for s in simplices.tolist())
    assert len(simplices) == 2 * 400 - 4


def tops(points, dim=3):
    """Return the maximal simplices that the library pairs, edges to equal points included."""
    if dim == 3:
        simplices, twins = delaunay_simplices(points)
        arrays = _path(points) if simplices.shape[1] == 2 else [simplices, twins]
    else:
        arrays = delaunay_complex(points)
    return [tuple(s) for array in arrays for s in array.tolist()]


def assert_pairs_agree(points, alpha, keep_zero):
    dim = points.shape[1]
    dims = tuple(range(dim))
    found = delaunay_pairs(points, dims, alpha, keep_zero)
    expected = ORACLE[alpha](points, tops(points, dim), dims, keep_zero)
    for k in dims:
        pairs, essential = found[k].pairs, found[k].essential
        assert pairs.shape[1] == (2 * k + 3 if alpha else 4)
        assert len(pairs) == len(expected[k])
        assert set(map(tuple, pairs.tolist())) == expected[k]
        assert essential.tolist() == ([[0] * (1 if alpha else 2)] if k == 0 else [])


@pytest.mark.parametrize("keep_zero", [False, True])
@pytest.mark.parametrize("alpha", [False, True])
def test_pairs_in_space_agree_with_boundary_matrix(alpha, keep_zero, rng):
    for _ in range(60 if alpha else 150):
        assert_pairs_agree(degenerate_cloud(rng, 3, 12), alpha, keep_zero)


@pytest.mark.parametrize("alpha", [False, True])
def test_pairs_in_four_dimensions_agree_with_boundary_matrix(alpha, rng):
    for _ in range(40 if alpha else 80):
        assert_pairs_agree(degenerate_cloud(rng, 4, 9), alpha, False)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_few_points(n, rng):
    for points in (rng.random((n, 3)), np.ones((n, 3)), np.arange(3.0 * n).reshape(n, 3)):
        for alpha in (False, True):
            for keep_zero in (False, True):
                assert_pairs_agree(points, alpha, keep_zero)


def lengths(points, rows):
    edges = np.linalg.norm(points[rows[:, ::2]] - points[rows[:, 1::2]], axis=2)
    return edges[np.lexsort(edges.T)]


@pytest.mark.parametrize("scale", [1e-200, 1e200, 1e-300, 1e300])
def test_extreme_scales_change_nothing(scale, rng):
    # A power of two, so that nothing is rounded.
    scale = 2.0 ** np.round(np.log2(scale))
    points = rng.random((60, 3)).astype(np.float32).astype(float)
    for alpha in (False, True):
        plain = delaunay_pairs(points, (0, 1, 2), alpha)
        scaled = delaunay_pairs(points * scale, (0, 1, 2), alpha)
        for k in range(3):
            np.testing.assert_array_equal(plain[k].pairs, scaled[k].pairs)


def test_denormal_and_tiny_differences():
    corner = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]], dtype=float)
    for unit in (5e-324, 2.0**-1060):
        pairs = delaunay_pairs(corner * unit, (0,), False)[0].pairs
        np.testing.assert_array_equal(pairs, delaunay_pairs(corner, (0,), False)[0].pairs)
    # Less than 1e-103 of the largest coordinate apart: one point to the triangulation.
    points = np.concatenate([corner, corner * 1e-200])
    simplices, twins = delaunay_simplices(points)
    assert twins[:, 1].tolist() == [0] * 5
    assert simplices.max() < 5


def test_weak_alpha_agrees_with_geoph(rng):
    geoph = pytest.importorskip("geoph")
    for points in (rng.random((1000, 3)), rng.standard_normal((1000, 3))):
        expected = geoph.delaunayRipsPersistenceDiagram(points)
        found = delaunay_pairs(points, (0, 1, 2), False)
        for k in range(3):
            peer = np.array(expected[k])
            peer = peer[peer[:, 0] < peer[:, 1]]
            np.testing.assert_allclose(
                lengths(points, found[k].pairs), peer[np.lexsort(peer.T)], rtol=1e-12
            )


def radii(points, simplices):
    """Circumradii of (m, k + 1) simplices."""
    edges = points[simplices[:, 1:]] - points[simplices[:, :1]]
    gram = edges @ edges.transpose(0, 2, 1)
    half = np.einsum("mii->mi", gram) / 2
    weights = np.linalg.solve(gram, half[..., None])[..., 0]
    return np.sqrt((weights * half).sum(axis=1))


@pytest.mark.parametrize(("dim", "n"), [(3, 1000), (4, 150)])
def test_alpha_agrees_with_gudhi(dim, n, rng):
    points = rng.random((n, dim))
    tree = gudhi.AlphaComplex(points=points).create_simplex_tree()
    tree.compute_persistence()
    found = delaunay_pairs(points, range(dim), True)
    for k in range(dim):
        expected = np.sqrt(tree.persistence_intervals_in_dimension(k))
        expected = expected[np.isfinite(expected[:, 1])]
        expected = expected[np.lexsort(expected.T)]
        rows = found[k].pairs
        births = np.zeros(len(rows)) if k == 0 else radii(points, rows[:, : k + 1])
        diagram = np.stack([births, radii(points, rows[:, k + 1 :])], axis=1)
        length = diagram[:, 1] - diagram[:, 0]
        assert (length > 0).all()
        assert (np.diff(length) < 1e-12).all()
        np.testing.assert_allclose(diagram[np.lexsort(diagram.T)], expected, rtol=1e-6, atol=1e-9)


def test_lattice_has_no_points_of_rounding():
    """A cubic lattice has three lengths: its Alpha diagrams have one point each, many times."""
    grid = np.stack(np.meshgrid(*[np.arange(5) * 0.5] * 3), -1).reshape(-1, 3)
    found = delaunay_pairs(grid, (0, 1, 2), True)
    assert [len(found[k].pairs) for k in range(3)] == [124, 300 - 124, 240 - (300 - 124)]
    for k, (birth, death) in enumerate([(0, 1), (1, 2), (2, 3)]):
        rows = found[k].pairs
        np.testing.assert_allclose(radii(grid, rows[:, k + 1 :]), np.sqrt(death) / 4)
        if k:
            np.testing.assert_allclose(radii(grid, rows[:, : k + 1]), np.sqrt(birth) / 4)


def test_rows_are_sorted_and_results_repeat(rng):
    points = rng.integers(0, 6, (150, 3)).astype(float)
    for alpha in (False, True):
        found = delaunay_pairs(points, (0, 1, 2), alpha, True)
        again = delaunay_pairs(points.copy(), (2, 0, 1), alpha, True)
        for k in range(3):
            rows = found[k].pairs
            np.testing.assert_array_equal(rows, again[k].pairs)
            if alpha:
                births = np.zeros(len(rows)) if k == 0 else radii(points, rows[:, : k + 1])
                length = radii_or_zero(points, rows[:, k + 1 :]) - births
            else:
                ends = np.linalg.norm(points[rows[:, ::2]] - points[rows[:, 1::2]], axis=2)
                length = ends[:, 1] - ends[:, 0]
            assert (np.diff(length) < 1e-12).all()
            tied = length[1:] == length[:-1]
            before = rows[:-1][tied].tolist()
            if not alpha:
                assert all(a < b for a, b in zip(before, rows[1:][tied].tolist(), strict=True))


def radii_or_zero(points, simplices):
    if simplices.shape[1] == 2:
        return np.linalg.norm(points[simplices[:, 0]] - points[simplices[:, 1]], axis=1) / 2
    return radii(points, simplices)
