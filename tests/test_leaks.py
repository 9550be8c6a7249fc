"""Repeated calls take no more memory than a few: kernels that return, raise, or are interrupted.

Memory of kernels is that of the process, which Python does not count, so its resident pages are
looked at. A call of each kind fills buffers of 100 kB and more. After some calls that warm up, N
calls may add less than a tenth of what a leak of one such buffer a call would, N times 100 kB; the
heap of C keeps free pages, so that zero is not to be had.
"""

import ctypes
import gc
import os
import signal
import sys
import tracemalloc

import numpy as np
import pytest
import torch

from skltopo import Energy, PersistenceFeatures, TopoDenoiser
from skltopo.distances import bottleneck_distance, sliced_wasserstein_distance, wasserstein_distance
from skltopo.filtrations import Alpha, LevelSet, SimplicialComplex, VietorisRips, WeakAlpha
from skltopo.penalties import TV, Clusters, Maxima
from skltopo.vectorize import PersistenceLandscape

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc/self/statm"),
    pytest.mark.skipif(
        "asan" in os.environ.get("LD_PRELOAD", ""),
        reason="the address sanitizer keeps what is freed, to find its uses",
    ),
]

PAGE = 4096
N_WARM, N_CALLS = 10, 25


def resident():
    """Return the bytes of this process in memory, after giving back what is free."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * PAGE


def assert_flat(call, limit, n_calls=N_CALLS):
    """Assert that memory grows by less than limit in so many calls, in one of three looks."""
    for _ in range(N_WARM):
        call()
    found = []
    while not found or (min(found) >= limit and len(found) < 3):
        before = resident()
        for _ in range(n_calls):
            call()
        found.append(resident() - before)
    assert min(found) < limit, found


def _with_gradient(filtration, values):
    def call():
        live = torch.from_numpy(values).requires_grad_()
        Energy(dim=0, p=2)(filtration(live)).backward()

    return call


def _cases():
    rng = np.random.default_rng(0)
    image, volume, line = rng.random((150, 150)), rng.random((22, 22, 22)), rng.random(20_000)
    plane, space, above = rng.random((1500, 2)), rng.random((300, 3)), rng.random((30, 4))
    first, second = np.sort(rng.random((2, 200, 2)), axis=-1)
    graph = np.column_stack([np.arange(3000), (np.arange(3000) * 7 + 1) % 3000])
    complex = SimplicialComplex(graph[graph[:, 0] != graph[:, 1]])
    weights = rng.normal(size=3000)
    matrix = np.sqrt(((space[:150, None] - space[:150]) ** 2).sum(-1))
    return {
        "line": lambda: LevelSet(1)(line),
        "image": lambda: LevelSet(2)(image),
        "cubical image": lambda: LevelSet(2, complex="cubical_cells")(image),
        "volume": lambda: LevelSet(3)(volume),
        "image in threads": lambda: LevelSet(2, n_jobs=2)(np.stack([image, image])),
        "gradient": _with_gradient(LevelSet(2), image),
        "complex": lambda: complex(weights),
        "complex that is built": lambda: SimplicialComplex(graph[1:]),
        "rips": lambda: VietorisRips(1)(space[:150]),
        "rips of the plane": lambda: VietorisRips(1)(plane),
        "rips of a matrix": lambda: VietorisRips(1, metric="precomputed")(matrix),
        "voids": lambda: VietorisRips(2)(space[:40]),
        "tree": lambda: VietorisRips(0)(space),
        "weak alpha of the plane": lambda: WeakAlpha(1)(plane),
        "weak alpha of space": lambda: WeakAlpha(2)(space),
        "alpha of the plane": lambda: Alpha(1)(plane),
        "alpha of space": lambda: Alpha(2)(space),
        "alpha above": lambda: Alpha(1)(above),
        "wasserstein": lambda: wasserstein_distance(first, second),
        "bottleneck": lambda: bottleneck_distance(first, second),
        "sliced": lambda: sliced_wasserstein_distance(first, second),
        "features": lambda: PersistenceFeatures().fit_transform(image[None, :60, :60]),
        "denoiser": lambda: TopoDenoiser().fit_transform(image[None, :40, :40]),
        "clusters": lambda: Clusters(3).prox(weights, 0.1),
        "maxima": lambda: Maxima(3).prox(weights[:400], 0.1),
        "tv": lambda: TV().prox(weights, 0.1),
        "landscape": lambda: PersistenceLandscape(resolution=500).fit_transform([first, second]),
    }


CASES = _cases()
# A tenth of what a leak of a buffer of 100 kB in each call would be.
LIMIT = N_CALLS * 100_000 / 10


@pytest.mark.parametrize("name", CASES)
def test_calls_take_no_more_memory(name):
    assert_flat(CASES[name], LIMIT)


def _raises(call):
    def wrapped():
        with pytest.raises((TypeError, ValueError)):
            call()

    return wrapped


BAD = {
    "a NaN behind a large array": lambda: LevelSet(2)(np.pad([[np.nan]], ((200, 0), (200, 0)))),
    "a matrix that is not symmetric": lambda: VietorisRips(1, metric="precomputed")(
        np.triu(np.ones((300, 300)), 1)
    ),
    "a vertex that comes twice": lambda: SimplicialComplex(np.zeros((20_000, 2), np.int64)),
    "a diagram with a NaN": lambda: wasserstein_distance(np.full((20_000, 2), np.nan), [[0, 1]]),
    "values of another length": lambda: SimplicialComplex([[0, 1]])(np.zeros(50_000)),
}


@pytest.mark.parametrize("name", BAD)
def test_calls_that_raise_take_no_more_memory(name):
    assert_flat(_raises(BAD[name]), LIMIT)


def test_calls_that_are_interrupted_take_no_more_memory(rng):
    points = rng.random((5000, 4))
    previous = signal.signal(signal.SIGALRM, _interrupt)

    def call():
        signal.setitimer(signal.ITIMER_REAL, 0.03)
        try:
            VietorisRips(1)(points)
        except KeyboardInterrupt:
            interrupted.append(True)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)

    interrupted = []
    try:
        # The buffers of these calls, 10 MB and more, would be seen at once.
        assert_flat(call, 10 * 1_000_000, 10)
    finally:
        signal.signal(signal.SIGALRM, previous)
    assert interrupted


def _interrupt(*_):
    raise KeyboardInterrupt


def test_python_keeps_no_objects():
    image = np.random.default_rng(0).random((20, 20))
    energy = Energy(dim=1)

    def call():
        energy(LevelSet(2)(image))
        VietorisRips(1)(image[:, :2])

    tracemalloc.start()
    try:
        for _ in range(200):
            call()
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(200):
            call()
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    # One array or tuple for each call would be 200 * 100 bytes.
    assert grown < 10_000
