"""Powers of numbers, and powers of 2 by which they are scaled where these would overflow."""

import numpy as np

__all__ = ["powers", "segment_exponents", "spread"]


def segment_exponents(values, splits):
    """Return, for every segment, the exponent of 2 by which its largest value becomes 1/2 to 1.

    Parameters
    ----------
    values : (n,) ndarray
    splits : (n_segments + 1,) int64 ndarray

    Returns
    -------
    (n_segments,) int32 ndarray
        0 where a segment is empty or zero.
    """
    largest = np.zeros(len(splits) - 1)
    np.maximum.at(largest, spread(np.arange(len(largest)), splits), abs(values))
    return np.frexp(largest)[1]


def spread(of_segments, splits):
    """Return a number of each segment for each of its entries."""
    return np.repeat(of_segments, np.diff(splits))


def powers(values, power, xp):
    """Return values**power, whose gradient is 0, and not infinite, where a value is 0."""
    if power == 0 or power >= 1 or not xp.has_gradients:
        return values**power
    # The inner where keeps the infinite slope at 0 out of the graph; 0 * inf would be NaN.
    return xp.where(values != 0, xp.where(values != 0, values, 1) ** power, 0)
