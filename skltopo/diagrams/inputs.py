"""Convert diagrams given by users, one or a list of them, to arrays or tensors.

A sample may have one diagram or several, one for each homology dimension: a `Diagram`, a
`DiagramArrays`, or a plain list of arrays. ``dim`` then says which one is meant: its dimension, or
its position in a plain list, which does not tell the dimensions of its arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from operator import attrgetter
from typing import TypeAlias

import numpy as np

from .._utils.arrays import as_numbers
from .._utils.checks import is_integer
from .._utils.given import refuse_dask
from .._utils.masks import refuse_masks
from .._utils.namespace import is_tensor, namespace_of
from .._utils.typing import ArrayLike
from .arrays import DiagramArrays
from .containers import Diagram, DiagramBatch

__all__ = [
    "DiagramLike",
    "DiagramsLike",
    "are_empty_lists",
    "are_ready",
    "as_list",
    "as_points",
    "as_points_list",
    "as_two_points",
    "check_dim_is_used",
    "depth",
    "has_dimensions",
    "pick_dim",
]

# What users give as the diagram of a sample, and as those of several samples.
DiagramLike: TypeAlias = "Diagram | DiagramArrays | Sequence[ArrayLike] | ArrayLike"
DiagramsLike: TypeAlias = "DiagramBatch | Sequence[DiagramLike] | ArrayLike"

WANTED = "a diagram is an (n, 2) array of births and deaths, or a Diagram"
SHAPE = "shape (n, 2), births and deaths"
FLOAT64 = np.dtype(np.float64)

_dtype = attrgetter("dtype")


def depth(value, levels=8):
    """Return the number of axes of an array, or how deep lists are nested; 0 for a scalar.

    Deeper than levels is not looked: a list may hold itself.
    """
    if levels == 0:
        return 0
    inside = partial(depth, levels=levels - 1)
    shape = getattr(value, "shape", None)
    if shape is not None and not isinstance(value, DiagramBatch):
        is_of_objects = len(shape) == 1 and getattr(value, "dtype", None) == np.dtype(object)
        return 1 + max(map(inside, value), default=0) if is_of_objects else len(shape)
    if isinstance(value, (Diagram, DiagramBatch)):
        return 2 if isinstance(value, Diagram) else 3
    if isinstance(value, (list, tuple)):
        return 1 + max(map(inside, value), default=0)
    return np.asarray(value).ndim if hasattr(value, "__array__") else 0


def has_dimensions(diagram):
    """Tell whether a sample has a diagram for each of several dimensions, so that one is picked."""
    return isinstance(diagram, (Diagram, DiagramArrays, DiagramBatch)) or depth(diagram) == 3


def pick_dim(diagram, dim, name):
    """Return dim, or the only dimension of what has `homology_dimensions` where dim is None."""
    dims = diagram.homology_dimensions
    if dim is None:
        if len(dims) != 1:
            raise ValueError(f"dim must say which of the dimensions {dims} of {name} is meant")
        return dims[0]
    if dim not in dims:
        raise ValueError(f"dim must be one of the dimensions {dims} of {name}, got {dim!r}")
    return dim


def _pick(diagram, dim, name):
    """Return the points of one dimension where diagram has several, else diagram."""
    if isinstance(diagram, Diagram):
        return diagram[pick_dim(diagram, dim, name)]
    if isinstance(diagram, DiagramArrays):
        return diagram.get_points(pick_dim(diagram, dim, name))
    if depth(diagram) != 3:
        return diagram
    n = len(diagram)
    if dim is None and n != 1:
        raise ValueError(f"dim must say which of the {n} arrays of {name} is meant; {WANTED}")
    position = dim or 0
    if not is_integer(position) or position not in range(n):
        raise ValueError(
            f"dim must be a position in the list {name} of {n} arrays, from 0, got {dim!r}"
        )
    return diagram[position]


def check_dim_is_used(dim, diagrams, they_are):
    """Raise ValueError if dim is given and none of the diagrams has dimensions to pick from."""
    if dim is not None and len(diagrams) and not any(map(has_dimensions, diagrams)):
        raise ValueError(
            f"dim={dim!r} picks one of several homology dimensions, but {they_are} single arrays "
            "of births and deaths; leave dim out"
        )


def as_points(diagram, dim, name):
    """Return (live, plain) points of one diagram.

    Parameters
    ----------
    diagram : Diagram, DiagramArrays, list of arrays, or array-like or torch.Tensor of shape (n, 2)
    dim : int or None
        Which dimension of a Diagram or DiagramArrays, or which position in a list of arrays; None
        where there is only one. Arrays have none.
    name : str
        What to call it in an error.

    Returns
    -------
    live : (n, 2) ndarray or torch.Tensor
    plain : (n, 2) float64 ndarray
        The same numbers, C-contiguous.

    Raises
    ------
    TypeError
        If diagram is not real numbers.
    ValueError
        If diagram has another shape or a NaN, or dim is missing or not there.
    """
    if is_tensor(diagram):
        diagram = as_numbers(diagram, name)
    points = _pick(diagram, dim, name)
    if isinstance(points, (list, tuple)):
        points = _stack_rows(points, name)
    elif not hasattr(points, "__array__"):
        raise TypeError(f"{name} must have {SHAPE}, got {type(points).__name__}")
    elif getattr(points, "dtype", None) == np.dtype(object):  # so numpy packs lists of equal sizes
        points = np.asarray(points).tolist()
    xp = namespace_of(points)
    numbers = xp.as_numbers(points, name)
    if tuple(numbers.shape) == (0,):
        numbers = numbers.reshape(0, 2)
    if numbers.ndim != 2 or numbers.shape[1] != 2:
        raise ValueError(f"{name} must have {SHAPE}, got {tuple(numbers.shape)}")
    live, plain = xp.as_floats(numbers)
    plain = np.ascontiguousarray(plain, dtype=np.float64)
    is_nan = np.isnan(plain)
    if is_nan.any():
        row = int(np.argmax(is_nan.any(axis=1)))
        raise ValueError(f"{name} must not have NaN, got {plain[row].tolist()} in row {row}")
    return live, plain


def _stack_rows(points, name):
    """Return a list of rows as something that has a shape, or raise what is wrong with them."""
    xp = namespace_of(*points)
    if xp.has_gradients:
        return xp.stack(xp.as_one_kind(*points))
    lengths = {len(row) if hasattr(row, "__len__") else 0 for row in points}
    if len(lengths) > 1:
        raise ValueError(
            f"{name} must be a rectangular array of shape (n, 2), births and deaths, got rows of "
            f"{sorted(lengths)} numbers"
        )
    return points if points else np.empty((0, 2))


def as_two_points(dgm1, dgm2, dim):
    """Return (live, plain) points of each of two diagrams, and the namespace of both live ones.

    These are tensors of one dtype if one of the diagrams is a tensor. Parameters and errors are
    those of `as_points`; a dim is an error where both diagrams are single arrays.
    """
    check_dim_is_used(dim, [dgm1, dgm2], "dgm1 and dgm2 are")
    (live1, plain1), (live2, plain2) = as_points(dgm1, dim, "dgm1"), as_points(dgm2, dim, "dgm2")
    xp = namespace_of(live1, live2)
    live1, live2 = xp.as_one_kind(live1, live2)
    return (live1, plain1), (live2, plain2), xp


def as_points_list(X, dim, name="X", dim_must_be_used=True):
    """Return [live points] and [plain points] of several diagrams.

    Parameters
    ----------
    X : DiagramBatch, or list, tuple, object array or Series of diagrams as in `as_points`, or array
        of shape (m, n, 2) or (m, n_dims, n, 2)
        A batch may have several axes, which are flattened.
    dim : int or None
        As in `as_points`.
    name : str, default="X"
        What to call X in an error.
    dim_must_be_used : bool, default=True
        Whether a dim is an error where all diagrams are single arrays.

    Returns
    -------
    live, plain : lists of the same length

    Raises
    ------
    TypeError, ValueError
        If X is not a list of diagrams, or one of them is not as `as_points` takes it.
    """
    # Nothing can be wrong with a list that is ready, so that this is asked first.
    diagrams = list(X) if type(X) in (list, tuple) else as_list(X, name)
    if dim is None and are_ready(diagrams):
        return diagrams, diagrams
    if type(X) in (list, tuple):
        diagrams = as_list(X, name)
    if dim_must_be_used:
        check_dim_is_used(dim, diagrams, f"the diagrams in {name} are")
    diagrams = _check_same_numbers(diagrams, name)
    both = [as_points(diagram, dim, f"{name}[{i}]") for i, diagram in enumerate(diagrams)]
    return [live for live, _ in both], [plain for _, plain in both]


def as_list(X, name):
    """Return the diagrams of X as a list."""
    if isinstance(X, Diagram):
        raise ValueError(_single(name))
    if isinstance(X, DiagramBatch):
        return list(X.flat())
    refuse_masks(X, name)
    refuse_dask(X, name)
    if is_tensor(X):
        X = as_numbers(X, name)
    elif hasattr(X, "__array__") or isinstance(X, memoryview):  # Series, too
        X = np.asarray(X)
    n_axes = len(X.shape) if hasattr(X, "shape") else None
    if n_axes is None:
        if not isinstance(X, Sequence) or isinstance(X, (str, bytes, memoryview)):
            raise TypeError(f"{name} must be a list of diagrams, got {type(X).__name__}; {WANTED}")
        if _are_rows_of_two(X):
            raise ValueError(_single(name))
    elif n_axes == 2 and X.shape[1] == 2:
        raise ValueError(_single(name))
    elif n_axes not in (3, 4) and not (n_axes == 1 and X.dtype == object):
        raise ValueError(
            f"{name} must be a list of diagrams, or an array of shape (m, n, 2), got an array of "
            f"shape {tuple(X.shape)}; {WANTED}"
        )
    return list(X)


def _single(name):
    return f"{name} must be a list of diagrams, got a single one; put it in a list"


def _are_rows_of_two(X):
    """Tell whether a list is the rows of a single diagram."""
    return len(X) > 0 and all(depth(row) == 1 and len(row) == 2 for row in X)


def are_ready(diagrams):
    """Tell whether all diagrams are C-contiguous float64 arrays without NaN: the usual case.

    One look at all of them together costs a tenth of a look at each.
    """
    if set(map(type, diagrams)) != {np.ndarray} or set(map(_dtype, diagrams)) != {FLOAT64}:
        return False
    for points in diagrams:
        shape = points.shape
        if len(shape) != 2 or shape[1] != 2 or not points.flags.c_contiguous:
            return False
    return not np.isnan(np.concatenate(diagrams)).any()


def are_empty_lists(diagram, n):
    """Tell whether a sample is n lists with nothing in them."""
    return (
        isinstance(diagram, (list, tuple))
        and len(diagram) == n
        and all(isinstance(points, list) and not points for points in diagram)
    )


def _check_same_numbers(diagrams, name):
    """Return diagrams, or raise ValueError if plain lists of arrays differ in length.

    A position would then mean nothing. A list of empty lists is one by dimension if others are.
    """
    plain = [
        (i, len(diagram))
        for i, diagram in enumerate(diagrams)
        if not isinstance(diagram, (Diagram, DiagramArrays)) and depth(diagram) == 3
    ]
    if not plain:
        return diagrams
    first, n = plain[0]
    diagrams = [[np.empty((0, 2))] * n if are_empty_lists(x, n) else x for x in diagrams]
    for i, diagram in enumerate(diagrams):
        if not has_dimensions(diagram):
            raise ValueError(
                f"{name} must have either one array or a list of arrays for each sample, got a "
                f"list in {name}[{first}] but not in {name}[{i}]"
            )
        if not isinstance(diagram, Diagram) and len(diagram) != n:
            raise ValueError(
                f"lists in {name} must have as many arrays each, one for each dimension, got "
                f"{n} in {name}[{first}] and {len(diagram)} in {name}[{i}]"
            )
    return diagrams
