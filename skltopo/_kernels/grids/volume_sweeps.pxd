"""Declarations for other kernels of volumes: a padded volume, its scratch memory, its sweeps."""

from cython cimport floating
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from ..._utils.buffer cimport Buffer
from .images cimport Sweep
from .volume_tables cimport StarTable


cdef extern from "volume_masks.h" nogil:
    void older_14[T](const T* f, uint16_t* older, Py_ssize_t begin, Py_ssize_t end,
                     const int32_t* step)
    void older_26[T](const T* f, uint32_t* older, Py_ssize_t begin, Py_ssize_t end,
                     const int32_t* step)


cdef extern from "volume_scratch.h" nogil:
    cdef struct Cell:
        int32_t vertex
        int16_t a, b

    cdef struct Column:
        int64_t start
        int32_t length, cell

    cdef cppclass Volume[T]:
        Buffer[T] height
        Buffer[uint16_t] code
        Buffer[uint8_t] down
        Buffer[uint32_t] mask
        bint with_loops
        Buffer[uint8_t] negative
        Buffer[int32_t] position
        Buffer[int32_t] saddle
        Py_ssize_t n_saddles, n_edges, n_cells, n_columns, n_arena
        Buffer[Cell] cell
        Buffer[int32_t] owner
        Buffer[Column] column
        Buffer[uint32_t] arena
        Buffer[uint64_t] heap
        Buffer[uint32_t] entry
        Buffer[int32_t] base

    cdef cppclass VolumeScratch[T]:
        Volume[T] volume
        Sweep[T] sweep
        Py_ssize_t bytes()


cdef struct Grid:
    # A padded volume. Voxel (z, y, x) is (z + 1) * slab + (y + 1) * row + x + 1.
    int32_t n_slabs, n_rows, n_cols, row, slab, size
    int32_t[32] step        # to the neighbour in a direction; 0 for none
    bint negate             # the copy that is swept is minus the volume
    bint cubical, shell


cdef int find_codes(const Grid& grid, StarTable table, Volume[floating]& s,
                    Py_ssize_t first_slab, Py_ssize_t n_slabs) except -1 nogil
cdef int find_extrema(const Grid& grid, StarTable table, bint down, Volume[floating]& s,
                      Sweep[floating]& sweep) except -1 nogil
