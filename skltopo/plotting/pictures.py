"""What pictures share: axes, and plain numbers of what is drawn."""

import numpy as np

from .._arrays import is_tensor


def axes_or_new(ax):
    """Return the axes, those of a new figure for None."""
    import matplotlib.pyplot as plt

    return ax if ax is not None else plt.subplots(layout="constrained")[1]


def as_plain(values):
    """Return an array of numbers, or of a tensor on any device."""
    return values.detach().cpu().numpy() if is_tensor(values) else np.asarray(values)
