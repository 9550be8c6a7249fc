"""Pipelines that tests of `to_torch` fit, their data, and a comparison of scores."""

import numpy as np
import torch
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.linear_model import (
    ElasticNet,
    Lasso,
    LinearRegression,
    LogisticRegression,
    Perceptron,
    Ridge,
    RidgeClassifier,
    RidgeClassifierCV,
    SGDClassifier,
)
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC, SVR, LinearSVC, NuSVC

from skltopo import (
    DelayEmbedding,
    PersistenceDiagrams,
    PersistenceFeatures,
    TopologicalClassifier,
    TopologicalRegression,
)
from skltopo.filtrations import LevelSet, VietorisRips
from skltopo.nn import to_torch
from skltopo.vectorize import (
    PersistenceEntropy,
    PersistenceImage,
    PersistenceLandscape,
    Polynomial,
    Silhouette,
    TopKLengths,
)

N = 40
RNG = np.random.default_rng(0)
IMAGES = RNG.random((N, 6, 6))
ROWS = IMAGES.reshape(N, -1)
CLOUDS = RNG.random((N, 9, 2))
SERIES = RNG.random((N, 2, 14))
TARGET = ROWS[:, :3].sum(axis=1)
TARGETS = np.stack([TARGET, ROWS[:, 5]], axis=1)
TWO = np.where(np.median(TARGET) < TARGET, "high", "low")
THREE = np.digitize(TARGET, np.quantile(TARGET, [1 / 3, 2 / 3]))
FOUR = np.digitize(TARGET, np.quantile(TARGET, [0.25, 0.5, 0.75]))
LABELS = (np.median(TARGETS, axis=0) < TARGETS).astype(int)
FEATURES = PersistenceFeatures(max_p=2, max_q=1)
DATA = {"images": IMAGES, "rows": ROWS, "clouds": CLOUDS, "series": SERIES, "lines": SERIES[:, 0]}


def expected_of(model, X):
    """Return what the module of an estimator should give."""
    if hasattr(model, "decision_function"):
        return model.decision_function(X)
    return model.predict(X) if hasattr(model, "predict") else model.transform(X)


def check(model, X, y=None, tolerance=1e-10):
    """Fit a model, and compare its scores with those of its module."""
    model = clone(model).fit(X, y)
    module = to_torch(model)
    assert not module.training
    found = module(torch.tensor(X))
    expected = expected_of(model, X)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found.detach(), expected, rtol=tolerance, atol=tolerance)
    return model, module


def network(kind, **parameters):
    return kind(hidden_layer_sizes=(7,), max_iter=5, random_state=0, **parameters)


# Whole pipelines ---------------------------------------------------------------------------------

PIPELINES = {
    "the issue's": (
        "images",
        THREE,
        make_pipeline(FEATURES, StandardScaler(), LogisticRegression(max_iter=1000)),
    ),
    "two classes": (
        "images",
        TWO,
        make_pipeline(FEATURES, MinMaxScaler(), LogisticRegression()),
    ),
    "flattened images": (
        "rows",
        THREE,
        make_pipeline(
            PersistenceFeatures(image_shape=(6, 6), max_p=1), RobustScaler(), LinearSVC()
        ),
    ),
    "sublevel sets of lines": (
        "lines",
        TARGET,
        make_pipeline(PersistenceFeatures("sublevel", image_shape=(1, 14)), Ridge()),
    ),
    "pca": (
        "images",
        THREE,
        make_pipeline(FEATURES, StandardScaler(), PCA(4, whiten=True), RidgeClassifier()),
    ),
    "selection": (
        "images",
        FOUR,
        make_pipeline(
            FEATURES, VarianceThreshold(1e-6), SelectKBest(k=10), StandardScaler(), SVC(C=10)
        ),
    ),
    "diagrams": (
        "images",
        THREE,
        make_pipeline(
            PersistenceDiagrams(), PersistenceImage(resolution=(4, 4)), MaxAbsScaler(), LinearSVC()
        ),
    ),
    "clipped diagrams": (
        "images",
        TWO,
        make_pipeline(
            PersistenceDiagrams(essential="clip", superlevel=True, min_length=0.1),
            PersistenceLandscape(n_layers=2, resolution=8),
            SGDClassifier(random_state=0),
        ),
    ),
    "kept diagrams": (
        "images",
        TWO,
        make_pipeline(
            PersistenceDiagrams(essential="keep"),
            TopKLengths(k=3, dim=0, essential="clip"),
            Perceptron(),
        ),
    ),
    "Diagram objects": (
        "images",
        TARGET,
        make_pipeline(
            PersistenceDiagrams(LevelSet(2), output="diagrams"), TopKLengths(k=3, dim=1), Ridge()
        ),
    ),
    "a vectorizer of data": (
        "images",
        TARGET,
        make_pipeline(Silhouette("level_set", dim=(0, 1), resolution=8), LinearRegression()),
    ),
    "clouds": (
        "clouds",
        THREE,
        make_pipeline(
            PersistenceDiagrams("rips"), TopKLengths(k=4), StandardScaler(), SVC(kernel="poly")
        ),
    ),
    "clouds by an object": (
        "clouds",
        TWO,
        make_pipeline(PersistenceEntropy(VietorisRips(), dim=0), LinearDiscriminantAnalysis()),
    ),
    "weak alpha": (
        "clouds",
        TARGET,
        make_pipeline(
            PersistenceDiagrams("weak_alpha", homology_dimensions=0),
            Polynomial(max_p=2, max_q=1),
            Lasso(0.01),
        ),
    ),
    "series": (
        "series",
        TARGET,
        make_pipeline(
            DelayEmbedding(dimension=2, delay=2),
            PersistenceDiagrams("alpha"),
            TopKLengths(k=2),
            ElasticNet(0.01),
        ),
    ),
    "series of one channel": (
        "lines",
        TARGET,
        make_pipeline(
            DelayEmbedding(dimension=2, stride=2),
            TopKLengths("rips", k=3, dim=0),
            Ridge(),
        ),
    ),
    "lines by a vectorizer": (
        "lines",
        TWO,
        make_pipeline(TopKLengths(k=2, dim=0), Normalizer(), RidgeClassifierCV()),
    ),
    "union": (
        "rows",
        THREE,
        make_pipeline(
            FeatureUnion(
                [
                    ("topology", PersistenceFeatures(image_shape=(6, 6), max_p=1)),
                    ("pixels", "passthrough"),
                    ("nothing", "drop"),
                    ("axes", make_pipeline(StandardScaler(), PCA(2))),
                ],
                transformer_weights={"pixels": 0.5},
            ),
            StandardScaler(),
            LogisticRegression(max_iter=1000),
        ),
    ),
    "columns": (
        "rows",
        TWO,
        make_pipeline(
            ColumnTransformer(
                [
                    ("slice", StandardScaler(), slice(0, 6)),
                    ("mask", MinMaxScaler(), np.arange(36) % 5 == 0),
                    ("index", "passthrough", [7, 3]),
                    ("gone", "drop", [1]),
                    ("none", StandardScaler(), []),
                    ("image", PersistenceFeatures(image_shape=(5, 6), max_p=1), slice(6, None)),
                ],
                remainder=Normalizer("l1"),
                transformer_weights={"slice": 2.0},
            ),
            LogisticRegression(max_iter=1000),
        ),
    ),
    "nested": (
        "images",
        THREE,
        Pipeline(
            [
                ("nothing", "passthrough"),
                ("inner", make_pipeline(FEATURES, FunctionTransformer(), "passthrough")),
                ("outer", make_pipeline(StandardScaler(), TruncatedSVD(5, random_state=0))),
                ("search", GridSearchCV(NuSVC(nu=0.1), {"gamma": [0.1, 1]}, cv=2)),
            ]
        ),
    ),
    "search of a pipeline": (
        "images",
        TARGET,
        RandomizedSearchCV(
            make_pipeline(FEATURES, StandardScaler(), SVR()), {"svr__C": [1, 10]}, n_iter=2, cv=2
        ),
    ),
    "topological classifier": (
        "images",
        THREE,
        make_pipeline(FEATURES, StandardScaler(), TopologicalClassifier(n_components=2)),
    ),
    "topological regression": (
        "images",
        TARGET,
        make_pipeline(FEATURES, StandardScaler(), TopologicalRegression(n_components=2)),
    ),
    "target": (
        "images",
        TARGET,
        TransformedTargetRegressor(
            make_pipeline(FEATURES, StandardScaler(), Ridge()), transformer=MinMaxScaler((1, 3))
        ),
    ),
    "rows": ("images", None, make_pipeline(FEATURES, StandardScaler(), Normalizer("max"))),
}
