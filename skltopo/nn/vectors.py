"""Vectors of diagrams as a torch module."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from .._utils.checks import check_integer, check_number
from .._utils.typing import ArrayLike, Essential, Module, Tensor
from ..diagrams.selection import as_dimensions, points_by_dimension
from ..distances import sliced_wasserstein_distance
from ..summaries import check_vectors, join
from .representation import representation

__all__ = ["DiagramKernel", "DiagramVectors"]


class DiagramVectors(torch.nn.Module):
    """Vectors of diagrams, differentiable: the module behind ``to_torch`` in `skltopo.vectorize`.

    Parameters
    ----------
    function : callable, or list of callable
        Takes (points, splits) and returns one row for each diagram. A list has one for each
        dimension; their columns are side by side.
    dim : int or tuple of int, default=None
        Homology dimension, where diagrams have several; tensors have none, and are taken as they
        are. A tuple if there are several functions.
    essential : {"keep", "drop", "clip"}, default="keep"
        "clip" ends essential classes at the last filtration value. Otherwise they are given to
        the functions.
    min_length : float, default=0.0
        Points that are shorter are left out.
    source : torch.nn.Module, default=None
        Makes diagrams of data. None: what comes in are diagrams.

    Examples
    --------
    >>> import torch
    >>> from skltopo.filtrations import LevelSet
    >>> from skltopo.vectorize import TopKLengths
    >>> module = TopKLengths(k=2).fit([[[0.0, 1.0]]]).to_torch()
    >>> line = torch.tensor([[0.0, 3.0, 1.0, 4.0]], requires_grad=True)
    >>> lengths = module(LevelSet(ndim=1)(line))
    >>> lengths.tolist()
    [[2.0, 0.0]]
    >>> lengths.sum().backward()
    >>> line.grad.tolist()
    [[0.0, 1.0, -1.0, 0.0]]
    """

    def __init__(
        self,
        function: Callable[..., Any] | Sequence[Callable[..., Any]],
        dim: int | tuple[int, ...] | None = None,
        *,
        essential: Essential = "keep",
        min_length: float = 0.0,
        source: Module | None = None,
    ) -> None:
        super().__init__()
        several = function if isinstance(function, (list, tuple)) else (function,)
        self._functions = tuple(several)
        for one in self._functions:
            if not callable(one):
                raise TypeError(f"function must be callable, got {one!r}")
        self._dims = as_dimensions(dim) or (None,)
        if len(self._dims) != len(self._functions):
            raise ValueError(
                f"dim must have one dimension for each of {len(self._functions)} functions, got "
                f"{dim!r}"
            )
        self.function = function
        self.dim = dim
        self.essential = essential
        self.min_length = min_length
        self.source = source

    def forward(self, diagrams: Any) -> Tensor:
        """Compute the vectors.

        Parameters
        ----------
        diagrams : DiagramBatch, or list of Diagram or (n_points, 2) torch.Tensor
            Also lists of tensors by dimension. What ``source`` takes if there is one.

        Returns
        -------
        (n_diagrams, n_features) torch.Tensor
        """
        diagrams = diagrams if self.source is None else self.source(diagrams)
        points = points_by_dimension(
            diagrams,
            self._dims,
            essential=self.essential,
            min_length=self.min_length,
            name="diagrams",
            live=True,
            dim_must_be_used=len(self._dims) > 1,
        )
        rows = [
            function(*join([torch.as_tensor(one) for one in points[dim]]))
            for dim, function in zip(self._dims, self._functions, strict=True)
        ]
        return check_vectors(torch.cat(rows, 1) if len(rows) > 1 else rows[0])

    def extra_repr(self) -> str:
        """Return the parameters, for the representation of the module."""
        return representation(dim=self.dim, essential=self.essential, min_length=self.min_length)


class DiagramKernel(torch.nn.Module):
    """Sliced Wasserstein kernels with given diagrams: the module of `SlicedWassersteinKernel`.

    Parameters
    ----------
    references : dict of list of (n_points, 2) array-like
        For each homology dimension the diagrams with which the kernel is computed. The key is None
        where diagrams have only one.
    bandwidth : float, default=1.0
    n_directions : int, default=50
        As in `SlicedWassersteinKernel`.
    source : torch.nn.Module, default=None
        Makes diagrams of data. None: what comes in are diagrams.

    Examples
    --------
    >>> import torch
    >>> from skltopo.kernels import SlicedWassersteinKernel
    >>> module = SlicedWassersteinKernel().fit([[[0.0, 1.0]], [[0.0, 2.0]]]).to_torch()
    >>> module([torch.tensor([[0.0, 1.0]])]).shape
    torch.Size([1, 2])
    """

    def __init__(
        self,
        references: dict[int, list[ArrayLike]],
        *,
        bandwidth: float = 1.0,
        n_directions: int = 50,
        source: Module | None = None,
    ) -> None:
        super().__init__()
        self.references = {
            dim: [_as_tensor(points) for points in some] for dim, some in references.items()
        }
        self.bandwidth = check_number("bandwidth", bandwidth)
        check_integer("n_directions", n_directions, 1)
        self.n_directions = n_directions
        self.source = source

    def forward(self, diagrams: Any) -> Tensor:
        """Compute the kernels.

        Parameters
        ----------
        diagrams : DiagramBatch, or list of Diagram or (n_points, 2) torch.Tensor
            Also lists of tensors by dimension. What ``source`` takes if there is one.

        Returns
        -------
        (n_diagrams, n_references) torch.Tensor
            Sums over the homology dimensions.
        """
        diagrams = diagrams if self.source is None else self.source(diagrams)
        dims = tuple(self.references)
        found = points_by_dimension(diagrams, dims, name="diagrams", live=True)
        return sum(self._rows(found[dim], self.references[dim]) for dim in dims)

    def extra_repr(self) -> str:
        """Return the parameters, for the representation of the module."""
        return representation(bandwidth=self.bandwidth, n_directions=self.n_directions)

    def _rows(self, diagrams, references):
        if not diagrams:
            raise ValueError("diagrams must have at least one diagram, got an empty list")
        rows = [
            torch.stack([self._distance(_as_tensor(points), other) for other in references])
            for points in diagrams
        ]
        return torch.exp(-torch.stack(rows) / self.bandwidth / self.bandwidth / 2)

    def _distance(self, points, other):
        return sliced_wasserstein_distance(points, other.to(points), n_directions=self.n_directions)


def _as_tensor(points):
    """Return points as a tensor; an array may have strides that torch can't read."""
    return points if isinstance(points, torch.Tensor) else torch.tensor(np.array(points))
