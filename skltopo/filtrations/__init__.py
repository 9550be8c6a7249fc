"""Filtrations: from values on a complex, or points in space, to persistence diagrams."""

from .alpha import Alpha, WeakAlpha
from .level_sets import LevelSet
from .simplicial import SimplicialComplex
from .vietoris_rips import VietorisRips

__all__ = ["Alpha", "LevelSet", "SimplicialComplex", "VietorisRips", "WeakAlpha"]
