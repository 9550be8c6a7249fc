"""Circumradii of simplices between points of a tensor, with their gradient."""

import numpy as np
import torch

from .._kernels.functionals.spheres import add_radius_gradient
from .._utils.autograd import CompiledNode
from .circumradius import measure_spheres

__all__ = ["live_circumradii"]


def live_circumradii(points, plain, simplices):
    """Return the circumradii of simplices as functions of points.

    Parameters
    ----------
    points : (n, d) torch.Tensor
    plain : (n, d) float64 ndarray
        The same numbers.
    simplices : list of (m, k + 1) int64 ndarray
        Rows of the points.

    Returns
    -------
    sequence of (m,) torch.Tensor
        Of the dtype of points. The gradient at a radius 0 is 0.
    """

    def by_torch(points):
        return [_radii_by_torch(points, rows) for rows in simplices]

    if points.device.type != "cpu":
        return by_torch(points)
    spheres = [measure_spheres(plain, rows) for rows in simplices]

    def pull_back(outer):
        gradient = np.zeros_like(plain)
        for rows, (radii, weights), slope in zip(simplices, spheres, outer, strict=True):
            if slope is not None:
                add_radius_gradient(plain, rows, radii, weights, slope, gradient)
        return gradient

    return CompiledNode.apply(points, [radii for radii, _ in spheres], pull_back, by_torch)


def _radii_by_torch(points, simplices):
    """Return radii by operations of torch, on any device and for second derivatives.

    In one dimension half the length; else the distance of a corner to the centre c = sum_i x_i a_i,
    from a_i . c = |a_i|^2 / 2 for the edges a_i from that corner.
    """
    flat = torch.from_numpy(simplices.reshape(-1)).to(points.device)
    corners = points.index_select(0, flat).double()
    corners = corners.reshape(*simplices.shape, points.shape[1])
    edges = corners[:, 1:] - corners[:, :1]
    # In units of a power of two, so that no product overflows or underflows. Not by torch.ldexp,
    # whose derivative is zero for integer exponents that are negative.
    exponent = torch.frexp(edges.detach().abs().amax(dim=(1, 2)))[1]
    unit = torch.exp2(exponent.double() - 1)
    edges = edges / unit[:, None, None]
    squares = edges.square().sum(-1)
    if simplices.shape[1] == 2:
        radii = 0.5 * torch.where(squares > 0, squares, 1).sqrt()[:, 0]
        radii = torch.where(squares[:, 0] > 0, radii, 0)
    else:
        weights = torch.linalg.solve(edges @ edges.mT, 0.5 * squares)
        radii = (0.5 * (weights * squares).sum(-1)).sqrt()
    return (radii * unit).to(points.dtype)
