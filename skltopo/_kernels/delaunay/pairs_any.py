"""Weak Alpha and Alpha pairs of points in three dimensions and more.

In space there are kernels for both (``pairs3.pyx``). In higher dimensions a triangulation that is
exact (``triangulation_any.pyx``) is paired by the reduction of any complex (``_persistence.pyx``).

Alpha. A simplex is Gabriel if no vertex of a cofacet is inside its smallest sphere. One that is not
enters with its first cofacet, and is paired with a simplex of the same sphere: *which* spheres are
the same is never decided by comparing numbers. Gabriel simplices enter by radius, in the order of
exact numbers, so that every simplex comes after its faces, and pairs that live for rounding only
differ in value by that much.
"""

import math
from typing import Any

import numpy as np

from ..._persistence import (
    filter_facets,
    list_faces,
    no_pairs,
    reduce_complex,
)
from ..._utils.typing import Floats
from .pairs3 import delaunay_pairs_in_space
from .spheres_any import Spheres
from .triangulation3 import delaunay_simplices
from .triangulation_any import exact_rank, triangulate

__all__ = ["delaunay_complex", "delaunay_pairs"]

# Of a pair of radii, in units of the larger one or of the largest coordinate: sixteen roundings.
ROUNDING = 16 * 2.0**-52
# Points are in a hyperplane up to rounding if they are less far from it, in units of their size.
FLAT = 1e-10
# Coordinates are multiples of this, where the largest is about one.
GRID = 2.0**-343


def delaunay_pairs(points, dims, alpha, keep_zero=False):
    """Pair the critical simplices of the weak Alpha or Alpha filtration of points.

    Parameters
    ----------
    points : (n, d) C-contiguous float64, finite, n > 0, d > 2
        Points in a hyperplane, on a line, or at one place are fine.
    dims : sequence of int
        Homology dimensions below d.
    alpha : bool
        Alpha, not weak Alpha.
    keep_zero : bool
        Keep points with equal birth and death, where they pair two different critical edges or
        two different spheres.

    Returns
    -------
    {dim: Pairs}
        Weak Alpha has rows (bu, bv, du, dv) of a birth and a death edge, bu < bv, du < dv; a vertex
        v is (v, v). Alpha has rows of the dim + 1 vertices of the simplex that creates a class and
        the dim + 2 of the one that destroys it, both ascending.
    """
    if points.shape[1] != 3:
        # Nearly flat simplices have large spheres, but short edges: only Alpha may have them.
        simplices = delaunay_complex(points, flatten=not alpha)
        return _complex_pairs(points, simplices, dims, alpha, keep_zero)
    found = delaunay_pairs_in_space(points, dims, alpha=alpha, keep_zero=keep_zero)
    if found is None:  # the points are on a line
        return _complex_pairs(points, _path(points), dims, alpha, keep_zero)
    return found


# Triangulations: lists of arrays of simplices that have all points as vertices


def _scaled(points):
    """Return points by a power of two below one, as multiples of its 2**-343th part (1e-103).

    Nothing of degree two overflows or underflows then, and exact numbers stay short.
    """
    scaled = np.ldexp(points, -math.frexp(np.abs(points).max(initial=0.0))[1])
    small = np.abs(scaled) < np.ldexp(GRID, 52)
    return np.where(small, np.rint(scaled / GRID) * GRID, scaled) + 0.0  # -0.0 to 0.0


def _twins(points):
    """Return the rows of different points, and edges from each other row to the equal one there."""
    _, first, inverse = np.unique(points, axis=0, return_index=True, return_inverse=True)
    inverse = inverse.reshape(-1)
    first_of = first[inverse]
    others = np.flatnonzero(first_of != np.arange(len(points)))
    return np.sort(first), np.stack([first_of[others], others], axis=1)


def _path(points):
    """Return vertices and edges of collinear points."""
    points = _scaled(points)
    rows, twins = _twins(points)
    rows = rows[np.lexsort(points[rows].T)]
    return [rows[:, np.newaxis], np.stack([rows[:-1], rows[1:]], axis=1), twins]


def _flattened(points):
    """Return coordinates in the hyperplane where points are up to rounding, if there is one.

    Points that are in it exactly, or in none, are returned as they are.
    """
    local = points - points[0]
    sizes, axes = np.linalg.svd(local, full_matrices=False)[1:]
    rank = int((sizes > FLAT * sizes.max(initial=0.0)).sum())
    return points if rank == exact_rank(points) else _scaled(local @ axes[:rank].T)


def delaunay_complex(points, flatten=True):
    """Return the Delaunay simplices of points in any dimension, in their affine hull.

    Parameters
    ----------
    points : (n, d) C-contiguous float64, finite, n > 0, d > 2
    flatten : bool, default=True
        Above space, take points for points of a hyperplane that they are in up to rounding. Exact
        simplices of such points are nearly flat, and have long edges that the hyperplane's do not
        have.

    Returns
    -------
    list of (m, k + 1) int64
        Simplices of full dimension, and edges to duplicates.
    """
    if points.shape[1] == 3:
        simplices, twins = delaunay_simplices(points)
        return [simplices, twins] if simplices.shape[1] > 2 else _path(points)
    scaled = _scaled(points)
    if flatten:
        scaled = _flattened(scaled)
    rows, twins = _twins(scaled)
    # Indices are those of sorted points: the result does not depend on the order of the rows.
    rows = rows[np.lexsort(scaled[rows].T[::-1])]
    order = np.random.default_rng(0).permutation(len(rows)).astype(np.int32)
    simplices = triangulate(np.ascontiguousarray(scaled[rows]), order)
    return [rows[simplices], twins] if simplices.shape[1] > 2 else _path(scaled)


# Filtrations


def _complex_pairs(points, simplices, dims, alpha, keep_zero):
    """Pair the simplices of a complex by reduction."""
    top = max(dims, default=0) + 1
    faces, facets = list_faces(simplices, None if alpha else top)
    scaled = _scaled(points)
    if alpha:
        steps, values, owns = _sphere_steps(scaled, faces, facets)
        # What a radius that is below the largest coordinate can be wrong by.
        rounding = ROUNDING * np.maximum(values, np.abs(scaled).max())
    else:
        steps, values = _edge_steps(scaled, faces, facets)
        rounding = None
    steps, facets = steps[: top + 1], facets[: top + 1]
    if alpha:
        # Only a simplex that has a sphere to itself is critical, and is named.
        names = [
            np.where(own[:, np.newaxis], face, -1) for face, own in zip(faces, owns, strict=True)
        ]
        names = [*names[: top + 1], np.empty((0, len(facets) + 1), dtype=np.int64)]
    else:
        names = [_step_edges(faces, steps)[step] for step in steps]
        names.append(np.empty((0, 2), dtype=np.int64))
    # Not by value: a simplex that has a sphere to itself comes before those that enter with
    # another one of equal radius. Faces of one step stay in the order of their vertices.
    orders = [np.argsort(step, kind="stable") for step in steps]
    found = reduce_complex(
        filter_facets(facets, orders),
        steps=[step[order] for step, order in zip(steps, orders, strict=True)],
        values=values,
        names=[*(name[order] for name, order in zip(names[:-1], orders, strict=True)), names[-1]],
        keep_zero=keep_zero,
        rounding=rounding,
    )
    for dim in dims:
        if dim not in found:
            found[dim] = no_pairs(1, dim + 1 if alpha else 2, dim + 2 if alpha else 2)
    return {dim: found[dim] for dim in dims}


def _step_edges(faces, steps):
    """Return the edge that enters at each step of `_edge_steps`; a vertex v is (v, v)."""
    edges = [faces[0][:, [0, 0]]]
    if len(faces) > 1:
        edges.append(faces[1][np.argsort(steps[1])])
    return np.concatenate(edges)


def _edge_steps(points, faces, facets):
    """Return steps of each dimension, vertices and then ranks of edges, and their values."""
    n_vertices = len(faces[0])
    steps, values = [np.arange(n_vertices)], np.zeros(n_vertices)
    if len(faces) > 1:
        difference = points[faces[1][:, 0]] - points[faces[1][:, 1]]
        squares = np.zeros(len(difference))
        for axis in difference.T:
            squares += axis * axis
        order = np.argsort(squares, kind="stable")
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        steps.append(n_vertices + rank)
        values = np.concatenate([values, squares[order]])
    for dim in range(2, len(faces)):
        steps.append(steps[-1][facets[dim]].max(axis=1))
    return steps, np.sqrt(values)


def _sphere_steps(points, faces, facets):
    """Return steps of each dimension, radii of the steps, and which simplices have their own.

    A simplex whose smallest sphere has a vertex of a cofacet inside enters with the first cofacet:
    at its step. Other simplices have steps of their own, by radius. Of equal ones those that hold
    the centre of their sphere come last, so that pairs name them; else those of lower dimension
    come first.
    """
    spheres = Spheres(points)
    n_vertices = len(faces[0])
    own = [np.ones(len(f), dtype=bool) for f in faces]
    radii: list[Floats] = []
    errors: list[Floats] = []
    holds_centre: list[Any] = []
    for dim in range(1, len(faces)):
        radius, error, inside = spheres.measure(faces[dim])
        radii.append(radius)
        errors.append(error)
        holds_centre.append(~inside.any(axis=1))
        own[dim - 1][facets[dim][inside]] = False
    order, values = spheres.order(
        [np.ascontiguousarray(f[o]) for f, o in zip(faces[1:], own[1:], strict=True)],
        *(
            np.concatenate([part[o] for part, o in zip(parts, own[1:], strict=True)])
            for parts in (radii, errors, holds_centre)
        ),
    )
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = n_vertices + np.arange(len(order))
    steps = [np.arange(n_vertices)]
    for mask in own[1:]:
        steps.append(np.full(len(mask), np.iinfo(np.int64).max))
        steps[-1][mask], rank = rank[: mask.sum()], rank[mask.sum() :]
    for dim in range(len(faces) - 1, 1, -1):
        first = steps[dim - 1].copy()
        np.minimum.at(first, facets[dim].reshape(-1), np.repeat(steps[dim], dim + 1))
        steps[dim - 1] = np.where(own[dim - 1], steps[dim - 1], first)
    return steps, np.concatenate([np.zeros(n_vertices), values]), own
