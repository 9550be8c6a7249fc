"""Samples to clouds and diagrams as torch modules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from .._utils.checks import check_integer
from .._utils.typing import Tensor
from .inputs import as_samples
from .representation import representation

__all__ = ["DelayClouds", "Diagrams"]


class Diagrams(torch.nn.Module):
    """Diagrams of samples: the module behind ``PersistenceDiagrams.to_torch``.

    Parameters
    ----------
    function : callable
        Takes a tensor or a list of tensors, and returns a list of diagrams of tensors.

    Examples
    --------
    >>> import torch
    >>> from skltopo import PersistenceDiagrams
    >>> lines = torch.tensor([[0.0, 3.0, 1.0, 4.0]], requires_grad=True)
    >>> diagrams = PersistenceDiagrams(homology_dimensions=0).fit(lines).to_torch()(lines)
    >>> diagrams[0][0].tolist()
    [[1.0, 3.0]]
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, X: Tensor | Sequence[Tensor]) -> list[Any]:
        """Compute the diagrams.

        Parameters
        ----------
        X : (n, ...) torch.Tensor, or list of torch.Tensor
            Samples, as `PersistenceDiagrams` takes them.

        Returns
        -------
        list of Diagram, of (n_points, 2) torch.Tensor, or of DiagramArrays
            Tensors, whose gradient flows back to X.

        Raises
        ------
        TypeError, ValueError
            If X is no tensor of finite numbers, or not of the form that the filtration takes.
        """
        return self.function(as_samples(X))


class DelayClouds(torch.nn.Module):
    """Clouds of time series: the module behind ``DelayEmbedding.to_torch``.

    Parameters
    ----------
    dimension, delay, stride : int
        As in `DelayEmbedding`.

    Examples
    --------
    >>> import torch
    >>> from skltopo.nn import DelayClouds
    >>> DelayClouds(dimension=2, delay=2)(torch.tensor([[1.0, 2.0, 3.0, 4.0]])).tolist()
    [[[1.0, 3.0], [2.0, 4.0]]]
    """

    dimension: int
    delay: int
    stride: int

    def __init__(self, dimension: int, delay: int = 1, stride: int = 1) -> None:
        super().__init__()
        for name, value in (("dimension", dimension), ("delay", delay), ("stride", stride)):
            check_integer(name, value, 1)
            setattr(self, name, int(value))

    def forward(self, series: Tensor | Sequence[Tensor]) -> Tensor | list[Tensor]:
        """Compute the clouds.

        Parameters
        ----------
        series : (n, t) or (n, channels, t) torch.Tensor, or list of (t,) or (channels, t) ones

        Returns
        -------
        (n, n_points, n_channels * dimension) torch.Tensor, or list of (n_points, ...) ones

        Raises
        ------
        TypeError
            If series is no tensor, nor a list of them.
        ValueError
            If it is empty or not finite, or a series has another shape or is too short for a point.
        """
        series = as_samples(series, "series")
        if isinstance(series, list):
            return [self._cloud(one.reshape(-1, one.shape[-1])) for one in series]
        if series.ndim not in (2, 3):
            raise ValueError(
                f"series must have shape (n, t) or (n, channels, t), got {tuple(series.shape)}"
            )
        return self._cloud(series[:, None] if series.ndim == 2 else series)

    def extra_repr(self) -> str:
        """Return the parameters, for the representation of the module."""
        return representation(dimension=self.dimension, delay=self.delay, stride=self.stride)

    def _cloud(self, series):
        span = (self.dimension - 1) * self.delay + 1
        if series.shape[-1] < span:
            raise ValueError(
                f"series must have at least {span} values for dimension={self.dimension} and "
                f"delay={self.delay}, got one of {series.shape[-1]}"
            )
        step = min(self.stride, series.shape[-1])
        windows = series.unfold(-1, span, step)[..., :: min(self.delay, span)]
        return windows.movedim(-3, -2).flatten(-2)
