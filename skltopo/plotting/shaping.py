"""Display of a `TopoShaper`: points before and after, their trails, and their diagrams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._utils.typing import Array, ArrayLike, Self
from ..diagrams import Diagram
from .pictures import (
    BLUE,
    GREEN,
    PURPLE,
    VERMILION,
    as_drawn,
    factor_out_powers,
    import_pyplot,
    merge_style,
)  # fmt: skip

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["TopoShaperDisplay"]

BEFORE = "#999999"
AFTER = BLUE
DIMENSIONS = [VERMILION, BLUE, GREEN, PURPLE]
MARKERS = ["o", "^", "s", "D"]
MARKS = {"linewidths": 0, "alpha": 0.9}
TITLES = ["before", "after", "trails", "diagrams"]


class TopoShaperDisplay:
    """Points before and after, the trails between, and the diagrams of both.

    Clouds in the plane and in space are drawn as they are, on a line with their order for
    height; of more coordinates the first three are drawn.

    Parameters
    ----------
    before, after : (n, d) ndarray
    path : (n_steps, m, d) ndarray, default=None
        Trails of m points; None for straight ones.
    diagrams : tuple of two Diagram, default=None
        Before and after. None leaves the panel empty.

    Attributes
    ----------
    axes_ : list of matplotlib Axes
        Before, after, trails and diagrams.
    figure_ : matplotlib Figure

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo import TopoShaper
    >>> from skltopo.plotting import TopoShaperDisplay
    >>> X = np.random.default_rng(0).random((30, 2))
    >>> shaper = TopoShaper("holes", max_iter=5, store_path=True).fit(X)
    >>> display = TopoShaperDisplay.from_estimator(shaper, X)
    >>> [ax.get_title() for ax in display.axes_]
    ['before', 'after', 'trails', 'diagrams']
    """

    def __init__(
        self,
        *,
        before: Array,
        after: Array,
        path: Array | None = None,
        diagrams: tuple[Diagram, Diagram] | None = None,
    ) -> None:
        self.before = before
        self.after = after
        self.path = path
        self.diagrams = diagrams

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: ArrayLike,
        *,
        axes: Sequence[Axes] | Array | None = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the display of a fitted `TopoShaper`.

        Parameters
        ----------
        estimator : TopoShaper
            With ``store_path=True`` trails have all their steps.
        X : array-like of shape (n_samples, n_features)
            The points that it was fitted on, or others, which are carried by `transform`.
        axes : array of 4 matplotlib Axes, default=None
            Where to draw; None makes a new figure.
        **kwargs : dict
            Keyword arguments of the points, such as ``s`` or ``alpha``; ``color`` is that of the
            points after.

        Returns
        -------
        TopoShaperDisplay
        """
        check_is_fitted(estimator)
        before = np.asarray(X, dtype=np.float64)
        after = np.asarray(estimator.transform(before), dtype=np.float64)
        path = getattr(estimator, "path_", None)
        shaped = estimator.sample_indices_
        if path is not None and (
            len(before) <= shaped[-1] or not np.array_equal(path[0], before[shaped])
        ):
            path = None  # of other points
        if path is not None:
            path = path[: estimator.loss_curve_.argmin() + 1]  # to the best points
        diagrams = estimator.filtration_(before), estimator.filtration_(after)
        return cls(before=before, after=after, path=path, diagrams=diagrams).plot(
            axes=axes, **kwargs
        )

    def plot(self, axes: Sequence[Axes] | Array | None = None, **kwargs: Any) -> Self:
        """Draw again, on other axes.

        Parameters
        ----------
        axes : sequence of 4 matplotlib Axes, default=None
            For points in space the first three must have a 3-D projection. None makes a new figure.
        **kwargs : dict
            Keyword arguments of the points, as for `from_estimator`.

        Returns
        -------
        self
        """
        self.before = as_drawn(self.before, "before", 2)
        self.after = as_drawn(self.after, "after", 2, len(self.before))
        if self.after.shape != self.before.shape:
            raise ValueError(
                f"after must have the shape of before, {self.before.shape}, got {self.after.shape}"
            )
        import_pyplot()
        axes = self._make_axes() if axes is None else list(axes)
        if len(axes) != 4:
            raise ValueError(f"axes must be 4 matplotlib Axes, got {len(axes)}")
        before, after = self._coordinates(self.before), self._coordinates(self.after)
        after_style = merge_style("PathCollection", {"s": 16, "color": AFTER, **MARKS}, kwargs)
        before_style = {**after_style, "color": BEFORE}
        axes[0].scatter(*before.T, **before_style)
        axes[1].scatter(*after.T, **after_style)
        self._draw_trails(axes[2], after_style["color"])
        axes[2].scatter(*before.T, **{**before_style, "s": np.divide(after_style["s"], 2)})
        axes[2].scatter(*after.T, **{**after_style, "s": np.divide(after_style["s"], 2)})
        self._share_limits(axes[:3], np.concatenate([before, after]))
        if self.diagrams is not None:
            self._draw_diagrams(axes[3], self.diagrams)
        for ax, title in zip(axes, TITLES, strict=True):
            ax.set_title(title)
            factor_out_powers(ax)
        self.axes_, self.figure_ = axes, axes[0].figure
        return self

    @property
    def _in_space(self):
        return self.before.shape[-1] >= 3

    def _make_axes(self):
        figure = import_pyplot().figure(figsize=(15, 4))
        # The automatic layouts cut off titles beside axes in space.
        figure.subplots_adjust(left=0.045, right=0.99, bottom=0.14, top=0.9, wspace=0.25)
        projection = "3d" if self._in_space else None
        return [figure.add_subplot(1, 4, i + 1, projection=projection) for i in range(3)] + [
            figure.add_subplot(1, 4, 4)
        ]

    def _coordinates(self, points):
        """Return the (n, 2) or (n, 3) coordinates that are drawn."""
        if points.shape[-1] > 1:
            return points[..., :3]
        height = np.broadcast_to(np.linspace(0, 1, points.shape[-2])[:, np.newaxis], points.shape)
        return np.concatenate([points, height], axis=-1)

    def _draw_trails(self, ax, color):
        path = np.stack([self.before, self.after]) if self.path is None else self.path
        trails = np.swapaxes(self._coordinates(path), 0, 1)
        if self._in_space:
            from mpl_toolkits.mplot3d.art3d import Line3DCollection as Lines
        else:
            from matplotlib.collections import LineCollection as Lines
        ax.add_collection(Lines(trails, colors=color, linewidths=0.7, alpha=0.35))

    def _share_limits(self, axes, points):
        low, high = points.min(axis=0), points.max(axis=0)
        middle, half = (low + high) / 2, 0.53 * max(float((high - low).max()), 1e-12)
        for ax in axes:
            set_limits = [ax.set_xlim, ax.set_ylim]
            if self._in_space:
                set_limits.append(ax.set_zlim)
                ax.set_box_aspect((1, 1, 1), zoom=1.2)
                for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
                    axis.set_ticklabels([])
            elif self.before.shape[-1] == 2:
                ax.set_aspect("equal")
            for set_limit, center in zip(set_limits, middle, strict=False):
                set_limit(center - half, center + half)

    def _draw_diagrams(self, ax, diagrams):
        before, after = diagrams
        top = 0.0
        for dim in before.homology_dimensions:
            marker = MARKERS[dim % len(MARKERS)]
            for diagram, color, size, label in (
                (before, BEFORE, 45, f"$H_{dim}$ before"),
                (after, DIMENSIONS[dim % len(DIMENSIONS)], 16, f"$H_{dim}$ after"),
            ):
                points = np.asarray(diagram.finite(dim))
                style = {"s": size, "marker": marker, "color": color, "label": label}
                ax.scatter(*points.T, linewidths=0, **style)
                top = max(top, float(points.max(initial=0)))
        top = 1.05 * top or 1.0
        ax.plot([0, top], [0, top], color="0.5", lw=0.8, zorder=0)
        ax.set(xlabel="birth", ylabel="death", xlim=(-0.03 * top, top), ylim=(-0.03 * top, top))
        ax.set_aspect("equal")
        ax.legend(frameon=False, fontsize=8, loc="lower right")
