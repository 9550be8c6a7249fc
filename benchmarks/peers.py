"""Calls of other packages that several families share, in the form of contestants."""

from functools import partial

import numpy as np

from .calls import gradient_of

# Ours and our ground, then the peers: whose versions a result names.
DISTRIBUTIONS = [
    "skltopo", "numpy", "scipy", "torch", "scikit-learn",
    "gudhi", "cripser", "geoph", "ripser", "giotto-ph", "redzed-tda", "hdbscan", "POT", "persim",
    "oineus", "persist0-tda", "torch-topological",
]  # fmt: skip
INFINITE = 1e300  # larger deaths are those of essential classes


def by_dimension(found):
    """Return the diagrams of one sample, a list over dimensions, as {dim: [points]}."""
    return {dim: [np.asarray(points).reshape(-1, 2)] for dim, points in enumerate(found)}


# Grids --------------------------------------------------------------------------------------------


def gudhi_grids(ndim):
    """Return a contestant: gudhi's fastest path to diagrams of cells, values only."""

    def contestant(samples):
        from gudhi.sklearn import CubicalPersistence

        one = samples.ndim == ndim
        estimator = CubicalPersistence(homology_dimensions=list(range(ndim)))
        call = partial(estimator.fit_transform, [samples] if one else list(samples))
        return call, lambda found: {dim: [d[dim] for d in found] for dim in range(ndim)}

    return contestant


def gudhi_general(vertices):
    """Return a contestant: gudhi's cubical complex of one volume, values on vertices or cells."""

    def contestant(values):
        import gudhi

        kind = "vertices" if vertices else "top_dimensional_cells"

        def call():
            complex = gudhi.CubicalComplex(**{kind: values})
            complex.compute_persistence(homology_coeff_field=2)
            return [complex.persistence_intervals_in_dimension(d) for d in range(values.ndim)]

        return call, by_dimension

    return contestant


def cripser_grids(vertices):
    """Return a contestant: cripser's V (values on vertices) or T (on cells) construction."""

    def contestant(values):
        import cripser

        def result(rows):
            rows = np.where(abs(rows) > INFINITE, np.inf, rows)
            return {dim: [rows[rows[:, 0] == dim, 1:3]] for dim in range(values.ndim)}

        compute = cripser.computePH if vertices else cripser.computePH_T
        return partial(compute, values, maxdim=values.ndim - 1), result

    return contestant


def oineus_grids(values):
    """Compute oineus' diagrams of the Freudenthal triangulation."""
    import oineus

    def result(found):
        return by_dimension([found.in_dimension(dim) for dim in range(values.ndim)])

    return partial(oineus.compute_diagrams_ls, values), result


def gudhi_total_length(ndim):
    """Return a contestant: all lengths and their gradient by gudhi's fast path and torch.

    gudhi is fed with ranks, so that its values serve as indices.
    """

    def contestant(data):
        import torch
        from gudhi.sklearn import CubicalPersistence

        samples = data if data.ndim > ndim else data[np.newaxis]
        estimator = CubicalPersistence(homology_dimensions=list(range(ndim)))

        def loss(x):
            order = x.detach().numpy().reshape(len(samples), -1).argsort(axis=1, kind="stable")
            ranks = np.empty(order.shape)
            numbers = np.arange(order.shape[1], dtype=float)
            np.put_along_axis(ranks, order, numbers[np.newaxis], axis=1)
            index = []
            for i, dims in enumerate(estimator.fit_transform(list(ranks.reshape(samples.shape)))):
                for points in dims:
                    finite = points[np.isfinite(points[:, 1])].astype(np.int64)
                    index.append(order[i][finite] + i * order.shape[1])
            births, deaths = x.reshape(-1)[torch.from_numpy(np.concatenate(index))].T
            return (deaths - births).sum()

        return gradient_of(loss, data)

    return contestant


# Points -------------------------------------------------------------------------------------------


def geoph_edges(name):
    """Return a contestant: a function of geoph that finds pairs, and lengths of their edges."""

    def contestant(points):
        import geoph

        pair = getattr(geoph, name)

        def call():
            joining, holes = geoph_arrays(pair(points))
            lengths = [
                np.sqrt(np.square(points[e[:, 0]] - points[e[:, 1]]).sum(axis=1))
                for e in (joining, holes[:, :2], holes[:, 2:])
            ]
            return [
                np.column_stack([np.zeros(len(joining)), lengths[0]]),
                np.column_stack(lengths[1:]),
            ]

        return call, by_dimension

    return contestant


def geoph_arrays(pairs):
    """Return geoph's pairs as arrays: edges that join components, edges of holes."""
    joining = np.array([death for _, death in pairs[0]], dtype=np.int64).reshape(-1, 2)
    holes = np.array([birth + death for birth, death in pairs[1]], dtype=np.int64).reshape(-1, 4)
    return joining, holes


def geoph_holes(points):
    """Return (n_points, 4) edges of PD_1 of the weak Alpha filtration, by geoph."""
    import geoph

    return geoph_arrays(geoph.delaunayRipsPersistencePairs(points))[1]


def gudhi_holes(points):
    """Return (n_points, 4) edges of PD_1 of the weak Alpha filtration, by gudhi and scipy."""
    import gudhi
    from scipy.spatial import Delaunay

    triangles = np.sort(Delaunay(points).simplices, axis=1)
    edges = triangles[:, [[0, 1], [0, 2], [1, 2]]].reshape(-1, 2)
    lengths = np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1)
    tree = gudhi.SimplexTree()
    tree.insert_batch(np.arange(len(points), dtype=np.int32)[np.newaxis], np.zeros(len(points)))
    tree.insert_batch(edges.T.astype(np.int32), lengths)
    tree.insert_batch(triangles.T.astype(np.int32), lengths.reshape(-1, 3).max(axis=1))
    tree.compute_persistence(min_persistence=0)
    holes = tree.flag_persistence_generators()[1]
    return np.concatenate([*holes, np.empty((0, 4))]).astype(np.int64)


def energy_of_holes(x, holes):
    """Return E(2, 0, 1; PD_1) of a tensor of points, by a torch gather of lengths of edges."""
    import torch

    ends = x[torch.from_numpy(holes.reshape(-1, 2, 2))]
    births, deaths = torch.linalg.vector_norm(ends[:, :, 0] - ends[:, :, 1], dim=-1).T
    return (deaths - births).square().sum()


def gudhi_alpha(precision):
    """Return a contestant: gudhi's Alpha complex; its values are squared radii."""

    def contestant(points):
        import gudhi

        def call():
            complex = gudhi.AlphaComplex(points=points, precision=precision)
            tree = complex.create_simplex_tree()
            tree.compute_persistence(homology_coeff_field=2)
            return [tree.persistence_intervals_in_dimension(d) for d in range(points.shape[1])]

        return call, lambda found: by_dimension([np.sqrt(d) for d in found])

    return contestant


# Distance matrices --------------------------------------------------------------------------------


def redzed(max_dim):
    """Return a contestant: RedZeD, values only."""

    def contestant(matrix):
        import redzed_tda

        return partial(redzed_tda.rips, matrix, maxdim=max_dim), by_dimension

    return contestant


def ripser(max_dim):
    """Return a contestant: ripser.py, values only."""

    def contestant(matrix):
        from ripser import ripser

        call = partial(ripser, matrix, maxdim=max_dim, distance_matrix=True)
        return call, lambda found: by_dimension(found["dgms"])

    return contestant


def giotto_ph(max_dim):
    """Return a contestant: giotto-ph, values only; it collapses edges where that pays."""

    def contestant(matrix):
        from gph import ripser_parallel

        call = partial(
            ripser_parallel, matrix, maxdim=max_dim, metric="precomputed", n_threads=1,
            collapse_edges=max_dim == 2,
        )  # fmt: skip
        return call, lambda found: by_dimension(found["dgms"])

    return contestant
