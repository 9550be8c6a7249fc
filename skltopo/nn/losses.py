"""Topological losses: a scalar of the diagrams of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Literal

import numpy as np
import torch

from .._kernels.functionals.image_gradients import image_energy_gradients
from .._utils.autograd import CompiledNode
from .._utils.checks import check_integer, check_number, is_integer
from .._utils.namespace import is_tensor
from .._utils.parallel import effective_n_jobs, run
from .._utils.typing import FiltrationFunction, Tensor
from ..energies import Energy
from ..filtrations import LevelSet
from ..filtrations.level_sets import chunks_of
from ..filtrations.point_clouds import PointFiltration
from .layers import filtration_of, kind_of, split_clouds
from .operators import Functional, is_traced

__all__ = ["BettiPriorLoss", "EnergyLoss"]

# More points than any diagram has.
MOST_WISHED = 2**31
REDUCTIONS = {
    "mean": lambda totals: totals.mean(),
    "sum": lambda totals: totals.sum(),
    "none": lambda totals: totals,
}


class _DiagramLoss(torch.nn.Module):
    """Base of losses that are a sum over samples; a subclass defines ``_of_batch``.

    ``_of_batch`` takes a `DiagramBatch` and returns one number for each sample.
    """

    def __init__(self, filtration, reduction):
        super().__init__()
        self.filtration = filtration_of(filtration)
        if not isinstance(reduction, str) or reduction not in REDUCTIONS:
            raise ValueError(f"reduction must be one of {tuple(REDUCTIONS)}, got {reduction!r}")
        self.reduction = reduction
        self._totals = Functional(
            self._totals_of, self._shape_of, of_samples=True, with_gradient=self._with_gradient
        )

    def forward(self, values: Tensor | Sequence[Tensor], ptr: Tensor | None = None) -> Tensor:
        """Compute the loss.

        Parameters
        ----------
        values : torch.Tensor, or list of tensors
            What the filtration takes: (..., height, width), (..., n, d), ...; axes before those of
            a sample are a batch. A list has clouds of any sizes.
        ptr : (n_clouds + 1,) torch.Tensor of integers, default=None
            For values of shape (n_total, d): where each cloud begins, and the last one ends.

        Returns
        -------
        torch.Tensor
            0-d, or one number for each sample with ``reduction="none"``. Of the dtype of values;
            float32 under ``torch.autocast``.

        Raises
        ------
        TypeError
            If values are no tensor.
        ValueError
            If values are not finite, have a shape that the filtration refuses, or no sample where a
            mean is wanted; if the loss of a sample, or of all, is more than a number of its dtype
            can hold. Inside of ``torch.compile`` and of transforms the mean of no sample is NaN,
            and a sum over samples that is too large is infinite.
        """
        return self._loss(*self._checked(values, ptr))

    def _loss(self, values, ptr):
        return self._reduce(self._totals(values, ptr))

    def _reduce(self, totals):
        if is_traced():  # where no number is known
            return REDUCTIONS[self.reduction](totals)
        if self.reduction == "mean" and totals.numel() == 0:
            raise ValueError("values must have a sample for reduction='mean', got none")
        return _check_size(REDUCTIONS[self.reduction](totals))

    def _checked(self, values, ptr):
        """Return (values, ptr) in the dtype in which the loss is computed."""
        if isinstance(values, (list, tuple)):
            values = [_of_full_precision(one) for one in _checked_list(values)]
            if ptr is not None:
                raise TypeError("ptr goes with one tensor of all points, got a list of tensors too")
            return _joined(values) if is_traced() else (values, None)
        if not is_tensor(values):
            raise TypeError(
                f"values must be a torch.Tensor, or a list of them, got {kind_of(values)}"
            )
        if ptr is not None and not self._takes_points():
            raise TypeError(f"ptr is for clouds of points, got it with {self.filtration!r}")
        if ptr is not None and is_traced():
            ptr = torch.as_tensor(ptr, dtype=torch.int64, device=values.device)
        return _of_full_precision(values), ptr

    def _takes_points(self):
        metric = getattr(self.filtration, "metric", None)
        return isinstance(self.filtration, PointFiltration) and metric != "precomputed"

    def _totals_of(self, values, ptr=None):
        """Return one number for each sample, differentiable."""
        diagrams = self._needed(values if ptr is None else split_clouds(values, ptr))
        return _check_size(self._of_batch(diagrams))

    def _needed(self, values):
        """Return the diagrams; those of level sets only in the dimensions that count."""
        filtration, dims = self.filtration, self._dimensions()
        if type(filtration) is LevelSet and dims != filtration.homology_dimensions:
            filtration = LevelSet(**{**filtration.get_params(), "homology_dimensions": dims})
        return filtration(values)

    def _dimensions(self):
        """Return the homology dimensions that count."""
        raise NotImplementedError

    def _of_batch(self, batch):
        raise NotImplementedError

    def _with_gradient(self, values, ptr):
        """Return the totals and their gradient, without a graph, or None: there is no such way."""
        return None

    def _shape_of(self, values, ptr):
        """Return the axes of the batch."""
        if ptr is not None:
            return (ptr.shape[0] - 1,)
        n_axes = 2 if isinstance(self.filtration, PointFiltration) else 1
        n_axes = getattr(self.filtration, "ndim", n_axes)
        if values.ndim < n_axes:
            raise ValueError(
                f"values must have at least {n_axes} axes, got shape {tuple(values.shape)}"
            )
        return values.shape[: values.ndim - n_axes]

    def _check_dimension(self, dim, name):
        known = self.filtration.homology_dimensions
        if dim not in known:
            raise ValueError(
                f"{name} must have a dimension that the filtration computes, one of {list(known)}, "
                f"got {dim}"
            )


def _check_size(loss):
    """Return a loss, or raise ValueError where it is more than a number of its dtype can hold."""
    if not loss.isfinite().all():
        raise ValueError(
            f"the loss is more than a number of dtype {loss.dtype} can hold; scale the values, "
            "take smaller powers, or give values of a wider dtype"
        )
    return loss


def _checked_list(values):
    """Return a list of tensors, or raise if it is empty or has anything else."""
    if not values:
        raise ValueError(
            "values must have a sample at least, got an empty list; a batch without samples is a "
            "tensor of shape (0, ...)"
        )
    for i, one in enumerate(values):
        if not is_tensor(one):
            raise TypeError(
                f"values must be a torch.Tensor, or a list of them, got {kind_of(one)} at index {i}"
            )
    return values


def _joined(clouds):
    """Return (points, ptr) of a list of clouds."""
    ends = [0]
    for cloud in clouds:  # not by numpy, which torch.compile of torch 2.5 can't trace here
        ends.append(ends[-1] + cloud.shape[0])
    return torch.cat(clouds), torch.tensor(ends, device=clouds[0].device)


def _fit(totals, dtype):
    """Tell whether numbers of float64 are finite in a dtype of torch."""
    return bool((abs(totals) <= torch.finfo(dtype).max).all())


def _of_full_precision(values):
    """Return values in float32 if they are narrower and torch.autocast is on, as torch's losses."""
    is_half = values.dtype in (torch.float16, torch.bfloat16)
    return values.float() if is_half and torch.is_autocast_enabled(values.device.type) else values


class EnergyLoss(_DiagramLoss):
    r"""A sum of energies of diagrams: the paper's topology loss.

    .. math:: L(x) = \sum_j w_j E(p_j, q_j, i_j; PD_{k_j}(x))

    of every sample x of a batch, and their mean. The weights w are those of the energies,
    ``Energy(weight=...)``; a negative one rewards.

    Parameters
    ----------
    energies : Energy, or sequence of Energy
    filtration : filtration, or its layer
        `LevelSet`, `VietorisRips`, `WeakAlpha`, `Alpha`, or one of your own.
    reduction : {"mean", "sum", "none"}, default="mean"
        Over all samples, whatever the axes of the batch; "none": one number for each.

    Attributes
    ----------
    energies : tuple of Energy
    filtration : Filtration
    reduction : str

    Raises
    ------
    TypeError
        If energies has anything but energies, or filtration is none.
    ValueError
        If there is no energy, one has a dimension that the filtration does not compute, or
        reduction is another one.

    See Also
    --------
    BettiPriorLoss : So many components and holes as are wished.

    Notes
    -----
    Values may be float16, bfloat16, float32 or float64, on any device; pairs are found on the CPU.
    Under ``torch.autocast`` the loss is float32. Energies of images are computed with their
    gradient in one pass, without diagrams; the numbers are those of
    ``energy(filtration(values))``.

    ``torch.compile(fullgraph=True)``, `torch.func.grad` and `torch.vmap` work. Second derivatives
    are there outside of them only.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, equation 2 and section 6.

    Examples
    --------
    All components but the first are penalised, holes are rewarded:

    >>> import torch
    >>> from skltopo import Energy, nn
    >>> from skltopo.filtrations import LevelSet
    >>> energies = [Energy(dim=0, i0=2), Energy(dim=1, weight=-0.1)]
    >>> loss = nn.EnergyLoss(energies, LevelSet(ndim=2, superlevel=True))
    >>> image = torch.tensor([[3.0, 0.0, 2.0]], requires_grad=True)
    >>> loss(image)
    tensor(2., grad_fn=<CompiledNodeBackward>)
    >>> loss(image).backward()
    >>> image.grad
    tensor([[ 0., -1.,  1.]])
    """

    def __init__(
        self,
        energies: Energy | Sequence[Energy],
        filtration: FiltrationFunction,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None:
        super().__init__(filtration, reduction)
        energies = (energies,) if isinstance(energies, Energy) else energies
        if not isinstance(energies, (list, tuple)):
            raise TypeError(f"energies must be an Energy, or a sequence of them, got {energies!r}")
        self.energies = tuple(energies)
        if not self.energies:
            raise ValueError("energies must have an Energy at least, got none")
        for i, energy in enumerate(self.energies):
            if not isinstance(energy, Energy):
                raise TypeError(f"energies[{i}] must be an Energy, got {energy!r}")
            self._check_dimension(energy.dim, f"energies[{i}]")

    def _loss(self, values, ptr):
        if is_tensor(values) and self._is_of_images() and not is_traced():
            loss = self._of_images(values)
            if loss is not None:
                return loss
        return super()._loss(values, ptr)

    def _dimensions(self):
        return tuple(sorted({int(energy.dim) for energy in self.energies}))

    def _of_batch(self, batch):
        return sum(energy(batch) for energy in self.energies)

    def _is_of_images(self):
        """Tell whether the kernel that needs no diagrams computes the same."""
        level_sets = self.filtration
        return type(level_sets) is LevelSet and level_sets.ndim == 2 and not level_sets.keep_zero

    def _of_images(self, images):
        """Return the loss as one node of the graph, or None where there is no finite energy."""
        samples = self.filtration._check(images)
        live, plain = samples.live, samples.plain
        if self.reduction == "mean" and not len(plain):
            return self._reduce(live)
        has_gradient = torch.is_grad_enabled() and samples.xp.is_differentiated(live)
        totals, gradient = self._energies_of_images(plain, has_gradient)
        totals = np.asarray(REDUCTIONS[self.reduction](totals.reshape(samples.shape)))
        if not _fit(totals, live.dtype):
            return None
        if not has_gradient:
            return torch.from_numpy(totals).to(live)

        def pull_back(weights):
            (weight,) = weights
            if self.reduction == "mean":
                weight = weight / len(plain)
            weight = weight.astype(plain.dtype).reshape(-1, 1, 1)
            return (gradient * weight).reshape(live.shape)

        def by_torch(images):
            return (self._reduce(self._totals_of(images)),)

        return CompiledNode.apply(live, (totals,), pull_back, by_torch)[0]

    def _with_gradient(self, values, ptr):
        if not self._is_of_images():
            return None
        samples = self.filtration._check(values)
        totals, gradient = self._energies_of_images(samples.plain, True)
        if not _fit(totals, samples.live.dtype):
            return None
        totals, gradient = totals.reshape(samples.shape), gradient.reshape(values.shape)
        return tuple(torch.from_numpy(array).to(samples.live) for array in (totals, gradient))

    def _energies_of_images(self, plain, has_gradient):
        """Return the energies of images, and their gradient."""
        terms = [(e.dim, e.p, e.q, e.i0, e.weight, e.essential == "clip") for e in self.energies]
        totals = np.empty(len(plain))
        gradient: Any = np.zeros_like(plain) if has_gradient else None
        n_jobs = effective_n_jobs(self.filtration.n_jobs)
        tasks = [
            partial(
                image_energy_gradients,
                plain[chunk],
                terms,
                totals[chunk],
                gradient[chunk] if has_gradient else None,
                superlevel=self.filtration.superlevel,
                complex=self.filtration.complex,
            )
            for chunk in chunks_of(plain, n_jobs)
        ]
        run(tasks, n_jobs)
        return totals, gradient

    def extra_repr(self) -> str:
        """Return the parameters, for the representation of the module."""
        energies = "".join(f"  {energy!r},\n" for energy in self.energies)
        return f"[\n{energies}],\n{self.filtration!r},\nreduction={self.reduction!r}"


class BettiPriorLoss(_DiagramLoss):
    r"""So many components, holes and voids as are wished, and no more.

    In each dimension k the ``betti[k]`` points that are kept cheapest are kept, and all others are
    shrunk. What a point (b, d) costs:

    - without ``level``, the loss of Clough et al.: kept :math:`1 - |d - b|^2`, shrunk
      :math:`|d - b|^2`. It is made for probabilities in [0, 1], and zero for an image of zeros and
      ones with the wished topology. An essential class ends at the last value of the filtration.
    - with ``level`` t and ``margin`` m, the topology of {f >= t} (superlevel; sublevel: {f <= t})
      alone counts. For superlevel sets and u = b - t, v = d - t, a kept point costs
      :math:`(m - u)^+ + (m + v)^+`: it is born m above the level, and ends m below. One that is
      not kept costs the cheapest way out, :math:`\min((u + m/2)^+, (m/2 - v)^+, u - v)`: born
      below, ended above, or no point. An essential class does not end. The loss is zero only where
      the Betti numbers at the level are the wished ones by the margin: not where a class that is
      kept is born less than m above the level or ends less than m below, nor where one that is not
      kept comes nearer than m / 2.

    A point that is wished and missing costs what one of length zero does, 1 or 2 m, without a
    gradient.

    Parameters
    ----------
    betti : dict of int to int
        The wished number of points of homology dimensions: {0: 1, 1: 0} is one component and no
        hole. Dimensions that are not in it are free.
    filtration : filtration, or its layer
    level : float, default=None
        The value at which the topology is wished, such as 0 of logits or 0.5 of probabilities.
        None: lengths count, at whatever values.
    margin : float, default=1.0
        How far from the level births and deaths must be, in the units of the values. 1.0 is made
        for logits; probabilities at a level of 0.5 have no more than 0.5 to either side, so that
        their margin must be at most 0.5, or the loss has a floor above zero.
    weights : dict of int to float, default=None
        Weight of each dimension; None for 1.
    reduction : {"mean", "sum", "none"}, default="mean"
        Over all samples, as in `EnergyLoss`.

    Attributes
    ----------
    betti, filtration, level, margin, weights, reduction
        As given.

    Raises
    ------
    TypeError
        If betti is no dict of integers, or filtration is none.
    ValueError
        If betti is empty or has a dimension that the filtration does not compute, a number is
        negative, or margin is not positive.

    See Also
    --------
    EnergyLoss : Any sum of energies.

    Notes
    -----
    Give logits with a level, not probabilities: a monotone map keeps the pairs, and the gradient of
    a sigmoid vanishes where a pixel is most wrong. With lengths, what is long need not cross the
    level at which a mask is cut. Descent may stop before the loss is zero, where one pixel would
    have to rise for a component and fall for a hole.

    As with `EnergyLoss`, all floating dtypes and devices, ``torch.compile(fullgraph=True)``,
    `torch.func.grad` and `torch.vmap` work.

    References
    ----------
    Clough et al., A topological loss function for deep-learning based image segmentation using
    persistent homology, 2020 (reference 10 of the paper).

    Examples
    --------
    >>> import torch
    >>> from skltopo import nn
    >>> from skltopo.filtrations import LevelSet
    >>> loss = nn.BettiPriorLoss({0: 1}, LevelSet(ndim=2, superlevel=True))
    >>> image = torch.tensor([[1.0, 0.0, 0.5]], requires_grad=True)
    >>> loss(image).item()  # the second component, of length 0.5
    0.25
    >>> loss = nn.BettiPriorLoss({0: 2}, LevelSet(ndim=2, superlevel=True), level=0.2, margin=0.2)
    >>> loss(image).item()
    0.0
    """

    def __init__(
        self,
        betti: Mapping[int, int],
        filtration: FiltrationFunction,
        level: float | None = None,
        margin: float = 1.0,
        weights: Mapping[int, float] | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
    ) -> None:
        super().__init__(filtration, reduction)
        self.betti = self._checked_dict("betti", betti)
        if not self.betti:
            raise ValueError("betti must have a dimension at least, got none")
        for dim, count in self.betti.items():
            check_integer(f"betti[{dim}]", count, 0)
            if count > MOST_WISHED:
                raise ValueError(f"betti[{dim}] must be at most {MOST_WISHED}, got {count}")
        self.weights = self._checked_dict("weights", {} if weights is None else weights)
        for dim, weight in self.weights.items():
            check_number(f"weights[{dim}]", weight)
            if dim not in self.betti:
                raise ValueError(f"weights must have dimensions of betti, got {dim}")
        self.level = None if level is None else check_number("level", level)
        self.margin = check_number("margin", margin)
        if self.margin <= 0:
            raise ValueError(f"margin must be positive, got {margin}")

    def _checked_dict(self, name, given):
        if not isinstance(given, dict) or not all(map(is_integer, given)):
            raise TypeError(
                f"{name} must be a dict from homology dimensions, such as {{0: 1, 1: 2}}, got "
                f"{given!r}"
            )
        for dim in given:
            self._check_dimension(dim, name)
        return {int(dim): value for dim, value in given.items()}

    def _dimensions(self):
        return tuple(sorted(self.betti))

    def _of_batch(self, diagrams):
        batch = diagrams if hasattr(diagrams, "points") else diagrams.as_batch()
        total: Any = 0
        for dim, count in self.betti.items():
            total = total + self.weights.get(dim, 1.0) * self._cost(batch, dim, count)
        return total.reshape(batch.shape)

    def _cost(self, batch, dim, count):
        """Return what a dimension costs in each sample."""
        births, deaths, samples = self._points(batch, dim)
        kept_cost, shrunk_cost = (self._by_length if self.level is None else self._by_level)(
            births, deaths
        )
        plain = kept_cost.detach().cpu().double().numpy()
        order = np.lexsort((plain, samples))
        counts = np.bincount(samples, minlength=batch.n_samples)
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
        kept = torch.from_numpy(rank < count).to(births.device)
        missing = (count - np.minimum(counts, count)) * self._cost_of_missing()
        total = torch.from_numpy(missing).to(births)
        samples = torch.from_numpy(samples).to(births.device)
        return total.index_add(0, samples, torch.where(kept, kept_cost, shrunk_cost))

    def _points(self, batch, dim):
        """Return (births, deaths, number of the sample) of all points of a dimension."""
        points = batch.get_points(dim)
        numbers = np.arange(batch.n_samples)
        samples = np.repeat(numbers, np.diff(points.splits))
        births, deaths = points.finite[:, 0], points.finite[:, 1]
        if not len(points.births):
            return births, deaths, samples
        of_essential = np.repeat(numbers, np.diff(points.essential_splits))
        if self.level is None:
            last = batch.last()
            ends = last[torch.from_numpy(of_essential).to(last.device)]
        else:
            end = -np.inf if batch.superlevel else np.inf
            ends = torch.full_like(points.births, end)
        return (
            torch.cat([points.births, births]),
            torch.cat([ends, deaths]),
            np.concatenate([of_essential, samples]),
        )

    def _cost_of_missing(self):
        return 1.0 if self.level is None else 2.0 * self.margin

    def _by_length(self, births, deaths):
        squares = (deaths - births) ** 2
        return 1 - squares, squares

    def _by_level(self, births, deaths):
        sign = 1 if self.filtration.superlevel else -1
        above, below = sign * (births - self.level), sign * (deaths - self.level)
        margin = self.margin
        kept = torch.relu(margin - above) + torch.relu(margin + below)
        ways_out = torch.minimum(torch.relu(above + margin / 2), torch.relu(margin / 2 - below))
        return kept, torch.minimum(ways_out, above - below)

    def extra_repr(self) -> str:
        """Return the parameters, for the representation of the module."""
        return (
            f"{self.betti}, {self.filtration!r}, level={self.level}, margin={self.margin}, "
            f"weights={self.weights or None}, reduction={self.reduction!r}"
        )
