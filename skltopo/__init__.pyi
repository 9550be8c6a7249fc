"""Public names, which the package imports when they are first used; `skltopo._NAMES` has them."""

from . import (
    attacks,
    classification,
    datasets,
    denoising,
    diagrams,
    distances,
    embedding,
    energies,
    features,
    filtrations,
    generative,
    kernels,
    metrics,
    nn,
    penalties,
    persistence_diagrams,
    plotting,
    regression,
    shaping,
    solvers,
    streaming,
    vectorize,
)
from .classification import TopologicalClassifier
from .denoising import TopoDenoiser
from .diagrams import Diagram, DiagramArrays, DiagramBatch
from .distances import (
    bottleneck_distance,
    pairwise_diagram_distances,
    sliced_wasserstein_distance,
    wasserstein_distance,
)
from .embedding import DelayEmbedding
from .energies import Energy
from .features import PersistenceFeatures
from .filtrations import Alpha, LevelSet, SimplicialComplex, VietorisRips, WeakAlpha
from .kernels import SlicedWassersteinKernel
from .persistence_diagrams import PersistenceDiagrams
from .regression import TopologicalRegression, TopologicalRegressionCV
from .shaping import TopoShaper
from .streaming import transform_to_store
from .vectorize import (
    BettiCurve,
    PersistenceEntropy,
    PersistenceImage,
    PersistenceLandscape,
    Polynomial,
    Silhouette,
    TopKLengths,
)

__version__: str

__all__ = [
    "Alpha",
    "BettiCurve",
    "DelayEmbedding",
    "Diagram",
    "DiagramArrays",
    "DiagramBatch",
    "Energy",
    "LevelSet",
    "PersistenceDiagrams",
    "PersistenceEntropy",
    "PersistenceFeatures",
    "PersistenceImage",
    "PersistenceLandscape",
    "Polynomial",
    "Silhouette",
    "SimplicialComplex",
    "SlicedWassersteinKernel",
    "TopKLengths",
    "TopoDenoiser",
    "TopoShaper",
    "TopologicalClassifier",
    "TopologicalRegression",
    "TopologicalRegressionCV",
    "VietorisRips",
    "WeakAlpha",
    "attacks",
    "bottleneck_distance",
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
    "pairwise_diagram_distances",
    "penalties",
    "persistence_diagrams",
    "plotting",
    "regression",
    "shaping",
    "sliced_wasserstein_distance",
    "solvers",
    "streaming",
    "transform_to_store",
    "vectorize",
    "wasserstein_distance",
]
