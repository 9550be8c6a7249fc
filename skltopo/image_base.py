"""Input validation of estimators of images, volumes and functions on a line."""

from __future__ import annotations

import math
from copy import copy
from typing import Any

import numpy as np
from sklearn.utils._set_output import _get_output_config
from sklearn.utils.validation import check_array, validate_data

from ._utils.arrays import as_plain
from ._utils.checks import is_integer, refuse_colours
from ._utils.given import is_dask
from ._utils.hints import hint_of_images
from ._utils.lazy import ends_of, map_samples
from ._utils.typing import ArrayLike, Self
from .fit_context import fit_context

__all__ = ["ImageRowsMixin", "as_rows", "float_type", "resolve_shape"]


class ImageRowsMixin:
    """Mixin of transformers of images, volumes and functions on a line: fit, and their tags.

    A class that inherits it has the parameters `image_shape` and `dtype`. It may check and learn
    more in `_prepare`.
    """

    image_shape: tuple[int, ...] | None

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn the shape of the images.

        Parameters
        ----------
        X : array-like of shape (n, height, width), (n, depth, height, width) or (n, n_pixels)
            Images or volumes, or rows: these flattened if `image_shape` is given, else functions on
            a line. Of a Dask array the shape is looked at, and where the range of values is learnt,
            too, one pass over its chunks finds that, and whether they are finite.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X is not finite, has no pixels, or does not fit `image_shape`.

        Warns
        -----
        UserWarning
            If `image_shape` is not given, and rows have a square number of values, as flattened
            images have.
        """
        if is_dask(X):
            X = ends_of(X, self._learns_range())
        rows, shape = as_rows(self, X, reset=True)
        self.image_shape_ = resolve_shape(self.image_shape, shape, rows.shape[1])
        self._prepare(rows)
        if shape is None and self.image_shape is None:
            self._hint(rows)
        return self

    def _prepare(self, rows):
        """Check and learn what depends on image_shape_ and the pixels of the images."""

    def _learns_range(self):
        """Tell whether `_prepare` looks at the least and the greatest value of the images."""
        return False

    def _transform_lazily(self, X, shape, dtype):
        """Return a Dask array of what transform does to the chunks of a Dask array.

        shape : tuple of int
            Of one row of the result.
        """
        if self._wants_a_frame():
            raise ValueError(
                "X must be in memory where set_output asks for a frame, got a Dask array, of which "
                "transform makes a Dask array; call set_output(transform='default'), the names of "
                "its columns are get_feature_names_out()"
            )
        as_rows(self, ends_of(X, False), reset=False)  # raises what is wrong with its shape
        return map_samples(_transform_chunk, X, shape, dtype, estimator=_quiet(self))

    def _hint(self, rows):
        """Warn of a 2-D X whose rows are taken for functions on a line, and look like images."""
        n_values = rows.shape[1]
        hint_of_images(n_values, "image_shape=({side}, {side})", f"image_shape=(1, {n_values})")

    def _wants_a_frame(self):
        """Tell whether `set_output` asks for a frame, which has two axes."""
        return _get_output_config("transform", self)["dense"] != "default"

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _quiet(estimator):
    """Return a copy that transforms in one thread and says nothing: one task of Dask."""
    other = copy(estimator)
    other.n_jobs, other.verbose = 1, 0
    return other


def _transform_chunk(chunk, estimator):
    return estimator.transform(chunk)


def float_type(estimator, dtype):
    """Return the dtype in which `as_rows` returns X of some dtype."""
    wanted = _float_types(estimator.dtype)
    return np.dtype(dtype if dtype in wanted else wanted[0])


def as_rows(estimator, X, reset):
    """Return X as validated rows, and the shape of its images if it has more than two axes.

    Parameters
    ----------
    estimator : estimator
        With the parameter dtype, and image_shape_ if reset is False.
    X : array-like of shape (n, n_pixels), (n, height, width) or (n, depth, height, width)
    reset : bool
        Whether this is fit.

    Returns
    -------
    rows : (n, n_pixels) float64 or float32 ndarray
    shape : tuple or None

    Raises
    ------
    ValueError
        If X is not finite, has no pixels, or has images of another shape than in fit.
    """
    dtypes = _float_types(estimator.dtype)
    shape = None
    X = as_plain(X, "X")
    if getattr(X, "ndim", 2) > 2 or (isinstance(X, (list, tuple)) and np.ndim(X) > 2):
        with np.errstate(over="ignore"):
            X = check_array(X, allow_nd=True, dtype=dtypes, input_name="X")
        if X.ndim > 4:
            raise ValueError(
                "X must have shape (n, height, width), (n, depth, height, width) or "
                f"(n, n_pixels), got {X.shape}"
            )
        shape = tuple(X.shape[1:])
        if 0 in shape:
            raise ValueError(f"images in X must not be empty, got shape {X.shape}")
        if reset and estimator.image_shape is None:
            refuse_colours(shape, "images in X", f"for volumes give image_shape={shape}")
        X = X.reshape(len(X), -1)
    with np.errstate(over="ignore"):  # what overflows float32 is refused as infinite
        rows = validate_data(estimator, X, reset=reset, dtype=dtypes)
    if not reset and shape is not None and shape != estimator.image_shape_:
        raise ValueError(
            f"X must have images of shape {estimator.image_shape_} as in fit, got {shape}"
        )
    return rows, shape


def _float_types(dtype):
    """Return the dtypes that X may have, from the parameter dtype."""
    known = [np.float64, np.float32]
    if dtype is None:
        return known
    try:
        wanted = np.dtype(dtype)
    except TypeError:
        wanted = None
    if wanted not in known:
        raise ValueError(f"dtype must be float32, float64 or None, got {dtype!r}")
    return [wanted]


def resolve_shape(wanted, shape, n_pixels):
    """Return the shape of an image from the parameter image_shape and what `as_rows` returned."""
    if wanted is None:
        return shape if shape is not None else (1, n_pixels)
    if len(wanted) not in (2, 3) or not all(is_integer(n) and n > 0 for n in wanted):
        raise ValueError(
            "image_shape must be two positive integers (height, width), or three for volumes, "
            f"got {wanted!r}"
        )
    wanted = tuple(int(n) for n in wanted)
    n_wanted = math.prod(wanted)
    if shape is None and n_wanted != n_pixels:
        raise ValueError(f"X must have {n_wanted} columns for image_shape={wanted}, got {n_pixels}")
    if shape is not None and shape != wanted:
        raise ValueError(f"X must have images of image_shape={wanted}, got images of {shape}")
    return wanted
