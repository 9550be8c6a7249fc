"""Furniture as voxels: chairs, tables and lamps of many makes, one connected component each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from .._utils.checks import check_integer
from .._utils.memory import check_memory
from .._utils.typing import Integers, RandomState

__all__ = ["make_voxel_shapes"]

# The smallest grid on which legs, slats and shades can be told apart.
LEAST_SIZE = 12


def make_voxel_shapes(
    n_samples: int = 100,
    size: int = 16,
    kinds: Sequence[str] = ("chair", "table", "lamp"),
    *,
    random_state: RandomState = None,
) -> tuple[NDArray[np.float32], Integers]:
    """Make voxel grids of chairs, tables and lamps.

    Every shape is put together from parts of random sizes: chairs with four legs, panels or a
    pedestal, backs that are solid, slatted or a frame, some with arms; tables that are round or
    not, with legs, a pedestal or two panels, some with a shelf; lamps that stand, with a shade like
    a cylinder, cone or ball, or that bend over a desk. Each is one component, also if voxels hang
    together by faces only.

    Parameters
    ----------
    n_samples : int, default=100
    size : int, default=16
        Voxels along each edge of the grid, such as 16 or 32; 12 at least.
    kinds : sequence of {"chair", "table", "lamp"}, default=("chair", "table", "lamp")
        What to make; of each about the same number, in random order.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    X : (n_samples, size, size, size) float32 ndarray
        1 inside and 0 outside. The last axis is the height, and a chair looks along the second.
    y : (n_samples,) ndarray of int
        Positions in kinds.

    Raises
    ------
    ValueError
        If n_samples or size is no integer that is large enough, or a kind is none of these.
    MemoryError
        If there is not enough memory for the grids.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, figure 10, has voxels of
    such shapes from a GAN.

    Examples
    --------
    >>> from skltopo.datasets import make_voxel_shapes
    >>> X, y = make_voxel_shapes(6, size=16, random_state=0)
    >>> X.shape, sorted(y.tolist())
    ((6, 16, 16, 16), [0, 0, 1, 1, 2, 2])
    """
    check_integer("n_samples", n_samples, 1)
    check_integer("size", size, LEAST_SIZE)
    given, kinds = kinds, (kinds,) if isinstance(kinds, str) else kinds
    kinds = tuple(kinds) if hasattr(kinds, "__iter__") else ()
    if not kinds or not all(isinstance(kind, str) and kind in MAKERS for kind in kinds):
        raise ValueError(f"kinds must be some of {tuple(MAKERS)}, got {given!r}")
    check_memory(4 * int(n_samples) * int(size) ** 3, f"{n_samples} grids of {size}^3 voxels")
    rng = check_random_state(random_state)
    y = rng.permutation(np.arange(n_samples) % len(kinds))
    X = np.zeros((n_samples, size, size, size), np.float32)
    for grid, kind in zip(X, y, strict=True):
        MAKERS[kinds[kind]](_Shape(grid, rng))
    return X, y


class _Shape:
    """A grid into which parts are put; lengths are shares of its edge.

    All parts are centred in both horizontal directions unless they say where they are.

    Parameters
    ----------
    grid : (size, size, size) ndarray
        Set to 1 where a part is.
    rng : RandomState
    """

    def __init__(self, grid, rng):
        self.grid, self.rng, self.size = grid, rng, len(grid)
        self.middle = (self.size - 1) / 2
        self.x, self.y = (np.arange(self.size) - self.middle for _ in range(2))

    def draw(self, low, high, least=1):
        """Return a random length in voxels."""
        return max(least, round(self.size * self.rng.uniform(low, high)))

    def pick(self, *choices):
        """Return one of several."""
        return choices[self.rng.randint(len(choices))]

    def box(self, x, y, z):
        """Fill (first, last) voxels of each axis, both included."""
        self.grid[tuple(slice(max(first, 0), last + 1) for first, last in (x, y, z))] = 1

    def disc(self, radius, z, x=None, y=None):
        """Fill a cylinder of a radius in voxels, around the middle or a place."""
        x, y = (self.middle if place is None else place for place in (x, y))
        i, j = np.ogrid[: self.size, : self.size]
        inside = np.hypot(i - x, j - y) <= radius + 0.3
        self.grid[inside, max(z[0], 0) : z[1] + 1] = 1

    def span(self, width):
        """Return the first and the last voxel of a width around the middle."""
        first = (self.size - width) // 2
        return first, first + width - 1

    def legs(self, x, y, z, thickness):
        """Fill four legs below the corners of a rectangle."""
        for i in (x[0], x[1] - thickness + 1):
            for j in (y[0], y[1] - thickness + 1):
                self.box((i, i + thickness - 1), (j, j + thickness - 1), z)

    def pedestal(self, top, foot):
        """Fill a column on a foot, from the floor to a height."""
        even = self.size % 2 == 0
        column = 0.71 if even else 0.0  # the four voxels in the middle, or the one
        self.disc(column + self.pick(0.0, self.size / 24), (0, top))
        self.disc(foot, (0, self.draw(0.0, 0.06) - 1))


def _make_chair(shape):
    width, depth = shape.draw(0.4, 0.65), shape.draw(0.4, 0.6)
    x, y = shape.span(width), shape.span(depth)
    seat = shape.draw(0.25, 0.42)
    thickness, top = shape.draw(0.06, 0.1), shape.draw(0.72, 1.0) - 1
    shape.box(x, y, (seat, seat + thickness - 1))
    leg = shape.draw(0.06, 0.1)
    support = shape.pick("legs", "legs", "legs", "panels", "pedestal")
    if support == "legs":
        shape.legs(x, y, (0, seat), leg)
    elif support == "panels":
        for i in (x[0], x[1] - leg + 1):
            shape.box((i, i + leg - 1), y, (0, seat))
    else:
        shape.pedestal(seat, min(width, depth) / 2)
    _add_back(shape, x, (y[1] - leg + 1, y[1]), (seat, top), leg)
    if shape.rng.random_sample() < 0.4:
        arm = seat + max(thickness + 1, (top - seat) // 2)
        for i in (x[0], x[1] - leg + 1):
            side = i, i + leg - 1
            shape.box(side, y, (arm, arm + leg - 1))
            shape.box(side, (y[0], y[0] + leg - 1), (seat, arm))
            shape.box(side, (y[1] - leg + 1, y[1]), (seat, arm))  # where the back has a gap


def _add_back(shape, x, y, z, thickness):
    """Add the back of a chair: solid, upright slats, or a frame with or without a cross-piece."""
    make = shape.pick("solid", "slats", "frame", "ladder")
    if make == "solid":
        return shape.box(x, y, z)
    for i in (x[0], x[1] - thickness + 1):
        shape.box((i, i + thickness - 1), y, z)
    shape.box(x, y, (z[1] - thickness + 1, z[1]))
    if make == "slats":
        for i in range(x[0], x[1], 2 * thickness + thickness // 2):
            shape.box((i, i + thickness - 1), y, z)
    elif make == "ladder":
        for i in range(z[1] - thickness, z[0] + thickness, -2 * thickness - 1):
            shape.box(x, y, (i - thickness + 1, i))
    return None


def _make_table(shape):
    top, thickness = shape.draw(0.35, 0.75), shape.draw(0.06, 0.1)
    width, depth = shape.draw(0.6, 1.0), shape.draw(0.45, 0.95)
    leg = shape.draw(0.06, 0.12)
    is_round = shape.rng.random_sample() < 0.35
    if is_round:
        depth = width
    x, y = shape.span(width), shape.span(depth)
    if is_round:
        shape.disc(width / 2 - 0.5, (top - thickness + 1, top))
        inset = -(-width // 6)  # legs stand inside of the circle
        x, y = (x[0] + inset, x[1] - inset), (y[0] + inset, y[1] - inset)
    else:
        shape.box(x, y, (top - thickness + 1, top))
    support = shape.pick("legs", "legs", "pedestal", "panels")
    if support == "legs":
        shape.legs(x, y, (0, top), leg)
        if shape.rng.random_sample() < 0.35:
            shelf = max(2, top // 3)
            shape.box(x, y, (shelf, shelf))
    elif support == "pedestal":
        shape.pedestal(top, min(width, depth) / 3)
    else:
        for i in (x[0], x[1] - leg + 1):
            shape.box((i, i + leg - 1), y, (0, top))


def _make_lamp(shape):
    if shape.rng.random_sample() < 0.25:
        return _make_desk_lamp(shape)
    top = shape.draw(0.6, 1.0) - 1
    height, radius = shape.draw(0.22, 0.4, 3), shape.size * shape.rng.uniform(0.17, 0.32)
    shape.pedestal(top, shape.size * shape.rng.uniform(0.13, 0.25))
    make = shape.pick("cylinder", "cone", "ball")
    for i in range(height):
        share = (i + 0.5) / height
        of_make = {
            "cylinder": 1.0,
            "cone": 1.15 - 0.7 * share,
            "ball": np.sqrt(1 - (2 * share - 1) ** 2),
        }
        z = top - height + 1 + i
        shape.disc(max(1.0, radius * of_make[make]), (z, z))
    return None


def _make_desk_lamp(shape):
    """Add a foot, a stem, an arm that reaches out, and a shade that hangs from it."""
    top, thickness = shape.draw(0.6, 0.95) - 1, shape.draw(0.06, 0.1)
    back = shape.draw(0.6, 0.75)
    front = shape.draw(0.2, 0.35)
    x = shape.span(thickness)
    middle = (x[0] + x[1]) / 2
    shape.disc(shape.size * shape.rng.uniform(0.15, 0.22), (0, thickness - 1), middle, back)
    shape.box(x, (back, back + thickness - 1), (0, top))
    shape.box(x, (front, back), (top - thickness + 1, top))
    radius, height = shape.size * shape.rng.uniform(0.13, 0.2), shape.draw(0.15, 0.25, 2)
    for i in range(height):
        z = top - thickness - i
        shape.disc(radius * (0.5 + 0.5 * (i + 1) / height), (z, z), middle, front)


MAKERS = {"chair": _make_chair, "table": _make_table, "lamp": _make_lamp}
