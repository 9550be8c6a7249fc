"""Persistence diagrams, and what users give as diagrams."""

from .arrays import DiagramArrays
from .containers import Diagram, DiagramBatch, LastValues, Points

__all__ = ["Diagram", "DiagramArrays", "DiagramBatch", "LastValues", "Points"]
