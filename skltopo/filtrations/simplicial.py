"""Functions on the vertices of any simplicial complex: from values to persistence diagrams."""

from __future__ import annotations

import math
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
from scipy.sparse import coo_array, csr_array, issparse

from .._persistence import filter_facets, join_pairs, list_faces, no_pairs, reduce_complex
from .._utils.arrays import as_floats, as_numbers, check_finite
from .._utils.checks import check_integer
from .._utils.given import is_graph
from .._utils.memory import available_memory
from .._utils.namespace import namespace_of
from .._utils.parallel import run
from .._utils.sorting import argsort_rows
from .._utils.typing import Dimensions, Self
from .base import Filtration, VertexValues

__all__ = ["SimplicialComplex"]

# Largest number of simplices of one dimension, before duplicates are merged.
MAX_SIMPLICES = 2**31 - 1
# Memory that building a complex takes at its peak.
BYTES_PER_SIMPLEX = 106
# Chunk size: samples that one thread pairs before it takes the next ones.
CHUNK_SAMPLES = 16


class SimplicialComplex(Filtration):
    """Sublevel or superlevel set persistence of functions on the vertices of a complex.

    The complex is built once and called with the values of any number of functions. A simplex
    enters the filtration with the last of its vertices; equal values enter in the order of their
    vertices, so the result depends on the input alone.

    Parameters
    ----------
    simplices : array-like of int of shape (m, k + 1), or a sequence of such arrays or of simplices
        Vertices, counted from 0, of each simplex. ``[[0, 1, 2], [2, 3]]`` (simplices of any
        dimensions) and ``[triangles, edges]`` (an array for each dimension) both work. Faces are
        filled in, duplicates are merged. The complex need not be connected, acyclic or a manifold.
    n_vertices : int, default=None
        Number of vertices; None for one more than the largest in `simplices`. Every vertex below it
        belongs to the complex, also one that is in no simplex.
    max_dim : int, default=None
        Leave out simplices of a higher dimension (but not their faces); None to keep all.
    superlevel : bool, default=False
        Sweep from high to low values: births above deaths.
    homology_dimensions : int or sequence of int, default=None
        Dimensions to compute; None for 0 to the dimension of the complex.
    keep_zero : bool, default=False
        Keep points with death equal to birth, where they pair two different vertices.
    n_jobs : int, default=None
        Threads for a batch. None is 1 unless in a joblib context, -1 is all cores. The result is
        the same for any value.

    Attributes
    ----------
    n_vertices : int
    simplices : list of (n_k, k + 1) int64 ndarray
        All simplices of dimension k = 0, 1, ...: vertices ascending, rows in lexicographic order.
    homology_dimensions : tuple of int
    max_dim, superlevel, keep_zero, n_jobs
        As given.

    Raises
    ------
    TypeError
        If simplices are not integers.
    ValueError
        If simplices are ragged, have a vertex twice or one that is out of range, or more faces than
        there is memory for, or a parameter is out of range.

    See Also
    --------
    SimplicialComplex.from_graph : The complex of a graph, from its adjacency matrix or networkx.
    LevelSet : The same on lines, images and volumes, much faster.

    Notes
    -----
    A call takes values of shape (..., n_vertices), an array or a tensor of finite real numbers:
    float32 and float64 are compared as they are, float16 in float32, integers in float64. Axes
    before the last one are a batch. Essential classes come in the order of the filtration.

    PD_0 is found by union-find; so is, by duality, the highest dimension of a complex whose
    simplices of one dimension less have at most two cofaces (surfaces, graphs, triangulated
    solids). For the dimensions between, a matrix is reduced modulo 2, without the columns that are
    known to become zero. Homology in dimension k depends on simplices of dimensions k and k + 1,
    so classes in dimension `max_dim` are never destroyed.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, section 2 (levelset
    persistence, the map omega_ls).

    Examples
    --------
    The boundary of a square, with a diagonal, is a graph with two cycles:

    >>> from skltopo.filtrations import SimplicialComplex
    >>> graph = SimplicialComplex([[0, 1], [1, 2], [2, 3], [3, 0], [0, 2]])
    >>> diagram = graph([0.0, 2.0, 1.0, 3.0])
    >>> diagram[1]
    array([[ 2., inf],
           [ 3., inf]])
    >>> diagram.essential[1]
    array([1, 3])

    If the triangle 0 1 2 is filled in, one of them is gone. A batch of functions gives a batch of
    diagrams:

    >>> surface = SimplicialComplex([[0, 1, 2], [2, 3], [3, 0]])
    >>> [len(diagram[1]) for diagram in surface([[0.0, 2.0, 1.0, 3.0], [3.0, 2.0, 1.0, 0.0]])]
    [1, 1]
    """

    def __init__(
        self,
        simplices: Any,
        *,
        n_vertices: int | None = None,
        max_dim: int | None = None,
        superlevel: bool = False,
        homology_dimensions: Dimensions = None,
        keep_zero: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self._store(
            simplices=simplices,
            n_vertices=n_vertices,
            max_dim=max_dim,
            superlevel=superlevel,
            homology_dimensions=homology_dimensions,
            keep_zero=keep_zero,
            n_jobs=n_jobs,
        )
        self.n_vertices, self.simplices, self._facets = _build(simplices, n_vertices, max_dim)
        if homology_dimensions is None:
            self.homology_dimensions = tuple(range(len(self.simplices)))
        self._n_dims = min(len(self.simplices), max(self.homology_dimensions, default=-1) + 2)

    def _check_parameters(self):
        for name, least in (("max_dim", 0), ("n_vertices", 1)):
            if getattr(self, name) is not None:
                check_integer(name, getattr(self, name), least)
        if self.n_vertices is not None and self.n_vertices >= MAX_SIMPLICES:
            raise ValueError(f"n_vertices must be below 2**31 - 1, got {self.n_vertices}")

    def _known_dimensions(self):
        return None, ""  # any: PD_k is empty above the dimension of the complex

    @classmethod
    def from_graph(
        cls, adjacency: Any, *, homology_dimensions: Dimensions = (0, 1), **parameters: Any
    ) -> Self:
        """Build the complex of a graph: PD_0 of its components, and its cycles in PD_1.

        Parameters
        ----------
        adjacency : (n_vertices, n_vertices) array-like, scipy sparse array, or networkx graph
            i and j are joined where adjacency[i, j] or adjacency[j, i] is stored and not zero; the
            diagonal does not matter, nor do other finite values than zero. Entries that are stored
            more than once are summed. The nodes of a graph are the vertices, in their order there;
            all of its edges count, whatever their weights are.
        homology_dimensions : int or tuple of int, default=(0, 1)
        **parameters
            superlevel, keep_zero and n_jobs, as in the class.

        Returns
        -------
        SimplicialComplex

        Raises
        ------
        TypeError
            If adjacency is not real numbers, or n_vertices is given.
        ValueError
            If adjacency is not square, has no vertices, a NaN or an infinity.

        Examples
        --------
        >>> from scipy.sparse import csr_array
        >>> from skltopo.filtrations import SimplicialComplex
        >>> path = csr_array([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
        >>> SimplicialComplex.from_graph(path)([0.0, 2.0, 1.0])[0]
        array([[ 0., inf],
               [ 1.,  2.]])
        """
        if "n_vertices" in parameters:
            raise TypeError("n_vertices is the size of adjacency here, and can't be given")
        if is_graph(adjacency):
            adjacency = _matrix_of_graph(adjacency)
        elif not issparse(adjacency):
            adjacency = as_floats(as_numbers(adjacency, "adjacency"))[1]
        shape = tuple(adjacency.shape)
        if len(shape) != 2 or shape[0] != shape[1] or shape[0] == 0:
            raise ValueError(
                f"adjacency must be a square matrix with vertices, got shape {shape}; edges as "
                "rows are SimplicialComplex(edges)"
            )
        entries = coo_array(csr_array(adjacency))  # through csr, which sums duplicates
        weights = as_numbers(entries.data, "adjacency")
        check_finite(weights, "adjacency")
        joined = (weights != 0) & (entries.row != entries.col)
        edges = np.column_stack([entries.row[joined], entries.col[joined]])
        return cls(
            edges, n_vertices=shape[0], homology_dimensions=homology_dimensions, **parameters
        )

    def _check(self, values):
        return VertexValues(values, check_shape=self._check_shape)

    def _check_shape(self, shape):
        if len(shape) == 0 or shape[-1] != self.n_vertices:
            raise ValueError(
                f"values must have shape (..., {self.n_vertices}) for a complex with "
                f"{self.n_vertices} vertices, got {shape}"
            )

    def _find(self, samples, n_jobs):
        chunks = [
            samples.plain[start : start + CHUNK_SAMPLES]
            for start in range(0, samples.n_samples, CHUNK_SAMPLES)
        ]
        parts = run([partial(self._pair_samples, chunk) for chunk in chunks], n_jobs)
        found = join_pairs(parts)
        for dim in self.homology_dimensions:
            if dim not in found:
                found[dim] = no_pairs(samples.n_samples)
        return found

    def _pair_samples(self, rows):
        """Return {dim: Pairs} of a few functions."""
        return join_pairs([self._pair_sample(row) for row in rows])

    def _pair_sample(self, row):
        """Return {dim: Pairs} of one function; a simplex is named by its last vertex."""
        sweep = -row if self.superlevel else row
        by_rank = np.argsort(sweep, kind="stable")
        rank = np.empty(self.n_vertices, dtype=np.int64)
        rank[by_rank] = np.arange(self.n_vertices)
        orders, steps = [], []
        for simplices in self.simplices[: self._n_dims]:
            ranks = -np.sort(-rank[simplices], axis=1)
            orders.append(argsort_rows(ranks, self.n_vertices))
            steps.append(ranks[orders[-1], 0])
        return reduce_complex(
            filter_facets(self._facets[: self._n_dims], orders),
            steps=steps,
            values=sweep[by_rank],
            names=[by_rank[step][:, np.newaxis] for step in steps],
            keep_zero=self.keep_zero,
        )

    def __repr__(self):
        counts = [len(simplices) for simplices in self.simplices]
        return (
            f"SimplicialComplex({counts} simplices of dimension 0 to {len(counts) - 1}, "
            f"superlevel={self.superlevel}, homology_dimensions={self.homology_dimensions})"
        )


def _matrix_of_graph(graph):
    """Return the sparse matrix of the edges of a graph of networkx."""
    place = {node: i for i, node in enumerate(graph)}
    ends = [(place[u], place[v]) for u, v in graph.edges()]
    row, col = np.array(ends, dtype=np.int64).reshape(-1, 2).T
    return coo_array((np.ones(len(row)), (row, col)), shape=(len(place), len(place)))


def _build(simplices, n_vertices, max_dim):
    """Return (n_vertices, faces, facets) of the complex; see `list_faces`."""
    given = _as_arrays(simplices)
    largest = max((rows.max() for rows in given if rows.size), default=-1)
    if n_vertices is None:
        n_vertices = int(largest) + 1
    if n_vertices == 0:
        raise ValueError("simplices must have a vertex, got none; give n_vertices")
    if largest >= n_vertices:
        raise ValueError(
            f"simplices must have vertices below n_vertices={n_vertices}, got {largest}"
        )
    _check_memory(given, n_vertices, max_dim)
    given = [rows for part in given for rows in _skeleton(part, max_dim)]
    given.append(np.arange(n_vertices, dtype=np.int64)[:, np.newaxis])
    return int(n_vertices), *list_faces(given)


def _as_arrays(simplices):
    """Return simplices as int64 arrays, one or several of a dimension."""
    if not isinstance(simplices, (list, tuple)):
        return [_as_array(simplices)]
    if any(getattr(part, "ndim", 1) == 2 for part in simplices):
        return [_as_array(part) for part in simplices]
    by_size: dict[int, Any] = {}
    for simplex in simplices:
        try:
            by_size.setdefault(len(simplex), []).append(simplex)
        except TypeError:
            raise TypeError(
                f"simplices must be arrays or sequences of vertices, got {simplex!r} as one"
            ) from None
    return [_as_array([list(simplex) for simplex in group]) for group in by_size.values()]


def _as_array(rows):
    """Return one array of simplices, checked."""
    if issparse(rows) or is_graph(rows):
        raise TypeError(
            f"simplices must be arrays or sequences of vertices, got a {type(rows).__name__}; "
            "SimplicialComplex.from_graph takes the adjacency matrix of a graph"
        )
    rows = as_numbers(rows, "simplices")
    rows = namespace_of(rows).plain(rows)
    if rows.size == 0:
        return np.empty((0, 1), dtype=np.int64)
    if rows.dtype.kind not in "iu":
        raise TypeError(f"simplices must be integers, the vertices, got dtype {rows.dtype}")
    if rows.ndim != 2:
        raise ValueError(f"simplices must have shape (m, k + 1), got {rows.shape}")
    if rows.min() < 0 or rows.max() >= MAX_SIMPLICES:
        wrong = rows.min() if rows.min() < 0 else rows.max()
        raise ValueError(f"simplices must have vertices from 0 to 2**31 - 2, got {wrong}")
    rows = np.sort(rows.astype(np.int64), axis=1)
    double = (rows[:, 1:] == rows[:, :-1]).any(axis=1)
    if double.any():
        raise ValueError(
            f"a simplex must have each vertex once, got {_shortened(rows[double.argmax()])}; each "
            "row is a simplex: transpose edges that are columns, and give adjacency matrices to "
            "SimplicialComplex.from_graph"
        )
    return rows


def _shortened(row):
    """Return the vertices of a simplex as a list to print."""
    return str(row.tolist()) if len(row) <= 8 else f"{str(row[:8].tolist())[:-1]}, ...]"


def _check_memory(given, n_vertices, max_dim):
    """Raise ValueError before memory is taken for more faces than there is memory for."""
    n_faces = n_vertices
    for rows in given:
        top = rows.shape[1] if max_dim is None else min(rows.shape[1], max_dim + 1)
        n_faces += len(rows) * sum(math.comb(rows.shape[1], k) for k in range(2, top + 1))
    needed = BYTES_PER_SIMPLEX * n_faces
    if needed > available_memory():
        raise ValueError(
            f"simplices have up to {n_faces} faces, which take {needed / 1e9:.1f} GB, more than "
            f"the {available_memory() / 1e9:.1f} GB that are free; give max_dim, or edges as rows, "
            "not as columns"
        )


def _skeleton(rows, max_dim):
    """Return the simplices, or their faces of dimension max_dim if they have more dimensions."""
    size = rows.shape[1]
    top = size if max_dim is None else min(size, max_dim + 1)
    n_faces = max(math.comb(size, k) for k in range(1, top + 1)) * len(rows)
    if n_faces >= MAX_SIMPLICES:
        raise ValueError(
            f"{len(rows)} simplices of dimension {size - 1} have {n_faces} faces of one dimension; "
            "at most 2**31 are possible, give max_dim"
        )
    if top == size:
        return [rows]
    return [rows[:, columns] for columns in combinations(range(size), top)]
