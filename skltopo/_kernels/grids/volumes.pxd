"""Declarations for other kernels of volumes: the padded copy, and memory for its sweeps."""

from cython cimport floating
from libc.stdint cimport int32_t

from ..._utils.pool cimport Pool
from .images cimport Sweep
from .volume_sweeps cimport Grid, Volume, VolumeScratch

cdef enum:
    LARGE = 1 << 17     # voxels from which each step gives back what later ones don't need


cdef class VolumeWorkspace:
    cdef VolumeScratch[float] single
    cdef VolumeScratch[double] double


cdef Pool workspaces

cdef Grid make_grid(tuple shape, str complex, bint superlevel) except *
cdef void pad_volume(const floating* values, const Grid& grid, floating* out) noexcept nogil
cdef void release_sweep(const Grid& grid, Volume[floating]& s,
                        Sweep[floating]& sweep) noexcept nogil


cdef inline int32_t voxel(const Grid& grid, int32_t v) noexcept nogil:
    """Turn a padded voxel into a voxel of the volume."""
    cdef int32_t z = v // grid.slab, y = v % grid.slab // grid.row, x = v % grid.row
    v = ((z - 1) * grid.n_rows + y - 1) * grid.n_cols + x - 1
    if grid.shell:      # the copy is reversed
        return grid.n_slabs * grid.n_rows * grid.n_cols - 1 - v
    return v
