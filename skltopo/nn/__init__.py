"""torch modules: diagrams, their energies and losses inside a network."""

from .features import LevelSetEnergies
from .layers import AlphaLayer, LevelSetLayer, RipsLayer, WeakAlphaLayer
from .losses import BettiPriorLoss, EnergyLoss
from .vectors import DiagramVectors

__all__ = [
    "AlphaLayer",
    "BettiPriorLoss",
    "DiagramVectors",
    "EnergyLoss",
    "LevelSetEnergies",
    "LevelSetLayer",
    "RipsLayer",
    "WeakAlphaLayer",
]
