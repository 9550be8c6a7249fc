"""torch modules: diagrams and their energies inside a network."""

from .features import LevelSetEnergies
from .vectors import DiagramVectors

__all__ = ["DiagramVectors", "LevelSetEnergies"]
