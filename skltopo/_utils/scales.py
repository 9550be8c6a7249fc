"""Powers of 2 by which the numbers of a segment are scaled, where powers of them would overflow."""

import numpy as np

__all__ = ["segment_exponents", "spread"]


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
