"""Networks that tell real samples from generated ones by their diagrams."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from .._utils.checks import check_integer, is_integer
from .._utils.memory import check_memory
from .._utils.namespace import is_tensor
from .._utils.typing import FiltrationFunction, Tensor
from ..energies import Energy
from ..filtrations import LevelSet
from .inputs import check_scores
from .layers import filtration_of


class PersistenceDiscriminator(torch.nn.Module):
    """A network that tells real samples from generated ones by their longest points alone.

    It sees E(1, 0, 2) - E(1, 0, k) of one diagram, for several k: the lengths of the points of rank
    2 to k - 1, added. These go through a network with one hidden layer.

    Parameters
    ----------
    filtration : filtration or its layer, default=None
        None: superlevel sets of images, ``LevelSet(ndim=2, superlevel=True)``.
    dim : int, default=0
        Homology dimension.
    ks : sequence of int, default=(3, 4, 5, 11)
        At least 3 each; the default is the paper's.
    n_hidden : int, default=32
        Units of the hidden layer.

    Attributes
    ----------
    filtration : Filtration
    dim : int
    ks : tuple of int
    network : torch.nn.Sequential

    Raises
    ------
    TypeError
        If filtration is none.
    ValueError
        If the filtration does not compute the dimension, or a number is out of range.

    Notes
    -----
    There is no batch normalisation: real and generated samples come in batches of their own, and
    would lose what they differ in.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, figure 7 (d).

    Examples
    --------
    >>> import torch
    >>> from skltopo.generative import PersistenceDiscriminator
    >>> discriminator = PersistenceDiscriminator()
    >>> images = torch.tensor([[[[9.0, 0.0, 4.0, 1.0, 3.0]]]])
    >>> discriminator.features(images)  # lengths 4 and 2
    tensor([[4., 6., 6., 6.]])
    >>> discriminator(images).shape
    torch.Size([1])
    """

    def __init__(
        self,
        filtration: FiltrationFunction | None = None,
        *,
        dim: int = 0,
        ks: Sequence[int] = (3, 4, 5, 11),
        n_hidden: int = 32,
    ) -> None:
        super().__init__()
        if not is_integer(dim) or dim < 0:
            raise ValueError(f"dim must be an integer of at least 0, got {dim!r}")
        if filtration is None:
            filtration = LevelSet(ndim=2, superlevel=True, homology_dimensions=(dim,))
        self.filtration = filtration_of(filtration)
        if dim not in self.filtration.homology_dimensions:
            raise ValueError(
                "dim must be a dimension that the filtration computes, one of "
                f"{list(self.filtration.homology_dimensions)}, got {dim}"
            )
        n_hidden = check_integer("n_hidden", n_hidden, 1)
        if not hasattr(ks, "__iter__") or not (ks := tuple(ks)):
            raise ValueError(f"ks must be integers, got {ks!r}")
        self.dim, self.ks = int(dim), tuple(check_integer("ks", k, 3) for k in ks)
        check_memory(4 * n_hidden * (n_hidden + len(self.ks)), f"a layer of {n_hidden} units")
        self.network = torch.nn.Sequential(
            torch.nn.Linear(len(self.ks), n_hidden),
            torch.nn.LeakyReLU(0.2),
            torch.nn.Linear(n_hidden, n_hidden),
            torch.nn.LeakyReLU(0.2),
            torch.nn.Linear(n_hidden, 1),
        )

    def features(self, samples: Tensor) -> Tensor:
        """Compute what the network sees.

        Parameters
        ----------
        samples : (n, ...) or (n, 1, ...) torch.Tensor
            What the filtration takes, with or without a channel axis of length 1.

        Returns
        -------
        (n, len(ks)) torch.Tensor
            Differentiable.

        Raises
        ------
        TypeError
            If samples are no tensor.
        ValueError
            If samples are one sample, have several channels or are not finite.
        """
        if not is_tensor(samples):
            raise TypeError(f"samples must be a torch.Tensor, got {type(samples).__name__}")
        batch = self.filtration(samples)
        shape = getattr(batch, "shape", ())
        if len(shape) not in (1, 2) or shape[1:] not in ((), (1,)):
            raise ValueError(
                "samples must have one axis of a batch and at most one channel, got shape "
                f"{tuple(samples.shape)}"
            )
        from_second = Energy(dim=self.dim, i0=2)(batch)
        columns = [from_second - Energy(dim=self.dim, i0=k)(batch) for k in self.ks]
        return torch.stack([column.reshape(-1) for column in columns], dim=1)

    def forward(self, samples: Tensor) -> Tensor:
        """Compute the scores.

        Parameters
        ----------
        samples : (n, ...) or (n, 1, ...) torch.Tensor
            As in `features`.

        Returns
        -------
        (n,) torch.Tensor
            Logits: positive for what seems real.
        """
        features = self.features(samples)
        return check_scores(self.network(features.to(next(self.network.parameters())))[:, 0])

    def extra_repr(self) -> str:
        """Return the parameters, for the representation of the module."""
        return f"{self.filtration!r}, dim={self.dim}, ks={self.ks}"
