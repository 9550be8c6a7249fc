"""Displacement fields: from moves of some points to a move of every point of space."""

import warnings
from functools import cached_property

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

__all__ = ["GaussianField", "NearestField", "Replay", "blocks", "typical_spacing"]

RIDGE = 1e-8
# Anchors closer than this, in bandwidths, are merged: their kernel rows are almost equal.
MERGE = 0.4
# Most anchors; those that move least are left out. A system of this size takes 30 ms to solve.
MAX_ANCHORS = 1000
# Largest norm of the Jacobian of a step. A step is invertible below 1; 0.5, because the norm is
# only sampled.
STEEPEST = 0.5
# Bandwidths beyond which the kernel is less than a rounding error of 1.
REACH = 8.5
# Block size: points for which the anchors within reach are found together.
BLOCK = 512
# Known points between which `NearestField` interpolates.
NEIGHBORS = 9


class GaussianField:
    """Field v(x) = sum_i exp(-|x - x_i|^2 / (2 bandwidth^2)) a_i with v(x_i) = given moves.

    The field is smooth, so the moves of the few critical points of a diagram move everything near
    them. Anchors closer than 0.4 bandwidths are replaced by their mean with their mean move. Of
    more than 1,000 anchors, those that move most are kept.

    Parameters
    ----------
    anchors : (m, d) float64 ndarray
    moves : (m, d) float64 ndarray
    bandwidth : float

    Attributes
    ----------
    anchors : (k, d) float64 ndarray
        After merging.
    moves : (k, d) float64 ndarray
    coef : (k, d) float64 ndarray

    References
    ----------
    Carrière, Theveneau, Lacombe, Diffeomorphic interpolation for efficient persistence-based
    topological optimization, 2024.
    """

    def __init__(self, anchors, moves, bandwidth):
        self.bandwidth = bandwidth
        anchors, moves = _strongest(anchors, moves)
        self.anchors, self.moves = _merge(anchors, moves, MERGE * bandwidth)
        kernel = self._kernel(self.anchors, self.anchors)
        kernel[np.diag_indices(len(kernel))] += RIDGE
        self.coef = cho_solve(cho_factor(kernel, check_finite=False), self.moves)

    def _kernel(self, points, anchors):
        squares = cdist(points, anchors, "sqeuclidean")
        squares *= -0.5 / self.bandwidth**2
        return np.exp(squares, out=squares)

    def __call__(self, points):
        """Return v at (n, d) points."""
        return self._weighted(points, self.coef)

    def _weighted(self, points, columns):
        """Return sum_i K(x, x_i) columns[i] at points, over anchors within reach."""
        out = np.zeros((len(points), columns.shape[1]))
        reach = REACH * self.bandwidth
        for block in blocks(points):
            part = points[block]
            low, high = part.min(axis=0) - reach, part.max(axis=0) + reach
            near = ((self.anchors >= low) & (self.anchors <= high)).all(axis=1)
            out[block] = self._kernel(part, self.anchors[near]) @ columns[near]
        return out

    def damp(self):
        """Scale the field down so that x -> x + v(x) is invertible.

        The Jacobian of v is -1/bandwidth^2 sum_i K(x, x_i) a_i (x - x_i)^T. Afterwards its
        Frobenius norm is at most 1/2 at the anchors and one bandwidth away from them along each
        axis, which is where the field of a single anchor is steepest.
        """
        k, d = self.coef.shape
        shifts = self.bandwidth * np.concatenate([np.zeros((1, d)), np.eye(d), -np.eye(d)])
        points = (self.anchors[:, np.newaxis] + shifts).reshape(-1, d)
        center = self.anchors.mean(axis=0)  # far from the origin, differences would lose digits
        outer = self.coef[:, :, np.newaxis] * (self.anchors - center)[:, np.newaxis]
        sums = self._weighted(points, np.concatenate([self.coef, outer.reshape(k, d * d)], axis=1))
        jacobian = sums[:, :d, np.newaxis] * (points - center)[:, np.newaxis]
        jacobian -= sums[:, d:].reshape(-1, d, d)
        steepest = np.sqrt(np.square(jacobian).sum(axis=(1, 2)).max()) / self.bandwidth**2
        if steepest > STEEPEST:
            self.coef = self.coef * (STEEPEST / steepest)
            self.moves = self.moves * (STEEPEST / steepest)
        return self

    def undo(self, moved, tol, max_iter=200):
        """Return (points, converged): points with points + v(points) = moved, by iteration."""
        points = moved - self(moved)
        for _ in range(max_iter):
            error = points + self(points) - moved
            points = points - error
            if np.abs(error).max(initial=0) <= tol:
                return points, True
        return points, False


def blocks(points):
    """Yield the indices of blocks of at most 512 points that are close to each other."""
    if 0 < len(points) <= BLOCK:
        yield slice(None)
        return
    todo = [np.arange(len(points))]
    while todo:
        block = todo.pop()
        if len(block) <= BLOCK:
            if len(block):
                yield block
            continue
        part = points[block]
        half = len(block) // 2
        order = np.argpartition(part[:, np.ptp(part, axis=0).argmax()], half)
        todo += [block[order[:half]], block[order[half:]]]


def _strongest(anchors, moves):
    if len(anchors) <= MAX_ANCHORS:
        return anchors, moves
    norm = np.square(moves).sum(axis=1)
    kept = np.sort(np.argsort(-norm, kind="stable")[:MAX_ANCHORS])
    return anchors[kept], moves[kept]


def _merge(anchors, moves, radius):
    """Replace an anchor, and later ones within radius of it that are not merged yet, by means."""
    pairs = cKDTree(anchors).query_pairs(radius, output_type="ndarray")
    if not len(pairs):
        return anchors, moves
    pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
    first, start = np.unique(pairs[:, 0], return_index=True)
    leader = np.arange(len(anchors))
    for i, later in zip(first, np.split(pairs[:, 1], start[1:]), strict=True):
        if leader[i] == i:
            leader[later[leader[later] == later]] = i
    group = np.unique(leader, return_inverse=True)[1]
    count = np.bincount(group)[:, np.newaxis]
    return tuple(
        np.stack([np.bincount(group, column) for column in values.T], axis=1) / count
        for values in (anchors, moves)
    )


class Replay:
    """The steps of a diffeomorphic descent, for points that took no part in it.

    Parameters
    ----------
    fields : list of GaussianField
    project : callable
        Points to points, after each step.
    """

    def __init__(self, fields, project):
        self.fields = fields
        self.project = project

    def __call__(self, points):
        """Carry points through all steps."""
        out = points.copy()
        for block in blocks(points):
            for field in self.fields:
                out[block] = self.project(out[block] + field(out[block]))
        return out

    def undo(self, points):
        """Carry points back through all steps, without the projections."""
        tol = 1e-12 * np.abs(points).max(initial=0)
        converged = True
        for field in reversed(self.fields):
            points, found = field.undo(points, tol)
            converged &= found
        if not converged:
            warnings.warn(
                "inverse_transform is not exact: points lie where the steps are too steep to undo",
                RuntimeWarning,
                stacklevel=3,
            )
        return points


class NearestField:
    """Moves that are known at some points, interpolated between the nearest of them.

    The move of x is the mean of those of its 9 nearest known points, weighted by
    (1/|x - x_i| - 1/R)^2 with R the distance to the furthest of them (Franke and Little's form of
    Shepard's interpolation): it is continuous, at a known point that point's move, and far away the
    nearest point's.

    Parameters
    ----------
    points : (m, d) float64 ndarray
    moves : (m, d) float64 ndarray
        Of coincident points the first counts.
    """

    def __init__(self, points, moves):
        self.points = points
        self.moves = moves

    @cached_property
    def _distinct(self):
        """Tree of the points without duplicates, and their moves."""
        first = _first_of_equals(self.points)
        return cKDTree(self.points[first]), self.moves[first]

    def __call__(self, points):
        """Return the moves of (n, d) points."""
        tree, moves = self._distinct
        k = min(NEIGHBORS, tree.n)
        distance, index = tree.query(points, k=np.arange(1, k + 1))
        # Where squares of distances overflow, points that are too far to count have no index.
        index = np.minimum(np.where(np.isfinite(distance), index, index[:, :1]), tree.n - 1)
        radius = distance[:, -1:]
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = distance / np.where(radius > 0, radius, 1)
            weight = np.square(1 / np.maximum(ratio, 1e-100) - 1)
        alone = (ratio[:, 0] < 1e-12) | (weight.sum(axis=1) == 0)
        weight[alone] = 0
        weight[alone, 0] = 1
        weight /= weight.sum(axis=1, keepdims=True)
        return np.einsum("nk,nkd->nd", weight, moves[index])


def _first_of_equals(points):
    """Return, for each place, the index of the first point there."""
    order = np.lexsort(points.T)
    new = np.ones(len(points), dtype=bool)
    new[1:] = (points[order[1:]] != points[order[:-1]]).any(axis=1)
    return np.sort(order[new])


def typical_spacing(points):
    """Return twice the mean distance of a point to the nearest one elsewhere, 1 if there is none.

    For uniform points in the plane this is the side of a square that holds one point on average.
    """
    distinct = points[_first_of_equals(points)]
    if len(distinct) < 2:
        return 1.0
    return 2 * float(cKDTree(distinct).query(distinct, k=2)[0][:, 1].mean())
