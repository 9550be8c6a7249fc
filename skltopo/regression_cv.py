"""Regression with topological penalties whose lam is chosen by cross-validation."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import partial
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np
from sklearn.base import MultiOutputMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import check_cv
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metadata_routing import (
    UNUSED,
    MetadataRouter,
    MethodMapping,
    _raise_for_params,
    _routing_enabled,
    process_routing,
)

from ._utils.arrays import as_floats, as_numbers
from ._utils.checks import check_n_jobs
from ._utils.cluster import is_for_cluster, send
from ._utils.memory import check_memory
from ._utils.parallel import effective_n_jobs, run
from ._utils.typing import ArrayLike, RandomState, Self
from .fit_context import fit_context
from .linear_base import GivenPenalty, TopologicalLinearModel, TopologicalRegressor, known_solution
from .losses import SquaredLoss
from .solvers import Solution, adam, choose_solver, plan_of, proximal, solve_path
from .solvers.plans import Solver

__all__ = ["TopologicalRegressionCV"]

# Weights that differ by less, in tolerances of the solver and the largest of them, are the same.
SAME = 10
# How many passes over X one lam takes, about: what a fold costs, to decide where it is fitted.
STEPS_PER_LAM = 16
# What is said if the chosen lam is an end of a grid, or of given lams.
ADVICE = {
    ("grid", "largest"): "of the lams, which leaves nothing free: more components, or another "
    "penalty, may predict better",
    ("grid", "smallest"): "of the lams: a smaller eps, or penalty=None, may predict better",
    ("given", "largest"): "of the given lams: larger ones may predict better",
    ("given", "smallest"): "of the given lams: smaller ones may predict better",
}
FLAT = "of the given lams, which all leave the same weights: smaller or larger ones may do better"


# --------------------------------------------------------------------------------------------------
# The grid
# --------------------------------------------------------------------------------------------------


def largest_lam(loss, penalty):
    """Return a lam from which on nothing is free, in the units of the loss and the penalty.

    Where the penalty has no dual norm, it is the lam for which the penalty of least squares weights
    is ten times the loss of no weights at all.
    """
    flat = loss.flat(penalty.frees_constants)
    lam = penalty.dual_norm(loss.value_and_gradient(flat)[1])
    if lam is None:
        weights = loss.start()
        value = loss.value_and_gradient(np.zeros(loss.n_coef))[0]
        lam = 10 * value / (abs(float(penalty.value(weights))) or abs(weights).max() or 1.0)
    return float(lam) or 1.0  # where there is nothing to fit, any lam will do


def _as_lams(lams):
    """Return given lams as a falling array without duplicates, or raise ValueError."""
    given = np.asarray(as_floats(as_numbers(lams, "lams"))[1], dtype=np.float64)
    falling = np.unique(given)[::-1]
    if given.ndim != 1 or falling.size == 0 or not np.isfinite(falling).all() or falling[-1] < 0:
        raise ValueError(
            f"lams must be finite, not negative and not empty, and have one axis, got {lams!r}"
        )
    return falling.copy()


# --------------------------------------------------------------------------------------------------
# Paths and folds
# --------------------------------------------------------------------------------------------------


def _path(loss, penalty, lams, solver, max_iter, tol):
    """Return (n_lams, n_features) weights for decreasing lams."""
    if penalty is None:
        return np.tile(loss.least_squares(), (len(lams), 1))
    if solver == "proximal":
        return solve_path(loss, penalty, lams, max_iter=max_iter, tol=tol)[0]
    coefs = [loss.start()]
    for lam in lams:
        coefs.append(adam(loss, penalty, lam, coefs[-1], max_iter=max_iter, tol=tol).coef)
    return np.array(coefs[1:])


def _fold_errors(X, y, weight, train, test, fit_intercept, fit_path):
    """Return the mean squared error on the test samples for every lam."""
    loss = SquaredLoss(X[train], y[train], None if weight is None else weight[train], fit_intercept)
    coefs = fit_path(loss)
    intercepts = loss.y_mean - coefs @ loss.X_mean
    squares = (X[test] @ coefs.T + intercepts - y[test, np.newaxis]) ** 2
    if weight is None:
        return squares.mean(axis=0)
    if weight[test].max() == 0:
        raise ValueError("sample_weight must not be zero in all samples that a fold leaves out")
    return np.average(squares, axis=0, weights=weight[test] / weight.max())  # sums may overflow


def _check_fold(fold, n_samples):
    """Return (train, test), or raise ValueError if they are not indices of samples."""
    try:
        train, test = fold
        sizes = [np.arange(n_samples)[np.asarray(part)].size for part in (train, test)]
    except (IndexError, TypeError, ValueError):
        sizes = [0]
    if not all(sizes):
        raise ValueError(
            f"cv must give pairs of indices of the {n_samples} samples, for training and for "
            f"testing, and none of them empty, got {fold!r}"
        )
    return train, test


@dataclass
class _Search:
    """What cross-validation finds for one output.

    Attributes
    ----------
    lams : (n_lams,) ndarray
        Falling.
    errors : (n_lams, n_folds) ndarray
    path : (n_lams, n_features) ndarray
        Weights on all samples.
    best : int
        Index of the chosen lam.
    loss : SquaredLoss
        Of all samples.
    solution : Solution, default=None
        The weights at the chosen lam.
    """

    lams: np.ndarray
    errors: np.ndarray
    path: np.ndarray
    best: int
    loss: SquaredLoss
    solution: Solution | None = None

    @property
    def lam(self):
        """The chosen lam."""
        return float(self.lams[self.best])

    @property
    def end(self):
        """Which end of the lams the chosen one is, or None: "largest" or "smallest"."""
        if len(self.lams) == 1 or self.lam == 0 or 0 < self.best < len(self.lams) - 1:
            return None
        return "smallest" if self.best else "largest"

    def is_flat(self, tol):
        """Tell whether all lams leave the same weights."""
        return _count_same(self.path, tol) == len(self.path)


def _choose(errors, path, rule, tol):
    """Return the index of the chosen lam.

    Where it is one of the largest lams, and some of them leave the same weights, it is the smallest
    of these.
    """
    mean = errors.mean(axis=1)
    chosen = int(mean.argmin())
    n_folds = errors.shape[1]
    if rule == "one_standard_error" and n_folds > 1:
        error = errors[chosen].std(ddof=1) / np.sqrt(n_folds)
        chosen = int(np.argmax(mean <= mean[chosen] + error))
    n_same = _count_same(path, tol)
    return n_same - 1 if chosen < n_same < len(path) else chosen


def _count_same(path, tol):
    """Return how many of the largest lams leave the same weights."""
    is_other = abs(path - path[0]).max(axis=1) > SAME * tol * abs(path[0]).max()
    return int(is_other.argmax()) if is_other.any() else len(path)


class TopologicalRegressionCV(MultiOutputMixin, TopologicalRegressor):
    """`TopologicalRegression` with lam chosen by cross-validation along paths with warm starts.

    Parameters
    ----------
    penalty : {"clusters", "maxima", "l1", "l2", "tv", "tv2"}, None or Penalty, default="clusters"
        As for `TopologicalRegression`.
    n_components : int, default=3
        Clusters or maxima that are free.
    lams : int or array-like of shape (n_lams,), default=20
        Values to try. An integer stands for so many, evenly on a log scale, from the least lam that
        leaves nothing free (the weights are those of an infinite lam) down to ``eps`` times it, in
        the units of X and y, as scikit-learn's alphas are. For "clusters" with more than one
        component and for "maxima", whose penalties are not convex, the first lam is a bound, and
        for penalties without ``dual_norm`` a guess.
    eps : float, default=1e-5
        Smallest lam of a grid relative to the largest; only for integer ``lams``.
    cv : int, cross-validation generator or iterable, default=5
        How to split. An integer is a number of folds without shuffling.
    rule : {"best", "one_standard_error"}, default="best"
        "one_standard_error": the largest lam whose mean error is within one standard error (over
        folds) of the least. Of large lams that leave the same weights the smallest is taken.
    solver : {"auto", "proximal", "adam"}, default="auto"
        As for `TopologicalRegression`.
    coef_shape : tuple of int, default=None
        Shape of the weights for "maxima", None for a line.
    fit_intercept : bool, default=True
        The intercept is not penalised.
    n_init : int, default=1
        Starts of the final fit; paths use one. For penalties other than "clusters" several are used
        only if the left-out samples are predicted better by that.
    max_iter : int, default=None
        Limit of steps; None is 10000 for "proximal" and 500 for "adam".
    tol : float, default=1e-5
        Bound on the stopping value, see `skltopo.solvers.Solution`.
    random_state : int, RandomState instance or None, default=None
        For the starts after the first.
    n_jobs : int, default=None
        Threads over folds. The result is the same for any value. In
        ``joblib.parallel_config("dask")`` any value but 1 sends folds to the cluster, unless they
        are small.
    verbose : int, default=0
        1 prints a line for each fold and for each final fit.

    Attributes
    ----------
    lam_ : float or (n_outputs,) ndarray
        The chosen value, one for each output. A `ConvergenceWarning` tells where it is an end of
        the tried values.
    lams_ : (n_lams,) or (n_outputs, n_lams) ndarray
        Tried values, decreasing.
    mse_path_ : (n_lams, n_folds) or (n_outputs, n_lams, n_folds) ndarray
        Mean squared error on left-out samples.
    coef_path_ : (n_lams, n_features) or (n_outputs, n_lams, n_features) ndarray
        Weights on all samples.
    coef_ : (n_features,) or (n_outputs, n_features) ndarray
        Weights at ``lam_``.
    intercept_ : float or (n_outputs,) ndarray
        Intercepts, 0 without ``fit_intercept``.
    labels_ : (n_features,) or (n_outputs, n_features) ndarray
        Cluster of each weight; only with penalty "clusters".
    n_iter_ : int
        Steps of the final fit, the largest number over outputs.
    loss_curve_ : ndarray or list of ndarray
        Objective of the final fit at its start and after each step.
    stop_ : float
        Stopping value, the largest over outputs.
    diagram_ : Diagram, list of Diagram or None
        What the penalty measures.
    n_features_in_ : int
        Number of features of X in `fit`.
    feature_names_in_ : (n_features_in_,) ndarray
        Names of the features, if X in `fit` had names that are all strings.

    See Also
    --------
    TopologicalRegression : The same with a given lam.

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo import TopologicalRegressionCV
    >>> rng = np.random.default_rng(0)
    >>> coef = rng.choice([1.0, 2.0, 3.0], 50)
    >>> X = rng.normal(size=(60, 50))
    >>> y = X @ coef + 0.05 * rng.normal(size=60)
    >>> model = TopologicalRegressionCV(n_components=3).fit(X, y)
    >>> bool(np.sum((model.coef_ - coef) ** 2) < 0.01), model.mse_path_.shape
    (True, (20, 5))
    >>> in_cents = TopologicalRegressionCV(n_components=3).fit(X, 100 * y)
    >>> bool(np.allclose(in_cents.coef_, 100 * model.coef_, rtol=1e-3))
    True
    """

    _parameter_constraints: dict = {
        name: constraint
        for name, constraint in TopologicalLinearModel._parameter_constraints.items()
        if name not in ("lam", "warm_start")
    } | {
        "lams": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "eps": [Interval(Real, 0, 1, closed="neither")],
        "cv": ["cv_object"],
        "rule": [StrOptions({"best", "one_standard_error"})],
        "n_jobs": [None, Integral],
    }
    # The splitter asks for groups, not this estimator.
    __metadata_request__fit = {"groups": UNUSED}

    def __init__(
        self,
        penalty: GivenPenalty = "clusters",
        *,
        n_components: int = 3,
        lams: ArrayLike = 20,
        eps: float = 1e-5,
        cv: Any = 5,
        rule: Literal["best", "one_standard_error"] = "best",
        solver: Solver = "auto",
        coef_shape: tuple[int, ...] | None = None,
        fit_intercept: bool = True,
        n_init: int = 1,
        max_iter: int | None = None,
        tol: float = 1e-5,
        random_state: RandomState = None,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.penalty = penalty
        self.n_components = n_components
        self.lams = lams
        self.eps = eps
        self.cv = cv
        self.rule = rule
        self.solver = solver
        self.coef_shape = coef_shape
        self.fit_intercept = fit_intercept
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.verbose = verbose

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        **params: Any,
    ) -> Self:
        """Choose lam and fit the model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Dense; float32 is solved in float64 and gives float32 weights.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Outputs are fitted one by one, each with its own lam.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the errors, in training and on left-out samples.
        groups : array-like of shape (n_samples,), default=None
            Groups of samples for a ``cv`` that splits by groups, as `GroupKFold`.
        **params : dict
            More for the splitter, if scikit-learn's metadata routing is enabled.

        Returns
        -------
        self
        """
        check_n_jobs(self.n_jobs)
        X, y, sample_weight = self._as_samples(
            X, y, sample_weight, multi_output=True, y_numeric=True
        )
        folds = self._split(X, y, groups, params)
        penalty = self._make_penalty(X.shape[1])
        seed = check_random_state(self.random_state).randint(2**31)
        data = X.astype(np.float64)
        outputs = y.reshape(len(y), -1).astype(np.float64).T
        self._check_memory(outputs.shape[0] * X.shape[1])
        found = [self._fit_output(data, y, sample_weight, penalty, folds, seed) for y in outputs]
        self._store_searches(found, y.ndim == 1, X.dtype)
        self._store([s.solution for s in found], [s.loss for s in found], y.ndim == 1, X.dtype)
        self._warn_at_ends(found, penalty)
        return self

    def get_metadata_routing(self) -> Any:
        """Return how metadata go on to the splitter.

        Returns
        -------
        sklearn.utils.metadata_routing.MetadataRouter
        """
        mapping = MethodMapping().add(caller="fit", callee="split")
        router = MetadataRouter(owner=type(self).__name__).add_self_request(self)
        return router.add(splitter=check_cv(self.cv), method_mapping=mapping)

    def _split(self, X, y, groups, params):
        """Return the folds as checked pairs of indices."""
        of_splitter = {"groups": groups}
        if _routing_enabled():
            given = params if groups is None else {**params, "groups": groups}
            of_splitter = process_routing(self, "fit", **given).splitter.split
        else:
            _raise_for_params(params, self, "fit")
        folds = check_cv(self.cv).split(X, y, **of_splitter)
        folds = [_check_fold(fold, len(X)) for fold in folds]
        if not folds:
            raise ValueError(f"cv must have at least one split, got none of {self.cv!r}")
        return folds

    def _check_memory(self, n_weights):
        n_lams = self.lams if isinstance(self.lams, Integral) else np.size(self.lams)
        check_memory(32 * n_lams * n_weights, f"weights for {n_lams} lams", "fewer lams take less")

    def _make_lams(self, loss, penalty):
        """Return the falling lams to try."""
        if not isinstance(self.lams, Integral):
            return _as_lams(self.lams)
        top = 1.0 if penalty is None else largest_lam(loss, penalty)
        return np.geomspace(top, self.eps * top, self.lams)

    def _fit_output(self, X, y, sample_weight, penalty, folds, seed):
        """Return the `_Search` of one output, with its solution."""
        solver = "proximal" if penalty is None else choose_solver(self.solver, penalty)
        loss = SquaredLoss(X, y, sample_weight, self.fit_intercept)
        lams = self._make_lams(loss, penalty)
        fit_path = partial(_path, penalty=penalty, lams=lams, solver=solver, max_iter=self.max_iter)
        errors_of = [
            partial(_fold_errors, X, y, sample_weight, train, test, self.fit_intercept)
            for train, test in folds
        ]
        # Below ten times tol, errors on left-out samples change in the last digits only.
        fold_path = partial(fit_path, tol=10 * self.tol)
        errors = self._run_folds([partial(f, fold_path) for f in errors_of], X.size * len(lams))
        path = fit_path(loss, tol=self.tol)
        best = _choose(errors, path, self.rule, self.tol)
        search = _Search(lams, errors, path, best, loss)
        starts_help = (
            solver == "proximal"
            and self.n_init > 1
            and penalty is not None
            and search.lam > 0
            and self._starts_help(errors_of, penalty, search, seed)
        )
        search.solution = self._fit_chosen(search, penalty, seed if starts_help else None)
        return search

    def _run_folds(self, tasks, n_values):
        """Return the errors that tasks, one for each fold, return: (n_lams, n_folds).

        n_values : how many numbers X has, times the lams.
        """
        say = partial(self._say, len(tasks))
        if is_for_cluster(self.n_jobs, n_values * STEPS_PER_LAM):
            found = [say(i, errors) for i, errors in enumerate(send(tasks))]
        else:
            tasks = [partial(lambda i, task: say(i, task()), i, t) for i, t in enumerate(tasks)]
            found = run(tasks, effective_n_jobs(self.n_jobs))
        return np.array(found).T

    def _say(self, n_folds, i, errors):
        """Return the errors of fold i, and say them if wanted."""
        if self.verbose:
            print(f"{type(self).__name__}: fold {i + 1} of {n_folds}, error {errors.min():.6g}")
        return errors

    def _starts_help(self, errors_of, penalty, search, seed):
        """Tell whether n_init starts predict left-out samples better than the path.

        Where the solver takes the best of several solutions, more starts do no harm. Where it takes
        their middle, that may predict worse than the path.
        """
        if plan_of(penalty).easier is not None:
            return True

        def fit_starts(loss, fold):
            solve = partial(proximal, max_iter=self.max_iter, tol=self.tol, n_init=self.n_init)
            rng = np.random.default_rng([seed, fold])
            return solve(loss, penalty, search.lam, loss.start(), rng=rng).coef[np.newaxis]

        tasks = [partial(f, partial(fit_starts, fold=i)) for i, f in enumerate(errors_of)]
        found = run(tasks, effective_n_jobs(self.n_jobs))
        return np.mean(found) < search.errors[search.best].mean()

    def _fit_chosen(self, search, penalty, seed):
        """Fit all samples at the chosen lam: from the path, and from several starts with a seed."""
        loss, coef, lam = search.loss, search.path[search.best], search.lam
        if penalty is None or lam == 0:
            return known_solution(loss, coef)
        known = self._solve(loss, penalty, coef, lam=lam, continuation=False)
        if seed is None:
            return known
        rng = np.random.default_rng(seed)
        found = self._solve(loss, penalty, loss.start(), lam=lam, rng=rng)
        # At a small lam, the path has seen better starts than least squares.
        margin = 0.1 * self.tol * loss.value_and_gradient(np.zeros(len(coef)))[0]
        return known if known.objective[-1] < found.objective[-1] - margin else found

    def _store_searches(self, found, single, dtype):
        lams, errors, paths, lam = (
            np.array([getattr(search, name) for search in found])
            for name in ("lams", "errors", "path", "lam")
        )
        self.lams_ = lams[0] if single else lams
        self.mse_path_ = errors[0] if single else errors
        self.coef_path_ = (paths[0] if single else paths).astype(dtype)
        self.lam_ = float(lam[0]) if single else lam

    def _warn_at_ends(self, found, penalty):
        """Warn once if a lam is the largest or the smallest of those that were tried."""
        is_grid = isinstance(self.lams, Integral)
        ends = [s for s in found if s.end is not None]
        if is_grid and self.lams == 2:  # both are ends
            return
        if is_grid:  # where all of a grid leaves the same weights, lam does not matter
            ends = [s for s in ends if not s.is_flat(self.tol)]
        if penalty is None or not ends:
            return
        is_flat, end = ends[0].is_flat(self.tol), ends[0].end
        advice = FLAT if is_flat else ADVICE["grid" if is_grid else "given", end]
        outputs = "" if len(found) == 1 else f" for {len(ends)} of {len(found)} outputs"
        warnings.warn(
            f"lam_={ends[0].lam:.3g}{outputs} is the {end} {advice}",
            ConvergenceWarning,
            stacklevel=4,
        )
