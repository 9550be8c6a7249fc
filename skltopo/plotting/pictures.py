"""The base class of displays, and the colours that they share."""

import numpy as np

from .._utils.arrays import as_numbers, check_finite
from .._utils.namespace import namespace_of

__all__ = ["BLUE", "GREEN", "PURPLE", "VERMILION", "Display", "as_drawn", "as_plain"]

# Of the palette of Okabe and Ito, whose colours people with any colour vision tell apart.
BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"


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


class Display:
    """A picture on one Axes, like a display of scikit-learn: made by from_..., drawn by plot.

    A subclass has ``_draw(ax)``.
    """

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
        if ax is None:
            import matplotlib.pyplot as plt

            ax = plt.subplots(layout="constrained")[1]
        self._draw(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self
