"""Prim's algorithm: minimum spanning trees of points in any dimension, and of distance matrices.

The tree is that of the strict order of edges (length, i, j), i < j; a strict order makes it unique.
Every point outside the tree keeps its best edge into it. A step adds the best of these edges, and
offers the edges of the point that has joined to the others. Time O(n^2 d) in vector instructions,
memory O(n d), for n points in d dimensions. It is the fastest method known to us for small sets,
high dimensions, and rows of a distance matrix.
"""

import numpy as np

from libc.math cimport INFINITY
from libc.stdint cimport int64_t

from ..._utils.buffer cimport Buffer
from ..._utils.signals cimport check_signals_every

cdef extern from "tree_rows.h" nogil:
    void squared_lengths(const double* coordinates, Py_ssize_t stride, Py_ssize_t begin,
                         Py_ssize_t end, Py_ssize_t n_dims, const double* p, double* out)
    double relax(const double* offered, Py_ssize_t n, int64_t vertex, double* value,
                 int64_t* nearest)

cdef enum:
    BLOCK = 512                 # points whose squared lengths stay in the first cache
    STEPS_BETWEEN_SIGNALS = 256


cdef class Outside:
    """Points that are not in the tree, and for each its best edge into it."""

    cdef Py_ssize_t n
    cdef Buffer[int64_t] point, nearest
    cdef Buffer[double] value

    cdef int reset(self, Py_ssize_t n) except -1 nogil:
        """Begin with point 0 of n in the tree, which has not offered an edge yet."""
        cdef Py_ssize_t i
        self.n = n - 1
        self.point.grow(n)
        self.value.grow(n)
        self.nearest.grow(n)
        for i in range(1, n):
            self.point[i - 1] = i
            self.value[i - 1] = INFINITY
            self.nearest[i - 1] = n
        return 0

    cdef Py_ssize_t find_best(self, double least) noexcept nogil:
        """Return the position of the point with the best edge, whose value is least."""
        cdef Py_ssize_t k, best = -1
        cdef int64_t low, high, best_low = 0, best_high = 0
        for k in range(self.n):
            if self.value[k] == least:
                low = min(self.point[k], self.nearest[k])
                high = max(self.point[k], self.nearest[k])
                if best < 0 or low < best_low or (low == best_low and high < best_high):
                    best, best_low, best_high = k, low, high
        return best

    cdef void take(self, Py_ssize_t k, int64_t[:, ::1] edges, double[::1] values,
                   Py_ssize_t step) noexcept nogil:
        """Write the edge of the point at position k, which the last point takes."""
        edges[step, 0] = min(self.point[k], self.nearest[k])
        edges[step, 1] = max(self.point[k], self.nearest[k])
        values[step] = self.value[k]
        self.n -= 1
        self.point[k] = self.point[self.n]
        self.value[k] = self.value[self.n]
        self.nearest[k] = self.nearest[self.n]


cdef int grow_tree(Outside o, const double[:, ::1] points, int64_t[:, ::1] edges,
                   double[::1] values) except -1 nogil:
    """Write the edges of the Euclidean tree, in the order in which points join it."""
    cdef Py_ssize_t n = points.shape[0], d = points.shape[1], i, k, step, begin, end
    cdef Buffer[double] coordinates, offered, here
    cdef int64_t vertex = 0
    cdef double least, part
    coordinates.grow(n * d + 1)
    offered.grow(BLOCK)
    here.grow(d)
    o.reset(n)
    for k in range(d):
        here[k] = points[0, k]
        for i in range(1, n):
            coordinates[k * n + i - 1] = points[i, k]
    for step in range(n - 1):
        least = INFINITY
        begin = 0
        while begin < o.n:
            end = min(begin + BLOCK, o.n)
            squared_lengths(coordinates.data(), n, begin, end, d, here.data(), offered.data())
            part = relax(offered.data(), end - begin, vertex, o.value.data() + begin,
                         o.nearest.data() + begin)
            least = min(least, part)
            begin = end
        i = o.find_best(least)
        vertex = o.point[i]
        o.take(i, edges, values, step)
        for k in range(d):
            here[k] = coordinates[k * n + i]
            coordinates[k * n + i] = coordinates[k * n + o.n]
        check_signals_every(STEPS_BETWEEN_SIGNALS, step)
    return 0


def prim_tree(const double[:, ::1] points):
    """Find the Euclidean minimum spanning tree.

    Parameters
    ----------
    points : (n, d) C-contiguous float64, finite; n and d at least 1

    Returns
    -------
    edges : (n - 1, 2) int64
        Ends i < j, in the order of (squared length, i, j).
    values : (n - 1,) float64
        Squared lengths, summed in the order of the coordinates.
    """
    cdef Outside o = Outside()
    edges = np.empty((points.shape[0] - 1, 2), dtype=np.int64)
    values = np.empty(points.shape[0] - 1)
    cdef int64_t[:, ::1] edges_view = edges
    cdef double[::1] values_view = values
    with nogil:
        grow_tree(o, points, edges_view, values_view)
    return sort_edges(edges, values)


def prim_tree_of_rows(Py_ssize_t n, row_of):
    """Find the minimum spanning tree of distances that come row by row.

    Parameters
    ----------
    n : int
        Number of points, at least 1.
    row_of : callable
        Takes i and returns the distances of point i to all points, array-like (n,); inf is no edge.

    Returns
    -------
    edges, values
        As from `prim_tree`, but values are distances; fewer than n - 1 edges where infinite
        distances leave several components.
    """
    cdef Outside o = Outside()
    cdef Buffer[double] offered
    cdef const double[::1] row
    cdef Py_ssize_t k, step, n_edges = 0
    cdef int64_t vertex = 0
    cdef double least
    edges = np.empty((n - 1, 2), dtype=np.int64)
    values = np.empty(n - 1)
    cdef int64_t[:, ::1] edges_view = edges
    cdef double[::1] values_view = values
    offered.grow(n)
    o.reset(n)
    for step in range(n - 1):
        row = np.ascontiguousarray(row_of(vertex), dtype=np.float64)
        if row.shape[0] != n:
            raise ValueError(f"point {vertex} must have {n} distances, got {row.shape[0]}")
        with nogil:
            for k in range(o.n):
                offered[k] = row[o.point[k]]
            least = relax(offered.data(), o.n, vertex, o.value.data(), o.nearest.data())
            k = o.find_best(least)
            if k < 0:       # a NaN
                break
            vertex = o.point[k]
            o.take(k, edges_view, values_view, n_edges)
            n_edges += least < INFINITY     # else another component begins, without an edge
        if k < 0:
            raise ValueError(f"distances of point {vertex} must be numbers, got NaN")
        check_signals_every(STEPS_BETWEEN_SIGNALS, step)
    return sort_edges(edges[:n_edges], values[:n_edges])


def sort_edges(edges, values):
    """Return edges and their values in the order of (value, i, j)."""
    order = np.lexsort((edges[:, 1], edges[:, 0], values))
    return edges[order], values[order]
