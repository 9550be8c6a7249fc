"""Vectors.

All diagrams are one array, and each function is computed for all points at once. Images are bound
by error functions or exponentials at pixels, landscapes by the largest values at each place, curves
and statistics by passes over the points, and small batches by checks of the input.
"""

from functools import partial

import numpy as np

from ..agree import same_values
from ..calls import noisy_diagram
from ..workload import OURS, Workload

ORDER = 12
SIZES = (10, 100, 1_000)
GRID = {"resolution": 100, "sample_range": [0.0, 1.5]}
ROOT = np.sqrt(2)  # gudhi's tents are as much higher


def diagrams(size, rng):
    """Return diagrams of 50 to 70 points."""
    return [noisy_diagram(n, rng) for n in rng.integers(50, 71, size)]


def estimator(module, name, scale=1.0, **parameters):
    """Return a contestant: a transformer's fit_transform; its numbers are divided by scale."""

    def contestant(data):
        import importlib

        one = getattr(importlib.import_module(module), name)(**parameters)
        return partial(one.fit_transform, data), lambda found: np.asarray(found) / scale

    return contestant


def ours(name, **parameters):
    """Return a contestant: a vectorizer of ours."""
    return estimator("skltopo.vectorize", name, **parameters)


def gudhi(name, scale=1.0, **parameters):
    """Return a contestant: one of gudhi.representations."""
    return estimator("gudhi.representations", name, scale, **parameters)


def persim_images(data):
    """Compute persim's images: integrals over pixels."""
    import persim

    imager = persim.PersistenceImager(
        birth_range=(0, 1), pers_range=(0, 1), pixel_size=0.05, weight="persistence",
        kernel_params={"sigma": 0.05**2},
    )  # fmt: skip
    return partial(imager.transform, data), lambda found: np.stack([x.T.ravel() for x in found])


def persim_entropy(data):
    """Compute persim's entropies."""
    from persim.persistent_entropy import persistent_entropy

    return partial(persistent_entropy, data), lambda found: np.reshape(found, (-1, 1))


IMAGE = {"bandwidth": 0.05, "birth_range": (0.0, 1.0), "length_range": (0.0, 1.0)}


def workload(name, contestants, **parameters):
    """Return the workload of a vectorizer."""
    return Workload(
        name, SIZES, diagrams, contestants, "diagrams", f"{name}, {{size:,}} diagrams",
        agree=same_values, tolerance=1e-8, **parameters,
    )  # fmt: skip


# Points of images and silhouettes of gudhi weigh the same here: its weights are Python functions.
WORKLOADS = [
    workload("persistence images", {
        OURS: ours("PersistenceImage", weight_power=0, pixels="points", **IMAGE),
        "gudhi": gudhi(
            "PersistenceImage", bandwidth=0.05, resolution=[20, 20], im_range=[0, 1, 0, 1]),
    }),
    workload("persistence images, areas", {
        OURS: ours("PersistenceImage", weight_power=1, **IMAGE), "persim": persim_images,
    }),
    workload("landscapes", {
        OURS: ours("PersistenceLandscape", **GRID),
        "gudhi": gudhi("Landscape", ROOT, num_landscapes=5, **GRID),
    }, readme=(1_000,)),
    workload("silhouettes", {
        OURS: ours("Silhouette", weight_power=0, **GRID),
        "gudhi": gudhi("Silhouette", ROOT, **GRID),
    }),
    workload("Betti curves", {
        OURS: ours("BettiCurve", **GRID), "gudhi": gudhi("BettiCurve", **GRID),
    }),
    workload("entropies", {
        OURS: ours("PersistenceEntropy"), "gudhi": gudhi("Entropy"), "persim": persim_entropy,
    }),
    Workload(
        "sliced kernel", (10, 20, 40), diagrams,
        {
            OURS: estimator("skltopo.kernels", "SlicedWassersteinKernel", n_directions=50),
            "gudhi": gudhi("SlicedWassersteinKernel", num_directions=51, bandwidth=2.0),
        },
        "diagrams", "sliced Wasserstein kernel, {size} diagrams", agree=same_values,
        tolerance=0.02,  # gudhi's 51 directions are without the last one: near our 50
    ),
]  # fmt: skip
