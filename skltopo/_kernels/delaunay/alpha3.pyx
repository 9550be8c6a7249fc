"""The Alpha filtration of points in space: at which step each simplex enters.

What a simplex's value is
    The squared radius of its smallest empty sphere (no point inside, its vertices on it). That is
    the smallest sphere through its vertices if this is empty (the simplex is Gabriel), and else
    that of the first of its cofacets to enter: the cofacet gives its sphere to the simplex. A step
    of the filtration is a sphere, named by the simplex that gives it: where two simplices have one
    sphere they have one step, by identity, not by equal numbers.

What is exact
    Whether a simplex is Gabriel is decided by exact signs. Radii are rounded once where two are
    nearly equal or a simplex is thin (radii3.h), so the order in which simplices enter is right up
    to half a unit in the last place, and equal radii are equal numbers. No simplex enters after a
    cofacet, by construction. So the result is the persistence of a filtration that differs from the
    true one by rounding, and by the stability of persistence its pairs do, too.

Which pairs have no length
    The simplices of a sphere change homology only if its centre is inside the hull of the points on
    it (Bauer, Edelsbrunner, The Morse theory of Čech and Delaunay complexes, 2017). The radius of
    such a sphere moves by no more than the points do. Coordinates are rounded by half a unit in the
    last place, so births and deaths that differ by a few units of the largest coordinate are equal:
    points of a turned lattice or of a sphere make many such pairs, of length 1e-16.

Order
    (value, vertices in lexicographic order) in each dimension. Of simplices that share a value up
    to its last bit, those whose sphere has its centre inside them come last, and after them those
    that another simplex gives its sphere: so the one that creates or destroys a class, and whose
    corners move its value, is the one with the centre inside, and the others cancel with each
    other. (Without rounding it has the largest radius of those around it.) See complex3.pyx for
    the pairs.
"""

from libc.math cimport INFINITY, nextafter
from libc.stdint cimport int32_t, uint8_t, uint64_t

from ..._utils.buffer cimport Buffer
from ..._utils.signals cimport check_signals, check_signals_every
from ..._utils.sorting cimport argsort
from .complex3 cimport Complex
from .predicates3 cimport Point3, in_edge_sphere, in_triangle_sphere
from .triangulation3 cimport Triangulation

cdef extern from "radii3.h" namespace "radii3" nogil:
    const double kRough
    # Exact arithmetic may need memory.
    double rough(const Point3* corners, int n) except +
    double fine(const Point3* corners, int n) except +

cdef enum:
    NONE = -1


cdef class Spheres:
    """Smallest empty spheres of the simplices of a complex: cells, then triangles, then edges."""

    cdef Py_ssize_t first_triangle, first_edge, n
    cdef Buffer[double] value           # of a simplex that gives its sphere: squared radius
    cdef Buffer[uint8_t] gabriel        # of triangles, then edges
    cdef Buffer[uint8_t] central        # of cells, then triangles: no angle beyond a right one
    cdef Buffer[int32_t] around, begin  # 3 * triangle + place, edge by edge
    cdef Buffer[int32_t] given          # simplices that give their spheres
    cdef Buffer[double] values          # of these, or of the simplices of one dimension

    cdef int find(self, Complex c) except -1 nogil:
        """Decide which simplices are Gabriel."""
        cdef Py_ssize_t i
        self.first_triangle = c.n_cells
        self.first_edge = c.n_cells + c.n_triangles
        self.n = self.first_edge + c.n_edges
        self.gabriel.grow(c.n_triangles + c.n_edges)
        self.central.grow(self.first_edge)
        for i in range(c.n_triangles + c.n_edges):
            self.gabriel[i] = True
        for i in range(self.first_edge):
            self.central[i] = True
        self.look_at_triangles(c)
        check_signals()
        self.look_at_edges(c)
        check_signals()
        self.list_around(c)
        return 0

    cdef int look_at_triangles(self, Complex c) except -1 nogil:
        """Find the triangles whose smallest sphere has the apex of a cell beside them inside.

        The centre of that cell's sphere is on the other side of the triangle.
        """
        cdef Point3* p = c.triangulation.point.data()
        cdef Py_ssize_t i
        cdef int k
        cdef int32_t* v
        cdef int32_t apex
        for i in range(c.n_triangles):
            v = &c.triangle[3 * i]
            for k in range(2):
                apex = c.triangle_apex[2 * i + k]
                if apex != NONE and in_triangle_sphere(
                    c.triangulation.cloud, p[v[0]], p[v[1]], p[v[2]], p[apex]
                ) > 0:
                    self.gabriel[i] = False
                    self.central[c.triangle_cell[2 * i + k]] = False
                    break       # only one of two can be inside
        return 0

    cdef int look_at_edges(self, Complex c) except -1 nogil:
        """Find the edges opposite an obtuse angle, and the triangles that have one."""
        cdef Point3* p = c.triangulation.point.data()
        cdef Py_ssize_t i
        cdef int k
        cdef int32_t* v
        for i in range(c.n_triangles):
            v = &c.triangle[3 * i]
            for k in range(3):
                if in_edge_sphere(
                    c.triangulation.cloud, p[v[(k + 1) % 3]], p[v[(k + 2) % 3]], p[v[k]]
                ) > 0:
                    self.gabriel[c.n_triangles + c.triangle_edge[3 * i + k]] = False
                    self.central[self.first_triangle + i] = False
                    break       # a triangle has one obtuse angle at the most
        return 0

    cdef int list_around(self, Complex c) except -1 nogil:
        """List the triangles around each edge."""
        cdef Py_ssize_t i
        cdef int32_t e
        self.begin.grow(c.n_edges + 2)
        self.around.grow(3 * c.n_triangles)
        for i in range(c.n_edges + 2):
            self.begin[i] = 0
        for i in range(3 * c.n_triangles):
            self.begin[c.triangle_edge[i] + 2] += 1
        for i in range(c.n_edges):
            self.begin[i + 2] += self.begin[i + 1]
        for i in range(3 * c.n_triangles):
            e = c.triangle_edge[i]
            self.around[self.begin[e + 1]] = <int32_t>i
            self.begin[e + 1] += 1
        return 0

    cdef double measure_one(self, Complex c, Py_ssize_t i, bint finely) except? -1 nogil:
        """Return the squared radius of the smallest sphere through the vertices of a simplex."""
        cdef Point3[4] corner
        cdef int32_t[4] v
        cdef int n = 4 if i < self.first_triangle else 3 if i < self.first_edge else 2
        cdef int k
        # Vertices in a fixed order: what is rounded must not depend on the order of insertion.
        if n == 4:
            self.sort_positions(c.triangulation, &c.cell[4 * i], 4, v)
        elif n == 3:
            self.sort_positions(c.triangulation, &c.triangle[3 * (i - self.first_triangle)], 3, v)
        else:
            self.sort_positions(c.triangulation, &c.edge[2 * (i - self.first_edge)], 2, v)
        for k in range(n):
            corner[k] = c.triangulation.point[v[k]]
        return fine(corner, n) if finely else rough(corner, n)

    cdef int measure(self, Complex c) except -1 nogil:
        """Compute the squared radii of all simplices that give their spheres."""
        cdef Buffer[uint64_t] items, scratch
        cdef Py_ssize_t i, n = 0
        cdef int32_t a, b
        cdef double low, high
        cdef bint near = False, before = False
        self.value.grow(self.n)
        self.given.grow(self.n)
        self.values.grow(self.n)
        for i in range(self.n):
            check_signals_every(1 << 14, i)
            if i >= self.first_triangle and not self.gabriel[i - self.first_triangle]:
                self.value[i] = 0
                continue
            self.value[i] = self.measure_one(c, i, False)
            self.given[n] = <int32_t>i
            self.values[n] = self.value[i]
            n += 1
        # Where two may be in the wrong order they are measured again.
        argsort(self.values, items, scratch, n)
        for i in range(n):
            check_signals_every(1 << 14, i)
            a = <int32_t>(items[i] & 0xFFFFFFFFu)
            near = False
            if i + 1 < n:
                b = <int32_t>(items[i + 1] & 0xFFFFFFFFu)
                low = self.values[a]
                high = self.values[b]
                near = high - low <= 3 * kRough * high
            if near or before:
                self.value[self.given[a]] = self.measure_one(c, self.given[a], True)
            before = near
        return 0

    cdef inline void sort_positions(self, Triangulation t, const int32_t* position, int n,
                                    int32_t* out) noexcept nogil:
        """Write positions in the order of the rows of the input."""
        cdef int i, j
        for i in range(n):
            j = i
            while j > 0 and t.index[out[j - 1]] > t.index[position[i]]:
                out[j] = out[j - 1]
                j -= 1
            out[j] = position[i]

    cdef int give_steps(self, Complex c) except -1 nogil:
        """Give each simplex the step of its sphere: its own one, or that of its first cofacet."""
        cdef Py_ssize_t i, j
        cdef int32_t step, other
        cdef int k
        c.step_value.grow(self.n)
        c.cell_step.grow(c.n_cells)
        c.triangle_step.grow(c.n_triangles)
        c.edge_step.grow(c.n_edges)
        for i in range(self.n):
            c.step_value[i] = self.value[i]
        for i in range(c.n_cells):
            c.cell_step[i] = <int32_t>i
        for i in range(c.n_triangles):
            step = <int32_t>(self.first_triangle + i) if self.gabriel[i] else NONE
            for k in range(2):
                if c.triangle_cell[2 * i + k] != c.n_cells:
                    other = c.cell_step[c.triangle_cell[2 * i + k]]
                    if step == NONE or self.value[other] < self.value[step]:
                        step = other
            c.triangle_step[i] = step
        for i in range(c.n_edges):
            step = <int32_t>(self.first_edge + i) if self.gabriel[c.n_triangles + i] else NONE
            for j in range(self.begin[i], self.begin[i + 1]):
                other = c.triangle_step[self.around[j] // 3]
                if step == NONE or self.value[other] < self.value[step]:
                    step = other
            c.edge_step[i] = step
        return 0

    cdef inline double entry(self, int32_t step, Py_ssize_t simplex) noexcept nogil:
        """Return the value of a simplex, one or two bits more so that ties are in order."""
        cdef double value = self.value[step]
        if step != simplex:
            return nextafter(nextafter(value, INFINITY), INFINITY)
        if simplex < self.first_edge and not self.central[simplex]:
            return value
        return nextafter(value, INFINITY)

    cdef int rank(self, Complex c, const int32_t* vertices, int n_vertices, const int32_t* step,
                  Py_ssize_t first, Py_ssize_t n, Buffer[uint64_t]& key) except -1 nogil:
        """Write the positions of n simplices in the order of (value, vertices)."""
        cdef Buffer[uint64_t] items, scratch
        cdef Py_ssize_t i, begin = 0, end
        cdef int32_t at
        cdef int32_t[4] v
        self.values.grow(n)
        key.grow(n)
        for i in range(n):
            self.values[i] = self.entry(step[i], first + i)
        argsort(self.values, items, scratch, n)
        v[3] = 0
        while begin < n:
            end = begin + 1
            while end < n and (self.values[items[end] & 0xFFFFFFFFu]
                               == self.values[items[begin] & 0xFFFFFFFFu]):
                end += 1
            c.items.grow(end - begin)
            for i in range(begin, end):
                at = <int32_t>(items[i] & 0xFFFFFFFFu)
                if end - begin > 1:
                    c.write_vertices(vertices + n_vertices * at, n_vertices, v)
                    c.items[i - begin].key = (<uint64_t>v[0] << 32) | <uint64_t>v[1]
                    c.items[i - begin].tie = (<uint64_t>v[2] << 32) | <uint64_t>v[3]
                c.items[i - begin].at = at
            if end - begin > 1:
                c.sort_items(end - begin)
            for i in range(begin, end):
                # In the high half, by which items are sorted.
                key[c.items[i - begin].at] = <uint64_t>i << 32
            begin = end
        return 0

    cdef int sort_simplices(self, Complex c) except -1 nogil:
        """Order the simplices of the complex by their values."""
        cdef Py_ssize_t i
        self.rank(c, c.cell.data(), 4, c.cell_step.data(), 0, c.n_cells, c.cell_key)
        check_signals()
        self.rank(c, c.triangle.data(), 3, c.triangle_step.data(), self.first_triangle,
                  c.n_triangles, c.triangle_key)
        check_signals()
        c.value.grow(c.n_edges)
        for i in range(c.n_edges):
            c.value[i] = self.entry(c.edge_step[i], self.first_edge + i)
        c.sort_edges(c.value)
        return 0


cdef order_by_spheres(Complex c):
    """List the simplices of a triangulation of rank 2 or 3 and give them their order and steps."""
    cdef Spheres spheres = Spheres()
    with nogil:
        c.build()
        check_signals()
        spheres.find(c)
        check_signals()
        spheres.measure(c)
        spheres.give_steps(c)
        check_signals()
        spheres.sort_simplices(c)
        check_signals()
