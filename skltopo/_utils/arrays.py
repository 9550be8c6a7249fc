"""From users' arrays to arrays that kernels read: numpy or torch in, C-contiguous floats out."""

import math
from functools import partial
from itertools import pairwise

import numpy as np

from .gather import gather_floats
from .given import as_array, holds_arrays, is_graph, is_image, refuse_dask
from .masks import NUMBERS, kinds_in, refuse_masks
from .memory import check_memory
from .namespace import is_tensor, namespace_of
from .parallel import run

__all__ = [
    "as_floats",
    "as_numbers",
    "as_plain",
    "bound_of_squares",
    "check_finite",
    "gather",
    "is_no_number",
]

# Points from which a gather, which misses the cache at every one, is worth several threads.
PARALLEL_GATHER = 1 << 16
# Values up to which BLAS uses one thread.
FEW = 2000
# What kernels read as it is.
READY = (np.dtype(np.float64), np.dtype(np.float32))


def as_numbers(values, name):
    """Return values as an array or tensor of real numbers, without copying an array.

    Parameters
    ----------
    values : array-like or torch.Tensor, or nested lists of them
    name : str
        What to call it in an error.

    Raises
    ------
    TypeError
        If values is not real numbers, or a tensor or an object whose numbers can't be read.
    ValueError
        If values is ragged, or has masked or missing entries.
    """
    if type(values) is np.ndarray and values.dtype.kind == "f":
        return values
    if type(values) in (list, tuple):
        if kinds_in(values) <= NUMBERS:
            return as_array(values, name, is_of_numbers=True)
        if holds_arrays(values):
            parts = [as_numbers(value, f"{name}[{i}]") for i, value in enumerate(values)]
            return _stack(parts, name)
    return namespace_of(values).as_numbers(values, name)


def _stack(parts, name):
    """Return arrays or tensors of one shape as one; tensors keep their graph."""
    shapes = sorted({tuple(part.shape) for part in parts})
    if len(shapes) > 1:
        raise ValueError(
            f"{name} must be a rectangular array of numbers, got a list of arrays of shapes "
            f"{', '.join(map(str, shapes[:3]))}"
        )
    xp = namespace_of(*parts)
    return xp.stack(xp.as_one_kind(*parts))


def as_floats(numbers):
    """Return numbers as (live, plain): what diagrams gather from, and what kernels read.

    Parameters
    ----------
    numbers : ndarray or torch.Tensor
        Real numbers of any dtype, memory order, stride or byte order, from `as_numbers`.

    Returns
    -------
    live : ndarray or torch.Tensor
        Floating point and of native byte order; float64 for integers. A tensor keeps its graph.
    plain : ndarray
        C-contiguous float32 or float64 with the same values; float32 for float16 and bfloat16.
    """
    if type(numbers) is np.ndarray and numbers.dtype in READY and numbers.flags.c_contiguous:
        return numbers, numbers
    return namespace_of(numbers).as_floats(numbers)


def as_plain(X, name):
    """Return what scikit-learn checks: X, but tensors, lists and images as an array.

    Raises ValueError where X has masked or missing entries, and TypeError where it has times, text
    or graphs, which scikit-learn takes for numbers, or is a Dask array. Raises MemoryError where X
    has more entries than memory can hold, as views can.
    """
    refuse_masks(X, name)
    if type(X) is np.ndarray:
        check_memory(8 * X.size, f"{X.size} entries of {name}")
        is_odd = X.dtype.kind == "f" and X.dtype.itemsize > 8
    else:
        refuse_dask(X, name)
        is_odd = type(X) in (list, tuple) or is_tensor(X) or is_image(X) or is_graph(X)
    return as_floats(as_numbers(X, name))[1] if is_odd or is_no_number(X) else X


def is_no_number(X):
    """Tell whether X is an array of times or text, or a frame with columns of times."""
    if type(X) is np.ndarray:
        return X.dtype.kind in "mMSU"
    dtypes = getattr(X, "dtypes", ())
    dtypes = dtypes if hasattr(dtypes, "__iter__") else (dtypes,)  # a Series has one
    return any(getattr(dtype, "kind", "O") in "mM" for dtype in dtypes)


def check_finite(plain, name, before=" before computing persistence"):
    """Raise ValueError if plain has a NaN or an infinity, saying where the first one is."""
    # A sum, also of squares, is finite only where all values are. It may overflow, so all are
    # looked at then.
    with np.errstate(all="ignore"):
        if math.isfinite(_squares_of_few(plain) if plain.size <= FEW else plain.sum()):
            return
    finite = np.isfinite(plain)
    if not finite.all():
        where = tuple(int(i) for i in np.unravel_index(np.argmin(finite), plain.shape))
        raise ValueError(
            f"{name} must be finite, got {plain[where]} at index {where}; "
            f"replace NaN and infinite values{before}"
        )


def bound_of_squares(plain):
    """Return a float that the sum of squares does not exceed; not finite where a value is not."""
    if plain.size > FEW:
        largest = float(max(plain.max(), -plain.min()))
        return largest * largest * plain.size
    with np.errstate(all="ignore"):
        return float(_squares_of_few(plain))


def _squares_of_few(plain):
    # The fastest pass over few values; BLAS would use threads for many.
    flat = plain.reshape(-1)
    return flat.dot(flat)


def gather(live, index, n_jobs=1):
    """Return live.ravel()[index]; differentiable if live is a tensor.

    Raises IndexError for an index that is too large; `Pairs` has none that is negative.
    """
    xp = namespace_of(live)
    if xp.has_gradients:
        flat = live.reshape(-1)
        if flat.device.type != "cpu":  # where a wrong index ends the process
            _check_index(index, len(flat))
        return xp.take(flat, index)
    flat = np.ascontiguousarray(live).reshape(-1)
    if index.ndim == 1 or flat.dtype not in READY:
        return flat.take(index)
    out = np.empty(index.shape, flat.dtype)
    if n_jobs == 1 or len(index) < PARALLEL_GATHER:
        gather_floats(flat, index, out)
        return out
    cuts = [len(index) * i // n_jobs for i in range(n_jobs + 1)]
    run(
        [partial(gather_floats, flat, index[i:j], out[i:j]) for i, j in pairwise(cuts)],
        n_jobs,
    )
    return out


def _check_index(index, n):
    if index.size and not 0 <= index.min() <= index.max() < n:
        raise IndexError(f"an index is not one of {n} values")
