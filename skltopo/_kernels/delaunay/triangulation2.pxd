"""The planar Delaunay triangulation, for the kernels that pair its edges and triangles."""

from libc.math cimport fabs
from libc.stdint cimport int32_t, uint64_t

from ..._utils.buffer cimport Buffer
from .predicates2 cimport in_circle, orient

cdef enum:
    STRIDE = 8      # of a triangle in mesh: three corners, a gap, three twins, a gap


cdef class Triangulation:
    # mesh[STRIDE * t + k], k = 0, 1, 2: the corners of triangle t, in counterclockwise order. The
    # half-edge h = STRIDE * t + k runs from corner k to corner k + 1; mesh[h + 4] is its twin in
    # the triangle on the other side. The corner n_points is the ghost, beyond every hull edge.
    # Corners count points in the order of a curve through the plane: rank[i] is the original index
    # of point i, and point[2 * i], point[2 * i + 1] its (scaled) coordinates. Flat points have no
    # mesh and are sorted along their line.
    cdef Buffer[int32_t] mesh
    cdef Buffer[double] point
    cdef Buffer[int32_t] rank
    # Of a duplicate: the point at the same place that has the smallest original index; else -1.
    cdef Buffer[int32_t] twin
    cdef Buffer[int32_t] stack
    cdef Buffer[uint64_t] items, scratch
    cdef Buffer[double] along, unsorted
    cdef Py_ssize_t n_points, n_triangles   # with ghosts
    cdef bint flat                      # no three points span a triangle: no mesh
    cdef bint cocircular                # four points of two triangles on one circle were seen
    cdef Py_ssize_t n_twins
    cdef double scale                   # of the coordinates: a power of two
    cdef double least                   # coordinates below it count as zero
    cdef double largest                 # coordinate (scaled)
    # Of a corner: a half-edge that starts there. Only where has_out is set (see repair2.pyx).
    cdef Buffer[int32_t] out
    cdef bint has_out


cdef inline double squared_length(Triangulation t, int32_t u, int32_t v) noexcept nogil:
    cdef double x = t.point[2 * u] - t.point[2 * v], y = t.point[2 * u + 1] - t.point[2 * v + 1]
    return x * x + y * y


cdef inline int circle_sign(Triangulation t, int32_t a, int32_t b, int32_t c,
                            int32_t p) noexcept nogil:
    """Return 1 if p is inside the circle of (a, b, c), -1 if outside, 0 if on it."""
    cdef const double* x = t.point.data()
    return in_circle(x + 2 * a, x + 2 * b, x + 2 * c, x + 2 * p)


cdef inline int32_t next_edge(int32_t h) noexcept nogil:
    """Return the half-edge after h in its triangle."""
    return h - 2 if h & 3 == 2 else h + 1


cdef inline int32_t previous_edge(int32_t h) noexcept nogil:
    """Return the half-edge before h in its triangle."""
    return h + 2 if h & 3 == 0 else h - 1


cdef inline double snap(double x, double least) noexcept nogil:
    return x if fabs(x) >= least else 0.0


cdef inline void set_corners(Triangulation t, int32_t first, int32_t a, int32_t b,
                             int32_t c) noexcept nogil:
    t.mesh[first] = a
    t.mesh[first + 1] = b
    t.mesh[first + 2] = c


cdef inline void join(Triangulation t, int32_t h, int32_t g) noexcept nogil:
    """Make half-edges h and g twins."""
    t.mesh[h + 4] = g
    t.mesh[g + 4] = h


cdef inline int turn(Triangulation t, int32_t a, int32_t b, int32_t c) noexcept nogil:
    cdef const double* x = t.point.data()
    return orient(x + 2 * a, x + 2 * b, x + 2 * c)


cdef inline int32_t flip(Triangulation t, int32_t h) noexcept nogil:
    """Replace the edge of h, from a to b with p opposite, by p - d; return d's new half-edge.

    The triangles become (a, d, p), with a -> d as half-edge h, and (d, b, p), with d -> b as the
    half-edge that is returned.
    """
    cdef int32_t g = t.mesh[h + 4], a = t.mesh[h], b = t.mesh[g]
    cdef int32_t first = h - (h & 7), second = g - (g & 7)
    cdef int32_t p = t.mesh[previous_edge(h)], d = t.mesh[previous_edge(g)]
    cdef int32_t bp = t.mesh[next_edge(h) + 4], pa = t.mesh[previous_edge(h) + 4]
    cdef int32_t ad = t.mesh[next_edge(g) + 4], db = t.mesh[previous_edge(g) + 4]
    set_corners(t, first, a, d, p)
    set_corners(t, second, d, b, p)
    join(t, first, ad)
    join(t, first + 2, pa)
    join(t, second, db)
    join(t, second + 1, bp)
    join(t, first + 1, second + 2)
    return second


cdef Triangulation borrow_triangulation()
cdef give_back_triangulation(Triangulation t)
cdef int triangulate(const double* points, Py_ssize_t n, Triangulation t) except -1 nogil
cdef int triangulate_line(const double* points, Py_ssize_t n, Triangulation t) except -1 nogil
cdef int32_t locate_place(Triangulation t, double x, double y, int32_t start) noexcept nogil
