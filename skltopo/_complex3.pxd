"""The Delaunay complex of points in space with its incidences, and its filtrations' pairs."""

from libc.stdint cimport int32_t, int64_t, uint8_t, uint64_t

from ._buffer cimport Buffer
from ._delaunay3 cimport Triangulation
from ._reduction cimport Reduction


cdef struct Slot:
    uint64_t key
    int32_t edge


cdef struct Item:
    uint64_t key, tie
    int32_t at


cdef struct Pair:
    double minus_length
    int32_t birth, death


cdef struct Row:
    double minus_length
    int32_t[7] vertex


cdef class Complex:
    # Vertices are positions of the triangulation, simplices numbers in no particular order.
    cdef Triangulation triangulation
    cdef Py_ssize_t n_edges, n_triangles, n_cells
    cdef Buffer[int32_t] edge               # 2 for each: its vertices
    cdef Buffer[int32_t] triangle           # 3: vertices
    cdef Buffer[int32_t] triangle_edge      # 3: opposite these
    cdef Buffer[int32_t] triangle_cell      # 2: cells beside it, n_cells for the outside
    cdef Buffer[int32_t] triangle_apex      # 2: their vertices opposite, -1 for the outside
    cdef Buffer[int32_t] cell               # 4: vertices, of positive orientation
    cdef Buffer[int32_t] cell_triangle      # 4: opposite these
    cdef Buffer[Slot] slots
    cdef int shift

    # The filtration: strict orders by key (cells: then by number) and steps, which are what a
    # point of the diagram must span. A step is critical for one simplex of its own.
    cdef Buffer[int32_t] edge_order, edge_rank, edge_step, triangle_step, cell_step
    cdef Buffer[uint64_t] triangle_key, cell_key
    cdef Buffer[double] step_value          # squares
    cdef Buffer[Item] items

    # The pairs of each dimension, of simplices of dimension k and k + 1.
    cdef Buffer[Pair] pairs0, pairs1, pairs2
    cdef Py_ssize_t n_pairs0, n_pairs1, n_pairs2
    cdef Buffer[uint8_t] negative, creator
    cdef bint keep_zero

    cdef int build(self) except -1 nogil
    cdef int list_cells(self) except -1 nogil
    cdef int list_flat(self) except -1 nogil
    cdef int start_edges(self, Py_ssize_t n_edges) except -1 nogil
    cdef int32_t number_edge(self, int32_t a, int32_t b) noexcept nogil
    cdef void sort_items(self, Py_ssize_t n) noexcept nogil
    cdef int sort_edges(self, Buffer[double]& value) except -1 nogil
    cdef int sort_by_length(self) except -1 nogil
    cdef uint64_t edge_name(self, int32_t e) noexcept nogil
    cdef int pair_vertices(self) except -1 nogil
    cdef int pair_cells(self) except -1 nogil
    cdef int pair_edges(self, Reduction reduction) except -1 nogil
    cdef bint spans(self, int32_t birth, int32_t death) noexcept nogil
    cdef Pair point(self, int32_t birth, int32_t death, int32_t birth_step,
                    int32_t death_step) noexcept nogil
    cdef bint cell_before(self, int32_t t, int32_t u) noexcept nogil
    cdef void add_cell_pair(self, int32_t f, int32_t t) noexcept nogil
    cdef void add_edge_pair(self, int32_t e, int32_t f) noexcept nogil


cdef dict rows_of(Complex c, dims, bint simplices)
cdef void write_vertices(Complex c, const int32_t* position, int n, int32_t* out) noexcept nogil
