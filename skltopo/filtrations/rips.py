"""Vietoris-Rips filtrations: points or distances to persistence diagrams."""

from __future__ import annotations

from functools import partial

import numpy as np

from .._kernels.delaunay.pairs2 import planar_alpha_pairs
from .._kernels.rips.distances import enclosing_radius
from .._kernels.rips.plane import planar_rips_pairs
from .._kernels.rips.sweep import MAX_VERTICES, rips_pairs
from .._kernels.rips.trees import tree_pairs
from .._persistence import Pairs, join_pairs
from .._utils.checks import is_integer
from .._utils.memory import available_memory
from .._utils.parallel import run
from .._utils.typing import Dimensions
from ..diagrams import LastValues
from .distance_matrices import DistanceMatrices
from .metric_clouds import EUCLIDEAN, MetricClouds, check_metric
from .point_clouds import PointFiltration

__all__ = ["VietorisRips"]

# Clouds of up to so many points need little memory: free memory is not queried for them, which
# would take longer than the check is worth.
SMALL_CLOUD = 256
# Chunk size: distances computed at once in the search for the last filtration value.
CHUNK_DISTANCES = 1 << 20
# Chunks of a batch for each thread, so that none waits long for the last, and points in a chunk.
CALLS_PER_THREAD = 4
CHUNK_POINTS = 1 << 18
# In the plane, all edges are swept for up to so many points, those of a triangulation for more.
FEW_POINTS = 256
# A sweep over all n^2 / 2 edges may be faster than the triangulation if the faces of the latter
# need more than this number times n^2 comparisons of distances, which take as long as the sweep. Of
# thirteen shapes of 1,000 points (noisy and clean curves, uniform ones), the slowest took 2.1 times
# as long as by all edges, and the geometric mean was 0.6; it was 0.9 with half the number.
PLANAR_WORK = 4.0


class VietorisRips(PointFiltration):
    """Persistence of points or distances by all edges, at their lengths.

    Points are joined by an edge at their distance; a simplex enters with its longest edge. Edges of
    the same length enter in the order of their vertices, so the result depends on the input alone.

    Parameters
    ----------
    max_dim : {0, 1, 2}, default=1
        Largest homology dimension.
    max_edge : float, default=inf
        Longest edge that enters. Classes that are alive then are essential; where they are clipped
        (``essential="clip"`` of energies and vectors) they end at the longest edge of the cloud
        that enters, which may be shorter than max_edge.
    metric : str, default="euclidean"
        "precomputed" for distance matrices, or a metric of `scipy.spatial.distance.cdist`, with its
        default options ("minkowski" has p=2; "seuclidean" and "mahalanobis" take the variance of
        each cloud).
    homology_dimensions : int or sequence of int, default=None
        Dimensions to compute, up to max_dim; None for all.
    keep_zero : bool, default=False
        Keep points with death equal to birth, where they pair two different edges.
    n_jobs : int, default=None
        Threads for a batch. None is 1 unless in a joblib context, -1 is all cores. The result is
        the same for any value.

    See Also
    --------
    WeakAlpha : Fewer edges, for points in the plane or in space.

    Notes
    -----
    A call takes points of shape (..., n, d), or a list of clouds of shape (n_i, d), as an array or
    a tensor of finite real numbers; axes before the last two, or the list, are a batch. They are
    paired in float64. For metric="precomputed" it takes distances of shape (..., n, n), or a list
    of (n_i, n_i) ones: symmetric, at least 0, 0 on the diagonal, inf for an edge that is missing (0
    is an edge between points at one place: an adjacency matrix is no matrix of distances).
    They are so up to rounding where mirrored entries differ, and negative ones are below 0, by at
    most 1e-5 of the largest entry in float32 and 1e-9 in float64, and the diagonal by 1 %: the mean
    of mirrored entries is taken, and 0 for what is negative and on the diagonal. Distances are
    compared in the dtype that they come in. What scipy returns for a metric has the same allowance.

    ``pairs[k]`` has the critical edges (bu, bv, du, dv) with bu < bv and du < dv; a vertex v is the
    edge (v, v). ``essential[k]`` has the edges (u, v) that create essential classes.

    PD_0 alone needs a minimum spanning tree, in memory linear in n. So do PD_0 and PD_1 of more
    than 256 points in the plane, from their Delaunay triangulation (``plane.pyx``); if edges have
    equal lengths, other ones of them may be reported there. In all other cases all distances are
    held, which takes 8 n^2 bytes, and sorted, 8 bytes for each; MemoryError is raised before that
    if there is less memory. PD_1 and PD_2 are found from the common neighbours of the two ends of
    each edge (``loops.pyx`` and ``voids.pyx``), for at most 65,536 points. Edges longer than the
    enclosing radius, at which one point is joined to all others, are not swept: they pair only
    with simplices of their own length.

    Gradients flow to the ends of critical edges for the metrics "euclidean", "minkowski",
    "sqeuclidean", "cityblock", "chebyshev", "cosine" and "correlation", and half to each of the
    entries [u, v] and [v, u] of a precomputed matrix. Between coincident points the gradient of the
    Euclidean length is zero.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, section 2 (Rips, the map
    omega). Bauer, Ripser: efficient computation of Vietoris-Rips persistence barcodes, 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo.filtrations import VietorisRips
    >>> square = np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0], [0.0, 4.0]])
    >>> diagram = VietorisRips()(square)
    >>> diagram[1], diagram.pairs[1]
    (array([[4., 5.]]), array([[1, 2, 0, 2]]))

    The same from distances, and up to an edge of length 4.5, where the hole stays open:

    >>> from scipy.spatial.distance import cdist
    >>> VietorisRips(metric="precomputed", max_edge=4.5)(cdist(square, square))[1]
    array([[ 4., inf]])

    Tensors come back as tensors, and gradients flow to the ends of critical edges:

    >>> import torch
    >>> points = torch.tensor(square, requires_grad=True)
    >>> birth, death = VietorisRips()(points)[1][0]
    >>> death.backward()
    >>> points.grad[2]
    tensor([0.6000, 0.8000], dtype=torch.float64)
    """

    metric: str

    _shown = ("max_dim", "max_edge", "metric", "homology_dimensions")

    def __init__(
        self,
        max_dim: int = 1,
        max_edge: float = np.inf,
        metric: str = "euclidean",
        *,
        homology_dimensions: Dimensions = None,
        keep_zero: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self._store(
            max_dim=max_dim,
            max_edge=max_edge,
            metric=metric,
            homology_dimensions=homology_dimensions,
            keep_zero=keep_zero,
            n_jobs=n_jobs,
        )
        self.max_edge = float(max_edge)

    def _check_parameters(self):
        if is_integer(self.max_dim) and not 0 <= self.max_dim <= 2:
            raise ValueError(
                f"max_dim must be 0, 1 or 2, got {self.max_dim}; no higher homology is computed"
            )
        max_edge = self.max_edge
        if isinstance(max_edge, bool) or not isinstance(
            max_edge, (int, float, np.integer, np.floating)
        ):
            raise TypeError(f"max_edge must be a number, got {max_edge!r}")
        if not max_edge >= 0:
            raise ValueError(f"max_edge must be at least 0, got {max_edge!r}")
        check_metric(self.metric)

    def _check(self, points):
        if self.metric == "precomputed":
            return DistanceMatrices(points)
        return MetricClouds(points, self.metric)

    def _find(self, clouds, n_jobs):
        top = max(self.homology_dimensions, default=0)
        largest = int(np.diff(clouds.splits).max(initial=0))
        if self._is_planar(clouds, top, largest):
            find = self._find_planar
        else:
            self._check_size(largest, top)
            find = self._find_by_edges if top else self._find_by_tree
        n = clouds.n_samples
        step = n if n_jobs == 1 else n // (CALLS_PER_THREAD * n_jobs)
        step = max(1, min(step, CHUNK_POINTS // max(1, largest)))
        chunks = [range(n)[start : start + step] for start in range(0, n, step)]
        parts = run([partial(find, clouds, chunk, top) for chunk in chunks], n_jobs)
        return join_pairs(parts)

    def _check_size(self, n, top):
        """Raise ValueError or MemoryError if clouds of n points are too large."""
        if top == 0:
            if n >= 2**31:
                raise ValueError(f"a cloud must have fewer than 2**31 points, got {n}")
            return
        if n > MAX_VERTICES:
            raise ValueError(
                f"PD_1 and PD_2 are computed for at most {MAX_VERTICES} points, got {n}; "
                "PD_0 alone (max_dim=0) has no such limit"
            )
        needed, available = self._needed_memory(n), _free_memory(n)
        if needed > available:
            raise MemoryError(
                f"the distances of {n} points take {needed / 2**30:.1f} GiB, and "
                f"{available / 2**30:.1f} GiB are free; take fewer points"
            )

    def _needed_memory(self, n):
        """Return the bytes that distances and the graph of n points take at least."""
        return (0 if self.metric == "precomputed" else 8 * n * n) + n * n // 8

    def _is_planar(self, clouds, top, largest):
        """Tell whether triangulations of the clouds are faster than all edges, and suffice."""
        if self.metric not in EUCLIDEAN or clouds.n_dimensions > 2:
            return False
        few = clouds.n_dimensions == 2 and largest <= FEW_POINTS
        return top == 0 or (top == 1 and not self.keep_zero and not few)

    def _find_planar(self, clouds, chunk, top):
        """Return {dim: Pairs} of some clouds on a line or in the plane, top at most 1."""
        if top == 0 or clouds.n_dimensions == 1:
            # The minimum spanning tree of weak Alpha is that of Vietoris-Rips.
            found = planar_alpha_pairs(
                clouds.plain,
                clouds.splits[chunk.start : chunk.stop + 1],
                alpha=False,
                holes=top > 0,
                keep_zero=self.keep_zero,
            )
            return self._cut(clouds, chunk, found)
        return join_pairs([self._pair_plane(clouds, i) for i in chunk])

    def _pair_plane(self, clouds, i):
        """Return {dim: Pairs} of one cloud in the plane, for dimensions 0 and 1."""
        points = clouds[i]
        n = len(points)
        fits = n <= MAX_VERTICES and self._needed_memory(n) <= _free_memory(n)
        found = None
        if n > FEW_POINTS or not fits:
            found = planar_rips_pairs(points, budget=PLANAR_WORK * float(n) ** 2 if fits else 0)
        if found is None:
            return self._find_by_edges(clouds, [i], 1)
        return self._cut(clouds, [i], found)

    def _cut(self, clouds, chunk, found):
        """Return {dim: Pairs} in which classes that are alive at max_edge are essential."""
        if self.max_edge == np.inf:
            return found
        limit = _limit(self.max_edge, clouds)
        cut = {dim: Pairs(2, 2, self.keep_zero) for dim in found}
        for k, i in enumerate(chunk):
            points = clouds[i]
            for dim, part in found.items():
                pairs = part.pairs[part.splits[k] : part.splits[k + 1]]
                essential = part.essential[part.essential_splits[k] : part.essential_splits[k + 1]]
                steps = points[pairs[:, ::2]] - points[pairs[:, 1::2]]
                births, deaths = np.sqrt((steps**2).sum(axis=2)).T
                ended = deaths <= limit
                alive = np.flatnonzero((births <= limit) & ~ended)
                edges = pairs[alive, :2]
                edges = edges[np.lexsort((edges[:, 1], edges[:, 0], births[alive]))]
                essential = np.concatenate([essential, edges])
                cut[dim].add_sample(pairs[ended], (deaths - births)[ended], essential)
        return {dim: pairs.finish() for dim, pairs in cut.items()}

    def _find_by_tree(self, clouds, chunk, top):
        """Return {0: Pairs} of some clouds."""
        if self.metric == "precomputed":
            return clouds.tree_pairs(chunk, self.max_edge, self.keep_zero)
        return join_pairs([self._pair_tree(clouds, i) for i in chunk])

    def _pair_tree(self, clouds, i):
        """Return {0: Pairs} of one cloud."""
        edges, lengths = clouds.tree(i)
        kept = lengths <= _limit(self.max_edge, clouds)
        n = int(clouds.splits[i + 1] - clouds.splits[i])
        return tree_pairs(edges[kept], lengths[kept], n, keep_zero=self.keep_zero)

    def _find_by_edges(self, clouds, chunk, top):
        """Return {dim: Pairs} of some clouds, top at least 1."""
        return rips_pairs((self._matrix(clouds, i) for i in chunk), top, self.keep_zero)

    def _matrix(self, clouds, i):
        """Return what `rips_pairs` takes for one cloud."""
        matrix, squared = clouds.matrix(i)
        limit = _limit(self.max_edge, clouds)
        if squared:
            limit = _square_of_longest(limit)
        # Beyond the enclosing radius the complex is a cone, where pairs have length zero.
        limit = min(limit, np.inf if self.keep_zero else enclosing_radius(matrix))
        if limit == np.inf or self.keep_zero:
            limit = min(limit, _longest_finite(matrix))
        return matrix, limit, squared, _free_memory(len(matrix))

    def _stored_last(self, clouds):
        if self.metric == "precomputed":
            return clouds.longest(self.max_edge)
        # Not the filtration, whose max_edge may change.
        return LastValues(partial(_longest, self.max_edge), clouds.part(0, clouds.n_samples))


def _limit(max_edge, clouds):
    """Return max_edge in the unit of the distances of the clouds."""
    with np.errstate(over="ignore"):
        return float(np.ldexp(max_edge, -clouds.exponent))


def _longest(max_edge, clouds):
    """Return the length of the longest edge up to max_edge of each cloud, 0 if there is none."""
    edges = [_longest_edge(clouds, i, max_edge) for i in range(clouds.n_samples)]
    splits = np.arange(len(edges) + 1)
    return clouds.values([(np.array(edges, dtype=np.int64), splits)])[0][:, 0]


def _longest_edge(clouds, i, max_edge):
    """Return the longest edge up to max_edge of one cloud, or the edge (0, 0), a vertex."""
    n = int(clouds.splits[i + 1] - clouds.splits[i])
    step = max(1, CHUNK_DISTANCES // n)
    limit = _limit(max_edge, clouds)
    longest, edge = -1.0, (0, 0)
    for start in range(0, n, step):
        rows = clouds.rows(i, start, min(start + step, n))
        allowed = (rows <= limit) & (rows < np.inf)
        allowed &= np.arange(n) > np.arange(start, start + len(rows))[:, None]
        rows = np.where(allowed, rows, -1.0)
        at = np.unravel_index(rows.argmax(), rows.shape)
        if rows[at] > longest:
            longest, edge = rows[at], (start + at[0], at[1])
    return edge


def _free_memory(n):
    """Return how many bytes of memory a cloud of n points may take."""
    return available_memory() if n > SMALL_CLOUD else 2**62


def _square_of_longest(limit):
    """Return the greatest float whose square root is at most limit."""
    if limit == np.inf:
        return limit
    # Steps are counted: there is no end where subnormal numbers are taken for zero, which code that
    # was compiled with -ffast-math, such as torch.compile's, asks the processor for.
    with np.errstate(over="ignore"):
        square = np.float64(limit) ** 2
        for _ in range(3):
            square = np.nextafter(square, 0)
        for _ in range(6):
            above = np.nextafter(square, np.inf)
            if np.sqrt(above) > limit:
                break
            square = above
    return float(square)


def _longest_finite(matrix):
    """Return the greatest finite entry above the diagonal, -1 if there is none."""
    longest = -1.0
    for i, row in enumerate(matrix):
        finite = row[i + 1 :][np.isfinite(row[i + 1 :])]
        longest = max(longest, float(finite.max(initial=-1.0)))
    return longest
