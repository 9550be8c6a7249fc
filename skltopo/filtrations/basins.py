"""Basins of the maxima of a function on a grid: a segmentation.

The grid is flooded from the maxima that are kept, from above: the highest vertex that touches a
flooded one is next, and its highest flooded neighbour becomes its parent. The trees of this forest
are the basins.
"""

import numpy as np

from .._kernels.fits.monotone import flood

__all__ = ["Grid", "basins"]


class Grid:
    """Neighbours in a grid of a shape. A border of one pixel gives every pixel all neighbours."""

    def __init__(self, shape, complex):
        self.shape = shape
        self.is_line = sum(n > 1 for n in shape) <= 1
        self._padded = tuple(n + 2 for n in shape)
        inside = np.zeros(self._padded, dtype=bool)
        inside[(slice(1, -1),) * len(shape)] = True
        self._inside = np.flatnonzero(inside)
        self._outside = (~inside).ravel().astype(np.uint8)
        number = np.empty(inside.size, dtype=np.int64)
        number[self._inside] = np.arange(len(self._inside))
        self._number = number
        strides = [int(np.prod(self._padded[axis + 1 :])) for axis in range(len(shape))]
        self._steps = _offsets(len(shape), complex) @ np.array(strides, dtype=np.int64)

    def flood(self, first, second, roots):
        """Flood the grid from its roots; see ``_kernels/fits/monotone.pyx``.

        Pixels are numbered without the border.
        """
        order, parent = flood(
            self._pad(first), self._pad(second), self._steps, self._inside[roots], self._outside
        )
        return self._number[order], parent

    def _pad(self, values):
        padded = np.zeros(len(self._outside))
        padded[self._inside] = values
        return padded


def basins(grid, image, roots):
    """Return to which root each vertex belongs in the flood of an image from its roots.

    Parameters
    ----------
    grid : Grid
    image : (n,) float64 ndarray
        Values, in the order of flat indices.
    roots : (n_roots,) int64 ndarray
        Distinct vertices.

    Returns
    -------
    (n,) int64 ndarray
        Positions in roots.
    """
    order, parent = grid.flood(image, image, roots)
    root = np.where(parent < 0, np.arange(len(parent)), parent)
    while not np.array_equal(root, above := root[root]):  # half as many steps to go
        root = above
    number = np.empty(len(image), dtype=np.int64)
    number[roots] = np.arange(len(roots))
    labels = np.empty(len(image), dtype=np.int64)
    labels[order] = number[order[root]]
    return labels


def _offsets(ndim, complex):
    """Return the offsets of neighbours, as rows."""
    steps = np.stack(np.meshgrid(*[(-1, 0, 1)] * ndim, indexing="ij"), axis=-1).reshape(-1, ndim)
    if complex == "freudenthal":
        kept = (steps >= 0).all(axis=1) | (steps <= 0).all(axis=1)
    elif complex == "cubical":
        kept = np.abs(steps).sum(axis=1) == 1
    else:
        kept = np.ones(len(steps), dtype=bool)
    return steps[kept & steps.any(axis=1)].astype(np.int64)
