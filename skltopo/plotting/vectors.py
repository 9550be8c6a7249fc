"""Pictures of what `vectorize` makes of diagrams: persistence images, and curves."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..vectorize import PersistenceImage
from .pictures import as_plain, axes_or_new

__all__ = ["DiagramCurveDisplay", "PersistenceImageDisplay"]


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
    >>> display.ax_.get_ylabel()
    'length'
    """

    def __init__(self, *, image, birth_range, length_range, title=None):
        self.image = image
        self.birth_range = birth_range
        self.length_range = length_range
        self.title = title

    @classmethod
    def from_estimator(cls, estimator, row, *, title=None, ax=None):
        """Draw the display of one row that a fitted `PersistenceImage` returned.

        Parameters
        ----------
        estimator : skltopo.vectorize.PersistenceImage
        row : (n_features,) array-like
            Or weights of a linear model behind it.
        title : str, default=None
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

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
        row = as_plain(row)
        if row.size != n_births * n_lengths:
            raise ValueError(f"row must have {n_births * n_lengths} values, got {row.size}")
        return cls(
            image=row.reshape(n_lengths, n_births),
            birth_range=_edges(estimator.birth_range_, n_births, estimator.pixels),
            length_range=_edges(estimator.length_range_, n_lengths, estimator.pixels),
            title=title,
        ).plot(ax=ax)

    def plot(self, ax=None):
        """Draw again, on other axes.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a new figure.

        Returns
        -------
        self
        """
        ax = axes_or_new(ax)
        self.image_ = ax.imshow(
            self.image, origin="lower", extent=(*self.birth_range, *self.length_range),
            cmap="cividis", aspect="auto",
        )  # fmt: skip
        ax.set(xlabel="birth", ylabel="length", title=self.title)
        self.colorbar_ = ax.figure.colorbar(self.image_, ax=ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _edges(values, n, pixels):
    """Return where the first pixel begins and the last ends: around samples at points."""
    low, high = values
    half = (high - low) / (n - 1) / 2 if pixels == "points" and n > 1 else 0.0
    return low - half, high + half


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
    >>> len(DiagramCurveDisplay.from_estimator(landscape, row).lines_)
    2
    """

    def __init__(self, *, grid, curves, labels, ylabel, title=None):
        self.grid = grid
        self.curves = curves
        self.labels = labels
        self.ylabel = ylabel
        self.title = title

    @classmethod
    def from_estimator(cls, estimator, row, *, title=None, ax=None):
        """Draw the display of one row that a fitted transformer returned.

        Parameters
        ----------
        estimator : PersistenceLandscape, Silhouette or BettiCurve of skltopo.vectorize
        row : (n_features,) array-like
        title : str, default=None
        ax : matplotlib Axes, default=None
            Where to draw; None makes a new figure.

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
        return cls(
            grid=grid,
            curves=row.reshape(-1, len(grid)),
            labels=names[:: len(grid)],
            ylabel={"betti": "Betti number", "layer1": "landscape"}.get(names[0], names[0]),
            title=title,
        ).plot(ax=ax)

    def plot(self, ax=None):
        """Draw again, on other axes.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a new figure.

        Returns
        -------
        self
        """
        import matplotlib.pyplot as plt

        ax = axes_or_new(ax)
        shades = plt.get_cmap("viridis")(np.linspace(0, 0.85, len(self.curves)))
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
