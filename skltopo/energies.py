"""Energies: the paper's polynomial functionals of persistence diagrams."""

import numpy as np

from ._kernels.functionals.polynomial import polynomial_energy
from ._utils.checks import is_integer
from ._utils.namespace import namespace_of
from .diagrams import Diagram

__all__ = ["Energy", "polynomial_energies", "polynomial_gradient"]

ESSENTIAL = ("drop", "clip")


def _counted(births, deaths, splits, n_before, i0):
    """Return (lengths, middles, splits) of the points of rank i0 and more.

    Ranks are counted from 1 within each sample, behind n_before points of the sample.
    """
    counts = np.diff(splits)
    rank = np.arange(splits[-1]) - np.repeat(splits[:-1], counts) + 1
    kept = rank + np.repeat(n_before, counts) >= i0
    xp = namespace_of(births)
    births, deaths = xp.take(births, kept), xp.take(deaths, kept)
    splits = np.concatenate([[0], np.cumsum(kept)])[splits]
    return abs(deaths - births), (births + deaths) / 2, splits


def _counted_of_finite(finite, points, i0):
    n_essential = np.diff(points.essential_splits)
    return _counted(finite[:, 0], finite[:, 1], points.splits, n_essential, i0)


def _lengths_and_middles(batch, dim, i0, essential):
    """Return [(lengths, middles, splits)] of the finite and, if clipped, the essential points."""
    points = batch.get_points(dim)
    parts = [_counted_of_finite(points.finite, points, i0)]
    if essential == "clip" and len(points.births):
        n_essential = np.diff(points.essential_splits)
        last = batch.last()[np.repeat(np.arange(len(n_essential)), n_essential)]
        parts.append(_counted(points.births, last, points.essential_splits, 0 * n_essential, i0))
    return parts


def polynomial_energies(batch, dim, max_p, max_q, i0=1, essential="drop"):
    """Compute E(p, q, i0; PD_dim) for all p in 0..max_p and q in 0..max_q at once.

    Parameters
    ----------
    batch : DiagramBatch
    dim : int
    max_p, max_q : int
    i0 : int, default=1
    essential : {"drop", "clip"}, default="drop"
        As in `Energy`.

    Returns
    -------
    (n_samples, (max_p + 1) * (max_q + 1)) ndarray or torch.Tensor
        Column p * (max_q + 1) + q is E(p, q, i0).
    """
    total = 0
    for length, middle, splits in _lengths_and_middles(batch, dim, i0, essential):
        xp = namespace_of(length)
        p, q = (xp.operand(np.arange(most + 1), length) for most in (max_p, max_q))
        terms = (length[:, None] ** p)[:, :, None] * (middle[:, None] ** q)[:, None, :]
        terms = terms.reshape(len(length), (max_p + 1) * (max_q + 1))
        total = total + xp.segment_sum(terms, splits)
    return total


def _values_and_derivatives(energy, finite, splits, essential_splits):
    """Return the energies of a batch, without its essential points, and their derivatives."""
    values, derivatives = np.empty(len(splits) - 1), np.empty(finite.shape)
    polynomial_energy(
        finite, splits, essential_splits, energy.p, energy.q, energy.i0, values, derivatives
    )
    values *= energy.weight
    derivatives *= energy.weight
    return values, derivatives


def polynomial_gradient(energy, finite, n_essential=0):
    """Compute an energy of a single diagram and its derivatives by births and deaths, in numpy.

    Parameters
    ----------
    energy : Energy
        With ``essential="drop"``.
    finite : (n, 2) float64 ndarray
        Finite births and deaths by decreasing |death - birth|.
    n_essential : int, default=0
        Essential classes, which rank before them.

    Returns
    -------
    value : float
    gradient : (n, 2) ndarray
        Zero where a point has no length, as torch has it.
    """
    splits, essential_splits = np.array([0, len(finite)]), np.array([0, n_essential])
    values, gradient = _values_and_derivatives(energy, finite, splits, essential_splits)
    return float(values[0]), gradient


class Energy:
    r"""The energy E(p, q, i0; PD_k) of the paper, times a weight.

    .. math:: E = w \sum_{i \ge i_0} |d_i - b_i|^p \left(\frac{d_i + b_i}{2}\right)^q

    over the points of PD_k by decreasing persistence. i is counted from 1, and essential classes
    come first: E(1, 0, 2; PD_0) of an image sums all lengths but that of its essential component.

    Parameters
    ----------
    dim : int, default=0
        Homology dimension k.
    p : float, default=1
        Power of the length. 0 counts points (a point of length zero is left out of a diagram).
    q : float, default=0
        Power of the middle. Not an integer only where middles are positive.
    i0 : int, default=1
        Rank of the first point that counts.
    weight : float, default=1.0
        Negative to reward what positive would penalise.
    essential : {"drop", "clip"}, default="drop"
        "drop": an essential class takes its rank and adds nothing. "clip": it ends at the last
        filtration value (sublevel sets: the maximum of the function, superlevel: the minimum).

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, equation 1.

    Examples
    --------
    >>> from skltopo import Energy
    >>> from skltopo.filtrations import LevelSet
    >>> diagram = LevelSet(ndim=1, superlevel=True)([0.0, 3.0, 1.0, 2.0])
    >>> Energy(dim=0, p=1, q=0, i0=2)(diagram)
    1.0
    >>> Energy(dim=0, p=1, q=0, i0=1, essential="clip")(diagram)
    4.0
    """

    def __init__(self, *, dim=0, p=1, q=0, i0=1, weight=1.0, essential="drop"):
        for name, value in (("dim", dim), ("i0", i0)):
            if not is_integer(value):
                raise TypeError(f"{name} must be an integer, got {value!r}")
        if dim < 0:
            raise ValueError(f"dim must be at least 0, got {dim}")
        if i0 < 1:
            raise ValueError(f"i0 must be at least 1 (the most persistent point), got {i0}")
        for name, value in (("p", p), ("q", q)):
            if not np.isfinite(value) or value < 0:
                raise ValueError(f"{name} must be a finite number of at least 0, got {value!r}")
        if not np.isfinite(weight):
            raise ValueError(f"weight must be finite, got {weight!r}")
        if essential not in ESSENTIAL:
            raise ValueError(f"essential must be one of {ESSENTIAL}, got {essential!r}")
        self.dim = dim
        self.p = p
        self.q = q
        self.i0 = i0
        self.weight = weight
        self.essential = essential

    def __call__(self, diagram):
        """Compute the energy.

        Parameters
        ----------
        diagram : Diagram or DiagramBatch

        Returns
        -------
        float or 0-d torch.Tensor for a Diagram; ndarray or torch.Tensor of batch.shape for a batch
            Differentiable where the diagram came from a tensor.
        """
        single = isinstance(diagram, Diagram)
        batch = diagram.as_batch() if single else diagram
        points = batch.get_points(self.dim)
        xp = namespace_of(points.finite)
        if self.essential == "drop" and xp.has_gradients and points.finite.device.type == "cpu":
            return self._sum_in_one_node(points, batch.shape)
        parts = _lengths_and_middles(batch, self.dim, self.i0, self.essential)
        total = self._sum(parts, batch.shape, xp)
        return xp.number(total) if single else total

    def _sum(self, parts, shape, xp):
        total = sum(
            xp.segment_sum(length**self.p * middle**self.q, splits)
            for length, middle, splits in parts
        )
        return self.weight * total.reshape(shape)

    def _sum_in_one_node(self, points, shape):
        """Return what _sum does for the finite points, a tensor of the CPU, by a compiled loop."""
        from ._utils.autograd import CompiledNode

        values, derivatives = _values_and_derivatives(
            self, points.finite.detach().double().numpy(), points.splits, points.essential_splits
        )

        def pull_back(weights):
            weights = weights[0].reshape(-1)
            if len(weights) > 1:
                weights = np.repeat(weights, np.diff(points.splits))[:, np.newaxis]
            return derivatives * weights

        def by_torch(finite):
            parts = [_counted_of_finite(finite, points, self.i0)]
            return (self._sum(parts, shape, namespace_of(finite)),)

        outputs = (values.reshape(shape),)
        return CompiledNode.apply(points.finite, outputs, pull_back, by_torch)[0]

    def __repr__(self):
        return (
            f"Energy(dim={self.dim}, p={self.p}, q={self.q}, i0={self.i0}, "
            f"weight={self.weight}, essential={self.essential!r})"
        )
