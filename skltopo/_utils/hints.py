"""Warnings where a sample is likely to be something else than what it is taken for."""

import math
import warnings

import numpy as np

from .checks import is_like_image

__all__ = ["hint_of_distances", "hint_of_images"]


def hint_of_images(row, otherwise):
    """Warn of a row, taken for a function on a line, that has the length of a square image.

    Parameters
    ----------
    row : (n,) array
    otherwise : str
        What to do if it is a function.
    """
    side = math.isqrt(len(row))
    if side**2 == len(row) and is_like_image(side, side):
        warnings.warn(
            f"the rows of X, of {len(row)} values each, are taken for functions on a line, which "
            f"have no holes; if they are flattened images, give X.reshape(-1, {side}, {side}), and "
            f"if they are functions, {otherwise}, without this warning",
            UserWarning,
            stacklevel=4,
        )


def hint_of_distances(points):
    """Warn of a cloud of points that has the form of a matrix of distances."""
    n = len(points)
    if points.shape != (n, n) or n < 4 or points.diagonal().any() or (points < 0).any():
        return
    if np.allclose(points, points.T):
        warnings.warn(
            f"X[0] looks like a matrix of distances, but is taken for {n} points with {n} "
            "coordinates; for distances give filtration=VietorisRips(metric='precomputed')",
            UserWarning,
            stacklevel=3,
        )
