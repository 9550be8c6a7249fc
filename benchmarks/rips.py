"""Vietoris-Rips beside its peers, in one run: times on one core, and the ratio to each peer.

Every row does the same work in both packages and takes the best of several repetitions, ours and
the peers' in turn. Ours returns pairs of critical edges beside births and deaths; RedZeD, ripser
and giotto-ph are asked for births and deaths alone, which is faster for them. Matrices are float64,
and checked for symmetry by ours within its time.

    python benchmarks/rips.py            # all rows, about a minute
    python benchmarks/rips.py --slow     # also ripser and giotto-ph, where they take seconds
    python benchmarks/rips.py --markdown # a table for the README
"""

import argparse
import subprocess
import sys
import time

import numpy as np
import redzed_tda
import torch
from gph import ripser_parallel
from hdbscan._hdbscan_boruvka import KDTreeBoruvkaAlgorithm
from ripser import ripser
from scipy.spatial.distance import pdist, squareform
from sklearn.cluster._hdbscan._linkage import mst_from_data_matrix
from sklearn.metrics import DistanceMetric
from sklearn.neighbors import KDTree
from timing import best_times
from tqdm import tqdm

from skltopo.filtrations import VietorisRips

SLOW = 1000  # ms, from which on a peer is timed once, and only if asked for


def sample(kind, n, rng):
    """Draw n points."""
    angle = 2 * np.pi * rng.random((2, n))
    if kind == "square":
        return rng.random((n, 2))
    if kind == "cube":
        return rng.random((n, 3))
    if kind == "normal R^10":
        return rng.normal(size=(n, 10))
    if kind == "noisy circle":
        return np.stack([np.cos(angle[0]), np.sin(angle[0])], 1) + 0.1 * rng.normal(size=(n, 2))
    if kind == "torus":
        radius = 2 + np.cos(angle[0])
        return np.stack(
            [radius * np.cos(angle[1]), radius * np.sin(angle[1]), np.sin(angle[0])], axis=1
        )
    points = rng.normal(size=(n, 3))  # a sphere
    return points / np.linalg.norm(points, axis=1)[:, None]


# Rows: (what, bar, our call, {peer: (call, expected ms)})


def matrix_row(kind, n, max_dim, bar, slow, rng):
    """PD_0 to PD_max_dim of a distance matrix; `slow` tells about how long the others take."""
    matrix = squareform(pdist(sample(kind, n, rng)))
    ours = VietorisRips(max_dim, metric="precomputed")
    diagram, expected = ours(matrix), redzed_tda.rips(matrix, maxdim=max_dim)
    for dim in range(max_dim + 1):
        theirs = expected[dim][expected[dim][:, 0] < expected[dim][:, 1]]
        assert np.allclose(np.sort(diagram[dim], axis=0), np.sort(theirs, axis=0), rtol=1e-6)
    dims = ", ".join(f"PD_{dim}" for dim in range(max_dim + 1))
    return (
        f"{kind} {n}, {dims}",
        bar,
        lambda: ours(matrix),
        {
            "RedZeD": (lambda: redzed_tda.rips(matrix, maxdim=max_dim), 0),
            "ripser": (lambda: ripser(matrix, maxdim=max_dim, distance_matrix=True), slow[0]),
            "giotto-ph": (
                lambda: ripser_parallel(
                    matrix, maxdim=max_dim, metric="precomputed", collapse_edges=max_dim == 2
                ),
                slow[1],
            ),
        },
    )


def tree_by_hdbscan(points):
    """Lengths of the spanning tree by hdbscan's Borůvka, differentiable by a torch gather."""
    plain = points.detach().numpy()
    tree = KDTreeBoruvkaAlgorithm(KDTree(plain, leaf_size=20), 1, leaf_size=6).spanning_tree()
    ends = torch.from_numpy(tree[:, :2].astype(np.int64))
    return torch.linalg.vector_norm(points[ends[:, 0]] - points[ends[:, 1]], dim=1)


def tree_by_sklearn(points):
    """Lengths of the spanning tree by scikit-learn's Prim."""
    euclidean = DistanceMetric.get_metric("euclidean")
    return mst_from_data_matrix(points, np.zeros(len(points)), euclidean, 1.0)["distance"]


def tree_rows(rng):
    """PD_0 alone."""
    ours = VietorisRips(0)
    space = torch.tensor(rng.random((10_000, 3)), requires_grad=True)
    high = rng.random((2_000, 50))
    lengths = ours(space)[0][1:, 1].sum()
    assert torch.isclose(lengths, tree_by_hdbscan(space).sum())
    assert np.isclose(ours(high)[0][1:, 1].sum(), tree_by_sklearn(high).sum())
    return [
        (
            "uniform R^3 10,000, PD_0",
            1.5,
            lambda: ours(space),
            {"hdbscan": (lambda: tree_by_hdbscan(space), 0)},
        ),
        (
            "uniform R^50 2,000, PD_0",
            1.5,
            lambda: ours(high),
            {"scikit-learn": (lambda: tree_by_sklearn(high), 0)},
        ),
    ]


MEMORY = """
import numpy as np
from skltopo.filtrations import VietorisRips

def status(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name)) / 1024

points = np.random.default_rng(0).random(({n}, 3))
VietorisRips(0)(points[:5000])
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the peak starts again from here
before = status("VmRSS")
VietorisRips(0)(points)
print(status("VmHWM") - before)
"""


def peak_memory(n):
    """Return by how many MB PD_0 of n points in space raises a fresh process (Linux only)."""
    command = [sys.executable, "-c", MEMORY.format(n=n)]
    return float(subprocess.run(command, capture_output=True, check=True).stdout)


def main():
    """Time all rows and print them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--markdown", action="store_true", help="print a markdown table")
    parser.add_argument("--slow", action="store_true", help="time peers that take seconds, once")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    long = (9000, 6000)
    makers = [
        lambda: matrix_row("square", 1000, 1, 2.5, long, rng),
        lambda: matrix_row("noisy circle", 1000, 1, 2.5, long, rng),
        lambda: matrix_row("sphere", 1000, 1, 2.5, long, rng),
        lambda: matrix_row("sphere", 3000, 1, 2.5, (np.inf, np.inf), rng),
        lambda: matrix_row("normal R^10", 500, 1, 2.5, (0, 0), rng),
        lambda: matrix_row("cube", 300, 2, 10, (2000, 0), rng),
        lambda: matrix_row("torus", 500, 2, 10, (np.inf, 2000), rng),
        lambda: matrix_row("sphere", 200, 2, 10, (2000, 1700), rng),
        lambda: matrix_row("sphere", 400, 2, 10, (np.inf, np.inf), rng),
    ]
    rows = [make() for make in makers] + tree_rows(rng)

    if arguments.markdown:
        print("| work | skltopo | peers |\n| --- | --- | --- |")
    else:
        print("ms; ratio = peer / skltopo (bar)")
    for what, bar, ours, peers in tqdm(rows, disable=None):
        fast = {name: call for name, (call, expected) in peers.items() if expected < SLOW}
        mine, *theirs = best_times([ours, *fast.values()])
        times = dict(zip(fast, theirs, strict=True))
        for name, (call, expected) in peers.items():
            if arguments.slow and SLOW <= expected < np.inf:
                begin = time.perf_counter()
                call()
                times[name] = 1e3 * (time.perf_counter() - begin)
        cells = [f"{name} {t:.3g} ms ({t / mine:.1f}x)" for name, t in times.items()]
        if arguments.markdown:
            print(f"| {what} | {mine:.3g} ms | {', '.join(cells)} |")
        else:
            print(f"{what:32s} {mine:8.2f} (bar {bar:g}x)  {', '.join(cells)}")
    if sys.platform == "linux":
        small, large = peak_memory(10_000), peak_memory(100_000)
        print(
            f"Peak extra memory of PD_0 in R^3: {small:.1f} MB (1e4 points), {large:.1f} MB (1e5)"
        )


if __name__ == "__main__":
    main()
