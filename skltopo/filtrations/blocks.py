"""Level sets of one image or volume that is read block by block: it may be larger than memory."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from .._kernels.grids.ranges import rows_of
from .._utils.arrays import as_floats, as_numbers, check_finite
from .._utils.checks import check_integer, check_number, check_shape, is_integer
from .._utils.given import is_dask
from .._utils.namespace import is_tensor
from .._utils.parallel import effective_n_jobs, run
from .._utils.progress import check_verbose, counted, progress_bar
from .._utils.sorting import argsort_keys
from .._utils.typing import Dimensions, GridComplex
from ..diagrams import Diagram, DiagramBatch, Points
from .level_sets import LevelSet
from .parts import Ended, Sweep, block_at, join_parts, part_of_block, sweep_block

__all__ = ["BlockPass", "Source", "level_set_diagram_blocks"]

# Vertices of a block whose shape is not given.
BLOCK_VERTICES = 1 << 22
# Blocks that are swept between two rounds of joins, for each thread.
BLOCKS_PER_THREAD = 4
LOOPS_NEED_ALL = (
    "homology_dimensions of a volume in blocks must be among [0, 2], got 1: loops of a volume need "
    "a boundary matrix of the critical triangles and edges of all blocks to be reduced, because "
    "joining components does not tell where they end; LevelSet(ndim=3) does so where memory has "
    "about 40 bytes for each voxel"
)


def level_set_diagram_blocks(
    values: Any,
    *,
    block_shape: int | tuple[int, ...] | None = None,
    superlevel: bool = False,
    complex: GridComplex = "freudenthal",
    homology_dimensions: Dimensions = None,
    keep_zero: bool = False,
    min_length: float = 0.0,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> Diagram:
    """Compute the diagram of one line, image or volume that is read block by block.

    It is that of `LevelSet`, number by number and vertex by vertex, for arrays that memory does not
    hold: each block is read once, and leaves what its neighbours need to know, which grows with
    the surface of blocks. ``docs/larger_than_memory.md`` says what it costs.

    Parameters
    ----------
    values : array of 1, 2 or 3 axes
        Anything with a shape and a dtype that slices like an array: numpy.memmap, arrays of zarr,
        datasets of h5py, arrays of Dask. Finite real numbers, as in `LevelSet`. Fewer than 2**62
        vertices.
    block_shape : int or tuple of int, default=None
        Vertices of a block along each axis. Blocks share one layer with the next one, so what is
        read is one vertex longer where there is one. None: blocks of about 4 million vertices, of
        whole chunks where values has ``chunks``.
    superlevel : bool, default=False
        Sweep from high to low values, so that births are above deaths.
    complex : {"freudenthal", "cubical", "cubical_cells"}, default="freudenthal"
        How pixels are joined; see `LevelSet`.
    homology_dimensions : int or tuple of int, default=None
        Dimensions to compute. None for 0 and the last one, which are all that there are for lines
        and images. Loops, PD_1, of a volume can't be found in blocks.
    keep_zero : bool, default=False
        Keep points with death equal to birth if they pair two different vertices.
    min_length : float, default=0.0
        Points with a shorter |death - birth| are left out, as soon as they are found: the diagram
        of noise has a point for every seven vertices, which memory has to hold. Essential classes
        stay.
    n_jobs : int, default=None
        Threads, each of which holds one block. None is 1 unless in a joblib context, -1 is all
        cores. The result is the same for any value.
    verbose : int, default=0
        Above 0, a progress bar counts blocks.

    Returns
    -------
    Diagram
        Of arrays; vertices in ``pairs`` and ``essential`` are flat indices in the whole.

    Raises
    ------
    TypeError
        If values can't be sliced, are a tensor, or are not real numbers.
    ValueError
        If values are empty or have more than three axes, a block has a NaN or an infinity, a block
        is too large for a kernel, or a parameter is wrong.

    See Also
    --------
    skltopo.filtrations.LevelSet : For what fits in memory, batches, and tensors with gradients.

    Notes
    -----
    Two neighbours that are joined forget what only they shared. Blocks are joined as the leaves of
    a tree, so that few of them are held at a time. The head of ``_kernels/grids/blocks.pyx`` says
    why the diagram is exact.

    References
    ----------
    Bauer, Kerber, Reininghaus, Distributed computation of persistent homology, 2014. Garin, Heiss,
    Maggs, Bleile, Robins, Duality in persistent homology of images, 2020.

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo.filtrations import LevelSet, level_set_diagram_blocks
    >>> image = np.random.default_rng(0).random((100, 100))
    >>> diagram = level_set_diagram_blocks(image, block_shape=32)
    >>> diagram
    Diagram(H0: 1476 finite + 1 essential, H1: 1422 finite + 0 essential)
    >>> diagram == LevelSet(ndim=2)(image)
    True
    """
    source = Source(values, block_shape)
    checked = LevelSet(
        source.ndim,
        superlevel=superlevel,
        complex=complex,
        homology_dimensions=_default_dimensions(source.ndim, homology_dimensions),
        keep_zero=keep_zero,
        n_jobs=n_jobs,
    )
    min_length = check_number("min_length", min_length, 0)
    verbose = check_verbose(verbose)
    dims = checked.homology_dimensions
    if len(source.shape) == 3 and 1 in dims:
        raise ValueError(LOOPS_NEED_ALL)
    known = [dim for dim in dims if dim < len(source.shape)]
    sweeps = [Sweep(len(source.shape), dim, superlevel, complex, keep_zero) for dim in known]
    block_pass = BlockPass(source, sweeps, min_length)
    block_pass.run(effective_n_jobs(n_jobs), verbose)
    return block_pass.diagram(dims, superlevel)


def _default_dimensions(ndim, dims):
    """Return dims, or those that can be computed in blocks."""
    return tuple(sorted({0, ndim - 1})) if dims is None else dims


# --------------------------------------------------------------------------------------------------
# Where values come from
# --------------------------------------------------------------------------------------------------


class Source:
    """An array that is read block by block, as a grid of two or three axes.

    Axes of one vertex are left out of a volume, and a line is an image of one row: flat indices
    stay the same.

    Parameters
    ----------
    values : array
    block_shape : int, tuple of int or None

    Attributes
    ----------
    ndim : int
        Axes of values.
    shape : tuple of int
        Of the grid.
    cuts : list of list of int
        Where the grid is cut into blocks, along each axis; see `block_at`.
    dtype : dtype
        Of births and deaths; known when a block has been read.
    """

    def __init__(self, values, block_shape=None):
        _check_array(values)
        self._values = values
        full = tuple(int(n) for n in values.shape)
        block = _check_block_shape(block_shape, values, full)
        self.ndim = len(full)
        self._axes = [axis for axis in range(self.ndim) if self.ndim < 3 or full[axis] > 1]
        padding = (1,) * (2 - len(self._axes))
        self.shape = (*padding, *(full[axis] for axis in self._axes))
        steps = (*padding, *(block[axis] for axis in self._axes))
        self.cuts = [
            [*range(0, max(1, n - 1), step), n - 1]
            for n, step in zip(self.shape, steps, strict=True)
        ]
        self.dtype = None
        _check_block_size([min(step, n - 1) for n, step in zip(self.shape, steps, strict=True)])

    def read(self, block):
        """Return the values of a block: C-contiguous, float32 or float64, finite."""
        slices = [slice(0, 1)] * self.ndim
        for axis, part in zip(self._axes[::-1], block.slices[::-1], strict=False):
            slices[axis] = part
        name = f"values[{', '.join(f'{part.start}:{part.stop}' for part in slices)}]"
        given = self._values[tuple(slices)]
        # numpy would make an array without a mask of a Dask array.
        given = np.asanyarray(given.compute() if is_dask(given) else given)
        live, plain = as_floats(as_numbers(given, name))
        if plain.size != math.prod(block.shape):
            raise ValueError(
                f"values must slice like an array: {name} must have {math.prod(block.shape)} "
                f"entries, got shape {plain.shape}"
            )
        check_finite(plain, name)
        self.dtype = live.dtype
        return plain.reshape(block.shape)


def _check_array(values):
    """Raise TypeError or ValueError if values are no array of some axes that can be sliced."""
    if is_tensor(values) or not all(
        hasattr(values, name) for name in ("shape", "dtype", "__getitem__")
    ):
        raise TypeError(
            "values must be an array that can be sliced, such as a numpy.memmap or an array of "
            f"zarr, h5py or Dask, got {type(values).__name__}; LevelSet takes lists and tensors"
        )
    shape = values.shape
    if is_dask(values) and any(n != n for n in shape):  # NaN
        raise ValueError(
            f"values must be of known shape, got a Dask array of shape {shape}; "
            "values.compute_chunk_sizes() finds it"
        )
    if not 1 <= len(shape) <= 3 or not all(is_integer(n) for n in shape) or min(shape) < 1:
        raise ValueError(
            f"values must have 1, 2 or 3 axes and not be empty, got shape {shape}; it is one line, "
            "image or volume, and LevelSet takes batches"
        )
    if math.prod(map(int, shape)) >= 2**62:
        raise ValueError(f"values must have fewer than 2**62 vertices, got shape {shape}")


def _check_block_shape(block_shape, values, shape):
    """Return how many vertices a block has along each axis."""
    if block_shape is None:
        return _default_block(shape, getattr(values, "chunks", None))
    if is_integer(block_shape):
        return (check_integer("block_shape", block_shape, 1),) * len(shape)
    return check_shape("block_shape", block_shape, [len(shape)])


def _default_block(shape, chunks):
    """Return blocks that are about cubes, of whole chunks where there are some."""
    left, block = BLOCK_VERTICES, [1] * len(shape)
    for i, axis in enumerate(np.argsort(shape)):  # short axes first, others take what they leave
        block[axis] = min(shape[axis], max(1, round(left ** (1 / (len(shape) - i)))))
        left = max(1, left // block[axis])
    if isinstance(chunks, tuple) and len(chunks) == len(shape):
        sizes = [chunk[0] if isinstance(chunk, tuple) else chunk for chunk in chunks]
        block = [n // size * size or n for n, size in zip(block, sizes, strict=True)]
    return tuple(block)


def _check_block_size(shape):
    """Raise ValueError if a block, given by its last vertices, is too large for a kernel."""
    bits = 28 if len(shape) == 3 else 31
    if math.prod(n + 3 for n in shape) >= 2**bits:
        raise ValueError(
            f"a block must have fewer than 2**{bits} vertices with a border, got blocks of "
            f"{' x '.join(str(n + 1) for n in shape)}; give a smaller block_shape"
        )


# --------------------------------------------------------------------------------------------------
# One pass over all blocks
# --------------------------------------------------------------------------------------------------


def _tree(counts):
    """Return [place, joins] of the blocks of a grid in the order in which they are swept.

    Halves of the grid are leaves of a tree: ``joins`` says how many times the last two parts are
    joined after a block.
    """
    axis = int(np.argmax(counts))
    if counts[axis] == 1:
        return [[(0,) * len(counts), 0]]
    half = counts[axis] // 2
    first, second = (
        _tree((*counts[:axis], n, *counts[axis + 1 :])) for n in (half, counts[axis] - half)
    )
    for leaf in second:
        place = leaf[0]
        leaf[0] = (*place[:axis], place[axis] + half, *place[axis + 1 :])
    second[-1][1] += 1
    return first + second


class BlockPass:
    """Reads each block once, joins what blocks leave, and collects pairs.

    Parameters
    ----------
    source : Source
    sweeps : list of Sweep
        One for each dimension.
    min_length : float
        Shorter pairs are dropped.

    Attributes
    ----------
    most_bytes : int
        Most memory that parts took at a time, over all dimensions.
    n_vertices, n_keys, n_records : int
        Vertices that blocks left for others, keys of their faces, and records, over all blocks and
        dimensions.
    """

    def __init__(self, source, sweeps, min_length=0.0):
        self.source, self.sweeps, self.min_length = source, sweeps, min_length
        self.most_bytes = self.n_vertices = self.n_keys = self.n_records = 0
        # Parts that wait to be joined.
        self._parts: dict[int, list[Any]] = {sweep.dim: [] for sweep in sweeps}
        self._ended: dict[int, list[Any]] = {sweep.dim: [] for sweep in sweeps}
        self._last = []

    def run(self, n_jobs, verbose=0):
        """Sweep and join all blocks.

        Parameters
        ----------
        n_jobs : int
            Threads.
        verbose : int
            Above 0, a progress bar counts blocks.
        """
        leaves = _tree(tuple(len(cut) - 1 for cut in self.source.cuts))
        step = BLOCKS_PER_THREAD * n_jobs if n_jobs > 1 else 1
        with progress_bar(len(leaves), verbose, "block") as bar:
            for start in range(0, len(leaves), step):
                some = leaves[start : start + step]
                tasks = [partial(counted, partial(self._sweep, place), bar, 1) for place, _ in some]
                found = run(tasks, n_jobs)
                self._count(found)
                for left, (_, joins) in zip(found, some, strict=True):
                    self._add(left, joins)

    def _sweep(self, place):
        """Return ({dim: (Part, Ended)}, the last value) of a block."""
        block = block_at(self.source.cuts, place)
        values = self.source.read(block)
        flat = values.reshape(-1)
        swept = sweep_block(values, block, self.sweeps) if self.sweeps else {}
        found = {}
        for sweep in self.sweeps:
            pairs, *left = swept[sweep.dim]
            rows = rows_of(pairs)
            ended = self._long(Ended(rows, flat[rows]))
            vertex = block.number(ended.vertex.reshape(-1), self.source.shape).reshape(-1, 2)
            part = part_of_block(values, block, self.source.shape, sweep, *left)
            found[sweep.dim] = part, Ended(vertex, ended.value)
        return found, (values.min(), values.max())

    def _long(self, ended):
        return ended.where(ended.length >= self.min_length) if self.min_length > 0 else ended

    def _count(self, found):
        """Count what parts hold."""
        new = [part for left, _ in found for part, _ in left.values()]
        waiting = [part for parts in self._parts.values() for part in parts]
        self.most_bytes = max(self.most_bytes, sum(part.n_bytes for part in new + waiting))
        self.n_vertices += sum(len(part.vertex) for part in new)
        self.n_keys += sum(len(keys) for part in new for keys in part.faces.values())
        self.n_records += sum(len(part.records) for part in new)

    def _add(self, left, joins):
        """Take what a block leaves, and join the last two parts some times."""
        found, last = left
        self._last.append(last)
        for sweep in self.sweeps:
            part, ended = found[sweep.dim]
            parts, all_ended = self._parts[sweep.dim], self._ended[sweep.dim]
            parts.append(part)
            all_ended.append(ended)
            for _ in range(joins):
                part, ended = join_parts([parts.pop(), parts.pop()], sweep)
                parts.append(part)
                all_ended.append(self._long(ended))

    def diagram(self, dims, superlevel):
        """Return the `Diagram` of some dimensions; those that were not swept have no points."""
        points = {dim: self._points(dim) for dim in dims}
        last = None
        if any(len(part.births) for part in points.values()):
            lows, highs = zip(*self._last, strict=True)
            last = np.array([min(lows) if superlevel else max(highs)], dtype=self.source.dtype)
        return Diagram(DiagramBatch(points, (), superlevel, last))

    def _points(self, dim):
        """Return the `Points` of a dimension, whose parts are joined."""
        none = np.empty((0, 2), np.int64), np.empty((0, 2), self.source.dtype)
        parts = self._parts.get(dim)
        ended = self._ended.pop(dim, [])
        vertex = np.concatenate([none[0], *(some.vertex for some in ended)])
        value = np.concatenate([none[1], *(some.value for some in ended)])
        del ended
        order = _ranked(Ended(vertex, value))
        oldest, births = (parts[0].oldest, parts[0].oldest_value) if parts else (none[0][:, 0],) * 2
        return Points(
            finite=value[order].astype(self.source.dtype, copy=False),
            pairs=vertex[order],
            splits=np.array([0, len(order)]),
            births=births.astype(self.source.dtype),
            essential=oldest,
            essential_splits=np.array([0, len(oldest)]),
        )


def _ranked(ended):
    """Return the order of points in a diagram: the longest first, ties by birth, then by death."""
    # Floats that are not negative are in the order of their bits.
    bits = ended.length.astype(np.float64).view(np.int64)
    keys = [ended.vertex[:, 1], ended.vertex[:, 0], bits.max(initial=0) - bits]
    order = np.arange(len(bits))
    for key in keys:
        order = order[argsort_keys(np.ascontiguousarray(key[order]))]
    return order
