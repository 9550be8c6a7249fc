"""Distances between all pairs of diagrams of two lists."""

from __future__ import annotations

from functools import partial
from typing import Literal

import numpy as np

from .._kernels.matchings.matching import distances_from
from .._kernels.matchings.sliced import sliced_distances_from
from .._utils.checks import check_integer, check_n_jobs
from .._utils.cluster import is_for_cluster, send
from .._utils.memory import check_memory
from .._utils.parallel import effective_n_jobs, run
from .._utils.progress import check_verbose, counted, progress_bar
from .._utils.typing import Floats
from ..diagrams.essential import SplitDiagram, essential_distances, row_norm
from ..diagrams.inputs import DiagramsLike, as_list, as_points_list, check_dim_is_used
from ..diagrams.selection import dimensions_of_two, find_dimensions
from .common import (
    angles_of,
    check_ground,
    check_p,
    check_total,
    projections,
)

__all__ = ["pairwise_diagram_distances"]

METRICS = ("wasserstein", "bottleneck", "sliced_wasserstein")
LARGEST = np.finfo(np.float64).max
# Diagrams on each side of a block, which is one task for a Dask cluster.
BLOCK = 64
# What a point of a pair costs, in values of an image that are swept.
WORK_OF_MATCHED, WORK_OF_SLICED = 16, 1


def pairwise_diagram_distances(
    X: DiagramsLike,
    Y: DiagramsLike | None = None,
    metric: Literal["wasserstein", "bottleneck", "sliced_wasserstein"] = "wasserstein",
    *,
    p: float = 1.0,
    ground: float | None = None,
    n_directions: int = 50,
    dim: int | tuple[int, ...] | None = None,
    n_jobs: int | None = None,
    verbose: int = 0,
) -> Floats:
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
        In ``joblib.parallel_config("dask")`` any value but 1 is the cluster, for all but few pairs.
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
    p, ground = check_p(p), check_ground(ground)
    check_n_jobs(n_jobs)
    check_integer("n_directions", n_directions, 1)
    verbose = check_verbose(verbose)
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
        angles = angles_of(n_directions, sum(len(x.plain) + 1 for x in [*first, *second]))
        rows_of = partial(_sliced_rows, angles=angles)
        plain1, plain2 = ([x.plain[x.is_finite] for x in side] for side in (first, second))
        work = WORK_OF_SLICED * _count_points(plain1, plain2)
    else:
        rows_of = partial(_matched_rows, p=p, euclidean=ground == 2)
        plain1, plain2 = ([x.plain[x.off_diagonal] for x in side] for side in (first, second))
        work = WORK_OF_MATCHED * _count_points(plain1, plain2)
    compute = _on_cluster if is_for_cluster(n_jobs, work) else _in_threads
    out = compute(rows_of, plain1, plain2, symmetric, n_jobs, verbose)
    check_total(out)
    if symmetric:
        out = out + out.T
    return row_norm(np.stack([out, essential_distances(first, second, p)], axis=-1), p)


def _count_points(first, second):
    """Return how many points both diagrams of all pairs have."""
    points1, points2 = sum(map(len, first)), sum(map(len, second))
    return points1 * len(second) + points2 * len(first)


def _in_threads(rows_of, first, second, symmetric, n_jobs, verbose):
    """Return the distances; if symmetric, those above the diagonal."""
    fill = rows_of(first, second)
    out = np.zeros((len(first), len(second)))
    tasks = [partial(fill, i, i + 1 if symmetric else 0, row) for i, row in enumerate(out)]
    with progress_bar(len(tasks), verbose, "row") as bar:
        run([partial(counted, task, bar, 1) for task in tasks], effective_n_jobs(n_jobs))
    return out


def _on_cluster(rows_of, first, second, symmetric, n_jobs, verbose):
    """Do the same as tasks of a Dask cluster: blocks of rows and columns, with their diagrams."""
    out = np.zeros((len(first), len(second)))
    blocks = [
        (i, j)
        for i in range(0, len(first), BLOCK)
        for j in range(0, len(second), BLOCK)
        if not symmetric or j >= i
    ]
    with progress_bar(len(blocks), verbose, "block") as bar:
        tasks = (
            partial(
                _in_threads, rows_of, first[i : i + BLOCK], second[j : j + BLOCK],
                symmetric and i == j, n_jobs=1, verbose=0,
            )
            for i, j in blocks
        )  # fmt: skip
        for (i, j), found in zip(blocks, send(tasks, bar), strict=True):
            out[i : i + BLOCK, j : j + BLOCK] = found
    return out


# Functions that return a function: it writes the distances of diagram i of first to those of
# second, from number `begin` on, into a row


def _matched_rows(first, second, p, euclidean):
    points = np.concatenate([*second, np.empty((0, 2))])
    splits = np.concatenate([[0], np.cumsum([len(part) for part in second])]).astype(np.int64)
    power = 1.0 if p == np.inf else p

    def fill(i, begin, row):
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
        for side, projected in zip(out, projections(points, angles), strict=True):
            # Nothing but the end is infinite: a sum that overflows is not.
            side[:, i : j - 1] = np.clip(np.sort(projected.T, axis=1), -LARGEST, LARGEST)
    out[:, :, splits[1:] - 1] = np.inf
    return *out, splits


def _sliced_rows(first, second, angles):
    with np.errstate(over="ignore", invalid="ignore"):  # distances are looked at
        (points1, diagonal1, splits1), (points2, diagonal2, splits2) = (
            _sorted_projections(side, angles) for side in (first, second)
        )

    def fill(i, begin, row):
        own = slice(splits1[i], splits1[i + 1])
        sliced_distances_from(
            np.ascontiguousarray(points1[:, own]), np.ascontiguousarray(diagonal1[:, own]),
            points2, diagonal2, splits2[begin:], row[begin:],
        )  # fmt: skip

    return fill
