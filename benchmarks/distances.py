"""Distances of diagrams beside gudhi, in one run: times, and the ratio to each peer.

Every row computes the same number in all packages and takes the best of several repetitions, ours
and the peers' in turn. Hera approximates W_p: it is timed at a relative error of 1e-9, where it
gives our value to all its digits, and at its default of 1e-2. gudhi.wasserstein is exact, by POT.

    python benchmarks/distances.py
"""

import argparse

import numpy as np
import ot  # noqa: F401, gudhi.wasserstein needs it
from gudhi import bottleneck_distance as gudhi_bottleneck
from gudhi.hera import bottleneck_distance as hera_bottleneck
from gudhi.hera import wasserstein_distance as hera_wasserstein
from gudhi.wasserstein import wasserstein_distance as gudhi_wasserstein
from scipy.ndimage import gaussian_filter
from timing import best_times
from tqdm import tqdm

from skltopo.distances import bottleneck_distance, pairwise_diagram_distances, wasserstein_distance
from skltopo.filtrations import LevelSet, VietorisRips

# Two kinds of diagrams: most points near the diagonal, as of noisy data, and anywhere above it.


def noisy(rng, n):
    """Births uniform, lengths exponential."""
    births = rng.random(n)
    return np.column_stack([births, births + rng.exponential(0.1, n)])


def spread(rng, n):
    """Points uniform above the diagonal."""
    return np.sort(rng.random((n, 2)))


def of_images(rng, n):
    """PD_0 of smoothed noise, cut to about n points."""
    side = int(np.sqrt(20 * n))
    diagram = LevelSet(2)(gaussian_filter(rng.random((side, side)), 1))[0]
    return diagram[np.isfinite(diagram[:, 1])][:n]


def of_points(rng, n):
    """PD_0 of points in space: all births are 0."""
    return VietorisRips(max_dim=0)(rng.random((n + 1, 3)))[0][1:]


def cluster(rng, n):
    """Points in a small square, far from that of the next diagram: what pricing likes least."""
    return 0.01 * rng.random((n, 2)) + np.sort(rng.random(2)) + [0, 1]


KINDS = {
    "noisy": noisy,
    "spread": spread,
    "image": of_images,
    "points": of_points,
    "cluster": cluster,
}


def wasserstein_row(kind, n, p, ground, rng):
    """W_p of two diagrams of n points."""
    first, second = KINDS[kind](rng, n), KINDS[kind](rng, n)
    options = {"order": p, "internal_p": ground}
    calls = [
        lambda: wasserstein_distance(first, second, p=p, ground=ground),
        lambda: gudhi_wasserstein(first, second, **options),
        lambda: hera_wasserstein(first, second, delta=1e-9, **options),
        lambda: hera_wasserstein(first, second, **options),
    ]
    expected = calls[0]()
    assert np.isclose(calls[1](), expected, rtol=1e-9)
    assert np.isclose(calls[2](), expected, rtol=1e-8)
    name = f"W_{p:g}, {kind}, {n:,} points, ground {ground:g}"
    return name, ["gudhi.wasserstein", "hera 1e-9", "hera 1e-2"], calls


def bottleneck_row(kind, n, rng):
    """Bottleneck distance of two diagrams of n points."""
    first, second = KINDS[kind](rng, n), KINDS[kind](rng, n)
    calls = [
        lambda: bottleneck_distance(first, second),
        lambda: gudhi_bottleneck(first, second),
        lambda: hera_bottleneck(first, second, 0),
    ]
    assert np.isclose(calls[2](), calls[0](), rtol=1e-12)
    return f"bottleneck, {kind}, {n:,} points", ["gudhi", "hera exact"], calls


def pairwise_row(n_diagrams, n, rng):
    """All distances of many small diagrams."""
    diagrams = [noisy(rng, n) for _ in range(n_diagrams)]

    def loop(distance):
        return [distance(a, b) for i, a in enumerate(diagrams) for b in diagrams[:i]]

    calls = [
        lambda: pairwise_diagram_distances(diagrams),
        lambda: loop(lambda a, b: gudhi_wasserstein(a, b, order=1, internal_p=2)),
        lambda: loop(lambda a, b: hera_wasserstein(a, b, order=1, internal_p=2)),
    ]
    return (
        f"W_1, all pairs of {n_diagrams} noisy of {n} points",
        ["gudhi.wasserstein", "hera 1e-2"],
        calls,
    )


def main():
    """Time all rows and print them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true", help="also 5,000 points, some minutes")
    arguments = parser.parse_args()
    rng = np.random.default_rng(0)
    rows = [
        wasserstein_row(kind, 1000, p, ground, rng)
        for kind in KINDS
        for p in (1.0, 2.0)
        for ground in (2.0, np.inf)
    ]
    rows += [bottleneck_row(kind, 1000, rng) for kind in KINDS]
    rows += [wasserstein_row("noisy", 100, 1.0, 2.0, rng), pairwise_row(20, 30, rng)]
    if arguments.large:
        rows += [wasserstein_row(kind, 5000, 2.0, 2.0, rng) for kind in KINDS]
        rows += [bottleneck_row(kind, 5000, rng) for kind in KINDS]
    results = [(name, peers, best_times(calls, repeats=50)) for name, peers, calls in tqdm(rows)]
    print("ms of skltopo on one thread, then of each peer with the ratio peer / skltopo")
    for name, peers, (ours, *theirs) in results:
        cells = [f"{peer} {t:.2f} ({t / ours:.1f}x)" for peer, t in zip(peers, theirs, strict=True)]
        print(f"{name:44s} {ours:8.2f}   " + "   ".join(cells))


if __name__ == "__main__":
    main()
