"""Thresholds of diagrams that lie apart, for the bottleneck distance (see apart.pyx)."""

from .plane_tree cimport Side

cdef bint lie_apart(Side rows, Side columns) noexcept nogil
cdef double threshold_apart(Side rows, Side columns, double threshold) except? -1 nogil
