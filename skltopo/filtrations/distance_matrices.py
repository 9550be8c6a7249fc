"""Distance matrices for filtrations: one matrix, a batch of matrices, or a list of any sizes."""

import math

import numpy as np

from .._kernels.rips.dense_trees import dense_tree_pairs
from .._kernels.rips.distances import are_distances, find_bad_entry, longest_edge, symmetrize
from .._persistence import join_pairs
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
        # One array where there is one, else lists: matrices of a list may differ in size.
        if is_list_of_clouds(matrices):
            shape = (len(matrices),)
            parts = [_prepare(one, f"{name}[{i}]") for i, one in enumerate(matrices)]
            lives, self._plain = map(list, zip(*parts, strict=True))
            self._lives = list(namespace_of(*lives).as_one_kind(*lives))
            live = self._lives[0]
        else:
            array = as_numbers(matrices, name)
            shape = tuple(array.shape[:-2])
            live, self._plain = _prepare_batch(array, name)
            self._lives = live
        self.splits = ends_of([len(plain) for plain in self._plain])
        self.n_vertices = int(self.splits[-1])
        super().__init__(shape, self.splits[:-1], live)

    def matrix(self, i):
        """Return (matrix, whether its entries are squared lengths) of cloud i."""
        return self._plain[i], False

    def rows(self, i, start, stop):
        """Return the distances of points start to stop of cloud i to all its points."""
        return self._plain[i][start:stop]

    def tree_pairs(self, chunk, limit, keep_zero):
        """Return {0: Pairs} of matrices in a range, by edges up to limit."""
        chosen = self._plain[chunk.start : chunk.stop]
        batches = [one[None] for one in chosen] if isinstance(chosen, list) else [chosen]
        return join_pairs([dense_tree_pairs(batch, limit, keep_zero) for batch in batches])

    def values(self, found, n_jobs=1):
        """Return entries [i, j] of edges i < j, (m, k) for rows of k edges; see `Samples`.

        A vertex (v, v) has value zero, whatever is on the diagonal. Where the matrix is a tensor,
        half of the gradient flows to each of [i, j] and [j, i].
        """
        return [self._look_up(edges, splits) for edges, splits in found]

    def longest(self, max_edge):
        """Return the longest edges up to max_edge, (n_samples,); 0 where there is none."""
        edges = [longest_edge(plain, max_edge) or (0, 0) for plain in self._plain]
        edges = np.array(edges, dtype=np.int64).reshape(-1, 2)
        return self._look_up(edges, np.arange(len(edges) + 1))[:, 0]

    def _look_up(self, edges, splits):
        look_up = _live_entries if self.xp.has_gradients else _entries
        i, j = edges[:, ::2], edges[:, 1::2]
        if isinstance(self._lives, list):
            cuts = splits[1:-1]
            parts = zip(self._lives, np.split(i, cuts), np.split(j, cuts), strict=True)
            return self.xp.concat([look_up(live, 0, *ends) for live, *ends in parts])
        first = self._lives.shape[-1] * np.arange(self.n_samples)
        return look_up(self._lives, np.repeat(first, np.diff(splits))[:, None], i, j)


def _prepare(matrix, name):
    """Return one matrix as what diagrams gather from, and as what kernels read."""
    matrix = as_numbers(matrix, name)
    _check_shape(tuple(matrix.shape), name)
    live, given = as_floats(matrix)
    return _with_plain(live, given, as_distances(given, name))


def _prepare_batch(array, name):
    """Return (n_samples, n, n) arrays: what diagrams gather from, and what kernels read."""
    shape, sizes = tuple(array.shape[:-2]), tuple(array.shape[-2:])
    names = [f"{name}{list(i)}" if i else name for i in np.ndindex(*shape)]
    _check_shape(sizes, names[0] if names else name)
    live, given = as_floats(array.reshape(len(names), *sizes))
    if are_distances(given):
        return live, given
    check_memory(given.nbytes, f"a copy of {name}, whose entries are not exactly distances,")
    plain = np.empty_like(given)
    for one, matrix, its in zip(plain, given, names, strict=True):
        one[...] = as_distances(matrix, its)
    return _with_plain(live, given, plain)


def _with_plain(live, given, plain):
    """Return (live, plain) of numbers given as live and given; arrays are gathered from plain."""
    if plain is not given and not namespace_of(live).has_gradients:
        live = plain.astype(live.dtype, copy=False)
    return live, plain


def _entries(matrices, first, i, j):
    """Return entries [i, j] of matrices whose rows begin with row first of the whole batch."""
    return gather(matrices, np.ascontiguousarray((first + i) * matrices.shape[-1] + j))


def _live_entries(matrices, first, i, j):
    """Do so for tensors, as `symmetrize` computes it: the same numbers, with their gradient."""
    upper, lower = _entries(matrices, first, i, j), _entries(matrices, first, j, i)
    if upper.element_size() < 4:  # half precision is compared in single precision
        upper, lower = upper.float(), lower.float()
    middle = (upper + 0.5 * (lower - upper)).clamp(min=0)
    return namespace_of(middle).fill(middle, i == j, 0).to(matrices.dtype)


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
