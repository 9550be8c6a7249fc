"""Displays of diagrams: their points in the plane, and their intervals as bars.

Dimensions differ in their colours and in their markers, and so do diagrams on the same axes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._utils.checks import check_number, is_integer
from .._utils.typing import Array, Dimensions, Self
from ..diagrams import Diagram, DiagramArrays, DiagramBatch
from ..diagrams.inputs import DiagramLike, as_points, depth, pick_dim
from .pictures import Display, merge_style, pop_cmap, shades
from .shared_axes import BarStack, Plane

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["BarcodeDisplay", "PersistenceDiagramDisplay", "split_label"]


def _points_by_dim(diagram, homology_dimensions, min_length):
    """Return {dim: (n, 2) array} of what users give as the diagram of one sample."""
    if isinstance(diagram, DiagramBatch):
        raise ValueError(f"diagram must be one diagram, got a batch of {len(diagram)}; choose one")
    check_number("min_length", min_length, 0)
    if is_integer(homology_dimensions):
        homology_dimensions = (homology_dimensions,)
    if isinstance(diagram, (Diagram, DiagramArrays)):
        dims = diagram.homology_dimensions if homology_dimensions is None else homology_dimensions
        for dim in dims:
            pick_dim(diagram, dim, "diagram")
        arrays = {dim: as_points(diagram, dim, f"diagram[{dim}]")[1] for dim in dims}
    else:
        arrays = _plain_arrays(diagram, homology_dimensions)
        arrays = {dim: as_points(points, None, f"diagram[{dim}]")[1] for dim, points in arrays}
    for dim, points in arrays.items():
        if np.isinf(points[:, 0]).any():
            raise ValueError(f"births of diagram[{dim}] must be finite to be drawn")
    return {
        dim: points[abs(points[:, 1] - points[:, 0]) >= min_length]
        for dim, points in arrays.items()
    }


def _plain_arrays(diagram, homology_dimensions):
    """Return [(dim, array)] of a dict, of a list with an array for each dimension, or of one."""
    if isinstance(diagram, dict):
        missing = set(homology_dimensions or ()) - set(diagram)
        if missing:
            raise ValueError(
                f"diagram must have dimensions {sorted(missing)}, got {sorted(diagram)}"
            )
        is_wanted = homology_dimensions is None
        return [(k, x) for k, x in diagram.items() if is_wanted or k in homology_dimensions]
    if depth(diagram) == 3:
        dims = range(len(diagram)) if homology_dimensions is None else tuple(homology_dimensions)
        if len(dims) != len(diagram):
            raise ValueError(
                "homology_dimensions must be those of the list of "
                f"{len(diagram)} arrays, got {tuple(dims)}"
            )
        return list(zip(dims, diagram, strict=True))
    dims = (0,) if homology_dimensions is None else tuple(homology_dimensions)
    if len(dims) != 1:
        raise ValueError(f"homology_dimensions of one array must be one, got {dims}")
    return [(dims[0], diagram)]


def split_label(label, dim, n_dims):
    """Return what to call one of the dimensions of a diagram with a label, or None."""
    if label is None:
        return f"$H_{dim}$"
    return f"{label} $H_{dim}$" if n_dims > 1 else str(label)


class _DiagramDisplay(Display):
    """A display of the births and deaths of one sample."""

    def __init__(
        self, *, points: dict[int, Array], label: str | None = None, title: str | None = None
    ) -> None:
        self.points = points
        self.label = label
        self.title = title

    @classmethod
    def from_diagram(
        cls,
        diagram: DiagramLike | dict[int, Any],
        *,
        homology_dimensions: Dimensions = None,
        min_length: float = 0.0,
        label: str | None = None,
        title: str | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the display of a diagram.

        Parameters
        ----------
        diagram : Diagram, DiagramArrays, list or dict of arrays, or array-like of shape (n, 2)
            What `PersistenceDiagrams` returns for one sample, too. The arrays of a list have the
            dimensions 0, 1, and so on, or `homology_dimensions`.
        homology_dimensions : int or tuple of int, default=None
            None for all; for one array the dimension that it has, 0 by default.
        min_length : float, default=0.0
            Points whose |death - birth| is smaller are left out.
        label : str, default=None
            What to call the diagram beside others on the same axes.
        title : str, default=None
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure. Diagrams that are there stay: the limits grow,
            and the new one has other colours.
        **kwargs : dict
            Keyword arguments of the marks or bars of all dimensions, such as ``alpha``, ``color``,
            ``s`` or ``linewidth``; ``cmap`` chooses the colours of the dimensions.

        Returns
        -------
        PersistenceDiagramDisplay or BarcodeDisplay

        Raises
        ------
        TypeError
            If a keyword argument is unknown, or two of them contradict each other.
        ValueError
            If diagram is of several samples, lacks a dimension, or has NaN or infinite births.
        """
        points = _points_by_dim(diagram, homology_dimensions, min_length)
        return cls(points=points, label=label, title=title).plot(ax=ax, **kwargs)

    def _begin(self, ax, style, shared):
        """Return style without label and cmap, and {dim: (label, default colour, marker)}."""
        style, cmap = pop_cmap(style)
        self.label = style.pop("label", self.label)
        looks = {dim: shared.take_style(dim) for dim in self.points}
        if cmap is not None:
            colors = shades(cmap, len(looks))
            looks = {dim: (color, looks[dim][1]) for dim, color in zip(looks, colors, strict=True)}
        n_dims = len(self.points)
        if self.title is not None:  # that of a diagram drawn before stays
            ax.set_title(self.title)
        return style, {dim: (split_label(self.label, dim, n_dims), *looks[dim]) for dim in looks}

    def _all_points(self):
        return np.concatenate([*self.points.values(), np.empty((0, 2))])


class PersistenceDiagramDisplay(_DiagramDisplay):
    """Points (birth, death) of one sample, one colour and marker for each dimension.

    Essential classes are on a line of their own, above the others, or below for superlevel sets.
    Several diagrams may be drawn on the same axes, which share this line.

    Parameters
    ----------
    points : dict of int to (n, 2) ndarray
        Births and deaths by dimension.
    label : str, default=None
        What to call the diagram in the legend.
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
        The lines of essential classes on these axes: none, one, or one for each sign.

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo.filtrations import LevelSet
    >>> from skltopo.plotting import PersistenceDiagramDisplay
    >>> diagram = LevelSet(ndim=2)(np.random.default_rng(0).random((20, 20)))
    >>> display = PersistenceDiagramDisplay.from_diagram(diagram)
    >>> display.ax_.get_xlabel(), len(display.essential_[0].get_offsets())
    ('birth', 1)

    Beside another one:

    >>> other = PersistenceDiagramDisplay.from_diagram(
    ...     [[0.2, 3.0]], label="another", ax=display.ax_, alpha=0.5
    ... )
    >>> [text.get_text() for text in other.ax_.get_legend().get_texts()]
    ['$H_0$', '$H_1$', 'another']
    """

    def _draw(self, ax, style):
        plane = Plane.of(ax)
        style, looks = self._begin(ax, style, plane)
        root = max(len(self._all_points()), 1) ** 0.5
        # Few are large, many let their density show.
        defaults = {"s": np.clip(400 / root, 4, 45), "alpha": np.clip(18 / root, 0.15, 0.9)}
        styles = {
            dim: merge_style(
                "PathCollection",
                {**defaults, "color": color, "marker": marker, "lw": 0, "label": label},
                style,
            )
            for dim, (label, color, marker) in looks.items()
        }
        plane.add(self._all_points())
        self.points_, self.essential_ = {}, {}
        for dim, points in self.points.items():
            finite = points[np.isfinite(points).all(axis=1)]
            look = {"rasterized": len(finite) > 1000, "zorder": 2, **styles[dim]}
            self.points_[dim] = ax.scatter(*finite.T, **look)
            plane.handles.append(self.points_[dim])
            births, ends = points[np.isinf(points[:, 1])].T
            if len(births):
                self.essential_[dim] = plane.add_essential(
                    births, ends, color=look["color"], marker=look["marker"],
                    s=np.maximum(look["s"], 25), edgecolors="black", linewidths=0.8,
                    alpha=style.get("alpha"),
                )  # fmt: skip
        plane.lay_out()
        self.diagonal_, self.infinity_ = plane.diagonal, list(plane.infinities.values())
        ax.set(xlabel="birth", ylabel="death")
        if len(plane.handles) > 1 or (plane.handles and self.label is not None):
            plane.draw_legend()


class BarcodeDisplay(_DiagramDisplay):
    """Intervals of one sample as bars, dimension by dimension, the longest at the bottom of each.

    Bars of essential classes go to the edge of the picture and end in an arrow. The bars of several
    diagrams on the same axes stand above each other.

    Parameters
    ----------
    points : dict of int to (n, 2) ndarray
        Births and deaths by dimension.
    label : str, default=None
        What to call the diagram beside its bars.
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

    def _draw(self, ax, style):
        from matplotlib.collections import LineCollection

        stack = BarStack.of(ax)
        style, looks = self._begin(ax, style, stack)
        stack.grow(np.ravel(self._all_points()))
        self.bars_, self.arrows_ = {}, {}
        for dim, points in self.points.items():
            label, color, _ = looks[dim]
            look = merge_style("LineCollection", {"color": color, "label": label}, style)
            # Essential classes first, as in a Diagram; also where an array has another order.
            points = points[np.argsort(-abs(points[:, 1] - points[:, 0]), kind="stable")]
            self.bars_[dim] = ax.add_collection(LineCollection([], **look), autolim=False)
            arrows = {
                end: ax.plot([], [], mark, color=look["color"], ms=6, clip_on=False)[0]
                for end, mark in ((np.inf, ">"), (-np.inf, "<"))
                if (points[:, 1] == end).any()
            }
            if arrows:
                self.arrows_[dim] = list(arrows.values())
            name = label if self.label is None else f"{self.label}\n$H_{dim}$"
            name += ("\n" if self.label is None else " ") + f"({len(points)})"
            stack.add(points, self.bars_[dim], arrows, name, "linewidth" in look)
        stack.lay_out()
        ax.set(xlabel="value")
        ax.grid(visible=False, axis="y")
        ax.spines[["top", "right", "left"]].set_visible(False)

    def _figsize(self):
        """Return a size that leaves a point or so for each of five hundred bars."""
        width, height = 6.4, 4.8
        return width, float(np.clip(len(self._all_points()) / 55, height, 9))
