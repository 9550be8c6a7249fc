"""Vietoris-Rips.

In the plane edges of the Delaunay triangulation and few others decide; the kernel finds these and
never looks at all pairs. For distances, edges are sorted, each in a lens without points becomes an
apparent pair in one pass over the matrix, and few columns are left to reduce: reading the matrix
is what bounds PD_1, and the search for apparent cofaces what bounds PD_2.
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
