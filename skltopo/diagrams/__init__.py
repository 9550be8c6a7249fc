"""Persistence diagrams, and what users give as diagrams."""

from .containers import Diagram, DiagramArrays, DiagramBatch, LastValues, Points

__all__ = ["Diagram", "DiagramArrays", "DiagramBatch", "LastValues", "Points"]
