"""Vectors of diagrams as a torch module."""

import torch

from ..diagrams.selection import as_dimensions, points_by_dimension
from ..summaries import check_vectors, join

__all__ = ["DiagramVectors"]


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

    def __init__(self, function, dim=None, *, essential="keep", min_length=0.0, source=None):
        super().__init__()
        several = isinstance(function, (list, tuple))
        self._functions = tuple(function) if several else (function,)
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

    def forward(self, diagrams):
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
