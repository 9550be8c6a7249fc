"""Circumradii of simplices, by formulas that torch differentiates."""

import numpy as np

from .._utils.arrays import is_tensor

__all__ = ["circumradii"]


def _dot(a, b):
    return (a * b).sum(-1)


def _cross(a, b):
    if is_tensor(a):
        import torch

        return torch.linalg.cross(a, b)
    return np.cross(a, b)


def _not_zero(x):
    """Return divisors above zero, so that a flat simplex has a huge radius, not an infinite one."""
    if is_tensor(x):
        import torch

        return x.clamp(min=torch.finfo(x.dtype).tiny)
    return np.maximum(x, np.finfo(x.dtype).tiny)


def _solve(gram, right):
    if is_tensor(gram):
        import torch

        return torch.linalg.solve(gram, right)
    return np.linalg.solve(gram, right[..., None])[..., 0]


def circumradii(corners):
    """Return the radius of the smallest sphere through the corners of every simplex.

    Parameters
    ----------
    corners : (n, k + 1, d) ndarray or torch.Tensor
        n simplices of dimension k >= 1 in d dimensions, d >= k.

    Returns
    -------
    (n,) ndarray or torch.Tensor

    Notes
    -----
    k = 1: half the length. k = 2: |a| |b| |c| / (4 area). k = d = 3: the norm of
    |a|^2 b x c + |b|^2 c x a + |c|^2 a x b over 12 volumes. Else the centre c = sum_i x_i a_i, from
    a_i . c = |a_i|^2 / 2.
    """
    k, d = corners.shape[1] - 1, corners.shape[2]
    edges = corners[:, 1:] - corners[:, :1]
    if k == 1:
        return 0.5 * _dot(edges[:, 0], edges[:, 0]) ** 0.5
    squares = _dot(edges, edges)
    if k == 2:
        a, b = edges[:, 0], edges[:, 1]
        c = b - a
        if d == 2:
            twice_area = abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
        else:
            # Not by cross products: Lagrange's identity holds in any dimension.
            twice_area = _not_zero(squares[:, 0] * squares[:, 1] - _dot(a, b) ** 2) ** 0.5
        sides = (squares[:, 0] * squares[:, 1] * _dot(c, c)) ** 0.5
        return 0.5 * sides / _not_zero(twice_area)
    if k == d == 3:
        a, b, c = edges[:, 0], edges[:, 1], edges[:, 2]
        bc = _cross(b, c)
        center = (
            squares[:, :1] * bc + squares[:, 1:2] * _cross(c, a) + squares[:, 2:] * _cross(a, b)
        )
        return 0.5 * _dot(center, center) ** 0.5 / _not_zero(abs(_dot(a, bc)))
    gram = edges @ edges.swapaxes(1, 2)
    x = _solve(gram, 0.5 * squares)
    return (0.5 * _dot(x, squares)) ** 0.5
