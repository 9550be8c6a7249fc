"""Lengths of edges between points of a tensor, with their gradient."""

import numpy as np
import torch

from .._kernels.functionals.lengths import edge_gradient, edge_lengths
from .._utils.autograd import CompiledNode

__all__ = ["compiled_edge_lengths", "edge_lengths_by_torch"]


def edge_lengths_by_torch(points, edges):
    """Return the lengths of edges by operations of torch, on any device and for any dtype.

    Parameters
    ----------
    points : (n, d) torch.Tensor
    edges : (m, 2 k) int64 ndarray

    Returns
    -------
    (m, k) torch.Tensor
    """
    flat = torch.from_numpy(edges.reshape(-1)).to(points.device)
    # In float64, so that lengths are ordered as the kernels found them.
    shape = (len(edges), edges.shape[1] // 2, 2, points.shape[1])
    ends = points.index_select(0, flat).double().reshape(shape)
    squares = (ends[:, :, 0] - ends[:, :, 1]).square().sum(-1)
    # Not the root of zero, whose derivatives are infinite.
    lengths = torch.where(squares > 0, squares, 1).sqrt()
    return torch.where(squares > 0, lengths, 0).to(points.dtype)


def compiled_edge_lengths(points, plain, pairs):
    """Return the lengths of several arrays of edges by a compiled loop, as one node of the graph.

    In place of a dozen nodes: forward and backward of a diagram of 100 points took 100 instead of
    156 microseconds, of 1e5 points 62 instead of 82 ms.

    Parameters
    ----------
    points : (n, d) torch.Tensor
        On the CPU.
    plain : (n, d) C-contiguous float64 ndarray
        The same numbers.
    pairs : list of (m, 2 k) int64 ndarray

    Returns
    -------
    tuple of (m, k) torch.Tensor
    """
    lengths = [np.empty((len(edges), edges.shape[1] // 2)) for edges in pairs]
    for edges, out in zip(pairs, lengths, strict=True):
        edge_lengths(plain, edges, out)

    def pull_back(weights):
        gradient = np.zeros_like(plain)
        for edges, length, weight in zip(pairs, lengths, weights, strict=True):
            if weight is not None:
                edge_gradient(plain, edges, length, weight, gradient)
        return gradient

    def by_torch(points):
        return [edge_lengths_by_torch(points, edges) for edges in pairs]

    return CompiledNode.apply(points, lengths, pull_back, by_torch)
