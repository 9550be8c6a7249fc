import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_get_feature_names_out_error,
    check_global_output_transform_pandas,
    check_param_validation,
    check_set_output_transform,
    check_set_output_transform_pandas,
    check_transformer_get_feature_names_out,
    check_transformer_get_feature_names_out_pandas,
    estimator_checks_generator,
    parametrize_with_checks,
)

from skltopo import Energy, PersistenceFeatures, TopoDenoiser
from skltopo.features import directional_weights
from skltopo.filtrations import LevelSet

VARIANTS = [
    {},
    {"essential": "drop"},
    {"superlevel": False},
    {"i0": 2},
    {"i0": 4, "essential": "drop", "superlevel": False},
    {"filtration": "superlevel", "complex": "cubical"},
    {"filtration": "sublevel", "complex": "cubical_cells", "i0": 3},
    {"n_directions": 3, "homology_dimensions": (1,), "max_p": 2, "max_q": 1},
    {"homology_dimensions": (1, 0), "max_p": 0, "max_q": 0},
    {"min_length": 0},
    {"min_length": 0, "i0": 2},
    {"min_length": 0.5, "min_p": 1, "superlevel": False},
    {"min_length": 0.25, "min_p": 2, "max_p": 2, "i0": 3, "filtration": "sublevel"},
    {"min_length": 1e9, "essential": "drop", "max_q": 2},
]


def digit_like_images(rng, n=12, shape=(17, 13)):
    """Quantised blobs on a constant background, some of them touching the border."""
    rows, cols = np.indices(shape)
    images = np.zeros((n, *shape))
    for image in images:
        for row, col, size in zip(
            rng.uniform(0, shape[0], 4),
            rng.uniform(0, shape[1], 4),
            rng.uniform(1, 3, 4),
            strict=True,
        ):
            image += np.exp(-((rows - row) ** 2 + (cols - col) ** 2) / size**2)
    images = np.round(20 * images) / 20
    images[images < 0.3] = 0
    images[0] = 0
    images[1] = rng.random(shape)
    images[2] = 1 + rng.integers(0, 3, shape)
    return images


def slow_features(images, estimator):
    """Compute features by LevelSet, one function and one column at a time."""
    if estimator.filtration == "directional":
        weights = estimator.weights_
        superlevel = estimator.superlevel
    else:
        weights = np.ones((1, *images.shape[1:]))
        superlevel = estimator.filtration == "superlevel"
    filtration = LevelSet(images.ndim - 1, superlevel=superlevel, complex=estimator.complex)
    return np.array(
        [
            [
                (lengths**p * middles**q).sum()
                for weight in weights
                for function in [image * weight]
                for diagram in [filtration(function)]
                for dim in estimator._dims
                for lengths, middles in [counted(diagram[dim], function, estimator)]
                for p in range(estimator.min_p, estimator.max_p + 1)
                for q in range(estimator.max_q + 1)
            ]
            for image in images
        ]
    )


def counted(points, function, estimator):
    """Return lengths and middles of the points that count; essential ones come first."""
    points = points[estimator.i0 - 1 :].copy()
    essential = np.isinf(points[:, 1])
    points[essential, 1] = np.where(points[essential, 1] > 0, function.max(), function.min())
    kept = ~essential if estimator.essential == "drop" else np.ones(len(points), bool)
    lengths, middles = abs(points[:, 1] - points[:, 0]), points.mean(axis=1)
    kept &= lengths >= estimator.min_length_
    return lengths[kept], middles[kept]


@pytest.mark.parametrize("parameters", VARIANTS, ids=str)
def test_fused_kernel_is_level_sets_and_energies(parameters, rng):
    images = digit_like_images(rng)
    estimator = PersistenceFeatures(**parameters)
    found = estimator.fit_transform(images)
    np.testing.assert_allclose(found, slow_features(images, estimator), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("parameters", VARIANTS, ids=str)
def test_torch_module_computes_the_same_columns(parameters, rng):
    images = digit_like_images(rng)
    estimator = PersistenceFeatures(**parameters).fit(images)
    module = estimator.to_torch()
    assert isinstance(module, torch.nn.Module)
    for x in (images, images.reshape(len(images), -1)):
        found = module(torch.from_numpy(x)).numpy()
        np.testing.assert_allclose(found, estimator.transform(images), rtol=1e-10, atol=1e-10)


def test_torch_module_gradients(rng):
    images = rng.random((2, 5, 6))  # generic: no two products I * g are tied
    for min_length in ("auto", 0, 0.3):
        features = PersistenceFeatures(n_directions=4, max_p=2, max_q=2, min_length=min_length)
        x = torch.tensor(images, requires_grad=True)
        assert torch.autograd.gradcheck(features.fit(images).to_torch(), (x,))


def test_what_is_left_out_has_no_gradient():
    """One peak is 0.1 high, the other 1: the lower one moves nothing."""
    line = torch.tensor([[0, 1.0, 0, 0.1, 0]], requires_grad=True)
    images = np.asarray(line.detach())[:, None]
    gradients = []
    for min_length in (0, 0.05, 0.2):
        features = PersistenceFeatures("superlevel", max_p=1, max_q=0, min_length=min_length)
        energies = features.fit(images).to_torch()(line)
        np.testing.assert_allclose(energies.detach(), features.transform(images), atol=1e-15)
        line.grad = None
        energies.sum().backward()
        gradients.append(line.grad.ravel().tolist())
    assert gradients[0] == gradients[1]
    assert gradients[0][3] == 1
    assert gradients[2] == [-1, 1, 0, 0, 0]


def test_digits_have_400_named_columns(rng):
    images = rng.random((3, 28, 28))
    features = PersistenceFeatures().fit(images)
    names = features.get_feature_names_out()
    assert features.transform(images).shape == (3, 400)
    assert len(set(names)) == 400
    assert names[0] == "dir0_H0_p0_q0"
    assert names[3 * 50 + 25 + 2 * 5] == "dir3_H1_p2_q0"
    plain = PersistenceFeatures("superlevel").fit(images)
    assert plain.get_feature_names_out()[25] == "superlevel_H1_p0_q0"


# Noise -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("scale", [1e-6, 1, 1e6])
def test_default_min_length_is_a_part_of_the_range_of_the_images_in_fit(scale, rng):
    images = scale * (rng.random((5, 6, 7)) - 3)
    features = PersistenceFeatures(max_p=1, max_q=1).fit(images)
    assert features.min_length_ == pytest.approx(0.04 * (images.max() - images.min()))
    assert features.to_torch().min_length == features.min_length_
    alone = features.transform(images[:2] * 0.01)  # what was learnt stays
    assert features.min_length_ == pytest.approx(0.04 * (images.max() - images.min()))
    np.testing.assert_array_equal(features.transform(images[1:2] * 0.01), alone[1:])
    by_range = PersistenceFeatures(max_p=1, max_q=1, min_length=features.min_length_)
    np.testing.assert_array_equal(by_range.fit_transform(images), features.transform(images))
    assert PersistenceFeatures().fit(np.ones((2, 3, 3))).min_length_ == 0
    huge = np.array([[[-1.5e308, 1.5e308]]])
    assert PersistenceFeatures().fit(huge).min_length_ == pytest.approx(1.2e307)


def test_noise_moves_counts_only_without_min_length(rng):
    image = np.zeros((1, 12, 12))
    image[0, 2:10, 3:8] = 1
    image[0, 4:7, 5] = 0
    noisy = image + rng.normal(0, 0.005, image.shape)
    for min_length, alike in (("auto", True), (0.1, True), (0, False)):
        features = PersistenceFeatures("superlevel", min_length=min_length).fit(image)
        clean, moved = features.transform(image), features.transform(noisy)
        assert np.allclose(clean, moved, atol=0.1) == alike
        assert (clean[0, [0, 25]] == [1, 1]).all()  # a component and a hole


def test_min_p_leaves_out_columns(rng):
    images = rng.random((4, 7, 9))
    every = PersistenceFeatures(n_directions=2, max_p=3, max_q=1).fit(images)
    some = clone(every).set_params(min_p=2).fit(images)
    names = every.get_feature_names_out()
    kept = [int(name.split("_p")[1][0]) >= 2 for name in names]
    np.testing.assert_array_equal(some.get_feature_names_out(), names[kept])
    np.testing.assert_array_equal(some.transform(images), every.transform(images)[:, kept])
    found = some.to_torch()(torch.tensor(images))
    np.testing.assert_allclose(found, some.transform(images), atol=1e-12)


def test_volumes_have_a_min_length_too(rng):
    volumes = rng.random((2, 4, 5, 4))
    for parameters in ({}, {"min_length": 0.4, "min_p": 1}, {"min_length": 0}):
        estimator = PersistenceFeatures(n_directions=2, max_p=2, max_q=1, **parameters)
        found = estimator.fit_transform(volumes)
        np.testing.assert_allclose(found, slow_features(volumes, estimator), atol=1e-11)
        in_torch = estimator.to_torch()(torch.tensor(volumes))
        np.testing.assert_allclose(in_torch, found, atol=1e-11)


@pytest.mark.parametrize(
    ("parameters", "error", "sentence"),
    [
        ({"min_p": 5}, ValueError, "min_p must be at most max_p=4, got 5"),
        ({"min_p": -1}, ValueError, "'min_p' parameter"),
        ({"min_p": 17, "max_p": 17}, ValueError, r"'m.._p' parameter"),
        ({"min_length": -0.1}, ValueError, "'min_length' parameter"),
        ({"min_length": np.nan}, ValueError, "'min_length' parameter"),
        ({"min_length": np.inf}, ValueError, "'min_length' parameter"),
        ({"min_length": "range"}, ValueError, "'min_length' parameter"),
        ({"min_length": True}, TypeError, "min_length must be a number, got True"),
    ],
)
def test_bad_lengths_and_powers(parameters, error, sentence):
    with pytest.raises(error, match=sentence):
        PersistenceFeatures(**parameters).fit(np.ones((2, 3, 3)))


def test_powers_that_change_after_fit_are_refused_and_huge_ranks_are_taken(rng):
    images = rng.random((2, 4, 4))
    features = PersistenceFeatures(max_p=1, max_q=1).fit(images)
    for wrong in ({"max_p": 3}, {"max_q": 10**30}, {"min_p": 1}, {"max_p": 2**31}):
        with pytest.raises(ValueError, match=r"max_p and max_q must be those of fit.* fit again"):
            clone(features).fit(images).set_params(**wrong).transform(images)
    with pytest.raises(ValueError, match="must be from 0 to 16"):
        features.set_params(min_p=10**30, max_p=10**30 + 1).transform(images)
    far = PersistenceFeatures(i0=10**30, min_length=0)
    assert not far.fit_transform(images).any()


# Lines -------------------------------------------------------------------------------------------
def test_lines_have_two_directions_and_components(rng):
    rows = rng.random((3, 30))
    features = PersistenceFeatures(max_p=1, max_q=1).fit(rows)
    names = features.get_feature_names_out()
    assert [name for name in names if name.endswith("p1_q0")] == ["dir0_H0_p1_q0", "dir1_H0_p1_q0"]
    np.testing.assert_array_equal(features.directions_, [[0, 1], [0, -1]])
    np.testing.assert_allclose(features.weights_[0, 0], np.arange(30) / 29, atol=1e-12)
    found = features.transform(rows)
    assert found.shape == (3, 8)
    np.testing.assert_allclose(found, slow_features(rows[:, None], features), atol=1e-12)
    turned = features.transform(rows[:, ::-1])
    np.testing.assert_allclose(turned, np.roll(found, 4, axis=1), atol=1e-11)
    in_torch = features.to_torch()(torch.tensor(rows))
    np.testing.assert_allclose(in_torch, found, atol=1e-12)
    one = PersistenceFeatures(n_directions=1, max_p=1, max_q=1).fit_transform(rows)
    np.testing.assert_array_equal(one, found[:, :4])


@pytest.mark.parametrize("shape", [(5, 1, 8), (5, 8, 1), (5, 1, 8, 1)])
def test_narrow_images_are_lines(shape, rng):
    rows = rng.random((5, 8))
    found = PersistenceFeatures().fit_transform(rows.reshape(shape))
    np.testing.assert_allclose(found, PersistenceFeatures().fit_transform(rows), atol=1e-12)
    assert PersistenceFeatures().fit_transform(np.ones((2, 1, 1))).shape == (2, 50)


@pytest.mark.parametrize("dims", [1, (0, 1), [1]])
def test_holes_of_lines_are_refused(dims, rng):
    for X in (rng.random((3, 20)), rng.random((3, 1, 20))):
        with pytest.raises(ValueError, match=r"0 for functions on a line, .* image_shape\), got"):
            PersistenceFeatures(homology_dimensions=dims).fit(X)


@pytest.mark.parametrize("estimator", [PersistenceFeatures(), TopoDenoiser()], ids=str)
def test_forgotten_image_shape_is_hinted_at_once(estimator, rng):
    images = rng.random((3, 9, 9))
    rows = images.reshape(3, -1)
    sentence = r"image_shape=\(9, 9\), .* image_shape=\(1, 81\)"
    with pytest.warns(UserWarning, match=sentence) as found:
        estimator.fit(rows).transform(rows)
    assert len(found) == 1
    for shape in ((9, 9), (1, 81)):
        clone(estimator).set_params(image_shape=shape).fit(rows)
    estimator.fit(images)
    estimator.fit(rows[:, :80])
    estimator.fit(rows[:, :9])


def test_directions_are_row_and_column():
    weights, directions = directional_weights((3, 5), 8)
    np.testing.assert_array_equal(directions[0], [1, 0])
    np.testing.assert_array_equal(directions[2], [0, 1])
    np.testing.assert_allclose(weights[0], np.repeat([[0], [0.5], [1]], 5, axis=1))
    np.testing.assert_allclose(weights[2], np.repeat([[0, 0.25, 0.5, 0.75, 1]], 3, axis=0))
    np.testing.assert_allclose(weights[4], 1 - weights[0])
    for weight in weights:
        assert (weight.min(), weight.max()) == (0, 1)
    assert weights[1][0, 1] == weights[1][1, 0]  # exactly tied across the diagonal
    assert (directional_weights((1, 5), 4)[0][0] == 1).all()


def test_turning_the_image_turns_the_directions(rng):
    """Half a turn is a symmetry of the triangulation."""
    images = rng.random((4, 11, 11))
    features = PersistenceFeatures(n_directions=8).fit(images)
    turned = features.transform(images[:, ::-1, ::-1]).reshape(4, 8, -1)
    np.testing.assert_allclose(
        turned, np.roll(features.transform(images).reshape(4, 8, -1), 4, axis=1), atol=1e-10
    )


def test_flattened_rows_and_images_are_the_same(rng):
    images = rng.random((5, 6, 9))
    expected = PersistenceFeatures().fit_transform(images)
    rows = PersistenceFeatures(image_shape=(6, 9)).fit(images.reshape(5, -1))
    np.testing.assert_array_equal(rows.transform(images.reshape(5, -1)), expected)
    np.testing.assert_array_equal(rows.transform(images), expected)
    np.testing.assert_array_equal(rows.transform(images.tolist()), expected)
    assert rows.image_shape_ == (6, 9)
    assert rows.n_features_in_ == 54


def test_rows_are_functions_on_a_line(rng):
    rows = rng.random((6, 30))
    features = PersistenceFeatures(
        "sublevel", homology_dimensions=(0,), max_p=1, max_q=0, min_length=0
    )
    found = features.fit_transform(rows)
    assert features.image_shape_ == (1, 30)
    batch = LevelSet(1)(rows)
    expected = [Energy(p=p, essential="clip")(batch) for p in (0, 1)]
    np.testing.assert_allclose(found, np.transpose(expected))


@pytest.mark.parametrize("dtype", [np.float32, np.uint8, np.float16, ">f8"])
def test_dtypes(dtype, rng):
    images = rng.integers(0, 200, (4, 8, 8))
    expected = PersistenceFeatures(max_p=2, max_q=1).fit_transform(images.astype(float))
    found = PersistenceFeatures(max_p=2, max_q=1).fit_transform(images.astype(dtype))
    assert found.dtype == (np.float32 if dtype == np.float32 else np.float64)
    np.testing.assert_allclose(found, expected, rtol=1e-4)


@pytest.mark.parametrize("estimator", [PersistenceFeatures(), TopoDenoiser(2)])
@pytest.mark.parametrize("dtype", [np.float32, "float32", np.dtype(np.float64)])
def test_dtype_of_columns_can_be_chosen(estimator, dtype, rng):
    estimator = clone(estimator)
    for images in (rng.integers(0, 200, (4, 8, 8), dtype=np.uint8), rng.random((4, 8, 8))):
        expected = estimator.set_params(dtype=None).fit_transform(images.astype(dtype))
        found = estimator.set_params(dtype=dtype).fit_transform(images)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, expected)


def test_a_dtype_that_is_none_raises(rng):
    for dtype in ("int8", np.float16, 3, "abc"):
        with pytest.raises(ValueError, match="dtype must be float32, float64 or None, got"):
            PersistenceFeatures(dtype=dtype).fit(rng.random((2, 4, 4)))
    with pytest.raises(ValueError, match="infinity or a value too large for"):
        PersistenceFeatures(dtype=np.float32).fit(np.full((2, 4, 4), 1e300))


def test_n_jobs_and_verbose_change_nothing(rng, capsys):
    images = digit_like_images(rng, n=200)
    expected = PersistenceFeatures().fit_transform(images)
    for n_jobs in (2, -1):
        np.testing.assert_array_equal(
            PersistenceFeatures(n_jobs=n_jobs).fit_transform(images), expected
        )
    assert capsys.readouterr().err == ""
    np.testing.assert_array_equal(PersistenceFeatures(verbose=1).fit_transform(images), expected)
    assert "200/200" in capsys.readouterr().err


# scikit-learn

CHECKED = [
    PersistenceFeatures(),
    PersistenceFeatures("sublevel", essential="drop", max_p=2, max_q=1),
]


@parametrize_with_checks(CHECKED)
def test_sklearn_common_checks(estimator, check):
    check(estimator)


def test_common_checks_are_not_vacuous():
    names = {
        getattr(check, "func", check).__name__
        for _, check in estimator_checks_generator(PersistenceFeatures())
    }
    assert len(names) > 40
    assert {"check_transformer_general", "check_n_features_in_after_fitting"} <= names


# The pandas checks mix frames and arrays, which scikit-learn itself answers with a warning.
@pytest.mark.filterwarnings("ignore:X (has|does not have valid) feature names:UserWarning")
@pytest.mark.parametrize("estimator", CHECKED, ids=str)
@pytest.mark.parametrize(
    "check",
    [
        check_param_validation,
        check_set_output_transform,
        check_set_output_transform_pandas,
        check_global_output_transform_pandas,
        check_transformer_get_feature_names_out,
        check_transformer_get_feature_names_out_pandas,
        check_get_feature_names_out_error,
        check_dataframe_column_names_consistency,
    ],
)
def test_sklearn_checks_called_by_hand(check, estimator):
    check(type(estimator).__name__, clone(estimator))


def test_clone_pickle_and_set_output(rng):
    images = rng.random((4, 7, 8))
    features = PersistenceFeatures(n_directions=2).fit(images)
    expected = features.transform(images)
    np.testing.assert_array_equal(clone(features).fit_transform(images), expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(features)).transform(images), expected)
    frame = features.set_output(transform="pandas").transform(images)
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == features.get_feature_names_out().tolist()


def test_grid_search_in_two_processes(rng):
    rows, cols = np.indices((9, 9)) - 4
    radius = np.hypot(rows, cols)
    X = np.array([(radius < 3.5) & (radius > hole) for hole in [1.5, -1] * 15], dtype=float)
    X += 0.01 * rng.random(X.shape)
    y = np.tile([0, 1], 15)
    pipeline = make_pipeline(PersistenceFeatures(), StandardScaler(), LogisticRegression())
    search = GridSearchCV(
        pipeline, {"persistencefeatures__n_directions": [1, 2]}, cv=3, n_jobs=2
    ).fit(X, y)
    assert search.best_score_ == 1.0


@pytest.mark.parametrize(
    ("X", "parameters", "error", "sentence"),
    [
        (np.full((2, 3, 3), np.nan), {}, ValueError, "contains NaN"),
        (np.full((2, 9), np.inf), {}, ValueError, "infinity"),
        (np.ones((2, 3, 3, 3, 3)), {}, ValueError, r"shape \(n, height, .*got \(2, 3, 3, 3, 3\)"),
        (np.ones((2, 0, 3)), {}, ValueError, r"must not be empty, got shape \(2, 0, 3\)"),
        (np.ones((0, 3, 3)), {}, ValueError, "0 sample"),
        (np.ones((2, 10)), {"image_shape": (3, 3)}, ValueError, "9 columns .* got 10"),
        (
            np.ones((2, 4, 3)),
            {"image_shape": (3, 4)},
            ValueError,
            r"\(3, 4\), got images of \(4, 3\)",
        ),
        (np.ones((2, 9)), {"image_shape": (3, -3)}, ValueError, "two positive integers"),
        (np.ones((2, 9)), {"homology_dimensions": (2,)}, ValueError, "homology_dimensions must be"),
        (np.ones((2, 9)), {"homology_dimensions": ()}, ValueError, "homology_dimensions must be"),
        (np.ones((2, 9)), {"n_directions": 0}, ValueError, "'n_directions' parameter"),
        ([["a", "b"]], {}, TypeError, "must be an array of real numbers"),
        ([[1.0, 2.0], [1.0]], {}, ValueError, "inhomogeneous|sequence"),
    ],
)
def test_bad_input(X, parameters, error, sentence):
    with pytest.raises(error, match=sentence):
        PersistenceFeatures(**parameters).fit(X)


def test_images_of_another_shape_than_in_fit(rng):
    features = PersistenceFeatures().fit(rng.random((2, 4, 6)))
    with pytest.raises(ValueError, match=r"shape \(4, 6\) as in fit, got \(6, 4\)"):
        features.transform(rng.random((2, 6, 4)))


def test_features_do_not_import_torch():
    code = (
        "import sys, numpy as np; from skltopo import PersistenceFeatures;"
        "PersistenceFeatures().fit_transform(np.random.rand(2, 5, 5));"
        "assert 'torch' not in sys.modules and 'matplotlib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_ranks_beyond_all_points_leave_no_point(rng):
    X = rng.random((2, 6, 6))
    assert not PersistenceFeatures(i0=2**40).fit_transform(X).any()
    assert not PersistenceFeatures(i0=2**40).fit(X).to_torch()(torch.from_numpy(X)).any()
