"""Distance matrices of Vietoris-Rips filtrations: computed, checked, and their enclosing radius."""

import numpy as np

from cython cimport floating
from libc.float cimport DBL_MAX, FLT_MAX
from libc.math cimport fabs, isfinite, nextafterf

from ..._utils.buffer cimport Buffer
from ..._utils.signals cimport check_signals, check_signals_every

cdef extern from "tree_rows.h" nogil:
    void squared_lengths(const double* coordinates, Py_ssize_t stride, Py_ssize_t begin,
                         Py_ssize_t end, Py_ssize_t n_dims, const double* p, double* out)

cdef extern from "distances.h" nogil:
    float fold_furthest_single(const float* row, Py_ssize_t begin, Py_ssize_t end, float* furthest)
    double fold_furthest_double(const double* row, Py_ssize_t begin, Py_ssize_t end,
                                double* furthest)
    float longest_single(const float* row, Py_ssize_t begin, Py_ssize_t end, float limit)
    double longest_double(const double* row, Py_ssize_t begin, Py_ssize_t end, double limit)
    Py_ssize_t bad_tile_single(const float* matrix, Py_ssize_t n, Py_ssize_t row)
    Py_ssize_t bad_tile_double(const double* matrix, Py_ssize_t n, Py_ssize_t row)

cdef enum:
    TILE = 16       # rows of a tile in distances.h
    BLOCK = 1024    # points whose squared lengths stay in the first cache
    PATIENCE = 1 << 24      # differences of coordinates between two checks for Ctrl-C
    ROWS_BETWEEN_SIGNALS = 1024


def squared_distances(const double[:, ::1] points):
    """Compute squared Euclidean distances, summed in the order of the coordinates.

    Parameters
    ----------
    points : (n, d) C-contiguous float64; n and d at least 1

    Returns
    -------
    (n, n) float64
        Only entries above the diagonal are set.
    """
    cdef Py_ssize_t n = points.shape[0], d = points.shape[1], i, k, begin, end, n_unchecked = 0
    cdef Buffer[double] coordinates
    matrix = np.empty((n, n))
    cdef double[:, ::1] out = matrix
    with nogil:
        coordinates.grow(n * d)
        for k in range(d):
            for i in range(n):
                coordinates[k * n + i] = points[i, k]
        for i in range(n):
            n_unchecked += d * (n - i)
            if n_unchecked > PATIENCE:
                n_unchecked = 0
                check_signals()
            begin = i + 1
            while begin < n:
                end = min(begin + BLOCK, n)
                squared_lengths(coordinates.data(), n, begin, end, d, &points[i, 0], &out[i, begin])
                begin = end
    return matrix


def enclosing_radius(const floating[:, ::1] matrix):
    """Return the smallest distance at which some point is joined to all others, 0 for one point.

    Parameters
    ----------
    matrix : (n, n) C-contiguous float32 or float64, not NaN and not negative
        Only entries above the diagonal are read.
    """
    cdef Py_ssize_t n = matrix.shape[0], i
    cdef Buffer[floating] furthest
    cdef floating radius
    with nogil:
        furthest.grow(n)
        for i in range(n):
            furthest[i] = 0
        for i in range(n - 1):
            if floating is float:
                radius = fold_furthest_single(&matrix[i, 0], i + 1, n, furthest.data())
            else:
                radius = fold_furthest_double(&matrix[i, 0], i + 1, n, furthest.data())
            furthest[i] = max(furthest[i], radius)
        radius = furthest[0]
        for i in range(1, n):
            radius = min(radius, furthest[i])
    return float(radius)


def longest_edge(const floating[:, ::1] matrix, double limit):
    """Find the longest edge that is no longer than a limit, and finite.

    Parameters
    ----------
    matrix : (n, n) C-contiguous float32 or float64, not NaN and not negative
        Only entries above the diagonal are read.
    limit : float

    Returns
    -------
    (i, j) or None
        The first such edge, i < j; None if all are longer.
    """
    cdef Py_ssize_t n = matrix.shape[0], i, j, row = -1
    cdef floating longest = -1, here, most
    if floating is float:
        most = <float>min(limit, FLT_MAX)
        most = nextafterf(most, 0) if most > limit else most    # limit in single precision
    else:
        most = min(limit, DBL_MAX)
    with nogil:
        for i in range(n - 1):
            if floating is float:
                here = longest_single(&matrix[i, 0], i + 1, n, most)
            else:
                here = longest_double(&matrix[i, 0], i + 1, n, most)
            if here > longest:
                longest = here
                row = i
    if row < 0:
        return None
    for j in range(row + 1, n):
        if matrix[row, j] == longest:
            return row, j


cdef bint has_bad_entry(const floating[:, ::1] matrix, Py_ssize_t* bad_row,
                        Py_ssize_t* bad_col) noexcept nogil:
    """Look for an entry as `find_bad_entry` does, and tell whether there is one."""
    cdef Py_ssize_t n = matrix.shape[0], row = 0, col, i, j
    while row < n:
        if floating is float:
            col = bad_tile_single(&matrix[0, 0], n, row)
        else:
            col = bad_tile_double(&matrix[0, 0], n, row)
        for i in range(row, min(row + TILE, n)):
            if col >= 0:
                for j in range(col, min(col + TILE, n)):
                    if not (matrix[i, j] >= 0) or matrix[i, j] != matrix[j, i]:
                        bad_row[0], bad_col[0] = i, j
                        return True
            if matrix[i, i] != 0:
                bad_row[0] = bad_col[0] = i
                return True
        row += TILE
    return False


def find_bad_entry(const floating[:, ::1] matrix):
    """Look for an entry that is NaN, negative, or not symmetric, or not 0 on the diagonal.

    Parameters
    ----------
    matrix : (n, n) C-contiguous float32 or float64

    Returns
    -------
    (i, j) or None
    """
    cdef Py_ssize_t i = 0, j = 0
    cdef bint bad
    with nogil:
        bad = has_bad_entry(matrix, &i, &j)
    return (i, j) if bad else None


def are_distances(const floating[:, :, ::1] matrices):
    """Tell whether no matrix of a batch has an entry that `find_bad_entry` finds.

    Parameters
    ----------
    matrices : (n_samples, n, n) C-contiguous float32 or float64
    """
    cdef Py_ssize_t sample, i = 0, j = 0
    cdef bint bad = False
    with nogil:
        for sample in range(matrices.shape[0]):
            bad = has_bad_entry(matrices[sample], &i, &j)
            if bad:
                break
    return not bad


def symmetrize(const floating[:, ::1] matrix, double asymmetry, double diagonal,
               double least_asymmetry=0, double least_diagonal=0):
    """Copy a matrix that holds distances up to rounding, as one that does so exactly.

    Both halves get the entry above the diagonal plus half of what the one below has more; what is
    negative then, and the diagonal, are 0.

    Parameters
    ----------
    matrix : (n, n) C-contiguous float32 or float64
    asymmetry : float
        How much two mirrored entries may differ, and how negative entries may be, as a fraction of
        the largest finite entry by absolute value.
    diagonal : float
        How much the diagonal may differ from 0, as such a fraction.
    least_asymmetry, least_diagonal : float
        The same as numbers, which are allowed whatever the largest entry is.

    Returns
    -------
    copy : (n, n) ndarray of the same dtype
    bad : (i, j) or None
        The first entry that is beyond that, by blocks of rows and columns; a NaN is.
    """
    cdef Py_ssize_t n = matrix.shape[0], top, left, i, j, last
    cdef Py_ssize_t bad_row = -1, bad_col = -1
    cdef floating x, y, middle
    cdef double largest = 0, beyond, most
    copy = np.empty((n, n), dtype=np.asarray(matrix).dtype)
    cdef floating[:, ::1] out = copy
    with nogil:
        for i in range(n):
            for j in range(n):
                if fabs(matrix[i, j]) > largest and isfinite(matrix[i, j]):
                    largest = fabs(matrix[i, j])
            check_signals_every(ROWS_BETWEEN_SIGNALS, i)
        beyond = max(asymmetry * largest, least_asymmetry)
        most = max(diagonal * largest, least_diagonal)
        top = 0
        while top < n and bad_row < 0:
            last = min(top + TILE, n)
            left = top
            while left < n and bad_row < 0:
                for i in range(top, last):
                    for j in range(max(left, i + 1), min(left + TILE, n)):
                        x = matrix[i, j]
                        y = matrix[j, i]
                        middle = x + <floating>0.5 * (y - x) if x != y else x
                        out[i, j] = middle if middle > 0 else 0
                        out[j, i] = out[i, j]
                        if bad_row < 0:
                            if not (x >= -beyond and (x == y or fabs(<double>y - x) <= beyond)):
                                bad_row, bad_col = i, j
                            elif not y >= -beyond:
                                bad_row, bad_col = j, i
                left += TILE
            for i in range(top, last):
                out[i, i] = 0
                if bad_row < 0 and not fabs(matrix[i, i]) <= most:
                    bad_row = bad_col = i
            check_signals_every(ROWS_BETWEEN_SIGNALS // TILE, top // TILE)
            top += TILE
    return copy, (bad_row, bad_col) if bad_row >= 0 else None
