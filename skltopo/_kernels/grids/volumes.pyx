"""Lower-star persistence of functions on a volume: which voxels are paired.

What is paired
    As in `images.pyx`, a cell enters with its highest voxel, equal values in the order of their
    index, and a point of PD_k is reported as its two critical voxels. The volume is copied once,
    negated for superlevel sets and padded by one voxel.

Which complexes
    "freudenthal": voxels are vertices with 14 neighbours, the nonzero vectors of 0 and 1 and their
    negatives. "cubical": voxels are vertices of cubes. In both, padding is +inf: it never enters.
    "cubical_cells": voxels are cubes. PD_k of f on cubes is PD_{2-k} of -f on vertices with births
    and deaths exchanged, if a shell of -inf around the volume is there from the start. The copy is
    then -f in reversed order, so that ties are broken in exactly the reverse order, too.

PD_0 and PD_2
    Union-find at the voxels whose older neighbours have two components or more, and the same
    downwards for younger neighbours, by Alexander duality: 14 <-> 14 neighbours, 6 <-> 26. The
    exterior (or the shell) is one more extremum, older than all: `volume_sweeps.pyx`.

PD_1
    Critical triangles (or squares) that do not create a void are reduced over critical edges that
    do not join components: `volume_loops.pyx`.

Complexity
    O(n) and O(s log s) for s critical cells, then the reduction. Beside the input, the copy, a
    padded volume of 2 + 4 bytes a voxel, and about 40 bytes a critical cell.

Papers
    Robins, Wood, Sheppard, Theory and algorithms for constructing discrete Morse complexes from
    grayscale digital images, 2011. Guillou, Vidal, Tierny, Discrete Morse Sandwich, 2023. Garin,
    Heiss, Maggs, Bleile, Robins, Duality in persistent homology of images, 2020.
"""

from cython cimport floating
from libc.math cimport INFINITY
from libc.stdint cimport int32_t, uint32_t

from ..._persistence cimport Pairs, add_pair
from ..._utils.bits cimport count_bits
from ..._utils.pool cimport Pool
from ..._utils.signals cimport check_signals
from .images cimport Sweep, join_minima, oldest_minimum
from .volume_loops cimport drop_void_cells, number_edges, reduce_cells
from .volume_sweeps cimport Grid, Volume, VolumeScratch, find_codes, find_extrema
from .volume_tables cimport StarTable, cubical_table, freudenthal_table

from .volume_tables import CUBICAL, FREUDENTHAL

cdef enum:
    MAX_VOXELS = 1 << 28        # of a padded volume: what a key has room for
    KEEP_BYTES = 1 << 24        # scratch memory that the next call may use (16 MB)


cdef Grid make_grid(tuple shape, str complex, bint superlevel) except *:
    cdef Grid grid
    cdef int d
    cdef Py_ssize_t n_slabs, n_rows, n_cols
    n_slabs, n_rows, n_cols = shape
    if (n_slabs + 2) * (n_rows + 2) * (n_cols + 2) >= MAX_VOXELS:
        raise ValueError(
            f"a volume with a border of one voxel must have fewer than 2**28 voxels, got shape "
            f"{shape}"
        )
    grid.n_slabs, grid.n_rows, grid.n_cols = <int32_t>n_slabs, <int32_t>n_rows, <int32_t>n_cols
    grid.row = grid.n_cols + 2
    grid.slab = grid.row * (grid.n_rows + 2)
    grid.size = grid.slab * (grid.n_slabs + 2)
    grid.cubical = complex != "freudenthal"
    grid.shell = complex == "cubical_cells"
    grid.negate = superlevel != grid.shell
    for d in range(32):
        grid.step[d] = 0
    for d, (z, y, x) in enumerate(CUBICAL if grid.cubical else FREUDENTHAL):
        grid.step[d] = z * grid.slab + y * grid.row + x
    return grid


cdef void pad_volume(const floating* values, const Grid& grid, floating* out) noexcept nogil:
    """Copy a volume between padding, negated if the grid says so, reversed if it has a shell."""
    cdef Py_ssize_t i, z, y
    cdef floating padding = -INFINITY if grid.shell else INFINITY
    cdef floating sign = -1 if grid.negate else 1
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
# From critical cells to pairs of voxels
# --------------------------------------------------------------------------------------------------

cdef inline void add_voxels(const Grid& grid, Volume[floating]& s, Pairs found, int32_t birth,
                            int32_t death) noexcept nogil:
    """Add a pair of the sweep of the copy; the complex of cells has births and deaths exchanged."""
    cdef floating length = s.height[death] - s.height[birth]
    if grid.shell:
        birth, death = death, birth
    add_pair(found, voxel(grid, birth), voxel(grid, death), length)


cdef int add_merged(const Grid& grid, bint down, Volume[floating]& s, Sweep[floating]& sweep,
                    Pairs found) except -1 nogil:
    """Add the pairs of a sweep, and if they are those of PD_0, the essential class."""
    cdef Py_ssize_t i
    cdef int32_t extremum, saddle, oldest
    found.reserve(sweep.n_merged)
    for i in range(sweep.n_merged):
        extremum, saddle = sweep.minimum[sweep.merged[i]], sweep.merged_at[i]
        if down:
            add_voxels(grid, s, found, saddle, extremum)
        else:
            add_voxels(grid, s, found, extremum, saddle)
    if down == grid.shell:
        oldest = voxel(grid, oldest_minimum(sweep))
        found.add_essential(&oldest)
    found.close_sample()
    return 0


cdef int add_loops(const Grid& grid, StarTable table, Volume[floating]& s,
                   Pairs found) except -1 nogil:
    """Add the pairs of critical edges and cells."""
    cdef Py_ssize_t i
    cdef int32_t v, cell, edge = 0
    cdef uint32_t _
    found.reserve(s.n_cells)
    for i in range(s.n_saddles):
        v = s.saddle[i]
        for _ in range(count_bits(table.critical[s.code[v]])):
            cell = s.owner[edge]
            edge += 1
            if cell >= 0:
                add_voxels(grid, s, found, v, s.cell[cell].vertex)
    found.close_sample()
    return 0


cdef void release_pairs(const Grid& grid, Pairs found) noexcept nogil:
    """Give back what a closed sample leaves behind, but not for small volumes in a row."""
    if grid.size < LARGE:
        return
    found.scratch.key.release()
    found.scratch.minus_length.release()
    found.scratch.items.release()
    found.scratch.items_scratch.release()


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


cdef int pair_extrema(const Grid& grid, StarTable table, bint down,
                      VolumeScratch[floating]& scratch, Pairs found) except -1 nogil:
    """Pair extrema and saddles, and keep what PD_1 needs of them; found may be None."""
    cdef Volume[floating]* s = &scratch.volume
    cdef Sweep[floating]* sweep = &scratch.sweep
    find_extrema(grid, table, down, s[0], sweep[0])
    if down and grid.size >= LARGE:
        s.down.release()
    if s.with_loops and not down:
        s.position.grow(sweep.n_records)
        s.negative.grow(sweep.n_records)
        join_minima(sweep[0], s.position.data(), s.negative.data())
    else:
        join_minima(sweep[0], NULL, NULL)
    if found is not None:
        add_merged(grid, down, s[0], sweep[0], found)
        release_pairs(grid, found)
    if s.with_loops and down:
        drop_void_cells(s[0], sweep[0])
    release_sweep(grid, s[0], sweep[0])
    return 0


cdef int pair_volume(
    const floating* values, const Grid& grid, StarTable table,
    VolumeScratch[floating]& scratch,
    Pairs up, Pairs loops, Pairs down,  # OUT: pairs of the sweeps of the copy, and of PD_1; or None
) except -1 nogil:
    cdef Volume[floating]* s = &scratch.volume
    cdef Sweep[floating]* sweep = &scratch.sweep
    s.with_loops = loops is not None
    s.height.grow(grid.size)
    pad_volume(values, grid, s.height.data())
    find_codes(grid, table, s[0], 0, grid.n_slabs)
    if s.with_loops or up is not None:
        pair_extrema(grid, table, False, scratch, up)
    if s.with_loops or down is not None:
        pair_extrema(grid, table, True, scratch, down)
    if s.with_loops:
        number_edges(grid, table, s[0], sweep.parent)
        reduce_cells(grid, table, s[0], sweep.parent)
        add_loops(grid, table, s[0], loops)
        release_loops(grid, s[0])
        release_pairs(grid, loops)
    return 0


cdef class VolumeWorkspace:
    """Scratch memory of one thread."""


workspaces = Pool(VolumeWorkspace, KEEP_BYTES)


cdef int pair_volumes(const floating[:, :, :, ::1] volumes, const Grid& grid, dict found,
                      VolumeScratch[floating]& scratch) except -1:
    cdef StarTable table = cubical_table() if grid.cubical else freudenthal_table()
    cdef Pairs up = found.get(2 if grid.shell else 0), down = found.get(0 if grid.shell else 2)
    cdef Pairs loops = found.get(1)
    cdef Py_ssize_t i
    with nogil:
        for i in range(volumes.shape[0]):
            pair_volume(&volumes[i, 0, 0, 0], grid, table, scratch, up, loops, down)
            check_signals()
    return 0


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
    {dim: Pairs}
        (birth, death) as flat voxels of their volume. The essential class of PD_0 is born at the
        oldest voxel.
    """
    cdef Grid grid = make_grid((volumes.shape[1], volumes.shape[2], volumes.shape[3]), complex,
                               superlevel)
    cdef VolumeWorkspace workspace = workspaces.borrow()
    found = {dim: Pairs(keep_zero=keep_zero) for dim in dims}
    if floating is float:
        pair_volumes(volumes, grid, found, workspace.single)
    else:
        pair_volumes(volumes, grid, found, workspace.double)
    workspaces.give_back(workspace, workspace.single.bytes() + workspace.double.bytes())
    return {dim: pairs.finish() for dim, pairs in found.items()}
