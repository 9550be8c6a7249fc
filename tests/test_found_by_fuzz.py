"""What random calls have found, one test for each kind of fault."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import Ridge

from skltopo import PersistenceFeatures, nn
from skltopo.attacks import AttackResult, gradient_attack
from skltopo.diagrams import to_arrays
from skltopo.distances import wasserstein_distance
from skltopo.filtrations import LevelSet, VietorisRips, WeakAlpha
from skltopo.generative import PersistenceDiscriminator, topological_guidance
from skltopo.kernels import SlicedWassersteinKernel
from skltopo.metrics import coverage, minimum_matching_distance
from skltopo.summaries import landscapes, silhouettes
from skltopo.vectorize import BettiCurve


def test_squared_lengths_beyond_single_precision_are_refused(rng):
    points = 1e30 * rng.random((6, 2))
    squared = VietorisRips(metric="sqeuclidean")
    assert np.isfinite(squared(points).finite(0)).all()
    for given in (points.astype(">f4"), points.astype("f4"), torch.from_numpy(points).float()):
        with pytest.raises(ValueError, match=r"overflow (torch\.)?.*float32; scale the points"):
            squared(given)


def test_weights_of_silhouettes_beyond_half_precision():
    points = torch.tensor([[2.0, 60000.0], [2.0, 2.0], [5.0, 7.0]], dtype=torch.float16)
    splits = np.array([0, 2, 3, 3])
    grid = np.array([6.0, 1000.0])
    found = silhouettes(points, splits, grid, 2)
    assert found.dtype == torch.float16
    np.testing.assert_allclose(found, [[4, 998], [1, 0], [0, 0]], rtol=1e-3)


def test_lengths_that_overflow_are_long():
    diagram = LevelSet(1)(np.float32([-3e38, 3e38, -2e38]))
    assert len(diagram.finite(0)) == 1
    assert len(diagram.select((0,), min_length=0.1).finite(0)) == 1


def test_tensors_of_unsigned_integers_in_one_list(rng):
    points = rng.integers(0, 50, (7, 2))
    clouds = [torch.tensor(points, dtype=dtype) for dtype in (torch.uint64, torch.int32)]
    first, second = WeakAlpha()(clouds)
    alone = WeakAlpha()(points)
    for found in (first, second):
        np.testing.assert_array_equal(found[0], alone[0])


def test_a_huge_delay_of_a_point_with_one_value(rng):
    series = torch.from_numpy(rng.random((2, 5)))
    clouds = nn.DelayClouds(1, 2**62, 1)(series)
    assert torch.equal(clouds[..., 0], series)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda x: x.to_sparse(), "dense tensor, got layout"),
        (lambda x: x.to("meta"), "'meta'"),
        (lambda x: torch.quantize_per_tensor(x, 0.1, 0, torch.quint8), "quint8"),
    ],
    ids=["sparse", "meta", "quantized"],
)
@pytest.mark.filterwarnings("ignore:.*quantized tensor creation:UserWarning")
def test_tensors_that_modules_of_fitted_steps_can_not_read(wrong, sentence, rng):
    module = nn.to_torch(Ridge().fit(rng.random((9, 3)), rng.random(9)))
    with pytest.raises(TypeError, match=sentence):
        module(wrong(torch.ones(2, 3)))


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_a_list_of_matrices_of_numpy():
    matrix = np.matrix([[0.0, 1.0], [1.0, 0.0]])  # np.stack of which corrupts memory
    batch = VietorisRips(metric="precomputed")([matrix, matrix])
    assert [diagram.finite(0).tolist() for diagram in batch] == [[[0.0, 1.0]]] * 2


def test_steps_of_an_attack_take_no_memory():
    module = torch.nn.Linear(1, 2, bias=False).double()
    module.weight.data = torch.tensor([[1.0], [-1.0]]).double()
    found = gradient_attack(
        module, [[0.15]], [1], eps=1.0, step_size=0.1, n_steps=10**18, bounds=None
    )
    np.testing.assert_allclose(found.X, [[-0.05]])


def test_landscapes_of_births_and_deaths_whose_sum_is_beyond_half_precision():
    points = torch.tensor([[65000.0, 65504.0], [65504.0, 65504.0]], dtype=torch.float16)
    found = landscapes(points, np.array([0, 2]), np.array([0.0, 65252.0]), 1)
    assert found.dtype == torch.float16
    np.testing.assert_allclose(found, [[0, 252]], rtol=1e-3)


def test_powers_of_eight_bits_count_columns(rng):
    features = PersistenceFeatures(homology_dimensions=(0, 1, 2), min_p=np.uint8(1))
    volumes = rng.random((2, 2, 3, 2))
    rows = features.fit_transform(volumes)
    np.testing.assert_allclose(features.to_torch()(torch.from_numpy(volumes)), rows)


@pytest.mark.parametrize("form", [pd.DataFrame, memoryview], ids=["frame", "memoryview"])
def test_rows_of_frames_are_samples(form, rng):
    first, second = rng.random((4, 3)), rng.random((5, 3))

    def between(a, b):
        return float(abs(np.asarray(a) - np.asarray(b)).sum())

    for measure in (minimum_matching_distance, coverage):
        expected = measure(first, second, between)
        assert measure(form(first), form(second), between) == expected
        assert measure(form(first), second, "cityblock") == pytest.approx(expected)
    with pytest.raises(ValueError, match="reference must be diagrams"):
        coverage(form(first), form(second), "wasserstein")


def test_hidden_units_that_no_memory_holds():
    for n_hidden in (2**31 - 1, 2**62):
        with pytest.raises(MemoryError, match=f"a layer of {n_hidden} units"):
            PersistenceDiscriminator(n_hidden=n_hidden)


def test_an_attack_of_no_rows_has_a_representation():
    none = AttackResult(np.zeros((0, 2)), np.zeros(0, bool), np.zeros(0, int), np.zeros(0))
    assert repr(none) == "AttackResult(0 of 0 succeeded, distance <= 0)"


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16], ids=str)
def test_diagrams_of_tensors_with_a_graph_become_arrays(dtype, rng):
    points = torch.tensor([[0.0, 1.0], [0.5, 2.0]], dtype=dtype, requires_grad=True)
    arrays = to_arrays([points, points[:1]])
    np.testing.assert_array_equal(arrays["points"], [[0, 1], [0.5, 2], [0, 1]])
    assert arrays["points"].dtype == (np.float64 if dtype == torch.float64 else np.float32)
    images = torch.tensor(rng.random((2, 5, 5)), dtype=dtype, requires_grad=True)
    stored = to_arrays(LevelSet(2)(images))
    np.testing.assert_array_equal(
        stored["H0_births"], images.detach().amin(dim=(1, 2)).double().numpy()
    )


@pytest.mark.parametrize("none", [np.empty((0, 2, 1)), np.empty((0, 5, 2))], ids=["2,1", "5,2"])
def test_a_sample_without_any_dimension_is_refused(none):
    for vectorizer in (SlicedWassersteinKernel(dim=None), BettiCurve(dim=None)):
        with pytest.raises(ValueError, match="must have a homology dimension"):
            vectorizer.fit([np.zeros((1, 2)), none])
    with pytest.raises(ValueError, match="must have a homology dimension"):
        wasserstein_distance(none, none, dim=None)


@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.complex64], ids=str)
def test_guidance_of_what_has_no_gradient_is_refused(dtype):
    images = torch.ones(2, 3, 3, dtype=dtype)
    with pytest.raises(TypeError, match="denoised must be of a floating point dtype"):
        topological_guidance(images, lambda x: x.sum())
    with pytest.raises(TypeError, match="wrt must be of a floating point dtype"):
        topological_guidance(torch.ones(2, 3, 3), lambda x: x.sum(), wrt=images)
