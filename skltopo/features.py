"""PersistenceFeatures: a scikit-learn transformer of images and volumes to topological features."""

from __future__ import annotations

import math
from functools import partial
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from ._kernels.grids.features import image_energies
from ._kernels.grids.images import COMPLEXES
from ._utils.checks import check_dimensions, check_number, check_powers
from ._utils.cluster import is_for_cluster, send
from ._utils.given import is_dask
from ._utils.lazy import ends_of
from ._utils.links import DocumentationLink
from ._utils.memory import check_memory
from ._utils.parallel import effective_n_jobs, run
from ._utils.progress import counted, progress_bar
from ._utils.typing import Array, ArrayLike, Dimensions, DTypeLike, GridComplex, Names, Self
from .energies import polynomial_energies
from .filtrations import LevelSet
from .fit_context import fit_context
from .image_base import ImageRowsMixin, as_rows, float_type

if TYPE_CHECKING:
    from .nn import LevelSetEnergies

__all__ = ["PersistenceFeatures"]

# Images in one kernel call, which is one step of the progress bar.
CHUNK_IMAGES = 64
# The default of min_length, in ranges of the images in fit. docs/noise.md has what it is worth.
AUTO_LENGTH = 0.04
# Memory that a function on the image takes, for each pixel.
BYTES_PER_WEIGHT = 16
# Voxels of all functions of the volumes in one kernel call.
CHUNK_VOXELS = 1 << 20


def sphere_directions(n_directions):
    """Return points that cover the sphere evenly: a Fibonacci lattice.

    Parameters
    ----------
    n_directions : int

    Returns
    -------
    (n_directions, 3) float64 ndarray
        (z, r cos(phi), r sin(phi)) for z = 1 - (2 i + 1) / n from pole to pole, r^2 = 1 - z^2, and
        phi = i times the golden angle pi (3 - sqrt(5)); rounded to 15 decimals.
    """
    i = np.arange(n_directions)
    z = 1 - (2 * i + 1) / n_directions
    r = np.sqrt(1 - z**2)
    phi = i * np.pi * (3 - np.sqrt(5))
    return np.round(np.column_stack([z, r * np.cos(phi), r * np.sin(phi)]), 15)


def directional_weights(image_shape, n_directions):
    """Return g_theta for all directions theta: heights along theta, scaled to [0, 1] on the image.

    Parameters
    ----------
    image_shape : (height, width) or (depth, height, width)
    n_directions : int

    Returns
    -------
    weights : (n_directions, *image_shape) float64 ndarray
        As `weights_along` returns them.
    directions : (n_directions, 2) or (n_directions, 3) float64 ndarray
        (cos(angle), sin(angle)) for the angles 0, 2 pi / n, ..., or `sphere_directions`.
    """
    if len(image_shape) == 3:
        directions = sphere_directions(n_directions)
    else:
        angle = 2 * np.pi * np.arange(n_directions) / n_directions
        directions = np.round(np.column_stack([np.cos(angle), np.sin(angle)]), 15)
    return weights_along(directions, image_shape), directions


def weights_along(directions, image_shape):
    """Return g_theta for some directions theta.

    Parameters
    ----------
    directions : (n_directions, 2) or (n_directions, 3) ndarray
    image_shape : (height, width) or (depth, height, width)

    Returns
    -------
    (n_directions, *image_shape) float64 ndarray
        g_theta(x) = <theta, x>, shifted, scaled, and rounded to 12 decimals so that pixels at the
        same height of a direction are exactly tied. 1 everywhere for a direction along which the
        image is one pixel wide.
    """
    axes = np.indices(image_shape)
    weights = np.ones((len(directions), *image_shape))
    for weight, direction in zip(weights, directions, strict=True):
        height = sum(along * axis for along, axis in zip(direction, axes, strict=True))
        extent = height.max() - height.min()
        if extent > 0:
            weight[:] = np.round((height - height.min()) / extent, 12)
    return weights


class PersistenceFeatures(ImageRowsMixin, TransformerMixin, DocumentationLink, BaseEstimator):
    r"""Turn images, volumes or functions on a line into energies of their persistence diagrams.

    Every image :math:`I` is multiplied with functions :math:`g_\theta` that rise across it in
    ``n_directions`` directions,

    .. math:: f_\theta(row, col) = I(row, col)\, g_\theta(row, col), \quad
        g_\theta \propto \cos\theta \cdot row + \sin\theta \cdot col + const \in [0, 1]

    and every level set diagram of every :math:`f_\theta` becomes the numbers :math:`E(p, q, i_0)`
    of `Energy` for p from ``min_p`` and q from 0 on: 8 directions x 2 dimensions x 25 = 400
    columns, as in the paper. Volumes have directions on the sphere. A line has two directions and
    no holes: 2 x 25 = 50 columns.

    Points that are shorter than ``min_length`` are left out. Noise makes many of them, and they
    would decide what the columns of p = 0 are, which count points (see Notes).

    Parameters
    ----------
    filtration : {"directional", "superlevel", "sublevel"}, default="directional"
        "directional": the functions above. The other two: the one function I, swept from high to
        low or from low to high values, whatever ``superlevel`` says.
    n_directions : int, default=8
        Angles 0, 2 pi / n, ... of "directional"; directions are (row, column). In volumes a
        Fibonacci lattice on the sphere; directions are (slab, row, column). On a line at most two
        count: along it, and against it.
    homology_dimensions : int or tuple of int, default=None
        0: components, 1: holes (loops in a volume), 2: voids of a volume. None: (0, 1), and on a
        line, which has no holes, 0.
    max_p, max_q : int, default=4
        Largest powers of length and of middle; at most 16.
    min_p : int, default=0
        Smallest power of length. 0: the columns that count points are there, as in the paper.
    min_length : "auto" or float, default="auto"
        Least length |d - b| of the points that count, in the units of the values. "auto": 0.04 of
        the range of the values of all images in fit. 0: all points count, as in the paper.
    i0 : int, default=1
        Rank of the first point that counts, essential classes first. 1 is the paper's text; its
        appendix writes 0, which here is 1 too: counted from 0, all points.
    superlevel : bool, default=True
        Sweep "directional" functions from high to low values (bright is foreground): the paper's
        superlevel filtration. False: from low to high.
    image_shape : tuple of two or three int, default=None
        (height, width) or (depth, height, width) of flattened rows; (1, n) says that rows are
        functions on a line. None: a 2-D X has functions on a line as rows, and fit warns where
        they look like flattened images: where the number of columns is a square.
    essential : {"clip", "drop"}, default="clip"
        What the essential component adds to PD_0, which the paper does not say (its code drops it).
        "clip": it ends at the last value of the filtration, so its length is the range of the
        function, and it is left out where that is below ``min_length``. "drop": nothing.
    complex : {"freudenthal", "cubical", "cubical_cells"}, default="freudenthal"
        How pixels are joined, as in `LevelSet`. The paper's is "freudenthal".
    dtype : {None, float32, float64}, default=None
        Of the computation and of the columns. None is that of X if it is float32, else float64:
        float32 takes half the memory of images of integers.
    n_jobs : int, default=None
        Threads. None is 1 unless in a joblib context, -1 is all cores. Results do not depend on it.
        In ``joblib.parallel_config("dask")`` any value but 1 is the cluster, unless the images are
        few.
    verbose : int, default=0
        Show a progress bar in `transform` if positive.

    Attributes
    ----------
    image_shape_ : tuple of two or three int
        (height, width) or (depth, height, width); height is 1 for functions on a line.
    min_length_ : float
        Length from which on points count.
    directions_ : (n_directions, 2) or (n_directions, 3) ndarray
        Direction of each function; only for "directional".
    weights_ : (n_functions, *image_shape_) float64 ndarray
        What an image is multiplied with: g_theta for "directional", else one function that is 1.
    n_features_in_ : int
        Pixels of an image.
    feature_names_in_ : ndarray of str
        Only if X in fit was a DataFrame.

    See Also
    --------
    skltopo.Energy : One of the columns, for any diagram.
    skltopo.nn.LevelSetEnergies : The same features inside a network.

    Notes
    -----
    Columns are named ``dir3_H1_p2_q0``: direction 3, PD_1, p = 2, q = 0. Powers p = 0 count points.
    Columns differ by orders of magnitude: put a scaler after this step.

    With ``min_length=0``, the paper's columns, points next to the diagonal count as much as all
    others where p = 0. Noise in the images makes hundreds of them: a classifier that was trained on
    clean images then fails. So does rounding: in float32, products I * g may be equal that differ
    in float64. Choose ``min_length`` above the lengths that noise makes, several of its standard
    deviations, or let a search choose it.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, sections 3.3 and 6.5.1;
    equation 2 for E.

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo import PersistenceFeatures
    >>> images = np.random.default_rng(0).random((10, 28, 28))
    >>> features = PersistenceFeatures()
    >>> features.fit_transform(images).shape
    (10, 400)
    >>> features.get_feature_names_out()[:2]
    array(['dir0_H0_p0_q0', 'dir0_H0_p0_q1'], dtype=object)
    >>> round(features.min_length_, 2)
    0.04
    >>> PersistenceFeatures(image_shape=(28, 28)).fit_transform(images.reshape(10, -1)).shape
    (10, 400)
    >>> volumes = np.random.default_rng(0).random((4, 8, 8, 8))
    >>> features = PersistenceFeatures(homology_dimensions=(0, 1, 2), n_directions=20)
    >>> features.fit_transform(volumes).shape
    (4, 1500)
    """

    _parameter_constraints = {
        "filtration": [StrOptions({"directional", "superlevel", "sublevel"})],
        "n_directions": [Interval(Integral, 1, None, closed="left")],
        "homology_dimensions": [Integral, tuple, list, None],
        "max_p": [Interval(Integral, 0, 16, closed="both")],
        "max_q": [Interval(Integral, 0, 16, closed="both")],
        "min_p": [Interval(Integral, 0, 16, closed="both")],
        "min_length": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
        "i0": [Interval(Integral, 1, None, closed="left")],
        "superlevel": ["boolean"],
        "image_shape": [tuple, list, None],
        "essential": [StrOptions({"clip", "drop"})],
        "complex": [StrOptions(set(COMPLEXES))],
        "dtype": "no_validation",
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        filtration: Literal["directional", "superlevel", "sublevel"] = "directional",
        *,
        n_directions: int = 8,
        homology_dimensions: Dimensions = None,
        max_p: int = 4,
        max_q: int = 4,
        min_p: int = 0,
        min_length: float | Literal["auto"] = "auto",
        i0: int = 1,
        superlevel: bool = True,
        image_shape: tuple[int, ...] | None = None,
        essential: Literal["drop", "clip"] = "clip",
        complex: GridComplex = "freudenthal",
        dtype: DTypeLike | None = None,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.filtration = filtration
        self.n_directions = n_directions
        self.homology_dimensions = homology_dimensions
        self.max_p = max_p
        self.max_q = max_q
        self.min_p = min_p
        self.min_length = min_length
        self.i0 = i0
        self.superlevel = superlevel
        self.image_shape = image_shape
        self.essential = essential
        self.complex = complex
        self.dtype = dtype
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _prepare(self, rows):
        """Choose the functions that an image is multiplied with and min_length; count columns."""
        self.__dict__.pop("_ends", None)
        self._dims = self._resolved_dimensions()
        check_powers(self.min_p, self.max_p, self.max_q)
        self.min_length_ = self._resolved_min_length(rows)
        if self.filtration == "directional":
            self.weights_, self.directions_ = self._directional_weights()
        else:
            self.weights_ = np.ones((1, *self.image_shape_))
        self._n_features_out = self._count_columns()

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn from more images: ``min_length="auto"`` is a part of the range of all seen so far.

        Parameters
        ----------
        X : array-like as in fit
            Of the same shape as before. The first call is fit; nothing else is learnt later.
        y : None
            Ignored.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If X is not finite, or has images of another shape than before.
        """
        if not hasattr(self, "min_length_"):
            return self.fit(X)
        if is_dask(X):
            X = ends_of(X, self._learns_range())
        rows, _ = as_rows(self, X, reset=False)
        self.min_length_ = self._resolved_min_length(rows)
        return self

    def _learns_range(self):
        return self.min_length == "auto"

    def _resolved_dimensions(self):
        """Return homology_dimensions, those of None chosen, as a tuple."""
        if _is_line(self.image_shape_):
            known = range(1)
            wanted = "0 for functions on a line, which have no holes (flattened images need"
            wanted += " image_shape)"
        else:
            known = range(len(self.image_shape_))
            wanted = f"among {list(known)}, each at most once and at least one"
        given = self.homology_dimensions
        given = (0, 1)[: len(known)] if given is None else given
        return check_dimensions(given, known, wanted=wanted)

    def _resolved_min_length(self, rows):
        """Return min_length as a float: a part of the range of rows for "auto"."""
        if self.min_length != "auto":
            return check_number("min_length", self.min_length, 0)
        self._ends = _widest(getattr(self, "_ends", None), rows)
        # Halves, because a range of floats may overflow.
        return 2 * AUTO_LENGTH * (self._ends[1] / 2 - self._ends[0] / 2)

    def _directional_weights(self):
        shape = self.image_shape_
        n_directions = min(self.n_directions, 2) if _is_line(shape) else self.n_directions
        n_pixels = math.prod(shape)
        check_memory(
            BYTES_PER_WEIGHT * int(n_directions) * n_pixels,
            f"functions of n_directions={n_directions} directions on {n_pixels} pixels",
        )
        if not _is_line(shape):
            return directional_weights(shape, n_directions)
        along = np.eye(len(shape))[len(shape) - 1 - int(np.argmax(shape[::-1]))]
        directions = np.stack([along, 0 - along])[:n_directions]
        return weights_along(directions, shape), directions

    def _count_columns(self):
        n_powers = (int(self.max_p) - int(self.min_p) + 1) * (int(self.max_q) + 1)
        return len(self.weights_) * len(self._dims) * n_powers

    def transform(self, X: ArrayLike) -> Array:
        """Compute the features of images.

        Parameters
        ----------
        X : array-like of shape (n, height, width), (n, depth, height, width) or (n, n_pixels)
            Of the same shape as in fit.

        Returns
        -------
        (n, n_features) ndarray
            Of `dtype`. A Dask array of it, which is computed when it is asked for, if X is one.

        Raises
        ------
        ValueError
            If X is not finite or has images of another shape than in fit, or if a parameter was
            changed since, on which the number of columns depends.
        """
        check_is_fitted(self)
        if self._count_columns() != self._n_features_out:
            raise ValueError(
                "min_p, max_p and max_q must be those of fit, which gave "
                f"{self._n_features_out} columns, got {self.min_p}, {self.max_p} and "
                f"{self.max_q}; call fit again"
            )
        if is_dask(X):
            return self._transform_lazily(X, (self._n_features_out,), float_type(self, X.dtype))
        rows, _ = as_rows(self, X, reset=False)
        images = np.ascontiguousarray(rows).reshape(-1, *self.image_shape_)
        check_memory(
            8 * len(images) * self._n_features_out,
            f"{self._n_features_out} features of {len(images)} images",
        )
        out = np.zeros((len(images), self._n_features_out))
        step = CHUNK_IMAGES
        if len(self.image_shape_) == 3:
            step = min(step, max(1, CHUNK_VOXELS // self.weights_.size))
        starts = range(0, len(images), step)
        chunks = [(images[start:][:step], out[start:][:step]) for start in starts]
        with progress_bar(len(images), self.verbose, "image") as bar:
            if is_for_cluster(self.n_jobs, images.size * len(self.weights_)):
                tasks = [(partial(self._energies_of, some), len(some)) for some, _ in chunks]
                for (_, rows), found in zip(chunks, send(tasks, bar), strict=True):
                    rows[:] = found
            else:
                weights = self.weights_.astype(images.dtype)
                tasks = [
                    partial(
                        counted, partial(self._write_energies, some, weights, rows), bar, len(some)
                    )
                    for some, rows in chunks
                ]
                run(tasks, effective_n_jobs(self.n_jobs))
        with np.errstate(over="ignore"):
            out = out.astype(images.dtype, copy=False)
        if not np.isfinite(out).all():
            raise ValueError(
                f"powers of values in X overflow {out.dtype}, got values up to "
                f"{abs(images).max():g}; scale X, or lower max_p and max_q"
            )
        return out

    def _energies_of(self, images):
        """Return the float64 features of a few images."""
        out = np.zeros((len(images), self._n_features_out))
        self._write_energies(images, self.weights_.astype(images.dtype), out)
        return out

    def _write_energies(self, images, weights, out):
        """Write the features of a few images to out."""
        if len(self.image_shape_) == 3:
            out[:] = self._volume_energies(images, weights)
        else:
            image_energies(
                images,
                weights,
                plain=self.filtration != "directional",
                homology_dimensions=self._dims,
                superlevel=self._sweeps_down(),
                complex=self.complex,
                min_p=self.min_p,
                max_p=self.max_p,
                max_q=self.max_q,
                i0=self.i0,
                min_length=self.min_length_,
                clip=self.essential == "clip",
                out=out,
            )

    def _volume_energies(self, volumes, weights):
        functions = (volumes[:, np.newaxis] * weights).reshape(-1, *self.image_shape_)
        level_sets = LevelSet(
            ndim=3,
            superlevel=self._sweeps_down(),
            complex=self.complex,
            homology_dimensions=self._dims,
            n_jobs=1,
        )
        batch = level_sets(functions)
        energies = [
            polynomial_energies(
                batch,
                dim,
                self.max_p,
                self.max_q,
                self.i0,
                self.essential,
                min_p=self.min_p,
                min_length=self.min_length_,
            )
            for dim in self._dims
        ]
        return np.stack(energies, axis=1).reshape(len(volumes), -1)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> Names:
        """Return the names of the columns, such as ``dir3_H1_p2_q0``.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Checked against the names seen in fit, otherwise unused.

        Returns
        -------
        (n_features,) ndarray of str objects
        """
        check_is_fitted(self)
        if input_features is not None:
            _check_feature_names_in(self, input_features)
        return np.array(
            [
                f"{weight}_H{dim}_p{p}_q{q}"
                for weight in self._weight_names()
                for dim in self._dims
                for p in range(self.min_p, self.max_p + 1)
                for q in range(self.max_q + 1)
            ],
            dtype=object,
        )

    def to_torch(self) -> LevelSetEnergies:
        """Return a `torch.nn.Module` that computes the same columns, differentiably.

        Returns
        -------
        skltopo.nn.LevelSetEnergies
            Takes (n, *image_shape_) or (n, n_pixels) tensors.
        """
        check_is_fitted(self)
        from .nn import LevelSetEnergies

        return LevelSetEnergies(
            self.weights_,
            homology_dimensions=self._dims,
            superlevel=self._sweeps_down(),
            complex=self.complex,
            max_p=self.max_p,
            max_q=self.max_q,
            i0=self.i0,
            essential=self.essential,
            min_p=self.min_p,
            min_length=self.min_length_,
            n_jobs=self.n_jobs,
        )

    def _sweeps_down(self):
        if self.filtration == "directional":
            return bool(self.superlevel)
        return self.filtration == "superlevel"

    def _weight_names(self):
        if self.filtration == "directional":
            return [f"dir{i}" for i in range(len(self.weights_))]
        return [self.filtration]


def _widest(ends, rows):
    """Return the least and the greatest value of rows, and of what was seen before."""
    low, high = float(rows.min()), float(rows.max())
    return (low, high) if ends is None else (min(low, ends[0]), max(high, ends[1]))


def _is_line(shape):
    """Tell whether at most one axis is longer than a pixel."""
    return sum(n > 1 for n in shape) <= 1
