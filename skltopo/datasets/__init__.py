"""Generators of the paper's data: regression problems (section 3.1), images, chairs, voxels."""

from .regression import make_boxcar, make_clustered_coef, make_regression_problem, make_sawtooth
from .shapes import make_chair, make_circle
from .voxels import make_voxel_shapes

__all__ = [
    "make_boxcar",
    "make_chair",
    "make_circle",
    "make_clustered_coef",
    "make_regression_problem",
    "make_sawtooth",
    "make_voxel_shapes",
]
