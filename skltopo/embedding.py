"""DelayEmbedding: time series to clouds of points."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import (
    _check_feature_names_in,
    check_array,
    check_is_fitted,
    validate_data,
)

from ._utils.arrays import as_floats, as_numbers, as_plain, check_finite
from ._utils.checks import check_integer
from ._utils.links import DocumentationLink
from ._utils.masks import refuse_masks
from ._utils.memory import check_memory
from ._utils.typing import ArrayLike, Names, Self
from .fit_context import fit_context

if TYPE_CHECKING:
    from .nn import DelayClouds

__all__ = ["DelayEmbedding"]


class DelayEmbedding(  # type: ignore[call-arg]
    TransformerMixin, DocumentationLink, BaseEstimator, auto_wrap_output_keys=None
):
    r"""Turn time series into clouds of points by their values at several times.

    Point i of the cloud of a series :math:`x` has the coordinates

    .. math:: x(s i),\; x(s i + \tau),\; \dots,\; x(s i + (d - 1) \tau)

    for the ``dimension`` d, the ``delay`` :math:`\tau` and the ``stride`` s. A periodic series
    becomes a closed curve, whose loop PD_1 of the cloud shows.

    Parameters
    ----------
    dimension : int, default=3
        Values of a channel in a point.
    delay : int, default=1
        Steps of time between them.
    stride : int, default=1
        Steps of time between a point and the next: 2 takes every second point.

    Attributes
    ----------
    n_channels_ : int
        Channels of the series, 1 for a 2-D X.
    n_features_in_ : int
        Columns of a 2-D X. Only if X in fit was 2-D.
    feature_names_in_ : ndarray of str
        Only if X in fit was a DataFrame.

    See Also
    --------
    skltopo.PersistenceDiagrams : What comes next, with ``filtration=VietorisRips()`` or "rips".

    Notes
    -----
    A series of t values has ``(t - (dimension - 1) * delay - 1) // stride + 1`` points. Those of
    series with several channels have the values of channel 0 first, then those of channel 1, and
    so on; channels of different units want a scaler before. ``set_output`` does nothing here: a
    frame can't hold clouds.

    References
    ----------
    Takens, Detecting strange attractors in turbulence, 1981.
    Perea, Harer, Sliding windows and persistence, Foundations of Computational Mathematics, 2015.

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo import DelayEmbedding
    >>> DelayEmbedding(dimension=2, delay=2).fit_transform([[1, 2, 3, 4, 5]])
    array([[[1., 3.],
            [2., 4.],
            [3., 5.]]])

    A sine has a loop, and noise has none that lasts:

    >>> from sklearn.pipeline import make_pipeline
    >>> from skltopo import PersistenceDiagrams
    >>> time = np.arange(100)
    >>> noise = np.random.default_rng(0).normal(size=100)
    >>> loops = make_pipeline(
    ...     DelayEmbedding(dimension=2, delay=5),
    ...     PersistenceDiagrams("rips", homology_dimensions=1),
    ... )
    >>> sine, random = loops.fit_transform([np.sin(2 * np.pi * time / 20), noise])
    >>> bool(np.diff(sine[0]) > 1), bool(np.diff(random[0]) > 1)
    (True, False)

    Parameters of the steps are found by name in a search, such as ``delayembedding__delay``.
    """

    _parameter_constraints = {
        name: [Interval(Integral, 1, None, closed="left")]
        for name in ("dimension", "delay", "stride")
    }

    def __init__(self, dimension: int = 3, *, delay: int = 1, stride: int = 1) -> None:
        self.dimension = dimension
        self.delay = delay
        self.stride = stride

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn the number of channels, and check that the series are long enough.

        Parameters
        ----------
        X : array-like of shape (n, t) or (n, channels, t), or list of series
            In a list series, of shape (t,) or (channels, t), may have different lengths.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If X is not real numbers.
        ValueError
            If X is not finite or not of such a shape, or a series is too short for a point.
        """
        self._check_series(X, reset=True)
        return self

    def transform(self, X: ArrayLike) -> Any:
        """Return the clouds.

        Parameters
        ----------
        X : array-like of shape (n, t) or (n, channels, t), or list of series
            As in fit, with as many channels.

        Returns
        -------
        (n, n_points, n_channels_ * dimension) ndarray, or list of n (n_points, ...) ndarray
            A list if series have different lengths. float32 if X is float32, else float64.

        Raises
        ------
        TypeError
            If X is not real numbers.
        ValueError
            If X is not finite or not of the shape of fit, or a series is too short for a point.
        MemoryError
            If there is not enough memory for the points.
        """
        check_is_fitted(self)
        series = self._check_series(X, reset=False)
        if isinstance(series, list):
            return [self._cloud(one) for one in series]
        return self._cloud(series)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> Names:
        """Return the names of the coordinates of a point, such as ``channel0_lag2``.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Checked against the names seen in fit, otherwise unused.

        Returns
        -------
        (n_channels_ * dimension,) ndarray of str objects
        """
        check_is_fitted(self)
        if input_features is not None and hasattr(self, "n_features_in_"):
            _check_feature_names_in(self, input_features)
        return np.array(
            [
                f"channel{channel}_lag{i * self.delay}"
                for channel in range(self.n_channels_)
                for i in range(self.dimension)
            ],
            dtype=object,
        )

    def to_torch(self) -> DelayClouds:
        """Return a `torch.nn.Module` that computes the same clouds, differentiably.

        Returns
        -------
        skltopo.nn.DelayClouds
            Takes tensors, or lists of them.
        """
        check_is_fitted(self)
        from .nn import DelayClouds

        self._span()
        return DelayClouds(self.dimension, self.delay, self.stride)

    def set_output(
        self, *, transform: Literal["default", "pandas", "polars"] | None = None
    ) -> Self:
        """Do nothing: clouds have three axes, and a frame has two.

        It is there so that a Pipeline can set the output of the steps behind it.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            Ignored.

        Returns
        -------
        self
        """
        return self

    def _span(self):
        """Return how many steps of time a point takes."""
        for name in ("dimension", "delay", "stride"):
            check_integer(name, getattr(self, name), 1)
        return (self.dimension - 1) * self.delay + 1

    def _cloud(self, series):
        """Return the clouds of series, which have time on their last axis and channels before."""
        span = self._span()
        *axes, n_channels, n_times = series.shape
        n_points = (n_times - span) // self.stride + 1
        shape = (*axes, n_points, n_channels * self.dimension)
        check_memory(8 * int(np.prod(shape, dtype=object)), f"clouds of shape {shape}")
        windows = sliding_window_view(series, span, axis=-1)
        points = windows[..., :: self.stride, :: self.delay].swapaxes(-3, -2)
        return points.copy().reshape(shape)

    def _check_series(self, X, reset):
        """Return (n, channels, t) floats, or a list of (channels, t) for different lengths."""
        series = self._as_series(X, reset)
        n_channels = series[0].shape[0]
        if reset:
            self.n_channels_ = n_channels
        elif n_channels != self.n_channels_:
            raise ValueError(
                f"X must have series of {self.n_channels_} channels as in fit, got {n_channels}"
            )
        span = self._span()
        shortest = min(one.shape[-1] for one in series)
        if shortest < span:
            raise ValueError(
                f"series in X must have at least {span} values for dimension={self.dimension} and "
                f"delay={self.delay}, got one of {shortest} (n_features = {shortest})"
            )
        return series

    def _as_series(self, X, reset):
        refuse_masks(X, "X")
        if getattr(X, "ndim", 0) == 1 and getattr(X.dtype, "kind", None) == "O":
            X = list(X)  # an array or Series of arrays
        if isinstance(X, (list, tuple)):
            parts = [as_floats(as_numbers(x, f"X[{i}]"))[1] for i, x in enumerate(X)]
            if len({part.shape for part in parts}) > 1:
                return _with_channels(parts)
        X = as_plain(X, "X")
        n_axes = getattr(X, "ndim", 2)
        if n_axes == 3:
            X = check_array(X, allow_nd=True, dtype=[np.float64, np.float32], input_name="X")
            if 0 in X.shape:
                raise ValueError(f"series in X must not be empty, got shape {X.shape}")
            return X
        if n_axes > 3:
            raise ValueError(f"X must have shape (n, t) or (n, channels, t), got {n_axes} axes")
        rows = validate_data(self, X, reset=reset, dtype=[np.float64, np.float32])
        return rows[:, np.newaxis]


def _with_channels(parts):
    """Return series of different lengths, each of shape (t,) or (channels, t), as (channels, t)."""
    shapes = {part.shape for part in parts}
    kinds = {(len(shape), shape[:-1]) for shape in shapes}
    if len(kinds) > 1 or parts[0].ndim not in (1, 2) or any(0 in shape for shape in shapes):
        raise ValueError(
            "series in X must all have shape (t,), or all (channels, t) with as many channels, and "
            f"not be empty, got shapes {', '.join(map(str, sorted(shapes)[:3]))}"
        )
    for i, part in enumerate(parts):
        check_finite(part, f"X[{i}]", "")
    return [part.reshape(-1, part.shape[-1]) for part in parts]
