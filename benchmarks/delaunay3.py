"""Weak Alpha and Alpha of points in space beside geoph, gudhi and Qhull, in one run.

Ours returns critical edges and simplices of PD_0, PD_1 and PD_2; geoph and gudhi values. Every row
takes the best of several repetitions, ours and the peer's in turn, on one thread.

    python benchmarks/delaunay3.py             # up to 1e4 points, about a minute
    python benchmarks/delaunay3.py --large     # 1e5 points too, some minutes
"""

import argparse

import geoph
import gudhi
import numpy as np
from scipy.spatial import Delaunay
from timing import best_times
from tqdm import tqdm

from skltopo._kernels.delaunay.pairs_any import delaunay_pairs
from skltopo._kernels.delaunay.triangulation3 import delaunay_tetrahedra

DIMS = (0, 1, 2)


def gudhi_alpha(points, precision):
    """All diagrams of gudhi's Alpha complex."""
    tree = gudhi.AlphaComplex(points=points, precision=precision).create_simplex_tree()
    tree.compute_persistence()
    return [tree.persistence_intervals_in_dimension(dim) for dim in DIMS]


def clouds(sizes):
    """Uniform points by size, and noiseless surfaces and a lattice, where predicates are hard.

    With them the precision that gudhi needs: "fast" is not right where spheres agree.
    """
    rng = np.random.default_rng(0)
    for n in sizes:
        yield f"uniform {n:,}", rng.random((n, 3)), "fast"
    for n in (3000, 10_000):
        sphere = rng.standard_normal((n, 3))
        yield f"sphere {n:,}", sphere / np.linalg.norm(sphere, axis=1)[:, None], "safe"
    a, b = 2 * np.pi * rng.random((2, 3000))
    yield (
        "torus 3,000",
        np.stack([(2 + np.cos(a)) * np.cos(b), (2 + np.cos(a)) * np.sin(b), np.sin(a)], axis=1),
        "safe",
    )
    grid = np.stack(np.indices((14, 14, 14)), axis=-1).reshape(-1, 3)
    yield "integer lattice 14^3", grid.astype(float), "safe"
    yield "lattice of linspace(0, 1, 14)", np.linspace(0, 1, 14)[grid], "safe"


def main():
    """Time all rows and print them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true", help="1e5 points too")
    arguments = parser.parse_args()
    sizes = (100, 1000, 10_000, 100_000) if arguments.large else (100, 1000, 10_000)
    results = []
    for name, points, precision in tqdm(list(clouds(sizes))):
        pairs = [
            (
                "weak Alpha / geoph",
                lambda x=points: geoph.delaunayRipsPersistenceDiagram(x),
                lambda x=points: delaunay_pairs(x, DIMS, False),
            ),
            (
                f"Alpha / gudhi {precision}",
                lambda x=points, p=precision: gudhi_alpha(x, p),
                lambda x=points: delaunay_pairs(x, DIMS, True),
            ),
            (
                "triangulation / Qhull",
                lambda x=points: Delaunay(x),
                lambda x=points: delaunay_tetrahedra(x),
            ),
        ]
        for what, peer, ours in pairs:
            results.append((name, what, *best_times([peer, ours], seconds=10.0)))
    print(f"{'points':30s} {'work':22s} {'peer':>10s} {'skltopo':>10s} {'ratio':>7s}   (ms)")
    for name, what, peer, ours in results:
        print(f"{name:30s} {what:22s} {peer:10.2f} {ours:10.2f} {peer / ours:6.1f}x")


if __name__ == "__main__":
    main()
