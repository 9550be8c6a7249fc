"""Weak Alpha and Alpha filtrations: points to diagrams by their Delaunay triangulation."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np

from .._kernels.delaunay.pairs2 import planar_alpha_pairs
from .._kernels.delaunay.pairs_any import delaunay_complex, delaunay_pairs
from .._kernels.delaunay.triangulation2 import Triangulation, delaunay_triangles
from .._persistence import join_pairs, no_pairs
from .._utils.checks import with_own_init
from .._utils.parallel import run
from .._utils.typing import Dimensions
from ..diagrams import LastValues
from .circumradius import measure_spheres
from .point_clouds import PointFiltration

__all__ = ["Alpha", "WeakAlpha"]

# Points in one kernel call at the most: Ctrl-C is heard between calls.
CHUNK_POINTS = 1 << 18
# Calls for each thread, so that none waits long for the last.
CALLS_PER_THREAD = 4


class _DelaunayFiltration(PointFiltration):
    """What both filtrations of the Delaunay triangulation share; see `WeakAlpha`.

    A subclass has ``_alpha``, and defines ``_widths`` (vertices that name a birth and a death of a
    dimension), ``_measure`` (births and deaths) and ``_last_value``.
    """

    # The triangulation that warm_start keeps; a call has it for itself, so that threads may share
    # the filtration.
    _previous: Triangulation | None = None
    warm_start: bool
    _alpha: bool
    _measure: Callable[..., Any]
    _last_value: Callable[..., Any]

    def __init__(
        self,
        max_dim: int = 1,
        *,
        homology_dimensions: Dimensions = None,
        keep_zero: bool = False,
        warm_start: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        self._store(
            max_dim=max_dim,
            homology_dimensions=homology_dimensions,
            keep_zero=keep_zero,
            warm_start=warm_start,
            n_jobs=n_jobs,
        )

    def __getstate__(self):
        return {**self.__dict__, "_previous": None}

    def _find(self, clouds, n_jobs):
        if clouds.n_dimensions > 2:
            tasks = [partial(self._pair_spatial, clouds[i]) for i in range(clouds.n_samples)]
            parts = run(tasks, n_jobs)
        elif clouds.n_samples == 1:
            parts = [self._pair_single(clouds)]
        else:
            cuts = _cut(clouds, n_jobs)
            parts = run([partial(self._pair_planar, clouds, i, j) for i, j in cuts], n_jobs)
        found = join_pairs(parts)
        for dim in self.homology_dimensions:
            if dim not in found:
                found[dim] = no_pairs(clouds.n_samples, *self._widths(dim))
        return found

    def _pair_single(self, clouds):
        """Pair the only cloud, by the triangulation of the call before if it is kept."""
        if not self.warm_start:
            return self._pair_planar(clouds, 0, 1)
        # dict.pop is atomic: of calls in several threads, one takes what is kept, and the others
        # begin anew. An error leaves nothing behind.
        previous = self.__dict__.pop("_previous", None) or Triangulation()
        found = self._pair_planar(clouds, 0, 1, previous)
        self._previous = previous
        return found

    def _pair_planar(self, clouds, i, j, previous=None):
        """Pair the clouds i to j - 1."""
        return planar_alpha_pairs(
            clouds.plain,
            clouds.splits[i : j + 1],
            alpha=self._alpha,
            holes=self.homology_dimensions != (0,),
            keep_zero=self.keep_zero,
            previous=previous,
        )

    def _pair_spatial(self, cloud):
        dims = [dim for dim in self.homology_dimensions if dim < cloud.shape[1]]
        return delaunay_pairs(cloud, dims, alpha=self._alpha, keep_zero=self.keep_zero)

    def _values(self, clouds, rows, n_jobs):
        finite = self._measure(clouds, [clouds.number(*part) for part in rows[::2]])
        # Only components are essential, since the hull of points has no holes. Vertices enter at 0.
        births = [clouds.zeros(len(part)) for part, _ in rows[1::2]]
        return [part for both in zip(finite, births, strict=True) for part in both]

    def _stored_last(self, clouds):
        # The class finds them: parameters may change before they are asked for.
        return LastValues(type(self)._last_values, clouds.part(0, clouds.n_samples))

    @classmethod
    def _last_values(cls, clouds):
        return clouds.xp.concat([cls._last_value(clouds, i) for i in range(clouds.n_samples)])


def _cut(clouds, n_jobs):
    """Return ranges (i, j), so that clouds i to j - 1 are one call of the kernel."""
    most = CHUNK_POINTS
    if n_jobs > 1:
        most = min(most, -(-len(clouds.plain) // (CALLS_PER_THREAD * n_jobs)))
    chunks, start = [], 0
    for i in range(1, clouds.n_samples + 1):
        if i == clouds.n_samples or clouds.splits[i + 1] - clouds.splits[start] > most:
            chunks.append((start, i))
            start = i
    return chunks


def top_simplices(points):
    """Return (m, k + 1) int64 arrays of simplices, among them the maximal ones of a complex."""
    if points.shape[1] > 2:
        return delaunay_complex(points)
    triangles = delaunay_triangles(points) if points.shape[1] == 2 else ()
    if len(triangles):
        return [triangles]
    order = np.lexsort(points.T[::-1])
    return [np.stack([order[:-1], order[1:]], axis=1)]


@with_own_init
class WeakAlpha(_DelaunayFiltration):
    """Persistence of points by the edges of their Delaunay triangulation, at their lengths.

    A simplex of the Delaunay triangulation enters with its longest edge, at its length: the
    Vietoris-Rips filtration of the Delaunay complex, also called Delaunay-Rips. PD_0 is that of
    Vietoris-Rips; PD_1 is close to it, and has O(n) edges to look at in the plane. It is the
    filtration of the paper's figure 1.

    Parameters
    ----------
    max_dim : int, default=1
        Largest homology dimension.
    homology_dimensions : int or iterable of int, default=None
        Dimensions to compute, up to max_dim; None for all.
    keep_zero : bool, default=False
        Keep points with death equal to birth, where they pair two different edges.
    warm_start : bool, default=False
        Keep the triangulation of a cloud in the plane for the next call, and repair it if few
        points have moved since. That is 2.5 to 5 times faster if one point in 1000 has moved, and
        no gain if more than one in 50 have. Of calls from several threads at once, one has it. The
        result is the same.
    n_jobs : int, default=None
        Threads for a batch. None is 1 unless in a joblib context, -1 is all cores. The result is
        the same for any value.

    See Also
    --------
    Alpha : The same triangulation, by radii of empty circles.

    Notes
    -----
    It is called with points of shape (..., n, d), an array or a tensor of finite real numbers, or
    with a list of (n_i, d) clouds that may differ in n. Axes before the last two, or the list, are
    a batch. Pairing is done in float64; births and deaths have the dtype of the points.

    ``pairs[k]`` has the critical edges (bu, bv, du, dv); a vertex v is the edge (v, v). Edges of
    the same length enter in the order of their vertices. Where more than three points lie on one
    circle, a triangulation is chosen that has short edges (see ``triangulation2.pyx``).

    The gradient of a length is a unit vector at each end, and zero between coincident points.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, section 2 (weak Alpha).

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo.filtrations import WeakAlpha
    >>> square = np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0], [0.0, 4.0]])
    >>> diagram = WeakAlpha()(square)
    >>> diagram[0]
    array([[ 0., inf],
           [ 0.,  4.],
           [ 0.,  3.],
           [ 0.,  3.]])
    >>> diagram[1], diagram.pairs[1]
    (array([[4., 5.]]), array([[1, 2, 0, 2]]))

    Tensors come back as tensors, and gradients flow to the ends of critical edges:

    >>> import torch
    >>> points = torch.tensor(square, requires_grad=True)
    >>> birth, death = WeakAlpha()(points)[1][0]
    >>> death.backward()
    >>> points.grad[2]
    tensor([0.6000, 0.8000], dtype=torch.float64)
    """

    _alpha = False

    def _measure(self, clouds, pairs):
        return clouds.lengths(pairs)

    @staticmethod
    def _last_value(clouds, i):
        """Return the length of the longest edge of cloud i."""
        simplices = [part + clouds.splits[i] for part in top_simplices(clouds[i])]
        edges = np.concatenate(
            [part[:, pair] for part in simplices for pair in combinations(range(part.shape[1]), 2)]
        )
        if len(edges) == 0:
            return clouds.zeros(1)
        squares = (np.ptp(clouds.plain[edges], axis=1) ** 2).sum(axis=1)
        return clouds.lengths([edges[[np.argmax(squares)]]])[0][:, 0]


@with_own_init
class Alpha(_DelaunayFiltration):
    """Persistence of points by the radii of empty circles (spheres) of their Delaunay complex.

    A simplex enters at the radius of the smallest circle through its corners if no point lies
    inside (a Gabriel simplex), and else with the first simplex that it is a face of. It has the
    homology of the union of balls of that radius around the points (Čech).

    Signs of determinants and near ties of radii are decided exactly, so points on one sphere, in
    one plane or on a lattice, up to rounding or not, give the diagram of the exact cloud: a diagram
    moves by no more than the points do.

    Values are radii: an edge enters at half the length at which it enters `WeakAlpha` or
    Vietoris-Rips. gudhi's ``AlphaComplex`` returns squared radii.

    Parameters
    ----------
    max_dim : int, default=1
    homology_dimensions : int or iterable of int, default=None
    keep_zero : bool, default=False
    warm_start : bool, default=False
    n_jobs : int, default=None
        All as in `WeakAlpha`.

    See Also
    --------
    WeakAlpha : The same triangulation, by lengths of edges.

    Notes
    -----
    It is called as `WeakAlpha` is. ``pairs[k]`` has the k + 1 corners of the simplex that creates a
    class, then the k + 2 corners of the one that destroys it, each in ascending order. Both are
    Gabriel simplices, and the centre of their circle is inside them or on their border, so a radius
    changes by no more than the farthest move of a corner.

    Births above 0 and deaths that differ by less than 16 units in the last place (of float64) of
    the death, or of the largest coordinate, are equal up to rounding: such points are left out.
    With ``keep_zero`` they are kept where both simplices are Gabriel.

    ``essential="clip"`` ends the essential component at the last radius at which homology changes.

    References
    ----------
    Edelsbrunner, Mücke, Three-dimensional alpha shapes, 1994.

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo.filtrations import Alpha
    >>> diagram = Alpha()(np.array([[0.0, 0.0], [6.0, 0.0], [3.0, 4.0]]))
    >>> diagram[0]
    array([[0. ,  inf],
           [0. , 2.5],
           [0. , 2.5]])
    >>> diagram[1], diagram.pairs[1]
    (array([[3.   , 3.125]]), array([[0, 1, 0, 1, 2]]))
    """

    _alpha = True

    def _widths(self, dim):
        return dim + 1, dim + 2

    def _gather(self, clouds, found, n_jobs):
        parts = super()._gather(clouds, found, n_jobs)
        if self.keep_zero or not str(clouds.live.dtype).endswith("float32"):
            return parts
        # Radii are rounded once more, and those that differ by rounding are equal then. Half
        # precision has so few digits that pairs would be lost that are no rounding.
        return {dim: part.of_positive_length() for dim, part in parts.items()}

    def _measure(self, clouds, pairs):
        simplices = []
        for rows in pairs:
            n_birth = rows.shape[1] // 2
            parts = [rows[:, :n_birth], rows[:, n_birth:]]
            simplices += parts if n_birth > 1 else parts[1:]
        radii = iter(_circumradii(clouds, simplices))
        values = []
        for rows in pairs:
            births = clouds.zeros(len(rows)) if rows.shape[1] == 3 else next(radii)
            deaths = next(radii)
            if self.keep_zero:  # radii that are equal up to rounding
                deaths = clouds.xp.where(deaths < births, births, deaths)
            values.append(clouds.xp.stack([births, deaths], 1))
        return values

    @classmethod
    def _last_value(cls, clouds, i):
        """Return the radius at which the homology of cloud i changes for the last time.

        Simplices that enter later change nothing, and their radii depend on rounding.
        """
        every = cls(max_dim=clouds.n_dimensions - 1)
        found = every._find(clouds.part(i, i + 1), 1)
        deaths = [pairs.pairs[:, dim + 1 :] for dim, pairs in found.items() if len(pairs.pairs)]
        if not deaths:
            return clouds.zeros(1)
        radii = [measure_spheres(clouds[i], rows)[0] for rows in deaths]
        last = max(range(len(radii)), key=lambda k: radii[k].max())
        rows = deaths[last][[np.argmax(radii[last])]]
        return _circumradii(clouds, [rows + clouds.splits[i]])[0]


def _circumradii(clouds, simplices):
    """Return the radii of simplices, which are rows of the whole batch; see `live_circumradii`."""
    if clouds.xp.has_gradients:
        from .live_circumradius import live_circumradii

        radii = live_circumradii(clouds.live, clouds.plain, simplices)
    else:
        radii = [measure_spheres(clouds.plain, rows)[0] for rows in simplices]
    return [clouds.narrow(part) for part in radii]
