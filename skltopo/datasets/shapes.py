"""Shapes of the paper: an image of a ring, the points of a chair."""

from __future__ import annotations

import numpy as np
from sklearn.utils import check_random_state

from .._utils.checks import check_integer, check_number
from .._utils.memory import check_memory
from .._utils.typing import Floats, RandomState

__all__ = ["make_chair", "make_circle"]


def make_circle(size: int = 50) -> Floats:
    """Return an image of a bright ring: one hole and one component above most levels.

    Parameters
    ----------
    size : int, default=50

    Returns
    -------
    (size, size) ndarray
        Values in (0, 1].

    Raises
    ------
    ValueError
        If size is not an integer of at least 1.

    Examples
    --------
    >>> from skltopo.datasets import make_circle
    >>> make_circle(4).round(2)
    array([[0.76, 0.9 , 0.95, 0.9 ],
           [0.9 , 1.  , 0.99, 1.  ],
           [0.95, 0.99, 0.8 , 0.99],
           [0.9 , 1.  , 0.99, 1.  ]])
    """
    check_integer("size", size, 1)
    check_memory(64 * size**2, f"an image of {size} x {size}")
    row, col = np.indices((size, size)) - size / 2
    return np.exp(-((np.hypot(row, col) - size / 3) ** 2) / (2 * size))


# Boxes (low corner, high corner) that a chair is made of: seat, back and four legs.
CHAIR = np.array(
    [
        [(0.0, 0.0, 0.45), (1.0, 1.0, 0.53)],
        [(0.0, 0.92, 0.53), (1.0, 1.0, 1.3)],
        [(0.0, 0.0, -0.55), (0.1, 0.1, 0.45)],
        [(0.9, 0.0, -0.55), (1.0, 0.1, 0.45)],
        [(0.0, 0.9, -0.55), (0.1, 1.0, 0.45)],
        [(0.9, 0.9, -0.55), (1.0, 1.0, 0.45)],
    ]
)


def make_chair(
    n_samples: int = 400, *, noise: float = 0.0, random_state: RandomState = None
) -> Floats:
    """Draw points from the surface of a chair in space, uniformly by area.

    Parameters
    ----------
    n_samples : int, default=400
    noise : float, default=0.0
        Standard deviation of normal noise in each coordinate. The seat is 1 x 1.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    (n_samples, 3) ndarray
        The third coordinate is the height.

    Raises
    ------
    ValueError
        If n_samples is not an integer of at least 1, or noise is negative.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, figure 2.

    Examples
    --------
    >>> from skltopo.datasets import make_chair
    >>> make_chair(100, random_state=0).shape
    (100, 3)
    """
    check_integer("n_samples", n_samples, 1)
    noise = check_number("noise", noise)
    if noise < 0:
        raise ValueError(f"noise must not be negative, got {noise!r}")
    check_memory(160 * n_samples, f"a cloud of {n_samples} points")
    rng = check_random_state(random_state)
    low, size = CHAIR[:, 0], CHAIR[:, 1] - CHAIR[:, 0]
    # Face (box, axis, side) stands across its axis and has the product of the other two sizes.
    area = np.prod(size, axis=1, keepdims=True) / size
    face = rng.choice(area.size, n_samples, p=(area / area.sum()).ravel())
    box, axis = np.unravel_index(face, area.shape)
    place = rng.random((n_samples, 3))
    place[np.arange(n_samples), axis] = rng.randint(0, 2, n_samples)
    return low[box] + place * size[box] + noise * rng.standard_normal((n_samples, 3))
