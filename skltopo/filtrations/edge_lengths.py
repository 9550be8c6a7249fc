"""Lengths of edges between points of a tensor, with their gradient."""

import numpy as np
import torch

from .._kernels.functionals.lengths import edge_gradient, edge_lengths
from .._utils.autograd import CompiledNode

__all__ = ["live_edge_lengths"]


def live_edge_lengths(points, plain, edges):
    """Return the lengths of edges as functions of points.

    On the CPU they are one node of the graph instead of a dozen: forward and backward of a diagram
    of 100 points took 100 instead of 156 microseconds, of 1e5 points 62 instead of 82 ms.

    Parameters
    ----------
    points : (n, d) torch.Tensor
    plain : (n, d) C-contiguous float64 ndarray
        The same numbers.
    edges : list of (m, 2 k) int64 ndarray
        k edges (u, v) in each row.

    Returns
    -------
    sequence of (m, k) torch.Tensor
    """

    def by_torch(points):
        return [_lengths_by_torch(points, rows) for rows in edges]

    if points.device.type != "cpu":
        return by_torch(points)
    lengths = [edge_lengths(plain, rows) for rows in edges]

    def pull_back(weights):
        gradient = np.zeros_like(plain)
        for rows, length, weight in zip(edges, lengths, weights, strict=True):
            if weight is not None:
                edge_gradient(plain, rows, length, weight, gradient)
        return gradient

    return CompiledNode.apply(points, lengths, pull_back, by_torch)


def _lengths_by_torch(points, edges):
    """Return lengths by operations of torch, on any device and for any dtype."""
    flat = torch.from_numpy(edges.reshape(-1)).to(points.device)
    # In float64, so that lengths are ordered as the kernels found them.
    shape = (len(edges), edges.shape[1] // 2, 2, points.shape[1])
    ends = points.index_select(0, flat).double().reshape(shape)
    steps = ends[:, :, 0] - ends[:, :, 1]
    # In units of the longest coordinate of each, a constant: squares then do not underflow.
    unit = steps.detach().abs().amax(-1)
    steps = steps / torch.where(unit > 0, unit, 1)[..., None]
    squares = steps.square().sum(-1)
    # Not the root of zero, whose derivatives are infinite.
    lengths = torch.where(squares > 0, squares, 1).sqrt() * unit
    return torch.where(squares > 0, lengths, 0).to(points.dtype)
