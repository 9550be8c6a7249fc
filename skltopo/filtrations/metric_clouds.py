"""Point clouds with a metric: distances for kernels, and differentiable lengths for diagrams."""

import warnings

import numpy as np
from scipy.spatial.distance import cdist

from .._kernels.rips.distances import squared_distances
from .._kernels.rips.prim import prim_tree_of_rows
from .._kernels.rips.trees import euclidean_tree
from .._utils.namespace import namespace_of
from .point_clouds import Clouds

__all__ = ["MetricClouds", "check_metric"]

# Chunk size: cdist computes a matrix of distances, of which only the diagonal is kept.
CHUNK_EDGES = 32
# Largest coordinate for which squares of distances do not overflow.
LARGEST = 1e150


def _sqeuclidean(u, v):
    return ((u - v) ** 2).sum(-1)


def _cityblock(u, v):
    return abs(u - v).sum(-1)


def _chebyshev(u, v):
    steps = abs(u - v)
    return namespace_of(steps).amax(steps, -1)


def _cosine(u, v):
    return 1 - (u * v).sum(-1) / ((u**2).sum(-1) * (v**2).sum(-1)) ** 0.5


def _correlation(u, v):
    return _cosine(u - u.mean(-1)[..., None], v - v.mean(-1)[..., None])


#: Formulas of metrics, beside the Euclidean one, that torch can differentiate.
FORMULAS = {
    "sqeuclidean": _sqeuclidean,
    "cityblock": _cityblock,
    "chebyshev": _chebyshev,
    "cosine": _cosine,
    "correlation": _correlation,
}
EUCLIDEAN = ("euclidean", "minkowski")  # minkowski has p=2 by default


def check_metric(metric):
    """Raise TypeError or ValueError unless metric is a name of scipy's cdist or "precomputed"."""
    if not isinstance(metric, str):
        raise TypeError(
            f"metric must be the name of a metric, got {metric!r}; for distances of your own, "
            "metric='precomputed' takes a matrix"
        )
    if metric == "precomputed":
        return
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            cdist(np.eye(3), np.eye(3), metric)
        except ValueError as error:
            if "nknown" in str(error):
                raise ValueError(
                    "metric must be 'precomputed' or a metric of scipy.spatial.distance.cdist, "
                    f"got {metric!r}"
                ) from None
        except np.linalg.LinAlgError:  # mahalanobis, which is singular for these three points
            pass


class MetricClouds(Clouds):
    """Point clouds with the distances of a metric.

    Parameters
    ----------
    points : see `Clouds`
    metric : str
        A name that `check_metric` accepts.
    """

    def __init__(self, points, metric):
        super().__init__(points)
        self._metric = metric
        self._euclidean = metric in EUCLIDEAN
        if self._euclidean and max(self.plain.max(initial=0), -self.plain.min(initial=0)) > LARGEST:
            raise ValueError(
                f"points must not exceed {LARGEST:g}, or squares of distances overflow; scale them"
            )
        known = (*EUCLIDEAN, *FORMULAS)
        if metric not in known and getattr(self.live, "requires_grad", False):
            raise ValueError(
                f"gradients are there for metric {', '.join(map(repr, known))} and 'precomputed', "
                f"got a tensor that requires grad and {metric!r}; detach it, or give a matrix of "
                "distances"
            )

    def _options(self, i):
        """Return the options of the metric, which are computed from all points of cloud i."""
        if self._metric == "seuclidean":
            return {"V": np.var(self[i], axis=0, ddof=1)}
        if self._metric == "mahalanobis":
            return {"VI": np.linalg.inv(np.atleast_2d(np.cov(self[i].T))).T}
        return {}

    def rows(self, i, start, stop):
        """Return the distances of points start to stop of cloud i to all its points."""
        metric = "euclidean" if self._euclidean else self._metric
        points = self[i]
        rows = cdist(points[start:stop], points, metric, **self._options(i))
        if np.isnan(rows).any():
            j, k = np.argwhere(np.isnan(rows))[0]
            raise ValueError(
                f"metric {metric!r} is not a number between points {start + j} and {k} of cloud {i}"
            )
        return rows

    def matrix(self, i):
        """Return (matrix, whether its entries are squared lengths) of cloud i."""
        if self._euclidean:
            return squared_distances(self[i]), True
        return self.rows(i, 0, len(self[i])), False

    def tree(self, i):
        """Return (edges, lengths) of the minimum spanning tree of cloud i, shortest first."""
        if self._euclidean:
            edges, squares = euclidean_tree(self[i])
            return edges, np.sqrt(squares)
        n = len(self[i])
        return prim_tree_of_rows(n, lambda k: self.rows(i, k, k + 1)[0])

    def values(self, found, n_jobs=1):
        """Return lengths of edges, (m, k) for rows of k edges; see `Samples`.

        They are differentiable where the points are a tensor. The gradient at coincident points is
        finite; a vertex (v, v) has length zero.
        """
        if self._euclidean:
            return super().values(found, n_jobs)
        return [self._measure_rows(edges, splits) for edges, splits in found]

    def _measure_rows(self, edges, splits):
        if self._metric in FORMULAS:
            ends = self.gather(self.number(edges, splits))
            lengths = FORMULAS[self._metric](ends[:, ::2], ends[:, 1::2])
            # An edge (v, v), a vertex, may have a length that is rounded.
            return self.xp.fill(lengths, edges[:, ::2] == edges[:, 1::2], 0)
        if not self.n_samples:
            return self.zeros(0, edges.shape[1] // 2)
        parts = np.split(edges, splits[1:-1])
        return self.xp.concat([self._measure_by_scipy(i, part) for i, part in enumerate(parts)])

    def _measure_by_scipy(self, i, edges):
        """Return lengths of the edges of cloud i, which have no gradient."""
        points, options = self[i], self._options(i)
        first, second = edges[:, ::2].reshape(-1), edges[:, 1::2].reshape(-1)
        lengths = np.zeros(len(first))
        for start in range(0, len(first), CHUNK_EDGES):
            part = slice(start, start + CHUNK_EDGES)
            lengths[part] = cdist(
                points[first[part]], points[second[part]], self._metric, **options
            ).diagonal()
        lengths[first == second] = 0
        lengths = lengths.reshape(len(edges), edges.shape[1] // 2)
        return self.xp.as_like(lengths, self.live)
