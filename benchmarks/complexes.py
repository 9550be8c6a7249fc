"""Any complex beside gudhi's SimplexTree, in one run on one core: building, and one function.

"built" makes the complex from its largest simplices: ours lists all faces, theirs inserts them in
one batch. "a function" gives values to the vertices of a complex that stands already, and computes
all dimensions, essential classes too; ours also tells critical vertices. Graphs come from sparse
matrices. Both give the same intervals, which is checked first.

    python benchmarks/complexes.py    # about a minute
"""

import argparse
from functools import partial

import gudhi
import numpy as np
from scipy.sparse import coo_array, coo_matrix
from scipy.spatial import Delaunay
from timing import best_times
from tqdm import tqdm

from skltopo.filtrations import SimplicialComplex


def make_torus(n):
    """Return the triangles of a torus of n x n squares."""
    i, j = (x.ravel() for x in np.indices((n, n)))
    right, below, both = i * n + (j + 1) % n, (i + 1) % n * n + j, (i + 1) % n * n + (j + 1) % n
    return np.concatenate(
        [np.stack([i * n + j, right, both], 1), np.stack([i * n + j, below, both], 1)]
    )


def make_random(n_vertices, n_triangles, rng):
    """Return random triangles."""
    triangles = np.sort(rng.integers(0, n_vertices, (n_triangles, 3)), axis=1)
    return triangles[(np.diff(triangles, axis=1) > 0).all(axis=1)]


def make_complexes():
    """Return {name: maximal simplices of one dimension}."""
    rng = np.random.default_rng(0)
    return {
        "torus 60 x 60": make_torus(60),
        "torus 300 x 300": make_torus(300),
        "Delaunay, 1,500 points in space": Delaunay(rng.random((1500, 3))).simplices.astype(int),
        "4,000 random triangles": make_random(300, 4000, rng),
        "60,000 random triangles": make_random(20_000, 60_000, rng),
    }


def make_graph(n_vertices, n_edges):
    """Return a sparse adjacency matrix, and the same for gudhi: each edge once."""
    rng = np.random.default_rng(0)
    ends = np.sort(rng.integers(0, n_vertices, (2, n_edges)), axis=0)
    a, b = np.unique(ends[:, ends[0] < ends[1]], axis=1)
    shape = (n_vertices, n_vertices)
    ones = np.ones(len(a))
    return coo_array((ones, (a, b)), shape), coo_matrix((ones, (a, b)), shape)


# The peer's side


def build_tree(simplices, n_vertices):
    """Insert all simplices in one batch, after the vertices."""
    tree = gudhi.SimplexTree()
    tree.insert_batch(np.arange(n_vertices)[np.newaxis], np.zeros(n_vertices))
    tree.insert_batch(np.ascontiguousarray(simplices.T), np.zeros(len(simplices)))
    return tree


def build_graph_tree(matrix):
    """Insert the edges of a sparse matrix, after the vertices."""
    tree = gudhi.SimplexTree()
    tree.insert_batch(np.arange(matrix.shape[0])[np.newaxis], np.zeros(matrix.shape[0]))
    tree.insert_edges_from_coo_matrix(matrix)
    return tree


def tree_intervals(tree, values):
    """Lower-star persistence of values on the vertices of a tree that stands already."""
    tree.reset_filtration(np.inf)
    tree.insert_batch(np.arange(len(values))[np.newaxis], values)  # the smaller value is kept
    tree.reset_filtration(-np.inf, min_dim=1)
    tree.make_filtration_non_decreasing()
    tree.compute_persistence(homology_coeff_field=2, persistence_dim_max=True)
    return [tree.persistence_intervals_in_dimension(dim) for dim in range(tree.dimension() + 1)]


# The rows


def check_same(complex, tree, values):
    """Stop if the packages disagree about what they are timed for."""
    diagram = complex(values)
    for dim, expected in enumerate(tree_intervals(tree, values)):
        found, expected = diagram[dim], expected.reshape(-1, 2)
        order, other = np.lexsort(found.T), np.lexsort(expected.T)
        np.testing.assert_array_equal(found[order], expected[other])


def print_row(name, calls, values, complex, tree):
    """Print times of building and of one function, and both ratios."""
    check_same(complex, tree, values)
    calls = [*calls, partial(complex, values), partial(tree_intervals, tree, values)]
    built, their_built, called, their_called = best_times(calls, repeats=15, seconds=4.0)
    print(
        f"{name:32s} {built:9.2f} {their_built:9.2f} {their_built / built:6.1f}   "
        f"{called:9.2f} {their_called:9.2f} {their_called / called:6.1f}",
        flush=True,
    )


def main():
    """Print all rows."""
    print("ms" + " " * 34 + "built     gudhi  ratio   a function    gudhi  ratio")
    rng = np.random.default_rng(1)
    for name, simplices in tqdm(make_complexes().items(), desc="complexes", leave=False):
        n = int(simplices.max()) + 1
        calls = [partial(SimplicialComplex, simplices), partial(build_tree, simplices, n)]
        print_row(name, calls, rng.random(n), calls[0](), calls[1]())
    for n_edges in (1_000, 100_000):
        graph, matrix = make_graph(n_edges // 2, n_edges)
        calls = [partial(SimplicialComplex.from_graph, graph), partial(build_graph_tree, matrix)]
        values = rng.random(n_edges // 2)
        print_row(f"graph of {n_edges:,} edges", calls, values, calls[0](), calls[1]())


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    main()
