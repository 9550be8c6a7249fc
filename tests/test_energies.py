import numpy as np
import pytest
import torch

from skltopo import Energy
from skltopo.energies import polynomial_energies
from skltopo.filtrations import LevelSet


def energy_by_hand(points, last, p, q, i0, essential):
    """Sum over an (n, 2) diagram, essential points first, as the definition says."""
    total = 0.0
    for i, (birth, death) in enumerate(points, start=1):
        if np.isinf(death):
            if essential == "drop":
                continue
            death = last
        if i >= i0:
            total += abs(death - birth) ** p * ((death + birth) / 2) ** q
    return total


@pytest.mark.parametrize("superlevel", [False, True])
@pytest.mark.parametrize("essential", ["drop", "clip"])
@pytest.mark.parametrize("i0", [1, 2, 3, 50])
def test_energy_is_its_definition(i0, essential, superlevel, rng):
    images = rng.random((20, 9, 7))
    images[3] = 0.5  # constant: nothing finite
    images[7] = np.add.outer(np.arange(9), np.arange(7))  # monotone
    batch = LevelSet(2, superlevel=superlevel)(images)
    last = images.min(axis=(1, 2)) if superlevel else images.max(axis=(1, 2))
    for dim in (0, 1):
        table = polynomial_energies(batch, dim, 3, 2, i0, essential)
        for p in range(4):
            for q in range(3):
                energy = Energy(dim=dim, p=p, q=q, i0=i0, weight=-2.0, essential=essential)
                expected = [
                    -2 * energy_by_hand(d[dim], z, p, q, i0, essential)
                    for d, z in zip(batch, last, strict=True)
                ]
                np.testing.assert_allclose(energy(batch), expected, rtol=1e-12, atol=1e-12)
                np.testing.assert_allclose([energy(d) for d in batch], expected, atol=1e-12)
                np.testing.assert_allclose(-2 * table[:, 3 * p + q], expected, atol=1e-12)


def test_ranks_count_the_essential_class():
    diagram = LevelSet(1, superlevel=True)([5.0, 0.0, 3.0, 1.0, 2.0])  # lengths inf, 3, 1
    assert [Energy(i0=i)(diagram) for i in (1, 2, 3, 4)] == [4.0, 4.0, 1.0, 0.0]
    clipped = [Energy(i0=i, essential="clip")(diagram) for i in (1, 2, 3, 4)]
    assert clipped == [9.0, 4.0, 1.0, 0.0]
    assert Energy(p=0)(diagram) == 2.0
    assert isinstance(Energy()(diagram), float)


def test_tensors_give_what_arrays_give(rng):
    images = rng.random((4, 5, 6, 6))
    for energy in (Energy(dim=1, p=2, q=1), Energy(p=1, i0=2), Energy(p=3, essential="clip")):
        expected = energy(LevelSet(2)(images))
        found = energy(LevelSet(2)(torch.from_numpy(images)))
        assert expected.shape == found.shape == (4, 5)
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-13)
    scalar = Energy()(LevelSet(2)(torch.from_numpy(images[0, 0])))
    assert scalar.shape == ()


@pytest.mark.parametrize(
    ("parameters", "error", "sentence"),
    [
        ({"i0": 0}, ValueError, "i0 must be at least 1"),
        ({"i0": 1.5}, TypeError, "i0 must be an integer, got 1.5"),
        ({"dim": -1}, ValueError, "dim must be at least 0"),
        ({"dim": True}, TypeError, "dim must be an integer"),
        ({"p": -1}, ValueError, "p must be a finite number of at least 0"),
        ({"q": np.nan}, ValueError, "q must be a finite number"),
        ({"weight": np.inf}, ValueError, "weight must be a finite number"),
        ({"essential": "keep"}, ValueError, "essential must be one of"),
    ],
)
def test_bad_parameters(parameters, error, sentence):
    with pytest.raises(error, match=sentence):
        Energy(**parameters)


def test_missing_dimension_is_named():
    with pytest.raises(KeyError, match="dimension 1 was not computed"):
        Energy(dim=1)(LevelSet(1)([1.0, 2.0]))


@pytest.mark.parametrize("superlevel", [False, True])
@pytest.mark.parametrize(
    ("p", "q", "i0"), [(1, 0, 1), (2, 0, 2), (2, 1, 1), (0, 2, 3), (1.5, 0.5, 1)]
)
def test_gradient_in_one_node_equals_that_of_torch(rng, superlevel, p, q, i0):
    images = torch.tensor(1 + rng.random((3, 4, 5)), requires_grad=True)
    energies = [Energy(dim=dim, p=p, q=q, i0=i0, weight=-2.0) for dim in (0, 1)]

    def total(images):
        batch = LevelSet(2, superlevel=superlevel)(images)
        return sum(energy(batch) for energy in energies)

    assert torch.autograd.gradcheck(total, images)
    assert torch.autograd.gradgradcheck(total, images)
    single = images.detach().to(torch.float32).requires_grad_()
    total(single).sum().backward()
    total(images).sum().backward()
    assert single.grad.dtype == torch.float32
    torch.testing.assert_close(single.grad.double(), images.grad, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 3, 1), (2, 4, 4)])
def test_gradients_of_roots_of_no_length_are_zero(shape):
    values = torch.full(shape, 2.5, dtype=torch.float64, requires_grad=True)
    diagrams = LevelSet(2)(values)
    Energy(dim=0, p=0.5, essential="clip")(diagrams).sum().backward()
    assert (values.grad == 0).all()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_tables_of_points_that_are_long_enough(dtype, rng):
    images = rng.random((3, 6, 7)).astype(dtype)
    batch = LevelSet(2)(images)
    table = polynomial_energies(batch, 1, 3, 1, 2, min_p=2, min_length=0.3)
    for row, diagram in zip(table, batch, strict=True):
        points = diagram[1].astype(float)[1:]
        lengths, middles = points[:, 1] - points[:, 0], points.mean(axis=1)
        lengths, middles = lengths[lengths >= 0.3], middles[lengths >= 0.3]
        expected = [(lengths**p * middles**q).sum() for p in (2, 3) for q in (0, 1)]
        np.testing.assert_allclose(row, expected, rtol=1e-5)
    assert (polynomial_energies(batch, 0, 0, 0, essential="clip", min_length=5) == 0).all()
    for wrong in ({"min_p": 4}, {"min_p": -1}, {"min_length": -1}, {"min_length": np.nan}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            polynomial_energies(batch, 0, 3, 1, **wrong)
