"""Functions on a grid with few maxima: floods, and regression that is monotone on trees.

A function has its maxima among some roots if every other vertex has a neighbour, its parent, that
is not lower. Then the function falls along the forest of parents. `denoising.py` needs:

flood
    The forest of a function: vertices are taken from the roots on, always the highest that touches
    one taken before (Prim's algorithm for a maximum spanning forest), and their parent is the
    highest neighbour taken. Where the maxima are among the roots already, the function falls along
    it.

fall_along
    Given a forest, the function closest to the values (least squares) among all that fall along it:
    isotonic regression on a tree. Vertices form blocks. From leaves to roots, a vertex is merged
    with the blocks below it whose means are higher than its own, highest first. The blocks below a
    block are kept in a pairing heap. In the end every vertex has the mean of its block.

lower_along
    The largest function below the values that falls along the forest. With the forest of the values
    themselves it lowers each maximum that is no root to the level at which it meets a higher one
    (the morphological reconstruction).

All take O(n log n) time.

Papers
    Pardalos, Xue, Algorithms for a class of isotonic regression problems, 1999 (trees). Vincent,
    Morphological grayscale reconstruction in image analysis, 1993. Fredman, Sedgewick, Sleator,
    Tarjan, The pairing heap, 1986.
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint8_t

from ..._utils.buffer cimport Buffer
from ..._utils.signals cimport check_signals

cdef enum:
    NONE = -1
    UNSEEN = 0
    SEEN = 1
    TAKEN = 2
    PATIENCE = 1 << 16      # vertices between two checks for Ctrl-C


cdef inline bint is_higher(const double[::1] first, const double[::1] second, int32_t v,
                           int32_t w) noexcept nogil:
    """Whether v comes before w: by first, then by second, then by index."""
    if first[v] != first[w]:
        return first[v] > first[w]
    if second[v] != second[w]:
        return second[v] > second[w]
    return v < w


cdef inline void push(const double[::1] first, const double[::1] second, Buffer[int32_t]& heap,
                      int32_t* n, int32_t v) noexcept nogil:
    cdef int32_t i = n[0], above
    n[0] += 1
    while i:
        above = (i - 1) >> 1
        if not is_higher(first, second, v, heap[above]):
            break
        heap[i] = heap[above]
        i = above
    heap[i] = v


cdef inline int32_t pop(const double[::1] first, const double[::1] second, Buffer[int32_t]& heap,
                        int32_t* n) noexcept nogil:
    cdef int32_t top = heap[0], i = 0, child = 1, last, v
    n[0] -= 1
    last = n[0]
    v = heap[last]
    while child < last:
        if child + 1 < last and is_higher(first, second, heap[child + 1], heap[child]):
            child += 1
        if not is_higher(first, second, heap[child], v):
            break
        heap[i] = heap[child]
        i = child
        child = 2 * i + 1
    heap[i] = v
    return top


def flood(const double[::1] first, const double[::1] second, const int64_t[::1] steps,
          const int64_t[::1] roots, const uint8_t[::1] outside):
    """Flood a padded grid from its roots.

    Parameters
    ----------
    first, second : (n_padded,) float64, finite inside
        Vertices are taken by decreasing first, then second, then increasing index.
    steps : (n_neighbours,) int64
        From a vertex to its neighbours, all within the padded grid from a vertex inside.
    roots : (n_roots,) int64
        Distinct vertices inside.
    outside : (n_padded,) uint8
        1 for padding.

    Returns
    -------
    order : (n,) int32
        Vertices that can be reached, in the order in which they were taken.
    parent : (n,) int32
        Position in order of the parent of each; -1 for a root.
    """
    cdef Py_ssize_t n_padded = first.shape[0], i, k, n_taken = 0
    cdef int32_t n_heap = 0, v, w, best
    cdef Buffer[int32_t] heap, position
    cdef Buffer[uint8_t] state
    order = np.empty(n_padded, dtype=np.int32)
    parent = np.empty(n_padded, dtype=np.int32)
    cdef int32_t[::1] order_view = order, parent_view = parent
    with nogil:
        heap.grow(n_padded)
        position.grow(n_padded)
        state.grow(n_padded)
        for i in range(n_padded):
            state[i] = SEEN if outside[i] else UNSEEN
        for i in range(roots.shape[0]):
            state[roots[i]] = SEEN
            position[roots[i]] = NONE       # marks a root
            push(first, second, heap, &n_heap, <int32_t>roots[i])
        while n_heap:
            if n_taken % PATIENCE == PATIENCE - 1:
                check_signals()
            v = pop(first, second, heap, &n_heap)
            best = NONE
            for k in range(steps.shape[0]):
                w = <int32_t>(v + steps[k])
                if state[w] == TAKEN:
                    if best == NONE or is_higher(first, second, w, best):
                        best = w
                elif state[w] == UNSEEN:
                    state[w] = SEEN
                    position[w] = 0
                    push(first, second, heap, &n_heap, w)
            parent_view[n_taken] = NONE if position[v] == NONE else position[best]
            order_view[n_taken] = v
            position[v] = <int32_t>n_taken
            state[v] = TAKEN
            n_taken += 1
    return order[:n_taken].copy(), parent[:n_taken].copy()


cdef inline int32_t meld(const double* mean, int32_t* child, int32_t* sibling, int32_t a,
                         int32_t b) noexcept nogil:
    """Return the root of two pairing heaps in one; the highest mean is the root."""
    if a == NONE:
        return b
    if b == NONE:
        return a
    if mean[a] < mean[b] or (mean[a] == mean[b] and b < a):
        a, b = b, a
    sibling[b] = child[a]
    child[a] = b
    return a


cdef inline int32_t without_root(const double* mean, int32_t* child, int32_t* sibling,
                                 int32_t root) noexcept nogil:
    """Return the root of a pairing heap whose root is taken off: pair its children, then join."""
    cdef int32_t a = child[root], b, following, pairs = NONE, out = NONE
    while a != NONE:
        b = sibling[a]
        following = NONE if b == NONE else sibling[b]
        sibling[a] = NONE
        if b != NONE:
            sibling[b] = NONE
        a = meld(mean, child, sibling, a, b)
        sibling[a] = pairs
        pairs = a
        a = following
    while pairs != NONE:
        following = sibling[pairs]
        sibling[pairs] = NONE
        out = meld(mean, child, sibling, out, pairs)
        pairs = following
    return out


def fall_along(const double[::1] values, const int32_t[::1] parent):
    """Return the least squares fit to values that falls along a forest.

    Parameters
    ----------
    values : (n,) float64, finite
    parent : (n,) int32
        parent[i] < i, or -1 for a root.

    Returns
    -------
    (n,) float64
        At most the value at the parent, exactly.
    """
    cdef Py_ssize_t n = values.shape[0], i
    cdef int32_t v, block
    cdef Buffer[double] mean, total, weight
    cdef Buffer[int32_t] below, child, sibling, taken_by
    fit = np.empty(n, dtype=np.float64)
    cdef double[::1] fit_view = fit
    with nogil:
        mean.grow(n)
        total.grow(n)
        weight.grow(n)
        below.grow(n)       # root of the heap of blocks below a block
        child.grow(n)
        sibling.grow(n)
        taken_by.grow(n)
        for i in range(n):
            mean[i] = total[i] = values[i]
            weight[i] = 1
            below[i] = child[i] = sibling[i] = taken_by[i] = NONE
        for i in range(n - 1, -1, -1):
            v = <int32_t>i
            if i % PATIENCE == PATIENCE - 1:
                check_signals()
            while below[v] != NONE and mean[below[v]] > mean[v]:
                block = below[v]
                taken_by[block] = v
                total[v] += total[block]
                weight[v] += weight[block]
                mean[v] = total[v] / weight[v]
                below[v] = meld(
                    mean.data(), child.data(), sibling.data(),
                    without_root(mean.data(), child.data(), sibling.data(), block), below[block],
                )
            if parent[v] != NONE:
                below[parent[v]] = meld(
                    mean.data(), child.data(), sibling.data(), below[parent[v]], v
                )
        for i in range(n):
            fit_view[i] = mean[i] if taken_by[i] == NONE else fit_view[taken_by[i]]
    return fit


def lower_along(const double[::1] values, const int32_t[::1] parent):
    """Return the largest function below values that falls along a forest (as in `fall_along`)."""
    cdef Py_ssize_t i
    fit = np.empty(values.shape[0], dtype=np.float64)
    cdef double[::1] fit_view = fit
    with nogil:
        for i in range(values.shape[0]):
            fit_view[i] = values[i]
            if parent[i] != NONE:
                fit_view[i] = min(values[i], fit_view[parent[i]])
    return fit
