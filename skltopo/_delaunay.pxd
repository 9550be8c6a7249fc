"""The planar Delaunay triangulation, for the kernels that pair its edges and triangles."""

from libc.stdint cimport int32_t, uint64_t

from ._buffer cimport Buffer
from ._predicates cimport in_circle

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
    cdef double scale                   # of the coordinates: a power of two
    cdef Py_ssize_t n_bytes(self) noexcept nogil


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


cdef Triangulation borrow_triangulation()
cdef give_back_triangulation(Triangulation t)
cdef int triangulate(const double* points, Py_ssize_t n, Triangulation t) except -1 nogil
cdef int triangulate_line(const double* points, Py_ssize_t n, Triangulation t) except -1 nogil
