"""One of two diagrams that are matched: its points in a k-d tree, their costs and mates.

What it is
    A complete binary tree. Node k has the children 2 k and 2 k + 1, the root is 1, and each node
    has a contiguous range of points, halved at the median of its box's longer side. So a node is a
    number, its range follows from n, and only boxes are stored. Searches of nearest points
    (wasserstein.pyx, bottleneck.pyx) leave out nodes whose boxes are too far away, and nodes whose
    points are of no use, which they tell from the greatest dual of the points or from how many of
    them are visited.

Why it is correct
    The distance to a box is at most that to any point inside. Coordinates are scaled by a power of
    two, so that death - birth is at most 1, or at most 2 ** FAR: no cost that counts overflows.
    What that rounds is less than 2 ** -1000 of the greatest length.

Complexity
    O(n log n) to build, O(n) memory, kept from one diagram to the next.

Paper
    Bentley, Multidimensional binary search trees used for associative searching, 1975.
"""

from libc.math cimport INFINITY, fabs, fmax, fmin, frexp, ldexp
from libc.stdint cimport int32_t
from libcpp.algorithm cimport nth_element
from libcpp.vector cimport vector

cdef enum:
    FAR = 400       # squares of numbers up to 2 ** FAR do not overflow


cdef class Side:
    """One of the two diagrams, laid out by build."""


cdef int scale_of(const double[:, ::1] first, const double[:, ::1] second,
                  bint keeps_small) noexcept nogil:
    """Return the exponent of two that makes lengths at most 1: powers neither overflow nor vanish.

    A power of two, so that scaling rounds nothing. Half lengths, since a length may overflow.
    keeps_small: lengths at most 2 ** FAR, which leaves lengths that are much smaller than the
    greatest one as they are; they decide a bottleneck distance where the long ones coincide.
    """
    cdef Py_ssize_t i
    cdef int exponent = 0
    cdef double greatest = 0
    for i in range(first.shape[0]):
        greatest = fmax(greatest, fabs(first[i, 1] / 2 - first[i, 0] / 2))
    for i in range(second.shape[0]):
        greatest = fmax(greatest, fabs(second[i, 1] / 2 - second[i, 0] / 2))
    frexp(greatest, &exponent)
    exponent += 1
    if keeps_small:
        return max(exponent - FAR, min(exponent + FAR, 0))
    return exponent


cdef int build(Side side, const double* points, Py_ssize_t n, int exponent,
               Metric metric) except -1 nogil:
    """Lay out n points (x, y), times 2 ** -exponent, as a k-d tree."""
    cdef Py_ssize_t i, level, k, begin, end, middle, node
    cdef int32_t v
    cdef vector[Entry] entries
    cdef double low_x, high_x, low_y, high_y
    side.n = n
    side.n_leaves = 1
    while side.n_leaves * LEAF < n:
        side.n_leaves *= 2
    grow_points(side)
    for i in range(n):
        side.original[i] = <int32_t>i
    entries.resize(n)
    level = 1
    while level < side.n_leaves:
        for k in range(level):
            begin = n * k // level
            end = n * (k + 1) // level
            middle = n * (2 * k + 1) // (2 * level)
            low_x = low_y = INFINITY
            high_x = high_y = -INFINITY
            for i in range(begin, end):
                v = side.original[i]
                low_x = fmin(low_x, points[2 * v])
                high_x = fmax(high_x, points[2 * v])
                low_y = fmin(low_y, points[2 * v + 1])
                high_y = fmax(high_y, points[2 * v + 1])
            for i in range(begin, end):
                v = side.original[i]
                entries[i].first = points[2 * v + (high_x - low_x < high_y - low_y)]
                entries[i].second = v
            nth_element(entries.begin() + begin, entries.begin() + middle, entries.begin() + end)
            for i in range(begin, end):
                side.original[i] = entries[i].second
        level *= 2
    for i in range(n):
        v = side.original[i]
        side.x[i] = ldexp(points[2 * v], -exponent)
        side.y[i] = ldexp(points[2 * v + 1], -exponent)
        # The nearest point of the diagonal is half the length away in both coordinates.
        low_x = fabs(side.y[i] - side.x[i]) / 2
        side.to_diagonal[i] = fine_cost_of(low_x, low_x, metric)
        side.first[i] = -1
    for node in range(2 * side.n_leaves - 1, 0, -1):
        set_box(side, node)
    return 0


cdef int grow_points(Side side) except -1 nogil:
    cdef Py_ssize_t n = side.n + 1, n_nodes = 2 * side.n_leaves
    side.original.grow(n)
    side.x.grow(n)
    side.y.grow(n)
    side.to_diagonal.grow(n)
    side.leaf.grow(n)
    side.dual.grow(n)
    side.distance.grow(n)
    side.mate.grow(n)
    side.via.grow(n)
    side.first.grow(n)
    side.low_x.grow(n_nodes)
    side.high_x.grow(n_nodes)
    side.low_y.grow(n_nodes)
    side.high_y.grow(n_nodes)
    side.greatest.grow(n_nodes)
    side.n_hidden.grow(n_nodes)
    side.n_inside.grow(n_nodes)
    return 0


cdef void set_box(Side side, Py_ssize_t node) noexcept nogil:
    cdef Py_ssize_t i, k = node - side.n_leaves, begin, end, left = 2 * node, right = 2 * node + 1
    side.n_hidden[node] = 0
    if k < 0:
        side.low_x[node] = fmin(side.low_x[left], side.low_x[right])
        side.high_x[node] = fmax(side.high_x[left], side.high_x[right])
        side.low_y[node] = fmin(side.low_y[left], side.low_y[right])
        side.high_y[node] = fmax(side.high_y[left], side.high_y[right])
        side.n_inside[node] = side.n_inside[left] + side.n_inside[right]
        return
    begin = leaf_begin(side, k)
    end = leaf_begin(side, k + 1)
    side.n_inside[node] = <int32_t>(end - begin)
    side.low_x[node] = side.low_y[node] = INFINITY
    side.high_x[node] = side.high_y[node] = -INFINITY
    for i in range(begin, end):
        side.leaf[i] = <int32_t>node
        side.low_x[node] = fmin(side.low_x[node], side.x[i])
        side.high_x[node] = fmax(side.high_x[node], side.x[i])
        side.low_y[node] = fmin(side.low_y[node], side.y[i])
        side.high_y[node] = fmax(side.high_y[node], side.y[i])
