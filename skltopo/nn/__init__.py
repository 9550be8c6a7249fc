"""torch modules: diagrams and their energies inside a network."""

from .diagrams import DelayClouds, Diagrams
from .features import LevelSetEnergies
from .pipelines import FittedModule, register_step, to_torch
from .vectors import DiagramVectors

__all__ = [
    "DelayClouds",
    "DiagramVectors",
    "Diagrams",
    "FittedModule",
    "LevelSetEnergies",
    "register_step",
    "to_torch",
]
