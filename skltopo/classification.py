"""Logistic regression with topological penalties on its weights (figure 18 of the paper)."""

import numpy as np
from scipy.special import expit
from sklearn.base import _fit_context
from sklearn.linear_model._base import LinearClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.extmath import softmax
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from ._utils.arrays import as_plain
from .linear_base import CheckedScore, TopologicalLinearModel, as_dtype
from .losses import LogisticLoss
from .penalties import L2

__all__ = ["TopologicalClassifier"]


class TopologicalClassifier(CheckedScore, LinearClassifierMixin, TopologicalLinearModel):
    r"""Logistic regression with a topological penalty on the weights.

    .. math:: \min_{B, b_0} \frac{1}{n} \sum_i \ell(y_i, B x_i + b_0) + \lambda \sum_c P(B_c)

    with the logistic loss of two classes (one row of weights) or the cross-entropy of the softmax
    of more (one row for each class), weighted by sample weights as in `TopologicalRegression`.

    Parameters
    ----------
    penalty, n_components, lam, solver, coef_shape, fit_intercept, n_init, max_iter, tol, \
warm_start, random_state, verbose
        As for `TopologicalRegression`; the start is zero, and a warm start has no continuation.

    Attributes
    ----------
    classes_ : (n_classes,) ndarray
    coef_ : (1, n_features) or (n_classes, n_features) ndarray
    intercept_ : (1,) or (n_classes,) ndarray
    n_iter_, loss_curve_, stop_, diagram_, n_features_in_, feature_names_in_
        As for `TopologicalRegression`; one diagram for each row of weights.

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

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None):
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
                f"{self.classes_[0]!r}"
            )
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

    def decision_function(self, X):
        """Return the scores of samples: of the second class, or one for each of more than two.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        (n_samples,) or (n_samples, n_classes) ndarray
        """
        X = as_plain(X, "X")
        with np.errstate(over="ignore", invalid="ignore"):  # this is looked for
            scores = super().decision_function(X)
        if not np.isfinite(scores).all():
            raise ValueError("scores are more than a float can hold; scale X to usual units")
        return scores

    def predict_proba(self, X):
        """Predict probabilities of classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        (n_samples, n_classes) ndarray
        """
        check_is_fitted(self)
        scores = self.decision_function(X)
        if scores.ndim == 1:
            p = expit(scores)
            return np.stack([1 - p, p], axis=1)
        return softmax(scores)
