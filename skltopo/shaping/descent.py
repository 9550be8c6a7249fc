"""Descent of points: a loss with its gradient, a rule for steps, and the loop around both.

Points are in a `Unit` in which their extent is about 1, so that squares and powers of lengths
neither overflow nor vanish, whatever unit the user has.
"""

from copy import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.optimize import Bounds, minimize

from .._kernels.functionals.lengths import edge_gradient
from .._utils.adam import Adam
from .._utils.progress import progress_bar
from ..energies import polynomial_gradient
from .critical_sets import EdgeComplex, big_step_gradient
from .fields import GaussianField

__all__ = ["RULES", "Adam", "Box", "Descent", "Loss", "Unit", "descend", "descend_lbfgs"]

# Exponent of 2 up to which squares of coordinates, and losses, are let grow: the sum of many of
# them must not overflow either.
MOST = 1000
# Coordinates, in the unit of a cloud, of points that are as far from it as any: their squares are
# finite, and all others are rounding errors of them.
BEYOND = 1e150


class Unit:
    """A power of 2 as unit of length, and what it makes of an objective.

    Energies of lengths that are c times as long are c**(p + q) times as large. So an objective has
    one in the unit that differs from it by a factor alone, of the power ``degree`` of the unit: the
    largest of all powers if the unit is above 1, or else the least, so that weights of other terms
    become smaller.

    Parameters
    ----------
    exponent : int
    energies : list of Energy
    anchor : float
    scales : bool
        Whether a filtration of points in the unit has the lengths of the unit. Otherwise it gets
        points as the user gave them, and `degree` is 1, so that gradients are the user's.

    Attributes
    ----------
    energies : list of Energy
    anchor : float
        The objective in the unit.
    degree : float
    farthest : float
        Coordinates, in the unit, up to which squares and the loss are finite.
    """

    def __init__(self, exponent, energies, anchor, *, scales):
        self.exponent = exponent
        powers = [energy.p + energy.q for energy in energies]
        all_powers = [*powers, 2] if anchor else powers
        self.degree = 1
        self.energies = energies
        if scales:
            self.degree = max(all_powers) if exponent > 0 else min(all_powers)
            self.energies = [
                self._weighted(energy, self._factor(power))
                for energy, power in zip(energies, powers, strict=True)
            ]
        self.anchor = min(anchor * self._factor(2), BEYOND)
        room = MOST - max(0.0, exponent * self.degree)
        self.farthest = 2.0 ** (room / max(2, *all_powers))

    def _factor(self, power):
        """Return the unit to a power beyond the degree."""
        return 2.0 ** min(self.exponent * (power - self.degree), MOST)

    @staticmethod
    def _weighted(energy, factor):
        weighted = copy(energy)
        weighted.weight = energy.weight * factor
        return weighted

    def measure(self, lengths):
        """Return lengths, or coordinates, in the unit."""
        with np.errstate(over="ignore"):
            return np.ldexp(lengths, -self.exponent)

    def restore(self, lengths):
        """Return lengths, or coordinates, that are in the unit, as the user has them."""
        with np.errstate(over="ignore"):
            return np.ldexp(lengths, self.exponent)

    def restore_loss(self, values):
        """Return losses of points in the unit as losses of the user's points."""
        power = float(np.clip(self.exponent * self.degree, -4 * MOST, 4 * MOST))
        whole = int(np.floor(power))
        with np.errstate(over="ignore"):
            return np.ldexp(np.asarray(values) * 2.0 ** (power - whole), whole)

    def move(self, points, carry):
        """Return points as the user has them after carry, from points to points in the unit."""
        inside = np.clip(self.measure(points), -BEYOND, BEYOND)
        return points + self.restore(carry(inside) - inside)


class Loss:
    """Sum of energies of the diagrams of points, plus anchor * sum |x - start|^2.

    A call takes (n, d) float64 points and returns the loss and its gradient.

    Parameters
    ----------
    filtration : callable
        Points to `Diagram`.
    energies : list of Energy
    anchor : float
    start : (n, d) float64 ndarray
    closed_form : bool
        Critical cells are edges with their lengths for values, and no essential class counts: then
        the gradient needs no torch.
    simplices : callable, default=None
        ``simplices(points)`` as `EdgeComplex` takes them: the gradient becomes that of big steps.
    exponent : int, default=0
        Points and `start` are in units of 2**exponent, and so is the loss, of points that the
        filtration sees without a unit.
    """

    def __init__(
        self, filtration, energies, anchor, start, closed_form, simplices=None, exponent=0
    ):
        self.exponent = exponent
        self.filtration = filtration
        self.energies = energies
        self.anchor = anchor
        self.start = start
        self.closed_form = closed_form
        self.simplices = simplices

    def __call__(self, points):
        """Return (loss, gradient) at (n, d) float64 points."""
        find = self._closed_form if self.closed_form else self._autograd
        value, gradient = find(np.ldexp(points, self.exponent) if self.exponent else points)
        value = float(np.ldexp(value, -self.exponent))
        if self.anchor:
            away = points - self.start
            value += self.anchor * float(np.square(away).sum())
            gradient += 2 * self.anchor * away
        return value, gradient

    def _closed_form(self, points):
        diagram = self.filtration(points)
        batch = diagram.as_batch()
        gradient = np.zeros(points.shape)
        total = 0.0
        for energy in self.energies:
            part = batch.get_points(energy.dim)
            value, derivatives = polynomial_gradient(energy, part.finite, len(part.essential))
            total += value
            if self.simplices is None:
                edge_gradient(points, part.pairs, part.finite, derivatives, gradient)
        if self.simplices is not None:
            n_essential = {e.dim: len(batch.get_points(e.dim).essential) for e in self.energies}
            complex = EdgeComplex(points, self.simplices(points))
            gradient = big_step_gradient(complex, self.energies, n_essential)
        return total, gradient

    def _autograd(self, points):
        import torch

        live = torch.from_numpy(points.copy()).requires_grad_()
        diagram = self.filtration(live)
        total = sum(energy(diagram) for energy in self.energies)
        if not isinstance(total, torch.Tensor):
            raise TypeError("filtration must return diagrams of tensors for points in a tensor")
        if total.requires_grad:
            total.backward()
        gradient = np.zeros(points.shape) if live.grad is None else live.grad.numpy()
        return float(total.detach()), gradient


class Sgd:
    """Steps along the gradient.

    Parameters
    ----------
    learning_rate : float
        Moves for a gradient of 1.
    """

    def __init__(self, learning_rate):
        self.learning_rate = learning_rate

    def step(self, gradient):
        """Return the moves of a step."""
        return -self.learning_rate * gradient


def adam_rule(learning_rate, gradient):
    """Return Adam with an eps in the unit of the first gradient.

    eps, 1e-8 in torch, is added to a mean of gradients: moves must not depend on the points' unit.
    """
    return Adam(learning_rate, eps=1e-8 * abs(gradient).max())


def sgd_rule(learning_rate, gradient):
    """Return steps of which the first moves the coordinate that moves most by learning_rate."""
    return Sgd(learning_rate / abs(gradient).max())


#: Make the rule for steps from a learning rate, a length, and the first gradient, not zero.
RULES = {"adam": adam_rule, "sgd": sgd_rule}


class Box:
    """Projection to a box, from (d,) low to (d,) high."""

    def __init__(self, low, high):
        self.low = low
        self.high = high

    def __call__(self, points):
        """Return the nearest points of the box."""
        return np.clip(points, self.low, self.high)


@dataclass
class Descent:
    """What a descent is told, and what it leaves.

    Attributes
    ----------
    points : (n, d) float64 ndarray
        The start; then the points after the last step whose loss is known.
    project : Box
        Applied after each step.
    farthest : float
        Coordinates beyond which points have diverged.
    max_iter : int
    tol : float or None
    patience : int
        A descent has settled where so many steps improved the best loss by less than tol of it.
    store_path : bool
    verbose : bool
    curve : list of float
        Loss at the start and after each step; empty if interrupted before the first.
    best : list of float
        The least loss up to each step.
    best_points : (n, d) float64 ndarray
        The points whose loss is least, the first of them.
    best_iter : int
        Steps that lead to them.
    fields : list of GaussianField
        The steps of a diffeomorphic descent.
    path : list of (n, d) ndarray
        Points at the start and after each step, if asked for.
    ending : str
        "settled", "max_iter", "interrupted", "diverged", or "nothing" if no move changes the loss.
    """

    points: np.ndarray
    project: Box
    farthest: float
    max_iter: int
    tol: float | None
    patience: int
    store_path: bool = False
    verbose: bool = False
    curve: list = field(default_factory=list)
    best: list = field(default_factory=list)
    best_points: np.ndarray | None = None
    best_iter: int = 0
    fields: list = field(default_factory=list)
    path: list = field(default_factory=list)
    ending: str = "max_iter"

    def __post_init__(self):
        self.patience = int(self.patience)  # numpy's integers may be unsigned
        self.points = self.best_points = self.project(self.points)
        self.farthest = max(self.farthest, 2 * float(abs(self.points).max()))

    @property
    def n_iter(self):
        """Steps whose loss is known."""
        return max(0, len(self.curve) - 1)

    def progress(self):
        """Return a progress bar over the steps."""
        return progress_bar(self.max_iter, self.verbose, "step", "TopoShaper")

    def arrive(self, points, value):
        """Take note of points and their loss."""
        self.points = points
        self.curve.append(value)
        if not self.best or value < self.best[-1]:
            self.best_points, self.best_iter = points, self.n_iter
        self.best.append(min([value, *self.best[-1:]]))
        if self.store_path:
            self.path.append(points)

    def is_near(self, points):
        """Tell whether points are finite, and near enough for their loss."""
        return bool(abs(points).max() <= self.farthest)

    def is_worse(self):
        """Tell whether steps were taken and the last loss is above that at the start."""
        return self.n_iter > 0 and self.curve[-1] > self.curve[0]

    def is_settled(self):
        """Tell whether the last `patience` steps improved the best loss by less than tol of it."""
        if self.tol is None or len(self.best) <= self.patience:
            return False
        before = self.best[-1 - self.patience]
        return before - self.best[-1] <= self.tol * abs(before)


def descend(descent, loss, make_rule, bandwidth=None):
    """Take steps until the loss settles; Ctrl-C ends the descent, too.

    Parameters
    ----------
    descent : Descent
        Changed.
    loss : callable
        Points to (loss, gradient).
    make_rule : callable
        The first gradient to the rule for steps, see `RULES`.
    bandwidth : float, default=None
        If given, a `GaussianField` spreads the moves of the points with a gradient over all others.
    """
    # Moves may overflow: that is looked for.
    try:
        with descent.progress() as progress, np.errstate(over="ignore", invalid="ignore"):
            value, gradient = loss(descent.points)
            descent.arrive(descent.points, value)
            if not gradient.any():
                descent.ending = "nothing"
                return
            # Rules know no unit of gradients, but squares of them must not overflow, nor vanish.
            exponent = -np.frexp(abs(gradient).max())[1]
            rule = make_rule(np.ldexp(gradient, exponent))
            for _ in range(descent.max_iter):
                if not gradient.any() or descent.is_settled():
                    descent.ending = "settled"
                    break
                moves, field = rule.step(np.ldexp(gradient, exponent)), None
                if bandwidth is not None:
                    moving = gradient.any(axis=1)
                    field = GaussianField(descent.points[moving], moves[moving], bandwidth).damp()
                    moves = field(descent.points)
                points = descent.project(descent.points + moves)
                if not descent.is_near(points):
                    descent.ending = "diverged"
                    break
                value, gradient = loss(points)
                descent.arrive(points, value)
                if field is not None:
                    descent.fields.append(field)
                if descent.verbose:
                    progress.set_postfix(loss=f"{value:.4g}", refresh=False)
                    progress.update()
    except KeyboardInterrupt:
        descent.ending = "interrupted"


# Sizes of the cloud from which on points run away: the loss has no minimum.
FAR = 1e8


class _Stop(Exception):
    """Ends a minimisation from within, with the name of an ending."""


def descend_lbfgs(descent, loss, unit):
    """Minimise by L-BFGS-B, which keeps to bounds by itself.

    Parameters
    ----------
    descent : Descent
        Changed.
    loss : callable
        Points to (loss, gradient).
    unit : float
        Size of the cloud. The first step that L-BFGS-B tries has length 1 in this unit.
    """
    n, d = descent.points.shape
    start = descent.points
    last: dict[str, Any] = {}

    def evaluate(flat):
        points = descent.project(unit * flat.reshape(n, d))
        if not (abs(points - start).max() < FAR * unit and descent.is_near(points)):
            raise _Stop("diverged")
        value, gradient = loss(points)
        last.update(points=points, value=value)
        return value / slope, unit / slope * gradient.ravel()

    low, high = descent.project.low / unit, descent.project.high / unit
    bounds = Bounds(np.tile(low, n), np.tile(high, n))
    try:
        with descent.progress() as progress:
            value, gradient = loss(descent.points)
            descent.arrive(descent.points, value)
            slope = unit * abs(gradient).max()  # the minimiser works with slopes of about 1
            if slope == 0:
                raise _Stop("nothing")

            def arrive(flat):
                points = descent.project(unit * flat.reshape(n, d))
                known = np.array_equal(points, last["points"])
                descent.arrive(points, last["value"] if known else loss(points)[0])
                progress.set_postfix(loss=f"{descent.curve[-1]:.4g}", refresh=False)
                progress.update()
                if descent.is_settled():
                    raise _Stop("settled")

            steps = descent.max_iter
            options = {"maxiter": steps, "maxfun": 20 * steps, "ftol": 0, "gtol": 0}
            with np.errstate(all="ignore"):  # of a step of length zero, in an inverse Hessian
                minimize(
                    evaluate, descent.points.ravel() / unit, jac=True, method="L-BFGS-B",
                    bounds=bounds, callback=arrive, options=options,
                )  # fmt: skip
            if descent.n_iter < descent.max_iter:
                descent.ending = "settled"
    except _Stop as stop:
        descent.ending = str(stop)
    except KeyboardInterrupt:
        descent.ending = "interrupted"
