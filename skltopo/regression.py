"""Linear models with topological penalties on their weights (section 3.1 of the paper)."""

import math
import warnings
from functools import partial
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import check_cv
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from ._utils.arrays import as_floats, as_numbers, as_plain
from ._utils.checks import check_n_jobs, check_shape
from ._utils.masks import refuse_masks
from ._utils.memory import check_memory
from ._utils.namespace import is_tensor, namespace_of
from ._utils.parallel import effective_n_jobs, run
from .losses import SquaredLoss
from .penalties import L1, L2, TV, TV2, Clusters, Maxima, Penalty
from .solvers import Solution, adam, choose_solver, plan_of, proximal, solve_path

__all__ = ["TopologicalRegression", "TopologicalRegressionCV"]

PENALTIES = {"l1": L1, "l2": L2, "tv": TV, "tv2": TV2}
NAMES = StrOptions({"clusters", "maxima", *PENALTIES})


def known_solution(loss, coef):
    """Return the `Solution` of weights that need no descent."""
    return Solution(coef, np.array([loss.value_and_gradient(coef)[0]] * 2), 0.0, True)


def as_dtype(coef, dtype):
    """Return weights as an array of a dtype, or raise ValueError where they overflow."""
    with np.errstate(over="ignore"):
        coef = np.asarray(coef).astype(dtype)
    if not np.isfinite(coef).all():
        raise ValueError(
            f"the weights are more than a {np.dtype(dtype)} can hold; scale X and y to usual units"
        )
    return coef


def _as_labels(y, name):
    """Return y as scikit-learn reads it: a tensor as an array."""
    refuse_masks(y, name)
    return namespace_of(y).plain(as_numbers(y, name)) if is_tensor(y) else y


class TopologicalLinearModel(BaseEstimator):
    """Base of regression and classification: parameters, penalty, and one call of a solver."""

    _parameter_constraints: dict = {
        "penalty": [NAMES, None, Penalty],
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "lam": [Interval(Real, 0, None, closed="left")],
        "solver": [StrOptions({"auto", "proximal", "adam"})],
        "coef_shape": [tuple, None],
        "fit_intercept": ["boolean"],
        "n_init": [Interval(Integral, 1, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left"), None],
        "tol": [Interval(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        penalty="clusters",
        *,
        n_components=3,
        lam=0.1,
        solver="auto",
        coef_shape=None,
        fit_intercept=True,
        n_init=1,
        max_iter=None,
        tol=1e-5,
        warm_start=False,
        random_state=None,
        verbose=0,
    ):
        self.penalty = penalty
        self.n_components = n_components
        self.lam = lam
        self.solver = solver
        self.coef_shape = coef_shape
        self.fit_intercept = fit_intercept
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    def _as_samples(self, X, y, sample_weight, **checks):
        """Return X, y and sample_weight, or None, as checked arrays."""
        X = as_plain(X, "X")
        y, sample_weight = _as_labels(y, "y"), _as_labels(sample_weight, "sample_weight")
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32], **checks)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float64)
        return X, y, sample_weight

    def _make_penalty(self, n_features):
        """Return a `Penalty`, or None, and check coef_shape."""
        if self.coef_shape is not None:
            shape = check_shape("coef_shape", self.coef_shape, (1, 2, 3))
            if math.prod(shape) != n_features:
                raise ValueError(
                    f"coef_shape must have as many entries as X has features ({n_features}), "
                    f"got {self.coef_shape}"
                )
        if self.penalty is None or isinstance(self.penalty, Penalty):
            return self.penalty
        if self.penalty == "clusters":
            return Clusters(self.n_components)
        if self.penalty == "maxima":
            return Maxima(self.n_components, self.coef_shape)
        return PENALTIES[self.penalty]()

    def _solve(self, loss, penalty, start, *, lam, rng=None, continuation=True):
        """Minimise loss + lam * penalty, from one start if rng is None; return the `Solution`."""
        solver = choose_solver(self.solver, penalty)
        options = {"max_iter": self.max_iter, "tol": self.tol}
        if solver == "adam":
            solution = adam(loss, penalty, lam, start, **options)
        else:
            options |= {"n_init": 1 if rng is None else self.n_init, "rng": rng}
            solution = proximal(loss, penalty, lam, start, continuation=continuation, **options)
        if self.verbose:
            print(
                f"{type(self).__name__}: {solver}, {solution.n_iter} steps, "
                f"objective {solution.objective[-1]:.6g}, stopping value {solution.stop:.2g}"
            )
        return solution

    def _warn_if_not_converged(self, solutions):
        worst = max((s for s in solutions if not s.converged), key=lambda s: s.stop, default=None)
        if worst is not None:
            warnings.warn(
                f"{type(self).__name__} did not converge in {worst.n_iter} steps: stopping value "
                f"{worst.stop:.2g} is above tol={self.tol:.2g}. Increase max_iter, tol or lam, or "
                "scale the features.",
                ConvergenceWarning,
                stacklevel=3,
            )

    @property
    def diagram_(self):
        """Diagram of the weights that the penalty measures; None for other penalties."""
        check_is_fitted(self)
        penalty = self._make_penalty(self.n_features_in_)
        if penalty is None:
            return None
        coef = np.asarray(self.coef_, dtype=np.float64)
        if coef.ndim == 1 or len(coef) == 1:
            return penalty.diagram(coef.reshape(self.n_features_in_))
        return [penalty.diagram(row) for row in coef]


class CheckedScore:
    """The score of scikit-learn, which does not see masks."""

    def score(self, X, y, sample_weight=None):
        """Return the score of the predictions; see the class of scikit-learn that defines it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        float
            R^2 of a regression, accuracy of a classifier.
        """
        y, sample_weight = _as_labels(y, "y"), _as_labels(sample_weight, "sample_weight")
        return super().score(X, y, sample_weight)


class TopologicalRegressor(CheckedScore, RegressorMixin, TopologicalLinearModel):
    """Base of both regressions: prediction and fitted attributes."""

    def predict(self, X):
        """Predict.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        (n_samples,) or (n_samples, n_outputs) ndarray
        """
        check_is_fitted(self)
        X = as_plain(X, "X")
        X = validate_data(self, X, reset=False, dtype=[np.float64, np.float32])
        with np.errstate(over="ignore", invalid="ignore"):  # this is looked for
            predicted = X @ self.coef_.T + self.intercept_
        if not np.isfinite(predicted).all():
            raise ValueError("predictions are more than a float can hold; scale X to usual units")
        return predicted

    def _store(self, solutions, losses, single, dtype):
        self._warn_if_not_converged(solutions)
        split = [loss.split(s.coef) for loss, s in zip(losses, solutions, strict=True)]
        coef = as_dtype([coef for coef, _ in split], dtype)
        intercept = np.array([intercept for _, intercept in split])
        curves = [s.objective for s in solutions]
        self.coef_ = coef[0] if single else coef
        self.intercept_ = float(intercept[0]) if single else intercept
        self.loss_curve_ = curves[0] if single else curves
        self.n_iter_ = max(s.n_iter for s in solutions)
        self.stop_ = float(max(s.stop for s in solutions))


class TopologicalRegression(MultiOutputMixin, TopologicalRegressor):
    r"""Least squares with a topological penalty on the weights.

    .. math:: \min_{\beta, \beta_0} \frac{1}{n} \lVert y - X \beta - \beta_0 \rVert_2^2
              + \lambda P(\beta)

    With sample weights w the first term is
    :math:`\sum_i w_i (y_i - x_i \beta - \beta_0)^2 / \sum_i w_i`. The default penalty leaves
    ``n_components`` clusters of weights free and shrinks their widths.

    Parameters
    ----------
    penalty : {"clusters", "maxima", "l1", "l2", "tv", "tv2"}, None or Penalty, default="clusters"
        P. "clusters": all but ``n_components`` - 1 of the gaps between sorted weights, E(1, 0, k +
        1; PD_0) of their weak Alpha filtration. "maxima": all but ``n_components`` local maxima,
        the same energy of their superlevel filtration, with the features on a line or on the grid
        ``coef_shape``. "l1", "l2" (the norm), "tv", "tv2" (the norm): as in figure 4 of the paper.
        Or an object of `skltopo.penalties`. None: least squares, of minimum norm if n < p.
    n_components : int, default=3
        Clusters or maxima that are free. 1 is the paper's Top1, 3 its Top2.
    lam : float, default=0.1
        Weight of the penalty, not negative. 0: least squares, of minimum norm if n < p.
    solver : {"auto", "proximal", "adam"}, default="auto"
        "proximal": exact proximal operators, with continuation. "adam": the paper's, subgradients
        by torch; the only one for penalties without a proximal operator. "auto": the first if
        possible.
    coef_shape : tuple of int, default=None
        Shape of the weights for "maxima", None for a line.
    fit_intercept : bool, default=True
        The intercept is not penalised.
    n_init : int, default=1
        Starts of "proximal". With fewer samples than features many weights may explain the data.
        Starts then have the same predictions, and the result is the mean of the better half of
        their solutions, which lies in the middle of these weights and not at their border. For
        "clusters", each start is the best solution so far plus noise, and the solution with the
        least objective is the result.
    max_iter : int, default=None
        Limit of steps; None is 10000 for "proximal" and 500 for "adam".
    tol : float, default=1e-5
        Bound on the stopping value, see `skltopo.solvers.Solution`.
    warm_start : bool, default=False
        Start from the weights of the last fit and leave out the continuation from easier problems.
    random_state : int, RandomState instance or None, default=None
        For the starts after the first.
    verbose : int, default=0
        1 prints a line for each output.

    Attributes
    ----------
    coef_ : (n_features,) or (n_outputs, n_features) ndarray
    intercept_ : float or (n_outputs,) ndarray
    n_iter_ : int
        Steps, the largest number over outputs.
    loss_curve_ : ndarray or list of ndarray
        Objective at the start and after each step; during a continuation with its lam and penalty.
    stop_ : float
        Stopping value, the largest over outputs.
    diagram_ : Diagram, list of Diagram or None
        What the penalty measures.
    n_features_in_, feature_names_in_
        As in scikit-learn.

    See Also
    --------
    TopologicalRegressionCV : Chooses lam by cross-validation.
    TopologicalClassifier : The same penalties with the logistic loss.

    Notes
    -----
    Sparse X is refused: centring would fill it. The penalties "clusters" (k > 1) and "maxima" are
    not convex: proximal steps are exact, and the continuation finds very good minima, but no proof
    says that the result is a global one.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, section 3.1, equation 3.

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo import TopologicalRegression
    >>> rng = np.random.default_rng(0)
    >>> coef = rng.choice([1.0, 2.0, 3.0], 100)
    >>> X = rng.normal(size=(80, 100))
    >>> y = X @ coef + 0.05 * rng.normal(size=80)
    >>> model = TopologicalRegression(n_components=3, lam=0.02).fit(X, y)
    >>> bool(np.sum((model.coef_ - coef) ** 2) < 0.01)
    True
    """

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Fit the model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Dense; float32 is solved in float64 and gives float32 weights.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Outputs are fitted one by one, each with its own penalty.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self
        """
        X, y, sample_weight = self._as_samples(
            X, y, sample_weight, multi_output=True, y_numeric=True
        )
        penalty = self._make_penalty(X.shape[1])
        rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31))
        outputs = y.reshape(len(y), -1).astype(np.float64).T
        data = X.astype(np.float64)
        losses = [SquaredLoss(data, y, sample_weight, self.fit_intercept) for y in outputs]
        solutions = [
            self._fit_output(loss, penalty, i, len(losses), rng) for i, loss in enumerate(losses)
        ]
        self._store(solutions, losses, y.ndim == 1, X.dtype)
        return self

    def _fit_output(self, loss, penalty, i, n_outputs, rng):
        if penalty is None or self.lam == 0:
            return known_solution(loss, loss.least_squares())
        previous = getattr(self, "coef_", None) if self.warm_start else None
        if previous is None:
            return self._solve(loss, penalty, loss.start(), lam=self.lam, rng=rng)
        if previous.size != loss.n_coef * n_outputs:
            raise ValueError(
                f"warm_start needs the features and outputs of the last fit, {previous.shape}, got "
                f"{loss.n_coef} features and {n_outputs} outputs"
            )
        start = np.asarray(previous, dtype=np.float64).reshape(-1, loss.n_coef)[i]
        return self._solve(loss, penalty, start, lam=self.lam, rng=rng, continuation=False)


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


class TopologicalRegressionCV(TopologicalRegressor):
    """`TopologicalRegression` with lam chosen by cross-validation along paths with warm starts.

    Parameters
    ----------
    penalty, n_components, solver, coef_shape, fit_intercept, n_init, max_iter, tol, random_state, \
verbose
        As for `TopologicalRegression`. Paths use one start. With n_init > 1 the final fit uses
        several; for penalties other than "clusters" only if the left-out samples are predicted
        better by that.
    lams : int or array-like of shape (n_lams,), default=20
        Values to try; an integer stands for so many between 1e-4 and 10, evenly on a log scale.
    cv : int, cross-validation generator or iterable, default=5
        How to split. An integer is a number of folds without shuffling.
    rule : {"best", "one_standard_error"}, default="best"
        "one_standard_error": the largest lam whose mean error is within one standard error (over
        folds) of the least.
    n_jobs : int, default=None
        Threads over folds. The result is the same for any value.

    Attributes
    ----------
    lam_ : float
        The chosen value.
    lams_ : (n_lams,) ndarray
        Tried values, decreasing.
    mse_path_ : (n_lams, n_folds) ndarray
        Mean squared error on left-out samples.
    coef_path_ : (n_lams, n_features) ndarray
        Weights on all samples.
    coef_, intercept_, n_iter_, loss_curve_, stop_, diagram_, n_features_in_, feature_names_in_
        As for `TopologicalRegression`.

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
    """

    _parameter_constraints: dict = {
        name: constraint
        for name, constraint in TopologicalLinearModel._parameter_constraints.items()
        if name not in ("lam", "warm_start")
    } | {
        "lams": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "cv": ["cv_object"],
        "rule": [StrOptions({"best", "one_standard_error"})],
        "n_jobs": [None, Integral],
    }

    def __init__(
        self,
        penalty="clusters",
        *,
        n_components=3,
        lams=20,
        cv=5,
        rule="best",
        solver="auto",
        coef_shape=None,
        fit_intercept=True,
        n_init=1,
        max_iter=None,
        tol=1e-5,
        random_state=None,
        n_jobs=None,
        verbose=0,
    ):
        self.penalty = penalty
        self.n_components = n_components
        self.lams = lams
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

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
        """Choose lam and fit the model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self
        """
        check_n_jobs(self.n_jobs)
        X, y, sample_weight = self._as_samples(X, y, sample_weight, y_numeric=True)
        data = X.astype(np.float64), y.astype(np.float64), sample_weight
        penalty = self._make_penalty(X.shape[1])
        solver = "proximal" if penalty is None else choose_solver(self.solver, penalty)
        self.lams_ = self._check_lams(X.shape[1])
        fit_path = partial(
            _path,
            penalty=penalty,
            lams=self.lams_,
            solver=solver,
            max_iter=self.max_iter,
            tol=self.tol,
        )
        # Below ten times tol, errors on left-out samples change in the last digits only.
        fold_path = partial(fit_path, tol=10 * self.tol)
        folds = [
            partial(_fold_errors, *data, train, test, self.fit_intercept)
            for train, test in (_check_fold(f, len(X)) for f in check_cv(self.cv).split(X, y))
        ]
        if not folds:
            raise ValueError(f"cv must have at least one split, got none of {self.cv!r}")
        n_jobs = effective_n_jobs(self.n_jobs)
        self.mse_path_ = np.array(run([partial(fold, fold_path) for fold in folds], n_jobs)).T
        loss = SquaredLoss(*data, self.fit_intercept)
        paths = fit_path(loss)
        self.coef_path_ = paths.astype(X.dtype)
        best = self._choose()
        self.lam_ = float(self.lams_[best])
        seed = check_random_state(self.random_state).randint(2**31)
        starts_help = (
            solver == "proximal"
            and self.n_init > 1
            and penalty is not None
            and self.lam_ > 0
            and self._starts_help(folds, penalty, self.mse_path_[best].mean(), seed, n_jobs)
        )
        solution = self._fit_chosen(loss, penalty, paths[best], seed if starts_help else None)
        self._store([solution], [loss], True, X.dtype)
        return self

    def _starts_help(self, folds, penalty, path_error, seed, n_jobs):
        """Tell whether n_init starts predict left-out samples better than the path.

        Where the solver takes the best of several solutions, more starts do no harm. Where it takes
        their middle, that may predict worse than the path.
        """
        if plan_of(penalty).easier is not None:
            return True

        def fit_starts(loss, fold):
            options = {"max_iter": self.max_iter, "tol": self.tol, "n_init": self.n_init}
            options["rng"] = np.random.default_rng([seed, fold])
            return proximal(loss, penalty, self.lam_, loss.start(), **options).coef[np.newaxis]

        tasks = [partial(fold, partial(fit_starts, fold=i)) for i, fold in enumerate(folds)]
        return np.mean(run(tasks, n_jobs)) < path_error

    def _check_lams(self, n_features):
        n_lams = self.lams if isinstance(self.lams, Integral) else len(self.lams)
        check_memory(32 * n_lams * n_features, f"weights for {n_lams} lams", "fewer lams take less")
        if isinstance(self.lams, Integral):
            return np.geomspace(10, 1e-4, self.lams)
        given = np.asarray(as_floats(as_numbers(self.lams, "lams"))[1], dtype=np.float64)
        lams = np.unique(given)[::-1]
        if given.ndim != 1 or lams.size == 0 or not np.isfinite(lams).all() or lams[-1] < 0:
            raise ValueError(
                "lams must be finite, not negative and not empty, and have one axis, got "
                f"{self.lams!r}"
            )
        return lams.copy()

    def _choose(self):
        mean = self.mse_path_.mean(axis=1)
        best = int(mean.argmin())
        n_folds = self.mse_path_.shape[1]
        if self.rule == "best" or n_folds == 1:
            return best
        error = self.mse_path_[best].std(ddof=1) / np.sqrt(n_folds)
        return int(np.argmax(mean <= mean[best] + error))

    def _fit_chosen(self, loss, penalty, coef, seed):
        """Fit all samples with lam_: on from the path, or from several starts if seed is given."""
        if penalty is None or self.lam_ == 0:
            return known_solution(loss, coef)
        known = self._solve(loss, penalty, coef, lam=self.lam_, continuation=False)
        if seed is None:
            return known
        rng = np.random.default_rng(seed)
        found = self._solve(loss, penalty, loss.start(), lam=self.lam_, rng=rng)
        # At a small lam, the path has seen better starts than least squares.
        margin = 0.1 * self.tol * loss.value_and_gradient(np.zeros(len(coef)))[0]
        return known if known.objective[-1] < found.objective[-1] - margin else found
