"""The Delaunay triangulation of points in space.

What is built
    Tetrahedra whose circumspheres have no point inside, for any finite float64 points. Exact
    predicates decide; only coordinates below 1e-103 of the largest are rounded (scale_points), so
    points that differ by less count as equal. Of equal points the first stands for all. Where five
    or more points are on an empty sphere, their hull has several triangulations; the one that is
    chosen (predicates3.h) depends neither on the order of insertion nor on that of the input. For
    coplanar points a point is added beside their plane, and the triangles opposite that point are
    the result: the sphere of a tetrahedron meets the plane in the circle of its triangle.

How, and why it is correct
    Points are inserted one by one (Bowyer, Watson). A walk from the last tetrahedron finds one that
    holds the point; from there all whose sphere has the point inside are removed, and their outer
    faces joined to the point. A ghost vertex closes the hull: a tetrahedron with it stands for the
    outer side of a hull face, and has inside what sees that face; a point in the plane of the face
    is inside if it is for the tetrahedron behind. All signs are exact and the perturbation has no
    ties, so the removed part is a ball that the point sees from inside, no new tetrahedron is flat,
    and the walk ends.

    Order of insertion: random rounds, each four times as large as the one before, along a Hilbert
    curve within a round (BRIO): the worst case is improbable and memory is met in order.

Complexity
    O(n) for uniform points, plus sorting; O(n^2) at worst (as many tetrahedra can there be).
    Memory about 400 bytes a point.

Papers
    Bowyer, Computing Dirichlet tessellations, 1981. Watson, Computing the n-dimensional Delaunay
    tessellation, 1981. Amenta, Choi, Rote, Incremental constructions con BRIO, 2003. Devillers,
    Teillaud, Perturbations for Delaunay and weighted Delaunay 3D triangulations, 2011. Marot,
    Pellerin, Remacle, One machine, one minute, three billion tetrahedra, 2019 (gluing by a table).
"""

import numpy as np

from libc.math cimport fabs
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memset
from libcpp.algorithm cimport sort

from ..._utils.signals cimport check_signals
from ..._utils.buffer cimport Buffer
from .predicates3 cimport (
    Cloud, Point3, collinear, in_edge_sphere, in_sphere, in_triangle_sphere, inside_sphere,
    measure_points, orient, scale_points
)
from ..._utils.sorting cimport radix_sort

cdef enum:
    NONE = -1
    HILBERT_BITS = 9        # for each axis; with the round they make a key of 32 bits
    LAST_ROUND = 15
    LOCAL_BITS = 6
    TABLE = 1 << LOCAL_BITS     # vertices of a cavity whose edges are found in a table
    PATIENCE = 1 << 12      # insertions between two checks for Ctrl-C
    MAX_CELLS = 1 << 29     # four times a cell is an int32

# The edge x -> y of the face that is opposite vertex z in a tetrahedron whose vertex k is new: the
# tetrahedron across that face meets it as y -> x, since (k, z, x, y) is an even permutation.
cdef int[4][4] FROM = [[0, 2, 3, 1], [3, 0, 0, 2], [1, 3, 0, 0], [2, 0, 1, 0]]
cdef int[4][4] TO = [[0, 3, 1, 2], [2, 0, 3, 0], [3, 0, 0, 1], [1, 2, 0, 0]]


cdef inline uint32_t hilbert_key(uint32_t x, uint32_t y, uint32_t z) noexcept nogil:
    """Return the position on a Hilbert curve (Skilling, Programming the Hilbert curve, 2004)."""
    cdef uint32_t[3] axis
    cdef uint32_t bit = 1 << (HILBERT_BITS - 1), low, swap, key = 0
    cdef int k
    axis[0] = x
    axis[1] = y
    axis[2] = z
    while bit > 1:
        low = bit - 1
        for k in range(3):
            if axis[k] & bit:
                axis[0] ^= low
            else:
                swap = (axis[0] ^ axis[k]) & low
                axis[0] ^= swap
                axis[k] ^= swap
        bit >>= 1
    axis[1] ^= axis[0]
    axis[2] ^= axis[1]
    swap = 0
    bit = 1 << (HILBERT_BITS - 1)
    while bit > 1:
        if axis[2] & bit:
            swap ^= bit - 1
        bit >>= 1
    bit = 1 << (HILBERT_BITS - 1)
    while bit > 0:
        for k in range(3):
            key = (key << 1) | (((axis[k] ^ swap) & bit) != 0)
        bit >>= 1
    return key


cdef inline bint same(const Point3& a, const Point3& b) noexcept nogil:
    return a.x == b.x and a.y == b.y and a.z == b.z


cdef bint glue_before(const Glue& a, const Glue& b) noexcept nogil:
    return a.edge < b.edge


cdef class Triangulation:
    cdef int build(self, const double* points, Py_ssize_t n) except -1 nogil:
        """Triangulate n > 0 points (rows x, y, z); rank tells whether there are tetrahedra."""
        cdef Py_ssize_t p
        cdef int32_t v
        if n >= MAX_CELLS:
            raise_too_many()
        self.sort_points(points, n)
        if self.first_cells() < 2:
            return 0
        for p in range(self.n_points):
            if p % PATIENCE == PATIENCE - 1:
                check_signals()
            if self.twin[p] == NONE:
                self.insert(<int32_t>p)
        # The smallest row of a class of equal points stands for it.
        for p in range(self.n_points):
            v = self.twin[p]
            if self.index[p] < self.index[v]:
                self.index[p], self.index[v] = self.index[v], self.index[p]
        return 0

    cdef int sort_points(self, const double* points, Py_ssize_t n) except -1 nogil:
        """Write point and index in order of insertion."""
        cdef Buffer[Point3] scaled
        cdef Buffer[uint64_t] items, scratch
        cdef Py_ssize_t i
        cdef uint32_t state = 12345, round
        cdef double low_x, low_y, low_z, high_x, high_y, high_z, step
        cdef Point3* p
        scaled.grow(n)
        items.grow(n)
        scratch.grow(n)
        scale_points(points, n, scaled.data())
        p = scaled.data()
        low_x = high_x = p[0].x
        low_y = high_y = p[0].y
        low_z = high_z = p[0].z
        for i in range(1, n):
            low_x = min(low_x, p[i].x)
            low_y = min(low_y, p[i].y)
            low_z = min(low_z, p[i].z)
            high_x = max(high_x, p[i].x)
            high_y = max(high_y, p[i].y)
            high_z = max(high_z, p[i].z)
        step = max(high_x - low_x, high_y - low_y, high_z - low_z)
        step = ((1 << HILBERT_BITS) - 1) / step if step > 0 else 0
        for i in range(n):
            round = LAST_ROUND
            while round > 0:
                state = state * 1664525u + 1013904223u
                if state >> 30:
                    break
                round -= 1
            items[i] = (<uint64_t>round << (32 + 3 * HILBERT_BITS)) | (<uint64_t>hilbert_key(
                <uint32_t>((p[i].x - low_x) * step), <uint32_t>((p[i].y - low_y) * step),
                <uint32_t>((p[i].z - low_z) * step),
            ) << 32) | <uint64_t>i
        radix_sort(items, scratch, 0, n)
        self.n_points = n
        self.point.grow(n + 1)
        self.index.grow(n + 1)
        self.twin.grow(n + 1)
        for i in range(n):
            self.index[i] = <int32_t>(items[i] & 0xFFFFFFFFu)
            self.point[i] = p[self.index[i]]
            self.twin[i] = NONE
        self.cloud = measure_points(self.point.data(), n)
        return 0

    cdef int first_cells(self) except -1 nogil:
        """Find four points that span as much as the points do, and make the first cells; rank."""
        cdef Py_ssize_t n = self.n_points
        cdef int32_t a = 0, b = 1, c, d, t, k
        cdef Point3* p = self.point.data()
        cdef Tetrahedron* cell
        self.rank = 0
        while b < n and same(p[a], p[b]):
            b += 1
        if b == n:
            return 0
        self.rank = 1
        c = b + 1
        while c < n and collinear(p[a], p[b], p[c]):
            c += 1
        if c >= n:
            return 1
        self.rank = 2
        d = c + 1
        while d < n and orient(self.cloud, p[a], p[b], p[c], p[d]) == 0:
            d += 1
        if d >= n:
            d = <int32_t>n
            point_beside(self.cloud, p[a], p[b], p[c], p[d])
            self.cloud = measure_points(p, n + 1)
            self.index[d] = d
        else:
            self.rank = 3
            self.twin[d] = d
        self.ghost = <int32_t>(n + 1)
        if orient(self.cloud, p[a], p[b], p[c], p[d]) < 0:
            a, b = b, a
        self.twin[a] = a
        self.twin[b] = b
        self.twin[c] = c

        self.cell.grow(8 * n + 64)
        self.mark.grow(8 * n + 64)
        self.local.grow(n + 2)
        self.glue.grow(TABLE * TABLE)
        memset(self.local.data(), 0, (n + 2) * sizeof(uint64_t))
        memset(self.mark.data(), 0, 5 * sizeof(uint32_t))
        self.n_free = 0
        self.round = 0
        self.last = 0
        self.n_cells = 5
        cell = self.cell.data()
        cell[0].vertex = [a, b, c, d]
        # Beyond face k of the first cell: its vertices as the outside sees them, and the ghost.
        cell[1].vertex = [b, c, d, self.ghost]
        cell[2].vertex = [a, d, c, self.ghost]
        cell[3].vertex = [a, b, d, self.ghost]
        cell[4].vertex = [a, c, b, self.ghost]
        for k in range(4):
            cell[0].beside[k] = 4 * (k + 1) + 3
            cell[k + 1].beside[3] = k
        for t in range(1, 5):
            for k in range(3):
                cell[t].beside[k] = across_ghosts(cell, t, cell[t].vertex[k])
        return self.rank

    cdef int32_t locate(self, int32_t p) except -2 nogil:
        """Walk to a cell that holds point p, or a ghost whose face it sees."""
        cdef Point3* point = self.point.data()
        cdef Tetrahedron* cell = self.cell.data()
        cdef const Point3* x = &point[p]
        cdef int32_t* v
        cdef int32_t t = self.last, code, entry = NONE
        cdef int k
        cdef bint beyond
        while True:
            v = cell[t].vertex
            if v[3] == self.ghost:
                return t
            for k in range(4):
                if k == entry:
                    continue
                if k == 0:
                    beyond = orient(self.cloud, x[0], point[v[1]], point[v[2]], point[v[3]]) < 0
                elif k == 1:
                    beyond = orient(self.cloud, point[v[0]], x[0], point[v[2]], point[v[3]]) < 0
                elif k == 2:
                    beyond = orient(self.cloud, point[v[0]], point[v[1]], x[0], point[v[3]]) < 0
                else:
                    beyond = orient(self.cloud, point[v[0]], point[v[1]], point[v[2]], x[0]) < 0
                if beyond:
                    code = cell[t].beside[k]
                    t = code >> 2
                    entry = code & 3
                    break
            else:
                return t

    cdef bint is_twin(self, int32_t cell, int32_t p) noexcept nogil:
        """Whether point p is a vertex of the cell that holds it; then twin[p] is set."""
        cdef int k
        cdef int32_t v
        if self.cell[cell].vertex[3] == self.ghost:
            return False
        for k in range(4):
            v = self.cell[cell].vertex[k]
            if same(self.point[v], self.point[p]):
                self.twin[p] = v
                return True
        return False

    cdef inline bint conflicts(self, int32_t t, int32_t p) except -1 nogil:
        """Whether point p is inside the sphere of a cell."""
        cdef Point3* point = self.point.data()
        cdef int32_t* v = self.cell.data()[t].vertex
        cdef int side
        if v[3] == self.ghost:
            side = orient(self.cloud, point[v[0]], point[v[1]], point[v[2]], point[p])
            if side != 0:
                return side > 0
            v = self.cell.data()[self.cell.data()[t].beside[3] >> 2].vertex
        return inside_sphere(
            self.cloud, point[v[0]], point[v[1]], point[v[2]], point[v[3]], point[p]
        )

    cdef int dig(self, int32_t t, int32_t p) except -1 nogil:
        """List the cells that p is in conflict with, from cell t, and the faces around them."""
        cdef Tetrahedron* cell = self.cell.data()
        cdef uint32_t inside = 2 * self.round, outside = 2 * self.round + 1
        cdef uint32_t* mark = self.mark.data()
        cdef Py_ssize_t i = 0
        cdef int32_t code, u
        cdef int k
        self.n_cavity = 1
        self.n_boundary = 0
        self.cavity.grow(1)
        self.cavity[0] = t
        mark[t] = inside
        while i < self.n_cavity:
            t = self.cavity[i]
            i += 1
            self.cavity.grow(self.n_cavity + 4)
            self.boundary.grow(self.n_boundary + 4)
            for k in range(4):
                code = cell[t].beside[k]
                u = code >> 2
                if mark[u] == inside:
                    continue
                if mark[u] != outside:
                    if self.conflicts(u, p):
                        mark[u] = inside
                        self.cavity[self.n_cavity] = u
                        self.n_cavity += 1
                        continue
                    mark[u] = outside
                self.boundary[self.n_boundary].inner = t
                self.boundary[self.n_boundary].face = k
                self.boundary[self.n_boundary].beside = code
                self.n_boundary += 1
        return 0

    cdef int fill(self, int32_t p) except -1 nogil:
        """Join p to the faces around the cavity; new cells take the places of the old ones."""
        cdef Py_ssize_t i, n = self.n_boundary
        cdef int32_t slot, code, v
        cdef int32_t[4] number
        cdef int k, z, n_local = 0
        cdef uint64_t stamp = <uint64_t>self.round << 32
        cdef Boundary* boundary
        cdef Tetrahedron* fresh
        cdef Tetrahedron* cell
        cdef int32_t* slots
        cdef int32_t* glue = self.glue.data()
        cdef uint64_t* local = self.local.data()
        self.fresh.grow(n)
        self.slot.grow(n)
        boundary = self.boundary.data()
        fresh = self.fresh.data()
        slots = self.slot.data()
        for i in range(n):
            if i < self.n_cavity:
                slots[i] = self.cavity[i]
            elif self.n_free:
                self.n_free -= 1
                slots[i] = self.free[self.n_free]
            else:
                if self.n_cells == MAX_CELLS:
                    raise_too_many()
                if self.n_cells == self.cell.size() or self.n_cells == self.mark.size():
                    self.cell.grow(self.n_cells + 1)
                    self.mark.grow(self.cell.size())
                slots[i] = <int32_t>self.n_cells
                self.n_cells += 1
        cell = self.cell.data()
        for i in range(n):
            k = boundary[i].face
            fresh[i] = cell[boundary[i].inner]
            fresh[i].vertex[k] = p
            fresh[i].beside[k] = boundary[i].beside
            if n_local > TABLE - 4:
                n_local = TABLE
                continue
            for z in range(4):
                if z != k:
                    v = fresh[i].vertex[z]
                    if local[v] >> 32 != self.round:
                        local[v] = stamp | <uint64_t>n_local
                        n_local += 1
                    number[z] = <int32_t>(local[v] & 0xFFFFFFFFu)
            for z in range(4):
                if z != k:
                    glue[TABLE * number[FROM[k][z]] + number[TO[k][z]]] = 4 * slots[i] + z
        if n_local < TABLE:
            for i in range(n):
                k = boundary[i].face
                for z in range(4):
                    if z != k:
                        number[z] = <int32_t>(local[fresh[i].vertex[z]] & 0xFFFFFFFFu)
                for z in range(4):
                    if z != k:
                        fresh[i].beside[z] = glue[TABLE * number[TO[k][z]] + number[FROM[k][z]]]
        else:
            self.glue_many()

        for i in range(n, self.n_cavity):
            self.free.grow(self.n_free + 1)
            self.free[self.n_free] = self.cavity[i]
            self.n_free += 1
            cell[self.cavity[i]].vertex[0] = NONE
        for i in range(n):
            slot = slots[i]
            code = boundary[i].beside
            cell[slot] = fresh[i]
            cell[code >> 2].beside[code & 3] = 4 * slot + boundary[i].face
            self.mark[slot] = 0
            if fresh[i].vertex[3] != self.ghost:
                self.last = slot
        return 0

    cdef int glue_many(self) except -1 nogil:
        """Set the neighbours among fresh cells by sorting their edges: for large cavities."""
        cdef Py_ssize_t i, n = 0
        cdef int k, z
        cdef int32_t a, b
        cdef Buffer[int32_t] found
        self.edges.grow(3 * self.n_boundary)
        found.grow(4 * self.n_boundary)
        for i in range(self.n_boundary):
            k = self.boundary[i].face
            for z in range(4):
                if z != k:
                    a = self.fresh[i].vertex[FROM[k][z]]
                    b = self.fresh[i].vertex[TO[k][z]]
                    self.edges[n].edge = (<uint64_t>min(a, b) << 32) | <uint64_t>max(a, b)
                    self.edges[n].code = <int32_t>(4 * i + z)
                    n += 1
        sort(self.edges.data(), self.edges.data() + n, &glue_before)
        for i in range(0, n, 2):
            a = self.edges[i].code
            b = self.edges[i + 1].code
            self.fresh[a >> 2].beside[a & 3] = 4 * self.slot[b >> 2] + (b & 3)
            self.fresh[b >> 2].beside[b & 3] = 4 * self.slot[a >> 2] + (a & 3)
        return 0

    cdef int insert(self, int32_t p) except -1 nogil:
        cdef int32_t t = self.locate(p)
        if self.is_twin(t, p):
            return 0
        self.twin[p] = p
        self.round += 1
        self.dig(t, p)
        self.fill(p)
        return 0

    cdef twins(self):
        """Return rows of points that are not vertices beside the equal ones that are, ascending."""
        cdef Py_ssize_t i, n = 0
        out = np.empty((self.n_points, 2), dtype=np.int64)
        cdef int64_t[:, ::1] view = out
        for i in range(self.n_points):
            if self.twin[i] != i:
                view[n, 0] = self.index[i]
                view[n, 1] = self.index[self.twin[i]]
                n += 1
        return out[np.argsort(out[:n, 0])]


cdef int raise_too_many() except -1 nogil:
    with gil:
        raise MemoryError("points must have fewer than 2**29 Delaunay tetrahedra")


cdef int32_t across_ghosts(Tetrahedron* cell, int32_t t, int32_t without) noexcept nogil:
    """Return 4 * u + k for the ghost u that shares all vertices of ghost t but this one."""
    cdef int32_t u, shared
    cdef int k, j, other
    for u in range(1, 5):
        if u == t:
            continue
        other = NONE
        shared = 0
        for k in range(3):
            for j in range(3):
                if cell[t].vertex[j] == cell[u].vertex[k] and cell[t].vertex[j] != without:
                    shared += 1
                    break
            else:
                other = k
        if shared == 2:
            return 4 * u + other
    return NONE


cdef int point_beside(const Cloud& cloud, const Point3& a, const Point3& b, const Point3& c,
                      Point3& out) except -1 nogil:
    """Write to out a point near a that is not in the plane of a, b, c."""
    cdef double step = max(fabs(b.x - a.x), fabs(b.y - a.y), fabs(b.z - a.z))
    out = a
    out.x = aside(a.x, step)
    if orient(cloud, a, b, c, out) == 0:
        out.x = a.x
        out.y = aside(a.y, step)
        if orient(cloud, a, b, c, out) == 0:
            out.y = a.y
            out.z = aside(a.z, step)
    return 0


cdef inline double aside(double x, double step) noexcept nogil:
    """Return another number than x, about a step away."""
    return x + step if x + step != x else x * (1 + 2.0**-50)


def delaunay_simplices(const double[:, ::1] points):
    """Return the Delaunay simplices of points in space that are not collinear.

    Parameters
    ----------
    points : (n, 3) C-contiguous float64, finite

    Returns
    -------
    simplices : (t, 4) int64, or (t, 3) if the points are coplanar, or (0, 2) if they are collinear
        Rows of points; of tetrahedra det(b - a, c - a, d - a) > 0.
    twins : (k, 2) int64
        Rows of points that are in none, and of the equal points that stand for them; without
        meaning if the points are collinear.
    """
    cdef Triangulation triangulation = Triangulation()
    cdef Py_ssize_t i, n = 0
    cdef int k, width
    cdef int32_t beside
    if points.shape[0] > 0:
        with nogil:
            triangulation.build(&points[0, 0], points.shape[0])
    if triangulation.rank < 2:
        return np.empty((0, 2), dtype=np.int64), np.empty((0, 2), dtype=np.int64)
    beside = <int32_t>triangulation.n_points
    out = np.empty((triangulation.n_cells, triangulation.rank + 1), dtype=np.int64)
    cdef int64_t[:, ::1] view = out
    for i in range(triangulation.n_cells):
        if (triangulation.cell[i].vertex[0] != NONE
                and triangulation.cell[i].vertex[3] != triangulation.ghost):
            width = 0
            for k in range(4):
                if triangulation.cell[i].vertex[k] != beside:
                    view[n, width] = triangulation.index[triangulation.cell[i].vertex[k]]
                    width += 1
            n += 1
    return out[:n].copy(), triangulation.twins()


def delaunay_tetrahedra(points):
    """Return the Delaunay tetrahedra of points in space.

    Parameters
    ----------
    points : (n, 3) C-contiguous float64, finite

    Returns
    -------
    (t, 4) int64
        Rows of points; det(b - a, c - a, d - a) > 0. None if the points are coplanar.
    """
    simplices, _ = delaunay_simplices(points)
    return simplices if simplices.shape[1] == 4 else np.empty((0, 4), dtype=np.int64)


def predicate_signs(const double[:, ::1] points):
    """Return the signs of all predicates on five points in space, for the tests.

    Parameters
    ----------
    points : (5, 3) C-contiguous float64, finite

    Returns
    -------
    list of int
        orient(0, 1, 2, 3), in_sphere(0, 1, 2, 3; 4) as if orient were positive,
        in_edge_sphere(0, 1; 2), in_triangle_sphere(0, 1, 2; 3), collinear(0, 1, 2).
    """
    cdef Point3[5] p
    cdef Cloud cloud
    scale_points(&points[0, 0], 5, p)
    cloud = measure_points(p, 5)
    return [
        orient(cloud, p[0], p[1], p[2], p[3]), in_sphere(cloud, p[0], p[1], p[2], p[3], p[4]),
        in_edge_sphere(cloud, p[0], p[1], p[2]), in_triangle_sphere(cloud, p[0], p[1], p[2], p[3]),
        int(collinear(p[0], p[1], p[2])),
    ]
