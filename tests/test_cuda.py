"""Tensors on a GPU: the same diagrams, distances, columns and gradients as on the CPU, and there.

Kernels pair on the CPU; the gather and everything after it stay on the device of the tensor.
SKLTOPO_TEST_DEVICE names another device than the first CUDA one.
"""

import os

import numpy as np
import pytest
import torch

from skltopo import Energy, PersistenceFeatures, nn
from skltopo.diagrams import DiagramBatch
from skltopo.distances import (
    bottleneck_distance,
    sliced_wasserstein_distance,
    wasserstein_distance,
)
from skltopo.filtrations import Alpha, LevelSet, SimplicialComplex, VietorisRips, WeakAlpha
from skltopo.vectorize import (
    PersistenceEntropy,
    PersistenceImage,
    PersistenceLandscape,
    Polynomial,
    Silhouette,
    TopKLengths,
)

DEVICE = torch.device(os.environ.get("SKLTOPO_TEST_DEVICE", "cuda"))
pytestmark = pytest.mark.skipif(
    DEVICE.type == "cuda" and not torch.cuda.is_available(), reason="needs a CUDA device"
)

CIRCLE = [[i, (i + 1) % 12] for i in range(12)]
FILTRATIONS = {
    "line": (LevelSet(1), (3, 40)),
    "image": (LevelSet(2, superlevel=True), (2, 9, 8)),
    "volume": (LevelSet(3), (6, 7, 5)),
    "cubes": (LevelSet(3, complex="cubical_cells"), (2, 5, 4, 6)),
    "complex": (SimplicialComplex(CIRCLE), (4, 12)),
    "weak alpha": (WeakAlpha(), (30, 2)),
    "weak alpha in space": (WeakAlpha(max_dim=2), (30, 3)),
    "alpha": (Alpha(), (30, 2)),
    "rips": (VietorisRips(max_dim=2), (25, 3)),
    "rips of a batch": (VietorisRips(), (3, 20, 2)),
}


def pair_of_tensors(values, dtype=torch.float64):
    """Return a leaf on the CPU and the same on the device."""
    return [
        torch.tensor(values, dtype=dtype, device=device, requires_grad=True)
        for device in ("cpu", DEVICE)
    ]


def assert_same(expected, found, rtol=1e-12):
    assert found.device.type == DEVICE.type
    torch.testing.assert_close(found.detach().cpu(), expected.detach(), rtol=rtol, atol=1e-12)


def assert_same_gradient(function, values, rtol=1e-10):
    """Compare function of a tensor, and the gradient of its sum, on both devices."""
    here, there = pair_of_tensors(values)
    expected, found = function(here), function(there)
    assert_same(expected, found)
    expected.sum().backward()
    found.sum().backward()
    assert here.grad.abs().max() > 0
    assert_same(here.grad, there.grad, rtol)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", FILTRATIONS)
def test_diagrams_are_those_of_the_cpu(name, dtype, rng):
    filtration, shape = FILTRATIONS[name]
    here, there = pair_of_tensors(rng.random(shape), dtype)
    expected, found = filtration(here), filtration(there)
    is_batch = isinstance(expected, DiagramBatch)
    for a, b in zip(expected, found, strict=True) if is_batch else [(expected, found)]:
        for dim in a.pairs:
            np.testing.assert_array_equal(a.pairs[dim], b.pairs[dim])
            np.testing.assert_array_equal(a.essential[dim], b.essential[dim])
            assert_same(a[dim], b[dim], 1e-6 if dtype == torch.float32 else 1e-12)


@pytest.mark.parametrize("essential", ["drop", "clip"])
@pytest.mark.parametrize("name", FILTRATIONS)
def test_energies_and_gradients_are_those_of_the_cpu(name, essential, rng):
    filtration, shape = FILTRATIONS[name]
    energy = Energy(dim=0, p=2, q=1, essential=essential)
    assert_same_gradient(lambda values: energy(filtration(values)), rng.random(shape))


@pytest.mark.parametrize(
    "distance", [wasserstein_distance, bottleneck_distance, sliced_wasserstein_distance]
)
def test_distances_stay_on_the_device(distance, rng):
    first, second = (np.sort(rng.random((n, 2)), axis=1) for n in (12, 9))

    def of_tensor(points):
        return distance(points, torch.tensor(second, device=points.device))

    assert_same_gradient(of_tensor, first)


@pytest.mark.parametrize(
    "vectorizer",
    [
        PersistenceImage(resolution=(6, 5)),
        # Of a learnt range, the first sample is a birth, where a landscape has no derivative.
        PersistenceLandscape(resolution=20, sample_range=(0.0123, 0.987)),
        Silhouette(resolution=20, sample_range=(0.0123, 0.987)),
        PersistenceEntropy(),
        TopKLengths(k=3),
        Polynomial(),
    ],
    ids=lambda vectorizer: type(vectorizer).__name__,
)
def test_columns_stay_on_the_device(vectorizer, rng):
    points = np.sort(rng.random((15, 2)), axis=1)
    module = vectorizer.fit([points]).to_torch()
    assert_same_gradient(lambda tensor: module([tensor]), points)


def test_features_stay_on_the_device(rng):
    images = rng.random((3, 8, 7))
    module = PersistenceFeatures().fit(images).to_torch()
    assert_same_gradient(module, images, rtol=1e-8)


CLOUDS = [VietorisRips(), WeakAlpha(), Alpha()]


@pytest.mark.parametrize("filtration", [LevelSet(2, superlevel=True), *CLOUDS])
def test_losses_are_those_of_the_cpu(filtration, rng):
    values = rng.random((3, 9, 8) if isinstance(filtration, LevelSet) else (3, 12, 2))
    for loss in (
        nn.EnergyLoss([Energy(i0=2), Energy(dim=1, p=2, q=1)], filtration),
        nn.BettiPriorLoss({0: 2, 1: 1}, filtration),
        nn.BettiPriorLoss({0: 2, 1: 1}, filtration, level=0.5, margin=0.2),
    ):
        assert_same_gradient(loss, values)
        here, there = pair_of_tensors(values)
        assert_same(torch.func.grad(loss)(here.detach()), torch.func.grad(loss)(there.detach()))
