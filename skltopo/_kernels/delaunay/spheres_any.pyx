"""Circumspheres of simplices in any dimension, and the exact order of their radii.

Signs are exact; radii are those of exact arithmetic, rounded, wherever rounding could change their
order (predicates_any.h).
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint8_t

from ..._utils.buffer cimport Buffer
from ..._utils.signals cimport check_signals_every
from .predicates_any cimport Cloud, RadiusOrder

cdef enum:
    PATIENCE = 1 << 12      # simplices between two checks for Ctrl-C


cdef class Spheres:
    """The smallest spheres through the corners of simplices.

    Parameters
    ----------
    points : (n, d) C-contiguous float64
        Below one in size, multiples of 2**-343.
    """

    cdef Cloud cloud

    def __init__(self, const double[:, ::1] points):
        self.cloud.set_points(&points[0, 0], <int>points.shape[0], <int>points.shape[1])

    def measure(self, const int64_t[:, ::1] simplices):
        """Measure the spheres of simplices.

        Parameters
        ----------
        simplices : (m, k + 1) int64, k > 0
            Affinely independent, or two equal points.

        Returns
        -------
        radii, errors : (m,) float64
            Radii, up to errors.
        inside : (m, k + 1) bool
            Whether a corner is inside the smallest sphere through the others: exact.
        """
        cdef Py_ssize_t i, j, m = simplices.shape[0], width = simplices.shape[1]
        cdef Buffer[int32_t] simplex
        cdef double error
        radii, errors = np.empty(m), np.empty(m)
        inside = np.empty((m, width), dtype=np.uint8)
        cdef double[::1] radius = radii, bound = errors
        cdef uint8_t[:, ::1] beyond = inside
        with nogil:
            simplex.grow(width)
            for i in range(m):
                check_signals_every(PATIENCE, i)
                for j in range(width):
                    simplex[j] = <int32_t>simplices[i, j]
                error = 0
                radius[i] = self.cloud.measure_sphere(
                    simplex.data(), <int>(width - 1), &beyond[i, 0], error)
                bound[i] = error
        # A finite number, however flat a simplex is.
        np.minimum(radii, 1e300, out=radii)
        errors *= radii
        return radii, errors, inside.astype(bool)

    def order(self, list simplices, radii, errors, late):
        """Order spheres by radius.

        Parameters
        ----------
        simplices : list of (m_k, k + 1) int64, one for each dimension k from 1
        radii, errors : (sum of m_k,) float64
            As measured.
        late : (sum of m_k,) bool
            Which of equal ones come last.

        Returns
        -------
        order : (sum of m_k,) int64
            Simplices by their radii, without rounding; equal ones that are not late, then late
            ones, each in the order of the list.
        radii : (sum of m_k,) float64
            In this order, equal ones as equal numbers.
        """
        cdef Py_ssize_t i, j, n = len(radii)
        cdef int64_t[::1] order, found
        cdef double[::1] value
        order, value, cuts = _rough_order(radii, errors, late)
        found = np.empty(n, dtype=np.int64)
        ends = np.cumsum([0, *map(len, simplices)])
        cdef const int64_t[:, ::1] rows
        cdef Buffer[int32_t] simplex
        cdef RadiusOrder exact
        cdef Py_ssize_t dim, begin, end, k
        for begin, end in cuts.tolist():
            for i in range(begin, end):
                check_signals_every(PATIENCE, i)
                dim = np.searchsorted(ends, order[i], side="right")
                rows = simplices[dim - 1]
                simplex.grow(dim + 1)
                k = order[i] - ends[dim - 1]
                for j in range(dim + 1):
                    simplex[j] = <int32_t>rows[k, j]
                exact.add(self.cloud, simplex.data(), <int>dim)
            exact.sort(&found[begin], &value[begin])
            for i in range(begin, end):
                found[i] = order[begin + found[i]]
            for i in range(begin, end):
                order[i] = found[i]
        return np.asarray(order), np.maximum.accumulate(value)


def _rough_order(radii, errors, late):
    """Order radii up to their errors.

    Returns
    -------
    order, radii
        By radius; late ones after others, else as they came, where intervals overlap.
    cuts : (c, 2) int64
        The places of order where they do, from one to before another.
    """
    order = np.argsort(radii, kind="stable")
    low, high = radii - errors, radii + errors
    before = np.maximum.accumulate(high[order])
    after = np.minimum.accumulate(low[order][::-1])[::-1]
    first = np.flatnonzero(np.concatenate([[True], after[1:] > before[: len(before) - 1]]))
    sizes = np.diff(np.append(first, len(order)))
    order = order[np.lexsort((order, late[order], np.repeat(first, sizes)))]
    several = sizes > 1
    return order, radii[order], np.stack([first, first + sizes], axis=1)[several]
