"""Numbers of a diagram: entropy, greatest lengths, and energies."""

from __future__ import annotations

from functools import partial
from numbers import Integral
from typing import Literal

from sklearn.utils._param_validation import Interval

from ..persistence_diagrams import GivenFiltration
from ..summaries import entropies, polynomials, top_lengths
from .base import COUNT, DiagramVectorizer

__all__ = ["PersistenceEntropy", "Polynomial", "TopKLengths"]


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
    dim : int or tuple of int, default=None
        Homology dimensions, where X has `Diagram` objects, the lists of `PersistenceDiagrams` with
        several dimensions, or data; in plain lists of arrays the positions. None for all that there
        are. Columns of several stand side by side, and their names begin with "H0_", "H1_".
    essential : {"drop", "clip"}, default="drop"
        "drop" leaves out essential classes, whose death is infinite, and warns where no diagram has
        other points. "clip" ends them at the last filtration value, which arrays do not tell.
    min_length : float, default=0.0
        Points with a shorter |death - birth| are left out.
    n_jobs : int, default=None
        Threads that turn data into diagrams. None is 1 unless in a joblib context, -1 is all cores.

    Attributes
    ----------
    n_features_in_ : int
        Columns of X. Only if X in fit was rows of numbers.
    feature_names_in_ : ndarray of str
        Only if X in fit was a DataFrame.

    Notes
    -----
    Diagrams with one point or none have entropy 0.

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

    def __init__(
        self,
        filtration: GivenFiltration | None = None,
        *,
        normalize: bool = False,
        dim: int | tuple[int, ...] | None = None,
        essential: Literal["drop", "clip"] = "drop",
        min_length: float = 0.0,
        n_jobs: int | None = None,
    ) -> None:
        self.filtration = filtration
        self.normalize = normalize
        self.dim = dim
        self.essential = essential
        self.min_length = min_length
        self.n_jobs = n_jobs

    def _rows(self):
        return partial(entropies, normalize=self.normalize)

    def _names_of_one(self):
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
    dim : int or tuple of int, default=None
        Homology dimensions, where X has `Diagram` objects, the lists of `PersistenceDiagrams` with
        several dimensions, or data; in plain lists of arrays the positions. None for all that there
        are. Columns of several stand side by side, and their names begin with "H0_", "H1_".
    essential : {"drop", "clip"}, default="drop"
        "drop" leaves out essential classes, whose death is infinite, and warns where no diagram has
        other points. "clip" ends them at the last filtration value, which arrays do not tell.
    min_length : float, default=0.0
        Points with a shorter |death - birth| are left out.
    n_jobs : int, default=None
        Threads that turn data into diagrams. None is 1 unless in a joblib context, -1 is all cores.

    Attributes
    ----------
    n_features_in_ : int
        Columns of X. Only if X in fit was rows of numbers.
    feature_names_in_ : ndarray of str
        Only if X in fit was a DataFrame.

    Notes
    -----
    Essential classes that are left out don't count.

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

    def __init__(
        self,
        filtration: GivenFiltration | None = None,
        *,
        k: int = 10,
        dim: int | tuple[int, ...] | None = None,
        essential: Literal["drop", "clip"] = "drop",
        min_length: float = 0.0,
        n_jobs: int | None = None,
    ) -> None:
        self.filtration = filtration
        self.k = k
        self.dim = dim
        self.essential = essential
        self.min_length = min_length
        self.n_jobs = n_jobs

    def _rows(self):
        return partial(top_lengths, k=self.k)

    def _count_columns(self):
        return self.k

    def _names_of_one(self):
        return [f"length{i}" for i in range(1, int(self.k) + 1)]


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
    dim : int or tuple of int, default=None
        Homology dimensions, where X has `Diagram` objects, the lists of `PersistenceDiagrams` with
        several dimensions, or data; in plain lists of arrays the positions. None for all that there
        are. Columns of several stand side by side, and their names begin with "H0_", "H1_".
    essential : {"drop", "clip"}, default="drop"
        "drop": essential classes, whose death is infinite, take their rank and add nothing; a
        warning says where no diagram has other points. "clip" ends them at the last filtration
        value, which arrays do not tell, and they rank by their length.
    min_length : float, default=0.0
        Points with a shorter |death - birth| are left out.
    n_jobs : int, default=None
        Threads that turn data into diagrams. None is 1 unless in a joblib context, -1 is all cores.

    Attributes
    ----------
    n_features_in_ : int
        Columns of X. Only if X in fit was rows of numbers.
    feature_names_in_ : ndarray of str
        Only if X in fit was a DataFrame.

    See Also
    --------
    skltopo.Energy : One of the columns.
    skltopo.PersistenceFeatures : The same for images and their directions, faster.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, equation 2.

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

    def __init__(
        self,
        filtration: GivenFiltration | None = None,
        *,
        max_p: int = 4,
        max_q: int = 4,
        i0: int = 1,
        dim: int | tuple[int, ...] | None = None,
        essential: Literal["drop", "clip"] = "drop",
        min_length: float = 0.0,
        n_jobs: int | None = None,
    ) -> None:
        self.filtration = filtration
        self.max_p = max_p
        self.max_q = max_q
        self.i0 = i0
        self.dim = dim
        self.essential = essential
        self.min_length = min_length
        self.n_jobs = n_jobs

    def _rows(self):
        return partial(polynomials, max_p=self.max_p, max_q=self.max_q, i0=self.i0)

    def _names_of_one(self):
        return [f"p{p}_q{q}" for p in range(self.max_p + 1) for q in range(self.max_q + 1)]
