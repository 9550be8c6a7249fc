"""The border between users' point clouds and kernels: one cloud, a batch, or a ragged list."""

import math

import numpy as np

from .._kernels.functionals.lengths import edge_lengths
from .._utils.arrays import as_floats, as_numbers, check_finite, is_tensor

__all__ = ["Clouds", "ends_of", "is_list_of_clouds"]


def _n_axes(sample):
    return sample.ndim if hasattr(sample, "ndim") else np.ndim(sample)


def is_list_of_clouds(points):
    """Tell a list of clouds, which may differ in size, from one cloud given as nested lists."""
    if not isinstance(points, (list, tuple)) or len(points) == 0:
        return False
    try:
        return _n_axes(points[0]) >= 2
    except ValueError:  # a ragged first element: left to the check of the array
        return False


class Clouds:
    """Point clouds one after the other, as kernels and gathers want them.

    Parameters
    ----------
    points : (..., n, d) array-like or torch.Tensor, or list of (n_i, d) ones
        Axes before the last two, or the list, are a batch. Clouds of a list may differ in n.
    name : str, default="points"
        What to call it in an error.

    Attributes
    ----------
    live : (n_total, d) ndarray or torch.Tensor
        Floating point, in its own dtype; a tensor keeps its graph.
    plain : (n_total, d) C-contiguous float64 ndarray
    splits : (n_clouds + 1,) int64 ndarray
        Cloud i has the rows splits[i]:splits[i + 1].
    shape : tuple of int
        Axes of the batch; () for a single cloud.

    Raises
    ------
    TypeError
        If points are not real numbers.
    ValueError
        If points are ragged, empty, not finite, or differ in dimension.
    """

    def __init__(self, points, name="points"):
        if is_list_of_clouds(points):
            clouds = [as_numbers(cloud, f"{name}[{i}]") for i, cloud in enumerate(points)]
            self.shape = (len(clouds),)
            numbers = _concatenate(clouds, name)
            sizes = [len(cloud) for cloud in clouds]
        else:
            numbers = as_numbers(points, name)
            if numbers.ndim < 2:
                raise ValueError(
                    f"{name} must have shape (n_points, n_dimensions), or more axes for a batch, "
                    f"got shape {tuple(numbers.shape)}; one coordinate each is {name}[:, None]"
                )
            *shape, n, d = numbers.shape
            self.shape = tuple(shape)
            if n == 0 or d == 0:
                raise ValueError(f"a cloud must not be empty, got {name} of shape {(*shape, n, d)}")
            n_clouds = math.prod(shape)
            sizes = [n] * n_clouds
            if shape:
                numbers = numbers.reshape(n_clouds * n, d)
        self.live, plain = as_floats(numbers)
        check_finite(plain, name)
        self.plain = plain if plain.dtype == np.float64 else plain.astype(np.float64)
        self.n_clouds = len(sizes)
        self.splits = np.array([0, sizes[0]]) if self.n_clouds == 1 else ends_of(sizes)
        self.is_tensor = is_tensor(self.live)

    @property
    def n_dimensions(self):
        """Number of coordinates of a point."""
        return self.plain.shape[1]

    def __getitem__(self, i):
        """Return the plain points of cloud i."""
        return self.plain[self.splits[i] : self.splits[i + 1]]

    def number(self, index, splits):
        """Return index, which counts points within their cloud, counting in the whole batch.

        Parameters
        ----------
        index : (n_rows, n_columns) int64 ndarray
        splits : (n_clouds + 1,) int64 ndarray
            Cloud i has the rows splits[i]:splits[i + 1] of index.
        """
        if self.n_clouds == 1:
            return index
        return index + np.repeat(self.splits[:-1], np.diff(splits))[:, np.newaxis]

    def gather(self, index):
        """Return live[index]: (n_rows, n_columns, d)."""
        if self.is_tensor:
            import torch

            flat = torch.from_numpy(index.reshape(-1)).to(self.live.device)
            return self.live.index_select(0, flat).reshape(*index.shape, self.n_dimensions)
        return self.live[index]

    def edge_values(self, pairs):
        """Return births and deaths of flag filtrations: lengths of critical edges.

        Parameters
        ----------
        pairs : list of (m, 2 k) int64 ndarray
            k edges (u, v) in each row, numbered in the whole batch.

        Returns
        -------
        list of (m, k) ndarray or torch.Tensor
            Differentiable where the points are a tensor; the gradient of an edge between
            coincident points is zero.
        """
        if not self.is_tensor:
            return [self._measure(edges) for edges in pairs]
        from .edge_lengths import compiled_edge_lengths, edge_lengths_by_torch

        if self.live.device.type == "cpu":
            return list(compiled_edge_lengths(self.live, self.plain, pairs))
        return [edge_lengths_by_torch(self.live, edges) for edges in pairs]

    def _measure(self, edges):
        out = np.empty((len(edges), edges.shape[1] // 2))
        edge_lengths(self.plain, edges, out)
        return out if self.live.dtype == np.float64 else out.astype(self.live.dtype)

    def zeros(self, *shape):
        """Return zeros of the kind of the points: births of vertices."""
        if self.is_tensor:
            return self.live.new_zeros(shape)
        return np.zeros(shape, dtype=self.live.dtype)


def resolve_dimensions(max_dim, homology_dimensions):
    """Return the dimensions up to max_dim to compute, all of them for None, or raise."""
    if isinstance(max_dim, bool) or not isinstance(max_dim, (int, np.integer)):
        raise TypeError(f"max_dim must be an integer, got {max_dim!r}")
    if max_dim < 0:
        raise ValueError(f"max_dim must be at least 0, got {max_dim}")
    known = range(max_dim + 1)
    if homology_dimensions is None:
        return tuple(known)
    for dim in homology_dimensions:
        if dim not in known:
            raise ValueError(
                f"homology_dimensions for max_dim={max_dim} must be among {list(known)}, "
                f"got {dim!r}"
            )
    return tuple(homology_dimensions)


def ends_of(sizes):
    """Return where runs of these sizes end, with 0 before: (n + 1,) int64."""
    return np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64)


def _concatenate(clouds, name):
    for i, cloud in enumerate(clouds):
        if cloud.ndim != 2 or 0 in cloud.shape:
            raise ValueError(
                f"{name}[{i}] must have shape (n_points, n_dimensions) and not be empty, "
                f"got shape {tuple(cloud.shape)}"
            )
        if cloud.shape[1] != clouds[0].shape[1]:
            raise ValueError(
                f"all clouds must have the same dimension, got {clouds[0].shape[1]} in {name}[0] "
                f"and {cloud.shape[1]} in {name}[{i}]"
            )
    if any(is_tensor(cloud) for cloud in clouds):
        import torch

        return torch.cat([torch.as_tensor(cloud) for cloud in clouds])
    return np.concatenate(clouds)
