"""Exact proximal operators of penalties on the weights of a linear model.

What is computed
    prox(y) = argmin_x 1/2 |x - y|^2 + step * P(x), row by row of a batch, in double precision, for

    - clusters: P(x) = sum of all but the k - 1 largest gaps of sorted x, the total length of PD_0
      of the weak Alpha filtration of the weights without its k - 1 longest finite classes;
    - steps: P(x) = sum_t up_t (x_{t+1} - x_t)_+ + down_t (x_t - x_{t+1})_+, total variation if all
      weights are the same.

    The first is not convex. Its global minimum is found all the same: P is the least of a family of
    convex functions, which dynamic programming searches. Maxima are in maxima.pyx.

Clusters
    P is the least sum of ranges over partitions into k groups, and some optimal groups are
    contiguous in sorted y. The cost of one group y_i..y_j is that of the proximal operator of the
    range, which clips. Let lo_i be the level at which sum (lo_i - y)_+ over the group is `step`,
    and hi_j the one at which sum (y - hi_j)_+ is. Then x = clip(y, lo_i, hi_j) if lo_i < hi_j, and
    the mean otherwise. lo_i does not depend on j, nor hi_j on i, so two pointers and prefix sums
    give every cost in O(1) after O(n).
    Proved: the cost c satisfies the quadrangle inequality c(a, c) + c(b, d) <= c(a, d)
    + c(b, c) for a <= b <= c <= d, hence divide and conquer over the last group is exact, O(k n log
    n). (Let [l, u] and [l', u'] be the optimal intervals of a..d and b..c. If l <= u' and l' <= u,
    clip a..c to [l, u'] and b..d to [l', u]. Elements after c then have the lower bound l' instead
    of l, elements before b the upper bound u' instead of u. Neither bound changes them, because
    l' <= y_c and u' >= y_b. If u' < l, clip a..c to [l', u'] and keep the old values on b..d:
    elements before b, at most u', come closer. The case u < l' is its mirror image.)

Steps
    Johnson's dynamic programme: the derivative of M(x), the least cost of a prefix that ends at
    height x, is an increasing piecewise linear function. A step clips it to [-down, up], which
    removes knots for good. O(n).

Papers
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, section 3.1 (the
    penalties).
    Johnson, A dynamic programming algorithm for the fused lasso and L0-segmentation, 2013.
"""

from libc.math cimport INFINITY
from libc.stdint cimport int32_t, uint32_t
from libcpp.algorithm cimport nth_element

from ..._utils.signals cimport check_signals
from ..._utils.sorting cimport argsort

cdef enum:
    PATIENCE = 1 << 24      # costs of groups between two checks for Ctrl-C
    MAX_STATES = 1 << 30    # begins of groups that are remembered: 4 GiB
    FEW_GAPS = 16           # largest gaps that are kept in order; more are selected


cdef int check_rows(const double[:, ::1] values, const double[::1] step, Py_ssize_t k,
                    double[:, ::1] out) except -1:
    """Raise ValueError if rows are empty or shapes differ, so that no loop leaves its arrays."""
    if (values.shape[1] == 0 or k < 1 or step.shape[0] != values.shape[0]
            or out.shape[0] != values.shape[0] or out.shape[1] != values.shape[1]):
        raise ValueError("values must have columns, step as many entries as values has rows, out "
                         "the shape of values, and k be at least 1")
    return 0


# --------------------------------------------------------------------------------------------------
# Clusters
# --------------------------------------------------------------------------------------------------

cdef struct Groups:
    # All arrays belong to sorted, centred y; sums are over its first i entries.
    double* y
    double* sum
    double* square
    double* low         # lo_i
    double* high        # hi_j
    double* below       # cost of clipping at lo_i a group that begins at i, minus step * lo_i
    double* above       # cost of clipping at hi_j a group that ends at j, plus step * hi_j
    Py_ssize_t work     # costs since the last check for Ctrl-C


cdef inline double group_cost(const Groups& g, Py_ssize_t i, Py_ssize_t j) noexcept nogil:
    """min over x of 1/2 |x - y|^2 + step * range(x), for the group y_i..y_j."""
    cdef double total
    if g.low[i] < g.high[j]:
        return g.below[i] + g.above[j]
    total = g.sum[j + 1] - g.sum[i]
    return 0.5 * (g.square[j + 1] - g.square[i] - total * total / (j + 1 - i))


cdef void fill_levels(const Groups& g, Py_ssize_t n, double step) noexcept nogil:
    """Compute prefix sums and, by two pointers from either side, both levels for every end."""
    cdef Py_ssize_t i, m
    cdef double total, square
    g.sum[0] = 0
    g.square[0] = 0
    for i in range(n):
        g.sum[i + 1] = g.sum[i] + g.y[i]
        g.square[i + 1] = g.square[i] + g.y[i] * g.y[i]
    m = 0
    for i in range(n):
        m = max(m, i + 1)
        while m < n and (m - i) * g.y[m] - (g.sum[m] - g.sum[i]) < step:
            m += 1
        total = g.sum[m] - g.sum[i]
        square = g.square[m] - g.square[i]
        g.low[i] = (step + total) / (m - i)
        g.below[i] = (0.5 * ((m - i) * g.low[i] * g.low[i] - 2 * g.low[i] * total + square)
                      - step * g.low[i])
    m = n
    for i in range(n - 1, -1, -1):
        m = min(m, i)
        while m > 0 and (g.sum[i + 1] - g.sum[m]) - (i + 1 - m) * g.y[m - 1] < step:
            m -= 1
        total = g.sum[i + 1] - g.sum[m]
        square = g.square[i + 1] - g.square[m]
        g.high[i] = (total - step) / (i + 1 - m)
        g.above[i] = (0.5 * (square - 2 * g.high[i] * total + (i + 1 - m) * g.high[i] * g.high[i])
                      + step * g.high[i])


cdef inline double last_group(Groups& g, const double* before, Py_ssize_t end,
                              Py_ssize_t first, Py_ssize_t last,
                              int32_t* begin) except? -1 nogil:
    """Best cost of y[:end] whose last group begins in first..last, and where it begins."""
    cdef Py_ssize_t i
    cdef double cost, best = INFINITY
    g.work += last - first
    if g.work > PATIENCE:
        g.work = 0
        check_signals()
    begin[0] = <int32_t>first
    for i in range(first, last + 1):
        cost = before[i] + group_cost(g, i, end - 1)
        if cost < best:
            best = cost
            begin[0] = <int32_t>i
    return best


cdef int divide(Groups& g, const double* before, double* after, int32_t* begin,
                Py_ssize_t end_first, Py_ssize_t end_last, Py_ssize_t first,
                Py_ssize_t last) except -1 nogil:
    """Add a group: after[end] for end_first..end_last, whose last groups begin in first..last."""
    cdef Py_ssize_t middle
    while end_first <= end_last:
        middle = (end_first + end_last) // 2
        after[middle] = last_group(g, before, middle, first, min(last, middle - 1), begin + middle)
        divide(g, before, after, begin, end_first, middle - 1, first, begin[middle])
        first = begin[middle]
        end_first = middle + 1
    return 0


cdef int refuse(Py_ssize_t n, Py_ssize_t k) except -1 nogil:
    with gil:
        raise MemoryError(
            f"the proximal operator of {k} clusters of {n} weights takes "
            f"{(k + 1) * (n + 1) >> 28} GiB; fewer clusters take less"
        )


cdef double clusters_row(const double* values, Py_ssize_t n, double step, Py_ssize_t k, double* out,
                         ClustersScratch& s) except -1 nogil:
    """Write the proximal point of one row to out; return its penalty, the sum of ranges."""
    cdef Groups g
    cdef Py_ssize_t i, j, c, m
    cdef double mean = 0, level, ranges = 0, factor
    cdef double* before
    cdef double* after
    if k >= n:                  # all weights are free
        for i in range(n):
            out[i] = values[i]
        return 0
    if k + 1 > MAX_STATES // (n + 1):
        refuse(n, k)
    g.work = 0
    s.groups.grow(9 * (n + 1))
    s.begin.grow((k + 1) * (n + 1))
    s.copy.grow(n)
    for i in range(n):
        s.copy[i] = values[i]
        mean += values[i] / n
    argsort(s.copy, s.order, s.spare, n)
    factor = safe_factor(values[<uint32_t>s.order[0]], values[<uint32_t>s.order[n - 1]])
    g.y = s.groups.data()
    g.sum = g.y + n + 1
    g.square = g.sum + n + 1
    g.low = g.square + n + 1
    g.high = g.low + n + 1
    g.below = g.high + n + 1
    g.above = g.below + n + 1
    before = g.above + n + 1
    after = before + n + 1
    for i in range(n):
        # Centred, against cancellation in the sums.
        g.y[i] = factor * (values[<uint32_t>s.order[i]] - mean)
    # A larger step would change nothing.
    step = min(factor * step, 2 * n * (g.y[n - 1] - g.y[0]))
    fill_levels(g, n, step)
    for j in range(1, n + 1):
        before[j] = group_cost(g, 0, j - 1)
        s.begin[n + 1 + j] = 0
    for c in range(2, k + 1):
        if c < k:
            divide(g, before, after, s.begin.data() + c * (n + 1), c, n, c - 1, n - 1)
            before, after = after, before
        else:
            last_group(g, before, n, c - 1, n - 1, s.begin.data() + c * (n + 1) + n)
    j = n
    for c in range(k, 0, -1):
        i = s.begin[c * (n + 1) + j]
        level = (g.sum[j] - g.sum[i]) / (j - i)
        ranges += max(g.high[j - 1] - g.low[i], 0.0)
        for m in range(i, j):
            if g.low[i] < g.high[j - 1]:
                level = min(max(g.y[m], g.low[i]), g.high[j - 1])
            out[<uint32_t>s.order[m]] = level / factor + mean
        j = i
    return ranges / factor


cdef double clusters_value(const double* values, Py_ssize_t n, Py_ssize_t k,
                           ClustersScratch& s) except -1 nogil:
    """Return the range without the k - 1 largest gaps."""
    cdef Py_ssize_t i, j, kept = k - 1
    cdef double gap, total = 0
    if k >= n:
        return 0
    s.copy.grow(n)
    for i in range(n):
        s.copy[i] = values[i]
    argsort(s.copy, s.order, s.spare, n)
    if kept > FEW_GAPS:
        s.gaps.grow(n - 1)
        for i in range(n - 1):
            s.gaps[i] = values[<uint32_t>s.order[i + 1]] - values[<uint32_t>s.order[i]]
        nth_element(s.gaps.data(), s.gaps.data() + (n - 1 - kept), s.gaps.data() + (n - 1))
        for i in range(n - 1 - kept):
            total += s.gaps[i]
        return total
    s.gaps.grow(kept + 1)
    for i in range(kept):
        s.gaps[i] = 0
    for i in range(n - 1):
        gap = values[<uint32_t>s.order[i + 1]] - values[<uint32_t>s.order[i]]
        j = kept
        while j > 0 and s.gaps[j - 1] < gap:      # gaps[:kept] are the largest so far, falling
            s.gaps[j] = s.gaps[j - 1]
            j -= 1
        if j < kept:
            total += s.gaps[kept]
            s.gaps[j] = gap
        else:
            total += gap
    return total


def prox_clusters(const double[:, ::1] values, const double[::1] step, Py_ssize_t k,
                  double[:, ::1] out):
    """Shrink all but the k - 1 largest gaps of each row: global minimum, O(k n log n).

    Parameters
    ----------
    values : (n_rows, n) float64, finite, n of at least 1
    step : (n_rows,) float64, not negative
    k : int, at least 1
    out : (n_rows, n) float64
        Written. May be values itself.
    """
    cdef ClustersScratch s
    cdef Py_ssize_t i
    check_rows(values, step, k, out)
    with nogil:
        for i in range(values.shape[0]):
            clusters_row(&values[i, 0], values.shape[1], step[i], k, &out[i, 0], s)


# --------------------------------------------------------------------------------------------------
# Steps
# --------------------------------------------------------------------------------------------------

cdef int steps_row(const double* y, Py_ssize_t n, const double* up, const double* down, double* out,
                   StepsScratch& s) except -1 nogil:
    cdef Py_ssize_t t, head = n, tail = n       # knots[head:tail], by x
    cdef double a_left = 1, b_left = -y[0], a_right = 1, b_right = -y[0], x
    cdef double* low
    cdef double* high
    s.knots.grow(2 * n + 2)
    s.bounds.grow(2 * n)
    low = s.bounds.data()
    high = low + n
    for t in range(n - 1):
        x = (-down[t] - b_left) / a_left
        while head < tail and s.knots[head].x < x:
            a_left += s.knots[head].a
            b_left += s.knots[head].b
            head += 1
            x = (-down[t] - b_left) / a_left
        low[t] = x
        x = (up[t] - b_right) / a_right
        while head < tail and s.knots[tail - 1].x > x:
            tail -= 1
            a_right -= s.knots[tail].a
            b_right -= s.knots[tail].b
            x = (up[t] - b_right) / a_right
        high[t] = x
        head -= 1
        s.knots[head].x = low[t]
        s.knots[head].a = a_left
        s.knots[head].b = b_left + down[t]
        s.knots[tail].x = high[t]
        s.knots[tail].a = -a_right
        s.knots[tail].b = up[t] - b_right
        tail += 1
        a_left = 1
        b_left = -down[t] - y[t + 1]
        a_right = 1
        b_right = up[t] - y[t + 1]
    x = -b_left / a_left
    while head < tail and s.knots[head].x < x:
        a_left += s.knots[head].a
        b_left += s.knots[head].b
        head += 1
        x = -b_left / a_left
    out[n - 1] = x
    for t in range(n - 2, -1, -1):
        out[t] = min(max(out[t + 1], low[t]), high[t])
    return 0


def prox_steps(const double[:, ::1] values, const double[:, ::1] up, const double[:, ::1] down,
               double[:, ::1] out):
    """Shrink the steps of each row, up and down with their own weights: O(n).

    Parameters
    ----------
    values : (n_rows, n) float64, finite, n of at least 1
    up, down : (n_rows, n) float64, not negative
        Cost of each unit by which step t, from t to t + 1, rises or falls. The last column is
        not read.
    out : (n_rows, n) float64
        Written. Not values itself.
    """
    cdef StepsScratch s
    cdef Py_ssize_t i
    if not (values.shape[1] and values.shape[0] == up.shape[0] == down.shape[0] == out.shape[0]
            and values.shape[1] == up.shape[1] == down.shape[1] == out.shape[1]):
        raise ValueError("values must have columns, and up, down and out its shape")
    with nogil:
        for i in range(values.shape[0]):
            steps_row(&values[i, 0], values.shape[1], &up[i, 0], &down[i, 0], &out[i, 0], s)
