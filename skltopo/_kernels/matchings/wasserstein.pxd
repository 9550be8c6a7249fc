"""Matchings with the least sum of costs (see wasserstein.pyx)."""

from .plane_tree cimport Metric, Side

cdef int match_by_sum(Side rows, Side columns, Metric metric) except -1 nogil
