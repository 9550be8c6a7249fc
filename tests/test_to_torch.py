"""to_torch: the module of a fitted estimator has its scores."""

import numpy as np
import pytest
import torch
from fitted_pipelines import (
    CLOUDS,
    DATA,
    FOUR,
    IMAGES,
    LABELS,
    PIPELINES,
    ROWS,
    TARGET,
    TARGETS,
    THREE,
    TWO,
    N,
    check,
    network,
)
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA, IncrementalPCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.feature_selection import RFE, SelectFromModel, SelectKBest
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import (
    BayesianRidge,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    MultiTaskLasso,
    Perceptron,
    Ridge,
    RidgeClassifier,
    RidgeCV,
    SGDClassifier,
    SGDRegressor,
)
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
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
    PersistenceDiagrams,
    TopologicalClassifier,
    TopologicalRegression,
    TopologicalRegressionCV,
)
from skltopo.kernels import SlicedWassersteinKernel
from skltopo.nn import to_torch
from skltopo.vectorize import (
    BettiCurve,
    PersistenceLandscape,
)


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
    PCA(2, svd_solver="arpack", random_state=0),  # whose axes have negative strides
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
    predicted = module.classes_[logits.argmax(dim=1)]
    np.testing.assert_array_equal(predicted, model.predict(ROWS))
    scores = module(torch.tensor(ROWS))
    if y is TWO:
        torch.testing.assert_close(logits, torch.stack([torch.zeros(N).double(), scores], 1))
    elif not isinstance(model, (SVC, NuSVC)):
        torch.testing.assert_close(logits, scores, rtol=0, atol=0)
    else:  # where classes have equally many votes, the first of them has one more
        model = clone(model).set_params(decision_function_shape="ovr").fit(ROWS, y)
        scores = torch.tensor(model.decision_function(ROWS))
        most = scores.round() == scores.round().amax(1, keepdim=True)
        more = (most & (most.cumsum(1) == 1) & (most.sum(1, keepdim=True) > 1)).double()
        torch.testing.assert_close(logits, scores + more, rtol=0, atol=1e-10)


def test_logits_of_a_kernel_machine_follow_its_predictions_where_votes_are_tied():
    rng = np.random.default_rng(0)
    X, y, Z = rng.random((60, 4)), rng.integers(0, 4, 60), rng.random((500, 4))
    for shape in ("ovr", "ovo"):
        for ties in (False, True) if shape == "ovr" else (False,):
            model = SVC(kernel="sigmoid", C=10, break_ties=ties, decision_function_shape=shape)
            logits = to_torch(model.fit(X, y), output="logits")(torch.tensor(Z))
            np.testing.assert_array_equal(logits.argmax(1), model.predict(Z))
    votes = model.set_params(decision_function_shape="ovr").decision_function(Z).round()
    assert np.sum(np.sum(votes == votes.max(axis=1, keepdims=True), axis=1) > 1) > 20


def test_unions_of_nothing_have_no_columns_and_one_class_has_no_logits():
    union = FeatureUnion([("left out", "drop")]).fit(ROWS)
    assert to_torch(union)(torch.tensor(ROWS)).shape == (N, 0)
    model = RidgeClassifier().fit(ROWS, np.zeros(N))
    with pytest.raises(ValueError, match=r"RidgeClassifier has learnt \[0.0\] alone"):
        to_torch(model, output="logits")


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


@pytest.mark.parametrize("bandwidth", [0.5, 1.0])
def test_kernel_of_diagrams(bandwidth):
    kernel = SlicedWassersteinKernel(bandwidth=bandwidth, n_directions=5)
    model = make_pipeline(PersistenceDiagrams(), kernel, SVC(kernel="precomputed"))
    _, module = check(model, IMAGES[:5], TWO[:5])
    x = torch.tensor(IMAGES[:1], requires_grad=True)
    assert torch.autograd.gradcheck(module, (x,), fast_mode=True)
    check(make_pipeline(clone(kernel).set_params(filtration="rips", dim=0)), CLOUDS[:5])
