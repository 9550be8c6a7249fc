"""Regression problems of the paper (section 3.1)."""

from __future__ import annotations

import numpy as np
from sklearn.utils import check_random_state

from .._utils.arrays import as_numbers, check_finite
from .._utils.checks import check_integer, check_number
from .._utils.memory import check_memory
from .._utils.namespace import namespace_of
from .._utils.typing import ArrayLike, Floats, RandomState

__all__ = [
    "make_boxcar",
    "make_clustered_coef",
    "make_regression_problem",
    "make_sawtooth",
]


def _check_size(n_features):
    check_integer("n_features", n_features, 1)
    check_memory(24 * n_features, f"a line of {n_features} weights")


def _as_weights(values, name):
    """Return a row of finite float64 numbers, or raise TypeError or ValueError."""
    values = namespace_of(values).plain(as_numbers(values, name))
    values = np.asarray(values, dtype=np.float64).ravel()
    check_finite(values, name)
    return values


def make_clustered_coef(
    n_features: int = 100, values: ArrayLike = (1.0, 2.0, 3.0), *, random_state: RandomState = None
) -> Floats:
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
    >>> from skltopo.datasets import make_clustered_coef
    >>> make_clustered_coef(5, random_state=0)
    array([1., 2., 1., 2., 2.])
    """
    _check_size(n_features)
    values = _as_weights(values, "values")
    if not len(values):
        raise ValueError("values must have at least one value")
    return check_random_state(random_state).choice(values, n_features)


def make_sawtooth(n_features: int = 100, n_teeth: int = 3) -> Floats:
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
    >>> from skltopo.datasets import make_sawtooth
    >>> make_sawtooth(7, n_teeth=2).round(2)
    array([-1.  , -0.33,  0.33, -1.  , -0.33,  0.33, -1.  ])
    """
    _check_size(n_features)
    check_integer("n_teeth", n_teeth, 1)
    check_number("n_teeth", n_teeth)
    return 2 * (np.linspace(0, n_teeth, n_features) % 1) - 1


def make_boxcar(n_features: int = 100, n_boxes: int = 3) -> Floats:
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
    >>> from skltopo.datasets import make_boxcar
    >>> make_boxcar(8, n_boxes=2)
    array([-1., -1.,  1.,  1., -1., -1.,  1., -1.])
    """
    _check_size(n_features)
    check_integer("n_boxes", n_boxes, 1)
    check_number("n_boxes", n_boxes)
    return np.where(np.linspace(0, n_boxes, n_features) % 1 > 0.5, 1.0, -1.0)


def make_regression_problem(
    coef: ArrayLike, n_samples: int = 75, *, noise: float = 0.05, random_state: RandomState = None
) -> tuple[Floats, Floats]:
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
    >>> import numpy as np
    >>> from skltopo.datasets import make_regression_problem
    >>> X, y = make_regression_problem([1.0, 2.0], 4, noise=0.0, random_state=0)
    >>> bool(np.allclose(X @ [1.0, 2.0], y))
    True
    """
    check_integer("n_samples", n_samples, 1)
    noise = check_number("noise", noise)
    if noise < 0:
        raise ValueError(f"noise must not be negative, got {noise!r}")
    rng = check_random_state(random_state)
    coef = _as_weights(coef, "coef")
    check_memory(8 * n_samples * (coef.size + 2), "the problem")
    X = rng.standard_normal((n_samples, coef.size))
    return X, X @ coef + noise * rng.standard_normal(n_samples)
