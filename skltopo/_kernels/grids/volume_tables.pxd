"""Declarations for other kernels of volumes: the tables of volume_tables.pyx."""

from libc.stdint cimport int8_t, uint8_t, uint16_t, uint32_t, uint64_t

from ..._utils.buffer cimport Buffer

cdef enum:
    ROOT = 15       # instead of a parent in a forest
    NO_ARC = 31     # instead of a direction: a minimum (or maximum)
    SPECIAL = 32    # added to a direction: the voxel has two arcs or more, or none


cdef class StarTable:
    cdef readonly int n_directions
    cdef readonly int n_codes
    cdef Buffer[uint64_t] forest    # vertex d of the lower link -> its parent, four bits each
    cdef Buffer[uint8_t] up         # direction of the first arc of older neighbours | SPECIAL
    cdef Buffer[uint16_t] critical  # bit d: edge d leads to a later arc
    # Freudenthal only: arcs of younger neighbours, and the critical triangles a | b << 4.
    cdef Buffer[uint8_t] down
    cdef Buffer[uint16_t] down_critical
    cdef Buffer[uint8_t] n_cells
    cdef Buffer[uint32_t] first_cell
    cdef Buffer[uint8_t] cells
    # adjacent[a]: neighbours adjacent to neighbour a, one bit each; between[a][b]: direction from a
    # to b, -1 if they are not adjacent.
    cdef uint16_t[14] adjacent
    cdef int8_t[14][14] between
    # Cubical only.
    cdef Buffer[uint64_t] joined    # vertex d of the lower link -> those joined to it, a byte each
    cdef uint16_t[64] squares       # edges at v -> squares that may be there
    cdef Buffer[uint16_t] code_of   # edges | squares << 6 -> code
    cdef Buffer[uint8_t] cubes      # cubes that may be there
    cdef Buffer[uint8_t] n_faces    # with how many of them younger neighbours are connected
    cdef uint32_t[3][512] near      # neighbours near those of nine bits of a mask


cdef StarTable freudenthal_table()
cdef StarTable cubical_table()
cdef int critical_squares(StarTable table, uint32_t mask, uint8_t* found) noexcept nogil
