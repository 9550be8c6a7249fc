"""What the kernels of Vietoris-Rips filtrations share: their state, and steps of H_0 and H_1."""

from libc.stdint cimport int32_t, uint8_t, uint32_t, uint64_t
from libcpp cimport bool
from libcpp.vector cimport vector

from ..._utils.buffer cimport Buffer


cdef extern from "rips_state.h" nogil:
    cdef cppclass RowPool:
        uint64_t* take() except +
        void give(uint64_t* piece)

    cdef struct Touch:
        int32_t g
        uint64_t* row

    cdef cppclass LivingClass:
        uint32_t birth
        bool alive
        vector[int32_t] vertices
        uint64_t** sets

    cdef struct HoleAtEdge:
        int32_t g
        uint64_t* x
        uint64_t value

    cdef struct VoidAtEdge:
        int32_t z
        uint64_t* phi
        uint64_t* x

    cdef cppclass RipsState:
        Py_ssize_t n, n_words, bytes_left
        Buffer[uint64_t] rows, lens, hole_sums, unvisited, frontier, components
        Buffer[int32_t] parent
        Buffer[uint8_t] touched
        RowPool row_pool, set_pool, table_pool
        vector[LivingClass] holes, voids
        vector[vector[Touch]] holes_at, voids_at
        vector[int32_t] slot, odd_holes
        vector[HoleAtEdge] edge_holes
        vector[VoidAtEdge] edge_voids
        vector[uint64_t] pairs[3]
        void reset(Py_ssize_t n_vertices) except +

    void flip_bit(uint64_t* row, Py_ssize_t v)
    bool has_bit(const uint64_t* row, Py_ssize_t v)
    uint64_t** set_rows(uint64_t* row_set, Py_ssize_t n_words)
    uint64_t* set_place(uint64_t* row_set, Py_ssize_t n_words, Py_ssize_t n)
    bool add_row(uint64_t* row, const uint64_t* added, Py_ssize_t n_words)
    void insert_edge(uint64_t* rows, Py_ssize_t n_words, uint64_t item)
    Py_ssize_t find_lens(const uint64_t* a, const uint64_t* b, uint64_t* lens, Py_ssize_t n_words)


cdef struct Edge:
    int32_t u, v
    uint32_t packed         # u << 16 | v


cdef inline Edge unpack_edge(uint64_t item) noexcept nogil:
    cdef Edge e
    e.packed = <uint32_t>item
    e.u = <int32_t>(e.packed >> 16)
    e.v = <int32_t>(e.packed & 0xFFFF)
    return e


cdef int enter_without_lens(RipsState& s, Edge e) except -1 nogil
cdef int flip_hole(RipsState& s, int32_t g, Edge e) except -1 nogil
cdef int list_holes(RipsState& s, Edge e) except -1 nogil
cdef int destroy_hole(RipsState& s, Edge e, Py_ssize_t w) except -1 nogil
cdef int store_holes(RipsState& s, Edge e) except -1 nogil
cdef int sweep_loops(RipsState& s, const uint64_t* items, Py_ssize_t n) except -1 nogil
