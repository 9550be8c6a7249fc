"""Sweeps of a volume: lower stars of voxels, and the extrema and saddles that they give.

The lower star of a voxel, the cells that enter with it, depends on which of its neighbours are
older. `find_codes` writes its row in a table (`volume_tables.pyx`) for every voxel. A sweep reads
from it the direction to an older neighbour, by which voxels are linked to minima, and whether the
voxel is a saddle, at which components can join (as in `images.pyx`). Downwards, for PD_2, younger
neighbours take the place of older ones, and maxima that of minima.

Complexity: O(n), with a small constant for each saddle.
"""

from cython cimport floating
from libc.math cimport INFINITY
from libc.stdint cimport int32_t, uint8_t, uint16_t, uint32_t
from libc.string cimport memcpy, memset

from ..._utils.bits cimport count_bits, lowest_bit
from ..._utils.signals cimport check_signals
from .images cimport Sweep
from .volume_tables cimport NO_ARC, SPECIAL, StarTable, critical_squares

cdef enum:
    ALL_26 = (1 << 26) - 1
    SPECIAL_4 = SPECIAL * 0x01010101
    PATIENCE = 1 << 18      # voxels between two checks for Ctrl-C
    LATER_26 = 0x7 << 3 | 0x3F << 12 | 0xF << 22    # neighbours with a larger index


cdef struct Row:
    # A row of voxels in a sweep.
    bint down
    int32_t first           # its first voxel in the order of memory
    const uint8_t* link     # a direction to an older neighbour (downwards: younger) | SPECIAL
    Py_ssize_t n_special    # extrema and saddles, whose columns are in Sweep.special


# --------------------------------------------------------------------------------------------------
# Lower stars
# --------------------------------------------------------------------------------------------------

cdef int find_codes(const Grid& grid, StarTable table, Volume[floating]& s,
                    Py_ssize_t first_slab, Py_ssize_t n_slabs) except -1 nogil:
    """Fill code, the lower star of every voxel of some slabs, from height; for cubes down, too."""
    cdef Py_ssize_t begin = (first_slab + 1) * grid.slab + grid.row + 1, z, y, x
    cdef Py_ssize_t end = (first_slab + n_slabs + 1) * grid.slab - grid.row - 1
    cdef Py_ssize_t n_unchecked = 0
    cdef uint32_t mask, edges, younger, later, code, n_faces
    cdef const uint16_t* code_of = table.code_of.data()
    s.code.grow(grid.size)
    if not grid.cubical:
        while begin < end:
            x = min(begin + PATIENCE, end)
            older_14(s.height.data(), s.code.data() + begin, begin, x, grid.step)
            begin = x
            if begin < end:
                check_signals()
        return 0
    s.down.grow(grid.size)
    s.mask.grow(grid.n_cols)
    for z in range(first_slab + 1, first_slab + n_slabs + 1):
        for y in range(1, grid.n_rows + 1):
            n_unchecked += grid.n_cols
            if n_unchecked > PATIENCE:
                n_unchecked = 0
                check_signals()
            begin = z * grid.slab + y * grid.row + 1
            older_26(s.height.data(), s.mask.data(), begin, begin + grid.n_cols, grid.step)
            for x in range(grid.n_cols):
                mask = s.mask[x]
                edges = mask & 63
                edges |= mask & <uint32_t>table.squares[edges] << 6
                code = code_of[edges]
                s.code[begin + x] = <uint16_t>code
                younger = ALL_26 & ~mask
                later = younger & LATER_26
                n_faces = count_bits(mask >> 18 & table.cubes[code])
                s.down[begin + x] = <uint8_t>(
                    lowest_bit((later if later else younger) | 1u << NO_ARC)
                    | (0 if n_faces == table.n_faces[code] else SPECIAL)
                )
    return 0


cdef inline uint32_t older_mask(Volume[floating]& s, const Grid& grid, int32_t v) noexcept nogil:
    """Return which of its 26 neighbours are older than voxel v."""
    cdef uint32_t mask
    older_26(s.height.data(), &mask, v, v + 1, grid.step)
    return mask


cdef inline uint32_t spread(StarTable table, uint32_t seed, uint32_t mask) noexcept nogil:
    """Return the component of the seed (one of 26 neighbours or more) inside a mask."""
    cdef uint32_t reached = seed, before = 0
    while reached != before:
        before = reached
        reached = mask & (table.near[0][before & 511] | table.near[1][before >> 9 & 511]
                          | table.near[2][before >> 18])
    return reached


cdef inline int younger_arcs(StarTable table, uint32_t mask, uint8_t* arcs) noexcept nogil:
    """Write one neighbour of each component of younger neighbours to arcs; return how many.

    A neighbour with a larger index is preferred: downwards, it has been met before.
    """
    cdef uint32_t left = ALL_26 & ~mask, component
    cdef int n = 0
    while left:
        component = left & LATER_26
        component = component & (~component + 1) if component else left & (~left + 1)
        arcs[n] = <uint8_t>lowest_bit(component)
        n += 1
        left &= ~spread(table, component, left)
    return n


# --------------------------------------------------------------------------------------------------
# Rows of a sweep
# --------------------------------------------------------------------------------------------------

cdef inline Row read_row(const Grid& grid, StarTable table, bint down, int32_t first,
                         Volume[floating]& s, Sweep[floating]& sweep) noexcept nogil:
    """Find the links of a row, and list its extrema and saddles."""
    cdef Row row
    cdef int32_t x
    cdef const uint8_t* links = table.down.data() if down else table.up.data()
    cdef const uint16_t* code = s.code.data() + first
    cdef uint8_t* link = sweep.older.data()
    row.down, row.first, row.link = down, first, link
    if down and grid.cubical:
        row.link = s.down.data() + first
    else:
        for x in range(grid.n_cols):
            link[x] = links[code[x]]
    row.n_special = list_special(row.link, grid.n_cols, sweep.special.data())
    return row


cdef inline Py_ssize_t list_special(const uint8_t* link, int32_t n_cols,
                                    int32_t* special) noexcept nogil:
    """Write the columns of saddles and extrema in a row to special; return how many.

    Four bytes are read at a time, so some behind the row, too.
    """
    cdef Py_ssize_t n = 0
    cdef int32_t x
    cdef uint32_t found
    for x in range(0, n_cols, 4):
        memcpy(&found, link + x, 4)
        found &= SPECIAL_4
        while found:
            special[n] = x + (lowest_bit(found) >> 3)
            n += 1
            found &= found - 1
    while n and special[n - 1] >= n_cols:
        n -= 1
    return n


cdef inline void link_row(int32_t* parent, const uint8_t* link, const int32_t* step, int32_t n_cols,
                          int32_t v, int32_t sign) noexcept nogil:
    """Point the voxels of a row, from v on in the order of the sweep, at an older neighbour.

    A neighbour that the sweep has passed already has its own parent or the id of its extremum: that
    is taken. Extrema have their ids. On noise no branch could be predicted, so bit masks stand for
    them.
    """
    cdef int32_t _, away, passed
    for _ in range(n_cols):
        away = step[link[0] & NO_ARC]
        passed = (sign * away - 1) >> 31
        parent[v] = (parent[v + (away & passed)] & passed) | ((v + away) & ~passed)
        v += sign
        link += sign


cdef inline int later_arcs(Volume[floating]& s, const Grid& grid, StarTable table, bint down,
                           int32_t v, uint32_t mask, uint8_t* arcs) noexcept nogil:
    """Write the directions of all arcs of a saddle but the first to arcs; return how many."""
    cdef uint32_t left
    cdef uint8_t[8] all_arcs
    cdef int n = 0, i
    if down and grid.cubical:
        n = younger_arcs(table, mask, all_arcs) - 1
        for i in range(n):
            arcs[i] = all_arcs[i + 1]
        return n
    left = table.down_critical[s.code[v]] if down else table.critical[s.code[v]]
    while left:
        arcs[n] = <uint8_t>lowest_bit(left)
        left &= left - 1
        n += 1
    return n


cdef int add_cells(const Grid& grid, StarTable table, int32_t v, uint32_t mask,
                   Volume[floating]& s) except -1 nogil:
    """Append the critical triangles or squares of a voxel to s.cell."""
    cdef uint8_t[12] found
    cdef int n, i
    cdef uint8_t* cells = found
    if grid.cubical:
        n = critical_squares(table, mask, found)
    else:
        n = table.n_cells[s.code[v]]
        cells = table.cells.data() + table.first_cell[s.code[v]]
    s.cell.grow(s.n_cells + n)
    for i in range(n):
        s.cell[s.n_cells + i].vertex = v
        s.cell[s.n_cells + i].a = cells[i] & 15
        s.cell[s.n_cells + i].b = cells[i] >> 4
    s.n_cells += n
    return 0


cdef int list_special_voxels(const Grid& grid, StarTable table, const Row& row,
                             Volume[floating]& s, Sweep[floating]& sweep) except -1 nogil:
    """Append the extrema and the records of saddles of a row, and what PD_1 needs of them."""
    cdef Py_ssize_t n_minima = sweep.n_minima, n_records = sweep.n_records, i
    cdef int32_t x, v, away, sign = -1 if row.down else 1
    cdef uint8_t[8] arcs
    cdef uint32_t mask = 0
    cdef int n_arcs, k
    cdef floating height
    sweep.minimum.grow(n_minima + row.n_special)
    sweep.minimum_height.grow(n_minima + row.n_special)
    sweep.record.grow(n_records + 7 * row.n_special)
    sweep.record_height.grow(n_records + 7 * row.n_special)
    for i in range(row.n_special):
        x = sweep.special[row.n_special - 1 - i if row.down else i]
        v = row.first + x
        height = sign * s.height[v]
        if row.link[x] & NO_ARC == NO_ARC:
            sweep.parent[v] = ~<int32_t>n_minima
            sweep.minimum[n_minima] = v
            sweep.minimum_height[n_minima] = height
            n_minima += 1
            continue
        if row.down and grid.cubical:
            mask = older_mask(s, grid, v)
        away = grid.step[row.link[x] & NO_ARC]
        n_arcs = later_arcs(s, grid, table, row.down, v, mask, arcs)
        for k in range(n_arcs):
            sweep.record[n_records].a = v + away
            sweep.record[n_records].b = v + grid.step[arcs[k]]
            sweep.record[n_records].saddle = v
            sweep.record_height[n_records] = height
            n_records += 1
        if s.with_loops and row.down:
            add_cells(grid, table, v, mask, s)
        elif s.with_loops:
            s.saddle.grow(s.n_saddles + 1)
            s.saddle[s.n_saddles] = v
            s.n_saddles += 1
    sweep.n_minima, sweep.n_records = n_minima, n_records
    return 0


# --------------------------------------------------------------------------------------------------
# A sweep
# --------------------------------------------------------------------------------------------------

cdef int start_sweep(const Grid& grid, bint down, Volume[floating]& s,
                     Sweep[floating]& sweep) except -1 nogil:
    """Make room, and make the exterior (or the shell) an extremum if this sweep has it."""
    sweep.parent.grow(grid.size)
    sweep.older.grow(grid.n_cols + 3)
    sweep.special.grow(grid.n_cols + 4)
    memset(sweep.older.data(), 0, grid.n_cols + 3)
    # All padding leads to ~0, the exterior.
    memset(sweep.parent.data(), -1, grid.size * sizeof(int32_t))
    sweep.n_minima = sweep.n_records = 0
    if down:
        s.n_cells = 0
    else:
        s.n_saddles = 0
    if down != grid.shell:
        sweep.minimum.grow(1)
        sweep.minimum_height.grow(1)
        sweep.minimum[0] = 0
        sweep.minimum_height[0] = -INFINITY
        sweep.n_minima = 1
    return 0


cdef int find_extrema(
    const Grid& grid, StarTable table,
    bint down,                  # IN: sweep downwards
    Volume[floating]& s,        # IN: height, code, with_loops; OUT: saddle (upwards), cell (down)
    Sweep[floating]& sweep,     # OUT: parent, minimum*, record*
) except -1 nogil:
    """Link each voxel to an extremum, and list extrema and saddles.

    Downwards, voxels are met in reversed order, and heights are negated.
    """
    cdef Py_ssize_t z, y, n_unchecked = 0
    cdef int32_t first, last = grid.n_cols - 1
    cdef Row row
    start_sweep(grid, down, s, sweep)
    for z in range(grid.n_slabs):
        for y in range(grid.n_rows):
            if down:
                first = (grid.n_slabs - z) * grid.slab + (grid.n_rows - y) * grid.row + 1
            else:
                first = (z + 1) * grid.slab + (y + 1) * grid.row + 1
            n_unchecked += grid.n_cols
            if n_unchecked > PATIENCE:
                n_unchecked = 0
                check_signals()
            row = read_row(grid, table, down, first, s, sweep)
            list_special_voxels(grid, table, row, s, sweep)
            if down:
                link_row(sweep.parent.data(), row.link + last, grid.step, grid.n_cols,
                         first + last, -1)
            else:
                link_row(sweep.parent.data(), row.link, grid.step, grid.n_cols, first, 1)
    return 0
