"""Blocks of one image or volume: what each of them leaves, and how that is joined.

Blocks overlap by one layer of vertices: two that are next to each other share a *face*. A `Part` is
what one block, or several that are joined, leave for the others; ``_kernels/grids/blocks.pyx`` says
what that is, and why the pairs are those of the whole. Parts are joined in any order, two or all at
once; where no face is open, all pairs are known.

All vertices are numbered in the whole, with 64 bits.
"""

import math
from collections import Counter
from dataclasses import dataclass, fields
from functools import partial
from itertools import product

import numpy as np

from .._kernels.grids.blocks import EXTERIOR, image_block, join_records, volume_block
from .._kernels.grids.ranges import open_pairs, sorted_together

__all__ = [
    "LEAST_LAYERS",
    "Block",
    "Ended",
    "Part",
    "Sweep",
    "block_at",
    "blocks_of",
    "join_parts",
    "pairs_in_blocks",
    "part_of_block",
    "sweep_block",
]

# Vertices of a block of an array in memory, by its number of axes. What is read at random while an
# image is swept, four bytes a vertex, stays in the cache then: 4096 x 4096 random values take 0.73
# of the time of one piece in all, smooth ones 1.07; with half as many vertices 0.60 and 1.18. Those
# of a volume share more: with four times as many vertices 256^3 takes 0.8 (random) and 0.9 (smooth)
# of the time.
BLOCK_VERTICES = {2: 1 << 21, 3: 1 << 23}
# Fewest layers of such a block, since neighbours sweep the one that they share twice.
LEAST_LAYERS = 32


@dataclass(frozen=True)
class Sweep:
    """How a function is swept, in one dimension of homology.

    Attributes
    ----------
    ndim : {2, 3}
        Axes of the grid, all of them longer than one vertex if there are three.
    dim : int
        0, or ndim - 1.
    superlevel : bool
    complex : str
    keep_zero : bool
        Whether pairs of equal values are kept.
    """

    ndim: int
    dim: int
    superlevel: bool
    complex: str
    keep_zero: bool

    @property
    def is_dual(self):
        """Whether components of the complement are joined, against the order of the filtration."""
        return self.dim > 0

    @property
    def sign(self):
        """The swept function is this number times the values."""
        return -1 if self.superlevel != self.is_dual else 1

    def offsets(self):
        """Return one of every two opposite offsets of vertices that have an edge: the later one."""
        half = [step for step in product((-1, 0, 1), repeat=self.ndim) if step > (0,) * self.ndim]
        if self.complex == "freudenthal":
            return [step for step in half if min(step) >= 0]
        if (self.complex == "cubical") != self.is_dual:
            return [step for step in half if sum(map(abs, step)) == 1]
        return half

    def face_offsets(self, axis):
        """Return the offsets inside a layer across an axis."""
        return [step[:axis] + step[axis + 1 :] for step in self.offsets() if step[axis] == 0]

    def in_order(self, vertex, value):
        """Return the order in which vertices, given by rising numbers, are swept."""
        swept = self.sign * value
        if not self.is_dual:
            return np.argsort(swept, kind="stable")
        return len(vertex) - 1 - np.argsort(swept[::-1], kind="stable")


@dataclass(frozen=True)
class Block:
    """A box of vertices of a grid.

    Attributes
    ----------
    place : tuple of int
        Which block it is, along each axis.
    start, stop : tuple of int
        Its first vertex, and the one behind its last vertex, along each axis.
    is_open : tuple of (bool, bool)
        Whether a block is before and behind it, along each axis.
    """

    place: tuple
    start: tuple
    stop: tuple
    is_open: tuple

    @property
    def slices(self):
        """The vertices in the whole."""
        return tuple(map(slice, self.start, self.stop))

    @property
    def shape(self):
        """Vertices along each axis."""
        return tuple(stop - start for start, stop in zip(self.start, self.stop, strict=True))

    def faces(self):
        """Return {name: (axis, layer)} of the open faces; neighbours give them the same name."""
        found = {}
        for axis, (before, behind) in enumerate(self.is_open):
            if before:
                before_this = (*self.place[:axis], self.place[axis] - 1, *self.place[axis + 1 :])
                found[(axis, *before_this)] = axis, 0
            if behind:
                found[(axis, *self.place)] = axis, self.shape[axis] - 1
        return found

    def number(self, vertex, shape):
        """Return flat vertices of the block as flat vertices of a whole of this shape."""
        numbers, stride = np.zeros(len(vertex), np.int64), 1
        left = np.maximum(vertex, 0)
        for n, start, size in zip(self.shape[::-1], self.start[::-1], shape[::-1], strict=True):
            left, place = np.divmod(left, n)
            numbers += stride * (place + start)
            stride *= size
        numbers[vertex == EXTERIOR] = EXTERIOR
        return numbers


def block_at(cuts, place):
    """Return the block at a place between cuts.

    Parameters
    ----------
    cuts : list of list of int
        For each axis 0 <= ... <= n - 1, at least two; the layers at the inner ones are shared.
    place : tuple of int
        Which block it is, along each axis.
    """
    at = list(zip(cuts, place, strict=True))
    return Block(
        place,
        tuple(cut[i] for cut, i in at),
        tuple(cut[i + 1] + 1 for cut, i in at),
        tuple((i > 0, i < len(cut) - 2) for cut, i in at),
    )


def blocks_of(cuts):
    """Return all blocks between cuts, in the order of memory; see `block_at`."""
    return [block_at(cuts, place) for place in product(*(range(len(cut) - 1) for cut in cuts))]


@dataclass(frozen=True, eq=False)
class Part:
    """What one block, or several that are joined, leave for the others, in one dimension.

    Attributes
    ----------
    vertex : (n,) int64 ndarray
        The vertices that are named below, ascending; EXTERIOR, which is -1, stands for all around
        the whole.
    value : (n,) float32 or float64 ndarray
        Their values.
    records : (m, 3) int64 ndarray
        Where two components meet, the younger minimum, the older one, as positions in vertex; in
        the order of the sweep.
    faces : dict of tuple to int64 ndarray
        The keys of each open face, as positions in vertex.
    oldest : (1,) int64 ndarray
        The vertex that is swept first, in dimension 0.
    oldest_value : (1,) ndarray
        Its value.
    """

    vertex: np.ndarray
    value: np.ndarray
    records: np.ndarray
    faces: dict
    oldest: np.ndarray
    oldest_value: np.ndarray

    @property
    def n_bytes(self):
        """Memory of the arrays."""
        arrays = [getattr(self, field.name) for field in fields(self) if field.name != "faces"]
        return sum(array.nbytes for array in [*arrays, *self.faces.values()])


@dataclass(frozen=True, eq=False)
class Ended:
    """Pairs that are final.

    Attributes
    ----------
    vertex : (n, 2) int64 ndarray
        (birth, death)
    value : (n, 2) float32 or float64 ndarray
        Their values.
    """

    vertex: np.ndarray
    value: np.ndarray

    @property
    def length(self):
        """How long each pair lives, in the precision of the values."""
        with np.errstate(over="ignore"):
            return abs(self.value[:, 0] - self.value[:, 1])

    def where(self, kept):
        """Return those pairs whose entry of kept is True."""
        return Ended(self.vertex[kept], self.value[kept])


# --------------------------------------------------------------------------------------------------
# A block
# --------------------------------------------------------------------------------------------------


def _ends(array, step):
    """Return the two ends of all edges along an offset, as views."""
    low = tuple(slice(max(0, -k), n - max(0, k)) for k, n in zip(step, array.shape, strict=True))
    high = tuple(slice(max(0, k), n - max(0, -k)) for k, n in zip(step, array.shape, strict=True))
    return array[low], array[high]


def _local_minima(layer, steps, is_dual):
    """Return which vertices of a layer are swept before their neighbours in it."""
    is_lowest = np.ones(layer.shape, dtype=bool)
    # Of equal values the smaller index is older; in a dual sweep the larger one.
    is_older = np.less if is_dual else np.less_equal
    for step in steps:
        if any(abs(k) >= n for k, n in zip(step, layer.shape, strict=True)):
            continue  # so thin that there are no such edges
        first_is_older = is_older(*_ends(layer, step))
        first, second = _ends(is_lowest, step)
        first &= first_is_older
        second &= ~first_is_older
    return is_lowest


def _find_keys(values, block, sweep):
    """Return {face: keys}, as flat vertices of the block, ascending."""
    keys = {}
    for name, (axis, layer) in block.faces().items():
        face = values[(slice(None),) * axis + (layer,)]
        steps = sweep.face_offsets(axis)
        found = np.flatnonzero(_local_minima(sweep.sign * face, steps, sweep.is_dual))
        stride = math.prod(values.shape[axis + 1 :])
        outer, inner = np.divmod(found, stride)
        keys[name] = (outer * values.shape[axis] + layer) * stride + inner
    return keys


def _union(arrays):
    """Return the integers of some arrays, ascending, each once."""
    # numpy.unique, which hashes them in newer versions, takes ten times as long.
    ordered = np.sort(np.concatenate([*arrays, np.empty(0, np.int64)]))
    is_new = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=is_new[1:])
    return ordered[is_new]


def sweep_block(values, block, sweeps, first=0):
    """Return {dim: (pairs, records, oldest, keys)} of a block, with its own flat vertices.

    Parameters
    ----------
    values : C-contiguous float32 or float64 ndarray of the shape of the block
    block : Block
    sweeps : list of Sweep
        That differ in their dimension alone.
    first : int, default=0
        Added to the vertices of pairs.

    Returns
    -------
    dict
        pairs : Pairs, whose sample is open; records and oldest: see ``image_block``.
        keys : dict of tuple to int64 ndarray, the keys of each open face.
    """
    keys = {sweep.dim: _find_keys(values, block, sweep) for sweep in sweeps}
    one = sweeps[0]
    kernel = image_block if one.ndim == 2 else volume_block
    found = kernel(
        values,
        {dim: _union(faces.values()) for dim, faces in keys.items()},
        one.superlevel,
        one.complex,
        block.is_open,
        first,
        one.keep_zero,
    )
    return {dim: (*found[dim], keys[dim]) for dim in keys}


def part_of_block(values, block, shape, sweep, records, oldest, keys):
    """Return the `Part` of a block of a whole of a shape, from what `sweep_block` returns."""
    flat = values.reshape(-1)
    vertex = _union([records.reshape(-1), *keys.values()])
    value = flat[vertex]
    value[vertex == EXTERIOR] = -np.inf * sweep.sign
    oldest = np.array([] if oldest is None else [oldest], dtype=np.int64)
    return Part(
        block.number(vertex, shape),
        value,
        np.searchsorted(vertex, records),
        {name: np.searchsorted(vertex, some) for name, some in keys.items()},
        block.number(oldest, shape),
        flat[oldest],
    )


# --------------------------------------------------------------------------------------------------
# Joining
# --------------------------------------------------------------------------------------------------


def join_parts(parts, sweep):
    """Join parts, in any order, beside each other or not.

    Parameters
    ----------
    parts : list of Part
    sweep : Sweep
        That of the parts.

    Returns
    -------
    part : Part
    ended : Ended
        Pairs that are final, and were not before.
    """
    met = Counter(name for part in parts for name in part.faces)
    vertex, at = np.unique(np.concatenate([part.vertex for part in parts]), return_index=True)
    value = np.concatenate([part.value for part in parts])[at]
    places = [np.searchsorted(vertex, part.vertex) for part in parts]
    faces = {
        name: place[keys]
        for part, place in zip(parts, places, strict=True)
        for name, keys in part.faces.items()
        if met[name] == 1
    }
    order = sweep.in_order(vertex, value)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    records = np.concatenate(
        [rank[place[part.records]] for part, place in zip(parts, places, strict=True)]
    )
    is_key = np.zeros(len(order), dtype=np.uint8)
    for keys in faces.values():
        is_key[rank[keys]] = 1
    kept, ended = join_records(records[np.argsort(records[:, 0], kind="stable")], is_key)

    is_named = is_key[rank] == 1
    is_named[order[kept]] = True
    position = np.cumsum(is_named) - 1
    part = Part(
        vertex[is_named],
        value[is_named],
        position[order[kept]],
        {name: position[keys] for name, keys in faces.items()},
        *_oldest(parts, sweep),
    )
    return part, _as_ended(vertex, value, order[ended], sweep)


def _oldest(parts, sweep):
    """Return the vertex of several parts that is swept first, and its value."""
    vertex = np.concatenate([part.oldest for part in parts])
    value = np.concatenate([part.oldest_value for part in parts])
    first = np.lexsort([vertex, sweep.sign * value])[:1]
    return vertex[first], value[first]


def _as_ended(vertex, value, pairs, sweep):
    """Return components that end as points of the diagram."""
    if sweep.is_dual:
        pairs = pairs[:, ::-1]
    ended = Ended(vertex[pairs], value[pairs])
    return ended if sweep.keep_zero else ended.where(ended.length != 0)


# --------------------------------------------------------------------------------------------------
# An array in memory, by several threads
# --------------------------------------------------------------------------------------------------


def pairs_in_blocks(values, sweeps, run, n_jobs):
    """Pair one image or volume in blocks that threads share; the result is that in one piece.

    Parameters
    ----------
    values : C-contiguous float32 or float64 ndarray
        With two axes, or with three that are longer than one vertex; fewer than 2**31 vertices.
    sweeps : list of Sweep
    run : callable
        Takes a list of callables without arguments and returns their results in order.
    n_jobs : int
        Threads.

    Returns
    -------
    {dim: Pairs}
    """
    cuts = [_cuts_in_memory(values.shape, n_jobs), *([0, n - 1] for n in values.shape[1:])]
    blocks = blocks_of(cuts)
    found = run([partial(_sweep_in_memory, values, block, sweeps) for block in blocks])
    joined = run(
        [partial(_join_in_memory, [one[sweep.dim] for one in found], sweep) for sweep in sweeps]
    )
    return {
        sweep.dim: sorted_together(parts, run, n_jobs)
        for sweep, parts in zip(sweeps, joined, strict=True)
    }


def _cuts_in_memory(shape, n_jobs):
    """Return where an array is cut into as many blocks as there are threads, or a multiple."""
    rounds = max(1, round(math.prod(shape) / (n_jobs * BLOCK_VERTICES[len(shape)])))
    rounds = min(rounds, shape[0] // (n_jobs * LEAST_LAYERS))
    n_blocks = n_jobs * rounds if rounds else max(1, shape[0] // LEAST_LAYERS)
    return [(shape[0] - 1) * i // n_blocks for i in range(n_blocks + 1)]


def _sweep_in_memory(values, block, sweeps):
    """Return {dim: (Pairs, Part)} of a block that is some layers of an array."""
    rows = values[block.slices]
    first = block.start[0] * (values.size // len(values))
    found = sweep_block(rows, block, sweeps, first)
    return {
        sweep.dim: (
            found[sweep.dim][0],
            part_of_block(rows, block, values.shape, sweep, *found[sweep.dim][1:]),
        )
        for sweep in sweeps
    }


def _join_in_memory(found, sweep):
    """Return Pairs, not sorted, that are together those of one dimension."""
    part, ended = join_parts([part for _, part in found], sweep)
    last = open_pairs(
        np.ascontiguousarray(ended.vertex), ended.length.astype(np.float64), part.oldest
    )
    return [*(pairs for pairs, _ in found), last]
