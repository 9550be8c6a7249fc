"""Functions on a line.

One pass lists the local extrema; a few more take away pairs of them that lie between their
neighbours, and a stack takes what is left. All of it is linear: branches that random values make
unforeseeable bound it, then memory traffic and writing the points. Two threads reduce blocks of a
long line and join what they leave.
"""

from ..agree import same_values
from ..calls import both, filtration, grid, total_length
from ..peers import gudhi_grids, gudhi_total_length
from ..workload import OURS, Workload

ORDER = 1
SIZES = (1_000, 10_000, 100_000, 1_000_000)


def line(dtype):
    """Return a maker of one line."""
    return grid(1, dtype=dtype)


WORKLOADS = [
    Workload(
        "random line", (*SIZES, 4_000_000), line("f8"),
        {**both("LevelSet", 1), "gudhi": gudhi_grids(1)},
        "values", "line of {size:,} random values, PD_0", readme=(1_000_000,),
    ),
    Workload(
        "random line, float32", SIZES, line("f4"),
        {OURS: filtration("LevelSet", 1), "gudhi": gudhi_grids(1)},
        "values", "line of {size:,} random values, float32",
    ),
    Workload(
        "lines of 100", (10, 100, 1_000, 10_000), lambda size, rng: rng.random((size, 100)),
        {**both("LevelSet", 1), "gudhi": gudhi_grids(1)},
        "lines", "{size:,} lines of 100 values, PD_0",
    ),
    Workload(
        "line, gradient", SIZES, line("f8"),
        {OURS: total_length("LevelSet", 1), "gudhi and torch": gudhi_total_length(1)},
        "values", "line of {size:,} random values, lengths and gradient",
        agree=same_values,
    ),
]  # fmt: skip
