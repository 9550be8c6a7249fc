"""Losses of linear models: what solvers minimise together with a penalty.

A loss gives its value and gradient to numpy and torch, the form in which the compiled loop calls it
(``kernel``), and starts.
"""

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.special import expit, log_softmax

from ._kernels.fits.descent import GramLoss, PythonLoss

__all__ = ["LogisticLoss", "SquaredLoss"]

# A Gram matrix up to this size stays in the cache, whatever the number of samples.
SMALL_GRAM = 300


class SquaredLoss:
    """Mean squared error (1/n) |y - X b - b0|^2, weighted, with b0 at its best for b.

    Parameters
    ----------
    X : (n, p) float64 ndarray
    y : (n,) float64 ndarray
    sample_weight : (n,) float64 ndarray, default=None
        The mean becomes a weighted mean.
    fit_intercept : bool, default=True
    """

    n_blocks = 1

    def __init__(self, X, y, sample_weight=None, fit_intercept=True):
        n, self.n_coef = X.shape
        weight = np.full(n, 1 / n) if sample_weight is None else sample_weight / sample_weight.sum()
        self.root = np.sqrt(weight)
        self.X_mean = weight @ X if fit_intercept else np.zeros(self.n_coef)
        self.y_mean = weight @ y if fit_intercept else 0.0
        self.centered = fit_intercept
        self.X = (X - self.X_mean) * self.root[:, np.newaxis]
        self.y = (y - self.y_mean) * self.root
        self._gram_loss = None

    def kernel(self):
        """Return the loss as the compiled loop calls it."""
        n, p = self.X.shape
        if p > 2 * n and p > SMALL_GRAM:
            return PythonLoss(self, True)
        if self._gram_loss is None:
            self._gram_loss = GramLoss(self.X.T @ self.X, self.X.T @ self.y, self.y @ self.y)
        return self._gram_loss

    def value_and_gradient(self, w):
        """Return the loss at w and its gradient."""
        residual = self.X @ w - self.y
        return residual @ residual, 2 * (residual @ self.X)

    def torch_value(self, w):
        """Return the loss at a tensor."""
        import torch

        residual = torch.from_numpy(self.X) @ w - torch.from_numpy(self.y)
        return residual @ residual

    def least_squares(self):
        """Return the least squares solution, of minimum norm if there are many."""
        return np.linalg.lstsq(self.X, self.y, rcond=None)[0]

    def start(self):
        """Return the least squares solution quickly, to the accuracy of its normal equations."""
        try:
            return self._solve(self.y)
        except LinAlgError:
            return self.least_squares()

    def other_start(self, start, rng):
        """Return start plus noise of its size, twice, that does not change the predictions."""
        noise = 2 * np.sqrt(np.mean(start**2)) * rng.standard_normal(len(start))
        try:
            return start + noise - self._solve(self.X @ noise)
        except LinAlgError:
            return start + noise - np.linalg.lstsq(self.X, self.X @ noise, rcond=None)[0]

    def _solve(self, right):
        n, p = self.X.shape
        if p <= n - self.centered:
            gram = self.X.T @ self.X
            return cho_solve(cho_factor(gram, check_finite=False), self.X.T @ right)
        gram = self.X @ self.X.T
        if self.centered:  # makes the constant, which centring took away, no null vector
            gram += gram.trace() / n * np.outer(self.root, self.root)
        return self.X.T @ cho_solve(cho_factor(gram, check_finite=False), right)

    def split(self, w):
        """Return (coefficients, intercept)."""
        return w, self.y_mean - self.X_mean @ w


class LogisticLoss:
    """Mean logistic loss; of several classes, mean cross-entropy of the softmax.

    Parameters
    ----------
    X : (n, p) float64 ndarray
    y : (n,) int ndarray
        Class indices.
    n_classes : int
    sample_weight, fit_intercept
        As for `SquaredLoss`.
    """

    def __init__(self, X, y, n_classes, sample_weight=None, fit_intercept=True):
        n, self.n_coef = X.shape
        self.n_blocks = 1 if n_classes == 2 else n_classes
        self.weight = (
            np.full(n, 1 / n) if sample_weight is None else sample_weight / sample_weight.sum()
        )
        self.X = X
        self.y = y
        self.fit_intercept = fit_intercept
        self.target = np.eye(n_classes)[y]

    def kernel(self):
        """Return the loss as the compiled loop calls it."""
        return PythonLoss(self, False)

    def split(self, w):
        """Return (coefficients, intercepts)."""
        coef = w[: self.n_blocks * self.n_coef].reshape(self.n_blocks, self.n_coef)
        intercept = w[coef.size :] if self.fit_intercept else np.zeros(self.n_blocks)
        return coef, intercept

    def start(self):
        """Return zeros."""
        return np.zeros(self.n_blocks * (self.n_coef + self.fit_intercept))

    def other_start(self, start, rng):
        """Return start plus small noise."""
        return start + 0.01 * rng.standard_normal(len(start))

    def value_and_gradient(self, w):
        """Return the loss at w and its gradient."""
        coef, intercept = self.split(w)
        scores = self.X @ coef.T + intercept
        if self.n_blocks == 1:
            margin = scores[:, 0] * (2 * self.y - 1)
            value = self.weight @ np.logaddexp(0, -margin)
            residual = self.weight[:, np.newaxis] * (expit(scores) - self.y[:, np.newaxis])
        else:
            log_p = log_softmax(scores, axis=1)
            value = -(self.weight @ log_p[np.arange(len(self.y)), self.y])
            residual = self.weight[:, np.newaxis] * (np.exp(log_p) - self.target)
        gradient = (residual.T @ self.X).ravel()
        if self.fit_intercept:
            gradient = np.concatenate([gradient, residual.sum(axis=0)])
        return value, gradient

    def torch_value(self, w):
        """Return the loss at a tensor."""
        import torch

        size = self.n_blocks * self.n_coef
        scores = torch.from_numpy(self.X) @ w[:size].reshape(self.n_blocks, self.n_coef).T
        if self.fit_intercept:
            scores = scores + w[size:]
        y, weight = torch.from_numpy(self.y), torch.from_numpy(self.weight)
        if self.n_blocks == 1:
            return weight @ torch.nn.functional.softplus(-scores[:, 0] * (2 * y - 1))
        return weight @ torch.nn.functional.cross_entropy(scores, y, reduction="none")
