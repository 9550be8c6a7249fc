"""PersistenceDiagrams: data to diagrams, as a scikit-learn transformer."""

from functools import partial
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from . import filtrations
from ._arrays import as_floats, as_numbers
from ._parallel import effective_n_jobs, run

__all__ = ["PersistenceDiagrams"]

# Names of filtrations, and the classes that they stand for.
POINT_CLOUDS = {"weak_alpha": "WeakAlpha", "alpha": "Alpha", "rips": "VietorisRips"}
FILTRATIONS = {"level_set", *POINT_CLOUDS}


class PersistenceDiagrams(TransformerMixin, BaseEstimator):
    """Turn images, volumes, functions on a line, point clouds or distance matrices into diagrams.

    What comes out is a list with one entry for each sample, in the form that the transformers of
    `skltopo.vectorize`, `gudhi.representations` and `persim` take.

    Parameters
    ----------
    filtration : {"level_set", "weak_alpha", "alpha", "rips"} or callable, default="level_set"
        "level_set": samples are functions on a grid: rows of a 2-D X on a line, images, volumes.
        The others: samples are point clouds of shape (n_points, n_coordinates). An object of
        `skltopo.filtrations` (or any function from one sample to a `Diagram`) takes what it takes:
        ``VietorisRips(metric="precomputed")`` has distance matrices as samples.
    homology_dimensions : int or tuple of int, default=(0, 1)
        An int gives one array per sample, a tuple one array per dimension and sample.
    superlevel : bool, default=False
        Sweep "level_set" from high to low values; births are then above deaths.
    essential : {"drop", "keep"}, default="drop"
        What to do with essential classes, which have an infinite death. gudhi.representations and
        persim want them dropped.
    output : {"arrays", "diagrams"}, default="arrays"
        "diagrams": a list of `Diagram` with critical cells, for transformers with a ``dim``.
    n_jobs : int, default=None
        Threads over samples. None is 1 unless in a joblib context, -1 is all cores.

    Attributes
    ----------
    n_features_in_ : int
        Columns of a 2-D X. Only for "level_set".
    feature_names_in_ : ndarray of str
        Only if X in fit was a DataFrame.

    See Also
    --------
    skltopo.vectorize : What to put behind it.
    skltopo.PersistenceFeatures : Images to numbers in one step.

    Notes
    -----
    ``gudhi.representations`` and ``persim`` take a list of (n, 2) arrays, which is what an int for
    ``homology_dimensions`` gives. With a tuple the output is that of ``gudhi.sklearn``: put
    ``gudhi.representations.DimensionSelector(index=k)`` behind it. Both expect births below deaths:
    for superlevel sets give them the sublevel sets of -X.

    Diagrams have different numbers of points, hence the list: nothing is padded, and a diagram does
    not depend on the others.

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo import PersistenceDiagrams
    >>> images = np.random.default_rng(0).random((5, 8, 8))
    >>> diagrams = PersistenceDiagrams(homology_dimensions=1).fit_transform(images)
    >>> len(diagrams), diagrams[0].shape
    (5, (8, 2))
    >>> both = PersistenceDiagrams().fit_transform(images)
    >>> [points.shape for points in both[0]]
    [(11, 2), (8, 2)]
    """

    _parameter_constraints = {
        "filtration": [StrOptions(FILTRATIONS), callable],
        "homology_dimensions": [Integral, tuple, list],
        "superlevel": ["boolean"],
        "essential": [StrOptions({"drop", "keep"})],
        "output": [StrOptions({"arrays", "diagrams"})],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        filtration="level_set",
        *,
        homology_dimensions=(0, 1),
        superlevel=False,
        essential="drop",
        output="arrays",
        n_jobs=None,
    ):
        self.filtration = filtration
        self.homology_dimensions = homology_dimensions
        self.superlevel = superlevel
        self.essential = essential
        self.output = output
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Check the parameters and the form of X; there is nothing to learn.

        Parameters
        ----------
        X : array-like of shape (n, ...) or list of arrays
            Samples, as `filtration` takes them.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter or the form of X is wrong.
        """
        self._dimensions()
        self._check_samples(X, reset=True)
        return self

    def transform(self, X):
        """Compute the diagrams.

        Parameters
        ----------
        X : array-like of shape (n, ...) or list of arrays

        Returns
        -------
        list of n (n_points, 2) ndarray, or of lists of them, or of Diagram
            As `homology_dimensions` and `output` say.

        Raises
        ------
        ValueError
            If a sample is not finite or not of the form that the filtration takes.
        """
        check_is_fitted(self)
        samples = self._check_samples(X, reset=False)
        diagrams = self._compute(samples)
        if self.output == "diagrams":
            return diagrams
        dims = self._dimensions()
        single = isinstance(self.homology_dimensions, Integral)
        return [
            self._points(diagram, dims[0]) if single else [self._points(diagram, k) for k in dims]
            for diagram in diagrams
        ]

    def _points(self, diagram, dim):
        if dim not in diagram.pairs:  # holes of a function on a line
            return np.empty((0, 2))
        points = diagram[dim]
        if self.essential == "drop":
            points = points[np.isfinite(points).all(axis=1)]
        return points

    def _dimensions(self):
        dims = self.homology_dimensions
        dims = (dims,) if isinstance(dims, Integral) else tuple(dims)
        if not dims or len(set(dims)) < len(dims) or not all(
            isinstance(dim, Integral) and dim >= 0 for dim in dims
        ):  # fmt: skip
            raise ValueError(
                "homology_dimensions must be different integers of at least 0, got "
                f"{self.homology_dimensions!r}"
            )
        return tuple(int(dim) for dim in dims)

    def _check_samples(self, X, reset):
        """Return X as an array of samples or a list of arrays."""
        if self.filtration == "level_set":
            return self._check_functions(X, reset)
        if not hasattr(X, "__len__") and not hasattr(X, "__array__"):
            raise ValueError(f"X must be a list of samples, got {type(X).__name__}")
        samples = [as_floats(as_numbers(x, f"X[{i}]"))[1] for i, x in enumerate(X)]
        if not samples:
            raise ValueError("X must have at least one sample, got 0 samples")
        for i, sample in enumerate(samples):
            if isinstance(self.filtration, str) and sample.ndim != 2:
                raise ValueError(
                    f"X[{i}] must be a point cloud of shape (n_points, n_coordinates), got shape "
                    f"{sample.shape}"
                )
        return samples

    def _check_functions(self, X, reset):
        """Return functions on grids of one shape as an array, of several shapes as a list."""
        if isinstance(X, (list, tuple)) and len({np.shape(x) for x in X}) > 1:
            if len({np.ndim(x) for x in X}) > 1 or np.ndim(X[0]) < 2:
                raise ValueError(
                    "X must be functions on grids of the same number of axes, got shapes "
                    f"{sorted({np.shape(x) for x in X})}"
                )
            return [as_floats(as_numbers(x, f"X[{i}]"))[1] for i, x in enumerate(X)]
        if getattr(X, "ndim", 2) > 2 or (isinstance(X, (list, tuple)) and np.ndim(X) > 2):
            X = check_array(X, allow_nd=True, dtype=[np.float64, np.float32], input_name="X")
            if 0 in X.shape:
                raise ValueError(f"samples in X must not be empty, got shape {X.shape}")
            return X
        return validate_data(self, X, reset=reset, dtype=[np.float64, np.float32])

    def _compute(self, samples):
        """Return one Diagram for each sample."""
        n_jobs = effective_n_jobs(self.n_jobs)
        if self.filtration == "level_set":
            if isinstance(samples, np.ndarray):
                return list(self._level_set(samples.ndim - 1, n_jobs)(samples))
            filtration = self._level_set(samples[0].ndim, 1)
        elif isinstance(self.filtration, str):
            dims = self._dimensions()
            filtration = getattr(filtrations, POINT_CLOUDS[self.filtration])(
                max_dim=max(dims), homology_dimensions=dims, n_jobs=n_jobs
            )
            return list(filtration(samples))
        else:
            filtration = self.filtration
        return run([partial(filtration, sample) for sample in samples], n_jobs)

    def _level_set(self, ndim, n_jobs):
        dims = [dim for dim in self._dimensions() if dim < ndim]
        return filtrations.LevelSet(
            ndim, superlevel=self.superlevel, homology_dimensions=dims, n_jobs=n_jobs
        )

    def __sklearn_is_fitted__(self):
        return True

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.requires_fit = False
        return tags
