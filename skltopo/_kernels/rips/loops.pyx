"""Vietoris-Rips persistence in dimensions 0 and 1: pairs of critical edges, by lenses.

What is paired
    The clique complex of a graph grows edge by edge, in the strict order (length, i, j), i < j. A
    point of PD_k is reported as its critical edges (birth, death): those that give the paired
    simplices their values. A vertex v is the edge (v, v). Points of zero length are left out.

Why one look at an edge is enough
    With the edge e = (u, v) enter all cliques e * s, s a clique of its lens: the common neighbours
    of u and v so far. By excision H_k(K_e, K_<e) is the reduced H_(k-2) of the cliques of the lens.
    An empty lens: e merges two components, or bears a class of H_1. Otherwise e can only end
    classes of H_1, by triangles u v w, w in the lens, and triangles over an edge w w' of the lens
    have the same boundary up to a boundary.

Classes of H_1
    Every living class has a cocycle modulo 2: a symmetric bit matrix, of which rows that are not
    empty are stored (lists of them at each vertex). Together the cocycles are a basis of H^1. At e
    the value of a class on e is dictated by any triangle u w v: the sum on u w and w v. Where all w
    of the lens agree, that is the value on e. Where two do not, the classes that disagree give a
    functional that dies: the youngest of them ends at e, and its cocycle is added to the others,
    which then agree. This is what annotations of simplices are, kept by edge.

What is not sorted
    An edge whose lens holds a vertex, and whose ends no living class touches, changes nothing but
    the graph: it is quiet. A lens only grows. So a bucket of edges (rips_edges.pxd) that are all
    quiet at its beginning need not be sorted: the result is that of the sorted bucket.

Complexity
    m edges up to the limit (the enclosing radius at the most: beyond it the complex is a cone):
    O(m) for buckets, O(m n / 64) for lenses at the worst, and rows of n / 64 words to add for every
    class that dies. Memory: 8 bytes an edge, n^2 / 8 for the graph, rows of classes.

Papers
    Bauer, Ripser, 2021 (the enclosing radius). Dey, Fan, Wang, Computing topological persistence
    for simplicial maps, 2014, and Boissonnat, Dey, Maria, The compressed annotation matrix, 2015
    (annotations). Koyama, Memoli, Robins, Turner, Faster computation of degree-1 persistent
    homology using the reduced Vietoris-Rips filtration, 2024 (one triangle a component of a lens).
    Kapulkin, Kershaw, RedZeD, 2026 (classes kept on living generators alone).
"""

import numpy as np

from cython cimport floating
from libc.math cimport sqrt
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libcpp cimport bool
from libcpp.vector cimport vector

from ..._utils.signals cimport check_signals
from ..._utils.buffer cimport Buffer
from .edges cimport count_edges, n_buckets_for, place_edges, sort_bucket
from ..._utils.sorting cimport argsort_pairs
from ..._persistence cimport find_root

cdef extern from "rips_state.h" nogil:
    bool all_quiet(const uint64_t* items, Py_ssize_t n_items, const uint64_t* rows,
                   Py_ssize_t n_words, const uint8_t* touched)
    Py_ssize_t insert_quiet(const uint64_t* items, Py_ssize_t begin, Py_ssize_t end, uint64_t* rows,
                            Py_ssize_t n_words, const uint8_t* touched)
    Py_ssize_t find_contradiction(const Seen* seen, Py_ssize_t n_seen, const uint64_t* lens,
                                  Py_ssize_t n_words)
    void mask_row(const uint64_t* row, const uint64_t* lens, uint64_t* x, Py_ssize_t n_words)
    void add_masked_row(const uint64_t* row, const uint64_t* lens, uint64_t* x, Py_ssize_t n_words)
    Py_ssize_t first_free(const Seen* seen, Py_ssize_t n_seen, const uint64_t* lens,
                          Py_ssize_t n_words)

cdef enum:
    MOST_VERTICES = 1 << 16     # two ends of an edge in 32 bits
    EDGES_BETWEEN_SIGNALS = 1 << 16


#: The most points that rips_pairs and rips_pairs_2 take.
MAX_VERTICES = MOST_VERTICES


cdef int take_memory(RipsState& s, Py_ssize_t n, Py_ssize_t n_edges,
                     Py_ssize_t max_bytes) except -1 nogil:
    """Begin with n vertices, unless the graph and the edges take more than max_bytes."""
    cdef Py_ssize_t needed = 8 * n_edges + n * n // 8 + 128 * n
    if needed > max_bytes:
        with gil:
            raise MemoryError(
                f"{n_edges} edges of {n} points take {needed / 2**30:.1f} GiB, and "
                f"{max_bytes / 2**30:.1f} GiB are free; take fewer points or a smaller max_edge"
            )
    s.bytes_left = max_bytes - needed
    s.reset(n)
    return 0


# --------------------------------------------------------------------------------------------------
# Classes of H_1
# --------------------------------------------------------------------------------------------------

cdef bint join_ends(RipsState& s, Edge e) except -1 nogil:
    """Merge the components of the ends: the one whose smallest vertex is larger dies."""
    cdef int32_t a = find_root(s.parent, e.u), b = find_root(s.parent, e.v)
    if a == b:
        return False
    if a > b:
        a, b = b, a
    s.parent[b] = a
    s.merges.push_back((<uint64_t>(b << 16 | b) << 32) | e.packed)
    return True


cdef uint64_t* hole_row(RipsState& s, int32_t g, int32_t v) except NULL nogil:
    """Return the row of class g at v, a new one where there is none."""
    cdef size_t i
    cdef Touch touch
    for i in range(s.holes_at[v].size()):
        if s.holes_at[v][i].g == g:
            return s.holes_at[v][i].row
    touch.g = g
    touch.row = s.row_pool.take()
    s.holes_at[v].push_back(touch)
    s.holes[g].vertices.push_back(v)
    s.touched[v] = 1
    return touch.row


cdef int bear_hole(RipsState& s, Edge e) except -1 nogil:
    cdef LivingClass hole
    cdef int32_t g = <int32_t>s.holes.size()
    hole.birth = e.packed
    hole.alive = True
    s.holes.push_back(hole)
    s.seen_slot.push_back(-1)
    flip_bit(hole_row(s, g, e.u), e.v)
    flip_bit(hole_row(s, g, e.v), e.u)
    return 0


cdef int see_holes(RipsState& s, Edge e) except -1 nogil:
    """Collect the classes at the ends of e with their sums over paths through the lens."""
    cdef Py_ssize_t i, n_words = s.n_words
    cdef int32_t slot
    cdef Seen seen
    cdef Touch touch
    cdef uint64_t* lens = s.lens.data()
    cdef Py_ssize_t n_at_u = <Py_ssize_t>s.holes_at[e.u].size()
    cdef Py_ssize_t n_at_v = <Py_ssize_t>s.holes_at[e.v].size()
    s.seen.clear()
    s.seen_rows.grow((n_at_u + n_at_v) * n_words)
    for i in range(n_at_u + n_at_v):
        touch = s.holes_at[e.u][i] if i < n_at_u else s.holes_at[e.v][i - n_at_u]
        slot = s.seen_slot[touch.g]
        if slot >= 0:
            add_masked_row(touch.row, lens, s.seen[slot].x, n_words)
            continue
        seen.g = touch.g
        seen.x = s.seen_rows.data() + i * n_words
        seen.value = 0
        mask_row(touch.row, lens, seen.x, n_words)
        s.seen_slot[touch.g] = <int32_t>s.seen.size()
        s.seen.push_back(seen)
    for i in range(<Py_ssize_t>s.seen.size()):
        s.seen_slot[s.seen[i].g] = -1
    return 0


cdef void forget_hole(RipsState& s, int32_t g) noexcept nogil:
    """Give back the rows of class g, which is not in use any more."""
    cdef size_t i, k
    cdef int32_t v
    for i in range(s.holes[g].vertices.size()):
        v = s.holes[g].vertices[i]
        for k in range(s.holes_at[v].size()):
            if s.holes_at[v][k].g == g:
                s.row_pool.give(s.holes_at[v][k].row)
                s.holes_at[v][k] = s.holes_at[v].back()
                s.holes_at[v].pop_back()
                break
        s.touched[v] = not s.holes_at[v].empty()
    s.holes[g].vertices.clear()
    s.holes[g].vertices.shrink_to_fit()
    s.holes[g].alive = False


cdef int kill_hole(RipsState& s, Edge e, Py_ssize_t w) except -1 nogil:
    """End the youngest class that the vertex w of the lens contradicts, if there is one.

    Its cocycle is added to the other classes that w contradicts. Returns whether a class ended.
    """
    cdef Py_ssize_t i, k, youngest = -1, n_words = s.n_words
    cdef size_t at
    cdef int32_t v, g
    cdef Seen dying, other
    cdef uint64_t* row
    cdef uint64_t* source
    for i in range(<Py_ssize_t>s.seen.size()):
        if has_bit(s.seen[i].x, w) != s.seen[i].value:
            if youngest < 0 or s.seen[i].g > s.seen[youngest].g:
                youngest = i
    if youngest < 0:
        return False
    dying = s.seen[youngest]
    g = dying.g
    s.hole_pairs.push_back((<uint64_t>s.holes[g].birth << 32) | e.packed)
    for i in range(<Py_ssize_t>s.seen.size()):
        other = s.seen[i]
        if i == youngest or has_bit(other.x, w) == other.value:
            continue
        for at in range(s.holes[g].vertices.size()):
            v = s.holes[g].vertices[at]
            row = hole_row(s, other.g, v)
            source = hole_row(s, g, v)
            for k in range(n_words):
                row[k] ^= source[k]
        for k in range(n_words):
            other.x[k] ^= dying.x[k]
        s.seen[i].value ^= dying.value
    forget_hole(s, g)
    s.seen[youngest] = s.seen.back()
    s.seen.pop_back()
    return True


cdef int store_holes(RipsState& s, Edge e) except -1 nogil:
    """Enter e into the cocycles that are 1 on it."""
    cdef size_t i
    for i in range(s.seen.size()):
        if s.seen[i].value:
            flip_bit(hole_row(s, s.seen[i].g, e.u), e.v)
            flip_bit(hole_row(s, s.seen[i].g, e.v), e.u)
    return 0


cdef int enter_edge(RipsState& s, Edge e) except -1 nogil:
    """Enter an edge that is not quiet."""
    cdef Py_ssize_t i, w
    w = find_lens(s.rows.data() + e.u * s.n_words, s.rows.data() + e.v * s.n_words, s.lens.data(),
                  s.n_words)
    if w < 0:
        if not join_ends(s, e):
            bear_hole(s, e)
    else:
        see_holes(s, e)
        w = first_free(s.seen.data(), <Py_ssize_t>s.seen.size(), s.lens.data(), s.n_words)
        for i in range(<Py_ssize_t>s.seen.size()):
            s.seen[i].value = has_bit(s.seen[i].x, w)
        while True:
            w = find_contradiction(s.seen.data(), <Py_ssize_t>s.seen.size(), s.lens.data(),
                                   s.n_words)
            if w < 0:
                break
            kill_hole(s, e, w)
        store_holes(s, e)
    insert_edge(s.rows.data(), s.n_words, e.packed)
    return 0


cdef int enter_bucket(RipsState& s, const uint64_t* items, Py_ssize_t n) except -1 nogil:
    """Enter sorted edges."""
    cdef Py_ssize_t i = 0
    while True:
        i = insert_quiet(items, i, n, s.rows.data(), s.n_words, s.touched.data())
        if i == n:
            return 0
        enter_edge(s, unpack_edge(items[i]))
        i += 1


cdef int sweep_edges(RipsState& s, const floating* matrix, Py_ssize_t n, double limit,
                     Py_ssize_t max_bytes) except -1 nogil:
    """Enter all edges up to limit."""
    cdef Py_ssize_t n_buckets = n_buckets_for(n), n_edges, b, i, start, stop, since = 0
    cdef Buffer[int64_t] ends, fine
    cdef Buffer[int32_t] row_buckets
    cdef Buffer[uint64_t] items, scratch
    n_edges = count_edges(matrix, n, limit, n_buckets, ends, row_buckets)
    take_memory(s, n, n_edges, max_bytes)
    items.grow(n_edges)
    place_edges(matrix, n, limit, n_buckets, ends, row_buckets, items.data())
    start = 0
    for b in range(n_buckets):
        stop = ends[b]
        if all_quiet(items.data() + start, stop - start, s.rows.data(), s.n_words,
                     s.touched.data()):
            for i in range(start, stop):
                insert_edge(s.rows.data(), s.n_words, items[i])
        else:
            sort_bucket(matrix, n, items.data() + start, stop - start, scratch, fine)
            enter_bucket(s, items.data() + start, stop - start)
        since += stop - start
        start = stop
        if since >= EDGES_BETWEEN_SIGNALS:
            since = 0
            check_signals()
    return 0


# --------------------------------------------------------------------------------------------------
# From and to Python
# --------------------------------------------------------------------------------------------------

cdef object sorted_pairs(vector[uint64_t]& pairs, const floating* matrix, Py_ssize_t n,
                         bint squared, bint keep_zero):
    """Return pairs as (m, 4) int64, by decreasing length, ties by edges."""
    cdef Buffer[double] minus_length
    cdef Buffer[uint64_t] packed, items, scratch
    cdef Py_ssize_t i, k, m = 0
    cdef double birth, death
    cdef uint64_t pair
    with nogil:
        minus_length.grow(<Py_ssize_t>pairs.size())
        packed.grow(<Py_ssize_t>pairs.size())
        for i in range(<Py_ssize_t>pairs.size()):
            pair = pairs[i]
            birth = 0
            if (pair >> 48) != (pair >> 32 & 0xFFFF):
                birth = matrix[<Py_ssize_t>(pair >> 48) * n + <Py_ssize_t>(pair >> 32 & 0xFFFF)]
            death = matrix[<Py_ssize_t>(pair >> 16 & 0xFFFF) * n + <Py_ssize_t>(pair & 0xFFFF)]
            if squared:
                birth = sqrt(birth)
                death = sqrt(death)
            minus_length[m] = birth - death
            packed[m] = pair
            m += keep_zero or birth != death
        argsort_pairs(minus_length, packed, items, scratch, m)
    out = np.empty((m, 4), dtype=np.int64)
    cdef int64_t[:, ::1] view = out
    for i in range(m):
        pair = packed[<uint32_t>items[i]]
        for k in range(4):
            view[i, k] = pair >> (48 - 16 * k) & 0xFFFF
    return out


cdef object unpacked_edges(vector[uint32_t]& edges):
    """Return packed edges as (m, 2) int64."""
    cdef size_t i
    out = np.empty((edges.size(), 2), dtype=np.int64)
    cdef int64_t[:, ::1] view = out
    for i in range(edges.size()):
        view[i, 0] = edges[i] >> 16
        view[i, 1] = edges[i] & 0xFFFF
    return out


cdef object essential_edges(vector[LivingClass]& classes):
    """Return the birth edges of classes that are alive, by birth."""
    cdef vector[uint32_t] births
    cdef size_t i
    for i in range(classes.size()):
        if classes[i].alive:
            births.push_back(classes[i].birth)
    return unpacked_edges(births)


cdef object essential_vertices(RipsState& s):
    """Return the smallest vertex v of every component as the edge (v, v)."""
    cdef vector[uint32_t] roots
    cdef uint32_t v
    for v in range(<uint32_t>s.n):
        if s.parent[v] == <int32_t>v:
            roots.push_back(v << 16 | v)
    return unpacked_edges(roots)


cdef tuple collect_pairs(RipsState& s, const floating* matrix, bint squared, bint keep_zero):
    """Return [(pairs, essential)] of dimensions 0, 1 and 2."""
    return (
        (sorted_pairs(s.merges, matrix, s.n, squared, keep_zero), essential_vertices(s)),
        (sorted_pairs(s.hole_pairs, matrix, s.n, squared, keep_zero), essential_edges(s.holes)),
        (sorted_pairs(s.void_pairs, matrix, s.n, squared, keep_zero), essential_edges(s.voids)),
    )


def rips_pairs(const floating[:, ::1] matrix, double limit, bint squared, bint keep_zero,
               Py_ssize_t max_bytes):
    """Pair the edges of the Rips filtration of a distance matrix, in dimensions 0 and 1.

    Parameters
    ----------
    matrix : (n, n) C-contiguous float32 or float64, not NaN and not negative
        Only entries above the diagonal are read; 1 <= n <= 65536.
    limit : float
        The longest edge that enters, finite; negative for none.
    squared : bool
        Whether entries are squared lengths: limit too, while points are ordered by length.
    keep_zero : bool
        Keep points of length zero.
    max_bytes : int
        Memory that may be taken, beyond which MemoryError is raised.

    Returns
    -------
    list of (pairs, essential), one for each dimension
        pairs: (m, 4) int64 edges (bu, bv, du, dv), longest first; essential: (e, 2) int64.
    """
    cdef RipsState s
    with nogil:
        sweep_edges(s, &matrix[0, 0], matrix.shape[0], limit, max_bytes)
    return list(collect_pairs(s, &matrix[0, 0], squared, keep_zero)[:2])
