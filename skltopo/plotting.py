"""Pictures. matplotlib is imported when one is drawn."""

from ._critical_points_display import CriticalPointsDisplay
from ._diagram_displays import BarcodeDisplay, PersistenceDiagramDisplay
from ._regression_display import CoefficientDisplay, CoefficientPathDisplay
from ._shaping_display import TopoShaperDisplay
from ._vector_displays import DiagramCurveDisplay, PersistenceImageDisplay

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
