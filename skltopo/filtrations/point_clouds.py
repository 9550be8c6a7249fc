"""Point clouds for filtrations: one cloud, a batch of clouds, or a list of clouds of any sizes."""

import math
from functools import cached_property

import numpy as np

from .._kernels.functionals.lengths import edge_lengths
from .._utils.arrays import as_floats, as_numbers, bound_of_squares, check_finite
from .._utils.checks import is_integer
from .._utils.namespace import namespace_of
from .._utils.parallel import effective_n_jobs
from .base import Filtration, Samples

__all__ = ["Clouds", "PointFiltration", "ends_of", "is_list_of_clouds"]

# No triangulation of points in more dimensions can be held.
MOST_DIMENSIONS = 100
# A distance that no dtype is too narrow for.
SAFE = 6e4


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


class Clouds(Samples):
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
    splits : (n_samples + 1,) int64 ndarray
        Cloud i has the rows splits[i]:splits[i + 1].
    squares : float
        At least the sum of the squares of all coordinates; infinite where that overflows.
    shape, starts
        As in `Samples`.

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
            shape = (len(clouds),)
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
            if n == 0 or d == 0:
                raise ValueError(f"a cloud must not be empty, got {name} of shape {(*shape, n, d)}")
            n_clouds = math.prod(shape)
            sizes = [n] * n_clouds
            if shape:
                numbers = numbers.reshape(n_clouds * n, d)
        live, plain = as_floats(numbers)
        self.squares = bound_of_squares(plain)
        if not self.squares < np.inf:
            check_finite(plain, name)
        self.plain = plain if plain.dtype == np.float64 else plain.astype(np.float64)
        self.n_vertices = len(plain)
        self.splits = np.array([0, sizes[0]]) if len(sizes) == 1 else ends_of(sizes)
        super().__init__(shape, self.splits[:-1], live)
        # No distance of points exceeds the root of this.
        self._are_near = 4 * self.n_dimensions * self.squares <= SAFE**2

    @cached_property
    def largest(self):
        """The largest coordinate by absolute value."""
        return float(max(self.plain.max(initial=0), -self.plain.min(initial=0)))

    @property
    def n_dimensions(self):
        """Number of coordinates of a point."""
        return self.plain.shape[1]

    def __getitem__(self, i):
        """Return the plain points of cloud i."""
        return self.plain[self.splits[i] : self.splits[i + 1]]

    def part(self, start, stop):
        """Return a copy of clouds start to stop - 1, as a batch."""
        part = object.__new__(type(self))
        part.__dict__.update(self.__dict__)
        if stop - start == self.n_samples:
            part.live = self.xp.copy(self.live)
            part.plain = part.live if self.plain is self.live else self.plain.copy()
            return part
        rows = slice(self.splits[start], self.splits[stop])
        part.live = self.xp.copy(self.live[rows])
        part.plain = part.live if self.plain is self.live else self.plain[rows].copy()
        part.splits = self.splits[start : stop + 1] - rows.start
        part.starts = part.splits[:-1]
        part.shape = (stop - start,)
        return part

    def last(self, superlevel):
        """Raise NotImplementedError: only a filtration knows what enters last."""
        raise NotImplementedError(
            "a filtration of points defines _last_values where essential classes are clipped"
        )

    def gather(self, index):
        """Return live[index]: (n_rows, n_columns, d)."""
        return self.xp.take(self.live, index)

    def values(self, found, n_jobs=1):
        """Return the lengths of edges, the values of flag filtrations; see `Samples`.

        They are differentiable where the points are a tensor; the gradient of an edge between
        coincident points is zero.
        """
        return self.lengths([self.number(rows, splits) for rows, splits in found])

    def lengths(self, edges):
        """Return lengths of edges that are numbered in the whole batch.

        Parameters
        ----------
        edges : list of (m, 2 k) int64 ndarray
            k edges (u, v) in each row.

        Returns
        -------
        list of (m, k) ndarray or torch.Tensor
        """
        if self.xp.has_gradients:
            from .edge_lengths import live_edge_lengths

            return [self.narrow(part) for part in live_edge_lengths(self.live, self.plain, edges)]
        return [self.narrow(edge_lengths(self.plain, rows)) for rows in edges]

    def _may_overflow(self):
        """Tell whether points may be farther apart than the greatest number of their dtype."""
        most = 2 * self.largest * math.sqrt(self.n_dimensions)
        return not self._are_near and most > SAFE and most > self.xp.greatest(self.live)

    def narrow(self, lengths):
        """Return lengths in the dtype of the points, or raise ValueError where that overflows."""
        if not self._may_overflow():
            return self.xp.cast(lengths, self.live)
        with np.errstate(over="ignore"):
            narrow = self.xp.cast(lengths, self.live)
        if not np.isfinite(self.xp.plain(narrow)).all():
            raise ValueError(
                f"distances of points that are as large as {self.largest:g} overflow "
                f"{self.live.dtype}; scale the points, or give float64"
            )
        return narrow


class PointFiltration(Filtration):
    """Base of filtrations of points, in which max_dim limits the homology dimensions.

    It is called with points of shape (..., n, d), an array or a tensor of finite real numbers, or
    with a list of (n_i, d) clouds that may differ in n. Axes before the last two, or the list, are
    a batch.
    """

    max_dim: int

    _shown: tuple[str, ...] | None = ("max_dim", "homology_dimensions")

    def _known_dimensions(self):
        max_dim = self.max_dim
        if not is_integer(max_dim):
            raise TypeError(f"max_dim must be an integer, got {max_dim!r}")
        if not 0 <= max_dim <= MOST_DIMENSIONS:
            raise ValueError(
                f"max_dim must be at least 0 and at most {MOST_DIMENSIONS}, got {max_dim}"
            )
        return range(max_dim + 1), f" for max_dim={max_dim}"

    def _check(self, points):
        return Clouds(points)

    def _widths(self, dim):
        return 2, 2

    def _threads(self, samples):
        # Only batches take several. joblib needs as long to tell as 10 points to be paired.
        return effective_n_jobs(self.n_jobs) if samples.n_samples > 1 else 1


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
    xp = namespace_of(*clouds)
    return xp.concat(xp.as_one_kind(*clouds))
