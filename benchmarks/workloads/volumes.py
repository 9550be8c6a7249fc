"""Volumes.

PD_0 and PD_2 are those of images in one dimension more: a sweep, a sort of critical cells, and
union-finds. PD_1 reduces critical triangles over critical edges: on noise there are many columns of
about 20 steps, which bound it; on smooth volumes there are few, and the sweep does.
"""

from ..calls import both, filtration, grid
from ..peers import cripser_grids, gudhi_general, oineus_grids
from ..workload import OURS, Workload

ORDER = 4
SIZES = (8**3, 16**3, 32**3, 64**3)


def ours(complex):
    """Return our contestant."""
    return {OURS: filtration("LevelSet", 3, complex=complex)}


def peers(vertices):
    """Return cripser's and gudhi's."""
    return {"cripser": cripser_grids(vertices), "gudhi": gudhi_general(vertices)}


WORKLOADS = [
    Workload(
        "random volume, vertices", SIZES, grid(3), {**ours("cubical"), **peers(True)},
        "voxels", "{edge}^3 random, on vertices, PD_0 to PD_2", readme=(64**3,),
        limits={"gudhi": 32**3},
    ),
    Workload(
        "smooth volume, vertices", (*SIZES, 128**3), grid(3, 3),
        {**ours("cubical"), **peers(True)},
        "voxels", "{edge}^3 smoothed (sigma 3), PD_0 to PD_2", readme=(64**3, 128**3),
        limits={"gudhi": 32**3},
    ),
    Workload(
        "random volume, voxels", SIZES, grid(3), {**ours("cubical_cells"), **peers(False)},
        "voxels", "{edge}^3 random, on voxels, PD_0 to PD_2", limits={"gudhi": 32**3},
    ),
    Workload(
        "random volume, Freudenthal", SIZES, grid(3, dtype="f4"),
        {**both("LevelSet", 3), "oineus": oineus_grids},
        "voxels", "{edge}^3 random, float32, Freudenthal", limits={"oineus": 16**3},
    ),
]  # fmt: skip
