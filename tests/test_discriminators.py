"""The discriminator of diagrams: its features, their gradients, what it learns."""

import numpy as np
import pytest
import torch

from skltopo import nn
from skltopo.filtrations import LevelSet, VietorisRips
from skltopo.generative import PersistenceDiscriminator

SUPERLEVEL = LevelSet(ndim=2, superlevel=True, homology_dimensions=(0,))


def test_features_are_sums_of_the_longest_lengths(rng):
    images = rng.random((5, 9, 9))
    lengths = [d.finite(0) @ [1, -1] for d in SUPERLEVEL(images)]
    expected = [[one[: k - 2].sum() for k in (3, 4, 5, 11)] for one in lengths]
    discriminator = PersistenceDiscriminator()
    for samples in (torch.tensor(images), torch.tensor(images)[:, None]):
        np.testing.assert_allclose(discriminator.features(samples), expected, rtol=1e-12)
        assert discriminator(samples).shape == (5,)
    few = PersistenceDiscriminator(ks=[3, 7])
    np.testing.assert_allclose(
        few.features(torch.tensor(images)), [[x[0], x[:5].sum()] for x in lengths], rtol=1e-12
    )


def test_features_have_gradients(rng):
    discriminator = PersistenceDiscriminator().double()
    images = torch.tensor(rng.random((2, 4, 4)), requires_grad=True)
    assert torch.autograd.gradcheck(discriminator.features, images)
    assert torch.autograd.gradcheck(discriminator, images)
    narrow = images.detach().half()
    assert discriminator(narrow).dtype == torch.float64
    assert "ks=(3, 4, 5, 11)" in repr(discriminator)


def test_other_filtrations_and_dimensions(rng):
    clouds = torch.tensor(rng.random((3, 12, 2)))
    by_holes = PersistenceDiscriminator(nn.RipsLayer(max_dim=1), dim=1, ks=(3,), n_hidden=4)
    assert by_holes(clouds).shape == (3,)
    lengths = [abs(d.finite(1) @ [1, -1]) for d in VietorisRips(max_dim=1)(clouds.numpy())]
    expected = [one[1] if len(one) > 1 else 0 for one in lengths]
    np.testing.assert_allclose(
        by_holes.features(clouds)[:, 0], [one[1:2].sum() for one in lengths], rtol=1e-12
    )
    assert len(expected) == 3
    assert PersistenceDiscriminator(dim=1)(torch.rand(2, 5, 5)).shape == (2,)


def test_it_learns_what_components_tell_apart(rng):
    smooth = torch.linspace(0, 1, 36).reshape(1, 6, 6).expand(32, 6, 6)
    noisy = smooth + 2 * torch.tensor(rng.random((32, 6, 6)), dtype=torch.float32)
    torch.manual_seed(0)
    discriminator = PersistenceDiscriminator()
    optimizer = torch.optim.Adam(discriminator.parameters(), lr=1e-2)
    for _ in range(60):
        optimizer.zero_grad()
        torch.nn.functional.softplus(
            torch.stack([-discriminator(smooth), discriminator(noisy)])
        ).mean().backward()
        optimizer.step()
    assert (discriminator(smooth) > 0).all()
    assert (discriminator(noisy) < 0).all()


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"filtration": 3}, TypeError, "filtration must be a filtration"),
        ({"dim": -1}, ValueError, "dim must be an integer of at least 0"),
        ({"filtration": SUPERLEVEL, "dim": 1}, ValueError, "dim must be a dimension that"),
        ({"ks": ()}, ValueError, "ks must be integers"),
        ({"ks": (2,)}, ValueError, "ks must be an integer of at least 3"),
        ({"n_hidden": 0}, ValueError, "n_hidden must be"),
    ],
)
def test_bad_discriminators_get_a_sentence(options, error, sentence):
    with pytest.raises(error, match=sentence):
        PersistenceDiscriminator(**options)


def test_bad_samples_of_a_discriminator_get_a_sentence():
    discriminator = PersistenceDiscriminator()
    with pytest.raises(TypeError, match="samples must be a torch"):
        discriminator(np.ones((2, 3, 3)))
    for shape in ((3, 3), (2, 3, 4, 4), (2, 1, 1, 4, 4)):
        with pytest.raises(ValueError, match="samples must have one axis of a batch"):
            discriminator(torch.ones(shape))
    with pytest.raises(ValueError, match="finite"):
        discriminator(torch.full((2, 3, 3), torch.nan))
