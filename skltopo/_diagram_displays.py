"""Pictures of diagrams: points, bars, images, curves, and where a point of a diagram lives.

Colours are those of Okabe and Ito, which people with any colour vision tell apart; dimensions
differ in their markers too.
"""

from itertools import combinations

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ._arrays import as_numbers, is_tensor
from ._diagram_lists import as_points, pick_dim
from .diagrams import Diagram

__all__ = [
    "BarcodeDisplay",
    "CriticalPointsDisplay",
    "DiagramCurveDisplay",
    "PersistenceDiagramDisplay",
    "PersistenceImageDisplay",
]

COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7")  # of dimensions 0, 1, 2, 3
MARKERS = ("o", "^", "s", "D")
BIRTH, DEATH = "#0072B2", "#D55E00"
GUIDE = "0.6"
MARGIN = 0.06  # of the range of values


def _axes(ax):
    import matplotlib.pyplot as plt

    return ax if ax is not None else plt.subplots(layout="constrained")[1]


def _plain(values):
    return values.detach().cpu().numpy() if is_tensor(values) else np.asarray(values)


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
        ax = _axes(ax)
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

        ax = _axes(ax)
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


class PersistenceImageDisplay:
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
    >>> display.plot().ax_.get_ylabel()
    'length'
    """

    def __init__(self, *, image, birth_range, length_range, title=None):
        self.image = image
        self.birth_range = birth_range
        self.length_range = length_range
        self.title = title

    @classmethod
    def from_estimator(cls, estimator, row, *, title=None):
        """Make the display of one row that a fitted `PersistenceImage` returned.

        Parameters
        ----------
        estimator : skltopo.vectorize.PersistenceImage
        row : (n_features,) array-like
            Or weights of a linear model behind it.
        title : str, default=None

        Returns
        -------
        PersistenceImageDisplay
        """
        check_is_fitted(estimator)
        n_births, n_lengths = estimator.resolution
        row = _plain(row)
        if row.size != n_births * n_lengths:
            raise ValueError(f"row must have {n_births * n_lengths} values, got {row.size}")
        return cls(
            image=row.reshape(n_lengths, n_births),
            birth_range=estimator.birth_range_,
            length_range=estimator.length_range_,
            title=title,
        )

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
        ax = _axes(ax)
        self.image_ = ax.imshow(
            self.image, origin="lower", extent=(*self.birth_range, *self.length_range),
            cmap="cividis", aspect="auto",
        )  # fmt: skip
        ax.set(xlabel="birth", ylabel="length", title=self.title)
        self.colorbar_ = ax.figure.colorbar(self.image_, ax=ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self


class DiagramCurveDisplay:
    """Landscapes, silhouettes or Betti curves.

    Parameters
    ----------
    grid : (n_grid,) ndarray
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
    >>> len(DiagramCurveDisplay.from_estimator(landscape, row).plot().lines_)
    2
    """

    def __init__(self, *, grid, curves, labels, ylabel, title=None):
        self.grid = grid
        self.curves = curves
        self.labels = labels
        self.ylabel = ylabel
        self.title = title

    @classmethod
    def from_estimator(cls, estimator, row, *, title=None):
        """Make the display of one row that a fitted transformer returned.

        Parameters
        ----------
        estimator : PersistenceLandscape, Silhouette or BettiCurve of skltopo.vectorize
        row : (n_features,) array-like
        title : str, default=None

        Returns
        -------
        DiagramCurveDisplay
        """
        check_is_fitted(estimator)
        grid, row = getattr(estimator, "grid_", None), _plain(row)
        if grid is None:
            raise ValueError(f"estimator must have a grid, got {type(estimator).__name__}")
        if row.size != len(estimator.get_feature_names_out()):
            raise ValueError(
                f"row must have {len(estimator.get_feature_names_out())} values, got {row.size}"
            )
        names = [name.rsplit("_", 1)[0] for name in estimator.get_feature_names_out()]
        return cls(
            grid=grid,
            curves=row.reshape(-1, len(grid)),
            labels=names[:: len(grid)],
            ylabel={"betti": "Betti number", "layer1": "landscape"}.get(names[0], names[0]),
            title=title,
        )

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
        import matplotlib.pyplot as plt

        ax = _axes(ax)
        shades = plt.get_cmap("cividis")(np.linspace(0, 0.85, len(self.curves)))
        drawstyle = "steps-post" if self.ylabel == "Betti number" else "default"
        self.lines_ = [
            ax.plot(self.grid, curve, color=shade, label=label, lw=1.5, drawstyle=drawstyle)[0]
            for curve, shade, label in zip(self.curves, shades, self.labels, strict=True)
        ]
        ax.set(xlabel="value", ylabel=self.ylabel, title=self.title)
        if len(self.lines_) > 1:
            ax.legend(frameon=False)
        self.ax_, self.figure_ = ax, ax.figure
        return self


class CriticalPointsDisplay:
    """Where points of a diagram live: their births and deaths, drawn on the sample.

    On a function on a line or an image these are vertices, on a point cloud edges or simplices.
    Points are numbered from 1 at the most persistent finite one.

    Parameters
    ----------
    sample : (n,), (height, width) or (n_points, n_coordinates) ndarray
        A function on a line, an image, or a cloud, of which two coordinates are drawn.
    births, deaths : list of (n_vertices,) int ndarray
        Vertices of the critical cells; flat indices of an image.
    is_cloud : bool
    title : str, default=None

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    births_, deaths_ : matplotlib PathCollection
        Marks at critical vertices, or at the middles of critical edges and simplices.
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
    >>> display = CriticalPointsDisplay.from_sample(filtration, image, dim=1, n_points=3).plot()
    >>> len(display.births_.get_offsets())
    3
    """

    def __init__(self, *, sample, births, deaths, is_cloud, title=None):
        self.sample = sample
        self.births = births
        self.deaths = deaths
        self.is_cloud = is_cloud
        self.title = title

    @classmethod
    def from_sample(cls, filtration, sample, *, dim=0, n_points=10, title=None):
        """Make the display of a sample and its most persistent finite points.

        Parameters
        ----------
        filtration : callable
            Of `skltopo.filtrations`.
        sample : array-like or torch.Tensor
            What it takes.
        dim : int, default=0
        n_points : int, default=10
            At the most.
        title : str, default=None

        Returns
        -------
        CriticalPointsDisplay
        """
        sample = _plain(as_numbers(sample, "sample"))
        diagram = filtration(sample)
        if not isinstance(diagram, Diagram):
            raise ValueError(f"sample must be one sample, not a batch, got shape {sample.shape}")
        pairs = diagram.pairs[pick_dim(diagram, dim, "the diagram")][:n_points]
        # Vertices come in twos, edges in fours; simplices as k + 1 vertices and k + 2.
        n_birth = pairs.shape[1] // 2
        is_cloud = pairs.shape[1] != 2
        if is_cloud and (sample.ndim != 2 or sample.shape[1] < 2):
            raise ValueError(
                f"sample must be a cloud with at least two coordinates, got shape {sample.shape}"
            )
        if not is_cloud and sample.ndim > 2:
            raise ValueError(f"sample must be a line or an image, got shape {sample.shape}")
        return cls(
            sample=sample,
            births=[np.unique(row[:n_birth]) for row in pairs],
            deaths=[np.unique(row[n_birth:]) for row in pairs],
            is_cloud=is_cloud,
            title=title,
        )

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

        ax = _axes(ax)
        self._draw_sample(ax)
        places = self._places()
        starts = np.array([places[cell].mean(axis=0) for cell in self.births]).reshape(-1, 2)
        ends = np.array([places[cell].mean(axis=0) for cell in self.deaths]).reshape(-1, 2)
        self.cells_ = []
        if self.is_cloud:
            for cells, color in ((self.births, BIRTH), (self.deaths, DEATH)):
                edges = [places[list(edge)] for cell in cells for edge in combinations(cell, 2)]
                self.cells_.append(
                    ax.add_collection(LineCollection(edges, colors=color, linewidths=2.2, zorder=2))
                )
        self.links_ = ax.add_collection(
            LineCollection(
                np.stack([starts, ends], axis=1), colors="0.45", linewidths=1, linestyles=":",
                zorder=3,
            )
        )  # fmt: skip
        style = {"edgecolors": "white", "linewidths": 0.9, "zorder": 4}
        self.births_ = ax.scatter(*starts.T, s=45, color=BIRTH, marker="o", label="birth", **style)
        self.deaths_ = ax.scatter(*ends.T, s=55, color=DEATH, marker="X", label="death", **style)
        for i, place in enumerate(ends, 1):
            ax.annotate(str(i), place, xytext=(5, 4), textcoords="offset points", fontsize=8,
                        bbox={"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none",
                              "alpha": 0.75}, zorder=5)  # fmt: skip
        ax.set_title(self.title)
        is_image = not self.is_cloud and self.sample.ndim == 2
        ax.legend(framealpha=0.85, loc="upper right" if is_image else "best", fontsize=8)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _places(self):
        """Return where every vertex is drawn, (n_vertices, 2)."""
        if self.is_cloud:
            return self.sample[:, :2]
        if self.sample.ndim == 1:
            return np.column_stack([np.arange(len(self.sample)), self.sample])
        rows, cols = np.indices(self.sample.shape)
        return np.column_stack([cols.ravel(), rows.ravel()])

    def _draw_sample(self, ax):
        if self.is_cloud:
            ax.scatter(*self.sample[:, :2].T, s=10, color="0.55", zorder=1)
            ax.set(aspect="equal")
        elif self.sample.ndim == 1:
            ax.plot(self.sample, color="0.45", lw=1.2, zorder=1)
            ax.set(xlabel="vertex", ylabel="value")
        else:
            ax.imshow(self.sample, cmap="gray", zorder=0)
            ax.set(xticks=[], yticks=[])
