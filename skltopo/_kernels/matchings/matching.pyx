"""Optimal matchings of persistence diagrams, called from Python.

Two diagrams are laid out as k-d trees (plane_tree.pyx) and matched with the least sum of costs
(wasserstein.pyx) or the least greatest distance (bottleneck.pyx); these files explain why that is
correct, the complexity and the papers. The result is which rows go to each other, or, for many
diagrams at once, the distance alone.
"""

import numpy as np

from libc.math cimport fmax, ldexp, pow
from libc.stdint cimport int64_t

from .bottleneck cimport match_by_greatest
from .plane_tree cimport Metric, Side, build, fine_cost_of, scale_of
from .wasserstein cimport match_by_sum


cdef int match(Side rows, Side columns, const double[:, ::1] first,
               const double[:, ::1] second, Metric metric, bint bottleneck) except? -9999 nogil:
    """Match two diagrams; return the exponent of their scale."""
    cdef int exponent = scale_of(first, second, bottleneck)
    rows.which = 0
    columns.which = 1
    build(rows, &first[0, 0] if first.shape[0] else NULL, first.shape[0], exponent, metric)
    build(columns, &second[0, 0] if second.shape[0] else NULL, second.shape[0], exponent, metric)
    if bottleneck:
        match_by_greatest(rows, columns, metric)
    else:
        match_by_sum(rows, columns, metric)
    return exponent


cdef object matched(Side rows, Side columns):
    cdef Py_ssize_t i, n = 0
    pairs = np.empty((min(rows.n, columns.n), 2), dtype=np.int64)
    mates = np.full(rows.n, -1, dtype=np.int64)
    cdef int64_t[:, ::1] view = pairs
    cdef int64_t[::1] mate = mates
    for i in range(rows.n):
        if rows.mate[i] >= 0:
            mate[rows.original[i]] = columns.original[rows.mate[i]]
    for i in range(rows.n):
        if mate[i] >= 0:
            view[n, 0] = i
            view[n, 1] = mate[i]
            n += 1
    return pairs[:n]


cdef inline void add_cost(double* total, double cost, bint bottleneck) noexcept nogil:
    total[0] = fmax(total[0], cost) if bottleneck else total[0] + cost


cdef double distance_of(Side rows, Side columns, int exponent, Metric metric,
                        bint bottleneck) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef double total = 0
    for i in range(rows.n):
        j = rows.mate[i]
        if j < 0:
            add_cost(&total, rows.to_diagonal[i], bottleneck)
        else:
            add_cost(
                &total, fine_cost_of(rows.x[i] - columns.x[j], rows.y[i] - columns.y[j], metric),
                bottleneck,
            )
    for j in range(columns.n):
        if columns.mate[j] < 0:
            add_cost(&total, columns.to_diagonal[j], bottleneck)
    return ldexp(total if metric.p == 1 else pow(total, 1 / metric.p), exponent)


def matched_pairs(const double[:, ::1] first, const double[:, ::1] second, double p,
                  bint euclidean, bint bottleneck=False):
    """Match the points of two diagrams at the least cost.

    Parameters
    ----------
    first, second : (n, 2), (m, 2) C-contiguous float64, finite
        Births and deaths, not equal; fewer than 2**27 points each.
    p : float
        At least 1; 1 for bottleneck.
    euclidean : bool
        Distances are Euclidean, else by the maximum norm.
    bottleneck : bool
        The cost is the greatest distance, else the sum of all to the power p.

    Returns
    -------
    (n_matched, 2) int64
        Rows that are matched, ascending in the first; all others go to the diagonal.
    """
    cdef Side rows = Side(), columns = Side()
    cdef Metric metric
    metric.p = p
    metric.euclidean = euclidean
    with nogil:
        match(rows, columns, first, second, metric, bottleneck)
    return matched(rows, columns)


def distances_from(const double[:, ::1] first, const double[:, ::1] points,
                   const int64_t[::1] splits, double p, bint euclidean, bint bottleneck,
                   double[::1] out):
    """Write the distances from one diagram to the diagrams points[splits[j]:splits[j + 1]].

    The other parameters are those of `matched_pairs`.
    """
    cdef Side rows = Side(), columns = Side()
    cdef Metric metric
    cdef Py_ssize_t j
    cdef int exponent
    metric.p = p
    metric.euclidean = euclidean
    with nogil:
        for j in range(out.shape[0]):
            exponent = match(
                rows, columns, first, points[splits[j]:splits[j + 1]], metric, bottleneck
            )
            out[j] = distance_of(rows, columns, exponent, metric, bottleneck)
