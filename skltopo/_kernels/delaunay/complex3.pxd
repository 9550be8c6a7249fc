"""The Delaunay complex of points in space with its incidences, and its pairs."""

from libc.stdint cimport int32_t, uint8_t, uint64_t

from ..._persistence cimport Pairs
from ..._utils.buffer cimport Buffer
from .edges3 cimport Edges


cdef class Complex(Edges):
    # Simplices are numbers in no particular order.
    cdef Buffer[int32_t] triangle           # 3: vertices
    cdef Buffer[int32_t] triangle_edge      # 3: opposite these
    cdef Buffer[int32_t] triangle_cell      # 2: cells beside it, n_cells for the outside
    cdef Buffer[int32_t] triangle_apex      # 2: their vertices opposite, -1 for the outside
    cdef Buffer[int32_t] cell               # 4: vertices, of positive orientation
    cdef Buffer[int32_t] cell_triangle      # 4: opposite these

    # The filtration: strict orders by key (cells: then by number) and steps.
    cdef Buffer[int32_t] edge_step, triangle_step, cell_step
    cdef Buffer[uint64_t] triangle_key, cell_key
    cdef Buffer[double] step_value          # squares
    cdef Buffer[double] value               # of edges
    cdef double largest                     # coordinate of a point
    cdef Buffer[uint8_t] creator            # triangles that create a class

    cdef int build(self) except -1 nogil
    cdef int list_cells(self) except -1 nogil
    cdef int list_flat(self) except -1 nogil
    cdef bint cell_before(self, int32_t t, int32_t u) noexcept nogil
    cdef int add_cell_pair(self, Pairs found, int32_t f, int32_t t) except -1 nogil
    cdef int add_edge_pair(self, Pairs found, int32_t e, int32_t f) except -1 nogil
    cdef double length(self, int32_t birth, int32_t death) noexcept nogil
    cdef int pair_cells(self, Pairs found) except -1 nogil
    cdef int pair_edges(self, Pairs found) except -1 nogil
    cdef int pair(self, Pairs found_0, Pairs found_1, Pairs found_2) except -1 nogil
