"""Diagrams of one sample as a list of arrays, which others take, too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .._utils.namespace import namespace_of
from .containers import not_computed

__all__ = ["DiagramArrays"]


class DiagramArrays(list):
    """The diagrams of one sample: a list of (n, 2) arrays that knows their homology dimensions.

    It is what `PersistenceDiagrams` returns for several dimensions. To others it is a list.

    Parameters
    ----------
    arrays : iterable of (n, 2) ndarray
        Births and deaths, one array for each dimension.
    homology_dimensions : tuple of int
        Their dimensions.
    last : float, or what `DiagramBatch.stored_last` is, default=None
        The last filtration value, or what finds it; None where it is not known.

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo import PersistenceDiagrams
    >>> sample = PersistenceDiagrams(essential="keep").fit_transform(2 * np.eye(3)[None])[0]
    >>> sample.homology_dimensions, len(sample), sample.last
    ((0, 1), 2, 2.0)
    """

    def __init__(
        self, arrays: Iterable[Any], homology_dimensions: Iterable[int], last: Any = None
    ) -> None:
        super().__init__(arrays)
        self.homology_dimensions = tuple(homology_dimensions)
        self._last = last

    @property
    def last(self) -> float | None:
        """The last filtration value, at which essential classes are clipped, or None."""
        last = self._last() if callable(self._last) else self._last
        if last is not None and not isinstance(last, float):
            last = float(namespace_of(last).plain(last).reshape(-1)[0])
        self._last = last
        return last

    def __reduce__(self):
        return DiagramArrays, (list(self), self.homology_dimensions, self.last)

    def get_points(self, dim: int) -> Any:
        """Return the array of one dimension, or raise KeyError saying what there is."""
        if dim not in self.homology_dimensions:
            raise KeyError(not_computed(dim, self.homology_dimensions))
        return self[self.homology_dimensions.index(dim)]
