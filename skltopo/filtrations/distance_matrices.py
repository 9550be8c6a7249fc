"""Distance matrices for filtrations: one matrix, a batch of matrices, or a list of any sizes."""

import math

import numpy as np

from .._kernels.rips.distances import find_bad_entry, longest_edge
from .._kernels.rips.prim import prim_tree_of_rows
from .._utils.arrays import as_floats, as_numbers, gather
from .base import Samples
from .point_clouds import ends_of, is_list_of_clouds

__all__ = ["DistanceMatrices"]


class DistanceMatrices(Samples):
    """Distance matrices, one for each sample.

    Parameters
    ----------
    matrices : (..., n, n) array-like or torch.Tensor, or list of (n_i, n_i) ones
    name : str, default="points"
        What to call it in an error.

    Attributes
    ----------
    splits : (n_samples + 1,) int64 ndarray
        Matrix i has splits[i + 1] - splits[i] points.
    shape, starts
        As in `Samples`.

    Raises
    ------
    TypeError
        If entries are not real numbers.
    ValueError
        If a matrix is empty, not square, has a NaN, a negative entry or a diagonal that is not
        zero, or is not symmetric. Infinite entries (no edge) are fine.
    """

    def __init__(self, matrices, name="points"):
        if is_list_of_clouds(matrices):
            shape = (len(matrices),)
            names = [f"{name}[{i}]" for i in range(len(matrices))]
            numbers = [as_numbers(one, its) for one, its in zip(matrices, names, strict=True)]
        else:
            array = as_numbers(matrices, name)
            shape = tuple(array.shape[:-2])
            names = [f"{name}{list(i)}" if i else name for i in np.ndindex(*shape)]
            numbers = list(array.reshape(math.prod(shape), *array.shape[-2:]))
            if not numbers:
                _check_shape(tuple(array.shape[-2:]), name)
        parts = []
        for matrix, its in zip(numbers, names, strict=True):
            _check_shape(tuple(matrix.shape), its)
            parts.append(as_floats(matrix))
            _check_entries(parts[-1][1], its)
        self._matrices = [live for live, _ in parts]
        self._plain = [plain for _, plain in parts]
        self.splits = ends_of([len(plain) for plain in self._plain])
        # Matrices may differ in size, so they are a list; what live is for is its kind.
        live = self._matrices[0] if parts else as_floats(array)[0]
        super().__init__(shape, self.splits[:-1], live)

    def matrix(self, i):
        """Return (matrix, whether its entries are squared lengths) of cloud i."""
        return self._plain[i], False

    def rows(self, i, start, stop):
        """Return the distances of points start to stop of cloud i to all its points."""
        return self._plain[i][start:stop]

    def tree(self, i):
        """Return (edges, lengths) of the minimum spanning tree of cloud i, shortest first."""
        plain = self._plain[i]
        return prim_tree_of_rows(len(plain), plain.__getitem__)

    def values(self, found, n_jobs=1):
        """Return entries [i, j] of edges i < j, (m, k) for rows of k edges; see `Samples`.

        They are differentiable where the matrix is a tensor. A vertex (v, v) has the value of the
        diagonal, zero.
        """
        return [self._look_up(edges, splits) for edges, splits in found]

    def longest(self, max_edge):
        """Return the longest edges up to max_edge, (n_samples,); 0 where there is none."""
        if not self._matrices:
            return self.zeros(0)
        edges = [longest_edge(plain, max_edge) or (0, 0) for plain in self._plain]
        entries = [live[edge] for live, edge in zip(self._matrices, edges, strict=True)]
        return self.xp.stack(entries)

    def _look_up(self, edges, splits):
        if not self._matrices:
            return self.zeros(0, edges.shape[1] // 2)
        return self.xp.concat(
            [
                gather(live, np.ascontiguousarray(part[:, ::2] * len(live) + part[:, 1::2]))
                for live, part in zip(self._matrices, np.split(edges, splits[1:-1]), strict=True)
            ]
        )


def _check_shape(shape, name):
    if len(shape) != 2 or shape[0] != shape[1]:
        raise ValueError(
            f"{name} must be a square matrix of distances for metric='precomputed', got shape "
            f"{shape}"
        )
    if shape[0] == 0:
        raise ValueError(f"a cloud must not be empty, got {name} of shape {shape}")


def _check_entries(plain, name):
    found = find_bad_entry(plain)
    if found is None:
        return
    i, j = found
    entry = plain[i, j]
    where = f"{entry} at [{i}, {j}]"
    if np.isnan(entry):
        raise ValueError(f"{name} must have no NaN, got {where}; an edge that is missing is inf")
    if entry < 0:
        raise ValueError(f"{name} must hold distances of at least 0, got {where}")
    if i == j:
        raise ValueError(f"{name} must have a diagonal of zeros, got {where}")
    raise ValueError(f"{name} must be symmetric, got {where} and {plain[j, i]} at [{j}, {i}]")
