"""Persistence of the Alpha filtration of points in space: which simplices are paired.

What is paired
    A filtration of the Delaunay complex is given by strict orders of the edges, the triangles and
    the tetrahedra (cells), facets first, and by the step at which each simplex enters: its smallest
    empty sphere (alpha3.pyx). Two simplices of one step are no pair. Pairs of a length beyond
    rounding are of simplices that have a step of their own.

How, and why it is correct
    PD_0: Kruskal. PD_2: by duality, triangles, from the last to the first, join the cells beside
    them (see _persistence.pyx). If f is the facet of cell t that enters last, and t the cell beside
    f that enters first, they are a pair whatever else happens (an apparent pair). Most triangles
    are in such pairs and are never sorted, and of the others many join nothing then. PD_1:
    triangles that create a class of H_2 are left out, and so are those that are apparent pairs with
    an edge. What is left is sorted and reduced.

Complexity
    O(m) for m simplices, plus sorting, plus the reduction: cubic in what is left at worst, a few
    additions for a column on uniform points.

Papers
    Bauer, Edelsbrunner, The Morse theory of Čech and Delaunay complexes, 2017. Bauer, Ripser, 2021
    (apparent pairs). Guillou, Vidal, Tierny, Discrete Morse sandwich, 2023.
"""

from libc.float cimport DBL_EPSILON
from libc.math cimport fabs, sqrt
from libc.stdint cimport int32_t, int64_t

from ..._persistence cimport Pairs, find_root
from ..._utils.buffer cimport Buffer
from ..._utils.signals cimport check_signals, check_signals_every
from .edges3 cimport FACE_EDGES, Edges
from .predicates3 cimport Point3
from .triangulation3 cimport Tetrahedron

cdef enum:
    NONE = -1
    PATIENCE = 1 << 17      # simplices between two checks for Ctrl-C

# Radii are equal if they differ by less than this part of the radius or of the largest coordinate:
# sixteen units in the last place, the error of a cloud that was turned in double precision.
cdef double ROUNDING = 16 * DBL_EPSILON

# The vertices of the face opposite each vertex of a tetrahedron.
cdef int[4][3] FACE = [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]


cdef int check_given(double length) except -1 nogil:
    """Leave out a pair of which one simplex has the sphere of another: it has no length.

    Only simplices whose own sphere is empty and has its centre inside them change homology.
    """
    if length > 0:
        with gil:
            raise RuntimeError(
                "an Alpha pair of positive length has a simplex without an empty sphere of its "
                "own; this is an error of skltopo: please report it with the points"
            )
    return 0


cdef class Complex(Edges):
    # ----------------------------------------------------------------------------------------------
    # Simplices and their incidences
    # ----------------------------------------------------------------------------------------------

    cdef int build(self) except -1 nogil:
        """List the simplices of the triangulation, whose rank is 2 or 3."""
        cdef Py_ssize_t i
        cdef double size
        cdef Point3* p = self.triangulation.point.data()
        if self.triangulation.rank == 3:
            self.list_cells()
        else:
            self.list_flat()
        self.largest = 0
        for i in range(self.triangulation.n_points):
            for size in (fabs(p[i].x), fabs(p[i].y), fabs(p[i].z)):
                if size > self.largest:
                    self.largest = size
        return 0

    cdef int list_cells(self) except -1 nogil:
        """List the cells and triangles of the triangulation, and number their edges."""
        cdef Tetrahedron* source = self.triangulation.cell.data()
        cdef Py_ssize_t i, j
        cdef int32_t[6] edges
        cdef int32_t t, u, f = 0
        cdef int32_t* v
        cdef int k, j3
        self.number_cells()
        self.cell.grow(4 * self.n_cells)
        self.triangle.grow(3 * self.n_triangles)
        self.triangle_edge.grow(3 * self.n_triangles)
        self.triangle_cell.grow(2 * self.n_triangles)
        self.triangle_apex.grow(2 * self.n_triangles)
        self.cell_triangle.grow(4 * self.n_cells)
        for i in range(self.triangulation.n_cells):
            check_signals_every(PATIENCE, i)
            t = self.cell_number[i]
            if t == NONE:
                continue
            v = source[i].vertex
            self.number_edges(v, edges)
            for k in range(4):
                self.cell[4 * t + k] = v[k]
                j = source[i].beside[k] >> 2
                u = self.cell_number[j]
                if u != NONE and u < t:
                    continue
                for j3 in range(3):
                    self.triangle[3 * f + j3] = v[FACE[k][j3]]
                    self.triangle_edge[3 * f + j3] = edges[FACE_EDGES[k][j3]]
                self.cell_triangle[4 * t + k] = f
                self.triangle_cell[2 * f] = t
                self.triangle_apex[2 * f] = v[k]
                if u == NONE:
                    self.triangle_cell[2 * f + 1] = <int32_t>self.n_cells
                    self.triangle_apex[2 * f + 1] = NONE
                else:
                    self.triangle_cell[2 * f + 1] = u
                    self.triangle_apex[2 * f + 1] = source[j].vertex[source[i].beside[k] & 3]
                    self.cell_triangle[4 * u + (source[i].beside[k] & 3)] = f
                f += 1
        return 0

    cdef int list_flat(self) except -1 nogil:
        """List the triangles of coplanar points and number their edges."""
        cdef int32_t[3] corner
        cdef Py_ssize_t i, f = 0, most = self.triangulation.n_cells
        cdef int k
        self.n_cells = 0
        self.start_edges(3 * most)
        self.triangle.grow(3 * most)
        self.triangle_edge.grow(3 * most)
        self.triangle_cell.grow(2 * most)
        self.triangle_apex.grow(2 * most)
        for i in range(most):
            if not self.read_flat(i, corner):
                continue
            for k in range(3):
                self.triangle[3 * f + k] = corner[k]
                self.triangle_edge[3 * f + k] = self.number_edge(
                    corner[(k + 1) % 3], corner[(k + 2) % 3]
                )
            for k in range(2):
                self.triangle_cell[2 * f + k] = 0
                self.triangle_apex[2 * f + k] = NONE
            f += 1
        self.n_triangles = f
        return 0

    # ----------------------------------------------------------------------------------------------
    # Pairs
    # ----------------------------------------------------------------------------------------------

    cdef inline bint cell_before(self, int32_t t, int32_t u) noexcept nogil:
        """Whether cell t enters before cell u; the outside (n_cells) is the last."""
        if u == self.n_cells or t == self.n_cells:
            return t != self.n_cells
        return self.cell_key[t] < self.cell_key[u] or (
            self.cell_key[t] == self.cell_key[u] and t < u)

    cdef int pair_cells(self, Pairs found) except -1 nogil:
        """PD_2: pairs of a triangle and a cell; mark the triangles. found may be None."""
        cdef Buffer[int32_t] parent
        cdef Py_ssize_t i, n = 0
        cdef int32_t f, g, t, u
        cdef int k
        parent.grow(self.n_cells + 1)
        self.creator.grow(self.n_triangles)
        for i in range(self.n_triangles):
            self.creator[i] = False
        for i in range(self.n_cells + 1):
            parent[i] = <int32_t>i
        for i in range(self.n_cells):
            check_signals_every(PATIENCE, i)
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
                self.add_cell_pair(found, f, t)
        for i in range(self.n_triangles):
            check_signals_every(PATIENCE, i)
            if not self.creator[i]:
                t = find_root(parent, self.triangle_cell[2 * i])
                u = find_root(parent, self.triangle_cell[2 * i + 1])
                if t != u:
                    self.add_item(n, self.triangle_key[i], <int32_t>i)
                    n += 1
        self.sort_items(n)
        for i in range(n - 1, -1, -1):
            check_signals_every(PATIENCE, i)
            f = self.items[i].at
            t = find_root(parent, self.triangle_cell[2 * f])
            u = find_root(parent, self.triangle_cell[2 * f + 1])
            if t != u:
                if self.cell_before(u, t):
                    t, u = u, t
                parent[t] = u
                self.creator[f] = True
                self.add_cell_pair(found, f, t)
        return 0

    cdef inline double length(self, int32_t birth, int32_t death) noexcept nogil:
        """Return how long a class lives: 0 where its birth and death are equal up to rounding."""
        cdef double last = sqrt(self.step_value[death])
        cdef double length = last - sqrt(self.step_value[birth])
        return length if length > ROUNDING * max(last, self.largest) else 0

    cdef inline int add_cell_pair(self, Pairs found, int32_t f, int32_t t) except -1 nogil:
        """Add a triangle and a cell, unless they enter at one step."""
        cdef int32_t[7] row
        cdef double length
        cdef int32_t step = self.triangle_step[f]
        if found is None or step == self.cell_step[t]:
            return 0
        length = self.length(step, self.cell_step[t])
        if step != self.n_cells + f:
            return check_given(length)
        self.write_vertices(&self.triangle[3 * f], 3, row)
        self.write_vertices(&self.cell[4 * t], 4, row + 3)
        return found.add_row(row, length)

    cdef inline int add_edge_pair(self, Pairs found, int32_t e, int32_t f) except -1 nogil:
        """Add an edge and a triangle, unless they enter at one step."""
        cdef int32_t[5] row
        cdef double length
        cdef int32_t birth = self.edge_step[e], death = self.triangle_step[f]
        if birth == death:
            return 0
        length = self.length(birth, death)
        if birth != self.n_cells + self.n_triangles + e or death != self.n_cells + f:
            return check_given(length)
        self.write_vertices(&self.edge[2 * e], 2, row)
        self.write_vertices(&self.triangle[3 * f], 3, row + 2)
        return found.add_row(row, length)

    cdef int pair_edges(self, Pairs found) except -1 nogil:
        """PD_1: pairs of an edge and a triangle, after PD_0 and PD_2."""
        cdef Buffer[int32_t] oldest, rows
        cdef Buffer[int64_t] starts
        cdef Py_ssize_t i, j, n = 0, n_columns = 0
        cdef int32_t e, f, rank, youngest
        oldest.grow(self.n_edges)
        rows.grow(3 * self.n_triangles)
        starts.grow(self.n_triangles + 1)
        for i in range(self.n_edges):
            oldest[i] = NONE
        for i in range(3 * self.n_triangles):
            e = self.triangle_edge[i]
            f = <int32_t>(i // 3)
            if oldest[e] == NONE or self.triangle_key[f] < self.triangle_key[oldest[e]]:
                oldest[e] = f
        self.reduction.reset(self.n_edges, self.n_triangles)
        for i in range(self.n_triangles):
            check_signals_every(PATIENCE, i)
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
                self.reduction.own(youngest, f)
                self.add_edge_pair(found, e, f)
            else:
                self.add_item(n_columns, self.triangle_key[i], f)
                n_columns += 1
        starts[self.n_triangles] = n
        self.sort_items(n_columns)
        for i in range(n_columns):
            check_signals_every(PATIENCE, i)
            f = self.items[i].at
            e = self.reduction.add(f, rows.data(), starts.data())
            if e != NONE:
                self.add_edge_pair(found, self.edge_order[e], f)
        return 0

    cdef int pair(self, Pairs found_0, Pairs found_1, Pairs found_2) except -1 nogil:
        """Add the pairs; where found is None, none are wanted."""
        self.pair_vertices(self.value, found_0)
        check_signals()
        if found_1 is not None or found_2 is not None:
            self.pair_cells(found_2)
            check_signals()
        if found_1 is not None:
            self.pair_edges(found_1)
        return 0
