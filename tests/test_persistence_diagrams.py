import copy
import importlib
import pickle

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.utils.estimator_checks import check_param_validation, parametrize_with_checks

from skltopo import PersistenceDiagrams, vectorize
from skltopo import filtrations as rooms
from skltopo.diagrams import Diagram
from skltopo.filtrations import LevelSet
from skltopo.kernels import SlicedWassersteinKernel
from skltopo.vectorize import PersistenceImage

RAGGED = "diagrams have different numbers of points: the check wants a rectangular array"


def expected_failures(estimator):
    """These checks compare outputs as arrays, or ask them for a shape or a dtype."""
    return dict.fromkeys(
        [
            "check_pipeline_consistency",
            "check_estimators_pickle",
            "check_transformer_data_not_an_array",
            "check_transformer_general",
            "check_transformer_preserve_dtypes",
            "check_transformers_unfitted_stateless",
            "check_methods_sample_order_invariance",
            "check_methods_subset_invariance",
        ],
        RAGGED,
    )


# Lines of two values have an essential class, and nothing else.
@pytest.mark.filterwarnings("ignore:essential classes are dropped:UserWarning")
@parametrize_with_checks(
    [PersistenceDiagrams(homology_dimensions=0)], expected_failed_checks=expected_failures
)
def test_sklearn_common_checks(estimator, check):
    check(estimator)


def equal(first, second):
    return len(first) == len(second) and all(
        np.array_equal(a, b) for a, b in zip(first, second, strict=True)
    )


def test_what_the_ragged_checks_would_say(rng):
    """Idempotent, pickles, ignores the kind of container, and the order and number of samples."""
    X = rng.random((12, 20))
    estimator = PersistenceDiagrams(homology_dimensions=0)
    found = estimator.fit_transform(X)
    check_param_validation("PersistenceDiagrams", clone(estimator))
    assert len(found) == len(X)
    assert equal(estimator.fit(X, np.arange(12)).transform(X), found)
    assert equal(pickle.loads(pickle.dumps(estimator)).transform(X), found)
    assert equal(clone(estimator).transform(X), found)  # nothing is learnt
    assert equal(estimator.transform(X.tolist()), found)
    assert equal(estimator.transform(X[::-1]), found[::-1])
    assert equal([estimator.transform(X[i : i + 1])[0] for i in range(12)], found)
    assert equal(make_pipeline(estimator).fit_transform(X), found)
    assert found[0].dtype == np.float64
    assert estimator.fit_transform(X.astype(np.float32))[0].dtype == np.float32


@pytest.mark.parametrize("ndim", [1, 2])
@pytest.mark.parametrize("superlevel", [False, True])
def test_level_sets(ndim, superlevel, rng):
    X = rng.random((5, 6, 7)[: ndim + 1])
    found = PersistenceDiagrams(superlevel=superlevel, essential="keep").fit_transform(X)
    for both, sample in zip(found, X, strict=True):
        diagram = LevelSet(ndim, superlevel=superlevel)(sample)
        np.testing.assert_array_equal(both[0], diagram[0])
        expected = diagram[1] if ndim > 1 else np.empty((0, 2))
        np.testing.assert_array_equal(both[1], expected)
    dropped = PersistenceDiagrams(superlevel=superlevel, homology_dimensions=0).fit_transform(X)
    for points, both in zip(dropped, found, strict=True):
        np.testing.assert_array_equal(points, both[0][1:])


def test_images_of_several_shapes_and_n_jobs(rng):
    images = [rng.random((3 + i, 9 - i)) for i in range(5)]
    for n_jobs in (None, 2):
        found = PersistenceDiagrams(n_jobs=n_jobs, homology_dimensions=1).fit_transform(images)
        assert equal(found, [LevelSet(2)(image)[1] for image in images])
    same = rng.random((40, 6, 6))
    one = PersistenceDiagrams(homology_dimensions=1).fit_transform(same)
    assert equal(PersistenceDiagrams(homology_dimensions=1, n_jobs=2).fit_transform(same), one)


def test_filtration_objects_and_diagrams(rng):
    images = rng.random((3, 6, 6))
    filtration = LevelSet(2, complex="cubical_cells")
    found = PersistenceDiagrams(filtration, output="diagrams").fit_transform(images)
    assert all(isinstance(diagram, Diagram) for diagram in found)
    arrays = PersistenceDiagrams(filtration, homology_dimensions=1).fit_transform(images)
    assert equal(arrays, [filtration(image)[1] for image in images])
    vectors = PersistenceImage(dim=1).fit_transform(found)
    np.testing.assert_array_equal(PersistenceImage().fit_transform(arrays), vectors)


@pytest.mark.parametrize(
    ("name", "room"), [("weak_alpha", "WeakAlpha"), ("alpha", "Alpha"), ("rips", "VietorisRips")]
)
def test_point_clouds(name, room, rng):
    clouds = [rng.random((n, 2)) for n in (12, 15)]
    found = PersistenceDiagrams(name, homology_dimensions=1).fit_transform(clouds)
    filtration = getattr(rooms, room)(max_dim=1)
    assert equal(found, [filtration(cloud)[1] for cloud in clouds])
    both = PersistenceDiagrams(name).fit_transform(np.array([clouds[0]] * 2))
    np.testing.assert_array_equal(both[1][1], found[0])


def test_distance_matrices(rng):
    clouds = [rng.random((n, 3)) for n in (12, 15)]
    matrices = [np.linalg.norm(cloud[:, None] - cloud[None], axis=-1) for cloud in clouds]
    rips = rooms.VietorisRips(metric="precomputed")
    found = PersistenceDiagrams(rips, homology_dimensions=(0, 1)).fit_transform(matrices)
    expected = PersistenceDiagrams("rips").fit_transform(clouds)
    for both, other in zip(found, expected, strict=True):
        for points, same in zip(both, other, strict=True):
            np.testing.assert_allclose(points, same, rtol=1e-12)


def test_volumes(rng):
    filtration = LevelSet(3)
    X = rng.random((3, 4, 5, 6))
    found = PersistenceDiagrams(homology_dimensions=2).fit_transform(X)
    assert equal(found, [filtration(sample)[2] for sample in X])


# Friends


def noisy_rings(rng, n=24):
    rows, cols = np.indices((9, 9)) - 4
    radius = np.hypot(rows, cols)
    images = np.array([(radius < 3.5) & (radius > hole) for hole in [1.5, -1] * (n // 2)], float)
    return -images + 0.05 * rng.random(images.shape), np.tile([1, 0], n // 2)


@pytest.mark.parametrize(
    "name", ["PersistenceImage", "Landscape", "Silhouette", "BettiCurve", "Entropy", "Atol"]
)
def test_gudhi_vectors_in_a_pipeline(name, rng):
    peer = pytest.importorskip("gudhi.representations")
    X, y = noisy_rings(rng)
    vectorizer = getattr(peer, name)()
    model = make_pipeline(
        PersistenceDiagrams(homology_dimensions=1), vectorizer, StandardScaler(), SVC()
    )
    assert model.fit(X[:16], y[:16]).score(X[16:], y[16:]) >= 0.75


def test_gudhi_selectors_and_kernels_in_a_pipeline(rng):
    peer = pytest.importorskip("gudhi.representations")
    X, y = noisy_rings(rng)
    model = make_pipeline(
        PersistenceDiagrams(essential="keep"),
        peer.DimensionSelector(index=1),
        peer.DiagramSelector(use=True),
        peer.SlicedWassersteinKernel(bandwidth=0.3),
        SVC(kernel="precomputed"),
    )
    assert model.fit(X[:16], y[:16]).score(X[16:], y[16:]) == 1


def test_persim_in_a_pipeline(rng):
    persim = pytest.importorskip("persim")
    X, y = noisy_rings(rng)
    imager = persim.PersistenceImager(
        birth_range=(-1.1, 0.1), pers_range=(0, 1.2), pixel_size=0.2, kernel_params={"sigma": 0.01}
    )
    flatten = FunctionTransformer(lambda images: np.array(images).reshape(len(images), -1))
    model = make_pipeline(
        PersistenceDiagrams(homology_dimensions=1),
        FunctionTransformer(imager.transform),
        flatten,
        LogisticRegression(C=1e3),
    )
    assert model.fit(X[:16], y[:16]).score(X[16:], y[16:]) == 1


# Bad input


@pytest.mark.parametrize(
    ("X", "parameters", "sentence"),
    [
        (np.full((2, 3, 3), np.nan), {}, "contains NaN"),
        (np.ones((2, 0, 3)), {}, "must not be empty"),
        ([np.ones((2, 2)), np.ones(3)], {}, "same number of axes"),
        ([[1.0, 2.0], 1.0], {}, "same number of axes"),
        (np.ones((2, 4)), {"homology_dimensions": ()}, "homology_dimensions must be different"),
        (np.ones((2, 4)), {"homology_dimensions": (0, 0)}, "homology_dimensions must be different"),
        (np.ones((2, 4)), {"homology_dimensions": -1}, "homology_dimensions must be different"),
        (np.ones((2, 4)), {"filtration": "cech"}, "'filtration' parameter"),
        (np.ones((2, 4)), {"filtration": "rips"}, r"X\[0\] must be a point cloud"),
        ([], {"filtration": "rips"}, "X must have at least one sample"),
    ],
)
def test_bad_input(X, parameters, sentence):
    with pytest.raises(ValueError, match=sentence):
        PersistenceDiagrams(**parameters).fit(X)


@pytest.mark.parametrize(
    "X", [3, None, {"a": 1}, "ab", (x for x in [np.ones((3, 2))])], ids=lambda X: type(X).__name__
)
@pytest.mark.parametrize("filtration", ["rips", "level_set"])
def test_what_is_no_list(X, filtration):
    with pytest.raises(TypeError, match="X must be a list or an array of samples, got "):
        PersistenceDiagrams(filtration).fit(X)


@pytest.mark.parametrize(
    ("X", "parameters", "error", "sentence"),
    [
        ([None, None], {}, TypeError, r"X\[0\] must be an array of real numbers"),
        (np.ones((1, 2, 2, 2, 2)), {}, ValueError, "at most 3 axes, got shape"),
        ([np.ones((2, 3)), np.ones((0, 3))], {}, ValueError, r"X\[1\] must not be empty"),
        ([np.ones((2, 3)), np.full((3, 3), np.nan)], {}, ValueError, r"X\[1\] must be finite"),
        (
            [np.ones((2, 3)), np.full((2, 3), np.nan)],
            {"filtration": "rips"},
            ValueError,
            r"X\[1\] must be finite, got nan",
        ),
    ],
)
def test_bad_samples(X, parameters, error, sentence):
    with pytest.raises(error, match=sentence):
        PersistenceDiagrams(**parameters).fit(X)


def test_the_sample_that_an_object_refuses_is_named():
    images = [np.ones((3, 3)), np.full((3, 3), np.nan)]
    with pytest.raises(ValueError, match=r"X\[1\]: values must be finite"):
        PersistenceDiagrams(LevelSet(2)).fit_transform(images)


def test_callables_return_diagrams(rng):
    images = rng.random((3, 4, 4))
    found = PersistenceDiagrams(lambda image: LevelSet(2)(image)).fit_transform(images)
    expected = PersistenceDiagrams().fit_transform(images)
    assert all(equal(a, b) for a, b in zip(found, expected, strict=True))
    with pytest.raises(TypeError, match=r"filtration must return a Diagram .* got int for X\[0\]"):
        PersistenceDiagrams(lambda image: 3).fit_transform(images)
    with pytest.raises(ValueError, match=r"filtration returns, \(0, 1\) for X\[0\], got \[2\]"):
        PersistenceDiagrams(lambda x: LevelSet(2)(x), homology_dimensions=2).fit_transform(images)


def test_containers_of_samples(rng):
    """Tensors with a graph, object arrays, Series and tuples are what they hold."""
    images = [rng.random((4, 5 + i)) for i in range(3)]
    expected = PersistenceDiagrams(homology_dimensions=0).fit_transform(images)
    as_objects = np.empty(3, dtype=object)
    as_objects[:] = images
    tensors = [torch.tensor(image, requires_grad=True) for image in images]
    for container in (tuple(images), as_objects, pd.Series(images), tensors):
        found = PersistenceDiagrams(homology_dimensions=0).fit_transform(container)
        assert equal(found, expected)
        clouds = PersistenceDiagrams("rips", homology_dimensions=0)
        same_width = [x.T[:, :4] for x in container]
        assert equal(
            clouds.fit_transform(same_width), clouds.fit_transform([x.T[:, :4] for x in images])
        )
    for X in (rng.random((4, 9)), rng.random((3, 4, 4))):
        live = torch.tensor(X, requires_grad=True)
        found = PersistenceDiagrams(homology_dimensions=0).fit_transform(live)
        assert equal(found, PersistenceDiagrams(homology_dimensions=0).fit_transform(X))


# Dimensions


def test_several_arrays_know_their_dimensions(rng):
    X = rng.random((2, 6, 6))
    sample = PersistenceDiagrams(homology_dimensions=(1, 0)).fit_transform(X)[0]
    assert isinstance(sample, list)
    assert sample.homology_dimensions == (1, 0)
    for copied in (copy.copy(sample), copy.deepcopy(sample), pickle.loads(pickle.dumps(sample))):
        assert copied.homology_dimensions == (1, 0)
        assert equal(copied, sample)
    assert sample.get_points(0) is sample[1]


@pytest.mark.parametrize(
    ("filtration", "dims"),
    [
        (rooms.VietorisRips(max_dim=1), 2),
        (rooms.VietorisRips(max_dim=2, homology_dimensions=(1,)), (0, 1)),
        (LevelSet(2, homology_dimensions=(0,)), (0, 1)),
    ],
)
@pytest.mark.parametrize("output", ["arrays", "diagrams"])
def test_dimensions_that_are_not_computed(filtration, dims, output, rng):
    model = PersistenceDiagrams(filtration, homology_dimensions=dims, output=output)
    for call in (model.fit, model.transform):
        with pytest.raises(ValueError, match="homology_dimensions must be among those that"):
            call([rng.random((6, 6))])
    with pytest.raises(ValueError, match="no higher homology is computed"):
        PersistenceDiagrams("rips", homology_dimensions=7).fit([rng.random((6, 6))])


@pytest.mark.parametrize("filtration", ["level_set", LevelSet(2)])
@pytest.mark.parametrize("dims", [2, (2, 0), (5,)])
def test_dimensions_that_grids_cannot_have(filtration, dims, rng):
    X = rng.random((2, 6, 6))
    model = PersistenceDiagrams(filtration, homology_dimensions=dims)
    for sample in model.fit_transform(X):
        first = sample if dims == 2 else sample[0]
        assert first.shape == (0, 2)
    diagram = model.set_params(output="diagrams").fit_transform(X)[0]
    wanted = (dims,) if dims == 2 else dims
    assert diagram.homology_dimensions == wanted
    assert diagram[wanted[0]].shape == (0, 2)
    assert diagram.pairs[wanted[0]].shape == (0, 2)


@pytest.mark.parametrize("essential", ["drop", "keep"])
@pytest.mark.parametrize("filtration", ["level_set", "rips", LevelSet(2)], ids=str)
def test_diagrams_hold_what_was_asked_for(filtration, essential, rng):
    X = rng.random((3, 6, 6))
    model = PersistenceDiagrams(filtration, homology_dimensions=(0,), essential=essential)
    arrays = model.fit_transform(X)
    for diagram, (points,) in zip(
        model.set_params(output="diagrams").fit_transform(X), arrays, strict=True
    ):
        assert diagram.homology_dimensions == (0,)
        np.testing.assert_array_equal(diagram[0], points)
        assert len(diagram.essential[0]) == (essential == "keep")
        assert len(diagram.pairs[0]) == len(points) - (essential == "keep")


def test_superlevel_is_heeded_or_refused(rng):
    X = rng.random((2, 6, 6))
    expected = PersistenceDiagrams(superlevel=True).fit_transform(X)
    down = LevelSet(2, superlevel=True)
    for model in (PersistenceDiagrams(down), PersistenceDiagrams(down, superlevel=True)):
        assert all(map(equal, model.fit_transform(X), expected))
    for filtration in (LevelSet(2), "rips", rooms.Alpha(), lambda x: x):
        model = PersistenceDiagrams(filtration, superlevel=True)
        for call in (model.fit, model.transform):
            with pytest.raises(ValueError, match="superlevel=True is for filtration='level_set'"):
                call(X)


# Pipelines


VECTORIZERS = [
    vectorize.PersistenceImage,
    vectorize.PersistenceLandscape,
    vectorize.Silhouette,
    vectorize.BettiCurve,
    vectorize.PersistenceEntropy,
    vectorize.TopKLengths,
    vectorize.Polynomial,
    SlicedWassersteinKernel,
]


@pytest.mark.parametrize("vectorizer", VECTORIZERS)
def test_our_own_pipeline(vectorizer, rng):
    """All dimensions go in, dim picks one; in training and in new data."""
    X = rng.random((6, 8, 8))
    for output in ("arrays", "diagrams"):
        diagrams = PersistenceDiagrams(homology_dimensions=(1, 0), output=output)
        for dim in (0, 1):
            model = make_pipeline(diagrams, vectorizer(dim=dim)).fit(X[:4])
            single = make_pipeline(PersistenceDiagrams(homology_dimensions=dim), vectorizer())
            single.fit(X[:4])
            np.testing.assert_array_equal(model.transform(X), single.transform(X))
        with pytest.raises(ValueError, match=r"dim must be one of the dimensions \(1, 0\)"):
            make_pipeline(diagrams, vectorizer(dim=2)).fit(X)


def test_set_output_of_a_pipeline(rng):
    X = rng.random((4, 6, 6))
    model = make_pipeline(PersistenceDiagrams(), PersistenceImage(dim=1, resolution=(2, 2)))
    expected = model.fit_transform(X)
    assert model.set_output(transform="pandas") is model
    frame = model.fit_transform(X)
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == model[-1].get_feature_names_out().tolist()
    np.testing.assert_array_equal(frame.to_numpy(), expected)
    lists = PersistenceDiagrams().set_output(transform="pandas").fit_transform(X)
    assert isinstance(lists, list)


@pytest.mark.parametrize("filtration", ["level_set", "rips", "alpha", LevelSet(2)], ids=str)
def test_n_jobs_reaches_the_workers(filtration, rng, monkeypatch):
    X = rng.random((6, 7, 3)) if filtration in ("rips", "alpha") else rng.random((6, 7, 7))
    one = PersistenceDiagrams(filtration, homology_dimensions=0).fit_transform(X)
    asked = []
    filtrations = [f"filtrations.{name}" for name in ("level_sets", "delaunay", "rips")]
    for name in ["persistence_diagrams", *filtrations]:
        room = importlib.import_module(f"skltopo.{name}")
        if hasattr(room, "run"):
            run = room.run
            monkeypatch.setattr(room, "run", lambda t, n, run=run: asked.append(n) or run(t, n))
    two = PersistenceDiagrams(filtration, homology_dimensions=0, n_jobs=2).fit_transform(X)
    assert equal(one, two)
    assert 2 in asked


@pytest.mark.parametrize("superlevel", [False, True])
def test_lines_of_different_lengths(superlevel, rng):
    X = [rng.random(9), rng.random(4).astype(np.float32).tolist(), torch.tensor(rng.random(6)), [1]]
    found = PersistenceDiagrams(superlevel=superlevel, essential="keep", n_jobs=2).fit_transform(X)
    for both, line in zip(found, X, strict=True):
        np.testing.assert_array_equal(both[0], LevelSet(1, superlevel=superlevel)(line)[0])
        assert both[1].shape == (0, 2)
    with pytest.raises(ValueError, match=r"X\[1\] must be finite"):
        PersistenceDiagrams().fit([[1.0, 2, 3], [1, np.nan]])


@pytest.mark.parametrize(
    "filtration", ["level_set", "weak_alpha", LevelSet(2), LevelSet(2).__call__]
)
def test_verbose_shows_a_bar_and_changes_nothing(filtration, rng, capsys):
    samples = rng.random((11, 6, 2))
    transformer = PersistenceDiagrams(filtration, homology_dimensions=(0, 1))
    expected = transformer.fit_transform(samples)
    assert capsys.readouterr().err == ""
    found = transformer.set_params(verbose=1).fit_transform(samples)
    assert "11/11" in capsys.readouterr().err
    for ours, theirs in zip(found, expected, strict=True):
        for dim in (0, 1):
            np.testing.assert_array_equal(ours[dim], theirs[dim])
    ragged = [rng.random((5, 5)), rng.random((6, 4))]
    if filtration == "level_set":
        assert len(transformer.fit_transform(ragged)) == 2
