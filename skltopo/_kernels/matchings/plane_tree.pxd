"""Two diagrams that are matched: costs, boxes and mates, for other kernels."""

from libc.math cimport fabs, fmax, hypot, pow, sqrt
from libc.stdint cimport int32_t, int64_t
from libcpp.utility cimport pair

from ..._utils.buffer cimport Buffer

cdef enum:
    DIAGONAL = -1       # for a mate: the point goes to the diagonal
    EXPOSED = -2        # for a mate: the point is not covered yet
    LEAF = 6            # points in a leaf of the tree, at the most
    STACK = 64          # nodes that wait in a search, fewer than two for each level
    POINTS_BETWEEN_SIGNALS = 256

cdef extern from *:
    """
    // Rounding error of sums and differences of duals, relative to a cost.
    constexpr double SKLTOPO_ROUNDING = 1e-14;
    // Squares below it may have lost digits.
    constexpr double SKLTOPO_TINY = 0x1p-900;
    """
    const double ROUNDING "SKLTOPO_ROUNDING"
    const double TINY "SKLTOPO_TINY"

ctypedef pair[double, int32_t] Entry


cdef struct Metric:
    bint euclidean      # else the maximum norm
    double p


cdef class Side:
    cdef Py_ssize_t n
    cdef int which                      # 0: rows, 1: columns
    cdef int32_t n_leaves               # a power of two; leaf k is node n_leaves + k
    cdef Buffer[int32_t] original       # position in the tree -> row of the input
    cdef Buffer[double] x, y, to_diagonal
    cdef Buffer[double] low_x, high_x, low_y, high_y        # boxes of the nodes
    cdef Buffer[double] greatest        # dual, of each node
    cdef Buffer[int32_t] leaf, n_hidden, n_inside           # points that a search has visited
    cdef Buffer[double] dual, distance
    cdef Buffer[int32_t] mate, via
    cdef Buffer[int32_t] first          # edge of each point, -1 if it has none
    cdef int64_t work                   # points and edges that searches have looked at
    cdef Side coarse                    # some of the points, for a first guess of duals


cdef int scale_of(const double[:, ::1] first, const double[:, ::1] second,
                  bint keeps_small) noexcept nogil
cdef int build(Side side, const double* points, Py_ssize_t n, int exponent,
               Metric metric) except -1 nogil


cdef inline double cost_of(double dx, double dy, Metric metric) noexcept nogil:
    """Return the norm of (dx, dy) to the power p."""
    cdef double square, norm
    if metric.euclidean:
        square = dx * dx + dy * dy
        if metric.p == 1:
            return sqrt(square)
        return square if metric.p == 2 else pow(square, metric.p / 2)
    norm = fmax(fabs(dx), fabs(dy))
    if metric.p == 1:
        return norm
    return norm * norm if metric.p == 2 else pow(norm, metric.p)


cdef inline double fine_cost_of(double dx, double dy, Metric metric) noexcept nogil:
    """Return `cost_of`, with all digits also where squares have lost some.

    A bottleneck distance may be such a small cost. A sum of costs, of lengths up to about 1, does
    not notice the lost digits, and loops over many costs are faster without this branch.
    """
    if metric.euclidean and metric.p == 1 and dx * dx + dy * dy < TINY:
        return hypot(dx, dy)
    return cost_of(dx, dy, metric)


cdef inline Py_ssize_t leaf_begin(Side side, Py_ssize_t k) noexcept nogil:
    return side.n * k // side.n_leaves


cdef inline double box_cost(Side side, Py_ssize_t node, double x, double y,
                            Metric metric) noexcept nogil:
    """Return the least cost between (x, y) and a point of the box."""
    return fine_cost_of(
        fmax(0, fmax(side.low_x[node] - x, x - side.high_x[node])),
        fmax(0, fmax(side.low_y[node] - y, y - side.high_y[node])),
        metric,
    )


cdef inline void augment(Side rows, Side columns, Py_ssize_t source, Py_ssize_t j) noexcept nogil:
    """Match along the path that reached column j from the row source."""
    cdef int32_t i, next_column
    while True:
        i = columns.via[j]
        next_column = rows.mate[i]
        rows.mate[i] = <int32_t>j
        columns.mate[j] = i
        if i == source:
            return
        j = next_column
