"""Lower-star persistence of functions on a volume: which voxels are paired.

What is paired
    As in `images.pyx`: a sweep upwards, a cell enters with its highest voxel, equal values in
    the order of their index; a point of PD_k is reported as its two critical voxels. The volume is
    copied once, negated for superlevel sets and padded by one voxel.

Which complexes
    "freudenthal": voxels are vertices with 14 neighbours, the nonzero vectors of 0 and 1 and their
    negatives; padding is +inf, absent. "cubical": voxels are vertices of cubes; the same.
    "cubical_cells": voxels are cubes. PD_k of f on cubes is PD_{2-k} of -f on vertices, births and
    deaths exchanged, where a shell of -inf around the volume is there from the start; the
    copy is -f in reversed order, so that ties are broken in exactly the reverse order, too.

PD_0 and PD_2
    Union-find at the voxels whose older neighbours have two components or more, and the same
    downwards for younger neighbours, by Alexander duality: 14 <-> 14 neighbours, 6 <-> 26. The
    exterior (or the shell) is one more extremum, older than all.

PD_1
    Critical triangles (or squares) that do not begin a void are reduced over critical edges that do
    not join components: `volume_loops.pyx`.

Complexity
    O(n) and O(s log s) for s critical cells, then the reduction. Beside the input, the copy, a
    padded volume of 2 + 4 bytes a voxel, and about 40 bytes a critical cell.

Papers
    Robins, Wood, Sheppard, Theory and algorithms for constructing discrete Morse complexes from
    grayscale digital images, 2011. Guillou, Vidal, Tierny, Discrete Morse Sandwich, 2023. Garin,
    Heiss, Maggs, Bleile, Robins, Duality in persistent homology of images, 2020.
"""

import numpy as np

from cython cimport floating
from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy, memset

from ..._utils.signals cimport check_signals
from ..._utils.bits cimport count_bits, lowest_bit
from ..._utils.buffer cimport Buffer
from .images cimport (
    Record, Sweep, append_sorted, is_older, make_pair, merge, minimum_below, unpacked,
)
from ..._utils.prefetch cimport prefetch
from ..._utils.sorting cimport argsort
from ..._persistence cimport find_root
from .volume_loops cimport (
    Grid, Volume, VolumeScratch, drop_void_cells, number_edges, older_14,
    older_26, reduce_cells,
)
from .volume_tables cimport (
    NO_ARC, SPECIAL, StarTable, critical_squares, cubical_table, freudenthal_table,
)

from .volume_tables import CUBICAL, FREUDENTHAL

cdef enum:
    MAX_VOXELS = 1 << 28        # of a padded volume: what a key has room for
    LARGE = 1 << 17             # voxels: from here on each step gives back what the next won't need
    KEEP_BYTES = 1 << 24        # scratch memory that is worth keeping for the next call
    AHEAD = 12                  # records between a prefetch and its use

    ALL_26 = (1 << 26) - 1
    SPECIAL_4 = SPECIAL * 0x01010101
    LATER_26 = 0x7 << 3 | 0x3F << 12 | 0xF << 22    # neighbours with a larger index


cdef Grid make_grid(Py_ssize_t n_slabs, Py_ssize_t n_rows, Py_ssize_t n_cols, str complex) except *:
    cdef Grid grid
    cdef int d
    if (n_slabs + 2) * (n_rows + 2) * (n_cols + 2) >= MAX_VOXELS:
        raise ValueError(
            f"a volume with a border of one voxel must have fewer than 2**28 voxels, got shape "
            f"{(n_slabs, n_rows, n_cols)}"
        )
    grid.n_slabs, grid.n_rows, grid.n_cols = <int32_t>n_slabs, <int32_t>n_rows, <int32_t>n_cols
    grid.row = grid.n_cols + 2
    grid.slab = grid.row * (grid.n_rows + 2)
    grid.size = grid.slab * (grid.n_slabs + 2)
    grid.cubical = complex != "freudenthal"
    grid.shell = complex == "cubical_cells"
    for d in range(32):
        grid.step[d] = 0
    for d, (z, y, x) in enumerate(CUBICAL if grid.cubical else FREUDENTHAL):
        grid.step[d] = z * grid.slab + y * grid.row + x
    return grid


cdef inline int32_t voxel(const Grid& grid, int32_t v) noexcept nogil:
    """Turn a padded voxel into a voxel of the volume."""
    cdef int32_t z = v // grid.slab, y = v % grid.slab // grid.row, x = v % grid.row
    v = ((z - 1) * grid.n_rows + y - 1) * grid.n_cols + x - 1
    if grid.shell:      # the copy is reversed
        return grid.n_slabs * grid.n_rows * grid.n_cols - 1 - v
    return v


cdef void pad_volume(const floating* values, const Grid& grid, bint superlevel,
                     floating* out) noexcept nogil:
    """Copy a volume between padding; negated and reversed as the complex wants it."""
    cdef Py_ssize_t i, z, y
    cdef floating padding = -INFINITY if grid.shell else INFINITY
    cdef floating sign = -1 if superlevel != grid.shell else 1
    cdef Py_ssize_t stride = -1 if grid.shell else 1
    cdef floating* row
    if grid.shell:
        values += grid.n_slabs * grid.n_rows * grid.n_cols - 1
    for i in range(grid.slab):
        out[i] = padding
        out[grid.size - 1 - i] = padding
    for z in range(1, grid.n_slabs + 1):
        for y in range(grid.n_rows + 2):
            row = out + z * grid.slab + y * grid.row
            if y == 0 or y == grid.n_rows + 1:
                for i in range(grid.row):
                    row[i] = padding
                continue
            row[0] = padding
            row[grid.n_cols + 1] = padding
            for i in range(grid.n_cols):
                # Adding zero turns -0.0 into 0.0, whose bits the keys expect.
                row[i + 1] = sign * values[stride * i] + <floating>0
            values += stride * grid.n_cols


# --------------------------------------------------------------------------------------------------
# Lower stars
# --------------------------------------------------------------------------------------------------

cdef int find_codes(const Grid& grid, StarTable table, Volume[floating]& s) except -1 nogil:
    """Fill code, the lower star of every voxel, from height; for cubes down, too."""
    cdef Py_ssize_t begin = grid.slab + grid.row + 1, end = grid.size - begin, z, y, x
    cdef uint32_t mask, edges, younger, later, code, n_faces
    cdef const uint16_t* code_of = table.code_of.data()
    s.code.grow(grid.size)
    if not grid.cubical:
        older_14(s.height.data(), s.code.data() + begin, begin, end, grid.step)
        return 0
    s.down.grow(grid.size)
    s.mask.grow(grid.n_cols)
    for z in range(1, grid.n_slabs + 1):
        for y in range(1, grid.n_rows + 1):
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
# PD_0 and PD_2
# --------------------------------------------------------------------------------------------------

cdef inline const uint8_t* row_links(Volume[floating]& s, Sweep[floating]& sweep,
                                     const Grid& grid, StarTable table, bint down,
                                     int32_t first) noexcept nogil:
    """Return a direction to an older neighbour (downwards: younger) for each voxel of a row.

    Some more bytes behind it can be read.
    """
    cdef int32_t i
    cdef const uint8_t* links = table.down.data() if down else table.up.data()
    cdef const uint16_t* code = s.code.data() + first
    cdef uint8_t* link = sweep.older.data()
    if down and grid.cubical:
        return s.down.data() + first
    for i in range(grid.n_cols):
        link[i] = links[code[i]]
    return link


cdef inline Py_ssize_t list_special(const uint8_t* link, int32_t n_cols,
                                    int32_t* special) noexcept nogil:
    """Write the columns of saddles and extrema in a row to special; return how many."""
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

    A neighbour met earlier knows its extremum, or its own parent: take that. Extrema know their
    own. On noise no branch could be predicted, so bit masks stand for them.
    """
    cdef int32_t _, away, met
    for _ in range(n_cols):
        away = step[link[0] & NO_ARC]
        met = (sign * away - 1) >> 31
        parent[v] = (parent[v + (away & met)] & met) | ((v + away) & ~met)
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


cdef int append_cells(Volume[floating]& s, const Grid& grid, StarTable table, int32_t v,
                      uint32_t mask, Py_ssize_t n_cells) except -1 nogil:
    """Append the critical triangles or squares of a voxel to cell[:n_cells]; return how many."""
    cdef uint8_t[12] found
    cdef int n, i
    cdef uint8_t* cells = found
    if grid.cubical:
        n = critical_squares(table, mask, found)
    else:
        n = table.n_cells[s.code[v]]
        cells = table.cells.data() + table.first_cell[s.code[v]]
    s.cell.grow(n_cells + n)
    for i in range(n):
        s.cell[n_cells + i].vertex = v
        s.cell[n_cells + i].a = cells[i] & 15
        s.cell[n_cells + i].b = cells[i] >> 4
    return n


cdef Py_ssize_t find_extrema(
    const Grid& grid, StarTable table,
    bint down,                      # IN: sweep downwards
    bint with_loops,                # IN: list what PD_1 needs: voxels of critical edges, and
                                    # downwards critical cells
    Volume[floating]& s,            # IN: height, code; OUT: saddle or cell
    Sweep[floating]& sweep,         # OUT: parent, minimum, minimum_height, record, record_height
    Py_ssize_t* n_cells,            # OUT
) except -1 nogil:
    """Link each voxel to an extremum, and list the saddles; return how many records there are.

    Downwards, voxels are met in reversed order, and heights are negated.
    """
    cdef Py_ssize_t n_records = 0, n_minima = 0, n_special, i
    cdef int32_t z, y, x, v, first, away, sign = -1 if down else 1
    cdef int32_t* parent
    cdef const uint8_t* link
    cdef uint8_t[8] arcs
    cdef uint32_t mask = 0
    cdef int n_arcs, k
    cdef floating height
    n_cells[0] = 0
    if not down:
        s.n_saddles = 0
    sweep.parent.grow(grid.size)
    sweep.older.grow(grid.n_cols + 3)
    sweep.special.grow(grid.n_cols + 4)
    memset(sweep.older.data(), 0, grid.n_cols + 3)
    parent = sweep.parent.data()
    memset(parent, -1, grid.size * sizeof(int32_t))     # all padding leads to ~0, the exterior
    if down != grid.shell:
        sweep.minimum.grow(1)
        sweep.minimum_height.grow(1)
        sweep.minimum[0] = 0
        sweep.minimum_height[0] = -INFINITY
        n_minima = 1
    for z in range(grid.n_slabs):
        for y in range(grid.n_rows):
            if down:
                first = (grid.n_slabs - z) * grid.slab + (grid.n_rows - y) * grid.row + 1
            else:
                first = (z + 1) * grid.slab + (y + 1) * grid.row + 1
            link = row_links(s, sweep, grid, table, down, first)
            n_special = list_special(link, grid.n_cols, sweep.special.data())
            sweep.minimum.grow(n_minima + n_special)
            sweep.minimum_height.grow(n_minima + n_special)
            sweep.record.grow(n_records + 7 * n_special)
            sweep.record_height.grow(n_records + 7 * n_special)
            for i in range(n_special):
                x = sweep.special[n_special - 1 - i if down else i]
                v = first + x
                height = sign * s.height[v]
                if link[x] & NO_ARC == NO_ARC:
                    parent[v] = ~<int32_t>n_minima
                    sweep.minimum[n_minima] = v
                    sweep.minimum_height[n_minima] = height
                    n_minima += 1
                    continue
                if down and grid.cubical:
                    mask = older_mask(s, grid, v)
                away = grid.step[link[x] & NO_ARC]
                n_arcs = later_arcs(s, grid, table, down, v, mask, arcs)
                for k in range(n_arcs):
                    sweep.record[n_records].a = v + away
                    sweep.record[n_records].b = v + grid.step[arcs[k]]
                    sweep.record[n_records].saddle = v
                    sweep.record_height[n_records] = height
                    n_records += 1
                if with_loops and not down:
                    s.saddle.grow(s.n_saddles + 1)
                    s.saddle[s.n_saddles] = v
                    s.n_saddles += 1
                elif with_loops:
                    n_cells[0] += append_cells(s, grid, table, v, mask, n_cells[0])
            if down:
                link_row(parent, link + grid.n_cols - 1, grid.step, grid.n_cols,
                         first + grid.n_cols - 1, -1)
            else:
                link_row(parent, link, grid.step, grid.n_cols, first, 1)
    sweep.n_minima = n_minima
    return n_records


cdef int join_extrema(Py_ssize_t n_records, bint with_negative, Volume[floating]& s,
                      Sweep[floating]& sweep) except -1 nogil:
    """Join components at saddles, and list which extremum dies where (and which edges join)."""
    cdef Py_ssize_t i, n = 0
    cdef Record record
    cdef int32_t a, b
    cdef uint32_t k
    if with_negative:
        s.negative.grow(n_records)
        s.position.grow(n_records)
        memset(s.negative.data(), 0, n_records)
    # Saddles whose arcs lead to the same extremum join nothing.
    for i in range(n_records):
        record = sweep.record[i]
        record.a = minimum_below(sweep.parent, record.a)
        record.b = minimum_below(sweep.parent, record.b)
        sweep.record[n] = record
        sweep.record_height[n] = sweep.record_height[i]
        if with_negative:
            s.position[n] = <int32_t>i
        n += record.a != record.b
    sweep.n_merged = 0
    sweep.root.grow(sweep.n_minima)
    sweep.merged.grow(sweep.n_minima)
    sweep.merged_at.grow(sweep.n_minima)
    sweep.merged_height.grow(sweep.n_minima)
    for i in range(sweep.n_minima):
        sweep.root[i] = <int32_t>i
    argsort(sweep.record_height, sweep.items, sweep.items_scratch, n)
    for i in range(n):
        if i + 2 * AHEAD < n:
            prefetch(&sweep.record[<uint32_t>sweep.items[i + 2 * AHEAD]])
            k = <uint32_t>sweep.items[i + AHEAD]
            prefetch(&sweep.root[sweep.record[k].a])
            prefetch(&sweep.root[sweep.record[k].b])
        k = <uint32_t>sweep.items[i]
        a = find_root(sweep.root, sweep.record[k].a)
        b = find_root(sweep.root, sweep.record[k].b)
        if a != b:
            if is_older(sweep, a, b):
                a, b = b, a
            merge(sweep, a, b, sweep.record[k].saddle, sweep.record_height[k])
            if with_negative:
                s.negative[s.position[k]] = 1
    return 0


# --------------------------------------------------------------------------------------------------
# From critical cells to pairs of voxels, by decreasing persistence
# --------------------------------------------------------------------------------------------------

cdef inline void add_pair(const Grid& grid, Volume[floating]& s, Sweep[floating]& out,
                          int32_t birth, int32_t death, bint keep_zero,
                          Py_ssize_t* n) noexcept nogil:
    """Add a pair of the sweep of the copy; the complex of cells has births and deaths exchanged."""
    cdef floating minus_length = s.height[birth] - s.height[death]
    if minus_length == 0 and not keep_zero:
        return
    if grid.shell:
        birth, death = death, birth
    out.pair[n[0]] = make_pair(voxel(grid, birth), voxel(grid, death))
    out.minus_length[n[0]] = minus_length
    n[0] += 1


cdef Py_ssize_t append_merged(const Grid& grid, Volume[floating]& s, Sweep[floating]& sweep,
                              bint down, bint keep_zero, Buffer[uint64_t]& out,
                              Py_ssize_t at) except -1 nogil:
    """Append the pairs of a sweep to out[:at]; return the end."""
    cdef Py_ssize_t i, n = 0
    cdef int32_t extremum, saddle
    sweep.pair.grow(sweep.n_merged)
    sweep.minus_length.grow(sweep.n_merged)
    for i in range(sweep.n_merged):
        extremum, saddle = sweep.minimum[sweep.merged[i]], sweep.merged_at[i]
        if down:
            add_pair(grid, s, sweep, saddle, extremum, keep_zero, &n)
        else:
            add_pair(grid, s, sweep, extremum, saddle, keep_zero, &n)
    return append_sorted(sweep, n, out, at)


cdef Py_ssize_t list_loops(const Grid& grid, StarTable table, Volume[floating]& s,
                           Sweep[floating]& out, Py_ssize_t n_cells,
                           bint keep_zero) except -1 nogil:
    """Write the pairs of critical edges and cells to out.pair; return how many there are."""
    cdef Py_ssize_t n = 0, i
    cdef int32_t v, cell, edge = 0
    cdef uint32_t _
    out.pair.grow(n_cells)
    out.minus_length.grow(n_cells)
    for i in range(s.n_saddles):
        v = s.saddle[i]
        for _ in range(count_bits(table.critical[s.code[v]])):
            cell = s.owner[edge]
            edge += 1
            if cell >= 0:
                add_pair(grid, s, out, v, s.cell[cell].vertex, keep_zero, &n)
    return n


cdef int32_t oldest(const Grid& grid, Sweep[floating]& sweep) noexcept nogil:
    """Return the voxel of the extremum that never dies."""
    cdef int32_t k, best = 0
    for k in range(1, <int32_t>sweep.n_minima):
        if is_older(sweep, k, best):
            best = k
    return voxel(grid, sweep.minimum[best])


cdef void release_sweep(const Grid& grid, Volume[floating]& s,
                        Sweep[floating]& sweep) noexcept nogil:
    """Give back what a sweep leaves behind, but not for small volumes in a row."""
    if grid.size < LARGE:
        return
    s.position.release()
    sweep.record.release()
    sweep.record_height.release()
    sweep.root.release()
    sweep.minimum.release()
    sweep.minimum_height.release()
    sweep.merged.release()
    sweep.merged_at.release()
    sweep.merged_height.release()
    sweep.items.release()
    sweep.items_scratch.release()
    sweep.pair.release()
    sweep.minus_length.release()


cdef void release_loops(const Grid& grid, Volume[floating]& s) noexcept nogil:
    """Give back what the reduction leaves behind, but not for small volumes in a row."""
    if grid.size < LARGE:
        return
    s.arena.release()
    s.column.release()
    s.negative.release()
    s.saddle.release()
    s.cell.release()
    s.owner.release()


cdef int pair_volume(
    const floating* values, const Grid& grid, StarTable table, bint superlevel, bint keep_zero,
    const bint* wanted,         # IN: dimension -> whether it is asked for
    VolumeScratch[floating]& scratch,   # IN / OUT: sorted, pairs of earlier volumes
    Py_ssize_t* ends,           # IN / OUT: dimension -> pairs so far
    int64_t* essential,         # OUT: the oldest voxel
) except -1 nogil:
    cdef int up_dim = 2 if grid.shell else 0, down_dim = 2 - up_dim
    cdef Py_ssize_t n_records, n_cells, n_edges, n_loops
    cdef Volume[floating]* s = &scratch.volume
    cdef Sweep[floating]* sweep = &scratch.sweep
    s.height.grow(grid.size)
    pad_volume(values, grid, superlevel, s.height.data())
    find_codes(grid, table, s[0])
    if wanted[up_dim] or wanted[1]:
        n_records = find_extrema(grid, table, False, wanted[1], s[0], sweep[0], &n_cells)
        join_extrema(n_records, wanted[1], s[0], sweep[0])
        if wanted[up_dim]:
            ends[up_dim] = append_merged(grid, s[0], sweep[0], False, keep_zero,
                                         scratch.sorted(up_dim), ends[up_dim])
            if up_dim == 0:
                essential[0] = oldest(grid, sweep[0])
        release_sweep(grid, s[0], sweep[0])
    if wanted[down_dim] or wanted[1]:
        n_records = find_extrema(grid, table, True, wanted[1], s[0], sweep[0], &n_cells)
        if grid.size >= LARGE:
            s.down.release()
        join_extrema(n_records, False, s[0], sweep[0])
        if wanted[down_dim]:
            ends[down_dim] = append_merged(grid, s[0], sweep[0], True, keep_zero,
                                           scratch.sorted(down_dim), ends[down_dim])
            if down_dim == 0:
                essential[0] = oldest(grid, sweep[0])
        if wanted[1]:
            n_cells = drop_void_cells(sweep[0], s[0], n_cells)
        release_sweep(grid, s[0], sweep[0])
    if wanted[1]:
        n_edges = number_edges(grid, table, s[0], sweep.parent)
        reduce_cells(grid, table, s[0], sweep.parent, n_cells, n_edges)
        n_loops = list_loops(grid, table, s[0], sweep[0], n_cells, keep_zero)
        release_loops(grid, s[0])
        ends[1] = append_sorted(sweep[0], n_loops, scratch.sorted(1), ends[1])
        release_sweep(grid, s[0], sweep[0])
    return 0


_idle_workspaces = []


cdef class VolumeWorkspace:
    """Scratch memory of one thread."""

    cdef VolumeScratch[float] single
    cdef VolumeScratch[double] double


cdef pair_volumes(const floating[:, :, :, ::1] volumes, Grid grid, StarTable table, dims,
                  bint superlevel, bint keep_zero, VolumeScratch[floating]& scratch):
    cdef bint[3] wanted
    cdef Py_ssize_t[3] ends
    cdef Py_ssize_t i
    cdef int dim
    cdef int64_t oldest_voxel = 0
    splits = np.zeros((3, volumes.shape[0] + 1), dtype=np.int64)
    essential = np.zeros(volumes.shape[0] if 0 in dims else 0, dtype=np.int64)
    cdef int64_t[:, ::1] splits_view = splits
    cdef int64_t[::1] essential_view = essential
    for dim in range(3):
        wanted[dim] = dim in dims
        ends[dim] = 0
    for i in range(volumes.shape[0]):
        with nogil:
            pair_volume(&volumes[i, 0, 0, 0], grid, table, superlevel, keep_zero, wanted, scratch,
                        ends, &oldest_voxel)
        for dim in range(3):
            splits_view[dim, i + 1] = ends[dim]
        if wanted[0]:
            essential_view[i] = oldest_voxel
        check_signals()
    none = np.empty(0, dtype=np.int64)
    return {
        dim: (
            unpacked(scratch.sorted(<int>dim).data(), ends[<int>dim]),
            splits[dim],
            essential if dim == 0 else none,
        )
        for dim in dims
    }


def volume_pairs(const floating[:, :, :, ::1] volumes, dims, bint superlevel, str complex,
                 bint keep_zero=False):
    """Pair the critical voxels of a batch of volumes.

    Parameters
    ----------
    volumes : (n_volumes, n_slabs, n_rows, n_cols) C-contiguous float32 or float64, finite
        None of the sizes is one or zero (a volume one voxel thick is an image); a padded volume has
        fewer than 2**28 voxels.
    dims : tuple of distinct int among 0, 1, 2
        Dimensions to pair.
    superlevel : bool
    complex : "freudenthal", "cubical" or "cubical_cells"
    keep_zero : bool
        Keep pairs of different voxels with equal values.

    Returns
    -------
    {dim: (pairs, splits, essential)}
        pairs : (n_pairs, 2) int64, (birth, death) as flat voxels of their volume; volume by volume,
        longest first. splits : (n_volumes + 1,) int64, volume i has pairs[splits[i]:splits[i + 1]].
        essential : (n_volumes,) int64 for dim = 0, (0,) else, the oldest voxel of each volume.
    """
    cdef Grid grid = make_grid(volumes.shape[1], volumes.shape[2], volumes.shape[3], complex)
    cdef VolumeWorkspace workspace
    table = cubical_table() if grid.cubical else freudenthal_table()
    # list.pop and list.append are atomic, so threads never share a workspace.
    try:
        workspace = _idle_workspaces.pop()
    except IndexError:
        workspace = VolumeWorkspace()
    if floating is float:
        found = pair_volumes(volumes, grid, table, tuple(dims), superlevel, keep_zero,
                             workspace.single)
    else:
        found = pair_volumes(volumes, grid, table, tuple(dims), superlevel, keep_zero,
                             workspace.double)
    if workspace.single.bytes() + workspace.double.bytes() <= KEEP_BYTES:
        _idle_workspaces.append(workspace)
    return found
