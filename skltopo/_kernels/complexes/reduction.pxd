"""What other kernels may use: columns modulo 2, reduced one after another."""

from libc.stdint cimport int32_t, int64_t

from ..shared.buffer cimport Buffer


cdef extern from "pivot_column.h" nogil:
    cdef cppclass PivotColumn:
        void reset(Py_ssize_t n_rows) except +
        void toggle(int32_t row)
        int32_t last()


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
