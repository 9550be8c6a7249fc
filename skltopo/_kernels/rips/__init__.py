"""Distances, spanning trees, and Vietoris-Rips filtrations."""
