"""Persistence diagrams: births and deaths with the vertices or edges that they come from.

A diagram is a gather: births and deaths are values of the input at indices that a kernel found.
From a tensor they are tensors, and their gradient flows back to exactly those entries.

A diagram is a value: it holds its births, deaths and indices, and not what they were taken from. It
is copied, compared and pickled as such.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from .._utils.checks import check_number
from .._utils.namespace import namespace_of, unpack
from .._utils.typing import Integers, Result

__all__ = ["Diagram", "DiagramBatch", "LastValues", "Points", "not_computed"]


@dataclass(frozen=True, eq=False)
class Points:
    """Points of one dimension, for a batch of samples one after the other.

    Attributes
    ----------
    finite : (n_finite, 2) ndarray or torch.Tensor
        Births and deaths; within a sample by decreasing |death - birth|.
    pairs : (n_finite, n_indices) int64 ndarray
        The critical vertices (or edges) behind them, numbered within their sample.
    splits : (n_samples + 1,) int64 ndarray
        Sample i has the rows splits[i]:splits[i + 1].
    births : (n_essential,) ndarray or torch.Tensor
        Births of essential classes.
    essential : (n_essential,) or (n_essential, n_indices) int64 ndarray
        The critical vertices (or edges) behind them.
    essential_splits : (n_samples + 1,) int64 ndarray
        As splits, for the essential classes.

    Notes
    -----
    ``==`` tells whether all numbers are equal. A pickle has the numbers of a tensor, and not its
    gradient.

    Examples
    --------
    >>> from skltopo.filtrations import LevelSet
    >>> batch = LevelSet(ndim=1)([[0.0, 2.0, 1.0], [0.0, 1.0, 2.0]])
    >>> points = batch.get_points(0)
    >>> points.finite, points.splits
    (array([[1., 2.]]), array([0, 1, 1]))
    """

    finite: Result
    pairs: Integers
    splits: Integers
    births: Result
    essential: Integers
    essential_splits: Integers

    def sample(self, start: int, stop: int) -> Points:
        """Return a copy of the points of samples start to stop."""
        i, j = self.splits[start], self.splits[stop]
        k, m = self.essential_splits[start], self.essential_splits[stop]
        copy = namespace_of(self.finite).copy
        return Points(
            copy(self.finite[i:j]),
            self.pairs[i:j].copy(),
            self.splits[start : stop + 1] - i,
            copy(self.births[k:m]),
            self.essential[k:m].copy(),
            self.essential_splits[start : stop + 1] - k,
        )

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        copies = (_copy(getattr(self, field.name)) for field in fields(self))
        return Points(*copies)

    def __reduce__(self):
        return _unpack_points, tuple(_pack(getattr(self, field.name)) for field in fields(self))

    def __eq__(self, other):
        if not isinstance(other, Points):
            return NotImplemented
        return all(
            _same(getattr(self, field.name), getattr(other, field.name)) for field in fields(self)
        )

    def __hash__(self):
        return hash((self.splits.tobytes(), self.essential_splits.tobytes()))

    def without_essential(self) -> Points:
        """Return the finite points alone."""
        none = np.zeros_like(self.essential_splits)
        return replace(
            self, births=self.births[:0], essential=self.essential[:0], essential_splits=none
        )

    def of_positive_length(self) -> Points:
        """Return these points without those whose death equals their birth."""
        plain = namespace_of(self.finite).plain(self.finite)
        return self._of(plain[:, 0] != plain[:, 1])

    def of_length(self, min_length: float) -> Points:
        """Return these points without the finite ones that are shorter than min_length."""
        plain = namespace_of(self.finite).plain(self.finite)
        with np.errstate(over="ignore"):  # what overflows is long
            return self._of(abs(plain[:, 1] - plain[:, 0]) >= min_length)

    def _of(self, kept):
        """Return those finite points whose row of kept is True."""
        if kept.all():
            return self
        return replace(
            self,
            finite=namespace_of(self.finite).take(self.finite, kept),
            pairs=self.pairs[kept],
            splits=np.concatenate([[0], np.cumsum(kept)])[self.splits],
        )

    def without_points(self) -> Points:
        """Return no point at all, of the same kind."""
        none = np.zeros_like(self.splits)
        return replace(
            self.without_essential(), finite=self.finite[:0], pairs=self.pairs[:0], splits=none
        )


def _place(index):
    """Return an index of one sample as an integer, or raise TypeError or IndexError."""
    if isinstance(index, (bool, np.bool_)) or not hasattr(index, "__index__"):
        raise TypeError(f"a batch is indexed by integers and slices, got {index!r}")
    place = index.__index__()
    if not -(2**62) < place < 2**62:
        raise IndexError(f"index {place} is out of bounds")
    return place


def _copy(values):
    return None if values is None else namespace_of(values).copy(values)


def _pack(values):
    return None if values is None else namespace_of(values).pack(values)


def _unpack_points(*packed):
    return Points(*map(_unpack, packed))


def _unpack(packed):
    return None if packed is None else unpack(packed)


def _same(a, b):
    """Tell whether two arrays or tensors, or None, have the same dtype, shape and numbers."""
    if a is None or b is None:
        return a is b
    return a.dtype == b.dtype and np.array_equal(namespace_of(a).plain(a), namespace_of(b).plain(b))


class LastValues:
    """The last filtration values of some samples, which are found when they are asked for.

    Parameters
    ----------
    find : callable
        Takes samples, returns their last filtration values, (n_samples,).
    samples : object
        What they are found from, which nobody changes. ``samples.part(start, stop)`` is a copy of
        some.

    Examples
    --------
    >>> from skltopo.diagrams import LastValues
    >>> last = LastValues(lambda samples: [max(sample) for sample in samples], [[1, 3], [2, 0]])
    >>> last()
    [3, 2]
    """

    def __init__(self, find: Callable[[Any], Any], samples: Any) -> None:
        self._find: Any = find
        self._samples = samples
        self._values = None

    def __call__(self) -> Any:
        """Return the values."""
        if self._values is None:
            self._values = self._find(self._samples)
            self._find = self._samples = None
        return self._values

    def part(self, start: int, stop: int) -> Any:
        """Return the last values of samples start to stop."""
        if self._values is None:
            return LastValues(self._find, self._samples.part(start, stop))
        return _copy(self._values[start:stop])


class Diagram:
    """Persistence diagrams of one sample, one for each homology dimension.

    ``diagram[k]`` is PD_k as an (n, 2) array of (birth, death): essential classes first, with death
    +inf (-inf for superlevel sets), then finite points by decreasing |death - birth|, ties by birth
    index. It is a torch tensor where the input was one.

    Attributes
    ----------
    pairs : dict of int to (n_finite, 2) int64 ndarray
        Critical vertices (birth, death) of the finite points, in the order of ``diagram[k]``. For
        flag filtrations (n_finite, 4): critical edges (bu, bv, du, dv).
    essential : dict of int to (n_essential,) int64 ndarray
        Birth vertices of the essential classes.
    superlevel : bool
        Whether values fall along the filtration.

    Notes
    -----
    A diagram holds these numbers, and for essential classes that are clipped the last value of its
    filtration, but not the data. (That of points has a copy of the points until its last value is
    asked for, or it is pickled.) ``==`` is True or False, unlike that of arrays: whether two
    diagrams have the same dimensions, points and indices. Diagrams are copied and pickled, and
    joblib hashes them. The copy of a diagram of tensors has gradients, its pickle has none.

    Examples
    --------
    >>> from skltopo.filtrations import LevelSet
    >>> diagram = LevelSet(ndim=1, superlevel=True)([1.0, 3.0, 0.0, 2.0])
    >>> diagram[0]
    array([[  3., -inf],
           [  2.,   0.]])
    >>> diagram.pairs[0], diagram.essential[0]
    (array([[3, 2]]), array([1]))
    """

    __iter__ = None  # not a sequence: diagram[k] is asked for by dimension

    def __init__(self, batch: DiagramBatch) -> None:
        self._batch = batch
        self.superlevel = batch.superlevel
        self.pairs = {dim: points.pairs for dim, points in batch.points.items()}
        self.essential = {dim: points.essential for dim, points in batch.points.items()}

    @property
    def homology_dimensions(self) -> tuple[int, ...]:
        """Dimensions that were computed."""
        return self._batch.homology_dimensions

    def __getitem__(self, dim: int) -> Result:
        points = self._batch.get_points(dim)
        if len(points.births) == 0:
            return points.finite
        end = -np.inf if self.superlevel else np.inf
        xp = namespace_of(points.births)
        return xp.concat([xp.stack([points.births, points.births * 0 + end], 1), points.finite])

    def finite(self, dim: int) -> Result:
        """Return the finite points of one dimension.

        Parameters
        ----------
        dim : int

        Returns
        -------
        (n_finite, 2) ndarray or torch.Tensor
            Births and deaths of ``diagram[dim]`` without essential classes, by decreasing
            |death - birth|; ``diagram.pairs[dim]`` are their critical vertices.

        Examples
        --------
        >>> from skltopo.filtrations import LevelSet
        >>> LevelSet(ndim=1)([1.0, 3.0, 0.0, 2.0]).finite(0)
        array([[1., 3.]])
        """
        return self._batch.get_points(dim).finite

    def betti_numbers(self, value: float) -> dict[int, int]:
        """Return how many classes of each dimension there are at a filtration value.

        Parameters
        ----------
        value : float
            A class is there at its birth, and no longer at its death.

        Returns
        -------
        dict of int to int
            Numbers by dimension.

        Examples
        --------
        >>> from skltopo.filtrations import LevelSet
        >>> LevelSet(ndim=1)([1.0, 3.0, 0.0, 2.0]).betti_numbers(1.0)
        {0: 2}
        """
        value = check_number("value", value)
        sign = -1 if self.superlevel else 1
        numbers = {}
        for dim in self.homology_dimensions:
            births, deaths = sign * namespace_of(self[dim]).plain(self[dim]).T
            numbers[dim] = int(((births <= sign * value) & (sign * value < deaths)).sum())
        return numbers

    def as_batch(self) -> DiagramBatch:
        """Return this diagram as a batch without axes."""
        return self._batch

    def __copy__(self):
        return Diagram(self._batch)

    def __deepcopy__(self, memo):
        return Diagram(self._batch.__deepcopy__(memo))

    def __reduce__(self):
        return Diagram, (self._batch,)

    def __eq__(self, other):
        return self._batch == other._batch if isinstance(other, Diagram) else NotImplemented

    def __hash__(self):
        return hash(self._batch)

    def select(
        self,
        dims: Iterable[int],
        empty: Collection[int] = (),
        keep_essential: bool = True,
        min_length: float = 0.0,
    ) -> Diagram:
        """Return a diagram with some of the dimensions.

        Parameters
        ----------
        dims : sequence of int
            Dimensions to keep.
        empty : set of int, default=()
            Those of them in which there is nothing.
        keep_essential : bool, default=True
            Whether essential classes stay.
        min_length : float, default=0.0
            Finite points that are shorter are left out.

        Returns
        -------
        Diagram
        """
        batch = self._batch
        points = {
            dim: next(iter(batch.points.values())).without_points()
            if dim in empty
            else batch.get_points(dim)
            for dim in dims
        }
        if not keep_essential:
            points = {dim: part.without_essential() for dim, part in points.items()}
        if min_length > 0:
            points = {dim: part.of_length(min_length) for dim, part in points.items()}
        return Diagram(DiagramBatch(points, batch.shape, self.superlevel, batch.stored_last))

    def __repr__(self):
        counts = ", ".join(
            f"H{dim}: {len(points.pairs)} finite + {len(points.essential)} essential"
            for dim, points in self._batch.points.items()
        )
        return f"Diagram({counts})"


class DiagramBatch:
    """Diagrams of many samples, kept one after the other (ragged, without padding).

    ``batch[i]`` is the `Diagram` of sample i; with more than one leading axis in the input,
    ``batch`` is indexed like an array of that shape. `len`, iteration and slices work.

    Attributes
    ----------
    points : dict of int to Points
        All points of a dimension.
    shape : tuple of int
        Leading axes of the input.
    superlevel : bool
    stored_last : (n_samples,) ndarray or torch.Tensor, LastValues, or None
        What `last` returns, or finds it. None where no class is essential.

    Notes
    -----
    What is picked is a copy, and keeps nothing of the batch. ``==``, copies and pickles are as
    those of `Diagram`.

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo.filtrations import LevelSet
    >>> batch = LevelSet(ndim=2)(np.random.default_rng(0).random((5, 8, 8)))
    >>> len(batch), batch[3][1].shape[1]
    (5, 2)
    """

    def __init__(
        self,
        points: dict[int, Points],
        shape: Iterable[int],
        superlevel: bool,
        stored_last: Any = None,
    ) -> None:
        self.points = points
        self.shape = tuple(shape)
        self.superlevel = superlevel
        self.stored_last = stored_last

    def last(self) -> Result:
        """Return the last filtration value of every sample, where essential classes are clipped.

        Returns
        -------
        (n_samples,) ndarray or torch.Tensor
            Or None if no class of the batch is essential.
        """
        return self.stored_last() if callable(self.stored_last) else self.stored_last

    def __copy__(self):
        return DiagramBatch(self.points, self.shape, self.superlevel, self.stored_last)

    def __deepcopy__(self, memo):
        points = {dim: part.__deepcopy__(memo) for dim, part in self.points.items()}
        return DiagramBatch(points, self.shape, self.superlevel, _copy(self.last()))

    def __reduce__(self):
        last = _pack(self.last())
        return _unpack_batch, (self.points, self.shape, self.superlevel, last)

    def __eq__(self, other):
        if not isinstance(other, DiagramBatch):
            return NotImplemented
        return (self.shape, self.superlevel, self.points) == (
            other.shape,
            other.superlevel,
            other.points,
        )

    def __hash__(self):
        return hash((self.shape, self.superlevel, *sorted(self.points)))

    def get_points(self, dim: int) -> Points:
        """Return the `Points` of one dimension, or raise KeyError saying what there is."""
        try:
            return self.points[dim]
        except KeyError:
            raise KeyError(not_computed(dim, self.points)) from None

    @property
    def homology_dimensions(self) -> tuple[int, ...]:
        """Dimensions that were computed."""
        return tuple(self.points)

    @property
    def n_samples(self) -> int:
        """Number of samples over all leading axes."""
        return int(np.prod(self.shape, dtype=np.int64))

    def flat(self) -> DiagramBatch:
        """Return the same diagrams with one leading axis."""
        return self._select(0, self.n_samples, (self.n_samples,))

    def _select(self, start, stop, shape):
        if (start, stop) == (0, self.n_samples):
            return DiagramBatch(self.points, shape, self.superlevel, self.stored_last)
        points = {dim: part.sample(start, stop) for dim, part in self.points.items()}
        last = self.stored_last
        if isinstance(last, LastValues):
            last = last.part(start, stop)
        elif last is not None:
            last = _copy(last[start:stop])
        return DiagramBatch(points, shape, self.superlevel, last)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a batch without axes has no length")
        return self.shape[0]

    def __getitem__(self, index: int | slice | tuple[int | slice, ...]) -> Any:
        if isinstance(index, tuple):
            batch = self
            for i in index:
                batch = batch[i]
            return batch
        if not isinstance(index, slice):
            index = _place(index)
        stride = int(np.prod(self.shape[1:], dtype=np.int64))
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step != 1:
                raise ValueError(f"slices of a batch must have step 1, got {step}")
            stop = max(start, stop)
            shape = (stop - start, *self.shape[1:])
            return self._select(start * stride, stop * stride, shape)
        i = int(np.arange(len(self))[index])  # negative and out-of-range as in numpy
        one = self._select(i * stride, (i + 1) * stride, self.shape[1:])
        return one if one.shape else Diagram(one)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __repr__(self):
        return f"DiagramBatch(shape={self.shape}, homology_dimensions={list(self.points)})"


def not_computed(dim, known):
    """Return the sentence on a dimension that a diagram does not have."""
    return f"dimension {dim!r} was not computed; this diagram has {list(known)}"


def _unpack_batch(points, shape, superlevel, last):
    return DiagramBatch(points, shape, superlevel, _unpack(last))
