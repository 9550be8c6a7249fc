"""Filtrations: from values on a complex, or points in space, to persistence diagrams."""

from .blocks import level_set_diagram_blocks
from .delaunay import Alpha, WeakAlpha
from .level_sets import LevelSet
from .rips import VietorisRips
from .simplicial import SimplicialComplex

__all__ = [
    "Alpha",
    "LevelSet",
    "SimplicialComplex",
    "VietorisRips",
    "WeakAlpha",
    "level_set_diagram_blocks",
]
