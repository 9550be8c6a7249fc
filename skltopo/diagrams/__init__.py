"""Persistence diagrams, and what users give as diagrams."""

from .arrays import DiagramArrays
from .containers import Diagram, DiagramBatch, LastValues, Points
from .stored import from_arrays, to_arrays

__all__ = [
    "Diagram",
    "DiagramArrays",
    "DiagramBatch",
    "LastValues",
    "Points",
    "from_arrays",
    "to_arrays",
]
