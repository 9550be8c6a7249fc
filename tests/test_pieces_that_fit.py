"""Diagrams, vectorizers and kernels in Pipelines, unions and searches of scikit-learn."""

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.ndimage import label
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline, make_union
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import skltopo
from skltopo import PersistenceDiagrams
from skltopo.diagrams import Diagram
from skltopo.filtrations import Alpha, LevelSet, SimplicialComplex, VietorisRips
from skltopo.kernels import SlicedWassersteinKernel
from skltopo.vectorize import (
    BettiCurve,
    PersistenceEntropy,
    PersistenceImage,
    PersistenceLandscape,
    Polynomial,
    Silhouette,
    TopKLengths,
    gram,
)

# The neighbours of a pixel in the Freudenthal triangulation.
SIX = np.array([[1, 1, 0], [1, 1, 1], [0, 1, 1]])
VECTORIZERS = [
    PersistenceImage(resolution=(3, 4)),
    PersistenceLandscape(resolution=5, n_layers=2),
    Silhouette(resolution=5),
    BettiCurve(resolution=5),
    PersistenceEntropy(),
    TopKLengths(k=3),
    Polynomial(max_p=1, max_q=1),
]


# Dimensions


@pytest.mark.parametrize("estimator", VECTORIZERS, ids=str)
@pytest.mark.parametrize("dim", [(0, 1), [1, 0], None, np.int64(1)])
def test_columns_of_dimensions_are_side_by_side(estimator, dim, rng):
    X = rng.random((4, 7, 7))
    parts = [clone(estimator).set_params(dim=k).fit(LevelSet(2)(X)) for k in (0, 1)]
    dims = {None: (0, 1)}.get(dim, dim) if not isinstance(dim, list) else dim
    dims = [int(k) for k in np.atleast_1d(dims)]
    expected = np.hstack([parts[k].transform(LevelSet(2)(X)) for k in dims])
    names = [f"H{k}_{name}" for k in dims for name in parts[k].get_feature_names_out()]
    if len(dims) == 1:
        names = parts[1].get_feature_names_out().tolist()
    model = clone(estimator).set_params(dim=dim)
    diagrams = PersistenceDiagrams(essential="keep").fit_transform(X)
    for given in (LevelSet(2)(X), list(LevelSet(2)(X)), diagrams, [list(d) for d in diagrams]):
        np.testing.assert_array_equal(model.fit_transform(given), expected)
        np.testing.assert_array_equal(model.transform(given), expected)
        assert model.get_feature_names_out().tolist() == names
    from_data = clone(model).set_params(filtration="level_set").fit(X)
    np.testing.assert_array_equal(from_data.transform(X), expected)
    live = LevelSet(2)(torch.tensor(X, requires_grad=True))
    found = model.to_torch()(live)
    np.testing.assert_allclose(found.detach().numpy(), expected, atol=1e-12)
    for name in getattr(model, "_learnt", ()):
        if len(dims) > 1:
            assert set(getattr(model, name)) == {0, 1}
            for k in dims:
                np.testing.assert_array_equal(getattr(model, name)[k], getattr(parts[k], name))


def test_dimensions_that_do_not_fit(rng):
    batch = LevelSet(2)(rng.random((3, 5, 5)))
    arrays = [diagram[0] for diagram in batch]
    with pytest.raises(ValueError, match=r"dim=\(0, 1\) picks several .* X\[0\] is a single array"):
        TopKLengths(dim=(0, 1)).fit(arrays)
    with pytest.raises(ValueError, match=r"dim=\(0, 1\) picks several .* X\[1\] is a single array"):
        TopKLengths(dim=(0, 1)).fit([batch[0], arrays[1]])
    with pytest.raises(ValueError, match="dim must be different integers"):
        TopKLengths(dim=(1, 1)).fit(batch)
    with pytest.raises(ValueError, match="'dim' parameter"):
        TopKLengths(dim="0").fit(batch)
    fitted = TopKLengths().fit(batch)
    with pytest.raises(ValueError, match=r"dim must be one of the dimensions \(0,\) of X\[0\]"):
        fitted.transform(LevelSet(1)(rng.random((2, 5))))
    with pytest.raises(ValueError, match="is a single array"):
        fitted.to_torch()([torch.rand(2, 2).sort(1).values])
    assert fitted.set_params(dim=1).fit(batch).transform(batch).shape == (3, 10)


def test_all_dimensions_of_data(rng):
    X = rng.random((3, 9, 2))
    for filtration, dims in (("rips", 2), (VietorisRips(max_dim=2), 3), (Alpha(), 2)):
        model = PersistenceDiagrams(filtration, homology_dimensions=None).fit(X)
        samples = model.transform(X)
        assert samples[0].homology_dimensions == tuple(range(dims))
        assert len(model.get_feature_names_out()) == dims
        names = TopKLengths(filtration, k=2).fit(X).get_feature_names_out()
        assert len(names) == 2 * dims
    rows = rng.random((3, 9))
    assert TopKLengths(k=1).fit(rows).get_feature_names_out().tolist() == ["length1"]
    volumes = PersistenceDiagrams(homology_dimensions=None).fit_transform(rng.random((1, 3, 3, 3)))
    assert volumes[0].homology_dimensions == (0, 1, 2)


def test_kernels_are_added(rng):
    X = rng.random((5, 7, 7))
    batch = LevelSet(2)(X)
    parts = [SlicedWassersteinKernel(dim=k).fit_transform(batch) for k in (0, 1)]
    for dim in ((0, 1), None):
        kernel = SlicedWassersteinKernel(dim=dim)
        np.testing.assert_allclose(kernel.fit_transform(batch), sum(parts), rtol=1e-12)
        np.testing.assert_allclose(kernel.transform(batch[:2]), sum(parts)[:2], rtol=1e-12)
        assert len(kernel.get_feature_names_out()) == 5


# Names


@pytest.mark.parametrize("estimator", VECTORIZERS, ids=str)
def test_names_of_pipelines_and_unions(estimator, rng):
    X, y = rng.random((6, 6, 6)), np.tile([0, 1], 3)
    vectorizer = clone(estimator).set_params(dim=1)
    model = make_pipeline(PersistenceDiagrams(), vectorizer, StandardScaler()).fit(X, y)
    names = model.get_feature_names_out()
    assert names.tolist() == model[1].get_feature_names_out().tolist()
    union = make_pipeline(
        PersistenceDiagrams(homology_dimensions=None),
        FeatureUnion([("one", clone(vectorizer)), ("two", TopKLengths(k=2))]),
        StandardScaler(),
    )
    frame = union.set_output(transform="pandas").fit_transform(X)
    expected = [f"one__{name}" for name in names]
    expected += [f"two__H{k}_length{i}" for k in (0, 1) for i in (1, 2)]
    assert union.get_feature_names_out().tolist() == expected
    assert frame.columns.tolist() == expected
    whole = make_union(model, make_pipeline(clone(vectorizer).set_params(filtration="level_set")))
    whole.fit(X, y)
    assert len(whole.get_feature_names_out()) == whole.transform(X).shape[1]


def test_names_of_frames(rng):
    frame = pd.DataFrame(rng.random((6, 8)), columns=[f"t{i}" for i in range(8)])
    model = make_pipeline(StandardScaler(), PersistenceDiagrams(), TopKLengths(k=2, dim=0))
    assert model.fit(frame).get_feature_names_out().tolist() == ["length1", "length2"]
    with pytest.raises(ValueError, match="input_features is not equal to feature_names_in_"):
        PersistenceDiagrams().fit(frame).get_feature_names_out(["a"] * 8)
    columns = ColumnTransformer(
        [("first", TopKLengths(k=1), list(frame.columns[:4])), ("rest", "passthrough", ["t7"])]
    ).fit(frame)
    assert columns.get_feature_names_out().tolist() == ["first__length1", "rest__t7"]


@pytest.mark.parametrize("estimator", [PersistenceDiagrams(), TopKLengths()], ids=str)
@pytest.mark.parametrize("missing", [np.nan, pd.NA])
def test_names_are_compared_before_values(estimator, missing, rng):
    frame = pd.DataFrame(rng.random((4, 5)), columns=list("abcde"))
    estimator = clone(estimator).fit(frame)
    wrong = frame.rename(columns={"e": "f"}).astype(object)
    wrong.loc[0, "a"] = missing
    with pytest.raises(ValueError, match=r"feature names should match those .* during fit"):
        estimator.transform(wrong)
    with pytest.raises(ValueError, match=r"NaN|missing"):
        estimator.transform(wrong.rename(columns={"f": "e"}))


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_frames_come_out(kind, rng):
    frames = pytest.importorskip(kind)
    scaler = StandardScaler().set_output(transform=kind)
    if list(scaler.fit_transform(frames.DataFrame({"a": [1.0, 2.0]})).columns) != ["a"]:
        pytest.skip(f"this scikit-learn does not read the names of this {kind}")
    X = rng.random((6, 6, 6))
    model = make_pipeline(
        PersistenceDiagrams(), PersistenceImage(resolution=(2, 2)), StandardScaler()
    )
    expected = model.fit_transform(X)
    names = model.get_feature_names_out().tolist()
    frame = clone(model).set_output(transform=kind).fit_transform(X)
    assert type(frame).__module__.startswith(kind)
    assert list(frame.columns) == names
    np.testing.assert_allclose(frame.to_numpy(), expected)
    with config_context(transform_output=kind):
        assert list(clone(model).fit(X).transform(X).columns) == names
        assert isinstance(PersistenceDiagrams().fit_transform(X), list)


# Searches


def test_filtrations_take_part_in_searches(rng):
    clouds = rng.random((12, 15, 2))
    y = np.tile([0, 1], 6)
    diagrams = PersistenceDiagrams(VietorisRips(max_edge=2.0))
    for first, name in (
        (make_pipeline(diagrams, TopKLengths(k=2)), "persistencediagrams__filtration"),
        (make_pipeline(TopKLengths(VietorisRips(), k=2)), "topklengths__filtration"),
    ):
        model = make_pipeline(*[step for _, step in first.steps], LogisticRegression())
        grid = {f"{name}__max_edge": [0.3, 2.0], f"{name}__homology_dimensions": [(0,), (0, 1)]}
        if name.startswith("persistence"):
            grid = {f"{name}__max_edge": [0.3, 2.0]}
        search = GridSearchCV(model, grid, cv=2).fit(clouds, y)
        best = search.best_estimator_.get_params()[f"{name}__max_edge"]
        assert best == search.best_params_[f"{name}__max_edge"]
        assert model.get_params()[f"{name}__max_edge"] in (2.0, np.inf)
    step = clone(diagrams).set_params(filtration__max_edge=0.5, filtration__metric="cityblock")
    assert (step.filtration.max_edge, step.filtration.metric) == (0.5, "cityblock")
    assert diagrams.filtration.max_edge == 2.0


def test_a_search_computes_distances_once(rng, tmp_path, monkeypatch):
    X, y = rng.random((12, 6, 6)), np.tile([0, 1], 6)
    calls = []
    function = gram.pairwise_diagram_distances
    monkeypatch.setattr(
        gram, "pairwise_diagram_distances", lambda *a, **k: calls.append(1) or function(*a, **k)
    )
    grid = {"slicedwassersteinkernel__bandwidth": [0.1, 0.3, 1.0], "svc__C": [1, 10]}
    results = []
    for memory in (None, str(tmp_path)):
        kernel = SlicedWassersteinKernel("level_set", dim=1, memory=memory)
        search = GridSearchCV(
            make_pipeline(kernel, SVC(kernel="precomputed")), grid, cv=2, refit=False
        ).fit(X, y)
        results.append(search.cv_results_["mean_test_score"])
    np.testing.assert_array_equal(*results)
    # Two folds, in each the distances of the training set and those of the test set to it.
    assert len(calls) == 2 * 6 * 2 + 2 * 2
    with pytest.raises(ValueError, match="'memory' parameter"):
        SlicedWassersteinKernel(memory=3).fit(X[:, 0])


def test_betti_numbers(rng):
    for superlevel in (False, True):
        image = np.round(rng.random((7, 7)), 1)
        diagram = LevelSet(2, superlevel=superlevel)(image)
        for value in (-1.0, 0.0, 0.3, 0.55, 1.0, 2):
            curve = BettiCurve(resolution=1, sample_range=(value, value))
            found = curve.fit_transform([diagram])[0]
            assert diagram.betti_numbers(value) == dict(enumerate(found))
        inside = np.pad(image >= 0.5 if superlevel else image <= 0.5, 1)
        assert diagram.betti_numbers(0.5)[0] == label(inside, SIX)[1]
    with pytest.raises(ValueError, match="sample_range must be two finite"):
        BettiCurve(sample_range=(1, 1)).fit([diagram])
    with pytest.raises(TypeError, match="value must be a number"):
        diagram.betti_numbers("a")


# Callables and keywords


class Network:
    """A graph that is no array."""

    shape = "round"

    def __init__(self, n):
        self.n = n

    def diagram(self):
        matrix = np.roll(np.eye(self.n), 1, axis=1)
        return SimplicialComplex.from_graph(matrix + matrix.T)(np.arange(self.n, dtype=float))


@pytest.mark.filterwarnings("ignore:essential classes are clipped")  # where they are born
@pytest.mark.parametrize("as_", [list, tuple, pd.Series, lambda x: np.array(x, dtype=object)])
def test_objects_of_any_kind(as_):
    networks = [Network(n) for n in (4, 5, 7)]
    given = []

    def filtration(network):
        given.append(network)
        return network.diagram()

    model = PersistenceDiagrams(filtration, homology_dimensions=(0, 1), essential="keep")
    assert [len(sample[1]) for sample in model.fit_transform(as_(networks))] == [1, 1, 1]
    assert all(a is b for a, b in zip(given, networks, strict=True))
    vectors = TopKLengths(filtration, k=1, dim=1, essential="clip").fit_transform(as_(networks))
    assert vectors.shape == (3, 1)


def test_callables_get_samples_untouched():
    seen = []

    def filtration(sample):
        seen.append(sample)
        return LevelSet(1)(np.asarray(sample, dtype=float).ravel() if sample is not None else [1.0])

    samples = [
        np.ma.masked_equal([1, 2, 1], 2),
        np.array([3, 1, 2], dtype=np.int8),
        "120",
        {3, 4},
    ]
    model = PersistenceDiagrams(
        lambda sample: filtration(list(map(float, sample)) if isinstance(sample, (str, set)) else
                                  sample.tolist() and sample),
        homology_dimensions=0, essential="keep",
    )  # fmt: skip
    assert len(model.fit_transform(samples)) == 4
    seen.clear()
    model = PersistenceDiagrams(filtration, homology_dimensions=0, essential="keep")
    tensor = torch.tensor([0.0, 2.0, 1.0])
    model.fit_transform([samples[0], samples[1], tensor])
    assert seen[0] is samples[0]
    assert seen[1] is samples[1]
    assert seen[2] is tensor
    with pytest.raises(TypeError, match="X must be a list or an array of samples, got str"):
        model.fit("abc")
    with pytest.raises(TypeError, match=r"must return a Diagram .* for X\[0\], of kind Network"):
        PersistenceDiagrams(lambda network: network.n).fit_transform([Network(3)])


def test_callables_may_return_tensors(rng):
    X = torch.tensor(rng.random((3, 6, 6)), requires_grad=True)
    model = PersistenceDiagrams(lambda image: LevelSet(2)(image), essential="clip")
    found = model.fit_transform(X)
    expected = PersistenceDiagrams(essential="clip").fit_transform(X)
    for sample, same in zip(found, expected, strict=True):
        assert all(isinstance(points, np.ndarray) for points in sample)
        np.testing.assert_array_equal(sample[0], same[0])
    model = TopKLengths(lambda image: LevelSet(2)(image), essential="clip")
    np.testing.assert_array_equal(
        model.fit_transform(X), TopKLengths("level_set", essential="clip").fit_transform(X)
    )
    assert isinstance(model.filtration(X[0]), Diagram)


def classes():
    rooms = [skltopo.filtrations, skltopo.vectorize, skltopo.kernels, skltopo.nn]
    rooms += [skltopo.persistence_diagrams, skltopo.penalties, skltopo.diagrams]
    found = {getattr(room, name) for room in rooms for name in room.__all__}
    return sorted((cls for cls in found if isinstance(cls, type)), key=lambda cls: cls.__name__)


@pytest.mark.parametrize("cls", classes())
def test_wrong_keywords_name_the_class(cls):
    with pytest.raises(TypeError, match=cls.__name__):
        cls(no_such_keyword=1)
