"""Generators of the paper's data: regression problems (section 3.1), an image, a chair."""

from .regression import make_boxcar, make_clustered_coef, make_regression_problem, make_sawtooth
from .shapes import make_chair, make_circle

__all__ = [
    "make_boxcar",
    "make_chair",
    "make_circle",
    "make_clustered_coef",
    "make_regression_problem",
    "make_sawtooth",
]
