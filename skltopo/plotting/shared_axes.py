"""What the diagrams drawn on one Axes share: limits, the diagonal, lines of infinity, the legend.

Each is an object that the first display on an Axes makes and that later ones find there, through an
artist that carries it, so that clearing the Axes removes it.
"""

from collections import Counter
from typing import Any

import numpy as np

from .pictures import GUIDE, STYLES, factor_out_powers

__all__ = ["BarStack", "Plane"]

MARGIN = 0.06  # of the range of values
WIDEST, THINNEST = 4.0, 0.3  # bars, in points


def _limits_of(values):
    """Return (low, high) of finite values with a margin."""
    values = values[np.isfinite(values)]
    low, high = (values.min(), values.max()) if len(values) else (0.0, 1.0)
    margin = MARGIN * ((high - low) or 1.0)
    return low - margin, high + margin


class _SharedAxes:
    """What displays of diagrams on one Axes share; a subclass has ``lay_out()``."""

    def __init__(self, ax):
        self.ax = ax
        self._taken: Counter[int] = Counter()

    @classmethod
    def on(cls, ax):
        """Return what is shared on ax, or None."""
        artists = [*ax.lines, *ax.collections]
        found = (getattr(artist, "skltopo_shared", None) for artist in artists)
        return next((shared for shared in found if isinstance(shared, cls)), None)

    @classmethod
    def of(cls, ax):
        """Return what is shared on ax, a new one where there is none."""
        return cls.on(ax) or cls(ax)

    def take_style(self, dim):
        """Return colour and marker of a dimension, or the next ones where these are taken."""
        index = dim % len(STYLES)
        if self._taken[index]:
            index = min(range(len(STYLES)), key=self._taken.__getitem__)
        self._taken[index] += 1
        return STYLES[index]

    def grow(self, values):
        """Widen the limits to values; what is there already, or was asked for, stays inside."""
        low, high = _limits_of(values)
        if self.ax.has_data() or not self.ax.get_autoscalex_on():
            left, right = sorted(self.ax.get_xlim())
            low, high = min(low, left), max(high, right)
        self.ax.set_xlim(low, high)
        return low, high


class Plane(_SharedAxes):
    """The plane of births and deaths, with its diagonal and a line for each infinity."""

    def __init__(self, ax):
        super().__init__(ax)
        self.diagonal: Any = None
        self.infinities, self.handles = {}, []
        self._texts, self._never, self._links, self._signs = {}, [], [], set()

    def add(self, points):
        """Make room for births and deaths, (n, 2)."""
        had_limits = self.ax.has_data() or not self.ax.get_autoscaley_on()
        before = sorted(self.ax.get_ylim()) if had_limits else (np.inf, -np.inf)
        low, high = self.grow(np.ravel(points))
        self.ax.set_ylim(min(low, before[0]), max(high, before[1]))
        if self.diagonal is None:
            self.diagonal = self.ax.plot([], [], color=GUIDE, lw=1, zorder=0)[0]
            self.diagonal.skltopo_shared = self
            factor_out_powers(self.ax)
        ends = points[np.isinf(points[:, 1]), 1]
        for end in np.unique(ends):
            if end not in self.infinities:
                self.infinities[end] = self.ax.axhline(0, color=GUIDE, lw=1, ls="--", zorder=0)
                self._texts[end] = self.ax.text(
                    1.01, 0, r"$\infty$" if end > 0 else r"$-\infty$", va="center",
                    transform=self.ax.get_yaxis_transform(),
                )  # fmt: skip
        lengths = points[np.isfinite(points).all(axis=1)] @ [-1, 1]
        self._signs.add(np.sign(lengths).sum() + np.sign(ends).sum() >= 0)

    def place_of(self, end):
        """Return the height of the line of an infinity."""
        low, high = self.ax.get_xlim()
        return high + MARGIN * (high - low) if end > 0 else low - MARGIN * (high - low)

    def add_essential(self, births, ends, **style):
        """Draw essential classes on their lines."""
        points = np.column_stack([births, ends])
        marks = self.ax.scatter(*self._placed(points).T, clip_on=False, zorder=3, **style)
        self._never.append((marks, points))
        return marks

    def add_links(self, links, starts, ends):
        """Set the segments of a LineCollection from points to points, also essential ones."""
        self._links.append((links, starts, ends))
        self._lay_out()

    def _placed(self, points):
        """Return points with infinite deaths on their lines."""
        heights = [self.place_of(end) if np.isinf(end) else end for end in points[:, 1]]
        return np.column_stack([points[:, 0], np.array(heights, dtype=np.float64)])

    def lay_out(self):
        """Move the diagonal and what is infinite to where the limits are, also on shared axes."""
        for ax in self.ax.get_shared_x_axes().get_siblings(self.ax):
            if plane := type(self).on(ax):
                plane._lay_out()

    def _lay_out(self):
        low, high = self.ax.get_xlim()
        step = MARGIN * (high - low)
        self.diagonal.set_data([low, high], [low, high])
        bottom, top = self.ax.get_ylim()
        for end, line in self.infinities.items():
            place = self.place_of(end)
            line.set_ydata([place, place])
            self._texts[end].set_y(place)
            bottom, top = min(bottom, place - step), max(top, place + step)
        for marks, points in self._never:
            marks.set_offsets(self._placed(points))
        for links, starts, ends in self._links:
            links.set_segments(np.stack([self._placed(starts), self._placed(ends)], axis=1))
        self.ax.set(ylim=(bottom, top), aspect="equal")

    def draw_legend(self):
        """Draw a legend where no point is: on the other side of the diagonal, or beside."""
        falls = not next(iter(self._signs))
        place: dict[str, Any] = {"loc": "upper left" if falls else "lower right"}
        size = self._font_size_in_corner() if len(self._signs) == 1 else None
        if size is None:
            place = {"loc": "upper left", "bbox_to_anchor": (1.06, 1.0), "borderaxespad": 0.0}
        legend = self.ax.legend(handles=self.handles, frameon=False, fontsize=size, **place)
        for handle in legend.legend_handles:
            handle.set(alpha=1, sizes=[30])

    def _font_size_in_corner(self):
        """Return in which size a legend fits between a corner and the diagonal, or None."""
        labels = [handle.get_label().replace("$", "").replace("_", "") for handle in self.handles]
        width, height = 0.55 * max(map(len, labels)) + 4, 1.5 * len(labels)
        self.ax.apply_aspect()
        box = self.ax.get_window_extent()
        side = min(box.width, box.height) * 72 / self.ax.figure.dpi
        return next((size for size in (10, 8) if (width + height) * size < 0.9 * side), None)


class BarStack(_SharedAxes):
    """The bars of one Axes: blocks of a dimension of a diagram each, from the bottom upwards."""

    def __init__(self, ax):
        super().__init__(ax)
        self._blocks = []

    def add(self, points, bars, arrows, label, is_width_given):
        """Add a block.

        Parameters
        ----------
        points : (n, 2) ndarray
            Births and deaths in the order of their bars.
        bars : matplotlib LineCollection
            Whose segments are set here.
        arrows : dict of float to matplotlib Line2D
            Marks of the bars that end at an infinity.
        label : str
            What the block is.
        is_width_given : bool
            Whether the width of bars is left as it is.
        """
        bars.skltopo_shared = self
        self._blocks.append((points, bars, arrows, label, is_width_given))

    def lay_out(self):
        """Put blocks above each other; bars that never end reach the limits."""
        ax, blocks = self.ax, self._blocks
        low, high = ax.get_xlim()
        n_bars = sum(len(points) for points, *_ in blocks)
        gap = max(1, n_bars / 30)
        least = n_bars / 12 if len(blocks) > 1 else 0  # of a block: room for its label
        ticks, row = [], 0
        for points, bars, arrows, label, _ in blocks:
            rows = row + np.arange(len(points))
            ends = np.clip(points, low, high)
            bars.set_segments(np.stack([ends, np.repeat(rows[:, None], 2, axis=1)], axis=2))
            for end, arrow in arrows.items():
                there = points[:, 1] == end
                arrow.set_data(ends[there, 1], rows[there])
            ticks.append((row + (len(points) - 1) / 2, label))
            row += int(np.ceil(max(len(points), least) + gap))
        ax.set_ylim(-gap, max(row, 1))
        height = ax.get_window_extent().height * 72 / ax.figure.dpi
        self._set_widths(0.72 * height / (row + gap))
        ax.set_yticks([at for at, _ in ticks], [label for _, label in ticks])
        ax.tick_params(
            axis="y", length=0, labelsize=np.clip(height / max(len(ticks), 1) / 2.6, 5, 10)
        )

    def _set_widths(self, width):
        for _, bars, _, _, is_given in self._blocks:
            if not is_given:
                bars.set_linewidth(np.clip(width, THINNEST, WIDEST))
