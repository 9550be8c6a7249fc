"""Warnings where a sample is likely to be something else than what it is taken for."""

import math
import warnings

import numpy as np

from .checks import is_like_image

__all__ = ["hint_of_distances", "hint_of_images"]


def hint_of_images(n_values, for_images, for_functions):
    """Warn of rows, taken for functions on a line, that have as many values as a square image.

    Parameters
    ----------
    n_values : int
        Values of a row.
    for_images : str
        What to give if rows are images; it has {side} for the side of one.
    for_functions : str
        What to give if they are functions.
    """
    side = math.isqrt(n_values)
    if side**2 == n_values and is_like_image(side, side):
        warnings.warn(
            f"the rows of X, of {n_values} values each, are taken for functions on a line; if they "
            f"are flattened images, give {for_images.format(side=side)}, and if they are "
            f"functions, {for_functions}, without this warning",
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
