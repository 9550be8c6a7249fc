"""Exact proximal operators of penalties on the weights of a linear model.

What is computed
    prox(y) = argmin_x 1/2 |x - y|^2 + step * P(x), row by row of a batch, in double precision, for

    - clusters: P(x) = sum of all but the k - 1 largest gaps of sorted x, the total length of PD_0
      of the weak Alpha filtration of the weights without its k - 1 longest finite classes;
    - maxima: P(x) = sum of all but the k - 1 longest finite classes of PD_0 of the superlevel
      filtration of x on a line;
    - steps: P(x) = sum_t up_t (x_{t+1} - x_t)_+ + down_t (x_t - x_{t+1})_+, total variation if all
      weights are the same.

    The first two are not convex, and yet solved globally, because each is a minimum of convex
    functions over a family that dynamic programming searches.

Clusters
    P is the least sum of ranges over partitions into k groups, and some optimal groups are
    contiguous in sorted y. The cost of one group y_i..y_j is that of the proximal operator of the
    range, which clips: with lo_i the level to which an amount `step` fills the group from below,
    and hi_j from above, x = clip(y, lo_i, hi_j) if lo_i < hi_j and the mean otherwise; lo_i does
    not depend on j nor hi_j on i, so that two pointers and prefix sums give every cost in O(1)
    after O(n).
    Proved: the cost c satisfies the quadrangle inequality c(a, c) + c(b, d) <= c(a, d)
    + c(b, c) for a <= b <= c <= d, hence divide and conquer over the last group is exact, O(k n log
    n). (Let [l, u] and [l', u'] be the optimal intervals of a..d and b..c. If l <= u' and l' <= u,
    clip a..c to [l, u'] and b..d to [l', u]: elements after c now pay for l' instead of l, elements
    before b for u' instead of u, and these new costs are zero because l' <= y_c and u' >= y_b. If
    u' < l, clip a..c to [l', u'] and keep the old values on b..d: elements before b, at most u',
    come closer. The case u < l' is its mirror image.)

Maxima
    P is the least cost over patterns of 2k runs up, down, up, ..., down, where a step against its
    run pays its height. M_s(x), the best cost of a prefix that ends at height x in run s, is a
    minimum of quadratics, kept as a list of pieces; running and pointwise minima keep it such a
    list.
    Proved: the result is a global minimum. Observed only: M_s has few pieces, so that the time is
    O(k n): 0.15 to 0.7 s for 1e5 weights and k = 3, whatever the noise. It can have more where a
    step is much larger than the range (a slow noisy wave, ten times its height: 2.6 s); nothing
    proved bounds their number well.

Steps
    Johnson's dynamic programme: the derivative of the same function M, now convex, is an increasing
    piecewise linear function; a step clips it to [-down, up], which pops knots that are never seen
    again. O(n).

Papers
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, section 3.1 (the
    penalties).
    Johnson, A dynamic programming algorithm for the fused lasso and L0-segmentation,
    2013.
"""

from libc.math cimport INFINITY, fabs, sqrt
from libc.stdint cimport int8_t, int32_t, uint32_t, uint64_t
from libcpp.vector cimport vector

from ..shared.buffer cimport Buffer
from ..shared.sorting cimport argsort


cdef inline double safe_factor(double low, double high) noexcept nogil:
    """Factor by which values between low and high can be squared without over- or underflow."""
    cdef double size = max(fabs(low), fabs(high))
    if size > 1e100:
        return 1e-200
    return 1e200 if size < 1e-100 else 1.0


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
    double* below       # what a group that begins at i pays below lo_i, with its share of the range
    double* above       # what a group that ends at j pays above hi_j


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


cdef inline double last_group(const Groups& g, const double* before, Py_ssize_t end,
                              Py_ssize_t first, Py_ssize_t last, int32_t* begin) noexcept nogil:
    """Best cost of y[:end] whose last group begins in first..last, and where it begins."""
    cdef Py_ssize_t i
    cdef double cost, best = INFINITY
    begin[0] = <int32_t>first
    for i in range(first, last + 1):
        cost = before[i] + group_cost(g, i, end - 1)
        if cost < best:
            best = cost
            begin[0] = <int32_t>i
    return best


cdef void divide(const Groups& g, const double* before, double* after, int32_t* begin,
                 Py_ssize_t end_first, Py_ssize_t end_last, Py_ssize_t first,
                 Py_ssize_t last) noexcept nogil:
    """Add a group: after[end] for end_first..end_last, whose last groups begin in first..last."""
    cdef Py_ssize_t middle
    while end_first <= end_last:
        middle = (end_first + end_last) // 2
        after[middle] = last_group(g, before, middle, first, min(last, middle - 1), begin + middle)
        divide(g, before, after, begin, end_first, middle - 1, first, begin[middle])
        first = begin[middle]
        end_first = middle + 1


cdef double clusters_row(const double* values, Py_ssize_t n, double step, Py_ssize_t k, double* out,
                         Buffer[double]& scratch, Buffer[int32_t]& begin, Buffer[double]& copy,
                         Buffer[uint64_t]& order, Buffer[uint64_t]& spare) except -1 nogil:
    """Write the proximal point of one row to out; return its penalty, the sum of ranges."""
    cdef Groups g
    cdef Py_ssize_t i, j, c, m
    cdef double mean = 0, level, ranges = 0, factor
    cdef double* before
    cdef double* after
    k = min(k, n)
    scratch.grow(9 * (n + 1))
    begin.grow((k + 1) * (n + 1))
    copy.grow(n)
    for i in range(n):
        copy[i] = values[i]
        mean += values[i] / n
    argsort(copy, order, spare, n)
    factor = safe_factor(values[<uint32_t>order[0]], values[<uint32_t>order[n - 1]])
    g.y = scratch.data()
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
        g.y[i] = factor * (values[<uint32_t>order[i]] - mean)
    # A larger step would change nothing.
    step = min(factor * step, 2 * n * (g.y[n - 1] - g.y[0]))
    fill_levels(g, n, step)
    for j in range(1, n + 1):
        before[j] = group_cost(g, 0, j - 1)
        begin[n + 1 + j] = 0
    for c in range(2, k + 1):
        if c < k:
            divide(g, before, after, begin.data() + c * (n + 1), c, n, c - 1, n - 1)
            before, after = after, before
        else:
            last_group(g, before, n, c - 1, n - 1, begin.data() + c * (n + 1) + n)
    j = n
    for c in range(k, 0, -1):
        i = begin[c * (n + 1) + j]
        level = (g.sum[j] - g.sum[i]) / (j - i)
        ranges += max(g.high[j - 1] - g.low[i], 0.0)
        for m in range(i, j):
            if g.low[i] < g.high[j - 1]:
                level = min(max(g.y[m], g.low[i]), g.high[j - 1])
            out[<uint32_t>order[m]] = level / factor + mean
        j = i
    return ranges / factor


cdef double clusters_value(const double* values, Py_ssize_t n, Py_ssize_t k, Buffer[double]& copy,
                           Buffer[double]& gaps, Buffer[uint64_t]& order,
                           Buffer[uint64_t]& spare) except -1 nogil:
    """Return the range without the k - 1 largest gaps."""
    cdef Py_ssize_t i, j, kept = min(k, n) - 1
    cdef double gap, total = 0
    copy.grow(n)
    gaps.grow(kept + 1)
    for i in range(n):
        copy[i] = values[i]
    argsort(copy, order, spare, n)
    for i in range(kept):
        gaps[i] = 0
    for i in range(n - 1):
        gap = values[<uint32_t>order[i + 1]] - values[<uint32_t>order[i]]
        j = kept
        while j > 0 and gaps[j - 1] < gap:      # gaps[:kept] are the largest so far, falling
            gaps[j] = gaps[j - 1]
            j -= 1
        if j < kept:
            total += gaps[kept]
            gaps[j] = gap
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
    cdef Buffer[double] scratch, copy
    cdef Buffer[int32_t] begin
    cdef Buffer[uint64_t] order, spare
    cdef Py_ssize_t i, n = values.shape[1]
    with nogil:
        for i in range(values.shape[0]):
            clusters_row(&values[i, 0], n, step[i], k, &out[i, 0], scratch, begin, copy, order,
                         spare)


# --------------------------------------------------------------------------------------------------
# Maxima
# --------------------------------------------------------------------------------------------------

cdef inline double evaluate(const Piece& q, double x) noexcept nogil:
    return (q.a * x + q.b) * x + q.c


cdef inline Piece level_piece(double c, double slope, double origin, int32_t run) noexcept nogil:
    """The function c - slope * x."""
    cdef Piece q
    q.right = 0
    q.a = 0
    q.b = -slope
    q.c = c
    q.origin = origin
    q.run = run
    q.stay = False
    return q


cdef inline int append(Pieces& out, const Piece& q, double begin, double end) except -1 nogil:
    """Add q on (begin, end], joined to the piece before where both are the same."""
    cdef Piece* last
    cdef Piece copy
    if end <= begin:
        return 0
    if out.size():
        last = &out.back()
        if (last.a == q.a and last.b == q.b and last.c == q.c and last.stay == q.stay
                and last.run == q.run and (q.stay or last.origin == q.origin)):
            last.right = end
            return 0
    copy = q
    copy.right = end
    out.push_back(copy)
    return 0


cdef int least_before(const Pieces& f, double slope, double low, int32_t run, bint first,
                      Pieces& out) except -1 nogil:
    """out(x') = min over x <= x' of f(x) + slope * (x - x').

    With first, f belongs to the vertex before, and pieces remember where they come from in it; else
    f is the result of such a pass, and its origins are handed on.
    """
    cdef size_t i
    cdef Piece q, tilted
    cdef double left = low, start, bottom, value, best = INFINITY, where = low
    out.clear()
    for i in range(f.size()):
        q = f[i]
        tilted = q
        tilted.b += slope
        bottom = min(max(-tilted.b / (2 * tilted.a), left), q.right)
        value = evaluate(tilted, bottom)
        if value < best:
            start = left
            if evaluate(tilted, left) > best:
                start = first_crossing(tilted, best, left, bottom)
            append(out, level_piece(best, slope, where, run), left, start)
            if first:
                q.run = run
                q.stay = True
            append(out, q, start, bottom)
            best = value
            where = bottom if q.stay else q.origin
            append(out, level_piece(best, slope, where, run), bottom, q.right)
        else:
            append(out, level_piece(best, slope, where, run), left, q.right)
        left = q.right
    return 0


cdef inline double first_crossing(const Piece& q, double level, double low,
                                  double high) noexcept nogil:
    """Where q, decreasing on [low, high], falls to level."""
    cdef double root = sqrt(max(q.b * q.b - 4 * q.a * (q.c - level), 0.0))
    # The smaller root, by the formula without cancellation.
    cdef double x = (-q.b - root) / (2 * q.a) if q.b >= 0 else 2 * (q.c - level) / (-q.b + root)
    return min(max(x, low), high)


cdef int mirror(const Pieces& f, double low, Pieces& out) except -1 nogil:
    """out(x) = f(-x); the least height of f is low."""
    cdef Py_ssize_t i
    cdef Piece q
    out.clear()
    for i in range(<Py_ssize_t>f.size() - 1, -1, -1):
        q = f[i]
        q.right = -f[i - 1].right if i > 0 else -low
        q.b = -q.b
        q.origin = -q.origin
        out.push_back(q)
    return 0


cdef int pointwise_least(const Pieces& f, const Pieces& g, double low, Pieces& out) except -1 nogil:
    """Write out(x) = min(f(x), g(x)), f where they are the same."""
    cdef size_t i = 0, j = 0
    cdef double left = low, right, a, b, c, disc, root, x, y
    cdef int m, n_cuts
    cdef double[4] cut
    out.clear()
    while i < f.size() and j < g.size():
        right = min(f[i].right, g[j].right)
        a = f[i].a - g[j].a
        b = f[i].b - g[j].b
        c = f[i].c - g[j].c
        n_cuts = 1
        cut[0] = left
        if a == 0:
            if b != 0:
                x = -c / b
                if left < x < right:
                    cut[1] = x
                    n_cuts = 2
        else:
            disc = b * b - 4 * a * c
            if disc > 0:
                root = -0.5 * (b + sqrt(disc)) if b >= 0 else -0.5 * (b - sqrt(disc))
                x = root / a
                y = c / root
                if x > y:
                    x, y = y, x
                if left < x < right:
                    cut[n_cuts] = x
                    n_cuts += 1
                if left < y < right:
                    cut[n_cuts] = y
                    n_cuts += 1
        cut[n_cuts] = right
        for m in range(n_cuts):
            x = 0.5 * (cut[m] + cut[m + 1])
            if (a * x + b) * x + c <= 0:
                append(out, f[i], cut[m], cut[m + 1])
            else:
                append(out, g[j], cut[m], cut[m + 1])
        left = right
        if f[i].right <= right:
            i += 1
        if g[j].right <= right:
            j += 1
    return 0


cdef int move(const Pieces& f, double step, bint rising, double low, double high, int32_t run,
              Bench& w) except -1 nogil:
    """w.moved(x') = min over x of f(x) + step * (height of x -> x' against the run).

    A step up and then one down is never better than their sum, so that one pass after the other
    takes both into account.
    """
    least_before(f, 0.0 if rising else -step, low, run, True, w.before)
    mirror(w.before, low, w.mirrored)
    least_before(w.mirrored, -step if rising else 0.0, -high, run, False, w.turned)
    mirror(w.turned, -high, w.moved)
    return 0


cdef int remember(const Pieces& f, vector[Origin]& origins) except -1 nogil:
    """Append what backtracking needs of f, joining pieces with the same origin."""
    cdef size_t i
    cdef Origin o
    cdef Origin* last
    for i in range(f.size()):
        o.right = f[i].right
        o.origin = f[i].origin
        o.run = f[i].run
        o.stay = f[i].stay
        if i > 0:
            last = &origins.back()
            if last.run == o.run and last.stay == o.stay and (o.stay or last.origin == o.origin):
                last.right = o.right
                continue
        origins.push_back(o)
    return 0


cdef inline void add_square(Pieces& f, double y) noexcept nogil:
    cdef size_t i
    for i in range(f.size()):
        f[i].a += 0.5
        f[i].b -= y
        f[i].c += 0.5 * y * y


cdef void backtrack(const vector[Pieces]& best, const vector[Origin]& origins,
                    const vector[size_t]& offset, Py_ssize_t n, Py_ssize_t n_runs, double low,
                    double mean, double factor, double* out) noexcept nogil:
    cdef size_t i
    cdef Py_ssize_t t, run = n_runs - 1
    cdef double x, left = low, value, least = INFINITY, height = low
    # The last run may be empty, hence its function is the least of all.
    for i in range(best[run].size()):
        x = -best[run][i].b / (2 * best[run][i].a)
        x = min(max(x, left), best[run][i].right)
        value = evaluate(best[run][i], x)
        if value < least:
            least = value
            height = x
        left = best[run][i].right
    for t in range(n - 1, -1, -1):
        out[t] = height / factor + mean
        if t > 0:
            i = offset[(t - 1) * n_runs + run]
            while origins[i].right < height and i + 1 < offset[(t - 1) * n_runs + run + 1]:
                i += 1
            run = origins[i].run
            if not origins[i].stay:
                height = origins[i].origin


cdef int maxima_row(const double* values, Py_ssize_t n, double step, Py_ssize_t k, double* out,
                    Bench& w) except -1 nogil:
    cdef Py_ssize_t t, run, n_runs = 2 * min(k, (n + 1) // 2)
    cdef double low = values[0], high = values[0], mean = 0, factor, y
    cdef Piece q
    for t in range(n):
        low = min(low, values[t])
        high = max(high, values[t])
        mean += values[t] / n
    if low == high or step == 0:
        for t in range(n):
            out[t] = values[t]
        return 0
    factor = safe_factor(low, high)
    low = factor * (low - mean)     # centred, against cancellation
    high = factor * (high - mean)
    step = min(factor * step, 2 * n * (high - low))     # a larger one would change nothing
    y = factor * (values[0] - mean)
    q = level_piece(0.0, 0.0, 0.0, 0)
    w.best.resize(n_runs)
    w.origins.clear()
    w.offset.clear()
    for run in range(n_runs):
        w.best[run].clear()
        append(w.best[run], q, low, high)
        add_square(w.best[run], y)
    for t in range(1, n):
        y = factor * (values[t] - mean)
        for run in range(n_runs):
            move(w.best[run], step, run % 2 == 0, low, high, <int32_t>run, w)
            add_square(w.moved, y)
            if run == 0:
                w.best[run].swap(w.moved)
            else:           # a run may be empty
                pointwise_least(w.best[run - 1], w.moved, low, w.best[run])
            w.offset.push_back(w.origins.size())
            remember(w.best[run], w.origins)
    w.offset.push_back(w.origins.size())
    backtrack(w.best, w.origins, w.offset, n, n_runs, low, mean, factor, out)
    return 0


def prox_maxima(const double[:, ::1] values, const double[::1] step, Py_ssize_t k,
                double[:, ::1] out):
    """Lower all but the k most persistent maxima of each row: global minimum, O(k n) as observed.

    Parameters
    ----------
    values : (n_rows, n) float64, finite, n of at least 1
    step : (n_rows,) float64, not negative
    k : int, at least 1
    out : (n_rows, n) float64
        Written. May be values itself.
    """
    cdef Bench w
    cdef Py_ssize_t i
    with nogil:
        for i in range(values.shape[0]):
            maxima_row(&values[i, 0], values.shape[1], step[i], k, &out[i, 0], w)


cdef double best_pattern(const double* x, Py_ssize_t n, Py_ssize_t k, Buffer[double]& cost,
                         Buffer[int8_t]& stays, int8_t* rising) except -1 nogil:
    """Cost of x under its best pattern of runs, and that pattern.

    cost[r] is the best cost of a prefix whose last step is in run r or before.
    """
    cdef Py_ssize_t t, r, n_runs = 2 * k
    cdef double step, total
    cost.grow(n_runs)
    stays.grow(n * n_runs)
    for r in range(n_runs):
        cost[r] = 0
    for t in range(n - 1):
        step = x[t + 1] - x[t]
        for r in range(n_runs):
            total = cost[r] + (max(-step, 0.0) if r % 2 == 0 else max(step, 0.0))
            # Stay in run r, unless a step in an earlier run is as good.
            stays[t * n_runs + r] = r == 0 or total < cost[r - 1]
            cost[r] = total if stays[t * n_runs + r] else cost[r - 1]
    r = n_runs - 1
    for t in range(n - 2, -1, -1):
        while not stays[t * n_runs + r]:
            r -= 1
        rising[t] = r % 2 == 0
    return cost[n_runs - 1]


def maxima_pattern(const double[:, ::1] values, Py_ssize_t k, double[::1] cost,
                   int8_t[:, ::1] rising):
    """Total length of all but the k - 1 longest finite classes, and which steps go up for free.

    Parameters
    ----------
    values : (n_rows, n) float64, finite, n of at least 1
    k : int, at least 1
    cost : (n_rows,) float64
        Written.
    rising : (n_rows, n) int8
        Written; rising[i, t] tells whether step t, from t to t + 1, pays for going down (1) or for
        going up (0). The last column is not touched.
    """
    cdef Buffer[double] scratch
    cdef Buffer[int8_t] stays
    cdef Py_ssize_t i, n = values.shape[1]
    k = min(k, (n + 1) // 2)
    with nogil:
        for i in range(values.shape[0]):
            cost[i] = best_pattern(&values[i, 0], n, k, scratch, stays, &rising[i, 0])


# --------------------------------------------------------------------------------------------------
# Steps
# --------------------------------------------------------------------------------------------------

cdef int steps_row(const double* y, Py_ssize_t n, const double* up, const double* down, double* out,
                   Buffer[Knot]& knots, Buffer[double]& bounds) except -1 nogil:
    cdef Py_ssize_t t, head = n, tail = n       # knots[head:tail], by x
    cdef double a_left = 1, b_left = -y[0], a_right = 1, b_right = -y[0], x
    cdef double* low
    cdef double* high
    knots.grow(2 * n + 2)
    bounds.grow(2 * n)
    low = bounds.data()
    high = low + n
    for t in range(n - 1):
        x = (-down[t] - b_left) / a_left
        while head < tail and knots[head].x < x:
            a_left += knots[head].a
            b_left += knots[head].b
            head += 1
            x = (-down[t] - b_left) / a_left
        low[t] = x
        x = (up[t] - b_right) / a_right
        while head < tail and knots[tail - 1].x > x:
            tail -= 1
            a_right -= knots[tail].a
            b_right -= knots[tail].b
            x = (up[t] - b_right) / a_right
        high[t] = x
        head -= 1
        knots[head].x = low[t]
        knots[head].a = a_left
        knots[head].b = b_left + down[t]
        knots[tail].x = high[t]
        knots[tail].a = -a_right
        knots[tail].b = up[t] - b_right
        tail += 1
        a_left = 1
        b_left = -down[t] - y[t + 1]
        a_right = 1
        b_right = up[t] - y[t + 1]
    x = -b_left / a_left
    while head < tail and knots[head].x < x:
        a_left += knots[head].a
        b_left += knots[head].b
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
        What step t, from t to t + 1, pays for each unit that it rises or falls. The last column is
        not read.
    out : (n_rows, n) float64
        Written. Not values itself.
    """
    cdef Buffer[Knot] knots
    cdef Buffer[double] bounds
    cdef Py_ssize_t i
    with nogil:
        for i in range(values.shape[0]):
            steps_row(&values[i, 0], values.shape[1], &up[i, 0], &down[i, 0], &out[i, 0], knots,
                      bounds)
