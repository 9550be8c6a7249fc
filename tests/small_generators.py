"""Small generators of images, and priors of what they make."""

import torch

from skltopo import Energy, nn
from skltopo.filtrations import LevelSet

SUPERLEVEL = LevelSet(ndim=2, superlevel=True, homology_dimensions=(0,))
TOPOLOGY = nn.EnergyLoss(Energy(i0=2), SUPERLEVEL)
EACH = nn.EnergyLoss(Energy(i0=2), SUPERLEVEL, reduction="none")


def make_generator(dtype=torch.float32, dropout=0.0):
    """Return a small generator of 8x8 images with batch normalisation."""
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(4, 32),
        torch.nn.BatchNorm1d(32),
        torch.nn.ReLU(),
        torch.nn.Dropout(dropout),
        torch.nn.Linear(32, 64),
        torch.nn.Sigmoid(),
        torch.nn.Unflatten(1, (1, 8, 8)),
    ).to(dtype)


def make_codes():
    """Return six latent codes."""
    return torch.randn(6, 4, generator=torch.Generator().manual_seed(1))
