"""The planar triangulation: exact predicates, empty circles, all points, degenerate clouds."""

from fractions import Fraction
from itertools import chain

import numpy as np
import pytest
from cloud_oracles import degenerate_clouds
from scipy.spatial import ConvexHull, Delaunay

from skltopo._kernels.delaunay.triangulation2 import delaunay_triangles, predicate_signs


def exact_signs(points):
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = [[Fraction(float(x)) for x in p] for p in points]
    orient = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
    angle = (ax - cx) * (bx - cx) + (ay - cy) * (by - cy)
    rows = [(x - dx, y - dy) for x, y in ((ax, ay), (bx, by), (cx, cy))]
    lifted = [x * x + y * y for x, y in rows]
    circle = sum(
        lifted[i] * (rows[j][0] * rows[k][1] - rows[k][0] * rows[j][1])
        for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1))
    )
    return tuple((x > 0) - (x < 0) for x in (orient, angle, circle))


def as_set(triangles):
    return {tuple(sorted(t)) for t in triangles.tolist()}


def nearly_degenerate(rng, kind):
    if kind == 0:
        return rng.integers(0, 4, (4, 2)).astype(float)
    if kind == 1:
        return rng.integers(0, 4, (4, 2)) * 0.1 + rng.integers(-2, 3, (4, 2)) * 2.0**-54
    if kind == 2:
        return 1e8 + rng.integers(0, 3, (4, 2)) * 1e-8
    if kind == 3:
        angle = 7 * rng.random(4)
        return np.stack([np.cos(angle), np.sin(angle)], axis=1)
    if kind == 4:
        return rng.random((4, 1)) * rng.random((1, 2)) + rng.random(2)
    return rng.random((4, 2)) * 10.0 ** rng.integers(-20, 20, (4, 2))


@pytest.mark.parametrize("kind", range(6))
def test_predicates_are_exact(rng, kind):
    for _ in range(300):
        points = nearly_degenerate(rng, kind)
        assert predicate_signs(points) == exact_signs(points)


@pytest.mark.parametrize("draw", ["random", "normal"])
def test_equals_qhull_at_generic_points(rng, draw):
    for _ in range(40):
        n = int(rng.integers(3, 300))
        points = rng.random((n, 2)) if draw == "random" else rng.normal(size=(n, 2))
        assert as_set(delaunay_triangles(points)) == as_set(Delaunay(points).simplices)


def clustered_clouds(rng, n_clouds):
    for _ in range(n_clouds):
        yield rng.normal(size=(20, 2)) * 10.0 ** -rng.integers(0, 9, (20, 1))


def test_circles_are_empty_and_triangles_cover_the_hull(rng):
    for points in chain(degenerate_clouds(rng, 400), clustered_clouds(rng, 10)):
        if points.shape[1] == 1:
            continue
        triangles = delaunay_triangles(points)
        for a, b, c in triangles.tolist():
            for d in range(len(points)):
                orient, _, circle = exact_signs(points[[a, b, c, d]])
                assert orient > 0
                assert circle <= 0
        places = np.unique(points, axis=0)
        if len(places) < 3 or np.linalg.matrix_rank(places - places[0], tol=1e-9) < 2:
            assert len(triangles) == 0
            continue
        corners = points[triangles]
        area = np.linalg.det(corners[:, 1:] - corners[:, :1]).sum() / 2
        assert area == pytest.approx(ConvexHull(places).volume, rel=1e-12)
        used = np.unique(triangles)
        assert len(used) == len(places)
        # Of points at one place, the one with the smallest index is a corner.
        first = {tuple(p): i for i, p in reversed(list(enumerate(points.tolist())))}
        assert set(used.tolist()) == set(first.values())


def test_cocircular_points_take_the_short_diagonal():
    # A kite on the circle of radius 5 with diagonals 10 and 8.
    kite = np.array([[-5.0, 0], [3, 4], [5, 0], [3, -4]])
    assert as_set(delaunay_triangles(kite)) == {(0, 1, 3), (1, 2, 3)}


@pytest.mark.parametrize("scale", [1e-300, 1e-200, 1e-30, 1e30, 1e200, 1e300])
def test_scale_does_not_matter(rng, scale):
    points = rng.random((60, 2))
    assert as_set(delaunay_triangles(points * scale)) == as_set(delaunay_triangles(points))


def test_any_finite_coordinates_end(rng):
    for _ in range(100):
        points = rng.normal(size=(40, 2)) * 10.0 ** rng.integers(-300, 300, (40, 2))
        triangles = delaunay_triangles(points)
        assert triangles.min(initial=0) >= 0
        assert triangles.max(initial=0) < 40


def test_lattice_and_its_permutation(rng):
    lattice = np.stack(np.meshgrid(np.arange(40.0), np.arange(30.0)), axis=-1).reshape(-1, 2)
    for points in (lattice, rng.permutation(lattice), lattice[::-1].copy()):
        triangles = delaunay_triangles(points)
        assert len(triangles) == 2 * 39 * 29
        sides = np.ptp(points[triangles], axis=1)
        assert (sides == 1).all()


def test_shape_is_checked():
    with pytest.raises(ValueError, match="n > 0"):
        delaunay_triangles(np.empty((0, 2)))
    with pytest.raises(ValueError, match=r"shape \(n, 2\)"):
        delaunay_triangles(np.zeros((3, 3)))
