"""Pictures. matplotlib is imported when one is drawn."""

from ._diagram_displays import (
    BarcodeDisplay,
    CriticalPointsDisplay,
    DiagramCurveDisplay,
    PersistenceDiagramDisplay,
    PersistenceImageDisplay,
)
from ._regression_display import CoefficientDisplay, CoefficientPathDisplay
from ._shaping_display import TopoShaperDisplay

__all__ = [
    "BarcodeDisplay",
    "CoefficientDisplay",
    "CoefficientPathDisplay",
    "CriticalPointsDisplay",
    "DiagramCurveDisplay",
    "PersistenceDiagramDisplay",
    "PersistenceImageDisplay",
    "TopoShaperDisplay",
]
