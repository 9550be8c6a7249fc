"""The weak Alpha filtration of points in space: every simplex is known by its edges."""

from libc.stdint cimport int32_t, uint8_t, uint64_t

from ..._persistence cimport Pairs
from ..._utils.buffer cimport Buffer
from .edges3 cimport Edges


cdef struct Face:
    int32_t longest, middle, shortest       # ranks of its edges


cdef struct Cell:
    uint64_t key            # of its youngest face: longest << 32 | middle
    int32_t[4] beside       # as in the triangulation, by cells; NONE: outside
    int32_t[6] edge         # numbers, then ranks
    int32_t youngest        # face
    int32_t creators        # faces that create a class of H_2, bit by bit


cdef class LongestEdges(Edges):
    cdef Py_ssize_t n_faces
    cdef Buffer[Cell] cell
    cdef Buffer[Face] face
    cdef Buffer[double] value               # of a rank: squared length

    cdef int list_cells(self) except -1 nogil
    cdef int list_flat(self) except -1 nogil
    cdef int rank_edges(self) except -1 nogil
    cdef void find_keys(self) noexcept nogil
    cdef bint cell_before(self, int32_t t, int32_t u) noexcept nogil
    cdef void mark(self, int32_t t, int k) noexcept nogil
    cdef void add_edge_pair(self, Pairs found, int32_t birth, int32_t death) noexcept nogil
    cdef int pair_cells(self, Pairs found) except -1 nogil
    cdef int list_faces(self) except -1 nogil
    cdef int pair_edges(self, Pairs found) except -1 nogil
    cdef int pair(self, Pairs found_0, Pairs found_1, Pairs found_2) except -1 nogil


cdef LongestEdges borrow_edges()
cdef give_back_edges(LongestEdges c)
