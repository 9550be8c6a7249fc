"""Alpha of clouds whose spheres, planes or lines agree up to rounding: nothing depends on it."""

import numpy as np
import pytest
import torch
from near_degenerate import FAMILIES, cloud, exact_diagrams, turn

from skltopo.distances import bottleneck_distance
from skltopo.filtrations import Alpha


def finite(diagram, dim):
    points = diagram[dim]
    return points[abs(points[:, 1]) < np.inf]


def diameter(points):
    return np.linalg.norm(np.ptp(points, axis=0))


def assert_near(first, second, tolerance):
    for dim in first.homology_dimensions:
        assert bottleneck_distance(finite(first, dim), finite(second, dim)) <= tolerance


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("family", FAMILIES)
def test_diagrams_are_those_of_exact_numbers(family, d):
    rng = np.random.default_rng([7, d, FAMILIES.index(family)])
    for _ in range(6):
        points = cloud(family, d, rng)
        diagram = Alpha(max_dim=d - 1)(points)
        for dim, expected in enumerate(exact_diagrams(points)):
            found = finite(diagram, dim)
            assert bottleneck_distance(found, expected) <= 1e-12 * diameter(points)
            assert (found[:, 1] <= diameter(points)).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_cloud_moves_its_diagram_by_no_more_than_its_points(family):
    rng = np.random.default_rng([8, FAMILIES.index(family)])
    alpha = Alpha(max_dim=2)
    for _ in range(3):
        points = cloud(family, 3, rng)
        diagram = alpha(points)
        largest = abs(points).max()
        assert_near(alpha(turn(points, 3, rng)), diagram, 2e-14 * largest)
        assert_near(alpha(points + 1e-15 * rng.normal(size=points.shape)), diagram, 1e-14 * largest)
        scaled = alpha(points * 2.0**300)
        for dim in range(3):
            np.testing.assert_array_equal(scaled[dim], diagram[dim] * 2.0**300)
            np.testing.assert_array_equal(scaled.pairs[dim], diagram.pairs[dim])


@pytest.mark.parametrize("n", [2, 3, 4])
def test_a_turned_lattice_has_the_pairs_of_the_lattice(n):
    rng = np.random.default_rng(n)
    lattice = np.stack(np.meshgrid(*[np.arange(n)] * 3), -1).reshape(-1, 3)
    right = Alpha(max_dim=2)(lattice)
    turned = Alpha(max_dim=2)(turn(lattice, 3, rng))
    for dim in range(3):
        assert len(turned[dim]) == len(right[dim])
        np.testing.assert_allclose(turned[dim], right[dim], rtol=1e-13)


@pytest.mark.parametrize("shape", [(2, 2), (3, 3), (5, 4)])
def test_a_turned_plane_in_space_has_no_voids_and_the_holes_of_the_plane(shape):
    rng = np.random.default_rng(shape)
    lattice = np.stack(np.meshgrid(*map(np.arange, shape)), -1).reshape(-1, 2)
    right = Alpha(max_dim=1)(lattice)
    turned = Alpha(max_dim=2)(turn(lattice, 3, rng))
    for dim in range(2):
        np.testing.assert_allclose(turned[dim], right[dim], rtol=1e-13)
    assert len(turned[2]) == 0


@pytest.mark.parametrize("n", [8, 30, 200])
@pytest.mark.parametrize("centre", [0, 1, 1000])
def test_a_sphere_has_one_void_that_ends_at_its_radius(n, centre):
    x = np.random.default_rng(n).normal(size=(n // 2, 3))
    x = 3 * np.concatenate([x, -x]) / np.linalg.norm(np.concatenate([x, x]), axis=1)[:, np.newaxis]
    voids = Alpha(max_dim=2)(x + centre)[2]
    assert len(voids) == 1
    assert voids[0, 1] == pytest.approx(3, abs=1e-12 * max(centre, 1))


@pytest.mark.parametrize("d", [2, 3])
@pytest.mark.parametrize("family", FAMILIES)
def test_gradients_are_bounded(family, d):
    """A radius moves by no more than the farthest corner, or a few times that on exact lattices."""
    rng = np.random.default_rng([9, d, FAMILIES.index(family)])
    points = torch.tensor(cloud(family, d, rng), requires_grad=True)
    diagram = Alpha(max_dim=d - 1)(points)
    for dim in range(d):
        for row in diagram[dim][:20]:
            for value in row[torch.isfinite(row) & (row > 0)]:
                (gradient,) = torch.autograd.grad(value, points, retain_graph=True)
                assert float(gradient.norm(dim=1).sum()) <= 3


@pytest.mark.parametrize("d", [2, 3])
def test_gradients_are_finite_differences(d):
    rng = np.random.default_rng(d)
    for family in ("sphere", "plane", "twins"):
        plain = cloud(family, d, rng)
        plain += 1e-3 * rng.normal(size=plain.shape)
        points = torch.tensor(plain, requires_grad=True)

        def total(x):
            diagram = Alpha(max_dim=d - 1)(x)
            return sum(finite(diagram, dim).square().sum() for dim in range(d))

        (gradient,) = torch.autograd.grad(total(points), points)
        for _ in range(4):
            way = torch.tensor(rng.normal(size=plain.shape))
            h = 1e-7
            slope = (total(points.detach() + h * way) - total(points.detach() - h * way)) / (2 * h)
            assert float((gradient * way).sum()) == pytest.approx(float(slope), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("exponent", [-1000, -500, -20, 20, 500, 1000])
@pytest.mark.parametrize("d", [2, 3])
def test_any_scale_gives_the_same_pairs(rng, exponent, d):
    points = rng.random((30, d))
    alpha = Alpha(max_dim=d - 1)
    right, scaled = alpha(points), alpha(np.ldexp(points, exponent))
    for dim in range(d):
        np.testing.assert_array_equal(scaled.pairs[dim], right.pairs[dim])
        np.testing.assert_array_equal(scaled[dim], np.ldexp(right[dim], exponent))


@pytest.mark.parametrize(
    ("dtype", "scale"), [("f4", 1e-30), ("f4", 1e30), ("f2", 1e-3), ("f2", 1e4)]
)
@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy])
def test_single_and_half_precision_at_any_scale(rng, dtype, scale, kind):
    points = (rng.random((25, 3)) * scale).astype(dtype)
    right = Alpha(max_dim=2)(points.astype(np.float64))
    found = Alpha(max_dim=2)(kind(points))
    for dim in range(3):
        n_essential = len(right.essential[dim])
        expected = right[dim].astype(dtype)
        lasting = (expected[:, 0] != expected[:, 1]) | (dtype == "f2")
        np.testing.assert_array_equal(np.asarray(found[dim]), expected[lasting])
        pairs = right.pairs[dim][lasting[n_essential:]]
        np.testing.assert_array_equal(found.pairs[dim], pairs)


def test_second_derivatives(rng):
    points = torch.tensor(rng.random((8, 3)), requires_grad=True)

    def lengths(x):
        diagram = Alpha(max_dim=2)(x)
        return torch.cat([diagram[dim][torch.isfinite(diagram[dim][:, 1])] for dim in range(3)])

    assert torch.autograd.gradgradcheck(lengths, points)
