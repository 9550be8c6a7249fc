"""Signals with at most k maxima: the one closest to given values (least squares).

What is computed
    argmin over x of |x - y|^2, for all x that rise, fall, rise, ..., fall in 2k runs.

How, and why it is correct
    Where a run that rises meets one that falls, any step between them is allowed, whatever their
    heights. So each run is fitted by itself, by isotonic regression. It remains to choose where
    runs meet, which is at local maxima and minima of y (Demetriou and Powell). With E(i, j) for the
    squared change that lets y_i..y_{j-1} rise, and the same of -y for runs that fall, layer s of a
    dynamic programme is F_s(j) = min_i F_{s-1}(i) + E_s(i, j).
    Proved: E(a, c) + E(b, d) <= E(a, d) + E(b, c) for a <= b <= c <= d. (Let f be the fit of a..d
    and g that of b..c. If f <= g at b, or g <= f at c - 1, or at the first place where f gets from
    above g to g or below, go from f to g and from g to f there: both still rise, and are fits of
    a..c and b..d.) Hence the best i does not fall as j rises, and divide and conquer over j is
    exact.

One E(i, j) in constant time
    A fit is the convex hull of the sums of y, and its blocks are the edges of the hull. Where all i
    of a part of the recursion stand before all j, one position, the split, lies between them: the
    hulls of all i..split share their ends, a tree, and so do those of split..j. The hull of i..j is
    one branch of each, and a bridge. For one j the bridge can only grow while i goes down, and
    where it ends is searched with jump pointers. Changes are sums of terms that are not negative,
    so no digits cancel.

Complexity
    k = 1: O(n). Else O(k n log n), and O(log n) more to find the first bridge for each j; memory
    is 160 bytes a value, and 4 bytes for each of 2k - 2 layers and each local maximum.

Papers
    Demetriou, Powell, Least squares smoothing of univariate data to achieve piecewise monotonicity,
    1991. Stout, Unimodal regression via prefix isotonic regression, 2008. Frisen, Unimodal
    regression, 1986. Overmars, van Leeuwen, Maintenance of configurations in the plane, 1981
    (bridges). Myers, An applicative random-access stack, 1983 (jump pointers).
"""

from libc.math cimport INFINITY, fabs, frexp, ldexp
from libc.stdint cimport int32_t

from ..._utils.buffer cimport Buffer
from ..._utils.signals cimport check_signals

cdef enum:
    PATIENCE = 1 << 22      # steps between two checks for Ctrl-C
    BYTES = 160             # for each value
    MAX_STATES = 1 << 30    # maxima times layers: 8 GiB

cdef struct Node:
    # The fit between a position and the split: its block at the position, then all its blocks.
    double mean             # of the block
    double change           # squared, within the block
    double total            # change of all blocks up to the split
    double first_mean       # of the block at the split
    double pooled_mean      # of all values up to the split, as if they were one block
    double pooled_change
    int32_t next            # where the block has its other end
    int32_t jump            # some position after that, for searches in logarithmic time
    int32_t depth           # blocks up to the split

cdef struct Signal:
    Py_ssize_t n, k, n_peaks
    double* y
    double* negative
    int32_t* peaks          # local maxima
    int32_t* valleys        # and the minima between them
    int32_t* best           # layer by layer

cdef struct Layer:
    # One more run: from F at its starts to F at its ends. A run from start a has end a or a later.
    const double* y         # rises in this run
    const int32_t* starts
    const int32_t* ends
    double* before
    double* after
    int32_t* best           # the start for each end
    Node* left
    Node* right
    Py_ssize_t split
    Py_ssize_t work

cdef struct Bridge:
    Py_ssize_t begin, end
    double mean
    double base             # change of i..j without that of i up to the split


# --------------------------------------------------------------------------------------------------
# Fits up to a split, and bridges over it
# --------------------------------------------------------------------------------------------------

cdef inline double join(double* mean, double weight, double other_mean,
                        double other_weight) noexcept nogil:
    """Move a mean to that of two blocks together; return by how much the change grows."""
    cdef double gap = other_mean - mean[0], share = other_weight / (weight + other_weight)
    mean[0] += gap * share
    return gap * gap * weight * share


cdef void grow(const double* y, Node* nodes, Py_ssize_t split, Py_ssize_t end) noexcept nogil:
    """Fit y between the split and every position up to end, on either side."""
    cdef Py_ssize_t at = split, v, size
    cdef int step = 1 if end > split else -1
    cdef double mean, change, value, pooled_mean = 0, pooled_change = 0
    cdef Node* above
    nodes[split].total = nodes[split].pooled_mean = nodes[split].pooled_change = 0
    nodes[split].next = nodes[split].jump = <int32_t>split
    nodes[split].depth = 0
    while at != end:
        value = y[at] if step > 0 else y[at - 1]
        v = at
        at += step
        mean = value
        change = 0
        while v != split and step * (mean - nodes[v].mean) < 0:
            change += nodes[v].change
            change += join(&mean, step * (at - v), nodes[v].mean, step * (v - nodes[v].next))
            v = nodes[v].next
        size = step * (at - split)
        pooled_change += join(&pooled_mean, size - 1, value, 1)
        above = nodes + v
        nodes[at].mean = mean
        nodes[at].change = change
        nodes[at].total = above.total + change
        nodes[at].first_mean = mean if v == split else above.first_mean
        nodes[at].pooled_mean = pooled_mean
        nodes[at].pooled_change = pooled_change
        nodes[at].next = <int32_t>v
        nodes[at].depth = above.depth + 1
        if (above.depth - nodes[above.jump].depth
                == nodes[above.jump].depth - nodes[nodes[above.jump].jump].depth):
            nodes[at].jump = nodes[above.jump].jump
        else:
            nodes[at].jump = <int32_t>v


cdef inline double mean_up_to(const Layer& f, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    """Mean of y from begin, before the split, to end, after it."""
    cdef double mean = f.left[begin].pooled_mean
    join(&mean, f.split - begin, f.right[end].pooled_mean, end - f.split)
    return mean


cdef inline bint takes(const Layer& f, Py_ssize_t begin, Py_ssize_t end) noexcept nogil:
    """Whether a bridge from begin takes up the block that ends at end, and all before it."""
    return mean_up_to(f, begin, f.right[end].next) > f.right[end].mean


cdef inline Py_ssize_t find_end(const Layer& f, Py_ssize_t begin, Py_ssize_t j) noexcept nogil:
    """Where a bridge from begin ends in the fit up to j; the split if it takes up nothing."""
    cdef Py_ssize_t u = j, further
    if takes(f, begin, u):
        return u
    while True:
        further = f.right[u].jump
        if further != f.split and not takes(f, begin, further):
            u = further
            continue
        u = f.right[u].next
        if u == f.split or takes(f, begin, u):
            return u


cdef inline bint is_taken(const Layer& f, Py_ssize_t i, Py_ssize_t j) noexcept nogil:
    """Whether the bridge to the fit up to j takes up the block that begins at i."""
    cdef Py_ssize_t after = f.left[i].next
    if after == f.split:
        return f.left[i].mean > f.right[j].first_mean
    return f.left[i].mean > mean_up_to(f, after, find_end(f, after, j))


cdef inline Py_ssize_t find_begin(const Layer& f, Py_ssize_t i, Py_ssize_t j) noexcept nogil:
    """Where the bridge of i..j begins; the split if there is none."""
    cdef Py_ssize_t v = i, further
    if v == f.split or is_taken(f, v, j):
        return v
    while True:
        further = f.left[v].jump
        if further != f.split and not is_taken(f, further, j):
            v = further
            continue
        v = f.left[v].next
        if v == f.split or is_taken(f, v, j):
            return v


cdef inline void set_bridge(const Layer& f, Py_ssize_t begin, Py_ssize_t j,
                            Bridge* bridge) noexcept nogil:
    cdef double change = 0
    bridge.begin = begin
    bridge.end = f.split
    if begin == f.split:
        bridge.mean = f.right[j].first_mean
    else:
        bridge.end = find_end(f, begin, j)
        bridge.mean = f.left[begin].pooled_mean
        change = f.left[begin].pooled_change + f.right[bridge.end].pooled_change
        change += join(&bridge.mean, f.split - begin, f.right[bridge.end].pooled_mean,
                       bridge.end - f.split)
    bridge.base = change + (f.right[j].total - f.right[bridge.end].total) - f.left[begin].total


# --------------------------------------------------------------------------------------------------
# Layers, by divide and conquer
# --------------------------------------------------------------------------------------------------

cdef int count_work(Layer& f, Py_ssize_t steps) except -1 nogil:
    """Add steps to the work done, and check for Ctrl-C after every PATIENCE of them."""
    f.work += steps
    if f.work > PATIENCE:
        f.work = 0
        check_signals()
    return 0


cdef void search_across(Layer& f, Py_ssize_t b, Py_ssize_t a_first,
                        Py_ssize_t a_last) noexcept nogil:
    """Find the best start of the run that ends at end b, the split between both."""
    cdef Py_ssize_t j = f.ends[b], i = f.starts[a_last], a = a_last, v
    cdef double cost
    cdef Bridge bridge
    set_bridge(f, find_begin(f, i, j), j, &bridge)
    f.after[b] = f.before[a] + (f.left[i].total + bridge.base)
    f.best[b] = <int32_t>a
    for a in range(a_last - 1, a_first - 1, -1):
        while i > f.starts[a]:
            i -= 1
            v = f.left[i].next
            if v > bridge.begin or (v == bridge.begin and f.left[i].mean > bridge.mean):
                set_bridge(f, i, j, &bridge)
        cost = f.before[a] + (f.left[i].total + bridge.base)
        if cost < f.after[b]:
            f.after[b] = cost
            f.best[b] = <int32_t>a


cdef int divide_across(Layer& f, Py_ssize_t b_first, Py_ssize_t b_last, Py_ssize_t a_first,
                       Py_ssize_t a_last) except -1 nogil:
    cdef Py_ssize_t middle
    while b_first <= b_last:
        middle = (b_first + b_last) // 2
        count_work(f, f.starts[a_last] - f.starts[a_first])
        search_across(f, middle, a_first, a_last)
        divide_across(f, b_first, middle - 1, a_first, f.best[middle])
        a_first = f.best[middle]
        b_first = middle + 1
    return 0


cdef int divide(Layer& f, Py_ssize_t b_first, Py_ssize_t b_last, Py_ssize_t a_first,
                Py_ssize_t a_last) except -1 nogil:
    """Find the best start for ends b_first..b_last, which is one of a_first..a_last."""
    cdef Py_ssize_t middle, a
    cdef double cost
    while b_first <= b_last:
        if a_last <= b_first:
            f.split = f.starts[a_last]
            count_work(f, f.ends[b_last] - f.starts[a_first])
            grow(f.y, f.left, f.split, f.starts[a_first])
            grow(f.y, f.right, f.split, f.ends[b_last])
            return divide_across(f, b_first, b_last, a_first, a_last)
        middle = (b_first + b_last) // 2
        count_work(f, f.ends[middle] - f.starts[a_first])
        grow(f.y, f.left, f.ends[middle], f.starts[a_first])
        f.after[middle] = INFINITY
        for a in range(min(a_last, middle), a_first - 1, -1):
            cost = f.before[a] + f.left[f.starts[a]].total
            if cost < f.after[middle]:
                f.after[middle] = cost
                f.best[middle] = <int32_t>a
        divide(f, b_first, middle - 1, a_first, f.best[middle])
        a_first = f.best[middle]
        b_first = middle + 1
    return 0


# --------------------------------------------------------------------------------------------------
# The signal
# --------------------------------------------------------------------------------------------------

cdef Py_ssize_t list_extrema(const double* y, Py_ssize_t n, int32_t* peaks,
                             int32_t* valleys) noexcept nogil:
    """List the first values of local maxima and of the minima between them; return how many maxima.

    Nothing is written where peaks is NULL.
    """
    cdef Py_ssize_t i, first = 0, n_peaks = 0, n_valleys = 0
    cdef bint rising = True
    for i in range(1, n + 1):
        if i < n and y[i] == y[first]:
            continue
        if rising and (i == n or y[i] < y[first]):
            if peaks != NULL:
                peaks[n_peaks] = <int32_t>first
            n_peaks += 1
            rising = False
        elif not rising and i < n and y[i] > y[first]:
            if peaks != NULL:
                valleys[n_valleys] = <int32_t>first
            n_valleys += 1
            rising = True
        first = i
    return n_peaks


def count_maxima(const double[::1] values):
    """Return the number of local maxima; a plateau is one."""
    cdef Py_ssize_t n_peaks
    if values.shape[0] == 0:
        return 0
    with nogil:
        n_peaks = list_extrema(&values[0], values.shape[0], NULL, NULL)
    return n_peaks


def needed_bytes(Py_ssize_t n, Py_ssize_t n_peaks, Py_ssize_t k):
    """Return the memory that `fit_few_maxima` takes for n values with n_peaks maxima."""
    return BYTES * n + 8 * (k - 1) * n_peaks


cdef double middle_of(const double* values, Py_ssize_t n) noexcept nogil:
    """A value from which all others have exact differences, if there is one; else 0."""
    cdef double low = values[0], high = values[0]
    cdef Py_ssize_t i
    for i in range(n):
        low = min(low, values[i])
        high = max(high, values[i])
    if low > 0 and high <= 2 * low:
        return low
    return high if high < 0 and low >= 2 * high else 0.0


cdef int exponent_of(const double* values, Py_ssize_t n, double middle) noexcept nogil:
    """The exponent of 2 by which the largest difference from middle becomes 1/2 to 1."""
    cdef double size = 0
    cdef Py_ssize_t i
    cdef int exponent = 0
    for i in range(n):
        size = max(size, fabs(values[i] - middle))
    frexp(size, &exponent)
    return exponent


cdef void fit_run(const double* values, double middle, double factor, Py_ssize_t begin,
                  Py_ssize_t end, bint rising, double* out, Node* stack) noexcept nogil:
    """Write the fit of one run. Blocks get the mean of their values; a single value is kept."""
    cdef Py_ssize_t t, first, top = begin
    cdef double total, mean, level, beside
    for t in range(begin, end):
        mean = total = factor * (values[t] - middle)
        first = t
        while top > begin and ((stack[top - 1].mean > mean) if rising
                               else (stack[top - 1].mean < mean)):
            top -= 1
            first = stack[top].next
            total += stack[top].total
            mean = total / (t + 1 - first)
        stack[top].mean = mean
        stack[top].total = total
        stack[top].next = <int32_t>first
        top += 1
    first = end
    while top > begin:
        top -= 1
        t = stack[top].next
        level = values[t] if first - t == 1 else stack[top].mean / factor + middle
        # By rounding, a mean may miss a value beside it that is all but the same.
        if first < end:
            beside = out[first]
            level = min(level, beside) if rising else max(level, beside)
        while first > t:
            first -= 1
            out[first] = level


cdef int add_layers(Layer& f, const Signal& x) except -1 nogil:
    """Run the dynamic programme up to the maximum where the last run begins; return which one."""
    cdef Py_ssize_t i, s, n_starts = x.n_peaks, chosen = 0
    cdef double cost, least = INFINITY
    cdef bint rising
    grow(x.y, f.right, 0, x.peaks[x.n_peaks - 1])
    for i in range(x.n_peaks):
        f.before[i] = f.right[x.peaks[i]].total
    # From the maxima from s / 2 on to the minima after them, and on to the maxima after these.
    for s in range(2 * (x.k - 1)):
        rising = s % 2 == 1
        f.y = x.y if rising else x.negative
        f.starts = (x.valleys if rising else x.peaks) + s // 2
        f.ends = (x.peaks + 1 if rising else x.valleys) + s // 2
        f.best = x.best + s * x.n_peaks
        if not rising:
            n_starts -= 1
        divide(f, 0, n_starts - 1, 0, n_starts - 1)
        f.before, f.after = f.after, f.before
    grow(x.negative, f.left, x.n, x.peaks[x.k - 1])
    for i in range(n_starts):
        cost = f.before[i] + f.left[x.peaks[x.k - 1 + i]].total
        if cost < least:
            least = cost
            chosen = i
    return <int>chosen


cdef void trace_back(const Signal& x, Py_ssize_t chosen, int32_t* bounds) noexcept nogil:
    """Write where the 2k runs begin, and n."""
    cdef Py_ssize_t s
    bounds[0] = 0
    bounds[2 * x.k] = <int32_t>x.n
    for s in range(2 * x.k - 2, -1, -1):
        bounds[s + 1] = x.valleys[s // 2 + chosen] if s % 2 else x.peaks[s // 2 + chosen]
        if s > 0:
            chosen = x.best[(s - 1) * x.n_peaks + chosen]


cdef int refuse(Py_ssize_t n, Py_ssize_t n_peaks, Py_ssize_t k) except -1 nogil:
    with gil:
        raise MemoryError(
            f"the closest {n} values with {k} of their {n_peaks} maxima take "
            f"{needed_bytes(n, n_peaks, k) >> 30} GiB to find; fewer maxima to keep take less"
        )


cdef int fit_runs(const double* values, Py_ssize_t n, Py_ssize_t k, Py_ssize_t n_peaks,
                  double* out) except -1 nogil:
    cdef Py_ssize_t i, s
    cdef double middle = middle_of(values, n), factor
    cdef int exponent = exponent_of(values, n, middle)
    cdef Buffer[int32_t] extrema, best, bounds
    cdef Buffer[double] y, costs
    cdef Buffer[Node] left, right
    cdef Signal x
    cdef Layer f
    if (k - 1) > MAX_STATES // n_peaks:
        refuse(n, n_peaks, k)
    extrema.grow(2 * n_peaks)
    best.grow(2 * (k - 1) * n_peaks)
    bounds.grow(2 * k + 1)
    y.grow(2 * n)
    costs.grow(2 * n_peaks)
    left.grow(n + 1)
    right.grow(n + 1)
    list_extrema(values, n, extrema.data(), extrema.data() + n_peaks)
    for i in range(n):
        y[i] = ldexp(values[i] - middle, -exponent)
        y[n + i] = -y[i]
    x.n = n
    x.k = k
    x.n_peaks = n_peaks
    x.y = y.data()
    x.negative = x.y + n
    x.peaks = extrema.data()
    x.valleys = x.peaks + n_peaks
    x.best = best.data()
    f.left = left.data()
    f.right = right.data()
    f.before = costs.data()
    f.after = f.before + n_peaks
    f.work = 0
    trace_back(x, add_layers(f, x), bounds.data())
    factor = ldexp(1.0, -33) if exponent > 980 else 1.0     # sums must not overflow
    for s in range(2 * k):
        fit_run(values, middle, factor, bounds[s], bounds[s + 1], s % 2 == 0, out, f.left)
    return 0


cdef int fit_row(const double* values, Py_ssize_t n, Py_ssize_t k, double* out) except -1 nogil:
    cdef Py_ssize_t n_peaks = list_extrema(values, n, NULL, NULL), i
    if n_peaks > k:
        fit_runs(values, n, k, n_peaks, out)
    else:
        for i in range(n):
            out[i] = values[i]
    return 0


def fit_few_maxima(const double[::1] values, Py_ssize_t k, double[::1] out):
    """Write the closest signal with at most k maxima to out: the global minimum.

    Parameters
    ----------
    values : (n,) float64, finite
        n from 1 to 2**31 - 2. Where it has at most k maxima, it is copied bit for bit.
    k : int, at least 1
    out : (n,) float64
        Written. May be values itself.
    """
    if not 0 < values.shape[0] < 2**31 - 1 or out.shape[0] != values.shape[0] or k < 1:
        raise ValueError(f"values must have 1 to 2**31 - 2 entries, out as many, and k be at least "
                         f"1, got {values.shape[0]}, {out.shape[0]} and {k}")
    with nogil:
        fit_row(&values[0], values.shape[0], k, &out[0])
