"""Displays of diagrams and models. matplotlib is imported when one is drawn."""

from .coefficients import CoefficientDisplay, CoefficientPathDisplay
from .critical_points import CriticalPointsDisplay
from .diagrams import BarcodeDisplay, PersistenceDiagramDisplay
from .matching import MatchingDisplay
from .shaping import TopoShaperDisplay
from .vectors import DiagramBarDisplay, DiagramCurveDisplay, PersistenceImageDisplay

__all__ = [
    "BarcodeDisplay",
    "CoefficientDisplay",
    "CoefficientPathDisplay",
    "CriticalPointsDisplay",
    "DiagramBarDisplay",
    "DiagramCurveDisplay",
    "MatchingDisplay",
    "PersistenceDiagramDisplay",
    "PersistenceImageDisplay",
    "TopoShaperDisplay",
]
