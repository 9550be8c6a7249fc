"""Pictures. matplotlib is imported when one is drawn."""

from ._regression_display import CoefficientDisplay, CoefficientPathDisplay
from ._shaping_display import TopoShaperDisplay

__all__ = ["CoefficientDisplay", "CoefficientPathDisplay", "TopoShaperDisplay"]
