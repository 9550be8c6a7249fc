"""The border between users' point clouds and kernels: one cloud, a batch, or a ragged list."""

import math
from functools import cached_property

import numpy as np

from ._arrays import as_floats, as_numbers, check_finite, is_tensor
from ._lengths import edge_lengths

__all__ = ["Clouds", "ends_of"]


def _n_axes(sample):
    return sample.ndim if hasattr(sample, "ndim") else np.ndim(sample)


def _is_list_of_clouds(points):
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
        if _is_list_of_clouds(points):
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
        self.splits = np.array([0, sizes[0]]) if len(sizes) == 1 else ends_of(sizes)

    @property
    def n_dimensions(self):
        """Number of coordinates of a point."""
        return self.plain.shape[1]

    @property
    def n_clouds(self):
        """Number of clouds over all axes of the batch."""
        return len(self.splits) - 1

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

    @cached_property
    def _plain_live(self):
        """Live points that the compiled gather can read, or None."""
        if is_tensor(self.live) or self.live.dtype not in (np.float32, np.float64):
            return None
        return np.ascontiguousarray(self.live)

    def gather(self, index):
        """Return live[index]: (n_rows, n_columns, d)."""
        if is_tensor(self.live):
            import torch

            flat = torch.from_numpy(index.reshape(-1)).to(self.live.device)
            return self.live.index_select(0, flat).reshape(*index.shape, self.n_dimensions)
        return self.live[index]

    def lengths(self, edges):
        """Return the lengths of edges, differentiable where the points are a tensor.

        Parameters
        ----------
        edges : (m, 2 k) int64 ndarray
            k edges (u, v) in each row, numbered in the whole batch.

        Returns
        -------
        (m, k) ndarray or torch.Tensor
            The gradient at coincident points is zero.
        """
        if is_tensor(self.live):
            import torch

            ends = self.gather(edges).unflatten(1, (-1, 2))
            # Twice the precision where it is single, so that lengths keep the order of the pairs.
            if ends.dtype != torch.float64:
                ends = ends.double()
            lengths = torch.linalg.vector_norm(ends[:, :, 0] - ends[:, :, 1], dim=-1)
            return lengths.to(self.live.dtype)
        shape = (len(edges), edges.shape[1] // 2)
        live = self._plain_live
        if live is None:
            out = np.empty(shape)
            edge_lengths(self.plain, edges, out)
            return out.astype(self.live.dtype)
        out = np.empty(shape, dtype=live.dtype)
        edge_lengths(live, edges, out)
        return out

    def zeros(self, n):
        """Return n zeros of the kind of the points: births of vertices."""
        if is_tensor(self.live):
            return self.live.new_zeros(n)
        return np.zeros(n, dtype=self.live.dtype)

    def pad_zeros(self, deaths):
        """Return (n, 2) births and deaths of components, from (n, 1) deaths."""
        if is_tensor(deaths):
            import torch

            return torch.nn.functional.pad(deaths, (1, 0))
        out = np.zeros((len(deaths), 2), dtype=deaths.dtype)
        out[:, 1:] = deaths
        return out


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
