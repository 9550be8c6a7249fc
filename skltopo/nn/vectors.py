"""Vectors of diagrams as a torch module."""

import torch

from ..diagrams.inputs import as_points_list
from ..summaries import check_vectors, join

__all__ = ["DiagramVectors"]


class DiagramVectors(torch.nn.Module):
    """Vectors of diagrams, differentiable: the module behind ``to_torch`` in `skltopo.vectorize`.

    Parameters
    ----------
    function : callable
        Takes (points, splits) and returns one row for each diagram.
    dim : int, default=None
        Homology dimension, where diagrams have several; tensors have none, and are taken as they
        are.

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

    def __init__(self, function, dim=None):
        super().__init__()
        if not callable(function):
            raise TypeError(f"function must be callable, got {function!r}")
        self.function = function
        self.dim = dim

    def forward(self, diagrams):
        """Compute the vectors.

        Parameters
        ----------
        diagrams : DiagramBatch, or list of Diagram or (n_points, 2) torch.Tensor
            Also lists of tensors by dimension.

        Returns
        -------
        (n_diagrams, n_features) torch.Tensor
        """
        live, _ = as_points_list(diagrams, self.dim, "diagrams", dim_must_be_used=False)
        return check_vectors(self.function(*join([torch.as_tensor(points) for points in live])))
