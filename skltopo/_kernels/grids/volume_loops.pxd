"""Declarations for other kernels of volumes: the steps that find PD_1."""

from cython cimport floating
from libc.stdint cimport int32_t

from ..._utils.buffer cimport Buffer
from .images cimport Sweep
from .volume_sweeps cimport Grid, Volume
from .volume_tables cimport StarTable


cdef void drop_void_cells(Volume[floating]& s, Sweep[floating]& sweep) noexcept nogil
cdef int number_edges(const Grid& grid, StarTable table, Volume[floating]& s,
                      Buffer[int32_t]& slot) except -1 nogil
cdef int reduce_cells(const Grid& grid, StarTable table, Volume[floating]& s,
                      Buffer[int32_t]& slot) except -1 nogil
