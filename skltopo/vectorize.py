"""Diagrams to vectors: scikit-learn transformers on lists of diagrams, or straight from data.

All of them take lists of (n_points, 2) arrays or tensors, what `PersistenceDiagrams` returns, lists
of `Diagram`, a `DiagramBatch`, or data that a filtration turns into diagrams. Columns are float64;
``to_torch`` gives the same ones as a torch module.
"""

from functools import partial
from numbers import Integral, Real

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from ._vectorizer import DiagramVectorizer, check_pair, check_range
from ._vectors import (
    betti_curves,
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


def _is_count(n):
    return isinstance(n, Integral) and not isinstance(n, bool) and n > 0


class PersistenceImage(DiagramVectorizer):
    r"""Gaussians around the points (birth, length), summed on a grid.

    .. math:: I(x, y) = \sum_i \ell_i^w\, g_\sigma(x - b_i)\, g_\sigma(y - \ell_i),
        \quad \ell_i = |d_i - b_i|

    Parameters
    ----------
    filtration : str or callable, default=None
        How data become diagrams, as in `PersistenceDiagrams`. None: X is a list of diagrams, or an
        array with two axes and functions on a line as rows.
    resolution : sequence of two int, default=(20, 20)
        Pixels along births and along lengths.
    bandwidth : float, default=None
        Standard deviation of the Gaussians; None for a twentieth of the length range.
    weight_power : float, default=1.0
        w: power of the length that a point weighs. Stable for w >= 1.
    birth_range, length_range : sequence of two float, default=None
        What the image covers, in the unit of births and deaths; None for the finite births seen in
        fit, and 0 to the greatest finite length.
    pixels : {"areas", "points"}, default="areas"
        "areas": pixels divide the ranges, and a pixel is the integral over it (as in persim).
        "points": values at evenly spaced points with both ends (as in gudhi.representations).
    dim : int, default=None
        Homology dimension, where X has `Diagram` objects, the lists of `PersistenceDiagrams` with
        several dimensions, or data; in plain lists of arrays the position. None for the only one,
        or 0 of data.
    n_jobs : int, default=None
        Threads that turn data into diagrams. None is 1 unless in a joblib context, -1 is all cores.

    Attributes
    ----------
    birth_range_, length_range_ : tuple of two float
        What the image covers.
    bandwidth_ : float
        Standard deviation of the Gaussians.
    n_features_in_ : int
        Columns of X. Only if X in fit was rows of numbers.
    feature_names_in_ : ndarray of str
        Only if X in fit was a DataFrame.

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
        "resolution": ["array-like"],
        "bandwidth": [Interval(Real, 0, None, closed="neither"), None],
        "weight_power": [POWER],
        "birth_range": ["array-like", None],
        "length_range": ["array-like", None],
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
        check_pair(
            self.resolution, "resolution", _is_count, "two positive integers (births, lengths)"
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

    def _rows(self):
        return partial(
            persistence_images,
            birth_range=self.birth_range_,
            length_range=self.length_range_,
            resolution=tuple(self.resolution),
            bandwidth=self.bandwidth_,
            weight_power=self.weight_power,
            pixels=self.pixels,
        )

    def _names(self):
        n_births, n_lengths = self.resolution
        return [f"length{i}_birth{j}" for i in range(n_lengths) for j in range(n_births)]


class _GridTransformer(DiagramVectorizer):
    """A transformer whose columns are values on an evenly spaced grid.

    A subclass has ``_prefix``, with which the names of its columns begin.
    """

    _parameter_constraints = {
        **DiagramVectorizer._parameter_constraints,
        "resolution": [COUNT],
        "sample_range": ["array-like", None],
    }

    def __init__(
        self, filtration=None, *, resolution=100, sample_range=None, dim=None, n_jobs=None
    ):
        self.filtration = filtration
        self.resolution = resolution
        self.sample_range = sample_range
        self.dim = dim
        self.n_jobs = n_jobs

    def _fit_points(self, points):
        low, high = check_range(
            self.sample_range,
            "sample_range",
            points.min(initial=np.inf),
            points.max(initial=-np.inf),
        )
        self.grid_ = np.linspace(low, high, self.resolution)

    def _names(self):
        return [f"{self._prefix}_t{i}" for i in range(len(self.grid_))]


class PersistenceLandscape(_GridTransformer):
    r"""The k-th greatest of the triangles over the intervals of a diagram, on a grid.

    .. math:: \lambda_k(t) = \operatorname{kmax}_i \max(0, \min(t - b_i, d_i - t))

    Parameters
    ----------
    filtration : str or callable, default=None
        How data become diagrams, as in `PersistenceDiagrams`. None: X is a list of diagrams, or an
        array with two axes and functions on a line as rows.
    n_layers : int, default=5
        Landscapes, from the first.
    resolution : int, default=100
        Number of points of the grid.
    sample_range : sequence of two float, default=None
        Ends of the grid, which belong to it, in the unit of births and deaths; None for the least
        and the greatest finite coordinate seen in fit.
    dim : int, default=None
        Homology dimension, where X has `Diagram` objects, the lists of `PersistenceDiagrams` with
        several dimensions, or data; in plain lists of arrays the position. None for the only one,
        or 0 of data.
    n_jobs : int, default=None
        Threads that turn data into diagrams. None is 1 unless in a joblib context, -1 is all cores.

    Attributes
    ----------
    grid_ : (resolution,) float64 ndarray
        Where the columns are values, evenly spaced, in the unit of births and deaths.

    Notes
    -----
    Layers come one after the other. Essential classes are left out.

    gudhi.representations differs on purpose: it multiplies with the square root of 2, and its
    learnt grid leaves out both ends unless ``keep_endpoints=True``. Here ends belong to the grid,
    so that ``grid_`` is the same for a range that is learnt and one that is given. persim's
    PersLandscapeExact is the same function where no two coordinates are equal.

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
        super().__init__(
            filtration, resolution=resolution, sample_range=sample_range, dim=dim, n_jobs=n_jobs
        )
        self.n_layers = n_layers

    def _rows(self):
        return partial(landscapes, grid=self.grid_, n_layers=self.n_layers)

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
        How data become diagrams, as in `PersistenceDiagrams`. None: X is a list of diagrams, or an
        array with two axes and functions on a line as rows.
    weight_power : float, default=1.0
        w. 0 weighs all points the same; large ones let the longest decide.
    resolution : int, default=100
        Number of points of the grid.
    sample_range : sequence of two float, default=None
        Ends of the grid, which belong to it, in the unit of births and deaths; None for the least
        and the greatest finite coordinate seen in fit.
    dim : int, default=None
        Homology dimension, where X has `Diagram` objects, the lists of `PersistenceDiagrams` with
        several dimensions, or data; in plain lists of arrays the position. None for the only one,
        or 0 of data.
    n_jobs : int, default=None
        Threads that turn data into diagrams. None is 1 unless in a joblib context, -1 is all cores.

    Attributes
    ----------
    grid_ : (resolution,) float64 ndarray
        Where the columns are values, evenly spaced, in the unit of births and deaths.

    Notes
    -----
    A diagram without points is 0. Essential classes are left out.

    gudhi.representations differs on purpose: it multiplies with the square root of 2, weighs
    equally by default, and its learnt grid leaves out both ends (see `PersistenceLandscape`).

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
    _prefix = "silhouette"

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
        super().__init__(
            filtration, resolution=resolution, sample_range=sample_range, dim=dim, n_jobs=n_jobs
        )
        self.weight_power = weight_power

    def _rows(self):
        return partial(silhouettes, grid=self.grid_, weight_power=self.weight_power)


class BettiCurve(_GridTransformer):
    """How many classes are alive at each value of a grid.

    A class is alive at its birth and no longer at its death.

    Parameters
    ----------
    filtration : str or callable, default=None
        How data become diagrams, as in `PersistenceDiagrams`. None: X is a list of diagrams, or an
        array with two axes and functions on a line as rows.
    resolution : int, default=100
        Number of points of the grid.
    sample_range : sequence of two float, default=None
        Ends of the grid, which belong to it, in the unit of births and deaths; None for the least
        and the greatest finite coordinate seen in fit.
    dim : int, default=None
        Homology dimension, where X has `Diagram` objects, the lists of `PersistenceDiagrams` with
        several dimensions, or data; in plain lists of arrays the position. None for the only one,
        or 0 of data.
    n_jobs : int, default=None
        Threads that turn data into diagrams. None is 1 unless in a joblib context, -1 is all cores.

    Attributes
    ----------
    grid_ : (resolution,) float64 ndarray
        Where the columns are values, evenly spaced, in the unit of births and deaths.

    Notes
    -----
    Essential classes are counted from their birth on. A count is constant almost everywhere, so the
    gradient of the torch module is zero.

    gudhi.representations differs on purpose: its learnt grid leaves out both ends (see
    `PersistenceLandscape`).

    References
    ----------
    Umeda, Time series classification via topological data analysis, 2017.

    Examples
    --------
    >>> from skltopo.vectorize import BettiCurve
    >>> BettiCurve(resolution=5).fit_transform([[[0, 4], [1, 3]]])
    array([[1., 2., 2., 1., 0.]])
    """

    _prefix = "betti"
    _takes_essential = True

    def _rows(self):
        return partial(betti_curves, grid=self.grid_)


class PersistenceEntropy(DiagramVectorizer):
    r"""Shannon entropy of the lengths, as shares of their sum.

    .. math:: H = -\sum_i p_i \log p_i, \quad p_i = |d_i - b_i| \Big/ \sum_j |d_j - b_j|

    Parameters
    ----------
    filtration : str or callable, default=None
        How data become diagrams, as in `PersistenceDiagrams`. None: X is a list of diagrams, or an
        array with two axes and functions on a line as rows.
    normalize : bool, default=False
        Divide by the greatest entropy of as many points, log n: from 0 to 1.
    dim : int, default=None
        Homology dimension, where X has `Diagram` objects, the lists of `PersistenceDiagrams` with
        several dimensions, or data; in plain lists of arrays the position. None for the only one,
        or 0 of data.
    n_jobs : int, default=None
        Threads that turn data into diagrams. None is 1 unless in a joblib context, -1 is all cores.

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

    def _rows(self):
        return partial(entropies, normalize=self.normalize)

    def _names(self):
        return ["entropy"]


class TopKLengths(DiagramVectorizer):
    """The k greatest lengths of a diagram, greatest first; zeros where there are fewer.

    Parameters
    ----------
    filtration : str or callable, default=None
        How data become diagrams, as in `PersistenceDiagrams`. None: X is a list of diagrams, or an
        array with two axes and functions on a line as rows.
    k : int, default=10
        Number of columns.
    dim : int, default=None
        Homology dimension, where X has `Diagram` objects, the lists of `PersistenceDiagrams` with
        several dimensions, or data; in plain lists of arrays the position. None for the only one,
        or 0 of data.
    n_jobs : int, default=None
        Threads that turn data into diagrams. None is 1 unless in a joblib context, -1 is all cores.

    Notes
    -----
    Essential classes are left out, and don't count.

    References
    ----------
    Bendich, Marron, Miller, Pieloch, Skwerer, Persistent homology analysis of brain artery trees,
    2016: the longest lengths as features.

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

    def _rows(self):
        return partial(top_lengths, k=self.k)

    def _names(self):
        return [f"length{i}" for i in range(1, self.k + 1)]


class Polynomial(DiagramVectorizer):
    r"""The paper's energies E(p, q, i0) for p and q from 0 on.

    .. math:: E(p, q, i_0) = \sum_{i \ge i_0} |d_i - b_i|^p \left(\frac{d_i + b_i}{2}\right)^q

    Parameters
    ----------
    filtration : str or callable, default=None
        How data become diagrams, as in `PersistenceDiagrams`. None: X is a list of diagrams, or an
        array with two axes and functions on a line as rows.
    max_p, max_q : int, default=4
        Largest powers of length and of middle; at most 16.
    i0 : int, default=1
        Rank of the first point that counts. Essential classes rank first and add nothing.
    dim : int, default=None
        Homology dimension, where X has `Diagram` objects, the lists of `PersistenceDiagrams` with
        several dimensions, or data; in plain lists of arrays the position. None for the only one,
        or 0 of data.
    n_jobs : int, default=None
        Threads that turn data into diagrams. None is 1 unless in a joblib context, -1 is all cores.

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
    _takes_essential = True

    def __init__(self, filtration=None, *, max_p=4, max_q=4, i0=1, dim=None, n_jobs=None):
        self.filtration = filtration
        self.max_p = max_p
        self.max_q = max_q
        self.i0 = i0
        self.dim = dim
        self.n_jobs = n_jobs

    def _rows(self):
        return partial(polynomials, max_p=self.max_p, max_q=self.max_q, i0=self.i0)

    def _names(self):
        return [f"p{p}_q{q}" for p in range(self.max_p + 1) for q in range(self.max_q + 1)]
