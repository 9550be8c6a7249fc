"""The exact proximal operator of the number of maxima of the weights on a line.

What is computed
    prox(y) = argmin_x 1/2 |x - y|^2 + step * P(x), row by row of a batch, in double precision, for
    P(x) = sum of all but the k - 1 longest finite classes of PD_0 of the superlevel filtration of x
    on a line. P is not convex. The global minimum is found all the same: P is the least of a family
    of convex functions, which dynamic programming searches.

How
    P is the least cost over patterns of 2k runs up, down, up, ..., down, where a step against its
    run costs its height. M_s(x), the best cost of a prefix that ends at height x in run s, is a
    minimum of quadratics. It is kept as a list of pieces; running and pointwise minima of such
    lists are such lists.
    Proved: the result is a global minimum. Observed only: M_s has few pieces, so that the time is
    O(k n): 0.15 to 0.7 s for 1e5 noisy weights and k = 3. Where weights are smooth and the step is
    much larger than their range, there are up to n pieces at each of n weights (a bump of 2,000
    smooth weights). Therefore the largest steps take another way: from a step of 3/2 n r on, for
    weights of range r, the result has at most k maxima, and few_maxima.pyx finds the closest such
    signal. (To cancel a pair of length l changes at most n weights by at most l each, and no weight
    of the result moves by more than r.) Otherwise more than MAX_ORIGINS pieces raise MemoryError.

Papers
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, section 3.1 (the
    penalties). Johnson, A dynamic programming algorithm for the fused lasso and L0-segmentation,
    2013.
"""

from libc.math cimport INFINITY, sqrt
from libc.stdint cimport int8_t, int32_t
from libcpp.vector cimport vector

from ..._utils.buffer cimport Buffer
from .few_maxima cimport fit_row, list_extrema
from .proximal cimport check_rows, safe_factor
from ..._utils.signals cimport check_signals, check_signals_every

cdef enum:
    PATIENCE = 1 << 20      # pieces between two checks for Ctrl-C
    MAX_ORIGINS = 1 << 27   # pieces that are remembered: 3 GiB
    STEPS = 1 << 25         # steps of a pattern between two checks for Ctrl-C
    MAX_STATES = 1 << 30    # bytes of a pattern: 1 GiB


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
              MaximaScratch& w) except -1 nogil:
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


cdef int refuse(Py_ssize_t n, Py_ssize_t t) except -1 nogil:
    with gil:
        raise MemoryError(
            f"the proximal operator of maxima on {n} weights takes more than 3 GiB, after {t} of "
            "them; a shorter step or fewer weights take less"
        )


cdef int refuse_pattern(Py_ssize_t n, Py_ssize_t k) except -1 nogil:
    with gil:
        raise MemoryError(
            f"the best {k} maxima of {n} weights take {n * k >> 29} GiB to find; fewer components "
            "or fewer weights take less"
        )


cdef int maxima_row(const double* values, Py_ssize_t n, double step, Py_ssize_t k, double* out,
                    MaximaScratch& w) except -1 nogil:
    cdef Py_ssize_t t, run, n_runs = 2 * min(k, (n + 1) // 2)
    cdef double low = values[0], high = values[0], mean = 0, factor, y
    cdef size_t work = 0
    cdef Piece q
    if step == 0 or list_extrema(values, n, NULL, NULL) <= k:
        for t in range(n):
            out[t] = values[t]
        return 0
    for t in range(n):
        low = min(low, values[t])
        high = max(high, values[t])
        mean += values[t] / n
    if step >= 2 * n * (high - low):
        fit_row(values, n, k, out)
        return 0
    factor = safe_factor(low, high)
    low = factor * (low - mean)     # centred, against cancellation
    high = factor * (high - mean)
    step = factor * step
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
            work += w.best[run].size()
            remember(w.best[run], w.origins)
        if work > PATIENCE:
            work = 0
            check_signals()
            if w.origins.size() > MAX_ORIGINS:
                refuse(n, t)
    w.offset.push_back(w.origins.size())
    backtrack(w.best, w.origins, w.offset, n, n_runs, low, mean, factor, out)
    return 0


def prox_maxima(const double[:, ::1] values, const double[::1] step, Py_ssize_t k,
                double[:, ::1] out):
    """Lower all but the k most persistent maxima of each row: global minimum.

    Time and memory are O(k n) on noise, and O(k n^2) at worst, on smooth rows.

    Parameters
    ----------
    values : (n_rows, n) float64, finite, n of at least 1
    step : (n_rows,) float64, not negative
    k : int, at least 1
    out : (n_rows, n) float64
        Written. May be values itself.
    """
    cdef MaximaScratch w
    cdef Py_ssize_t i
    check_rows(values, step, k, out)
    with nogil:
        for i in range(values.shape[0]):
            maxima_row(&values[i, 0], values.shape[1], step[i], k, &out[i, 0], w)


cdef inline int check_often(Py_ssize_t t, Py_ssize_t n_runs) except -1 nogil:
    """Check for Ctrl-C after every so many vertices t of patterns with n_runs runs."""
    return check_signals_every(max(<Py_ssize_t>1, STEPS // n_runs), t)


cdef double maxima_value(const double* x, Py_ssize_t n, Py_ssize_t k,
                         Buffer[double]& costs) except? -1 nogil:
    """Cost of x under its best pattern of runs: the total length of all but k maxima."""
    cdef Py_ssize_t t, r, n_runs
    cdef double step, total, before
    cdef double* cost
    if list_extrema(x, n, NULL, NULL) <= k:
        return 0
    n_runs = 2 * k
    costs.grow(n_runs)
    cost = costs.data()
    for r in range(n_runs):
        cost[r] = 0
    for t in range(n - 1):
        step = x[t + 1] - x[t]
        before = INFINITY
        for r in range(n_runs):
            total = cost[r] + (max(-step, 0.0) if r % 2 == 0 else max(step, 0.0))
            before = min(before, total)
            cost[r] = before
        check_often(t, n_runs)
    return cost[n_runs - 1]


cdef double best_pattern(const double* x, Py_ssize_t n, Py_ssize_t k, Buffer[double]& cost,
                         Buffer[int8_t]& stays, int8_t* rising) except -1 nogil:
    """Cost of x under its best pattern of runs, and that pattern.

    cost[r] is the best cost of a prefix whose last step is in run r or before.
    """
    cdef Py_ssize_t t, r, n_runs = 2 * k
    cdef double step, total
    if n > MAX_STATES // n_runs:
        refuse_pattern(n, k)
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
        check_often(t, n_runs)
    r = n_runs - 1
    for t in range(n - 2, -1, -1):
        while not stays[t * n_runs + r]:
            r -= 1
        rising[t] = r % 2 == 0
    return cost[n_runs - 1]


def maxima_pattern(const double[:, ::1] values, Py_ssize_t k, double[::1] cost,
                   int8_t[:, ::1] rising):
    """Find the total length of all but the k - 1 longest finite classes, and the pattern of runs.

    Parameters
    ----------
    values : (n_rows, n) float64, finite, n of at least 1
    k : int, at least 1
    cost : (n_rows,) float64
        Written.
    rising : (n_rows, n) int8
        Written; rising[i, t] tells whether step t, from t to t + 1, is in a run up (1), where going
        down costs, or in a run down (0). The last column is not touched.
    """
    cdef Buffer[double] scratch
    cdef Buffer[int8_t] stays
    cdef Py_ssize_t i, n = values.shape[1]
    if (n == 0 or k < 1 or cost.shape[0] != values.shape[0] or rising.shape[0] != values.shape[0]
            or rising.shape[1] != n):
        raise ValueError("values must have columns, and cost and rising its shape")
    k = min(k, (n + 1) // 2)
    with nogil:
        for i in range(values.shape[0]):
            cost[i] = best_pattern(&values[i, 0], n, k, scratch, stays, &rising[i, 0])
