"""Vietoris-Rips persistence in dimensions 0 and 1: one look at the lens of each edge.

What is paired
    The clique complex of a graph grows edge by edge, in the strict order (length, i, j), i < j. A
    point of PD_k is reported as its critical edges (birth, death): those that give the paired
    simplices their values. A vertex v is the edge (v, v).

Why one look at an edge is enough
    The lens of the edge e = (u, v) is the set of common neighbours of u and v when e enters. With e
    enter all cliques e * s, where s is a clique of the lens. By excision H_k(K_e, K_<e) is the
    reduced H_(k-2) of the cliques of the lens. If the lens is empty, e merges two components, or
    creates a class of H_1. Otherwise e can only destroy classes of H_1, by triangles u v w, where w
    is in the lens; triangles over an edge w w' of the lens have the same boundary up to a boundary.

Classes of H_1
    Every living class has a cocycle modulo 2: a symmetric bit matrix, of which rows that are not
    empty are stored (lists of them at each vertex). Together the cocycles are a basis of H^1. When
    e enters, the value of a class on e is determined by any triangle u w v: it is the sum of its
    values on u w and w v. If all w of the lens agree, that is the value on e. If two do not, the
    classes on which they disagree define a functional that vanishes from now on: e destroys the
    youngest of these classes, and the cocycle of that class is added to the others, on which the
    two then agree. Annotations of simplices do the same, kept here by edge.

What is not sorted
    A living class touches a vertex if its cocycle is 1 on an edge there. An edge is *quiet* if its
    lens is not empty and no living class touches its ends. It changes nothing but the graph, and
    while other quiet edges enter it stays quiet, since a lens only grows. So a bucket of edges
    (edges.pxd) that are all quiet when the bucket begins need not be sorted: the result is that of
    the sorted bucket.

Complexity
    For m edges up to the limit (the enclosing radius at most: beyond it the complex is a cone):
    O(m) for buckets, O(m n / 64) for lenses in the worst case, and rows of n / 64 words to add for
    every class that is destroyed. Memory: 8 bytes for each edge, n^2 / 8 for the graph, and the
    rows of living classes.

Papers
    Bauer, Ripser, 2021 (the enclosing radius). Dey, Fan, Wang, Computing topological persistence
    for simplicial maps, 2014, and Boissonnat, Dey, Maria, The compressed annotation matrix, 2015
    (annotations). Koyama, Memoli, Robins, Turner, Faster computation of degree-1 persistent
    homology using the reduced Vietoris-Rips filtration, 2024 (one triangle for each component of a
    lens). Kapulkin, Kershaw, RedZeD, 2026 (classes kept on living generators alone).
"""

from libc.stdint cimport int32_t, uint8_t, uint64_t

from ..._persistence cimport join_elder
from ..._utils.signals cimport check_signals_every

cdef extern from "rips_state.h" nogil:
    Py_ssize_t insert_quiet(const uint64_t* items, Py_ssize_t begin, Py_ssize_t end, uint64_t* rows,
                            Py_ssize_t n_words, const uint8_t* touched)
    Py_ssize_t find_contradiction(const HoleAtEdge* holes, Py_ssize_t n_holes, const uint64_t* lens,
                                  Py_ssize_t n_words)
    void mask_row(const uint64_t* row, const uint64_t* lens, uint64_t* x, Py_ssize_t n_words)
    void add_masked_row(const uint64_t* row, const uint64_t* lens, uint64_t* x, Py_ssize_t n_words)
    Py_ssize_t first_free(const HoleAtEdge* holes, Py_ssize_t n_holes, const uint64_t* lens,
                          Py_ssize_t n_words)

cdef enum:
    # An edge that destroys classes takes a millisecond and more where thousands of classes live on
    # thousands of vertices; each class that a cocycle is added to takes its part of that.
    EDGES_BETWEEN_SIGNALS = 1 << 6
    CLASSES_BETWEEN_SIGNALS = 1 << 4


# --------------------------------------------------------------------------------------------------
# Classes of H_1
# --------------------------------------------------------------------------------------------------

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


cdef int flip_hole(RipsState& s, int32_t g, Edge e) except -1 nogil:
    """Change the value of class g on e."""
    flip_bit(hole_row(s, g, e.u), e.v)
    flip_bit(hole_row(s, g, e.v), e.u)
    return 0


cdef int create_hole(RipsState& s, Edge e) except -1 nogil:
    """Add the class that e creates: its cocycle is 1 on e, and 0 on all earlier edges."""
    cdef LivingClass hole
    hole.birth = e.packed
    hole.alive = True
    s.holes.push_back(hole)
    s.slot.push_back(-1)
    return flip_hole(s, <int32_t>(s.holes.size() - 1), e)


cdef int enter_without_lens(RipsState& s, Edge e) except -1 nogil:
    """Enter an edge whose lens is empty: it joins two components or creates a class of H_1."""
    cdef int32_t dying = join_elder(s.parent, e.u, e.v)
    if dying < 0:
        create_hole(s, e)
    else:
        s.pairs[0].push_back(<uint64_t>(dying << 16 | dying) << 32 | e.packed)
    insert_edge(s.rows.data(), s.n_words, e.packed)
    return 0


cdef int list_holes(RipsState& s, Edge e) except -1 nogil:
    """List the classes at the ends of e, with their values on the paths u w v through the lens."""
    cdef Py_ssize_t i, n_words = s.n_words
    cdef int32_t slot
    cdef HoleAtEdge hole
    cdef Touch touch
    cdef uint64_t* lens = s.lens.data()
    cdef Py_ssize_t n_at_u = <Py_ssize_t>s.holes_at[e.u].size()
    cdef Py_ssize_t n_at_v = <Py_ssize_t>s.holes_at[e.v].size()
    s.edge_holes.clear()
    s.hole_sums.grow((n_at_u + n_at_v) * n_words)
    for i in range(n_at_u + n_at_v):
        touch = s.holes_at[e.u][i] if i < n_at_u else s.holes_at[e.v][i - n_at_u]
        slot = s.slot[touch.g]
        if slot >= 0:
            add_masked_row(touch.row, lens, s.edge_holes[slot].x, n_words)
            continue
        hole.g = touch.g
        hole.x = s.hole_sums.data() + i * n_words
        hole.value = 0
        mask_row(touch.row, lens, hole.x, n_words)
        s.slot[touch.g] = <int32_t>s.edge_holes.size()
        s.edge_holes.push_back(hole)
    for i in range(<Py_ssize_t>s.edge_holes.size()):
        s.slot[s.edge_holes[i].g] = -1
    return 0


cdef void free_hole(RipsState& s, int32_t g) noexcept nogil:
    """Give back the rows of class g, which was destroyed."""
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


cdef int destroy_hole(RipsState& s, Edge e, Py_ssize_t w) except -1 nogil:
    """Destroy the youngest class whose value on e is not that on the path u w v, if there is one.

    Its cocycle is added to the others of which that is true. Returns whether there was a class.
    """
    cdef Py_ssize_t i, k, youngest = -1, n_words = s.n_words
    cdef size_t at
    cdef int32_t v, g
    cdef HoleAtEdge dying, other
    cdef uint64_t* row
    cdef uint64_t* source
    for i in range(<Py_ssize_t>s.edge_holes.size()):
        if has_bit(s.edge_holes[i].x, w) != s.edge_holes[i].value:
            if youngest < 0 or s.edge_holes[i].g > s.edge_holes[youngest].g:
                youngest = i
    if youngest < 0:
        return False
    dying = s.edge_holes[youngest]
    g = dying.g
    s.pairs[1].push_back((<uint64_t>s.holes[g].birth << 32) | e.packed)
    for i in range(<Py_ssize_t>s.edge_holes.size()):
        other = s.edge_holes[i]
        if i == youngest or has_bit(other.x, w) == other.value:
            continue
        check_signals_every(CLASSES_BETWEEN_SIGNALS, i)
        for at in range(s.holes[g].vertices.size()):
            v = s.holes[g].vertices[at]
            row = hole_row(s, other.g, v)
            source = hole_row(s, g, v)
            for k in range(n_words):
                row[k] ^= source[k]
        for k in range(n_words):
            other.x[k] ^= dying.x[k]
        s.edge_holes[i].value ^= dying.value
    free_hole(s, g)
    s.edge_holes[youngest] = s.edge_holes.back()
    s.edge_holes.pop_back()
    return True


cdef int store_holes(RipsState& s, Edge e) except -1 nogil:
    """Store the values on e of the classes at its ends."""
    cdef size_t i
    for i in range(s.edge_holes.size()):
        if s.edge_holes[i].value:
            flip_hole(s, s.edge_holes[i].g, e)
    return 0


# --------------------------------------------------------------------------------------------------
# Edges
# --------------------------------------------------------------------------------------------------

cdef int enter_edge(RipsState& s, Edge e) except -1 nogil:
    """Enter an edge that is not quiet."""
    cdef Py_ssize_t i, w
    w = find_lens(s.rows.data() + e.u * s.n_words, s.rows.data() + e.v * s.n_words, s.lens.data(),
                  s.n_words)
    if w < 0:
        return enter_without_lens(s, e)
    list_holes(s, e)
    w = first_free(s.edge_holes.data(), <Py_ssize_t>s.edge_holes.size(), s.lens.data(), s.n_words)
    for i in range(<Py_ssize_t>s.edge_holes.size()):
        s.edge_holes[i].value = has_bit(s.edge_holes[i].x, w)
    while True:
        w = find_contradiction(s.edge_holes.data(), <Py_ssize_t>s.edge_holes.size(),
                               s.lens.data(), s.n_words)
        if w < 0:
            break
        destroy_hole(s, e, w)
    store_holes(s, e)
    insert_edge(s.rows.data(), s.n_words, e.packed)
    return 0


cdef int sweep_loops(RipsState& s, const uint64_t* items, Py_ssize_t n) except -1 nogil:
    """Enter sorted edges."""
    cdef Py_ssize_t i = 0, n_entered = 0
    while True:
        i = insert_quiet(items, i, n, s.rows.data(), s.n_words, s.touched.data())
        if i == n:
            return 0
        enter_edge(s, unpack_edge(items[i]))
        check_signals_every(EDGES_BETWEEN_SIGNALS, n_entered)
        n_entered += 1
        i += 1
