"""What all transformers of diagrams share: what they take, and how they call a function."""

from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_is_fitted

from ._arrays import is_tensor
from ._diagram_lists import as_points_list, is_diagram
from ._vectors import drop_essential, join
from .diagrams import Diagram, DiagramBatch
from .persistence_diagrams import FILTRATIONS, PersistenceDiagrams

__all__ = ["DiagramTransformer", "DiagramVectorizer", "check_range"]


class DiagramTransformer(TransformerMixin, BaseEstimator):
    """Base of transformers that take a list of diagrams, or data that become diagrams.

    A subclass has ``_fit_diagrams`` and ``_transform_diagrams``, which take lists of (n_points, 2)
    arrays, and ``_names``.
    """

    _parameter_constraints = {
        "filtration": [StrOptions(FILTRATIONS), callable, None],
        "dim": [Integral, None],
        "n_jobs": [Integral, None],
    }

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn ranges from diagrams.

        Parameters
        ----------
        X : list of diagrams, DiagramBatch, or data
            (n_points, 2) arrays, `Diagram` objects, or what `filtration` takes. A 2-D array has
            functions on a line as rows.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X is not a list of diagrams, or not data that the filtration takes.
        """
        self._fit_diagrams(self._as_diagrams(X, reset=True))
        self._n_features_out = len(self._names())
        return self

    def transform(self, X):
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
        ValueError
            If X is not as in fit.
        """
        check_is_fitted(self)
        return self._transform_diagrams(self._as_diagrams(X, reset=False))

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns.

        Parameters
        ----------
        input_features : None
            Ignored.

        Returns
        -------
        (n_features,) ndarray of str objects
        """
        check_is_fitted(self)
        if input_features is not None and hasattr(self, "n_features_in_"):
            self._check_input_features(input_features)
        return np.array(self._names(), dtype=object)

    def _as_diagrams(self, X, reset):
        """Return a list of (n_points, 2) arrays."""
        if self.filtration is None and not _is_data(X):
            live, plain = as_points_list(X, self.dim)
            if not live:
                raise ValueError("X must have at least one diagram, got 0 samples")
            return plain
        source = PersistenceDiagrams(
            "level_set" if self.filtration is None else self.filtration,
            homology_dimensions=0 if self.dim is None else self.dim,
            essential="keep",
            n_jobs=self.n_jobs,
        )
        if reset:
            source.fit(X)
            self._forget_features()
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(source if reset else self, name):
                setattr(self if reset else source, name, getattr(source if reset else self, name))
        return source.transform(X)

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_n_features_out")

    def _forget_features(self):
        for name in ("n_features_in_", "feature_names_in_"):
            self.__dict__.pop(name, None)

    def _check_input_features(self, input_features):
        names = getattr(self, "feature_names_in_", None)
        if names is not None and not np.array_equal(names, input_features):
            raise ValueError("input_features is not equal to feature_names_in_")
        if len(input_features) != self.n_features_in_:
            raise ValueError(
                f"input_features should have length equal to number of features "
                f"({self.n_features_in_}), got {len(input_features)}"
            )


class DiagramVectorizer(DiagramTransformer):
    """Base of transformers that are a function of all points at once.

    A subclass has ``_function``, which returns a function of (points, splits), and
    ``_fit_points(points)`` where it learns something from the finite points.
    """

    def to_torch(self):
        """Return a `torch.nn.Module` that computes the same columns, differentiably.

        Returns
        -------
        skltopo.nn.DiagramVectors
            Takes lists of diagrams with tensors, or a DiagramBatch of tensors.
        """
        check_is_fitted(self)
        from .nn import DiagramVectors

        return DiagramVectors(self._function(), dim=self.dim)

    def _fit_diagrams(self, diagrams):
        self._fit_points(drop_essential(*join(diagrams))[0])

    def _fit_points(self, points):
        """Nothing to learn."""

    def _transform_diagrams(self, diagrams):
        return self._function()(*join(diagrams))


def _is_data(X):
    """Tell whether X is rows of numbers, and not a list of diagrams.

    Lists of diagrams, and arrays of them, have entries of two axes; rows have one.
    """
    if isinstance(X, (Diagram, DiagramBatch)):
        return False
    if isinstance(X, (list, tuple)):
        return len(X) > 0 and not any(is_tensor(x) or is_diagram(x) for x in X)
    return getattr(X, "ndim", 2) != 3


def check_range(given, name, low, high):
    """Return (low, high) as given, or learnt where it is None; wider than a point."""
    if given is None:
        if not np.isfinite([low, high]).all():  # no points
            low, high = 0.0, 1.0
        return float(low), float(high) if high > low else float(low) + 1.0
    if len(given) != 2 or not np.isfinite(given).all() or not given[0] < given[1]:
        raise ValueError(
            f"{name} must be two finite numbers (low, high) with low < high, got {given}"
        )
    return float(given[0]), float(given[1])
