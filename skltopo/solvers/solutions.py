"""What a solver returns, and checks of what it is given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._utils.arrays import as_floats, as_numbers, check_finite
from .._utils.checks import check_integer, check_number
from .._utils.typing import Floats
from ..losses import LogisticLoss, SquaredLoss
from ..penalties import Penalty

__all__ = [
    "Solution",
    "as_penalty",
    "as_start",
    "as_vector",
    "check_limits",
    "check_loss",
]

MAX_ITER = {"proximal": 10_000, "adam": 500}


@dataclass
class Solution:
    """What a solver returns.

    Attributes
    ----------
    coef : (n,) ndarray
        The weights, intercepts (if any) at the end.
    objective : (n_iter + 1,) ndarray
        Loss + lam * penalty at the start and after each step. During a continuation lam and the
        penalty are those of the moment.
    stop : float
        Stopping value: at most tol if converged. "proximal": the largest move of a coordinate by a
        proximal gradient step relative to the largest coordinate. "adam": how much the last tenth
        of the steps has improved the objective, relative to that at the start.
    converged : bool

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo.penalties import L1
    >>> from skltopo.solvers import SquaredLoss, proximal
    >>> loss = SquaredLoss(np.eye(3), np.array([3.0, 1.0, -2.0]), fit_intercept=False)
    >>> solution = proximal(loss, L1(), lam=1.0, start=np.zeros(3))
    >>> solution.converged, solution.n_iter == len(solution.objective) - 1
    (True, True)
    >>> bool(solution.objective[-1] < solution.objective[0])
    True
    """

    coef: Floats
    objective: Floats
    stop: float
    converged: bool

    @property
    def n_iter(self) -> int:
        """Number of steps."""
        return len(self.objective) - 1


def as_vector(values, name):
    """Return values as a finite (n,) float64 array, or raise TypeError or ValueError."""
    plain = np.asarray(as_floats(as_numbers(values, name))[1], dtype=np.float64)
    if plain.ndim != 1:
        raise ValueError(f"{name} must have one axis, got shape {plain.shape}")
    check_finite(plain, name, before="")
    return plain


def check_loss(loss):
    """Return loss, or raise TypeError if it is none."""
    if not isinstance(loss, (SquaredLoss, LogisticLoss)):
        raise TypeError(f"loss must be a SquaredLoss or LogisticLoss, got {loss!r}")
    return loss


def as_start(loss, start):
    """Return start as checked numbers, as many as the loss has weights."""
    start = as_vector(start, "start")
    if len(start) != check_loss(loss).n_weights:
        raise ValueError(f"start must have {loss.n_weights} weights, got {len(start)}")
    return start


def as_penalty(penalty):
    """Return penalty, or raise TypeError if it is none."""
    if not isinstance(penalty, Penalty):
        raise TypeError(
            f"penalty must be a Penalty of skltopo.penalties, got {penalty!r}; a new one is a "
            "subclass of Penalty"
        )
    return penalty


def check_limits(max_iter, tol, solver):
    """Return the limit of steps, and raise ValueError if it or the tolerance is out of range."""
    check_number("tol", tol, 0)
    if max_iter is None:
        return MAX_ITER[solver]
    check_integer("max_iter", max_iter, 1)
    if max_iter >= 2**30:
        raise ValueError(f"max_iter must be less than 2**30, got {max_iter}")
    return int(max_iter)
