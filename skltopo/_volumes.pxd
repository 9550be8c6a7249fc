"""The memory of the kernel for volumes (see _volume_masks.h)."""

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from ._buffer cimport Buffer

cdef extern from "_volume_masks.h" nogil:
    void older_14[T](const T* f, uint16_t* older, Py_ssize_t begin, Py_ssize_t end,
                     const int32_t* step)
    void older_26[T](const T* f, uint32_t* older, Py_ssize_t begin, Py_ssize_t end,
                     const int32_t* step)
    int lowest_bit(uint32_t bits)
    int highest_bit(uint32_t bits)
    int count_bits(uint32_t bits)

    cdef struct Cell:
        int32_t vertex
        int16_t a, b

    cdef struct Column:
        int64_t start
        int32_t length, cell

    cdef cppclass Volume[T]:
        Buffer[T] height
        Buffer[uint16_t] code
        Buffer[uint32_t] mask
        Buffer[uint8_t] negative
        Buffer[int32_t] position
        Buffer[Cell] cell
        Buffer[int32_t] owner
        Buffer[Column] column
        Buffer[uint64_t] arena, heap, sorted_heap
