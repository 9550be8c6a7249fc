"""Radii of the smallest spheres through corners of simplices, and their gradient: Alpha's gather.

What is computed
    The radius r of the smallest sphere through points x_i, whose centre is c = sum_i l_i x_i with
    weights l_i that sum to 1, satisfies

        r^2 = max over l of sum_i l_i |x_i|^2 - |sum_i l_i x_i|^2.

    With the edges e_i = x_i - x_0 and their Gram matrix G the weights solve G l = diag(G) / 2, by
    a factorisation G = L D L^T.

Why it is accurate
    An error of the weights changes r^2 by its square only. A simplex whose D says that it is thin
    is left to the caller. By the envelope theorem the gradient of r with respect to x_i is
    l_i (x_i - c) / r.

Complexity
    O(k^2 (k + d)) for a simplex of dimension k in d dimensions.
"""

import numpy as np

from libc.math cimport fabs, frexp, ldexp, sqrt
from libc.stdint cimport int64_t, uint8_t

from ..._utils.buffer cimport Buffer

cdef enum:
    MOST = 8        # dimensions of a simplex beyond which all count as thin

# An edge less this part of it (both squared) lies in the span of the edges before: thin.
cdef double THIN = 1e-6
# Coordinates of edges between which no square that matters underflows or overflows.
cdef double LEAST = 1e-140, LARGEST = 1e140


cdef bint solve(double* gram, int k, double* weights) noexcept nogil:
    """Solve G l = diag(G) / 2 in the lower half of gram; return False if the simplex is thin."""
    cdef double[MOST][MOST] low
    cdef double[MOST] pivot
    cdef double x
    cdef int a, b, c
    for a in range(k):
        for b in range(a):
            x = gram[MOST * a + b]
            for c in range(b):
                x -= low[a][c] * pivot[c] * low[b][c]
            low[a][b] = x / pivot[b]
        x = gram[MOST * a + a]
        for c in range(a):
            x -= low[a][c] * low[a][c] * pivot[c]
        if not x > THIN * gram[MOST * a + a]:
            return False
        pivot[a] = x
    for a in range(k):
        x = 0.5 * gram[MOST * a + a]
        for b in range(a):
            x -= low[a][b] * weights[b]
        weights[a] = x
    for a in range(k - 1, -1, -1):
        x = weights[a] / pivot[a]
        for b in range(a + 1, k):
            x -= low[b][a] * weights[b]
        weights[a] = x
    return True


cdef double squared_radius(const double* gram, int k, const double* weights) noexcept nogil:
    cdef double total = 0, x
    cdef int a, b
    for a in range(k):
        x = gram[MOST * a + a] * (1 - weights[a])
        for b in range(a):
            x -= 2 * gram[MOST * a + b] * weights[b]
        total += weights[a] * x
    return total


def find_spheres(const double[:, ::1] points, const int64_t[:, :] simplices):
    """Return radii and weights of simplices, and which are thin.

    Parameters
    ----------
    points : (n, d) C-contiguous float64
    simplices : (m, k + 1) int64
        Rows of points, k >= 1.

    Returns
    -------
    radii : (m,) float64 ndarray
    weights : (m, k + 1) float64 ndarray
    thin : (m,) bool ndarray
        Where nothing has been written.

    Raises
    ------
    IndexError
        If a corner is not the row of a point.
    """
    cdef Py_ssize_t i, j, v, c, m = simplices.shape[0], n = points.shape[0], d = points.shape[1]
    cdef int a, b, exponent, k = <int>(simplices.shape[1] - 1)
    cdef double most, x, first
    cdef Buffer[double] edges
    cdef double* edge
    cdef double[MOST * MOST] gram
    cdef double[MOST] solution
    cdef double[::1] radius
    cdef double[:, ::1] weight
    cdef uint8_t[::1] is_thin
    radii, weights = np.empty(m), np.empty((m, k + 1))
    thin = np.zeros(m, dtype=np.uint8)
    radius, weight, is_thin = radii, weights, thin
    for j in range(m):
        for c in range(k + 1):
            if not 0 <= simplices[j, c] < n:
                raise IndexError(f"corner {simplices[j, c]} of {n} points")
    if k > MOST:
        return radii, weights, np.ones(m, dtype=bool)
    with nogil:
        edges.grow(k * d)
        edge = edges.data()
        for i in range(m):
            most = 0
            exponent = 0
            v = simplices[i, 0]
            for a in range(k):
                j = simplices[i, a + 1]
                for c in range(d):
                    x = points[j, c] - points[v, c]
                    edge[a * d + c] = x
                    x = fabs(x)
                    if x > most:
                        most = x
            if most == 0:
                radius[i] = 0
                for a in range(k + 1):
                    weight[i, a] = 1.0 / (k + 1)
                continue
            if not LEAST < most < LARGEST:
                frexp(most, &exponent)
                for c in range(k * d):
                    edge[c] = ldexp(edge[c], -exponent)
            for a in range(k):
                for b in range(a + 1):
                    x = 0
                    for c in range(d):
                        x += edge[a * d + c] * edge[b * d + c]
                    gram[MOST * a + b] = x
            if not solve(gram, k, solution):
                is_thin[i] = True
                continue
            radius[i] = ldexp(sqrt(max(squared_radius(gram, k, solution), 0.0)), exponent)
            first = 1
            for a in range(k):
                weight[i, a + 1] = solution[a]
                first -= solution[a]
            weight[i, 0] = first
    return radii, weights, thin.astype(bool)


def add_radius_gradient(const double[:, ::1] points, const int64_t[:, :] simplices,
                        const double[::1] radii, const double[:, ::1] weights,
                        const double[:] outer, double[:, ::1] gradient):
    """Add the gradient of sum_i outer[i] radii[i] with respect to the points.

    A radius that is 0 adds nothing.
    """
    cdef Py_ssize_t i, a, c, v, j, d = points.shape[1], width = simplices.shape[1]
    cdef double factor, centre
    with nogil:
        for i in range(simplices.shape[0]):
            if not radii[i] > 0 or outer[i] == 0:
                continue
            v = simplices[i, 0]
            for c in range(d):
                centre = 0
                for a in range(1, width):
                    centre += weights[i, a] * (points[simplices[i, a], c] - points[v, c])
                for a in range(width):
                    j = simplices[i, a]
                    factor = (points[j, c] - points[v, c] - centre) / radii[i]
                    gradient[j, c] += outer[i] * weights[i, a] * factor
