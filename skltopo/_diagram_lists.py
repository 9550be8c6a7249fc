"""Diagrams at the door: one or a list of them, as arrays or tensors of births and deaths."""

import numpy as np

from ._arrays import as_floats, as_numbers, is_tensor
from .diagrams import Diagram, DiagramBatch

__all__ = ["as_points", "as_points_list", "check_points", "is_diagram", "pick_dim"]


def is_diagram(value):
    """Tell whether value is a `Diagram`, or two-dimensional with two columns, or empty."""
    if isinstance(value, Diagram):
        return True
    shape = getattr(value, "shape", None)
    if isinstance(value, (list, tuple)) and any(hasattr(x, "shape") for x in value):
        shape = (len(value), *value[0].shape) if hasattr(value[0], "shape") else (len(value), 0)
    elif shape is None:
        try:
            shape = np.shape(value)
        except ValueError:  # ragged
            return False
    return tuple(shape) == (0,) or (len(shape) == 2 and shape[1] == 2)


def pick_dim(diagram, dim, name):
    """Return dim, or the only dimension of a Diagram or DiagramBatch where dim is None."""
    dims = tuple(diagram.points if isinstance(diagram, DiagramBatch) else diagram.pairs)
    if dim is None:
        if len(dims) != 1:
            raise ValueError(f"dim must say which of the dimensions {dims} of {name} is meant")
        return dims[0]
    if dim not in dims:
        raise ValueError(f"dim must be one of the dimensions {dims} of {name}, got {dim!r}")
    return dim


def as_points(diagram, dim, name):
    """Return (live, plain) points of one diagram.

    Parameters
    ----------
    diagram : Diagram, or array-like or torch.Tensor of shape (n, 2)
    dim : int or None
        Which dimension of a Diagram; None where it has only one. Arrays have none.
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
    if isinstance(diagram, Diagram):
        diagram = diagram[pick_dim(diagram, dim, name)]
    if isinstance(diagram, (list, tuple)) and len(diagram) == 0:
        diagram = np.empty((0, 2))
    numbers = as_numbers(diagram, name)
    if tuple(numbers.shape) == (0,):
        numbers = numbers.reshape(0, 2)
    if numbers.ndim != 2 or numbers.shape[1] != 2:
        raise ValueError(
            f"{name} must have shape (n, 2), births and deaths, got {tuple(numbers.shape)}"
        )
    live, plain = as_floats(numbers)
    plain = np.ascontiguousarray(plain, dtype=np.float64)
    check_points(plain, name)
    return live, plain


def check_points(plain, name):
    """Raise ValueError if plain has a NaN, saying where the first one is."""
    is_nan = np.isnan(plain)
    if is_nan.any():
        row = int(np.argmax(is_nan.any(axis=1)))
        raise ValueError(f"{name} must not have NaN, got {plain[row].tolist()} in row {row}")


def as_points_list(X, dim, name="X"):
    """Return [live points] and [plain points] of several diagrams.

    Parameters
    ----------
    X : DiagramBatch, or iterable of diagrams as in `as_points`, or array of shape (m, n, 2)
        A batch may have several axes, which are flattened.
    dim : int or None
    name : str, default="X"

    Returns
    -------
    live, plain : lists of the same length
    """
    if isinstance(X, Diagram) or (is_diagram(X) and len(X) and np.ndim(X) == 2):
        raise ValueError(f"{name} must be a list of diagrams, got a single one; put it in a list")
    if isinstance(X, DiagramBatch):
        dim = pick_dim(X, dim, name)
        X = X if len(X.shape) == 1 else X.flat()
    elif not is_tensor(X) and not hasattr(X, "__iter__"):
        raise TypeError(f"{name} must be a list of diagrams, got {type(X).__name__}")
    both = [as_points(diagram, dim, f"{name}[{i}]") for i, diagram in enumerate(X)]
    return [live for live, _ in both], [plain for _, plain in both]
