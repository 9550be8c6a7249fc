"""Lower-star persistence of functions on an image: which pixels are paired.

What is paired
    A function on the vertices of a complex is swept upwards; a simplex enters with its highest
    vertex. Equal values are ordered by vertex index (simulation of simplicity), so the order is
    strict and the pairs are a function of the input alone. A point of PD_k is reported as its two
    critical vertices (birth, death): the vertices that give the paired simplices their values.
    Superlevel sets of f are sublevel sets of -f.

PD_0
    The older neighbours of a pixel, as a bit mask, fall into arcs: the components of its lower
    link. No arc: a minimum. One arc: the pixel changes nothing, it retracts on its parent, any
    older neighbour, so parents form a forest whose roots are the minima. Two arcs or more: a
    saddle, which alone can join components. Saddles are sorted; each joins the minima at the ends
    of its arcs (union-find), and the younger minimum dies there (the elder rule).

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
    Beside the input 4 bytes a pixel, 56 a minimum and 36 a saddle (float64).

Papers
    Edelsbrunner, Harer, Zomorodian, Hierarchical Morse complexes for piecewise linear 2-manifolds,
    2001 (lower links; simulation of simplicity). Robins, Wood, Sheppard, Theory and algorithms for
    constructing discrete Morse complexes from grayscale digital images, 2011 (the local pairing).
    Garin, Heiss, Maggs, Bleile, Robins, Duality in persistent homology of images, 2020 (4 and 8).
"""

import numpy as np

from cython cimport floating
from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t

from ..._utils.prefetch cimport prefetch
from ..._utils.sorting cimport argsort, argsort_pairs
from ..._persistence cimport find_root

cdef extern from "older_masks.h" nogil:
    void older_masks[T](const T* f, uint8_t* older, Py_ssize_t begin, Py_ssize_t end,
                        Py_ssize_t width, int n_neighbours)
    Py_ssize_t link_row(const uint8_t* older, const MaskLink* links, int32_t* parent, int32_t first,
                        int32_t n_cols, int32_t next_id, int32_t* special)

cdef enum:
    BLOCK = 4096    # pixels that are swept at a time, so that heights and masks stay in cache,
    ROWS = 8        # and rows at the least, since two more are read with each block
    AHEAD = 12      # records between a prefetch and its use


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
        reachable = [k for k in component if link[k] in moves]
        if reachable:
            # Neighbours with a smaller index are met first in memory, and the one above does not
            # depend on the pixel just written, as the one to the left would.
            arcs.append(min(reachable, key=lambda k: (link[k] > (0, 0), link[k])))
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


cdef Links make_links(int connectivity, Py_ssize_t width) except *:
    """Turn the table of a connectivity into steps in a padded image."""
    cdef Links links
    cdef int mask, arc
    link, _ = CONNECTIVITY[connectivity]
    n_arcs, arcs = _TABLES[connectivity]
    cdef const uint8_t[::1] n_arcs_view = n_arcs
    # An arc of -1 (none) takes the last step, 0.
    steps = np.array([row * width + col for row, col in link] + [0], dtype=np.int32)
    cdef const int32_t[:, ::1] step_view = steps[arcs]
    links.width = <int32_t>width
    links.n_neighbours = len(link)
    for mask in range(256):
        links.n_arcs[mask] = n_arcs_view[mask]
        links.masks[mask].step = step_view[mask, 0]
        links.masks[mask].special = n_arcs_view[mask] != 1
        for arc in range(4):
            links.arc_step[mask][arc] = step_view[mask, arc]
    return links


# --------------------------------------------------------------------------------------------------
# Memory that is used again: fresh pages took a quarter of the time of a sweep over noise
# --------------------------------------------------------------------------------------------------

cdef enum:
    KEEP_BYTES = 1 << 27    # a workspace that has grown beyond this (128 MB) is given back

_idle_workspaces = []


cdef class Workspace:
    """Scratch memory of one thread inside a kernel."""


cdef Workspace borrow_workspace():
    # list.pop and list.append are atomic, so threads never share a workspace.
    try:
        return _idle_workspaces.pop()
    except IndexError:
        return Workspace()


cdef give_back_workspace(Workspace workspace):
    if workspace.single.bytes() + workspace.double.bytes() <= KEEP_BYTES:
        _idle_workspaces.append(workspace)


# --------------------------------------------------------------------------------------------------
# The image sweep
# --------------------------------------------------------------------------------------------------

cdef inline void pad_row(const floating* image, Py_ssize_t n_rows, Py_ssize_t n_cols,
                         Py_ssize_t row, bint negate, bint exterior, floating* out) noexcept nogil:
    """Copy a row of the image between two pixels of padding; reversed for the exterior sweep."""
    cdef Py_ssize_t col
    cdef floating padding = -INFINITY if exterior else INFINITY
    cdef floating sign = -1 if negate != exterior else 1
    cdef const floating* line
    if row < 0 or row >= n_rows:
        for col in range(n_cols + 2):
            out[col] = padding
        return
    out[0] = padding
    out[n_cols + 1] = padding
    # Adding zero turns -0.0 into 0.0, whose bits the sort expects.
    if exterior:
        line = image + (n_rows - row) * n_cols - 1
        for col in range(n_cols):
            out[col + 1] = sign * line[-col] + <floating>0
    else:
        line = image + row * n_cols
        for col in range(n_cols):
            out[col + 1] = sign * line[col] + <floating>0


cdef Py_ssize_t find_minima(
    const floating* image, Py_ssize_t n_rows, Py_ssize_t n_cols, const Links& links, bint negate,
    bint exterior, Sweep[floating]& s,
) except -1 nogil:
    """Fill parent, minimum and record (still pixels) in one pass; return the number of records."""
    cdef Py_ssize_t width = links.width
    cdef Py_ssize_t size = (n_rows + 2) * width, block_rows = max(BLOCK // width, ROWS)
    cdef Py_ssize_t top, row, i, n_special, n_records = 0, n_minima = 0
    cdef int32_t v, local, first, shift
    cdef int k
    cdef uint8_t mask
    cdef int32_t* parent
    cdef uint8_t* older
    cdef floating* heights

    block_rows = min(block_rows, n_rows)
    s.parent.grow(size)
    s.older.grow((block_rows + 2) * width)
    s.special.grow(n_cols + 1)
    s.block.grow((block_rows + 2) * width)
    parent = s.parent.data()
    older = s.older.data()
    heights = s.block.data()
    if exterior:
        s.minimum.grow(1)
        s.minimum_height.grow(1)
        s.minimum[0] = 0
        s.minimum_height[0] = -INFINITY
        n_minima = 1
        for i in range(width):
            s.parent[i] = ~0
            s.parent[size - 1 - i] = ~0
        for row in range(1, n_rows + 1):
            s.parent[row * width] = ~0
            s.parent[row * width + n_cols + 1] = ~0

    top = 0
    while top < n_rows:
        block_rows = min(block_rows, n_rows - top)
        for row in range(-1, block_rows + 1):
            pad_row(image, n_rows, n_cols, top + row, negate, exterior,
                    heights + (row + 1) * width)
        older_masks(heights, older, width + 1, (block_rows + 1) * width - 1, width,
                    links.n_neighbours)
        shift = <int32_t>(top * width)      # from a pixel of the block to one of the image
        for row in range(1, block_rows + 1):
            first = <int32_t>(row * width + 1)
            n_special = link_row(older + first, links.masks, parent, shift + first,
                                 <int32_t>n_cols, <int32_t>n_minima, s.special.data())
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
                n_minima += links.n_arcs[mask] == 0
                for k in range(1, links.n_arcs[mask]):
                    s.record[n_records].a = v + links.arc_step[mask][0]
                    s.record[n_records].b = v + links.arc_step[mask][k]
                    s.record[n_records].saddle = v
                    s.record_height[n_records] = heights[local]
                    n_records += 1
        top += block_rows
    s.n_minima = n_minima
    return n_records


cdef int sweep_image(
    const floating* image,      # IN: C-contiguous rows
    Py_ssize_t n_rows, Py_ssize_t n_cols,
    const Links& links,         # IN: for a width of n_cols + 2 or more
    bint negate,                # IN: sweep -image, not image
    bint exterior,              # IN: sweep downwards with the exterior (PD_1), not upwards (PD_0)
    Sweep[floating]& s,         # OUT: n_minima, minimum*, n_merged, merged*
) except -1 nogil:
    """Join components as the swept function rises, and list which minimum dies where.

    The swept function is the image or its negative; with exterior, the negative of that, in
    reversed order. Pixels are numbered in the padded image, v = row * width + column.
    """
    cdef Py_ssize_t i, n_records, n = 0
    cdef int32_t a, b
    cdef Record record
    cdef uint32_t k
    n_records = find_minima(image, n_rows, n_cols, links, negate, exterior, s)
    # Saddles whose arcs lead to the same minimum join nothing.
    for i in range(n_records):
        record = s.record[i]
        record.a = minimum_below(s.parent, record.a)
        record.b = minimum_below(s.parent, record.b)
        s.record[n] = record
        s.record_height[n] = s.record_height[i]
        n += record.a != record.b

    s.n_merged = 0
    s.root.grow(s.n_minima)
    s.merged.grow(s.n_minima)
    s.merged_at.grow(s.n_minima)
    s.merged_height.grow(s.n_minima)
    for i in range(s.n_minima):
        s.root[i] = <int32_t>i

    argsort(s.record_height, s.items, s.items_scratch, n)
    for i in range(n):
        if i + 2 * AHEAD < n:
            prefetch(&s.record[<uint32_t>s.items[i + 2 * AHEAD]])
            k = <uint32_t>s.items[i + AHEAD]
            prefetch(&s.root[s.record[k].a])
            prefetch(&s.root[s.record[k].b])
        k = <uint32_t>s.items[i]
        a = find_root(s.root, s.record[k].a)
        b = find_root(s.root, s.record[k].b)
        if a != b:
            if is_older(s, a, b):
                a, b = b, a
            merge(s, a, b, s.record[k].saddle, s.record_height[k])
    return 0


# --------------------------------------------------------------------------------------------------
# From merged components to pairs of vertices, by decreasing persistence
# --------------------------------------------------------------------------------------------------

cdef Py_ssize_t append_sorted(Sweep[floating]& s, Py_ssize_t n, Buffer[uint64_t]& out,
                              Py_ssize_t at) except -1 nogil:
    """Write s.pair[:n] to out[at:], longest first, ties by birth index; return the end."""
    cdef Py_ssize_t i
    argsort_pairs(s.minus_length, s.pair, s.items, s.items_scratch, n)
    out.grow(at + n)
    for i in range(n):
        if i + AHEAD < n:
            prefetch(&s.pair[<uint32_t>s.items[i + AHEAD]])
        out[at + i] = s.pair[<uint32_t>s.items[i]]
    return at + n


cdef void unpack_pairs(const uint64_t* packed, Py_ssize_t n, int64_t[:, ::1] out,
                       Py_ssize_t at) noexcept nogil:
    """Write pairs as rows (birth, death) to out[at:]."""
    cdef Py_ssize_t i
    for i in range(n):
        out[at + i, 0] = <int64_t>(packed[i] >> 32)
        out[at + i, 1] = <int64_t>(packed[i] & 0xFFFFFFFFu)


cdef unpacked(const uint64_t* packed, Py_ssize_t n):
    """Return pairs as an (n, 2) int64 array of (birth, death)."""
    pairs = np.empty((n, 2), dtype=np.int64)
    cdef int64_t[:, ::1] view = pairs
    with nogil:
        unpack_pairs(packed, n, view, 0)
    return pairs


cdef inline int32_t pixel(int32_t v, int32_t width) noexcept nogil:
    """Turn a padded pixel into a pixel of the image."""
    return v - width - 2 * (v // width) + 1


cdef Py_ssize_t append_merged(Sweep[floating]& s, int32_t width, int32_t size, bint exterior,
                              bint keep_zero, Py_ssize_t at) except -1 nogil:
    """Append the pairs of one swept image to s.sorted[:at]; return the end."""
    cdef Py_ssize_t i, n = 0
    cdef int32_t minimum, saddle
    cdef floating length
    s.pair.grow(s.n_merged)
    s.minus_length.grow(s.n_merged)
    for i in range(s.n_merged):
        length = s.minimum_height[s.merged[i]] - s.merged_height[i]
        if length == 0 and not keep_zero:
            continue
        minimum = s.minimum[s.merged[i]]
        saddle = s.merged_at[i]
        if exterior:
            s.pair[n] = make_pair(pixel(size - 1 - saddle, width), pixel(size - 1 - minimum, width))
        else:
            s.pair[n] = make_pair(pixel(minimum, width), pixel(saddle, width))
        s.minus_length[n] = length
        n += 1
    return append_sorted(s, n, s.sorted, at)


cdef int pair_images(const floating[:, :, ::1] images, const Links& links, bint negate,
                     bint exterior, bint keep_zero, Sweep[floating]& s, int64_t[::1] splits,
                     int64_t[::1] essential) except -1 nogil:
    cdef Py_ssize_t n_rows = images.shape[1], n_cols = images.shape[2], i
    cdef int32_t size = <int32_t>((n_rows + 2) * links.width), k, best
    for i in range(images.shape[0]):
        if i + 1 < images.shape[0] and n_rows * n_cols < BLOCK:
            for k in range(0, <int32_t>(n_rows * n_cols), 8):
                prefetch(&images[i + 1, 0, 0] + k)
        sweep_image(&images[i, 0, 0], n_rows, n_cols, links, negate, exterior, s)
        splits[i + 1] = append_merged(s, links.width, size, exterior, keep_zero, splits[i])
        if not exterior:
            best = 0
            for k in range(1, <int32_t>s.n_minima):
                if is_older(s, k, best):
                    best = k
            essential[i] = pixel(s.minimum[best], links.width)
    return 0


def image_pairs(const floating[:, :, ::1] images, int dim, bint superlevel, str complex,
                bint keep_zero=False):
    """Pair the critical pixels of a batch of images, in dimension 0 or 1.

    Parameters
    ----------
    images : (n_images, n_rows, n_cols) C-contiguous float32 or float64, finite
        None of the sizes is zero; a padded image has fewer than 2**31 pixels.
    dim : 0 or 1
    superlevel : bool
    complex : "freudenthal", "cubical" or "cubical_cells"
    keep_zero : bool
        Keep pairs of different pixels with equal values.

    Returns
    -------
    pairs : (n_pairs, 2) int64
        (birth, death) as flat pixels of their image; image by image, longest first.
    splits : (n_images + 1,) int64
        Image i has pairs[splits[i]:splits[i + 1]].
    essential : (n_images,) int64 for dim = 0, (0,) for dim = 1
        The oldest pixel of each image.
    """
    cdef bint exterior = dim == 1
    cdef Links links = make_links(COMPLEXES[complex][dim], images.shape[2] + 2)
    cdef Workspace workspace = borrow_workspace()
    splits = np.zeros(images.shape[0] + 1, dtype=np.int64)
    essential = np.empty(0 if exterior else images.shape[0], dtype=np.int64)
    cdef int64_t[::1] splits_view = splits, essential_view = essential
    if floating is float:
        with nogil:
            pair_images(images, links, superlevel, exterior, keep_zero, workspace.single,
                        splits_view, essential_view)
        pairs = unpacked(workspace.single.sorted.data(), splits_view[images.shape[0]])
    else:
        with nogil:
            pair_images(images, links, superlevel, exterior, keep_zero, workspace.double,
                        splits_view, essential_view)
        pairs = unpacked(workspace.double.sorted.data(), splits_view[images.shape[0]])
    give_back_workspace(workspace)
    return pairs, splits, essential
