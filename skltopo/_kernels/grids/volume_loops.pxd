"""What the kernels for volumes share: memory, and the reduction of loops."""

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
        Buffer[uint8_t] negative
        Buffer[int32_t] position
        Buffer[int32_t] saddle
        Py_ssize_t n_saddles
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
        Buffer[uint64_t]& sorted(int dim)
        Py_ssize_t bytes()


cdef struct Grid:
    # A padded volume. Voxel (z, y, x) is (z + 1) * slab + (y + 1) * row + x + 1.
    int32_t n_slabs, n_rows, n_cols, row, slab, size
    int32_t[32] step        # to the neighbour in a direction; 0 for none
    bint cubical, shell


cdef Py_ssize_t drop_void_cells(Sweep[floating]& sweep, Volume[floating]& s,
                                Py_ssize_t n_cells) noexcept nogil
cdef Py_ssize_t number_edges(const Grid& grid, StarTable table, Volume[floating]& s,
                             Buffer[int32_t]& slot) except -1 nogil
cdef int reduce_cells(const Grid& grid, StarTable table, Volume[floating]& s,
                      Buffer[int32_t]& slot, Py_ssize_t n_cells,
                      Py_ssize_t n_edges) except -1 nogil
