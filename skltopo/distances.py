"""Distances between persistence diagrams: Wasserstein, bottleneck and sliced Wasserstein.

Kernels find which point goes where; the distance is then a function of births and deaths, so from
tensors it is a tensor whose gradient flows into both diagrams through the optimal matching.
"""

from dataclasses import dataclass
from functools import partial
from numbers import Real

import numpy as np
from tqdm import tqdm

from ._kernels.matchings.matching import distances_from, matched_pairs
from ._kernels.matchings.sliced import sliced_distances_from
from ._utils.checks import check_integer, check_n_jobs
from ._utils.memory import check_memory
from ._utils.namespace import namespace_of
from ._utils.parallel import counted, effective_n_jobs, run
from .diagrams.essential import SplitDiagram, essential_distances, row_norm, split_two
from .diagrams.inputs import as_list, as_points_list, check_dim_is_used
from .diagrams.selection import dimensions_of_two, find_dimensions

__all__ = [
    "Matching",
    "bottleneck_distance",
    "pairwise_diagram_distances",
    "sliced_wasserstein_distance",
    "wasserstein_distance",
]

METRICS = ("wasserstein", "bottleneck", "sliced_wasserstein")
GROUNDS = (2, np.inf)
# Powers of distances beyond it underflow; the bottleneck distance is their limit.
MAX_P = 100
LARGEST = np.finfo(np.float64).max


@dataclass(frozen=True, eq=False)
class Matching:
    """Which point of one diagram goes to which point of another.

    Attributes
    ----------
    pairs : (n_matched, 2) int64 ndarray
        Rows of the first and the second diagram, ascending in the first; with essential classes.
    diagonal1, diagonal2 : int64 ndarray
        Rows of the first and of the second diagram that go to the diagonal, ascending.
    """

    pairs: np.ndarray
    diagonal1: np.ndarray
    diagonal2: np.ndarray


def wasserstein_distance(dgm1, dgm2, *, p=1.0, ground=2, dim=None, return_matching=False):
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
    return _over_dimensions(dgm1, dgm2, dim, _check_p(p), _check_ground(ground), return_matching)


def bottleneck_distance(dgm1, dgm2, *, ground=np.inf, dim=None, return_matching=False):
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
    return _over_dimensions(dgm1, dgm2, dim, np.inf, _check_ground(ground), return_matching)


def sliced_wasserstein_distance(dgm1, dgm2, *, n_directions=50, dim=None):
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
    return _combined([_sliced_distance(dgm1, dgm2, n_directions, dim) for dim in dims], 1.0)


def _sliced_distance(dgm1, dgm2, n_directions, dim):
    first, second, xp, essential = split_two(dgm1, dgm2, dim)
    angles = _angles(n_directions, len(first.plain) + len(second.plain))
    if essential is None:
        return _infinite(first, second, xp)
    points1, points2 = (xp.take(diagram.live, diagram.is_finite) for diagram in (first, second))
    with np.errstate(over="ignore", invalid="ignore"):  # this is looked for
        projections = _projections(points1, angles), _projections(points2, angles)
        total = _sliced_of_projections(*projections, xp) + essential.sum()
    return xp.number(_check_total(total))


def pairwise_diagram_distances(
    X,
    Y=None,
    metric="wasserstein",
    *,
    p=1.0,
    ground=None,
    n_directions=50,
    dim=None,
    n_jobs=None,
    verbose=0,
):
    """Compute the distances between all diagrams of X and all of Y.

    Parameters
    ----------
    X : list of diagrams, or DiagramBatch
        What `PersistenceDiagrams` returns, too.
    Y : list of diagrams, or DiagramBatch, default=None
        None is X, and every distance is computed once.
    metric : {"wasserstein", "bottleneck", "sliced_wasserstein"}, default="wasserstein"
        Which of the distances of this module.
    p : float, default=1.0
        Power of "wasserstein", as there; the other metrics have none.
    ground : {2, inf}, default=None
        Norm of a difference of points. None is the default of the metric: 2 for "wasserstein", inf
        for "bottleneck". "sliced_wasserstein" has none.
    n_directions : int, default=50
        Number of lines of "sliced_wasserstein"; the other metrics have none.
    dim : int or tuple of int, default=None
        Homology dimensions of Diagrams, or positions in lists of arrays; None for all that there
        are. With several, distances are those of the functions of two diagrams: p-th powers of
        Wasserstein distances add up, bottleneck distances are the greatest, sliced ones are added.
    n_jobs : int, default=None
        Threads. None is 1 unless in a joblib context, -1 is all cores. Results do not depend on it.
    verbose : int, default=0
        Show a progress bar of the rows if positive.

    Returns
    -------
    (len(X), len(Y)) float64 ndarray
        Tensors are taken as numbers: for gradients use the functions of two diagrams.

    Raises
    ------
    TypeError, ValueError
        As `wasserstein_distance`, naming the diagram.

    Examples
    --------
    >>> from skltopo.distances import pairwise_diagram_distances
    >>> diagrams = [[[0.0, 4.0]], [[0.0, 3.0]], []]
    >>> pairwise_diagram_distances(diagrams, metric="bottleneck")
    array([[0. , 1. , 2. ],
           [1. , 0. , 1.5],
           [2. , 1.5, 0. ]])
    """
    if metric not in METRICS:
        raise ValueError(f"metric must be one of {METRICS}, got {metric!r}")
    if ground is None:
        ground = 2 if metric == "wasserstein" else np.inf
    p, ground = _check_p(p), _check_ground(ground)
    check_n_jobs(n_jobs)
    check_integer("n_directions", n_directions, 1)
    verbose = verbose if isinstance(verbose, bool) else check_integer("verbose", verbose, 0)
    p = {"wasserstein": p, "bottleneck": np.inf, "sliced_wasserstein": 1.0}[metric]
    X = as_list(X, "X")
    Y = None if Y is None else as_list(Y, "Y")
    if dim is not None:
        check_dim_is_used(dim, [*X, *(Y or ())], "the diagrams are")
    distances = [
        _pairwise(X, Y, metric, one, p, ground, n_directions, n_jobs, verbose)
        for one in _dimensions_of_both(dim, X, Y)
    ]
    return distances[0] if len(distances) == 1 else row_norm(np.stack(distances, axis=-1), p)


def _dimensions_of_both(dim, X, Y):
    """Return the tuple of dimensions that dim names in two lists of diagrams, or in one."""
    dims = find_dimensions(dim, X, "X")
    if Y and X and dim is None:
        others = find_dimensions(dim, Y, "Y")
        if dims != others and None not in (*dims, *others):
            dimensions_of_two(dim, X[0], Y[0], ("X[0]", "Y[0]"))
    return dims


def _pairwise(X, Y, metric, dim, p, ground, n_directions, n_jobs, verbose):
    """Return the distances of one dimension of the lists X and Y."""
    symmetric = Y is None
    first = [SplitDiagram(x, x) for x in as_points_list(X, dim, "X", False)[1]]
    second = (
        first if symmetric else [SplitDiagram(y, y) for y in as_points_list(Y, dim, "Y", False)[1]]
    )
    check_memory(
        24 * len(first) * len(second),
        f"{len(first)} x {len(second)} distances",
        "fewer diagrams take less",
    )
    if metric == "sliced_wasserstein":
        angles = _angles(n_directions, sum(len(x.plain) + 1 for x in [*first, *second]))
        fill = _sliced_rows(first, second, angles, symmetric)
    else:
        fill = _matched_rows(first, second, p, ground == 2, symmetric)
    out = np.zeros((len(first), len(second)))
    rows = [partial(fill, i, row) for i, row in enumerate(out)]
    with tqdm(total=len(rows), disable=not verbose, unit="row") as bar:
        run([partial(counted, row, bar, 1) for row in rows], effective_n_jobs(n_jobs))
    _check_total(out)
    if symmetric:
        out = out + out.T
    return row_norm(np.stack([out, essential_distances(first, second, p)], axis=-1), p)


# Parameters


def _check_p(p):
    if isinstance(p, bool) or not isinstance(p, Real) or not (1 <= p <= MAX_P or p == np.inf):
        raise ValueError(f"p must be a number from 1 to {MAX_P}, or inf, got {p!r}")
    return float(p)


def _check_ground(ground):
    if not isinstance(ground, Real) or ground not in GROUNDS:
        raise ValueError(f"ground must be 2 or inf, got {ground!r}")
    return ground


def _angles(n_directions, n_points):
    check_memory(
        48 * int(n_directions) * (n_points + 1),
        f"projections of {n_points} points on {n_directions} lines",
        "a smaller n_directions takes less",
    )
    return np.pi * (np.arange(n_directions) / n_directions - 0.5)


# Two diagrams


def _infinite(first, second, xp):
    """Return an infinite distance, with a gradient of zero."""
    return xp.zero_of(first.live) + xp.zero_of(second.live) + np.inf


def _check_total(total):
    """Return finite distances, or raise ValueError where they overflow."""
    if not np.isfinite(namespace_of(total).plain(total)).all():
        raise ValueError(
            "the distance of these diagrams is more than a float can hold; scale births and deaths"
        )
    return total


def _over_dimensions(dgm1, dgm2, dim, p, ground, return_matching):
    """Return the distance of two diagrams over all dimensions that dim names."""
    dims = dimensions_of_two(dim, dgm1, dgm2)
    found = [_distance(dgm1, dgm2, dim, p, ground, return_matching) for dim in dims]
    if len(dims) == 1:
        return found[0]
    if not return_matching:
        return _combined(found, p)
    distances, matchings = zip(*found, strict=True)
    return _combined(distances, p), dict(zip(dims, matchings, strict=True))


def _combined(distances, p):
    """Return the p-norm of distances, numbers or 0-d tensors, of several dimensions."""
    if len(distances) == 1:
        return distances[0]
    xp = namespace_of(*distances)
    lengths = xp.stack(xp.as_one_kind(*distances))
    if np.isinf(xp.plain(lengths)).any():
        return xp.number(lengths.sum())
    with np.errstate(over="ignore"):  # this is looked for
        return xp.number(_check_total(_p_norm(lengths, p, xp)))


def _distance(dgm1, dgm2, dim, p, ground, return_matching):
    first, second, xp, essential = split_two(dgm1, dgm2, dim)
    if essential is None:
        distance = _infinite(first, second, xp)
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
        distance = xp.number(_check_total(_p_norm(lengths, p, xp)))
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


def _p_norm(lengths, p, xp):
    """Return the p-norm, scaled by the greatest length so that no power overflows."""
    if p == 1 or not len(lengths):
        return lengths.sum()
    if p == np.inf:
        return xp.amax(lengths)
    top = float(xp.plain(lengths).max())
    if top == 0:
        return lengths.sum()
    return top * ((lengths / top) ** p).sum() ** (1 / p)


# Projections


def _projections(points, angles):
    """Return (points, nearest points of the diagonal) along every line: two (n, n_angles)."""
    lines = namespace_of(points).operand(np.stack([np.cos(angles), np.sin(angles)]), points)
    return points @ lines, (points.sum(1) / 2)[:, None] * lines.sum(0)


def _sliced_of_projections(first, second, xp):
    """Return the mean over lines of W_1 of the projections, a sum over sorted values."""
    ahead = xp.sort(xp.concat([first[0], second[1]]), 0)
    behind = xp.sort(xp.concat([second[0], first[1]]), 0)
    return abs(ahead - behind).sum() / first[0].shape[1]


# Many pairs: functions that write the distances of diagram i of first to all of second into a row


def _matched_rows(first, second, p, euclidean, symmetric):
    first, second = ([x.plain[x.off_diagonal] for x in side] for side in (first, second))
    points = np.concatenate([*second, np.empty((0, 2))])
    splits = np.concatenate([[0], np.cumsum([len(part) for part in second])]).astype(np.int64)
    power = 1.0 if p == np.inf else p

    def fill(i, row):
        begin = i + 1 if symmetric else 0
        distances_from(
            first[i], points, splits[begin:], power, euclidean=euclidean, bottleneck=p == np.inf,
            out=row[begin:],
        )  # fmt: skip

    return fill


def _sorted_projections(diagrams, angles):
    """Return projections of points and of diagonal points, two (n_angles, n_all), and splits.

    Those of each diagram are ascending and end with infinity.
    """
    sizes = np.array([0, *(len(points) + 1 for points in diagrams)], dtype=np.int64)
    splits = np.cumsum(sizes)
    out = np.empty((2, len(angles), splits[-1]))
    for points, i, j in zip(diagrams, splits, splits[1:], strict=False):
        for side, projected in zip(out, _projections(points, angles), strict=True):
            # Nothing but the end is infinite: a sum that overflows is not.
            side[:, i : j - 1] = np.clip(np.sort(projected.T, axis=1), -LARGEST, LARGEST)
    out[:, :, splits[1:] - 1] = np.inf
    return *out, splits


def _sliced_rows(first, second, angles, symmetric):
    with np.errstate(over="ignore", invalid="ignore"):  # distances are looked at
        (points1, diagonal1, splits1), (points2, diagonal2, splits2) = (
            _sorted_projections([x.plain[x.is_finite] for x in side], angles)
            for side in (first, second)
        )

    def fill(i, row):
        begin = i + 1 if symmetric else 0
        own = slice(splits1[i], splits1[i + 1])
        sliced_distances_from(
            np.ascontiguousarray(points1[:, own]), np.ascontiguousarray(diagonal1[:, own]),
            points2, diagonal2, splits2[begin:], row[begin:],
        )  # fmt: skip

    return fill
