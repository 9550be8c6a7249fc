"""Loops of a function on a volume: critical cells are reduced over critical edges.

The star of a voxel is paired by a table (`_volume_tables.pyx`), a discrete gradient. What it leaves
are critical edges, which join components (negative) or begin loops, and critical triangles or
squares, which end loops or begin voids; how many of which at a voxel is known from PD_0 and PD_2.

The columns of the cells that may end a loop are reduced over edges: the youngest edge of a column
either has a partner in its star, whose boundary is added, or is critical; then the column that has
it as its youngest edge, too, is added if it is older. A younger one is replaced and goes on in its
place: columns are taken in the order of memory, which keeps voxels in the cache, and not in the
order of the filtration, and pairs are the same (Morozov, Nigmetov, Towards lockfree persistent
homology, 2020). Negative edges are left out: they are never the youngest of a cycle. So are the
edges of a shell, where there is one: homology relative to a sphere, which has no loops, has the
same loops.

Edges are 64-bit keys: value (as order-preserving float32 bits), voxel (28 bits), position in the
star (4 bits). float64 values that round to the same float32 are looked up and compared. The queue
is a heap of keys, the youngest in front; edges of one voxel are taken together, as a bit mask.

On noise a column takes about 20 steps; on smooth volumes 200, but there are few. At worst it is
cubic in the number of critical cells. Memory: 16 bytes a column and 4 an edge that is left in one.
"""

from cpython.exc cimport PyErr_CheckSignals
from cython cimport floating
from libc.math cimport INFINITY
from libc.stdint cimport int32_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memset
from libcpp.algorithm cimport sort

from ._buffer cimport Buffer
from ._persistence cimport Sweep
from ._sorting cimport key32
from ._volume_tables cimport CRITICAL, VERTEX, Star, StarTable

cdef enum:
    SIGNAL_CELLS = 1 << 12      # columns between two looks for Ctrl-C
    ROOM = 8                    # edges of a column at first, on average
    RELEASE = 1 << 22           # scratch memory beyond this is given back


# --------------------------------------------------------------------------------------------------
# Which cells, which edges
# --------------------------------------------------------------------------------------------------

cdef Py_ssize_t drop_void_cells(Sweep[floating]& sweep, Volume[floating]& s,
                                Py_ssize_t n_cells) noexcept nogil:
    """Keep the cells of voxels where not every critical cell begins a void; return how many.

    sweep is the one downwards: a voxel where m components join begins m voids. Its parents, no
    longer needed, are the counters.
    """
    cdef Py_ssize_t i, j = 0, k, n = 0
    for i in range(n_cells):
        sweep.parent[s.cell[i].vertex] = 0
    for i in range(sweep.n_merged):
        sweep.parent[sweep.merged_at[i]] += 1
    while j < n_cells:
        k = j
        while k < n_cells and s.cell[k].vertex == s.cell[j].vertex:
            k += 1
        if sweep.parent[s.cell[j].vertex] < k - j:
            for i in range(j, k):
                s.cell[n] = s.cell[i]
                n += 1
        j = k
    return n


cdef Py_ssize_t number_edges(const Grid& grid, StarTable table, Volume[floating]& s,
                             Buffer[int32_t]& first_edge) noexcept nogil:
    """Number the critical edges, in the order of their records; return how many there are."""
    cdef int32_t z, y, v, first, n = 0
    cdef const uint16_t* critical = table.critical.data()
    cdef const uint16_t* code = s.code.data()
    for z in range(grid.n_slabs):
        for y in range(grid.n_rows):
            first = (z + 1) * grid.slab + (y + 1) * grid.row + 1
            for v in range(first, first + grid.n_cols):
                if critical[code[v]]:
                    first_edge[v] = n
                    n += count_bits(critical[code[v]])
    return n


# --------------------------------------------------------------------------------------------------
# The queue
# --------------------------------------------------------------------------------------------------

cdef inline bint is_younger(const floating* height, uint64_t a, uint64_t b) noexcept nogil:
    """Whether the edge with key a is younger than the one with key b."""
    cdef int32_t v, w
    if floating is double:
        if (a ^ b) >> 32 == 0:
            v, w = <int32_t>(<uint32_t>a >> 4), <int32_t>(<uint32_t>b >> 4)
            if height[v] != height[w]:
                return height[v] > height[w]
    return a > b


cdef inline void push_key(const floating* height, uint64_t* heap, Py_ssize_t* n,
                          uint64_t key) noexcept nogil:
    cdef Py_ssize_t i = n[0], above
    n[0] += 1
    while i:
        above = (i - 1) >> 1
        if not is_younger(height, key, heap[above]):
            break
        heap[i] = heap[above]
        i = above
    heap[i] = key


cdef inline void pop_key(const floating* height, uint64_t* heap, Py_ssize_t* n) noexcept nogil:
    cdef Py_ssize_t i = 0, child = 1, last
    cdef uint64_t key
    n[0] -= 1
    last = n[0]
    key = heap[last]
    while child < last:
        if child + 1 < last and is_younger(height, heap[child + 1], heap[child]):
            child += 1
        if not is_younger(height, heap[child], key):
            break
        heap[i] = heap[child]
        i = child
        child = 2 * i + 1
    heap[i] = key


cdef inline uint64_t make_key(Volume[floating]& s, uint32_t edge) noexcept nogil:
    """Return the key of an edge from its voxel and position, v << 4 | position."""
    return (<uint64_t>key32(<float>s.height[edge >> 4]) << 32) | edge


cdef inline bint is_dropped(StarTable table, Volume[floating]& s, Buffer[int32_t]& first_edge,
                            int32_t v, int d, const Star& star) noexcept nogil:
    """Whether edge d of v is negative: it joins a component, or v itself, to another."""
    cdef int partner = star.partner >> (4 * d) & 15
    if partner == CRITICAL:
        return s.negative[edge_id(table, s, first_edge, v, d)]
    return partner == VERTEX


cdef inline int32_t edge_id(StarTable table, Volume[floating]& s, Buffer[int32_t]& first_edge,
                            int32_t v, int d) noexcept nogil:
    """Return the number of critical edge d of v."""
    return first_edge[v] + count_bits(table.critical[s.code[v]] & ((1u << d) - 1))


cdef inline uint32_t edge_bit(StarTable table, Volume[floating]& s, Buffer[int32_t]& first_edge,
                              int32_t v, int d, const Star& star) noexcept nogil:
    """Return the edge as a bit of its star, 0 if columns leave it out."""
    if is_dropped(table, s, first_edge, v, d, star):
        return 0
    return 1u << (star.order >> (4 * d) & 15)


cdef inline void push_edge(StarTable table, Volume[floating]& s, Buffer[int32_t]& first_edge,
                           int32_t v, int32_t w, int d, Py_ssize_t* n) noexcept nogil:
    """Push the edge from v to w in direction d, if its column counts it."""
    cdef floating height = s.height[v], other = s.height[w]
    cdef Star star
    if height < other or (height == other and v < w):
        v, height = w, other
        d = table.n_directions - 1 - d
    if height == -INFINITY:     # in the shell
        return
    star = table.star[s.code[v]]
    if not is_dropped(table, s, first_edge, v, d, star):
        push_key(s.height.data(), s.heap.data(), n,
                 make_key(s, (<uint32_t>v << 4) | <uint32_t>(star.order >> (4 * d) & 15)))


cdef inline void push_outer_edges(const Grid& grid, StarTable table, Volume[floating]& s,
                                  Buffer[int32_t]& first_edge, int32_t v, int a, int b,
                                  Py_ssize_t* n) noexcept nogil:
    """Push the edges of the triangle or square (v, a, b) that v does not belong to."""
    cdef int32_t p = v + grid.step[a], q = v + grid.step[b], r
    if grid.cubical:
        r = p + grid.step[b]
        push_edge(table, s, first_edge, p, r, b, n)
        push_edge(table, s, first_edge, q, r, a, n)
    else:
        push_edge(table, s, first_edge, p, q, table.between[a][b], n)


# --------------------------------------------------------------------------------------------------
# Reduction
# --------------------------------------------------------------------------------------------------

cdef Py_ssize_t settle(Volume[floating]& s, Py_ssize_t n) except -1 nogil:
    """Write the edges that the heap has an odd number of times to sorted_heap; return how many."""
    cdef Py_ssize_t i, m = 0
    cdef uint64_t key
    s.sorted_heap.grow(n)
    for i in range(n):
        s.sorted_heap[i] = s.heap[i]
    sort(s.sorted_heap.data(), s.sorted_heap.data() + n)
    for i in range(n):
        key = s.sorted_heap[i]
        if m and s.sorted_heap[m - 1] == key:
            m -= 1
        else:
            s.sorted_heap[m] = key
            m += 1
    return m


cdef inline bint comes_before(Volume[floating]& s, int32_t i, int32_t j) noexcept nogil:
    """Whether critical cell i is older than j."""
    cdef int32_t v = s.cell[i].vertex, w = s.cell[j].vertex
    if v == w:
        return i < j
    return s.height[v] < s.height[w] or (s.height[v] == s.height[w] and v < w)


cdef int reduce_cell(const Grid& grid, StarTable table, Volume[floating]& s,
                     Buffer[int32_t]& first_edge, int32_t cell, Py_ssize_t* n_columns,
                     Py_ssize_t* used) except -1 nogil:
    """Reduce the boundary of a cell until its youngest edge is no other's, or nothing is left.

    Where that edge belongs to a younger column, that one is taken off and reduced further.
    """
    cdef Py_ssize_t n = 0, m, i
    cdef int32_t w = s.cell[cell].vertex, edge, other
    cdef int a = s.cell[cell].a, b = s.cell[cell].b, d, partner
    cdef uint32_t bits = 0, entry
    cdef uint64_t key
    cdef Star star = table.star[s.code[w]]
    cdef Column column
    s.heap.grow(16)
    bits |= edge_bit(table, s, first_edge, w, a, star)
    bits |= edge_bit(table, s, first_edge, w, b, star)
    push_outer_edges(grid, table, s, first_edge, w, a, b, &n)
    while True:
        if bits == 0:
            if n == 0:
                return 0
            # All edges of the next voxel.
            key = s.heap[0]
            while n and s.heap[0] >> 4 == key >> 4:
                bits ^= 1u << (s.heap[0] & 15)
                pop_key(s.height.data(), s.heap.data(), &n)
            w = <int32_t>(<uint32_t>key >> 4)
            star = table.star[s.code[w]]
            continue
        d = highest_bit(bits)
        bits ^= 1u << d
        d = star.direction >> (4 * d) & 15
        partner = star.partner >> (4 * d) & 15
        if partner < CRITICAL:
            bits ^= edge_bit(table, s, first_edge, w, partner, star)
            s.heap.grow(n + 2)
            push_outer_edges(grid, table, s, first_edge, w, d, partner, &n)
            continue
        # The youngest edge is critical: the column ends here, or meets another.
        edge = edge_id(table, s, first_edge, w, d)
        other = s.owner[edge]
        if other >= 0 and comes_before(s, s.column[other].cell, cell):
            column = s.column[other]
            s.heap.grow(n + column.length)
            for i in range(column.length):
                entry = s.arena[column.start + i]
                if entry >> 4 == <uint32_t>w:
                    bits ^= 1u << (entry & 15)
                else:
                    push_key(s.height.data(), s.heap.data(), &n, make_key(s, entry))
            continue
        s.heap.grow(n + 16)
        key = make_key(s, <uint32_t>w << 4)
        while bits:
            push_key(s.height.data(), s.heap.data(), &n, key | lowest_bit(bits))
            bits &= bits - 1
        m = settle(s, n)
        if other < 0:
            store_column(s, m, cell, <int32_t>n_columns[0], used)
            s.owner[edge] = <int32_t>n_columns[0]
            n_columns[0] += 1
            return 0
        # Exchange: this column stays, the younger one goes on with what both have.
        column = s.column[other]
        s.heap.grow(n + column.length)
        for i in range(column.length):
            push_key(s.height.data(), s.heap.data(), &n, make_key(s, s.arena[column.start + i]))
        store_column(s, m, cell, other, used)
        cell = column.cell


cdef int store_column(Volume[floating]& s, Py_ssize_t n, int32_t cell, int32_t column,
                      Py_ssize_t* used) except -1 nogil:
    """Keep sorted_heap[:n] as a column: in its old place if that is large enough.

    In the arena, a column stands behind its number and its capacity.
    """
    cdef Py_ssize_t i, start = s.column[column].start
    if start < 0 or n > <Py_ssize_t>s.arena[start - 1]:
        s.column[column].start = -1
        if used[0] + n + 2 > s.arena.size():
            used[0] = compact(s, used[0])
            if used[0] + n + 2 > s.arena.size() - s.arena.size() // 4:
                s.arena.grow(used[0] + used[0] // 2 + n + 2)
        s.arena[used[0]] = <uint32_t>column
        s.arena[used[0] + 1] = <uint32_t>n
        start = used[0] + 2
        used[0] = start + n
        s.column[column].start = start
    s.column[column].length = <int32_t>n
    s.column[column].cell = cell
    for i in range(n):
        s.arena[start + i] = <uint32_t>s.sorted_heap[i]
    return 0


cdef Py_ssize_t compact(Volume[floating]& s, Py_ssize_t used) noexcept nogil:
    """Close the gaps that moved columns have left in the arena; return how much is used."""
    cdef Py_ssize_t old = 0, new = 0, begin, i
    cdef int32_t column
    cdef uint32_t capacity
    while old < used:
        column = <int32_t>s.arena[old]
        capacity = s.arena[old + 1]
        begin = old + 2
        if s.column[column].start == begin:
            s.arena[new] = <uint32_t>column
            s.arena[new + 1] = <uint32_t>s.column[column].length
            new += 2
            s.column[column].start = new
            for i in range(s.column[column].length):
                s.arena[new + i] = s.arena[begin + i]
            new += s.column[column].length
        old = begin + capacity
    return new


cdef int reduce_cells(const Grid& grid, StarTable table, Volume[floating]& s,
                      Buffer[int32_t]& first_edge, Py_ssize_t n_cells,
                      Py_ssize_t n_edges) except -1 nogil:
    """Reduce all columns: afterwards owner tells the cell paired with each edge, or is -1."""
    cdef Py_ssize_t i, n_columns = 0, used = 0
    s.owner.grow(n_edges)
    memset(s.owner.data(), -1, n_edges * sizeof(int32_t))
    s.column.grow(n_cells)
    s.arena.grow(ROOM * n_cells)
    for i in range(n_cells):
        s.column[i].start = -1
    for i in range(n_cells - 1, -1, -1):
        reduce_cell(grid, table, s, first_edge, <int32_t>i, &n_columns, &used)
        if i % SIGNAL_CELLS == 0:
            with gil:
                PyErr_CheckSignals()
    for i in range(n_edges):
        if s.owner[i] >= 0:
            s.owner[i] = s.column[s.owner[i]].cell
    if s.arena.bytes() > RELEASE:
        s.arena.release()
        s.column.release()
    return 0
