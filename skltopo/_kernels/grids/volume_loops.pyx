"""PD_1 of a function on a volume: critical cells are reduced over critical edges.

The star of a voxel is paired by a table (`volume_tables.pyx`), a discrete gradient. Not paired by
it are critical edges, which join components (negative) or create loops, and critical triangles or
squares, which destroy loops or create voids. From PD_0 and PD_2 it is known how many at a voxel do
what.

Columns
    A column starts as the boundary of a critical cell that may destroy a loop, and is reduced:
    other boundaries are added to it modulo 2. Its edges are grouped by their younger ends, and the
    youngest of these voxels, v, comes first. An edge (v, d) that is not critical is replaced: the
    boundary of a triangle (v, d, p) is added, which turns (v, d) into (v, p) and an edge between
    older voxels. (In cubical complexes it is a square, and two such edges.) Any triangle that is
    older than the cell may be added, and not only the partner of (v, d). So if the column has two
    edges at v, d is moved towards the other one on the shortest way through the lower link, where
    both cancel. An edge that is alone at v is moved to the root of its tree: the edge of the first
    root is the partner of v and is never stored, and those of later roots are critical.

    For example, let v have neighbours 1 - 2 - 3 in its lower link, with root 1, and let the column
    have (v, 1), not stored, and (v, 3). Triangle (v, 3, 2) turns (v, 3) into (v, 2) and (2, 3),
    and triangle (v, 2, 1) turns (v, 2) into (1, 2): no edge at v is left.

    When only critical edges are left at v, the youngest is paired with the cell. If an older column
    has the same youngest edge, it is added. A younger column with this edge is replaced by the
    present one, and is itself reduced further. So columns can be taken in the order of memory,
    which keeps voxels in the cache, and not in the order of the filtration, and pairs are the same
    (Morozov, Nigmetov, Towards lockfree persistent homology, 2020).

What is left out
    Negative edges: they are never the youngest of a cycle. The edges of a shell, if there is one:
    homology relative to a sphere, which has no loops, has the same loops.

Memory
    A column that is reduced is a bit for each of its edges in a word for each voxel (`slot`), and a
    heap of the voxels that have some: keys of value (as order-preserving float32 bits) and index.
    float64 values that round to the same float32 are looked up and compared. Columns that are done
    take 16 bytes, and 4 for each edge.

Complexity
    On noise a column takes about 20 steps; on smooth volumes 200, but there are few columns. The
    worst case is cubic in the number of critical cells.
"""

from cython cimport floating
from libc.math cimport INFINITY
from libc.stdint cimport int32_t, uint32_t, uint64_t
from libc.string cimport memset

from ..._utils.signals cimport check_signals
from ..._utils.bits cimport count_bits, highest_bit, lowest_bit
from ..._utils.buffer cimport Buffer
from ..._utils.sorting cimport key32
from .images cimport Sweep
from .volume_sweeps cimport Column, Grid, Volume
from .volume_tables cimport NO_ARC, StarTable

cdef enum:
    SIGNAL_CELLS = 1 << 12      # columns between two checks for Ctrl-C
    ROOM = 8                    # edges of a column at first, on average
    # A slot, one for each voxel: number of the first critical edge within its block; edges of the
    # column, one bit a direction; whether the voxel is in the queue.
    BLOCK = 12                  # 4096 voxels have at most 5 * 4096 critical edges
    OFFSET = 0xFFFF
    EDGES = 16
    ALL_EDGES = (1 << 14) - 1
    QUEUED = 1 << 30


# --------------------------------------------------------------------------------------------------
# Which cells, which edges
# --------------------------------------------------------------------------------------------------

cdef void drop_void_cells(Volume[floating]& s, Sweep[floating]& sweep) noexcept nogil:
    """Keep the cells of voxels where at least one critical cell does not create a void.

    The sweep is the one downwards: a voxel where m components join creates m voids. Its parents,
    no longer needed, are the counters.
    """
    cdef Py_ssize_t i, j = 0, k, n = 0
    for i in range(s.n_cells):
        sweep.parent[s.cell[i].vertex] = 0
    for i in range(sweep.n_merged):
        sweep.parent[sweep.merged_at[i]] += 1
    while j < s.n_cells:
        k = j
        while k < s.n_cells and s.cell[k].vertex == s.cell[j].vertex:
            k += 1
        if sweep.parent[s.cell[j].vertex] < k - j:
            for i in range(j, k):
                s.cell[n] = s.cell[i]
                n += 1
        j = k
    s.n_cells = n


cdef int number_edges(const Grid& grid, StarTable table, Volume[floating]& s,
                      Buffer[int32_t]& slot) except -1 nogil:
    """Number the critical edges, in the order of their records.

    The slot of a voxel is left with the number of its first one, less that of its block.
    """
    cdef int32_t v, n = 0, block = -1
    cdef Py_ssize_t i
    s.base.grow((grid.size >> BLOCK) + 1)
    memset(slot.data(), 0, grid.size * sizeof(int32_t))
    for i in range(s.n_saddles):
        v = s.saddle[i]
        while block < v >> BLOCK:
            block += 1
            s.base[block] = n
        slot[v] = n - s.base[block]
        n += count_bits(table.critical[s.code[v]])
    s.n_edges = n
    return 0


cdef inline int32_t edge_id(StarTable table, Volume[floating]& s, Buffer[int32_t]& slot,
                            int32_t v, int d) noexcept nogil:
    """Return the number of critical edge d of v."""
    return (s.base[v >> BLOCK] + (slot[v] & OFFSET)
            + count_bits(table.critical[s.code[v]] & ((1u << d) - 1)))


cdef inline bint is_kept(StarTable table, Volume[floating]& s, Buffer[int32_t]& slot, int32_t v,
                         int d) noexcept nogil:
    """Tell whether columns store edge d of v: it is not negative, nor the partner of v."""
    cdef uint32_t code = s.code[v]
    if table.critical[code] >> d & 1:
        return not s.negative[edge_id(table, s, slot, v, d)]
    return table.up[code] & NO_ARC != d


# --------------------------------------------------------------------------------------------------
# The column that is reduced
# --------------------------------------------------------------------------------------------------

cdef inline bint is_younger(const floating* height, uint64_t a, uint64_t b) noexcept nogil:
    """Tell whether the voxel with key a is younger than the one with key b."""
    cdef int32_t v, w
    if floating is double:
        if (a ^ b) >> 32 == 0:
            v, w = <int32_t><uint32_t>a, <int32_t><uint32_t>b
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
    """Remove the youngest voxel.

    The gap sinks to the bottom, and the last key rises from there. From the top it would have sunk
    nearly as deep, with a branch at each step that no processor can predict.
    """
    cdef Py_ssize_t i = 0, child = 1, above, last
    cdef uint64_t key
    n[0] -= 1
    last = n[0]
    key = heap[last]
    while child + 1 < last:
        child += is_younger(height, heap[child + 1], heap[child])
        heap[i] = heap[child]
        i = child
        child = 2 * i + 1
    if child < last:
        heap[i] = heap[child]
        i = child
    while i:
        above = (i - 1) >> 1
        if not is_younger(height, key, heap[above]):
            break
        heap[i] = heap[above]
        i = above
    heap[i] = key


cdef inline void toggle(Volume[floating]& s, Buffer[int32_t]& slot, int32_t v, int d,
                        Py_ssize_t* n) noexcept nogil:
    """Add edge d of v to the column; the heap has room for one more voxel."""
    slot[v] ^= 1 << (EDGES + d)
    if not slot[v] & QUEUED:
        slot[v] |= QUEUED
        push_key(s.height.data(), s.heap.data(), n,
                 (<uint64_t>key32(<float>s.height[v]) << 32) | <uint32_t>v)


cdef inline uint32_t take_edges(Buffer[int32_t]& slot, int32_t v) noexcept nogil:
    """Return the edges of a voxel that left the queue, one bit a direction."""
    cdef uint32_t edges = <uint32_t>slot[v] >> EDGES & ALL_EDGES
    slot[v] &= OFFSET
    return edges


cdef inline void toggle_link(const Grid& grid, StarTable table, Volume[floating]& s,
                             Buffer[int32_t]& slot, int32_t v, int32_t w, int d,
                             Py_ssize_t* n) noexcept nogil:
    """Add the edge from v to w in direction d, if columns store it."""
    if grid.cubical:
        if s.height[v] < s.height[w] or (s.height[v] == s.height[w] and v < w):
            v = w
            d = 5 - d
        if s.height[v] == -INFINITY:        # in the shell
            return
    elif not s.code[v] >> d & 1:
        v = w
        d = 13 - d
    if is_kept(table, s, slot, v, d):
        toggle(s, slot, v, d, n)


cdef inline void toggle_outer(const Grid& grid, StarTable table, Volume[floating]& s,
                              Buffer[int32_t]& slot, int32_t v, int a, int b,
                              Py_ssize_t* n) noexcept nogil:
    """Add the edges of the triangle or square (v, a, b) that do not end at v: one or two."""
    cdef int32_t p = v + grid.step[a], q = v + grid.step[b], r
    if grid.cubical:
        r = p + grid.step[b]
        toggle_link(grid, table, s, slot, p, r, b, n)
        toggle_link(grid, table, s, slot, q, r, a, n)
    else:
        toggle_link(grid, table, s, slot, p, q, table.between[a][b], n)


# --------------------------------------------------------------------------------------------------
# Reduction
# --------------------------------------------------------------------------------------------------

cdef inline uint32_t beside(const Grid& grid, StarTable table, uint32_t code, int d) noexcept nogil:
    """Return which vertices of a lower link are joined to vertex d, as a bit mask."""
    if grid.cubical:
        return <uint32_t>(table.joined[code] >> (8 * d)) & 63
    return table.adjacent[d] & code


cdef inline int next_vertex(const Grid& grid, StarTable table, uint32_t code, int d,
                            uint32_t others) noexcept nogil:
    """Return a vertex of the lower link joined to d: on a short way to one of others, if any."""
    cdef uint32_t near
    if others:
        near = beside(grid, table, code, d)
        if near & others:
            return lowest_bit(near & others)
        near &= beside(grid, table, code, lowest_bit(others))
        if near:
            return lowest_bit(near)
    return table.forest[code] >> (4 * d) & 15


cdef inline bint comes_before(Volume[floating]& s, int32_t i, int32_t j) noexcept nogil:
    """Tell whether critical cell i is older than j."""
    cdef int32_t v = s.cell[i].vertex, w = s.cell[j].vertex
    if v == w:
        return i < j
    return s.height[v] < s.height[w] or (s.height[v] == s.height[w] and v < w)


cdef Py_ssize_t settle(Volume[floating]& s, Buffer[int32_t]& slot, int32_t v, uint32_t edges,
                       Py_ssize_t n) except -1 nogil:
    """Empty the queue of n voxels, and write its edges and those of v to s.entry; return how many.
    """
    cdef Py_ssize_t i, m = 0
    s.entry.grow(16 * (n + 1))
    for i in range(n + 1):
        if i:
            v = <int32_t><uint32_t>s.heap[i - 1]
            edges = take_edges(slot, v)
        while edges:
            s.entry[m] = <uint32_t>v << 4 | lowest_bit(edges)
            edges &= edges - 1
            m += 1
    return m


cdef int add_entries(Volume[floating]& s, Buffer[int32_t]& slot, const uint32_t* entries,
                     Py_ssize_t n_entries, Py_ssize_t* n) except -1 nogil:
    """Add the edges of a column to the queue."""
    cdef Py_ssize_t i
    s.heap.grow(n[0] + n_entries)
    for i in range(n_entries):
        toggle(s, slot, <int32_t>(entries[i] >> 4), entries[i] & 15, n)
    return 0


cdef int reduce_cell(const Grid& grid, StarTable table, Volume[floating]& s,
                     Buffer[int32_t]& slot, int32_t cell) except -1 nogil:
    """Reduce the boundary of a cell until its youngest edge is in no other column, or it is empty.

    If that edge belongs to a younger column, this one replaces it, and that one is reduced further.
    """
    cdef Py_ssize_t n = 0, m
    cdef int32_t v = s.cell[cell].vertex, edge, other
    cdef int a = s.cell[cell].a, b = s.cell[cell].b, d, p
    cdef uint32_t code = s.code[v], edges, loose, others
    cdef Column column
    edges = is_kept(table, s, slot, v, a) << a | is_kept(table, s, slot, v, b) << b
    s.heap.grow(2)
    toggle_outer(grid, table, s, slot, v, a, b, &n)
    while True:
        loose = edges & ~<uint32_t>table.critical[code]
        if loose:
            d = lowest_bit(loose)
            edges ^= 1u << d
            # In the star of the cell, only triangles of the forest are known to be older than it.
            others = edges if v != s.cell[cell].vertex else 0
            p = next_vertex(grid, table, code, d, others)
            if is_kept(table, s, slot, v, p):
                edges ^= 1u << p
            s.heap.grow(n + 2)
            toggle_outer(grid, table, s, slot, v, d, p, &n)
            continue
        if edges == 0:
            if n == 0:
                return 0
            v = <int32_t><uint32_t>s.heap[0]
            pop_key(s.height.data(), s.heap.data(), &n)
            code = s.code[v]
            edges = take_edges(slot, v)
            continue
        # The youngest edge is critical: the column ends here, or meets another.
        d = highest_bit(edges)
        edges ^= 1u << d
        edge = edge_id(table, s, slot, v, d)
        other = s.owner[edge]
        if other >= 0:
            column = s.column[other]
            if comes_before(s, column.cell, cell):
                slot[v] |= QUEUED
                add_entries(s, slot, &s.arena[column.start], column.length, &n)
                edges ^= take_edges(slot, v)
                continue
        m = settle(s, slot, v, edges, n)
        n = 0
        if other < 0:
            store_column(s, m, cell, <int32_t>s.n_columns)
            s.owner[edge] = <int32_t>s.n_columns
            s.n_columns += 1
            return 0
        # Exchange: this column stays, the younger one goes on with what both have.
        add_entries(s, slot, &s.arena[column.start], column.length, &n)
        add_entries(s, slot, s.entry.data(), m, &n)
        store_column(s, m, cell, other)
        cell = column.cell
        edges = 0


cdef int store_column(Volume[floating]& s, Py_ssize_t n, int32_t cell,
                      int32_t column) except -1 nogil:
    """Store entry[:n] as a column: in its old place if that is large enough.

    In the arena, a column stands behind its number and its capacity.
    """
    cdef Py_ssize_t i, start = s.column[column].start
    if start < 0 or n > <Py_ssize_t>s.arena[start - 1]:
        s.column[column].start = -1
        if s.n_arena + n + 2 > s.arena.size():
            compact(s)
            if s.n_arena + n + 2 > s.arena.size() - s.arena.size() // 4:
                s.arena.grow(s.n_arena + s.n_arena // 2 + n + 2)
        s.arena[s.n_arena] = <uint32_t>column
        s.arena[s.n_arena + 1] = <uint32_t>n
        start = s.n_arena + 2
        s.n_arena = start + n
        s.column[column].start = start
    s.column[column].length = <int32_t>n
    s.column[column].cell = cell
    for i in range(n):
        s.arena[start + i] = s.entry[i]
    return 0


cdef void compact(Volume[floating]& s) noexcept nogil:
    """Close the gaps that moved columns have left in the arena."""
    cdef Py_ssize_t old = 0, new = 0, begin, i
    cdef int32_t column
    cdef uint32_t capacity
    while old < s.n_arena:
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
    s.n_arena = new


cdef int reduce_cells(const Grid& grid, StarTable table, Volume[floating]& s,
                      Buffer[int32_t]& slot) except -1 nogil:
    """Reduce all columns: afterwards owner tells the cell paired with each edge, or is -1."""
    cdef Py_ssize_t i
    s.owner.grow(s.n_edges)
    if s.n_edges > 0:  # a buffer without items has no address, which memset must not be given
        memset(s.owner.data(), -1, s.n_edges * sizeof(int32_t))
    s.column.grow(s.n_cells)
    s.arena.grow(ROOM * s.n_cells)
    s.n_columns = s.n_arena = 0
    for i in range(s.n_cells):
        s.column[i].start = -1
    for i in range(s.n_cells - 1, -1, -1):
        reduce_cell(grid, table, s, slot, <int32_t>i)
        if i % SIGNAL_CELLS == 0:
            check_signals()
    for i in range(s.n_edges):
        if s.owner[i] >= 0:
            s.owner[i] = s.column[s.owner[i]].cell
    return 0
