"""Landscapes and silhouettes of many diagrams on a grid, and the greatest lengths of diagrams.

A point (b, d) is a tent over the interval between b and d: its height at t is half - |t - middle|
with half = |d - b| / 2 and middle = (b + d) / 2. A loop over the points visits only the values of
the grid in their intervals. In numpy a matrix of all points times the grid would be needed, and
selecting the greatest heights at every value would take longer than all the rest.
"""

from libc.math cimport fabs
from libc.stdint cimport int64_t
from libcpp.algorithm cimport partial_sort
from libcpp.functional cimport greater
from libcpp.vector cimport vector

from ..._utils.signals cimport check_signals, check_signals_every

# Up to this number of layers each tent is merged into the greatest ones so far, in time of points
# times layers; for more layers the heights at each value are sorted.
cdef enum:
    FEW_LAYERS = 16
    PATIENCE = 1 << 24      # heights between two checks for Ctrl-C


cdef inline Py_ssize_t first_above(const double[::1] grid, double value) noexcept nogil:
    """Return the index of the first value of an evenly spaced grid that is not below value."""
    cdef Py_ssize_t n = grid.shape[0], i = 0
    cdef double steps = 0
    if n > 1:
        steps = (value - grid[0]) / (grid[n - 1] - grid[0]) * (n - 1)
    if steps > n:
        return n
    if steps > 1:  # the division may have rounded up
        i = <Py_ssize_t>steps - 1
    while i < n and grid[i] < value:
        i += 1
    return i


cdef inline double height(double half, double middle, double t) noexcept nogil:
    cdef double above = half - fabs(t - middle)
    return above if above > 0 else 0


cdef void merge_tent(double half, double middle, const double[::1] grid, Py_ssize_t start,
                     Py_ssize_t stop, Py_ssize_t n_layers, double[:, ::1] layers,
                     double* tent) noexcept nogil:
    """Put a tent into layers of decreasing height: the lower of two goes on to the next layer."""
    cdef Py_ssize_t i, k
    cdef double upper
    for i in range(start, stop):
        tent[i] = height(half, middle, grid[i])
    for k in range(n_layers):
        for i in range(start, stop):
            upper = layers[k, i]
            layers[k, i] = tent[i] if tent[i] > upper else upper
            tent[i] = upper if tent[i] > upper else tent[i]


cdef int count_work(Py_ssize_t* work, Py_ssize_t n) except -1 nogil:
    """Add n to the work done, and check for Ctrl-C after every PATIENCE of it."""
    work[0] += n
    if work[0] > PATIENCE:
        work[0] = 0
        check_signals()
    return 0


cdef int check_splits(const int64_t[::1] splits, Py_ssize_t n_points,
                      Py_ssize_t n_diagrams) except -1:
    """Raise ValueError if splits are not of n_diagrams diagrams within n_points."""
    cdef Py_ssize_t i
    cdef bint rising = splits.shape[0] == n_diagrams + 1 and splits[0] >= 0
    for i in range(n_diagrams):
        rising = rising and splits[i] <= splits[i + 1]
    if not rising or splits[n_diagrams] > n_points:
        raise ValueError(f"splits must rise within the {n_points} points, one more than the "
                         f"{n_diagrams} diagrams")
    return 0


cdef int sort_tents(const double[:, :] points, Py_ssize_t begin, Py_ssize_t end,
                    const double[::1] grid, double[:, ::1] layers,
                    vector[double]& heights) except -1 nogil:
    """Write the greatest heights at every value of the grid to layers."""
    cdef Py_ssize_t i, j, k, found, work = 0
    cdef double here
    for i in range(grid.shape[0]):
        heights.clear()
        count_work(&work, 4 * (end - begin))
        for j in range(begin, end):
            here = height(
                fabs(points[j, 1] - points[j, 0]) / 2, (points[j, 0] + points[j, 1]) / 2, grid[i]
            )
            if here > 0:
                heights.push_back(here)
        found = min(<Py_ssize_t>heights.size(), layers.shape[0])
        partial_sort(
            heights.begin(), heights.begin() + found, heights.end(), greater[double]()
        )
        for k in range(found):
            layers[k, i] = heights[k]
    return 0


def landscape_rows(const double[:, :] points, const int64_t[::1] splits, const double[::1] grid,
                   double[:, :, ::1] out):
    """Write the greatest tents at every value of the grid, layer after layer, to out.

    Parameters
    ----------
    points : (n, 2) float64
        Finite births and deaths.
    splits : (n_diagrams + 1,) int64
        Diagram i has the rows splits[i]:splits[i + 1].
    grid : (n_grid,) C-contiguous float64
        Evenly spaced, ascending.
    out : (n_diagrams, n_layers, n_grid) C-contiguous float64
        Zeros.
    """
    cdef Py_ssize_t i, j, start, stop, work = 0
    cdef double low, high
    cdef vector[double] scratch
    check_splits(splits, points.shape[0], out.shape[0])
    with nogil:
        scratch.resize(grid.shape[0])
        for i in range(out.shape[0]):
            if out.shape[1] > FEW_LAYERS:
                sort_tents(points, splits[i], splits[i + 1], grid, out[i], scratch)
                continue
            for j in range(splits[i], splits[i + 1]):
                low = min(points[j, 0], points[j, 1])
                high = max(points[j, 0], points[j, 1])
                start, stop = first_above(grid, low), first_above(grid, high)
                count_work(&work, 16 + (stop - start) * out.shape[1])
                merge_tent(
                    (high - low) / 2, (low + high) / 2, grid, start, stop,
                    min(out.shape[1], j - splits[i] + 1), out[i], scratch.data(),
                )


def silhouette_rows(const double[:, :] points, const int64_t[::1] splits, const double[::1] weights,
                    const double[::1] grid, double[:, ::1] out):
    """Add the weighted tents of every diagram to out.

    Parameters
    ----------
    points, splits, grid
        As in `landscape_rows`.
    weights : (n,) C-contiguous float64
    out : (n_diagrams, n_grid) C-contiguous float64
        Zeros.
    """
    cdef Py_ssize_t i, j, g, start, stop, work = 0
    cdef double low, high
    check_splits(splits, points.shape[0], out.shape[0])
    with nogil:
        for i in range(out.shape[0]):
            for j in range(splits[i], splits[i + 1]):
                low = min(points[j, 0], points[j, 1])
                high = max(points[j, 0], points[j, 1])
                start, stop = first_above(grid, low), first_above(grid, high)
                count_work(&work, 16 + stop - start)
                for g in range(start, stop):
                    out[i, g] += weights[j] * height((high - low) / 2, (low + high) / 2, grid[g])


def top_rows(const double[:, :] points, const int64_t[::1] splits, double[:, ::1] out):
    """Write the greatest lengths of every diagram to out, greatest first.

    Parameters
    ----------
    points, splits
        As in `landscape_rows`.
    out : (n_diagrams, k) C-contiguous float64
        Zeros.
    """
    cdef Py_ssize_t i, j, found
    cdef vector[double] lengths
    check_splits(splits, points.shape[0], out.shape[0])
    with nogil:
        for i in range(out.shape[0]):
            check_signals_every(1024, i)
            lengths.clear()
            for j in range(splits[i], splits[i + 1]):
                lengths.push_back(fabs(points[j, 1] - points[j, 0]))
            found = min(<Py_ssize_t>lengths.size(), out.shape[1])
            partial_sort(
                lengths.begin(), lengths.begin() + found, lengths.end(), greater[double]()
            )
            for j in range(found):
                out[i, j] = lengths[j]
