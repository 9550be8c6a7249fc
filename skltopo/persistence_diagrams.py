"""PersistenceDiagrams: a scikit-learn transformer of data to diagrams."""

from __future__ import annotations

import math
import warnings
from functools import partial
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import (
    _check_feature_names_in,
    check_array,
    check_is_fitted,
    validate_data,
)

from . import filtrations
from ._utils.arrays import as_floats, as_numbers, check_finite
from ._utils.checks import check_dimensions, refuse_colours
from ._utils.cluster import is_for_cluster, send
from ._utils.given import refuse_dask
from ._utils.hints import hint_of_distances, hint_of_images
from ._utils.links import DocumentationLink
from ._utils.masks import refuse_masks
from ._utils.namespace import is_tensor, namespace_of
from ._utils.parallel import effective_n_jobs, run
from ._utils.progress import progress_bar
from ._utils.samples import (
    as_they_are,
    check_grid,
    check_ragged,
    check_some,
    describe,
    without_graph,
)
from ._utils.typing import ArrayLike, Dimensions, Essential, FiltrationFunction, Names, Self
from .diagrams import Diagram, DiagramArrays
from .diagrams.inputs import depth
from .diagrams.selection import clipped, without_short
from .fit_context import fit_context

if TYPE_CHECKING:
    from .nn import Diagrams

__all__ = ["PersistenceDiagrams"]

# Names of filtrations, and the classes that they stand for.
POINT_CLOUDS = {"weak_alpha": "WeakAlpha", "alpha": "Alpha", "rips": "VietorisRips"}
FILTRATIONS = {"level_set", *POINT_CLOUDS}
GivenFiltration: TypeAlias = (
    Literal["level_set", "weak_alpha", "alpha", "rips"] | FiltrationFunction
)

# With a progress bar: samples in one call of a filtration at least, and how often the bar moves.
SAMPLES_PER_THREAD = 4
UPDATES = 100
# Values in one task for a Dask cluster: vertices of grids, coordinates of points.
VALUES_PER_TASK = 1 << 16


class PersistenceDiagrams(  # type: ignore[call-arg]
    TransformerMixin, DocumentationLink, BaseEstimator, auto_wrap_output_keys=None
):
    """Turn images, volumes, functions on a line, point clouds or distance matrices into diagrams.

    The result is a list with one entry for each sample, in the form that the transformers of
    `skltopo.vectorize`, `gudhi.representations` and `persim` take.

    Parameters
    ----------
    filtration : {"level_set", "weak_alpha", "alpha", "rips"} or callable, default="level_set"
        "level_set": samples are functions on a grid: rows of a 2-D X on a line, images, volumes.
        The other names: samples are point clouds of shape (n_points, n_coordinates). An object of
        `skltopo.filtrations`: samples are what it takes, for ``VietorisRips(metric="precomputed")``
        distance matrices. Any other callable takes one sample, as it is in X, and returns its
        `Diagram`: samples can be objects of any kind, such as graphs.
    homology_dimensions : int, tuple of int or None, default=(0, 1)
        An int gives one array per sample, a tuple one array per dimension and sample. None is a
        tuple of all that `filtration` computes: of functions on a grid of k axes 0 to k - 1. Where
        `filtration` is an object of `skltopo.filtrations` that does not compute them, fit raises.
        Functions on a grid of k axes have no homology in dimension k or above: these diagrams are
        empty.
    superlevel : bool, default=False
        Sweep "level_set" from high to low values; births are then above deaths. With any other
        filtration True raises: an object of `skltopo.filtrations` has its own ``superlevel``.
    essential : {"drop", "keep", "clip"}, default="drop"
        What to do with essential classes, which have an infinite death. gudhi.representations and
        persim need diagrams without them. "clip" ends them at the last filtration value, for
        ``output="arrays"``: they come before the finite points, and one that is born at the last
        value has length 0. Transform warns where nothing but dropped classes was found in a
        dimension, such as among the holes of graphs.
    min_length : float, default=0.0
        Points with a shorter |death - birth|, in the unit of the values, are left out.
    output : {"arrays", "diagrams"}, default="arrays"
        "diagrams": a list of `Diagram` with critical cells, of the dimensions asked for, and
        without essential classes unless they are kept.
    n_jobs : int, default=None
        Threads over samples. None is 1 unless in a joblib context, -1 is all cores. In
        ``joblib.parallel_config("dask")`` any value but 1 is the cluster, for all but few samples.
    verbose : int, default=0
        Show a progress bar in `transform` if positive.

    Attributes
    ----------
    n_features_in_ : int
        Columns of a 2-D X. Only for "level_set".
    feature_names_in_ : ndarray of str
        Only if X in fit was a DataFrame.

    See Also
    --------
    skltopo.vectorize : Transformers that come next, of diagrams to vectors.
    skltopo.PersistenceFeatures : Images to numbers in one step.

    Notes
    -----
    ``gudhi.representations`` and ``persim`` take a list of (n, 2) arrays, which is what an int for
    ``homology_dimensions`` gives. With a tuple each sample is a list of arrays, as in
    ``gudhi.sklearn``: ``gudhi.representations.DimensionSelector(index=k)`` then comes next. The
    list is a `skltopo.diagrams.DiagramArrays`, which knows its dimensions, so that the transformers
    of `skltopo.vectorize` select theirs by ``dim``, and the last filtration value, so that these
    clip essential classes that are kept. gudhi and persim expect births below deaths: for
    superlevel sets give them ``[-points for points in diagrams]``, the diagrams of the sublevel
    sets of -X.

    Diagrams have different numbers of points, therefore the result is a list: nothing is padded,
    and a diagram does not depend on the others. No frame can hold them, so ``set_output`` does
    nothing here; it exists so that later steps of a Pipeline can have their output set.

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

    A vectorizer takes all dimensions and selects one:

    >>> from sklearn.pipeline import make_pipeline
    >>> from skltopo.vectorize import PersistenceImage
    >>> make_pipeline(PersistenceDiagrams(), PersistenceImage(dim=1)).fit_transform(images).shape
    (5, 400)
    """

    _parameter_constraints = {
        "filtration": [StrOptions(FILTRATIONS), callable],
        "homology_dimensions": [Integral, tuple, list, None],
        "superlevel": ["boolean"],
        "essential": [StrOptions({"drop", "keep", "clip"})],
        "min_length": [Interval(Real, 0, None, closed="left")],
        "output": [StrOptions({"arrays", "diagrams"})],
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        filtration: GivenFiltration = "level_set",
        *,
        homology_dimensions: Dimensions = (0, 1),
        superlevel: bool = False,
        essential: Essential = "drop",
        min_length: float = 0.0,
        output: Literal["arrays", "diagrams"] = "arrays",
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.filtration = filtration
        self.homology_dimensions = homology_dimensions
        self.superlevel = superlevel
        self.essential = essential
        self.min_length = min_length
        self.output = output
        self.n_jobs = n_jobs
        self.verbose = verbose

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
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
        TypeError
            If X is not a list or an array.
        ValueError
            If a parameter or the form of X is wrong, or `filtration` does not compute one of
            `homology_dimensions`, or does not know `superlevel`.
        """
        self._check_parameters()
        samples = self._check_samples(X, reset=True)
        if self.filtration == "level_set":
            self._hint_of_images(samples)
        elif self.filtration == "rips":
            hint_of_distances(samples[0])
        return self

    def transform(self, X: ArrayLike) -> list[Any]:
        """Compute the diagrams.

        Parameters
        ----------
        X : array-like of shape (n, ...) or list of arrays
            Samples, as in fit.

        Returns
        -------
        list of n (n_points, 2) ndarray, of DiagramArrays, or of Diagram
            As `homology_dimensions` and `output` say.

        Raises
        ------
        TypeError
            If X is not a list or an array, or `filtration` does not return a `Diagram`.
        ValueError
            If a sample is not finite or not of the form that the filtration takes.
        """
        check_is_fitted(self)
        self._check_parameters()
        samples = self._check_samples(X, reset=False)
        diagrams, dims, empty = self._compute(samples, self.verbose)
        self._warn_of_loss(diagrams, [dim for dim in dims if dim not in empty])
        if self.min_length:
            self._warn_of_short(diagrams, [dim for dim in dims if dim not in empty])
        if self.output == "diagrams":
            return [self._select(diagram, dims, empty) for diagram in diagrams]
        return [self._as_arrays(diagram, dims, empty) for diagram in diagrams]

    def to_torch(self) -> Diagrams:
        """Return a `torch.nn.Module` that computes the same diagrams, differentiably.

        Returns
        -------
        skltopo.nn.Diagrams
            Takes a tensor of samples, or a list of tensors. It returns a list of `Diagram`, or of
            what transform returns, as tensors, where essential classes are clipped.
        """
        self._validate_params()
        self._check_parameters()
        from .nn import Diagrams

        return Diagrams(clone(self)._live_diagrams)

    def _live_diagrams(self, samples):
        """Return the diagrams of a tensor, or a list of tensors; with a graph."""
        diagrams, dims, empty = self._compute(samples)
        if self.essential != "clip":
            return [self._select(diagram, dims, empty) for diagram in diagrams]
        return [self._as_arrays(diagram, dims, empty, live=True) for diagram in diagrams]

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> Names:
        """Return one name for each homology dimension, so that a Pipeline can ask later steps.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Checked against the columns seen in fit if it had some, otherwise ignored.

        Returns
        -------
        (n_dimensions,) ndarray of str objects
            Diagrams are no columns, and the steps behind do not take these names up. Without a
            dimension if `homology_dimensions` is None and the samples would say which there are.
        """
        if input_features is not None and hasattr(self, "n_features_in_"):
            _check_feature_names_in(self, input_features)
        dims = self._dimensions(())
        return np.array([f"H{dim}" for dim in dims] if dims else ["diagrams"], dtype=object)

    def set_output(
        self, *, transform: Literal["default", "pandas", "polars"] | None = None
    ) -> Self:
        """Do nothing: diagrams are lists of different lengths, which no frame can hold.

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

    def _select(self, diagram, dims, empty):
        """Return the `Diagram` of some dimensions, without what is to be left out."""
        keep = self.essential == "keep"
        return diagram.select(dims, empty, keep_essential=keep, min_length=self.min_length)

    def _as_arrays(self, diagram, dims, empty, live=False):
        """Return an array for an int as homology_dimensions, else DiagramArrays.

        live: whether tensors stay tensors.
        """
        arrays = [self._points(diagram, dim, empty, live) for dim in dims]
        if isinstance(self.homology_dimensions, Integral):
            return arrays[0]
        return DiagramArrays(arrays, dims, diagram.as_batch().stored_last)

    def _points(self, diagram, dim, empty, live):
        if dim in empty:
            diagram = diagram.select([dim], empty)
        points = diagram.finite(dim) if self.essential == "drop" else diagram[dim]
        plain = namespace_of(points).plain(points)
        points = points if live else plain
        if self.essential == "clip":
            points = clipped(points, plain, diagram, "the diagram")
        return without_short(points, self.min_length) if self.min_length else points

    def _warn_of_short(self, diagrams, dims):
        """Warn of dimensions in which min_length leaves out all finite points."""
        finite = {dim: [one.finite(dim) for one in diagrams] for dim in dims}
        short = [
            dim
            for dim, some in finite.items()
            if any(map(len, some)) and not any(len(without_short(x, self.min_length)) for x in some)
        ]
        if short:
            warnings.warn(
                f"all finite points in {name_dimensions(short)} are shorter than "
                f"min_length={self.min_length}",
                UserWarning,
                stacklevel=3,
            )

    def _warn_of_loss(self, diagrams, dims):
        """Warn of dimensions in which essential classes are dropped and nothing else is there."""
        if self.essential != "drop":
            return
        lost = [
            dim
            for dim in dims
            if not any(len(diagram.pairs[dim]) for diagram in diagrams)
            and any(len(diagram.essential[dim]) for diagram in diagrams)
        ]
        if lost:
            warnings.warn(
                "essential classes are dropped, and no diagram has other points in "
                f"{name_dimensions(lost)}: these diagrams are empty; give essential='clip' to end "
                "the classes at the last filtration value, or essential='keep'",
                UserWarning,
                stacklevel=3,
            )

    # Parameters

    def _dimensions(self, samples=(), diagrams=()):
        """Return the homology dimensions as a tuple.

        Where they are None these are all that are computed: () as long as neither samples nor
        diagrams say which.
        """
        if self.homology_dimensions is not None:
            wanted = "different integers of at least 0"
            return check_dimensions(self.homology_dimensions, wanted=wanted)
        if self.filtration == "level_set":
            return tuple(range(samples[0].ndim)) if len(samples) else ()
        if isinstance(self.filtration, str):
            return (0, 1)
        if hasattr(self.filtration, "homology_dimensions"):
            return tuple(self.filtration.homology_dimensions)
        found = {diagram.homology_dimensions for diagram in diagrams}
        if len(found) > 1:
            raise ValueError(
                "homology_dimensions must be given where the diagrams that filtration returns have "
                f"different ones, got {sorted(found)}"
            )
        return next(iter(found), ())

    def _check_parameters(self):
        """Raise ValueError for parameters that would silently be ignored."""
        dims = self._dimensions()
        if self.essential == "clip" and self.output == "diagrams":
            raise ValueError(
                "essential='clip' is for output='arrays': in a Diagram essential classes have no "
                "critical cell at which they end; give essential='keep', and 'clip' to what takes "
                "the diagrams"
            )
        if self.filtration == "level_set":
            return
        filtration = self._filtration_of_clouds(1)
        if self.superlevel and not getattr(filtration, "superlevel", False):
            raise ValueError(
                "superlevel=True is for filtration='level_set', got filtration="
                f"{self.filtration!r}; give an object that sweeps down, such as "
                "LevelSet(ndim=2, superlevel=True)"
            )
        known = getattr(filtration, "homology_dimensions", dims)
        if not set(dims) <= {*known, *self._empty_dimensions(dims, ())}:
            raise ValueError(
                f"homology_dimensions must be among those that {filtration!r} computes, "
                f"{tuple(known)}, got {self.homology_dimensions!r}"
            )

    def _empty_dimensions(self, dims, samples):
        """Return those dimensions in which a function on a grid has no homology at all."""
        if isinstance(self.filtration, filtrations.LevelSet):
            ndim = self.filtration.ndim
        elif self.filtration == "level_set":
            ndim = samples[0].ndim
        else:
            return set()
        return {dim for dim in dims if dim >= ndim}

    def _filtration_of_clouds(self, n_jobs):
        """Return the object of `filtrations` that is named, or the filtration given."""
        if not isinstance(self.filtration, str):
            return self.filtration
        dims = self._dimensions()
        return getattr(filtrations, POINT_CLOUDS[self.filtration])(
            max_dim=max(dims), homology_dimensions=dims, n_jobs=n_jobs
        )

    # Samples

    def _check_samples(self, X, reset):
        """Return X as an array of samples or a list of arrays; of any objects for a callable."""
        X = np.asarray(X) if isinstance(X, memoryview) else X
        if not isinstance(self.filtration, (str, filtrations.base.Filtration)):
            return as_they_are(X)
        if self.filtration == "level_set" and hasattr(X, "columns"):  # names before values
            validate_data(self, X, reset=reset, skip_check_array=True)
        refuse_masks(X, "X")
        refuse_dask(X, "X")
        X = without_graph(X)
        if not (isinstance(X, list) or hasattr(X, "__array__") or hasattr(X, "shape")):
            raise TypeError(f"X must be a list or an array of samples, got {type(X).__name__}")
        if self.filtration == "level_set":
            return self._check_functions(X, reset)
        if getattr(X, "ndim", 0) == 2:  # a frame, which would give its columns one by one
            X = as_numbers(X, "X")
        samples = [as_floats(as_numbers(x, f"X[{i}]"))[1] for i, x in enumerate(X)]
        check_some(samples)
        if isinstance(self.filtration, str):
            for i, sample in enumerate(samples):
                if sample.ndim != 2:
                    raise ValueError(
                        f"X[{i}] must be a point cloud of shape (n_points, n_coordinates), got "
                        f"shape {sample.shape}"
                    )
                check_finite(sample, f"X[{i}]")
        return samples

    def _check_functions(self, X, reset):
        """Return functions on grids of one shape as an array, of several shapes as a list."""
        if isinstance(X, list):
            shapes = [np.shape(as_numbers(x, f"X[{i}]")) for i, x in enumerate(X)]
            if len(set(shapes)) > 1:
                return check_ragged(X, shapes)
        if depth(X) <= 2:
            return validate_data(self, X, reset=reset, dtype=[np.float64, np.float32])
        X = check_array(X, allow_nd=True, dtype=[np.float64, np.float32], input_name="X")
        refuse_colours(X.shape[1:], "images in X", "for volumes give filtration=LevelSet(3)")
        check_grid(X.shape[1:], "samples in X")
        return X

    def _hint_of_images(self, samples):
        """Warn of rows that look like flattened images; refuse holes of functions on a line."""
        if samples[0].ndim != 1:
            return
        dims = self._dimensions(samples)
        if dims and min(dims) > 0:
            raise ValueError(
                f"homology_dimensions (dim of a vectorizer) must have 0, got {dims}: rows of X are "
                "functions on a line, which have components and no holes; images are "
                "X.reshape(len(X), height, width)"
            )
        if max(dims) > 0:
            hint_of_images(
                len(samples[0]), "X.reshape(-1, {side}, {side})", "homology_dimensions=0"
            )

    def _compute(self, samples, verbose=0):
        """Return (one Diagram for each sample, dimensions, those that have no homology)."""
        n_values = _count_values(samples)
        if is_for_cluster(self.n_jobs, n_values):
            diagrams = self._find_on_cluster(samples, n_values, verbose)
        else:
            n_jobs = effective_n_jobs(self.n_jobs)
            find = self._find_with_bar if verbose else self._find
            diagrams = find(samples, n_jobs)
        dims = self._dimensions(samples, diagrams)
        return diagrams, dims, self._empty_dimensions(dims, samples)

    def _find_with_bar(self, samples, n_jobs):
        """Return one Diagram for each sample, computed a few at a time."""
        step = max(SAMPLES_PER_THREAD * n_jobs, len(samples) // UPDATES)
        diagrams = []
        with progress_bar(len(samples), True, "sample") as bar:
            for start in range(0, len(samples), step):
                some = samples[start : start + step]
                diagrams += self._find(some, n_jobs, start)
                bar.update(len(some))
        return diagrams

    def _find_on_cluster(self, samples, n_values, verbose):
        """Return one Diagram for each sample, computed as tasks of a Dask cluster."""
        step = max(1, VALUES_PER_TASK * len(samples) // max(n_values, 1))
        starts = range(0, len(samples), step)
        some = (samples[start : start + step] for start in starts)
        tasks = (
            (partial(self._find, part, 1, start), len(part))
            for start, part in zip(starts, some, strict=True)
        )
        with progress_bar(len(samples), verbose, "sample") as bar:
            return [diagram for part in send(tasks, bar) for diagram in part]

    def _find(self, samples, n_jobs, first=0):
        """Return one Diagram for each sample; the first of them is number `first` of X."""
        if isinstance(self.filtration, str) and self.filtration != "level_set":
            return list(self._filtration_of_clouds(n_jobs)(samples))
        if self.filtration != "level_set":
            filtration = self.filtration
        elif not isinstance(samples, list):
            return list(self._level_set(samples.ndim - 1, n_jobs).of_batch(samples))
        else:
            filtration = self._level_set(samples[0].ndim, 1)
        dims = self._dimensions(samples)
        dims = set(dims) - self._empty_dimensions(dims, samples)
        return run(
            [partial(_diagram_of, filtration, x, i, dims) for i, x in enumerate(samples, first)],
            n_jobs,
        )

    def _level_set(self, ndim, n_jobs):
        # A filtration computes at least one dimension, whether or not it was asked for.
        dims = None
        if self.homology_dimensions is not None:
            dims = [dim for dim in self._dimensions() if dim < ndim] or [0]
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


def _count_values(samples):
    """Return how many numbers samples have; objects that are no arrays count as very many."""
    if isinstance(samples, np.ndarray):
        return samples.size
    return sum(
        math.prod(sample.shape)
        if isinstance(sample, np.ndarray) or is_tensor(sample)
        else VALUES_PER_TASK
        for sample in samples
    )


def name_dimensions(dims):
    """Return "dimension 1" or "dimensions 0, 1"."""
    return f"dimension{'s' if len(dims) > 1 else ''} {', '.join(map(str, dims))}"


def _diagram_of(filtration, sample, i, dims):
    """Return the diagram of sample i, or raise naming the sample, or what a callable lacks."""
    try:
        diagram = filtration(sample)
    except ValueError as error:
        raise ValueError(f"X[{i}]: {error}") from error
    if not isinstance(diagram, Diagram):
        raise TypeError(
            f"filtration must return a Diagram for one sample, got {type(diagram).__name__} for "
            f"X[{i}], {describe(sample)}"
        )
    if not dims <= set(diagram.homology_dimensions):
        raise ValueError(
            f"homology_dimensions must be among those that filtration returns, "
            f"{diagram.homology_dimensions} for X[{i}], got {sorted(dims)}"
        )
    return diagram
