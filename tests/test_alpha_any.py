"""Alpha in four dimensions and more: exact spheres, triangulations, peers, stability, gradients."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
import torch
from delaunay_oracles import alpha_oracle, circumsphere, determinant, dot, exact, minus, own_sphere
from near_degenerate import FAMILIES, cloud, exact_diagrams, turn

from skltopo._kernels.delaunay.pairs_any import delaunay_complex, delaunay_pairs
from skltopo._kernels.delaunay.spheres_any import Spheres
from skltopo._kernels.delaunay.triangulation_any import triangulate
from skltopo.distances import bottleneck_distance
from skltopo.filtrations import Alpha, WeakAlpha

SLOW_FOR_GUDHI = {"turned lattice", "shaken lattice", "turned part of a lattice", "torus"}


def alpha(points):
    """Return finite points of all dimensions of homology."""
    diagram = Alpha(max_dim=points.shape[1] - 1)(points)
    return [diagram[k][np.isfinite(diagram[k][:, 1])] for k in range(points.shape[1])]


def diameter(points):
    return np.linalg.norm(np.ptp(points, axis=0))


def distance(first, second):
    return max(bottleneck_distance(a, b) for a, b in zip(first, second, strict=True))


# Against exact numbers ----------------------------------------------------------------------------


def hard_simplex(rng, k, d):
    """Return corners that are often cospherical with right angles, thin, or far from the origin."""
    kind = rng.integers(6)
    if kind == 0:
        return rng.integers(0, 2, (k + 1, d)).astype(float)
    if kind == 1:
        return turn(rng.integers(0, 2, (k + 1, d)).astype(float), d, rng)
    if kind == 2:
        return turn(rng.random((k + 1, max(1, d - 2))), d, rng)
    if kind == 3:
        return rng.integers(-3, 4, (k + 1, d)) * 2.0 ** rng.integers(-90, 1, (k + 1, d))
    if kind == 4:
        return 1e8 + rng.integers(-2, 3, (k + 1, d)) * 2.0**-26
    points = rng.standard_normal((k + 1, d))
    return points / np.linalg.norm(points, axis=1)[:, None]


@pytest.mark.parametrize("d", [4, 5])
def test_spheres_agree_with_fractions(d, rng):
    n_right, n_thin = 0, 0
    for _ in range(300):
        k = int(rng.integers(1, d + 1))
        points = hard_simplex(rng, k, d)
        points = np.ldexp(points, -np.frexp(abs(points).max())[1])
        corners = exact(points)
        try:
            centre, square = circumsphere(corners)
        except ZeroDivisionError:
            continue
        radii, errors, inside = Spheres(points).measure(np.arange(k + 1)[None])
        right = np.sqrt(float(square))
        assert abs(radii[0] - right) <= errors[0] + 1e-15 * right
        assert errors[0] <= 2e-12 * right
        for j in range(k + 1 if k > 1 else 0):
            others = corners[:j] + corners[j + 1 :]
            centre, square = circumsphere(others) if k > 1 else (others[0], Fraction(0))
            power = dot(minus(corners[j], centre), minus(corners[j], centre)) - square
            assert inside[0, j] == (power < 0)
            n_right += power == 0
            n_thin += abs(power) < 1e-14 * square
    assert n_right > 10
    assert n_thin > n_right


def assert_delaunay(points, simplices):
    """No point inside a circumsphere, facets match, the border is that of the hull."""
    corners = exact(points)
    d = simplices.shape[1] - 1
    facets = {}
    for simplex in simplices.tolist():
        p = [corners[v] for v in simplex]
        volume = determinant([minus(q, p[0]) for q in p[1:]])
        assert volume != 0
        for q in corners:
            lifted = [[*minus(r, p[0]), dot(minus(r, p[0]), minus(r, p[0]))] for r in [*p[1:], q]]
            assert determinant(lifted) * volume >= 0
        for facet in combinations(sorted(simplex), d):
            facets[facet] = facets.get(facet, 0) + 1
    assert set(simplices.reshape(-1).tolist()) == set(range(len(points)))
    assert max(facets.values()) <= 2
    for facet, count in facets.items():
        a = corners[facet[0]]
        sides = [determinant([minus(corners[v], a) for v in facet[1:]] + [minus(q, a)])
                 for q in corners]  # fmt: skip
        assert count == 2 or min(sides) == 0 or max(sides) == 0


def simplex_set(simplices):
    return {tuple(sorted(s)) for s in simplices.tolist()}


@pytest.mark.parametrize("family", ["integers", "turned lattice", "hyperplane", "sphere", "iris"])
def test_triangulations_are_delaunay_and_unique(family, rng):
    for d in (3, 4):
        points = np.unique(cloud(family, d, rng), axis=0)[: 10 - d]
        points = np.ldexp(points, -np.frexp(abs(points).max())[1])
        order = np.arange(len(points), dtype=np.int32)
        simplices = triangulate(points, order)
        if simplices.shape[1] == d + 1 and d > 1:
            assert_delaunay(points, simplices)
        for _ in range(3):
            again = triangulate(points, rng.permutation(order))
            assert simplex_set(again) == simplex_set(simplices)


@pytest.mark.parametrize("d", [4, 5])
def test_diagrams_agree_with_the_rule_in_fractions(d, rng):
    """The oracle takes the sphere of a simplex if no point is inside, else that of a coface."""
    for family in [
        "turned part of a lattice",
        "integers",
        "sphere",
        "hyperplane",
        "iris",
        "rounded",
    ]:
        points = cloud(family, d, rng)[: 9 if d == 4 else 8]
        points = np.unique(points, axis=0)
        tops = [tuple(s) for part in delaunay_complex(points, flatten=False) for s in part.tolist()]
        if max(map(len, tops)) < 3:
            continue
        pairs = alpha_oracle(points, tops, range(d), False)
        corners = exact(points)
        for k, found in enumerate(alpha(points)):
            expected = []
            for row in pairs[k]:
                sphere = [own_sphere(tuple(corners[v] for v in part))[1] if len(part) > 1 else 0
                          for part in (row[: k + 1], row[k + 1 :])]  # fmt: skip
                expected.append(np.sqrt([float(square) for square in sphere]))
            expected = np.reshape(expected, (-1, 2))
            assert bottleneck_distance(found, expected) <= 1e-12 * diameter(points), (family, k)


# Against a peer -----------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_diagrams_agree_with_gudhi(family, rng):
    for d in (4,) if family in SLOW_FOR_GUDHI else (4, 5):
        for _ in range(2):
            points = cloud(family, d, rng)
            scale = diameter(points) or 1
            assert distance(alpha(points), exact_diagrams(points)) <= 1e-9 * scale, points.tolist()


# Properties ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("d", [4, 5])
@pytest.mark.parametrize("family", ["lattice", "integers", "iris", "cross-polytope", "rounded"])
def test_turned_and_shaken_clouds_have_the_same_diagrams(family, d, rng):
    points = cloud(family, d, rng)
    scale = diameter(points)
    diagrams = alpha(points)
    assert distance(diagrams, alpha(turn(points, d, rng))) <= 1e-13 * scale
    assert (
        distance(diagrams, alpha(points + rng.normal(size=points.shape) * 1e-15)) <= 1e-13 * scale
    )
    order = rng.permutation(len(points))
    assert distance(diagrams, alpha(points[order])) <= 1e-15 * scale


@pytest.mark.parametrize("family", FAMILIES)
def test_deaths_are_below_the_diameter(family, rng):
    for d in (4, 5, 6):
        points = cloud(family, d, rng)[:25]
        deaths = np.concatenate([part[:, 1] for part in alpha(points)])
        assert deaths.max(initial=0) <= diameter(points)


@pytest.mark.parametrize("d", [4, 5, 6])
def test_points_of_a_sphere_have_one_class_of_the_highest_dimension(d, rng):
    for n in (12, 30):
        points = rng.normal(size=(n, d))
        points = np.concatenate([points, -points[:3]])  # a hull that holds the centre
        points = 3 * points / np.linalg.norm(points, axis=1)[:, None] + 7
        found = alpha(points)[d - 1]
        assert len(found) == 1
        assert found[0, 1] == pytest.approx(3, rel=1e-12)


@pytest.mark.parametrize("d", [4, 7])
def test_clouds_of_a_lower_rank_are_those_of_their_hull(d, rng):
    for rank in (1, 2, 3):
        points = rng.integers(0, 5, (12, rank)).astype(float)
        directions = np.zeros((rank, d))
        directions[np.arange(rank), rng.permutation(d)[:rank]] = 2.0
        found = Alpha(max_dim=rank)(points @ directions + 1)
        plain = Alpha(max_dim=rank)(2 * points)
        for k in range(rank):
            np.testing.assert_allclose(np.sort(found[k]), np.sort(plain[k]), rtol=1e-12)
        assert len(found[rank]) == 0


@pytest.mark.parametrize("n", [1, 2, 3, 5])
@pytest.mark.parametrize("filtration", [Alpha, WeakAlpha])
def test_few_points(n, filtration, rng):
    for points in (rng.random((n, 5)), np.ones((n, 5)), np.outer(np.arange(n), np.arange(5.0))):
        for keep_zero in (False, True):
            diagram = filtration(max_dim=4, keep_zero=keep_zero)(points)
            n_finite = n - 1 if keep_zero or len(np.unique(points, axis=0)) > 1 else 0
            assert len(diagram[0]) == n_finite + 1
            assert (diagram[0][1:, 1] <= diameter(points)).all()


@pytest.mark.parametrize("scale", [1e-300, 1e-150, 1e150, 1e300])
def test_scales(scale, rng):
    points = rng.integers(0, 3, (12, 4)) + rng.random((12, 1)).round(1)
    for is_alpha in (False, True):
        plain = delaunay_pairs(points, range(4), is_alpha)
        scaled = delaunay_pairs(points * 2.0 ** np.round(np.log2(scale)), range(4), is_alpha)
        for k in range(4):
            np.testing.assert_array_equal(plain[k].pairs, scaled[k].pairs)


def test_tiny_coordinates_beside_large_ones(rng):
    plane = rng.random((10, 2))
    points = np.concatenate([plane, 1e-200 * rng.random((10, 3))], axis=1)
    flat = np.concatenate([plane, np.zeros((10, 3))], axis=1)
    assert distance(alpha(points), alpha(flat)) == 0
    thin = np.concatenate([plane, 1e-60 * rng.random((10, 3))], axis=1)
    assert distance(alpha(thin), alpha(flat)) < 1e-15


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_weak_alpha_of_tilted_clouds_is_that_of_their_hull(rank, rng):
    points = rng.random((25, rank))
    points[-1] = points[0]
    turned = turn(points, 5, rng)
    turned[-1, 3] += 1e-16
    diagram, plain = WeakAlpha(max_dim=2)(turned), WeakAlpha(max_dim=2)(points)
    for k in range(3):
        found = diagram[k][diagram[k][:, 1] - diagram[k][:, 0] > 1e-12]
        np.testing.assert_allclose(found, plain[k], rtol=1e-9)


def test_weak_alpha_of_turned_lattices_has_the_edges_of_the_lattice(rng):
    grid = np.stack(np.meshgrid(*[np.arange(2.0)] * 4), -1).reshape(-1, 4)
    diagram = WeakAlpha(max_dim=0)(turn(grid, 4, rng))
    np.testing.assert_allclose(diagram[0][1:, 1], np.ones(15), rtol=1e-14)


# Gradients ----------------------------------------------------------------------------------------


def scattered(d, rng):
    """Return a few points whose coordinates differ by many powers of ten."""
    return rng.standard_normal((d + 3, d)) * 10.0 ** rng.uniform(-10, 10, (d + 3, d))


@pytest.mark.parametrize("d", [4, 5])
def test_named_simplices_have_empty_spheres(d, rng):
    """With points of no length, too; where spheres are equal or differ by many powers of ten."""
    n_pairs = 0
    for k in range(20):
        points = scattered(d, rng) if k % 2 else rng.integers(0, 2, (9, d)).astype(float)
        points = np.unique(points, axis=0)
        corners = exact(np.ldexp(points, -np.frexp(abs(points).max())[1]))
        for rows in Alpha(max_dim=d - 1, keep_zero=True)(points).pairs.values():
            n_birth = rows.shape[1] // 2
            named = {
                *map(tuple, rows[:, :n_birth].tolist()),
                *map(tuple, rows[:, n_birth:].tolist()),
            }
            for simplex in named:
                if len(simplex) == 1:
                    continue
                centre, square = own_sphere(tuple(corners[v] for v in simplex))
                assert all(dot(minus(q, centre), minus(q, centre)) >= square for q in corners)
                n_pairs += 1
    assert n_pairs > 300


def test_scattered_clouds_agree_with_gudhi(rng):
    pytest.importorskip("gudhi")
    for d in (2, 3, 4, 5):
        for _ in range(15):
            points = scattered(d, rng)
            apart = distance(alpha(points), exact_diagrams(points))
            assert apart <= 1e-9 * diameter(points)


@pytest.mark.parametrize("d", [4, 5])
def test_gradients_equal_finite_differences(d, rng):
    points = rng.random((9, d))

    def total(points):
        diagram = Alpha(max_dim=d - 1)(points)
        parts = [diagram[k][1 if k == 0 else 0 :] for k in range(d)]
        return sum((part[:, 1] - 0.5 * part[:, 0]).sum() for part in parts)

    live = torch.tensor(points, requires_grad=True)
    total(live).backward()
    step = 1e-6
    for i in range(9):
        for j in range(d):
            moved = points.copy(), points.copy()
            moved[0][i, j] += step
            moved[1][i, j] -= step
            slope = (total(moved[0]) - total(moved[1])) / (2 * step)
            assert float(live.grad[i, j]) == pytest.approx(slope, abs=1e-5, rel=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_gradients_are_finite(family, rng):
    for d in (4, 5):
        points = torch.tensor(cloud(family, d, rng), requires_grad=True)
        diagram = Alpha(max_dim=d - 1)(points)
        sum(diagram[k][torch.isfinite(diagram[k])].sum() for k in range(d)).backward()
        assert torch.isfinite(points.grad).all()
