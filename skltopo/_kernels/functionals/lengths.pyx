"""Lengths of edges between points, and their gradient: the gather of flag filtrations.

A pairing kernel returns critical edges; births and deaths are their lengths. The gradient of
|x_u - x_v| is the unit vector from v to u at u, and its negative at v. Where the points coincide it
is zero, which is a subgradient, because the length has its minimum there.
"""

import numpy as np

from libc.math cimport sqrt
from libc.stdint cimport int64_t


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
    """
    cdef Py_ssize_t i, j, c, u, v, d = points.shape[1], k = edges.shape[1] // 2
    cdef double total, difference
    lengths = np.empty((edges.shape[0], k))
    cdef double[:, ::1] out = lengths
    with nogil:
        for i in range(out.shape[0]):
            for j in range(k):
                u = edges[i, 2 * j]
                v = edges[i, 2 * j + 1]
                if u == v:      # a vertex: born at 0
                    out[i, j] = 0
                    continue
                total = 0
                for c in range(d):
                    difference = points[u, c] - points[v, c]
                    total += difference * difference
                out[i, j] = sqrt(total)
    return lengths


def edge_gradient(const double[:, ::1] points, const int64_t[:, :] edges,
                  const double[:, ::1] lengths, const double[:, :] weights,
                  double[:, ::1] out):
    """Add the gradient of sum(weights * lengths) with respect to points to out.

    Parameters
    ----------
    points : (n, d) C-contiguous float64
    edges : (m, 2 k) int64
    lengths : (m, k), weights : (m, k)
    out : (n, d)
    """
    cdef Py_ssize_t i, j, c, u, v, d = points.shape[1], k = lengths.shape[1]
    cdef double step, scale
    with nogil:
        for i in range(lengths.shape[0]):
            for j in range(k):
                if lengths[i, j] == 0 or weights[i, j] == 0:
                    continue
                u = edges[i, 2 * j]
                v = edges[i, 2 * j + 1]
                scale = weights[i, j] / lengths[i, j]
                for c in range(d):
                    step = scale * (points[u, c] - points[v, c])
                    out[u, c] += step
                    out[v, c] -= step
