"""Adam, the solver of the paper: subgradients, compiled or by torch."""

from __future__ import annotations

from functools import partial

import numpy as np

from .._kernels.fits.adam import (
    ClustersSlope,
    L1Slope,
    L2Slope,
    MaximaSlope,
    PythonSlope,
    TV2Slope,
    TVSlope,
    descend_by_adam,
)
from .._utils.checks import check_number
from .._utils.typing import ArrayLike
from ..losses import LogisticLoss, SquaredLoss
from ..penalties import ALL, L1, L2, TV, TV2, Clusters, CompiledPenalty, Maxima, Penalty
from .solutions import Solution, as_penalty, as_start, check_limits

__all__ = [
    "adam",
    "differentiate",
    "slope_of",
]

# Compiled subgradients of penalties. They are looked up by the class itself, since a class that is
# derived from it may have another value.
SLOPES = {
    L1: lambda penalty: L1Slope(),
    L2: lambda penalty: L2Slope(),
    TV: lambda penalty: TVSlope(),
    TV2: lambda penalty: TV2Slope(),
    Clusters: lambda penalty: ClustersSlope(min(penalty.n_components, ALL)),
    Maxima: lambda penalty: MaximaSlope(min(penalty.n_components, ALL)),
}


def slope_of(penalty, n_coef):
    """Return an object that gives subgradients of a penalty on n_coef weights."""
    on_a_line = getattr(penalty, "shape", None) in (None, (n_coef,))
    if type(penalty) in SLOPES and on_a_line:
        return SLOPES[type(penalty)](penalty)
    return PythonSlope(partial(differentiate, penalty))


def differentiate(penalty, coef):
    """Return the penalty at coef and its gradient by torch."""
    import torch

    live = torch.from_numpy(coef).requires_grad_()
    value = penalty.value(live)
    if not torch.is_tensor(value) or not value.requires_grad:
        return float(value), np.zeros(len(coef))
    (gradient,) = torch.autograd.grad(value, live, allow_unused=True)
    gradient = np.zeros(len(coef)) if gradient is None else gradient.numpy()
    return float(value.detach()), np.ascontiguousarray(gradient)


def adam(
    loss: SquaredLoss | LogisticLoss,
    penalty: Penalty,
    lam: float,
    start: ArrayLike,
    *,
    max_iter: int | None = None,
    tol: float = 1e-5,
    learning_rate: float = 0.1,
) -> Solution:
    """Minimise loss + lam * penalty by Adam on subgradients, as the paper does.

    The learning rate falls to zero along a half cosine, without which subgradient steps never
    settle.

    Parameters
    ----------
    loss : SquaredLoss or LogisticLoss
    penalty : Penalty
        Torch differentiates its value, unless it is one of `skltopo.penalties` on a line: these
        have compiled subgradients.
    lam : float
    start : (n,) ndarray
    max_iter : int, default=None
        Number of steps; None is 500. All are taken.
    tol : float, default=1e-5
    learning_rate : float, default=0.1
        Relative to the root mean square of start, if that is not zero.

    Returns
    -------
    Solution
        The best point of all steps.

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo.penalties import L1
    >>> from skltopo.solvers import SquaredLoss, adam
    >>> loss = SquaredLoss(np.eye(3), np.array([3.0, 1.0, -2.0]), fit_intercept=False)
    >>> solution = adam(loss, L1(), lam=1.0, start=np.ones(3), max_iter=200)
    >>> solution.n_iter, bool(solution.objective.min() < solution.objective[0])
    (200, True)
    """
    start = as_start(loss, start)
    penalty = as_penalty(penalty)
    lam = check_number("lam", lam, 0)
    max_iter = check_limits(max_iter, tol, "adam")
    learning_rate = check_number("learning_rate", learning_rate, 0)
    curve, w = np.empty(max_iter + 1), np.array(start)
    with np.errstate(over="ignore", invalid="ignore"):  # then the objective overflows, too
        learning_rate *= float(np.sqrt(np.mean(np.square(start)))) or 1.0
        slope = abs(loss.value_and_gradient(np.zeros(len(start)))[1]).max()
        best, n_done = descend_by_adam(
            loss.evaluate, slope_of(penalty, loss.n_coef), w, curve, lam=lam,
            learning_rate=learning_rate,
            # Adam adds 1e-8 to a root mean square of gradients; here it has their unit.
            eps=1e-8 * (slope or 1.0), n_blocks=loss.n_blocks, block=loss.n_coef,
        )  # fmt: skip
    if n_done < len(curve):
        _refuse_overflow(penalty, loss, w)
    before = min(curve[: max(1, 9 * len(curve) // 10)])
    stop = (before - min(curve)) / max(abs(curve[0]), np.finfo(float).tiny)
    return Solution(best, curve, float(stop), bool(stop <= tol))


def _refuse_overflow(penalty, loss, w):
    """Raise ValueError because the objective at w is more than a float can hold."""
    if isinstance(penalty, CompiledPenalty) and np.isfinite(w).all():
        for block in w[: loss.n_blocks * loss.n_coef].reshape(loss.n_blocks, -1):
            penalty.value(block)  # where it is the penalty that overflows, it says so
    raise ValueError(
        "the objective is more than a float can hold: scale X and y to usual units, or take a "
        "smaller lam or learning_rate"
    )
