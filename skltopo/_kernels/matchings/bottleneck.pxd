"""Matchings with the least greatest distance (see bottleneck.pyx)."""

from .plane_tree cimport Metric, Side

cdef int match_by_greatest(Side rows, Side columns, Metric metric) except -1 nogil
