"""Edges of a triangulation of points in space: found, sorted, paired with vertices (PD_0).

The base of the filtrations there (weak3.pyx, complex3.pyx): what they share.
"""

import numpy as np

from libc.math cimport sqrt
from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.string cimport memset
from libcpp.algorithm cimport sort

from ..._utils.buffer cimport Buffer
from .triangulation3 cimport Triangulation
from .predicates3 cimport Point3
from ..._utils.sorting cimport argsort, radix_sort
from ..._persistence cimport find_root

cdef enum:
    NONE = -1
    BLOCK = 16


cdef bint item_before(const Item& a, const Item& b) noexcept nogil:
    return a.key < b.key or (a.key == b.key and a.tie < b.tie)


cdef class Edges:
    def __cinit__(self, Triangulation triangulation, bint keep_zero):
        self.triangulation = triangulation
        self.keep_zero = keep_zero

    cdef int start_edges(self, Py_ssize_t n_edges) except -1 nogil:
        """Make room for edges, and for a block of neighbours for each vertex."""
        cdef Py_ssize_t n = self.triangulation.n_points
        self.n_edges = 0
        self.edge.grow(2 * n_edges)
        self.edge_value.grow(n_edges)
        self.n_blocks = n
        self.neighbour.grow(2 * BLOCK * n)
        memset(self.neighbour.data(), 0xFF, 2 * BLOCK * n * sizeof(int32_t))
        return 0

    cdef int32_t number_edge(self, int32_t a, int32_t b) except -1 nogil:
        """Return the number of edge ab, a new one if it is new.

        It stands with the later vertex, in a block of neighbours, searched without branches, and
        then of their edges: a cache line each. The last of a block is not a neighbour, but ~ the
        next block of the vertex where it has too many.
        """
        cdef int32_t* block
        cdef Py_ssize_t at
        cdef int32_t hit
        cdef int i
        if a > b:
            a, b = b, a
        at = 2 * BLOCK * <Py_ssize_t>b
        while True:
            block = self.neighbour.data() + at
            hit = 0
            for i in range(BLOCK):
                hit += i + 1 if block[i] == a else 0
            if hit:
                return block[BLOCK + hit - 1]
            if block[BLOCK - 1] == NONE:
                for i in range(BLOCK - 1):
                    if block[i] == NONE:
                        block[i] = a
                        block[BLOCK + i] = self.add_edge(a, b)
                        return block[BLOCK + i]
                self.add_block(at + BLOCK - 1)
            at = 2 * BLOCK * ~<Py_ssize_t>self.neighbour[at + BLOCK - 1]

    cdef int add_block(self, Py_ssize_t link) except -1 nogil:
        """Make an empty block, and write to neighbour[link] where it is."""
        cdef Py_ssize_t i
        self.neighbour.grow(2 * BLOCK * (self.n_blocks + 1))
        for i in range(2 * BLOCK * self.n_blocks, 2 * BLOCK * (self.n_blocks + 1)):
            self.neighbour[i] = NONE
        self.neighbour[link] = ~<int32_t>self.n_blocks
        self.n_blocks += 1
        return 0

    cdef int32_t add_edge(self, int32_t a, int32_t b) noexcept nogil:
        cdef Point3* p = &self.triangulation.point[a]
        cdef Point3* q = &self.triangulation.point[b]
        cdef int32_t e = <int32_t>self.n_edges
        self.edge[2 * e] = a
        self.edge[2 * e + 1] = b
        self.edge_value[e] = ((p.x - q.x) * (p.x - q.x) + (p.y - q.y) * (p.y - q.y)
                              + (p.z - q.z) * (p.z - q.z))
        self.n_edges += 1
        return e

    cdef uint64_t edge_name(self, int32_t e) noexcept nogil:
        """Return both ends as rows of the input, the smaller first."""
        cdef int32_t a = self.triangulation.index[self.edge[2 * e]]
        cdef int32_t b = self.triangulation.index[self.edge[2 * e + 1]]
        return (<uint64_t>min(a, b) << 32) | <uint64_t>max(a, b)

    cdef int add_item(self, Py_ssize_t n, uint64_t key, int32_t at) except -1 nogil:
        """Write the n-th item."""
        self.items.grow(n + 1)
        self.items[n].key = key
        self.items[n].tie = 0
        self.items[n].at = at
        return 0

    cdef int sort_items(self, Py_ssize_t n) except -1 nogil:
        """Sort items by (key, tie)."""
        cdef Py_ssize_t i, begin = 0, end
        if n < 64:
            sort(self.items.data(), self.items.data() + n, &item_before)
            return 0
        # By the high half of the key, and then what is left apart.
        self.packed.grow(n)
        self.packed_scratch.grow(n)
        self.sorted_items.grow(n)
        for i in range(n):
            self.packed[i] = (self.items[i].key >> 32 << 32) | <uint64_t>i
        radix_sort(self.packed, self.packed_scratch, 0, n)
        for i in range(n):
            self.sorted_items[i] = self.items[self.packed[i] & 0xFFFFFFFFu]
        while begin < n:
            end = begin + 1
            while end < n and self.packed[end] >> 32 == self.packed[begin] >> 32:
                end += 1
            if end - begin > 1:
                sort(self.sorted_items.data() + begin, self.sorted_items.data() + end, &item_before)
            begin = end
        for i in range(n):
            self.items[i] = self.sorted_items[i]
        return 0

    cdef int sort_edges(self, Buffer[double]& value) except -1 nogil:
        """Order the edges by (value, i, j)."""
        cdef Py_ssize_t i, begin = 0, end, n = self.n_edges
        cdef Buffer[uint64_t] items, scratch
        argsort(value, items, scratch, n)
        self.edge_order.grow(n)
        self.edge_rank.grow(n)
        for i in range(n):
            self.edge_order[i] = <int32_t>(items[i] & 0xFFFFFFFFu)
        while begin < n:
            end = begin + 1
            while end < n and value[self.edge_order[end]] == value[self.edge_order[begin]]:
                end += 1
            if end - begin > 1:
                for i in range(begin, end):
                    self.add_item(i - begin, self.edge_name(self.edge_order[i]),
                                  self.edge_order[i])
                self.sort_items(end - begin)
                for i in range(begin, end):
                    self.edge_order[i] = self.items[i - begin].at
            begin = end
        for i in range(n):
            self.edge_rank[self.edge_order[i]] = <int32_t>i
        return 0

    cdef int pair_vertices(self, Buffer[double]& value) except -1 nogil:
        """PD_0: pairs of a vertex, as a row of the input, and the rank of an edge; mark these."""
        cdef Buffer[int32_t] parent
        cdef Py_ssize_t i
        cdef int32_t a, b, e
        parent.grow(self.triangulation.n_points)
        self.negative.grow(self.n_edges)
        self.pairs0.grow(self.triangulation.n_points)
        self.n_pairs0 = 0
        for i in range(self.triangulation.n_points):
            parent[i] = <int32_t>i
        for i in range(self.n_edges):
            e = self.edge_order[i]
            a = find_root(parent, self.triangulation.index[self.edge[2 * e]])
            b = find_root(parent, self.triangulation.index[self.edge[2 * e + 1]])
            self.negative[i] = a != b
            if a != b:
                parent[max(a, b)] = min(a, b)
                self.pairs0[self.n_pairs0].minus_length = -sqrt(value[e])
                self.pairs0[self.n_pairs0].birth = max(a, b)
                self.pairs0[self.n_pairs0].death = <int32_t>i
                self.n_pairs0 += 1
        return 0


# --------------------------------------------------------------------------------------------------
# Points of a diagram as rows of vertices
# --------------------------------------------------------------------------------------------------

cdef bint row_before(const Row& a, const Row& b) noexcept nogil:
    cdef int k
    if a.minus_length != b.minus_length:
        return a.minus_length < b.minus_length
    for k in range(7):
        if a.vertex[k] != b.vertex[k]:
            return a.vertex[k] < b.vertex[k]
    return False


cdef void write_vertices(Edges c, const int32_t* position, int n,
                         int32_t* out) noexcept nogil:
    """Write n vertices as rows of the input, ascending."""
    cdef int32_t v
    cdef int i, j
    for i in range(n):
        v = c.triangulation.index[position[i]]
        j = i
        while j > 0 and out[j - 1] > v:
            out[j] = out[j - 1]
            j -= 1
        out[j] = v


cdef void write_edge(Edges c, int32_t rank, int32_t* out) noexcept nogil:
    """Write the ends of the edge of this rank."""
    write_vertices(c, &c.edge[2 * c.edge_order[rank]], 2, out)


cdef sorted_rows(Buffer[Row]& rows, Py_ssize_t n, int width):
    """Return rows as an array, the longest first, then in lexicographic order."""
    cdef Py_ssize_t i
    cdef int k
    out = np.empty((n, width), dtype=np.int64)
    cdef int64_t[:, ::1] view = out
    with nogil:
        sort(rows.data(), rows.data() + n, &row_before)
        for i in range(n):
            for k in range(width):
                view[i, k] = rows[i].vertex[k]
    return out


cdef length_rows(Edges c, Buffer[Pair]& pairs, Py_ssize_t n, bint vertices):
    """Return pairs of ranks of edges (births: of rows of the input) by their ends, sorted."""
    cdef Buffer[Row] rows
    cdef Py_ssize_t i
    cdef int k
    cdef int32_t* v
    with nogil:
        rows.grow(n)
        for i in range(n):
            rows[i].minus_length = pairs[i].minus_length
            v = rows[i].vertex
            for k in range(7):
                v[k] = 0
            if vertices:
                v[0] = v[1] = pairs[i].birth
            else:
                write_edge(c, pairs[i].birth, v)
            write_edge(c, pairs[i].death, v + 2)
    return sorted_rows(rows, n, 4)
