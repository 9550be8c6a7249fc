"""torch modules: diagrams and their energies inside a network."""

from .diagrams import DelayClouds, Diagrams
from .features import LevelSetEnergies
from .fitted import FittedModule
from .pipelines import register_step, to_torch
from .vectors import DiagramKernel, DiagramVectors

__all__ = [
    "DelayClouds",
    "DiagramKernel",
    "DiagramVectors",
    "Diagrams",
    "FittedModule",
    "LevelSetEnergies",
    "register_step",
    "to_torch",
]
