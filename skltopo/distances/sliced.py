"""Sliced Wasserstein distance of two diagrams: the mean of distances of their projections."""

from __future__ import annotations

import numpy as np

from .._utils.checks import check_integer
from .._utils.typing import Result
from ..diagrams.essential import split_two
from ..diagrams.inputs import DiagramLike
from ..diagrams.selection import dimensions_of_two
from .common import angles_of, check_total, combined, infinite, projections

__all__ = ["sliced_wasserstein_distance"]


def sliced_wasserstein_distance(
    dgm1: DiagramLike,
    dgm2: DiagramLike,
    *,
    n_directions: int = 50,
    dim: int | tuple[int, ...] | None = None,
) -> Result:
    r"""Compute the sliced Wasserstein distance of two persistence diagrams.

    .. math:: SW = \frac{1}{K} \sum_{k=0}^{K-1} W_1(\pi_k D_1 \cup \pi_k \Delta D_2,
        \pi_k D_2 \cup \pi_k \Delta D_1)

    with the projection :math:`\pi_k` on the line at the angle :math:`-\pi/2 + k \pi / K`, and the
    nearest points :math:`\Delta D` of the diagonal. Essential classes are not projected: they add
    the differences of their sorted births; where their numbers differ the distance is infinite.

    Parameters
    ----------
    dgm1, dgm2 : Diagram, or array-like or torch.Tensor of shape (n, 2)
        Births and deaths; sublevel or superlevel.
    n_directions : int, default=50
        Number K of lines.
    dim : int or tuple of int, default=None
        As in `wasserstein_distance`; with several, the distance is their sum.

    Returns
    -------
    float, or 0-d torch.Tensor if a diagram is one
        Differentiable with respect to both diagrams.

    Raises
    ------
    TypeError, ValueError
        As `wasserstein_distance`.

    References
    ----------
    Carrière, Cuturi, Oudot, Sliced Wasserstein kernel for persistence diagrams, 2017.

    Examples
    --------
    >>> from skltopo.distances import sliced_wasserstein_distance
    >>> round(sliced_wasserstein_distance([[0.0, 4.0], [1.0, 2.0]], [[0.0, 3.0]]), 6)
    1.126777
    """
    check_integer("n_directions", n_directions, 1)
    dims = dimensions_of_two(dim, dgm1, dgm2)
    return combined([_sliced_distance(dgm1, dgm2, n_directions, dim) for dim in dims], 1.0)


def _sliced_distance(dgm1, dgm2, n_directions, dim):
    first, second, xp, essential = split_two(dgm1, dgm2, dim)
    angles = angles_of(n_directions, len(first.plain) + len(second.plain))
    if essential is None:
        return infinite(first, second, xp)
    points1, points2 = (xp.take(diagram.live, diagram.is_finite) for diagram in (first, second))
    with np.errstate(over="ignore", invalid="ignore"):  # this is looked for
        projected1, projected2 = (projections(points, angles) for points in (points1, points2))
        total = _sliced_of_projections(projected1, projected2, xp) + essential.sum()
    return xp.number(check_total(total))


def _sliced_of_projections(first, second, xp):
    """Return the mean over lines of W_1 of the projections, a sum over sorted values."""
    ahead = xp.sort(xp.concat([first[0], second[1]]), 0)
    behind = xp.sort(xp.concat([second[0], first[1]]), 0)
    return abs(ahead - behind).sum() / first[0].shape[1]
