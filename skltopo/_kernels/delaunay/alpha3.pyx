"""The Alpha filtration of points in space: at which step each simplex enters.

What a simplex's value is
    The squared radius of its smallest empty sphere (no point inside, its vertices on it). That is
    the smallest sphere through its vertices if this is empty (the simplex is Gabriel), and else the
    smallest of its cofacets', whose sphere it then shares. One sphere is one step of the
    filtration. Its simplices have equal values to the last bit: exact predicates decide whether two
    share a sphere, and the radius is computed once, from the simplex of the lowest dimension whose
    smallest sphere it is. So right angles, and more points on a sphere than four, as on lattices,
    make no pairs of length 1e-17.

Why pairs are of Gabriel simplices
    The simplices of a sphere add homology only if its centre is inside the hull of the points on
    it, and then one class of that hull's dimension. The simplex that is left over enters with its
    own circumsphere (Bauer, Edelsbrunner, The Morse theory of Čech and Delaunay complexes,
    2017). So critical simplices give births and deaths by their circumradii.

Order
    (value, vertices in lexicographic order) in each dimension. See complex3.pyx for the pairs.
"""

from libc.float cimport DBL_MAX
from libc.math cimport fabs, frexp, ldexp
from libc.stdint cimport int32_t, uint8_t, uint64_t

from ..._persistence cimport find_root, join_elder
from ..._utils.buffer cimport Buffer
from ..._utils.sorting cimport argsort
from .complex3 cimport Complex
from .predicates3 cimport Point3, in_edge_sphere, in_sphere, in_triangle_sphere, orient
from .triangulation3 cimport Triangulation

cdef enum:
    NONE = -1
    CELL = 1        # what a sphere's radius was computed from
    TRIANGLE = 2
    EDGE = 3
    ACUTE = 0       # angles, by the place of the vertex outside, on or inside the edge's sphere
    RIGHT = 1


cdef struct Vector:
    double x, y, z


cdef inline Vector cross(const Vector& u, const Vector& v) noexcept nogil:
    cdef Vector n
    n.x = u.y * v.z - u.z * v.y
    n.y = u.z * v.x - u.x * v.z
    n.z = u.x * v.y - u.y * v.x
    return n


cdef inline double dot(const Vector& u, const Vector& v) noexcept nogil:
    return u.x * v.x + u.y * v.y + u.z * v.z


cdef inline double largest(const Vector& u) noexcept nogil:
    return max(fabs(u.x), fabs(u.y), fabs(u.z))


cdef inline Vector difference(const Point3& a, const Point3& b, double factor) noexcept nogil:
    cdef Vector u
    u.x = (a.x - b.x) * factor
    u.y = (a.y - b.y) * factor
    u.z = (a.z - b.z) * factor
    return u


cdef inline double finite(double x, int exponent) noexcept nogil:
    """Return x * 2**exponent; slivers whose rounded volume is zero get the largest number."""
    x = ldexp(x, exponent)
    return x if x < DBL_MAX else DBL_MAX


cdef inline int exponent_of(const Point3& a, const Point3& b) noexcept nogil:
    """Return an exponent that brings the difference of two points near to 1."""
    cdef int exponent = 0
    frexp(largest(difference(a, b, 1)), &exponent)
    return -exponent


cdef double triangle_radius(const Point3& a, const Point3& b, const Point3& c) noexcept nogil:
    """Return the squared circumradius; exact before one division on small lattices."""
    cdef int exponent = min(exponent_of(b, a), exponent_of(c, a))
    cdef double factor = ldexp(1, exponent)
    cdef Vector u = difference(b, a, factor), v = difference(c, a, factor)
    cdef Vector w = difference(c, b, factor), n = cross(u, v)
    return finite(dot(u, u) * dot(v, v) * dot(w, w) / (4 * dot(n, n)), -2 * exponent)


cdef double cell_radius(const Point3& a, const Point3& b, const Point3& c,
                        const Point3& d) noexcept nogil:
    """Return the squared circumradius; exact before one division on small lattices."""
    cdef int exponent = min(exponent_of(b, a), exponent_of(c, a), exponent_of(d, a))
    cdef double factor = ldexp(1, exponent)
    cdef Vector u = difference(b, a, factor), v = difference(c, a, factor)
    cdef Vector w = difference(d, a, factor)
    cdef Vector x = cross(v, w), y = cross(w, u), z = cross(u, v), centre
    cdef double uu = dot(u, u), vv = dot(v, v), ww = dot(w, w), volume = dot(u, x)
    centre.x = uu * x.x + vv * y.x + ww * z.x
    centre.y = uu * x.y + vv * y.y + ww * z.y
    centre.z = uu * x.z + vv * y.z + ww * z.z
    return finite(dot(centre, centre) / (4 * volume * volume), -2 * exponent)


cdef class Spheres:
    """Smallest empty spheres of the simplices of a complex: cells, then triangles, then edges."""

    cdef Py_ssize_t first_triangle, first_edge, n
    cdef Buffer[int32_t] root
    cdef Buffer[double] value           # of a root: squared radius
    cdef Buffer[uint8_t] known          # what it was computed from
    cdef Buffer[uint8_t] gabriel        # of triangles, then edges
    cdef Buffer[uint8_t] angle          # opposite the 3 edges of a triangle: acute, right, obtuse
    cdef Buffer[int32_t] around, begin  # 3 * triangle + place, edge by edge
    cdef Buffer[double] values          # of the simplices of one dimension

    cdef inline void join(self, Py_ssize_t a, Py_ssize_t b) noexcept nogil:
        join_elder(self.root, <int32_t>a, <int32_t>b)

    cdef int find(self, Complex c) except -1 nogil:
        """Decide which simplices share a sphere, except edges that are not Gabriel."""
        cdef Py_ssize_t i
        self.first_triangle = c.n_cells
        self.first_edge = c.n_cells + c.n_triangles
        self.n = self.first_edge + c.n_edges
        self.root.grow(self.n)
        self.gabriel.grow(c.n_triangles + c.n_edges)
        for i in range(self.n):
            self.root[i] = <int32_t>i
        self.join_triangles(c)
        self.look_at_edges(c)
        self.join_flat(c)
        return 0

    cdef int join_triangles(self, Complex c) except -1 nogil:
        """Join cells of one sphere, and triangles with the cell that has their sphere."""
        cdef Point3* p = c.triangulation.point.data()
        cdef Py_ssize_t i
        cdef int k, side
        cdef int32_t* v
        cdef int32_t* t
        cdef int32_t apex
        for i in range(c.n_triangles):
            self.gabriel[i] = True
            v = &c.triangle[3 * i]
            for k in range(2):
                apex = c.triangle_apex[2 * i + k]
                if apex == NONE:
                    continue
                side = in_triangle_sphere(c.triangulation.cloud, p[v[0]], p[v[1]], p[v[2]], p[apex])
                if side >= 0:
                    self.join(self.first_triangle + i, c.triangle_cell[2 * i + k])
                    if side > 0:
                        self.gabriel[i] = False
            apex = c.triangle_apex[2 * i + 1]
            if apex == NONE:
                continue
            t = &c.cell[4 * c.triangle_cell[2 * i]]
            if in_sphere(c.triangulation.cloud, p[t[0]], p[t[1]], p[t[2]], p[t[3]], p[apex]) == 0:
                self.join(c.triangle_cell[2 * i], c.triangle_cell[2 * i + 1])
        return 0

    cdef int look_at_edges(self, Complex c) except -1 nogil:
        """Join Gabriel edges with right-angled triangles opposite to them."""
        cdef Point3* p = c.triangulation.point.data()
        cdef Py_ssize_t i
        cdef int k, side
        cdef int32_t* v
        cdef int32_t e
        self.angle.grow(3 * c.n_triangles)
        for i in range(c.n_edges):
            self.gabriel[c.n_triangles + i] = True
        for i in range(c.n_triangles):
            v = &c.triangle[3 * i]
            for k in range(3):
                side = in_edge_sphere(c.triangulation.cloud, p[v[(k + 1) % 3]], p[v[(k + 2) % 3]],
                                      p[v[k]])
                self.angle[3 * i + k] = side + 1
                if side > 0:
                    self.gabriel[c.n_triangles + c.triangle_edge[3 * i + k]] = False
        for i in range(c.n_triangles):
            for k in range(3):
                e = c.triangle_edge[3 * i + k]
                if self.angle[3 * i + k] == RIGHT and self.gabriel[c.n_triangles + e]:
                    self.join(self.first_triangle + i, self.first_edge + e)
        return 0

    cdef int join_flat(self, Complex c) except -1 nogil:
        """Join coplanar triangles on one circle that are Gabriel both.

        Of two such on both sides of an edge, one has no acute angle opposite to it.
        """
        cdef Point3* p = c.triangulation.point.data()
        cdef Py_ssize_t i, j, k
        cdef int32_t e, f, g, apex
        cdef int32_t* v
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
        for i in range(3 * c.n_triangles):
            f = <int32_t>(i // 3)
            if self.angle[i] == ACUTE or not self.gabriel[f]:
                continue
            e = c.triangle_edge[i]
            v = &c.triangle[3 * f]
            for j in range(self.begin[e], self.begin[e + 1]):
                k = self.around[j]
                g = <int32_t>(k // 3)
                apex = c.triangle[k]
                if g != f and self.gabriel[g] and orient(
                    c.triangulation.cloud, p[v[0]], p[v[1]], p[v[2]], p[apex]
                ) == 0 and in_triangle_sphere(
                    c.triangulation.cloud, p[v[0]], p[v[1]], p[v[2]], p[apex]
                ) == 0:
                    self.join(self.first_triangle + f, self.first_triangle + g)
        return 0

    cdef inline void learn(self, Py_ssize_t simplex, double value, int kind) noexcept nogil:
        """Take a squared radius for the sphere of a simplex, unless a smaller simplex gave one."""
        cdef int32_t root = find_root(self.root, <int32_t>simplex)
        if self.known[root] < kind or (self.known[root] == kind and value < self.value[root]):
            self.known[root] = kind
            self.value[root] = value

    cdef int measure(self, Complex c) except -1 nogil:
        """Compute the squared radii of all spheres."""
        cdef Point3* p = c.triangulation.point.data()
        cdef Py_ssize_t i
        cdef int32_t[4] v
        self.value.grow(self.n)
        self.known.grow(self.n)
        for i in range(self.n):
            self.known[i] = 0
            self.value[i] = 0
        # Vertices in a fixed order: what is rounded must not depend on the order of insertion.
        for i in range(c.n_cells):
            self.sort_positions(c.triangulation, &c.cell[4 * i], 4, v)
            self.learn(i, cell_radius(p[v[0]], p[v[1]], p[v[2]], p[v[3]]), CELL)
        for i in range(c.n_triangles):
            if self.gabriel[i]:
                self.sort_positions(c.triangulation, &c.triangle[3 * i], 3, v)
                self.learn(self.first_triangle + i, triangle_radius(p[v[0]], p[v[1]], p[v[2]]),
                           TRIANGLE)
        for i in range(c.n_edges):
            if self.gabriel[c.n_triangles + i]:
                self.learn(self.first_edge + i, 0.25 * c.edge_value[i], EDGE)
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
        """Give each simplex the step of its sphere, and none a later one than a cofacet's.

        Rounding may say so of two spheres that are almost the same.
        """
        cdef Py_ssize_t i, j
        cdef int32_t step, other
        cdef int k
        c.step_value.grow(self.n)
        c.cell_step.grow(c.n_cells)
        c.triangle_step.grow(c.n_triangles)
        c.edge_step.grow(c.n_edges)
        for i in range(self.n):
            if self.root[i] == i:
                c.step_value[i] = self.value[i]
        for i in range(c.n_cells):
            c.cell_step[i] = find_root(self.root, <int32_t>i)
        for i in range(c.n_triangles):
            step = find_root(self.root, <int32_t>(self.first_triangle + i))
            for k in range(2):
                if c.triangle_cell[2 * i + k] != c.n_cells:
                    other = c.cell_step[c.triangle_cell[2 * i + k]]
                    if self.value[other] < self.value[step]:
                        step = other
            c.triangle_step[i] = step
        for i in range(c.n_edges):
            step = NONE
            if self.gabriel[c.n_triangles + i]:
                step = find_root(self.root, <int32_t>(self.first_edge + i))
            for j in range(self.begin[i], self.begin[i + 1]):
                other = c.triangle_step[self.around[j] // 3]
                if step == NONE or self.value[other] < self.value[step]:
                    step = other
            c.edge_step[i] = step
        return 0

    cdef int rank(self, Complex c, const int32_t* vertices, int n_vertices, const int32_t* step,
                  Py_ssize_t n, Buffer[uint64_t]& key) except -1 nogil:
        """Write the positions of n simplices in the order of (value, vertices)."""
        cdef Buffer[uint64_t] items, scratch
        cdef Py_ssize_t i, begin = 0, end
        cdef int32_t at
        cdef int32_t[4] v
        self.values.grow(n)
        key.grow(n)
        for i in range(n):
            self.values[i] = self.value[step[i]]
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
        self.rank(c, c.cell.data(), 4, c.cell_step.data(), c.n_cells, c.cell_key)
        self.rank(c, c.triangle.data(), 3, c.triangle_step.data(), c.n_triangles, c.triangle_key)
        c.value.grow(c.n_edges)
        for i in range(c.n_edges):
            c.value[i] = self.value[c.edge_step[i]]
        c.sort_edges(c.value)
        return 0


cdef order_by_spheres(Complex c):
    """List the simplices of a triangulation of rank 2 or 3 and give them their order and steps."""
    cdef Spheres spheres = Spheres()
    with nogil:
        c.build()
        spheres.find(c)
        spheres.measure(c)
        spheres.give_steps(c)
        spheres.sort_simplices(c)
