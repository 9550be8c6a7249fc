"""Vectors and kernels of diagrams beside gudhi.representations and persim, in one run.

Every row computes the same object in all packages (up to the constants that the docstrings of
`skltopo.vectorize` name; persim's images have fewer pixels outside) and takes the best of several
repetitions, ours and the peers' in turn. gudhi weighs the points of images and silhouettes equally
here, since its weights are Python functions called for each point.

    python benchmarks/vectors.py
"""

import argparse
import warnings

import numpy as np
import persim
from gudhi import representations as gudhi
from persim.landscapes import PersLandscapeApprox
from persim.persistent_entropy import persistent_entropy
from timing import best_times
from tqdm import tqdm

from skltopo import vectorize
from skltopo.kernels import SlicedWassersteinKernel

GRID = {"resolution": 100, "sample_range": [0.0, 1.5]}


def random_diagrams(rng, n_diagrams, n_points):
    """Births uniform, lengths exponential, and not all of the same number of points."""
    diagrams = []
    for n in rng.integers(n_points - 10, n_points + 11, n_diagrams):
        births = rng.random(n)
        diagrams.append(np.column_stack([births, births + rng.exponential(0.1, n)]))
    return diagrams


def row(name, diagrams, ours, theirs, factor=1.0, others=()):
    """Return (name, [names of peers], [calls]); gudhi's numbers are factor times ours."""
    names = ["gudhi", *(peer for peer, _ in others)]
    calls = [
        lambda: ours.fit_transform(diagrams),
        lambda: theirs.fit_transform(diagrams),
        *(call for _, call in others),
    ]
    np.testing.assert_allclose(factor * calls[0](), calls[1](), rtol=1e-9, atol=1e-11)
    return name, names, calls


def image_row(diagrams):
    """20 x 20 pixels; persim's are integrals over pixels, which is our default."""
    ranges = {"birth_range": (0.0, 1.0), "length_range": (0.0, 1.0)}
    points = vectorize.PersistenceImage(bandwidth=0.05, weight_power=0, pixels="points", **ranges)
    areas = vectorize.PersistenceImage(bandwidth=0.05, weight_power=1, **ranges)
    theirs = gudhi.PersistenceImage(bandwidth=0.05, resolution=[20, 20], im_range=[0, 1, 0, 1])
    imager = persim.PersistenceImager(
        birth_range=(0, 1), pers_range=(0, 1), pixel_size=0.05, weight="persistence",
        kernel_params={"sigma": 0.05**2},
    )  # fmt: skip
    others = [
        ("persim (areas)", lambda: imager.transform(diagrams)),
        ("ours (areas)", lambda: areas.fit_transform(diagrams)),
    ]
    found = others[1][1]()[0].reshape(20, 20).T
    np.testing.assert_allclose(found, imager.transform(diagrams[0]), atol=1e-11)
    return row("PersistenceImage", diagrams, points, theirs, others=others)


def curve_rows(diagrams):
    """Functions on a grid of 100 values."""
    root = np.sqrt(2)

    def approximate():
        return [
            PersLandscapeApprox(dgms=[points], start=0, stop=1.5, num_steps=100, hom_deg=0).values
            for points in diagrams
        ]

    return [
        row("PersistenceLandscape, 5 layers", diagrams, vectorize.PersistenceLandscape(**GRID),
            gudhi.Landscape(num_landscapes=5, **GRID), root, [("persim (all)", approximate)]),
        row("PersistenceLandscape, 20 layers", diagrams,
            vectorize.PersistenceLandscape(n_layers=20, **GRID),
            gudhi.Landscape(num_landscapes=20, **GRID), root),
        row("Silhouette", diagrams, vectorize.Silhouette(weight_power=0, **GRID),
            gudhi.Silhouette(**GRID), root),
        row("BettiCurve", diagrams, vectorize.BettiCurve(**GRID), gudhi.BettiCurve(**GRID)),
    ]  # fmt: skip


def number_rows(diagrams):
    """Entropies and lengths."""
    return [
        row("PersistenceEntropy", diagrams, vectorize.PersistenceEntropy(), gudhi.Entropy(),
            others=[("persim", lambda: persistent_entropy(diagrams))]),
        row("TopKLengths, k=10", diagrams, vectorize.TopKLengths(k=10),
            gudhi.PersistenceLengths(num_lengths=10)),
    ]  # fmt: skip


def kernel_row(diagrams):
    """Compare Gram matrices of 50 lines; gudhi leaves out the last of 51."""
    calls = [
        lambda: SlicedWassersteinKernel(n_directions=50).fit_transform(diagrams),
        lambda: gudhi.SlicedWassersteinKernel(num_directions=51).fit_transform(diagrams),
    ]
    return f"SlicedWassersteinKernel, {len(diagrams)} diagrams", ["gudhi"], calls


def main():
    """Time all rows and print them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--diagrams", type=int, default=400)
    parser.add_argument("--points", type=int, default=60)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")  # persim's, of numpy
    rng = np.random.default_rng(0)
    diagrams = random_diagrams(rng, arguments.diagrams, arguments.points)
    rows = [image_row(diagrams), *curve_rows(diagrams), *number_rows(diagrams)]
    rows.append(kernel_row(diagrams[:40]))
    results = [(name, peers, best_times(calls, repeats=20)) for name, peers, calls in tqdm(rows)]
    print(
        f"{arguments.diagrams} diagrams of about {arguments.points} points: ms of skltopo on one "
        "thread, then of each peer with the ratio peer / skltopo"
    )
    for name, peers, (ours, *theirs) in results:
        cells = [f"{peer} {t:.2f} ({t / ours:.1f}x)" for peer, t in zip(peers, theirs, strict=True)]
        print(f"{name:40s} {ours:8.2f}   " + "   ".join(cells))


if __name__ == "__main__":
    main()
