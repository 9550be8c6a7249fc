"""Matchings of two diagrams with the least sum of costs: p-Wasserstein.

What is matched
    Points of two diagrams, in the plane. Each goes to a point of the other diagram at the cost
    c_ij, their distance to the power p, or to the diagonal at the cost a_i or b_j.

How, and why it is correct
    Rows are the points of the first diagram, columns those of the second. Each has a dual, a
    number: y_i <= a_i for a row, w_j <= b_j for a column, and y_i + w_j <= c_ij. Every matching
    costs at least sum(y) + sum(w). It costs just that, and is optimal, if it uses *tight* costs
    only, those for which equality holds. A point is *covered* when it has a mate or goes to the
    diagonal at a tight cost, else it is exposed. Points are covered one after the other along
    shortest alternating paths of the reduced costs c_ij - y_i - w_j (Jonker and Volgenant). A path
    ends at an exposed point, at one that leaves the diagonal, or by going to the diagonal, so no
    copies of the diagonal are needed.

    The first duals come from a coarser problem, that of every third row and column, which is
    solved in the same way. Then w_j = min(b_j, c_ij - y_i over the coarse rows i), y_i =
    min(a_i, c_ij - w_j over all columns j), and last w_j in the same way over all rows.

    Edges with c_ij >= a_i + b_j are never better than the diagonal. Of the others only those with
    the least reduced costs are listed at first. They are found with a k-d tree, whose nodes store
    the greatest dual of their points. So are, later, edges with y_i + w_j > c_ij that are not
    listed yet (pricing). These are listed, and their row is covered again before the next row is
    priced, which so meets the new duals. A round over all points that finds no such edge proves the
    matching optimal.

    Where every point is nearly as good a mate as any other, the lists grow long. When the searches
    have looked at more points and edges than a dense matrix has cells, `dense_matching.pyx`
    continues from the duals found.

    Where all births are equal, as in PD_0 of points, the points lie on a line, and some optimal
    matching keeps their order. A table of n m cells finds it, where searches would be long.

Complexity
    O(n k) memory for k nearest neighbours; a dense matrix has up to 2^24 cells, and where there
    would be more, pricing may list all edges. n searches of O(n k log n) at worst, and in practice
    local ones. On a line O(n m), one byte for each cell.

Papers
    Jonker, Volgenant, A shortest augmenting path algorithm for dense and sparse linear assignment
    problems, 1987. Kerber, Morozov, Nigmetov, Geometry helps to compare persistence diagrams, 2017.
"""

from libc.math cimport INFINITY, fmax, fmin
from ..._utils.signals cimport check_signals_every
from libc.stdint cimport int32_t
from libcpp.algorithm cimport pop_heap, push_heap, sort
from libcpp.vector cimport vector

from .dense_matching cimport match_dense
from .plane_tree cimport (
    DIAGONAL,
    EXPOSED,
    LEAF,
    ROUNDING,
    STACK,
    Entry,
    POINTS_BETWEEN_SIGNALS,
    Metric,
    Side,
    augment,
    box_cost,
    build,
    cost_of,
    leaf_begin,
)

cdef enum:
    FEW = 100           # points of both sides that need no coarser problem
    COARSER = 3         # points for each one of the coarser problem
    DENSE_CELLS = 1 << 24   # of a dense matrix, at the most
    HARD = 2            # points and edges looked at, for each of its cells, that are too many
    NEIGHBOURS = 10     # edges per point to start with
    PRICED = 8          # edges per point that one round of pricing adds, at most NEIGHBOURS
    LINE_CELLS = 1 << 28    # bytes of the table of a line, at the most
    MATCH = 0
    ROW_ALONE = 1
    COLUMN_ALONE = 2

# An edge has to be better by more than the rounding of its duals to join.
cdef double PRICE_TOLERANCE = 1e-13


cdef struct Edge:
    int32_t[2] end      # a row and a column
    int32_t[2] next     # edges at the same row, and at the same column; -1 after the last
    double cost


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


cdef void find_best(Side columns, double x, double y, double reach, int32_t size, Metric metric,
                    Candidates* best) noexcept nogil:
    """Find the columns with the least reduced costs c - w for a row at (x, y).

    At most size of them, and only those with c - b < reach, which the diagonal does not beat.
    """
    cdef Py_ssize_t[STACK] stack
    cdef double[STACK] bound
    cdef int32_t k
    cdef Py_ssize_t j, node, depth = 1, left
    cdef double limit = INFINITY, of_left, of_right, cost, key
    best.n = 0
    stack[0] = 1
    bound[0] = -INFINITY
    while depth:
        depth -= 1
        node = stack[depth]
        if best.n == size:
            limit = best.key[size - 1]
        if bound[depth] >= limit:
            continue
        if node < columns.n_leaves:
            left = 2 * node
            of_left = (box_cost(columns, left, x, y, metric) * (1 + ROUNDING)
                       - columns.greatest[left])
            of_right = (box_cost(columns, left + 1, x, y, metric) * (1 + ROUNDING)
                        - columns.greatest[left + 1])
            k = of_left < of_right              # the better one is looked at first
            stack[depth] = left + k
            bound[depth] = of_right if k else of_left
            stack[depth + 1] = left + 1 - k
            bound[depth + 1] = of_left if k else of_right
            depth += 2
            continue
        columns.work += LEAF
        for j in range(leaf_begin(columns, node - columns.n_leaves),
                       leaf_begin(columns, node - columns.n_leaves + 1)):
            cost = cost_of(x - columns.x[j], y - columns.y[j], metric)
            if cost - columns.to_diagonal[j] < reach:
                key = cost - columns.dual[j]
                if columns.mate[j] == EXPOSED:
                    key -= ROUNDING * cost
                keep_best(best[0], size, <int32_t>j, cost, key)


cdef int list_nearest(Side rows, Side columns, Metric metric, vector[Edge]& edges) except -1 nogil:
    """Set the greatest duals of rows that those of columns allow, and list their tightest edges.

    Rows are covered by tight edges to exposed columns. Of equal edges these come first; else many
    equal rows would list the same few columns.
    """
    cdef Candidates best
    cdef Py_ssize_t i
    cdef int32_t j, k
    cdef double dual
    for i in range(rows.n):
        find_best(columns, rows.x[i], rows.y[i], rows.to_diagonal[i], NEIGHBOURS, metric, &best)
        dual = rows.to_diagonal[i]
        rows.mate[i] = DIAGONAL
        for k in range(best.n):
            j = best.point[k]
            if best.cost[k] - columns.dual[j] < dual:
                dual = best.cost[k] - columns.dual[j]
                rows.mate[i] = EXPOSED
            if not is_listed(rows, i, j, edges):
                list_edge(rows, columns, i, j, best.cost[k], edges)
        rows.dual[i] = dual
        rows.distance[i] = INFINITY
        for k in range(best.n):
            j = best.point[k]
            if (rows.mate[i] == EXPOSED and columns.mate[j] == EXPOSED
                    and best.cost[k] - columns.dual[j] - dual <= ROUNDING * best.cost[k]):
                rows.mate[i] = j
                columns.mate[j] = <int32_t>i
    set_greatest(rows)
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
    """Raise a dual, and the bounds of the boxes around it, which a lower dual leaves valid."""
    cdef int32_t node = side.leaf[i]
    cdef double dual = side.dual[i] + step
    side.dual[i] = dual
    while node and side.greatest[node] < dual:
        side.greatest[node] = dual
        node //= 2


cdef int32_t price(Side rows, Side columns, Py_ssize_t i, Metric metric,
                   vector[Edge]& edges) except -1 nogil:
    """List edges of row i whose duals sum to more than their cost; return how many.

    Its dual is then lowered until it is feasible. Of equal edges those to columns without a mate
    come first; else many equal rows would list the same few columns.
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
        columns.work += LEAF
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
# Duals to start with
# --------------------------------------------------------------------------------------------------

cdef int take_every(Side side, Metric metric) except -1 nogil:
    """Lay out every so many points of a side as a side of its own, the coarse one."""
    cdef Py_ssize_t i, n = (side.n + COARSER - 1) // COARSER
    cdef vector[double] points
    points.resize(2 * n)
    for i in range(n):
        points[2 * i] = side.x[COARSER * i]
        points[2 * i + 1] = side.y[COARSER * i]
    if side.coarse is None:
        with gil:
            side.coarse = Side()
    side.coarse.which = side.which
    return build(side.coarse, points.data(), n, 0, metric)


cdef int coarse_duals(Side rows, Side columns, Metric metric) except -1 nogil:
    """Set the duals of columns to what those of a coarser problem allow."""
    cdef Candidates best
    cdef Py_ssize_t j
    if rows.n + columns.n < FEW:
        for j in range(columns.n):
            columns.dual[j] = 0
    else:
        take_every(rows, metric)
        take_every(columns, metric)
        match_plane(rows.coarse, columns.coarse, metric)
        set_greatest(rows.coarse)
        for j in range(columns.n):
            columns.dual[j] = columns.to_diagonal[j]
            find_best(rows.coarse, columns.x[j], columns.y[j], INFINITY, 1, metric, &best)
            if best.n and best.key[0] < columns.dual[j]:
                columns.dual[j] = best.key[0]
    for j in range(columns.n):
        columns.mate[j] = DIAGONAL      # none is exposed, which find_best would prefer
    set_greatest(columns)
    return 0


# --------------------------------------------------------------------------------------------------
# Paths
# --------------------------------------------------------------------------------------------------

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
            columns.work += 1
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


# --------------------------------------------------------------------------------------------------
# Points on a line
# --------------------------------------------------------------------------------------------------

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


# --------------------------------------------------------------------------------------------------
# All of it
# --------------------------------------------------------------------------------------------------

cdef inline bint is_hard(Side rows, Side columns) noexcept nogil:
    """Tell whether a dense matrix would have been less work than the searches so far."""
    return (
        rows.n * columns.n <= DENSE_CELLS
        and rows.work + columns.work > HARD * rows.n * columns.n
    )


cdef int match_plane(Side rows, Side columns, Metric metric) except -1 nogil:
    """Match, and leave duals that prove it."""
    cdef vector[Edge] edges
    cdef vector[Entry] heap
    cdef vector[int32_t] seen
    cdef Py_ssize_t i, n_steps = 1
    coarse_duals(rows, columns, metric)
    rows.work = columns.work = 0
    list_nearest(rows, columns, metric, edges)
    list_nearest(columns, rows, metric, edges)
    if is_hard(rows, columns):
        return match_dense(rows, columns, metric)
    while n_steps:
        n_steps = 0
        for i in range(rows.n):
            check_signals_every(POINTS_BETWEEN_SIGNALS, i)
            n_steps += settle(rows, columns, i, metric, edges, heap, seen)
            if is_hard(rows, columns):
                return match_dense(rows, columns, metric)
        for i in range(columns.n):
            check_signals_every(POINTS_BETWEEN_SIGNALS, i)
            if columns.mate[i] == EXPOSED:
                n_steps += settle(columns, rows, i, metric, edges, heap, seen)
    return 0


cdef int match_by_sum(Side rows, Side columns, Metric metric) except -1 nogil:
    """Match with the least sum of costs."""
    if on_a_line(rows, columns):
        return match_line(rows, columns, metric)
    return match_plane(rows, columns, metric)
