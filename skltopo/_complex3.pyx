"""Persistence of filtrations of the Delaunay complex of points in space.

What is paired
    A filtration is given by a strict order of the edges, of the triangles and of the tetrahedra
    (cells), and by the step at which each simplex enters: for weak Alpha its longest edge, for
    Alpha its smallest empty sphere. Pairs within a step are no points of the diagram. Edges are
    ordered by (squared length, i, j), triangles by (longest, second longest edge), which tells them
    apart, cells by their youngest triangle.

How, and why it is correct
    PD_0: Kruskal. PD_2: by duality, components of cells joined by triangles from the last to the
    first (see _reduction.pyx). A cell whose youngest facet f has no older cell beside it dies at f,
    whatever else happens (an apparent pair): half of the triangles are taken off so without being
    sorted, and of the others most join nothing then. PD_1: triangles that bear a class of H_2 are
    left out, and so are those that are apparent pairs with an edge: their youngest edge, of which
    they are the oldest triangle. What is left, half a column a point, is sorted and reduced.

Complexity
    O(m) for m simplices, plus sorting the edges, plus the reduction: cubic in what is left at
    worst, five steps a column on uniform points.

Papers
    Clémot, Digne, Tierny, Topological autoencoders++, 2025, and Delaunay-Rips filtration: a study
    and an algorithm, 2025 (weak Alpha is called Delaunay-Rips). Bauer, Edelsbrunner, The Morse
    theory of Čech and Delaunay complexes, 2017. Guillou, Vidal, Tierny, Discrete Morse sandwich,
    2023.
"""

import numpy as np

from libc.math cimport sqrt
from libc.stdint cimport int32_t, int64_t, uint64_t
from libcpp.algorithm cimport sort

from ._buffer cimport Buffer
from ._delaunay3 cimport Tetrahedron, Triangulation
from ._predicates3 cimport Point3
from ._reduction cimport Reduction
from ._sorting cimport argsort
from ._union_find cimport find_root

cdef enum:
    NONE = -1

# The two vertices of each edge of a tetrahedron, and the edges of the face opposite each vertex in
# the order of the vertices that are opposite these (face 0: 1, 2, 3 are opposite 23, 13, 12).
cdef int[6][2] ENDS = [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]
cdef int[4][3] FACE = [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]
cdef int[4][3] FACE_EDGES = [[5, 4, 3], [5, 2, 1], [4, 2, 0], [3, 1, 0]]


cdef bint item_before(const Item& a, const Item& b) noexcept nogil:
    return a.key < b.key or (a.key == b.key and a.tie < b.tie)


cdef class Complex:
    def __cinit__(self, Triangulation triangulation, bint keep_zero):
        self.triangulation = triangulation
        self.keep_zero = keep_zero

    # ----------------------------------------------------------------------------------------------
    # Simplices and their incidences
    # ----------------------------------------------------------------------------------------------

    cdef int build(self) except -1 nogil:
        """List the simplices of the triangulation, whose rank is 2 or 3."""
        if self.triangulation.rank == 3:
            self.list_cells()
        else:
            self.list_flat()
        return 0

    cdef int start_edges(self, Py_ssize_t n_edges) except -1 nogil:
        """Make room for edges and a hash table that finds them."""
        cdef Py_ssize_t i
        self.n_edges = 0
        self.edge.grow(2 * n_edges)
        self.shift = 60
        while (<Py_ssize_t>1 << (64 - self.shift)) * 5 < 8 * n_edges:
            self.shift -= 1
        self.slots.grow(<Py_ssize_t>1 << (64 - self.shift))
        for i in range(<Py_ssize_t>1 << (64 - self.shift)):
            self.slots[i].edge = NONE
        return 0

    cdef inline int32_t number_edge(self, int32_t a, int32_t b) noexcept nogil:
        """Return the number of edge ab, a new one if it is new."""
        cdef uint64_t key = (<uint64_t>min(a, b) << 32) | <uint64_t>max(a, b)
        cdef uint64_t mask = (<uint64_t>1 << (64 - self.shift)) - 1
        cdef uint64_t at = (key * <uint64_t>0x9E3779B97F4A7C15) >> self.shift
        cdef Slot* slots = self.slots.data()
        while slots[at].edge != NONE:
            if slots[at].key == key:
                return slots[at].edge
            at = (at + 1) & mask
        slots[at].key = key
        slots[at].edge = <int32_t>self.n_edges
        self.edge[2 * self.n_edges] = min(a, b)
        self.edge[2 * self.n_edges + 1] = max(a, b)
        self.n_edges += 1
        return slots[at].edge

    cdef int list_cells(self) except -1 nogil:
        cdef Tetrahedron* source = self.triangulation.cell.data()
        cdef int32_t ghost = self.triangulation.ghost
        cdef Py_ssize_t i, j, n_hull = 0, n_vertices = 0
        cdef Buffer[int32_t] number
        cdef int32_t[6] edges
        cdef int32_t t, u, n, f
        cdef int32_t* v
        cdef int k, j3
        number.grow(self.triangulation.n_cells)
        self.cell.grow(4 * self.triangulation.n_cells)
        self.n_cells = 0
        for i in range(self.triangulation.n_cells):
            number[i] = NONE
            if source[i].vertex[0] == NONE:
                continue
            if source[i].vertex[3] == ghost:
                n_hull += 1
                continue
            number[i] = <int32_t>self.n_cells
            for k in range(4):
                self.cell[4 * self.n_cells + k] = source[i].vertex[k]
            self.n_cells += 1
        n = <int32_t>self.n_cells
        for i in range(self.triangulation.n_points):
            n_vertices += self.triangulation.twin[i] == i
        # Each cell has four faces, those of the hull are met once; a ball has characteristic 1.
        self.n_triangles = (4 * self.n_cells + n_hull) // 2
        self.start_edges(n_vertices + self.n_triangles - self.n_cells - 1)
        self.triangle.grow(3 * self.n_triangles)
        self.triangle_edge.grow(3 * self.n_triangles)
        self.triangle_cell.grow(2 * self.n_triangles)
        self.triangle_apex.grow(2 * self.n_triangles)
        self.cell_triangle.grow(4 * self.n_cells)
        f = 0
        for i in range(self.triangulation.n_cells):
            t = number[i]
            if t == NONE:
                continue
            v = source[i].vertex
            for k in range(6):
                edges[k] = self.number_edge(v[ENDS[k][0]], v[ENDS[k][1]])
            for k in range(4):
                j = source[i].beside[k] >> 2
                u = number[j]
                if u != NONE and u < t:
                    continue
                for j3 in range(3):
                    self.triangle[3 * f + j3] = v[FACE[k][j3]]
                    self.triangle_edge[3 * f + j3] = edges[FACE_EDGES[k][j3]]
                self.cell_triangle[4 * t + k] = f
                self.triangle_cell[2 * f] = t
                self.triangle_apex[2 * f] = v[k]
                if u == NONE:
                    self.triangle_cell[2 * f + 1] = n
                    self.triangle_apex[2 * f + 1] = NONE
                else:
                    self.triangle_cell[2 * f + 1] = u
                    self.triangle_apex[2 * f + 1] = source[j].vertex[source[i].beside[k] & 3]
                    self.cell_triangle[4 * u + (source[i].beside[k] & 3)] = f
                f += 1
        return 0

    cdef int list_flat(self) except -1 nogil:
        """List the triangles of coplanar points: cells without the point beside their plane."""
        cdef Tetrahedron* source = self.triangulation.cell.data()
        cdef int32_t ghost = self.triangulation.ghost
        cdef int32_t beside = <int32_t>self.triangulation.n_points
        cdef Py_ssize_t i, f
        cdef int k, j
        self.n_cells = self.n_triangles = 0
        for i in range(self.triangulation.n_cells):
            self.n_triangles += (source[i].vertex[0] != NONE and source[i].vertex[3] != ghost)
        self.start_edges(3 * self.n_triangles)
        self.triangle.grow(3 * self.n_triangles)
        self.triangle_edge.grow(3 * self.n_triangles)
        self.triangle_cell.grow(2 * self.n_triangles)
        self.triangle_apex.grow(2 * self.n_triangles)
        f = 0
        for i in range(self.triangulation.n_cells):
            if source[i].vertex[0] == NONE or source[i].vertex[3] == ghost:
                continue
            j = 0
            for k in range(4):
                if source[i].vertex[k] != beside:
                    self.triangle[3 * f + j] = source[i].vertex[k]
                    j += 1
            for k in range(3):
                self.triangle_edge[3 * f + k] = self.number_edge(
                    self.triangle[3 * f + (k + 1) % 3], self.triangle[3 * f + (k + 2) % 3]
                )
            for k in range(2):
                self.triangle_cell[2 * f + k] = 0
                self.triangle_apex[2 * f + k] = NONE
            f += 1
        return 0

    # ----------------------------------------------------------------------------------------------
    # The weak Alpha filtration
    # ----------------------------------------------------------------------------------------------

    cdef inline uint64_t edge_name(self, int32_t e) noexcept nogil:
        """Return both ends as rows of the input, the smaller first."""
        cdef int32_t a = self.triangulation.index[self.edge[2 * e]]
        cdef int32_t b = self.triangulation.index[self.edge[2 * e + 1]]
        return (<uint64_t>min(a, b) << 32) | <uint64_t>max(a, b)

    cdef void sort_items(self, Py_ssize_t n) noexcept nogil:
        """Sort items by (key, tie)."""
        sort(self.items.data(), self.items.data() + n, &item_before)

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
                self.items.grow(end - begin)
                for i in range(begin, end):
                    self.items[i - begin].key = self.edge_name(self.edge_order[i])
                    self.items[i - begin].tie = 0
                    self.items[i - begin].at = self.edge_order[i]
                self.sort_items(end - begin)
                for i in range(begin, end):
                    self.edge_order[i] = self.items[i - begin].at
            begin = end
        for i in range(n):
            self.edge_rank[self.edge_order[i]] = <int32_t>i
        return 0

    cdef int sort_by_length(self) except -1 nogil:
        """Order the simplices by their longest edges; steps are ranks of edges."""
        cdef Py_ssize_t i
        cdef Buffer[double] value
        cdef Point3* point = self.triangulation.point.data()
        cdef Point3* p
        cdef Point3* q
        cdef int32_t a, b, c
        cdef uint64_t key, other
        cdef int k
        value.grow(self.n_edges)
        for i in range(self.n_edges):
            p = &point[self.edge[2 * i]]
            q = &point[self.edge[2 * i + 1]]
            value[i] = ((p.x - q.x) * (p.x - q.x) + (p.y - q.y) * (p.y - q.y)
                        + (p.z - q.z) * (p.z - q.z))
        self.sort_edges(value)
        self.step_value.grow(self.n_edges)
        self.edge_step.grow(self.n_edges)
        for i in range(self.n_edges):
            self.step_value[i] = value[self.edge_order[i]]
            self.edge_step[i] = self.edge_rank[i]
        self.triangle_key.grow(self.n_triangles)
        self.triangle_step.grow(self.n_triangles)
        for i in range(self.n_triangles):
            a = self.edge_rank[self.triangle_edge[3 * i]]
            b = self.edge_rank[self.triangle_edge[3 * i + 1]]
            c = self.edge_rank[self.triangle_edge[3 * i + 2]]
            if a < b:
                a, b = b, a
            if c > a:
                a, c = c, a
            self.triangle_step[i] = a
            self.triangle_key[i] = (<uint64_t>a << 32) | <uint64_t>max(b, c)
        self.cell_key.grow(self.n_cells)
        self.cell_step.grow(self.n_cells)
        for i in range(self.n_cells):
            key = 0
            for k in range(4):
                other = self.triangle_key[self.cell_triangle[4 * i + k]]
                key = max(key, other)
            self.cell_key[i] = key
            self.cell_step[i] = <int32_t>(key >> 32)
        return 0

    # ----------------------------------------------------------------------------------------------
    # Pairs
    # ----------------------------------------------------------------------------------------------

    cdef inline bint spans(self, int32_t birth, int32_t death) noexcept nogil:
        """Whether two steps make a point of the diagram."""
        if self.keep_zero:
            return birth != death
        return self.step_value[birth] < self.step_value[death]

    cdef inline Pair point(self, int32_t birth, int32_t death, int32_t birth_step,
                           int32_t death_step) noexcept nogil:
        cdef Pair pair
        pair.minus_length = -sqrt(self.step_value[death_step])
        if birth_step != NONE:
            pair.minus_length += sqrt(self.step_value[birth_step])
        pair.birth = birth
        pair.death = death
        return pair

    cdef int pair_vertices(self) except -1 nogil:
        """PD_0: pairs of a vertex, as a row of the input, and an edge; mark the edges."""
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
            self.negative[e] = a != b
            if a != b:
                parent[max(a, b)] = min(a, b)
                self.pairs0[self.n_pairs0] = self.point(max(a, b), e, NONE, self.edge_step[e])
                self.n_pairs0 += 1
        return 0

    cdef inline bint cell_before(self, int32_t t, int32_t u) noexcept nogil:
        """Whether cell t enters before cell u; the outside (n_cells) is the last."""
        if u == self.n_cells or t == self.n_cells:
            return t != self.n_cells
        return self.cell_key[t] < self.cell_key[u] or (
            self.cell_key[t] == self.cell_key[u] and t < u)

    cdef int pair_cells(self) except -1 nogil:
        """PD_2: pairs of a triangle and a cell; mark the triangles."""
        cdef Buffer[int32_t] parent
        cdef Py_ssize_t i, n = 0
        cdef int32_t f, g, t, u
        cdef int k
        parent.grow(self.n_cells + 1)
        self.creator.grow(self.n_triangles)
        self.pairs2.grow(self.n_cells)
        self.n_pairs2 = 0
        for i in range(self.n_triangles):
            self.creator[i] = False
        for i in range(self.n_cells + 1):
            parent[i] = <int32_t>i
        for i in range(self.n_cells):
            t = <int32_t>i
            f = self.cell_triangle[4 * i]
            for k in range(1, 4):
                g = self.cell_triangle[4 * i + k]
                if self.triangle_key[g] > self.triangle_key[f]:
                    f = g
            u = self.triangle_cell[2 * f] + self.triangle_cell[2 * f + 1] - t
            if self.cell_before(t, u):
                parent[t] = u
                self.creator[f] = True
                self.add_cell_pair(f, t)
        for i in range(self.n_triangles):
            if not self.creator[i]:
                t = find_root(parent, self.triangle_cell[2 * i])
                u = find_root(parent, self.triangle_cell[2 * i + 1])
                if t != u:
                    self.items.grow(n + 1)
                    self.items[n].key = self.triangle_key[i]
                    self.items[n].tie = 0
                    self.items[n].at = <int32_t>i
                    n += 1
        self.sort_items(n)
        for i in range(n - 1, -1, -1):
            f = self.items[i].at
            t = find_root(parent, self.triangle_cell[2 * f])
            u = find_root(parent, self.triangle_cell[2 * f + 1])
            if t != u:
                if self.cell_before(u, t):
                    t, u = u, t
                parent[t] = u
                self.creator[f] = True
                self.add_cell_pair(f, t)
        return 0

    cdef inline void add_cell_pair(self, int32_t f, int32_t t) noexcept nogil:
        if self.spans(self.triangle_step[f], self.cell_step[t]):
            self.pairs2[self.n_pairs2] = self.point(f, t, self.triangle_step[f], self.cell_step[t])
            self.n_pairs2 += 1

    cdef inline void add_edge_pair(self, int32_t e, int32_t f) noexcept nogil:
        if self.spans(self.edge_step[e], self.triangle_step[f]):
            self.pairs1[self.n_pairs1] = self.point(e, f, self.edge_step[e], self.triangle_step[f])
            self.n_pairs1 += 1

    cdef int pair_edges(self, Reduction reduction) except -1 nogil:
        """PD_1: pairs of an edge and a triangle, after PD_0 and PD_2."""
        cdef Buffer[int32_t] oldest, rows
        cdef Buffer[int64_t] starts
        cdef Py_ssize_t i, j, n = 0, n_columns = 0
        cdef int32_t e, f, rank, youngest
        oldest.grow(self.n_edges)
        rows.grow(3 * self.n_triangles)
        starts.grow(self.n_triangles + 1)
        self.pairs1.grow(self.n_triangles)
        self.n_pairs1 = 0
        for i in range(self.n_edges):
            oldest[i] = NONE
        for i in range(3 * self.n_triangles):
            e = self.triangle_edge[i]
            f = <int32_t>(i // 3)
            if oldest[e] == NONE or self.triangle_key[f] < self.triangle_key[oldest[e]]:
                oldest[e] = f
        reduction.reset(self.n_edges, self.n_triangles)
        for i in range(self.n_triangles):
            starts[i] = n
            if self.creator[i]:
                continue
            youngest = NONE
            for j in range(3 * i, 3 * i + 3):
                e = self.triangle_edge[j]
                rank = self.edge_rank[e]
                if not self.negative[e]:
                    rows[n] = rank
                    n += 1
                youngest = max(youngest, rank)
            e = self.edge_order[youngest]
            f = <int32_t>i
            if oldest[e] == f:
                reduction.own(youngest, f)
                self.add_edge_pair(e, f)
            else:
                self.items.grow(n_columns + 1)
                self.items[n_columns].key = self.triangle_key[i]
                self.items[n_columns].tie = 0
                self.items[n_columns].at = f
                n_columns += 1
        starts[self.n_triangles] = n
        self.sort_items(n_columns)
        for i in range(n_columns):
            f = self.items[i].at
            e = reduction.add(f, rows.data(), starts.data())
            if e != NONE:
                self.add_edge_pair(self.edge_order[e], f)
        return 0


# --------------------------------------------------------------------------------------------------
# From pairs to rows of vertices
# --------------------------------------------------------------------------------------------------

cdef bint row_before(const Row& a, const Row& b) noexcept nogil:
    cdef int k
    if a.minus_length != b.minus_length:
        return a.minus_length < b.minus_length
    for k in range(7):
        if a.vertex[k] != b.vertex[k]:
            return a.vertex[k] < b.vertex[k]
    return False


cdef void write_vertices(Complex c, const int32_t* position, int n,
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


cdef inline void write_simplex(Complex c, int dim, int32_t simplex, int32_t* out) noexcept nogil:
    """Write the vertices of a simplex; one of dimension 0 is a row already."""
    if dim == 0:
        out[0] = simplex
    elif dim == 1:
        write_vertices(c, &c.edge[2 * simplex], 2, out)
    elif dim == 2:
        write_vertices(c, &c.triangle[3 * simplex], 3, out)
    else:
        write_vertices(c, &c.cell[4 * simplex], 4, out)


cdef inline void write_step(Complex c, int32_t step, int32_t* out) noexcept nogil:
    """Write the ends of the edge with this rank."""
    write_vertices(c, &c.edge[2 * c.edge_order[step]], 2, out)


cdef sorted_rows(Complex c, int dim, bint simplices, Buffer[Pair]& pairs, Py_ssize_t n):
    """Return pairs as rows of vertices, longest first, then in lexicographic order.

    Rows hold the vertices of both simplices, or else of the edges that give them their values.
    """
    cdef Buffer[Row] rows
    cdef Py_ssize_t i
    cdef int k, width = 2 * dim + 3 if simplices else 4
    cdef int32_t* v
    out = np.empty((n, width), dtype=np.int64)
    cdef int64_t[:, ::1] view = out
    with nogil:
        rows.grow(n)
        for i in range(n):
            rows[i].minus_length = pairs[i].minus_length
            v = rows[i].vertex
            for k in range(7):
                v[k] = 0
            if simplices:
                write_simplex(c, dim, pairs[i].birth, v)
                write_simplex(c, dim + 1, pairs[i].death, v + dim + 1)
            elif dim == 0:
                v[0] = v[1] = pairs[i].birth
                write_step(c, c.edge_step[pairs[i].death], v + 2)
            elif dim == 1:
                write_step(c, c.edge_step[pairs[i].birth], v)
                write_step(c, c.triangle_step[pairs[i].death], v + 2)
            else:
                write_step(c, c.triangle_step[pairs[i].birth], v)
                write_step(c, c.cell_step[pairs[i].death], v + 2)
        sort(rows.data(), rows.data() + n, &row_before)
        for i in range(n):
            for k in range(width):
                view[i, k] = rows[i].vertex[k]
    return out


cdef dict rows_of(Complex c, dims, bint simplices):
    """Pair the simplices; {dim: rows} without those of equal points."""
    cdef bint cells = 2 in dims or 1 in dims
    cdef Reduction reduction = Reduction()
    with nogil:
        c.pair_vertices()
        if cells:
            c.pair_cells()
    rows = {}
    if 0 in dims:
        rows[0] = sorted_rows(c, 0, simplices, c.pairs0, c.n_pairs0)
    if 1 in dims:
        with nogil:
            c.pair_edges(reduction)
        rows[1] = sorted_rows(c, 1, simplices, c.pairs1, c.n_pairs1)
    if 2 in dims:
        rows[2] = sorted_rows(c, 2, simplices, c.pairs2, c.n_pairs2)
    return rows
