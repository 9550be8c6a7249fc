"""Declarations for other kernels: the Delaunay triangulation of points in space."""

from libc.stdint cimport int32_t, uint32_t, uint64_t

from ..._utils.buffer cimport Buffer
from .predicates3 cimport Cloud, Point3


cdef struct Tetrahedron:
    int32_t[4] vertex       # positive orientation; a ghost, at 3 only, is the outside
    int32_t[4] beside       # across the face opposite vertex k: 4 * neighbour + its opposite vertex


cdef struct Boundary:
    int32_t inner, face, beside     # a face of a cavity, and what is beyond


cdef struct Glue:
    uint64_t edge
    int32_t code


cdef class Triangulation:
    cdef Buffer[Point3] point           # scaled, in order of insertion
    cdef Buffer[int32_t] index          # position -> row of the input; the smallest of equal points
    cdef Buffer[int32_t] twin           # position -> position of the vertex that stands for it
    cdef Buffer[Tetrahedron] cell       # vertex[0] is -1 where none is
    cdef Py_ssize_t n_points, n_cells
    cdef int32_t ghost
    cdef int rank                       # of the points' affine hull
    cdef Cloud cloud

    cdef Buffer[uint32_t] mark          # cell -> 2 * round (+ 1: seen, outside of the cavity)
    cdef Buffer[int32_t] cavity, free
    cdef Buffer[Boundary] boundary
    cdef Buffer[Tetrahedron] fresh
    cdef Buffer[int32_t] slot
    cdef Buffer[uint64_t] local         # vertex -> round and its number in the cavity
    cdef Buffer[int32_t] glue
    cdef Buffer[Glue] edges
    cdef Py_ssize_t n_free, n_cavity, n_boundary
    cdef uint32_t round
    cdef int32_t last

    cdef int build(self, const double* points, Py_ssize_t n) except -1 nogil
    cdef int sort_points(self, const double* points, Py_ssize_t n) except -1 nogil
    cdef int first_cells(self) except -1 nogil
    cdef int32_t locate(self, int32_t p) except -2 nogil
    cdef bint is_twin(self, int32_t cell, int32_t p) noexcept nogil
    cdef bint conflicts(self, int32_t cell, int32_t p) except -1 nogil
    cdef int dig(self, int32_t cell, int32_t p) except -1 nogil
    cdef int fill(self, int32_t p) except -1 nogil
    cdef int glue_many(self) except -1 nogil
    cdef int insert(self, int32_t p) except -1 nogil
    cdef twins(self)
