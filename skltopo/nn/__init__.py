"""torch modules: diagrams, their energies and losses, and fitted estimators inside a network."""

from .diagrams import DelayClouds, Diagrams
from .features import LevelSetEnergies
from .fitted import FittedModule
from .layers import AlphaLayer, LevelSetLayer, RipsLayer, WeakAlphaLayer
from .losses import BettiPriorLoss, EnergyLoss
from .pipelines import register_step, to_torch
from .vectors import DiagramKernel, DiagramVectors

__all__ = [
    "AlphaLayer",
    "BettiPriorLoss",
    "DelayClouds",
    "DiagramKernel",
    "DiagramVectors",
    "Diagrams",
    "EnergyLoss",
    "FittedModule",
    "LevelSetEnergies",
    "LevelSetLayer",
    "RipsLayer",
    "WeakAlphaLayer",
    "register_step",
    "to_torch",
]
