"""Pictures. matplotlib is imported when one is drawn."""

from ._regression_display import CoefficientDisplay, CoefficientPathDisplay

__all__ = ["CoefficientDisplay", "CoefficientPathDisplay"]
