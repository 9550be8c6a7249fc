"""Energies: the paper's polynomial functionals of persistence diagrams."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from ._kernels.functionals.polynomial import polynomial_energy
from ._utils.arrays import as_floats, as_numbers, check_finite
from ._utils.checks import check_integer, check_number, check_powers, is_integer
from ._utils.memory import check_memory
from ._utils.namespace import namespace_of
from ._utils.scales import powers, segment_exponents, spread
from ._utils.typing import Floats, Result
from .diagrams import Diagram, DiagramBatch

__all__ = ["Energy", "polynomial_energies", "polynomial_gradient"]

ESSENTIAL = ("drop", "clip")
# Powers beyond it are floats.
MOST_INTEGER = 2**31 - 1
# A rank that no point has, and to which the number of all points can be added.
BEYOND = 2**62
# The least length that is not zero.
LEAST_LENGTH = np.nextafter(0.0, 1.0)


def _counted(births, deaths, splits, n_before, i0, min_length=0.0):
    """Return (lengths, middles, splits) of the points of rank i0 and more, from min_length on.

    Ranks are counted from 1 within each sample, behind n_before points of the sample.
    """
    counts = np.diff(splits)
    rank = np.arange(splits[-1]) - np.repeat(splits[:-1], counts) + 1
    kept = rank + np.repeat(n_before, counts) >= i0
    xp = namespace_of(births)
    if min_length > 0:
        plain_births, plain_deaths = (xp.plain(x).astype(np.float64) for x in (births, deaths))
        kept &= abs(plain_deaths - plain_births) >= min_length
    births, deaths = xp.take(births, kept), xp.take(deaths, kept)
    splits = np.concatenate([[0], np.cumsum(kept)])[splits]
    return abs(deaths - births), (births + deaths) / 2, splits


def _counted_of_finite(finite, points, i0, min_length=0.0):
    n_essential = np.diff(points.essential_splits)
    return _counted(finite[:, 0], finite[:, 1], points.splits, n_essential, i0, min_length)


def _lengths_and_middles(batch, dim, i0, essential, min_length=0.0):
    """Return [(lengths, middles, splits)] of the finite and, if clipped, the essential points."""
    points = batch.get_points(dim)
    parts = [_counted_of_finite(points.finite, points, i0, min_length)]
    if essential == "clip" and len(points.births):
        n_essential = np.diff(points.essential_splits)
        last = batch.last()[np.repeat(np.arange(len(n_essential)), n_essential)]
        splits = points.essential_splits
        parts.append(_counted(points.births, last, splits, 0 * n_essential, i0, min_length))
    return parts


def polynomial_energies(
    batch: DiagramBatch,
    dim: int,
    max_p: int,
    max_q: int,
    i0: int = 1,
    essential: Literal["drop", "clip"] = "drop",
    *,
    min_p: int = 0,
    min_length: float = 0.0,
) -> Result:
    """Compute E(p, q, i0; PD_dim) for all p in min_p..max_p and q in 0..max_q at once.

    Parameters
    ----------
    batch : DiagramBatch
    dim : int
    max_p, max_q : int
    i0 : int, default=1
    essential : {"drop", "clip"}, default="drop"
        As in `Energy`.
    min_p : int, default=0
    min_length : float, default=0.0
        Points that are shorter are left out, and have a gradient of zero; an essential class, too,
        if it is clipped.

    Returns
    -------
    (n_samples, (max_p - min_p + 1) * (max_q + 1)) ndarray or torch.Tensor
        Column (p - min_p) * (max_q + 1) + q is E(p, q, i0).

    Raises
    ------
    ValueError
        If an energy is more than a float can hold, or a parameter is out of range.
    MemoryError
        If there is not enough memory for all powers of all points.

    Examples
    --------
    >>> from skltopo.energies import polynomial_energies
    >>> from skltopo.filtrations import LevelSet
    >>> batch = LevelSet(ndim=1)([[0.0, 2.0, 1.0, 4.0, 0.5]])  # finite points (0.5, 4), (1, 2)
    >>> polynomial_energies(batch, dim=0, max_p=1, max_q=1)
    array([[2.   , 3.75 , 4.5  , 9.375]])
    """
    total = 0
    _check_batch(batch)
    min_p, max_p, max_q = check_powers(min_p, max_p, max_q)
    min_length = check_number("min_length", min_length, 0)
    _check_rank(i0)
    n_columns = (max_p - min_p + 1) * (max_q + 1)
    for length, middle, splits in _lengths_and_middles(batch, dim, i0, essential, min_length):
        check_memory(
            16 * len(length) * n_columns,
            f"{n_columns} powers of {len(length)} points",
            "smaller powers take less",
        )
        xp = namespace_of(length)
        powers_from = ((min_p, max_p), (0, max_q))
        p, q = (xp.operand(np.arange(least, most + 1), length) for least, most in powers_from)
        with np.errstate(over="ignore", invalid="ignore"):
            terms = (length[:, None] ** p)[:, :, None] * (middle[:, None] ** q)[:, None, :]
            terms = terms.reshape(len(length), n_columns)
            total = total + xp.segment_sum(terms, splits)
    if not _is_finite(total):
        raise ValueError(_overflow(f"p up to {max_p} and q up to {max_q}", total))
    return total


def _is_finite(total):
    return bool(np.isfinite(namespace_of(total).plain(total)).all())


def _overflow(powers, total):
    return (
        f"an energy with {powers} is more than a number of dtype {total.dtype} can hold; scale the "
        "values, or take smaller powers"
    )


def _check_batch(diagram):
    """Raise TypeError if diagram is no diagram of a filtration."""
    if not isinstance(diagram, (Diagram, DiagramBatch)):
        raise TypeError(
            "diagram must be a Diagram or a DiagramBatch, as filtrations return it, got "
            f"{type(diagram).__name__}; for images and clouds see skltopo.nn.EnergyLoss, for "
            "arrays of births and deaths skltopo.vectorize.Polynomial"
        )


def _check_rank(i0):
    if not is_integer(i0):
        raise TypeError(f"i0 must be an integer, got {i0!r}")
    if not 1 <= i0 < 2**63:
        raise ValueError(
            f"i0 must be at least 1 (the most persistent point) and below 2**63, got {i0}"
        )


def _values_and_derivatives(energy, finite, splits, essential_splits):
    """Return the energies of a batch, without its essential points, and their derivatives."""
    values, derivatives = np.empty(len(splits) - 1), np.empty(finite.shape)
    first = energy._first_rank()
    polynomial_energy(
        finite, splits, essential_splits, energy.p, energy.q, first, values, derivatives
    )
    values *= float(energy.weight)
    derivatives *= float(energy.weight)
    return values, derivatives


def polynomial_gradient(
    energy: Energy, finite: Floats, n_essential: int = 0
) -> tuple[float, Floats]:
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
        That of a length is zero where the length is, as torch has it, and that of a root where what
        it is taken of is zero.

    Raises
    ------
    TypeError, ValueError
        If finite has no finite births and deaths, or if the energy or its gradient overflows.

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo import Energy
    >>> from skltopo.energies import polynomial_gradient
    >>> points = np.array([[0.0, 3.0], [1.0, 2.0]])
    >>> value, gradient = polynomial_gradient(Energy(dim=0, p=2), points)
    >>> value, gradient.tolist()
    (10.0, [[-6.0, 6.0], [-2.0, 2.0]])
    """
    check_integer("n_essential", n_essential, 0)
    finite = np.ascontiguousarray(as_floats(as_numbers(finite, "finite"))[1], np.float64)
    if finite.ndim != 2 or finite.shape[1] != 2:
        raise ValueError(f"finite must have shape (n, 2), births and deaths, got {finite.shape}")
    splits, essential_splits = np.array([0, len(finite)]), np.array([0, n_essential])
    with np.errstate(over="ignore", invalid="ignore"):
        values, gradient = _values_and_derivatives(energy, finite, splits, essential_splits)
    if not np.isfinite(values[0] + gradient.sum()):
        check_finite(finite, "finite", "")
        raise ValueError(_overflow(f"p={energy.p} and q={energy.q}", values))
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
        Power of the middle. Not an integer only where no middle of a point is negative.
    i0 : int, default=1
        Rank of the first point that counts.
    weight : float, default=1.0
        Negative to reward what positive would penalise; 0 counts no point.
    essential : {"drop", "clip"}, default="drop"
        "drop": an essential class takes its rank and adds nothing. "clip": it ends at the last
        filtration value (sublevel sets: the maximum of the function, superlevel: the minimum).

    Notes
    -----
    A point of length zero, which is there by "clip" or by ``keep_zero`` of a filtration, adds
    nothing for p > 0. Gradients are finite where the energy is: that of a length, or of a root (p
    or q between 0 and 1) of a length or a middle, is 0 where the length or the middle is 0.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, equation 2.

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

    def __init__(
        self,
        *,
        dim: int = 0,
        p: float = 1,
        q: float = 0,
        i0: int = 1,
        weight: float = 1.0,
        essential: Literal["drop", "clip"] = "drop",
    ) -> None:
        if not is_integer(dim):
            raise TypeError(f"dim must be an integer, got {dim!r}")
        if dim < 0:
            raise ValueError(f"dim must be at least 0, got {dim}")
        _check_rank(i0)
        check_number("p", p, 0)
        check_number("q", q, 0)
        check_number("weight", weight)
        if not isinstance(essential, str) or essential not in ESSENTIAL:
            raise ValueError(f"essential must be one of {ESSENTIAL}, got {essential!r}")
        self.dim = dim
        self.p, self.q, self.weight = (
            x.item() if hasattr(x, "item") else x for x in (p, q, weight)
        )
        if max(self.p, self.q) > MOST_INTEGER:  # beyond the integers of arrays
            self.p, self.q = float(self.p), float(self.q)
        self.i0 = i0
        self.essential = essential

    def __call__(self, diagram: Diagram | DiagramBatch) -> Result:
        """Compute the energy.

        Parameters
        ----------
        diagram : Diagram or DiagramBatch

        Returns
        -------
        float or 0-d torch.Tensor for a Diagram; ndarray or torch.Tensor of batch.shape for a batch
            Differentiable where the diagram came from a tensor.

        Raises
        ------
        TypeError
            If diagram is neither.
        KeyError
            If the diagram does not have the dimension.
        ValueError
            If an energy is more than a float can hold, or no real number.
        """
        _check_batch(diagram)
        single = isinstance(diagram, Diagram)
        batch = diagram.as_batch() if isinstance(diagram, Diagram) else diagram
        points = batch.get_points(self.dim)
        xp = namespace_of(points.finite)
        with np.errstate(over="ignore", invalid="ignore"):  # this is looked for
            if self.essential == "drop" and xp.has_gradients and points.finite.device.type == "cpu":
                total = self._sum_in_one_node(points, batch.shape)
            else:
                total = self._sum(self._parts(batch), batch.shape, xp)
            if not _is_finite(total):
                total = self._scaled_sum(self._parts(batch), batch.shape, xp)
        return xp.number(total) if single else total

    def _first_rank(self):
        """Return the rank from which points count: beyond all of them for a weight of 0."""
        return min(int(self.i0), BEYOND) if self.weight else BEYOND

    def _least_length(self):
        """Return the length from which points count."""
        # The root of a negative middle is no number, of a point of no length neither.
        return LEAST_LENGTH if self.p > 0 and self.q != int(self.q) else 0.0

    def _parts(self, batch):
        return _lengths_and_middles(
            batch, self.dim, self._first_rank(), self.essential, self._least_length()
        )

    def _sum(self, parts, shape, xp):
        total = sum(
            xp.segment_sum(powers(length, self.p, xp) * powers(middle, self.q, xp), splits)
            for length, middle, splits in parts
        )
        return float(self.weight) * total.reshape(shape)

    def _scaled_sum(self, parts, shape, xp):
        """Return what _sum does where powers overflow, or raise ValueError where the sum does."""
        total: Any = 0
        for length, middle, splits in parts:
            if self.q != int(self.q) and (xp.plain(middle) < 0).any():
                raise ValueError(
                    f"q must be an integer where the middle of a point is negative, got {self.q}"
                )
            terms, root = 1, 1
            for factor, power in ((length, self.p), (middle, self.q)):
                exponent = segment_exponents(xp.plain(factor), splits)
                scale = spread(np.ldexp(1.0, -exponent), splits)
                terms = terms * powers(factor * xp.operand(scale, factor), power, xp)
                root = root * np.exp2(exponent * power / 2.0)
            # Half of the powers before the weight and half after it: either may be out of range.
            root = xp.operand(root, length)
            total = total + xp.segment_sum(terms, splits) * root * self.weight * root
        if not _is_finite(total):
            raise ValueError(_overflow(f"p={self.p} and q={self.q}", total))
        return total.reshape(shape)

    def _sum_in_one_node(self, points, shape):
        """Return what _sum does for the finite points, a tensor of the CPU, by a compiled loop."""
        from ._utils.autograd import CompiledNode

        values, derivatives = _values_and_derivatives(
            self, points.finite.detach().double().numpy(), points.splits, points.essential_splits
        )

        def pull_back(weights):
            weights = weights[0].reshape(-1)
            if len(weights) != 1:
                weights = np.repeat(weights, np.diff(points.splits))[:, np.newaxis]
            return derivatives * weights

        def by_torch(finite):
            first, least = self._first_rank(), self._least_length()
            parts = [_counted_of_finite(finite, points, first, least)]
            return (self._sum(parts, shape, namespace_of(finite)),)

        outputs = (values.reshape(shape),)
        return CompiledNode.apply(points.finite, outputs, pull_back, by_torch)[0]

    def __repr__(self):
        return (
            f"Energy(dim={self.dim}, p={self.p}, q={self.q}, i0={self.i0}, "
            f"weight={self.weight}, essential={self.essential!r})"
        )
