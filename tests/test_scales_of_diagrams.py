"""Energies, distances and vectors of diagrams: any scale, points at infinity, sizes, and Ctrl-C."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from skltopo import Energy
from skltopo.distances import (
    bottleneck_distance,
    pairwise_diagram_distances,
    sliced_wasserstein_distance,
    wasserstein_distance,
)
from skltopo.energies import polynomial_energies
from skltopo.filtrations import LevelSet
from skltopo.kernels import SlicedWassersteinKernel
from skltopo.nn import DiagramVectors, LevelSetEnergies
from skltopo.vectorize import (
    BettiCurve,
    PersistenceEntropy,
    PersistenceImage,
    PersistenceLandscape,
    Polynomial,
    Silhouette,
    TopKLengths,
)

LINE = np.array([0.0, 4.0, 1.0, 3.0, 0.5, 2.0])
FIRST = np.array([[0.5, 4.0], [1.0, 3.0], [2.0, 2.5]])
SECOND = np.array([[0.0, 3.5], [1.0, 2.75]])
DISTANCES = [wasserstein_distance, bottleneck_distance, sliced_wasserstein_distance]
# Points whose coordinates are the same infinity.
FAR_DIAGONAL = np.array([[np.inf, np.inf], [-np.inf, -np.inf], [np.inf, np.inf]])


# energies ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("wrong", [np.zeros((4, 2)), None, [[0.0, 1.0]], "diagram"])
def test_what_is_no_diagram_is_refused(wrong):
    for call in (Energy(), lambda d: polynomial_energies(d, 0, 1, 1)):
        with pytest.raises(TypeError, match=r"diagram must be a Diagram .* see skltopo\.nn\.E"):
            call(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"p": np.nan},
        {"p": "1"},
        {"p": [1, 2]},
        {"p": 10**400},
        {"q": -0.5},
        {"q": 1j},
        {"weight": np.inf},
        {"weight": None},
        {"i0": 2**70},
        {"essential": None},
    ],
    ids=str,
)
def test_parameters_of_energies(wrong):
    with pytest.raises((ValueError, TypeError), match=f"{next(iter(wrong))} must"):
        Energy(**wrong)


@pytest.mark.parametrize("kind", [np.asarray, torch.tensor])
@pytest.mark.parametrize("essential", ["drop", "clip"])
def test_energies_of_any_scale(kind, essential):
    one = Energy(p=2, q=1, essential=essential)(LevelSet(1)(LINE))
    for scale, weight in ((1e120, 1e-300), (1e-90, 1.0), (1e90, 1.0)):
        energy = Energy(p=2, q=1, weight=weight, essential=essential)
        value = float(energy(LevelSet(1)(kind(LINE * scale))))
        assert value / scale * weight**-0.5 / scale * weight**-0.5 / scale == pytest.approx(one)
    with pytest.raises(ValueError, match=r"p=2 and q=1 is more than a number of dtype .*float64"):
        Energy(p=2, q=1, essential=essential)(LevelSet(1)(kind(LINE * 1e120)))


def test_scaled_energies_have_gradients_and_samples_of_their_own_scale():
    values = torch.tensor(np.stack([LINE * 1e200, LINE]), requires_grad=True)
    energies = Energy(p=2, weight=1e-200)(LevelSet(1)(values))
    expected = Energy(p=2)(LevelSet(1)(LINE))
    np.testing.assert_allclose(energies.detach().numpy(), [expected * 1e200, expected * 1e-200])
    energies[0].backward()
    other = torch.tensor(LINE, requires_grad=True)
    Energy(p=2)(LevelSet(1)(other)).backward()
    np.testing.assert_allclose(values.grad[0].numpy(), other.grad.numpy(), rtol=1e-12)
    with pytest.raises(ValueError, match="float32"):
        Energy(p=2)(LevelSet(1)(torch.tensor(LINE * 1e30, dtype=torch.float32)))


def test_roots_of_negative_middles_are_refused():
    for kind in (np.asarray, torch.tensor):
        with pytest.raises(ValueError, match="q must be an integer where the middle"):
            Energy(q=1.5)(LevelSet(1)(kind(LINE - 10)))


# distances ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("kind", [np.asarray, torch.tensor])
def test_distances_scale(distance, kind):
    one = distance(FIRST, SECOND)
    for scale in (1e-200, 1e-150, 1e150, 1e200):
        assert float(distance(kind(FIRST * scale), SECOND * scale)) / scale == pytest.approx(one)
    for p in (1, 2, 100):
        one = wasserstein_distance(FIRST, SECOND, p=p)
        for scale in (1e-180, 1e180):
            found = wasserstein_distance(kind(FIRST * scale), kind(SECOND * scale), p=p)
            assert float(found) / scale == pytest.approx(one)


def test_distances_that_overflow_are_refused():
    far = np.array([[-1.7e308, 1.7e308]] * 3)
    for distance in DISTANCES[::2]:
        with pytest.raises(ValueError, match="more than a float can hold"):
            distance(far, SECOND)
    for metric in ("wasserstein", "sliced_wasserstein"):
        with pytest.raises(ValueError, match="more than a float can hold"):
            pairwise_diagram_distances([far, SECOND], metric=metric)


@pytest.mark.parametrize("distance", DISTANCES)
def test_points_on_the_diagonal_at_infinity_cost_nothing(distance):
    assert distance(FAR_DIAGONAL, []) == distance([], FAR_DIAGONAL) == 0
    both = np.concatenate([FAR_DIAGONAL[:1], FIRST, FAR_DIAGONAL, [[1.0, np.inf]]])
    with_class = np.concatenate([SECOND, [[1.5, np.inf]]])
    expected = distance(np.concatenate([FIRST, [[1.0, np.inf]]]), with_class)
    assert distance(both, with_class) == pytest.approx(expected)
    tensor = torch.tensor(both, requires_grad=True)
    distance(tensor, with_class).backward()
    assert torch.isfinite(tensor.grad).all()
    assert not tensor.grad[0].any()
    metric = distance.__name__.removesuffix("_distance")
    table = pairwise_diagram_distances([both, with_class], metric=metric)
    assert table[0, 1] == pytest.approx(expected)


def test_points_on_the_diagonal_at_infinity_are_matched_to_it():
    found = wasserstein_distance(np.concatenate([FAR_DIAGONAL, FIRST]), FIRST, return_matching=True)
    assert found[0] == 0
    np.testing.assert_array_equal(found[1].diagonal1, [0, 1, 2])


# vectors -----------------------------------------------------------------------------------------
VECTORIZERS = [
    PersistenceImage(),
    PersistenceImage(pixels="points", weight_power=0.5),
    PersistenceLandscape(),
    PersistenceLandscape(n_layers=30),
    Silhouette(weight_power=3),
    BettiCurve(),
    PersistenceEntropy(),
    TopKLengths(k=2),
    Polynomial(max_p=1, max_q=0, i0=2),
    SlicedWassersteinKernel(),
]


@pytest.mark.parametrize("vectorizer", VECTORIZERS, ids=repr)
def test_points_on_the_diagonal_at_infinity_change_no_vector(vectorizer):
    expected = vectorizer.fit_transform([FIRST, SECOND])
    found = vectorizer.fit_transform([np.concatenate([FAR_DIAGONAL, FIRST]), SECOND])
    np.testing.assert_allclose(found, expected)


# How vectors of diagrams times c are multiplied.
DEGREES = [
    (VECTORIZERS[i], degree) for i, degree in ((0, 1), (2, 1), (3, 1), (4, 1), (5, 0), (6, 0))
]


@pytest.mark.parametrize(("vectorizer", "degree"), DEGREES)
@pytest.mark.parametrize("scale", [1e-200, 1e-150, 1e150, 1e200])
def test_vectors_scale(vectorizer, degree, scale):
    expected = vectorizer.fit_transform([FIRST, SECOND])
    scaled = [FIRST * scale, SECOND * scale]
    np.testing.assert_allclose(vectorizer.fit_transform(scaled) / scale**degree, expected, 1e-9)
    found = vectorizer.to_torch()([torch.tensor(points) for points in scaled])
    np.testing.assert_allclose(found.numpy() / scale**degree, expected, 1e-9, 1e-12)


def test_vectors_that_overflow_are_refused():
    far = [FIRST * 1e150, SECOND * 1e150]
    for vectorizer in (PersistenceImage(weight_power=4), Polynomial()):
        with pytest.raises(ValueError, match=r"more than a .* can hold|overflow"):
            vectorizer.fit_transform(far)
        with pytest.raises(ValueError, match=r"more than a .* can hold|overflow"):
            vectorizer.fit([FIRST]).to_torch()([torch.tensor(points) for points in far])
    with pytest.raises(ValueError, match="sample_range must be wider"):
        BettiCurve(sample_range=(-1e301, 1e301)).fit([FIRST])
    assert np.isfinite(
        SlicedWassersteinKernel(bandwidth=1e-200).fit_transform([FIRST, SECOND])
    ).all()


@pytest.mark.parametrize("n", [10**11, 10**25])
def test_vectors_that_do_not_fit_are_refused_before_memory_is_taken(n):
    for vectorizer in (
        PersistenceImage(resolution=(n, 3)),
        PersistenceLandscape(n_layers=n),
        PersistenceLandscape(resolution=n),
        Silhouette(resolution=n),
        BettiCurve(resolution=n),
        TopKLengths(k=n),
    ):
        with pytest.raises(ValueError, match=r"(in the range|at most) .*16777216"):
            vectorizer.fit([FIRST])
    for call in (
        lambda: sliced_wasserstein_distance(FIRST, SECOND, n_directions=n),
        lambda: SlicedWassersteinKernel(n_directions=n).fit_transform([FIRST, SECOND]),
    ):
        with pytest.raises((MemoryError, ValueError), match="n_directions"):
            call()


def test_n_jobs_and_masks_of_vectorizers():
    for n_jobs in (0, True, "2", 1.5):
        for call in (
            lambda n=n_jobs: TopKLengths(n_jobs=n).fit([FIRST]),
            lambda n=n_jobs: pairwise_diagram_distances([FIRST], n_jobs=n),
        ):
            with pytest.raises((ValueError, TypeError), match="n_jobs"):
                call()
    masked = np.ma.masked_equal(FIRST, 3)
    for call in (
        lambda: TopKLengths().fit([SECOND, masked]),
        lambda: TopKLengths().fit([SECOND]).transform([masked]),
        lambda: wasserstein_distance(masked, SECOND),
        lambda: pairwise_diagram_distances([masked]),
    ):
        with pytest.raises(ValueError, match="mask"):
            call()


def test_large_diagrams_are_cut_into_parts(monkeypatch, rng):
    points = rng.random((50, 2))
    points = [
        np.sort(part, axis=1) for part in (points[:23], points[:0], points[23:27], points[27:])
    ]
    transformers = [PersistenceImage(resolution=(4, 3)), Silhouette(resolution=7)]
    expected = [transformer.fit_transform(points) for transformer in transformers]
    monkeypatch.setattr("skltopo.summaries.CHUNK_POINTS", 8)
    for transformer, rows in zip(transformers, expected, strict=True):
        np.testing.assert_allclose(transformer.transform(points), rows, rtol=1e-12)
        found = transformer.to_torch()([torch.tensor(part) for part in points])
        np.testing.assert_allclose(found.numpy(), rows, rtol=1e-12, atol=1e-15)


# modules -----------------------------------------------------------------------------------------
def test_modules_check_what_they_are_given():
    options = {"homology_dimensions": (0,), "superlevel": True, "complex": "freudenthal"}
    options |= {"max_p": 1, "max_q": 1, "i0": 1, "essential": "drop"}
    weights = np.ones((1, 3, 3))
    for wrong in ({"max_p": -1}, {"max_q": 1.5}, {"i0": 0}, {"essential": "keep"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            LevelSetEnergies(weights, **options | wrong)
    for wrong in (np.full((1, 3, 3), np.nan), np.ones((3, 3)), np.ones((1, 0, 3))):
        with pytest.raises(ValueError, match="weights must"):
            LevelSetEnergies(wrong, **options)
    module = LevelSetEnergies(weights, **options)
    for wrong in (torch.ones(2, 4), torch.ones(2, 3, 4), torch.ones(9)):
        with pytest.raises(ValueError, match="images must have shape"):
            module(wrong)
    with pytest.raises(TypeError, match=r"images must be a torch\.Tensor"):
        module(np.ones((1, 3, 3)))
    with pytest.raises(TypeError, match="function must be callable"):
        DiagramVectors(3)


# Ctrl-C ------------------------------------------------------------------------------------------
LONG = {
    "clusters": "Clusters(50).prox(v, 0.5)",
    "maxima": "Maxima(20).prox(v, 1e9)",
    "fit": "TopologicalRegression('l1', tol=0, lam=1e-3).fit(X, y)",
    "least squares": "TopologicalRegression(lam=0).fit(X, y)",
    "landscape": "PersistenceLandscape(n_layers=40).fit_transform([v.reshape(-1, 2)])",
    "silhouette": "Silhouette(resolution=3000).fit_transform([v.reshape(-1, 2)])",
    "image": "PersistenceImage(resolution=(90, 90)).fit_transform([v.reshape(-1, 2)])",
}


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("name", LONG)
def test_ctrl_c_stops_a_long_call(name):
    code = (
        "import signal; import numpy as np; from skltopo import *\n"
        "from skltopo.penalties import *; from skltopo.vectorize import *\n"
        # A test run in the background of a shell has been told to ignore Ctrl-C.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "v = np.random.default_rng(0).standard_normal(2_000_000)\n"
        "X, y = v[:1_800_000].reshape(1500, 1200), v[:1500]\n"
        "print('go', flush=True)\n"
        f"while True: {LONG[name]}"
    )
    child = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    child.stdout.readline()
    time.sleep(0.5)
    os.kill(child.pid, signal.SIGINT)
    _, error = child.communicate(timeout=60)
    assert "KeyboardInterrupt" in error
