"""Vietoris-Rips persistence in dimensions 0, 1 and 2: pairs of critical edges, by lenses.

What is paired, and dimensions 0 and 1, as in ``rips.pyx``, whose notation this page takes up.

Why the graph inside the lens is enough
    H_k(K_e, K_<e) is the reduced H_(k-2) of the cliques of the lens. The components of its graph
    decide H_1 and births in H_2: the first component dictates the values of classes of H_1 on e;
    every further one ends a class of H_1 where two components disagree, and bears a class of H_2
    where they do not. Loops of the graph can end classes of H_2.

Classes of H_2
    Every living class has a cocycle: a set of triangles, kept as bit rows of edges (u w: the w'
    with u w w' in the cocycle). At e its values phi(w) on the new triangles u v w must satisfy, for
    every edge w w' of the lens, phi(w) + phi(w') = X(w, w'), the sum on u w w' and v w w'. One
    breadth-first search over the lens carries phi of all classes along its tree. Edges where the
    equation fails give functionals that die, as in dimension 1. On each component of the lens phi
    is free up to its complement (that adds the coboundary of e, of a class of H_1 that ends here,
    or the cocycle of a class that is born here): the one with fewer vertices is kept. An edge w w'
    can only fail where phi is 1 or X is not zero at one end, so only rows of such vertices are
    looked at.

Storage
    Most classes live for a few edges and have a few triangles, some live long and have tens of
    thousands. Both are served by rows that appear where they are needed: a class keeps, at every
    vertex u that it touches, a bit mask of the w for which the edge u w has a row, and a table of n
    pointers to these rows, read where the mask has a bit and not initialised elsewhere. Few
    vertices: a few tables, as short as a list. All vertices: the n x n table, by direct index. So a
    class passes from one to the other as it grows, and back as rows that become empty are given
    up. (A torus of 500 points and a sphere of 200: 7.8 and 2.4 ms; lists of triangles alone 17 and
    106 ms, rows with a full table for each class 69 and 5.4 ms.)

Complexity
    m edges: a breadth-first search for each (2 to 8 rows of n / 64 words are usual), and for every
    class at an end of the edge the rows where its cocycle meets the lens. Memory: as in dimension
    1, n^2 / 8 bytes for the graph and 8 an edge, then for a living class n / 8 for each edge and
    8 n for each vertex that it touches. Matrices of random numbers are the worst: nearly all
    classes live at once.
"""

from cython cimport floating
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.string cimport memcpy
from libcpp cimport bool
from libcpp.vector cimport vector

from ..._utils.signals cimport check_signals
from ..._utils.bits cimport lowest_bit
from ..._utils.buffer cimport Buffer
from .loops cimport (
    Coloured, Edge, LivingClass, Pool, RipsState, Touch, add_row, bear_hole, collect_pairs,
    find_lens, flip_bit, has_bit, hole_row, insert_edge, join_ends, kill_hole, see_holes,
    set_place, set_rows, store_holes, take_memory, unpack_edge
)
from .edges cimport count_edges, n_buckets_for, place_edges, sort_bucket

cdef extern from "rips_state.h" nogil:
    bool grow_component(const uint64_t* rows, Py_ssize_t n_words, Py_ssize_t start,
                        uint64_t* unvisited, uint64_t* frontier, uint64_t* component,
                        Coloured* classes, Py_ssize_t n_classes)
    bool see_differences(const uint64_t* a, const uint64_t* b, const uint64_t* lens,
                         Py_ssize_t n_words, uint64_t* x, Pool* pool) except +
    void choose_gauge(const uint64_t* component, Py_ssize_t n_words, uint64_t* phi)
    bool find_violation(const uint64_t* rows, Py_ssize_t n_words, const uint64_t* lens,
                        const Coloured* classes, Py_ssize_t n_classes, Py_ssize_t* first,
                        Py_ssize_t* second)

cdef enum:
    EDGES_BETWEEN_SIGNALS = 1 << 12


# --------------------------------------------------------------------------------------------------
# Classes of H_2: sets of bit rows
# --------------------------------------------------------------------------------------------------

cdef inline uint64_t* find_set(RipsState& s, int32_t z, int32_t v) noexcept nogil:
    """Return the set of rows of class z at v, or NULL."""
    return s.voids[z].sets[v]


cdef uint64_t* make_set(RipsState& s, int32_t z, int32_t v) except NULL nogil:
    cdef Touch touch
    cdef uint64_t* made = s.voids[z].sets[v]
    if made == NULL:
        made = s.set_pool.take()
        touch.g = z
        touch.row = made
        set_place(made, s.n_words, s.n)[0] = s.voids_at[v].size()
        s.voids_at[v].push_back(touch)
        s.voids[z].vertices.push_back(v)
        s.voids[z].sets[v] = made
    return made


cdef uint64_t* void_row(RipsState& s, int32_t z, uint64_t* set_a, int32_t a,
                        int32_t b) except NULL nogil:
    """Return the row of class z at the edge a b, a new one where there is none."""
    cdef uint64_t* set_b
    cdef uint64_t* row
    if has_bit(set_a, b):
        return set_rows(set_a, s.n_words)[b]
    set_b = make_set(s, z, b)
    row = s.row_pool.take()
    flip_bit(set_a, b)
    flip_bit(set_b, a)
    set_rows(set_a, s.n_words)[b] = row
    set_rows(set_b, s.n_words)[a] = row
    return row


cdef int add_void(RipsState& s, int32_t target, int32_t source) except -1 nogil:
    """Add the cocycle of one class to that of another."""
    cdef size_t i
    cdef Py_ssize_t at, n_words = s.n_words
    cdef int32_t a, b
    cdef uint64_t left
    cdef uint64_t* set_a
    cdef uint64_t* target_set
    cdef uint64_t* row
    cdef uint64_t* added
    for i in range(s.voids[source].vertices.size()):
        a = s.voids[source].vertices[i]
        set_a = find_set(s, source, a)
        target_set = make_set(s, target, a)
        for at in range(a >> 6, n_words):
            left = set_a[at]
            while left:
                b = <int32_t>(64 * at + lowest_bit(left))
                left &= left - 1
                if b < a:
                    continue
                added = set_rows(set_a, n_words)[b]
                row = void_row(s, target, target_set, a, b)
                if not add_row(row, added, n_words):
                    s.row_pool.give(row)
                    flip_bit(target_set, b)
                    flip_bit(find_set(s, target, b), a)
    return 0


cdef void forget_void(RipsState& s, int32_t z) noexcept nogil:
    """Give back the memory of a class."""
    cdef size_t i, k
    cdef Touch last
    cdef Py_ssize_t at
    cdef int32_t a, b
    cdef uint64_t left
    cdef uint64_t* set_a
    for i in range(s.voids[z].vertices.size()):
        a = s.voids[z].vertices[i]
        set_a = find_set(s, z, a)
        for at in range(a >> 6, s.n_words):
            left = set_a[at]
            while left:
                b = <int32_t>(64 * at + lowest_bit(left))
                left &= left - 1
                if b > a:
                    s.row_pool.give(set_rows(set_a, s.n_words)[b])
        k = set_place(set_a, s.n_words, s.n)[0]
        last = s.voids_at[a].back()
        s.voids_at[a][k] = last
        set_place(last.row, s.n_words, s.n)[0] = k
        s.voids_at[a].pop_back()
        s.set_pool.give(set_a)
    s.table_pool.give(<uint64_t*>s.voids[z].sets)
    s.voids[z].vertices.clear()
    s.voids[z].vertices.shrink_to_fit()
    s.voids[z].alive = False


# --------------------------------------------------------------------------------------------------
# Classes as seen from one edge
# --------------------------------------------------------------------------------------------------

cdef int see_void(RipsState& s, int32_t z, uint64_t* at_u, uint64_t* at_v) except -1 nogil:
    """Append class z to s.coloured if it differs on triangles over the lens."""
    cdef Coloured seen
    seen.z = z
    seen.x = s.set_pool.take()
    if see_differences(at_u, at_v, s.lens.data(), s.n_words, seen.x, &s.row_pool):
        seen.phi = s.row_pool.take()
        s.coloured.push_back(seen)
    else:
        s.set_pool.give(seen.x)
    return 0


cdef int see_voids(RipsState& s, Edge e) except -1 nogil:
    cdef size_t i
    cdef Touch touch
    s.coloured.clear()
    for i in range(s.voids_at[e.u].size()):
        touch = s.voids_at[e.u][i]
        see_void(s, touch.g, touch.row, find_set(s, touch.g, e.v))
    for i in range(s.voids_at[e.v].size()):
        touch = s.voids_at[e.v][i]
        if find_set(s, touch.g, e.u) == NULL:
            see_void(s, touch.g, NULL, touch.row)
    return 0


cdef int add_coloured(RipsState& s, Coloured target, Coloured source) except -1 nogil:
    cdef Py_ssize_t at, k, w
    cdef uint64_t left
    cdef uint64_t* row
    cdef uint64_t* added
    for k in range(s.n_words):
        target.phi[k] ^= source.phi[k]
    for at in range(s.n_words):
        left = source.x[at]
        while left:
            w = 64 * at + lowest_bit(left)
            left &= left - 1
            added = set_rows(source.x, s.n_words)[w]
            if has_bit(target.x, w):
                row = set_rows(target.x, s.n_words)[w]
            else:
                row = s.row_pool.take()
                flip_bit(target.x, w)
                set_rows(target.x, s.n_words)[w] = row
            add_row(row, added, s.n_words)
    return 0


cdef void forget_coloured(RipsState& s, Coloured seen) noexcept nogil:
    cdef Py_ssize_t at
    cdef uint64_t left
    for at in range(s.n_words):
        left = seen.x[at]
        while left:
            s.row_pool.give(set_rows(seen.x, s.n_words)[64 * at + lowest_bit(left)])
            left &= left - 1
    s.set_pool.give(seen.x)
    s.row_pool.give(seen.phi)


cdef bint is_violated(RipsState& s, Coloured seen, Py_ssize_t w, Py_ssize_t other) noexcept nogil:
    """Tell whether the equation of the edge w - other of the lens fails for a class."""
    cdef bint x = has_bit(seen.x, w) and has_bit(set_rows(seen.x, s.n_words)[w], other)
    return has_bit(seen.phi, w) ^ has_bit(seen.phi, other) ^ x


cdef int kill_void(RipsState& s, Edge e, Py_ssize_t w, Py_ssize_t other) except -1 nogil:
    """End the youngest class that is violated on an edge of the lens; add it to the others."""
    cdef size_t i, youngest = s.coloured.size()
    cdef Coloured dying
    for i in range(s.coloured.size()):
        if is_violated(s, s.coloured[i], w, other):
            if youngest == s.coloured.size() or s.coloured[i].z > s.coloured[youngest].z:
                youngest = i
    dying = s.coloured[youngest]
    s.void_pairs.push_back((<uint64_t>s.voids[dying.z].birth << 32) | e.packed)
    for i in range(s.coloured.size()):
        if i != youngest and is_violated(s, s.coloured[i], w, other):
            add_void(s, s.coloured[i].z, dying.z)
            add_coloured(s, s.coloured[i], dying)
    forget_void(s, dying.z)
    forget_coloured(s, dying)
    s.coloured[youngest] = s.coloured.back()
    s.coloured.pop_back()
    return 0


cdef int bear_void(RipsState& s, Edge e, const uint64_t* component) except -1 nogil:
    """Begin a class that is 1 on the triangles over one component of the lens."""
    cdef LivingClass born
    cdef Coloured seen
    seen.z = <int32_t>s.voids.size()
    born.birth = e.packed
    born.alive = True
    born.sets = <uint64_t**>s.table_pool.take()
    s.voids.push_back(born)
    seen.x = s.set_pool.take()
    seen.phi = s.row_pool.take()
    memcpy(seen.phi, component, s.n_words * sizeof(uint64_t))
    s.coloured.push_back(seen)
    return 0


cdef int store_void(RipsState& s, Edge e, Coloured seen) except -1 nogil:
    """Enter the triangles over e into a cocycle."""
    cdef Py_ssize_t at, k
    cdef int32_t w
    cdef uint64_t left, some = 0
    cdef uint64_t* at_u
    cdef uint64_t* at_v
    cdef uint64_t* row
    for k in range(s.n_words):
        some |= seen.phi[k]
    if not some:
        return 0
    at_u = make_set(s, seen.z, e.u)
    at_v = make_set(s, seen.z, e.v)
    row = void_row(s, seen.z, at_u, e.u, e.v)
    for k in range(s.n_words):
        row[k] ^= seen.phi[k]
    for at in range(s.n_words):
        left = seen.phi[at]
        while left:
            w = <int32_t>(64 * at + lowest_bit(left))
            left &= left - 1
            flip_bit(void_row(s, seen.z, at_u, e.u, w), e.v)
            flip_bit(void_row(s, seen.z, at_v, e.v, w), e.u)
    return 0


# --------------------------------------------------------------------------------------------------
# Edges
# --------------------------------------------------------------------------------------------------

cdef int carry_holes(RipsState& s, Edge e, Py_ssize_t w) except -1 nogil:
    """Give classes of H_1 their values on e, where all of the lens agrees with its vertex w."""
    cdef Py_ssize_t i, n_at_u = <Py_ssize_t>s.holes_at[e.u].size()
    cdef Py_ssize_t n = n_at_u + <Py_ssize_t>s.holes_at[e.v].size()
    cdef Touch touch
    cdef int32_t g
    s.seen_class.clear()
    for i in range(n):
        touch = s.holes_at[e.u][i] if i < n_at_u else s.holes_at[e.v][i - n_at_u]
        if has_bit(touch.row, w):
            s.seen_slot[touch.g] = -1 - s.seen_slot[touch.g]    # twice: not at all
            s.seen_class.push_back(touch.g)
    for i in range(<Py_ssize_t>s.seen_class.size()):
        g = s.seen_class[i]
        if s.seen_slot[g] == 0:
            s.seen_slot[g] = -1
            flip_bit(hole_row(s, g, e.u), e.v)
            flip_bit(hole_row(s, g, e.v), e.u)
    return 0


cdef int enter_components(RipsState& s, Edge e, vector[int32_t]& first) except -1 nogil:
    """End classes of H_1 where components of the lens disagree; bear classes of H_2 elsewhere."""
    cdef size_t i, c
    see_holes(s, e)
    for i in range(s.seen.size()):
        s.seen[i].value = has_bit(s.seen[i].x, first[0])
    for c in range(1, first.size()):
        if not kill_hole(s, e, first[c]):
            bear_void(s, e, s.components.data() + <Py_ssize_t>c * s.n_words)
    return store_holes(s, e)


cdef int search_lens(RipsState& s, Py_ssize_t start, vector[int32_t]& first) except -1 nogil:
    """Find the components of the lens and one vertex of each; colour the classes of H_2."""
    cdef Py_ssize_t c = 0, at = 0, n_words = s.n_words
    memcpy(s.unvisited.data(), s.lens.data(), n_words * sizeof(uint64_t))
    first.clear()
    while True:
        first.push_back(<int32_t>start)
        s.components.grow((c + 1) * n_words)
        if grow_component(s.rows.data(), n_words, start, s.unvisited.data(), s.frontier.data(),
                          s.components.data() + c * n_words, s.coloured.data(),
                          <Py_ssize_t>s.coloured.size()):
            return 0
        while at < n_words and s.unvisited[at] == 0:
            at += 1
        if at == n_words:
            return 0
        start = 64 * at + lowest_bit(s.unvisited[at])
        c += 1


cdef int enter_edge(RipsState& s, Edge e, vector[int32_t]& first) except -1 nogil:
    cdef size_t i, c, n_before
    cdef Py_ssize_t w, other, n_words = s.n_words
    w = find_lens(s.rows.data() + e.u * n_words, s.rows.data() + e.v * n_words, s.lens.data(),
                  n_words)
    if w < 0:
        if not join_ends(s, e):
            bear_hole(s, e)
        insert_edge(s.rows.data(), n_words, e.packed)
        return 0
    see_voids(s, e)
    n_before = s.coloured.size()
    search_lens(s, w, first)
    if first.size() > 1:
        enter_components(s, e, first)
    elif s.touched[e.u] or s.touched[e.v]:
        carry_holes(s, e, w)
    if not s.coloured.empty():
        # Not for the classes born here, which begin as one component each.
        for i in range(n_before):
            for c in range(first.size()):
                choose_gauge(s.components.data() + <Py_ssize_t>c * n_words, n_words,
                             s.coloured[i].phi)
        while n_before and find_violation(
            s.rows.data(), n_words, s.lens.data(), s.coloured.data(),
            <Py_ssize_t>s.coloured.size(), &w, &other
        ):
            kill_void(s, e, w, other)
        for i in range(s.coloured.size()):
            store_void(s, e, s.coloured[i])
            forget_coloured(s, s.coloured[i])
    insert_edge(s.rows.data(), n_words, e.packed)
    return 0


cdef int sweep_edges(RipsState& s, const floating* matrix, Py_ssize_t n, double limit,
                     Py_ssize_t max_bytes) except -1 nogil:
    """Enter all edges up to limit."""
    cdef Py_ssize_t n_buckets = n_buckets_for(n), n_edges, b, i, start = 0, stop, since = 0
    cdef Buffer[int64_t] ends, fine
    cdef Buffer[int32_t] row_buckets
    cdef Buffer[uint64_t] items, scratch
    cdef vector[int32_t] first
    n_edges = count_edges(matrix, n, limit, n_buckets, ends, row_buckets)
    take_memory(s, n, n_edges, max_bytes)
    items.grow(n_edges)
    place_edges(matrix, n, limit, n_buckets, ends, row_buckets, items.data())
    for b in range(n_buckets):
        stop = ends[b]
        sort_bucket(matrix, n, items.data() + start, stop - start, scratch, fine)
        for i in range(start, stop):
            enter_edge(s, unpack_edge(items[i]), first)
            since += 1
            if since >= EDGES_BETWEEN_SIGNALS:
                since = 0
                check_signals()
        start = stop
    return 0


def rips_pairs_2(const floating[:, ::1] matrix, double limit, bint squared, bint keep_zero,
                 Py_ssize_t max_bytes):
    """Pair the edges of the Rips filtration of a distance matrix, in dimensions 0, 1 and 2.

    Parameters and results are those of rips_pairs.
    """
    cdef RipsState s
    with nogil:
        sweep_edges(s, &matrix[0, 0], matrix.shape[0], limit, max_bytes)
    return list(collect_pairs(s, &matrix[0, 0], squared, keep_zero))
