"""Modules of to_torch: what they take, keep and refuse; steps of one's own."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from fitted_pipelines import (
    CLOUDS,
    DATA,
    FEATURES,
    IMAGES,
    PIPELINES,
    ROWS,
    SERIES,
    TARGET,
    THREE,
    TWO,
    N,
    check,
    network,
)
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
)
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC

from skltopo import (
    PersistenceFeatures,
    TopoDenoiser,
    TopologicalRegression,
)
from skltopo.nn import register_step, to_torch
from skltopo.vectorize import (
    PersistenceImage,
)

# What comes in -----------------------------------------------------------------------------------

ISSUE = PIPELINES["the issue's"][2]


def test_images_with_a_channel_and_rows_are_taken():
    """Attack libraries give (n, 1, height, width)."""
    model = clone(ISSUE).fit(IMAGES, THREE)
    expected = model.decision_function(IMAGES)
    of_rows = clone(PIPELINES["union"][2]).fit(ROWS, THREE)
    x = torch.tensor(IMAGES)
    for shape in ((N, 1, 6, 6), (N, 36), (N, 6, 1, 6)):
        np.testing.assert_allclose(to_torch(model)(x.reshape(shape)), expected, atol=1e-10)
        found = to_torch(of_rows)(x.reshape(shape))
        np.testing.assert_allclose(found, of_rows.decision_function(ROWS), atol=1e-10)
    diagrams = clone(PIPELINES["diagrams"][2]).fit(IMAGES, THREE)
    found = to_torch(diagrams)(x[:, None])
    np.testing.assert_allclose(found, diagrams.decision_function(IMAGES), atol=1e-10)


def test_first_steps_that_do_nothing():
    steps = [FunctionTransformer(), "passthrough", clone(ISSUE)]
    model = make_pipeline(*steps).fit(IMAGES, THREE)
    found = to_torch(model)(torch.tensor(IMAGES)[:, None])
    np.testing.assert_allclose(found, model.decision_function(IMAGES), atol=1e-10)


def test_frozen_steps():
    frozen = FrozenEstimator(clone(FEATURES).fit(IMAGES))
    model, module = check(make_pipeline(frozen, StandardScaler(), Ridge()), IMAGES, TARGET)
    assert module.n_features_in_ == 36
    names = model[:1].get_feature_names_out()
    assert module.get_feature_names_out().tolist() == names.tolist()


def test_lists_of_clouds_and_series_of_different_sizes():
    clouds = [cloud[: 5 + i % 4] for i, cloud in enumerate(CLOUDS)]
    model = clone(PIPELINES["clouds"][2]).fit(clouds, THREE)
    found = to_torch(model)([torch.tensor(cloud) for cloud in clouds])
    np.testing.assert_allclose(found, model.decision_function(clouds), atol=1e-10)
    series = [one[:, : 10 + i % 4] for i, one in enumerate(SERIES)]
    model = clone(PIPELINES["series"][2]).fit(series, TARGET)
    found = to_torch(model)([torch.tensor(one) for one in series])
    np.testing.assert_allclose(found, model.predict(series), atol=1e-10)


def test_float32_and_integers():
    model = clone(ISSUE).fit(IMAGES, THREE)
    module = to_torch(model, output="logits")
    found = module(torch.tensor(IMAGES, dtype=torch.float32))
    assert found.dtype == torch.float32
    expected = model.decision_function(IMAGES.astype(np.float32))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)
    as_integers = (255 * IMAGES).astype(np.uint8)
    found = module(torch.tensor(as_integers))
    assert found.dtype == torch.float64
    np.testing.assert_allclose(found, model.decision_function(as_integers), rtol=1e-10)
    low = module.to(torch.float32)
    assert {one.dtype for one in low.state_dict().values()} == {torch.float32}
    found = low(torch.tensor(IMAGES))
    np.testing.assert_allclose(found, model.decision_function(IMAGES), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    "name",
    [
        "the issue's",
        "diagrams",
        "clipped diagrams",
        "clouds",
        "series",
        "union",
        "columns",
        "target",
    ],
)
def test_gradients(name):
    data, y, model = PIPELINES[name]
    module = to_torch(clone(model).fit(DATA[data], y))
    x = torch.tensor(DATA[data][:2], requires_grad=True)
    assert torch.autograd.gradcheck(module, (x,))


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(StandardScaler(), PCA(4, whiten=True), LogisticRegression()),
        make_pipeline(MinMaxScaler(clip=True), Normalizer(), SVC(gamma=1.0)),
        make_pipeline(StandardScaler(), network(MLPClassifier)),
    ],
    ids=lambda model: type(model[-1]).__name__,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_rows_can_be_compiled_and_mapped(model):
    module = to_torch(clone(model).fit(ROWS, THREE), output="logits")
    x = torch.tensor(ROWS, requires_grad=True)
    (expected,) = torch.autograd.grad(module(x)[:, 1].sum(), x)
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x), module(x))
    (found,) = torch.autograd.grad(compiled(x)[:, 1].sum(), x)
    torch.testing.assert_close(found, expected)
    mapped = torch.func.vmap(torch.func.grad(lambda row: module(row[None])[0, 1]))
    torch.testing.assert_close(mapped(x.detach()), expected)


def test_a_row_of_zeros_has_a_gradient():
    x = torch.zeros((1, 36), dtype=torch.float64, requires_grad=True)
    to_torch(Normalizer().fit(ROWS))(x).sum().backward()
    assert x.grad.isfinite().all()


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (IMAGES, TypeError, "X must be a torch.Tensor, as torch.as_tensor returns it, got ndarray"),
        (
            torch.zeros(3, 5, 5),
            ValueError,
            r"samples of 36 numbers, as in fit, got shape \(3, 5, 5",
        ),
        (torch.zeros(36), ValueError, "samples of 36 numbers"),
        (torch.zeros(2, 3, 6, 6), ValueError, "samples of 36 numbers"),
        (torch.zeros(0, 6, 6), ValueError, r"X must not be empty, got shape \(0, 6, 6\)"),
        (torch.full((1, 6, 6), torch.nan), ValueError, "X must be finite, got a NaN"),
        (torch.full((1, 6, 6), torch.inf), ValueError, "X must be finite, got a NaN or an infin"),
        (torch.zeros(1, 6, 6, dtype=torch.complex64), TypeError, "real numbers, got dtype"),
        ([torch.zeros(6, 6)], TypeError, "X must be a torch.Tensor.* got list"),
        ("images", TypeError, "X must be a torch.Tensor.* got str"),
    ],
)
def test_wrong_input_gets_a_sentence(X, error, message):
    for model in (clone(ISSUE).fit(IMAGES, THREE), make_pipeline(StandardScaler()).fit(ROWS)):
        with pytest.raises(error, match=message):
            to_torch(model)(X)


def test_scores_that_overflow_get_a_sentence():
    module = to_torch(KernelRidge(kernel="poly").fit(ROWS, TARGET))
    with pytest.raises(ValueError, match=r"more than a number of dtype torch.float32 can hold"):
        module(torch.tensor(1e30 * ROWS, dtype=torch.float32))


def test_wrong_samples_of_a_list_get_a_sentence():
    module = to_torch(clone(PIPELINES["clouds"][2]).fit(CLOUDS, THREE))
    with pytest.raises(ValueError, match="at least one sample, got an empty list"):
        module([])
    with pytest.raises(TypeError, match=r"X\[1\] must be a torch.Tensor"):
        module([torch.zeros(3, 2), CLOUDS[0]])
    with pytest.raises(ValueError, match=r"X\[0\] must be finite"):
        module([torch.full((3, 2), torch.nan)])


# What it keeps -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PIPELINES)
def test_copies_and_pickles(name):
    data, y, model = PIPELINES[name]
    module = to_torch(clone(model).fit(DATA[data], y))
    x = torch.tensor(DATA[data])
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        torch.testing.assert_close(twin(x), module(x), rtol=0, atol=0)
        assert list(twin.state_dict()) == list(module.state_dict())


def test_state_dict_carries_the_fit():
    module = to_torch(clone(ISSUE).fit(IMAGES, THREE))
    other = to_torch(clone(ISSUE).fit(IMAGES[::-1].copy() ** 2, np.roll(THREE, 7)))
    x = torch.tensor(IMAGES)
    assert not torch.allclose(module(x), other(x))
    other.load_state_dict(module.state_dict())
    other.body[0].min_length = module.body[0].min_length
    torch.testing.assert_close(module(x), other(x), rtol=0, atol=0)


def test_weights_are_frozen_until_they_are_trained():
    model = clone(ISSUE).fit(IMAGES, THREE)
    module = to_torch(model)
    assert [one.requires_grad for one in module.parameters()] == [False, False]
    names = [name for name, _ in module.named_parameters()]
    module.requires_grad_()
    x, y = torch.tensor(IMAGES), torch.tensor(THREE)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    losses = []
    for _ in range(3):
        loss = torch.nn.functional.cross_entropy(module(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[2] < losses[1] < losses[0]
    assert names == ["body.2.weight", "body.2.bias"]
    np.testing.assert_array_equal(clone(ISSUE).fit(IMAGES, THREE)[-1].coef_, model[-1].coef_)


def test_names_stay():
    frame = pd.DataFrame(ROWS, columns=[f"pixel{i}" for i in range(36)])
    model = make_pipeline(StandardScaler(), PCA(2), LogisticRegression()).fit(frame, TWO)
    module = to_torch(model)
    assert module.feature_names_in_.tolist() == list(frame.columns)
    assert module.get_feature_names_out().tolist() == ["pca0", "pca1"]
    assert module.n_features_in_ == 36
    columns = ColumnTransformer(
        [("a", StandardScaler(), ["pixel3", "pixel1"]), ("b", "passthrough", "pixel5")],
    )
    columns.set_params(b="drop", remainder=MinMaxScaler())
    by_name = make_pipeline(columns, Ridge()).fit(frame, TARGET)
    module = to_torch(by_name)
    np.testing.assert_allclose(module(torch.tensor(ROWS)), by_name.predict(frame), atol=1e-10)
    assert module.get_feature_names_out().tolist() == by_name[:-1].get_feature_names_out().tolist()
    selector = make_column_selector("pixel[12]")
    by_pattern = ColumnTransformer([("a", RobustScaler(), selector)]).fit(frame)
    found = to_torch(by_pattern)(torch.tensor(ROWS))
    np.testing.assert_allclose(found, by_pattern.transform(frame), atol=1e-10)
    topology = to_torch(clone(ISSUE).fit(IMAGES, THREE))
    assert topology.get_feature_names_out()[0] == "dir0_H0_p0_q0"
    assert not hasattr(topology, "feature_names_in_")
    searched = GridSearchCV(model, {"pca__n_components": [2]}, cv=2).fit(frame, TWO)
    assert to_torch(searched).get_feature_names_out().tolist() == ["pca0", "pca1"]
    assert to_torch(LogisticRegression().fit(frame, TWO)).get_feature_names_out()[1] == "pixel1"
    nameless = make_pipeline(FunctionTransformer(), Ridge()).fit(ROWS, TARGET)
    with pytest.raises(AttributeError, match="gave no names to its columns"):
        to_torch(nameless).get_feature_names_out()


# Refusals ----------------------------------------------------------------------------------------


def test_steps_that_can_not_are_named():
    forest = RandomForestClassifier(n_estimators=2).fit(ROWS, TWO)
    with pytest.raises(TypeError, match=r"RandomForestClassifier can't .* these can: linear class"):
        to_torch(forest)
    piped = make_pipeline(FEATURES, RandomForestClassifier(n_estimators=2)).fit(IMAGES, TWO)
    with pytest.raises(TypeError, match=r"step 'randomforestclassifier', can't .*register_step"):
        to_torch(piped)
    inner = FeatureUnion([("clean", TopoDenoiser(image_shape=(6, 6)))])
    piped = make_pipeline(inner, StandardScaler()).fit(ROWS)
    message = "TopoDenoiser, step 'featureunion.clean', can't become a torch module that transforms"
    with pytest.raises(TypeError, match=message):
        to_torch(piped)
    with pytest.raises(TypeError, match=r"PoissonRegressor can't .* computes scores"):
        to_torch(PoissonRegressor().fit(ROWS, TARGET))
    with pytest.raises(TypeError, match=r"FunctionTransformer can .* only with func=None, got"):
        to_torch(FunctionTransformer(np.log1p).fit(ROWS))
    with pytest.raises(TypeError, match=r"if its kernel is one of .*, got <function"):
        to_torch(SVC(kernel=lambda a, b: a @ b.T).fit(ROWS, TWO))
    target = TransformedTargetRegressor(Ridge(), func=np.log, inverse_func=np.exp)
    with pytest.raises(TypeError, match="target of TransformedTargetRegressor can be one of"):
        to_torch(target.fit(ROWS, TARGET))


def test_wrong_arguments():
    model = clone(ISSUE).fit(IMAGES, THREE)
    for wrong in (None, Ridge, "model", torch.nn.Linear(1, 1)):
        with pytest.raises(TypeError, match="fitted must be a fitted estimator or Pipeline, got"):
            to_torch(wrong)
    with pytest.raises(ValueError, match=r"output must be one of .*'logits'.*, got 'proba'"):
        to_torch(model, output="proba")
    for other, name in (
        (make_pipeline(Ridge()).fit(ROWS, TARGET), "Ridge"),
        (model[:2], "Standard"),
    ):
        with pytest.raises(ValueError, match=f'"logits" is for classifiers, got {name}'):
            to_torch(other, output="logits")


@pytest.mark.parametrize(
    "model",
    [
        ISSUE,
        PersistenceFeatures(),
        StandardScaler(),
        LogisticRegression(),
        ColumnTransformer([("a", StandardScaler(), [0])]),
        FeatureUnion([("a", StandardScaler())]),
        GridSearchCV(Ridge(), {"alpha": [1]}),
        TransformedTargetRegressor(Ridge()),
        make_pipeline(Normalizer(), PersistenceImage()),
        TopologicalRegression(),
    ],
    ids=lambda model: type(model).__name__,
)
def test_what_is_not_fitted_raises(model):
    with pytest.raises(NotFittedError):
        to_torch(clone(model))


def test_a_search_without_a_best_estimator():
    search = GridSearchCV(Ridge(), {"alpha": [1]}, refit=False, cv=2).fit(ROWS, TARGET)
    with pytest.raises(NotFittedError, match=r"GridSearchCV has no best_estimator_; .* refit=True"):
        to_torch(search)


# Steps of one's own ------------------------------------------------------------------------------


class Squares(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return X**2


class SquaresModule(torch.nn.Module):
    def forward(self, rows):
        return rows**2


class OwnModule(Squares):
    def to_torch(self):
        return SquaresModule()


class Cubes(OwnModule):
    def transform(self, X):
        return X**3


class Nearest(ClassifierMixin, BaseEstimator):
    """A classifier with probabilities and no scores."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.means_ = np.stack([X[y == one].mean(axis=0) for one in self.classes_])
        return self

    def predict(self, X):
        return self.classes_[((X[:, None] - self.means_) ** 2).sum(axis=2).argmin(axis=1)]


class NearestModule(torch.nn.Module):
    def __init__(self, fitted):
        super().__init__()
        self.register_buffer("means", torch.tensor(fitted.means_))

    def forward(self, rows):
        return -((rows[:, None] - self.means) ** 2).sum(dim=2)


class Doubled(LogisticRegression):
    def decision_function(self, X):
        return 2 * super().decision_function(X)


class Named(LogisticRegression):
    pass


@pytest.fixture
def clean_register():
    from skltopo.nn import pipelines

    before = {role: dict(steps) for role, steps in pipelines.REGISTERED.items()}
    yield
    for role, steps in before.items():
        pipelines.REGISTERED[role].clear()
        pipelines.REGISTERED[role].update(steps)


@pytest.mark.usefixtures("clean_register")
def test_steps_of_ones_own():
    model = make_pipeline(Squares(), LogisticRegression()).fit(ROWS, TWO)
    with pytest.raises(TypeError, match="Squares, step 'squares', can't"):
        to_torch(model)
    register_step(Squares, lambda fitted: SquaresModule())
    check(model, ROWS, TWO)
    check(make_pipeline(Squares()), ROWS)
    nearest = make_pipeline(StandardScaler(), Nearest()).fit(ROWS, THREE)
    register_step(Nearest, NearestModule, role="scores")
    module = to_torch(nearest, output="logits")
    predicted = module.classes_[module(torch.tensor(ROWS)).argmax(dim=1)]
    np.testing.assert_array_equal(predicted, nearest.predict(ROWS))
    register_step(StandardScaler, lambda fitted: SquaresModule())
    found = to_torch(StandardScaler().fit(ROWS))(torch.tensor(ROWS))
    np.testing.assert_array_equal(found, ROWS**2)


@pytest.mark.usefixtures("clean_register")
def test_what_registered_functions_return_is_checked():
    register_step(Squares, lambda fitted: np.square)
    with pytest.raises(TypeError, match=r"Squares must become a torch.nn.Module, got ufunc from"):
        to_torch(Squares().fit(ROWS))
    register_step(Nearest, lambda fitted: SquaresModule())
    module = to_torch(Nearest().fit(ROWS, THREE), output="logits")
    with pytest.raises(ValueError, match=r"scores of 3 classes must have shape \(n, 3\), got"):
        module(torch.tensor(ROWS))


def test_wrong_steps_are_not_registered():
    with pytest.raises(TypeError, match="estimator_class must be a class, got Ridge"):
        register_step(Ridge(), SquaresModule)
    with pytest.raises(TypeError, match=r"must take the fitted estimator .* got Identity"):
        register_step(Ridge, torch.nn.Identity())
    with pytest.raises(TypeError, match=r"must take the fitted estimator .* got 3"):
        register_step(Ridge, 3)
    with pytest.raises(ValueError, match=r"role must be one of .* or None, got 'predict'"):
        register_step(Ridge, SquaresModule, role="predict")


def test_subclasses():
    """A subclass is what its base is, unless it computes something else."""
    check(Named(), ROWS, THREE)
    check(OwnModule(), ROWS)
    with pytest.raises(TypeError, match=r"Doubled overrides decision_function of Linear.*register"):
        to_torch(Doubled().fit(ROWS, TWO))
    with pytest.raises(TypeError, match="Cubes overrides transform of OwnModule"):
        to_torch(Cubes().fit(ROWS))


@pytest.mark.skipif(
    "clip" not in MaxAbsScaler().get_params(), reason="a parameter of scikit-learn 1.9"
)
def test_a_scaler_that_clips_does_so_in_torch(rng):
    X = rng.normal(size=(20, 3))
    for scaler in (MaxAbsScaler(clip=True), MinMaxScaler(clip=True)):
        scaler.fit(X)
        np.testing.assert_allclose(
            to_torch(scaler)(torch.tensor(3 * X)), scaler.transform(3 * X), atol=1e-12
        )
    model = TransformedTargetRegressor(LinearRegression(), transformer=MaxAbsScaler(clip=True))
    model.fit(X, X @ [1.0, 2.0, 3.0])
    np.testing.assert_allclose(to_torch(model)(torch.tensor(3 * X)), model.predict(3 * X))
