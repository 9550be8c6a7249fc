"""Logistic regression with topological penalties on its weights (figure 18 of the paper)."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from scipy.special import expit, log_expit, log_softmax
from sklearn.linear_model._base import LinearClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.extmath import softmax
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from ._utils.typing import Array, ArrayLike, Module, RandomState, Self
from .fit_context import fit_context
from .linear_base import CheckedScore, GivenPenalty, TopologicalLinearModel, as_dtype
from .losses import LogisticLoss
from .penalties import L2
from .solvers.plans import Solver

__all__ = ["TopologicalClassifier"]


class TopologicalClassifier(CheckedScore, LinearClassifierMixin, TopologicalLinearModel):
    r"""Logistic regression with a topological penalty on the weights.

    .. math:: \min_{B, b_0} \frac{1}{n} \sum_i \ell(y_i, B x_i + b_0) + \lambda \sum_c P(B_c)

    with the logistic loss of two classes (one row of weights) or the cross-entropy of the softmax
    of more (one row for each class), weighted by sample weights as in `TopologicalRegression`.

    Parameters
    ----------
    penalty : {"clusters", "maxima", "l1", "l2", "tv", "tv2"}, None or Penalty, default="clusters"
        Of each row of weights, as for `TopologicalRegression`.
    n_components : int, default=3
        Clusters or maxima that are free.
    lam : float, default=0.1
        Weight of the penalty, not negative.
    class_weight : dict, "balanced" or None, default=None
        Weights of the samples of each class, by which their sample weights are multiplied; a dict
        from classes to weights, 1 for the others. "balanced": the number of samples by that of
        classes and of the samples of the class.
    solver : {"auto", "proximal", "adam"}, default="auto"
        As for `TopologicalRegression`.
    coef_shape : tuple of int, default=None
        Shape of the weights for "maxima", None for a line.
    fit_intercept : bool, default=True
        Intercepts are not penalised.
    n_init : int, default=1
        Starts of "proximal". The first is zero.
    max_iter : int, default=None
        Limit of steps; None is 10000 for "proximal" and 500 for "adam".
    tol : float, default=1e-5
        Bound on the stopping value, see `skltopo.solvers.Solution`.
    warm_start : bool, default=False
        Start from the weights of the last fit and leave out the continuation from easier problems.
    random_state : int, RandomState instance or None, default=None
        For the starts after the first.
    verbose : int, default=0
        1 prints a line for a fit.

    Attributes
    ----------
    classes_ : (n_classes,) ndarray
        Class labels, sorted.
    coef_ : (1, n_features) or (n_classes, n_features) ndarray
        Weights; of two classes those of the second.
    intercept_ : (1,) or (n_classes,) ndarray
        Intercepts, 0 without ``fit_intercept``.
    labels_ : (1, n_features) or (n_classes, n_features) ndarray
        Cluster of each weight, from 0 at the smallest of a row; only with penalty "clusters".
    n_iter_ : int
        Steps.
    loss_curve_ : ndarray
        Objective at the start and after each step; during a continuation with its lam and penalty.
    stop_ : float
        Stopping value.
    diagram_ : Diagram, list of Diagram or None
        What the penalty measures; one diagram for each row of weights.
    n_features_in_ : int
        Number of features of X in `fit`.
    feature_names_in_ : (n_features_in_,) ndarray
        Names of the features, if X in `fit` had names that are all strings.

    See Also
    --------
    TopologicalRegression : The same penalties with squared errors.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, figure 18.

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo import TopologicalClassifier
    >>> X = np.random.default_rng(0).normal(size=(200, 6))
    >>> y = X @ [2, 2, 2, 0, 0, 0] > 0
    >>> model = TopologicalClassifier(n_components=2, lam=0.01).fit(X, y)
    >>> len(np.unique(model.coef_.round(3)))
    2
    """

    _parameter_constraints: dict = TopologicalLinearModel._parameter_constraints | {
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        penalty: GivenPenalty = "clusters",
        *,
        n_components: int = 3,
        lam: float = 0.1,
        class_weight: dict[Any, float] | Literal["balanced"] | None = None,
        solver: Solver = "auto",
        coef_shape: tuple[int, ...] | None = None,
        fit_intercept: bool = True,
        n_init: int = 1,
        max_iter: int | None = None,
        tol: float = 1e-5,
        warm_start: bool = False,
        random_state: RandomState = None,
        verbose: int = 0,
    ) -> None:
        self.penalty = penalty
        self.n_components = n_components
        self.lam = lam
        self.class_weight = class_weight
        self.solver = solver
        self.coef_shape = coef_shape
        self.fit_intercept = fit_intercept
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.verbose = verbose

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Class labels.
        sample_weight : array-like of shape (n_samples,), default=None

        Returns
        -------
        self
        """
        X, y, sample_weight = self._as_samples(X, y, sample_weight)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                "y must have samples of at least 2 classes, got only one class: "
                f"{self.classes_.tolist()[0]!r}"
            )
        if self.class_weight is not None:
            weight = compute_sample_weight(self.class_weight, y)
            sample_weight = weight if sample_weight is None else weight * sample_weight
        loss = LogisticLoss(
            X.astype(np.float64), labels, len(self.classes_), sample_weight, self.fit_intercept
        )
        solution = self._fit_loss(loss)
        self._warn_if_not_converged([solution])
        coef, intercept = loss.split(solution.coef)
        self.coef_ = as_dtype(coef, X.dtype)
        self.intercept_ = as_dtype(intercept, X.dtype)
        self.loss_curve_ = solution.objective
        self.n_iter_ = solution.n_iter
        self.stop_ = float(solution.stop)
        return self

    def _fit_loss(self, loss):
        # No penalty is any convex one at lam = 0.
        penalty = self._make_penalty(loss.n_coef) or L2()
        lam = 0.0 if self.penalty is None else self.lam
        is_warm = self.warm_start and hasattr(self, "coef_")
        start = loss.start()
        if is_warm:
            parts = [self.coef_.ravel(), self.intercept_][: 1 + self.fit_intercept]
            start = np.concatenate(parts).astype(np.float64)
        rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31))
        return self._solve(loss, penalty, start, lam=lam, rng=rng, continuation=not is_warm)

    def decision_function(self, X: ArrayLike) -> Array:
        """Return the scores of samples: of the second class, or one for each of more than two.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        (n_samples,) or (n_samples, n_classes) ndarray
        """
        X = self._as_features(X)
        with np.errstate(over="ignore", invalid="ignore"):  # this is looked for
            scores = X @ self.coef_.T + self.intercept_
        if not np.isfinite(scores).all():
            raise ValueError("scores are more than a float can hold; scale X to usual units")
        return scores.ravel() if len(self.classes_) == 2 else scores

    def to_torch(self) -> Module:
        """Return a `torch.nn.Module` that computes ``decision_function``, differentiably.

        Returns
        -------
        torch.nn.Module
            Takes (n, n_features) tensors.
        """
        check_is_fitted(self)
        from .nn.estimators import linear_scores

        return linear_scores(self.coef_, self.intercept_, flat=len(self.classes_) == 2)

    def predict_proba(self, X: ArrayLike) -> Array:
        """Predict probabilities of classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        (n_samples, n_classes) ndarray
        """
        scores = self.decision_function(X)
        if scores.ndim == 1:
            return np.stack([expit(-scores), expit(scores)], axis=1)
        return softmax(scores)

    def predict_log_proba(self, X: ArrayLike) -> Array:
        """Predict logarithms of probabilities of classes, exactly also where they are near 0.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        (n_samples, n_classes) ndarray
        """
        scores = self.decision_function(X)
        if scores.ndim == 1:
            return np.stack([log_expit(-scores), log_expit(scores)], axis=1)
        return log_softmax(scores, axis=1)
