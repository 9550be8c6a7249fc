"""The closest row with few maxima, for loops in C (see few_maxima.pyx)."""

from libc.stdint cimport int32_t

cdef Py_ssize_t list_extrema(const double* y, Py_ssize_t n, int32_t* peaks,
                             int32_t* valleys) noexcept nogil
cdef int fit_row(const double* values, Py_ssize_t n, Py_ssize_t k, double* out) except -1 nogil
