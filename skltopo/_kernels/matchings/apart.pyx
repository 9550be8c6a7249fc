"""The bottleneck distance of diagrams that lie apart: its threshold, by bisection.

When
    The bounding boxes of the two diagrams are disjoint, as those of two tight clusters. Then nearly
    all of one diagram is within reach of all of the other or of none, least thresholds that single
    points ask for are far too small, and raising them path by path takes hundreds of paths.

What is computed
    The least t for which points can be covered (see bottleneck.pyx) if a step from (x, y) to
    (x', y') costs max(sx (x' - x), sy (y' - y)). The signs say on which side of the first diagram
    the second one lies. This is a lower bound, since it is at most max(|x' - x|, |y' - y|), and the
    same number where the signs are those of all differences that matter.

How, and why it is correct
    With sx = sy = 1 a point reaches the points of a quadrant, and quadrants are ordered: from the
    left to the right, each point reaches all in x that those before it reach. So the points are
    covered greedily in this order: of the points that are within t in x and in y, take the one that
    is highest, which the fewest of those to come can use. A greedy choice never spoils a matching
    (exchange the two mates). Points that have to be covered in both diagrams can be covered
    together if those of either can (Mendelsohn and Dulmage). Differences are rounded, but rounding
    is monotone, and so are the quadrants of rounded differences.

    Bisection ends between two neighbouring floats: an upper end falls to the greatest step that the
    greedy choice took, which is a difference of the input.

Complexity
    O(n log n) for sorting, O(n) in practice for each of about 50 thresholds, O(n) memory.

Papers
    Mendelsohn, Dulmage, Some generalizations of the problem of distinct representatives, 1958.
    Glover, Maximum matching in a convex bipartite graph, 1967.
"""

from libc.math cimport INFINITY, fabs, fmax
from libc.stdint cimport int32_t, uint64_t
from libcpp.algorithm cimport sort
from libcpp.vector cimport vector

from ..._utils.bits cimport highest_bit
from ..._utils.signals cimport check_signals
from .plane_tree cimport Entry, Side

cdef enum:
    HALVINGS = 200      # at most: a bound that is not the best one is still a bound


cdef struct Sorted:
    # The points of a diagram, turned so that those of the other one lie to the right and above.
    const double* to_diagonal
    vector[double] x, y
    vector[int32_t] by_x, by_y
    vector[int32_t] rank            # in by_y


cdef struct Free:
    # Ranks of points without a mate, as bits, and which words of them are not zero.
    vector[uint64_t] low, high


cdef inline void add(Free& free, int32_t rank) noexcept nogil:
    free.low[rank >> 6] |= <uint64_t>1 << (rank & 63)
    free.high[rank >> 12] |= <uint64_t>1 << (rank >> 6 & 63)


cdef inline void remove(Free& free, int32_t rank) noexcept nogil:
    free.low[rank >> 6] &= ~(<uint64_t>1 << (rank & 63))
    if free.low[rank >> 6] == 0:
        free.high[rank >> 12] &= ~(<uint64_t>1 << (rank >> 6 & 63))


cdef inline int32_t last_below(Free& free, int32_t end) noexcept nogil:
    """Return the greatest rank below end, -1 if there is none."""
    cdef int32_t at = end - 1, word, top
    cdef uint64_t bits
    if at < 0:
        return -1
    word = at >> 6
    bits = free.low[word] & (~<uint64_t>0 >> (63 - (at & 63)))
    if bits == 0:
        top = word >> 6
        bits = free.high[top] & ((<uint64_t>1 << (word & 63)) - 1)
        while bits == 0:
            top -= 1
            if top < 0:
                return -1
            bits = free.high[top]
        word = 64 * top + highest_bit(bits)
        bits = free.low[word]
    return 64 * word + highest_bit(bits)


cdef int order_of(const vector[double]& values, vector[int32_t]& order,
                  vector[Entry]& entries) except -1 nogil:
    cdef size_t i
    entries.resize(values.size())
    order.resize(values.size())
    for i in range(values.size()):
        entries[i] = Entry(values[i], <int32_t>i)
    sort(entries.begin(), entries.end())
    for i in range(values.size()):
        order[i] = entries[i].second
    return 0


cdef int lay_out(Side side, double sign_x, double sign_y, Sorted& points,
                 vector[Entry]& entries) except -1 nogil:
    cdef Py_ssize_t i
    points.to_diagonal = side.to_diagonal.data()
    points.x.resize(side.n)
    points.y.resize(side.n)
    points.rank.resize(side.n)
    for i in range(side.n):
        points.x[i] = sign_x * side.x[i]
        points.y[i] = sign_y * side.y[i]
    order_of(points.x, points.by_x, entries)
    order_of(points.y, points.by_y, entries)
    for i in range(side.n):
        points.rank[points.by_y[i]] = <int32_t>i
    return 0


cdef double cover(const Sorted& rows, const Sorted& columns, double t, Free& free,
                  vector[int32_t]& mate) except? -1 nogil:
    """Cover the rows within t, and write their mates, -1 for the diagonal.

    Return the greatest step taken, or INFINITY if they can't be covered.
    """
    cdef Py_ssize_t k, i, j, n = rows.x.size(), m = columns.x.size(), reached = 0
    cdef int32_t rank
    cdef double greatest = 0
    mate.resize(n)
    for k in range(n):      # how many columns, from below, are within t in y
        i = rows.by_y[k]
        while reached < m and columns.y[columns.by_y[reached]] - rows.y[i] <= t:
            reached += 1
        mate[i] = <int32_t>reached
    free.low.assign(m // 64 + 1, 0)
    free.high.assign(m // 4096 + 1, 0)
    reached = 0
    for k in range(n):
        i = rows.by_x[k]
        while reached < m and columns.x[columns.by_x[reached]] - rows.x[i] <= t:
            add(free, columns.rank[columns.by_x[reached]])
            reached += 1
        if rows.to_diagonal[i] <= t:
            greatest = fmax(greatest, rows.to_diagonal[i])
            mate[i] = -1
            continue
        rank = last_below(free, mate[i])
        if rank < 0:
            return INFINITY
        remove(free, rank)
        j = columns.by_y[rank]
        greatest = fmax(greatest, fmax(columns.x[j] - rows.x[i], columns.y[j] - rows.y[i]))
        mate[i] = <int32_t>j
    return greatest


cdef bint lie_apart(Side rows, Side columns) noexcept nogil:
    """Tell whether the bounding boxes of two diagrams, not empty, are disjoint."""
    return (rows.n > 0 and columns.n > 0
            and (rows.high_x[1] < columns.low_x[1] or columns.high_x[1] < rows.low_x[1]
                 or rows.high_y[1] < columns.low_y[1] or columns.high_y[1] < rows.low_y[1]))


cdef double threshold_apart(Side rows, Side columns, double threshold) except? -1 nogil:
    """Raise a lower bound of the bottleneck distance in the maximum norm, and match what is in it.

    Nothing is matched before. Mates are written for rows that have to be matched, where a step of
    the greedy choice is within the bound.
    """
    cdef Sorted right, left_columns, back, left_rows
    cdef Free free
    cdef vector[Entry] entries
    cdef vector[int32_t] mate, other
    cdef double low = threshold, high = threshold, middle, step
    cdef double sign_x = 1, sign_y = 1
    cdef Py_ssize_t i, j
    cdef int _
    if columns.low_x[1] + columns.high_x[1] < rows.low_x[1] + rows.high_x[1]:
        sign_x = -1
    if columns.low_y[1] + columns.high_y[1] < rows.low_y[1] + rows.high_y[1]:
        sign_y = -1
    lay_out(rows, sign_x, sign_y, right, entries)
    lay_out(columns, sign_x, sign_y, left_columns, entries)
    lay_out(columns, -sign_x, -sign_y, back, entries)
    lay_out(rows, -sign_x, -sign_y, left_rows, entries)
    for i in range(rows.n):
        high = fmax(high, rows.to_diagonal[i])
    for j in range(columns.n):
        high = fmax(high, columns.to_diagonal[j])
    middle = threshold
    for _ in range(HALVINGS):
        check_signals()
        step = fmax(cover(right, left_columns, middle, free, mate),
                    cover(back, left_rows, middle, free, other))
        if step <= middle:
            high = fmax(step, threshold)
        else:
            low = middle
        middle = low + (high - low) / 2
        if not low < middle < high:
            break
    else:
        return low
    cover(right, left_columns, high, free, mate)
    for i in range(rows.n):
        j = mate[i]
        if j >= 0 and fmax(fabs(rows.x[i] - columns.x[j]), fabs(rows.y[i] - columns.y[j])) <= high:
            rows.mate[i] = <int32_t>j
            columns.mate[j] = <int32_t>i
    return high
