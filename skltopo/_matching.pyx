"""Optimal matchings of persistence diagrams: p-Wasserstein and bottleneck.

What is matched
    Points of two diagrams, in the plane. Each goes to a point of the other diagram at the cost
    c_ij, their distance to the power p, or to the diagonal at the cost a_i or b_j. Wasserstein
    matchings have the least sum of costs, bottleneck matchings the least greatest distance (p = 1).

Wasserstein: how, and why it is correct
    A point on either side has a dual: y_i <= a_i, w_j <= b_j and y_i + w_j <= c_ij. Whatever
    matching there is costs at least sum(y) + sum(w), and one that uses only tight costs attains it.
    Points are covered one after the other along shortest alternating paths of the reduced costs
    c_ij - y_i - w_j (Jonker and Volgenant); a path ends at an uncovered point, at one that leaves
    the diagonal, or by going to the diagonal, so no copies of the diagonal are needed.

    Edges with c_ij >= a_i + b_j are never better than the diagonal. Of the others only those to
    the nearest points are listed at first. A k-d tree whose boxes know the greatest dual inside
    finds edges that are not listed and have y_i + w_j > c_ij (pricing). They are listed, and their
    point is covered anew, one point after the other, so that the next one meets the new duals. A
    round over all points that finds nothing proves the matching optimal.

    Where all births are equal, as in PD_0 of points, searches would be long and a table of n m
    cells does it instead: points on a line that have mates keep their order.

Bottleneck: how, and why it is correct
    Points that the current threshold t does not allow on the diagonal are covered along paths
    whose greatest step is least. A search that can't end at t has reached k points that see only
    k - 1 others (Hall), so t has to rise; hence the final t is least. The next step of a path is
    the nearest point not yet visited, which the same k-d tree finds.

Complexity
    Wasserstein O(n k) memory for k nearest neighbours, at worst O(n^2) if pricing lists all edges;
    n searches of O(n k log n) at worst, and in practice local ones. Bottleneck O(n) memory, and
    O(n log n) per search.

Papers
    Jonker, Volgenant, A shortest augmenting path algorithm for dense and sparse linear assignment
    problems, 1987. Efrat, Itai, Katz, Geometry helps in bottleneck matching, 2001.
    Kerber, Morozov, Nigmetov, Geometry helps to compare persistence diagrams, 2017.
"""

import numpy as np

cimport cython
from libc.math cimport INFINITY, fabs, fmax, fmin, frexp, ldexp, nextafter, pow, sqrt
from libc.stdint cimport int32_t, int64_t
from libcpp.algorithm cimport nth_element, pop_heap, push_heap, sort
from libcpp.utility cimport pair
from libcpp.vector cimport vector

from ._buffer cimport Buffer

cdef enum:
    DIAGONAL = -1       # mates that are no points
    EXPOSED = -2
    LEAF = 6            # points in a leaf of the tree, at the most
    NEIGHBOURS = 10     # edges per point to start with
    PRICED = 8          # edges per point that one round of pricing adds, at the most
    STACK = 64
    LINE_CELLS = 1 << 28    # bytes of the table of a line, at the most
    MATCH = 0
    ROW_ALONE = 1
    COLUMN_ALONE = 2

# An edge has to be better by more than the rounding of its duals to join.
cdef double PRICE_TOLERANCE = 1e-13

ctypedef pair[double, int32_t] Entry


cdef struct Metric:
    bint euclidean      # else the maximum norm
    double p


cdef struct Edge:
    int32_t[2] end      # a row and a column
    int32_t[2] next     # edges at the same row, and at the same column; -1 after the last
    double cost


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


# --------------------------------------------------------------------------------------------------
# One diagram: its points in the order of a k-d tree
# --------------------------------------------------------------------------------------------------

@cython.final
cdef class Side:
    """One of the two diagrams. Node k has the children 2 k and 2 k + 1; the root is 1."""

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


cdef inline Py_ssize_t leaf_begin(Side side, Py_ssize_t k) noexcept nogil:
    return side.n * k // side.n_leaves


cdef int scale_of(const double[:, ::1] first, const double[:, ::1] second) noexcept nogil:
    """Return the exponent of two that makes lengths at most 1: powers neither overflow nor vanish.

    A power of two, so that scaling rounds nothing. Half lengths, since a length may overflow.
    """
    cdef Py_ssize_t i
    cdef int exponent = 0
    cdef double greatest = 0
    for i in range(first.shape[0]):
        greatest = fmax(greatest, fabs(first[i, 1] / 2 - first[i, 0] / 2))
    for i in range(second.shape[0]):
        greatest = fmax(greatest, fabs(second[i, 1] / 2 - second[i, 0] / 2))
    frexp(greatest, &exponent)
    return exponent + 1


cdef int build(Side side, const double[:, ::1] points, int exponent,
               Metric metric) except -1 nogil:
    """Lay out the points, times 2 ** -exponent, as a k-d tree."""
    cdef Py_ssize_t i, n = points.shape[0], level, k, begin, end, middle, node
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
                low_x = fmin(low_x, points[v, 0])
                high_x = fmax(high_x, points[v, 0])
                low_y = fmin(low_y, points[v, 1])
                high_y = fmax(high_y, points[v, 1])
            for i in range(begin, end):
                v = side.original[i]
                entries[i].first = points[v, 0 if high_x - low_x >= high_y - low_y else 1]
                entries[i].second = v
            nth_element(entries.begin() + begin, entries.begin() + middle, entries.begin() + end)
            for i in range(begin, end):
                side.original[i] = entries[i].second
        level *= 2
    for i in range(n):
        v = side.original[i]
        side.x[i] = ldexp(points[v, 0], -exponent)
        side.y[i] = ldexp(points[v, 1], -exponent)
        # The nearest point of the diagonal is half the length away in both coordinates.
        low_x = fabs(side.y[i] - side.x[i]) / 2
        side.to_diagonal[i] = cost_of(low_x, low_x, metric)
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


cdef inline double box_cost(Side side, Py_ssize_t node, double x, double y,
                            Metric metric) noexcept nogil:
    """Return the least cost between (x, y) and a point of the box."""
    return cost_of(
        fmax(0, fmax(side.low_x[node] - x, x - side.high_x[node])),
        fmax(0, fmax(side.low_y[node] - y, y - side.high_y[node])),
        metric,
    )


# --------------------------------------------------------------------------------------------------
# Edges: nearest neighbours, and those that pricing finds
# --------------------------------------------------------------------------------------------------

cdef struct Candidates:
    int32_t n
    int32_t[NEIGHBOURS] point       # by key, the smallest first
    double[NEIGHBOURS] cost
    double[NEIGHBOURS] key


cdef inline void keep_best(Candidates& best, int32_t size, int32_t point, double cost,
                           double key) noexcept nogil:
    """Insert a point among at most size ones with the smallest keys."""
    cdef int32_t k = best.n
    if k == size:
        if key >= best.key[k - 1]:
            return
        k -= 1
    else:
        best.n += 1
    while k > 0 and best.key[k - 1] > key:
        best.key[k] = best.key[k - 1]
        best.cost[k] = best.cost[k - 1]
        best.point[k] = best.point[k - 1]
        k -= 1
    best.key[k] = key
    best.cost[k] = cost
    best.point[k] = point


cdef inline bint is_listed(Side rows, Py_ssize_t i, Py_ssize_t j,
                           vector[Edge]& edges) noexcept nogil:
    cdef int32_t e = rows.first[i]
    while e >= 0:
        if edges[e].end[1 - rows.which] == j:
            return True
        e = edges[e].next[rows.which]
    return False


cdef int list_edge(Side rows, Side columns, Py_ssize_t i, Py_ssize_t j, double cost,
                   vector[Edge]& edges) except -1 nogil:
    cdef Edge edge
    edge.cost = cost
    edge.end[rows.which] = <int32_t>i
    edge.end[columns.which] = <int32_t>j
    edge.next[rows.which] = rows.first[i]
    edge.next[columns.which] = columns.first[j]
    rows.first[i] = columns.first[j] = <int32_t>edges.size()
    edges.push_back(edge)
    return 0


cdef int list_nearest(Side rows, Side columns, Metric metric, vector[Edge]& edges) except -1 nogil:
    """List the edges from each row to its nearest columns that may beat the diagonal."""
    cdef Candidates best
    cdef Py_ssize_t[STACK] stack
    cdef double[STACK] bound
    cdef int32_t k
    cdef Py_ssize_t i, j, node, depth
    cdef double x, y, limit, left, right, cost
    for i in range(rows.n):
        best.n = 0
        x = rows.x[i]
        y = rows.y[i]
        stack[0] = 1
        bound[0] = 0
        depth = 1
        while depth:
            depth -= 1
            node = stack[depth]
            limit = best.key[NEIGHBOURS - 1] if best.n == NEIGHBOURS else INFINITY
            if bound[depth] >= limit:
                continue
            if node < columns.n_leaves:
                left = box_cost(columns, 2 * node, x, y, metric)
                right = box_cost(columns, 2 * node + 1, x, y, metric)
                k = left < right                # the nearer one is looked at first
                stack[depth] = 2 * node + k
                bound[depth] = right if k else left
                stack[depth + 1] = 2 * node + 1 - k
                bound[depth + 1] = left if k else right
                depth += 2
                continue
            for j in range(leaf_begin(columns, node - columns.n_leaves),
                           leaf_begin(columns, node - columns.n_leaves + 1)):
                cost = cost_of(x - columns.x[j], y - columns.y[j], metric)
                if cost < rows.to_diagonal[i] + columns.to_diagonal[j]:
                    keep_best(best, NEIGHBOURS, <int32_t>j, cost, cost)
        for k in range(best.n):
            if not is_listed(rows, i, best.point[k], edges):
                list_edge(rows, columns, i, best.point[k], best.cost[k], edges)
    return 0


cdef void set_greatest(Side side) noexcept nogil:
    cdef Py_ssize_t i, node, k
    cdef double greatest
    for node in range(2 * side.n_leaves - 1, 0, -1):
        k = node - side.n_leaves
        if k < 0:
            side.greatest[node] = fmax(side.greatest[2 * node], side.greatest[2 * node + 1])
            continue
        greatest = -INFINITY
        for i in range(leaf_begin(side, k), leaf_begin(side, k + 1)):
            greatest = fmax(greatest, side.dual[i])
        side.greatest[node] = greatest


cdef inline void raise_dual(Side side, Py_ssize_t i, double step) noexcept nogil:
    """Raise a dual; its boxes hear of it. They need not hear of a lower one to stay bounds."""
    cdef int32_t node = side.leaf[i]
    cdef double dual = side.dual[i] + step
    side.dual[i] = dual
    while node and side.greatest[node] < dual:
        side.greatest[node] = dual
        node //= 2


cdef int32_t price(Side rows, Side columns, Py_ssize_t i, Metric metric,
                   vector[Edge]& edges) except -1 nogil:
    """List edges of row i whose duals sum to more than their cost; return how many.

    Its dual is then lowered until it is feasible. Of equal ones those to columns without a mate
    come first, or many equal points would all ask for the same few.
    """
    cdef Candidates best
    cdef Py_ssize_t[STACK] stack
    cdef int32_t k
    cdef Py_ssize_t j, node, depth = 1
    cdef double x = rows.x[i], y = rows.y[i], dual = rows.dual[i], total, cost, key
    best.n = 0
    stack[0] = 1
    while depth:
        depth -= 1
        node = stack[depth]
        if box_cost(columns, node, x, y, metric) >= dual + columns.greatest[node]:
            continue
        if node < columns.n_leaves:
            stack[depth] = 2 * node
            stack[depth + 1] = 2 * node + 1
            depth += 2
            continue
        for j in range(leaf_begin(columns, node - columns.n_leaves),
                       leaf_begin(columns, node - columns.n_leaves + 1)):
            total = dual + columns.dual[j]
            cost = cost_of(x - columns.x[j], y - columns.y[j], metric)
            if cost < total * (1 - PRICE_TOLERANCE) and not is_listed(rows, i, j, edges):
                key = cost - columns.dual[j]
                if columns.mate[j] < 0:
                    key -= 1e-9 * total
                keep_best(best, PRICED, <int32_t>j, cost, key)
    for k in range(best.n):
        rows.dual[i] = fmin(rows.dual[i], best.cost[k] - columns.dual[best.point[k]])
        list_edge(rows, columns, i, best.point[k], best.cost[k], edges)
    return best.n


# --------------------------------------------------------------------------------------------------
# Wasserstein
# --------------------------------------------------------------------------------------------------

cdef void start_duals(Side rows, Side columns, vector[Edge]& edges) noexcept nogil:
    """Set duals that listed edges allow, tight somewhere at every point; cover what they allow."""
    cdef Py_ssize_t i, j
    cdef int32_t e, best
    cdef double dual
    for i in range(rows.n):
        dual = rows.to_diagonal[i]
        e = rows.first[i]
        while e >= 0:
            dual = fmin(dual, edges[e].cost)
            e = edges[e].next[rows.which]
        rows.dual[i] = dual
        rows.distance[i] = INFINITY
        rows.mate[i] = DIAGONAL if dual == rows.to_diagonal[i] else EXPOSED
    for j in range(columns.n):
        dual = columns.to_diagonal[j]
        best = DIAGONAL
        e = columns.first[j]
        while e >= 0:
            i = edges[e].end[rows.which]
            if edges[e].cost - rows.dual[i] < dual:
                dual = edges[e].cost - rows.dual[i]
                best = <int32_t>i
            e = edges[e].next[columns.which]
        columns.dual[j] = dual
        columns.distance[j] = INFINITY
        columns.mate[j] = best
        if best >= 0:
            columns.mate[j] = EXPOSED
            if rows.mate[best] == EXPOSED:
                columns.mate[j] = best
                rows.mate[best] = <int32_t>j
    set_greatest(rows)
    set_greatest(columns)


cdef void augment(Side rows, Side columns, Py_ssize_t source, Py_ssize_t j) noexcept nogil:
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


cdef int cover(Side rows, Side columns, Py_ssize_t source, vector[Edge]& edges,
               vector[Entry]& heap, vector[int32_t]& seen) except -1 nogil:
    """Cover the row source along a shortest path of listed edges, and keep the duals feasible.

    The heap has -distance first, since push_heap keeps the greatest on top.
    """
    cdef Py_ssize_t i = source, j, k
    cdef Py_ssize_t last_row = -1, last_column = -1
    cdef int32_t e
    cdef double reached = 0, best = INFINITY, further
    cdef Entry entry
    heap.clear()
    seen.clear()
    rows.distance[source] = 0
    while True:
        further = reached + fmax(0, rows.to_diagonal[i] - rows.dual[i])
        if further < best:
            best = further
            last_row = i
            last_column = -1
        e = rows.first[i]
        while e >= 0:
            j = edges[e].end[columns.which]
            # Rounding may leave a reduced cost just below zero.
            further = reached + fmax(0, edges[e].cost - rows.dual[i] - columns.dual[j])
            e = edges[e].next[rows.which]
            if further >= best or further >= columns.distance[j]:
                continue
            if columns.distance[j] == INFINITY:
                seen.push_back(<int32_t>j)
            columns.distance[j] = further
            columns.via[j] = <int32_t>i
            if columns.mate[j] < 0:
                best = further
                last_column = j
            else:
                entry.first = -further
                entry.second = <int32_t>j
                heap.push_back(entry)
                push_heap(heap.begin(), heap.end())
        while not heap.empty() and -heap.front().first > columns.distance[heap.front().second]:
            pop_heap(heap.begin(), heap.end())
            heap.pop_back()
        if heap.empty() or -heap.front().first >= best:
            break
        j = heap.front().second
        reached = columns.distance[j]
        pop_heap(heap.begin(), heap.end())
        heap.pop_back()
        i = columns.mate[j]
        rows.distance[i] = reached
    raise_dual(rows, source, best)
    rows.distance[source] = INFINITY
    for k in range(<Py_ssize_t>seen.size()):
        j = seen[k]
        columns.distance[j] = INFINITY
        i = columns.mate[j]
        if i >= 0 and rows.distance[i] < INFINITY:
            columns.dual[j] -= best - rows.distance[i]
            raise_dual(rows, i, best - rows.distance[i])
            rows.distance[i] = INFINITY
    if last_column >= 0:
        augment(rows, columns, source, last_column)
        return 0
    j = rows.mate[last_row]
    rows.mate[last_row] = DIAGONAL
    if last_row != source:
        augment(rows, columns, source, j)
    return 0


cdef Py_ssize_t settle(Side rows, Side columns, Py_ssize_t i, Metric metric, vector[Edge]& edges,
                       vector[Entry]& heap, vector[int32_t]& seen) except -1 nogil:
    """Cover row i, also by edges that are not listed yet; return how much there was to do."""
    cdef Py_ssize_t found, lost, n_steps = 0
    while True:
        found = price(rows, columns, i, metric, edges)
        lost = -1
        if found:
            lost = rows.mate[i]
            if lost >= 0:
                columns.mate[lost] = EXPOSED
            rows.mate[i] = EXPOSED
        if rows.mate[i] == EXPOSED:
            cover(rows, columns, i, edges, heap, seen)
            n_steps += 1
        if lost >= 0 and columns.mate[lost] == EXPOSED:
            cover(columns, rows, lost, edges, heap, seen)
        if found == 0:
            return n_steps


cdef bint on_a_line(Side rows, Side columns) noexcept nogil:
    """Tell whether all births are equal, as in PD_0 of points, and the table is not too large."""
    return (
        rows.n > 0 and columns.n > 0 and rows.n * columns.n <= LINE_CELLS
        and fmin(rows.low_x[1], columns.low_x[1]) == fmax(rows.high_x[1], columns.high_x[1])
    )


cdef int sort_by_death(Side side, vector[Entry]& order) except -1 nogil:
    cdef Py_ssize_t i
    order.resize(side.n)
    for i in range(side.n):
        order[i].first = side.y[i]
        order[i].second = <int32_t>i
        side.mate[i] = DIAGONAL
    sort(order.begin(), order.end())
    return 0


cdef int match_line(Side rows, Side columns, Metric metric) except -1 nogil:
    """Match points on a line, of which those that have mates keep their order.

    Costs are convex in the difference of deaths, so uncrossing two edges never costs more. Then a
    table of the first rows and columns has all that is needed, as for the distance of two texts.
    """
    cdef Py_ssize_t i, j, m = columns.n
    cdef int32_t r, c
    cdef double pair_cost, alone, total
    cdef vector[Entry] row_order, column_order
    cdef vector[double] least
    cdef vector[char] choice
    cdef char chosen
    sort_by_death(rows, row_order)
    sort_by_death(columns, column_order)
    least.resize(2 * (m + 1))
    choice.resize(rows.n * m)
    cdef double* before = least.data()
    cdef double* after = before + m + 1
    before[0] = 0
    for j in range(m):
        before[j + 1] = before[j] + columns.to_diagonal[column_order[j].second]
    for i in range(rows.n):
        r = row_order[i].second
        alone = rows.to_diagonal[r]
        after[0] = before[0] + alone
        for j in range(m):
            c = column_order[j].second
            pair_cost = cost_of(0, rows.y[r] - columns.y[c], metric)
            total = before[j] + pair_cost
            chosen = MATCH
            if before[j + 1] + alone < total:
                total = before[j + 1] + alone
                chosen = ROW_ALONE
            if after[j] + columns.to_diagonal[c] < total:
                total = after[j] + columns.to_diagonal[c]
                chosen = COLUMN_ALONE
            choice[i * m + j] = chosen
            after[j + 1] = total
        before, after = after, before
    i = rows.n - 1
    j = m - 1
    while i >= 0 and j >= 0:
        chosen = choice[i * m + j]
        if chosen == MATCH:
            rows.mate[row_order[i].second] = column_order[j].second
            columns.mate[column_order[j].second] = row_order[i].second
        i -= chosen != COLUMN_ALONE
        j -= chosen != ROW_ALONE
    return 0


cdef int match_all(Side rows, Side columns, Metric metric) except -1 nogil:
    """Match with the least sum of costs."""
    cdef vector[Edge] edges
    cdef vector[Entry] heap
    cdef vector[int32_t] seen
    cdef Py_ssize_t i, n_steps = 1
    if on_a_line(rows, columns):
        return match_line(rows, columns, metric)
    list_nearest(rows, columns, metric, edges)
    list_nearest(columns, rows, metric, edges)
    start_duals(rows, columns, edges)
    while n_steps:
        n_steps = 0
        for i in range(rows.n):
            n_steps += settle(rows, columns, i, metric, edges, heap, seen)
        for i in range(columns.n):
            if columns.mate[i] == EXPOSED:
                n_steps += settle(columns, rows, i, metric, edges, heap, seen)
    return 0


# --------------------------------------------------------------------------------------------------
# Bottleneck
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
                distance = cost_of(x - side.x[j], y - side.y[j], metric)
                if distance < best.first:
                    best.first = distance
                    best.second = <int32_t>j
    return best


cdef inline void hide(Side side, Py_ssize_t j, int32_t via) noexcept nogil:
    """Mark column j as reached from the row via; -1 shows it again."""
    cdef int32_t node = side.leaf[j], step = 1 if via >= 0 else -1
    side.via[j] = via
    while node:
        side.n_hidden[node] += step
        node //= 2


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


cdef double least_threshold(Side rows, Side columns, Metric metric) noexcept nogil:
    """Return the greatest distance from a row to the nearest place that it can go to."""
    cdef Py_ssize_t i
    cdef double threshold = 0
    for i in range(rows.n):
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


cdef bint descend(Side rows, Side columns, Py_ssize_t source, double limit, Metric metric,
                  vector[int32_t]& path, vector[int32_t]& seen) except -1 nogil:
    """Cover the row source by a path with steps below limit, if there is one of visible columns."""
    cdef Entry entry
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
        entry = nearest_visible(columns, rows.x[i], rows.y[i], limit, metric)
        j = entry.second
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
    """Cover rows by steps of at most threshold; return one that can't be, or -1.

    As in Hopcroft and Karp, the searches of one round share the columns that they hide.
    """
    cdef Py_ssize_t i, e, left
    cdef double limit = nextafter(threshold, INFINITY)
    cdef bint progress = True
    while progress:
        progress = False
        left = -1
        seen.clear()
        for i in range(rows.n):
            if rows.mate[i] < 0 and rows.to_diagonal[i] >= limit:
                if descend(rows, columns, i, limit, metric, path, seen):
                    progress = True
                else:
                    left = i
        for e in range(<Py_ssize_t>seen.size()):
            hide(columns, seen[e], -1)
        if left < 0:
            break
    return left


cdef double narrow_side(Side rows, Side columns, double threshold, Metric metric,
                        vector[Entry]& heap, vector[int32_t]& path,
                        vector[int32_t]& seen) except -1 nogil:
    """Cover all rows, raising the threshold where there is no other way; return it."""
    cdef Py_ssize_t left = cover_within(rows, columns, threshold, metric, path, seen)
    while left >= 0:
        threshold = widen(rows, columns, left, threshold, metric, heap, seen)
        left = cover_within(rows, columns, threshold, metric, path, seen)
    return threshold


cdef int narrow(Side rows, Side columns, Metric metric) except -1 nogil:
    """Match with the least greatest distance."""
    cdef vector[Entry] heap
    cdef vector[int32_t] path, seen
    cdef double threshold
    show_all(rows)
    show_all(columns)
    threshold = fmax(
        least_threshold(rows, columns, metric), least_threshold(columns, rows, metric)
    )
    threshold = narrow_side(rows, columns, threshold, metric, heap, path, seen)
    narrow_side(columns, rows, threshold, metric, heap, path, seen)
    return 0


# --------------------------------------------------------------------------------------------------
# Python
# --------------------------------------------------------------------------------------------------

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


cdef int match(Side rows, Side columns, const double[:, ::1] first,
               const double[:, ::1] second, Metric metric, bint bottleneck) except? -9999 nogil:
    """Match two diagrams; return the exponent of their scale."""
    cdef int exponent = scale_of(first, second)
    rows.which = 0
    columns.which = 1
    build(rows, first, exponent, metric)
    build(columns, second, exponent, metric)
    if bottleneck:
        narrow(rows, columns, metric)
    else:
        match_all(rows, columns, metric)
    return exponent


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
                &total, cost_of(rows.x[i] - columns.x[j], rows.y[i] - columns.y[j], metric),
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
