"""Alpha.

The triangulation is that of weak Alpha; then the smallest empty sphere of each simplex is found,
whose near ties are decided exactly. Where many spheres agree, as on a sphere or a lattice, these
decisions take most of the time; elsewhere the triangulation does.
"""

from ..calls import filtration, sphere, uniform
from ..peers import gudhi_alpha
from ..workload import OURS, Workload

ORDER = 6

WORKLOADS = [
    Workload(
        "Alpha, plane", (100, 1_000, 10_000, 100_000), uniform(2),
        {OURS: filtration("Alpha"), "gudhi": gudhi_alpha("fast")},
        label="Alpha of {size:,} points in the plane", readme=(10_000,), tolerance=1e-9,
    ),
    Workload(
        "Alpha, space", (100, 1_000, 10_000), uniform(3),
        {OURS: filtration("Alpha", max_dim=2), "gudhi": gudhi_alpha("fast")},
        label="Alpha of {size:,} points in space", tolerance=1e-9,
    ),
    Workload(
        "Alpha, sphere", (100, 1_000, 3_000), sphere,
        {OURS: filtration("Alpha", max_dim=2), "gudhi, safe": gudhi_alpha("safe")},
        label="Alpha of {size:,} points on a sphere", tolerance=1e-9,
    ),
]  # fmt: skip
