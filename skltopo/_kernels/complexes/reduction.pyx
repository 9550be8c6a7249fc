"""Persistence of any filtered simplicial complex: which simplices are paired.

What is paired
    The simplices of each dimension come in a strict total order, every simplex after its facets.
    A simplex of dimension k either bears a class of H_k or ends one of H_{k-1}; (birth, death) are
    positions in the orders of dimension k and k + 1. Homology is modulo 2. What needs values (to
    leave out pairs of equal ones) is the caller's.

How, and why it is correct
    PD_0: edges in order join components (union-find); the younger root ends (the elder rule).
    The last dimension D, if no simplex of dimension D - 1 has more than two cofacets (as in any
    Delaunay complex or triangulated manifold): the same on the dual graph, from the last simplex to
    the first, where a missing cofacet is the exterior, older than all (Alexander duality).
    Dimensions between these: the boundary matrix modulo 2 is reduced from left to right; a column
    whose last row is in no earlier reduced column is paired with it and kept as it is, which is the
    fate of most. Columns known to bear a class need no reduction (clearing): dimensions go
    downwards when the dual graph has told the last one. Otherwise they go upwards and the
    coboundary matrix is reduced, columns and rows in reversed order: same pairs, and PD_0 gives the
    columns to skip.

Complexity
    O(n alpha(n)) for the union-finds. The reduction is cubic at worst; a few steps a column on
    Delaunay complexes and level sets. Memory: 4 bytes an incidence and what is reduced.

Papers
    Edelsbrunner, Letscher, Zomorodian, Topological persistence and simplification, 2002. Chen,
    Kerber, Persistent homology computation with a twist, 2011 (clearing). de Silva, Morozov,
    Vejdemo-Johansson, Dualities in persistent (co)homology, 2011. Bauer, Ripser, 2021. Guillou,
    Vidal, Tierny, Discrete Morse sandwich, 2023 (extremal dimensions first).
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint8_t

from ..shared.buffer cimport Buffer
from ..shared.signals cimport check_signals
from ..shared.union_find cimport find_root

cdef enum:
    NONE = -1
    PATIENCE = 1 << 22      # rows added between two looks for Ctrl-C


# --------------------------------------------------------------------------------------------------
# From simplices to boundaries: numpy
# --------------------------------------------------------------------------------------------------

def list_faces(simplices, max_dim=None):
    """List all faces of some simplices, and which are facets of which.

    Parameters
    ----------
    simplices : int array of shape (m, k + 1), or a list of such arrays
        Vertices, non-negative, of simplices of one dimension, or of several.
    max_dim : int, default=None
        Leave out faces of a higher dimension; None for none.

    Returns
    -------
    faces : list of (n_k, k + 1) int64 arrays, one for each dimension k from 0
        Vertices ascending, rows in lexicographic order, each once.
    facets : list of (n_k, k + 1) int64 arrays
        facets[k][i, j] is the row of faces[k - 1] with the vertices of faces[k][i] without the
        j-th. facets[0] has shape (n_0, 0).
    """
    if isinstance(simplices, np.ndarray):
        simplices = [simplices]
    given = {}
    for rows in simplices:
        rows = np.sort(np.asarray(rows, dtype=np.int64), axis=1)
        given.setdefault(rows.shape[1] - 1, []).append(rows)
    top = max(given, default=-1)
    faces, facets = [None] * (top + 1), [None] * (top + 1)
    split = np.empty((0, top + 2), dtype=np.int64)      # facets of what is one dimension higher
    for dim in range(top, -1, -1):
        rows = np.concatenate([split.reshape(-1, dim + 1), *given.get(dim, [])])
        faces[dim], position = _unique_rows(rows)
        if dim < top:
            facets[dim + 1] = position[: split.shape[0] * (dim + 2)].reshape(-1, dim + 2)
        if dim:
            split = np.stack([np.delete(faces[dim], j, axis=1) for j in range(dim + 1)], axis=1)
    if faces:
        facets[0] = np.empty((len(faces[0]), 0), dtype=np.int64)
    if max_dim is not None:
        faces, facets = faces[: max_dim + 1], facets[: max_dim + 1]
    return faces, facets


def _unique_rows(rows):
    """Return rows of non-negative integers in lexicographic order, each once, and the inverse."""
    n_columns = rows.shape[1]
    base = int(rows.max(initial=0)) + 1
    if base**n_columns < 2**63:
        key = rows[:, 0].copy()
        for column in range(1, n_columns):
            key *= base
            key += rows[:, column]
        order = np.argsort(key, kind="stable")
        key = key[order]
        new = np.diff(key) != 0
    else:
        order = np.lexsort(rows.T[::-1])
        ordered = rows[order]
        new = (np.diff(ordered, axis=0) != 0).any(axis=1)
    first = np.concatenate([np.ones(min(len(rows), 1), dtype=bool), new])
    inverse = np.empty(len(rows), dtype=np.int64)
    inverse[order] = np.cumsum(first) - 1
    return rows[order[first]], inverse


def filter_facets(facets, orders):
    """Bring the facets of a complex into the order of its filtration.

    Parameters
    ----------
    facets : list of (n_k, k + 1) int64 arrays
        As from `list_faces`.
    orders : list of (n_k,) int arrays
        orders[k][i] is the row of the i-th simplex of dimension k in the filtration.

    Returns
    -------
    list of (n_k, k + 1) int64 arrays
        What `reduce_complex` takes: rows in filtration order, of positions in filtration order.
    """
    filtered = [facets[0][orders[0]]] if facets else []
    for dim in range(1, len(facets)):
        rank = np.empty(len(orders[dim - 1]), dtype=np.int64)
        rank[orders[dim - 1]] = np.arange(len(rank))
        filtered.append(rank[facets[dim][orders[dim]]])
    return filtered


# --------------------------------------------------------------------------------------------------
# Columns modulo 2
# --------------------------------------------------------------------------------------------------

cdef class Reduction:
    cdef int reset(self, Py_ssize_t n_rows, Py_ssize_t n_columns) except -1 nogil:
        cdef Py_ssize_t i
        self.pivot.reset(n_rows)
        self.owner.grow(n_rows)
        self.stored.grow(n_columns)
        for i in range(n_rows):
            self.owner[i] = NONE
        self.n_stored = 0
        self.work = 0
        return 0

    cdef inline void own(self, int32_t row, int32_t column) noexcept nogil:
        """Pair a column, as it is, with its last row, which no earlier column has."""
        self.owner[row] = column
        self.stored[column] = NONE

    cdef int32_t add(self, int32_t column, const int32_t* rows,
                     const int64_t* starts) except -2 nogil:
        """Reduce rows[starts[column]:starts[column + 1]] by the columns before; its row or NONE.

        Later calls may read the rows of any column that was paired.
        """
        cdef int64_t i, begin = starts[column], end = starts[column + 1]
        cdef int32_t last = NONE, by
        for i in range(begin, end):
            last = max(last, rows[i])
        if last == NONE:
            return NONE
        if self.owner[last] == NONE:
            self.own(last, column)
            return last
        for i in range(begin, end):
            self.pivot.toggle(rows[i])
        while True:
            last = self.pivot.last()
            if last == NONE:
                return NONE
            by = self.owner[last]
            if by == NONE:
                break
            if self.stored[by] == NONE:
                for i in range(starts[by], starts[by + 1]):
                    self.pivot.toggle(rows[i])
                self.work += starts[by + 1] - starts[by]
            else:
                # The length stands before the rows.
                begin = self.stored[by]
                for i in range(begin + 1, begin + 1 + self.store[begin]):
                    self.pivot.toggle(self.store[i])
                self.work += self.store[begin]
            if self.work > PATIENCE:
                self.work = 0
                check_signals()
        self.owner[last] = column
        self.stored[column] = begin = self.n_stored
        end = begin + 1
        while last != NONE:
            self.store.grow(end + 1)
            self.store[end] = last
            end += 1
            self.pivot.toggle(last)
            last = self.pivot.last()
        self.store[begin] = <int32_t>(end - begin - 1)
        self.n_stored = end
        return self.store[begin + 1]


def _reduce_boundary(const int64_t[:, ::1] facets, Py_ssize_t n_rows, const uint8_t[::1] skip,
                     const uint8_t[::1] drop):
    """Return pairs (row, column) of a boundary matrix, without columns skip and rows drop."""
    cdef Py_ssize_t n_columns = facets.shape[0], i, j, n = 0, n_pairs = 0
    cdef Buffer[int32_t] rows
    cdef Buffer[int64_t] starts
    cdef Reduction reduction = Reduction()
    with nogil:
        rows.grow(n_columns * facets.shape[1])
        starts.grow(n_columns + 1)
        reduction.reset(n_rows, n_columns)
        for j in range(n_columns):
            starts[j] = n
            if not skip[j]:
                for i in range(facets.shape[1]):
                    if not drop[facets[j, i]]:
                        rows[n] = <int32_t>facets[j, i]
                        n += 1
        starts[n_columns] = n
        for j in range(n_columns):
            n_pairs += reduction.add(<int32_t>j, rows.data(), starts.data()) != NONE
    return _owned_pairs(reduction, n_rows, n_pairs)


def _reduce_coboundary(const int64_t[:, ::1] facets, Py_ssize_t n_columns,
                       const uint8_t[::1] skip):
    """Return pairs (facet, simplex) by cofacets of the facets that are not skip, last ones first.

    Positions count from the end in here, so that the last row of a column is its first cofacet.
    """
    cdef Py_ssize_t n_rows = facets.shape[0], i, j, column, n_pairs = 0
    cdef Buffer[int32_t] rows
    cdef Buffer[int64_t] starts
    cdef Reduction reduction = Reduction()
    with nogil:
        rows.grow(n_rows * facets.shape[1])
        starts.grow(n_columns + 2)
        reduction.reset(n_rows, n_columns)
        for j in range(n_columns + 2):
            starts[j] = 0
        for i in range(n_rows):
            for j in range(facets.shape[1]):
                if not skip[facets[i, j]]:
                    starts[n_columns - 1 - facets[i, j] + 2] += 1
        for j in range(n_columns):
            starts[j + 2] += starts[j + 1]
        for i in range(n_rows):
            for j in range(facets.shape[1]):
                if not skip[facets[i, j]]:
                    column = n_columns - 1 - facets[i, j]
                    rows[starts[column + 1]] = <int32_t>(n_rows - 1 - i)
                    starts[column + 1] += 1
        for j in range(n_columns):
            n_pairs += reduction.add(<int32_t>j, rows.data(), starts.data()) != NONE
    pairs = _owned_pairs(reduction, n_rows, n_pairs)
    return np.stack([n_columns - 1 - pairs[::-1, 1], n_rows - 1 - pairs[::-1, 0]], axis=1)


cdef _owned_pairs(Reduction reduction, Py_ssize_t n_rows, Py_ssize_t n_pairs):
    """Return (row, column) for every row that is the last of a column, ascending."""
    cdef Py_ssize_t i, n = 0
    pairs = np.empty((n_pairs, 2), dtype=np.int64)
    cdef int64_t[:, ::1] view = pairs
    for i in range(n_rows):
        if reduction.owner[i] != NONE:
            view[n, 0] = i
            view[n, 1] = reduction.owner[i]
            n += 1
    return pairs


# --------------------------------------------------------------------------------------------------
# Union-finds: the first dimension, and the last one by duality
# --------------------------------------------------------------------------------------------------

def _join_components(const int64_t[:, ::1] edges, Py_ssize_t n_vertices):
    """Return pairs (vertex, edge) of PD_0."""
    cdef Buffer[int32_t] parent
    cdef Py_ssize_t i, n = 0
    cdef int32_t a, b
    pairs = np.empty((min(len(edges), max(n_vertices - 1, 0)), 2), dtype=np.int64)
    cdef int64_t[:, ::1] view = pairs
    with nogil:
        parent.grow(n_vertices)
        for i in range(n_vertices):
            parent[i] = <int32_t>i
        for i in range(edges.shape[0]):
            a = find_root(parent, <int32_t>edges[i, 0])
            b = find_root(parent, <int32_t>edges[i, 1])
            if a != b:
                parent[max(a, b)] = min(a, b)
                view[n, 0] = max(a, b)
                view[n, 1] = i
                n += 1
    return pairs[:n]


def _join_cells(const int64_t[:, ::1] facets, Py_ssize_t n_facets):
    """Return pairs (facet, cell) by duality; None if a facet belongs to more than two cells."""
    cdef Buffer[int32_t] beside, parent
    cdef Py_ssize_t i, j, f, n = 0, n_cells = facets.shape[0]
    cdef int32_t a, b, exterior = <int32_t>n_cells
    cdef bint manifold = True
    pairs = np.empty((min(n_facets, n_cells), 2), dtype=np.int64)
    cdef int64_t[:, ::1] view = pairs
    with nogil:
        beside.grow(2 * n_facets)
        parent.grow(n_cells + 1)
        for i in range(2 * n_facets):
            beside[i] = exterior
        for i in range(n_cells + 1):
            parent[i] = <int32_t>i
        for i in range(n_cells):
            for j in range(facets.shape[1]):
                f = 2 * facets[i, j]
                if beside[f] == exterior:
                    beside[f] = <int32_t>i
                elif beside[f + 1] == exterior:
                    beside[f + 1] = <int32_t>i
                else:
                    manifold = False
        if manifold:
            for i in range(n_facets - 1, -1, -1):
                a = find_root(parent, beside[2 * i])
                b = find_root(parent, beside[2 * i + 1])
                if a != b:
                    parent[min(a, b)] = max(a, b)
                    view[n, 0] = i
                    view[n, 1] = min(a, b)
                    n += 1
    return pairs[:n][::-1] if manifold else None


# --------------------------------------------------------------------------------------------------
# All dimensions
# --------------------------------------------------------------------------------------------------

def reduce_complex(facets):
    """Pair the simplices of a filtered complex.

    Parameters
    ----------
    facets : list of (n_k, k + 1) int64 arrays, one for each dimension k from 0
        Row i lists the positions, in the order of dimension k - 1, of the facets of the i-th
        simplex of dimension k in the filtration; facets[0] has shape (n_0, 0). `list_faces` and
        `filter_facets` make such arrays.

    Returns
    -------
    list of (pairs, essential), one for each dimension k
        pairs : (m, 2) int64, positions of the births in dimension k, ascending, and of the deaths
        in dimension k + 1; those of equal values too. essential : (e,) int64, ascending, positions
        of the simplices of dimension k whose class never ends. To know PD_k and its essential
        classes give dimensions up to k + 1 (if the complex has them).

    Raises
    ------
    ValueError
        If a dimension has 2**31 simplices or more, or a facet is not a position in its dimension.
    """
    facets = [np.ascontiguousarray(f, dtype=np.int64) for f in facets]
    sizes = [len(f) for f in facets]
    if max(sizes, default=0) >= 2**31 - 1:
        raise ValueError(
            f"a complex must have fewer than 2**31 simplices of a dimension, got {sizes}"
        )
    for dim in range(1, len(facets)):
        found = facets[dim]
        if found.min(initial=0) < 0 or found.max(initial=-1) >= sizes[dim - 1]:
            raise ValueError(
                f"facets[{dim}] must hold positions below {sizes[dim - 1]}, got values from "
                f"{found.min()} to {found.max()}"
            )
    top = len(facets) - 1
    empty = np.empty((0, 2), dtype=np.int64)
    pairs = [empty] * (top + 1)
    bears = [np.zeros(n, dtype=np.uint8) for n in sizes]    # a class that ends
    ends = [np.zeros(n, dtype=np.uint8) for n in sizes]     # one of the dimension below

    def record(dim, found):
        pairs[dim] = found[np.argsort(found[:, 0], kind="stable")]
        bears[dim][found[:, 0]] = 1
        ends[dim + 1][found[:, 1]] = 1

    if top >= 1:
        record(0, _join_components(facets[1], sizes[0]))
    cells = _join_cells(facets[top], sizes[top - 1]) if top >= 2 else None
    if cells is not None:
        record(top - 1, cells)
        for dim in range(top - 2, 0, -1):
            record(dim, _reduce_boundary(facets[dim + 1], sizes[dim], bears[dim + 1], ends[dim]))
    else:
        for dim in range(1, top):
            record(dim, _reduce_coboundary(facets[dim + 1], sizes[dim], ends[dim]))
    return [
        (pairs[dim], np.flatnonzero((bears[dim] | ends[dim]) == 0)) for dim in range(top + 1)
    ]
