"""Wasserstein and bottleneck distances of two diagrams, by an optimal matching of their points.

Kernels find which point goes where; the distance is then a function of births and deaths, so from
tensors it is a tensor whose gradient flows into both diagrams through the matching.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._kernels.matchings.matching import matched_pairs
from .._utils.typing import Integers, Result
from ..diagrams.essential import split_two
from ..diagrams.inputs import DiagramLike
from ..diagrams.selection import dimensions_of_two
from .common import check_ground, check_p, check_total, combined, infinite, p_norm

__all__ = ["Matching", "bottleneck_distance", "wasserstein_distance"]


@dataclass(frozen=True, eq=False)
class Matching:
    """Which point of one diagram goes to which point of another.

    Attributes
    ----------
    pairs : (n_matched, 2) int64 ndarray
        Rows of the first and the second diagram, ascending in the first; with essential classes.
    diagonal1, diagonal2 : int64 ndarray
        Rows of the first and of the second diagram that go to the diagonal, ascending.

    Examples
    --------
    >>> from skltopo.distances import wasserstein_distance
    >>> first, second = [[0.0, 1.0], [2.0, 2.1]], [[0.0, 1.2]]
    >>> _, matching = wasserstein_distance(first, second, return_matching=True)
    >>> matching.pairs, matching.diagonal1
    (array([[0, 0]]), array([1]))
    """

    pairs: Integers
    diagonal1: Integers
    diagonal2: Integers


def wasserstein_distance(
    dgm1: DiagramLike,
    dgm2: DiagramLike,
    *,
    p: float = 1.0,
    ground: float = 2,
    dim: int | tuple[int, ...] | None = None,
    return_matching: bool = False,
) -> Result:
    r"""Compute the p-Wasserstein distance of two persistence diagrams, exactly.

    .. math:: W_p = \min_\varphi \Big(\sum_x \|x - \varphi(x)\|^p\Big)^{1/p}

    over the bijections of the two diagrams, each with all points of the diagonal. Essential classes
    go to essential classes that are infinite in the same way, in the order of their births; where
    their numbers differ the distance is infinite.

    Parameters
    ----------
    dgm1, dgm2 : Diagram, or array-like or torch.Tensor of shape (n, 2)
        Births and deaths; sublevel or superlevel.
    p : float, default=1.0
        From 1 to 100, or inf for `bottleneck_distance`. 1 is what the paper compares images with.
    ground : {2, inf}, default=2
        Norm of a difference of points: Euclidean, as in the paper, or the maximum norm.
    dim : int or tuple of int, default=None
        Homology dimensions of a Diagram, or positions in a list of arrays; None for all that there
        are. With several, bijections keep the dimension, and the sum is over all of their points:
        the p-th powers of the distances add up.
    return_matching : bool, default=False
        Return an optimal matching too.

    Returns
    -------
    distance : float, or 0-d torch.Tensor if a diagram is one
        Differentiable with respect to both diagrams; points that coincide add no gradient.
    matching : Matching
        If `return_matching`; None where the distance is infinite. A dict of them for several
        dimensions.

    Raises
    ------
    TypeError
        If a diagram is not real numbers.
    ValueError
        If a diagram has another shape or a NaN; if a parameter is out of range; if dim is not
        there, given for two arrays, which have none, or missing where the diagrams differ in their
        dimensions.

    See Also
    --------
    bottleneck_distance : The limit for large p.
    pairwise_diagram_distances : Many at once, in parallel.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, appendix 6.1.

    Examples
    --------
    >>> from skltopo.distances import wasserstein_distance
    >>> distance, matching = wasserstein_distance(
    ...     [[0.0, 4.0], [1.0, 2.0]], [[0.0, 3.0]], ground=float("inf"), return_matching=True
    ... )
    >>> distance
    1.5
    >>> matching.pairs, matching.diagonal1
    (array([[0, 0]]), array([1]))
    """
    return _over_dimensions(dgm1, dgm2, dim, check_p(p), check_ground(ground), return_matching)


def bottleneck_distance(
    dgm1: DiagramLike,
    dgm2: DiagramLike,
    *,
    ground: float = np.inf,
    dim: int | tuple[int, ...] | None = None,
    return_matching: bool = False,
) -> Result:
    r"""Compute the bottleneck distance of two persistence diagrams, exactly.

    .. math:: W_\infty = \min_\varphi \max_x \|x - \varphi(x)\|

    with bijections and essential classes as in `wasserstein_distance`. By the maximum norm it is at
    most the greatest difference of the two functions (stability).

    Parameters
    ----------
    dgm1, dgm2 : Diagram, or array-like or torch.Tensor of shape (n, 2)
        Births and deaths; sublevel or superlevel.
    ground : {2, inf}, default=inf
        Norm of a difference of points: Euclidean, or the maximum norm, for which the distance is
        stable.
    dim : int or tuple of int, default=None
        As in `wasserstein_distance`; with several, the distance is the greatest.
    return_matching : bool, default=False
        Return an optimal matching too.

    Returns
    -------
    distance : float, or 0-d torch.Tensor if a diagram is one
        Its gradient is that of the longest distance of the matching found, shared between equals.
    matching : Matching
        If `return_matching`; None where the distance is infinite. A dict of them for several
        dimensions.

    Raises
    ------
    TypeError, ValueError
        As `wasserstein_distance`.

    References
    ----------
    Cohen-Steiner, Edelsbrunner, Harer, Stability of persistence diagrams, 2007.

    Examples
    --------
    >>> from skltopo.distances import bottleneck_distance
    >>> bottleneck_distance([[0.0, 4.0], [1.0, 2.0]], [[0.0, 3.0]])
    1.0
    """
    return _over_dimensions(dgm1, dgm2, dim, np.inf, check_ground(ground), return_matching)


def _over_dimensions(dgm1, dgm2, dim, p, ground, return_matching):
    """Return the distance of two diagrams over all dimensions that dim names."""
    dims = dimensions_of_two(dim, dgm1, dgm2)
    found = [_distance(dgm1, dgm2, dim, p, ground, return_matching) for dim in dims]
    if len(dims) == 1:
        return found[0]
    if not return_matching:
        return combined(found, p)
    distances, matchings = zip(*found, strict=True)
    return combined(distances, p), dict(zip(dims, matchings, strict=True))


def _distance(dgm1, dgm2, dim, p, ground, return_matching):
    first, second, xp, essential = split_two(dgm1, dgm2, dim)
    if essential is None:
        distance = infinite(first, second, xp)
        return (distance, None) if return_matching else distance
    rows1, rows2 = first.off_diagonal, second.off_diagonal
    found = matched_pairs(
        first.plain[rows1], second.plain[rows2], 1.0 if p == np.inf else p, euclidean=ground == 2,
        bottleneck=p == np.inf,
    )  # fmt: skip
    pairs = np.column_stack([rows1[found[:, 0]], rows2[found[:, 1]]])
    alone1 = xp.take(first.live, np.delete(rows1, found[:, 0]))
    alone2 = xp.take(second.live, np.delete(rows2, found[:, 1]))
    with np.errstate(over="ignore", invalid="ignore"):  # this is looked for
        to_diagonal = [abs(points[:, 1] - points[:, 0]) / 2 for points in (alone1, alone2)]
        if ground == 2:
            to_diagonal = [half * 2**0.5 for half in to_diagonal]
        differences = xp.take(first.live, pairs[:, 0]) - xp.take(second.live, pairs[:, 1])
        lengths = xp.concat([essential, xp.norm(differences, ground), *to_diagonal])
        distance = xp.number(check_total(p_norm(lengths, p, xp)))
    if not return_matching:
        return distance
    return distance, _make_matching(first, second, pairs)


def _make_matching(first, second, pairs):
    """Return the `Matching` of pairs of finite points and of essential classes."""
    essential = [
        np.column_stack([rows, second.essential[kind]]) for kind, rows in first.essential.items()
    ]
    pairs = np.concatenate([pairs, *essential])
    pairs = pairs[np.argsort(pairs[:, 0])]
    rows1, rows2 = np.arange(len(first.plain)), np.arange(len(second.plain))
    return Matching(pairs, np.delete(rows1, pairs[:, 0]), np.delete(rows2, pairs[:, 1]))
