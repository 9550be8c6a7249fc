"""Diagrams to vectors: scikit-learn transformers on lists of diagrams, or straight from data.

All of them take lists of (n_points, 2) arrays or tensors, lists of `Diagram`, a `DiagramBatch`, or
data that a filtration turns into diagrams; ``to_torch`` gives the same columns as a torch module.
"""

from functools import partial
from numbers import Integral, Real

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from ._vectorizer import DiagramVectorizer, check_range
from ._vectors import (
    betti_curves,
    drop_essential,
    entropies,
    landscapes,
    persistence_images,
    polynomials,
    silhouettes,
    top_lengths,
)

__all__ = [
    "BettiCurve",
    "PersistenceEntropy",
    "PersistenceImage",
    "PersistenceLandscape",
    "Polynomial",
    "Silhouette",
    "TopKLengths",
]

COUNT = Interval(Integral, 1, None, closed="left")
POWER = Interval(Real, 0, None, closed="left")


def _of_finite(function, points, splits):
    """Call function with the finite points alone."""
    return function(*drop_essential(points, splits)[:2])


class PersistenceImage(DiagramVectorizer):
    r"""Gaussians around the points (birth, length), summed on a grid.

    .. math:: I(x, y) = \sum_i \ell_i^w\, g_\sigma(x - b_i)\, g_\sigma(y - \ell_i),
        \quad \ell_i = |d_i - b_i|

    Parameters
    ----------
    filtration : str or callable, default=None
        How data become diagrams, as in `PersistenceDiagrams`. None: X is a list of diagrams, or a
        2-D array with functions on a line as rows.
    resolution : tuple of two int, default=(20, 20)
        Pixels along births and along lengths.
    bandwidth : float, default=None
        Standard deviation of the Gaussians; None for a twentieth of the length range.
    weight_power : float, default=1.0
        w: power of the length that a point weighs. Stable for w >= 1.
    birth_range, length_range : tuple of two float, default=None
        What the image covers; None for the births seen in fit, and 0 to the greatest length.
    pixels : {"areas", "points"}, default="areas"
        "areas": pixels divide the ranges, and a pixel is the integral over it (as in persim).
        "points": values at evenly spaced points with both ends (as in gudhi.representations).
    dim : int, default=None
        Homology dimension, where X has `Diagram` objects or data; None for the only one, or 0.
    n_jobs : int, default=None
        Threads that turn data into diagrams.

    Attributes
    ----------
    birth_range_, length_range_ : tuple of two float
    bandwidth_ : float
    n_features_in_, feature_names_in_
        Only if X in fit was a 2-D array or a DataFrame.

    Notes
    -----
    Columns go along births first: ``X.reshape(-1, n_lengths, n_births)`` are images with lengths
    as rows, for `skltopo.plotting.PersistenceImageDisplay`. Essential classes are left out.

    References
    ----------
    Adams et al., Persistence images: a stable vector representation of persistent homology, 2017.

    Examples
    --------
    >>> from skltopo.vectorize import PersistenceImage
    >>> diagrams = [[[0.0, 1.0], [0.2, 0.5]], [[0.1, 2.0]]]
    >>> image = PersistenceImage(resolution=(4, 3))
    >>> image.fit_transform(diagrams).shape
    (2, 12)
    >>> image.get_feature_names_out()[:2]
    array(['length0_birth0', 'length0_birth1'], dtype=object)
    """

    _parameter_constraints = {
        **DiagramVectorizer._parameter_constraints,
        "resolution": [tuple, list],
        "bandwidth": [Interval(Real, 0, None, closed="neither"), None],
        "weight_power": [POWER],
        "birth_range": [tuple, list, None],
        "length_range": [tuple, list, None],
        "pixels": [StrOptions({"areas", "points"})],
    }

    def __init__(
        self,
        filtration=None,
        *,
        resolution=(20, 20),
        bandwidth=None,
        weight_power=1.0,
        birth_range=None,
        length_range=None,
        pixels="areas",
        dim=None,
        n_jobs=None,
    ):
        self.filtration = filtration
        self.resolution = resolution
        self.bandwidth = bandwidth
        self.weight_power = weight_power
        self.birth_range = birth_range
        self.length_range = length_range
        self.pixels = pixels
        self.dim = dim
        self.n_jobs = n_jobs

    def _fit_points(self, points):
        if len(self.resolution) != 2 or not all(
            isinstance(n, Integral) and n > 0 for n in self.resolution
        ):
            raise ValueError(
                "resolution must be two positive integers (births, lengths), got "
                f"{self.resolution!r}"
            )
        births, lengths = points[:, 0], abs(points[:, 1] - points[:, 0])
        self.birth_range_ = check_range(
            self.birth_range,
            "birth_range",
            births.min(initial=np.inf),
            births.max(initial=-np.inf),
        )
        self.length_range_ = check_range(
            self.length_range, "length_range", 0.0, lengths.max(initial=0.0)
        )
        low, high = self.length_range_
        self.bandwidth_ = (high - low) / 20 if self.bandwidth is None else float(self.bandwidth)

    def _function(self):
        function = partial(
            persistence_images,
            birth_range=self.birth_range_,
            length_range=self.length_range_,
            resolution=tuple(self.resolution),
            bandwidth=self.bandwidth_,
            weight_power=self.weight_power,
            pixels=self.pixels,
        )
        return partial(_of_finite, function)

    def _names(self):
        n_births, n_lengths = self.resolution
        return [f"length{i}_birth{j}" for i in range(n_lengths) for j in range(n_births)]


class _GridTransformer(DiagramVectorizer):
    """A transformer whose columns are values on an evenly spaced grid."""

    _parameter_constraints = {
        **DiagramVectorizer._parameter_constraints,
        "resolution": [COUNT],
        "sample_range": [tuple, list, None],
    }

    def _fit_points(self, points):
        low, high = check_range(
            self.sample_range,
            "sample_range",
            points.min(initial=np.inf),
            points.max(initial=-np.inf),
        )
        self.grid_ = np.linspace(low, high, self.resolution)


class PersistenceLandscape(_GridTransformer):
    r"""The k-th greatest of the triangles over the intervals of a diagram, on a grid.

    .. math:: \lambda_k(t) = \operatorname{kmax}_i \max(0, \min(t - b_i, d_i - t))

    Parameters
    ----------
    filtration : str or callable, default=None
        How data become diagrams, as in `PersistenceImage`.
    n_layers : int, default=5
        Landscapes, from the first.
    resolution : int, default=100
        Points of the grid.
    sample_range : tuple of two float, default=None
        Ends of the grid; None for the least and the greatest coordinate seen in fit.
    dim : int, default=None
    n_jobs : int, default=None
        Both as in `PersistenceImage`.

    Attributes
    ----------
    grid_ : (resolution,) ndarray

    Notes
    -----
    Layers come one after the other. gudhi.representations multiplies with the square root of 2.
    Essential classes are left out.

    References
    ----------
    Bubenik, Statistical topological data analysis using persistence landscapes, 2015.

    Examples
    --------
    >>> from skltopo.vectorize import PersistenceLandscape
    >>> PersistenceLandscape(n_layers=2, resolution=5).fit_transform([[[0, 4], [1, 3]]])
    array([[0., 1., 2., 1., 0., 0., 0., 1., 0., 0.]])
    """

    _parameter_constraints = {**_GridTransformer._parameter_constraints, "n_layers": [COUNT]}

    def __init__(
        self,
        filtration=None,
        *,
        n_layers=5,
        resolution=100,
        sample_range=None,
        dim=None,
        n_jobs=None,
    ):
        self.filtration = filtration
        self.n_layers = n_layers
        self.resolution = resolution
        self.sample_range = sample_range
        self.dim = dim
        self.n_jobs = n_jobs

    def _function(self):
        function = partial(landscapes, grid=self.grid_, n_layers=self.n_layers)
        return partial(_of_finite, function)

    def _names(self):
        return [
            f"layer{k}_t{i}" for k in range(1, self.n_layers + 1) for i in range(len(self.grid_))
        ]


class Silhouette(_GridTransformer):
    r"""The mean of the triangles over the intervals, weighted by their lengths, on a grid.

    .. math:: \phi(t) = \sum_i |d_i - b_i|^w \max(0, \min(t - b_i, d_i - t)) \Big/
        \sum_i |d_i - b_i|^w

    Parameters
    ----------
    filtration : str or callable, default=None
        How data become diagrams, as in `PersistenceImage`.
    weight_power : float, default=1.0
        w. 0 weighs all points the same; large ones let the longest decide.
    resolution : int, default=100
    sample_range : tuple of two float, default=None
        Both as in `PersistenceLandscape`.
    dim : int, default=None
    n_jobs : int, default=None
        Both as in `PersistenceImage`.

    Attributes
    ----------
    grid_ : (resolution,) ndarray

    Notes
    -----
    gudhi.representations multiplies with the square root of 2, and weighs equally by default. A
    diagram without points is 0. Essential classes are left out.

    References
    ----------
    Chazal et al., Stochastic convergence of persistence landscapes and silhouettes, 2014.

    Examples
    --------
    >>> from skltopo.vectorize import Silhouette
    >>> Silhouette(resolution=5).fit_transform([[[0, 4], [1, 3]]]).round(3)
    array([[0.   , 0.667, 1.667, 0.667, 0.   ]])
    """

    _parameter_constraints = {**_GridTransformer._parameter_constraints, "weight_power": [POWER]}

    def __init__(
        self,
        filtration=None,
        *,
        weight_power=1.0,
        resolution=100,
        sample_range=None,
        dim=None,
        n_jobs=None,
    ):
        self.filtration = filtration
        self.weight_power = weight_power
        self.resolution = resolution
        self.sample_range = sample_range
        self.dim = dim
        self.n_jobs = n_jobs

    def _function(self):
        function = partial(silhouettes, grid=self.grid_, weight_power=self.weight_power)
        return partial(_of_finite, function)

    def _names(self):
        return [f"silhouette_t{i}" for i in range(len(self.grid_))]


class BettiCurve(_GridTransformer):
    """How many classes are alive at each value of a grid.

    A class is alive at its birth and no longer at its death.

    Parameters
    ----------
    filtration : str or callable, default=None
        How data become diagrams, as in `PersistenceImage`.
    resolution : int, default=100
    sample_range : tuple of two float, default=None
        Both as in `PersistenceLandscape`.
    dim : int, default=None
    n_jobs : int, default=None
        Both as in `PersistenceImage`.

    Attributes
    ----------
    grid_ : (resolution,) ndarray

    Notes
    -----
    Essential classes are counted from their birth on. A count is constant almost everywhere, so the
    torch module has no gradient.

    Examples
    --------
    >>> from skltopo.vectorize import BettiCurve
    >>> BettiCurve(resolution=5).fit_transform([[[0, 4], [1, 3]]])
    array([[1., 2., 2., 1., 0.]])
    """

    def __init__(
        self, filtration=None, *, resolution=100, sample_range=None, dim=None, n_jobs=None
    ):
        self.filtration = filtration
        self.resolution = resolution
        self.sample_range = sample_range
        self.dim = dim
        self.n_jobs = n_jobs

    def _function(self):
        return partial(betti_curves, grid=self.grid_)

    def _names(self):
        return [f"betti_t{i}" for i in range(len(self.grid_))]


class PersistenceEntropy(DiagramVectorizer):
    r"""Shannon entropy of the lengths, as shares of their sum.

    .. math:: H = -\sum_i p_i \log p_i, \quad p_i = |d_i - b_i| \Big/ \sum_j |d_j - b_j|

    Parameters
    ----------
    filtration : str or callable, default=None
        How data become diagrams, as in `PersistenceImage`.
    normalize : bool, default=False
        Divide by the greatest entropy of as many points, log n: from 0 to 1.
    dim : int, default=None
    n_jobs : int, default=None
        Both as in `PersistenceImage`.

    Notes
    -----
    Diagrams with one point or none have entropy 0. Essential classes are left out.

    References
    ----------
    Atienza, González-Díaz, Soriano-Trigueros, On the stability of persistent entropy, 2020.

    Examples
    --------
    >>> from skltopo.vectorize import PersistenceEntropy
    >>> PersistenceEntropy().fit_transform([[[0, 1], [3, 4]], [[0, 1]]]).round(4)
    array([[0.6931],
           [0.    ]])
    """

    _parameter_constraints = {
        **DiagramVectorizer._parameter_constraints,
        "normalize": ["boolean"],
    }

    def __init__(self, filtration=None, *, normalize=False, dim=None, n_jobs=None):
        self.filtration = filtration
        self.normalize = normalize
        self.dim = dim
        self.n_jobs = n_jobs

    def _function(self):
        return partial(_of_finite, partial(entropies, normalize=self.normalize))

    def _names(self):
        return ["entropy"]


class TopKLengths(DiagramVectorizer):
    """The k greatest lengths of a diagram, greatest first; zeros where there are fewer.

    Parameters
    ----------
    filtration : str or callable, default=None
        How data become diagrams, as in `PersistenceImage`.
    k : int, default=10
    dim : int, default=None
    n_jobs : int, default=None
        Both as in `PersistenceImage`.

    Notes
    -----
    Essential classes are left out, and don't count.

    Examples
    --------
    >>> from skltopo.vectorize import TopKLengths
    >>> TopKLengths(k=3).fit_transform([[[0, 1], [0, 4]], []])
    array([[4., 1., 0.],
           [0., 0., 0.]])
    """

    _parameter_constraints = {**DiagramVectorizer._parameter_constraints, "k": [COUNT]}

    def __init__(self, filtration=None, *, k=10, dim=None, n_jobs=None):
        self.filtration = filtration
        self.k = k
        self.dim = dim
        self.n_jobs = n_jobs

    def _function(self):
        return partial(_of_finite, partial(top_lengths, k=self.k))

    def _names(self):
        return [f"length{i}" for i in range(1, self.k + 1)]


class Polynomial(DiagramVectorizer):
    r"""The paper's energies E(p, q, i0) for p and q from 0 on.

    .. math:: E(p, q, i_0) = \sum_{i \ge i_0} |d_i - b_i|^p \left(\frac{d_i + b_i}{2}\right)^q

    Parameters
    ----------
    filtration : str or callable, default=None
        How data become diagrams, as in `PersistenceImage`.
    max_p, max_q : int, default=4
        Largest powers of length and of middle; at most 16.
    i0 : int, default=1
        Rank of the first point that counts. Essential classes rank first and add nothing.
    dim : int, default=None
    n_jobs : int, default=None
        Both as in `PersistenceImage`.

    See Also
    --------
    skltopo.Energy : One of the columns.
    skltopo.PersistenceFeatures : The same for images and their directions, faster.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, equation 1.

    Examples
    --------
    >>> from skltopo.vectorize import Polynomial
    >>> features = Polynomial(max_p=1, max_q=1).fit([[[0, 4], [1, 3]]])
    >>> features.get_feature_names_out()
    array(['p0_q0', 'p0_q1', 'p1_q0', 'p1_q1'], dtype=object)
    >>> features.transform([[[0, 4], [1, 3]]])
    array([[ 2.,  4.,  6., 12.]])
    """

    _parameter_constraints = {
        **DiagramVectorizer._parameter_constraints,
        "max_p": [Interval(Integral, 0, 16, closed="both")],
        "max_q": [Interval(Integral, 0, 16, closed="both")],
        "i0": [COUNT],
    }

    def __init__(self, filtration=None, *, max_p=4, max_q=4, i0=1, dim=None, n_jobs=None):
        self.filtration = filtration
        self.max_p = max_p
        self.max_q = max_q
        self.i0 = i0
        self.dim = dim
        self.n_jobs = n_jobs

    def _function(self):
        return partial(polynomials, max_p=self.max_p, max_q=self.max_q, i0=self.i0)

    def _names(self):
        return [f"p{p}_q{q}" for p in range(self.max_p + 1) for q in range(self.max_q + 1)]
