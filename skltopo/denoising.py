"""TopoDenoiser: signals, images and volumes with at most a few maxima left."""

from __future__ import annotations

import warnings
from functools import partial
from numbers import Integral, Real
from typing import Literal

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from ._kernels.fits.few_maxima import count_maxima, fit_few_maxima, needed_bytes
from ._kernels.fits.monotone import fall_along, lower_along
from ._kernels.grids.images import COMPLEXES
from ._utils.adam import Adam
from ._utils.checks import check_integer, check_n_jobs, is_like_image
from ._utils.given import is_dask
from ._utils.links import DocumentationLink
from ._utils.memory import check_memory
from ._utils.parallel import effective_n_jobs, run
from ._utils.progress import progress_bar
from ._utils.typing import Array, ArrayLike, DTypeLike, GridComplex, Integers
from .filtrations import LevelSet
from .filtrations.basins import Grid
from .image_base import ImageRowsMixin, as_rows, float_type

__all__ = ["TopoDenoiser"]

# Most rounds of flooding and fitting of "monotone"; it usually stops after two or three.
MAX_ROUNDS = 20
# Pixels of the images in one task. Several tasks for each thread, so that all end at about the same
# time.
CHUNK_PIXELS = 1 << 18
TASKS_PER_THREAD = 4
# Maxima of a line times n_components - 1 up to which the closest signal is computed: time and
# memory grow with this number, here to some minutes and 1 GB.
MAX_STATES = 1 << 27
# Rows that are looked at to tell whether X is one image.
LOOKED_AT = 100


class TopoDenoiser(
    ImageRowsMixin, OneToOneFeatureMixin, TransformerMixin, DocumentationLink, BaseEstimator
):
    r"""Change signals, images or volumes so that at most `n_components` maxima are left.

    A maximum is a component of the superlevel sets: a point of PD_0. The `n_components` most
    persistent ones are kept and all others are removed, so the result :math:`g` of :math:`f` has
    :math:`E(1, 0, n_{components} + 1; PD_0(g)) = 0`.

    Parameters
    ----------
    n_components : int, default=1
        Maxima that may be left (minima, if superlevel is False).
    superlevel : bool, default=True
        Keep maxima: bright is foreground. False: keep minima.
    solver : {"monotone", "cancel", "adam"}, default="monotone"
        "monotone": the least squares fit to the image among all that fall along a forest of paths
        from the maxima that are kept; peaks are lowered and valleys are raised. On lines, the
        closest of all signals with so many maxima (see Notes). "cancel": peaks are lowered to the
        level at which they meet a higher one, and nothing is raised. "adam": gradient descent on
        the energy, as in the paper; maxima that are left then are removed as by "cancel".
    complex : {"freudenthal", "cubical", "cubical_cells"}, default="freudenthal"
        Which pixels are neighbours, as in `LevelSet`.
    image_shape : tuple of two or three int, default=None
        (height, width) or (depth, height, width) of flattened rows; (1, n) says that rows are
        functions on a line. None: a 2-D X has functions on a line as rows, and fit warns where it
        looks like one image, or like flattened ones. One image is given as ``image[np.newaxis]``.
    n_steps : int, default=200
        Steps of "adam" at the most.
    learning_rate : float, default=0.01
        Of "adam", relative to the range of values of an image; at most 1.
    dtype : {None, float32, float64}, default=None
        Of the result. None is that of X if it is float32, else float64.
    n_jobs : int, default=None
        Threads. None is 1 unless in a joblib context, -1 is all cores. Results do not depend on it.
    verbose : int, default=0
        Show a progress bar in `transform` if positive.

    Attributes
    ----------
    image_shape_ : tuple of two or three int
        Shape of an image; (1, length) for functions on a line.
    n_features_in_ : int
        Pixels of an image.
    feature_names_in_ : ndarray of str
        Only if X in fit was a DataFrame.

    See Also
    --------
    skltopo.penalties.Maxima : The same energy as a penalty of linear models.

    Notes
    -----
    An image with at most `n_components` maxima is returned as it is, bit for bit.

    "monotone" floods the image from the maxima that are kept: the highest pixel that touches a
    flooded one is next, and its highest flooded neighbour becomes its parent (a maximum spanning
    forest). The closest function that falls along the forest is an isotonic regression on trees,
    O(n log n) (Pardalos and Xue, 1999). The fit is flooded again, with ties broken by the image,
    as long as it comes closer. The result is a local minimum; on grids of 2 x 3, where all trees
    can be tried, it is the global one for 97 of 100 random images.

    On lines "monotone" is the global minimum: O(n) for one maximum, O(k n log n) for k of them;
    ``_kernels/fits/few_maxima.pyx`` tells how. 100,000 values of noise take 0.01 s for k = 1 and
    0.9 s for k = 20. Where a line has m maxima and (k - 1) m is 2**27 or more, which would take
    minutes, it is fitted like an image. The result then has at most k maxima, the k most persistent
    ones of the input, but it is not the closest of all such signals.

    With ``set_output(transform="pandas")`` images come back flattened, a column for each pixel.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, section 3.2 and figure 3.
    Pardalos, Xue, Algorithms for a class of isotonic regression problems, Algorithmica, 1999.
    Demetriou, Powell, Least squares smoothing of univariate data to achieve piecewise monotonicity,
    IMA Journal of Numerical Analysis, 1991.

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo import TopoDenoiser
    >>> signals = np.array([[0.0, 5.0, 1.0, 2.0, 0.0]])
    >>> TopoDenoiser().fit_transform(signals)
    array([[0. , 5. , 1.5, 1.5, 0. ]])
    >>> TopoDenoiser(solver="cancel").fit_transform(signals)
    array([[0., 5., 1., 1., 0.]])
    >>> TopoDenoiser(n_components=2).fit_transform(signals)
    array([[0., 5., 1., 2., 0.]])
    """

    _parameter_constraints = {
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "superlevel": ["boolean"],
        "solver": [StrOptions({"monotone", "cancel", "adam"})],
        "complex": [StrOptions(set(COMPLEXES))],
        "image_shape": [tuple, list, None],
        "n_steps": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, 1, closed="right")],
        "dtype": "no_validation",
        "n_jobs": [Integral, None],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        n_components: int = 1,
        *,
        superlevel: bool = True,
        solver: Literal["monotone", "cancel", "adam"] = "monotone",
        complex: GridComplex = "freudenthal",
        image_shape: tuple[int, ...] | None = None,
        n_steps: int = 200,
        learning_rate: float = 0.01,
        dtype: DTypeLike | None = None,
        n_jobs: int | None = None,
        verbose: int = 0,
    ) -> None:
        self.n_components = n_components
        self.superlevel = superlevel
        self.solver = solver
        self.complex = complex
        self.image_shape = image_shape
        self.n_steps = n_steps
        self.learning_rate = learning_rate
        self.dtype = dtype
        self.n_jobs = n_jobs
        self.verbose = verbose

    def _prepare(self, rows):
        check_integer("n_components", self.n_components, 1)  # True is an Integral
        check_n_jobs(self.n_jobs)

    def _hint(self, rows):
        """Warn of a 2-D X that looks like one image, too."""
        if not _is_like_one_image(rows):
            super()._hint(rows)
            return
        n, width = rows.shape
        warnings.warn(
            f"X of shape ({n}, {width}) is taken for rows, {n} functions on a line, each denoised "
            f"alone; if X is one image, give X[np.newaxis], of shape (1, {n}, {width}), and if its "
            f"rows are functions, image_shape=(1, {width}), without this warning",
            stacklevel=4,
        )

    def transform(self, X: ArrayLike) -> Array:
        """Return X with at most `n_components` maxima in each image.

        Parameters
        ----------
        X : array-like of shape (n, height, width), (n, depth, height, width) or (n, n_pixels)
            Of the same shape as in fit.

        Returns
        -------
        ndarray of the shape of X, or a frame of shape (n, n_pixels)
            Of `dtype`. A Dask array of it, which is computed when it is asked for, if X is one.

        Raises
        ------
        ValueError
            If X is not finite or has images of another shape than in fit.
        MemoryError
            If the fit of a long line needs more memory than is free.
        """
        check_is_fitted(self)
        if is_dask(X):
            return self._transform_lazily(X, X.shape[1:], float_type(self, X.dtype))
        rows, shape = as_rows(self, X, reset=False)
        out = np.empty_like(rows)
        grid = Grid(self.image_shape_, self.complex)
        n_jobs = effective_n_jobs(self.n_jobs)
        step = max(1, CHUNK_PIXELS // rows.shape[1])
        step = min(step, -(-len(rows) // (TASKS_PER_THREAD * n_jobs)))
        with progress_bar(len(rows), self.verbose, "image") as bar:
            tasks = [
                partial(self._clean_rows, grid, rows[i : i + step], out[i : i + step], bar)
                for i in range(0, len(rows), step)
            ]
            run(tasks, n_jobs)
        return out if shape is None or self._wants_a_frame() else out.reshape(len(out), *shape)

    def label(self, X: ArrayLike, background: float | None = None) -> Integers:
        """Return to which of the maxima that are kept each pixel belongs: a segmentation.

        The image is flooded from these maxima, from above: the highest pixel that touches a flooded
        one is next, and belongs with its highest flooded neighbour.

        Parameters
        ----------
        X : array-like of shape (n, height, width), (n, depth, height, width) or (n, n_pixels)
            Of the same shape as in fit.
        background : float, default=None
            Pixels below it (above it, if superlevel is False) belong to none. None: there are none.

        Returns
        -------
        int64 ndarray of the shape of X
            0 for the most persistent maximum, n_components - 1 for the least; -1 for background.

        Raises
        ------
        ValueError
            If X is not finite or has images of another shape than in fit.

        See Also
        --------
        skltopo.filtrations.LevelSet.label : The same for images of any shape, by length too.

        Examples
        --------
        >>> import numpy as np
        >>> from skltopo import TopoDenoiser
        >>> signals = np.array([[0.0, 3.0, 1.0, 5.0, 4.0, 4.5]])
        >>> denoiser = TopoDenoiser(n_components=2).fit(signals)
        >>> denoiser.label(signals)
        array([[1, 1, 0, 0, 0, 0]])
        >>> denoiser.label(signals, background=2.0)
        array([[-1,  1, -1,  0,  0,  0]])
        """
        check_is_fitted(self)
        rows, shape = as_rows(self, X, reset=False)
        level_sets = LevelSet(
            len(self.image_shape_),
            superlevel=self.superlevel,
            complex=self.complex,
            n_jobs=self.n_jobs,
        )
        labels = level_sets.label(
            rows.reshape(-1, 1, *self.image_shape_),  # the last axis is not one of colours
            n_components=self.n_components,
            background=background,
        )
        return labels.reshape(len(rows), *(rows.shape[1:] if shape is None else shape))

    def _clean_rows(self, grid, rows, out, bar):
        sign = 1.0 if self.superlevel else -1.0
        images = sign * np.ascontiguousarray(rows, dtype=np.float64)
        on_lines = self.solver == "monotone" and grid.is_line
        if self.solver == "adam":
            images = self._descend(grid, images)
        roots = [None] * len(rows) if on_lines else self._kept_maxima(grid, images)
        for i, image in enumerate(images):
            if on_lines:
                cleaned = self._fit_line(grid, image)
            elif roots[i] is None:
                cleaned = image
            elif self.solver == "monotone":
                cleaned = _fit_monotone(grid, image, roots[i])
            else:
                cleaned = _lower(grid, image, roots[i])
            out[i] = sign * cleaned
            bar.update()

    def _level_sets(self, grid):
        return LevelSet(
            len(grid.shape),
            superlevel=True,
            complex=self.complex,
            homology_dimensions=(0,),
            n_jobs=1,
        )

    def _kept_maxima(self, grid, images):
        """Return the pixels of the maxima that are kept, for each image; None for all."""
        k = self.n_components
        return [maxima[:k] if len(maxima) > k else None for maxima in self._maxima(grid, images)]

    def _maxima(self, grid, images):
        """Return the pixels of the maxima of each image, the most persistent first."""
        batch = self._level_sets(grid).of_batch(images.reshape(-1, *grid.shape))
        return [np.concatenate([diagram.essential[0], diagram.pairs[0][:, 0]]) for diagram in batch]

    def _fit_line(self, grid, line):
        """Return the closest signal with at most n_components maxima."""
        k = self.n_components
        n_maxima = count_maxima(line)
        if n_maxima <= k:
            return line
        if (k - 1) * n_maxima >= MAX_STATES:
            return _fit_monotone(grid, line, self._kept_maxima(grid, line)[0])
        check_memory(
            needed_bytes(len(line), n_maxima, k),
            f"the closest signal to {len(line)} values",
            'solver="cancel" takes less',
        )
        fit = np.empty_like(line)
        fit_few_maxima(line, k, fit)
        return fit

    def _descend(self, grid, images):
        """Descend on the total persistence of all maxima but the first n_components, by Adam.

        All images take steps together, each scaled by its range, until they have no such maxima.
        """
        # Halves, because a range of floats may overflow.
        extent = images.max(axis=1) / 2 - images.min(axis=1) / 2
        scale = np.where(extent > 0, extent, 1.0)[:, np.newaxis]
        start = images / 2 / scale
        out = start.copy()
        todo, x, rule = np.arange(len(images)), start, Adam(self.learning_rate)
        for _ in range(self.n_steps):
            gradient, is_done = self._gradient(grid, x)
            out[todo[is_done]] = x[is_done]
            if is_done.any():
                todo, x, gradient = todo[~is_done], x[~is_done], gradient[~is_done]
                rule.keep(~is_done)
            if not len(todo):
                break
            x = x + rule.step(gradient)
        out[todo] = x
        # Pixels that did not move keep their bits.
        return np.where(out == start, images, 2 * (scale * out))

    def _gradient(self, grid, images):
        """Return the gradient of E(1, 0, n_components + 1), and which images have none.

        It is 1 at every birth that counts and -1 at its death.
        """
        points = self._level_sets(grid).of_batch(images.reshape(-1, *grid.shape)).points[0]
        sizes = np.diff(points.splits)
        sample = np.repeat(np.arange(len(images)), sizes)
        rank = np.arange(len(sample)) - np.repeat(points.splits[:-1], sizes)
        counts = rank >= self.n_components - 1
        births, deaths = (points.pairs + sample[:, np.newaxis] * images.shape[1])[counts].T
        gradient = np.bincount(births, minlength=images.size)
        gradient = gradient - np.bincount(deaths, minlength=images.size)
        return gradient.reshape(images.shape).astype(np.float64), sizes < self.n_components


def _is_like_one_image(rows):
    """Tell whether rows have the shape of one image that is square, or whose rows change slowly.

    Rows of independent samples differ from the next by twice their variance in the mean.
    """
    if not is_like_image(*rows.shape):
        return False
    if rows.shape[0] == rows.shape[1]:
        return True
    middle = rows[max(0, len(rows) // 2 - LOOKED_AT // 2) :][:LOOKED_AT]
    with np.errstate(all="ignore"):  # squares may overflow, and are not less than others then
        return bool(np.square(np.diff(middle, axis=0)).mean() < middle.var(axis=0).mean())


def _lower(grid, image, roots):
    """Return the largest function below the image with no other maxima than the roots."""
    order, parent = grid.flood(image, image, roots)
    lowered = np.empty_like(image)
    lowered[order] = lower_along(image[order], parent)
    return lowered


def _fit_monotone(grid, image, roots):
    """Flood and fit in turn, as long as the fit comes closer to the image."""
    exponent = int(np.frexp(np.abs(image).max())[1])
    small = np.ldexp(image, -exponent)  # changes can be squared
    # Sums of 2**31 values must not overflow.
    summed = np.ldexp(image, -33) if exponent > 980 else image
    fit, least = image, None
    for _ in range(MAX_ROUNDS):
        order, parent = grid.flood(fit, image, roots)
        closer = np.empty_like(image)
        closer[order] = fall_along(summed[order], parent)
        if summed is not image:
            closer = np.where(closer == summed, image, np.ldexp(closer, 33))
        change = ((np.ldexp(closer, -exponent) - small) ** 2).sum()
        if least is not None and not change < least * (1 - 1e-6):
            break
        fit, least = closer, change
    return fit
