"""Displays of diagrams: their points in the plane, and their intervals as bars.

Dimensions differ in their colours and in their markers.
"""

import numpy as np

from .._utils.checks import is_integer
from ..diagrams import Diagram, DiagramBatch
from ..diagrams.inputs import as_points, pick_dim
from .pictures import BLUE, GREEN, PURPLE, VERMILION, Display

__all__ = ["BarcodeDisplay", "PersistenceDiagramDisplay"]

COLORS = (BLUE, VERMILION, GREEN, PURPLE)  # of dimensions 0, 1, 2, 3
MARKERS = ("o", "^", "s", "D")
GUIDE = "0.6"
MARGIN = 0.06  # of the range of values


def _points_by_dim(diagram, homology_dimensions):
    """Return {dim: (n, 2) array} of a Diagram, of arrays by dimension, or of one array."""
    if isinstance(diagram, DiagramBatch):
        raise ValueError(f"diagram must be one diagram, got a batch of {len(diagram)}; choose one")
    if is_integer(homology_dimensions):
        homology_dimensions = (homology_dimensions,)
    if isinstance(diagram, Diagram):
        dims = diagram.homology_dimensions if homology_dimensions is None else homology_dimensions
        diagram = {dim: diagram[pick_dim(diagram, dim, "diagram")] for dim in dims}
    elif not isinstance(diagram, dict):
        dims = (0,) if homology_dimensions is None else tuple(homology_dimensions)
        if len(dims) != 1:
            raise ValueError(f"homology_dimensions of one array must be one, got {dims}")
        diagram = {dims[0]: diagram}
    points_by_dim = {
        dim: as_points(points, None, f"diagram[{dim}]")[1]
        for dim, points in diagram.items()
        if homology_dimensions is None or dim in homology_dimensions
    }
    missing = set(homology_dimensions or ()) - set(points_by_dim)
    if missing:
        raise ValueError(f"diagram must have dimensions {sorted(missing)}, got {sorted(diagram)}")
    for dim, points in points_by_dim.items():
        if np.isinf(points[:, 0]).any():
            raise ValueError(f"births of diagram[{dim}] must be finite to be drawn")
    return points_by_dim


def _value_range(points_by_dim):
    """Return (low, high) of all finite values with a margin."""
    values = np.concatenate([np.ravel(points) for points in points_by_dim.values()] or [[]])
    values = values[np.isfinite(values)]
    low, high = (values.min(), values.max()) if len(values) else (0.0, 1.0)
    margin = MARGIN * ((high - low) or 1.0)
    return low - margin, high + margin


def _ends_of_essential(points_by_dim):
    """Return which of -inf and inf occur as deaths, ascending."""
    ends = np.concatenate([points[:, 1] for points in points_by_dim.values()] or [[]])
    return np.unique(ends[np.isinf(ends)])


def _corner(points_by_dim):
    """Return the corner that has no points: below the diagonal, above it for superlevel sets."""
    points = np.concatenate([*points_by_dim.values(), np.empty((0, 2))])
    lengths = points[np.isfinite(points).all(axis=1)] @ [-1, 1]
    ends = points[np.isinf(points[:, 1]), 1]
    return "lower right" if np.sign(lengths).sum() + np.sign(ends).sum() >= 0 else "upper left"


def _size_and_alpha(n):
    """Return area and opacity of each of n marks: few are large, many let their density show."""
    root = max(n, 1) ** 0.5
    return np.clip(400 / root, 4, 45), np.clip(18 / root, 0.15, 0.9)


class _DiagramDisplay(Display):
    """A display of the births and deaths of one sample."""

    def __init__(self, *, points, title=None):
        self.points = points
        self.title = title

    @classmethod
    def from_diagram(cls, diagram, *, homology_dimensions=None, title=None, ax=None):
        """Draw the display of a diagram.

        Parameters
        ----------
        diagram : Diagram, dict of int to array-like, or array-like of shape (n, 2)
        homology_dimensions : tuple of int, default=None
            None for all; for one array the dimension that it has, 0 by default.
        title : str, default=None
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        PersistenceDiagramDisplay or BarcodeDisplay
        """
        return cls(points=_points_by_dim(diagram, homology_dimensions), title=title).plot(ax=ax)


class PersistenceDiagramDisplay(_DiagramDisplay):
    """Points (birth, death) of one sample, one colour and marker for each dimension.

    Essential classes are on a line of their own, above the others, or below for superlevel sets.

    Parameters
    ----------
    points : dict of int to (n, 2) ndarray
        Births and deaths by dimension.
    title : str, default=None

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    points_ : dict of int to matplotlib PathCollection
        Finite points.
    essential_ : dict of int to matplotlib PathCollection
        Essential classes, where there are some.
    diagonal_ : matplotlib Line2D
    infinity_ : list of matplotlib Line2D
        The lines of essential classes: none, one, or one for each sign.

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo.filtrations import LevelSet
    >>> from skltopo.plotting import PersistenceDiagramDisplay
    >>> diagram = LevelSet(ndim=2)(np.random.default_rng(0).random((20, 20)))
    >>> display = PersistenceDiagramDisplay.from_diagram(diagram)
    >>> display.ax_.get_xlabel(), len(display.essential_[0].get_offsets())
    ('birth', 1)
    """

    def _draw(self, ax):
        low, high = _value_range(self.points)
        self.diagonal_ = ax.plot([low, high], [low, high], color=GUIDE, lw=1, zorder=0)[0]
        bottom, top, places = self._draw_infinities(ax, low, high)
        self.points_, self.essential_ = {}, {}
        size, alpha = _size_and_alpha(sum(map(len, self.points.values())))
        for dim, points in self.points.items():
            style = {"color": COLORS[dim % 4], "marker": MARKERS[dim % 4], "s": size}
            finite = points[np.isfinite(points).all(axis=1)]
            self.points_[dim] = ax.scatter(
                *finite.T, alpha=alpha, linewidths=0, rasterized=len(finite) > 1000,
                label=f"$H_{dim}$", zorder=2, **style,
            )  # fmt: skip
            births, ends = points[np.isinf(points[:, 1])].T
            if len(births):
                self.essential_[dim] = ax.scatter(
                    births, [places[end] for end in ends], edgecolors="black", linewidths=0.8,
                    clip_on=False, zorder=3, **{**style, "s": max(size, 25)},
                )  # fmt: skip
        ax.set(xlim=(low, high), ylim=(bottom, top), xlabel="birth", ylabel="death")
        ax.set(title=self.title, aspect="equal")
        if len(self.points) > 1:
            handles = ax.legend(frameon=False, loc=_corner(self.points))
            for handle in handles.legend_handles:
                handle.set(alpha=1, sizes=[30])

    def _draw_infinities(self, ax, low, high):
        """Draw the lines of essential classes; return the limits of deaths, {end: height}."""
        step = MARGIN * (high - low)
        bottom, top, places, self.infinity_ = low, high, {}, []
        for end in _ends_of_essential(self.points):
            places[end] = high + step if end > 0 else low - step
            bottom, top = min(bottom, places[end] - step), max(top, places[end] + step)
            self.infinity_.append(ax.axhline(places[end], color=GUIDE, lw=1, ls="--", zorder=0))
            ax.annotate(
                r"$\infty$" if end > 0 else r"$-\infty$",
                (1.01, places[end]), xycoords=("axes fraction", "data"), va="center",
            )  # fmt: skip
        return bottom, top, places


class BarcodeDisplay(_DiagramDisplay):
    """Intervals of one sample as bars, dimension by dimension, the longest at the bottom of each.

    Bars of essential classes go to the edge of the picture and end in an arrow.

    Parameters
    ----------
    points : dict of int to (n, 2) ndarray
        Births and deaths by dimension.
    title : str, default=None

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    bars_ : dict of int to matplotlib LineCollection
        All intervals, the longest first; essential ones end at the edge.
    arrows_ : dict of int to list of matplotlib Line2D
        Where there are essential classes, one for each sign.

    Examples
    --------
    >>> from skltopo.plotting import BarcodeDisplay
    >>> display = BarcodeDisplay.from_diagram([[0.0, float("inf")], [1.0, 2.0]])
    >>> len(display.bars_[0].get_segments())
    2
    """

    def _draw(self, ax):
        from matplotlib.collections import LineCollection

        low, high = _value_range(self.points)
        n_bars = sum(map(len, self.points.values()))
        gap = max(1, n_bars // 30)
        least = n_bars / 12 if len(self.points) > 1 else 0  # of a block: room for its label
        width = np.clip(300 / max(n_bars, 1), 0.4, 4)
        self.bars_, self.arrows_ = {}, {}
        ticks, row = [], 0
        for dim, points in self.points.items():
            # Essential classes first, as in a Diagram; also where an array has another order.
            points = points[np.argsort(-abs(points[:, 1] - points[:, 0]), kind="stable")]
            rows = row + np.arange(len(points))
            ends = np.clip(points, low, high)
            segments = np.stack([ends, np.repeat(rows[:, None], 2, axis=1)], axis=2)
            self.bars_[dim] = ax.add_collection(
                LineCollection(segments, colors=COLORS[dim % 4], linewidths=width, label=f"H{dim}")
            )
            for end, arrow in ((np.inf, ">"), (-np.inf, "<")):
                there = points[:, 1] == end
                if there.any():
                    self.arrows_.setdefault(dim, []).extend(
                        ax.plot(ends[there, 1], rows[there], arrow, color=COLORS[dim % 4], ms=6,
                                clip_on=False)
                    )  # fmt: skip
            ticks.append((row + (len(points) - 1) / 2, f"$H_{dim}$\n({len(points)})"))
            row += max(len(points), least) + gap
        ax.set(xlim=(low, high), ylim=(-gap, max(row, 1)), xlabel="value", title=self.title)
        ax.set_yticks([at for at, _ in ticks], [label for _, label in ticks])
        ax.tick_params(axis="y", length=0)
        ax.spines[["top", "right", "left"]].set_visible(False)
