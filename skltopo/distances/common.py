"""What the distances share: parameters, norms, projections on lines."""

from numbers import Real
from typing import Any

import numpy as np

from .._utils.memory import check_memory
from .._utils.namespace import namespace_of

__all__ = [
    "angles_of",
    "check_ground",
    "check_p",
    "check_total",
    "combined",
    "infinite",
    "p_norm",
    "projections",
]

GROUNDS = (2, np.inf)
# Powers of distances beyond it underflow; the bottleneck distance is their limit.
MAX_P = 100


def _is_power(p: Any) -> bool:
    return 1 <= p <= MAX_P or p == np.inf


def check_p(p):
    """Return the power of a Wasserstein distance as a float, or raise ValueError."""
    if isinstance(p, bool) or not isinstance(p, Real) or not _is_power(p):
        raise ValueError(f"p must be a number from 1 to {MAX_P}, or inf, got {p!r}")
    return float(p)


def check_ground(ground):
    """Return the norm of differences of points, or raise ValueError."""
    if not isinstance(ground, Real) or ground not in GROUNDS:
        raise ValueError(f"ground must be 2 or inf, got {ground!r}")
    return ground


def angles_of(n_directions, n_points):
    """Return the angles of lines, or raise MemoryError if projections on them would not fit."""
    check_memory(
        48 * int(n_directions) * (n_points + 1),
        f"projections of {n_points} points on {n_directions} lines",
        "a smaller n_directions takes less",
    )
    return np.pi * (np.arange(n_directions) / n_directions - 0.5)


def infinite(first, second, xp):
    """Return an infinite distance, with a gradient of zero."""
    return xp.zero_of(first.live) + xp.zero_of(second.live) + np.inf


def check_total(total):
    """Return finite distances, or raise ValueError where they overflow."""
    if not np.isfinite(namespace_of(total).plain(total)).all():
        raise ValueError(
            "the distance of these diagrams is more than a float can hold; scale births and deaths"
        )
    return total


def combined(distances, p):
    """Return the p-norm of distances, numbers or 0-d tensors, of several dimensions."""
    if len(distances) == 1:
        return distances[0]
    xp = namespace_of(*distances)
    lengths = xp.stack(xp.as_one_kind(*distances))
    if np.isinf(xp.plain(lengths)).any():
        return xp.number(lengths.sum())
    with np.errstate(over="ignore"):  # this is looked for
        return xp.number(check_total(p_norm(lengths, p, xp)))


def p_norm(lengths, p, xp):
    """Return the p-norm, scaled by the greatest length so that no power overflows."""
    if p == 1 or not len(lengths):
        return lengths.sum()
    if p == np.inf:
        return xp.amax(lengths)
    top = float(xp.plain(lengths).max())
    if top == 0:
        return lengths.sum()
    return top * ((lengths / top) ** p).sum() ** (1 / p)


def projections(points, angles):
    """Return (points, nearest points of the diagonal) along every line: two (n, n_angles)."""
    lines = namespace_of(points).operand(np.stack([np.cos(angles), np.sin(angles)]), points)
    return points @ lines, (points.sum(1) / 2)[:, None] * lines.sum(0)
