"""Repair of a triangulation whose points have moved."""

from .triangulation2 cimport Triangulation


cdef bint repair(const double* points, Py_ssize_t n, Triangulation t) except -1 nogil
