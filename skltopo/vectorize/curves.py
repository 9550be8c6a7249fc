"""Landscapes, silhouettes and Betti curves: values on a grid of filtration values."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Literal

import numpy as np
from sklearn.utils._param_validation import StrOptions

from .._utils.typing import Essential
from ..persistence_diagrams import GivenFiltration
from ..summaries import betti_curves, landscapes, silhouettes
from .base import COUNT, MOST, POWER, DiagramVectorizer, check_range

__all__ = ["BettiCurve", "PersistenceLandscape", "Silhouette"]


class _GridTransformer(DiagramVectorizer):
    """A transformer whose columns are values on an evenly spaced grid.

    A subclass has ``_prefixes``: one for each function on the grid, with which the names of its
    columns begin.
    """

    _parameter_constraints = {
        **DiagramVectorizer._parameter_constraints,
        "resolution": [COUNT],
        "sample_range": ["array-like", None],
    }

    _learnt = ("grid_",)

    def __init__(
        self,
        filtration=None,
        *,
        resolution=100,
        sample_range=None,
        dim=None,
        essential="drop",
        min_length=0.0,
        n_jobs=None,
    ):
        self.filtration = filtration
        self.resolution = resolution
        self.sample_range = sample_range
        self.dim = dim
        self.essential = essential
        self.min_length = min_length
        self.n_jobs = n_jobs

    def _fit_points(self, find_points):
        n_columns = self.resolution * len(self._prefixes)
        if n_columns > MOST:
            raise ValueError(
                f"resolution must make at most {MOST} columns, got {n_columns} for resolution="
                f"{self.resolution}"
            )
        low, high = np.inf, -np.inf
        if self.sample_range is None:
            points = find_points()
            low, high = points.min(initial=low), points.max(initial=high)
        is_one = self.resolution == 1
        low, high = check_range(self.sample_range, "sample_range", low, high, is_one)
        self.grid_ = np.linspace(low, high, self.resolution)

    def _count_columns(self):
        return len(self._prefixes) * int(self.resolution)

    def _names_of_one(self):
        return [f"{prefix}_t{i}" for prefix in self._prefixes for i in range(len(self.grid_))]


class PersistenceLandscape(_GridTransformer):
    r"""The k-th greatest of the triangles over the intervals of a diagram, on a grid.

    .. math:: \lambda_k(t) = \operatorname{kmax}_i \max(0, \min(t - b_i, d_i - t))

    Parameters
    ----------
    filtration : str or callable, default=None
        How data become diagrams, as in `PersistenceDiagrams`. None: X is a list of diagrams, or an
        array with two axes and functions on a line as rows.
    n_layers : int, default=5
        Landscapes, from the first.
    resolution : int, default=100
        Number of points of the grid.
    sample_range : sequence of two float, default=None
        Ends of the grid, which belong to it, in the unit of births and deaths; None for the least
        and the greatest finite coordinate seen in fit.
    dim : int or tuple of int, default=None
        Homology dimensions, where X has `Diagram` objects, the lists of `PersistenceDiagrams` with
        several dimensions, or data; in plain lists of arrays the positions. None for all that there
        are. Columns of several stand side by side, and their names begin with "H0_", "H1_".
    essential : {"drop", "clip"}, default="drop"
        "drop" leaves out essential classes, whose death is infinite, and warns where no diagram has
        other points. "clip" ends them at the last filtration value, which arrays do not tell.
    min_length : float, default=0.0
        Points with a shorter |death - birth| are left out.
    n_jobs : int, default=None
        Threads that turn data into diagrams. None is 1 unless in a joblib context, -1 is all cores.

    Attributes
    ----------
    grid_ : (resolution,) float64 ndarray
        Where the columns are values, evenly spaced, in the unit of births and deaths. For several
        dimensions a dict of such arrays.
    n_features_in_ : int
        Columns of X. Only if X in fit was rows of numbers.
    feature_names_in_ : ndarray of str
        Only if X in fit was a DataFrame.

    Notes
    -----
    Layers come one after the other.

    gudhi.representations differs on purpose: it multiplies with the square root of 2, and its
    learnt grid leaves out both ends unless ``keep_endpoints=True``. Here ends belong to the grid,
    so that ``grid_`` is the same for a range that is learnt and one that is given. persim's
    PersLandscapeExact is the same function where no two coordinates are equal.

    References
    ----------
    Bubenik, Statistical topological data analysis using persistence landscapes, 2015.

    Examples
    --------
    >>> from skltopo.vectorize import PersistenceLandscape
    >>> PersistenceLandscape(n_layers=2, resolution=5).fit_transform([[[0, 4], [1, 3]]])
    array([[0., 1., 2., 1., 0., 0., 0., 1., 0., 0.]])
    """

    _parameter_constraints = {**_GridTransformer._parameter_constraints, "n_layers": [COUNT]}

    def __init__(
        self,
        filtration: GivenFiltration | None = None,
        *,
        n_layers: int = 5,
        resolution: int = 100,
        sample_range: Sequence[float] | None = None,
        dim: int | tuple[int, ...] | None = None,
        essential: Literal["drop", "clip"] = "drop",
        min_length: float = 0.0,
        n_jobs: int | None = None,
    ) -> None:
        super().__init__(
            filtration,
            resolution=resolution,
            sample_range=sample_range,
            dim=dim,
            essential=essential,
            min_length=min_length,
            n_jobs=n_jobs,
        )
        self.n_layers = n_layers

    def _rows(self):
        return partial(landscapes, grid=self.grid_, n_layers=self.n_layers)

    def _count_columns(self):
        return int(self.n_layers) * int(self.resolution)

    @property
    def _prefixes(self):
        return [f"layer{k}" for k in range(1, self.n_layers + 1)]


class Silhouette(_GridTransformer):
    r"""The mean of the triangles over the intervals, weighted by their lengths, on a grid.

    .. math:: \phi(t) = \sum_i |d_i - b_i|^w \max(0, \min(t - b_i, d_i - t)) \Big/
        \sum_i |d_i - b_i|^w

    Parameters
    ----------
    filtration : str or callable, default=None
        How data become diagrams, as in `PersistenceDiagrams`. None: X is a list of diagrams, or an
        array with two axes and functions on a line as rows.
    weight_power : float, default=1.0
        w. 0 weighs all points the same; large ones let the longest decide.
    resolution : int, default=100
        Number of points of the grid.
    sample_range : sequence of two float, default=None
        Ends of the grid, which belong to it, in the unit of births and deaths; None for the least
        and the greatest finite coordinate seen in fit.
    dim : int or tuple of int, default=None
        Homology dimensions, where X has `Diagram` objects, the lists of `PersistenceDiagrams` with
        several dimensions, or data; in plain lists of arrays the positions. None for all that there
        are. Columns of several stand side by side, and their names begin with "H0_", "H1_".
    essential : {"drop", "clip"}, default="drop"
        "drop" leaves out essential classes, whose death is infinite, and warns where no diagram has
        other points. "clip" ends them at the last filtration value, which arrays do not tell.
    min_length : float, default=0.0
        Points with a shorter |death - birth| are left out.
    n_jobs : int, default=None
        Threads that turn data into diagrams. None is 1 unless in a joblib context, -1 is all cores.

    Attributes
    ----------
    grid_ : (resolution,) float64 ndarray
        Where the columns are values, evenly spaced, in the unit of births and deaths. For several
        dimensions a dict of such arrays.
    n_features_in_ : int
        Columns of X. Only if X in fit was rows of numbers.
    feature_names_in_ : ndarray of str
        Only if X in fit was a DataFrame.

    Notes
    -----
    A diagram without points is 0.

    gudhi.representations differs on purpose: it multiplies with the square root of 2, weighs
    equally by default, and its learnt grid leaves out both ends (see `PersistenceLandscape`).

    References
    ----------
    Chazal et al., Stochastic convergence of persistence landscapes and silhouettes, 2014.

    Examples
    --------
    >>> from skltopo.vectorize import Silhouette
    >>> Silhouette(resolution=5).fit_transform([[[0, 4], [1, 3]]]).round(3)
    array([[0.   , 0.667, 1.667, 0.667, 0.   ]])
    """

    _parameter_constraints = {**_GridTransformer._parameter_constraints, "weight_power": [POWER]}
    _prefixes = ("silhouette",)

    def __init__(
        self,
        filtration: GivenFiltration | None = None,
        *,
        weight_power: float = 1.0,
        resolution: int = 100,
        sample_range: Sequence[float] | None = None,
        dim: int | tuple[int, ...] | None = None,
        essential: Literal["drop", "clip"] = "drop",
        min_length: float = 0.0,
        n_jobs: int | None = None,
    ) -> None:
        super().__init__(
            filtration,
            resolution=resolution,
            sample_range=sample_range,
            dim=dim,
            essential=essential,
            min_length=min_length,
            n_jobs=n_jobs,
        )
        self.weight_power = weight_power

    def _rows(self):
        return partial(silhouettes, grid=self.grid_, weight_power=self.weight_power)


class BettiCurve(_GridTransformer):
    """How many classes are alive at each value of a grid.

    A class is alive at its birth and no longer at its death.

    Parameters
    ----------
    filtration : str or callable, default=None
        How data become diagrams, as in `PersistenceDiagrams`. None: X is a list of diagrams, or an
        array with two axes and functions on a line as rows.
    resolution : int, default=100
        Number of points of the grid.
    sample_range : sequence of two float, default=None
        Ends of the grid, which belong to it, in the unit of births and deaths; None for the least
        and the greatest finite coordinate seen in fit.
    dim : int or tuple of int, default=None
        Homology dimensions, where X has `Diagram` objects, the lists of `PersistenceDiagrams` with
        several dimensions, or data; in plain lists of arrays the positions. None for all that there
        are. Columns of several stand side by side, and their names begin with "H0_", "H1_".
    essential : {"keep", "drop", "clip"}, default="keep"
        What becomes of essential classes, whose death is infinite. "keep" counts them from their
        birth on, "drop" leaves them out, and "clip" ends them at the last filtration value, which
        arrays do not tell.
    min_length : float, default=0.0
        Points with a shorter |death - birth| are left out.
    n_jobs : int, default=None
        Threads that turn data into diagrams. None is 1 unless in a joblib context, -1 is all cores.

    Attributes
    ----------
    grid_ : (resolution,) float64 ndarray
        Where the columns are values, evenly spaced, in the unit of births and deaths. For several
        dimensions a dict of such arrays.
    n_features_in_ : int
        Columns of X. Only if X in fit was rows of numbers.
    feature_names_in_ : ndarray of str
        Only if X in fit was a DataFrame.

    Notes
    -----
    The Betti numbers at one value are ``BettiCurve(resolution=1, sample_range=(value, value))``;
    those of a single `Diagram` are its ``betti_numbers(value)``. A count is constant almost
    everywhere, so the gradient of the torch module is zero.

    gudhi.representations differs on purpose: its learnt grid leaves out both ends (see
    `PersistenceLandscape`).

    References
    ----------
    Umeda, Time series classification via topological data analysis, 2017.

    Examples
    --------
    >>> from skltopo.vectorize import BettiCurve
    >>> BettiCurve(resolution=5).fit_transform([[[0, 4], [1, 3]]])
    array([[1., 2., 2., 1., 0.]])
    """

    _parameter_constraints = {
        **_GridTransformer._parameter_constraints,
        "essential": [StrOptions({"keep", "drop", "clip"})],
    }
    _prefixes = ("betti",)

    def __init__(
        self,
        filtration: GivenFiltration | None = None,
        *,
        resolution: int = 100,
        sample_range: Sequence[float] | None = None,
        dim: int | tuple[int, ...] | None = None,
        essential: Essential = "keep",
        min_length: float = 0.0,
        n_jobs: int | None = None,
    ) -> None:
        super().__init__(
            filtration,
            resolution=resolution,
            sample_range=sample_range,
            dim=dim,
            essential=essential,
            min_length=min_length,
            n_jobs=n_jobs,
        )

    @property
    def _takes_essential(self):  # type: ignore[override]
        return self.essential == "keep"

    def _rows(self):
        return partial(betti_curves, grid=self.grid_)
