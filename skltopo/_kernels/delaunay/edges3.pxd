"""What both filtrations in space share: edges of a triangulation, their order, and PD_0."""

from libc.stdint cimport int32_t, uint8_t, uint64_t

from ..._persistence cimport Pairs, Reduction
from ..._utils.buffer cimport Buffer
from .triangulation3 cimport Triangulation

cdef extern from *:
    """
    // The edges of the face opposite each vertex: opposite the vertices of the face, ascending.
    static constexpr int FACE_EDGES[4][3] = {{5, 4, 3}, {5, 2, 1}, {4, 2, 0}, {3, 1, 0}};
    """
    const int[4][3] FACE_EDGES


cdef struct Item:
    uint64_t key, tie
    int32_t at


cdef class Edges:
    # Vertices are positions of the triangulation; its rank is 2 or 3.
    cdef Triangulation triangulation
    cdef Py_ssize_t n_cells, n_triangles
    cdef Buffer[int32_t] cell_number        # of the triangulation's cells; NONE: not one of ours
    cdef Py_ssize_t n_edges
    cdef Buffer[int32_t] edge               # 2 for each: its vertices
    cdef Buffer[double] edge_value          # squared length
    cdef Buffer[int32_t] neighbour          # in blocks, see number_edge
    cdef Py_ssize_t n_blocks
    cdef Buffer[int32_t] edge_order, edge_rank
    cdef Buffer[uint8_t] negative           # by rank: whether the edge joins two components
    cdef Buffer[Item] items, sorted_items
    cdef Buffer[uint64_t] packed, packed_scratch
    cdef Reduction reduction

    cdef int number_cells(self) except -1 nogil
    cdef int number_edges(self, const int32_t* vertex, int32_t* edge) except -1 nogil
    cdef bint read_flat(self, Py_ssize_t cell, int32_t* corner) noexcept nogil
    cdef int start_edges(self, Py_ssize_t n_edges) except -1 nogil
    cdef int32_t number_edge(self, int32_t a, int32_t b) except -1 nogil
    cdef int add_block(self, Py_ssize_t link) except -1 nogil
    cdef int32_t add_edge(self, int32_t a, int32_t b) noexcept nogil
    cdef uint64_t edge_name(self, int32_t e) noexcept nogil
    cdef int add_item(self, Py_ssize_t n, uint64_t key, int32_t at) except -1 nogil
    cdef int sort_items(self, Py_ssize_t n) except -1 nogil
    cdef int sort_edges(self, Buffer[double]& value) except -1 nogil
    cdef int pair_vertices(self, Buffer[double]& value, Pairs found) except -1 nogil
    cdef int pair_twins(self, Pairs found) except -1 nogil
    cdef void write_vertices(self, const int32_t* position, int n, int32_t* out) noexcept nogil
