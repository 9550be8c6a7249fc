"""Kernels of diagrams: the public name of `skltopo.vectorize.gram`."""

from .vectorize.gram import SlicedWassersteinKernel

__all__ = ["SlicedWassersteinKernel"]
