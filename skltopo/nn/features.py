"""Energies of the level sets of images as a torch module."""

import math

import torch

from .._utils.arrays import as_numbers
from .._utils.namespace import is_tensor
from ..energies import polynomial_energies
from ..filtrations import LevelSet

__all__ = ["LevelSetEnergies"]


class LevelSetEnergies(torch.nn.Module):
    """Energies of level set diagrams of weighted images, differentiable.

    The module behind `PersistenceFeatures.to_torch`: for an image I and every weight g the function
    I * g, its diagrams, and E(p, q, i0; PD_k) for all p and q.

    Parameters
    ----------
    weights : (n_weights, height, width) or (n_weights, depth, height, width) array-like
        Kept as a buffer of float64 and cast to the dtype of the images.
    homology_dimensions : tuple of int
    superlevel : bool
    complex : str
    max_p, max_q : int
    i0 : int
    essential : {"drop", "clip"}
        All as in `PersistenceFeatures`.
    n_jobs : int, default=None
        Threads that pair a batch.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from skltopo import PersistenceFeatures
    >>> images = np.random.default_rng(0).random((2, 6, 6))
    >>> module = PersistenceFeatures().fit(images).to_torch()
    >>> x = torch.tensor(images, requires_grad=True)
    >>> features = module(x)
    >>> features.shape
    torch.Size([2, 400])
    >>> features.sum().backward()
    >>> x.grad.shape
    torch.Size([2, 6, 6])
    """

    def __init__(
        self,
        weights,
        *,
        homology_dimensions,
        superlevel,
        complex,
        max_p,
        max_q,
        i0,
        essential,
        n_jobs=None,
    ):
        super().__init__()
        self.register_buffer("weights", torch.as_tensor(weights, dtype=torch.float64))
        self.filtration = LevelSet(
            ndim=self.weights.ndim - 1,
            superlevel=superlevel,
            complex=complex,
            homology_dimensions=homology_dimensions,
            n_jobs=n_jobs,
        )
        self.max_p = max_p
        self.max_q = max_q
        self.i0 = i0
        self.essential = essential

    def forward(self, images):
        """Compute the features.

        Parameters
        ----------
        images : (n, ..., height, width) or (n, n_pixels) torch.Tensor

        Returns
        -------
        (n, n_features) torch.Tensor
            The columns of `PersistenceFeatures.transform`.
        """
        shape = tuple(self.weights.shape[1:])
        if not is_tensor(images):
            raise TypeError(f"images must be a torch.Tensor, got {type(images).__name__}")
        of_images = tuple(images.shape[-len(shape) :]) == shape
        if not of_images and not (images.ndim == 2 and images.shape[1] == math.prod(shape)):
            raise ValueError(
                f"images must have shape (n, {', '.join(map(str, shape))}), or (n, "
                f"{math.prod(shape)}), got {tuple(images.shape)}"
            )
        images = as_numbers(images, "images")
        if not images.is_floating_point():
            images = images.double()
        functions = images.reshape(-1, 1, *shape) * self.weights.to(images)
        batch = self.filtration.of_batch(functions.reshape(-1, *shape))
        energies = [
            polynomial_energies(batch, dim, self.max_p, self.max_q, self.i0, self.essential)
            for dim in self.filtration.homology_dimensions
        ]
        return torch.stack(energies, dim=1).reshape(len(functions), -1)
