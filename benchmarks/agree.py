"""Whether two packages have computed the same: checked before a time counts."""

import numpy as np

# Births and deaths, weighed: two sets of points with the same sorted sums in so many directions are
# the same. Sorted numbers that differ a little differ a little place by place, whatever the order
# of points that nearly agree; so no points are matched here.
DIRECTIONS = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 1.0], [0.6, 0.8], [0.28, 0.96]]).T


def _points(values, shortest):
    """Return finite points that are longer than this, as float64."""
    points = np.asarray(values, dtype=np.float64).reshape(-1, 2)
    points = points[np.isfinite(points).all(axis=1)]
    return points[abs(points[:, 1] - points[:, 0]) > shortest]


def same_diagrams(ours, theirs, tolerance):
    """Compare diagrams as sets of points, without essential classes and points of no length.

    Parameters
    ----------
    ours, theirs : dict of int to list of (n_points, 2) array-like
        For each dimension the diagrams of all samples.
    tolerance : float
        Largest difference, relative to the largest number of a diagram. Shorter points are left
        out.

    Returns
    -------
    str
        How they differ; empty if they agree.
    """
    if sorted(ours) != sorted(theirs):
        return f"dimensions {sorted(ours)} and {sorted(theirs)}"
    for dim in ours:
        if len(ours[dim]) != len(theirs[dim]):
            return f"{len(ours[dim])} and {len(theirs[dim])} diagrams of PD_{dim}"
        for i, pair in enumerate(zip(ours[dim], theirs[dim], strict=True)):
            largest = max(abs(_points(points, -1)).max(initial=0.0) for points in pair)
            mine, other = (_points(points, tolerance * largest) for points in pair)
            where = f"diagram {i} of PD_{dim}"
            if len(mine) != len(other):
                return f"{len(mine)} and {len(other)} points in {where}"
            sums = (np.sort(points @ DIRECTIONS, axis=0) for points in (mine, other))
            difference = abs(np.subtract(*sums)).max(initial=0.0)
            if not difference <= 2 * tolerance * largest:
                return f"{where} differs by {difference / largest:.1e}"
    return ""


def same_values(ours, theirs, tolerance):
    """Compare arrays; tolerance is relative to the largest number.

    Returns
    -------
    str
        How they differ; empty if they agree.
    """
    ours, theirs = (np.asarray(values, dtype=np.float64) for values in (ours, theirs))
    if ours.shape != theirs.shape:
        return f"shapes {ours.shape} and {theirs.shape}"
    largest = abs(ours).max(initial=0.0) or 1.0
    difference = abs(ours - theirs).max(initial=0.0) / largest
    return "" if difference <= tolerance else f"values differ by {difference:.1e}"
