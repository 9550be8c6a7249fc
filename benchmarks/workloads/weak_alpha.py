"""Weak Alpha.

The Delaunay triangulation takes most of the time: points are inserted along a Hilbert curve, with
about 3 steps of a walk and 3 flips each in the plane, and predicates that are exact where floating
point does not decide. Then 1.3 n of the 3 n edges are sorted by radix and joined by union-finds. In
space about half a triangle for each point is left to sort and to reduce for PD_1.
"""

from ..agree import same_values
from ..calls import filtration, gradient_of, hole_energy, uniform
from ..peers import energy_of_holes, geoph_edges, geoph_holes
from ..workload import OURS, Workload

ORDER = 5
PLANE = (100, 1_000, 10_000, 100_000)


def geoph_gradient(points):
    """Compute the energy of figure 1 and its gradient by a torch gather on geoph's pairs."""
    return gradient_of(lambda x: energy_of_holes(x, geoph_holes(x.detach().numpy())), points)


def geoph_clouds(clouds):
    """Compute diagrams of many clouds, one after the other."""
    calls = [geoph_edges("delaunayRipsPersistencePairs")(cloud)[0] for cloud in clouds]

    def result(found):
        return {dim: [one[dim] for one in found] for dim in (0, 1)}

    return lambda: [call() for call in calls], result


def geoph_space(points):
    """Compute diagrams of points in space; values only."""
    import geoph

    def result(found):
        return {dim: [found[dim]] for dim in range(3)}

    return lambda: geoph.delaunayRipsPersistenceDiagram(points), result


WORKLOADS = [
    Workload(
        "weak Alpha, plane", PLANE, uniform(2),
        {OURS: filtration("WeakAlpha"), "geoph": geoph_edges("delaunayRipsPersistencePairs")},
        label="weak Alpha of {size:,} points in the plane", readme=(1_000,),
    ),
    Workload(
        "weak Alpha, gradient", PLANE, uniform(2),
        {OURS: hole_energy("WeakAlpha"), "geoph and torch": geoph_gradient},
        label="weak Alpha of {size:,} points, energy of figure 1 and gradient",
        agree=same_values, tolerance=1e-9, readme=(100_000,),
    ),
    Workload(
        "weak Alpha, clouds of 100", (10, 100, 1_000), lambda n, rng: rng.random((n, 100, 2)),
        {OURS: filtration("WeakAlpha"), "geoph": geoph_clouds},
        "clouds", "weak Alpha of {size:,} clouds of 100 points",
    ),
    Workload(
        "weak Alpha, space", (100, 1_000, 10_000), uniform(3),
        {OURS: filtration("WeakAlpha", max_dim=2), "geoph": geoph_space},
        label="weak Alpha of {size:,} points in space, PD_0 to PD_2", readme=(10_000,),
    ),
]  # fmt: skip
