"""What pictures share: how they are drawn, and plain numbers of what is drawn."""

import numpy as np

from .._utils.arrays import is_tensor


def axes_or_new(ax):
    """Return the axes, those of a new figure for None."""
    import matplotlib.pyplot as plt

    return ax if ax is not None else plt.subplots(layout="constrained")[1]


def as_plain(values):
    """Return an array of numbers, or of a tensor on any device."""
    return values.detach().cpu().numpy() if is_tensor(values) else np.asarray(values)


class Display:
    """A picture on one Axes; as scikit-learn's, made by from_... and drawn again by plot."""

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
        self._draw(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self
