"""Generators of the paper's data: regression problems (section 3.1), an image, a chair."""

import numpy as np
from sklearn.utils import check_random_state

__all__ = [
    "make_boxcar",
    "make_chair",
    "make_circle",
    "make_clustered_coef",
    "make_regression_problem",
    "make_sawtooth",
]


def _check_count(name, value):
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{name} must be an integer of at least 1, got {value!r}")


def make_clustered_coef(n_features=100, values=(1.0, 2.0, 3.0), *, random_state=None):
    """Draw weights from few values, uniformly and independently.

    Parameters
    ----------
    n_features : int, default=100
    values : array-like of float, default=(1.0, 2.0, 3.0)
        The paper also uses (-1, 0, 1).
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    (n_features,) ndarray

    Raises
    ------
    ValueError
        If n_features is not an integer of at least 1.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, figure 5.

    Examples
    --------
    >>> make_clustered_coef(5, random_state=0)
    array([1., 2., 1., 2., 2.])
    """
    _check_count("n_features", n_features)
    rng = check_random_state(random_state)
    return rng.choice(np.asarray(values, dtype=np.float64), n_features)


def make_sawtooth(n_features=100, n_teeth=3):
    """Return weights that rise from -1 to 1, fall at once, and so on: n_teeth local maxima.

    Parameters
    ----------
    n_features : int, default=100
    n_teeth : int, default=3

    Returns
    -------
    (n_features,) ndarray

    Raises
    ------
    ValueError
        If n_features or n_teeth is not an integer of at least 1.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, figure 6, left.

    Examples
    --------
    >>> make_sawtooth(7, n_teeth=2).round(2)
    array([-1.  , -0.33,  0.33, -1.  , -0.33,  0.33, -1.  ])
    """
    _check_count("n_features", n_features)
    _check_count("n_teeth", n_teeth)
    return 2 * (np.linspace(0, n_teeth, n_features) % 1) - 1


def make_boxcar(n_features=100, n_boxes=3):
    """Return weights that are -1 on the first half of each period and 1 on the second.

    Parameters
    ----------
    n_features : int, default=100
    n_boxes : int, default=3

    Returns
    -------
    (n_features,) ndarray

    Raises
    ------
    ValueError
        If n_features or n_boxes is not an integer of at least 1.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, figure 6, right.

    Examples
    --------
    >>> make_boxcar(8, n_boxes=2)
    array([-1., -1.,  1.,  1., -1., -1.,  1., -1.])
    """
    _check_count("n_features", n_features)
    _check_count("n_boxes", n_boxes)
    return np.where(np.linspace(0, n_boxes, n_features) % 1 > 0.5, 1.0, -1.0)


def make_circle(size=50):
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
    >>> make_circle(4).round(2)
    array([[0.76, 0.9 , 0.95, 0.9 ],
           [0.9 , 1.  , 0.99, 1.  ],
           [0.95, 0.99, 0.8 , 0.99],
           [0.9 , 1.  , 0.99, 1.  ]])
    """
    _check_count("size", size)
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


def make_chair(n_samples=400, *, noise=0.0, random_state=None):
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
    >>> make_chair(100, random_state=0).shape
    (100, 3)
    """
    _check_count("n_samples", n_samples)
    if not noise >= 0:
        raise ValueError(f"noise must not be negative, got {noise!r}")
    rng = check_random_state(random_state)
    low, size = CHAIR[:, 0], CHAIR[:, 1] - CHAIR[:, 0]
    # Face (box, axis, side) stands across its axis and has the product of the other two sizes.
    area = np.prod(size, axis=1, keepdims=True) / size
    face = rng.choice(area.size, n_samples, p=(area / area.sum()).ravel())
    box, axis = np.unravel_index(face, area.shape)
    place = rng.random((n_samples, 3))
    place[np.arange(n_samples), axis] = rng.randint(0, 2, n_samples)
    return low[box] + place * size[box] + noise * rng.standard_normal((n_samples, 3))


def make_regression_problem(coef, n_samples=75, *, noise=0.05, random_state=None):
    """Draw y = X coef + noise with standard normal X.

    Parameters
    ----------
    coef : array-like of float
        Weights of any shape; X has their flat order.
    n_samples : int, default=75
    noise : float, default=0.05
        Standard deviation.
    random_state : int, RandomState instance or None, default=None

    Returns
    -------
    X : (n_samples, coef.size) ndarray
    y : (n_samples,) ndarray

    Raises
    ------
    ValueError
        If n_samples is not an integer of at least 1, or noise is negative.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, section 3.1.

    Examples
    --------
    >>> X, y = make_regression_problem([1.0, 2.0], 4, noise=0.0, random_state=0)
    >>> bool(np.allclose(X @ [1.0, 2.0], y))
    True
    """
    _check_count("n_samples", n_samples)
    if not noise >= 0:
        raise ValueError(f"noise must not be negative, got {noise!r}")
    rng = check_random_state(random_state)
    coef = np.asarray(coef, dtype=np.float64).ravel()
    X = rng.standard_normal((n_samples, coef.size))
    return X, X @ coef + noise * rng.standard_normal(n_samples)
