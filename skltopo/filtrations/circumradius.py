"""Radii of the smallest spheres through the corners of simplices, however thin these are."""

import numpy as np

from .._kernels.functionals.spheres import find_spheres

__all__ = ["measure_spheres"]

# Singular values below this part of the largest do not determine weights.
FLAT = 1e-8


def measure_spheres(points, simplices):
    """Return radii (m,) and weights (m, k + 1) of the corners, of which the centre is the sum.

    Parameters
    ----------
    points : (n, d) C-contiguous float64 ndarray
    simplices : (m, k + 1) int64 ndarray
        Rows of points; k >= 1, d >= k.

    Notes
    -----
    The kernel leaves thin simplices to a singular value decomposition. Flat ones, whose corners are
    on one small sphere up to rounding and of which turned lattices have many, get the weights of
    least norm, and with these the radius of that sphere (see ``spheres.pyx``).
    """
    radii, weights, thin = find_spheres(points, simplices)
    if thin.any():
        corners = points[simplices[thin]]
        radii[thin], weights[thin] = _measure_thin(corners[:, 1:] - corners[:, :1])
    return radii, weights


def _measure_thin(edges):
    """Return radii and weights from the (m, k, d) edges of the corners to corner 0."""
    exponent = np.frexp(abs(edges).max(axis=(1, 2)))[1]
    edges = np.ldexp(edges, -exponent[:, np.newaxis, np.newaxis])
    squares = np.einsum("mkd,mkd->mk", edges, edges)
    left, sizes, _ = np.linalg.svd(edges, full_matrices=False)
    sizes[sizes <= FLAT * sizes[:, :1]] = np.inf
    right = np.einsum("mkj,mk->mj", left, squares / 2) / sizes**2
    weights = np.einsum("mkj,mj->mk", left, right)
    centres = np.einsum("mk,mkd->md", weights, edges)
    radii = np.einsum("mk,mk->m", weights, squares) - np.einsum("md,md->m", centres, centres)
    first = 1 - weights.sum(axis=1, keepdims=True)
    radii = np.ldexp(np.sqrt(np.maximum(radii, 0)), exponent)
    return radii, np.concatenate([first, weights], axis=1)
