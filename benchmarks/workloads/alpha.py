"""Alpha.

The triangulation is that of weak Alpha, with the same sorts and union-finds. Beside it the smallest
empty sphere of each simplex is computed, and radii that are nearly equal are compared exactly; on a
sphere, where many agree, these decisions bound it.
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
