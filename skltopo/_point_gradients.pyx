"""Derivatives by edge lengths become derivatives by points.

The value of a critical edge is its length |x_u - x_v|, whose derivative by x_u is the unit vector
from v to u, by x_v its opposite. One pass over the critical edges of a diagram, O(edges * d), adds
them up; torch needs a gather, a norm and their backward for the same. An edge (v, v), which stands
for a vertex, and one between coincident points have derivative zero.
"""

from libc.math cimport sqrt
from libc.stdint cimport int64_t


def add_length_gradients(
    const double[:, ::1] points,        # IN (n, d)
    const int64_t[:, ::1] edges,        # IN (m, 2 k): k edges (u, v) in each row
    const double[:, ::1] derivatives,   # IN (m, k): by the lengths of these edges
    double[:, ::1] gradient,            # IN / OUT (n, d): derivatives by points are added
):
    """Add derivatives by edge lengths, as derivatives by points, to gradient.

    Raises
    ------
    ValueError
        If shapes do not agree.
    IndexError
        If an edge has a vertex that is no point.
    """
    cdef Py_ssize_t n = points.shape[0], d = points.shape[1]
    cdef Py_ssize_t m = edges.shape[0], k = derivatives.shape[1]
    cdef Py_ssize_t i, e, c
    cdef int64_t u, v
    cdef double square, difference, scale
    cdef bint outside = False
    if (gradient.shape[0] != n or gradient.shape[1] != d or edges.shape[1] != 2 * k
            or derivatives.shape[0] != m):
        raise ValueError("points, edges, derivatives and gradient must agree in their shapes")
    with nogil:
        for i in range(m):
            for e in range(k):
                u, v = edges[i, 2 * e], edges[i, 2 * e + 1]
                if u < 0 or v < 0 or u >= n or v >= n:
                    outside = True
                    break
                if u == v:
                    continue
                square = 0
                for c in range(d):
                    difference = points[u, c] - points[v, c]
                    square += difference * difference
                if square == 0:
                    continue
                scale = derivatives[i, e] / sqrt(square)
                for c in range(d):
                    difference = scale * (points[u, c] - points[v, c])
                    gradient[u, c] += difference
                    gradient[v, c] -= difference
    if outside:
        raise IndexError(f"edges must join points 0 to {n - 1}")
