"""Complexes.

Building lists the faces of all simplices and sorts them: the sort bounds it. A function orders the
simplices by their values, joins components by a union-find, and reduces the boundary matrix where
that is not enough; sorts bound surfaces and graphs, the reduction tetrahedra.
"""

from functools import partial

import numpy as np

from ..agree import same_values
from ..calls import diagrams_of
from ..peers import by_dimension
from ..workload import OURS, Workload

ORDER = 13


def torus(size, rng):
    """Return about so many triangles of a torus, and values on its vertices."""
    n = round((size / 2) ** 0.5)
    i, j = (x.ravel() for x in np.indices((n, n)))
    right, below, both = i * n + (j + 1) % n, (i + 1) % n * n + j, (i + 1) % n * n + (j + 1) % n
    first, second = np.stack([i * n + j, right, both], 1), np.stack([i * n + j, below, both], 1)
    return np.concatenate([first, second]), rng.random(n * n)


def space(size, rng):
    """Return the tetrahedra of points in space, and values on the points."""
    from scipy.spatial import Delaunay

    return Delaunay(rng.random((size, 3))).simplices.astype(int), rng.random(size)


def graph(size, rng):
    """Return edges of a random graph, of half as many vertices, and values on its vertices."""
    ends = np.sort(rng.integers(0, size // 2, (size, 2)), axis=1)
    edges = np.unique(ends[ends[:, 0] < ends[:, 1]], axis=0)
    edges[-1, 1] = size // 2 - 1  # the last vertex is there, too
    return edges, rng.random(size // 2)


def ours_built(data):
    """List the simplices of a complex."""
    from skltopo.filtrations import SimplicialComplex

    return partial(SimplicialComplex, data[0]), lambda found: found.n_vertices


def tree_of(simplices, n_vertices):
    """Insert all simplices in gudhi's tree in one batch, after the vertices."""
    import gudhi

    tree = gudhi.SimplexTree()
    tree.insert_batch(np.arange(n_vertices)[np.newaxis], np.zeros(n_vertices))
    tree.insert_batch(np.ascontiguousarray(simplices.T), np.zeros(len(simplices)))
    return tree


def gudhi_built(data):
    """Insert the simplices of a complex."""
    call = partial(tree_of, data[0], len(data[1]))
    return call, lambda tree: tree.num_vertices()


def ours_function(data):
    """Pair a function on the vertices of a complex that stands."""
    from skltopo.filtrations import SimplicialComplex

    return partial(SimplicialComplex(data[0]), data[1]), diagrams_of


def gudhi_function(data):
    """Pair a function on the vertices of a tree that stands; values only."""
    simplices, values = data
    tree = tree_of(simplices, len(values))

    def call():
        tree.reset_filtration(np.inf)
        tree.insert_batch(np.arange(len(values))[np.newaxis], values)  # the smaller value is kept
        tree.reset_filtration(-np.inf, min_dim=1)
        tree.make_filtration_non_decreasing()
        tree.compute_persistence(homology_coeff_field=2, persistence_dim_max=True)
        return [tree.persistence_intervals_in_dimension(d) for d in range(tree.dimension() + 1)]

    return call, by_dimension


FUNCTION = {OURS: ours_function, "gudhi": gudhi_function}
WORKLOADS = [
    Workload(
        "torus, built", (1_800, 18_000, 180_000), torus, {OURS: ours_built, "gudhi": gudhi_built},
        "triangles", "complex of {size:,} triangles, built", agree=same_values,
    ),
    Workload(
        "torus, a function", (1_800, 18_000, 180_000), torus, FUNCTION, "triangles",
        "function on a torus of {size:,} triangles", readme=(18_000,),
    ),
    Workload(
        "tetrahedra, a function", (100, 500, 1_500), space, FUNCTION, "points",
        "function on the tetrahedra of {size:,} points",
    ),
    Workload(
        "graph, a function", (1_000, 10_000, 100_000), graph, FUNCTION, "edges",
        "function on a graph of {size:,} edges",
    ),
]  # fmt: skip
