"""Distances.

W_p covers points one by one along shortest paths over the few pairs that a k-d tree finds near, and
looks for more where prices tell so; with noise most paths are short. Where every point is as good
as any other a dense matrix takes over, n^2 reads for a path. Bottleneck searches go to the nearest
point that is not visited yet, by a k-d tree; the sliced distance sorts projections.
"""

from functools import partial

import numpy as np

from ..agree import same_values
from ..calls import noisy_diagram
from ..workload import OURS, Workload

ORDER = 11
SIZES = (30, 100, 300, 1_000)


def pair(make):
    """Return a maker of two diagrams."""
    return lambda size, rng: (make(size, rng), make(size, rng))


def cluster(size, rng):
    """Return points in a small square, far from that of the next diagram."""
    return 0.01 * rng.random((size, 2)) + np.sort(rng.random(2)) + [0, 1]


def ours(name, **parameters):
    """Return a contestant: a distance of ours."""

    def contestant(both):
        from skltopo import distances

        return partial(getattr(distances, name), *both, **parameters), np.asarray

    return contestant


def gudhi_wasserstein(p):
    """Return a contestant: gudhi's W_p by POT's exact solver."""

    def contestant(both):
        import ot  # noqa: F401, gudhi.wasserstein needs it
        from gudhi.wasserstein import wasserstein_distance

        return partial(wasserstein_distance, *both, order=p, internal_p=2), np.asarray

    return contestant


def hera_wasserstein(p):
    """Return a contestant: Hera in gudhi, at the error with which it agrees."""

    def contestant(both):
        from gudhi.hera import wasserstein_distance

        call = partial(wasserstein_distance, *both, order=p, internal_p=2, delta=1e-9)
        return call, np.asarray

    return contestant


def gudhi_bottleneck(both):
    """Compute gudhi's bottleneck distance, exactly."""
    from gudhi import bottleneck_distance

    return partial(bottleneck_distance, *both, e=0), np.asarray


def hera_bottleneck(both):
    """Compute Hera's bottleneck distance, exactly."""
    from gudhi.hera import bottleneck_distance

    return partial(bottleneck_distance, *both, 0), np.asarray


def persim(name):
    """Return a contestant: a distance of persim."""

    def contestant(both):
        import persim

        return partial(getattr(persim, name), *both), np.asarray

    return contestant


def pairwise(loop):
    """Return a contestant: all distances W_1 of many diagrams."""

    def contestant(diagrams):
        if not loop:
            from skltopo.distances import pairwise_diagram_distances

            return partial(pairwise_diagram_distances, diagrams), np.asarray
        import ot  # noqa: F401, gudhi.wasserstein needs it
        from gudhi.wasserstein import wasserstein_distance

        def call():
            out = np.zeros((len(diagrams),) * 2)
            for i, one in enumerate(diagrams):
                for j, other in enumerate(diagrams[:i]):
                    distance = wasserstein_distance(one, other, order=1, internal_p=2)
                    out[i, j] = out[j, i] = distance
            return out

        return call, np.asarray

    return contestant


def wasserstein(name, make, p, **parameters):
    """Return the workload of a kind of diagrams and a power."""
    contestants = {
        OURS: ours("wasserstein_distance", p=p),
        "POT (gudhi)": gudhi_wasserstein(p),
        "Hera (gudhi)": hera_wasserstein(p),
    }
    limits = {"persim": 300} if p == 1 else {}
    if p == 1:
        contestants["persim"] = persim("wasserstein")
    return Workload(
        f"W_{p}, {name}", SIZES, pair(make), contestants,
        label=f"W_{p} of {name} diagrams of {{size:,}} points", agree=same_values,
        tolerance=1e-8, limits=limits, **parameters,
    )  # fmt: skip


def bottleneck(name, make):
    """Return the workload of a kind of diagrams."""
    contestants = {
        OURS: ours("bottleneck_distance"),
        "gudhi": gudhi_bottleneck,
        "Hera (gudhi)": hera_bottleneck,
        "persim": persim("bottleneck"),
    }
    return Workload(
        f"bottleneck, {name}", SIZES, pair(make), contestants,
        label=f"bottleneck distance of {name} diagrams of {{size:,}} points", agree=same_values,
        tolerance=1e-9, limits={"persim": 30}, readme=(1_000,),
    )  # fmt: skip


WORKLOADS = [
    wasserstein("noisy", noisy_diagram, 1, readme=(1_000,)),
    wasserstein("clustered", cluster, 1, readme=(1_000,)),
    wasserstein("noisy", noisy_diagram, 2),
    bottleneck("noisy", noisy_diagram),
    bottleneck("clustered", cluster),
    Workload(
        "pairwise W_1", (5, 10, 20, 40),
        lambda size, rng: [noisy_diagram(30, rng) for _ in range(size)],
        {OURS: pairwise(False), "POT (gudhi), a loop": pairwise(True)}, "diagrams",
        "all W_1 of {size} diagrams of 30 points", agree=same_values, tolerance=1e-8,
    ),
    Workload(
        "sliced", (*SIZES, 10_000), pair(noisy_diagram),
        {OURS: ours("sliced_wasserstein_distance")},
        label="sliced distance of diagrams of {size:,} points", agree=same_values,
    ),
]  # fmt: skip
