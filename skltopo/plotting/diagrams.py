"""Pictures of diagrams: their points in the plane, and their intervals as bars.

Colours are those of Okabe and Ito, which people with any colour vision tell apart; dimensions
differ in their markers too.
"""

import numpy as np

from .._diagram_lists import as_points, pick_dim
from ..diagrams import Diagram
from .pictures import axes_or_new

__all__ = ["BarcodeDisplay", "PersistenceDiagramDisplay"]

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")  # of dimensions 0, 1, 2, 3
MARKERS = ("o", "^", "s", "D")
GUIDE = "0.6"
MARGIN = 0.06  # of the range of values


def _points_by_dim(diagram, homology_dimensions):
    """Return {dim: (n, 2) array} of a Diagram, of arrays by dimension, or of one array."""
    if isinstance(diagram, Diagram):
        dims = diagram.homology_dimensions if homology_dimensions is None else homology_dimensions
        diagram = {dim: diagram[pick_dim(diagram, dim, "diagram")] for dim in dims}
    elif not isinstance(diagram, dict):
        dims = (0,) if homology_dimensions is None else tuple(homology_dimensions)
        if len(dims) != 1:
            raise ValueError(f"homology_dimensions of one array must be one, got {dims}")
        diagram = {dims[0]: diagram}
    return {
        dim: as_points(points, None, f"diagram[{dim}]")[1]
        for dim, points in diagram.items()
        if homology_dimensions is None or dim in homology_dimensions
    }


def _value_range(points_by_dim):
    """Return (low, high) of all finite values with a margin."""
    values = np.concatenate([np.ravel(points) for points in points_by_dim.values()] or [[]])
    values = values[np.isfinite(values)]
    low, high = (values.min(), values.max()) if len(values) else (0.0, 1.0)
    margin = MARGIN * ((high - low) or 1.0)
    return low - margin, high + margin


def _end_of_essential(points_by_dim):
    """Return inf, -inf, or None if there are no essential classes."""
    ends = np.concatenate([points[:, 1] for points in points_by_dim.values()] or [[]])
    ends = ends[np.isinf(ends)]
    return ends[0] if len(ends) else None


def _size_and_alpha(n):
    """Return area and opacity of a mark: 5 points are plain to see, 5,000 show their density."""
    root = max(n, 1) ** 0.5
    return np.clip(250 / root, 6, 45), np.clip(12 / root, 0.3, 0.9)


class PersistenceDiagramDisplay:
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
    infinity_ : matplotlib Line2D or None
        The line of essential classes.

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo.filtrations import LevelSet
    >>> from skltopo.plotting import PersistenceDiagramDisplay
    >>> diagram = LevelSet(ndim=2)(np.random.default_rng(0).random((20, 20)))
    >>> display = PersistenceDiagramDisplay.from_diagram(diagram).plot()
    >>> display.ax_.get_xlabel(), len(display.essential_[0].get_offsets())
    ('birth', 1)
    """

    def __init__(self, *, points, title=None):
        self.points = points
        self.title = title

    @classmethod
    def from_diagram(cls, diagram, *, homology_dimensions=None, title=None):
        """Make the display of a diagram.

        Parameters
        ----------
        diagram : Diagram, dict of int to array-like, or array-like of shape (n, 2)
        homology_dimensions : tuple of int, default=None
            None for all; for one array the dimension that it has, 0 by default.
        title : str, default=None

        Returns
        -------
        PersistenceDiagramDisplay
        """
        return cls(points=_points_by_dim(diagram, homology_dimensions), title=title)

    def plot(self, ax=None):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a new figure.

        Returns
        -------
        self
        """
        ax = axes_or_new(ax)
        low, high = _value_range(self.points)
        self.diagonal_ = ax.plot([low, high], [low, high], color=GUIDE, lw=1, zorder=0)[0]
        bottom, top = self._draw_infinity(ax, low, high)
        self.points_, self.essential_ = {}, {}
        for dim, points in self.points.items():
            size, alpha = _size_and_alpha(len(points))
            style = {"color": COLORS[dim % 4], "marker": MARKERS[dim % 4], "s": size}
            finite = points[np.isfinite(points).all(axis=1)]
            self.points_[dim] = ax.scatter(
                *finite.T, alpha=alpha, linewidths=0, rasterized=len(finite) > 1000,
                label=f"$H_{dim}$", zorder=2, **style,
            )  # fmt: skip
            births = points[np.isinf(points[:, 1]), 0]
            if len(births):
                self.essential_[dim] = ax.scatter(
                    births, np.full(len(births), self._at), edgecolors="black", linewidths=0.8,
                    clip_on=False, zorder=3, **{**style, "s": max(size, 25)},
                )  # fmt: skip
        ax.set(xlim=(low, high), ylim=(bottom, top), xlabel="birth", ylabel="death")
        ax.set(title=self.title, aspect="equal")
        if len(self.points) > 1:
            handles = ax.legend(frameon=False, loc="lower right" if bottom == low else "upper left")
            for handle in handles.legend_handles:
                handle.set(alpha=1, sizes=[30])
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _draw_infinity(self, ax, low, high):
        """Draw the line of essential classes; return the limits of the axis of deaths."""
        end = _end_of_essential(self.points)
        self.infinity_, self._at = None, None
        if end is None:
            return low, high
        step = MARGIN * (high - low)
        self._at = high + step if end > 0 else low - step
        self.infinity_ = ax.axhline(self._at, color=GUIDE, lw=1, ls="--", zorder=0)
        ax.annotate(
            r"$\infty$" if end > 0 else r"$-\infty$",
            (1.01, self._at), xycoords=("axes fraction", "data"), va="center",
        )  # fmt: skip
        return (low, high + 2 * step) if end > 0 else (low - 2 * step, high)


class BarcodeDisplay:
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
        All intervals, in the order of the diagram; essential ones end at the edge.
    arrows_ : dict of int to matplotlib Line2D
        Where there are essential classes.

    Examples
    --------
    >>> from skltopo.plotting import BarcodeDisplay
    >>> display = BarcodeDisplay.from_diagram([[0.0, float("inf")], [1.0, 2.0]]).plot()
    >>> len(display.bars_[0].get_segments())
    2
    """

    def __init__(self, *, points, title=None):
        self.points = points
        self.title = title

    @classmethod
    def from_diagram(cls, diagram, *, homology_dimensions=None, title=None):
        """Make the display of a diagram.

        Parameters
        ----------
        diagram : Diagram, dict of int to array-like, or array-like of shape (n, 2)
        homology_dimensions : tuple of int, default=None
            None for all; for one array the dimension that it has, 0 by default.
        title : str, default=None

        Returns
        -------
        BarcodeDisplay
        """
        return cls(points=_points_by_dim(diagram, homology_dimensions), title=title)

    def plot(self, ax=None):
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a new figure.

        Returns
        -------
        self
        """
        from matplotlib.collections import LineCollection

        ax = axes_or_new(ax)
        low, high = _value_range(self.points)
        n_bars = sum(map(len, self.points.values()))
        gap = max(1, n_bars // 30)
        width = np.clip(300 / max(n_bars, 1), 0.4, 4)
        self.bars_, self.arrows_ = {}, {}
        ticks, row = [], 0
        for dim, points in self.points.items():
            rows = row + np.arange(len(points))
            ends = np.clip(points, low, high)
            segments = np.stack([ends, np.repeat(rows[:, None], 2, axis=1)], axis=2)
            self.bars_[dim] = ax.add_collection(
                LineCollection(segments, colors=COLORS[dim % 4], linewidths=width, label=f"H{dim}")
            )
            essential = np.isinf(points[:, 1])
            if essential.any():
                arrow = ">" if points[essential][0, 1] > 0 else "<"
                self.arrows_[dim] = ax.plot(
                    ends[essential, 1], rows[essential], arrow, color=COLORS[dim % 4], ms=6,
                    clip_on=False,
                )[0]  # fmt: skip
            ticks.append((row + (len(points) - 1) / 2, f"$H_{dim}$\n({len(points)})"))
            row += len(points) + gap
        ax.set(xlim=(low, high), ylim=(-gap, max(row, 1)), xlabel="value", title=self.title)
        ax.set_yticks([at for at, _ in ticks], [label for _, label in ticks])
        ax.tick_params(axis="y", length=0)
        ax.spines[["top", "right", "left"]].set_visible(False)
        self.ax_, self.figure_ = ax, ax.figure
        return self
