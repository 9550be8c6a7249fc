"""TopoShaper: points move until their persistence diagram is as wished (figures 1 and 2)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import partial
from numbers import Integral, Real
from typing import Any, Literal, TypeAlias

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, RealNotInt, StrOptions
from sklearn.utils.validation import _check_feature_names, check_is_fitted, validate_data

from .._utils.arrays import as_plain
from .._utils.links import DocumentationLink
from .._utils.typing import Array, ArrayLike, FiltrationFunction, RandomState, Self
from ..energies import Energy
from ..filtrations import Alpha, VietorisRips, WeakAlpha
from ..fit_context import fit_context
from .critical_sets import cliques, delaunay_faces
from .descent import RULES, Box, Descent, Loss, Unit, descend, descend_lbfgs
from .fields import NearestField, Replay, typical_spacing

__all__ = ["OBJECTIVES", "TopoShaper"]

#: The energies of the names that `TopoShaper` knows as objectives; a negative weight is increased.
#:
#: >>> from skltopo.shaping import OBJECTIVES
#: >>> [(energy.dim, energy.p, energy.weight) for energy in OBJECTIVES["holes"]]
#: [(1, 2, -1.0)]
OBJECTIVES = {
    "spread": [Energy(dim=0, p=2, i0=2, weight=-1.0)],
    "clusters": [Energy(dim=0, p=2, i0=2)],
    "holes": [Energy(dim=1, p=2, weight=-1.0)],
    "fill": [Energy(dim=1, p=2)],
    "lines": [Energy(dim=1, p=2, q=1, weight=-1.0), Energy(dim=0, p=2, i0=2)],
}
Objective: TypeAlias = (
    Literal["holes", "clusters", "spread", "lines", "fill"] | Energy | Sequence[Energy]
)
FILTRATIONS = {"weak_alpha": WeakAlpha, "alpha": Alpha, "rips": VietorisRips}
# Most features for a Delaunay complex. For each of many uniform points it has 32 cells in R^4, 190
# in R^5, and 1300 in R^6.
MAX_DELAUNAY_FEATURES = 5
# Bandwidths, in the extent of the cloud, whose squares neither overflow nor vanish. Beyond them a
# field moves its anchors alone, or all points alike.
BANDWIDTHS = 1e-100, 1e100


def extent(points):
    """Return the longest side of the box around points; of a single place its distance from 0."""
    with np.errstate(over="ignore"):
        longest = np.ptp(points, axis=0).max() or abs(points).max() or 1.0
    return float(min(longest, np.finfo(np.float64).max))


def _narrow(points, dtype):
    """Return points as an array of a dtype, or raise ValueError where they overflow."""
    with np.errstate(over="ignore"):
        narrow = points.astype(dtype, copy=False)
    if not np.isfinite(narrow).all():
        raise ValueError(
            f"moved points are more than a {np.dtype(dtype)} can hold; give X as float64, or take "
            "fewer or smaller steps"
        )
    return narrow


class TopoShaper(OneToOneFeatureMixin, TransformerMixin, DocumentationLink, BaseEstimator):
    r"""Move points by descent on functions of their persistence diagram.

    Minimises :math:`\sum_j w_j E_j(\mathrm{PD}(x)) + \mathrm{anchor} \sum_i |x_i - x_i^0|^2` over
    the points x, from x^0 = X.

    Parameters
    ----------
    objective : {"holes", "clusters", "spread", "lines", "fill"} or Energy or list, default="holes"
        What is minimised; a list has energies. The names are the panels of the paper's figure 1:
        "holes" increases
        E(2, 0, 1; PD_1), "fill" decreases it; "spread" increases E(2, 0, 2; PD_0), "clusters"
        decreases it; "lines" increases E(2, 1, 1; PD_1) and decreases E(2, 0, 2; PD_0). Energies
        with a negative weight are increased. "clusters" draws points together along
        a tree; to gather them in many tight clumps, take a power below 1, as
        ``Energy(dim=0, p=0.5, i0=2)``.
    filtration : {"weak_alpha", "alpha", "rips"} or callable, default="weak_alpha"
        Of the points: a class of `skltopo.filtrations` up to the dimension that the objective
        needs, or any callable from points (arrays and tensors) to a `Diagram`. For X of more than
        5 features, where Delaunay complexes are too large, "weak_alpha" stands for "rips", whose
        PD_0 is the same.
    gradient : {"subgradient", "big_step", "diffeomorphic"}, default="subgradient"
        "subgradient", the paper's: only the ends of critical edges move. "big_step": all edges move
        that become critical on the way to a target, the critical sets of Nigmetov and Morozov; for
        filtrations by edge lengths ("weak_alpha" and "rips"). "diffeomorphic": a smooth field
        spreads the moves of the critical points over all others (Carrière, Theveneau and Lacombe);
        it is scaled so that every step is invertible.
    optimizer : {"adam", "sgd", "lbfgs"}, default="adam"
        How moves are computed from gradients. "lbfgs" has its own line search, and works with
        gradient="subgradient" only.
    learning_rate : float, default=None
        Of "adam" and "sgd", a length in the units of the points. A step of "adam" has about this
        length in each coordinate; of the first step of "sgd" it is the largest move of a
        coordinate. None: 0.01 of the longest side of the box around the points.
    max_iter : int, default=100
        Limit of steps.
    tol : float, default=1e-4
        Stop when ``n_iter_no_change`` steps together have improved the loss by less than this
        fraction of it. None: take ``max_iter`` steps.
    n_iter_no_change : int, default=10
    anchor : float, default=0.0
        Weight of the squared distances of points from their start.
    bounds : tuple (low, high), default=None
        Box that points are kept in by projection: two numbers, or two arrays of shape
        (n_features,).
    bandwidth : float, default=None
        Of the field of gradient="diffeomorphic". None: twice the mean distance between nearest
        points.
    subsample : int or float, default=None
        Number or fraction of points, drawn once, that the diagrams see; the fitted displacement
        carries the others, as `transform` does.
    store_path : bool, default=False
        Whether to keep ``path_``.
    random_state : int, RandomState instance or None, default=None
        For ``subsample``.
    verbose : int, default=0
        1 shows a progress bar.

    Attributes
    ----------
    embedding_ : (n_samples, n_features) ndarray
        The moved points: of all that were met, those with the least loss.
    loss_curve_ : (n_iter_ + 1,) ndarray
        Loss at the start and after each step; that of ``embedding_`` is the least.
    learning_rate_ : float
        The given or chosen one.
    n_iter_ : int
        Steps.
    path_ : (n_iter_ + 1, n_shaped, n_features) ndarray
        Shaped points at the start and after each step, if ``store_path``.
    sample_indices_ : (n_shaped,) ndarray
        Points that the diagrams see.
    filtration_ : callable
        Points to their `Diagram`.
    n_features_in_ : int
        Number of features of X in `fit`.
    feature_names_in_ : (n_features_in_,) ndarray
        Names of the features, if X in `fit` had names that are all strings.

    Notes
    -----
    `transform` carries any points by the fitted displacement. For "diffeomorphic" they take the
    same steps, and training points arrive at ``embedding_`` up to rounding. Otherwise the moves of
    the training points are interpolated between the nearest of them, and training points arrive
    up to rounding; coincident ones move as the first of them.

    Points at c times the scale, with c times the ``learning_rate`` and the ``bandwidth``, move as
    the others do if the objective has one power, and ``anchor`` is 0: also where the loss is so
    small that ``loss_curve_`` is zero. One that is more than a float can hold is an error. Any
    callable as filtration sees points in their own unit. A `ConvergenceWarning` tells
    where the points diverge, where the last loss is above the first, and where the objective, or
    an energy in it, has nothing to do: no move of the points would change it.

    Ctrl-C during a fit leaves the best points of the whole steps, and warns. The gradient of
    energies of critical edges is computed in closed form; other filtrations, and energies with
    ``essential="clip"``, are differentiated by torch.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, section 3, figures 1, 2.

    Nigmetov, Morozov, Topological optimization with big steps, 2024.

    Carrière, Theveneau, Lacombe, Diffeomorphic interpolation for efficient persistence-based
    topological optimization, 2024.

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo import TopoShaper
    >>> X = np.random.default_rng(0).random((100, 2))
    >>> shaper = TopoShaper("holes").fit(X)
    >>> bool(shaper.loss_curve_[-1] < 5 * shaper.loss_curve_[0] < 0)
    True
    >>> shaper.embedding_.shape, shaper.transform([[0.5, 0.5]]).shape
    ((100, 2), (1, 2))
    """

    _parameter_constraints: dict = {
        "objective": [StrOptions(set(OBJECTIVES)), Energy, list, tuple],
        "filtration": [StrOptions(set(FILTRATIONS)), callable],
        "gradient": [StrOptions({"subgradient", "big_step", "diffeomorphic"})],
        "optimizer": [StrOptions({"adam", "sgd", "lbfgs"})],
        "learning_rate": [Interval(Real, 0, None, closed="neither"), None],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left"), None],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "anchor": [Interval(Real, 0, None, closed="left")],
        "bounds": [tuple, list, None],
        "bandwidth": [Interval(Real, 0, None, closed="neither"), None],
        "subsample": [
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="neither"),
            None,
        ],
        "store_path": ["boolean"],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        objective: Objective = "holes",
        *,
        filtration: Literal["weak_alpha", "alpha", "rips"] | FiltrationFunction = "weak_alpha",
        gradient: Literal["subgradient", "big_step", "diffeomorphic"] = "subgradient",
        optimizer: Literal["adam", "sgd", "lbfgs"] = "adam",
        learning_rate: float | None = None,
        max_iter: int = 100,
        tol: float | None = 1e-4,
        n_iter_no_change: int = 10,
        anchor: float = 0.0,
        bounds: tuple[ArrayLike, ArrayLike] | None = None,
        bandwidth: float | None = None,
        subsample: float | None = None,
        store_path: bool = False,
        random_state: RandomState = None,
        verbose: int = 0,
    ) -> None:
        self.objective = objective
        self.filtration = filtration
        self.gradient = gradient
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.anchor = anchor
        self.bounds = bounds
        self.bandwidth = bandwidth
        self.subsample = subsample
        self.store_path = store_path
        self.random_state = random_state
        self.verbose = verbose

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Move the points.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Points; float32 is computed in float64 and gives float32.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If X or a parameter is no such thing, or the loss, its gradient or the moved points are
            more than a float can hold.
        """
        X = validate_data(self, as_plain(X, "X"), dtype=[np.float64, np.float32])
        points = X.astype(np.float64)
        project = self._make_projection(X.shape[1])
        energies = self._make_energies()
        self.filtration_ = self._make_filtration(energies, X.shape[1])
        self.sample_indices_ = self._draw(len(X))
        start = points[self.sample_indices_]
        scales = self._scales()
        unit = Unit(int(np.frexp(extent(start))[1]), energies, self.anchor, scales=scales)
        start = unit.measure(start)
        given = self.learning_rate
        rate = float(unit.measure(float(given))) if given else 0.01 * extent(start)
        self.learning_rate_ = self.learning_rate or float(unit.restore(rate))
        box = Box(unit.measure(project.low), unit.measure(project.high))
        descent = self._descend(start, unit, box, rate, scales)
        curve = unit.restore_loss(descent.curve)
        if np.isinf(curve).any():
            raise ValueError(
                "the loss of points of this size is more than a float can hold; scale X, or take "
                "an objective of a smaller power"
            )
        self._warn(descent, energies, curve)
        self._store(descent, start, project, box, unit, curve)
        embedding = project(unit.restore(descent.best_points))
        if len(start) < len(points):
            moved = embedding
            embedding = self._carry(points)
            embedding[self.sample_indices_] = moved
        self.embedding_ = _narrow(embedding, X.dtype)
        return self

    def _make_energies(self):
        if isinstance(self.objective, str):
            return OBJECTIVES[self.objective]
        energies = [self.objective] if isinstance(self.objective, Energy) else list(self.objective)
        wrong = [energy for energy in energies if not isinstance(energy, Energy)]
        if wrong or not energies:
            raise TypeError(
                "objective must be a name, an Energy or a list of at least one Energy, got "
                f"{self.objective!r}"
            )
        return energies

    def _make_filtration(self, energies, n_features, warm_start=False):
        """Return the filtration; with warm_start one that is fast where few points move."""
        if not isinstance(self.filtration, str):
            return self.filtration
        name = self.filtration
        if name == "weak_alpha" and n_features > MAX_DELAUNAY_FEATURES:
            name = "rips"
        max_dim = max(energy.dim for energy in energies)
        options = {"warm_start": True} if warm_start and name != "rips" else {}
        return FILTRATIONS[name](max_dim=max_dim, **options)

    def _make_projection(self, n_features):
        if self.bounds is None:
            return Box(np.full(n_features, -np.inf), np.full(n_features, np.inf))
        try:
            low, high = (
                np.broadcast_to(np.asarray(b, np.float64), n_features) for b in self.bounds
            )
            is_box = bool((low <= high).all())
        except (TypeError, ValueError):
            is_box = False
        if not is_box:
            raise ValueError(
                "bounds must be (low, high) with low <= high, numbers or arrays of shape "
                f"({n_features},), got {self.bounds!r}"
            )
        return Box(low, high)

    def _draw(self, n_samples):
        """Return the indices of the points that the diagrams see."""
        if self.subsample is None:
            return np.arange(n_samples)
        n_shaped = self.subsample
        if not isinstance(n_shaped, Integral):
            n_shaped = max(1, round(n_shaped * n_samples))
        rng = check_random_state(self.random_state)
        return np.sort(rng.choice(n_samples, min(n_shaped, n_samples), replace=False))

    def _has_edge_lengths(self):
        """Tell whether births and deaths are Euclidean lengths of the edges in pairs."""
        metric = getattr(self.filtration_, "metric", "euclidean")
        return isinstance(self.filtration_, (WeakAlpha, VietorisRips)) and metric == "euclidean"

    def _scales(self):
        """Tell whether births and deaths of c times the points are c times as large."""
        if type(self.filtration_) is VietorisRips:
            return self._has_edge_lengths() and self.filtration_.max_edge == np.inf
        return type(self.filtration_) in (WeakAlpha, Alpha)

    def _make_loss(self, start, unit, scales):
        energies = unit.energies
        by_edges = self._has_edge_lengths()
        drop = all(energy.essential == "drop" for energy in energies)
        simplices = None
        if self.gradient == "big_step":
            if not (by_edges and drop):
                raise ValueError(
                    'gradient="big_step" needs filtration="weak_alpha" or "rips" with Euclidean '
                    f'distances, and energies with essential="drop", got {self.filtration_!r} and '
                    f"{energies}"
                )
            simplices = delaunay_faces
            if isinstance(self.filtration_, VietorisRips):
                simplices = partial(cliques, max_edge=self.filtration_.max_edge)
        filtration = self._make_filtration(energies, start.shape[1], warm_start=True)
        exponent = 0 if scales else unit.exponent
        closed_form = by_edges and drop
        return Loss(filtration, energies, unit.anchor, start, closed_form, simplices, exponent)

    def _descend(self, start, unit, box, learning_rate, scales):
        """Return the `Descent` of points in the unit."""
        loss = self._make_loss(start, unit, scales)
        descent = Descent(
            start,
            box,
            unit.farthest,
            max_iter=self.max_iter,
            tol=self.tol,
            patience=self.n_iter_no_change,
            store_path=self.store_path,
            verbose=bool(self.verbose),
        )
        if self.optimizer == "lbfgs":
            if self.gradient != "subgradient":
                raise ValueError(
                    f'optimizer="lbfgs" goes with gradient="subgradient", got {self.gradient!r}'
                )
            descend_lbfgs(descent, loss, extent(start))
            return descent
        bandwidth = None
        if self.gradient == "diffeomorphic":
            bandwidth = typical_spacing(start)
            if self.bandwidth:
                bandwidth = float(np.clip(unit.measure(float(self.bandwidth)), *BANDWIDTHS))
        descend(descent, loss, partial(RULES[self.optimizer], learning_rate), bandwidth)
        return descent

    def _warn(self, descent, energies, curve):
        """Warn of an ending that leaves less than was asked for."""
        n_iter, advice = descent.n_iter, ""
        idle = [] if isinstance(self.objective, str) else self._idle(energies)
        if idle and descent.ending != "nothing":
            sentence = f"TopoShaper has nothing to do for {idle}: {self._say_holes()}"
            warnings.warn(sentence, ConvergenceWarning, stacklevel=4)
        if self.optimizer != "lbfgs":
            advice = f"; try a learning_rate smaller than {self.learning_rate_:.3g}"
        if descent.ending == "interrupted":
            sentence = f"was interrupted after {n_iter} steps; embedding_ has the best points"
        elif descent.ending == "diverged":
            sentence = f"diverged after {n_iter} steps; embedding_ has the best points{advice}"
        elif descent.ending == "nothing":
            sentence = self._say_that_nothing_counts(energies)
        elif abs(descent.curve[0]) < np.finfo(np.float64).tiny:
            sentence = (
                f"took {n_iter} steps of a loss that is less than a float can hold, so that the "
                "best points are not known; scale X"
            )
        elif descent.is_worse():
            sentence = (
                f"diverged: after {n_iter} steps the loss is {curve[-1]:.4g}, above the "
                f"{curve[0]:.4g} of the start; embedding_ has the best points{advice}"
            )
        else:
            return
        warnings.warn(f"TopoShaper {sentence}", ConvergenceWarning, stacklevel=4)

    def _say_that_nothing_counts(self, energies):
        sentence = (
            "took no step, as the objective has nothing to do: no point of the diagram of X counts "
            f"in {energies}"
        )
        return f"{sentence}; {self._say_holes()}" if self._idle(energies) else sentence

    def _idle(self, energies):
        """Return the energies of holes of a dimension that points with so few features never have.

        Subcomplexes of Delaunay triangulations lie in the space of the points.
        """
        if not isinstance(self.filtration_, (Alpha, WeakAlpha)):
            return []
        return [energy for energy in energies if energy.dim >= self.n_features_in_]

    def _say_holes(self):
        n_features = self.n_features_in_
        return f"points with {n_features} features have holes up to dimension {n_features - 1}"

    def _store(self, descent, start, project, box, unit, curve):
        self.loss_curve_ = curve
        self.n_iter_ = descent.n_iter
        if self.store_path:
            self.path_ = unit.restore(np.array(descent.path))
        self._project = project
        self._unit = unit
        self._nearest: Any = None
        self._nearest_back: Any = None
        self._replay: Any = None
        if self.gradient == "diffeomorphic":
            self._replay = Replay(descent.fields[: descent.best_iter], box)
        else:
            self._nearest = NearestField(start, descent.best_points - start)
        if self._replay is None or self.bounds is not None:
            self._nearest_back = NearestField(descent.best_points, start - descent.best_points)

    def _carry(self, points):
        carry = self._replay or (lambda inside: inside + self._nearest(inside))
        return self._project(self._unit.move(self._project(points), carry))

    def fit_transform(self, X: ArrayLike, y: Any = None) -> Array:
        """Move the points and return them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : None
            Ignored.

        Returns
        -------
        (n_samples, n_features) ndarray
            ``embedding_``.
        """
        return self.fit(X).embedding_

    def transform(self, X: ArrayLike) -> Array:
        """Carry points by the fitted displacement.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        (n_samples, n_features) ndarray
        """
        X = self._check(X)
        return _narrow(self._carry(X.astype(np.float64)), X.dtype)

    def inverse_transform(self, X: ArrayLike) -> Array:
        """Carry moved points back.

        For gradient="diffeomorphic" without bounds each step is undone. Otherwise the moves of the
        training points are interpolated backwards, exactly for ``embedding_`` where no points have
        met.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        (n_samples, n_features) ndarray
        """
        X = self._check(X)
        points = X.astype(np.float64)
        back = self._nearest_back
        carry = self._replay.undo if back is None else lambda inside: inside + back(inside)
        return _narrow(self._unit.move(points, carry), X.dtype)

    def _check(self, X):
        check_is_fitted(self, "embedding_")
        _check_feature_names(self, X, reset=False)  # before missing entries are looked for
        return validate_data(self, as_plain(X, "X"), reset=False, dtype=[np.float64, np.float32])
