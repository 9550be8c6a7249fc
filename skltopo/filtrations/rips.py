"""Vietoris-Rips filtrations: points or distances to persistence diagrams."""

from functools import partial

import numpy as np

from .._kernels.delaunay.pairs2 import planar_alpha_pairs
from .._kernels.rips.distances import enclosing_radius
from .._kernels.rips.loops import MAX_VERTICES, rips_pairs
from .._kernels.rips.plane import planar_rips_pairs
from .._kernels.rips.trees import tree_pairs
from .._kernels.rips.voids import rips_pairs_2
from .._utils.memory import available_memory
from .._utils.parallel import effective_n_jobs, run
from ..diagrams.containers import Diagram, DiagramBatch, Points, concatenate
from .distance_matrices import DistanceMatrices
from .metric_clouds import EUCLIDEAN, MetricClouds, check_metric
from .point_clouds import ends_of, resolve_dimensions

__all__ = ["VietorisRips"]

# Points up to which the system is not asked for memory: they take little, and little time.
SMALL_CLOUD = 256
# Distances looked at together where rows are computed for the last filtration value.
CHUNK_DISTANCES = 1 << 20
# Points in the plane up to which all edges are looked at, in their strict order; beyond it, only
# those of their triangulation.
FEW_POINTS = 200
# Comparisons of distances for the square of the number of points, from which on the faces of a
# cloud in the plane take longer than all its edges.
PLANAR_WORK = 4.0


class VietorisRips:
    """Persistence of points or distances by all edges, at their lengths.

    Points are joined by an edge at their distance; a simplex enters with its longest edge. Edges of
    the same length enter in the order of their vertices, so the result depends on the input alone.

    Parameters
    ----------
    max_dim : {0, 1, 2}, default=1
        Largest homology dimension.
    max_edge : float, default=inf
        Longest edge that enters. Classes that are alive then are essential.
    metric : str, default="euclidean"
        "precomputed" for distance matrices, or a metric of `scipy.spatial.distance.cdist`, with its
        default options ("minkowski" has p=2; "seuclidean" and "mahalanobis" take the variance of
        each cloud).
    homology_dimensions : tuple of int, default=None
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
    ``pairs[k]`` has the critical edges (bu, bv, du, dv) with bu < bv and du < dv; a vertex v is the
    edge (v, v). ``essential[k]`` has the edges (u, v) at which essential classes are born.

    PD_0 alone needs a minimum spanning tree, in memory linear in n. So do PD_0 and PD_1 of more
    than 200 points in the plane, from their Delaunay triangulation (``planar_rips.pyx``); among
    edges of the same length, others may be reported there. Otherwise all distances are held, 8 n^2
    bytes, and sorted, 8 bytes each; what is not there raises MemoryError first. PD_1 and PD_2 are
    found by one look at the common neighbours of the two ends of each edge (``rips.pyx`` and
    ``rips2.pyx`` tell how), for at most 65,536 points. Edges longer than the enclosing radius,
    from which on one point is joined to all others, are not looked at: nothing but points of zero
    length can come of them.

    Gradients flow to the ends of critical edges for the metrics "euclidean", "minkowski",
    "sqeuclidean", "cityblock", "chebyshev", "cosine" and "correlation", and to the entries [u, v],
    u < v, above the diagonal of a precomputed matrix. Between coincident points the gradient of the
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

    def __init__(
        self,
        max_dim=1,
        max_edge=np.inf,
        metric="euclidean",
        *,
        homology_dimensions=None,
        keep_zero=False,
        n_jobs=None,
    ):
        if isinstance(max_dim, (int, np.integer)) and not 0 <= max_dim <= 2:
            raise ValueError(
                f"max_dim must be 0, 1 or 2, got {max_dim}; no higher homology is computed"
            )
        homology_dimensions = resolve_dimensions(max_dim, homology_dimensions)
        if isinstance(max_edge, bool) or not isinstance(
            max_edge, (int, float, np.integer, np.floating)
        ):
            raise TypeError(f"max_edge must be a number, got {max_edge!r}")
        if not max_edge >= 0:
            raise ValueError(f"max_edge must be at least 0, got {max_edge!r}")
        check_metric(metric)
        self.max_dim = max_dim
        self.max_edge = float(max_edge)
        self.metric = metric
        self.homology_dimensions = homology_dimensions
        self.keep_zero = keep_zero
        self.n_jobs = n_jobs

    def __call__(self, points):
        """Compute the diagrams of one cloud or of a batch.

        Parameters
        ----------
        points : (..., n, d) array-like or torch.Tensor, or list of (n_i, d) ones
            Finite real numbers. Axes before the last two, or the list, are a batch; clouds of a
            list may differ in n. Pairing is done in float64. For metric="precomputed"
            (..., n, n) distances or a list of (n_i, n_i) ones: symmetric, at least 0, 0 on the
            diagonal, inf for an edge that is missing; entries are compared in the dtype given.

        Returns
        -------
        Diagram or DiagramBatch
            A batch if points have more than two axes or are a list of clouds. Tensors if points are
            tensors, of their dtype.

        Raises
        ------
        TypeError
            If points are not real numbers.
        ValueError
            If points are ragged or empty, differ in dimension, or have a NaN or an infinity; if a
            matrix is not as above; if there are more than 65,536 points and max_dim is not 0; if a
            tensor requires grad under a metric without one.
        MemoryError
            If the distances or the edges of a cloud do not fit into memory.
        """
        if self.metric == "precomputed":
            clouds = DistanceMatrices(points)
        else:
            clouds = MetricClouds(points, self.metric)
        top = max(self.homology_dimensions, default=0)
        planar = self._is_planar(clouds, top)
        if not planar:
            self._check_sizes(np.diff(clouds.splits), top)
        if top == 0:
            call = self._path_pairs if planar else self._tree_pairs
        else:
            call = partial(self._planar_pairs if planar else self._edge_pairs, top)
        results = run(
            [partial(call, clouds, i) for i in range(clouds.n_clouds)],
            effective_n_jobs(self.n_jobs),
        )
        parts = self._gather(clouds, results)
        batch = DiagramBatch(parts, clouds.shape, False, partial(self._last_values, clouds))
        return batch if clouds.shape else Diagram(batch)

    def _check_sizes(self, sizes, top):
        n = int(max(sizes, default=0))
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
        """Return the bytes that distances and the graph of n points take at the least."""
        return (0 if self.metric == "precomputed" else 8 * n * n) + n * n // 8

    def _is_planar(self, clouds, top):
        """Tell whether PD_0 to PD_top of the clouds can be found from their triangulation."""
        euclidean = self.metric in EUCLIDEAN and clouds.n_dimensions <= 2
        return euclidean and (top == 0 or (top == 1 and not self.keep_zero))

    def _path_pairs(self, clouds, i):
        """Return [(pairs, essential)] of PD_0 of points on a line or in the plane."""
        points = clouds[i]
        found = planar_alpha_pairs(
            points, np.array([0, len(points)]), False, False, keep_zero=self.keep_zero
        )
        return [self._cut(points, 0, found[0])]

    def _planar_pairs(self, top, clouds, i):
        """Return [(pairs, essential)] of PD_0 and PD_1 of points on a line or in the plane."""
        points = clouds[i]
        n = len(points)
        if points.shape[1] == 1:
            none = np.empty((0, 4), dtype=np.int64)
            return [*self._path_pairs(clouds, i), (none, none[:, :2])]
        fits = n <= MAX_VERTICES and self._needed_memory(n) <= _free_memory(n)
        found = None
        if n > FEW_POINTS or not fits:
            # Where large faces make it slow, all edges are faster, if there is room for them.
            found = planar_rips_pairs(points, PLANAR_WORK * float(n) ** 2 if fits else 0)
        if found is None:
            return self._edge_pairs(top, clouds, i)
        return [self._cut(points, dim, pairs) for dim, pairs in enumerate(found)]

    def _cut(self, points, dim, pairs):
        """Return (pairs, essential): classes that are alive at max_edge have no death."""
        essential = np.zeros((int(dim == 0), 2), dtype=np.int64)
        if self.max_edge == np.inf:
            return pairs, essential
        births, deaths = (
            np.sqrt(((points[pairs[:, k]] - points[pairs[:, k + 1]]) ** 2).sum(axis=1))
            for k in (0, 2)
        )
        alive = np.flatnonzero((births <= self.max_edge) & (deaths > self.max_edge))
        alive = alive[np.lexsort((pairs[alive, 1], pairs[alive, 0], births[alive]))]
        return pairs[deaths <= self.max_edge], np.concatenate([essential, pairs[alive, :2]])

    def _tree_pairs(self, clouds, i):
        """Return [(pairs, essential)] of PD_0."""
        edges, lengths = clouds.tree(i)
        kept = lengths <= self.max_edge
        n = int(clouds.splits[i + 1] - clouds.splits[i])
        return [tree_pairs(edges[kept], lengths[kept], n, self.keep_zero)]

    def _edge_pairs(self, top, clouds, i):
        """Return [(pairs, essential)] of PD_0 to PD_top, top at least 1."""
        matrix, squared = clouds.matrix(i)
        limit = _square_of_longest(self.max_edge) if squared else self.max_edge
        # Beyond the enclosing radius the complex is a cone, where points have length zero.
        limit = min(limit, np.inf if self.keep_zero else enclosing_radius(matrix))
        if limit == np.inf or self.keep_zero:
            limit = min(limit, _longest_finite(matrix))
        pairing = rips_pairs if top == 1 else rips_pairs_2
        return pairing(matrix, limit, squared, self.keep_zero, _free_memory(len(matrix)))

    def _gather(self, clouds, results):
        """Turn the edges that kernels found in each cloud into {dim: Points}."""
        rows = []
        for dim in self.homology_dimensions:
            for part, n_columns in ((0, 4), (1, 2)):
                found = [result[dim][part] for result in results]
                edges = np.concatenate(found) if found else np.empty((0, n_columns), dtype=np.int64)
                rows.append((edges, ends_of([len(some) for some in found])))
        values = clouds.values(rows)
        return {
            dim: Points(
                finite=values[2 * k],
                pairs=rows[2 * k][0],
                splits=rows[2 * k][1],
                births=values[2 * k + 1][:, 0],
                essential=rows[2 * k + 1][0],
                essential_splits=rows[2 * k + 1][1],
            )
            for k, dim in enumerate(self.homology_dimensions)
        }

    def _last_values(self, clouds):
        """Longest edge up to max_edge, for each cloud; 0 where there is none."""
        return concatenate(
            [self._last_value(clouds, i) for i in range(clouds.n_clouds)] or [clouds.zeros(0)]
        )

    def _last_value(self, clouds, i):
        n = int(clouds.splits[i + 1] - clouds.splits[i])
        step = max(1, CHUNK_DISTANCES // n)
        longest, edge = -1.0, None
        for start in range(0, n, step):
            rows = clouds.rows(i, start, min(start + step, n))
            allowed = (rows <= self.max_edge) & (rows < np.inf)
            allowed &= np.arange(n) > np.arange(start, start + len(rows))[:, None]
            rows = np.where(allowed, rows, -1.0)
            at = np.unravel_index(rows.argmax(), rows.shape)
            if rows[at] > longest:
                longest, edge = rows[at], (start + at[0], at[1])
        if edge is None:
            return clouds.zeros(1)
        splits = np.zeros(clouds.n_clouds + 1, dtype=np.int64)
        splits[i + 1 :] = 1
        return clouds.values([(np.array([edge], dtype=np.int64), splits)])[0][:, 0]

    def __repr__(self):
        return (
            f"VietorisRips(max_dim={self.max_dim}, max_edge={self.max_edge}, "
            f"metric={self.metric!r}, homology_dimensions={self.homology_dimensions})"
        )


def _free_memory(n):
    """Return how many bytes a cloud of n points may take."""
    return available_memory() if n > SMALL_CLOUD else 2**62


def _square_of_longest(limit):
    """Return the greatest float whose square root is at most limit."""
    if limit == np.inf:
        return limit
    with np.errstate(over="ignore"):
        square = np.float64(limit) ** 2
        while np.sqrt(square) > limit:
            square = np.nextafter(square, 0)
        while square < np.inf and np.sqrt(np.nextafter(square, np.inf)) <= limit:
            square = np.nextafter(square, np.inf)
    return float(square)


def _longest_finite(matrix):
    """Return the greatest finite entry above the diagonal, -1 if there is none."""
    longest = -1.0
    for i, row in enumerate(matrix):
        finite = row[i + 1 :][np.isfinite(row[i + 1 :])]
        longest = max(longest, float(finite.max(initial=-1.0)))
    return longest
