"""Point clouds in the plane beside geoph and gudhi, in one run: times, and the ratio to the peer.

Every row does the same work in both packages, on one core, and takes the best of several
repetitions, ours and the peer's in turn: from points to births, deaths and the indices of critical
edges as arrays. geoph returns lists of simplices; numpy turns them into arrays and computes their
lengths (with --bare, geoph's call alone is timed, without arrays or lengths). With gradients: the
energy of figure 1, the sum of squared persistence in PD_1, by a torch gather or by `Energy`, and
its gradient with respect to the points.

    python benchmarks/planar.py            # all rows, about a minute
    python benchmarks/planar.py --markdown # a table for the README
"""

import argparse

import geoph
import gudhi
import numpy as np
import torch
from timing import best_times
from tqdm import tqdm

from skltopo import Energy
from skltopo.filtrations import Alpha, VietorisRips, WeakAlpha

# The peers' side


def edges_of(pairs):
    """Return geoph's pairs as arrays: edges that join components, and (birth, death) of holes."""
    joining = np.array([death for _, death in pairs[0]])
    holes = np.array([birth + death for birth, death in pairs[1]]).reshape(-1, 4)
    return joining, holes


def geoph_lengths(points, pair):
    """Pairs, births and deaths as arrays."""
    lengths = []
    for edges in edges_of(pair(points)):
        ends = points[edges.reshape(-1, 2)]
        lengths.append(np.sqrt(((ends[:, 0] - ends[:, 1]) ** 2).sum(axis=1)))
    return lengths


def geoph_gradient(points):
    """E(2, 0, 1; PD_1) of figure 1 by a torch gather, and its gradient."""
    tensor = torch.tensor(points, requires_grad=True)
    _, holes = edges_of(geoph.delaunayRipsPersistencePairs(points))
    ends = tensor[torch.from_numpy(holes)]
    births = (ends[:, 0] - ends[:, 1]).norm(dim=1)
    deaths = (ends[:, 2] - ends[:, 3]).norm(dim=1)
    (deaths - births).square().sum().backward()
    return tensor.grad


def gudhi_alpha(points):
    """Squared radii, by the fast kernel that does not decide exactly."""
    tree = gudhi.AlphaComplex(points, precision="fast").create_simplex_tree()
    tree.compute_persistence()
    return [tree.persistence_intervals_in_dimension(dim) for dim in (0, 1)]


# Our side


def our_gradient(points):
    """E(2, 0, 1; PD_1) and its gradient."""
    tensor = torch.tensor(points, requires_grad=True)
    Energy(dim=1, p=2)(WeakAlpha()(tensor)).backward()
    return tensor.grad


# Rows: (what, peer, bar, peer's call, our call)


def rows(rng, bare):
    """Make all rows."""
    out = []

    def peer(points, pair):
        return (lambda: pair(points)) if bare else (lambda: geoph_lengths(points, pair))

    for n in (100, 1_000, 10_000, 100_000):
        points = rng.random((n, 2))
        call = peer(points, geoph.delaunayRipsPersistencePairs)
        out.append(
            (f"weak Alpha, {n:,} points", "geoph", 2.5, call, lambda p=points: WeakAlpha()(p))
        )
    for n in (100, 1_000, 10_000, 100_000):
        points = rng.random((n, 2))
        assert np.allclose(geoph_gradient(points), our_gradient(points))
        out.append(
            (
                f"weak Alpha, {n:,} points, gradient",
                "geoph",
                2.5,
                lambda p=points: geoph_gradient(p),
                lambda p=points: our_gradient(p),
            )
        )
    clouds = rng.random((1000, 100, 2))
    pair = geoph.delaunayRipsPersistencePairs
    out.append(
        (
            "weak Alpha, 1,000 clouds of 100",
            "geoph",
            2.5,
            lambda: [geoph_lengths(cloud, pair) for cloud in clouds],
            lambda: WeakAlpha()(clouds),
        )
    )
    for n in (1_000, 10_000, 100_000):
        points = rng.random((n, 2))
        bar = 5.0 if n == 1000 else None
        out.append(
            (
                f"Alpha, {n:,} points",
                "gudhi",
                bar,
                lambda p=points: gudhi_alpha(p),
                lambda p=points: Alpha()(p),
            )
        )
    for n in (1_000, 10_000, 100_000):
        points = rng.random((n, 2))
        call = peer(points, geoph.ripsPersistencePairs2)
        out.append(
            (
                f"Vietoris-Rips, {n:,} points",
                "geoph",
                1.5,
                call,
                lambda p=points: VietorisRips()(p),
            )
        )
    return out


def main():
    """Time all rows and print them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--markdown", action="store_true", help="print a markdown table")
    parser.add_argument("--bare", action="store_true", help="time geoph without arrays and lengths")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    results = []
    for what, peer, bar, theirs, ours in tqdm(rows(np.random.default_rng(0), arguments.bare)):
        results.append(
            (what, peer, bar, *best_times([theirs, ours], repeats=200, seconds=3.0, at_least=3))
        )
    if arguments.markdown:
        print("| work | peer | skltopo |\n| --- | --- | --- |")
        for what, peer, _, theirs, ours in results:
            print(f"| {what} | {peer} {theirs:.3g} ms | {ours:.3g} ms ({theirs / ours:.1f}x) |")
        return
    print("ms, ratio = peer / skltopo (bar)")
    for what, peer, bar, theirs, ours in results:
        wanted = f" ({bar:g})" if bar else ""
        print(f"{what:40s} {peer:6s} {theirs:9.3f} {ours:9.3f} {theirs / ours:6.2f}x{wanted}")


if __name__ == "__main__":
    main()
