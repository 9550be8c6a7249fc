"""The base class of displays, what they share of matplotlib, and their colours and markers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .._utils.arrays import as_numbers, check_finite
from .._utils.namespace import namespace_of
from .._utils.typing import Self

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "BLUE",
    "COLORS",
    "GREEN",
    "GUIDE",
    "PURPLE",
    "STYLES",
    "VERMILION",
    "YELLOW",
    "Display",
    "as_drawn",
    "as_plain",
    "draw_image",
    "draw_legend_above",
    "factor_out_powers",
    "import_pyplot",
    "merge_style",
    "pop_cmap",
    "shades",
]

# Of the palette of Okabe and Ito, whose colours people with any colour vision tell apart.
BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
BLACK, ORANGE, SKY, YELLOW = "#000000", "#E69F00", "#56B4E9", "#F0E442"
COLORS = (BLUE, VERMILION, GREEN, PURPLE, BLACK, ORANGE, SKY)
MARKERS = ("o", "^", "s", "D", "v", "P", "X")
# Colour and marker go together, so that a print in grey shows which is which; the second time round
# each colour has the next marker.
STYLES = tuple(
    (color, MARKERS[(i + turn) % len(MARKERS)])
    for turn in range(len(MARKERS))
    for i, color in enumerate(COLORS)
)
GUIDE = "0.6"
PALEST = 0.85  # part of a colour map beyond which its colours are too pale on white
MAPPED = ("c", "cmap", "norm", "vmin", "vmax")
# Keywords of a drawing function that the artist which it makes can't be set to.
MORE = {
    "PathCollection": {"s", "c", "marker", "vmin", "vmax", "plotnonfinite"},
    "LineCollection": {"colors"},
    "Line2D": set(),
    "Rectangle": {"align", "ecolor", "capsize", "xerr", "yerr", "log", "tick_label"},
    "AxesImage": {"aspect", "vmin", "vmax", "origin", "interpolation_stage"},
}


def factor_out_powers(ax):
    """Write the power of ten of large or small numbers once, at the end of each linear axis."""
    from matplotlib.ticker import ScalarFormatter

    for axis in (ax.xaxis, ax.yaxis):
        if isinstance(axis.get_major_formatter(), ScalarFormatter):
            axis.get_major_formatter().set_powerlimits((-3, 4))
            axis.get_major_formatter().set_useMathText(True)


def import_pyplot():
    """Return matplotlib.pyplot, or raise ImportError saying how to install it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            'skltopo.plotting draws with matplotlib, which is not installed; pip install "skltopo'
            '[plot]" installs both'
        ) from error
    return plt


def as_plain(values):
    """Return an array of the numbers of an array-like or a tensor."""
    return namespace_of(values).plain(values)


def as_drawn(values, name, n_axes, length=None):
    """Return an array of finite numbers that can be drawn, or raise TypeError or ValueError.

    Parameters
    ----------
    values : array-like or torch.Tensor
    name : str
        What to call it in an error.
    n_axes : int
    length : int, default=None
        Of the first axis, where it is known.
    """
    plain = np.asarray(as_plain(as_numbers(values, name)), dtype=np.float64)
    if plain.ndim != n_axes or 0 in plain.shape or (length or len(plain)) != len(plain):
        wanted = "" if length is None else f" and length {length}"
        raise ValueError(f"{name} must have {n_axes} axes{wanted}, got shape {plain.shape}")
    check_finite(plain, name)
    return plain


def merge_style(artist, defaults, given):
    """Return keyword arguments of an artist: those given, and the defaults of the others.

    Parameters
    ----------
    artist : str
        Name of a class of matplotlib, a key of MORE.
    defaults, given : dict
        Keyword arguments under any of their names, as "lw" for "linewidth".

    Raises
    ------
    TypeError
        If a keyword is given under two names, is not one of the artist, or chooses colours of
        values where no value is drawn as a colour.
    """
    from matplotlib import artist as artists
    from matplotlib import cbook, collections, image, lines, patches

    modules = (collections, lines, patches, image)
    made = next(getattr(module, artist) for module in modules if hasattr(module, artist))
    if "c" in given and "Collection" in artist:
        if "color" in given:
            raise TypeError("c and color are two names of one colour; give one of them")
        given = {("color" if key == "c" else key): value for key, value in given.items()}
    given = cbook.normalize_kwargs(given, made)
    defaults = cbook.normalize_kwargs(defaults, made)
    known = MORE[artist] | set(artists.ArtistInspector(made).get_setters())
    if unknown := sorted(set(given) - known):
        raise TypeError(
            f"{unknown[0]!r} is no keyword argument here; alpha, color, linewidth and others of "
            f"matplotlib's {artist} are"
        )
    is_mapped = artist == "AxesImage" or "c" in defaults
    if not is_mapped and (mapped := [key for key in MAPPED if key in given]):
        raise TypeError(f"{mapped[0]!r} has no values here to give colours to; give color")
    if "color" in given:
        defaults = {key: value for key, value in defaults.items() if key not in MAPPED}
    return {**defaults, **given}


def pop_cmap(given, default=None):
    """Return given without its cmap, and this cmap.

    Raises TypeError where given has a colour, too.
    """
    rest = dict(given)
    cmap = rest.pop("cmap", None)
    if cmap is not None and ("color" in rest or "c" in rest):
        raise TypeError("color and cmap both choose the colours; give one of them")
    return rest, default if cmap is None else cmap


def shades(cmap, n):
    """Return n colours of a colour map, from its dark end, none too pale for lines on white."""
    return import_pyplot().get_cmap(cmap)(np.linspace(0, PALEST, n))


def draw_image(ax, image, style, **defaults):
    """Draw pixels, on which no grid is wanted, whatever rcParams say; return the AxesImage."""
    drawn = ax.imshow(image, **merge_style("AxesImage", defaults, style))
    ax.grid(visible=False)
    return drawn


def draw_legend_above(ax, title):
    """Draw the legend between the axes and their title, where it hides no data."""
    ax.set_title(title, pad=22)
    ax.legend(
        loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, fontsize=8, frameon=False,
        borderaxespad=0.2, columnspacing=1.2, handletextpad=0.3,
    )  # fmt: skip


class Display:
    """A picture on one Axes, like a display of scikit-learn: made by from_..., drawn by plot.

    A subclass has ``_draw(ax, style)``, where style is the keyword arguments of its artists.
    """

    def plot(self, ax: Axes | None = None, **kwargs: Any) -> Self:
        """Draw again, on other axes.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            None makes a new figure.
        **kwargs : dict
            Keyword arguments of matplotlib for what is drawn, such as ``alpha`` and ``color``, as
            for ``from_...``.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If `ax` is no Axes of a plane.
        """
        plt = import_pyplot()
        if ax is None:
            ax = plt.subplots(layout="constrained", figsize=self._figsize())[1]
        elif not isinstance(ax, plt.Axes) or ax.name == "3d":
            raise TypeError(f"ax must be a matplotlib Axes of a plane, or None, got {ax!r}")
        self._draw(ax, kwargs)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _draw(self, ax, style):
        """Draw on ax, with keyword arguments of matplotlib; a subclass defines it."""
        raise NotImplementedError

    def _figsize(self):
        """Return the size of a new figure in inches, None for that of rcParams."""
        return None
