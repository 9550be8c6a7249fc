"""Energies of the level sets of images as a torch module."""

from __future__ import annotations

import math
from typing import Literal

import torch

from .._utils.arrays import as_floats, as_numbers, check_finite
from .._utils.checks import check_integer, check_number, check_powers
from .._utils.typing import ArrayLike, GridComplex, Tensor
from ..energies import polynomial_energies
from ..filtrations import LevelSet
from .operators import Functional, is_traced
from .representation import representation

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
    min_p : int, default=0
        Smallest power of length.
    min_length : float, default=0.0
        Points of a diagram that are shorter are left out: they add nothing, and their gradient is
        zero. `PersistenceFeatures.to_torch` gives what was learnt, ``min_length_``.
    n_jobs : int, default=None
        Threads that pair a batch.

    Notes
    -----
    ``torch.compile(fullgraph=True)``, `torch.func.grad` and `torch.vmap` work; second derivatives
    are there outside of them only.

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

    weights: Tensor

    def __init__(
        self,
        weights: ArrayLike,
        *,
        homology_dimensions: tuple[int, ...],
        superlevel: bool,
        complex: GridComplex,
        max_p: int,
        max_q: int,
        i0: int,
        essential: Literal["drop", "clip"],
        min_p: int = 0,
        min_length: float = 0.0,
        n_jobs: int | None = None,
    ) -> None:
        super().__init__()
        plain = as_floats(as_numbers(weights, "weights"))[1]
        check_finite(plain, "weights", before="")
        if plain.ndim not in (3, 4) or 0 in plain.shape:
            raise ValueError(
                "weights must have shape (n_weights, height, width) or (n_weights, depth, height, "
                f"width), got {plain.shape}"
            )
        self.min_p, self.max_p, self.max_q = check_powers(min_p, max_p, max_q)
        self.i0 = check_integer("i0", i0, 1)
        if essential not in ("drop", "clip"):
            raise ValueError(f'essential must be "drop" or "clip", got {essential!r}')
        self.register_buffer("weights", torch.as_tensor(plain.copy(), dtype=torch.float64))
        self.filtration = LevelSet(
            ndim=self.weights.ndim - 1,
            superlevel=superlevel,
            complex=complex,
            homology_dimensions=homology_dimensions,
            n_jobs=n_jobs,
        )
        if not self.filtration.homology_dimensions:
            raise ValueError("homology_dimensions must have a dimension at least, got none")
        self.essential = essential
        self.min_length = check_number("min_length", min_length, 0)
        self._rows = Functional(self._rows_of, self._shape_of, of_samples=False)

    def forward(self, images: Tensor) -> Tensor:
        """Compute the features.

        Parameters
        ----------
        images : (..., height, width) or (n, n_pixels) torch.Tensor
            Axes before the image's are a batch, which comes out as one axis.

        Returns
        -------
        (n, n_features) torch.Tensor
            The columns of `PersistenceFeatures.transform`. A batch without images has no rows.
        """
        shape = self.weights.shape[1:]
        if not isinstance(images, torch.Tensor):
            raise TypeError(f"images must be a torch.Tensor, got {type(images).__name__}")
        of_images = images.shape[-len(shape) :] == shape
        if not of_images and not (images.ndim == 2 and images.shape[1] == shape.numel()):
            raise ValueError(
                f"images must have shape (n, {', '.join(map(str, shape))}), or (n, "
                f"{shape.numel()}), got {tuple(images.shape)}"
            )
        if not is_traced():
            images = as_floats(as_numbers(images, "images"))[0]
        elif not images.is_floating_point():
            images = images.double()
        n_images = math.prod(images.shape[: images.ndim - len(shape)]) if of_images else len(images)
        functions = images.reshape(n_images, 1, *shape) * self.weights.to(images)
        return self._rows(functions)

    def extra_repr(self) -> str:
        """Return the parameters, for the representation of the module."""
        return representation(
            weights=self.weights,
            homology_dimensions=self.filtration.homology_dimensions,
            superlevel=self.filtration.superlevel,
            complex=self.filtration.complex,
            min_p=self.min_p,
            max_p=self.max_p,
            max_q=self.max_q,
            i0=self.i0,
            essential=self.essential,
            min_length=self.min_length,
        )

    def _rows_of(self, functions, ptr=None):
        """Return the features of functions on images, an axis of them last; differentiable."""
        shape = self.weights.shape[1:]
        batch = self.filtration.of_batch(functions.reshape(-1, *shape))
        energies = [
            polynomial_energies(
                batch,
                dim,
                self.max_p,
                self.max_q,
                self.i0,
                self.essential,
                min_p=self.min_p,
                min_length=self.min_length,
            )
            for dim in self.filtration.homology_dimensions
        ]
        return torch.stack(energies, dim=1).reshape(self._shape_of(functions, ptr))

    def _shape_of(self, functions, ptr):
        """Return the shape of the features, given (..., n_weights, *image_shape) functions."""
        n_axes = self.weights.ndim
        n_powers = (self.max_p - self.min_p + 1) * (self.max_q + 1)
        n_columns = len(self.weights) * len(self.filtration.homology_dimensions) * n_powers
        return (*functions.shape[: functions.ndim - n_axes], n_columns)
