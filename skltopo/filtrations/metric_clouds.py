"""Point clouds with a metric: distances for kernels, and differentiable lengths for diagrams."""

import warnings

import numpy as np
from scipy.spatial.distance import cdist

from .._kernels.rips.distances import squared_distances
from .._kernels.rips.prim import prim_tree_of_rows
from .._kernels.rips.trees import euclidean_tree
from .._utils.namespace import namespace_of
from .distance_matrices import as_distances, check_rows
from .point_clouds import Clouds

__all__ = ["MetricClouds", "check_metric"]

# These metrics are 1 minus a number near 1: what is below ROUNDED is their rounding, and 0.
FROM_ONE = ("cosine", "correlation")
ROUNDED = 16 * np.finfo(np.float64).eps
# Chunk size: cdist computes a matrix of distances, of which only the diagonal is kept.
CHUNK_EDGES = 32
# Largest coordinate for which squares of distances do not overflow.
LARGEST = 1e150
# Clouds with smaller coordinates are scaled, so that squares of distances do not underflow.
SMALL = 1e-100


def _sqeuclidean(u, v):
    return ((u - v) ** 2).sum(-1)


def _cityblock(u, v):
    return abs(u - v).sum(-1)


def _chebyshev(u, v):
    steps = abs(u - v)
    return namespace_of(steps).amax(steps, -1)


def _cosine(u, v):
    # Not the root of the product, which would overflow sooner. What is not finite is said by the
    # callers.
    with np.errstate(invalid="ignore", over="ignore"):
        return 1 - (u * v).sum(-1) / ((u**2).sum(-1) ** 0.5 * (v**2).sum(-1) ** 0.5)


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

    Attributes
    ----------
    exponent : int
        Distances that kernels get are in units of 2**exponent; 0 for all but tiny coordinates.
    """

    exponent = 0

    def __init__(self, points, metric):
        super().__init__(points)
        self._metric = metric
        self._euclidean = metric in EUCLIDEAN
        self._known_options = {}  # cloud -> options of the metric
        # Of coordinates that are too large or too small, squares are out of this range.
        if self._euclidean and not SMALL < self.squares < LARGEST**2:
            self._scale()
        known = (*EUCLIDEAN, *FORMULAS)
        if metric not in known and getattr(self.live, "requires_grad", False):
            raise ValueError(
                f"gradients are there for metric {', '.join(map(repr, known))} and 'precomputed', "
                f"got a tensor that requires grad and {metric!r}; detach it, or give a matrix of "
                "distances"
            )

    def _scale(self):
        """Choose the exponent, or raise ValueError where squares of distances overflow."""
        if self.largest > LARGEST:
            raise ValueError(
                f"points must not exceed {LARGEST:g}, or squares of distances overflow; scale them"
            )
        if 0 < self.largest < SMALL:
            self.exponent = int(np.frexp(self.largest)[1])

    def _options(self, i):
        """Return the options of the metric, which are computed from all points of cloud i."""
        if i not in self._known_options:
            if self._metric == "seuclidean":
                options = {"V": np.var(self[i], axis=0, ddof=1)}
            elif self._metric == "mahalanobis":
                options = {"VI": self._inverse_covariance(i)}
            else:
                options = {}
            self._known_options[i] = options
        return self._known_options[i]

    def _inverse_covariance(self, i):
        """Return what the metric "mahalanobis" takes, or raise ValueError if there is none."""
        covariance = np.atleast_2d(np.cov(self[i].T))
        scale = np.sqrt(covariance.diagonal())
        # Of the correlations: whether they are singular does not depend on units.
        correlations = covariance / scale[:, None] / scale
        if not np.isfinite(correlations).all() or (
            np.linalg.matrix_rank(correlations, hermitian=True) < self.n_dimensions
        ):
            raise ValueError(
                f"metric 'mahalanobis' needs points that span all {self.n_dimensions} dimensions, "
                f"got the {len(self[i])} points of cloud {i}, whose covariance is singular"
            )
        return np.linalg.inv(correlations) / scale[:, None] / scale

    def _name(self, i):
        return f"metric {self._metric!r} of cloud {i}"

    def _measure(self, i, first, second):
        """Return the distances that scipy computes between points of cloud i."""
        with np.errstate(all="ignore"):  # what is not finite is said by those who call
            return cdist(first, second, self._metric, **self._options(i))

    def _scipy_rows(self, i, start, stop):
        """Return distances of points as scipy computes them: finite, maybe not distances."""
        points = self[i]
        if len(points) == 1:  # it has no variance
            return np.zeros((1, 1))
        rows = self._measure(i, points[start:stop], points)
        finite = np.isfinite(rows)
        if not finite.all():
            j, k = np.argwhere(~finite)[0]
            what = "not a number" if np.isnan(rows[j, k]) else "infinite"
            raise ValueError(
                f"metric {self._metric!r} is {what} between points {start + j} and {k} of cloud "
                f"{i}; leave such points out, scale them, or take another metric"
            )
        if self._metric in FROM_ONE:
            rows[np.abs(rows) < ROUNDED] = 0
        return rows

    def __getitem__(self, i):
        """Return the points of cloud i in units of 2**exponent."""
        points = super().__getitem__(i)
        return np.ldexp(points, -self.exponent) if self.exponent else points

    def rows(self, i, start, stop):
        """Return the distances of points start to stop of cloud i to all its points."""
        points = self[i]
        if self._euclidean:
            return cdist(points[start:stop], points)
        rows = self._scipy_rows(i, start, stop)
        diagonal = np.arange(len(rows)), np.arange(start, start + len(rows))
        check_rows(rows, rows[diagonal], self._name(i))
        rows[diagonal] = 0
        return rows.clip(0, out=rows)

    def matrix(self, i):
        """Return (matrix, whether its entries are squared lengths) of cloud i."""
        if self._euclidean:
            return squared_distances(self[i]), True
        return as_distances(self._scipy_rows(i, 0, len(self[i])), self._name(i)), False

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
        xp = self.xp
        if self._metric in FORMULAS:
            ends = xp.double(self.gather(self.number(edges, splits)))
            lengths = xp.not_negative(FORMULAS[self._metric](ends[:, ::2], ends[:, 1::2]))
            # An edge (v, v), a vertex, may have a length that is rounded.
            is_zero = edges[:, ::2] == edges[:, 1::2]
            if self._metric in FROM_ONE:
                is_zero |= xp.plain(lengths) < ROUNDED
            lengths = xp.fill(lengths, is_zero, 0)
        elif not self.n_samples:
            return self.zeros(0, edges.shape[1] // 2)
        else:
            parts = np.split(edges, splits[1:-1])
            lengths = xp.concat([self._measure_by_scipy(i, part) for i, part in enumerate(parts)])
        return self.narrow(lengths)

    def _may_overflow(self):
        # Lengths of other metrics, such as squares, may be far larger than coordinates.
        return self._metric not in EUCLIDEAN or super()._may_overflow()

    def _measure_by_scipy(self, i, edges):
        """Return lengths of the edges of cloud i, which have no gradient."""
        points = self[i]
        ends = edges.reshape(-1, 2)
        far = np.flatnonzero(ends[:, 0] != ends[:, 1])
        lengths = np.zeros(len(ends))
        for start in range(0, len(far), CHUNK_EDGES):
            part = far[start : start + CHUNK_EDGES]
            first, second = ends[part].T
            lengths[part] = self._measure(i, points[first], points[second]).diagonal()
        lengths = lengths.clip(0).reshape(len(edges), edges.shape[1] // 2)
        return self.xp.operand(lengths, self.live)
