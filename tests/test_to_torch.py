"""to_torch: the module of a fitted estimator has its scores, its gradients and its names."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA, IncrementalPCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_selection import RFE, SelectFromModel, SelectKBest, VarianceThreshold
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import (
    BayesianRidge,
    ElasticNet,
    Lasso,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    MultiTaskLasso,
    Perceptron,
    Ridge,
    RidgeClassifier,
    RidgeClassifierCV,
    RidgeCV,
    SGDClassifier,
    SGDRegressor,
)
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR, NuSVC, NuSVR, OneClassSVM

from skltopo import (
    DelayEmbedding,
    PersistenceDiagrams,
    PersistenceFeatures,
    TopologicalClassifier,
    TopologicalRegression,
    TopologicalRegressionCV,
)
from skltopo.filtrations import LevelSet, VietorisRips
from skltopo.nn import to_torch
from skltopo.vectorize import (
    BettiCurve,
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


@pytest.mark.parametrize("name", PIPELINES)
def test_scores_of_pipelines(name):
    data, y, model = PIPELINES[name]
    check(model, DATA[data], y)


def test_there_are_twenty_pipelines_and_more():
    assert len(PIPELINES) >= 20


# Single steps ------------------------------------------------------------------------------------

TRANSFORMERS = [
    StandardScaler(),
    StandardScaler(with_mean=False),
    StandardScaler(with_std=False),
    RobustScaler(unit_variance=True),
    RobustScaler(with_centering=False),
    RobustScaler(with_scaling=False),
    MinMaxScaler((-2, 3), clip=True),
    MaxAbsScaler(),
    *[Normalizer(norm) for norm in ("l1", "l2", "max")],
    PCA(3),
    IncrementalPCA(3, whiten=True),
    TruncatedSVD(3),
    LinearDiscriminantAnalysis(),
    LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.1, n_components=1),
    SelectKBest(k=4),
    SelectFromModel(LogisticRegression()),
    RFE(Ridge(), n_features_to_select=3),
    FunctionTransformer(),
    *[BettiCurve(resolution=5, dim=0), PersistenceLandscape(resolution=5, dim=0)],
]


@pytest.mark.parametrize("model", TRANSFORMERS, ids=str)
def test_rows_of_transformers(model):
    step = clone(model).fit(ROWS, THREE)
    piped = make_pipeline(step, FunctionTransformer())
    far = torch.tensor(3 * ROWS - 1)
    far[0] = 0
    np.testing.assert_allclose(to_torch(piped)(far), step.transform(far.numpy()), atol=1e-10)


CLASSIFIERS = [
    LogisticRegression(fit_intercept=False, max_iter=1000),
    LogisticRegressionCV(cv=2, max_iter=1000, Cs=2),
    RidgeClassifier(fit_intercept=False),
    LinearSVC(),
    SGDClassifier(random_state=0),
    Perceptron(),
    LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
    *[SVC(kernel=kernel, coef0=0.3) for kernel in ("linear", "poly", "rbf", "sigmoid")],
    SVC(decision_function_shape="ovo", break_ties=False),
    NuSVC(nu=0.2, gamma=0.7),
    TopologicalClassifier("l2"),
]


@pytest.mark.parametrize("y", [TWO, THREE, FOUR], ids=["two", "three", "four"])
@pytest.mark.parametrize("model", CLASSIFIERS, ids=str)
@pytest.mark.filterwarnings("ignore::FutureWarning")  # of LogisticRegressionCV
def test_scores_and_logits_of_classifiers(model, y):
    model, module = check(model, ROWS, y)
    assert module.classes_.tolist() == model.classes_.tolist()
    logits = to_torch(model, output="logits")(torch.tensor(ROWS))
    assert logits.shape == (N, len(model.classes_))
    if not isinstance(model, (SVC, NuSVC)):  # which predict by votes, and break ties otherwise
        predicted = module.classes_[logits.argmax(dim=1)]
        np.testing.assert_array_equal(predicted, model.predict(ROWS))
    scores = module(torch.tensor(ROWS))
    if y is TWO:
        torch.testing.assert_close(logits, torch.stack([torch.zeros(N).double(), scores], 1))
    elif getattr(model, "decision_function_shape", "") == "ovo":
        model = clone(model).set_params(decision_function_shape="ovr").fit(ROWS, y)
        np.testing.assert_allclose(logits, model.decision_function(ROWS), atol=1e-10)
    else:
        torch.testing.assert_close(logits, scores, rtol=0, atol=0)


REGRESSORS = [
    LinearRegression(),
    Ridge(fit_intercept=False),
    RidgeCV(),
    BayesianRidge(),
    LinearSVR(),
    SGDRegressor(random_state=0),
    *[SVR(kernel=kernel) for kernel in ("linear", "poly", "rbf", "sigmoid")],
    NuSVR(),
    *[KernelRidge(kernel=k) for k in ("linear", "polynomial", "poly", "rbf", "sigmoid")],
    KernelRidge(kernel="rbf", gamma=0.3),
    TopologicalRegressionCV(cv=2),
    TransformedTargetRegressor(Ridge()),
    *[
        TransformedTargetRegressor(Ridge(), transformer=scaler)
        for scaler in (StandardScaler(), RobustScaler(), MaxAbsScaler(), MinMaxScaler())
    ],
    *[network(MLPRegressor, activation=a) for a in ("identity", "logistic", "tanh", "relu")],
]


@pytest.mark.parametrize("model", REGRESSORS, ids=str)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_predictions_of_regressors(model):
    _, module = check(model, ROWS, TARGET)
    assert not hasattr(module, "classes_")


@pytest.mark.parametrize(
    "model",
    [
        Ridge(),
        MultiTaskLasso(0.01),
        KernelRidge(kernel="rbf"),
        TopologicalRegression("l1", lam=0.01),
        network(MLPRegressor),
        TransformedTargetRegressor(Ridge(), transformer=StandardScaler()),
    ],
    ids=str,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_predictions_of_several_targets(model):
    check(model, ROWS, TARGETS)
    if not isinstance(model, MLPRegressor):  # which warns of one column
        check(model, ROWS, TARGETS[:, :1])


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("y", [TWO, THREE], ids=["two", "three"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_logits_of_networks_are_those_of_their_probabilities(activation, y):
    model = network(MLPClassifier, activation=activation).fit(ROWS, y)
    for output in ("auto", "logits"):
        logits = to_torch(model, output)(torch.tensor(ROWS))
        assert logits.shape == (N, len(model.classes_))
        np.testing.assert_allclose(logits.softmax(1), model.predict_proba(ROWS), atol=1e-10)
    if y is TWO:
        assert not logits[:, 0].any()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_several_labels_a_sample():
    model = network(MLPClassifier).fit(ROWS, LABELS)
    logits = to_torch(model)(torch.tensor(ROWS))
    np.testing.assert_allclose(logits.sigmoid(), model.predict_proba(ROWS), atol=1e-10)
    ridge, _ = check(RidgeClassifier(), ROWS, LABELS)
    for one in (model, make_pipeline(StandardScaler(), ridge)):
        with pytest.raises(ValueError, match="several labels a sample; output="):
            to_torch(one.fit(ROWS, LABELS), output="logits")


def test_kernels_that_are_given_and_outliers():
    gram = ROWS @ ROWS.T
    check(SVC(kernel="precomputed"), gram, FOUR)
    check(SVR(kernel="precomputed"), gram, TARGET)
    check(KernelRidge(kernel="precomputed"), gram, TARGET)
    model, module = check(OneClassSVM(), ROWS)
    assert model.predict(ROWS).tolist() == module(torch.tensor(ROWS)).sign().tolist()


def test_kernels_far_from_zero():
    """Squares of distances keep their digits."""
    check(SVC(gamma=2.0), ROWS + 1e4, THREE, tolerance=1e-9)
    check(SVC(), ROWS + 1e4, THREE, tolerance=1e-9)
