"""Lower-star persistence of one block of an image or a volume, and of blocks that are joined.

What is paired
    PD_0, and PD_{d-1} by duality, as in `images.pyx` and `volumes.pyx`: a component with the
    youngest minimum ends where it meets an older one. Blocks are boxes of vertices that overlap by
    one layer, so that each edge lies in one of them. A side of a block is open if the whole goes on
    behind it: there is no exterior there, and what is found near it may depend on what is behind.

What a block leaves
    Its keys are some vertices of its open sides, which its neighbours know, too: the local minima
    of the function on each of these sides alone. A component that meets an older one at w and holds
    no key touches no other block: it ends there, and (minimum, w) is a pair of the whole. If it
    holds a key, the record (w, younger minimum, older minimum) is kept, and the union holds a key.
    A key that is no minimum itself is a component (of one vertex) that meets its basin at once.

What a join does
    Records of all blocks take the place of their edges, in the order of w; a vertex is the same
    wherever it is named. Keys of sides that are no longer open are none any more. So more
    components end, and where nothing is open all do.

Why it is correct
    An edge (w, a, b) may name any vertex of the component of a before w instead of a, and be left
    out if a and b are joined already: a block may be exchanged for its records. A component that
    reaches into another block through a vertex v of an open side holds a key: the path that
    descends from v inside that side ends at one. A component without keys hangs on the rest of the
    whole by w alone, and so the elder rule ends it there, whatever the rest is. Edges with the same
    w commute. Downwards the exterior is one vertex, older than all, that all blocks at the border
    share; it needs to be no key, because its component is never the younger one.

Complexity
    A block takes the time of its sweep, and O(k) for k keys. A join takes O(r alpha(r)) for r
    records that are sorted. Keys and records are on the order of the vertices of open sides, fewer
    for smooth functions; in the worst case (nested saddles) there is a record for each saddle.

Papers
    As in `images.pyx`. Bauer, Kerber, Reininghaus, Distributed computation of persistent homology,
    2014 (pairs local to a block). Le Guillou, Will, Guillou, Lukasczyk, Fortin, Garth, Tierny,
    Distributed discrete Morse sandwich, 2025.
"""

import numpy as np

from cython cimport floating
from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t
from libc.string cimport memset

from ..._persistence cimport Pairs, find_root, join_elder, make_pair
from ..._utils.buffer cimport Buffer
from ..._utils.signals cimport check_signals_every
from .images cimport (
    RECORDS_BETWEEN_SIGNALS, ImageGrid, Sweep, Workspace, find_joining, find_minima, is_older,
    make_image_grid, merge_minima, minimum_below, next_joining, oldest_minimum, pixel,
    start_joining, sweep_of
)
from .images cimport workspaces as image_workspaces
from .volume_sweeps cimport Grid, Volume, VolumeScratch, find_codes, find_extrema
from .volume_tables cimport StarTable, cubical_table, freudenthal_table
from .volumes cimport VolumeWorkspace, make_grid, pad_volume, release_sweep, voxel
from .volumes cimport workspaces as volume_workspaces

EXTERIOR = -1       # instead of a vertex, in records

cdef enum:
    MAX_NODES = 0x7FFFFFFF      # of parts that are joined


cdef struct Geometry:
    # How the padded vertices of a sweep are numbered in their block.
    bint is_image
    int32_t width       # of a padded image
    int32_t last        # padded pixel from which an image that is reversed counts; -1 if it is not
    Grid grid           # of a volume
    int32_t sign        # -1 if the sweep meets padded vertices in falling order


cdef struct Side:
    # Sides of a padded volume are `count` boxes of `length` vertices, `stride` apart, from `start`.
    Py_ssize_t start, count, stride, length


# --------------------------------------------------------------------------------------------------
# The elder rule with keys
# --------------------------------------------------------------------------------------------------

cdef int32_t vertex_of(const Geometry& geometry, int32_t v) noexcept nogil:
    """Turn a padded vertex into a vertex of the block."""
    if not geometry.is_image:
        return voxel(geometry.grid, v)
    return pixel(v if geometry.last < 0 else geometry.last - v, geometry.width)


cdef int32_t padded_of(const Geometry& geometry, int32_t v) noexcept nogil:
    """Turn a vertex of the block into a padded vertex, as the sweep numbers it."""
    cdef const Grid* grid = &geometry.grid
    cdef int32_t n_cols
    if geometry.is_image:
        n_cols = geometry.width - 2
        v = (v // n_cols + 1) * geometry.width + v % n_cols + 1
        return v if geometry.last < 0 else geometry.last - v
    if grid.shell:      # the copy is reversed
        v = grid.n_slabs * grid.n_rows * grid.n_cols - 1 - v
    n_cols = grid.n_cols
    return ((v // (n_cols * grid.n_rows) + 1) * grid.slab
            + (v // n_cols % grid.n_rows + 1) * grid.row + v % n_cols + 1)


cdef Py_ssize_t add_keys(
    const Geometry& geometry, bint down,
    const floating* values, floating sign,      # IN: of the block; the swept function is sign * it
    const int64_t[::1] keys,                    # IN: vertices of the block, ascending
    Sweep[floating]& s,                         # IN: parent, minimum; OUT: records of keys, too
    Py_ssize_t n,                               # IN: how many records there are
    Buffer[uint8_t]& holds,                     # OUT: whether a minimum is a key
) except -1 nogil:
    """Insert a record for each key that is no minimum, of its minimum twice; return how many.

    Records come in the order in which the sweep meets their saddles, that of a key behind others of
    the same vertex.
    """
    cdef Py_ssize_t n_keys = keys.shape[0], n_new = 0, i, j, at
    cdef Buffer[int32_t] new, label
    cdef int32_t v, m
    holds.grow(s.n_minima)
    memset(holds.data(), 0, s.n_minima)
    new.grow(n_keys)
    label.grow(n_keys)
    for i in range(n_keys):
        v = padded_of(geometry, <int32_t>keys[n_keys - 1 - i if down else i])
        m = minimum_below(s.parent, v)
        if s.minimum[m] == v:
            holds[m] = 1
        else:
            new[n_new] = v
            label[n_new] = m
            n_new += 1
    s.record.grow(n + n_new)
    s.record_height.grow(n + n_new)
    i, j = n - 1, n_new - 1
    while j >= 0:
        at = i + j + 1
        if i >= 0 and geometry.sign * (s.record[i].saddle - new[j]) > 0:
            s.record[at] = s.record[i]
            s.record_height[at] = s.record_height[i]
            i -= 1
        else:
            s.record[at].a = s.record[at].b = label[j]
            s.record[at].saddle = new[j]
            s.record_height[at] = sign * values[vertex_of(geometry, new[j])] + <floating>0
            j -= 1
    return n + n_new


cdef Py_ssize_t join_keyed(
    Sweep[floating]& s,         # IN: minimum*, n records of two minima, or of a key's one twice
    Py_ssize_t n,
    Buffer[uint8_t]& holds,     # whether the component of a minimum holds a key
    Buffer[int32_t]& kept,      # OUT: vertex, younger and older minimum of each record that is kept
) except -1 nogil:
    """Take saddles in their order; list which minimum ends where in s.merged, and what is kept."""
    cdef Py_ssize_t i, n_kept = 0
    cdef int32_t a, b
    cdef uint32_t k
    start_joining(s, n)
    for i in range(n):
        k = <uint32_t>next_joining(s, i, n)
        a = find_root(s.root, s.record[k].a)
        if s.record[k].a == s.record[k].b:
            kept.grow(3 * n_kept + 3)
            kept[3 * n_kept] = kept[3 * n_kept + 1] = s.record[k].saddle
            kept[3 * n_kept + 2] = s.minimum[a]
            n_kept += 1
            holds[a] = 1
            continue
        b = find_root(s.root, s.record[k].b)
        if a == b:
            continue
        if is_older(s, a, b):
            a, b = b, a
        s.root[a] = b
        if holds[a]:
            kept.grow(3 * n_kept + 3)
            kept[3 * n_kept] = s.record[k].saddle
            kept[3 * n_kept + 1] = s.minimum[a]
            kept[3 * n_kept + 2] = s.minimum[b]
            n_kept += 1
            holds[b] = 1
        else:
            merge_minima(s, a, k)
    return n_kept


cdef Py_ssize_t pair_block(
    const Geometry& geometry, bint down,
    const floating* values, floating sign,      # IN: of the block; the swept function is sign * it
    const int64_t[::1] keys,
    int32_t first,                              # IN: number of the first vertex of the block
    Sweep[floating]& s,
    Pairs found,                                # OUT: pairs of the whole, in an open sample
    Buffer[int32_t]& kept,                      # OUT: records, as padded vertices
) except -1 nogil:
    cdef Buffer[uint8_t] holds
    cdef Py_ssize_t n = find_joining(s, NULL, NULL), n_kept, i
    cdef int32_t minimum, saddle
    n = add_keys(geometry, down, values, sign, keys, s, n, holds)
    n_kept = join_keyed(s, n, holds, kept)
    found.reserve(s.n_merged)
    for i in range(s.n_merged):
        minimum = first + vertex_of(geometry, s.minimum[s.merged[i]])
        saddle = first + vertex_of(geometry, s.merged_at[i])
        found.scratch.key[i] = make_pair(saddle, minimum) if down else make_pair(minimum, saddle)
        found.scratch.minus_length[i] = s.minimum_height[s.merged[i]] - s.merged_height[i]
    found.n = s.n_merged
    if not found.keep_zero:
        found.drop_zero()
    return n_kept


cdef answer(const Geometry& geometry, bint down, Sweep[floating]& s, Pairs found,
            Buffer[int32_t]& kept, Py_ssize_t n_kept):
    """Return what was found in a block, with records as vertices of the block."""
    cdef Py_ssize_t i
    cdef int32_t exterior = 0       # the padded vertex that stands for it
    records = np.empty((n_kept, 3), dtype=np.int64)
    cdef int64_t[:, ::1] view = records
    with nogil:
        for i in range(3 * n_kept):
            view[i // 3, i % 3] = (
                -1 if kept[i] == exterior else vertex_of(geometry, kept[i])
            )
    oldest = None if down else vertex_of(geometry, oldest_minimum(s))
    return found, records, oldest


# --------------------------------------------------------------------------------------------------
# A block of an image
# --------------------------------------------------------------------------------------------------

def image_block(const floating[:, ::1] block, dict keys, bint superlevel, str complex, sides,
                int32_t first=0, bint keep_zero=False):
    """Pair what ends inside one block of an image, and tell what it leaves.

    Parameters
    ----------
    block : (n_rows, n_cols) C-contiguous float32 or float64, finite
        Neither size is zero; fewer than 2**31 pixels with a border.
    keys : dict of int to int64 ndarray
        For each dimension that is asked for, 0 or 1, the keys as flat pixels, ascending.
    superlevel : bool
    complex : "freudenthal", "cubical" or "cubical_cells"
    sides : (2, 2) sequence of bool
        Whether the image goes on before and behind the block, for each axis.
    first : int
        Added to the pixels of pairs.
    keep_zero : bool
        Keep pairs of different pixels with equal values.

    Returns
    -------
    {dim: (pairs, records, oldest)}
        pairs : Pairs, whose sample is open, of flat pixels.
        records : (n, 3) int64 ndarray of flat pixels, in their order: where two components meet,
        the younger minimum, the older one; EXTERIOR is -1.
        oldest : int, the oldest minimum in the block; None in dimension 1.
    """
    cdef Workspace workspace = image_workspaces.borrow()
    cdef Sweep[floating]* s = sweep_of(workspace, <const floating*>NULL)
    cdef ImageGrid grid
    cdef Geometry geometry
    cdef Buffer[int32_t] kept
    cdef const int64_t[::1] some
    cdef Py_ssize_t n_kept
    cdef bint down
    cdef Pairs found
    geometry.is_image, geometry.sign = True, 1
    answers = {}
    for dim in keys:
        down = dim == 1
        grid = make_image_grid(block.shape[0], block.shape[1], complex, dim, superlevel)
        # Downwards the image is swept in reversed order.
        grid.is_open = [side for pair in sides for side in (pair[::-1] if down else pair)]
        geometry.width = grid.width
        geometry.last = <int32_t>((grid.n_rows + 2) * grid.width - 1) if down else -1
        some = keys[dim]
        found = Pairs(keep_zero=keep_zero)
        with nogil:
            find_minima(&block[0, 0], grid, s[0])
            n_kept = pair_block(geometry, down, &block[0, 0],
                                <floating>(-1 if superlevel != down else 1), some, first, s[0],
                                found, kept)
        answers[dim] = answer(geometry, down, s[0], found, kept, n_kept)
    image_workspaces.give_back(workspace, workspace.n_bytes())
    return answers


# --------------------------------------------------------------------------------------------------
# A block of a volume
# --------------------------------------------------------------------------------------------------

cdef Side side_of(const Grid& grid, int axis, bint behind) noexcept nogil:
    """Return where the padding of one side of a volume lies."""
    cdef Side side
    side.count, side.stride, side.length = 1, 0, grid.slab
    side.start = grid.size - grid.slab if behind else 0
    if axis == 1:
        side.count, side.stride, side.length = grid.n_slabs + 2, grid.slab, grid.row
        side.start = grid.slab - grid.row if behind else 0
    elif axis == 2:
        side.count, side.stride, side.length = grid.size // grid.row, grid.row, 1
        side.start = grid.row - 1 if behind else 0
    return side


cdef int open_sides(const Grid& grid, StarTable table, const uint8_t* is_open,
                    Volume[floating]& s) except -1 nogil:
    """Take the exterior away from open sides, and find the lower stars anew that this changes."""
    cdef int axis, behind
    cdef Py_ssize_t i, j
    cdef Side side
    cdef floating missing = INFINITY if grid.shell else -INFINITY
    for axis in range(3):
        for behind in range(2):
            if is_open[2 * axis + (behind != grid.shell)]:      # with a shell, all is reversed
                side = side_of(grid, axis, behind)
                for i in range(side.count):
                    for j in range(side.length):
                        s.height[side.start + i * side.stride + j] = missing
    if is_open[2] or is_open[3] or is_open[4] or is_open[5]:
        return find_codes(grid, table, s, 0, grid.n_slabs)
    if is_open[0] or is_open[1]:
        find_codes(grid, table, s, 0, 1)
        find_codes(grid, table, s, grid.n_slabs - 1, 1)
    return 0


cdef sweep_volume(const floating[:, :, ::1] block, const Grid& grid, dict keys, bint superlevel,
                  sides, int32_t first, bint keep_zero, VolumeScratch[floating]& scratch):
    cdef Volume[floating]* s = &scratch.volume
    cdef Sweep[floating]* sweep = &scratch.sweep
    cdef StarTable table = cubical_table() if grid.cubical else freudenthal_table()
    cdef Geometry geometry
    cdef Buffer[int32_t] kept
    cdef const int64_t[::1] some
    cdef uint8_t[6] is_open = [side for pair in sides for side in pair]
    cdef Py_ssize_t n_kept
    cdef bint dual, down
    cdef Pairs found
    geometry.is_image, geometry.grid = False, grid
    s.with_loops = False
    with nogil:
        s.height.grow(grid.size)
        pad_volume(&block[0, 0, 0], grid, s.height.data())
        find_codes(grid, table, s[0], 0, grid.n_slabs)
    answers = {}
    for dim in sorted(keys):        # PD_0 first, because the other one changes the padding
        dual = dim == 2
        down = dual != grid.shell
        geometry.sign = -1 if down else 1
        some = keys[dim]
        found = Pairs(keep_zero=keep_zero)
        with nogil:
            if dual:
                open_sides(grid, table, is_open, s[0])
            find_extrema(grid, table, down, s[0], sweep[0])
            n_kept = pair_block(geometry, dual, &block[0, 0, 0],
                                <floating>(-1 if superlevel != dual else 1), some, first, sweep[0],
                                found, kept)
        answers[dim] = answer(geometry, dual, sweep[0], found, kept, n_kept)
        release_sweep(grid, s[0], sweep[0])
    return answers


def volume_block(const floating[:, :, ::1] block, dict keys, bint superlevel, str complex, sides,
                 int32_t first=0, bint keep_zero=False):
    """Do so for one block of a volume, and for dimensions 0 and 2; see `image_block`.

    Parameters
    ----------
    block : (n_slabs, n_rows, n_cols) C-contiguous float32 or float64, finite
        None of the sizes is zero; fewer than 2**28 voxels with a border.
    """
    cdef Grid grid = make_grid((block.shape[0], block.shape[1], block.shape[2]), complex,
                               superlevel)
    cdef VolumeWorkspace workspace = volume_workspaces.borrow()
    if floating is float:
        answers = sweep_volume(block, grid, keys, superlevel, sides, first, keep_zero,
                               workspace.single)
    else:
        answers = sweep_volume(block, grid, keys, superlevel, sides, first, keep_zero,
                               workspace.double)
    volume_workspaces.give_back(workspace, workspace.single.bytes() + workspace.double.bytes())
    return answers


# --------------------------------------------------------------------------------------------------
# Parts that are joined
# --------------------------------------------------------------------------------------------------

def join_records(const int64_t[:, ::1] records, const uint8_t[::1] is_key):
    """Apply the elder rule to records of several parts.

    Parameters
    ----------
    records : (n, 3) C-contiguous int64 ndarray
        Where two components meet, and a vertex of each, as ranks in the order of the sweep;
        sorted by the first.
    is_key : (n_nodes,) uint8 ndarray
        Whether the vertex with this rank is a key.

    Returns
    -------
    kept : (n_kept, 3) int64 ndarray
        Where two components meet, the younger minimum, the older one; as ranks.
    ended : (n_ended, 2) int64 ndarray
        A minimum, and where its component ends; as ranks.
    """
    cdef Py_ssize_t n_nodes = is_key.shape[0], n = records.shape[0], i, n_kept = 0, n_ended = 0
    cdef Buffer[int32_t] parent
    cdef Buffer[uint8_t] holds
    cdef int32_t old, young
    if n_nodes > MAX_NODES:
        raise ValueError(f"parts must have fewer than 2**31 vertices together, got {n_nodes}")
    kept = np.empty((n, 3), dtype=np.int64)
    ended = np.empty((n, 2), dtype=np.int64)
    cdef int64_t[:, ::1] kept_view = kept, ended_view = ended
    with nogil:
        parent.grow(n_nodes)
        holds.grow(n_nodes)
        for i in range(n_nodes):
            parent[i] = <int32_t>i
            holds[i] = is_key[i]
        for i in range(n):
            check_signals_every(RECORDS_BETWEEN_SIGNALS, i)
            young = join_elder(parent, <int32_t>records[i, 1], <int32_t>records[i, 2])
            if young < 0:
                continue
            old = parent[young]
            if holds[young]:
                holds[old] = 1
                kept_view[n_kept, 0] = records[i, 0]
                kept_view[n_kept, 1] = young
                kept_view[n_kept, 2] = old
                n_kept += 1
            elif young != records[i, 0]:
                ended_view[n_ended, 0] = young
                ended_view[n_ended, 1] = records[i, 0]
                n_ended += 1
    return kept[:n_kept], ended[:n_ended]
