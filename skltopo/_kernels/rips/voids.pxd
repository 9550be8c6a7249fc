"""The step of a sweep over edges in dimensions 0 to 2."""

from libc.stdint cimport uint64_t

from .loops cimport RipsState

cdef int sweep_voids(RipsState& s, const uint64_t* items, Py_ssize_t n) except -1 nogil
