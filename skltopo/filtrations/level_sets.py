"""LevelSet: persistence of functions on lines, images and volumes, by their level sets."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from .._kernels.grids.images import COMPLEXES, image_pairs
from .._kernels.grids.lines import line_pairs, long_line_pairs
from .._kernels.grids.volumes import volume_pairs
from .._persistence import Pairs, join_pairs
from .._utils.checks import check_integer, check_number, is_integer, refuse_colours
from .._utils.parallel import run
from .._utils.typing import Array, ArrayLike, Dimensions, GridComplex, Integers, Tensor
from ..diagrams import DiagramBatch
from .base import Filtration, VertexValues
from .basins import Grid, basins
from .parts import LEAST_LAYERS, Sweep, pairs_in_blocks

__all__ = ["LevelSet", "chunks_of"]

# Most vertices in one call of a kernel, since Ctrl-C is heard between calls.
CHUNK_VERTICES = 1 << 22
# Calls for each thread, so that none waits long for the last one.
CALLS_PER_THREAD = 4
# Fewest vertices for which a single line is cut into blocks, one for each thread.
LONG_LINE = 1 << 17
# The same for an image, or a volume without PD_1; a block has so many layers at least.
LARGE_GRID = 1 << 18


class LevelSet(Filtration):
    """Sublevel or superlevel set persistence of functions on a line, an image or a volume.

    Every vertex of a regular grid has a value; a simplex enters the filtration with the last of its
    vertices. Vertices with equal values enter in the order of their flat index, so the result is a
    function of the input alone.

    Parameters
    ----------
    ndim : {1, 2, 3}
        Number of axes of one sample, which are the last ones of the input: (..., length),
        (..., height, width) or (..., depth, height, width). Axes before them are a batch.
    superlevel : bool, default=False
        Sweep from high to low values, so that births are above deaths: for images in which bright
        pixels are foreground.
    complex : {"freudenthal", "cubical", "cubical_cells"}, default="freudenthal"
        How pixels are joined. "freudenthal": pixels are vertices of the grid triangulated along
        the diagonal (+1, +1) (6 neighbours, the paper's). "cubical": pixels are vertices of squares
        (4 neighbours; holes end diagonally). "cubical_cells": pixels are squares (8 neighbours), as
        in gudhi's ``top_dimensional_cells`` and giotto-tda. All three are the same on a line. In a
        volume voxels have 14 neighbours (the seven nonzero vectors of 0 and 1, and their
        negatives), 6 or 26.
    homology_dimensions : int or tuple of int, default=None
        Dimensions to compute, below ndim; None for all.
    keep_zero : bool, default=False
        Keep points with death equal to birth if they pair two different vertices.
    n_jobs : int, default=None
        Threads, which share a batch, the dimensions of one image, or the blocks of one long line,
        one large image, or one large volume without PD_1. None is 1 unless in a joblib context, -1
        is all cores. The result is the same for any value.

    See Also
    --------
    Energy : A functional of diagrams.
    level_set_diagram_blocks : The diagram of one array that is larger than memory.

    Notes
    -----
    Values are finite real numbers. float32 and float64 are used as they are, float16 is compared in
    float32, integers in float64. A sample has fewer than 2**31 vertices, a volume fewer than 2**28.
    Images have one value for each pixel: a last axis of 3 or 4 behind two axes of an image is taken
    for colours, and refused; `of_batch` is for narrow images. The diagrams do not keep the values.

    PD_0 and PD_1 are found without a boundary matrix: in O(n) for lines, O(n + s alpha(s)) for
    images with s saddles; so are PD_0 and PD_2 of volumes. PD_1 of volumes reduces a column for
    each critical triangle that a discrete gradient leaves. A volume that is one voxel thick is an
    image. The heads of ``lines.pyx``, ``images.pyx`` and ``volumes.pyx`` say how.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, section 2 (levelset
    persistence, the map omega_ls).

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo.filtrations import LevelSet
    >>> ring = np.array([[1, 1, 1, 0], [1, 0, 1, 0], [1, 1, 1, 0.5]])
    >>> diagram = LevelSet(ndim=2, superlevel=True)(ring)
    >>> diagram[1]
    array([[1., 0.]])
    >>> diagram.pairs[1]
    array([[10,  5]])

    Tensors come back as tensors, and gradients flow to the critical vertices:

    >>> import torch
    >>> image = torch.tensor(ring, requires_grad=True)
    >>> birth, death = LevelSet(ndim=2, superlevel=True)(image)[1][0]
    >>> (birth - death).backward()
    >>> image.grad.nonzero().tolist()
    [[1, 1], [2, 2]]

    In a volume PD_2 counts voids:

    >>> box = np.ones((5, 5, 5))
    >>> box[2, 2, 2] = 0
    >>> LevelSet(ndim=3, superlevel=True)(box)[2]
    array([[1., 0.]])
    """

    ndim: int
    complex: str

    _shown = ("ndim", "superlevel", "complex", "homology_dimensions")

    def __init__(
        self,
        ndim: int,
        *,
        superlevel: bool = False,
        complex: GridComplex = "freudenthal",
        homology_dimensions: Dimensions = None,
        keep_zero: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self._store(
            ndim=ndim,
            superlevel=superlevel,
            complex=complex,
            homology_dimensions=homology_dimensions,
            keep_zero=keep_zero,
            n_jobs=n_jobs,
        )

    def _check_parameters(self):
        if not is_integer(self.ndim) or self.ndim not in (1, 2, 3):
            raise ValueError(f"ndim must be 1, 2 or 3, got {self.ndim!r}")
        if not isinstance(self.complex, str) or self.complex not in COMPLEXES:
            raise ValueError(f"complex must be one of {sorted(COMPLEXES)}, got {self.complex!r}")

    def _known_dimensions(self):
        return range(self.ndim), f" of a grid with ndim={self.ndim}"

    def _check(self, values):
        return VertexValues(values, self.ndim, self._check_shape)

    def _check_shape(self, shape):
        """Raise ValueError for a wrong shape, before memory is taken."""
        if len(shape) < self.ndim:
            raise ValueError(
                f"values must have at least {self.ndim} axes for ndim={self.ndim}, "
                f"got shape {shape}"
            )
        if self.ndim == 2:
            refuse_colours(shape, "values", "a batch of narrow images may be values[:, None]")
        sample_shape = shape[len(shape) - self.ndim :]
        if 0 in sample_shape:
            raise ValueError(f"a sample must not be empty, got values of shape {shape}")
        bits = 28 if self.ndim == 3 and min(sample_shape) > 1 else 31
        if math.prod(n + 2 for n in sample_shape) >= 2**bits:
            raise ValueError(
                f"a sample must have fewer than 2**{bits} vertices, got shape {sample_shape}"
            )

    def of_batch(self, samples: Array | Tensor) -> DiagramBatch:
        """Compute the diagrams of samples of any width: their last axis is not one of colours.

        Parameters
        ----------
        samples : (n, ...) ndarray or torch.Tensor

        Returns
        -------
        DiagramBatch
        """
        return self(samples[:, None]).flat()

    def label(
        self,
        values: ArrayLike,
        *,
        n_components: int | None = None,
        min_length: float = 0.0,
        background: float | None = None,
    ) -> Integers:
        """Return to which component of PD_0 each vertex belongs: a segmentation.

        The components that are kept are the most persistent ones. The grid is flooded from the
        vertices at which they are born, in the order of the filtration, so that every vertex
        belongs to one of them: these are the basins of the minima that are kept, or of the maxima
        of superlevel sets.

        Parameters
        ----------
        values : (..., height, width) array-like or torch.Tensor
            Or as `ndim` says. Axes before those of a sample are a batch.
        n_components : int, default=None
            Number of components that are kept at most; None for all.
        min_length : float, default=0.0
            Components with a shorter |death - birth|, in the unit of the values, are not kept. The
            essential one always is.
        background : float, default=None
            Vertices whose values enter after it (above it, or below it if superlevel) belong to no
            component. None: there are none.

        Returns
        -------
        int64 ndarray of the shape of values
            0 for the essential component, then 1, 2, ... for the points of PD_0 in their order, the
            most persistent first; -1 for background.

        Raises
        ------
        TypeError, ValueError
            If a parameter or the values are wrong.

        See Also
        --------
        skltopo.TopoDenoiser : Removes all maxima but a few; it labels images of one shape.

        Examples
        --------
        >>> import numpy as np
        >>> from skltopo.filtrations import LevelSet
        >>> signal = np.array([0.0, 3.0, 1.0, 5.0, 4.0, 4.5])
        >>> LevelSet(ndim=1, superlevel=True).label(signal)
        array([1, 1, 0, 0, 0, 2])
        >>> LevelSet(ndim=1, superlevel=True).label(signal, min_length=1.0, background=2.0)
        array([-1,  1, -1,  0,  0,  0])
        """
        if n_components is not None:
            n_components = check_integer("n_components", n_components, 1)
        min_length = check_number("min_length", min_length, 0)
        if background is not None:
            background = check_number("background", background)
        samples = self._check(values)
        plain, sign = samples.plain, 1.0 if self.superlevel else -1.0
        labels = np.empty(plain.shape, dtype=np.int64)
        if samples.n_samples:
            roots = self._roots(plain, n_components, min_length)
            grid = Grid(plain.shape[1:], self.complex)
            flooded = [
                partial(_label, grid, sign, image, root, out)
                for image, root, out in zip(plain, roots, labels, strict=True)
            ]
            run(flooded, self._threads(samples))
        if background is not None:
            labels[sign * plain < sign * background] = -1
        return labels.reshape(*samples.shape, *plain.shape[1:])

    def _roots(self, plain, n_components, min_length):
        """Return the vertices at which the components that are kept are born, for each sample."""
        components = type(self)(**{**self.get_params(), "homology_dimensions": 0})
        roots = []
        for diagram in components.of_batch(plain):
            births, deaths = diagram.finite(0).T.astype(np.float64)
            # Halves, because the difference of floats may overflow.
            kept = np.abs(deaths / 2 - births / 2) >= min_length / 2
            pairs = diagram.pairs[0][kept, 0]
            roots.append(np.concatenate([diagram.essential[0], pairs])[:n_components])
        return roots

    def _find(self, samples, n_jobs):
        plain = samples.plain
        if self.ndim == 1 and n_jobs > 1 and plain.shape[1] >= LONG_LINE > len(plain) > 0:
            threads = partial(run, n_jobs=n_jobs)
            return join_pairs(
                [
                    long_line_pairs(line, self.superlevel, self.keep_zero, threads, n_jobs)
                    for line in plain
                ]
            )
        thick = tuple(n for n in plain.shape[1:] if n > 1)
        if self.ndim == 3 and len(thick) < 3:
            # The duality behind PD_2 needs the true dimension; flat indices stay the same.
            plain = plain.reshape(len(plain), *(1, 1, *thick)[-2:])
        # The dimensions of one image are independent sweeps, so that two threads can share it.
        dims = self.homology_dimensions
        groups = [(dim,) for dim in dims] if plain.ndim == 3 and n_jobs > 1 else [dims]
        if len(plain) * len(groups) < n_jobs and self._can_be_cut(plain.shape[1:]):
            return self._find_in_blocks(plain, n_jobs)
        chunks = chunks_of(plain, n_jobs)
        found = run(
            [
                partial(self._pair_chunk, plain[chunk], group)
                for group in groups
                for chunk in chunks
            ],
            n_jobs,
        )
        joined: dict[int, Pairs] = {}
        for i in range(0, len(found), len(chunks)):
            joined |= join_pairs(found[i : i + len(chunks)])
        return joined

    def _can_be_cut(self, shape):
        """Tell whether a sample is large enough for blocks, and they have all dimensions."""
        return (
            len(shape) > 1
            and math.prod(shape) >= LARGE_GRID
            and shape[0] >= 2 * LEAST_LAYERS
            and set(self.homology_dimensions) <= {0, len(shape) - 1}
        )

    def _find_in_blocks(self, plain, n_jobs):
        """Pair each sample in blocks, which all threads share."""
        sweeps = [
            Sweep(plain.ndim - 1, dim, self.superlevel, self.complex, self.keep_zero)
            for dim in self.homology_dimensions
        ]
        threads = partial(run, n_jobs=n_jobs)
        return join_pairs([pairs_in_blocks(sample, sweeps, threads, n_jobs) for sample in plain])

    def _pair_chunk(self, chunk, dims):
        """Call the kernel for a few samples."""
        if chunk.ndim == 2:
            return line_pairs(chunk, self.superlevel, self.keep_zero)
        kernel = volume_pairs if chunk.ndim == 4 else image_pairs
        return kernel(chunk, dims, self.superlevel, self.complex, self.keep_zero)


def _label(grid, sign, image, roots, out):
    """Write the basins of an image to out."""
    out[...] = basins(grid, sign * image.ravel().astype(np.float64), roots).reshape(out.shape)


def chunks_of(plain, n_jobs):
    """Return the slices of a batch that are calls of a kernel, at least one."""
    chunk = max(1, CHUNK_VERTICES // math.prod(plain.shape[1:]))
    if n_jobs > 1:
        chunk = min(chunk, -(-len(plain) // (CALLS_PER_THREAD * n_jobs)) or 1)
    return [slice(start, start + chunk) for start in range(0, len(plain) or 1, chunk)]
