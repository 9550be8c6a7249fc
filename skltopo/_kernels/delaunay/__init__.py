"""Delaunay triangulations, and the filtrations on them."""
