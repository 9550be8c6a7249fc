"""Radii of the smallest spheres through the corners of simplices, and their gradients.

The radius r of the smallest sphere through points x_i, whose centre is c = sum_i l_i x_i with
weights l_i that sum to 1, satisfies

    r^2 = max over l of sum_i l_i |x_i|^2 - |sum_i l_i x_i|^2.

So an error of the weights changes r^2 by its square only: flat simplices whose corners are on one
small sphere up to rounding, of which turned lattices have many, get the radius of that sphere,
although their weights are not determined. By the envelope theorem the gradient of r with respect to
x_i is l_i (x_i - c) / r.
"""

import numpy as np

__all__ = ["measure_spheres"]

# Simplices are thin if their volume is less, as a part of that of a box of the same edges: then
# weights come from a singular value decomposition, which is slower and always stable.
THIN = 1e-3
# Singular values below this part of the largest do not determine weights.
FLAT = 1e-8


def measure_spheres(corners):
    """Return radii (m,), weights (m, k + 1) of the corners, and corners less the centre.

    Parameters
    ----------
    corners : (m, k + 1, d) float64 ndarray
        Simplices of dimension k >= 1 in d dimensions, d >= k.
    """
    edges = corners[:, 1:] - corners[:, :1]
    # By a power of two to about 1, so that no product overflows or underflows.
    exponent = np.frexp(abs(edges).max(axis=(1, 2), initial=0.0))[1]
    edges = np.ldexp(edges, -exponent[:, np.newaxis, np.newaxis])
    squares = np.einsum("mkd,mkd->mk", edges, edges)
    weights = _weights(edges, squares)
    centres = np.einsum("mk,mkd->md", weights, edges)
    radii = np.einsum("mk,mk->m", weights, squares) - np.einsum("md,md->m", centres, centres)
    radii = np.ldexp(np.sqrt(np.maximum(radii, 0)), exponent)
    arms = np.concatenate([-centres[:, np.newaxis], edges - centres[:, np.newaxis]], axis=1)
    weights = np.concatenate([1 - weights.sum(axis=1, keepdims=True), weights], axis=1)
    return radii, weights, np.ldexp(arms, exponent[:, np.newaxis, np.newaxis])


def _weights(edges, squares):
    """Return the weights of corners 1 to k, from their (m, k, d) edges to corner 0."""
    n, k, d = edges.shape
    if k == 1:
        return np.full((n, 1), 0.5)
    if k == 2:
        weights, thin = _weights_of_triangles(edges, squares)
    elif k == d == 3:
        weights, thin = _weights_of_tetrahedra(edges, squares)
    else:
        weights, thin = np.empty((n, k)), np.ones(n, dtype=bool)
    if thin.any():
        weights[thin] = _stable_weights(edges[thin], squares[thin])
    return weights


def _weights_of_triangles(edges, squares):
    """Return weights, and whether a triangle is thin; its weights are no numbers then."""
    product = np.einsum("md,md->m", edges[:, 0], edges[:, 1])[:, np.newaxis]
    sides = squares[:, :1] * squares[:, 1:]
    area = sides - product * product
    thin = area <= THIN * sides
    area[thin] = 1
    return squares[:, ::-1] * (squares - product) / (2 * area), thin[:, 0]


def _weights_of_tetrahedra(edges, squares):
    """Do the same for tetrahedra in space."""
    normals = np.cross(edges[:, [1, 2, 0]], edges[:, [2, 0, 1]])
    volume = np.einsum("md,md->m", edges[:, 0], normals[:, 0])
    thin = abs(volume) <= THIN * np.sqrt(squares.prod(axis=1))
    volume[thin] = 1
    centres = np.einsum("mk,mkd->md", squares, normals) / (2 * volume[:, np.newaxis])
    return np.einsum("md,mkd->mk", centres, normals) / volume[:, np.newaxis], thin


def _stable_weights(edges, squares):
    """Return the weights of least norm, whatever the simplices are."""
    left, sizes, _ = np.linalg.svd(edges, full_matrices=False)
    sizes[sizes <= FLAT * sizes[:, :1]] = np.inf
    right = np.einsum("mkj,mk->mj", left, squares / 2) / sizes**2
    return np.einsum("mkj,mj->mk", left, right)
