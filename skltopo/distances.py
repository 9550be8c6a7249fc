"""Distances between persistence diagrams: Wasserstein, bottleneck and sliced Wasserstein.

Kernels find which point goes where; the distance is then a function of births and deaths, so from
tensors it is a tensor whose gradient flows into both diagrams through the optimal matching.
"""

from dataclasses import dataclass
from functools import partial
from numbers import Integral, Real

import numpy as np

from ._kernels.matchings.matching import distances_from, matched_pairs
from ._kernels.matchings.sliced import sliced_distances_from
from ._utils.arrays import is_tensor
from ._utils.parallel import effective_n_jobs, run
from .diagrams.containers import concatenate
from .diagrams.inputs import as_list, as_points, as_points_list, check_dim_is_used

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
    dim : int, default=None
        Homology dimension of a Diagram, or position in a list of arrays; None where there is only
        one.
    return_matching : bool, default=False
        Return an optimal matching too.

    Returns
    -------
    distance : float, or 0-d torch.Tensor if a diagram is one
        Differentiable with respect to both diagrams; points that coincide add no gradient.
    matching : Matching
        If `return_matching`; None where the distance is infinite.

    Raises
    ------
    TypeError
        If a diagram is not real numbers.
    ValueError
        If a diagram has another shape or a NaN; if a parameter is out of range; if dim is missing,
        not there, or given for two arrays, which have none.

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
    p, ground = _check_p(p), _check_ground(ground)
    if p == np.inf:
        return bottleneck_distance(
            dgm1, dgm2, ground=ground, dim=dim, return_matching=return_matching
        )
    match = partial(matched_pairs, p=p, euclidean=ground == 2)
    return _distance(dgm1, dgm2, dim, match, ground, partial(_p_norm, p=p), return_matching)


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
    dim : int, default=None
        As in `wasserstein_distance`.
    return_matching : bool, default=False
        Return an optimal matching too.

    Returns
    -------
    distance : float, or 0-d torch.Tensor if a diagram is one
        Its gradient is that of the longest distance of the matching found, shared between equals.
    matching : Matching
        If `return_matching`; None where the distance is infinite.

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
    ground = _check_ground(ground)
    match = partial(matched_pairs, p=1.0, euclidean=ground == 2, bottleneck=True)
    return _distance(dgm1, dgm2, dim, match, ground, _maximum, return_matching)


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
    dim : int, default=None
        As in `wasserstein_distance`.

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
    angles = _angles(n_directions)
    both = _as_two_diagrams(dgm1, dgm2, dim)
    (live1, essential1), (live2, essential2) = (_split(*points) for points in both)
    lengths = _essential_lengths(*both, essential1, essential2)
    if lengths is None:
        return _infinite(both[0][0], both[1][0])
    part = _sliced_of_projections(_projections(live1, angles), _projections(live2, angles))
    total = part + lengths.sum()
    return total if is_tensor(total) else float(total)


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
    dim : int, default=None
        Homology dimension of Diagrams, or position in lists of arrays; None where there is only
        one.
    n_jobs : int, default=None
        Threads. None is 1 unless in a joblib context, -1 is all cores. Results do not depend on it.

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
    p, ground, angles = _check_p(p), _check_ground(ground), _angles(n_directions)
    p = {"wasserstein": p, "bottleneck": np.inf, "sliced_wasserstein": 1.0}[metric]
    symmetric = Y is None
    if dim is not None:
        both = [*as_list(X, "X"), *(() if symmetric else as_list(Y, "Y"))]
        check_dim_is_used(dim, both, "the diagrams are")
    first = [_split_values(plain) for plain in as_points_list(X, dim, "X", False)[1]]
    second = (
        first if symmetric else [_split_values(y) for y in as_points_list(Y, dim, "Y", False)[1]]
    )
    finite1, finite2 = [finite for finite, _ in first], [finite for finite, _ in second]
    if metric == "sliced_wasserstein":
        rows = _sliced_rows(finite1, finite2, angles, symmetric)
    else:
        rows = _matched_rows(finite1, finite2, p, ground == 2, symmetric)
    out = np.zeros((len(first), len(second)))
    run([partial(_fill, out, i, row) for i, row in enumerate(rows)], effective_n_jobs(n_jobs))
    if symmetric:
        out = out + out.T
    return _row_norm(np.stack([out, _essential_distances(first, second, p)], axis=-1), p)


# Parameters


def _check_p(p):
    if isinstance(p, bool) or not isinstance(p, Real) or not (1 <= p <= MAX_P or p == np.inf):
        raise ValueError(f"p must be a number from 1 to {MAX_P}, or inf, got {p!r}")
    return float(p)


def _check_ground(ground):
    if isinstance(ground, bool) or not isinstance(ground, Real) or ground not in GROUNDS:
        raise ValueError(f"ground must be 2 or inf, got {ground!r}")
    return ground


def _angles(n_directions):
    if isinstance(n_directions, bool) or not isinstance(n_directions, Integral) or n_directions < 1:
        raise ValueError(f"n_directions must be an integer of at least 1, got {n_directions!r}")
    return np.pi * (np.arange(n_directions) / n_directions - 0.5)


def _as_two_diagrams(dgm1, dgm2, dim):
    """Return two (live, plain), both live ones tensors of one dtype if one of them is a tensor."""
    check_dim_is_used(dim, [dgm1, dgm2], "dgm1 and dgm2 are")
    (live1, plain1), (live2, plain2) = as_points(dgm1, dim, "dgm1"), as_points(dgm2, dim, "dgm2")
    if is_tensor(live1) or is_tensor(live2):
        import torch

        device = (live1 if is_tensor(live1) else live2).device
        live1, live2 = (torch.as_tensor(live, device=device) for live in (live1, live2))
        dtype = torch.promote_types(live1.dtype, live2.dtype)
        live1, live2 = live1.to(dtype), live2.to(dtype)
    return (live1, plain1), (live2, plain2)


# Essential classes


def _split(live, plain):
    """Return (finite points, {kind: rows of essential classes by their finite coordinate}).

    A kind is the pair of signs of the infinite coordinates, 0 for a finite one.
    """
    is_finite = np.isfinite(plain).all(axis=1)
    if is_finite.all():
        return live, {}
    signs = np.where(np.isfinite(plain), 0, np.sign(plain)).astype(int)
    rows = {}
    for kind in {tuple(kind) for kind in signs[~is_finite].tolist()}:
        members = np.flatnonzero((signs == kind).all(axis=1))
        column = _finite_column(kind)
        if column is not None:
            members = members[np.argsort(plain[members, column], kind="stable")]
        rows[kind] = members
    return _take(live, np.flatnonzero(is_finite)), rows


def _finite_column(kind):
    """Return which coordinate of an essential class is finite, or None."""
    return None if all(kind) else int(kind[0] != 0)


def _take(values, rows):
    if is_tensor(values):
        import torch

        return values[torch.from_numpy(rows).to(values.device)]
    return values[rows]


def _essential_lengths(points1, points2, rows1, rows2):
    """Return |difference| of every two essential classes that are matched; None if one is left."""
    if {kind: len(rows) for kind, rows in rows1.items()} != {
        kind: len(rows) for kind, rows in rows2.items()
    }:
        return None
    parts = [points1[0][:0, 0]]
    for kind in sorted(rows1):
        column = _finite_column(kind)
        if column is not None:
            parts.append(
                abs(
                    _take(points1[0][:, column], rows1[kind])
                    - _take(points2[0][:, column], rows2[kind])
                )
            )
    return concatenate(parts)


def _infinite(live1, live2):
    """Return an infinite distance, part of the graph with a zero gradient."""
    if not is_tensor(live1):
        return np.inf
    import torch

    anchor = sum(torch.where(torch.isfinite(x), x, 0).sum() for x in (live1, live2))
    return anchor * 0 + np.inf


# Matchings


def _distance(dgm1, dgm2, dim, match, ground, norm, return_matching):
    both = _as_two_diagrams(dgm1, dgm2, dim)
    (live1, plain1), (live2, plain2) = both
    essential1, essential2 = _split(plain1, plain1)[1], _split(plain2, plain2)[1]
    lengths = _essential_lengths(*both, essential1, essential2)
    if lengths is None:
        distance = _infinite(live1, live2)
        return (distance, None) if return_matching else distance
    off1, off2 = (_off_diagonal(plain) for plain in (plain1, plain2))
    found = match(plain1[off1], plain2[off2])
    pairs = np.column_stack([off1[found[:, 0]], off2[found[:, 1]]])
    alone1 = _left_over(off1, pairs[:, 0], len(plain1))
    alone2 = _left_over(off2, pairs[:, 1], len(plain2))
    distance = norm(
        concatenate(
            [
                lengths,
                _ground_norm(_take(live1, pairs[:, 0]) - _take(live2, pairs[:, 1]), ground),
                _to_diagonal(_take(live1, alone1), ground),
                _to_diagonal(_take(live2, alone2), ground),
            ]
        )
    )
    distance = distance if is_tensor(distance) else float(distance)
    if not return_matching:
        return distance
    essential = [np.column_stack([essential1[kind], essential2[kind]]) for kind in essential1]
    return distance, _make_matching(np.concatenate([pairs, *essential]), len(plain1), len(plain2))


def _off_diagonal(plain):
    """Return the rows of finite points that are not on the diagonal."""
    return np.flatnonzero(np.isfinite(plain).all(axis=1) & (plain[:, 0] != plain[:, 1]))


def _left_over(rows, taken, n):
    """Return those of rows, an index of n things, that are not taken; ascending."""
    is_left = np.zeros(n, dtype=bool)
    is_left[rows] = True
    is_left[taken] = False
    return np.flatnonzero(is_left)


def _make_matching(pairs, n1, n2):
    pairs = pairs[np.argsort(pairs[:, 0])]
    return Matching(
        pairs,
        _left_over(slice(None), pairs[:, 0], n1),
        _left_over(slice(None), pairs[:, 1], n2),
    )


def _ground_norm(differences, ground):
    if is_tensor(differences):
        import torch

        return torch.linalg.vector_norm(differences, ground, dim=1)  # gradient 0 at 0
    if ground == 2:
        return np.hypot(differences[:, 0], differences[:, 1])
    return abs(differences).max(axis=1, initial=0)


def _to_diagonal(points, ground):
    half = abs(points[:, 1] - points[:, 0]) / 2
    return half * 2**0.5 if ground == 2 else half


def _p_norm(lengths, p):
    if p == 1 or not len(lengths):
        return lengths.sum()
    top = float((lengths.detach() if is_tensor(lengths) else lengths).max())
    if top == 0:
        return lengths.sum()
    return top * ((lengths / top) ** p).sum() ** (1 / p)


def _maximum(lengths):
    if not len(lengths):
        return lengths.sum()
    return lengths.amax() if is_tensor(lengths) else lengths.max()


# Projections


def _projections(points, angles):
    """Return (points, nearest points of the diagonal) along every line: two (n, n_angles)."""
    lines = np.stack([np.cos(angles), np.sin(angles)])
    if is_tensor(points):
        import torch

        lines = torch.from_numpy(lines).to(points)
    return points @ lines, (points.sum(1) / 2)[:, None] * lines.sum(0)


def _sorted(values):
    return values.sort(dim=0).values if is_tensor(values) else np.sort(values, axis=0)


def _sliced_of_projections(first, second):
    """Return the mean over lines of W_1 of the projections, a sum over sorted values."""
    ahead = _sorted(concatenate([first[0], second[1]]))
    behind = _sorted(concatenate([second[0], first[1]]))
    return abs(ahead - behind).sum() / first[0].shape[1]


# Many pairs


def _fill(out, i, row):
    row(out[i])


def _matched_rows(first, second, p, euclidean, symmetric):
    """Return one task for each diagram of first: write its distances to second into a row."""
    first, second = (
        [np.ascontiguousarray(points[points[:, 0] != points[:, 1]]) for points in side]
        for side in (first, second)
    )
    points = np.concatenate([*second, np.empty((0, 2))])
    splits = np.concatenate([[0], np.cumsum([len(part) for part in second])]).astype(np.int64)

    def fill(i, row):
        begin = i + 1 if symmetric else 0
        power = 1.0 if p == np.inf else p
        distances_from(first[i], points, splits[begin:], power, euclidean, p == np.inf, row[begin:])

    return [partial(fill, i) for i in range(len(first))]


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
    points1, diagonal1, splits1 = _sorted_projections(first, angles)
    points2, diagonal2, splits2 = _sorted_projections(second, angles)

    def fill(i, row):
        begin = i + 1 if symmetric else 0
        own = slice(splits1[i], splits1[i + 1])
        sliced_distances_from(
            np.ascontiguousarray(points1[:, own]), np.ascontiguousarray(diagonal1[:, own]),
            points2, diagonal2, splits2[begin:], row[begin:],
        )  # fmt: skip

    return [partial(fill, i) for i in range(len(first))]


def _split_values(plain):
    """Return (finite points, {kind: sorted coordinates of essential classes})."""
    finite, rows = _split(plain, plain)
    values = {}
    for kind, members in rows.items():
        column = _finite_column(kind)
        values[kind] = np.zeros(len(members)) if column is None else plain[members, column]
    return finite, values


def _essential_distances(first, second, p):
    """Return the (len(first), len(second)) distances of the essential classes alone."""
    groups = [{}, {}]
    for group, side in zip(groups, (first, second), strict=True):
        for i, (_, values) in enumerate(side):
            kinds = sorted(values)
            signature = tuple((kind, len(values[kind])) for kind in kinds)
            members, rows = group.setdefault(signature, ([], []))
            members.append(i)
            rows.append(np.concatenate([np.empty(0), *(values[kind] for kind in kinds)]))
    out = np.full((len(first), len(second)), np.inf)
    for signature, (members1, rows1) in groups[0].items():
        if signature in groups[1]:
            members2, rows2 = groups[1][signature]
            differences = abs(np.array(rows1)[:, None] - np.array(rows2)[None])
            out[np.ix_(members1, members2)] = _row_norm(differences, p)
    return out


def _row_norm(lengths, p):
    """Return the p-norm over the last axis; infinite where a length is."""
    top = lengths.max(axis=-1, initial=0)
    if p == np.inf:
        return top
    scale = np.where((top > 0) & np.isfinite(top), top, 1)
    return scale * ((lengths / scale[..., None]) ** p).sum(axis=-1) ** (1 / p)
