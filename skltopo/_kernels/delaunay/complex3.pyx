"""Persistence of the Alpha filtration of points in space: which simplices are paired.

What is paired
    A filtration of the Delaunay complex is given by strict orders of the edges, the triangles and
    the tetrahedra (cells), facets first, and by the step at which each simplex enters: its smallest
    empty sphere (alpha3.pyx). Pairs within a step are no points of the diagram.

How, and why it is correct
    PD_0: Kruskal. PD_2: by duality, components of cells joined by triangles from the last to the
    first (see reduction.pyx). If f is the youngest facet of cell t, and t the oldest cell beside
    f, they are a pair whatever else happens (an apparent pair): most triangles are taken off so
    without being sorted, and of the others many join nothing then. PD_1: triangles that bear a
    class of H_2 are left out, and so are those that are apparent pairs with an edge. What is left
    is sorted and reduced.

Complexity
    O(m) for m simplices, plus sorting, plus the reduction: cubic in what is left at worst, a few
    steps a column on uniform points.

Papers
    Bauer, Edelsbrunner, The Morse theory of Čech and Delaunay complexes, 2017. Bauer, Ripser, 2021
    (apparent pairs). Guillou, Vidal, Tierny, Discrete Morse sandwich, 2023.
"""

from libc.math cimport sqrt
from libc.stdint cimport int32_t, int64_t

from ..._utils.buffer cimport Buffer
from .triangulation3 cimport Tetrahedron
from .edges3 cimport Edges, Pair, Row, sorted_rows, write_vertices
from ..._persistence cimport Reduction
from ..._persistence cimport find_root

cdef enum:
    NONE = -1

# The two vertices of each edge of a tetrahedron, and the edges of the face opposite each vertex,
# which are opposite its vertices in ascending order.
cdef int[6][2] ENDS = [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]
cdef int[4][3] FACE_EDGES = [[5, 4, 3], [5, 2, 1], [4, 2, 0], [3, 1, 0]]
cdef int[4][3] FACE = [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]


cdef class Complex(Edges):
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
        pair.minus_length = sqrt(self.step_value[birth_step]) - sqrt(self.step_value[death_step])
        pair.birth = birth
        pair.death = death
        return pair

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
                    self.add_item(n, self.triangle_key[i], <int32_t>i)
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
                if not self.negative[rank]:
                    rows[n] = rank
                    n += 1
                youngest = max(youngest, rank)
            e = self.edge_order[youngest]
            f = <int32_t>i
            if oldest[e] == f:
                reduction.own(youngest, f)
                self.add_edge_pair(e, f)
            else:
                self.add_item(n_columns, self.triangle_key[i], f)
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


cdef simplex_rows(Complex c, int dim, Buffer[Pair]& pairs, Py_ssize_t n):
    """Return pairs by the vertices of both simplices, sorted."""
    cdef Buffer[Row] rows
    cdef Py_ssize_t i
    cdef int k
    with nogil:
        rows.grow(n)
        for i in range(n):
            rows[i].minus_length = pairs[i].minus_length
            for k in range(7):
                rows[i].vertex[k] = 0
            write_simplex(c, dim, pairs[i].birth, rows[i].vertex)
            write_simplex(c, dim + 1, c.edge_order[pairs[i].death] if dim == 0 else pairs[i].death,
                          rows[i].vertex + dim + 1)
    return sorted_rows(rows, n, 2 * dim + 3)


cdef dict pair_complex(Complex c, dims):
    """Return {dim: rows of vertices} of a complex whose simplices have been given their order."""
    cdef bint higher = 1 in dims or 2 in dims
    cdef Reduction reduction = Reduction()
    with nogil:
        c.pair_vertices(c.value)
        if higher:
            c.pair_cells()
    rows = {}
    if 0 in dims:
        rows[0] = simplex_rows(c, 0, c.pairs0, c.n_pairs0)
    if 1 in dims:
        with nogil:
            c.pair_edges(reduction)
        rows[1] = simplex_rows(c, 1, c.pairs1, c.n_pairs1)
    if 2 in dims:
        rows[2] = simplex_rows(c, 2, c.pairs2, c.n_pairs2)
    return rows
