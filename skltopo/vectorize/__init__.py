"""Diagrams to vectors: scikit-learn transformers on lists of diagrams, or straight from data.

All of them take lists of (n_points, 2) arrays or tensors, what `PersistenceDiagrams` returns, lists
of `Diagram`, a `DiagramBatch`, or data that a filtration turns into diagrams. Columns are float64;
``to_torch`` gives the same ones as a torch module.
"""

from .curves import BettiCurve, PersistenceLandscape, Silhouette
from .images import PersistenceImage
from .statistics import PersistenceEntropy, Polynomial, TopKLengths

__all__ = [
    "BettiCurve",
    "PersistenceEntropy",
    "PersistenceImage",
    "PersistenceLandscape",
    "Polynomial",
    "Silhouette",
    "TopKLengths",
]
