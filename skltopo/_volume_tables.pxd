"""Lower stars of voxels, tabulated once (see _volume_tables.pyx)."""

from libc.stdint cimport int8_t, uint8_t, uint16_t, uint32_t, uint64_t

from ._buffer cimport Buffer

cdef enum:
    CRITICAL = 14   # instead of a partner: the edge has none in this star
    VERTEX = 15     # the edge is paired with the voxel itself
    NO_ARC = 31     # instead of a direction: a minimum (or maximum)
    SPECIAL = 32    # added to a direction: the voxel has two arcs or more, or none

ctypedef struct Star:
    # Four bits for each of up to 14 edges (v, d), d a direction.
    uint64_t order          # d -> position of the edge in the order of the star
    uint64_t direction      # position -> d
    uint64_t partner        # d -> p, where the edge is paired with the cell of v, d and p


cdef class StarTable:
    cdef readonly int n_directions
    cdef readonly int n_codes
    cdef Buffer[Star] star
    cdef Buffer[uint8_t] up         # direction of the first arc of older neighbours | SPECIAL
    cdef Buffer[uint16_t] critical  # bit d: edge d leads to a later arc
    # Freudenthal only: arcs of younger neighbours, and the critical triangles a | b << 4.
    cdef Buffer[uint8_t] down
    cdef Buffer[uint16_t] down_critical
    cdef Buffer[uint8_t] n_cells
    cdef Buffer[uint32_t] first_cell
    cdef Buffer[uint8_t] cells
    # between[a][b]: direction from neighbour a to neighbour b, -1 if they are not adjacent.
    cdef int8_t[14][14] between
    # Cubical only.
    cdef uint16_t[64] squares       # edges at v -> squares that may be there
    cdef Buffer[uint16_t] code_of   # edges | squares << 6 -> code
    cdef uint32_t[3][512] near      # neighbours near those of nine bits of a mask


cdef StarTable freudenthal_table()
cdef StarTable cubical_table()
cdef int critical_squares(StarTable table, uint32_t mask, uint8_t* found) noexcept nogil
