"""Distance matrices for filtrations: one matrix, a batch of matrices, or a list of any sizes."""

import math

import numpy as np

from .._kernels.rips.distances import find_bad_entry, longest_edge, symmetrize
from .._kernels.rips.prim import prim_tree_of_rows
from .._utils.arrays import as_floats, as_numbers, gather
from .._utils.memory import check_memory
from .._utils.namespace import namespace_of
from .base import Samples
from .point_clouds import ends_of, is_list_of_clouds

__all__ = ["DistanceMatrices", "as_distances", "check_rows"]

# What is rounding, as a fraction of the largest entry: how much two mirrored entries may differ,
# and how negative entries may be, by the number of bytes of an entry.
ASYMMETRY = {4: 1e-5, 8: 1e-9}
# How much the diagonal may differ from 0. Far from the origin torch.cdist, which subtracts squares
# of norms, returns thousandths of the largest distance there in float32.
DIAGONAL = 0.01


def _floors(dtype):
    """Return what mirrored entries may differ by and the diagonal may be, whatever the largest is.

    In 1 - cosine or in angles of parallel vectors all entries are roundings of 1, or roots of such.
    """
    unit = float(np.finfo(dtype).eps)
    return 16 * unit, 4 * math.sqrt(unit)


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
    exponent : 0
        Distances are in units of 2**exponent.
    shape, starts
        As in `Samples`.

    Raises
    ------
    TypeError
        If entries are not real numbers.
    ValueError
        If a matrix is empty, not square, has a NaN, or if by more than rounding it has a negative
        entry or a diagonal that is not zero, or is not symmetric. Infinite entries (no edge) are
        fine.
    """

    exponent = 0

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
            live, given = as_floats(matrix)
            plain = as_distances(given, its)
            if plain is not given and not namespace_of(live).has_gradients:
                live = plain.astype(live.dtype, copy=False)
            parts.append((live, plain))
        lives = [live for live, _ in parts]
        self._matrices = list(namespace_of(*lives).as_one_kind(*lives))
        self._plain = [plain for _, plain in parts]
        self.splits = ends_of([len(plain) for plain in self._plain])
        self.n_vertices = int(self.splits[-1])
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

        A vertex (v, v) has value zero, whatever is on the diagonal. Where the matrix is a tensor,
        half of the gradient flows to each of [i, j] and [j, i].
        """
        return [self._look_up(edges, splits) for edges, splits in found]

    def longest(self, max_edge):
        """Return the longest edges up to max_edge, (n_samples,); 0 where there is none."""
        if not self._matrices:
            return self.zeros(0)
        edges = [longest_edge(plain, max_edge) or (0, 0) for plain in self._plain]
        return self._look_up(np.array(edges, dtype=np.int64), np.arange(len(edges) + 1))[:, 0]

    def _look_up(self, edges, splits):
        if not self._matrices:
            return self.zeros(0, edges.shape[1] // 2)
        look_up = _live_entries if self.xp.has_gradients else _entries
        parts = np.split(edges, splits[1:-1])
        return self.xp.concat(
            [
                look_up(live, part[:, ::2], part[:, 1::2])
                for live, part in zip(self._matrices, parts, strict=True)
            ]
        )


def _entries(matrix, i, j):
    """Return matrix[i, j] of an array, for i and j of any shape."""
    return gather(matrix, np.ascontiguousarray(i * len(matrix) + j))


def _live_entries(matrix, i, j):
    """Do so for a tensor, as `symmetrize` computes it: the same numbers, with their gradient."""
    upper, lower = _entries(matrix, i, j), _entries(matrix, j, i)
    if upper.element_size() < 4:  # half precision is compared in single precision
        upper, lower = upper.float(), lower.float()
    middle = (upper + 0.5 * (lower - upper)).clamp(min=0)
    return namespace_of(middle).fill(middle, i == j, 0).to(matrix.dtype)


def _check_shape(shape, name):
    if len(shape) != 2 or shape[0] != shape[1]:
        raise ValueError(
            f"{name} must be a square matrix of distances for metric='precomputed', got shape "
            f"{shape}"
        )
    if shape[0] == 0:
        raise ValueError(f"a cloud must not be empty, got {name} of shape {shape}")


def as_distances(plain, name):
    """Return a matrix that holds distances exactly where plain does so up to rounding.

    Parameters
    ----------
    plain : (n, n) C-contiguous float32 or float64 ndarray
    name : str
        What to call it in an error.

    Returns
    -------
    (n, n) ndarray
        plain itself if it is symmetric, 0 on the diagonal, and not negative. Else a copy.

    Raises
    ------
    ValueError
        If plain has a NaN, or is not so by more than rounding.
    """
    if find_bad_entry(plain) is None:
        return plain
    check_memory(plain.nbytes, f"a copy of {name}, whose entries are not exactly distances,")
    distances, bad = symmetrize(plain, ASYMMETRY[plain.itemsize], DIAGONAL, *_floors(plain.dtype))
    if bad is None:
        return distances
    i, j = bad[::-1] if np.isnan(plain[bad[::-1]]) else bad
    entry = plain[i, j]
    where = f"{entry} at [{i}, {j}]"
    if np.isnan(entry):
        raise ValueError(f"{name} must have no NaN, got {where}; an edge that is missing is inf")
    if i == j:
        raise ValueError(f"{name} must have a diagonal of zeros, got {where}")
    if entry < 0 and entry == plain[j, i]:
        raise ValueError(f"{name} must hold distances of at least 0, got {where}")
    raise ValueError(
        f"{name} must be symmetric, got {where} and {plain[j, i]} at [{j}, {i}], which differ by "
        "more than rounding; if they come from torch.cdist, move the points to the origin, or use "
        "compute_mode='donot_use_mm_for_euclid_dist'"
    )


def check_rows(rows, diagonal, name):
    """Raise ValueError if rows of a matrix are no distances by more than rounding.

    Parameters
    ----------
    rows : (m, n) float64 ndarray
        Finite.
    diagonal : (m,) float64 ndarray
        Those of their entries that must be 0.
    name : str
        What to call the matrix in an error.
    """
    largest = abs(rows).max()
    least_asymmetry, least_diagonal = _floors(rows.dtype)
    if rows.min() < -max(ASYMMETRY[8] * largest, least_asymmetry):
        raise ValueError(f"{name} must hold distances of at least 0, got {rows.min()}")
    if abs(diagonal).max() > max(DIAGONAL * largest, least_diagonal):
        wrong = diagonal[abs(diagonal).argmax()]
        raise ValueError(f"{name} must have a diagonal of zeros, got {wrong}")
