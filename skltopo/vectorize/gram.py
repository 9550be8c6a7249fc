"""Kernels of diagrams: Gram matrices for support vector machines and their like."""

from __future__ import annotations

from itertools import pairwise
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils._param_validation import HasMethods, Interval
from sklearn.utils.validation import check_is_fitted, check_memory

from ..distances import pairwise_diagram_distances
from ..persistence_diagrams import GivenFiltration
from ..summaries import join
from .base import COUNT, DiagramTransformer

if TYPE_CHECKING:
    from ..nn import DiagramKernel

__all__ = ["SlicedWassersteinKernel"]


class SlicedWassersteinKernel(DiagramTransformer):
    r"""The Gram matrix against the diagrams of fit, for ``SVC(kernel="precomputed")``.

    .. math:: k(D, E) = \exp\left(-\frac{SW(D, E)}{2 \sigma^2}\right)

    Parameters
    ----------
    filtration : str or callable, default=None
        How data become diagrams, as in `skltopo.vectorize.PersistenceImage`.
    bandwidth : float, default=1.0
        sigma, whose square has the unit of births and deaths.
    n_directions : int, default=50
        Lines of the sliced Wasserstein distance SW.
    dim : int, tuple of int, default=None
        As in `skltopo.vectorize.PersistenceImage`. The kernel of several dimensions is the sum of
        their kernels.
    memory : str or joblib.Memory, default=None
        Where distances are kept, as in `sklearn.pipeline.Pipeline`: a search over `bandwidth`, or
        over the parameters of later steps, then computes those of each fold once.
    n_jobs : int, default=None
        Threads, also for the distances.

    Attributes
    ----------
    diagrams_ : list of (n_points, 2) ndarray
        Those of fit; for several dimensions a dict of such lists.
    n_features_in_ : int
        Columns of X. Only if X in fit was rows of numbers.
    feature_names_in_ : ndarray of str
        Only if X in fit was a DataFrame.

    See Also
    --------
    skltopo.distances.sliced_wasserstein_distance : SW.

    Notes
    -----
    The kernel is positive definite. Diagrams with different numbers of essential classes, such as
    graphs with different numbers of cycles, have kernel 0; `PersistenceDiagrams` with
    ``essential="clip"`` ends these classes. A sum over k dimensions is k on the diagonal.
    ``fit_transform`` computes every distance once.

    gudhi.representations differs on purpose: its kernel is exp(-SW / bandwidth) and not Carrière's,
    so that its bandwidth is 2 sigma^2 here; and it leaves out one direction of SW.

    References
    ----------
    Carrière, Cuturi, Oudot, Sliced Wasserstein kernel for persistence diagrams, 2017.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.svm import SVC
    >>> from skltopo.kernels import SlicedWassersteinKernel
    >>> diagrams = [[[0.0, 4.0]], [[0.0, 3.5]], [[0.0, 1.0]], [[0.0, 0.5]]]
    >>> model = make_pipeline(SlicedWassersteinKernel(), SVC(kernel="precomputed"))
    >>> model.fit(diagrams, [1, 1, 0, 0]).predict([[[0.0, 3.0]]])
    array([1])
    """

    _parameter_constraints = {
        **DiagramTransformer._parameter_constraints,
        "bandwidth": [Interval(Real, 0, None, closed="neither")],
        "n_directions": [COUNT],
        "memory": [None, str, HasMethods(["cache"])],
    }

    def __init__(
        self,
        filtration: GivenFiltration | None = None,
        *,
        bandwidth: float = 1.0,
        n_directions: int = 50,
        dim: int | tuple[int, ...] | None = None,
        memory: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        self.filtration = filtration
        self.bandwidth = bandwidth
        self.n_directions = n_directions
        self.dim = dim
        self.memory = memory
        self.n_jobs = n_jobs

    def to_torch(self) -> DiagramKernel:
        """Return a `torch.nn.Module` that computes the same rows, differentiably.

        Returns
        -------
        skltopo.nn.DiagramKernel
            Takes lists of diagrams with tensors, or a DiagramBatch of tensors; data as tensors,
            where the kernel takes data.
        """
        check_is_fitted(self)
        from ..nn import DiagramKernel

        several = isinstance(self.diagrams_, dict)
        return DiagramKernel(
            self.diagrams_ if several else {self._dims[0]: self.diagrams_},
            bandwidth=self.bandwidth,
            n_directions=self.n_directions,
            source=self._source_module(),
        )

    def _fit_diagrams(self, diagrams):
        kept = {dim: [np.array(points) for points in some] for dim, some in diagrams.items()}
        self.diagrams_: Any = next(iter(kept.values())) if len(kept) == 1 else kept
        self._n_features_out = self._count_columns()

    def _transform_fitted(self, diagrams):
        return self._gram(diagrams, None)

    def _transform_diagrams(self, diagrams):
        return self._gram(diagrams, self.diagrams_)

    def _gram(self, diagrams, second):
        """Return the sum of the kernels of all dimensions; with themselves where second is None."""
        total = 0
        compute = check_memory(self.memory).cache(_distances, ignore=["n_jobs"])
        for dim, first in diagrams.items():
            others = second[dim] if isinstance(second, dict) else second
            joined = None if others is None else join(others)
            distances = compute(join(first), joined, self.n_directions, n_jobs=self.n_jobs)
            with np.errstate(over="ignore"):  # of a kernel that is 0
                total = total + np.exp(-distances / self.bandwidth / self.bandwidth / 2)
        return total

    def _count_columns(self):
        several = isinstance(self.diagrams_, dict)
        return len(next(iter(self.diagrams_.values())) if several else self.diagrams_)

    def _names(self):
        return [f"kernel{i}" for i in range(self._count_columns())]


def _distances(first, second, n_directions, n_jobs):
    """Return sliced distances of joined diagrams: two arrays are hashed faster than many."""
    return pairwise_diagram_distances(
        _apart(first),
        None if second is None else _apart(second),
        "sliced_wasserstein",
        n_directions=n_directions,
        n_jobs=n_jobs,
    )


def _apart(joined):
    points, splits = joined
    return [points[i:j] for i, j in pairwise(splits)]
