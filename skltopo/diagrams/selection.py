"""Select points of diagrams: of some dimensions, with essential classes ended, without short ones.

A *dim* is what users give: an integer, a tuple of them, or None for all dimensions that there are.
The dimensions that it names are a tuple. Single arrays have no dimension: theirs is (None,).
"""

from math import isfinite

import numpy as np

from .._utils.checks import is_integer
from .._utils.namespace import namespace_of
from .arrays import DiagramArrays
from .containers import Diagram, DiagramBatch
from .inputs import are_empty_lists, are_ready, as_list, as_points_list, has_dimensions

__all__ = [
    "as_dimensions",
    "clipped",
    "dimensions_of_two",
    "find_dimensions",
    "is_flat",
    "is_lost",
    "last_value",
    "only_dimension",
    "points_by_dimension",
    "without_short",
]


def as_dimensions(dim):
    """Return dim, an integer or a sequence of different integers, as a tuple; None as it is.

    Raises
    ------
    TypeError
        If dim is neither.
    ValueError
        If it has no integer, the same one twice, or one below 0.
    """
    if dim is None:
        return None
    dims = (dim,) if is_integer(dim) else dim
    if not isinstance(dims, (tuple, list, range)):
        raise TypeError(f"dim must be an integer, a tuple of integers or None, got {dim!r}")
    if not dims or not all(map(is_integer, dims)) or min(dims) < 0 or len(set(dims)) < len(dims):
        raise ValueError(f"dim must be different integers of at least 0, got {dim!r}")
    return tuple(map(int, dims))


def find_dimensions(dim, diagrams, name="X"):
    """Return the tuple of dimensions that dim names in a list of diagrams.

    Parameters
    ----------
    dim : int, sequence of int, or None
        None for all that the diagrams have.
    diagrams : list of diagrams
    name : str, default="X"
        What to call the list in an error.

    Returns
    -------
    tuple
        (None,) where single arrays are meant, or the only dimension, or the only array of a list.

    Raises
    ------
    TypeError, ValueError
        If dim is no dimension, or None where diagrams have different dimensions.
    """
    dims = as_dimensions(dim)
    if dims is not None or are_ready(diagrams):
        return dims or (None,)
    first = None
    for i, diagram in enumerate(diagrams):
        if not has_dimensions(diagram):
            continue
        found = _dimensions_of(diagram)
        if first is None:
            first, dims = i, found
        _check_equal(dims, found, f"{name}[{first}]", f"{name}[{i}]")
    return (None,) if dims is None or len(dims) == 1 else dims


def only_dimension(diagrams):
    """Return the one homology dimension that all diagrams say to have, None if they do not."""
    found = {getattr(diagram, "homology_dimensions", None) for diagram in diagrams}
    (dims,) = found if len(found) == 1 else (None,)
    return dims[0] if dims is not None and len(dims) == 1 else None


def dimensions_of_two(dim, first, second, names=("dgm1", "dgm2")):
    """Return the tuple of dimensions that dim names in two diagrams; see `find_dimensions`."""
    dims = as_dimensions(dim)
    if dims is None and has_dimensions(first) and has_dimensions(second):
        dims = _dimensions_of(first)
        _check_equal(dims, _dimensions_of(second), *names)
    return (None,) if dims is None or (dim is None and len(dims) == 1) else dims


def _check_equal(dims1, dims2, name1, name2):
    if dims1 != dims2:
        raise ValueError(
            "dim must say which homology dimensions are meant, because these differ: "
            f"{dims1} in {name1} and {dims2} in {name2}"
        )


def _dimensions_of(diagram):
    if isinstance(diagram, (Diagram, DiagramArrays, DiagramBatch)):
        dims = tuple(sorted(diagram.homology_dimensions))
    else:
        dims = tuple(range(len(diagram)))
    if not dims:
        raise ValueError(
            "a diagram must have a homology dimension, got one without any; a diagram without "
            "points is an array of shape (0, 2)"
        )
    return dims


def last_value(diagram):
    """Return the last filtration value of a sample, a number or a 0-d tensor, or None."""
    if isinstance(diagram, Diagram):
        last = diagram.as_batch().last()
        return None if last is None else last.reshape(-1)[0]
    return diagram.last if isinstance(diagram, DiagramArrays) else None


def points_by_dimension(
    X, dims, *, essential="keep", min_length=0.0, name="X", live=False, dim_must_be_used=True
):
    """Return {dim: [points]} of several diagrams.

    Parameters
    ----------
    X : list of diagrams, or DiagramBatch
        As in `as_points_list`.
    dims : tuple
        As `find_dimensions` returns it.
    essential : {"keep", "drop", "clip"}, default="keep"
        "clip": essential classes end at the last filtration value of their sample. "keep" and
        "drop": they are returned as they are.
    min_length : float, default=0.0
        Points that are shorter are left out.
    name : str, default="X"
        What to call X in an error.
    live : bool, default=False
        Whether points are as they were given, tensors where these are; otherwise float64 arrays.
    dim_must_be_used : bool, default=True
        As in `as_points_list`.

    Raises
    ------
    TypeError, ValueError
        As `as_points_list`, or if classes are to be clipped and their last value is not known.
    """
    diagrams = list(X) if type(X) in (list, tuple) else as_list(X, name)
    found = {}
    if len(dims) > 1:
        _check_several(diagrams, dims, name)
    for dim in dims:
        given, plain = as_points_list(diagrams, dim, name, dim_must_be_used)
        points = given if live else plain
        if essential == "clip":
            points = [
                clipped(points[i], plain[i], diagram, f"{name}[{i}]")
                for i, diagram in enumerate(diagrams)
            ]
        found[dim] = [without_short(one, min_length) for one in points] if min_length else points
    return found


def _check_several(diagrams, dims, name):
    for i, diagram in enumerate(diagrams):
        is_empty = isinstance(diagram, (list, tuple)) and are_empty_lists(diagram, len(diagram))
        if not has_dimensions(diagram) and not is_empty:
            raise ValueError(
                f"dim={dims} picks several homology dimensions, but {name}[{i}] is a single array "
                "of births and deaths; leave dim out"
            )


def clipped(live, plain, diagram, name):
    """Return points whose infinite deaths are the last value of their diagram.

    Parameters
    ----------
    live : (n, 2) array or tensor
    plain : (n, 2) array
        The same numbers.
    diagram : Diagram, DiagramArrays or array
        Which live is a dimension of.
    name : str
        What to call the diagram in an error.

    Raises
    ------
    ValueError
        If there is an infinite death, and the diagram does not tell its last value.
    """
    is_class = np.isinf(plain[:, 1])
    if not is_class.any():
        return live
    last = last_value(diagram)
    if last is None:
        raise ValueError(
            "essential='clip' ends essential classes at the last filtration value, which the array "
            f"{name} does not tell: give a Diagram, or what PersistenceDiagrams returns with a "
            "tuple of homology_dimensions and essential='keep', or arrays that are clipped, as by "
            "PersistenceDiagrams(essential='clip')"
        )
    xp = namespace_of(live)
    if not xp.has_gradients:
        last = float(namespace_of(last).plain(last))
    deaths = xp.where(xp.operand(is_class, live), last, live[:, 1])
    return xp.stack([live[:, 0], deaths], 1)


def without_short(points, min_length):
    """Return points, an array or a tensor, without those shorter than min_length."""
    xp = namespace_of(points)
    plain = xp.plain(points)
    # Equal infinities have no length; min_length may be more than float32 can hold.
    with np.errstate(invalid="ignore", over="ignore"):
        kept = abs(plain[:, 1] - plain[:, 0]) >= min_length
    return points if kept.all() else xp.take(points, kept)


def is_flat(diagrams):
    """Tell whether there are points, and every one dies where it is born."""
    return any(map(len, diagrams)) and all((one[:, 0] == one[:, 1]).all() for one in diagrams)


def is_lost(diagrams):
    """Tell whether no array has a finite point, and at least one has an essential class."""
    return any(map(len, diagrams)) and not any(map(_has_finite, diagrams))


def _has_finite(points):
    # Essential classes stand before finite points nearly always, so that the last row tells it.
    return len(points) > 0 and bool(
        (isfinite(points[-1, 0]) and isfinite(points[-1, 1]))
        or np.isfinite(points).all(axis=1).any()
    )
