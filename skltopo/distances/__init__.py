"""Distances between persistence diagrams: Wasserstein, bottleneck and sliced Wasserstein."""

from .matched import Matching, bottleneck_distance, wasserstein_distance
from .pairwise import pairwise_diagram_distances
from .sliced import sliced_wasserstein_distance

__all__ = [
    "Matching",
    "bottleneck_distance",
    "pairwise_diagram_distances",
    "sliced_wasserstein_distance",
    "wasserstein_distance",
]
