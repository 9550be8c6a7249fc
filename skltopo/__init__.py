"""Fast, differentiable persistent homology as scikit-learn estimators.

Names are imported when they are first used, so that ``import skltopo`` loads neither torch nor
matplotlib.
"""

from importlib import import_module

__version__ = "0.1.0.dev0"

_NAMES = {
    "classification": "TopologicalClassifier",
    "denoising": "TopoDenoiser",
    "diagrams": "Diagram DiagramArrays DiagramBatch",
    "distances": "bottleneck_distance pairwise_diagram_distances sliced_wasserstein_distance "
    "wasserstein_distance",
    "embedding": "DelayEmbedding",
    "energies": "Energy",
    "features": "PersistenceFeatures",
    "filtrations": "Alpha LevelSet SimplicialComplex VietorisRips WeakAlpha",
    "kernels": "SlicedWassersteinKernel",
    "persistence_diagrams": "PersistenceDiagrams",
    "regression": "TopologicalRegression TopologicalRegressionCV",
    "shaping": "TopoShaper",
    "streaming": "transform_to_store",
    "vectorize": "BettiCurve PersistenceEntropy PersistenceImage PersistenceLandscape Polynomial "
    "Silhouette TopKLengths",
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}
_MODULES = [
    "attacks",
    "classification",
    "datasets",
    "denoising",
    "diagrams",
    "distances",
    "embedding",
    "energies",
    "features",
    "filtrations",
    "generative",
    "kernels",
    "metrics",
    "nn",
    "penalties",
    "persistence_diagrams",
    "plotting",
    "regression",
    "shaping",
    "solvers",
    "streaming",
    "vectorize",
]

__all__ = [*_HOMES, *_MODULES]


def __getattr__(name):
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
