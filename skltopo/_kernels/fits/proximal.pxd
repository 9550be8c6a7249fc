"""Rows of the proximal operators, for loops in C (see proximal.pyx)."""

from libc.math cimport fabs
from libc.stdint cimport int32_t, uint64_t

from ..._utils.buffer cimport Buffer

cdef struct Knot:
    # Where the derivative a x + b of the message changes, and by how much.
    double x
    double a
    double b

cdef struct ClustersScratch:
    # Memory of `clusters_row` and `clusters_value`, kept between rows.
    Buffer[double] groups
    Buffer[double] copy
    Buffer[double] gaps
    Buffer[int32_t] begin
    Buffer[uint64_t] order
    Buffer[uint64_t] spare

cdef struct StepsScratch:
    # Memory of `steps_row`, kept between rows.
    Buffer[Knot] knots
    Buffer[double] bounds

cdef int check_rows(const double[:, ::1] values, const double[::1] step, Py_ssize_t k,
                    double[:, ::1] out) except -1
cdef double clusters_row(const double* values, Py_ssize_t n, double step, Py_ssize_t k, double* out,
                         ClustersScratch& s) except -1 nogil
cdef double clusters_value(const double* values, Py_ssize_t n, Py_ssize_t k,
                           ClustersScratch& s) except -1 nogil
cdef int steps_row(const double* y, Py_ssize_t n, const double* up, const double* down, double* out,
                   StepsScratch& s) except -1 nogil


cdef inline double safe_factor(double low, double high) noexcept nogil:
    """Factor by which values between low and high can be squared without over- or underflow."""
    cdef double size = max(fabs(low), fabs(high))
    if size > 1e100:
        return 1e-200
    return 1e200 if size < 1e-100 else 1.0
