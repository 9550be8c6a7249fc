"""Base classes of the transformers of diagrams: checks of X and of ranges, fit and transform."""

from __future__ import annotations

import copy
import warnings
from functools import partial
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted, validate_data

from .._utils.arrays import as_numbers
from .._utils.checks import check_n_jobs
from .._utils.links import DocumentationLink
from .._utils.masks import refuse_masks
from .._utils.memory import check_memory
from .._utils.namespace import is_tensor, namespace_of
from .._utils.typing import Array, ArrayLike, Names, Self
from ..diagrams import Diagram, DiagramBatch
from ..diagrams.inputs import DiagramsLike, as_list, depth
from ..diagrams.selection import (
    as_dimensions,
    find_dimensions,
    is_flat,
    is_lost,
    only_dimension,
    points_by_dimension,
)
from ..fit_context import fit_context
from ..persistence_diagrams import FILTRATIONS, PersistenceDiagrams, name_dimensions
from ..summaries import check_vectors, drop_essential, join, of_finite

if TYPE_CHECKING:
    from ..nn import DiagramVectors

__all__ = [
    "COUNT",
    "MOST",
    "POWER",
    "DiagramTransformer",
    "DiagramVectorizer",
    "check_pair",
    "check_range",
]

# Most columns of a vectorizer: names of more of them take gigabytes.
MOST = 1 << 24
COUNT = Interval(Integral, 1, MOST, closed="both")
POWER = Interval(Real, 0, None, closed="left")


class DiagramTransformer(TransformerMixin, DocumentationLink, BaseEstimator):
    """Base of transformers that take a list of diagrams, or data that become diagrams.

    A subclass has ``_fit_diagrams`` and ``_transform_diagrams``, which take a dict from dimensions
    to lists of (n_points, 2) arrays, ``_count_columns`` and ``_names``. A dimension is None where
    there is only one.

    Without a filtration, X with two axes is rows of numbers, and each row is a function on a line;
    any other X is diagrams. Rows of numbers are allowed because all of scikit-learn allows them.
    """

    _parameter_constraints = {
        "filtration": [StrOptions(FILTRATIONS), callable, None],
        "dim": [Interval(Integral, 0, None, closed="left"), tuple, list, None],
        "n_jobs": [Integral, None],
    }
    # What becomes of essential classes, and of short points, where a subclass has no parameter.
    essential = "keep"
    min_length = 0.0

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: DiagramsLike, y: Any = None) -> Self:
        """Learn ranges from diagrams.

        Parameters
        ----------
        X : list of diagrams, DiagramBatch, or data
            (n_points, 2) arrays, lists of them by dimension as `PersistenceDiagrams` returns them,
            `Diagram` objects, or what `filtration` takes. Without a filtration, an array with two
            axes has functions on a line as rows.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        TypeError
            If X is not a list or an array, or a diagram is not real numbers.
        ValueError
            If a parameter is wrong; if X has no samples, a NaN, one diagram in place of a list, or
            diagrams of another shape; if `dim` is missing, not there, or given for single arrays;
            or if data are not what the filtration takes.
        """
        self._fit_diagrams(self._as_diagrams(X, reset=True))
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: DiagramsLike, y: Any = None) -> Array:
        """Learn ranges from diagrams, and turn the same diagrams into rows.

        Parameters
        ----------
        X : list of diagrams, DiagramBatch, or data
            As in fit. Data become diagrams once.
        y : None
            Ignored.

        Returns
        -------
        (n_diagrams, n_features) float64 ndarray

        Raises
        ------
        TypeError, ValueError
            As fit.
        """
        diagrams = self._as_diagrams(X, reset=True)
        self._fit_diagrams(diagrams)
        return self._transform_fitted(diagrams)

    def _transform_fitted(self, diagrams):
        """Return what transform does, for the diagrams of fit."""
        return self._transform_diagrams(diagrams)

    def transform(self, X: DiagramsLike) -> Array:
        """Turn diagrams into rows.

        Parameters
        ----------
        X : list of diagrams, DiagramBatch, or data
            As in fit.

        Returns
        -------
        (n_diagrams, n_features) float64 ndarray

        Raises
        ------
        TypeError, ValueError
            As fit, or if X has other columns than in fit.
        """
        check_is_fitted(self)
        return self._transform_diagrams(self._as_diagrams(X, reset=False))

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> Names:
        """Return the names of the columns.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Checked against the columns seen in fit if it had some, otherwise ignored.

        Returns
        -------
        (n_features,) ndarray of str objects
        """
        check_is_fitted(self)
        if input_features is not None and hasattr(self, "n_features_in_"):
            _check_feature_names_in(self, input_features)
        return np.array(self._names(), dtype=object)

    def _as_diagrams(self, X, reset):
        """Return {dimension: list of (n_points, 2) arrays}; warn of dimensions that have nothing.

        reset: whether the dimensions are found, and the columns of X; otherwise they are compared.
        """
        check_n_jobs(self.n_jobs)
        dim = as_dimensions(self.dim)
        if reset:
            self._forget_features()
        diagrams = self._as_list(X, dim, reset)
        only = only_dimension(diagrams) if dim is None else None
        if reset:
            self._dims, self._only_dim = find_dimensions(dim, diagrams), only
        elif None not in (only, self._only_dim) and only != self._only_dim:
            raise ValueError(
                f"X must have diagrams of dimension {self._only_dim}, as in fit, got {only}"
            )
        points = points_by_dimension(
            diagrams, self._dims, essential=self.essential, min_length=self.min_length
        )
        if self.essential == "drop":
            self._warn_of_loss(points)
        elif self.essential == "clip":
            self._warn_of_flat(points)
        if self.min_length:
            self._warn_of_short(points, diagrams)
        return points

    def _as_list(self, X, dim, reset):
        """Return a list of diagrams."""
        is_frame = hasattr(X, "columns")
        if is_frame and self.filtration in (None, "level_set"):  # names before values
            validate_data(self, X, reset=reset, skip_check_array=True)
        if self.filtration is None:
            refuse_masks(X, "X")
            if is_tensor(X):
                X = as_numbers(X, "X").detach()
            is_rows = _is_rows(X)
            if is_rows and not hasattr(self, "n_features_in_"):
                _check_not_a_diagram(X)
            if not is_rows:
                return _as_some(X)
        source = self._source(dim)
        source.fit(X)
        if (
            hasattr(source, "n_features_in_") and not is_frame
        ):  # compared here: an error names this estimator
            validate_data(self, X, reset=reset, skip_check_array=True)
        return source.transform(X)

    def _source(self, dim):
        """Return what makes diagrams of data."""
        return PersistenceDiagrams(
            "level_set" if self.filtration is None else self.filtration,
            homology_dimensions=dim,
            essential="keep",
            n_jobs=self.n_jobs,
        )

    def _source_module(self):
        """Return the torch module of what makes diagrams; None where X has diagrams."""
        if self.filtration is None and not hasattr(self, "n_features_in_"):
            return None
        return self._source(as_dimensions(self.dim)).to_torch()

    def _warn_of_loss(self, points):
        lost = [dim for dim, diagrams in points.items() if is_lost(diagrams)]
        if lost:
            where = "" if lost == [None] else f" in {name_dimensions(lost)}"
            warnings.warn(
                f"essential classes are left out, and no diagram has other points{where}: its "
                "columns tell nothing; give essential='clip' to end the classes at the last "
                "filtration value",
                UserWarning,
                stacklevel=4,
            )

    def _warn_of_short(self, points, diagrams):
        """Warn of dimensions in which all points are shorter than min_length."""
        gone = tuple(dim for dim, some in points.items() if not any(map(len, some)))
        if not gone:
            return
        every = points_by_dimension(diagrams, gone, essential=self.essential)
        short = [dim for dim, some in every.items() if any(map(len, some))]
        if short:
            where = "" if short == [None] else f" in {name_dimensions(short)}"
            warnings.warn(
                f"all points{where} are shorter than min_length={self.min_length}",
                UserWarning,
                stacklevel=4,
            )

    def _warn_of_flat(self, points):
        flat = [dim for dim, diagrams in points.items() if is_flat(diagrams)]
        if flat:
            where = "" if flat == [None] else f" in {name_dimensions(flat)}"
            warnings.warn(
                "essential classes are clipped at the last filtration value, where all of them"
                f"{where} are born: points of length 0, which most vectors do not see; "
                "BettiCurve(essential='keep') counts the classes, and another filtration gives "
                "them lengths",
                UserWarning,
                stacklevel=4,
            )

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_dims") and hasattr(self, "_n_features_out")

    def _forget_features(self):
        """Forget the columns of an earlier fit: diagrams have none."""
        for name in ("n_features_in_", "feature_names_in_"):
            self.__dict__.pop(name, None)


class DiagramVectorizer(DiagramTransformer):
    """Base of transformers that are a function of all points at once.

    A subclass has ``_rows``, which returns a function of (points, splits), ``_names_of_one``, the
    names of its columns for one dimension, and ``_fit_points(find_points)`` where it learns
    something from the finite points, which ``find_points()`` returns. What it learns are the
    attributes named in ``_learnt``. Where there are several dimensions a copy of the vectorizer is
    fitted to each, and the attributes are dicts by dimension.
    """

    _parameter_constraints = {
        **DiagramTransformer._parameter_constraints,
        "essential": [StrOptions({"drop", "clip"})],
        "min_length": [Interval(Real, 0, None, closed="left")],
    }
    _learnt: tuple[str, ...] = ()
    _takes_essential = False

    def to_torch(self) -> DiagramVectors:
        """Return a `torch.nn.Module` that computes the same columns, differentiably.

        Returns
        -------
        skltopo.nn.DiagramVectors
            Takes lists of diagrams with tensors, or a DiagramBatch of tensors; data as tensors,
            where the vectorizer takes data.
        """
        check_is_fitted(self)
        from ..nn import DiagramVectors

        selection = {
            "essential": self.essential,
            "min_length": float(self.min_length),
            "source": self._source_module(),
        }
        if not self._parts:
            return DiagramVectors(self._function(), dim=self._dims[0], **selection)
        functions = [part._function() for part in self._live_parts().values()]
        return DiagramVectors(functions, dim=self._dims, **selection)

    def _fit_diagrams(self, diagrams):
        self._parts = {}
        self._check_size(1)
        if len(diagrams) == 1:
            (points,) = diagrams.values()
            self._fit_points(lambda: _finite_coordinates(points))
        else:
            for dim, points in diagrams.items():
                part = copy.copy(self)
                part._fit_diagrams({dim: points})
                self._parts[dim] = part
            for name in self._learnt:
                learnt = {dim: getattr(part, name) for dim, part in self._parts.items()}
                setattr(self, name, learnt)
        self._n_features_out = self._count_columns() * len(diagrams)

    def _live_parts(self):
        """Return the vectorizers of several dimensions, with the parameters that this one has now.

        What they learnt in fit stays.
        """
        parts = {dim: copy.copy(part) for dim, part in self._parts.items()}
        for part in parts.values():
            part.__dict__.update(self.get_params(deep=False))
        return parts

    def _fit_points(self, find_points):
        """Nothing to learn."""

    def _count_columns(self):
        """Return the number of columns of one dimension."""
        return len(self._names_of_one())

    def _names(self):
        if not self._parts:
            return self._names_of_one()
        return [
            f"H{dim}_{name}"
            for dim, part in self._live_parts().items()
            for name in part._names_of_one()
        ]

    def _check_size(self, n_diagrams):
        """Raise MemoryError if the vectors of so many diagrams would not fit."""
        n_columns = int(self._count_columns()) * len(self._dims)
        check_memory(
            8 * n_diagrams * n_columns,
            f"vectors of {n_columns} columns for {n_diagrams} diagrams",
            "a smaller resolution, or fewer columns of another kind, take less",
        )

    def _transform_diagrams(self, diagrams):
        (n_diagrams,) = set(map(len, diagrams.values()))
        self._check_size(2 * n_diagrams)
        parts = self._live_parts() or dict.fromkeys(diagrams, self)
        with np.errstate(over="ignore", invalid="ignore"):  # this is looked for
            rows = [parts[dim]._function()(*join(points)) for dim, points in diagrams.items()]
        return check_vectors(rows[0] if len(rows) == 1 else np.hstack(rows))

    def _function(self):
        """Return the function of all points; of the finite ones unless it takes others too."""
        return self._rows() if self._takes_essential else partial(of_finite, self._rows())


def _finite_coordinates(diagrams):
    """Return the finite points of arrays; without any, the births of essential classes, twice.

    These say on which values a curve counts classes.
    """
    points, splits = join(diagrams)
    finite = drop_essential(points, splits)[0]
    if len(finite) or not len(points):
        return finite
    births = points[np.isfinite(points[:, 0]), 0]
    return np.column_stack([births, births])


def _as_some(X):
    """Return X as a list of diagrams, at least one."""
    _check_not_images(X)
    diagrams = list(X) if type(X) in (list, tuple) else as_list(X, "X")
    if not diagrams:
        raise ValueError("X must have at least one diagram, got 0 samples")
    return diagrams


def _is_rows(X):
    """Tell whether X is rows of numbers, and not a list of diagrams."""
    if isinstance(X, (list, tuple)):
        if X and type(X[0]) is np.ndarray and X[0].ndim == 2:
            return False
        # Empty lists are empty diagrams.
        return depth(X) == 2 and any(len(row) for row in X if depth(row))
    if isinstance(X, (Diagram, DiagramBatch)):
        return False
    n_axes = len(X.shape) if hasattr(X, "shape") else depth(X)
    if n_axes == 1:
        return X.dtype != object
    return n_axes == 2


def _check_not_a_diagram(X):
    """Raise ValueError if X looks like the births and deaths of a single diagram.

    As functions on a line of two vertices these rows would have no finite point at all.
    """
    is_sparse = hasattr(X, "toarray")
    if type(X) in (list, tuple):
        X = as_numbers(X, "X")
    values = np.empty((0, 0)) if is_sparse else namespace_of(X).plain(X)
    if values.ndim != 2 or values.shape[1] != 2 or values.dtype.kind not in "biuf":
        return
    births, deaths = values.T
    if (births <= deaths).all() or (births >= deaths).all():
        raise ValueError(
            f"X must be a list of diagrams, got an array of shape {values.shape} that looks like a "
            "single one; put it in a list, X=[diagram]. If its rows are functions on a line with "
            "two vertices, say filtration='level_set'"
        )


def _check_not_images(X):
    """Raise ValueError if arrays are not of births and deaths, saying how to give other data."""
    is_list = isinstance(X, (list, tuple))
    shape: Any = getattr(X[0] if is_list and len(X) else X, "shape", ())
    if not isinstance(X, DiagramBatch) and len(shape) >= 3 - is_list and shape[-1] != 2:
        raise ValueError(
            "X must be a list of diagrams, (n, 2) arrays of births and deaths, got "
            f"{'a list of arrays' if is_list else 'an array'} of shape {tuple(shape)}; if these "
            "are images, volumes or point clouds, say how they become diagrams, such as by "
            "filtration='level_set'"
        )


def check_pair(given, name, is_valid, wanted):
    """Return given, a pair of numbers, as a tuple, or raise ValueError saying what is wanted."""
    try:
        pair = tuple(given)
    except TypeError:
        pair = ()
    if len(pair) != 2 or not all(is_valid(x) for x in pair):
        raise ValueError(f"{name} must be {wanted}, got {given!r}")
    return pair


def _is_finite_number(x):
    is_number = isinstance(x, Real) and not isinstance(x, bool)
    return is_number and -1e308 < x < 1e308


def check_range(given, name, low, high, may_be_point=False):
    """Return (low, high) as given, or learnt where it is None; wider than a point, or as wide."""
    if given is None:
        if not np.isfinite([low, high]).all():  # no points
            low, high = 0.0, 1.0
        low, high = float(low), float(high)
        if high == low:
            high = low + max(1.0, abs(low) * 1e-6)
        return _check_width(low, high, name)
    wanted = "two finite numbers (low, high) with low < high"
    low, high = check_pair(given, name, _is_finite_number, wanted)
    if may_be_point and low == high:
        return float(low), float(high)
    if low >= high:
        raise ValueError(f"{name} must be {wanted}, got {given!r}")
    return _check_width(float(low), float(high), name)


def _check_width(low, high, name):
    """Return (low, high), or raise ValueError if their difference is out of the range of floats."""
    if not 1e-300 < high - low < 1e300:
        raise ValueError(
            f"{name} must be wider than 1e-300 and narrower than 1e300, got {low} to {high}; scale "
            "births and deaths"
        )
    return low, high
