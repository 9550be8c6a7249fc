"""Vietoris-Rips persistence in dimension 2 as well: one look at the graph inside each lens.

Dimensions 0 and 1, and the words used here, are explained in loops.pyx: read it first.

Why the graph inside the lens is enough
    H_k(K_e, K_<e) is the reduced H_(k-2) of the cliques of the lens. The components of the graph
    inside the lens decide about H_1 and about births in H_2: the first component determines the
    values of classes of H_1 on e. For every further component e destroys a class of H_1, if the two
    components disagree on one, or creates a class of H_2, if they do not. Loops of the graph can
    destroy classes of H_2.

Classes of H_2
    Every living class has a cocycle: a set of triangles, kept as bit rows of edges (the row of u w
    holds the w' with u w w' in the cocycle). When e enters, its values phi(w) on the new triangles
    u v w must satisfy, for every edge w w' of the lens, phi(w) + phi(w') = X(w, w'), the sum of its
    values on u w w' and v w w'. A breadth-first search over the lens finds phi of all classes along
    its tree. A class is *violated* on an edge of the lens where the equation fails: such edges
    define functionals that vanish, as in dimension 1, and e destroys the youngest violated class.
    On each component of the lens, phi may be replaced by its complement (that adds the coboundary
    of e, of a class of H_1 that e destroys, or the cocycle of a class that e creates): the one with
    fewer vertices is kept. An edge w w' can only be violated if phi is 1 or X is not zero at one of
    its ends, so only rows of such vertices are looked at.

Storage
    Most classes live for a few edges and have a few triangles; some live long and have tens of
    thousands. A class keeps, at every vertex u that it touches, a bit mask of the w such that the
    edge u w has a row, and a table of n pointers to these rows, which is read where the mask has a
    bit and not initialised elsewhere. While a class touches few vertices it has few tables, as
    short as a list; when it touches all vertices, they are the n x n table, with direct access. So
    a class passes from one to the other as it grows, and back, since rows that become empty are
    given back. (A torus of 500 points and a sphere of 200: 7.8 and 2.4 ms; lists of triangles alone
    17 and 106 ms, rows with a full table for each class 69 and 5.4 ms.)

Complexity
    For each of m edges a breadth-first search (2 to 8 rows of n / 64 words are usual), and for
    every class at an end of the edge the rows in which its cocycle meets the lens. Memory: as in
    dimension 1, n^2 / 8 bytes for the graph and 8 for each edge, then for a living class n / 8 for
    each edge and 8 n for each vertex that it touches. Matrices of random numbers are the worst
    case: nearly all classes live at once.
"""

from libc.stdint cimport int32_t, uint64_t
from libc.string cimport memcpy
from libcpp cimport bool
from libcpp.vector cimport vector

from ..._utils.bits cimport lowest_bit
from ..._utils.signals cimport check_signals_every
from .loops cimport (
    Edge, LivingClass, RipsState, RowPool, Touch, VoidAtEdge, add_row, destroy_hole,
    enter_without_lens, find_lens, flip_bit, flip_hole, has_bit, insert_edge, list_holes, set_place,
    set_rows, store_holes, unpack_edge
)

cdef extern from "rips_state.h" nogil:
    bool grow_component(const uint64_t* rows, Py_ssize_t n_words, Py_ssize_t start,
                        uint64_t* unvisited, uint64_t* frontier, uint64_t* component,
                        VoidAtEdge* classes, Py_ssize_t n_classes)
    bool list_differences(const uint64_t* a, const uint64_t* b, const uint64_t* lens,
                          Py_ssize_t n_words, uint64_t* x, RowPool* pool) except +
    void choose_smaller(const uint64_t* component, Py_ssize_t n_words, uint64_t* phi)
    bool find_violation(const uint64_t* rows, Py_ssize_t n_words, const uint64_t* lens,
                        const VoidAtEdge* classes, Py_ssize_t n_classes, Py_ssize_t* first,
                        Py_ssize_t* second)

cdef enum:
    EDGES_BETWEEN_SIGNALS = 1 << 6
    CLASSES_BETWEEN_SIGNALS = 1 << 4


# --------------------------------------------------------------------------------------------------
# Classes of H_2: sets of bit rows
# --------------------------------------------------------------------------------------------------

cdef inline uint64_t* find_set(RipsState& s, int32_t z, int32_t v) noexcept nogil:
    """Return the set of rows of class z at v, or NULL."""
    return s.voids[z].sets[v]


cdef uint64_t* make_set(RipsState& s, int32_t z, int32_t v) except NULL nogil:
    """Return the set of rows of class z at v, a new one where there is none."""
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


cdef void free_void(RipsState& s, int32_t z) noexcept nogil:
    """Give back the memory of class z, which was destroyed."""
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
# Classes at the edge that enters
# --------------------------------------------------------------------------------------------------

cdef int list_void(RipsState& s, int32_t z, uint64_t* at_u, uint64_t* at_v) except -1 nogil:
    """Append class z to s.edge_voids if its X is not zero."""
    cdef VoidAtEdge edge_void
    edge_void.z = z
    edge_void.x = s.set_pool.take()
    if list_differences(at_u, at_v, s.lens.data(), s.n_words, edge_void.x, &s.row_pool):
        edge_void.phi = s.row_pool.take()
        s.edge_voids.push_back(edge_void)
    else:
        s.set_pool.give(edge_void.x)
    return 0


cdef int list_voids(RipsState& s, Edge e) except -1 nogil:
    """List the classes at the ends of e whose X is not zero."""
    cdef size_t i
    cdef Touch touch
    s.edge_voids.clear()
    for i in range(s.voids_at[e.u].size()):
        touch = s.voids_at[e.u][i]
        list_void(s, touch.g, touch.row, find_set(s, touch.g, e.v))
    for i in range(s.voids_at[e.v].size()):
        touch = s.voids_at[e.v][i]
        if find_set(s, touch.g, e.u) == NULL:
            list_void(s, touch.g, NULL, touch.row)
    return 0


cdef int add_edge_void(RipsState& s, VoidAtEdge target, VoidAtEdge source) except -1 nogil:
    """Add phi and X of one class to those of another."""
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


cdef void free_edge_void(RipsState& s, VoidAtEdge edge_void) noexcept nogil:
    """Give back the memory of phi and X of a class."""
    cdef Py_ssize_t at
    cdef uint64_t left
    for at in range(s.n_words):
        left = edge_void.x[at]
        while left:
            s.row_pool.give(set_rows(edge_void.x, s.n_words)[64 * at + lowest_bit(left)])
            left &= left - 1
    s.set_pool.give(edge_void.x)
    s.row_pool.give(edge_void.phi)


cdef bint is_violated(RipsState& s, VoidAtEdge edge_void, Py_ssize_t w,
                      Py_ssize_t other) noexcept nogil:
    """Tell whether a class is violated on the edge w other of the lens."""
    cdef bint x = has_bit(edge_void.x, w) and has_bit(set_rows(edge_void.x, s.n_words)[w], other)
    return has_bit(edge_void.phi, w) ^ has_bit(edge_void.phi, other) ^ x


cdef int destroy_void(RipsState& s, Edge e, Py_ssize_t w, Py_ssize_t other) except -1 nogil:
    """Destroy the youngest class that is violated on an edge of the lens; add it to the others."""
    cdef size_t i, youngest = s.edge_voids.size()
    cdef VoidAtEdge dying
    for i in range(s.edge_voids.size()):
        if is_violated(s, s.edge_voids[i], w, other):
            if youngest == s.edge_voids.size() or s.edge_voids[i].z > s.edge_voids[youngest].z:
                youngest = i
    dying = s.edge_voids[youngest]
    s.pairs[2].push_back((<uint64_t>s.voids[dying.z].birth << 32) | e.packed)
    for i in range(s.edge_voids.size()):
        if i != youngest and is_violated(s, s.edge_voids[i], w, other):
            check_signals_every(CLASSES_BETWEEN_SIGNALS, <Py_ssize_t>i)
            add_void(s, s.edge_voids[i].z, dying.z)
            add_edge_void(s, s.edge_voids[i], dying)
    free_void(s, dying.z)
    free_edge_void(s, dying)
    s.edge_voids[youngest] = s.edge_voids.back()
    s.edge_voids.pop_back()
    return 0


cdef int create_void(RipsState& s, Edge e, const uint64_t* component) except -1 nogil:
    """Add a class that e creates: 1 on the triangles over one component of the lens."""
    cdef LivingClass born
    cdef VoidAtEdge edge_void
    edge_void.z = <int32_t>s.voids.size()
    born.birth = e.packed
    born.alive = True
    born.sets = <uint64_t**>s.table_pool.take()
    s.voids.push_back(born)
    edge_void.x = s.set_pool.take()
    edge_void.phi = s.row_pool.take()
    memcpy(edge_void.phi, component, s.n_words * sizeof(uint64_t))
    s.edge_voids.push_back(edge_void)
    return 0


cdef int store_void(RipsState& s, Edge e, VoidAtEdge edge_void) except -1 nogil:
    """Store the values of a class on the triangles over e."""
    cdef Py_ssize_t at, k
    cdef int32_t w
    cdef uint64_t left, some = 0
    cdef uint64_t* at_u
    cdef uint64_t* at_v
    cdef uint64_t* row
    for k in range(s.n_words):
        some |= edge_void.phi[k]
    if not some:
        return 0
    at_u = make_set(s, edge_void.z, e.u)
    at_v = make_set(s, edge_void.z, e.v)
    row = void_row(s, edge_void.z, at_u, e.u, e.v)
    for k in range(s.n_words):
        row[k] ^= edge_void.phi[k]
    for at in range(s.n_words):
        left = edge_void.phi[at]
        while left:
            w = <int32_t>(64 * at + lowest_bit(left))
            left &= left - 1
            flip_bit(void_row(s, edge_void.z, at_u, e.u, w), e.v)
            flip_bit(void_row(s, edge_void.z, at_v, e.v, w), e.u)
    return 0


# --------------------------------------------------------------------------------------------------
# Edges
# --------------------------------------------------------------------------------------------------

cdef int carry_holes(RipsState& s, Edge e, Py_ssize_t w) except -1 nogil:
    """Store the values of classes of H_1 on e, if the lens is connected and w is in it."""
    cdef Py_ssize_t i, n_at_u = <Py_ssize_t>s.holes_at[e.u].size()
    cdef Py_ssize_t n = n_at_u + <Py_ssize_t>s.holes_at[e.v].size()
    cdef Touch touch
    cdef int32_t g
    s.odd_holes.clear()
    for i in range(n):
        touch = s.holes_at[e.u][i] if i < n_at_u else s.holes_at[e.v][i - n_at_u]
        if has_bit(touch.row, w):
            s.slot[touch.g] = -1 - s.slot[touch.g]    # 0 if the sum on u w and w v is 1, or -1
            s.odd_holes.push_back(touch.g)
    for i in range(<Py_ssize_t>s.odd_holes.size()):
        g = s.odd_holes[i]
        if s.slot[g] == 0:
            s.slot[g] = -1
            flip_hole(s, g, e)
    return 0


cdef int enter_components(RipsState& s, Edge e, vector[int32_t]& first) except -1 nogil:
    """Destroy classes of H_1 on which components disagree; create classes of H_2 otherwise."""
    cdef size_t i, c
    list_holes(s, e)
    for i in range(s.edge_holes.size()):
        s.edge_holes[i].value = has_bit(s.edge_holes[i].x, first[0])
    for c in range(1, first.size()):
        if not destroy_hole(s, e, first[c]):
            create_void(s, e, s.components.data() + <Py_ssize_t>c * s.n_words)
    return store_holes(s, e)


cdef int search_lens(RipsState& s, Py_ssize_t start, vector[int32_t]& first) except -1 nogil:
    """Find the components of the lens, one vertex of each, and phi of the classes of H_2."""
    cdef Py_ssize_t c = 0, at = 0, n_words = s.n_words
    memcpy(s.unvisited.data(), s.lens.data(), n_words * sizeof(uint64_t))
    first.clear()
    while True:
        first.push_back(<int32_t>start)
        s.components.grow((c + 1) * n_words)
        if grow_component(s.rows.data(), n_words, start, s.unvisited.data(), s.frontier.data(),
                          s.components.data() + c * n_words, s.edge_voids.data(),
                          <Py_ssize_t>s.edge_voids.size()):
            return 0
        while at < n_words and s.unvisited[at] == 0:
            at += 1
        if at == n_words:
            return 0
        start = 64 * at + lowest_bit(s.unvisited[at])
        c += 1


cdef int enter_edge(RipsState& s, Edge e, vector[int32_t]& first) except -1 nogil:
    """Enter an edge; first is scratch."""
    cdef size_t i, c, n_before
    cdef Py_ssize_t w, other, n_words = s.n_words
    w = find_lens(s.rows.data() + e.u * n_words, s.rows.data() + e.v * n_words, s.lens.data(),
                  n_words)
    if w < 0:
        return enter_without_lens(s, e)
    list_voids(s, e)
    n_before = s.edge_voids.size()
    search_lens(s, w, first)
    if first.size() > 1:
        enter_components(s, e, first)
    elif s.touched[e.u] or s.touched[e.v]:
        carry_holes(s, e, w)
    if not s.edge_voids.empty():
        # Not for the classes that e creates, which are one component each.
        for i in range(n_before):
            for c in range(first.size()):
                choose_smaller(s.components.data() + <Py_ssize_t>c * n_words, n_words,
                               s.edge_voids[i].phi)
        while n_before and find_violation(
            s.rows.data(), n_words, s.lens.data(), s.edge_voids.data(),
            <Py_ssize_t>s.edge_voids.size(), &w, &other
        ):
            destroy_void(s, e, w, other)
        for i in range(s.edge_voids.size()):
            store_void(s, e, s.edge_voids[i])
            free_edge_void(s, s.edge_voids[i])
    insert_edge(s.rows.data(), n_words, e.packed)
    return 0


cdef int sweep_voids(RipsState& s, const uint64_t* items, Py_ssize_t n) except -1 nogil:
    """Enter sorted edges."""
    cdef vector[int32_t] first
    cdef Py_ssize_t i
    for i in range(n):
        enter_edge(s, unpack_edge(items[i]), first)
        check_signals_every(EDGES_BETWEEN_SIGNALS, i)
    return 0
