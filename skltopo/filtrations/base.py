"""Filtration: check, find, gather.

``filtration(values)`` takes three steps, which are written once, here:

1. *check*: ``_check`` turns what a user gave into samples: arrays that kernels can read.
2. *find*: ``_find`` calls a kernel, which returns `Pairs`: which simplices create and destroy
   classes of homology. It never sees a tensor.
3. *gather*: births and deaths are the values of these simplices, taken from the input. From a
   tensor they are tensors, so their gradient flows back to the vertices of critical simplices.

A filtration is its parameters and one ``_find``; ``docs/adding_a_filtration.md`` shows one.
"""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np

from .._persistence import no_pairs
from .._utils.arrays import as_floats, as_numbers, check_finite, gather
from .._utils.checks import check_dimensions, check_flag, check_n_jobs
from .._utils.namespace import namespace_of
from .._utils.parallel import effective_n_jobs
from .._utils.typing import ArrayLike, Result, Self
from ..diagrams import Diagram, DiagramBatch, LastValues, Points

__all__ = ["Filtration", "Samples", "VertexValues"]


class Samples:
    """What a filtration was given, as kernels and gathers want it.

    A subclass has ``values`` and ``n_vertices``.

    Attributes
    ----------
    n_vertices : int
        Number of vertices of the whole batch.
    shape : tuple of int
        Axes of the batch; () for a single sample.
    starts : (n_samples,) int64 ndarray
        Number of the first vertex of each sample in the whole batch.
    live : ndarray or torch.Tensor
        Floating point, in its own dtype; a tensor keeps its graph. Values are of its kind.
    xp : NumpyNamespace or TorchNamespace
        Functions of what is of this kind.
    """

    n_vertices: int

    def __init__(self, shape, starts, live):
        self.shape = tuple(shape)
        self.starts = starts
        self.live = live
        self.xp = namespace_of(live)

    @property
    def n_samples(self):
        """Number of samples over all axes of the batch."""
        return len(self.starts)

    def number(self, rows, splits):
        """Return rows, which number vertices within their sample, numbering the whole batch.

        Parameters
        ----------
        rows : (n_rows,) or (n_rows, n_columns) int64 ndarray
        splits : (n_samples + 1,) int64 ndarray
            Sample i has rows[splits[i]:splits[i + 1]].
        """
        if len(self.starts) == 1:
            return rows  # of which the gather takes care
        counts = np.diff(splits)
        sizes = np.diff(self.starts, append=self.n_vertices)
        columns = (-1, *[1] * (rows.ndim - 1))
        # A negative number is a large one without a sign.
        if rows.size and rows.view(np.uint64).max() >= sizes.min(initial=0):
            most = np.repeat(sizes, counts).reshape(columns)
            if not ((rows >= 0) & (rows < most)).all():
                raise IndexError("a vertex is not one of its sample")
        return rows + np.repeat(self.starts, counts).reshape(columns)

    def values(self, found, n_jobs):
        """Return the values of simplices: the map omega of the paper.

        Parameters
        ----------
        found : list of (rows, splits)
            rows : (m, k * width) int64 ndarray, or (m,), the names of k simplices in each row,
            numbered within their sample. splits : (n_samples + 1,) int64 ndarray, sample i has
            rows[splits[i]:splits[i + 1]].
        n_jobs : int
            Threads.

        Returns
        -------
        list of (m, k) ndarray or torch.Tensor, or (m,)
        """
        raise NotImplementedError(f"{type(self).__name__} must define values(found, n_jobs)")

    def zeros(self, *shape):
        """Return zeros of the kind of live."""
        return self.xp.zeros(shape, self.live)


class VertexValues(Samples):
    """Values of functions on vertices; a simplex is named by the vertex that gives it its value.

    Parameters
    ----------
    values : array-like or torch.Tensor
        Batch axes, then those of a sample.
    ndim : int, default=1
        Number of axes of a sample.
    check_shape : callable, default=None
        Takes the shape of values and raises ValueError where it is wrong.

    Attributes
    ----------
    plain : (n_samples, ...) C-contiguous float32 or float64 ndarray

    Raises
    ------
    TypeError
        If values are not real numbers.
    ValueError
        If values are ragged, or have a NaN or an infinity.
    """

    def __init__(self, values, ndim=1, check_shape=None):
        values = as_numbers(values, "values")
        shape = tuple(values.shape)
        if check_shape is not None:
            check_shape(shape)
        if len(shape) < ndim or 0 in shape[len(shape) - ndim :]:
            raise ValueError(
                f"a sample must not be empty, and its number of axes must be {ndim}, got values of "
                f"shape {shape}"
            )
        live, plain = as_floats(values)
        check_finite(plain, "values")
        self.plain = plain.reshape(-1, *shape[len(shape) - ndim :])
        self.n_vertices = plain.size
        size = self.plain[0].size if len(self.plain) else 0
        starts = np.arange(len(self.plain), dtype=np.int64) * size
        super().__init__(shape[: len(shape) - ndim], starts, live)

    def values(self, found, n_jobs=1):
        """Return the values at vertices; see `Samples`."""
        return [gather(self.live, self.number(rows, splits), n_jobs) for rows, splits in found]

    def last(self, superlevel):
        """Return the value of the vertex that enters last, for each sample."""
        flat = self.plain.reshape(len(self.plain), math.prod(self.plain.shape[1:]))
        if self.xp.is_differentiated(self.live):
            last = flat.argmin(axis=1) if superlevel else flat.argmax(axis=1)
            return gather(self.live, last + self.starts)
        if len(flat) == 1:
            i = flat.argmin() if superlevel else flat.argmax()
            return self.xp.as_like(flat[0, i : i + 1].copy(), self.live)
        return self.xp.as_like(flat.min(axis=1) if superlevel else flat.max(axis=1), self.live)


class Filtration:
    """Base of filtrations: parameters, checks, and the three steps of a call.

    A subclass gives its parameters to ``_store`` in ``__init__``, and defines ``_find``. It may
    define ``_check`` (what it takes; default: values on vertices, one axis for each sample),
    ``_check_parameters`` (more checks), ``_known_dimensions``, ``_values`` (values of simplices),
    ``_last_values`` and ``_stored_last``.
    """

    superlevel = False
    keep_zero = False
    n_jobs = None

    # Checks that several filtrations share: parameter -> function of (name, value) that raises.
    _checks = {
        "superlevel": check_flag,
        "keep_zero": check_flag,
        "warm_start": check_flag,
        "n_jobs": lambda _, n_jobs: check_n_jobs(n_jobs),
    }
    # Parameters that the representation shows; None for all.
    _shown: tuple[str, ...] | None = None

    # Parameters ---------------------------------------------------------------------------------

    def _store(self, **given):
        """Check the parameters and store them; homology_dimensions becomes a tuple."""
        self._given = given
        for name, value in given.items():
            if name in self._checks:
                self._checks[name](name, value)
            setattr(self, name, value)
        self._check_parameters()
        known, what = self._known_dimensions()
        dims = given.get("homology_dimensions")
        if dims is None:
            dims = () if known is None else known
        self.homology_dimensions = check_dimensions(dims, known, what)

    def _check_parameters(self):
        """Raise TypeError or ValueError for parameters of this class that are wrong."""

    def _known_dimensions(self):
        """Return (range of dimensions that can be computed, or None; what has them)."""
        return range(1), ""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters as they were given, as scikit-learn's estimators do.

        Parameters
        ----------
        deep : bool, default=True
            Ignored: no parameter has parameters of its own.

        Returns
        -------
        dict of str to object
        """
        names = [name for name in inspect.signature(type(self)).parameters if name in self._given]
        return {name: self._given[name] for name in names}

    def set_params(self, **params: Any) -> Self:
        """Change parameters; they are checked as in the constructor.

        Parameters
        ----------
        **params
            New values by name.

        Returns
        -------
        self

        Raises
        ------
        TypeError, ValueError
            If a value is wrong, or a name is no parameter. Nothing has changed then.
        """
        unknown = sorted(set(params) - set(self._given))
        if unknown:
            raise ValueError(
                f"{unknown[0]!r} is no parameter of {type(self).__name__}; it has "
                f"{sorted(self._given)}"
            )
        if params:
            changed = type(self)(**{**self._given, **params})
            self.__dict__.clear()
            self.__dict__.update(changed.__dict__)
        return self

    def __repr__(self):
        names = self._given if self._shown is None else self._shown
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__name__}({shown})"

    # A call -------------------------------------------------------------------------------------

    def __call__(self, values: ArrayLike) -> Result:
        """Compute the diagrams of one sample or of a batch.

        Parameters
        ----------
        values : array-like or torch.Tensor

        Returns
        -------
        Diagram or DiagramBatch
            A batch if values have axes before those of a sample. Tensors if values are a tensor.
        """
        samples = self._check(values)
        n_jobs = self._threads(samples)
        if samples.n_samples:
            found = self._find(samples, n_jobs)
        else:
            found = {dim: no_pairs(0, *self._widths(dim)) for dim in self.homology_dimensions}
        parts = self._gather(samples, found, n_jobs)
        needed = not samples.n_samples or any(len(part.births) for part in parts.values())
        last = self._stored_last(samples) if needed else None
        batch = DiagramBatch(parts, samples.shape, self.superlevel, last)
        return batch if samples.shape else Diagram(batch)

    def _check(self, values):
        """Return the `Samples` of what a user gave, or raise TypeError or ValueError."""
        return VertexValues(values)

    def _threads(self, samples):
        """Return how many threads a call takes."""
        return effective_n_jobs(self.n_jobs)

    def _find(self, samples, n_jobs):
        """Return {dim: Pairs} for every homology dimension; samples are at least one.

        n_jobs threads may be used. A filtration with the parameter superlevel pairs -samples.plain
        where it is true.
        """
        raise NotImplementedError(f"{type(self).__name__} must define _find(samples, n_jobs)")

    def _widths(self, dim):
        """Return how many vertices name a birth and a death of a dimension."""
        return 1, 1

    def _gather(self, samples, found, n_jobs):
        """Return {dim: Points}: births and deaths of the simplices that were found."""
        rows = []
        for dim in self.homology_dimensions:
            rows += [
                (found[dim].pairs, found[dim].splits),
                (found[dim].essential, found[dim].essential_splits),
            ]
        try:
            values = iter(self._values(samples, rows, n_jobs))
        except IndexError as error:
            raise ValueError(
                f"{type(self).__name__}._find must return vertices of the samples, got one that is "
                f"none: {error}"
            ) from error
        return {
            dim: Points(
                finite=next(values),
                pairs=found[dim].pairs,
                splits=found[dim].splits,
                births=next(values).reshape(-1),
                essential=found[dim].essential,
                essential_splits=found[dim].essential_splits,
            )
            for dim in self.homology_dimensions
        }

    def _values(self, samples, rows, n_jobs):
        """Return the values of simplices, an array for each of rows; see `Samples.values`."""
        return samples.values(rows, n_jobs)

    def _stored_last(self, samples):
        """Return what `DiagramBatch` takes as its last values.

        The values themselves; for samples that have ``part``, a copy of them, `LastValues`, which
        finds the values when they are asked for.
        """
        if hasattr(samples, "part"):
            return LastValues(self._last_values, samples.part(0, samples.n_samples))
        return self._last_values(samples)

    def _last_values(self, samples):
        """Return the value of the simplex that enters last, for each sample."""
        return samples.last(self.superlevel)
