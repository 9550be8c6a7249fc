"""Critical sets of images: where they are moved to a target, a birth or a death is there."""

from itertools import product

import numpy as np
import pytest
import torch

from skltopo.filtrations import LevelSet
from skltopo.nn.critical_sets import CriticalLevelSet

COMPLEXES = ("freudenthal", "cubical", "cubical_cells")


def gradient(image, filtration, dim, derivatives, reach):
    """Return the gradient by critical sets of what has these derivatives by births and deaths."""
    x = torch.tensor(image, requires_grad=True)
    points = CriticalLevelSet(filtration, reach)(x).finite(dim)
    (points * torch.as_tensor(derivatives)).sum().backward()
    return x.grad.numpy()


@pytest.mark.parametrize("complex", COMPLEXES)
@pytest.mark.parametrize("superlevel", [False, True])
@pytest.mark.parametrize("dim", [0, 1])
def test_points_reach_their_targets(dim, superlevel, complex, rng):
    filtration = LevelSet(ndim=2, superlevel=superlevel, complex=complex)
    tried = 0
    for _ in range(8):
        image = rng.permutation(42).reshape(6, 7) / 42.0
        points = filtration(image).finite(dim)
        for (i, end), sign in product(np.ndindex(points.shape), (1, -1)):
            reach = 0.4 * np.ptp(points[i]) + 1e-4
            derivatives = np.zeros(points.shape)
            derivatives[i, end] = sign
            moves = gradient(image, filtration, dim, derivatives, reach)
            assert (moves * sign >= 0).all()
            target = points[i, end] + sign * reach
            found = filtration(np.where(moves != 0, target, image))[dim][:, end]
            assert abs(found - target).min() < 1e-12
            tried += 1
    assert tried > 40


def test_a_small_reach_gives_the_gradient(rng):
    images = rng.random((5, 9, 8))
    filtration = LevelSet(ndim=2, superlevel=True)
    weights = {}
    gradients = []
    for one in (filtration, CriticalLevelSet(filtration, 1e-9)):
        x = torch.tensor(images, requires_grad=True)
        batch = one(x)
        total = 0
        for dim in (0, 1):
            points = batch.points[dim].finite
            weights.setdefault(dim, torch.tensor(rng.normal(size=points.shape)))
            total = total + (points * weights[dim]).sum() + batch.points[dim].births.sum()
        total.backward()
        gradients.append(x.grad)
    torch.testing.assert_close(*gradients)


def test_diagrams_are_those_of_level_sets(rng):
    images = rng.random((3, 6, 6))
    filtration = LevelSet(ndim=2, homology_dimensions=1)
    assert CriticalLevelSet(filtration, 0.1)(images) == filtration(images)
    assert CriticalLevelSet(filtration, 0.1)(torch.tensor(images)) == filtration(
        torch.tensor(images)
    )
