"""Diagrams that are compared: essential classes apart from finite points.

An essential class has an infinite coordinate. Its *kind* is the pair of signs of its infinite
coordinates (birth, death), 0 for a finite one: (0, 1) is a class that is born and never dies.
Classes of one kind are matched in the order of their finite coordinates. Where two diagrams differ
in the number of classes of a kind, their distance is infinite. A point whose coordinates are the
same infinity is on the diagonal: it is no class, and costs nothing.
"""

import numpy as np

from .._utils.namespace import namespace_of
from .inputs import as_two_points

__all__ = ["SplitDiagram", "essential_distances", "row_norm", "split_two"]


class SplitDiagram:
    """The rows of a diagram: finite points, and essential classes by kind.

    Parameters
    ----------
    live : (n, 2) ndarray or torch.Tensor
    plain : (n, 2) float64 ndarray
        The same numbers.

    Attributes
    ----------
    is_finite : (n,) bool ndarray
    essential : dict of kind to int64 ndarray
        Rows of essential classes by their finite coordinate; kinds ascend.
    """

    def __init__(self, live, plain):
        self.live = live
        self.plain = plain
        is_finite = np.isfinite(plain)
        self.is_finite = is_finite.all(axis=1)
        self.essential = {} if self.is_finite.all() else self._essential(is_finite)

    def _essential(self, is_finite):
        signs = np.where(is_finite, 0, np.sign(self.plain)).astype(int)
        essential = {}
        kinds = {tuple(kind) for kind in signs[~self.is_finite].tolist()}
        for kind in sorted(kinds - {(-1, -1), (1, 1)}):
            rows = np.flatnonzero((signs == kind).all(axis=1))
            if not all(kind):
                rows = rows[np.argsort(self.plain[rows, _finite_column(kind)], kind="stable")]
            essential[kind] = rows
        return essential

    @property
    def signature(self):
        """How many essential classes of which kind; equal where the distance is finite."""
        return tuple((kind, len(rows)) for kind, rows in self.essential.items())

    @property
    def off_diagonal(self):
        """Rows of finite points that are not on the diagonal, int64."""
        return np.flatnonzero(self.is_finite & (self.plain[:, 0] != self.plain[:, 1]))

    def coordinates(self, xp):
        """Return the finite coordinates of the essential classes, kind by kind.

        xp is the namespace of the diagram, or of the two that are compared.
        """
        parts = [
            xp.take(self.live[:, _finite_column(kind)], rows)
            for kind, rows in self.essential.items()
            if not all(kind)
        ]
        return xp.concat(parts) if parts else self.live[:0, 0]


def _finite_column(kind):
    return int(kind[0] != 0)


def split_two(dgm1, dgm2, dim):
    """Return two diagrams as all distances between them take them.

    Parameters
    ----------
    dgm1, dgm2, dim
        As in `as_two_points`.

    Returns
    -------
    first, second : SplitDiagram
    xp : namespace of both
    essential : (n,) ndarray or torch.Tensor, or None
        Distances between essential classes that are matched; None if one has no partner.
    """
    points1, points2, xp = as_two_points(dgm1, dgm2, dim)
    first, second = SplitDiagram(*points1), SplitDiagram(*points2)
    if first.signature != second.signature:
        return first, second, xp, None
    return first, second, xp, abs(first.coordinates(xp) - second.coordinates(xp))


def essential_distances(first, second, p):
    """Return the distances between the essential classes of many diagrams.

    Parameters
    ----------
    first, second : list of SplitDiagram
        Of arrays.
    p : float
        Power, or inf.

    Returns
    -------
    (len(first), len(second)) ndarray
    """
    xp = namespace_of()
    groups: list[dict] = [{}, {}]  # of diagrams with the same signature: (numbers, coordinates)
    for group, diagrams in zip(groups, (first, second), strict=True):
        for i, diagram in enumerate(diagrams):
            members, rows = group.setdefault(diagram.signature, ([], []))
            members.append(i)
            rows.append(diagram.coordinates(xp))
    out = np.full((len(first), len(second)), np.inf)
    for signature, (members1, rows1) in groups[0].items():
        if signature in groups[1]:
            members2, rows2 = groups[1][signature]
            differences = abs(np.array(rows1)[:, None] - np.array(rows2)[None])
            out[np.ix_(members1, members2)] = row_norm(differences, p)
    return out


def row_norm(lengths, p):
    """Return the p-norm over the last axis; infinite where a length is."""
    top = lengths.max(axis=-1, initial=0)
    if p == np.inf:
        return top
    scale = np.where((top > 0) & np.isfinite(top), top, 1)
    with np.errstate(over="ignore"):  # beside an infinite length, whose norm is infinite
        return scale * ((lengths / scale[..., None]) ** p).sum(axis=-1) ** (1 / p)
