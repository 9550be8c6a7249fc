"""Declarations for other kernels of grids: scratch memory, the sweep of an image, joining minima."""

from cython cimport floating
from libc.stdint cimport int32_t, uint8_t, uint64_t

from ..._utils.buffer cimport Buffer
from ..._utils.pool cimport Pool


cdef extern from "scratch.h" nogil:
    cdef cppclass Record:
        int32_t a, b, saddle

    cdef cppclass Sweep[T]:
        Buffer[T] block, record_height, minimum_height, merged_height, extremum_height
        Buffer[T] product, minus_length
        Buffer[uint8_t] older
        Buffer[int32_t] special, parent, root, minimum, merged, merged_at, extremum
        Buffer[Record] record
        Buffer[uint64_t] pair, items, items_scratch
        Py_ssize_t n_records, n_minima, n_merged
        Py_ssize_t bytes()


cdef extern from "older_masks.h" nogil:
    cdef struct MaskLink:
        int32_t step, special


cdef struct ImageGrid:
    # An image that is padded by one pixel, and one sweep of it: all but its values.
    Py_ssize_t n_rows, n_cols       # without padding; at most those that the grid was made for
    int32_t width                   # from a padded pixel to the one in the next row
    bint negate                     # sweep -image, not image
    bint exterior                   # sweep downwards, with the exterior (PD_1), not upwards (PD_0)
    int n_neighbours
    uint8_t[256] n_arcs             # of each mask
    MaskLink[256] masks             # the step from a pixel to its parent
    int32_t[256][4] arc_step        # from a pixel to one pixel of each arc


cdef class Workspace:
    cdef Sweep[float] single
    cdef Sweep[double] double

    cdef Py_ssize_t n_bytes(self) noexcept


cdef Pool workspaces


cdef inline Sweep[floating]* sweep_of(Workspace workspace, const floating* of_type) noexcept:
    """Return the memory for values of a type."""
    if floating is float:
        return &workspace.single
    else:
        return &workspace.double


cdef ImageGrid make_image_grid(Py_ssize_t n_rows, Py_ssize_t n_cols, str complex, int dim,
                               bint negate) except *
cdef int sweep_image(const floating* image, const ImageGrid& grid,
                     Sweep[floating]& s) except -1 nogil
cdef int join_minima(Sweep[floating]& s, int32_t* position, uint8_t* joins) except -1 nogil
cdef int32_t oldest_minimum(Sweep[floating]& s) noexcept nogil
