"""Matchings with the least sum of costs, from a dense matrix of costs.

What is matched
    As in `wasserstein.pyx`, where duals, tight costs and exposed points are defined. It calls this
    where lists of near points are long: in tight clusters far from each other every point is nearly
    as good a mate as any other. It gives feasible duals of the columns, and mates.

How, and why it is correct
    The dual of each row is raised until one of its costs is tight; mates that are not tight are
    separated. Then trees of shortest paths grow from all exposed rows at once. A tree is done when
    it reaches an exposed column. When all trees are done, or going to the diagonal is shorter for
    some point, the duals change so that the paths in the trees become tight, and the matching is
    augmented along one path of every tree that is done (Hopcroft and Karp's idea, in the
    primal-dual method). When only few trees of a round get done, the rest grow one by one.
    Reduced costs stay at least zero, and are zero at all mates: the matching is optimal.

Complexity
    O(n m) memory, O(n m) for each round of trees, and at most one round for each point.

Paper
    Jonker, Volgenant, A shortest augmenting path algorithm for dense and sparse linear assignment
    problems, 1987. Hopcroft, Karp, An n^(5/2) algorithm for maximum matchings in bipartite graphs,
    1973.
"""

from libc.math cimport INFINITY, fmin
from ..._utils.signals cimport check_signals_every
from libc.stdint cimport int32_t, int64_t
from libcpp.vector cimport vector

from .plane_tree cimport (
    DIAGONAL, EXPOSED, POINTS_BETWEEN_SIGNALS, ROUNDING, Metric, Side, augment, cost_of
)

cdef extern from "dense_rows.h" nogil:
    double offer_row(const double* cost, const double* dual, double base, double least,
                     int64_t row, Py_ssize_t n, double* distance, int64_t* via)

cdef enum:
    WORTHWHILE = 8      # trees grow together while one in so many reaches an exposed column


cdef void expose_loose(Side rows, Side columns, vector[double]& cost) noexcept nogil:
    """Raise the duals of rows as far as those of columns allow; expose rows with a loose mate."""
    cdef Py_ssize_t i
    cdef int32_t mate
    for i in range(rows.n):
        rows.dual[i] = greatest_dual(rows, columns, i, cost)
        mate = rows.mate[i]
        if mate >= 0 and is_loose(rows, columns, i, mate, cost):
            columns.mate[mate] = EXPOSED
            mate = EXPOSED
        if mate < 0:
            rows.mate[i] = DIAGONAL if rows.dual[i] == rows.to_diagonal[i] else EXPOSED


cdef inline bint is_loose(Side rows, Side columns, Py_ssize_t i, Py_ssize_t j,
                          vector[double]& cost) noexcept nogil:
    cdef double price = cost[i * columns.n + j]
    return price - rows.dual[i] - columns.dual[j] > ROUNDING * price


cdef inline double greatest_dual(Side rows, Side columns, Py_ssize_t i,
                                 vector[double]& cost) noexcept nogil:
    cdef Py_ssize_t j
    cdef double dual = rows.to_diagonal[i]
    cdef const double* row = cost.data() + i * columns.n
    for j in range(columns.n):
        dual = fmin(dual, row[j] - columns.dual[j])
    return dual


cdef Py_ssize_t grow_trees(
    Side rows, Side columns,
    const double* cost,
    Py_ssize_t only,            # IN: the row to grow a tree from; -1 for all exposed ones
    vector[double]& distance, vector[double]& open_dual, vector[double]& reached_at,
    vector[int64_t]& via,
) except -1 nogil:
    """Grow trees, change duals, and augment; return how many trees there were for each path."""
    cdef Py_ssize_t i, j, k, m = columns.n, n_trees = 0, n_done = 0, last_row = -1
    cdef double limit = INFINITY, least = INFINITY, reached = 0, slack
    cdef vector[int32_t] ends
    for j in range(m):
        distance[j] = reached_at[j] = INFINITY
        open_dual[j] = columns.dual[j]
    for i in range(rows.n):
        rows.via[i] = -1                # the root of its tree
        if rows.mate[i] == EXPOSED and (only < 0 or only == i):
            n_trees += 1
            rows.via[i] = <int32_t>i
            rows.distance[i] = 0
            slack = rows.to_diagonal[i] - rows.dual[i]
            if slack < limit:
                limit = slack
                last_row = i
            least = offer_row(cost + i * m, open_dual.data(), -rows.dual[i], 0, i, m,
                              distance.data(), via.data())
    while n_done < n_trees and least < limit:
        j = 0
        while distance[j] != least:
            j += 1
        reached = reached_at[j] = least
        # The column is neither offered a distance nor found again.
        distance[j] = INFINITY
        open_dual[j] = -INFINITY
        k = rows.via[via[j]]
        if columns.mate[j] < 0:
            if columns.mate[j] == DIAGONAL:
                limit = reached
                last_row = -1
            if rows.distance[k] == 0:
                rows.distance[k] = -1   # this tree is done
                ends.push_back(<int32_t>j)
                n_done += 1
            least = INFINITY
            for i in range(m):
                least = fmin(least, distance[i])
            continue
        i = columns.mate[j]
        rows.via[i] = <int32_t>k
        rows.distance[i] = reached
        slack = reached + rows.to_diagonal[i] - rows.dual[i]
        if slack < limit:
            limit = slack
            last_row = i
        least = offer_row(cost + i * m, open_dual.data(), reached - rows.dual[i], reached, i, m,
                          distance.data(), via.data())
    if n_done < n_trees and limit < INFINITY:
        reached = limit
    else:
        last_row = -1
    for i in range(rows.n):
        if rows.via[i] >= 0:
            slack = rows.distance[i]
            rows.dual[i] += reached - (slack if slack > 0 else 0)
    for j in range(m):
        if reached_at[j] < reached:
            columns.dual[j] -= reached - reached_at[j]
        columns.via[j] = <int32_t>via[j]
    for k in range(<Py_ssize_t>ends.size()):
        j = ends[k]
        augment(rows, columns, rows.via[via[j]], j)
    if last_row >= 0 and rows.distance[rows.via[last_row]] != -1:
        n_done += 1
        j = rows.mate[last_row]
        rows.mate[last_row] = DIAGONAL
        if j >= 0:
            augment(rows, columns, rows.via[last_row], j)
    return n_trees // n_done if n_done else 0


cdef int cover_rows(Side rows, Side columns, bint mates_are_tight, Metric metric) except -1 nogil:
    """Cover all rows. Columns that have been covered stay so if mates are tight already."""
    cdef vector[double] cost, distance, open_dual, reached_at
    cdef vector[int64_t] via
    cdef Py_ssize_t i, j, n_rounds = 0, ratio = 1
    cost.resize(rows.n * columns.n)
    for i in range(rows.n):
        for j in range(columns.n):
            cost[i * columns.n + j] = cost_of(rows.x[i] - columns.x[j], rows.y[i] - columns.y[j],
                                              metric)
    if not mates_are_tight:
        expose_loose(rows, columns, cost)
    distance.resize(columns.n)
    open_dual.resize(columns.n)
    reached_at.resize(columns.n)
    via.resize(columns.n)
    while 0 < ratio < WORTHWHILE:
        ratio = grow_trees(rows, columns, cost.data(), -1, distance, open_dual, reached_at, via)
        n_rounds += 1
        check_signals_every(POINTS_BETWEEN_SIGNALS, n_rounds)
    for i in range(rows.n):
        check_signals_every(POINTS_BETWEEN_SIGNALS, i)
        if rows.mate[i] == EXPOSED:
            grow_trees(rows, columns, cost.data(), i, distance, open_dual, reached_at, via)
    return 0


cdef int match_dense(Side rows, Side columns, Metric metric) except -1 nogil:
    """Match with the least sum of costs, from mates and duals of columns that are feasible."""
    cover_rows(rows, columns, False, metric)
    cover_rows(columns, rows, True, metric)
    return 0
