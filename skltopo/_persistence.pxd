"""Declarations for kernels: the elder rule, columns modulo 2, and Pairs."""

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

from ._utils.buffer cimport Buffer


cdef extern from "pivot_column.h" nogil:
    cdef cppclass PivotColumn:
        void reset(Py_ssize_t n_rows) except +
        void toggle(int32_t row)
        int32_t last()


# --------------------------------------------------------------------------------------------------
# The elder rule
# --------------------------------------------------------------------------------------------------

cdef inline int32_t find_root(Buffer[int32_t]& parent, int32_t x) noexcept nogil:
    """Return the root of x, halving the path on the way (amortised inverse Ackermann).

    A root is its own parent. The younger root is linked below the older one, so the root of a
    component is its oldest member, and no second array of representatives is needed.
    """
    cdef int32_t above
    while parent[x] != x:
        above = parent[parent[x]]
        parent[x] = above
        x = above
    return x


cdef inline int32_t join_elder(Buffer[int32_t]& parent, int32_t a, int32_t b) noexcept nogil:
    """Join the components of a and b, where smaller ids are older; return the root that dies.

    -1 if a and b are in one component already.
    """
    a = find_root(parent, a)
    b = find_root(parent, b)
    if a == b:
        return -1
    parent[max(a, b)] = min(a, b)
    return max(a, b)


# --------------------------------------------------------------------------------------------------
# Columns modulo 2
# --------------------------------------------------------------------------------------------------

cdef class Reduction:
    # Columns of a matrix modulo 2, reduced in the order in which they are added.
    cdef PivotColumn pivot
    cdef Buffer[int32_t] owner          # row -> the column in which it is the last, -1: none
    cdef Buffer[int64_t] stored         # column -> where its reduced rows stand, NONE: as given
    cdef Buffer[int32_t] store
    cdef Py_ssize_t n_stored, work

    cdef int reset(self, Py_ssize_t n_rows, Py_ssize_t n_columns) except -1 nogil
    cdef void own(self, int32_t row, int32_t column) noexcept nogil
    cdef int32_t add(self, int32_t column, const int32_t* rows,
                     const int64_t* starts) except -2 nogil


# --------------------------------------------------------------------------------------------------
# Pairs
# --------------------------------------------------------------------------------------------------

cdef class PairScratch:
    # The open sample: the first two vertices of each row in one key, the others, the length.
    cdef Buffer[uint64_t] key
    cdef Buffer[int32_t] rest
    cdef Buffer[double] minus_length
    cdef Buffer[uint64_t] items, items_scratch      # as of argsort_pairs
    # Closed samples: sorted rows, essential births, and where each sample ends in both.
    cdef Buffer[uint64_t] sorted_key
    cdef Buffer[int32_t] sorted_rest, essential
    cdef Buffer[int64_t] ends

    cdef Py_ssize_t n_bytes(self) noexcept nogil


cdef class Pairs:
    cdef PairScratch scratch
    cdef int birth_width, width
    cdef bint keep_zero
    cdef Py_ssize_t n, n_sorted, n_samples, n_essential
    cdef readonly object pairs, splits, essential, essential_splits

    cdef int reserve(self, Py_ssize_t n) except -1 nogil
    cdef int add_row(self, const int32_t* row, double length) except -1 nogil
    cdef int add_essential(self, const int32_t* birth) except -1 nogil
    cdef int close_sample(self) except -1 nogil
    cdef bint is_sorted(self) noexcept nogil
    cdef bint write_sorted(self) noexcept nogil
    cdef void drop_zero(self) noexcept nogil
    cdef void sort_rest(self) noexcept nogil
    cdef bint comes_before(self, uint32_t a, uint32_t b) noexcept nogil
    cpdef Pairs finish(self)


cdef inline uint64_t make_pair(int32_t birth, int32_t death) noexcept nogil:
    """Pack two vertices so that keys compare by the first, then by the second."""
    return (<uint64_t>birth << 32) | <uint64_t>death


cdef inline void add_pair(Pairs found, int32_t birth, int32_t death, double length) noexcept nogil:
    """Add a pair of two vertices, for which `reserve` has made room."""
    found.scratch.key[found.n] = make_pair(birth, death)
    found.scratch.minus_length[found.n] = 0.0 - length      # never -0.0, which sorts apart
    found.n += 1


cdef Pairs pairs_of_arrays(pairs, splits, essential, essential_splits)
