"""The base class of displays, and the colours that they share."""

from .._utils.namespace import namespace_of

__all__ = ["BLUE", "GREEN", "PURPLE", "VERMILION", "Display", "as_plain"]

# Of the palette of Okabe and Ito, whose colours people with any colour vision tell apart.
BLUE, VERMILION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"


def as_plain(values):
    """Return an array of the numbers of an array-like or a tensor."""
    return namespace_of(values).plain(values)


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
