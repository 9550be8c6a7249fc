"""TopoShaper: points move until their persistence diagram is as wished (figures 1 and 2)."""

from .estimator import OBJECTIVES, TopoShaper

__all__ = ["OBJECTIVES", "TopoShaper"]
