"""Display of a matching of two diagrams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from .._utils.typing import Array, Self
from ..diagrams.inputs import DiagramLike, as_points
from ..distances import Matching, bottleneck_distance, wasserstein_distance
from .diagrams import PersistenceDiagramDisplay
from .pictures import Display, pop_cmap, shades
from .shared_axes import Plane

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MatchingDisplay"]

METRICS = ("wasserstein", "bottleneck")


def _count_essential(points):
    """Return a phrase: how many deaths are inf, and how many -inf, as of superlevel sets."""
    return f"{(points[:, 1] == np.inf).sum()} at inf and {(points[:, 1] == -np.inf).sum()} at -inf"


class MatchingDisplay(Display):
    """Two diagrams, and lines from each point to the one, or to the diagonal, that it goes to.

    Essential classes go to essential classes, along their line.

    Parameters
    ----------
    points1, points2 : (n, 2) ndarray
        Births and deaths.
    matching : skltopo.distances.Matching
    distance : float
    metric : {"wasserstein", "bottleneck"}, default="wasserstein"
        With "bottleneck" the longest lines, which decide the distance, are thick.
    p : float, default=1.0
        Power of "wasserstein", for the title.
    ground : {2, inf}, default=2
        Norm of a difference of points.
    labels : tuple of two str, default=("first", "second")
    title : str, default=None
        None for the distance.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    displays_ : list of two PersistenceDiagramDisplay
    links_ : matplotlib LineCollection
        From the points of the first diagram to those of the second that they are matched with.
    diagonal_links_ : matplotlib LineCollection
        From the other points, those of the first diagram before those of the second, to the
        nearest points of the diagonal.

    Examples
    --------
    >>> from skltopo.plotting import MatchingDisplay
    >>> display = MatchingDisplay.from_diagrams([[0.0, 4.0], [1.0, 2.0]], [[0.0, 3.0]])
    >>> len(display.links_.get_segments()), len(display.diagonal_links_.get_segments())
    (1, 1)
    >>> round(display.distance, 3)
    1.707
    """

    def __init__(
        self,
        *,
        points1: Array,
        points2: Array,
        matching: Matching,
        distance: float,
        metric: Literal["wasserstein", "bottleneck"] = "wasserstein",
        p: float = 1.0,
        ground: float = 2,
        labels: tuple[str, str] = ("first", "second"),
        title: str | None = None,
    ) -> None:
        self.points1 = points1
        self.points2 = points2
        self.matching = matching
        self.distance = distance
        self.metric = metric
        self.p = p
        self.ground = ground
        self.labels = labels
        self.title = title

    @classmethod
    def from_diagrams(
        cls,
        dgm1: DiagramLike,
        dgm2: DiagramLike,
        *,
        metric: Literal["wasserstein", "bottleneck"] = "wasserstein",
        p: float = 1.0,
        ground: float | None = None,
        dim: int | None = None,
        labels: tuple[str, str] = ("first", "second"),
        title: str | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the display of an optimal matching of two diagrams.

        Parameters
        ----------
        dgm1, dgm2 : Diagram, DiagramArrays, or array-like of shape (n, 2)
        metric : {"wasserstein", "bottleneck"}, default="wasserstein"
            Which distance the matching attains.
        p : float, default=1.0
            Power of "wasserstein".
        ground : {2, inf}, default=None
            Norm of a difference of points. None is 2 for "wasserstein", inf for "bottleneck".
        dim : int, default=None
            Homology dimension of a Diagram, or position in a list of arrays; None where there is
            only one.
        labels : tuple of two str, default=("first", "second")
            What to call the diagrams.
        title : str, default=None
            None for the distance.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **kwargs : dict
            Keyword arguments of the marks of points, such as ``s`` or ``alpha``; ``cmap`` chooses
            the colours of the two diagrams.

        Returns
        -------
        MatchingDisplay

        Raises
        ------
        TypeError
            If a keyword argument is unknown.
        ValueError
            If a parameter is wrong, or the diagrams have different numbers of essential classes, so
            that no matching has a finite distance.
        """
        if metric not in METRICS:
            raise ValueError(f"metric must be one of {METRICS}, got {metric!r}")
        if "label" in kwargs:
            raise TypeError("label is for one diagram; give labels=(first, second)")
        if not isinstance(labels, (tuple, list)) or len(labels) != 2:
            raise ValueError(f"labels must be two, one for each diagram, got {labels!r}")
        ground = (2 if metric == "wasserstein" else np.inf) if ground is None else ground
        points1, points2 = (
            as_points(dgm, dim, name)[1] for dgm, name in ((dgm1, "dgm1"), (dgm2, "dgm2"))
        )
        given: dict[str, Any] = {"ground": ground, "return_matching": True}
        if metric == "wasserstein":
            distance, matching = wasserstein_distance(points1, points2, p=p, **given)
        else:
            distance, matching = bottleneck_distance(points1, points2, **given)
        if matching is None:
            raise ValueError(
                "dgm1 and dgm2 must have as many essential classes as each other, that die at the "
                f"same infinity, got {_count_essential(points1)} and {_count_essential(points2)}: "
                "no matching has a finite distance"
            )
        return cls(
            points1=points1, points2=points2, matching=matching, distance=float(distance),
            metric=metric, p=p, ground=ground, labels=labels, title=title,
        ).plot(ax=ax, **kwargs)  # fmt: skip

    def _draw(self, ax, style):
        style, cmap = pop_cmap(style)
        colors = [{}, {}] if cmap is None else [{"color": color} for color in shades(cmap, 2)]
        both = (self.points1, self.points2)
        # Smaller than in a diagram alone: the links between are to be seen.
        style = {"s": np.clip(300 / max(sum(map(len, both)), 1) ** 0.5, 4, 40), **style}
        self.displays_ = [
            PersistenceDiagramDisplay(points={0: points}, label=label).plot(ax, **style, **color)
            for points, label, color in zip(both, self.labels, colors, strict=True)
        ]
        rows1, rows2 = self.matching.pairs.T
        starts, ends = self.points1[rows1], self.points2[rows2]
        alone = [self.points1[self.matching.diagonal1], self.points2[self.matching.diagonal2]]
        alone = np.concatenate(alone)
        feet = np.repeat(alone.mean(axis=1, keepdims=True), 2, axis=1)
        self.links_ = self._add_links(ax, starts, ends, "-")
        self.diagonal_links_ = self._add_links(ax, alone, feet, ":")
        ax.set_title(self._distance_text() if self.title is None else self.title)

    def _add_links(self, ax, starts, ends, linestyle):
        from matplotlib.collections import LineCollection

        with np.errstate(invalid="ignore"):
            lengths = np.linalg.norm(np.nan_to_num(ends - starts), ord=self.ground, axis=1)
        is_longest = (self.metric == "bottleneck") & (lengths >= self.distance * (1 - 1e-9))
        links = LineCollection(
            [], colors=np.where(is_longest, "black", "0.55"), linestyles=linestyle,
            linewidths=np.where(is_longest, 2.4, 1.0), zorder=1,
        )  # fmt: skip
        Plane.of(ax).add_links(ax.add_collection(links, autolim=False), starts, ends)
        return links

    def _distance_text(self):
        power = r"\infty" if self.metric == "bottleneck" or self.p == np.inf else f"{self.p:g}"
        return f"$W_{{{power}}}$ = {self.distance:.4g}"
