"""Lengths of edges between points, and their gradient: the gather of flag filtrations.

A pairing kernel returns critical edges; births and deaths are their lengths. The gradient of
|x_u - x_v| is the unit vector from v to u at u, and its negative at v. Where the points coincide it
is zero, which is a subgradient, because the length has its minimum there.
"""

import numpy as np

from libc.math cimport INFINITY, fabs, sqrt
from libc.stdint cimport int64_t

# Sums of squares between which no square that matters has underflowed or overflowed.
cdef double LEAST = 1e-280
cdef double MOST = 1e300


cdef double careful_length(const double[:, ::1] points, Py_ssize_t u, Py_ssize_t v) noexcept nogil:
    """Return the length of an edge in units of its longest coordinate, as hypot does."""
    cdef double longest = 0, total = 0, step
    cdef Py_ssize_t c
    for c in range(points.shape[1]):
        longest = max(longest, fabs(points[u, c] - points[v, c]))
    if longest == 0 or longest == INFINITY:
        return longest
    for c in range(points.shape[1]):
        step = (points[u, c] - points[v, c]) / longest
        total += step * step
    return longest * sqrt(total)


def edge_lengths(const double[:, ::1] points, const int64_t[:, :] edges):
    """Return the lengths of edges.

    Parameters
    ----------
    points : (n, d) C-contiguous float64
    edges : (m, 2 k) int64
        k edges (u, v) in each row.

    Returns
    -------
    (m, k) float64 ndarray
        inf where a length is above the greatest float.

    Raises
    ------
    IndexError
        If an end of an edge is not the row of a point.
    """
    cdef Py_ssize_t i, j, c, u, v, d = points.shape[1], k = edges.shape[1] // 2
    cdef Py_ssize_t n = points.shape[0]
    cdef double total, difference
    cdef bint inside = True
    lengths = np.empty((edges.shape[0], k))
    cdef double[:, ::1] out = lengths
    with nogil:
        for i in range(out.shape[0]):
            for j in range(k):
                u = edges[i, 2 * j]
                v = edges[i, 2 * j + 1]
                if not (0 <= u < n and 0 <= v < n):
                    inside = False
                    break
                if u == v:      # a vertex: born at 0
                    out[i, j] = 0
                    continue
                total = 0
                for c in range(d):
                    difference = points[u, c] - points[v, c]
                    total += difference * difference
                if LEAST < total < MOST:
                    out[i, j] = sqrt(total)
                else:
                    out[i, j] = careful_length(points, u, v)
            if not inside:
                break
    if not inside:
        raise IndexError(f"edge ({u}, {v}) of {n} points")
    return lengths


def edge_gradient(const double[:, ::1] points, const int64_t[:, :] edges,
                  const double[:, ::1] lengths, const double[:, :] weights,
                  double[:, ::1] out):
    """Add the gradient of sum(weights * lengths) with respect to points to out.

    Parameters
    ----------
    points : (n, d) C-contiguous float64
    edges : (m, 2 k) int64
        Of `edge_lengths`, which has checked them.
    lengths : (m, k), weights : (m, k)
    out : (n, d)
    """
    cdef Py_ssize_t i, j, c, u, v, d = points.shape[1], k = lengths.shape[1]
    cdef double step
    with nogil:
        for i in range(lengths.shape[0]):
            for j in range(k):
                if lengths[i, j] == 0 or weights[i, j] == 0:
                    continue
                u = edges[i, 2 * j]
                v = edges[i, 2 * j + 1]
                for c in range(d):
                    # The quotient first: a unit vector, whatever the length is.
                    step = weights[i, j] * ((points[u, c] - points[v, c]) / lengths[i, j])
                    out[u, c] += step
                    out[v, c] -= step
