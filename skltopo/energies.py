"""Energies: the paper's polynomial functionals of persistence diagrams."""

import numpy as np

from ._kernels.functionals.polynomial import polynomial_energy
from ._utils.arrays import is_tensor
from .diagrams import Diagram

__all__ = ["Energy", "polynomial_energies", "polynomial_gradient", "segment_sum"]

ESSENTIAL = ("drop", "clip")


def segment_sum(terms, splits):
    """Sum terms[splits[i]:splits[i + 1]] over the first axis for every i."""
    n_segments = len(splits) - 1
    if is_tensor(terms):
        import torch

        segment = np.repeat(np.arange(n_segments), np.diff(splits))
        out = terms.new_zeros((n_segments, *terms.shape[1:]))
        return out.index_add(0, torch.from_numpy(segment).to(terms.device), terms)
    out = np.zeros((n_segments, *terms.shape[1:]), dtype=terms.dtype)
    filled = np.diff(splits) > 0
    if filled.any():  # reduceat would take an empty segment for its first element
        out[filled] = np.add.reduceat(terms, splits[:-1][filled])
    return out


def _kept(splits, n_before, i0):
    """Mark the points whose rank, counted from 1 behind n_before others, is at least i0."""
    counts = np.diff(splits)
    rank = np.arange(splits[-1]) - np.repeat(splits[:-1], counts) + 1
    return rank + np.repeat(n_before, counts) >= i0


def _select(values, mask):
    if mask.all():
        return values
    if is_tensor(values):
        import torch

        return values[torch.from_numpy(mask).to(values.device)]
    return values[mask]


def _is_on_cpu(values):
    return is_tensor(values) and values.device.type == "cpu"


def _part(births, deaths, splits, n_before, i0):
    """Return (lengths, middles, splits) of the points that count."""
    kept = _kept(splits, n_before, i0)
    births, deaths = _select(births, kept), _select(deaths, kept)
    splits = np.concatenate([[0], np.cumsum(kept)])[splits]
    return abs(deaths - births), (births + deaths) / 2, splits


def _finite_part(finite, splits, n_before, i0):
    return [_part(finite[:, 0], finite[:, 1], splits, n_before, i0)]


def _lengths_and_middles(batch, dim, i0, essential):
    """Return [(lengths, middles, splits)] of the finite and, if clipped, the essential points."""
    points = batch.get_points(dim)
    n_essential = np.diff(points.essential_splits)
    out = _finite_part(points.finite, points.splits, n_essential, i0)
    if essential == "clip" and len(points.births):
        last = batch.last()[np.repeat(np.arange(len(n_essential)), n_essential)]
        out.append(_part(points.births, last, points.essential_splits, 0 * n_essential, i0))
    return out


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
        p, q = np.arange(max_p + 1), np.arange(max_q + 1)
        if is_tensor(length):
            import torch

            p = torch.from_numpy(p).to(length.device)
            q = torch.from_numpy(q).to(length.device)
        terms = (length[:, None] ** p)[:, :, None] * (middle[:, None] ** q)[:, None, :]
        total = total + segment_sum(terms.reshape(len(length), (max_p + 1) * (max_q + 1)), splits)
    return total


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
    value, gradient = np.empty(1), np.empty(finite.shape)
    polynomial_energy(
        finite, splits, essential_splits, energy.p, energy.q, energy.i0, value, gradient
    )
    gradient *= energy.weight
    return energy.weight * float(value[0]), gradient


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
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
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
        if self.essential == "drop" and _is_on_cpu(points.finite):
            return self._sum_in_one_node(points, batch.shape)
        parts = _lengths_and_middles(batch, self.dim, self.i0, self.essential)
        total = self._sum(parts, batch.shape)
        return total if is_tensor(total) or not single else float(total)

    def _sum(self, parts, shape):
        total = sum(
            segment_sum(length**self.p * middle**self.q, splits) for length, middle, splits in parts
        )
        return self.weight * total.reshape(shape)

    def _sum_in_one_node(self, points, shape):
        """Do as _sum for the finite points of a tensor of the CPU."""
        from ._energy_node import EnergyNode

        def by_torch(finite):
            n_before = np.diff(points.essential_splits)
            return self._sum(_finite_part(finite, points.splits, n_before, self.i0), shape)

        return EnergyNode.apply(points.finite, points, self, shape, by_torch)

    def __repr__(self):
        return (
            f"Energy(dim={self.dim}, p={self.p}, q={self.q}, i0={self.i0}, "
            f"weight={self.weight}, essential={self.essential!r})"
        )
