"""Edges of a triangulation of points in space: numbered, sorted, and paired with vertices (PD_0).

It is the base of both filtrations there (weak3.pyx, complex3.pyx): what they share.
"""

from libc.math cimport sqrt
from libc.stdint cimport int32_t, uint64_t
from libc.string cimport memset
from libcpp.algorithm cimport sort

from ..._persistence cimport Pairs, Reduction, join_elder, make_pair
from ..._utils.buffer cimport Buffer
from ..._utils.sorting cimport argsort, radix_sort
from .pairs2 cimport add_component
from .predicates3 cimport Point3
from .triangulation3 cimport Tetrahedron, Triangulation

cdef enum:
    NONE = -1
    BLOCK = 16

# The two vertices of each edge of a tetrahedron.
cdef int[6][2] ENDS = [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]


cdef bint item_before(const Item& a, const Item& b) noexcept nogil:
    return a.key < b.key or (a.key == b.key and a.tie < b.tie)


cdef class Edges:
    def __cinit__(self):
        self.triangulation = Triangulation()
        self.reduction = Reduction()

    # ----------------------------------------------------------------------------------------------
    # Simplices of the triangulation
    # ----------------------------------------------------------------------------------------------

    cdef int number_cells(self) except -1 nogil:
        """Number the cells, without those of the outside; count triangles; make room for edges."""
        cdef Tetrahedron* source = self.triangulation.cell.data()
        cdef Py_ssize_t i, n_hull = 0, n_vertices = 0
        self.cell_number.grow(self.triangulation.n_cells)
        self.n_cells = 0
        for i in range(self.triangulation.n_cells):
            self.cell_number[i] = NONE
            if source[i].vertex[0] == NONE:
                continue
            if source[i].vertex[3] == self.triangulation.ghost:
                n_hull += 1
                continue
            self.cell_number[i] = <int32_t>self.n_cells
            self.n_cells += 1
        for i in range(self.triangulation.n_points):
            n_vertices += self.triangulation.twin[i] == i
        # Cells have four triangles each, of which those of the hull are met once, the others twice.
        # A ball has Euler characteristic 1.
        self.n_triangles = (4 * self.n_cells + n_hull) // 2
        return self.start_edges(n_vertices + self.n_triangles - self.n_cells - 1)

    cdef int number_edges(self, const int32_t* vertex, int32_t* edge) except -1 nogil:
        """Write the numbers of the six edges of a tetrahedron."""
        cdef int k
        for k in range(6):
            edge[k] = self.number_edge(vertex[ENDS[k][0]], vertex[ENDS[k][1]])
        return 0

    cdef bint read_flat(self, Py_ssize_t cell, int32_t* corner) noexcept nogil:
        """Write the triangle that a cell is, for coplanar points; False if the cell is none.

        The triangulation has added a point beside the plane, which is left out.
        """
        cdef Tetrahedron* source = &self.triangulation.cell[cell]
        cdef int32_t beside = <int32_t>self.triangulation.n_points
        cdef int k, j = 0
        if source.vertex[0] == NONE or source.vertex[3] == self.triangulation.ghost:
            return False
        for k in range(4):
            if source.vertex[k] != beside:
                corner[j] = source.vertex[k]
                j += 1
        return True

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
        return make_pair(min(a, b), max(a, b))

    cdef void write_vertices(self, const int32_t* position, int n, int32_t* out) noexcept nogil:
        """Write n vertices as rows of the input, ascending."""
        cdef int32_t v
        cdef int i, j
        for i in range(n):
            v = self.triangulation.index[position[i]]
            j = i
            while j > 0 and out[j - 1] > v:
                out[j] = out[j - 1]
                j -= 1
            out[j] = v

    # ----------------------------------------------------------------------------------------------
    # Order and pairs
    # ----------------------------------------------------------------------------------------------

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

    cdef int pair_vertices(self, Buffer[double]& value, Pairs found) except -1 nogil:
        """PD_0: a vertex and the edge of this value that joins its component to an older one.

        Mark these edges as negative. found may be None.
        """
        cdef Buffer[int32_t] parent
        cdef int32_t[2] oldest
        cdef Py_ssize_t i
        cdef int32_t dying, e
        parent.grow(self.triangulation.n_points)
        self.negative.grow(self.n_edges)
        for i in range(self.triangulation.n_points):
            parent[i] = <int32_t>i
        if found is not None:
            oldest[0] = oldest[1] = 0
            found.add_essential(oldest)
            found.reserve(self.triangulation.n_points)
        for i in range(self.n_edges):
            e = self.edge_order[i]
            dying = join_elder(parent, self.triangulation.index[self.edge[2 * e]],
                               self.triangulation.index[self.edge[2 * e + 1]])
            self.negative[i] = dying != NONE
            if dying != NONE and found is not None:
                add_component(found, dying, self.edge_name(e), sqrt(value[e]))
        if found is not None and found.keep_zero:
            self.pair_twins(found)
        return 0

    cdef int pair_twins(self, Pairs found) except -1 nogil:
        """Add pairs of length zero: a point, and its edge to the equal one that stands for it."""
        cdef Py_ssize_t i
        cdef int32_t vertex, other
        for i in range(self.triangulation.n_points):
            if self.triangulation.twin[i] != i:
                vertex = self.triangulation.index[i]
                other = self.triangulation.index[self.triangulation.twin[i]]
                add_component(found, vertex, make_pair(min(vertex, other), max(vertex, other)), 0)
        return 0
