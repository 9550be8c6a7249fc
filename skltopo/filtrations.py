"""Filtrations: from values on a complex, or points in space, to persistence diagrams."""

from .level_sets import LevelSet
from .simplicial import SimplicialComplex

__all__ = ["LevelSet", "SimplicialComplex"]
