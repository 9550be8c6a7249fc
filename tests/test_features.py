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

from skltopo import Energy, PersistenceFeatures
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
    """Compute features by LevelSet and Energy, one column at a time."""
    if estimator.filtration == "directional":
        weights, _ = directional_weights(images.shape[1:], estimator.n_directions)
        superlevel = estimator.superlevel
    else:
        weights = np.ones((1, *images.shape[1:]))
        superlevel = estimator.filtration == "superlevel"
    filtration = LevelSet(2, superlevel=superlevel, complex=estimator.complex)
    return np.column_stack(
        [
            Energy(dim=dim, p=p, q=q, i0=estimator.i0, essential=estimator.essential)(batch)
            for weight in weights
            for batch in [filtration(images * weight)]
            for dim in estimator.homology_dimensions
            for p in range(estimator.max_p + 1)
            for q in range(estimator.max_q + 1)
        ]
    )


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
    module = PersistenceFeatures(n_directions=4, max_p=2, max_q=2).fit(images).to_torch()
    x = torch.tensor(images, requires_grad=True)
    assert torch.autograd.gradcheck(module, (x,))


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
    features = PersistenceFeatures("sublevel", homology_dimensions=(0,), max_p=1, max_q=0)
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
