"""Filtrations: from values on a complex, or points in space, to persistence diagrams."""

from .delaunay import Alpha, WeakAlpha
from .level_sets import LevelSet
from .rips import VietorisRips
from .simplicial import SimplicialComplex

__all__ = ["Alpha", "LevelSet", "SimplicialComplex", "VietorisRips", "WeakAlpha"]
