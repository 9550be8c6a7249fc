"""Displays of vectors of diagrams: persistence images, curves, and bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._utils.typing import Array, ArrayLike, Self
from ..vectorize import PersistenceImage
from .pictures import (
    BLUE,
    COLORS,
    Display,
    as_drawn,
    as_plain,
    draw_image,
    merge_style,
    pop_cmap,
    shades,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["DiagramBarDisplay", "DiagramCurveDisplay", "PersistenceImageDisplay"]

YLABELS = {"betti": "Betti number", "layer1": "landscape"}
LINESTYLES = ("-", "--", ":", "-.")
MOST_NAMES = 8  # of the curves or rows of one display in a legend
MOST_INSIDE = 4  # names of curves, which have no corner of their own, in a legend on the axes
MOST_LETTERS = 55  # of names beside each other on an axis


class PersistenceImageDisplay(Display):
    """A persistence image, with births along and lengths upwards.

    Parameters
    ----------
    image : (n_lengths, n_births) ndarray
    birth_range, length_range : tuple of two float
    title : str, default=None

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    image_ : matplotlib AxesImage
    colorbar_ : matplotlib Colorbar

    Examples
    --------
    >>> from skltopo.plotting import PersistenceImageDisplay
    >>> from skltopo.vectorize import PersistenceImage
    >>> diagrams = [[[0.0, 1.0], [0.5, 3.0]]]
    >>> images = PersistenceImage().fit(diagrams)
    >>> display = PersistenceImageDisplay.from_estimator(images, images.transform(diagrams)[0])
    >>> display.ax_.get_ylabel()
    'length'
    """

    def __init__(
        self,
        *,
        image: Array,
        birth_range: tuple[float, float],
        length_range: tuple[float, float],
        title: str | None = None,
    ) -> None:
        self.image = image
        self.birth_range = birth_range
        self.length_range = length_range
        self.title = title

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        row: ArrayLike,
        *,
        dim: int | None = None,
        title: str | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the display of one row that a fitted `PersistenceImage` returned.

        Parameters
        ----------
        estimator : skltopo.vectorize.PersistenceImage
        row : (n_features,) array-like
            Or weights of a linear model behind it.
        dim : int, default=None
            Which of the homology dimensions is drawn, where the estimator has several.
        title : str, default=None
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **kwargs : dict
            Keyword arguments of ``ax.imshow``, such as ``cmap``, ``vmax`` or ``alpha``.

        Returns
        -------
        PersistenceImageDisplay
        """
        check_is_fitted(estimator)
        if not isinstance(estimator, PersistenceImage):
            raise ValueError(
                f"estimator must be a PersistenceImage, got {estimator!r}; DiagramCurveDisplay "
                "draws landscapes, silhouettes and Betti curves"
            )
        n_births, n_lengths = estimator.resolution
        ranges, place, n_dims = _pick_ranges(estimator, dim)
        row, size = as_plain(row), n_births * n_lengths
        if row.size != n_dims * size:
            raise ValueError(f"row must have {n_dims * size} values, got {row.size}")
        return cls(
            image=row.reshape(n_dims, n_lengths, n_births)[place],
            birth_range=_edges(ranges[0], n_births, estimator.pixels),
            length_range=_edges(ranges[1], n_lengths, estimator.pixels),
            title=title,
        ).plot(ax=ax, **kwargs)

    def _draw(self, ax, style):
        self.image = as_drawn(self.image, "image", 2)
        for name in ("birth_range", "length_range"):
            as_drawn(getattr(self, name), name, 1, 2)
        self.image_ = draw_image(
            ax, self.image, style, origin="lower", cmap="cividis", aspect="auto",
            extent=(*self.birth_range, *self.length_range),
        )  # fmt: skip
        ax.set(xlabel="birth", ylabel="length", title=self.title)
        self.colorbar_ = ax.figure.colorbar(self.image_, ax=ax)
        self.colorbar_.ax.grid(visible=False)


def _pick_ranges(estimator, dim):
    """Return the ranges of births and lengths of a dimension, its place, and how many there are.

    Those of an estimator of several dimensions are dicts.
    """
    ranges = estimator.birth_range_, estimator.length_range_
    if not isinstance(ranges[0], dict):
        if dim is not None:
            raise ValueError(f"dim is for an estimator of several dimensions, got dim={dim!r}")
        return ranges, 0, 1
    dims = tuple(ranges[0])
    if dim not in dims:
        raise ValueError(f"dim must be one of the dimensions {dims} of estimator, got {dim!r}")
    return [by_dim[dim] for by_dim in ranges], dims.index(dim), len(dims)


def _edges(values, n, pixels):
    """Return where the first pixel begins and the last ends: around samples at points."""
    low, high = values
    half = (high - low) / (n - 1) / 2 if pixels == "points" and n > 1 else 0.0
    return low - half, high + half


class DiagramCurveDisplay(Display):
    """Landscapes, silhouettes or Betti curves.

    Parameters
    ----------
    grid : (n_grid,) or (n_curves, n_grid) ndarray
        Of all curves, or of each.
    curves : (n_curves, n_grid) ndarray
    labels : list of str
    ylabel : str
    title : str, default=None

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : list of matplotlib Line2D

    Examples
    --------
    >>> from skltopo.plotting import DiagramCurveDisplay
    >>> from skltopo.vectorize import PersistenceLandscape
    >>> landscape = PersistenceLandscape(n_layers=2).fit([[[0, 4], [1, 3]]])
    >>> row = landscape.transform([[[0, 4], [1, 3]]])[0]
    >>> len(DiagramCurveDisplay.from_estimator(landscape, row).lines_)
    2
    """

    def __init__(
        self,
        *,
        grid: Array,
        curves: Array,
        labels: Sequence[str],
        ylabel: str,
        title: str | None = None,
    ) -> None:
        self.grid = grid
        self.curves = curves
        self.labels = labels
        self.ylabel = ylabel
        self.title = title

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        row: ArrayLike,
        *,
        title: str | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the display of one row that a fitted transformer returned.

        Parameters
        ----------
        estimator : PersistenceLandscape, Silhouette or BettiCurve of skltopo.vectorize
        row : (n_features,) array-like
        title : str, default=None
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **kwargs : dict
            Keyword arguments of the lines, such as ``linewidth`` or ``color``; ``cmap`` chooses the
            colours of several, and ``label`` goes before their names.

        Returns
        -------
        DiagramCurveDisplay
        """
        check_is_fitted(estimator)
        grid, row = getattr(estimator, "grid_", None), as_plain(row)
        if grid is None:
            raise ValueError(f"estimator must have a grid, got {type(estimator).__name__}")
        if row.size != len(estimator.get_feature_names_out()):
            raise ValueError(
                f"row must have {len(estimator.get_feature_names_out())} values, got {row.size}"
            )
        names = [name.rsplit("_", 1)[0] for name in estimator.get_feature_names_out()]
        if isinstance(grid, dict):  # of several dimensions, each of which has all its curves
            n_curves = row.size // sum(map(len, grid.values()))
            grid = np.repeat(np.stack(list(grid.values())), n_curves, axis=0)
        n_grid = np.shape(grid)[-1]
        return cls(
            grid=grid,
            curves=row.reshape(-1, n_grid),
            labels=names[::n_grid],
            ylabel=YLABELS.get(names[0].split("_")[-1], names[0].split("_")[-1]),
            title=title,
        ).plot(ax=ax, **kwargs)

    def _draw(self, ax, style):
        self.curves = as_drawn(self.curves, "curves", 2)
        self.grid = as_drawn(self.grid, "grid", np.ndim(self.grid) or 1)
        n_grid = self.grid.shape[-1]
        if self.curves.shape != (len(self.labels), n_grid):
            raise ValueError(
                f"curves must have a row for each of {len(self.labels)} labels and a column for "
                f"each of {n_grid} values of grid, got shape {self.curves.shape}"
            )
        if self.grid.ndim > 1 and self.grid.shape != self.curves.shape:
            raise ValueError(
                f"grid must be of all curves, ({n_grid},), or of each, {self.curves.shape}, got "
                f"shape {self.grid.shape}"
            )
        grids = np.broadcast_to(self.grid, self.curves.shape)
        style, cmap = pop_cmap(style)
        names = _names_of_lines(self.labels, style.pop("label", None))
        if len(self.curves) == 1 and cmap is None:  # the next one of those that are there
            n = len(ax.lines)
            colors, linestyle = [COLORS[n % len(COLORS)]], LINESTYLES[n % len(LINESTYLES)]
        else:
            colors, linestyle = shades(cmap or "viridis", len(self.curves)), "-"
        defaults = {"lw": 1.5, "ls": linestyle}
        defaults["drawstyle"] = "steps-post" if self.ylabel == "Betti number" else "default"
        self.lines_ = [
            ax.plot(
                grid,
                curve,
                **merge_style("Line2D", {**defaults, "color": color}, {**style, "label": name}),
            )[0]
            for grid, curve, color, name in zip(grids, self.curves, colors, names, strict=True)
        ]
        ax.set(xlabel="value", ylabel=self.ylabel)
        if self.title is not None:
            ax.set_title(self.title)
        if len(ax.lines) > 1:
            is_beside = len(ax.get_legend_handles_labels()[1]) > MOST_INSIDE
            beside = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)}
            ax.legend(frameon=False, fontsize=8, **(beside if is_beside else {}))


def _names_of_lines(labels, given):
    """Return the names of curves, after what was given to tell them from others.

    Of many some are in the legend; matplotlib leaves out those that begin with a low line.
    """
    names = list(map(str, labels))
    if given is not None:
        names = [given] if len(names) == 1 else [f"{given} {name}" for name in names]
    shown = set(_spread_out(len(names)))
    return [name if i in shown else f"_{name}" for i, name in enumerate(names)]


def _spread_out(n):
    """Return at most MOST_NAMES of n places, the first and the last among them."""
    return np.unique(np.linspace(0, n - 1, MOST_NAMES).astype(int)).tolist()


class DiagramBarDisplay(Display):
    """Columns without a grid as bars: lengths, energies, entropies, of one or of several diagrams.

    Parameters
    ----------
    rows : (n_rows, n_features) ndarray
        Bars of the same column stand beside each other.
    labels : list of str
        Names of the columns.
    title : str, default=None

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    bars_ : list of matplotlib BarContainer
        One for each row.

    Examples
    --------
    >>> from skltopo.plotting import DiagramBarDisplay
    >>> from skltopo.vectorize import TopKLengths
    >>> lengths = TopKLengths(k=2)
    >>> rows = lengths.fit_transform([[[0.0, 1.0], [0.0, 3.0]]])
    >>> bars = DiagramBarDisplay.from_estimator(lengths, rows).bars_[0]
    >>> [float(bar.get_height()) for bar in bars]
    [3.0, 1.0]
    """

    def __init__(self, *, rows: Array, labels: Sequence[str], title: str | None = None) -> None:
        self.rows = rows
        self.labels = labels
        self.title = title

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        rows: ArrayLike,
        *,
        title: str | None = None,
        ax: Axes | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the display of one row or several that a fitted transformer returned.

        Parameters
        ----------
        estimator : skltopo.vectorize.TopKLengths, Polynomial, PersistenceEntropy, or another one
        rows : (n_features,) or (n_rows, n_features) array-like
        title : str, default=None
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **kwargs : dict
            Keyword arguments of the bars, such as ``color`` or ``hatch``; ``cmap`` chooses the
            colours of the rows, ``label`` their names, one for each.

        Returns
        -------
        DiagramBarDisplay

        Raises
        ------
        ValueError
            If rows have another number of columns.
        """
        check_is_fitted(estimator)
        labels = list(estimator.get_feature_names_out())
        rows = np.atleast_2d(as_plain(rows))
        if rows.ndim != 2 or rows.shape[1] != len(labels):
            raise ValueError(f"rows must have {len(labels)} columns, got shape {rows.shape}")
        return cls(rows=rows, labels=labels, title=title).plot(ax=ax, **kwargs)

    def _draw(self, ax, style):
        self.rows = as_drawn(self.rows, "rows", 2)
        if self.rows.shape[1] != len(self.labels):
            raise ValueError(
                f"rows must have {len(self.labels)} columns, one for each label, got shape "
                f"{self.rows.shape}"
            )
        style, cmap = pop_cmap(style, "cividis")
        names = _names_of_rows(style.pop("label", None), len(self.rows))
        colors = shades(cmap, len(self.rows)) if len(self.rows) > 1 else [BLUE]
        places, width = np.arange(len(self.labels)), 0.8 / len(self.rows)
        shift = (np.arange(len(self.rows)) - (len(self.rows) - 1) / 2) * width
        self.bars_ = [
            ax.bar(places + by, row, width, **merge_style("Rectangle", {"color": color}, style))
            for by, row, color in zip(shift, self.rows, colors, strict=True)
        ]
        is_long = sum(len(str(label)) + 1 for label in self.labels) > MOST_LETTERS
        ax.set_xticks(places, self.labels, rotation=90 if is_long else 0)
        ax.set(title=self.title)
        ax.spines[["top", "right"]].set_visible(False)
        ax.set_axisbelow(True)
        if names is not None:
            shown = _spread_out(len(names))
            ax.legend([self.bars_[i] for i in shown], [names[i] for i in shown], frameon=False)


def _names_of_rows(label, n_rows):
    """Return the names of rows in the legend, or None; one label is that of a single row."""
    names = [label] if isinstance(label, str) else label
    if names is not None and len(names) != n_rows:
        raise ValueError(f"label must have a name for each of {n_rows} rows, got {label!r}")
    return names
