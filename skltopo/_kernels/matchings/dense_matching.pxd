"""Matchings from a dense matrix of costs (see dense_matching.pyx)."""

from .plane_tree cimport Metric, Side


cdef int match_dense(Side rows, Side columns, Metric metric) except -1 nogil
