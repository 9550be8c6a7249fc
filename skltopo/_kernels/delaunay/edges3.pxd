"""What filtrations in space share: edges, and rows of their diagrams."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t

from ..._utils.buffer cimport Buffer
from .triangulation3 cimport Triangulation


cdef struct Item:
    uint64_t key, tie
    int32_t at


cdef struct Pair:
    double minus_length
    int32_t birth, death


cdef struct Row:
    double minus_length
    int32_t[7] vertex       # zero where there are fewer


cdef class Edges:
    # Vertices are positions of the triangulation; its rank is 2 or 3.
    cdef Triangulation triangulation
    cdef bint keep_zero
    cdef Py_ssize_t n_edges
    cdef Buffer[int32_t] edge               # 2 for each: its vertices
    cdef Buffer[double] edge_value          # squared length
    cdef Buffer[int32_t] neighbour          # in blocks, see number_edge
    cdef Py_ssize_t n_blocks
    cdef Buffer[int32_t] edge_order, edge_rank
    cdef Buffer[uint8_t] negative           # by rank
    cdef Buffer[Pair] pairs0, pairs1, pairs2
    cdef Py_ssize_t n_pairs0, n_pairs1, n_pairs2
    cdef Buffer[Item] items, sorted_items
    cdef Buffer[uint64_t] packed, packed_scratch

    cdef int start_edges(self, Py_ssize_t n_edges) except -1 nogil
    cdef int32_t number_edge(self, int32_t a, int32_t b) except -1 nogil
    cdef int add_block(self, Py_ssize_t link) except -1 nogil
    cdef int32_t add_edge(self, int32_t a, int32_t b) noexcept nogil
    cdef uint64_t edge_name(self, int32_t e) noexcept nogil
    cdef int add_item(self, Py_ssize_t n, uint64_t key, int32_t at) except -1 nogil
    cdef int sort_items(self, Py_ssize_t n) except -1 nogil
    cdef int sort_edges(self, Buffer[double]& value) except -1 nogil
    cdef int pair_vertices(self, Buffer[double]& value) except -1 nogil


cdef void write_vertices(Edges c, const int32_t* position, int n, int32_t* out) noexcept nogil
cdef void write_edge(Edges c, int32_t rank, int32_t* out) noexcept nogil
cdef sorted_rows(Buffer[Row]& rows, Py_ssize_t n, int width)
cdef length_rows(Edges c, Buffer[Pair]& pairs, Py_ssize_t n, bint vertices)
