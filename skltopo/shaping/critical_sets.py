"""Critical sets: all simplices that have to move so that a point of a diagram moves far.

A subgradient moves the birth edge and the death edge of a point. It is right until another edge
becomes critical in their place. The critical set of a pair and a target holds all simplices that
become critical on the way (Nigmetov and Morozov, Topological optimization with big steps, 2024).
Let D be the boundary matrix, R = D V its reduction, and U = V^-1. For a pair (s, t) and a target c
of its birth or death, the critical set is the following part of a row or column:

- if the death rises: of row t of U the columns with a value of at most c whose lowest entry in R is
  at most s;
- if the death falls: of column t of V the rows with a value of at least c whose lowest entry in R
  is at least s;
- if the birth moves: the same of the anti-transposed matrix, in which all orders are reversed.
"""

from functools import cached_property
from itertools import combinations

import numpy as np
from scipy.spatial.distance import pdist, squareform

from .._kernels.functionals.critical_sets import columns_of_v, reduce_columns
from .._kernels.functionals.lengths import edge_gradient
from .._persistence import Pairs, list_faces
from ..energies import polynomial_gradient
from ..filtrations.delaunay import top_simplices

__all__ = [
    "CriticalSets",
    "EdgeComplex",
    "big_step_gradient",
    "cliques",
    "delaunay_faces",
]

# Most simplices of one dimension of a Vietoris-Rips complex: their reduction takes ten seconds.
MAX_CLIQUES = 600_000


def _ranges(starts, counts):
    """Concatenate arange(starts[i], starts[i] + counts[i])."""
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - ends + counts, counts)


class RecordedReduction:
    """R = D V with U = V^-1, for queries of rows of U and columns of V."""

    def __init__(self, starts, rows, n_rows):
        self.low, self.added_starts, self.added = reduce_columns(starts, rows, n_rows)

    def toward(self, columns, limits):
        """Return (query, member): columns of V where the lowest entry of R is at least limit."""
        splits, members = columns_of_v(self.added_starts, self.added, columns)
        query = np.repeat(np.arange(len(columns)), np.diff(splits))
        kept = self.low[members] >= limits[query]
        return query[kept], members[kept]

    def away(self, columns, limits):
        """Return (query, member): rows of U where the lowest entry of R is at most limit."""
        starts, added_to = self._rows_of_u
        counts = starts[columns + 1] - starts[columns]
        query = np.concatenate(
            [np.arange(len(columns)), np.repeat(np.arange(len(columns)), counts)]
        )
        members = np.concatenate([columns, added_to[_ranges(starts[columns], counts)]])
        kept = self.low[members] <= limits[query]
        return query[kept], members[kept]

    @cached_property
    def _rows_of_u(self):
        target = np.repeat(np.arange(len(self.low)), np.diff(self.added_starts))
        counts = np.bincount(self.added, minlength=len(self.low))
        return np.concatenate([[0], np.cumsum(counts)]), target[
            np.argsort(self.added, kind="stable")
        ]


class CriticalSets:
    """Pairs of one dimension of a filtered complex, and their critical sets.

    Parameters
    ----------
    births : (m,) float64 ndarray
        Values of the k-simplices in the order of the filtration.
    deaths : (n,) float64 ndarray
        Values of the (k + 1)-simplices in the order of the filtration.
    boundary : (n, k + 2) int64 ndarray
        Facets of each (k + 1)-simplex, as positions of k-simplices.

    Attributes
    ----------
    pairs : (n_pairs, 2) int64 ndarray
        Positions of the k-simplex that creates a class and of the (k + 1)-simplex that destroys it,
        in the order of the deaths. Pairs of equal values are included.
    """

    def __init__(self, births, deaths, boundary):
        self.values = births, deaths
        self.boundary = boundary
        n, width = boundary.shape
        starts = np.arange(n + 1, dtype=np.int64) * width
        self._homology = RecordedReduction(starts, boundary.ravel(), len(births))
        dying = np.flatnonzero(self._homology.low >= 0)
        self.pairs = np.stack([self._homology.low[dying], dying], axis=1)

    @cached_property
    def _cohomology(self):
        """Reduction of the anti-transposed matrix, in which position i stands for m - 1 - i."""
        n, width = self.boundary.shape
        m = len(self.values[0])
        columns = m - 1 - self.boundary.ravel()
        rows = n - 1 - np.repeat(np.arange(n, dtype=np.int64), width)
        starts = np.concatenate([[0], np.cumsum(np.bincount(columns, minlength=m))])
        rows = rows[np.argsort(columns, kind="stable")]
        return RecordedReduction(starts.astype(np.int64), rows, n)

    def points(self):
        """Return the points of the diagram, longest first: their pairs, and (birth, death)."""
        births, deaths = self.values
        found = Pairs()
        found.add_sample(self.pairs, deaths[self.pairs[:, 1]] - births[self.pairs[:, 0]], [])
        pairs = found.finish().pairs
        return pairs, np.stack([births[pairs[:, 0]], deaths[pairs[:, 1]]], axis=1)

    def death_sets(self, pairs, targets):
        """Find the (k + 1)-simplices that move with deaths.

        Parameters
        ----------
        pairs : (q, 2) int64 ndarray
        targets : (q,) float64 ndarray
            Values that the deaths shall have.

        Returns
        -------
        query, member : (n_members,) int64 ndarray
            Simplex member[i] shall have the value targets[query[i]].
        """
        return self._sets(pairs, targets, end=1)

    def birth_sets(self, pairs, targets):
        """Find the k-simplices that move with births; as `death_sets`."""
        return self._sets(pairs, targets, end=0)

    def _sets(self, pairs, targets, end):
        values, reversed_order = self.values[end], end == 0
        reduction, columns, limits = self._homology, pairs[:, 1], pairs[:, 0]
        if reversed_order:
            m, n = map(len, self.values)
            reduction, columns, limits = self._cohomology, m - 1 - limits, n - 1 - columns
            values = values[::-1]
        rising = targets > values[columns]
        query, member = [], []
        for up in (False, True):
            asked = np.flatnonzero(rising == up)
            find = reduction.away if up != reversed_order else reduction.toward
            i, found = find(columns[asked], limits[asked])
            i = asked[i]
            kept = values[found] <= targets[i] if up else values[found] >= targets[i]
            query.append(i[kept])
            member.append(found[kept])
        member = np.concatenate(member)
        return np.concatenate(query), len(values) - 1 - member if reversed_order else member


class EdgeComplex:
    """A complex in which a simplex has the length of its longest edge.

    Parameters
    ----------
    points : (n, d) float64 ndarray
    simplices : callable
        ``simplices(k)`` returns all k-simplices, for k >= 1, as (m, k + 1) vertices, ascending in
        each row; asked once for each k.

    Attributes
    ----------
    edges : (n_edges, 2) int64 ndarray
        By length, ties by vertices.
    lengths : (n_edges,) float64 ndarray
    """

    def __init__(self, points, simplices):
        self.points = points
        self.n = len(points)
        self._simplices = simplices
        edges = simplices(1)
        squares = np.square(points[edges[:, 0]] - points[edges[:, 1]]).sum(axis=1)
        order = np.lexsort((edges[:, 1], edges[:, 0], squares))
        self.edges = edges[order]
        self.lengths = np.sqrt(squares[order])
        keys = self._keys(self.edges)
        self._by_key = np.argsort(keys)
        self._sorted_keys = keys[self._by_key]
        self._filtered = {}

    def _keys(self, simplices):
        """Encode rows of vertices as one number each."""
        if self.n ** simplices.shape[1] >= 2**63:
            raise ValueError(
                f"big steps need fewer points: {self.n} points have too many possible simplices of "
                f"{simplices.shape[1]} vertices; use subsample"
            )
        keys = simplices[:, 0]
        for column in simplices.T[1:]:
            keys = keys * self.n + column
        return keys

    def filtered(self, k):
        """Return (simplices, edge ranks): k-simplices in their order, edges longest first.

        Simplices with the same longest edge enter by their second longest, and so on. Vertices have
        no edges.
        """
        if k not in self._filtered:
            self._filtered[k] = self._filter(k)
        return self._filtered[k]

    def _filter(self, k):
        if k == 0:
            return np.arange(self.n)[:, np.newaxis], np.empty((self.n, 0), np.int64)
        if k == 1:
            return self.edges, np.arange(len(self.edges))[:, np.newaxis]
        simplices = self._simplices(k)
        ranks = np.stack(
            [self._ranks(simplices[:, [a, b]]) for a, b in combinations(range(k + 1), 2)], axis=1
        )
        ranks = -np.sort(-ranks, axis=1)
        order = np.lexsort(ranks.T[::-1])
        return simplices[order], ranks[order]

    def _ranks(self, edges):
        return self._by_key[np.searchsorted(self._sorted_keys, self._keys(edges))]

    def values(self, k):
        """Return the values of k-simplices in their order."""
        ranks = self.filtered(k)[1]
        return self.lengths[ranks[:, 0]] if k else np.zeros(self.n)

    def critical_sets(self, k):
        """Return the `CriticalSets` of dimension k."""
        lower, higher = self.filtered(k)[0], self.filtered(k + 1)[0]
        keys = self._keys(lower)
        order = np.argsort(keys)
        facets = [np.delete(higher, i, axis=1) for i in range(k + 2)]
        boundary = np.stack(
            [order[np.searchsorted(keys[order], self._keys(facet))] for facet in facets], axis=1
        )
        return CriticalSets(self.values(k), self.values(k + 1), boundary.astype(np.int64))


def delaunay_faces(points):
    """Return a function k to the k-simplices of the Delaunay complex, for `EdgeComplex`."""
    faces, _ = list_faces(top_simplices(points))
    return lambda k: faces[k] if k < len(faces) else np.empty((0, k + 1), dtype=np.int64)


def cliques(points, max_edge):
    """Return a function k to the k-simplices of the Vietoris-Rips complex, for `EdgeComplex`.

    Parameters
    ----------
    points : (n, d) float64 ndarray
    max_edge : float
        Edges above the enclosing radius are left out, too: nothing happens beyond it.
    """
    length = squareform(pdist(points))
    near = np.triu(length <= min(max_edge, length.max(axis=1).min()), 1)

    def simplices(k):
        found = np.argwhere(near)
        for _ in range(k - 1):
            later = near[found[:, 0]]
            for column in found.T[1:]:
                later &= near[column]
            if np.count_nonzero(later) > MAX_CLIQUES:
                raise ValueError(
                    f"big steps on a Vietoris-Rips complex of {len(points)} points take more than "
                    f"{MAX_CLIQUES} simplices: use subsample, a smaller max_edge or "
                    'gradient="subgradient"'
                )
            row, last = np.nonzero(later)
            found = np.column_stack([found[row], last])
        return found.astype(np.int64)

    return simplices


def _targets(energy, finite, n_essential):
    """Return (targets, step): births and deaths after a gradient step, and its step size.

    The step size is such that the longest point that the energy moves goes by half of its length.
    Points that shrink stop at their middle, and births stop at zero.
    """
    gradient = polynomial_gradient(energy, finite, n_essential)[1]
    slope = np.abs(gradient).max(axis=1, initial=0)
    if not slope.any():
        return finite, 0.0
    first = int(np.argmax(slope > 0))
    half = (finite[:, 1] - finite[:, 0]) / 2
    step = half[first] / slope[first]
    middle = finite[:, 0] + half
    targets = finite - step * gradient
    crossed = targets[:, 0] > targets[:, 1]
    targets[crossed] = middle[crossed, np.newaxis]
    return np.maximum(targets, 0), step


def big_step_gradient(complex, energies, n_essential):
    """Compute the gradient of energies with respect to points, by critical sets.

    The derivative with respect to the length of an edge of a critical set is (length - target) /
    step. For the critical edges of subgradients this is the derivative of the energy. An edge of
    several sets gets the largest.

    Parameters
    ----------
    complex : EdgeComplex
    energies : list of Energy
    n_essential : dict of int to int
        Number of essential classes for each dimension.

    Returns
    -------
    (n, d) ndarray
    """
    up = np.zeros(len(complex.edges))
    down = np.zeros(len(complex.edges))
    sets = {k: complex.critical_sets(k) for k in sorted({energy.dim for energy in energies})}
    for energy in energies:
        k = energy.dim
        pairs, finite = sets[k].points()
        targets, step = _targets(energy, finite, n_essential[k])
        if step == 0:
            continue
        moves = [(k + 1, 1, sets[k].death_sets)]
        if k > 0:  # births of PD_0 are vertices, which have no edges to move
            moves.append((k, 0, sets[k].birth_sets))
        for dim, end, find in moves:
            moving = np.flatnonzero(targets[:, end] != finite[:, end])
            goals = targets[moving, end]
            query, member = find(pairs[moving], goals)
            rising = goals[query] > finite[moving, end][query]
            edges = complex.filtered(dim)[1][member]
            derivative = (complex.lengths[edges] - goals[query, np.newaxis]) / step
            # A simplex rises with its longest edge, and falls with all edges above the goal.
            np.minimum.at(up, edges[rising, 0], derivative[rising, 0])
            np.maximum.at(down, edges[~rising], derivative[~rising])
    derivative = np.where(-up > down, up, down)
    gradient = np.zeros(complex.points.shape)
    lengths, derivative = complex.lengths[:, np.newaxis], derivative[:, np.newaxis]
    edge_gradient(complex.points, complex.edges, lengths, derivative, gradient)
    return gradient
