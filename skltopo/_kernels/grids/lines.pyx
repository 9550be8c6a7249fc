"""Lower-star persistence of functions on a line: which vertices are paired.

What is paired
    PD_0 of sublevel sets: a minimum creates a component, and a maximum destroys it. Of equal values
    the one with the smaller index enters first. Superlevel sets of f are sublevel sets of -f.

How, and why it is correct
    Only local extrema matter, an alternating sequence. Whenever, of four in a row, the two inner
    ones lie between the two outer ones, no component reaches beyond the inner ones before they
    meet: the inner ones are a pair and are removed. A sequence in which no such four are left
    diverges up to the two extreme values and converges after them; there each minimum but the
    global one dies at its neighbour on the side of the global one. The rule is local. Hence many
    pairs can be removed in one pass; and blocks of a line can be reduced apart and what they leave
    be joined, which is how a long line uses several cores.

Complexity
    O(n) time, and O(n) memory for the extrema.

Paper
    Glisse, Fast persistent homology computation for functions on R, 2023.
"""

from functools import partial

import numpy as np

from cython cimport floating
from libc.math cimport fabs
from libc.stdint cimport int32_t, uint64_t

from ..._persistence cimport Pairs, add_pair, make_pair
from ..._utils.signals cimport check_signals, check_signals_every
from .images cimport Sweep, Workspace, sweep_of, workspaces

from .ranges import sorted_together

cdef enum:
    PATIENCE = 1 << 20  # vertices between two checks for Ctrl-C
    PASSES = 5      # over the extrema, before the stack takes what they leave


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


cdef inline void pair_extrema(Sweep[floating]& s, Pairs found, Py_ssize_t minimum,
                              Py_ssize_t maximum) noexcept nogil:
    add_pair(found, s.extremum[minimum], s.extremum[maximum],
             s.extremum_height[maximum] - s.extremum_height[minimum])


cdef Py_ssize_t close_inner(Sweep[floating]& s, Pairs found, Py_ssize_t n) noexcept nogil:
    """Pair every two neighbours that lie between their neighbours; return how many vertices remain.

    Two such pairs never overlap, since the order is strict, and removing one leaves the others as
    they are. One pass without branches removes two thirds of noise, where a stack would be
    mispredicted at every step (a line of 1e6: 9.5 ms with the stack alone, 7.8 ms so).
    """
    cdef Py_ssize_t k, m = found.n, kept = 1
    cdef bint inner, was_inner = False, rises
    cdef floating a, b, c, d
    cdef int32_t left, right
    cdef int32_t* extremum = s.extremum.data()
    cdef floating* height = s.extremum_height.data()
    cdef uint64_t* pair = found.scratch.key.data()
    cdef double* minus_length = found.scratch.minus_length.data()
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
        minus_length[m] = 0.0 - fabs(<double>(b - c))       # never -0.0, which sorts apart
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
    found.n = m
    return kept


cdef Py_ssize_t reduce_extrema(Sweep[floating]& s, Pairs found, Py_ssize_t n) except -1 nogil:
    """Pair what can be paired inside s.extremum[:n]; return how many remain, at its beginning."""
    cdef Py_ssize_t k, top = 0
    cdef int32_t v
    cdef floating x
    cdef floating* height = s.extremum_height.data()
    for k in range(n):
        check_signals_every(PATIENCE, k)
        v = s.extremum[k]
        x = height[k]
        # Where two blocks meet, the end of one may be no extremum: the next vertex replaces it.
        if top >= 2 and (height[top - 2] <= height[top - 1]) == (height[top - 1] <= x):
            top -= 1
        s.extremum[top] = v
        height[top] = x
        top += 1
        while top >= 4:
            if height[top - 3] <= height[top - 2]:      # the inner two: minimum, then maximum
                if not (height[top - 4] > height[top - 2] and x < height[top - 3]):
                    break
                pair_extrema(s, found, top - 3, top - 2)
            else:
                if not (height[top - 4] <= height[top - 2] and x >= height[top - 3]):
                    break
                pair_extrema(s, found, top - 2, top - 3)
            top -= 2
            s.extremum[top - 1] = v
            height[top - 1] = x
    return top


cdef int finish_extrema(Sweep[floating]& s, Pairs found, Py_ssize_t n) except -1 nogil:
    """Pair what remains, whose ranges grow up to the global minimum, then shrink."""
    cdef Py_ssize_t first = 0, k, best
    if n >= 2 and s.extremum_height[0] > s.extremum_height[1]:
        first = 1       # a maximum at an end of the line is not critical
    best = first
    for k in range(first, n, 2):
        if s.extremum_height[k] < s.extremum_height[best]:
            best = k
    for k in range(first, n, 2):
        if k != best:
            pair_extrema(s, found, k, k + 1 if k < best else k - 1)
    return found.add_essential(&s.extremum[best])


cdef Py_ssize_t reduce_block(const floating* line, Py_ssize_t begin, Py_ssize_t end, bint negate,
                             Sweep[floating]& s, Pairs found) except -1 nogil:
    """Pair what can be paired inside line[begin:end]; return how many extrema remain."""
    cdef Py_ssize_t n
    found.reserve((end - begin) // 2 + 1)   # a pass without branches writes one ahead
    n = local_extrema(line, begin, end, -1 if negate else 1, s)
    if end - begin > PATIENCE:
        check_signals()
    for _ in range(PASSES):
        n = close_inner(s, found, n)
        if n > PATIENCE:
            check_signals()
    return reduce_extrema(s, found, n)


cdef int pair_line(const floating* line, Py_ssize_t n, bint negate, Sweep[floating]& s,
                   Pairs found) except -1 nogil:
    """Add the pairs of one line to an open sample."""
    return finish_extrema(s, found, reduce_block(line, 0, n, negate, s, found))


cdef int pair_lines(const floating[:, ::1] lines, bint negate, Sweep[floating]& s,
                    Pairs found) except -1 nogil:
    cdef Py_ssize_t i
    for i in range(lines.shape[0]):
        pair_line(&lines[i, 0], lines.shape[1], negate, s, found)
        found.close_sample()
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
    {0: Pairs}
        (birth, death) as vertices of their line. The essential class is born at the oldest vertex.
    """
    cdef Workspace workspace = workspaces.borrow()
    cdef Sweep[floating]* s = sweep_of(workspace, <const floating*>NULL)
    cdef Pairs found = Pairs(keep_zero=keep_zero)
    with nogil:
        pair_lines(lines, superlevel, s[0], found)
    workspaces.give_back(workspace, workspace.n_bytes())
    return {0: found.finish()}


# --------------------------------------------------------------------------------------------------
# One long line, in blocks
# --------------------------------------------------------------------------------------------------

def line_block(const floating[::1] line, Py_ssize_t begin, Py_ssize_t end, bint superlevel,
               bint keep_zero):
    """Reduce line[begin:end]; return (Pairs, not sorted, and the vertices that remain)."""
    cdef Workspace workspace = workspaces.borrow()
    cdef Sweep[floating]* s = sweep_of(workspace, <const floating*>NULL)
    cdef Pairs found = Pairs(keep_zero=keep_zero)
    cdef Py_ssize_t n, k
    with nogil:
        n = reduce_block(&line[0], begin, end, superlevel, s[0], found)
        if not keep_zero:
            found.drop_zero()
    remains = np.empty(n, dtype=np.int32)
    cdef int32_t[::1] remains_view = remains
    for k in range(n):
        remains_view[k] = s.extremum[k]
    workspaces.give_back(workspace, workspace.n_bytes())
    return found, remains


def join_blocks(const floating[::1] line, const int32_t[::1] remains, bint superlevel,
                bint keep_zero):
    """Return Pairs, not sorted, of the vertices that remain of all blocks."""
    cdef Workspace workspace = workspaces.borrow()
    cdef Sweep[floating]* s = sweep_of(workspace, <const floating*>NULL)
    cdef Pairs found = Pairs(keep_zero=keep_zero)
    cdef Py_ssize_t k, n = remains.shape[0]
    cdef floating sign = -1 if superlevel else 1
    with nogil:
        s.extremum.grow(n)
        s.extremum_height.grow(n)
        found.reserve(n // 2)
        for k in range(n):
            s.extremum[k] = remains[k]
            s.extremum_height[k] = sign * line[remains[k]]
        n = reduce_extrema(s[0], found, n)
        finish_extrema(s[0], found, n)
        if not keep_zero:
            found.drop_zero()
    workspaces.give_back(workspace, workspace.n_bytes())
    return found


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
    {0: Pairs}
        As from line_pairs for a batch of one.
    """
    array = np.asarray(line)
    cuts = [array.size * i // n_blocks for i in range(n_blocks + 1)]
    blocks = run([
        partial(line_block, array, begin, end, superlevel, keep_zero)
        for begin, end in zip(cuts, cuts[1:])
    ])
    remains = np.concatenate([rest for _, rest in blocks])
    parts = [part for part, _ in blocks] + [join_blocks(array, remains, superlevel, keep_zero)]
    return {0: sorted_together(parts, run, n_blocks)}
