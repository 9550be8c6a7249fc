"""The pairs of one line, for other kernels (see lines.pyx)."""

from cython cimport floating

from ..._persistence cimport Pairs
from .images cimport Sweep

cdef int pair_line(const floating* line, Py_ssize_t n, bint negate, Sweep[floating]& s,
                   Pairs found) except -1 nogil
