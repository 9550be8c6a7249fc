"""What linear models with topological penalties share: parameters, checks, one call of a solver."""

from __future__ import annotations

import math
import warnings
from numbers import Integral, Real
from typing import Any, Literal, TypeAlias

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import (
    _check_feature_names,
    _check_sample_weight,
    check_is_fitted,
    validate_data,
)

from ._utils.arrays import as_numbers, as_plain
from ._utils.checks import check_shape
from ._utils.given import refuse_dask
from ._utils.links import DocumentationLink
from ._utils.masks import refuse_masks
from ._utils.namespace import is_tensor, namespace_of
from ._utils.typing import Array, ArrayLike, Module
from .penalties import L1, L2, TV, TV2, Clusters, Maxima, Penalty
from .solvers import Solution, adam, choose_solver, proximal

__all__ = [
    "CheckedScore",
    "GivenPenalty",
    "TopologicalLinearModel",
    "TopologicalRegressor",
    "as_dtype",
    "known_solution",
]

GivenPenalty: TypeAlias = Literal["clusters", "maxima", "l1", "l2", "tv", "tv2"] | Penalty | None

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
    refuse_dask(y, name)
    return namespace_of(y).plain(as_numbers(y, name)) if is_tensor(y) else y


class TopologicalLinearModel(DocumentationLink, BaseEstimator):
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

    def _as_samples(self, X, y, sample_weight, **checks):
        """Return X, y and sample_weight, or None, as checked arrays."""
        X = as_plain(X, "X")
        y, sample_weight = _as_labels(y, "y"), _as_labels(sample_weight, "sample_weight")
        X, y = validate_data(self, X, y, dtype=[np.float64, np.float32], **checks)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float64)
        return X, y, sample_weight

    def _as_features(self, X):
        """Return X for a prediction as a checked array; names of columns are looked at first."""
        check_is_fitted(self)
        _check_feature_names(self, X, reset=False)
        X = as_plain(X, "X")
        return validate_data(self, X, reset=False, dtype=[np.float64, np.float32])

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
    def labels_(self) -> Any:
        """Cluster of each weight, from 0 at the smallest; there is none for other penalties."""
        check_is_fitted(self)
        penalty = self._make_penalty(self.n_features_in_)
        if not isinstance(penalty, Clusters):
            raise AttributeError(f'labels_ needs the penalty "clusters", got {self.penalty!r}')
        coef = np.asarray(self.coef_)
        rows = coef.reshape(-1, self.n_features_in_)
        return np.array([penalty.labels(row) for row in rows]).reshape(coef.shape)

    @property
    def diagram_(self) -> Any:
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

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
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
        return super().score(X, y, sample_weight)  # type: ignore[misc]


class TopologicalRegressor(CheckedScore, RegressorMixin, TopologicalLinearModel):
    """Base of both regressions: prediction and fitted attributes."""

    def predict(self, X: ArrayLike) -> Array:
        """Predict.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        (n_samples,) or (n_samples, n_outputs) ndarray
        """
        X = self._as_features(X)
        with np.errstate(over="ignore", invalid="ignore"):  # this is looked for
            predicted = X @ self.coef_.T + self.intercept_
        if not np.isfinite(predicted).all():
            raise ValueError("predictions are more than a float can hold; scale X to usual units")
        return predicted

    def to_torch(self) -> Module:
        """Return a `torch.nn.Module` that predicts, differentiably.

        Returns
        -------
        torch.nn.Module
            Takes (n, n_features) tensors.
        """
        check_is_fitted(self)
        from .nn.estimators import linear_scores

        return linear_scores(self.coef_, self.intercept_, flat=self.coef_.ndim == 1)

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
