"""Losses of linear models: what solvers minimise together with a penalty.

A loss gives its value and gradient to numpy and torch, the form in which the compiled loop calls it
(``kernel``), and starts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.special import expit, log_softmax

from ._kernels.fits.descent import GramLoss, Loss, PythonLoss
from ._utils.arrays import as_floats, as_numbers, check_finite
from ._utils.checks import check_flag, check_integer
from ._utils.namespace import is_tensor
from ._utils.patience import call_long
from ._utils.typing import ArrayLike, Floats, Tensor

__all__ = ["LogisticLoss", "SquaredLoss"]

# A Gram matrix up to this size stays in the cache, whatever the number of samples.
SMALL_GRAM = 300
# Entries of X and y beyond it, or all below its inverse: squares of weights would leave the floats.
LARGE = 1e75
# Squares of sums below it, relative to those of their terms, are those of rounding errors.
ROUNDING = 1e-26


def _as_data(values, name, n_axes):
    """Return values as a finite float64 array, or raise TypeError or ValueError."""
    plain = np.asarray(as_floats(as_numbers(values, name))[1], dtype=np.float64)
    if plain.ndim != n_axes or 0 in plain.shape:
        wanted = "(n_samples, n_features)" if n_axes == 2 else "(n_samples,)"
        raise ValueError(f"{name} must have shape {wanted} and not be empty, got {plain.shape}")
    check_finite(plain, name, before="")
    return plain


def _as_weights(w, n_weights):
    """Return w as n_weights numbers; the array that a solver gives at once."""
    if type(w) is not np.ndarray or w.dtype != np.float64:
        w = _as_data(w, "w", 1)
    if w.shape != (n_weights,):
        raise ValueError(f"w must have shape {(n_weights,)}, got {w.shape}")
    return w


def _check_value(value, w):
    """Raise ValueError if the loss is more than a float can hold."""
    if not value < np.inf:
        check_finite(w, "w", before="")
        raise ValueError(f"the loss overflows at w, whose largest entry is {abs(w).max():g}")


def _check_scale(values, name):
    """Raise ValueError if squares of products of the values would leave the floats."""
    largest = max(values.max(), -values.min())
    if largest and not 1 / LARGE < largest < LARGE:
        raise ValueError(
            f"the largest entry of {name} must be between {1 / LARGE:.0e} and {LARGE:.0e}, got "
            f"{largest:.3g}: scale {name} to usual units"
        )


def _as_samples(X, sample_weight):
    """Return X as checked numbers, and the weights of its rows, whose sum is 1."""
    X = _as_data(X, "X", 2)
    _check_scale(X, "X")
    if sample_weight is None:
        return X, np.full(len(X), 1 / len(X))
    weight = _as_data(sample_weight, "sample_weight", 1)
    if len(weight) != len(X):
        raise ValueError(f"sample_weight must have {len(X)} entries, got {len(weight)}")
    if weight.min() < 0 or weight.max() == 0:
        raise ValueError(
            "sample_weight must not be negative and not be zero everywhere, got values from "
            f"{weight.min():g} to {weight.max():g}"
        )
    weight = weight / weight.max()  # a sum could overflow
    return X, weight / weight.sum()


class SquaredLoss:
    """Mean squared error (1/n) |y - X b - b0|^2, weighted, with b0 at its best for b.

    Parameters
    ----------
    X : (n, p) float64 ndarray
    y : (n,) float64 ndarray
    sample_weight : (n,) float64 ndarray, default=None
        The mean becomes a weighted mean.
    fit_intercept : bool, default=True

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo.solvers import SquaredLoss
    >>> loss = SquaredLoss(np.eye(2), np.array([1.0, 3.0]), fit_intercept=False)
    >>> value, gradient = loss.value_and_gradient(np.zeros(2))
    >>> gradient.shape
    (2,)
    """

    n_blocks = 1

    def __init__(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        fit_intercept: bool = True,
    ) -> None:
        X, weight = _as_samples(X, sample_weight)
        y = _as_data(y, "y", 1)
        _check_scale(y, "y")
        check_flag("fit_intercept", fit_intercept)
        if len(y) != len(X):
            raise ValueError(f"y must have as many entries as X has rows, {len(X)}, got {len(y)}")
        self.n_coef = X.shape[1]
        self.root = np.sqrt(weight)
        self.X_mean = weight @ X if fit_intercept else np.zeros(self.n_coef)
        self.y_mean = weight @ y if fit_intercept else 0.0
        self.centered = fit_intercept
        self.X = (X - self.X_mean) * self.root[:, np.newaxis]
        if fit_intercept:  # the mean of a constant is rounded
            self.X[:, X.min(axis=0) == X.max(axis=0)] = 0
        self.y = (y - self.y_mean) * self.root
        self._gram_loss: GramLoss | None = None

    @property
    def n_weights(self) -> int:
        """Number of weights that a solver finds."""
        return self.n_coef

    def kernel(self) -> Loss:
        """Return the loss as the compiled loop calls it."""
        n, p = self.X.shape
        if p > 2 * n and p > SMALL_GRAM:
            return PythonLoss(self, True)
        if self._gram_loss is None:
            gram = call_long(lambda: self.X.T @ self.X, n * p * p)
            self._gram_loss = GramLoss(gram, self.X.T @ self.y, self.y @ self.y)
        return self._gram_loss

    def evaluate(self, w: Floats) -> tuple[float, Floats]:
        """Return the loss at w and its gradient without checks, for loops: both may overflow."""
        residual = self.X @ w - self.y
        return residual @ residual, 2 * (residual @ self.X)

    def value_and_gradient(self, w: ArrayLike) -> tuple[float, Floats]:
        """Return the loss at w and its gradient, or raise ValueError if w is no such weights."""
        w = _as_weights(w, self.n_weights)
        with np.errstate(over="ignore", invalid="ignore"):
            value, gradient = self.evaluate(w)
        _check_value(value, w)
        return value, gradient

    def torch_value(self, w: Tensor) -> Tensor:
        """Return the loss at a tensor."""
        import torch

        residual = torch.from_numpy(self.X) @ w - torch.from_numpy(self.y)
        return residual @ residual

    def flat(self, is_constant: bool) -> Floats:
        """Return the best weights that are all the same; zeros if not is_constant."""
        sums = self.X.sum(axis=1)
        square = sums @ sums
        if not is_constant or square <= ROUNDING * self.n_coef * np.square(self.X).sum():
            return np.zeros(self.n_coef)
        return np.full(self.n_coef, sums @ self.y / square)

    def least_squares(self) -> Floats:
        """Return the least squares solution, of minimum norm if there are many."""
        return self._least_squares(self.y)

    def _least_squares(self, right):
        n, p = self.X.shape
        n_products = 10 * n * p * min(n, p)  # of a singular value decomposition
        return call_long(lambda: np.linalg.lstsq(self.X, right, rcond=None)[0], n_products)

    def start(self) -> Floats:
        """Return the least squares solution quickly, to the accuracy of its normal equations."""
        try:
            return self._solve(self.y)
        except LinAlgError:
            return self.least_squares()

    def other_start(
        self, start: Floats, rng: np.random.Generator | np.random.RandomState
    ) -> Floats:
        """Return start plus noise of its size, twice, that does not change the predictions."""
        noise = 2 * np.sqrt(np.mean(start**2)) * rng.standard_normal(len(start))
        try:
            return start + noise - self._solve(self.X @ noise)
        except LinAlgError:
            return start + noise - self._least_squares(self.X @ noise)

    def _solve(self, right):
        n, p = self.X.shape
        return call_long(lambda: self._solve_normal(right), 2 * n * p * min(n, p))

    def _solve_normal(self, right):
        n, p = self.X.shape
        if p <= n - self.centered:
            gram = self.X.T @ self.X
            return cho_solve(cho_factor(gram, check_finite=False), self.X.T @ right)
        gram = self.X @ self.X.T
        if self.centered:  # makes the constant, which centring took away, no null vector
            gram += gram.trace() / n * np.outer(self.root, self.root)
        return self.X.T @ cho_solve(cho_factor(gram, check_finite=False), right)

    def split(self, w: Floats) -> tuple[Floats, Any]:
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

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo.solvers import LogisticLoss
    >>> loss = LogisticLoss(np.array([[-1.0], [1.0]]), np.array([0, 1]), n_classes=2)
    >>> value, gradient = loss.value_and_gradient(np.zeros(loss.n_weights))
    >>> round(float(value), 4), loss.n_weights  # log(2); a weight and an intercept
    (0.6931, 2)
    """

    def __init__(
        self,
        X: ArrayLike,
        y: ArrayLike,
        n_classes: int,
        sample_weight: ArrayLike | None = None,
        fit_intercept: bool = True,
    ) -> None:
        self.X, self.weight = _as_samples(X, sample_weight)
        check_integer("n_classes", n_classes, 2)
        check_flag("fit_intercept", fit_intercept)
        y = as_numbers(y, "y")
        y = y.detach().cpu().resolve_neg().numpy() if is_tensor(y) else y
        if y.shape != (len(self.X),) or y.dtype.kind not in "iu" or y.min() < 0:
            raise ValueError(
                f"y must be {len(self.X)} class indices, integers from 0 to {n_classes - 1}, got "
                f"shape {y.shape} and dtype {y.dtype}"
            )
        if y.max() >= n_classes:
            raise ValueError(f"y must be class indices below {n_classes}, got {y.max()}")
        self.n_coef = self.X.shape[1]
        self.n_blocks = 1 if n_classes == 2 else n_classes
        self.y = y
        self.fit_intercept = fit_intercept
        self.target = np.eye(n_classes)[y]

    @property
    def n_weights(self) -> int:
        """Number of weights that a solver finds, with intercepts."""
        return self.n_blocks * (self.n_coef + self.fit_intercept)

    def kernel(self) -> Loss:
        """Return the loss as the compiled loop calls it."""
        return PythonLoss(self, False)

    def split(self, w: Floats) -> tuple[Floats, Floats]:
        """Return (coefficients, intercepts)."""
        coef = w[: self.n_blocks * self.n_coef].reshape(self.n_blocks, self.n_coef)
        intercept = w[coef.size :] if self.fit_intercept else np.zeros(self.n_blocks)
        return coef, intercept

    def start(self) -> Floats:
        """Return zeros."""
        return np.zeros(self.n_weights)

    def other_start(
        self, start: Floats, rng: np.random.Generator | np.random.RandomState
    ) -> Floats:
        """Return start plus small noise."""
        return start + 0.01 * rng.standard_normal(len(start))

    def value_and_gradient(self, w: ArrayLike) -> tuple[float, Floats]:
        """Return the loss at w and its gradient, or raise ValueError if w is no such weights."""
        w = _as_weights(w, self.n_weights)
        with np.errstate(over="ignore", invalid="ignore"):
            scores = self._scores(w)
        _check_value(abs(scores).max(), w)
        return self._of_scores(scores)

    def evaluate(self, w: Floats) -> tuple[float, Floats]:
        """Return the loss at w and its gradient without checks, for loops: both may overflow."""
        return self._of_scores(self._scores(w))

    def _scores(self, w):
        coef, intercept = self.split(w)
        return self.X @ coef.T + intercept

    def _of_scores(self, scores):
        """Return the loss and its gradient."""
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

    def torch_value(self, w: Tensor) -> Tensor:
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
