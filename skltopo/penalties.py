"""Penalties on the weights of a linear model (figure 4), with their proximal operators.

A penalty is one small class, see `Penalty`: its value, its proximal operator and the diagram that
it measures. How a solver treats it is told in `solvers/`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.linalg import norm

from ._kernels.fits.operators import ClustersProx, L1Prox, L2Prox, MaximaProx, Prox, TV2Prox, TVProx
from ._utils.arrays import as_floats, as_numbers, check_finite
from ._utils.checks import check_number, check_shape, is_integer
from ._utils.namespace import is_tensor
from ._utils.typing import ArrayLike, Floats, Integers, Result
from .diagrams import Diagram
from .energies import Energy
from .filtrations import LevelSet, WeakAlpha

__all__ = ["L1", "L2", "TV", "TV2", "Clusters", "Maxima", "Penalty", "TopologicalPenalty"]


# Components from which sorting the pairs of a line is faster than the recursion over its maxima.
MANY_COMPONENTS = 64
# More components than weights can be.
ALL = 2**31 - 1
# Weights beyond it, or below its inverse, are scaled: their squares would leave the floats.
LARGE = 2.0**300
# Gaps of weights below it, in units in the last place of the largest weight, are rounding errors.
ROUNDING = 100


def _as_weights(coef):
    """Return coef as (live, plain): real numbers, see `skltopo._utils.arrays.as_floats`."""
    live, plain = as_floats(as_numbers(coef, "coef"))
    return live, np.ascontiguousarray(plain, dtype=np.float64)


def _check_weights(coef):
    """Return coef as a float64 array or a tensor of floats; raise ValueError if not finite."""
    live, plain = _as_weights(coef)
    check_finite(plain, "coef", before="")
    return live if is_tensor(coef) else plain


def _check_total(total):
    """Return a value of a penalty, or raise ValueError if it overflows."""
    if not np.isfinite(float(total.detach() if is_tensor(total) else total)):
        raise ValueError(
            "the penalty of these weights is more than a float can hold; scale them down"
        )
    return total


def _norm(tensor):
    """Return the Euclidean norm, whose squares must not overflow."""
    top = float(tensor.detach().abs().max()) if tensor.numel() else 0.0
    if top == 0 or 1 / LARGE < top < LARGE:
        return tensor.norm()
    return (tensor / top).norm() * top


class Penalty:
    """Base of penalties: a function of the weights.

    A subclass defines ``value(coef)``. For solver "proximal" it also defines ``prox(coef, step)``,
    which returns argmin of 1/2 |x - coef|^2 + step * value(x). For solver "adam" torch must be able
    to differentiate ``value``. A penalty that measures a diagram may define ``diagram(coef)``.

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo import TopologicalRegression
    >>> from skltopo.penalties import Penalty
    >>> class Ridge(Penalty):
    ...     def value(self, coef):
    ...         return (coef**2).sum()
    ...
    ...     def prox(self, coef, step):
    ...         return coef / (1 + 2 * step)
    >>> X, y = np.eye(2), np.array([1.0, 3.0])
    >>> model = TopologicalRegression(penalty=Ridge(), lam=0.5, fit_intercept=False).fit(X, y)
    >>> model.coef_.round(4)
    array([0.5, 1.5])
    """

    def value(self, coef: Any) -> Result:
        """Return the penalty at coef, an array or a tensor of any shape."""
        raise NotImplementedError(f"{type(self).__name__} must define value(coef)")

    @property
    def has_prox(self) -> bool:
        """Whether solver "proximal" can be used."""
        return hasattr(self, "prox")

    #: Whether weights that are all the same cost nothing; otherwise zero alone does.
    frees_constants = False

    def dual_norm(self, gradient: Floats) -> float | None:
        """Return the lam from which on the flat weights are the solution, or None if unknown.

        Parameters
        ----------
        gradient : (n,) float64 ndarray
            That of the loss at its best flat weights: zero, or the best that are all the same if
            ``frees_constants``. `TopologicalRegressionCV` begins its grid at this lam.
        """
        return None

    def diagram(self, coef: ArrayLike) -> Any:
        """Return the `Diagram` that the penalty measures, or None."""
        return None

    def __repr__(self):
        arguments = ", ".join(f"{name}={value!r}" for name, value in sorted(vars(self).items()))
        return f"{type(self).__name__}({arguments})"


class CompiledPenalty(Penalty):
    """A penalty that compiled code evaluates on arrays.

    A subclass has ``operator``, which makes a compiled proximal operator, and ``_of_tensor``, the
    value at a tensor.
    """

    operator: Callable[[], Prox]
    _of_tensor: Callable[[Any], Any]

    def value(self, coef: ArrayLike) -> Result:
        """Return the penalty at coef, an array or a tensor of any shape."""
        if is_tensor(coef):
            return _check_total(self._of_tensor(_check_weights(coef).reshape(-1)))
        return _check_total(self.operator().evaluate(_as_weights(coef)[1].ravel()))

    def prox(self, coef: ArrayLike, step: float) -> Floats:
        """Return argmin of 1/2 |x - coef|^2 + step * value(x).

        Parameters
        ----------
        coef : array-like of float
            Of any shape, finite. A tensor is taken as numbers, without gradients.
        step : float
            Finite and not negative.

        Returns
        -------
        ndarray of float64, of the shape of coef

        Raises
        ------
        TypeError
            If coef is not real numbers, or step is not a number.
        ValueError
            If a weight is not finite, or step is out of range.
        MemoryError
            If so many components of so many weights would not fit.
        """
        plain = _as_weights(coef)[1]
        step = check_number("step", step, 0)
        return self.operator().prox(plain.ravel(), step).reshape(plain.shape)


class L1(CompiledPenalty):
    """Sum of absolute values (the lasso).

    Examples
    --------
    >>> from skltopo.penalties import L1
    >>> L1().value([1.0, -2.0]), L1().prox([1.0, -2.0], 1.5)
    (3.0, array([ 0. , -0.5]))
    """

    operator = L1Prox

    def dual_norm(self, gradient: Floats) -> float:
        """Return the largest absolute value."""
        return abs(gradient).max()

    def _of_tensor(self, coef):
        return coef.abs().sum()


class L2(CompiledPenalty):
    """Euclidean norm, not squared, as in figure 4 of the paper.

    Examples
    --------
    >>> from skltopo.penalties import L2
    >>> L2().value([3.0, 4.0]), L2().prox([3.0, 4.0], 2.5)
    (5.0, array([1.5, 2. ]))
    """

    operator = L2Prox

    def dual_norm(self, gradient: Floats) -> float:
        """Return the Euclidean norm."""
        return norm(gradient)

    def _of_tensor(self, coef):
        return _norm(coef)


class TV(CompiledPenalty):
    """Total variation on a line: sum of absolute differences of neighbours.

    Examples
    --------
    >>> from skltopo.penalties import TV
    >>> TV().value([0.0, 2.0, 1.0]), TV().prox([0.0, 2.0, 1.0], 0.25)
    (3.0, array([0.25, 1.5 , 1.25]))
    """

    operator = TVProx
    frees_constants = True

    def dual_norm(self, gradient: Floats) -> float:
        """Return the largest absolute value of a sum of first entries."""
        return abs(np.cumsum(gradient)).max()

    def _of_tensor(self, coef):
        return coef.diff().abs().sum()


class TV2(CompiledPenalty):
    """Euclidean norm, not squared, of the differences of neighbours on a line.

    Examples
    --------
    >>> from skltopo.penalties import TV2
    >>> TV2().value([0.0, 3.0, -1.0]), TV2().prox([0.0, 4.0], 2**0.5)
    (5.0, array([1.4142..., 2.5857...]))
    """

    operator = TV2Prox
    frees_constants = True

    def dual_norm(self, gradient: Floats) -> float:
        """Return the Euclidean norm of the sums of first entries."""
        return norm(np.cumsum(gradient))

    def _of_tensor(self, coef):
        return _norm(coef.diff())


class _Components(CompiledPenalty):
    """Base of penalties that leave n_components clusters or maxima free."""

    frees_constants = True

    def dual_norm(self, gradient: Floats) -> float:
        """Return half of the sum of absolute values, the dual norm of the range of the weights.

        For one cluster this is exact. Otherwise it stands for a bound: to bring weights w to as few
        components as are free moves none by more than half of the penalty P(w), so that the loss
        rises by at most P(w) / 2 times the sum of the absolute values of its gradient there, and
        the gradient at flat weights is larger.
        """
        return abs(gradient).sum() / 2


def _check_n_components(n_components):
    if not is_integer(n_components):
        raise TypeError(f"n_components must be an integer, got {n_components!r}")
    if n_components < 1:
        raise ValueError(f"n_components must be at least 1, got {n_components}")


class Clusters(_Components):
    """E(1, 0, k + 1; PD_0) of the weak Alpha filtration of the weights, seen as points on a line.

    That is the sum of all but the k - 1 largest gaps between sorted weights, zero if there are at
    most k values. k = 1 is the paper's Top1 (and the range, which is convex), k = 3 its Top2.

    Parameters
    ----------
    n_components : int, default=3
        How many clusters are free.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, section 3.1 and figure 4.

    Examples
    --------
    >>> from skltopo.penalties import Clusters
    >>> Clusters(2).value([1.0, 5.0, 1.5, 5.25])
    0.75
    >>> Clusters(2).prox([1.0, 5.0, 1.5, 5.25], 0.125)
    array([1.125, 5.125, 1.375, 5.125])
    """

    def __init__(self, n_components: int = 3) -> None:
        _check_n_components(n_components)
        self.n_components = n_components

    def operator(self) -> Prox:
        """Return a new compiled proximal operator."""
        return ClustersProx(min(self.n_components, ALL))

    def labels(self, coef: ArrayLike) -> Integers:
        """Return the cluster of each weight, from 0 at the smallest, cut at the widest gaps.

        Parameters
        ----------
        coef : (n,) array-like of float
            Gaps that are rounding errors of their dtype are none.

        Returns
        -------
        (n,) int64 ndarray
        """
        coef = as_floats(as_numbers(coef, "coef"))[1].ravel()
        check_finite(coef, "coef", before="")
        rounding = ROUNDING * np.finfo(coef.dtype).eps * abs(coef).max(initial=0)
        order = np.argsort(coef, kind="stable")
        gaps = np.diff(coef[order])
        cuts = np.argsort(-gaps, kind="stable")[: self.n_components - 1]
        is_cut = np.zeros(len(coef), dtype=np.int64)
        is_cut[cuts[gaps[cuts] > rounding] + 1] = 1
        labels = np.empty(len(coef), dtype=np.int64)
        labels[order] = np.cumsum(is_cut)
        return labels

    def _of_tensor(self, coef):
        gaps = coef.sort().values.diff().sort().values
        return gaps[: max(0, len(gaps) - self.n_components + 1)].sum()

    def diagram(self, coef: ArrayLike) -> Diagram:
        """Return the weak Alpha diagram of the weights: deaths are gaps of the sorted weights."""
        return WeakAlpha(max_dim=0)(_check_weights(coef).reshape(-1, 1))


class Maxima(_Components):
    """E(1, 0, k + 1; PD_0) of the superlevel filtration of the weights on a line or a grid.

    That is the total persistence of all but the k most persistent local maxima, zero if there are
    at most k. k = 1 is the paper's Top1, k = 3 its Top2.

    Parameters
    ----------
    n_components : int, default=3
        How many maxima are free.
    shape : tuple of two int, default=None
        Grid of the weights (rows, columns), in C order; None for a line. There is a proximal
        operator on lines only.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, section 3.1 and figure 4.

    Examples
    --------
    >>> from skltopo.penalties import Maxima
    >>> Maxima(1).value([0.0, 3.0, 1.0, 2.0])
    1.0
    >>> Maxima(1).prox([0.0, 3.0, 1.0, 2.0], 0.25)
    array([0.  , 3.  , 1.25, 1.75])
    """

    def __init__(self, n_components: int = 3, shape: tuple[int, int] | None = None) -> None:
        _check_n_components(n_components)
        self.n_components = n_components
        self.shape = None if shape is None else check_shape("shape", shape, (1, 2, 3))

    @property
    def has_prox(self) -> bool:
        """Whether the weights lie on a line."""
        return self.shape is None or len(self.shape) == 1

    def value(self, coef: ArrayLike) -> Result:
        """Return the penalty at coef, an array or a tensor of any shape."""
        if self.has_prox and self.n_components < MANY_COMPONENTS:
            return super().value(coef)
        return self._of_tensor(coef) if np.prod(np.shape(_check_weights(coef))) else 0.0

    def _of_tensor(self, coef):
        i0 = min(self.n_components, ALL) + 1
        return Energy(dim=0, p=1, q=0, i0=i0)(self.diagram(coef))

    def prox(self, coef: ArrayLike, step: float) -> Floats:
        """Return argmin of 1/2 |x - coef|^2 + step * value(x), on a line; see `Clusters`."""
        if not self.has_prox:
            raise TypeError("Maxima on a grid has no known proximal operator")
        return super().prox(coef, step)

    def operator(self) -> Prox:
        """Return a new compiled proximal operator, which finds the global minimum."""
        return MaximaProx(min(self.n_components, ALL))

    def diagram(self, coef: ArrayLike) -> Diagram:
        """Return the superlevel diagram of the weights."""
        shape = (-1,) if self.shape is None else self.shape
        level_set = LevelSet(ndim=len(shape), superlevel=True, homology_dimensions=(0,))
        return level_set(_reshaped(_check_weights(coef), shape))


def _reshaped(coef, shape):
    """Return coef in a shape, or raise ValueError saying that the number of weights is wrong."""
    n_weights = int(np.prod(coef.shape))
    if -1 not in shape and n_weights != np.prod(shape):
        raise ValueError(
            f"coef must have {np.prod(shape)} weights for shape={shape}, got {n_weights}"
        )
    return coef.reshape(shape)


class TopologicalPenalty(Penalty):
    """Any sum of energies of any filtration of the weights, for solver "adam".

    Parameters
    ----------
    filtration : callable
        Takes the weights in their shape and returns a diagram, as `skltopo.filtrations.LevelSet`.
    energies : Energy or list of Energy
    shape : tuple of int, default=None
        Shape in which the filtration sees the weights; None for a vector.

    Examples
    --------
    All but one hole and all but one maximum of an image of weights:

    >>> from skltopo import Energy
    >>> from skltopo.filtrations import LevelSet
    >>> from skltopo.penalties import TopologicalPenalty
    >>> penalty = TopologicalPenalty(
    ...     LevelSet(ndim=2, superlevel=True),
    ...     [Energy(dim=1, i0=2), Energy(dim=0, i0=2)],
    ...     shape=(2, 3),
    ... )
    >>> penalty.value([3.0, 0.0, 2.0, 0.0, 0.0, 0.0])
    2.0
    """

    def __init__(
        self,
        filtration: Callable[..., Any],
        energies: Energy | Sequence[Energy],
        shape: tuple[int, ...] | None = None,
    ) -> None:
        if not callable(filtration):
            raise TypeError(f"filtration must be callable, got {filtration!r}")
        several = [energies] if isinstance(energies, Energy) else energies
        if (
            not isinstance(several, (list, tuple))
            or not several
            or not all(isinstance(energy, Energy) for energy in several)
        ):
            raise TypeError(
                f"energies must be an Energy or a list of at least one Energy, got {energies!r}"
            )
        self.filtration = filtration
        self.energies = energies
        self.shape = None if shape is None else check_shape("shape", shape, range(1, 10))

    def value(self, coef: ArrayLike) -> Result:
        """Return the sum of energies at coef, an array or a tensor."""
        energies = [self.energies] if isinstance(self.energies, Energy) else self.energies
        diagram = self.diagram(coef)
        return sum(energy(diagram) for energy in energies)

    def diagram(self, coef: ArrayLike) -> Any:
        """Return the diagram of the weights."""
        coef = _check_weights(coef)
        return self.filtration(coef if self.shape is None else _reshaped(coef, self.shape))
