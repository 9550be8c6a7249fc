"""Blocks.

A block is swept as an image or a volume is; what it leaves for its neighbours grows with its
surface. Memory is that of one block and of the diagram, so it falls behind that of one piece as
arrays grow; time is bound by the sweep, and for large random arrays less than that of one piece,
whose union-find leaves the cache.
"""

from functools import partial

from ..calls import diagrams_of, filtration, grid
from ..workload import OURS, TWO_THREADS, Workload

ORDER = 14


def blocks(dims, **parameters):
    """Return a contestant: a pass over blocks."""

    def contestant(values):
        from skltopo.filtrations import level_set_diagram_blocks

        call = partial(level_set_diagram_blocks, values, homology_dimensions=dims, **parameters)
        return call, diagrams_of

    return contestant


def contestants(ndim, block_shape):
    """Return passes with one thread and two, and the array in one piece."""
    dims = (0, ndim - 1)
    given = {"block_shape": block_shape}
    return {
        OURS: blocks(dims, **given),
        TWO_THREADS: blocks(dims, n_jobs=2, **given),
        "in one piece": filtration("LevelSet", ndim, homology_dimensions=dims),
    }


WORKLOADS = [
    Workload(
        "image in blocks", (512**2, 1024**2, 2048**2), grid(2, dtype="f4"), contestants(2, 256),
        "pixels", "{side}x{side} random, blocks of 256^2",
    ),
    Workload(
        "smooth image in blocks", (512**2, 1024**2, 2048**2), grid(2, 4, "f4"),
        contestants(2, 256), "pixels", "{side}x{side} smoothed, blocks of 256^2",
    ),
    Workload(
        "volume in blocks", (32**3, 64**3, 128**3), grid(3, 2, "f4"), contestants(3, 32),
        "voxels", "{edge}^3 smoothed, blocks of 32^3, PD_0 and PD_2",
    ),
]  # fmt: skip
