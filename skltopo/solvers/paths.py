"""Solutions for every lam of a sequence, each from those of its neighbours."""

from __future__ import annotations

import numpy as np

from .._utils.typing import Array, ArrayLike, Floats
from ..losses import LogisticLoss, SquaredLoss
from ..penalties import Penalty
from .descents import Descent
from .plans import LEVELS, plan_of
from .solutions import as_vector, check_limits, check_loss

__all__ = ["solve_path"]

# Fractions of the path of the easier problem at which paths of the penalty itself start.
SEEDS = (0.4, 0.6, 0.8, 1.0)


def solve_path(
    loss: SquaredLoss | LogisticLoss,
    penalty: Penalty,
    lams: ArrayLike,
    *,
    max_iter: int | None = None,
    tol: float = 1e-5,
) -> tuple[Floats, Array]:
    """Solve for every lam of a decreasing sequence, each from the solution before.

    If there is an easier penalty (see `Plan`), its path is followed first, and paths of the penalty
    itself start from several of its solutions. For each lam the best solution is kept, of all that
    were found for it and for its neighbours.

    Parameters
    ----------
    loss : SquaredLoss or LogisticLoss
    penalty : Penalty with a proximal operator
    lams : (n_lams,) ndarray
        Strictly decreasing.
    max_iter, tol
        As for `proximal`.

    Returns
    -------
    coefs : (n_lams, n) ndarray
    objectives : (n_lams,) ndarray

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo.penalties import L1
    >>> from skltopo.solvers import SquaredLoss, solve_path
    >>> loss = SquaredLoss(np.eye(3), np.array([3.0, 1.0, -2.0]), fit_intercept=False)
    >>> coefs, objectives = solve_path(loss, L1(), np.array([10.0, 1.0, 0.1]))
    >>> (np.abs(coefs) > 1e-6).sum(axis=1)  # more weights as lam falls
    array([0, 2, 3])
    """
    max_iter = check_limits(max_iter, tol, "proximal")
    check_loss(loss)
    lams = as_vector(lams, "lams")
    if not len(lams) or lams[-1] < 0 or not (np.diff(lams) < 0).all():
        raise ValueError(f"lams must fall strictly, to 0 or more, and not be empty, got {lams}")
    plan = plan_of(penalty)
    path = _Path(Descent(loss, loss.start(), max_iter), plan.operator(), lams)
    if plan.easier is not None:
        path.branch(plan.easier())
    path.follow(tol, rising=plan.rising)
    path.spread(tol)
    return path.coefs, path.objectives


class _Path:
    """Best solution known for every lam."""

    def __init__(self, descent, operator, lams):
        self.descent = descent
        self.operator = operator
        self.lams = lams
        self.coefs = np.tile(descent.w, (len(lams), 1))
        self.objectives = np.full(len(lams), np.inf)

    def branch(self, easier):
        """Follow the path of the easier problem, and start from it at SEEDS."""
        lams = np.concatenate([LEVELS[:-1] * self.lams[0], self.lams])
        n_above = len(lams) - len(self.lams)
        starts = np.empty((len(lams), len(self.descent.w)))
        for i, lam in enumerate(lams):
            self.descent.run_level(easier, lam)
            starts[i] = self.descent.w
        for seed in sorted({n_above + int(np.ceil(f * len(self.lams))) - 1 for f in SEEDS}):
            self.descent.w[:] = starts[seed]
            first = int(np.argmax(lams <= LEVELS[0] * lams[seed] * (1 + 1e-9)))
            for i in range(first, len(lams)):
                objective = self.descent.run_level(self.operator, lams[i])
                if i >= n_above:
                    self._offer(i - n_above, objective)

    def _offer(self, i, objective):
        if objective < self.objectives[i]:
            self.objectives[i] = objective
            self.coefs[i] = self.descent.w

    def _descend(self, i, start, tol):
        """Offer what a descent from start to convergence finds."""
        self.descent.w[:] = start
        objective = self.descent.run(self.operator, self.lams[i], self.descent.max_iter, tol)
        self._offer(i, objective)

    def follow(self, tol, *, rising):
        """Descend to convergence for one lam after the other, from the best start known."""
        order = range(len(self.lams))
        for i in reversed(order) if rising else order:
            if self.lams[i] == 0 and hasattr(self.descent.loss, "least_squares"):
                self.coefs[i] = self.descent.loss.least_squares()
                self.objectives[i] = self.descent.loss.value_and_gradient(self.coefs[i])[0]
                continue
            known = np.isfinite(self.objectives[i])
            self.objectives[i] = np.inf
            self._descend(i, self.coefs[i] if known else self.descent.w, tol)

    def spread(self, tol):
        """Start again for every lam from the solutions of its neighbours where they are better."""
        n, loss = len(self.lams), self.descent.loss
        for i, neighbour in [(i, i - 1) for i in range(1, n)] + [
            (i, i + 1) for i in range(n - 2, -1, -1)
        ]:
            w = self.coefs[neighbour]
            objective = loss.value_and_gradient(w)[0]
            objective += self.lams[i] * self.operator.evaluate_blocks(w, loss.n_blocks, loss.n_coef)
            if objective < self.objectives[i] * (1 - min(float(tol), 1.0)) and self.lams[i] > 0:
                self._descend(i, w, tol)
