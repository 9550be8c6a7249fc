"""Images.

One sweep over the pixels looks each neighbourhood up in a table: linear, and most of the time for
digits and smooth images. Saddles are sorted by radix and joined by a union-find. A random image has
one for every few pixels, so the sort and the reads of a union-find that leaves the cache bound it.
"""

from ..agree import same_values
from ..calls import both, digits, grid, total_length
from ..peers import cripser_grids, gudhi_grids, gudhi_total_length, oineus_grids
from ..workload import OURS, Workload

ORDER = 2
CELLS = {"complex": "cubical_cells"}  # gudhi's and cripser's T complex
SIZES = (64**2, 256**2, 1024**2, 2048**2)
PEERS = {"gudhi": gudhi_grids(2), "cripser": cripser_grids(False)}


WORKLOADS = [
    Workload(
        "random image", SIZES, grid(2), {**both("LevelSet", 2, **CELLS), **PEERS},
        "pixels", "{side}x{side} random, PD_0, PD_1", limits={"cripser": 1024**2},
        readme=(2048**2,),
    ),
    Workload(
        "smooth image", SIZES, grid(2, 4), {**both("LevelSet", 2, **CELLS), **PEERS},
        "pixels", "{side}x{side} smoothed (sigma 4), PD_0, PD_1",
    ),
    Workload(
        "random image, Freudenthal", (32**2, 128**2, 512**2, 2048**2), grid(2, dtype="f4"),
        {**both("LevelSet", 2), "oineus": oineus_grids},
        "pixels", "{side}x{side} random, float32, Freudenthal", limits={"oineus": 128**2},
    ),
    Workload(
        "digits", (10, 100, 1_000, 5_000), digits,
        {**both("LevelSet", 2, **CELLS), "gudhi": gudhi_grids(2)},
        "digits", "{size:,} digits of 28x28, PD_0, PD_1", readme=(1_000,),
    ),
    Workload(
        "image, gradient", (64**2, 256**2, 512**2, 1024**2), grid(2),
        {
            OURS: total_length("LevelSet", 2, **CELLS),
            "gudhi and torch": gudhi_total_length(2),
        },
        "pixels", "{side}x{side} random, lengths and gradient",
        readme=(512**2,), agree=same_values, tolerance=1e-11,
    ),
]  # fmt: skip
