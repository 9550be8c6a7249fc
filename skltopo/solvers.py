"""Solvers: minimise loss(w) + lam * penalty(coefficients).

"proximal" is an accelerated, monotone proximal gradient method with continuation. What it needs to
know of a penalty is in a `Plan`. "adam" is the paper's solver: subgradients, from the least squares
solution. Those of our penalties on a line are compiled, and torch finds the others. "auto" takes
"proximal" where the penalty has a proximal operator.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial, singledispatch
from typing import Literal, TypeAlias

import numpy as np

from ._kernels.fits.adam import (
    ClustersSlope,
    L1Slope,
    L2Slope,
    MaximaSlope,
    PythonSlope,
    TV2Slope,
    TVSlope,
    descend_by_adam,
)
from ._kernels.fits.descent import descend, largest_curvature
from ._kernels.fits.operators import ClustersProx, MaximaProx, Prox, PythonProx
from ._utils.arrays import as_floats, as_numbers, check_finite
from ._utils.checks import check_integer, check_number
from ._utils.typing import Array, ArrayLike, Floats
from .losses import LogisticLoss, SquaredLoss
from .penalties import ALL, L1, L2, TV, TV2, Clusters, CompiledPenalty, Maxima, Penalty

__all__ = [
    "LogisticLoss",
    "Plan",
    "Solution",
    "SquaredLoss",
    "adam",
    "choose_solver",
    "plan_of",
    "proximal",
    "solve_path",
]

MAX_ITER = {"proximal": 10_000, "adam": 500}
# One level of a continuation: so many iterations, or until nothing moves by more than this.
# (Tolerance 1e-3 finds 13 of 20 vectors that 3e-5 finds 18 of.)
LEVEL_ITER = 100
LEVEL_TOL = 3e-5
# A falling continuation multiplies lam by these: two decades in eight steps. Fewer steps, or a
# smaller first factor, lose recoveries (see the plan of `Clusters`).
LEVELS = np.geomspace(100, 1, 8)
# Most exact proximal steps that are tried to leave a local minimum.
ESCAPES = 10
# Names of solvers; "auto" is proximal where the penalty has a proximal operator.
Solver: TypeAlias = Literal["auto", "proximal", "adam"]
# Noise of a new start around a solution, relative to the standard deviation of its weights.
HOP = 0.4
# Rounding errors of a loss, relative to its value at zero.
ROUNDING = 1e-14
# Fractions of the path of the easier problem at which paths of the penalty itself start.
SEEDS = (0.4, 0.6, 0.8, 1.0)


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


# --------------------------------------------------------------------------------------------------
# Arguments
# --------------------------------------------------------------------------------------------------


def _as_numbers(values, name):
    """Return values as a finite (n,) float64 array, or raise TypeError or ValueError."""
    plain = np.asarray(as_floats(as_numbers(values, name))[1], dtype=np.float64)
    if plain.ndim != 1:
        raise ValueError(f"{name} must have one axis, got shape {plain.shape}")
    check_finite(plain, name, before="")
    return plain


def _check_loss(loss):
    """Return loss, or raise TypeError if it is none."""
    if not isinstance(loss, (SquaredLoss, LogisticLoss)):
        raise TypeError(f"loss must be a SquaredLoss or LogisticLoss, got {loss!r}")
    return loss


def _as_start(loss, start):
    """Return start as checked numbers, as many as the loss has weights."""
    start = _as_numbers(start, "start")
    if len(start) != _check_loss(loss).n_weights:
        raise ValueError(f"start must have {loss.n_weights} weights, got {len(start)}")
    return start


def _as_penalty(penalty):
    """Return penalty, or raise TypeError if it is none."""
    if not isinstance(penalty, Penalty):
        raise TypeError(
            f"penalty must be a Penalty of skltopo.penalties, got {penalty!r}; a new one is a "
            "subclass of Penalty"
        )
    return penalty


def _check_limits(max_iter, tol, solver):
    """Return the limit of steps, and raise ValueError if it or the tolerance is out of range."""
    check_number("tol", tol, 0)
    if max_iter is None:
        return MAX_ITER[solver]
    check_integer("max_iter", max_iter, 1)
    if max_iter >= 2**30:
        raise ValueError(f"max_iter must be less than 2**30, got {max_iter}")
    return int(max_iter)


# --------------------------------------------------------------------------------------------------
# Plans
# --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Plan:
    """How solver "proximal" treats a penalty.

    Every operator is given as a function that makes a new one: an operator serves one thread, and
    may start from its last result.

    Attributes
    ----------
    operator : callable
        Makes the proximal operator of most steps.
    exact : callable, default=None
        Makes a slower operator that finds the global minimum where `operator` may miss it.
    easier : callable, default=None
        Makes the operator of an easier penalty, whose path gives starts for this one.
    continuation : sequence of (callable, float), default=()
        Operators and factors of lam: the problems to solve one after the other before the penalty
        at lam. None for convex penalties.
    rising : bool, default=False
        Whether paths go from small to large lam.

    Examples
    --------
    >>> from skltopo.penalties import Clusters
    >>> from skltopo.solvers import plan_of
    >>> plan = plan_of(Clusters(3))  # one cluster first, each at eight values of lam
    >>> len(plan.continuation), plan.rising
    (16, False)
    """

    operator: Callable[[], Prox]
    exact: Callable[[], Prox] | None = None
    easier: Callable[[], Prox] | None = None
    continuation: Sequence[tuple[Callable[[], Prox], float]] = ()
    rising: bool = False


@singledispatch
def plan_of(penalty: Penalty) -> Plan:
    """Return the `Plan` for a penalty, by its class.

    Raises
    ------
    TypeError
        If the penalty has no proximal operator.

    Examples
    --------
    >>> from skltopo.penalties import Maxima
    >>> from skltopo.solvers import plan_of
    >>> plan = plan_of(Maxima(2))
    >>> [factor for _, factor in plan.continuation], plan.rising
    ([0.01, 0.1], True)
    """
    if not _as_penalty(penalty).has_prox:
        raise TypeError(
            f"{type(penalty).__name__} has no proximal operator: define prox(coef, step), or use "
            'solver="adam"'
        )
    return Plan(partial(PythonProx, penalty))


@plan_of.register
def _(penalty: CompiledPenalty) -> Plan:
    return Plan(penalty.operator)


@plan_of.register
def _(penalty: Clusters) -> Plan:
    """Take one cluster (convex) with falling lam first, then k clusters with falling lam.

    Observed on {1, 2, 3}^100 from 75 samples: 18 of 20 recoveries with both, 4 without the first
    part, 0 without both.
    """
    if penalty.n_components == 1:
        return Plan(penalty.operator)
    easier = partial(ClustersProx, 1)
    levels = [(make, factor) for make in (easier, penalty.operator) for factor in LEVELS]
    return Plan(penalty.operator, easier=easier, continuation=levels)


@plan_of.register
def _(penalty: Maxima) -> Plan:
    """Take the same penalty with rising lam, and a fast operator that may miss the minimum.

    Weights with k maxima are a solution for every larger lam, too. Started at a large lam, descent
    flattens maxima that it can't recover (boxcar from 45 samples, lam=10: squared error 6.2 against
    0.03).
    """
    if not penalty.has_prox:
        raise TypeError('Maxima on a grid has no proximal operator: use solver="adam"')
    local = partial(MaximaProx, min(penalty.n_components, ALL), exact=False)
    levels = [(local, factor) for factor in (0.01, 0.1)]
    return Plan(local, exact=penalty.operator, continuation=levels, rising=True)


# --------------------------------------------------------------------------------------------------
# Proximal gradient
# --------------------------------------------------------------------------------------------------


class _Descent:
    """One run of the compiled loop over several levels; the weights and the step size go on."""

    def __init__(self, loss, start, max_iter):
        self.loss = loss
        self.kernel = loss.kernel()
        self.w = np.array(start, dtype=np.float64)
        self.lipschitz = largest_curvature(self.kernel, len(self.w)) or 1.0
        self.scale = loss.value_and_gradient(np.zeros(len(self.w)))[0]
        self.max_iter = max_iter
        self.curves = []
        self.n_iter = 0
        self.stop = np.inf

    def run(self, operator, lam, max_iter, tol):
        """Descend and return the objective."""
        curve = np.empty(max_iter + 1)
        n_iter, self.stop, self.lipschitz = descend(
            self.kernel, operator, self.w, curve, lam=lam, lipschitz=self.lipschitz,
            n_blocks=self.loss.n_blocks, block=self.loss.n_coef, max_iter=max_iter, tol=tol,
            slack=ROUNDING * self.scale,
        )  # fmt: skip
        self.n_iter += n_iter
        self.curves.append(curve[: n_iter + 1] if not self.curves else curve[1 : n_iter + 1])
        return curve[n_iter]

    def run_level(self, operator, lam, tol=LEVEL_TOL):
        """Descend by one level of a continuation."""
        return self.run(operator, lam, LEVEL_ITER, max(tol, LEVEL_TOL))

    def finish(self, plan, lam, tol):
        """Descend to convergence, also from where only the exact proximal operator goes down."""
        operator = plan.operator()
        objective = self.run(operator, lam, max(1, self.max_iter - self.n_iter), tol)
        if plan.exact is None:
            return
        exact = plan.exact()
        for _ in range(ESCAPES):
            if self.n_iter >= self.max_iter or self.stop > tol:
                break
            before, stop = self.w.copy(), self.stop
            improved = self.run(exact, lam, 1, tol)
            if not improved < objective - 1e-3 * tol * self.scale:
                self.w[:], self.stop = before, stop
                self.curves[-1][:] = objective
                break
            objective = self.run(operator, lam, max(1, self.max_iter - self.n_iter), tol)


def proximal(
    loss: SquaredLoss | LogisticLoss,
    penalty: Penalty,
    lam: float,
    start: ArrayLike,
    *,
    max_iter: int | None = None,
    tol: float = 1e-5,
    n_init: int = 1,
    rng: np.random.Generator | np.random.RandomState | None = None,
    continuation: bool = True,
) -> Solution:
    """Minimise loss + lam * penalty by proximal gradient steps.

    Parameters
    ----------
    loss : SquaredLoss or LogisticLoss
    penalty : Penalty with a proximal operator
    lam : float
    start : (n,) ndarray
    max_iter : int, default=None
        Limit of steps for one start; None is 10000.
    tol : float, default=1e-5
    n_init : int, default=1
        Number of starts. If there is an easier penalty (for "clusters"), starts after the first are
        the best solution plus noise, and the best solution is returned. Otherwise they are `start`
        plus changes that leave the predictions as they are. Where several solutions explain the
        data, the mean of the better half of them explains it, too: a descent from this mean is
        returned if its objective is at most that of the median.
    rng : numpy.random.Generator, default=None
        For starts after the first.
    continuation : bool, default=True
        Whether to solve easier problems first, as the `Plan` of the penalty says. False: descend
        from the start at once, because it is known to be good.

    Returns
    -------
    Solution

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo.penalties import L1
    >>> from skltopo.solvers import SquaredLoss, proximal
    >>> loss = SquaredLoss(np.eye(3), np.array([3.0, 1.0, -2.0]), fit_intercept=False)
    >>> proximal(loss, L1(), lam=1.0, start=np.zeros(3)).coef.round(6) + 0.0  # soft threshold
    array([ 1.5,  0. , -0.5])
    """
    start = _as_start(loss, start)
    lam = check_number("lam", lam, 0)
    max_iter = _check_limits(max_iter, tol, "proximal")
    check_integer("n_init", n_init, 1)
    rng = np.random.default_rng() if rng is None else rng
    if not isinstance(rng, (np.random.Generator, np.random.RandomState)):
        raise TypeError(f"rng must be a numpy.random.Generator, got {rng!r}")
    plan = plan_of(penalty)
    if not continuation:
        plan = replace(plan, easier=None, continuation=())

    def solve(start, levels, plan=plan):
        descent = _Descent(loss, start, max_iter)
        for make, factor in levels:
            descent.run_level(make(), lam * factor, tol)
        descent.max_iter += descent.n_iter
        descent.finish(plan, lam, tol)
        curve = np.concatenate(descent.curves)
        return Solution(descent.w, curve, descent.stop, bool(descent.stop <= tol))

    first = solve(start, plan.continuation)
    if n_init == 1:
        return first
    if plan.easier is not None:
        return _hop(partial(solve, levels=[(plan.operator, f) for f in LEVELS]), first, n_init, rng)
    local = replace(plan, exact=None)
    found = [first] + [
        solve(loss.other_start(start, rng), plan.continuation, local) for _ in range(n_init - 1)
    ]
    found.sort(key=lambda solution: solution.objective[-1])
    middle = solve(np.mean([s.coef for s in found[: (n_init + 1) // 2]], axis=0), ())
    accepted = middle.objective[-1] <= found[(n_init - 1) // 2].objective[-1] + tol * abs(
        first.objective[0]
    )
    return middle if accepted else found[0]


def _hop(solve, best, n_init, rng):
    """Leave the best solution by noise again and again.

    Observed on {1, 2, 3}^100 from 70 samples: 13 of 20 recoveries with 20 starts, 11 with one.
    """
    for _ in range(n_init - 1):
        noise = HOP * np.std(best.coef) * rng.standard_normal(len(best.coef))
        found = solve(best.coef + noise)
        if found.objective[-1] < best.objective[-1]:
            best = found
    return best


# --------------------------------------------------------------------------------------------------
# Adam
# --------------------------------------------------------------------------------------------------


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


def _slope_of(penalty, n_coef):
    """Return an object that gives subgradients of a penalty on n_coef weights."""
    on_a_line = getattr(penalty, "shape", None) in (None, (n_coef,))
    if type(penalty) in SLOPES and on_a_line:
        return SLOPES[type(penalty)](penalty)
    return PythonSlope(partial(_differentiate, penalty))


def _differentiate(penalty, coef):
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
    start = _as_start(loss, start)
    penalty = _as_penalty(penalty)
    lam = check_number("lam", lam, 0)
    max_iter = _check_limits(max_iter, tol, "adam")
    learning_rate = check_number("learning_rate", learning_rate, 0)
    curve, w = np.empty(max_iter + 1), np.array(start)
    with np.errstate(over="ignore", invalid="ignore"):  # then the objective overflows, too
        learning_rate *= float(np.sqrt(np.mean(np.square(start)))) or 1.0
        slope = abs(loss.value_and_gradient(np.zeros(len(start)))[1]).max()
        best, n_done = descend_by_adam(
            loss.evaluate, _slope_of(penalty, loss.n_coef), w, curve, lam=lam,
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


def choose_solver(solver: Solver, penalty: Penalty) -> Literal["proximal", "adam"]:
    """Return "proximal" or "adam" for a solver name.

    Raises
    ------
    TypeError
        If solver is "proximal" and the penalty has no proximal operator.

    Examples
    --------
    >>> from skltopo.penalties import L1
    >>> from skltopo.solvers import choose_solver
    >>> choose_solver("auto", L1())
    'proximal'
    """
    if solver not in ("auto", "proximal", "adam"):
        raise ValueError(f'solver must be "auto", "proximal" or "adam", got {solver!r}')
    penalty = _as_penalty(penalty)
    if solver == "auto":
        return "proximal" if penalty.has_prox else "adam"
    if solver == "proximal" and not penalty.has_prox:
        raise TypeError(f'{penalty!r} has no proximal operator: use solver="adam" or "auto"')
    return solver


# --------------------------------------------------------------------------------------------------
# Paths
# --------------------------------------------------------------------------------------------------


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
    max_iter = _check_limits(max_iter, tol, "proximal")
    _check_loss(loss)
    lams = _as_numbers(lams, "lams")
    if not len(lams) or lams[-1] < 0 or not (np.diff(lams) < 0).all():
        raise ValueError(f"lams must fall strictly, to 0 or more, and not be empty, got {lams}")
    plan = plan_of(penalty)
    path = _Path(_Descent(loss, loss.start(), max_iter), plan.operator(), lams)
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
