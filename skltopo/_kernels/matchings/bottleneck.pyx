"""Matchings of two diagrams with the least greatest distance: bottleneck.

What is matched
    Points of two diagrams, in the plane. Each goes to a point of the other diagram or to the
    diagonal. The cost of a matching is its greatest distance, not a power of it (p = 1).

How, and why it is correct
    A point is *covered* when it has a mate, or when the diagonal is within the current threshold
    t. Points that are not are covered along paths of which the longest step is as short as
    possible. If no such path has all its steps within t, then some k points have only k - 1 others
    within t, so not all of them can have mates (Hall), and t has to rise; hence the final t is
    least. The next step of a path goes to the nearest point not yet visited, which the k-d tree
    finds: its nodes store how many of their points are visited.

    Diagrams that lie apart ask for many rises: apart.pyx bisects a lower bound, which is nearly
    always the distance itself, and gives a first matching.

    First the rows are covered, then the columns. A path from a column ends at a row without a mate,
    or sends a column to the diagonal, so rows stay covered.

Complexity
    O(n) memory, and O(n log n) per search in practice.

Papers
    Efrat, Itai, Katz, Geometry helps in bottleneck matching, 2001. Kerber, Morozov, Nigmetov,
    Geometry helps to compare persistence diagrams, 2017. Hopcroft, Karp, An n^(5/2) algorithm for
    maximum matchings in bipartite graphs, 1973.
"""

from libc.math cimport INFINITY, fmax, nextafter
from ..._utils.signals cimport check_signals_every
from libc.stdint cimport int32_t
from libcpp.algorithm cimport pop_heap, push_heap
from libcpp.vector cimport vector

from .apart cimport lie_apart, threshold_apart
from .plane_tree cimport (
    DIAGONAL,
    STACK,
    Entry,
    POINTS_BETWEEN_SIGNALS,
    Metric,
    Side,
    augment,
    box_cost,
    fine_cost_of,
    leaf_begin,
)

cdef enum:
    FEW = 64        # points whose thresholds are raised path by path in any case


# --------------------------------------------------------------------------------------------------
# The nearest point not yet visited
# --------------------------------------------------------------------------------------------------

cdef Entry nearest_visible(Side side, double x, double y, double limit,
                           Metric metric) noexcept nogil:
    """Return (distance, point) of the nearest point that is not hidden, (limit, -1) if none is."""
    cdef Py_ssize_t[STACK] stack
    cdef double[STACK] bound
    cdef Py_ssize_t j, node, depth = 1, k
    cdef double left, right, distance
    cdef Entry best
    best.first = limit
    best.second = -1
    stack[0] = 1
    bound[0] = 0
    while depth:
        depth -= 1
        node = stack[depth]
        if bound[depth] >= best.first or side.n_hidden[node] == side.n_inside[node]:
            continue
        if node < side.n_leaves:
            left = box_cost(side, 2 * node, x, y, metric)
            right = box_cost(side, 2 * node + 1, x, y, metric)
            k = left < right
            stack[depth] = 2 * node + k
            bound[depth] = right if k else left
            stack[depth + 1] = 2 * node + 1 - k
            bound[depth + 1] = left if k else right
            depth += 2
            continue
        for j in range(leaf_begin(side, node - side.n_leaves),
                       leaf_begin(side, node - side.n_leaves + 1)):
            if side.via[j] < 0:
                distance = fine_cost_of(x - side.x[j], y - side.y[j], metric)
                if distance < best.first:
                    best.first = distance
                    best.second = <int32_t>j
    return best


cdef int32_t visible_within(Side side, double x, double y, double limit,
                            Metric metric) noexcept nogil:
    """Return a point that is not hidden at a distance below limit, -1 if there is none."""
    cdef Py_ssize_t[STACK] stack
    cdef Py_ssize_t j, node, depth = 1, k
    cdef double left, right
    stack[0] = 1
    while depth:
        depth -= 1
        node = stack[depth]
        if side.n_hidden[node] == side.n_inside[node]:
            continue
        if node < side.n_leaves:
            left = box_cost(side, 2 * node, x, y, metric)
            right = box_cost(side, 2 * node + 1, x, y, metric)
            k = left < right                    # the nearer one is looked at first
            if (right if k else left) < limit:
                stack[depth] = 2 * node + k
                depth += 1
            if (left if k else right) < limit:
                stack[depth] = 2 * node + 1 - k
                depth += 1
            continue
        for j in range(leaf_begin(side, node - side.n_leaves),
                       leaf_begin(side, node - side.n_leaves + 1)):
            if side.via[j] < 0 and fine_cost_of(x - side.x[j], y - side.y[j], metric) < limit:
                return <int32_t>j
    return -1


cdef inline void hide(Side side, Py_ssize_t j, int32_t via) noexcept nogil:
    """Mark column j as reached from the row via; -1 shows it again."""
    cdef int32_t node = side.leaf[j], step = 1 if via >= 0 else -1
    side.via[j] = via
    while node:
        side.n_hidden[node] += step
        node //= 2


# --------------------------------------------------------------------------------------------------
# One path that raises the threshold as little as possible
# --------------------------------------------------------------------------------------------------

cdef double widen(Side rows, Side columns, Py_ssize_t source, double threshold, Metric metric,
                  vector[Entry]& heap, vector[int32_t]& seen) except -1 nogil:
    """Cover the row source by a path with the least greatest step; return the new threshold.

    The heap has (-distance, row) of the next step from every reached row.
    """
    cdef Py_ssize_t i = source, j, e, last_row = source, last_column = -1
    cdef double to_diagonal = rows.to_diagonal[source], step = threshold
    cdef Entry entry
    heap.clear()
    seen.clear()
    while True:
        if rows.to_diagonal[i] < to_diagonal:
            to_diagonal = rows.to_diagonal[i]
            last_row = i
        if to_diagonal <= step:
            break
        entry = nearest_visible(columns, rows.x[i], rows.y[i], to_diagonal, metric)
        if entry.second >= 0:
            entry.first = -entry.first
            entry.second = <int32_t>i
            heap.push_back(entry)
            push_heap(heap.begin(), heap.end())
        j = -1
        while not heap.empty() and -heap.front().first < to_diagonal:
            # The column of this entry may have been hidden since; one further away takes its place.
            i = heap.front().second
            pop_heap(heap.begin(), heap.end())
            heap.pop_back()
            entry = nearest_visible(columns, rows.x[i], rows.y[i], to_diagonal, metric)
            if entry.second < 0:
                continue
            if heap.empty() or entry.first <= fmax(step, -heap.front().first):
                j = entry.second
                step = fmax(step, entry.first)
                entry.first = -entry.first      # the row stays, for the column after this one
                entry.second = <int32_t>i
                heap.push_back(entry)
                push_heap(heap.begin(), heap.end())
                break
            entry.first = -entry.first
            entry.second = <int32_t>i
            heap.push_back(entry)
            push_heap(heap.begin(), heap.end())
        if j < 0:
            break
        hide(columns, j, <int32_t>i)
        seen.push_back(<int32_t>j)
        if columns.mate[j] < 0:
            last_column = j
            break
        i = columns.mate[j]
    if last_column < 0:
        step = fmax(step, to_diagonal)
        last_column = rows.mate[last_row]
        rows.mate[last_row] = DIAGONAL
    if last_column >= 0:
        augment(rows, columns, source, last_column)
    for e in range(<Py_ssize_t>seen.size()):
        hide(columns, seen[e], -1)
    return step


# --------------------------------------------------------------------------------------------------
# Paths within the threshold
# --------------------------------------------------------------------------------------------------

cdef bint descend(Side rows, Side columns, Py_ssize_t source, double limit, Metric metric,
                  vector[int32_t]& path, vector[int32_t]& seen) except -1 nogil:
    """Cover the row source by a path with steps below limit, if there is one of visible columns."""
    cdef int32_t i, j
    path.clear()
    path.push_back(<int32_t>source)
    while not path.empty():
        i = path.back()
        if rows.to_diagonal[i] < limit:
            j = rows.mate[i]
            rows.mate[i] = DIAGONAL
            augment(rows, columns, source, j)       # i is not the source, which needs a column
            return True
        j = visible_within(columns, rows.x[i], rows.y[i], limit, metric)
        if j < 0:
            path.pop_back()
            continue
        hide(columns, j, i)
        seen.push_back(j)
        if columns.mate[j] < 0:
            augment(rows, columns, source, j)
            return True
        path.push_back(columns.mate[j])
    return False


cdef Py_ssize_t cover_within(Side rows, Side columns, double threshold, Metric metric,
                             vector[int32_t]& path, vector[int32_t]& seen) except -2 nogil:
    """Cover rows by steps of at most threshold; return a row for which that is impossible, or -1.

    As in Hopcroft and Karp, the searches of one round share the columns that they hide. The row
    that found no path is the first of the next round, in which nothing is hidden yet: if it finds
    none again, there is none.
    """
    cdef Py_ssize_t i, e, k, left = -1, first
    cdef double limit = nextafter(threshold, INFINITY)
    while True:
        first = left
        left = -1
        seen.clear()
        for k in range(-1, rows.n):
            check_signals_every(POINTS_BETWEEN_SIGNALS, k)
            i = first if k < 0 else k
            if i < 0 or rows.mate[i] >= 0 or rows.to_diagonal[i] < limit:
                continue
            if not descend(rows, columns, i, limit, metric, path, seen):
                left = i
                if k < 0:
                    break
        for e in range(<Py_ssize_t>seen.size()):
            hide(columns, seen[e], -1)
        if left < 0 or left == first:
            return left


# --------------------------------------------------------------------------------------------------
# All of it
# --------------------------------------------------------------------------------------------------

cdef double least_threshold(Side rows, Side columns, Metric metric) except? -1 nogil:
    """Return the greatest distance from a row to the nearest place that it can go to."""
    cdef Py_ssize_t i
    cdef double threshold = 0
    for i in range(rows.n):
        check_signals_every(POINTS_BETWEEN_SIGNALS, i)
        if rows.to_diagonal[i] > threshold:
            threshold = fmax(threshold, nearest_visible(
                columns, rows.x[i], rows.y[i], rows.to_diagonal[i], metric
            ).first)
    return threshold


cdef int show_all(Side side) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(side.n):
        side.via[i] = -1
        side.mate[i] = DIAGONAL
    return 0


cdef double cover_all(Side rows, Side columns, double threshold, Metric metric,
                      vector[Entry]& heap, vector[int32_t]& path,
                      vector[int32_t]& seen) except -1 nogil:
    """Cover all rows, raise the threshold where that is necessary, and return it."""
    cdef Py_ssize_t left = cover_within(rows, columns, threshold, metric, path, seen)
    while left >= 0:
        threshold = widen(rows, columns, left, threshold, metric, heap, seen)
        left = cover_within(rows, columns, threshold, metric, path, seen)
    return threshold


cdef int match_by_greatest(Side rows, Side columns, Metric metric) except -1 nogil:
    """Match with the least greatest distance."""
    cdef vector[Entry] heap
    cdef vector[int32_t] path, seen
    cdef double threshold
    show_all(rows)
    show_all(columns)
    threshold = fmax(
        least_threshold(rows, columns, metric), least_threshold(columns, rows, metric)
    )
    if not metric.euclidean and rows.n + columns.n >= FEW and lie_apart(rows, columns):
        threshold = threshold_apart(rows, columns, threshold)
    threshold = cover_all(rows, columns, threshold, metric, heap, path, seen)
    cover_all(columns, rows, threshold, metric, heap, path, seen)
    return 0
