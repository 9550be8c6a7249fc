"""Displays of the critical simplices of a diagram on a line, an image or a cloud."""

from itertools import combinations

import numpy as np

from .._utils.arrays import as_numbers
from .._utils.checks import check_integer
from ..diagrams import Diagram
from ..diagrams.inputs import pick_dim
from .pictures import BLUE, VERMILION, Display, as_plain

__all__ = ["CriticalPointsDisplay"]

BIRTH, DEATH = BLUE, VERMILION
MAX_NUMBERS = 30  # more numbers would hide what is below them


class CriticalPointsDisplay(Display):
    """The simplices that create and destroy the classes of a diagram, drawn on the sample.

    On a function on a line or an image these are vertices, on a point cloud edges or simplices.
    Points are numbered from 1 at the most persistent finite one, where there are not more than 30.

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
    >>> display = CriticalPointsDisplay.from_sample(filtration, image, dim=1, n_points=3)
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
    def from_sample(cls, filtration, sample, *, dim=0, n_points=10, title=None, ax=None):
        """Draw the display of a sample and its most persistent finite points.

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
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        CriticalPointsDisplay
        """
        sample = as_plain(as_numbers(sample, "sample"))
        if getattr(filtration, "metric", None) == "precomputed":
            raise ValueError(
                "filtration must take points, which can be drawn; one of precomputed distances has "
                "no coordinates"
            )
        check_integer("n_points", n_points, 0)
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
        ).plot(ax=ax)

    def _draw(self, ax):
        from matplotlib.collections import LineCollection

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
        n_points = len(self.births)
        size = np.clip(200 / max(n_points, 1) ** 0.5, 8, 50)
        # A vertex may be the birth of one point and the death of another: rings show both.
        self.deaths_ = ax.scatter(
            *ends.T, s=1.2 * size, color=DEATH, marker="X", label="death",
            edgecolors="white", linewidths=min(0.9, size / 50), zorder=4,
        )  # fmt: skip
        self.births_ = ax.scatter(
            *starts.T, s=size, facecolors=BIRTH if n_points <= MAX_NUMBERS else "none", marker="o",
            edgecolors="white" if n_points <= MAX_NUMBERS else BIRTH, linewidths=0.9,
            label="birth", zorder=5,
        )  # fmt: skip
        for i, place in enumerate(ends if n_points <= MAX_NUMBERS else [], 1):
            ax.annotate(str(i), place, xytext=(5, 4), textcoords="offset points", fontsize=8,
                        bbox={"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none",
                              "alpha": 0.75}, zorder=6)  # fmt: skip
        ax.set_title(self.title)
        is_image = not self.is_cloud and self.sample.ndim == 2
        ax.legend(framealpha=0.85, loc="upper right" if is_image else "best", fontsize=8)

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
