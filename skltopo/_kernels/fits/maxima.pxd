"""The proximal operator of maxima for one row, for loops in C (see maxima.pyx)."""

from libc.stdint cimport int8_t, int32_t
from libcpp.vector cimport vector

from ..._utils.buffer cimport Buffer

cdef struct Piece:
    # a x^2 + b x + c, from the right end of the piece before up to `right`.
    double right
    double a
    double b
    double c
    double origin       # the height one vertex earlier, unless it is the same (stay)
    int32_t run         # the run one vertex earlier
    bint stay

cdef struct Origin:
    # What backtracking needs of a piece.
    double right
    double origin
    int32_t run
    bint stay

ctypedef vector[Piece] Pieces

cdef struct MaximaScratch:
    # Memory of `maxima_row`, kept between rows.
    Pieces before
    Pieces mirrored
    Pieces turned
    Pieces moved
    vector[Pieces] best
    vector[Origin] origins
    vector[size_t] offset

cdef int maxima_row(const double* values, Py_ssize_t n, double step, Py_ssize_t k, double* out,
                    MaximaScratch& w) except -1 nogil
cdef double maxima_value(const double* x, Py_ssize_t n, Py_ssize_t k,
                         Buffer[double]& cost) except? -1 nogil
cdef double best_pattern(const double* x, Py_ssize_t n, Py_ssize_t k, Buffer[double]& cost,
                         Buffer[int8_t]& stays, int8_t* rising) except -1 nogil
