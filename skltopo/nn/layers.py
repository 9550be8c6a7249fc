"""Filtrations as torch modules: values in, differentiable diagrams out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from .._utils.checks import with_own_init
from .._utils.namespace import is_tensor, namespace_of
from .._utils.typing import Dimensions, GridComplex, Result, Tensor
from ..filtrations import Alpha, LevelSet, VietorisRips, WeakAlpha
from ..filtrations.base import Filtration
from .operators import is_traced

__all__ = [
    "AlphaLayer",
    "LevelSetLayer",
    "RipsLayer",
    "WeakAlphaLayer",
    "filtration_of",
    "split_clouds",
]

# Entries of a wrong ptr that an error shows.
MOST_SHOWN = 12
TRANSFORMED = (
    "{} returns diagrams, which have as many points as the values give them, so torch.func.grad, "
    "torch.vmap and other transforms can't have it; they have functions of diagrams whose output "
    "has a fixed shape: nn.EnergyLoss, nn.BettiPriorLoss, nn.LevelSetEnergies"
)


def filtration_of(filtration):
    """Return a filtration, given it or its layer, or raise TypeError."""
    if isinstance(filtration, FiltrationLayer):
        return filtration.filtration
    if not isinstance(filtration, Filtration):
        raise TypeError(
            "filtration must be a filtration such as LevelSet(ndim=2), or its layer, got "
            f"{filtration!r}"
        )
    return filtration


def split_clouds(points, ptr):
    """Return the clouds of a batch that are rows of one tensor.

    Parameters
    ----------
    points : (n_total, d) torch.Tensor
    ptr : (n_clouds + 1,) torch.Tensor, ndarray or sequence of int
        Cloud i has the rows ptr[i] to ptr[i + 1] - 1.

    Returns
    -------
    list of (n_i, d) torch.Tensor

    Raises
    ------
    TypeError
        If points is no tensor, or ptr no integers.
    ValueError
        If points has not two axes, or ptr does not rise from 0 to n_total.
    """
    if not is_tensor(points):
        raise TypeError(f"points must be a torch.Tensor where ptr is given, got {kind_of(points)}")
    if points.ndim != 2:
        raise ValueError(
            f"points must have shape (n_total, d) where ptr is given, got {tuple(points.shape)}"
        )
    ends = np.asarray(namespace_of(ptr).plain(ptr))
    if ends.dtype.kind not in "iu":
        raise TypeError(f"ptr must be integers, got dtype {ends.dtype}")
    ends = ends.astype(np.int64)  # without a sign, differences would not be negative
    sizes = np.diff(ends) if ends.ndim == 1 else np.empty(0, dtype=np.int64)
    if not len(sizes) or ends[0] != 0 or ends[-1] != len(points) or min(sizes) < 1:
        raise ValueError(
            "ptr must have shape (n_clouds + 1,) and rise from 0 to the number of points, "
            f"{len(points)}, got {_shown(ends)}; {_hint(ends, len(points))}"
        )
    return list(points.split(sizes.tolist()))


def _shown(ends):
    """Return what is said of ends: the first of many."""
    if ends.size <= MOST_SHOWN:
        return str(ends.tolist())
    return f"{str(ends.ravel()[:MOST_SHOWN].tolist())[:-1]}, ...] of shape {ends.shape}"


def _hint(ends, n_points):
    """Return what is likely to be meant by wrong ends."""
    if ends.shape == (n_points,) and (np.diff(ends) >= 0).all():
        return (
            "the number of the cloud of each point, which graph libraries call batch, is no ptr: "
            "give data.ptr, or the ends, torch.cumsum(torch.bincount(batch), 0), after a 0"
        )
    return "a cloud must not be empty"


def kind_of(values):
    """Return the name of the type of values."""
    return type(values).__name__


class FiltrationLayer(torch.nn.Module):
    """Base of layers: a filtration as a module without parameters."""

    def __init__(self, filtration):
        super().__init__()
        self.filtration = filtration

    def forward(self, values: Any) -> Result:
        """Compute the diagrams.

        Parameters
        ----------
        values : torch.Tensor, ndarray, or what the filtration takes
            Axes before those of a sample are a batch.

        Returns
        -------
        DiagramBatch, or Diagram for one sample
            Differentiable where values are a tensor.

        Raises
        ------
        TypeError, ValueError
            As the filtration does; and inside of transforms such as ``torch.vmap``.

        Notes
        -----
        ``torch.compile`` leaves a layer out of the graph, which ``fullgraph=True`` refuses.
        """
        return self._diagrams(values)

    def _diagrams(self, values, ptr=None):
        """Return the diagrams, outside of a graph that torch compiles."""
        if torch.compiler.is_compiling():
            from .uncompiled import call_uncompiled

            return call_uncompiled(self._diagrams, values, ptr)
        if is_traced():
            raise TypeError(TRANSFORMED.format(kind_of(self)))
        return self.filtration(values if ptr is None else split_clouds(values, ptr))

    def extra_repr(self) -> str:
        """Return the parameters of the filtration, for the representation of the module."""
        return repr(self.filtration).partition("(")[2][:-1]


class CloudLayer(FiltrationLayer):
    """Base of layers of point clouds."""

    def forward(self, points: Tensor | Sequence[Tensor], ptr: Tensor | None = None) -> Result:
        """Compute the diagrams.

        Parameters
        ----------
        points : (..., n, d) torch.Tensor, or list of (n_i, d) tensors
            Axes before the last two, or the list, are a batch. With ptr: (n_total, d).
        ptr : (n_clouds + 1,) torch.Tensor of integers, default=None
            Where each cloud of a batch begins, and the last one ends, as graph libraries have it:
            ``layer(data.pos, data.ptr)``.

        Returns
        -------
        DiagramBatch, or Diagram for one cloud
            Differentiable where points are a tensor.

        Raises
        ------
        TypeError, ValueError
            As the filtration does; if ptr does not fit to the points; and inside of transforms
            such as ``torch.vmap``.

        Notes
        -----
        ``torch.compile`` leaves a layer out of the graph, which ``fullgraph=True`` refuses.
        """
        return self._diagrams(points, ptr)


class LevelSetLayer(FiltrationLayer):
    """Level set persistence of functions on lines, images or volumes, as a module.

    Parameters
    ----------
    ndim : {1, 2, 3}, default=2
        Number of axes of one sample, which are the last ones of a tensor; axes before them, such as
        those of a batch and of channels, are a batch.
    superlevel, complex, homology_dimensions, keep_zero, n_jobs
        As in `skltopo.filtrations.LevelSet`, with the same defaults.

    Attributes
    ----------
    filtration : LevelSet

    Examples
    --------
    >>> import torch
    >>> from skltopo.nn import LevelSetLayer
    >>> layer = LevelSetLayer(superlevel=True)
    >>> images = torch.rand(8, 1, 28, 28, requires_grad=True)
    >>> diagrams = layer(images)
    >>> diagrams
    DiagramBatch(shape=(8, 1), homology_dimensions=[0, 1])
    >>> birth, death = diagrams[0, 0].finite(1)[0]
    >>> (birth - death).backward()
    >>> int((images.grad != 0).sum())
    2
    """

    def __init__(
        self,
        ndim: int = 2,
        *,
        superlevel: bool = False,
        complex: GridComplex = "freudenthal",
        homology_dimensions: Dimensions = None,
        keep_zero: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        super().__init__(
            LevelSet(
                ndim,
                superlevel=superlevel,
                complex=complex,
                homology_dimensions=homology_dimensions,
                keep_zero=keep_zero,
                n_jobs=n_jobs,
            )
        )


class RipsLayer(CloudLayer):
    """Vietoris-Rips persistence of point clouds or distance matrices, as a module.

    Parameters
    ----------
    max_dim : {0, 1, 2}, default=1
    max_edge : float, default=inf
    metric : str, default="euclidean"
    homology_dimensions, keep_zero, n_jobs
        All as in `skltopo.filtrations.VietorisRips`, with the same defaults.

    Attributes
    ----------
    filtration : VietorisRips

    Examples
    --------
    A batch of two clouds of 3 and 4 points, as graph libraries have it:

    >>> import torch
    >>> from skltopo.nn import RipsLayer
    >>> points = torch.rand(7, 3)
    >>> diagrams = RipsLayer()(points, ptr=torch.tensor([0, 3, 7]))
    >>> [len(diagram[0]) for diagram in diagrams]
    [3, 4]
    """

    def __init__(
        self,
        max_dim: int = 1,
        max_edge: float = np.inf,
        metric: str = "euclidean",
        *,
        homology_dimensions: Dimensions = None,
        keep_zero: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        super().__init__(
            VietorisRips(
                max_dim,
                max_edge,
                metric,
                homology_dimensions=homology_dimensions,
                keep_zero=keep_zero,
                n_jobs=n_jobs,
            )
        )


class _DelaunayLayer(CloudLayer):
    """What layers of the Delaunay triangulation share."""

    _filtration_type: type[WeakAlpha] | type[Alpha]

    def __init__(
        self,
        max_dim: int = 1,
        *,
        homology_dimensions: Dimensions = None,
        keep_zero: bool = False,
        warm_start: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        super().__init__(
            self._filtration_type(
                max_dim,
                homology_dimensions=homology_dimensions,
                keep_zero=keep_zero,
                warm_start=warm_start,
                n_jobs=n_jobs,
            )
        )


@with_own_init
class WeakAlphaLayer(_DelaunayLayer):
    """Weak Alpha persistence of point clouds, as a module.

    Parameters
    ----------
    max_dim : int, default=1
    homology_dimensions, keep_zero, warm_start, n_jobs
        All as in `skltopo.filtrations.WeakAlpha`, with the same defaults.

    Attributes
    ----------
    filtration : WeakAlpha

    Examples
    --------
    >>> import torch
    >>> from skltopo.nn import WeakAlphaLayer
    >>> square = torch.tensor([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0], [0.0, 4.0]])
    >>> WeakAlphaLayer()(square)[1]
    tensor([[4., 5.]])
    """

    _filtration_type = WeakAlpha


@with_own_init
class AlphaLayer(_DelaunayLayer):
    """Alpha persistence of point clouds, by radii of empty spheres, as a module.

    Parameters
    ----------
    max_dim : int, default=1
    homology_dimensions, keep_zero, warm_start, n_jobs
        All as in `skltopo.filtrations.Alpha`, with the same defaults.

    Attributes
    ----------
    filtration : Alpha

    Examples
    --------
    >>> import torch
    >>> from skltopo.nn import AlphaLayer
    >>> square = torch.tensor([[0.0, 0.0], [3.0, 0.0], [3.0, 4.0], [0.0, 4.0]])
    >>> AlphaLayer()(square)[1]
    tensor([[2.0000, 2.5000]])
    """

    _filtration_type = Alpha
