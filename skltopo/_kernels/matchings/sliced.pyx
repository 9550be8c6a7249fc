"""Sliced Wasserstein distances of one diagram to many, by merging projections sorted before.

On a line W_1 of two sets of n numbers is the sum of |a_i - b_i| over both in ascending order. Each
set has the projections of the points of one diagram and of the diagonal points of the other. All
four lists are sorted once for each diagram. Merging two of them costs one comparison for a number,
without a branch that could be mispredicted; sorting again for every pair takes twice as long.
"""

from libc.math cimport fabs
from libc.stdint cimport int64_t


cdef struct Merge:
    const double* first
    const double* second


cdef inline double next_of(Merge* merge) noexcept nogil:
    """Return the lesser of the two next numbers and go past it, without a branch."""
    cdef double a = merge.first[0], b = merge.second[0]
    cdef Py_ssize_t step = a <= b
    merge.first += step
    merge.second += 1 - step
    return a if a < b else b


cdef double two_lines(const double[:, ::1] points, const double[:, ::1] diagonal,
                      const double[:, ::1] all_points, const double[:, ::1] all_diagonal,
                      Py_ssize_t start, Py_ssize_t line, Py_ssize_t other,
                      Py_ssize_t n) noexcept nogil:
    """Return the sum of |a_i - b_i| over the n first of two merges, on two lines together.

    A merge waits for its own last step, so four of them at once take little longer than one.
    """
    cdef Merge ahead = Merge(&points[line, 0], &all_diagonal[line, start])
    cdef Merge behind = Merge(&all_points[line, start], &diagonal[line, 0])
    cdef Merge other_ahead = Merge(&points[other, 0], &all_diagonal[other, start])
    cdef Merge other_behind = Merge(&all_points[other, start], &diagonal[other, 0])
    cdef Py_ssize_t _i
    cdef double total = 0, other_total = 0
    for _i in range(n):
        total += fabs(next_of(&ahead) - next_of(&behind))
        other_total += fabs(next_of(&other_ahead) - next_of(&other_behind))
    return total + other_total


def sliced_distances_from(const double[:, ::1] points, const double[:, ::1] diagonal,
                          const double[:, ::1] all_points, const double[:, ::1] all_diagonal,
                          const int64_t[::1] splits, double[::1] out):
    """Write the mean over lines of W_1 between one diagram and each of many.

    Parameters
    ----------
    points, diagonal : (n_lines, n + 1) C-contiguous float64
        Projections of the points, and of their nearest points on the diagonal; every row ascending,
        with infinity at its end.
    all_points, all_diagonal : (n_lines, n_all) C-contiguous float64
        The same of many diagrams side by side.
    splits : (len(out) + 1,) int64
        Diagram i has the columns splits[i]:splits[i + 1], of which the last is infinity.
    out : (n_diagrams,) C-contiguous float64
    """
    cdef Py_ssize_t i, line, n, n_lines = points.shape[0], half = points.shape[0] // 2
    cdef double total
    with nogil:
        for i in range(out.shape[0]):
            n = points.shape[1] + splits[i + 1] - splits[i] - 2
            total = 0
            for line in range(half):
                total += two_lines(
                    points, diagonal, all_points, all_diagonal, splits[i], line, half + line, n
                )
            if n_lines % 2:  # the last one twice
                line = n_lines - 1
                total += two_lines(
                    points, diagonal, all_points, all_diagonal, splits[i], line, line, n
                ) / 2
            out[i] = total / n_lines
