"""Diagrams are values: they are copied, compared, pickled and hashed, and keep nothing else."""

import copy
import gc
import pickle
import weakref

import joblib
import numpy as np
import pytest
import torch

from skltopo import Energy
from skltopo.filtrations import Alpha, LevelSet, SimplicialComplex, VietorisRips, WeakAlpha

PATH = SimplicialComplex([[i, i + 1] for i in range(29)])
CALLS = {
    "line": (LevelSet(1), (40,)),
    "image": (LevelSet(2, superlevel=True), (9, 11)),
    "volume": (LevelSet(3), (5, 6, 7)),
    "complex": (PATH, (30,)),
    "weak alpha": (WeakAlpha(), (25, 2)),
    "alpha": (Alpha(2), (25, 3)),
    "rips": (VietorisRips(1), (25, 3)),
    "rips plane": (VietorisRips(1, max_edge=0.4), (300, 2)),
}


def numbers(diagram):
    """Return all numbers of a diagram or a batch."""
    batch = diagram if hasattr(diagram, "points") else diagram.as_batch()
    arrays = [
        getattr(points, name)
        for points in batch.points.values()
        for name in ("finite", "pairs", "splits", "births", "essential", "essential_splits")
    ]
    return [torch.as_tensor(array).detach() for array in [*arrays, batch.last()]]


def assert_same(one, other):
    for a, b in zip(numbers(one), numbers(other), strict=True):
        assert a.dtype == b.dtype
        assert torch.equal(a, b)


@pytest.fixture(params=[np.float64, np.float32, torch.float32, torch.bfloat16], ids=str)
def as_kind(request):
    def convert(values):
        if isinstance(request.param, torch.dtype):
            return torch.tensor(values, dtype=request.param, requires_grad=True)
        return values.astype(request.param)

    return convert


@pytest.mark.parametrize("name", CALLS)
def test_pickles_copies_and_hashes(name, rng, as_kind):
    filtration, shape = CALLS[name]
    values = as_kind(rng.random((3, *shape)))
    batch = filtration(values)
    for item in (batch, batch[1], batch[-1], batch[1:], filtration(values[0])):
        again = pickle.loads(pickle.dumps(item))
        assert type(again) is type(item)
        for other in (again, copy.copy(item), copy.deepcopy(item)):
            assert other == item
            assert hash(other) == hash(item)
            assert_same(other, item)
            assert joblib.hash(other) == joblib.hash(item)
    assert batch[0] == filtration(values[0])
    assert batch[0] != batch[1]
    assert batch != batch[0]
    assert batch[0] != "a diagram"
    assert joblib.hash(batch[0]) == joblib.hash(filtration(values[0]))
    assert joblib.hash(batch[0]) != joblib.hash(batch[1])


def test_points_are_values(rng):
    points = LevelSet(2)(rng.random((3, 6, 6))).get_points(1)
    again = pickle.loads(pickle.dumps(points))
    assert again == points == copy.deepcopy(points) == copy.copy(points)
    assert again != points.sample(0, 2)
    assert points != 3
    assert len({points, again}) == 1
    again.finite[0] += 1
    assert again != points


def test_cached_by_joblib(rng, tmp_path):
    calls = []

    def total(diagram):
        calls.append(1)
        return float(diagram.finite(0).sum())

    memory = joblib.Memory(tmp_path, verbose=0)
    cached, image = memory.cache(total), rng.random((7, 7))
    assert cached(LevelSet(2)(image)) == cached(LevelSet(2)(image.copy()))
    assert len(calls) == 1
    assert memory.cache(LevelSet(2))(image) == LevelSet(2)(image)


def test_gradients_of_copies_and_of_pickles(rng):
    image = torch.tensor(rng.random((6, 6)), requires_grad=True)
    diagram = LevelSet(2)(image)
    gradients = []
    for one in (diagram, copy.copy(diagram), copy.deepcopy(diagram), LevelSet(2)(image[None])[0]):
        (gradient,) = torch.autograd.grad(
            Energy(dim=0, essential="clip")(one), image, retain_graph=True
        )
        gradients.append(gradient)
        assert torch.equal(gradient, gradients[0])
    assert not pickle.loads(pickle.dumps(diagram)).finite(0).requires_grad


@pytest.mark.parametrize("kind", ["array", "tensor"])
@pytest.mark.parametrize("name", CALLS)
def test_a_later_change_of_the_data_changes_nothing(name, kind, rng):
    filtration, shape = CALLS[name]
    values = rng.random((2, *shape))
    values = torch.tensor(values, requires_grad=True) if kind == "tensor" else values
    energy = Energy(dim=0, essential="clip")
    diagrams = [filtration(values), filtration(values)[1], filtration(values[0])]
    now = [energy(filtration(values)), energy(filtration(values)[1]), energy(filtration(values[0]))]
    with torch.no_grad():
        values *= -3
    for diagram, expected in zip(diagrams, now, strict=True):
        np.testing.assert_array_equal(
            torch.as_tensor(energy(diagram)).detach(), torch.as_tensor(expected).detach()
        )


def test_a_matrix_of_distances_may_change(rng):
    x = rng.random((12, 2))
    distances = np.linalg.norm(x[:, None] - x, axis=2)
    distances = (distances + distances.T) / 2
    for max_edge in (np.inf, 0.3, 0.0):
        expected = VietorisRips(1, max_edge=max_edge)(x.copy()).as_batch().last()
        given = distances.copy()
        rips = VietorisRips(1, max_edge=max_edge, metric="precomputed")
        batch = rips(given[None])
        given *= 5
        np.testing.assert_allclose(batch.last(), expected, rtol=1e-12)
        np.testing.assert_allclose(batch[0].as_batch().last(), expected, rtol=1e-12)


def test_parameters_may_change_after_the_call(rng):
    points = rng.random((20, 3))
    rips = VietorisRips(0, max_edge=0.5)
    diagram = rips(points)
    rips.set_params(max_edge=np.inf)
    assert diagram.as_batch().last() <= 0.5 < rips(points).as_batch().last()


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64, np.float16])
def test_no_image_is_kept(dtype):
    image = np.zeros((700, 900), dtype)
    image[3, 4] = 1
    for filtration in (LevelSet(2), LevelSet(2, superlevel=True, keep_zero=False)):
        diagram = filtration(image)
        assert len(pickle.dumps(diagram)) < 3000
        assert len(pickle.dumps(filtration(torch.as_tensor(image)))) < 3000
    kept = weakref.ref(image)
    del image
    gc.collect()
    assert kept() is None
    assert diagram.as_batch().last() == 0


def test_no_matrix_is_kept(rng):
    matrix = np.ones((600, 600)) - np.eye(600)
    diagram = VietorisRips(1, metric="precomputed")(matrix)
    assert len(pickle.dumps(diagram)) < 100 * 600
    kept = weakref.ref(matrix)
    del matrix
    gc.collect()
    assert kept() is None


@pytest.mark.parametrize("tensor", [False, True])
def test_a_picked_diagram_keeps_no_batch(tensor, rng):
    images = rng.random((50, 20, 20))
    batch = LevelSet(2)(torch.tensor(images) if tensor else images)
    for picked in (batch[3], batch[3:5], next(iter(batch))):
        one = picked if hasattr(picked, "points") else picked.as_batch()
        assert len(pickle.dumps(picked)) < len(pickle.dumps(batch)) / 10
        for dim in (0, 1):
            whole, part = batch.get_points(dim), one.get_points(dim)
            for name in ("finite", "pairs", "births", "essential"):
                a, b = getattr(whole, name), getattr(part, name)
                assert not np.shares_memory(np.asarray(a), np.asarray(b))


def test_a_picked_diagram_of_points_keeps_its_own(rng):
    batch = WeakAlpha()(rng.random((100, 30, 2)))
    assert len(pickle.dumps(batch[4])) < 5000
    kept = weakref.ref(batch.stored_last)
    picked = batch[4]
    last = batch.last()[4]
    del batch
    gc.collect()
    assert kept() is None
    assert picked.as_batch().last() == last


def test_finite_points_alone(rng):
    image = torch.tensor(rng.random((8, 8)), requires_grad=True)
    diagram = LevelSet(2)(image)
    for dim in (0, 1):
        assert torch.equal(diagram.finite(dim), diagram[dim][len(diagram.essential[dim]) :])
        assert diagram.finite(dim).requires_grad
    with pytest.raises(KeyError, match="dimension 2 was not computed"):
        diagram.finite(2)
    batch = LevelSet(2)(image.detach().numpy()[None])
    np.testing.assert_array_equal(batch[0].finite(0), diagram.finite(0).detach())


def test_last_values_where_nothing_is_essential(rng):
    batch = LevelSet(2, homology_dimensions=1)(rng.random((2, 5, 5)))
    assert batch.last() is None
    assert batch[0].as_batch().last() is None
    assert pickle.loads(pickle.dumps(batch)) == batch
