"""Lower-star persistence of functions on an image: which pixels are paired.

What is paired
    A function on the vertices of a complex is swept upwards; a simplex enters with its highest
    vertex. Equal values are ordered by vertex index (simulation of simplicity), so the order is
    strict and the pairs are a function of the input alone. A point of PD_k is reported as its two
    critical vertices (birth, death): the vertices that give the paired simplices their values.
    Superlevel sets of f are sublevel sets of -f. Below, a vertex is older if it enters earlier.

PD_0
    The older neighbours of a pixel, as a bit mask, fall into arcs: the components of its lower
    link. No arc: the pixel is a minimum. One arc: it changes nothing, since it retracts on its
    parent, any older neighbour; so parents form a forest whose roots are the minima. Two arcs or
    more: it is a saddle, and only saddles can join components. Saddles are sorted; each joins the
    minima at the ends of its arcs (union-find), and the younger minimum dies there (the elder
    rule).

PD_1
    By Alexander duality, holes of {f <= t} are components of {f > t}, other than the one of the
    exterior: the same sweep downwards, with the dual connectivity (6 <-> 6, 4 <-> 8) and with one
    more vertex, the exterior, beside every boundary pixel and older than all. Sweeping downwards
    with the order exactly reversed is sweeping upwards over -f in reversed memory order, so both
    diagrams use one function, sweep_image. The image is padded by one pixel: +inf (never older)
    for PD_0, -inf (the exterior) for PD_1. A component with minimum m (of -f) that dies at saddle
    s is the pair (birth s, death m).

Complexity
    O(n) for masks and parents, O(s) for sorting (radix) and O(s alpha(s)) for joining s saddles.
    Beside the input 4 bytes a pixel, 72 a minimum and 36 a saddle (float64).

Papers
    Edelsbrunner, Harer, Zomorodian, Hierarchical Morse complexes for piecewise linear 2-manifolds,
    2001 (lower links; simulation of simplicity). Robins, Wood, Sheppard, Theory and algorithms for
    constructing discrete Morse complexes from grayscale digital images, 2011 (the local pairing).
    Garin, Heiss, Maggs, Bleile, Robins, Duality in persistent homology of images, 2020 (4 and 8).
"""

import numpy as np

from cython cimport floating
from libc.math cimport INFINITY
from libc.stdint cimport int8_t, int32_t, uint8_t, uint64_t

from ..._persistence cimport Pairs, make_pair
from ..._utils.prefetch cimport prefetch
from ..._utils.signals cimport check_signals
from ..._utils.sorting cimport argsort_pairs

from ..._persistence import no_pairs

cdef extern from "older_masks.h" nogil:
    enum:
        SPECIAL
    void older_masks[T](const T* f, uint8_t* older, Py_ssize_t begin, Py_ssize_t end,
                        Py_ssize_t width, int n_neighbours)
    Py_ssize_t link_row(const uint8_t* older, const Links& links, int n_neighbours, int32_t* parent,
                        int32_t first, int32_t n_cols, int32_t* special)

cdef enum:
    BLOCK = 4096    # pixels that are swept at a time, so that heights and masks stay in cache,
    ROWS = 8        # but no fewer rows than this, since two more are read with each block
    PATIENCE = 1 << 20      # pixels between two checks for Ctrl-C
    KEEP_BYTES = 1 << 27    # scratch memory that the next call may use (128 MB)
    LAST = 0x7FFFFFFF       # no smaller than any padded pixel


# --------------------------------------------------------------------------------------------------
# Connectivities: neighbours in cyclic order, so that bit k of a mask is neighbour k
# --------------------------------------------------------------------------------------------------

HEXAGON = ((0, 1), (1, 1), (1, 0), (0, -1), (-1, -1), (-1, 0))
OCTAGON = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))
CROSS = OCTAGON[::2]

#: connectivity -> (pixels of the link, moves that join two pixels)
CONNECTIVITY = {6: (HEXAGON, HEXAGON), 4: (OCTAGON, CROSS), 8: (OCTAGON, OCTAGON)}
#: complex -> connectivity of PD_0 and of PD_1
COMPLEXES = {"freudenthal": (6, 6), "cubical": (4, 8), "cubical_cells": (8, 4)}


def _link_arcs(mask, link, moves):
    """Return one neighbour, reachable by a move, for every component of the link inside mask."""
    todo = {k for k in range(len(link)) if mask >> k & 1}
    arcs = []
    while todo:
        component, stack = set(), [min(todo)]
        while stack:
            k = stack.pop()
            if k in todo:
                todo.remove(k)
                component.add(k)
                stack += [
                    j for j in todo
                    if (link[j][0] - link[k][0], link[j][1] - link[k][1]) in moves
                ]
        n = len(link)
        gap = next((k for k in range(n) if k not in component and (k + 1) % n in component), 0)
        reachable = sorted((k for k in component if link[k] in moves), key=lambda k: (k - gap) % n)
        if reachable:
            # The one in the middle is often the lowest, which makes paths to minima short.
            arcs.append(reachable[len(reachable) // 2])
    return sorted(arcs, key=lambda k: (link[k] > (0, 0), link[k]))


def _link_table(connectivity):
    """Tabulate, for every mask, the number of arcs and one neighbour in each (-1: none)."""
    link, moves = CONNECTIVITY[connectivity]
    n_arcs = np.zeros(256, dtype=np.uint8)
    arcs = np.full((256, 4), -1, dtype=np.int8)
    for mask in range(1 << len(link)):
        found = _link_arcs(mask, link, moves)
        n_arcs[mask] = len(found)
        arcs[mask, : len(found)] = found
    return n_arcs, arcs


_TABLES = {connectivity: _link_table(connectivity) for connectivity in CONNECTIVITY}


cdef ImageGrid make_image_grid(Py_ssize_t n_rows, Py_ssize_t n_cols, str complex, int dim,
                               bint negate) except *:
    """Turn the table of a connectivity into steps in an image, for the sweep that finds PD_dim."""
    cdef ImageGrid grid
    cdef int mask, arc
    connectivity = COMPLEXES[complex][dim]
    link, _ = CONNECTIVITY[connectivity]
    n_arcs, arcs = _TABLES[connectivity]
    cdef const uint8_t[::1] n_arcs_view = n_arcs
    grid.n_rows, grid.n_cols, grid.width = n_rows, n_cols, <int32_t>(n_cols + 2)
    grid.negate, grid.exterior = negate, dim == 1
    grid.is_open = [False, False, False, False]
    grid.n_neighbours = len(link)
    # An arc of -1 (none) takes the last step, 0.
    steps = np.array([row * grid.width + col for row, col in link] + [0], dtype=np.int32)
    cdef const int32_t[:, ::1] step_view = steps[arcs]
    cdef const int8_t[:, ::1] arcs_view = arcs
    for arc in range(len(link)):
        grid.links.step[arc] = steps[arc]
    for mask in range(256):
        grid.n_arcs[mask] = n_arcs_view[mask]
        grid.links.code[mask] = max(0, arcs_view[mask, 0]) + SPECIAL * (n_arcs_view[mask] != 1)
        for arc in range(4):
            grid.arc_step[mask][arc] = step_view[mask, arc]
    return grid


# --------------------------------------------------------------------------------------------------
# The image sweep
# --------------------------------------------------------------------------------------------------

cdef class Workspace:
    """Scratch memory of one thread inside a kernel for lines or images."""

    cdef Py_ssize_t n_bytes(self) noexcept:
        return self.single.bytes() + self.double.bytes()


workspaces = Pool(Workspace, KEEP_BYTES)


cdef inline void pad_row(const floating* image, const ImageGrid& grid, Py_ssize_t row,
                         floating* out) noexcept nogil:
    """Copy a row of the image between two pixels of padding; reversed for the exterior sweep."""
    cdef Py_ssize_t col, n_cols = grid.n_cols
    cdef floating padding = -INFINITY if grid.exterior else INFINITY
    cdef floating sign = -1 if grid.negate != grid.exterior else 1
    cdef const floating* line
    if row < 0 or row >= grid.n_rows:
        if grid.is_open[0 if row < 0 else 1]:
            padding = INFINITY
        for col in range(n_cols + 2):
            out[col] = padding
        return
    out[0] = INFINITY if grid.is_open[2] else padding
    out[n_cols + 1] = INFINITY if grid.is_open[3] else padding
    # Adding zero turns -0.0 into 0.0, whose bits the sort expects.
    if grid.exterior:
        line = image + (grid.n_rows - row) * n_cols - 1
        for col in range(n_cols):
            out[col + 1] = sign * line[-col] + <floating>0
    else:
        line = image + row * n_cols
        for col in range(n_cols):
            out[col + 1] = sign * line[col] + <floating>0


cdef int start_exterior(const ImageGrid& grid, Sweep[floating]& s) except -1 nogil:
    """Make all padding one minimum, older than all: the exterior."""
    cdef Py_ssize_t i, row, size = (grid.n_rows + 2) * grid.width
    s.minimum.grow(1)
    s.minimum_height.grow(1)
    s.minimum[0] = 0
    s.minimum_height[0] = -INFINITY
    s.n_minima = 1
    for i in range(grid.width):
        s.parent[i] = ~0
        s.parent[size - 1 - i] = ~0
    for row in range(1, grid.n_rows + 1):
        s.parent[row * grid.width] = ~0
        s.parent[row * grid.width + grid.n_cols + 1] = ~0
    return 0


cdef int find_minima(const floating* image, const ImageGrid& grid,
                     Sweep[floating]& s) except -1 nogil:
    """Fill parent, minimum and record in one pass; records have pixels, not yet minima."""
    cdef Py_ssize_t width = grid.width, n_rows = grid.n_rows
    cdef Py_ssize_t top = 0, row, i, n_special, n_records = 0, n_minima, n_unchecked = 0
    cdef Py_ssize_t block_rows = min(max(BLOCK // width, ROWS), n_rows)
    cdef int32_t v, local, first, shift
    cdef int k
    cdef uint8_t mask
    cdef int32_t* parent
    cdef uint8_t* older
    cdef floating* heights

    s.parent.grow((n_rows + 2) * width)
    s.older.grow((block_rows + 2) * width + 32)
    s.special.grow(grid.n_cols + 1)
    s.block.grow((block_rows + 2) * width)
    parent = s.parent.data()
    older = s.older.data()
    heights = s.block.data()
    s.n_minima = 0
    if grid.exterior:
        start_exterior(grid, s)
    n_minima = s.n_minima

    while top < n_rows:
        block_rows = min(block_rows, n_rows - top)
        for row in range(-1, block_rows + 1):
            pad_row(image, grid, top + row, heights + (row + 1) * width)
        older_masks(heights, older, width + 1, (block_rows + 1) * width - 1, width,
                    grid.n_neighbours)
        shift = <int32_t>(top * width)      # from a pixel of the block to one of the image
        for row in range(1, block_rows + 1):
            first = <int32_t>(row * width + 1)
            n_special = link_row(older + first, grid.links, grid.n_neighbours, parent,
                                 shift + first, <int32_t>grid.n_cols, s.special.data())
            s.minimum.grow(n_minima + n_special + 1)
            s.minimum_height.grow(n_minima + n_special + 1)
            s.record.grow(n_records + 3 * n_special + 1)
            s.record_height.grow(n_records + 3 * n_special + 1)
            for i in range(n_special):
                local = first + s.special[i]
                mask = older[local]
                v = shift + local
                s.minimum[n_minima] = v
                s.minimum_height[n_minima] = heights[local]
                parent[v] = ~<int32_t>n_minima if grid.n_arcs[mask] == 0 else parent[v]
                n_minima += grid.n_arcs[mask] == 0
                for k in range(1, grid.n_arcs[mask]):
                    s.record[n_records].a = v + grid.arc_step[mask][0]
                    s.record[n_records].b = v + grid.arc_step[mask][k]
                    s.record[n_records].saddle = v
                    s.record_height[n_records] = heights[local]
                    n_records += 1
            n_unchecked += width
            if n_unchecked > PATIENCE:
                n_unchecked = 0
                check_signals()
        top += block_rows
    s.n_minima = n_minima
    s.n_records = n_records
    return 0


cdef int sweep_image(
    const floating* image,      # IN: C-contiguous rows
    const ImageGrid& grid,
    Sweep[floating]& s,         # OUT: n_minima, minimum*, n_merged, merged*
) except -1 nogil:
    """Join components as the swept function rises, and list which minimum dies where.

    The swept function is the image or its negative; with the exterior, the negative of that, in
    reversed order. Pixels are numbered in the padded image, v = row * width + column.
    """
    find_minima(image, grid, s)
    return join_minima(s, NULL, NULL)


# --------------------------------------------------------------------------------------------------
# From merged minima to pairs of pixels
# --------------------------------------------------------------------------------------------------

cdef int32_t oldest_minimum(Sweep[floating]& s) noexcept nogil:
    """Return the padded pixel of the minimum that never dies."""
    cdef int32_t k, best = 0
    for k in range(1, <int32_t>s.n_minima):
        if is_older(s, k, best):
            best = k
    return s.minimum[best]


cdef int rank_merged(Sweep[floating]& s, bint exterior) except -1 nogil:
    """Sort the merged minima as a Diagram ranks its points: the low half of s.items is their order.
    """
    cdef Py_ssize_t i
    s.pair.grow(s.n_merged)
    s.minus_length.grow(s.n_merged)
    for i in range(s.n_merged):
        # In the exterior sweep, which runs backwards, the birth is the saddle.
        if exterior:
            s.pair[i] = make_pair(LAST - s.merged_at[i], LAST - s.minimum[s.merged[i]])
        else:
            s.pair[i] = make_pair(s.minimum[s.merged[i]], s.merged_at[i])
        s.minus_length[i] = s.minimum_height[s.merged[i]] - s.merged_height[i]
    argsort_pairs(s.minus_length, s.pair, s.items, s.items_scratch, s.n_merged)
    return 0


cdef int add_merged(const ImageGrid& grid, Sweep[floating]& s, Pairs found) except -1 nogil:
    """Add the pairs of one swept image."""
    cdef Py_ssize_t i
    cdef int32_t width = grid.width, minimum, saddle
    cdef int32_t last = <int32_t>((grid.n_rows + 2) * grid.width) - 1
    cdef uint64_t* key
    cdef double* minus_length
    found.reserve(s.n_merged)
    key = found.scratch.key.data()
    minus_length = found.scratch.minus_length.data()
    for i in range(s.n_merged):
        minimum = s.minimum[s.merged[i]]
        saddle = s.merged_at[i]
        minus_length[i] = s.minimum_height[s.merged[i]] - s.merged_height[i]
        if grid.exterior:
            key[i] = make_pair(pixel(last - saddle, width), pixel(last - minimum, width))
        else:
            key[i] = make_pair(pixel(minimum, width), pixel(saddle, width))
    found.n = s.n_merged
    return 0


cdef int pair_images(const floating[:, :, ::1] images, const ImageGrid& grid,
                     Sweep[floating]& s, Pairs found) except -1 nogil:
    cdef Py_ssize_t i, size = grid.n_rows * grid.n_cols, k
    cdef int32_t oldest
    for i in range(images.shape[0]):
        if i + 1 < images.shape[0] and size < BLOCK:
            for k in range(0, size, 8):
                prefetch(&images[i + 1, 0, 0] + k)
        sweep_image(&images[i, 0, 0], grid, s)
        add_merged(grid, s, found)
        if not grid.exterior:
            oldest = pixel(oldest_minimum(s), grid.width)
            found.add_essential(&oldest)
        found.close_sample()
    return 0


def image_pairs(const floating[:, :, ::1] images, dims, bint superlevel, str complex,
                bint keep_zero=False):
    """Pair the critical pixels of a batch of images.

    Parameters
    ----------
    images : (n_images, n_rows, n_cols) C-contiguous float32 or float64, finite
        None of the sizes is zero; a padded image has fewer than 2**31 pixels.
    dims : tuple of distinct int
        Dimensions to pair. Above 1 an image has no pairs.
    superlevel : bool
    complex : "freudenthal", "cubical" or "cubical_cells"
    keep_zero : bool
        Keep pairs of different pixels with equal values.

    Returns
    -------
    {dim: Pairs}
        (birth, death) as flat pixels of their image. The essential class of PD_0 is born at the
        oldest pixel.
    """
    cdef Workspace workspace = workspaces.borrow()
    cdef Sweep[floating]* s = sweep_of(workspace, <const floating*>NULL)
    cdef ImageGrid grid
    cdef Pairs found
    answer = {}
    for dim in dims:
        if dim > 1:
            answer[dim] = no_pairs(images.shape[0])
            continue
        grid = make_image_grid(images.shape[1], images.shape[2], complex, dim, superlevel)
        found = Pairs(keep_zero=keep_zero)
        with nogil:
            pair_images(images, grid, s[0], found)
        answer[dim] = found.finish()
    workspaces.give_back(workspace, workspace.n_bytes())
    return answer
