"""Displays of the critical simplices of a diagram on a line, an image, a volume or a cloud."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from .._utils.arrays import as_numbers
from .._utils.checks import check_integer, is_integer
from .._utils.typing import Array, ArrayLike, FiltrationFunction, Self
from ..diagrams import Diagram
from ..diagrams.inputs import pick_dim
from .pictures import (
    BLUE,
    VERMILION,
    YELLOW,
    Display,
    as_plain,
    draw_image,
    draw_legend_above,
    merge_style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["CriticalPointsDisplay"]

BIRTH, DEATH = BLUE, VERMILION
MAX_NUMBERS = 30  # more numbers would hide what is below them


class CriticalPointsDisplay(Display):
    """The simplices that create and destroy the classes of a diagram, drawn on the sample.

    On a function on a line, an image or a volume these are vertices, on a point cloud edges or
    simplices. Finite points are numbered from 1 at the most persistent one, where there are not
    more than 30; classes that never die have a star where they are born.

    Parameters
    ----------
    sample : (n,), (height, width), (depth, height, width) or (n_points, n_coordinates) ndarray
        A function on a line, an image, a volume, of which a projection along the first axis is
        drawn, or a cloud, of which two coordinates are drawn.
    births, deaths : list of (n_vertices,) int ndarray
        Vertices of the critical cells of finite points; flat indices of an image or a volume.
    is_cloud : bool
    essential : list of (n_vertices,) int ndarray, default=()
        Vertices of the cells that create essential classes.
    numbers : list of int, default=None
        Written at the deaths; None for 1, 2, and so on.
    superlevel : bool, default=False
        Whether a projection of a volume shows its largest values, not its smallest.
    title : str, default=None

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    births_, deaths_ : matplotlib PathCollection
        Marks at critical vertices, or at the middles of critical edges and simplices.
    essential_ : matplotlib PathCollection or None
        Marks of the births of essential classes, where there are some.
    links_ : matplotlib LineCollection
        From every birth to its death.
    cells_ : list of matplotlib LineCollection
        Critical edges and simplices of births, then of deaths. Empty for functions.

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo.filtrations import LevelSet
    >>> from skltopo.plotting import CriticalPointsDisplay
    >>> image = np.random.default_rng(0).random((12, 12))
    >>> filtration = LevelSet(ndim=2, superlevel=True)
    >>> display = CriticalPointsDisplay.from_sample(filtration, image, dim=1, n_points=3)
    >>> len(display.births_.get_offsets())
    3

    Rows of the diagram can be chosen, here the holes that are born above 0.9:

    >>> rows = filtration(image)[1][:, 0] > 0.9
    >>> display = CriticalPointsDisplay.from_sample(filtration, image, dim=1, points=rows)
    >>> len(display.births_.get_offsets()) == int(rows.sum())
    True
    """

    def __init__(
        self,
        *,
        sample: Array,
        births: Sequence[Array],
        deaths: Sequence[Array],
        is_cloud: bool,
        essential: Sequence[Array] = (),
        numbers: Sequence[int] | None = None,
        superlevel: bool = False,
        title: str | None = None,
    ) -> None:
        self.sample = sample
        self.births = births
        self.deaths = deaths
        self.is_cloud = is_cloud
        self.essential = essential
        self.numbers = numbers
        self.superlevel = superlevel
        self.title = title

    @classmethod
    def from_sample(
        cls,
        filtration: FiltrationFunction,
        sample: ArrayLike,
        *,
        dim: int = 0,
        n_points: int = 10,
        points: ArrayLike | None = None,
        title: str | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the display of a sample, its most persistent finite points and essential classes.

        Parameters
        ----------
        filtration : callable
            Of `skltopo.filtrations`.
        sample : array-like or torch.Tensor
            What it takes.
        dim : int, default=0
        n_points : int, default=10
            Most finite points that are drawn, beside all essential classes.
        points : array-like of int or bool, default=None
            Rows of ``filtration(sample)[dim]`` that are drawn in place of these.
        title : str, default=None
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **kwargs : dict
            Keyword arguments of the marks, such as ``s``, ``alpha`` or ``color``, which is that of
            births and deaths then; ``cmap`` is that of an image or a volume.

        Returns
        -------
        CriticalPointsDisplay

        Raises
        ------
        TypeError
            If a keyword argument is unknown.
        ValueError
            If sample is none that can be drawn, or points are no rows of the diagram.
        """
        sample = as_plain(as_numbers(sample, "sample"))
        if getattr(filtration, "metric", None) == "precomputed":
            raise ValueError(
                "filtration must take points, which can be drawn; one of precomputed distances has "
                "no coordinates"
            )
        check_integer("n_points", n_points, 0)
        if dim is not None:
            check_integer("dim", dim, 0)
        diagram = filtration(sample)
        if not isinstance(diagram, Diagram):
            raise ValueError(f"sample must be one sample, not a batch, got shape {sample.shape}")
        dim = pick_dim(diagram, dim, "the diagram")
        pairs, never = diagram.pairs[dim], diagram.essential[dim]
        # Vertices come in twos, edges in fours; simplices as k + 1 vertices and k + 2.
        n_birth = pairs.shape[1] // 2
        is_cloud = pairs.shape[1] != 2
        _check_is_drawable(sample, is_cloud)
        finite = np.arange(len(pairs))[:n_points]
        if points is not None:
            rows = _as_rows(points, len(never) + len(pairs))
            finite = rows[rows >= len(never)] - len(never)
            never = never[rows[rows < len(never)]]
        return cls(
            sample=sample,
            births=[np.unique(row[:n_birth]) for row in pairs[finite]],
            deaths=[np.unique(row[n_birth:]) for row in pairs[finite]],
            is_cloud=is_cloud,
            essential=[np.unique(cell) for cell in never],
            numbers=(finite + 1).tolist(),
            superlevel=diagram.superlevel,
            title=title,
        ).plot(ax=ax, **kwargs)

    def _draw(self, ax, style):
        from matplotlib.collections import LineCollection
        from matplotlib.patheffects import withStroke

        style = dict(style)
        birth, death = (style.pop("color"),) * 2 if "color" in style else (BIRTH, DEATH)
        self._draw_sample(ax, style.pop("cmap", None))
        starts, ends, never = map(self._middles, (self.births, self.deaths, self.essential))
        self._draw_cells(ax, birth, death)
        self.links_ = ax.add_collection(
            LineCollection(
                list(np.stack([starts, ends], axis=1)),
                colors=YELLOW if self._is_pixels else "0.45",
                linewidths=1.2, linestyles=":", zorder=3,
            )
        )  # fmt: skip
        if self._is_pixels:  # bright on dark pixels, with a dark edge on bright ones
            self.links_.set_path_effects([withStroke(linewidth=2.4, foreground="0.25")])
        is_few = len(self.births) <= MAX_NUMBERS
        size = np.clip(200 / max(len(self.births), 1) ** 0.5, 8, 50)
        # A vertex may be the birth of one point and the death of another: rings show both.
        look = {"s": size, "marker": "o", "lw": 0.9, "label": "birth", "zorder": 5}
        look |= {"fc": birth if is_few else "none", "ec": "white" if is_few else birth}
        self.births_ = self._mark(ax, starts, look, style)
        look = {"s": 1.2 * size, "marker": "X", "lw": min(0.9, size / 50), "label": "death"}
        look |= {"fc": death, "ec": "white", "zorder": 4}
        self.deaths_ = self._mark(ax, ends, look, style)
        self.essential_ = None
        if len(never):
            look = {"s": max(3 * size, 60), "marker": "*", "lw": 0.9, "label": "birth, never dies"}
            look |= {"fc": birth, "ec": "white" if self._is_pixels else "black", "zorder": 6}
            self.essential_ = self._mark(ax, never, look, style)
            if self._is_pixels:
                self.essential_.set_path_effects([withStroke(linewidth=3, foreground="black")])
        if is_few:
            self._write_numbers(ax, ends)
        draw_legend_above(ax, self.title)

    @property
    def _is_pixels(self):
        return not self.is_cloud and self.sample.ndim > 1

    def _mark(self, ax, places, look, style):
        look = merge_style("PathCollection", look, style)
        if "label" in style:
            look["label"] = f"{style['label']} {look['label']}"
        return ax.scatter(*places.T, **look)

    def _draw_cells(self, ax, birth, death):
        from matplotlib.collections import LineCollection

        self.cells_ = []
        if not self.is_cloud:
            return
        places = self._places()
        for cells, color, dashes in ((self.births, birth, "-"), (self.deaths, death, (0, (3, 1)))):
            edges = [places[list(edge)] for cell in cells for edge in combinations(cell, 2)]
            lines = LineCollection(edges, colors=color, linewidths=2.2, linestyles=[dashes])
            self.cells_.append(ax.add_collection(lines))
            lines.set_zorder(2)

    def _write_numbers(self, ax, ends):
        numbers = range(1, len(ends) + 1) if self.numbers is None else self.numbers
        for number, place in zip(numbers, ends, strict=True):
            across, up = ax.transLimits.transform(place)
            is_right, is_high = (
                across > 0.93,
                up > 0.93,
            )  # beyond which a number would leave the axes
            ax.annotate(
                str(number), place, xytext=(-5 if is_right else 5, -10 if is_high else 4),
                textcoords="offset points", ha="right" if is_right else "left", fontsize=8,
                bbox={"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.75},
                zorder=7,
            )  # fmt: skip

    def _middles(self, cells):
        """Return where the middles of cells are drawn, (n_cells, 2)."""
        places = self._places()
        return np.array([places[cell].mean(axis=0) for cell in cells]).reshape(-1, 2)

    def _places(self):
        """Return where every vertex is drawn, (n_vertices, 2)."""
        if self.is_cloud:
            return self.sample[:, :2]
        if self.sample.ndim == 1:
            return np.column_stack([np.arange(len(self.sample)), self.sample])
        *_, rows, cols = np.indices(self.sample.shape)
        return np.column_stack([cols.ravel(), rows.ravel()])

    def _draw_sample(self, ax, cmap):
        if cmap is not None and not self._is_pixels:
            raise TypeError("cmap is that of an image or a volume, got a line or a cloud")
        if self.is_cloud:
            ax.scatter(*self.sample[:, :2].T, s=10, color="0.55", zorder=1)
            ax.set(aspect="equal")
        elif self.sample.ndim == 1:
            ax.plot(self.sample, color="0.45", lw=1.2, zorder=1)
            ax.set(xlabel="vertex", ylabel="value")
        else:
            image = self.sample
            if image.ndim == 3:
                image = image.max(axis=0) if self.superlevel else image.min(axis=0)
                which = "largest" if self.superlevel else "smallest"
                ax.set_xlabel(f"{which} values along the first axis")
            draw_image(ax, image, {}, cmap="gray" if cmap is None else cmap, zorder=0)
            ax.set(xticks=[], yticks=[])


def _check_is_drawable(sample, is_cloud):
    if is_cloud and (sample.ndim != 2 or sample.shape[1] < 2):
        raise ValueError(
            f"sample must be a cloud with at least two coordinates, got shape {sample.shape}"
        )
    if not is_cloud and sample.ndim > 3:
        raise ValueError(f"sample must be a line, an image or a volume, got shape {sample.shape}")


def _as_rows(points, n):
    """Return the rows of a diagram of n points that points chooses, or raise."""
    rows = as_plain(as_numbers(points, "points"))
    if rows.dtype == bool and rows.shape == (n,):
        return np.flatnonzero(rows)
    if rows.shape == (0,):
        return np.empty(0, dtype=int)
    if rows.ndim != 1 or not all(is_integer(row) and 0 <= row < n for row in rows.tolist()):
        raise ValueError(
            f"points must be rows of a diagram of {n} points, numbered from 0, or {n} booleans, "
            f"got {points!r}"
        )
    return rows
