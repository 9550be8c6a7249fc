"""Lower-star persistence of functions on a line: which vertices are paired.

What is paired
    PD_0 of sublevel sets; a minimum is born and dies at a maximum. Equal values rise with the
    index. Superlevel sets of f are sublevel sets of -f.

How, and why it is correct
    Only local extrema matter, an alternating sequence. Whenever, of four in a row, the two inner
    ones lie between the two outer ones, no component reaches beyond the inner ones before they
    meet: they are a pair and leave. What can't be reduced diverges up to the extreme pair and
    converges after it; there each minimum but the global one dies at its neighbour on the side of
    the global one. The rule is local, hence: many pairs can leave in one pass; and blocks of a
    line can be reduced apart and their remains joined, which is how a long line uses several cores.

Complexity
    O(n) time, and O(n) memory for the extrema.

Paper
    Glisse, Fast persistent homology computation for functions on R, 2023.
"""

from functools import partial

import numpy as np

from cython cimport floating
from libc.stdint cimport int32_t, int64_t, uint64_t

from .images cimport (
    Sweep, Workspace, append_sorted, borrow_workspace, give_back_workspace, make_pair,
    unpack_pairs, unpacked
)

cdef enum:
    PASSES = 5      # over the extrema before the stack


cdef Py_ssize_t local_extrema(const floating* line, Py_ssize_t begin, Py_ssize_t end,
                              floating sign, Sweep[floating]& s) except -1 nogil:
    """List both ends and the local extrema of line[begin:end]; ties rise with the index."""
    cdef Py_ssize_t j, n = 1
    cdef floating here, after
    cdef floating* height
    cdef bint up, rising
    cdef int32_t* out
    s.extremum.grow(end - begin + 1)
    s.extremum_height.grow(end - begin + 1)
    out = s.extremum.data()
    height = s.extremum_height.data()
    out[0] = <int32_t>begin
    height[0] = sign * line[begin]
    if end - begin == 1:
        return 1
    here = sign * line[begin + 1]
    rising = height[0] <= here
    for j in range(begin + 1, end - 1):
        after = sign * line[j + 1]
        up = here <= after
        out[n] = <int32_t>j
        height[n] = here
        n += up != rising
        rising = up
        here = after
    out[n] = <int32_t>(end - 1)
    height[n] = here
    return n + 1


cdef inline void pair_extrema(Sweep[floating]& s, Py_ssize_t minimum,
                              Py_ssize_t maximum) noexcept nogil:
    s.pair[s.n_merged] = make_pair(s.extremum[minimum], s.extremum[maximum])
    s.minus_length[s.n_merged] = s.extremum_height[minimum] - s.extremum_height[maximum]
    s.n_merged += 1


cdef Py_ssize_t close_inner(Sweep[floating]& s, Py_ssize_t n) noexcept nogil:
    """Pair every two neighbours that lie between their neighbours; return how many vertices remain.

    Two such pairs never overlap, since the order is strict, and removing one leaves the others as
    they are. One pass without branches removes two thirds of noise, where a stack would be
    mispredicted at every step (a line of 1e6: 9.5 ms with the stack alone, 7.8 ms so).
    """
    cdef Py_ssize_t k, m = s.n_merged, kept = 1
    cdef bint inner, was_inner = False, rises
    cdef floating a, b, c, d
    cdef int32_t left, right
    cdef int32_t* extremum = s.extremum.data()
    cdef floating* height = s.extremum_height.data()
    cdef uint64_t* pair = s.pair.data()
    cdef floating* minus_length = s.minus_length.data()
    if n < 4:
        return n
    a = height[0]
    b = height[1]
    c = height[2]
    left = extremum[1]
    for k in range(1, n - 2):
        d = height[k + 2]
        right = extremum[k + 1]
        rises = b <= c
        # Ties: of two equal values the later is the higher.
        inner = ((a > c) & (d < b)) if rises else ((a <= c) & (d >= b))
        pair[m] = make_pair(left, right) if rises else make_pair(right, left)
        minus_length[m] = b - c if rises else c - b
        m += inner
        extremum[kept] = left
        height[kept] = b
        kept += not (inner | was_inner)
        was_inner = inner
        a = b
        b = c
        c = d
        left = right
    for k in range(n - 2, n):
        extremum[kept] = extremum[k]
        height[kept] = height[k]
        kept += not (was_inner and k == n - 2)
    s.n_merged = m
    return kept


cdef Py_ssize_t reduce_extrema(Sweep[floating]& s, Py_ssize_t n) noexcept nogil:
    """Pair what can be paired inside s.extremum[:n]; return how many remain, at its beginning."""
    cdef Py_ssize_t k, top = 0
    cdef int32_t v
    cdef floating x
    cdef floating* height = s.extremum_height.data()
    for k in range(n):
        v = s.extremum[k]
        x = height[k]
        # Not an extremum after all (the seam of two blocks): the new vertex replaces it.
        if top >= 2 and (height[top - 2] <= height[top - 1]) == (height[top - 1] <= x):
            top -= 1
        s.extremum[top] = v
        height[top] = x
        top += 1
        while top >= 4:
            if height[top - 3] <= height[top - 2]:      # the inner two: minimum, then maximum
                if not (height[top - 4] > height[top - 2] and x < height[top - 3]):
                    break
                pair_extrema(s, top - 3, top - 2)
            else:
                if not (height[top - 4] <= height[top - 2] and x >= height[top - 3]):
                    break
                pair_extrema(s, top - 2, top - 3)
            top -= 2
            s.extremum[top - 1] = v
            height[top - 1] = x
    return top


cdef int32_t finish_extrema(Sweep[floating]& s, Py_ssize_t n) noexcept nogil:
    """Pair the remains, whose ranges grow up to the global minimum, then shrink; return it."""
    cdef Py_ssize_t first = 0, k, best
    if n >= 2 and s.extremum_height[0] > s.extremum_height[1]:
        first = 1       # a maximum at an end of the line is not critical
    best = first
    for k in range(first, n, 2):
        if s.extremum_height[k] < s.extremum_height[best]:
            best = k
    for k in range(first, n, 2):
        if k != best:
            pair_extrema(s, k, k + 1 if k < best else k - 1)
    return s.extremum[best]


cdef void drop_zero(Sweep[floating]& s) noexcept nogil:
    """Leave out pairs without length."""
    cdef Py_ssize_t i, n = 0
    for i in range(s.n_merged):
        s.pair[n] = s.pair[i]
        s.minus_length[n] = s.minus_length[i]
        n += s.minus_length[i] != 0
    s.n_merged = n


cdef Py_ssize_t reduce_block(const floating* line, Py_ssize_t begin, Py_ssize_t end, bint negate,
                             Sweep[floating]& s) except -1 nogil:
    """Pair what can be paired inside line[begin:end]; return how many extrema remain."""
    cdef Py_ssize_t n, half = (end - begin) // 2
    s.pair.grow(half + 1)           # a pass without branches writes one ahead
    s.minus_length.grow(half + 1)
    s.n_merged = 0
    n = local_extrema(line, begin, end, -1 if negate else 1, s)
    for _ in range(PASSES):
        n = close_inner(s, n)
    return reduce_extrema(s, n)


cdef int pair_lines(const floating[:, ::1] lines, bint negate, bint keep_zero,
                    Sweep[floating]& s, int64_t[::1] splits,
                    int64_t[::1] essential) except -1 nogil:
    cdef Py_ssize_t i, n
    for i in range(lines.shape[0]):
        n = reduce_block(&lines[i, 0], 0, lines.shape[1], negate, s)
        essential[i] = finish_extrema(s, n)
        if not keep_zero:
            drop_zero(s)
        splits[i + 1] = append_sorted(s, s.n_merged, s.sorted, splits[i])
    return 0


def line_pairs(const floating[:, ::1] lines, bint superlevel, bint keep_zero=False):
    """Pair the critical vertices of a batch of functions on a line, in dimension 0.

    Parameters
    ----------
    lines : (n_lines, n_vertices) C-contiguous float32 or float64, finite
        Neither size is zero; fewer than 2**31 vertices.
    superlevel : bool
    keep_zero : bool
        Keep pairs of different vertices with equal values.

    Returns
    -------
    pairs : (n_pairs, 2) int64
        (birth, death) as vertices of their line; line by line, longest first.
    splits : (n_lines + 1,) int64
        Line i has pairs[splits[i]:splits[i + 1]].
    essential : (n_lines,) int64
        The oldest vertex of each line.
    """
    cdef Workspace workspace = borrow_workspace()
    splits = np.zeros(lines.shape[0] + 1, dtype=np.int64)
    essential = np.empty(lines.shape[0], dtype=np.int64)
    cdef int64_t[::1] splits_view = splits, essential_view = essential
    if floating is float:
        with nogil:
            pair_lines(lines, superlevel, keep_zero, workspace.single, splits_view, essential_view)
        pairs = unpacked(workspace.single.sorted.data(), splits_view[lines.shape[0]])
    else:
        with nogil:
            pair_lines(lines, superlevel, keep_zero, workspace.double, splits_view, essential_view)
        pairs = unpacked(workspace.double.sorted.data(), splits_view[lines.shape[0]])
    give_back_workspace(workspace)
    return pairs, splits, essential


# --------------------------------------------------------------------------------------------------
# One long line, in blocks
# --------------------------------------------------------------------------------------------------

cdef tuple copy_pairs(Sweep[floating]& s):
    """Return (pair, minus_length) as arrays."""
    cdef Py_ssize_t i, n = s.n_merged
    pair = np.empty(n, dtype=np.uint64)
    minus_length = np.empty(n, dtype=np.float32 if floating is float else np.float64)
    cdef uint64_t[::1] pair_view = pair
    cdef floating[::1] minus_length_view = minus_length
    with nogil:
        for i in range(n):
            pair_view[i] = s.pair[i]
            minus_length_view[i] = s.minus_length[i]
    return pair, minus_length


cdef tuple reduced_block(const floating[::1] line, Py_ssize_t begin, Py_ssize_t end, bint negate,
                         bint keep_zero, Sweep[floating]& s):
    cdef Py_ssize_t n, k
    with nogil:
        n = reduce_block(&line[0], begin, end, negate, s)
        if not keep_zero:
            drop_zero(s)
    remains = np.empty(n, dtype=np.int32)
    cdef int32_t[::1] remains_view = remains
    for k in range(n):
        remains_view[k] = s.extremum[k]
    return copy_pairs(s), remains


def line_block(const floating[::1] line, Py_ssize_t begin, Py_ssize_t end, bint superlevel,
               bint keep_zero):
    """Reduce line[begin:end]: ((pair, minus_length), vertices that remain)."""
    cdef Workspace workspace = borrow_workspace()
    if floating is float:
        result = reduced_block(line, begin, end, superlevel, keep_zero, workspace.single)
    else:
        result = reduced_block(line, begin, end, superlevel, keep_zero, workspace.double)
    give_back_workspace(workspace)
    return result


cdef tuple joined_blocks(const floating[::1] line, const int32_t[::1] remains, bint negate,
                         bint keep_zero, Sweep[floating]& s):
    cdef Py_ssize_t k, n = remains.shape[0]
    cdef int32_t essential
    cdef floating sign = -1 if negate else 1
    s.extremum.grow(n + 1)
    s.extremum_height.grow(n + 1)
    s.pair.grow(n // 2 + 1)
    s.minus_length.grow(n // 2 + 1)
    s.n_merged = 0
    for k in range(n):
        s.extremum[k] = remains[k]
        s.extremum_height[k] = sign * line[remains[k]]
    n = reduce_extrema(s, n)
    essential = finish_extrema(s, n)
    if not keep_zero:
        drop_zero(s)
    return copy_pairs(s), essential


cdef int sort_range(const floating[::1] line, list parts, double low, double high,
                    Sweep[floating]& s, int64_t[:, ::1] out) except -1:
    cdef const uint64_t[::1] pair
    cdef const floating[::1] minus_length
    cdef Py_ssize_t i, n = 0, begin = 0, end
    cdef floating x
    for part in parts:
        pair, minus_length = part
        end = pair.shape[0]
        s.pair.grow(n + end + 1)
        s.minus_length.grow(n + end + 1)
        with nogil:
            for i in range(end):
                x = minus_length[i]
                s.pair[n] = pair[i]
                s.minus_length[n] = x
                n += (low <= x) & (x < high)
                begin += x < low
    with nogil:
        append_sorted(s, n, s.sorted, 0)
        unpack_pairs(s.sorted.data(), n, out, begin)
    return 0


def sort_pairs(list parts, const floating[::1] line, double low, double high, int64_t[:, ::1] out):
    """Sort the pairs of all parts with low <= minus_length < high, and write them where they go."""
    cdef Workspace workspace = borrow_workspace()
    if floating is float:
        sort_range(line, parts, low, high, workspace.single, out)
    else:
        sort_range(line, parts, low, high, workspace.double, out)
    give_back_workspace(workspace)


def long_line_pairs(const floating[::1] line, bint superlevel, bint keep_zero, run, int n_blocks):
    """Pair the critical vertices of one long line in blocks; the result is that of line_pairs.

    Parameters
    ----------
    line : (n_vertices,) C-contiguous float32 or float64, finite, of at least 4 * n_blocks vertices
    superlevel, keep_zero : bool
    run : callable
        Takes a list of callables without arguments and returns their results in order.
    n_blocks : int

    Returns
    -------
    pairs, splits, essential
        As from line_pairs for a batch of one.
    """
    cdef Workspace workspace
    cdef const int32_t[::1] remains
    array = np.asarray(line)
    cuts = [array.size * i // n_blocks for i in range(n_blocks + 1)]
    blocks = run([
        partial(line_block, array, begin, end, superlevel, keep_zero)
        for begin, end in zip(cuts, cuts[1:])
    ])
    remains = np.concatenate([rest for _, rest in blocks])
    workspace = borrow_workspace()
    if floating is float:
        last_part, essential = joined_blocks(line, remains, superlevel, keep_zero,
                                             workspace.single)
    else:
        last_part, essential = joined_blocks(line, remains, superlevel, keep_zero,
                                             workspace.double)
    give_back_workspace(workspace)
    parts = [part for part, _ in blocks] + [last_part]
    # Ranges of length with about as many pairs each, so that they are sorted apart.
    sample = np.sort(np.concatenate([part[1][:: max(1, part[1].size // 1000)] for part in parts]))
    inner = [sample[sample.size * i // n_blocks] for i in range(1, n_blocks)] if sample.size else []
    bounds = [-np.inf, *inner, np.inf]
    pairs = np.empty((sum(part[1].size for part in parts), 2), dtype=np.int64)
    run([
        partial(sort_pairs, parts, array, low, high, pairs) for low, high in zip(bounds, bounds[1:])
    ])
    return pairs, np.array([0, len(pairs)], dtype=np.int64), np.array([essential], dtype=np.int64)
