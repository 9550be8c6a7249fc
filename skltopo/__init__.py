"""Fast, differentiable persistent homology as scikit-learn estimators.

Names are imported when they are first used, so that ``import skltopo`` loads neither torch nor
matplotlib.
"""

from importlib import import_module

__version__ = "0.1.0.dev0"

_HOMES = {
    "DelayEmbedding": "embedding",
    "Energy": "energies",
    "PersistenceDiagrams": "persistence_diagrams",
    "PersistenceFeatures": "features",
    "TopoDenoiser": "denoising",
    "TopoShaper": "shaping",
    "TopologicalClassifier": "classification",
    "TopologicalRegression": "regression",
    "TopologicalRegressionCV": "regression",
}
_MODULES = ["classification", "datasets", "denoising", "diagrams", "distances", "embedding"]
_MODULES += ["energies", "features", "filtrations", "kernels", "nn", "penalties"]
_MODULES += ["persistence_diagrams", "plotting", "regression", "shaping", "solvers", "vectorize"]

__all__ = [*_HOMES, *_MODULES]


def __getattr__(name):
    if name in _HOMES:
        return getattr(import_module(f".{_HOMES[name]}", __name__), name)
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *__all__])
