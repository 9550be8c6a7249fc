"""Vietoris-Rips.

In the plane only edges whose lens is empty matter; a search through the triangles around each finds
them, so the triangulation bounds it unless faces between them have many corners. Of a matrix, edges
are placed in buckets by length, and one look at the lens of each, n / 64 words of a bit matrix,
tells what it pairs; memory traffic over edges and lenses bounds it. PD_2 adds a search in the lens.
"""

from ..agree import same_values
from ..calls import filtration, gradient_of, hole_energy, matrix_of, noisy_circle, sphere, uniform
from ..peers import geoph_edges, giotto_ph, redzed, ripser
from ..workload import OURS, Workload

ORDER = 7
SINGLE = 2e-6  # peers compute in float32


def matrices(max_dim):
    """Return contestants for distance matrices."""
    return {
        OURS: filtration("VietorisRips", max_dim, metric="precomputed"),
        "RedZeD": redzed(max_dim),
        "ripser": ripser(max_dim),
        "giotto-ph": giotto_ph(max_dim),
    }


def torch_topological(points):
    """Compute the energy of figure 1 and its gradient by torch-topological."""
    from torch_topological.nn import VietorisRipsComplex

    complex = VietorisRipsComplex(dim=1)

    def loss(x):
        diagram = complex(x)[1].diagram
        return (diagram[:, 1] - diagram[:, 0]).square().sum()

    return gradient_of(loss, points)


WORKLOADS = [
    Workload(
        "Rips, plane", (100, 1_000, 10_000, 100_000), uniform(2),
        {OURS: filtration("VietorisRips"), "geoph": geoph_edges("ripsPersistencePairs2")},
        label="Vietoris-Rips of {size:,} points in the plane", readme=(10_000,),
    ),
    Workload(
        "Rips, noisy circle", (100, 300, 1_000), noisy_circle,
        {OURS: filtration("VietorisRips"), "geoph": geoph_edges("ripsPersistencePairs2")},
        label="Vietoris-Rips of {size:,} points near a circle",
    ),
    Workload(
        "Rips, sphere, PD_1", (100, 300, 1_000, 3_000), matrix_of(sphere), matrices(1),
        label="Rips of {size:,} points on a sphere, PD_0, PD_1", tolerance=SINGLE,
        limits={"ripser": 300, "giotto-ph": 300}, readme=(3_000,),
    ),
    Workload(
        "Rips, sphere, PD_2", (50, 100, 200, 400), matrix_of(sphere), matrices(2),
        label="Rips of {size:,} points on a sphere, PD_0 to PD_2", tolerance=SINGLE,
        limits={"ripser": 100, "giotto-ph": 200}, readme=(400,),
    ),
    Workload(
        "Rips, gradient", (50, 100, 200), uniform(3),
        {
            OURS: hole_energy("VietorisRips"),
            "torch-topological": torch_topological,
        },
        label="Rips of {size:,} points in space, energy and gradient", agree=same_values,
        tolerance=1e-5,
    ),
]  # fmt: skip
