"""Weak Alpha and Alpha pairs of points in three dimensions and more.

In space our own triangulation and kernels are exact (``triangulation3.pyx``, ``pairs3.pyx``). In
higher dimensions Qhull triangulates, and the reduction of any complex (``_persistence.pyx``) pairs:
the result is right up to rounding. On lattices Qhull may return simplices that do not fit together.
Then it is asked to move the points by about 1e-12 first ("joggled input"); values are those of the
given points.
"""

import math

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay, cKDTree

from ..._persistence import (
    filter_facets,
    list_faces,
    no_pairs,
    reduce_complex,
    without_essential,
)
from .pairs3 import delaunay_pairs_in_space
from .triangulation3 import delaunay_simplices

__all__ = ["delaunay_complex", "delaunay_pairs"]

# In four dimensions and more, in units of the radius: two spheres are one if their centres and
# radii differ by less, and a point is on a sphere if its distance is less. In units of its size: a
# cloud is flat if it is less thick.
TOLERANCE = 1e-10
# Squared radii whose relative difference is less are equal: ties are broken by vertices, not by
# rounding. It is smaller than TOLERANCE, since a centre at distance h from a facet makes a pair of
# length h^2.
TIE = 1e-13
# A simplex is thin if the square of its volume, divided by those of its edges' lengths, is less.
THIN = 1e-3


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
        return _complex_pairs(points, delaunay_complex(points), dims, alpha, keep_zero)
    found = delaunay_pairs_in_space(points, dims, alpha=alpha, keep_zero=keep_zero)
    if found is None:  # the points are on a line
        return _complex_pairs(points, _path(points), dims, alpha, keep_zero)
    return found


# Triangulations: lists of arrays of simplices that have all points as vertices


def _scaled(points):
    """Return points by a power of two below one, so that no square overflows."""
    return np.ldexp(points, -math.frexp(np.abs(points).max(initial=0.0))[1])


def _twins(points):
    """Return the rows of different points, and edges from each other row to the equal one there."""
    _, first, inverse = np.unique(points, axis=0, return_index=True, return_inverse=True)
    inverse = inverse.reshape(-1)
    first_of = first[inverse]
    others = np.flatnonzero(first_of != np.arange(len(points)))
    return np.sort(first), np.stack([first_of[others], others], axis=1)


def _path(points):
    """Return vertices and edges of collinear points."""
    rows, twins = _twins(points)
    rows = rows[np.lexsort(points[rows].T)]
    return [rows[:, np.newaxis], np.stack([rows[:-1], rows[1:]], axis=1), twins]


def delaunay_complex(points):
    """Return the Delaunay simplices of points in any dimension, in their affine hull.

    A list of (m, k + 1) int64 arrays: the simplices of full dimension, and edges to duplicates.
    """
    rows, twins = _twins(points)
    local = _scaled(points[rows])
    local = _scaled(local - local[0])
    _, sizes, axes = np.linalg.svd(local, full_matrices=False)
    rank = int((sizes > TOLERANCE * sizes.max(initial=0.0)).sum())
    if rank < 2:
        along = np.argsort(local @ axes[0] if rank else np.arange(len(rows)), kind="stable")
        rows = rows[along]
        return [rows[:, np.newaxis], np.stack([rows[:-1], rows[1:]], axis=1), twins]
    if rank < local.shape[1]:
        local = local @ axes[:rank].T
    if rank <= 3:
        space = np.zeros((len(rows), 3))
        space[:, :rank] = local
        simplices = _peeled(space, delaunay_simplices(space)[0])
    else:
        simplices = Delaunay(local).simplices
        if not _fit_together(local, simplices):
            simplices = _peeled(local, Delaunay(local, qhull_options="QJ Pp").simplices)
    # A point that is left out, since it is too near to others, is joined to the nearest one.
    used = np.unique(simplices)
    left_out = np.setdiff1d(np.arange(len(rows)), used)
    nearest = used[cKDTree(local[used]).query(local[left_out])[1]] if len(left_out) else left_out
    joined = np.sort(rows[np.stack([left_out, nearest], axis=1)], axis=1)
    return [rows[simplices], joined, twins]


def _fit_together(points, simplices):
    """Whether simplices meet in whole facets and those at the border in the hull's."""
    if len(np.unique(simplices)) < len(points):
        return False
    faces, facets = list_faces(simplices)
    counts = np.bincount(facets[-1].reshape(-1))
    if counts.max() > 2:
        return False
    border = points[faces[-2][counts == 1]]
    normals = np.linalg.svd(border[:, 1:] - border[:, :1])[2][:, -1]
    for corner, normal in zip(border[:, 0], normals, strict=True):
        side = (points - corner) @ normal
        if side.max() > TOLERANCE and side.min() < -TOLERANCE:
            return False
    return True


def _is_flat(corners):
    """Whether (m, k + 1, d) corners are simplices of no thickness, up to rounding."""
    edges = corners[:, 1:] - corners[:, :1]
    sizes = np.linalg.svd(edges, compute_uv=False)
    return sizes[:, -1] <= TOLERANCE * sizes[:, 0]


def _peeled(points, simplices):
    """Take flat simplices off the border: rounding has put their points beside a hull's facet."""
    flat = _is_flat(points[simplices])
    while flat.any():
        facets = list_faces(simplices)[1][-1]
        border = (np.bincount(facets.reshape(-1))[facets] == 1).any(axis=1)
        if not (flat & border).any():
            break
        simplices, flat = simplices[~(flat & border)], flat[~(flat & border)]
    return simplices


# Filtrations


def _complex_pairs(points, simplices, dims, alpha, keep_zero):
    """Pair the simplices of a complex by reduction."""
    top = max(dims, default=0) + 1
    faces, facets = list_faces(simplices, None if alpha else top)
    scaled = _scaled(points)
    if alpha and len(faces) > 2:
        steps, values = _sphere_steps(scaled, faces, facets)
    else:
        steps, values = _edge_steps(scaled, faces, facets)
        values = values / 4 if alpha else values
    steps, facets = steps[: top + 1], facets[: top + 1]
    if alpha:
        names = [*faces[: top + 1], np.empty((0, len(facets) + 1), dtype=np.int64)]
    else:
        names = [_step_edges(faces, steps)[step] for step in steps]
        names.append(np.empty((0, 2), dtype=np.int64))
    # A stable sort: faces of equal value stay in the lexicographic order of their vertices. Steps
    # of weak Alpha are ranks of edges, which do not tie.
    keys = [values[step] for step in steps] if alpha else steps
    orders = [np.argsort(key, kind="stable") for key in keys]
    found = reduce_complex(
        filter_facets(facets, orders),
        steps=[step[order] for step, order in zip(steps, orders, strict=True)],
        values=np.sqrt(values),
        names=[*(name[order] for name, order in zip(names[:-1], orders, strict=True)), names[-1]],
        keep_zero=keep_zero,
    )
    for dim in dims:
        if dim not in found:
            found[dim] = no_pairs(1, dim + 1 if alpha else 2, dim + 2 if alpha else 2)
        elif dim:
            # The hull of points has no holes, but Qhull's simplices may not fill it on lattices.
            found[dim] = without_essential(found[dim])
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
    return steps, values


def _sphere_steps(points, faces, facets):
    """Return steps of each dimension, one for each smallest empty sphere, and their values."""
    centres, radii = zip(*(_circumspheres(points[f]) for f in faces), strict=True)
    empty = [np.ones(len(f), dtype=bool) for f in faces]
    for dim in range(1, len(faces)):
        for place in range(dim + 1):
            below, apex = facets[dim][:, place], points[faces[dim][:, place]]
            power = ((apex - centres[dim - 1][below]) ** 2).sum(axis=1) - radii[dim - 1][below]
            empty[dim - 1][below[power < -TOLERANCE * radii[dim - 1][below]]] = False
    first = np.cumsum([0, *(len(f) for f in faces)])
    classes, values = _same_spheres(
        np.concatenate(centres), np.concatenate(radii), np.concatenate(empty), len(faces[0])
    )
    steps = [classes[first[dim] : first[dim + 1]] for dim in range(len(faces))]
    for dim in range(len(faces) - 2, 0, -1):
        # No later than a cofacet, and as early as the first one where the sphere is not empty.
        own = np.where(empty[dim], values[steps[dim]], np.inf)
        cofacet = np.repeat(np.arange(len(faces[dim + 1])), dim + 2)
        below = facets[dim + 1].reshape(-1)
        value = values[steps[dim + 1]][cofacet]
        order = np.lexsort((value, below))
        at = order[np.unique(below[order], return_index=True)[1]]
        earlier = value[at] < own[below[at]]
        steps[dim][below[at][earlier]] = steps[dim + 1][cofacet[at[earlier]]]
    return steps, values


def _circumspheres(corners):
    """Return centres and squared radii of the smallest spheres through (m, k + 1, d) corners.

    Flat simplices, which only rounding makes, are four or more points on a circle, or the like:
    theirs is its sphere, the least-squares solution of the least norm.
    """
    edges = corners[:, 1:] - corners[:, :1]
    squares = (edges**2).sum(axis=2)
    if edges.shape[1] < 2:
        return corners.mean(axis=1), squares.sum(axis=1) / 4
    offset = np.empty((len(corners), corners.shape[2]))
    gram = edges @ edges.transpose(0, 2, 1)
    # Squaring costs digits that thin simplices do not have.
    thin = np.linalg.det(gram) <= THIN * squares.prod(axis=1)
    weights = np.linalg.solve(gram[~thin], squares[~thin][:, :, np.newaxis] / 2)
    offset[~thin] = (weights * edges[~thin]).sum(axis=1)
    inverse = np.linalg.pinv(edges[thin], rcond=TOLERANCE)
    offset[thin] = (inverse @ squares[thin][:, :, np.newaxis])[:, :, 0] / 2
    return corners[:, 0] + offset, (offset**2).sum(axis=1)


def _same_spheres(centres, radii, empty, n_vertices):
    """Return a class for every sphere, and the squared radius of each class.

    It is that of the first sphere, which is of the lowest dimension; vertices have their own.
    """
    known = np.flatnonzero(empty & (radii > 0) & (radii < 1e12))
    known = known[known >= n_vertices]
    # In units of the radius.
    rows = np.hstack([centres[known], np.ones((len(known), 1))])
    rows /= np.sqrt(radii[known])[:, np.newaxis]
    rows[:, -1] = np.log(radii[known])
    near = cKDTree(rows).query_pairs(TOLERANCE, output_type="ndarray") if len(known) else known
    a, b = known[near.reshape(-1, 2)].T
    n = len(radii)
    graph = coo_array((np.ones(len(a), dtype=bool), (a, b)), shape=(n, n))
    _, label = connected_components(graph, directed=False)
    _, first, classes = np.unique(label, return_index=True, return_inverse=True)
    values = radii[first]
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    new = np.diff(ordered, prepend=-1.0) > TIE * ordered
    values[order] = ordered[new][np.cumsum(new) - 1] if len(values) else ordered
    return classes.reshape(-1), values
