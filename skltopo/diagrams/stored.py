"""Diagrams as plain arrays, points and offsets, which files of numpy, zarr and h5py hold."""

from __future__ import annotations

import math
import re
from dataclasses import fields
from itertools import pairwise
from typing import Any

import numpy as np

from .._utils.namespace import namespace_of
from .._utils.typing import Array
from .arrays import DiagramArrays
from .containers import Diagram, DiagramBatch, Points
from .inputs import DiagramsLike, as_list, as_points_list

__all__ = ["from_arrays", "to_arrays"]

# Fields of Points, and what their arrays are called behind the dimension.
NAMES = {
    "finite": "points",
    "pairs": "pairs",
    "splits": "offsets",
    "births": "births",
    "essential": "essential",
    "essential_splits": "essential_offsets",
}


def to_arrays(diagrams: DiagramsLike) -> dict[str, Array]:
    """Return diagrams as a dict of arrays, as numpy.savez, zarr and h5py store them.

    Parameters
    ----------
    diagrams : DiagramBatch, or list of Diagram, of DiagramArrays or of (n_points, 2) arrays
        What filtrations and `PersistenceDiagrams` return. Lists have diagrams of one kind and of
        the same dimensions.

    Returns
    -------
    dict of str to ndarray
        ``H1_points`` are the points of PD_1 of all samples one after the other, those of sample i
        from ``H1_offsets[i]`` to ``H1_offsets[i + 1]``. Of Diagrams also ``H1_pairs``, their
        vertices; ``H1_births``, ``H1_essential`` and ``H1_essential_offsets``, the same of
        essential classes; ``shape``, ``superlevel``, and ``last``, the last filtration values.
        Of single arrays ``points`` and ``offsets``.

    Raises
    ------
    TypeError, ValueError
        If diagrams are none, there is none, or their kinds or dimensions differ, or some are of
        sublevel and some of superlevel sets.

    See Also
    --------
    from_arrays : The way back.

    Examples
    --------
    >>> import numpy as np
    >>> from skltopo.diagrams import from_arrays, to_arrays
    >>> from skltopo.filtrations import LevelSet
    >>> batch = LevelSet(ndim=2)(np.random.default_rng(0).random((5, 8, 8)))
    >>> arrays = to_arrays(batch)
    >>> arrays["H1_points"].shape, arrays["H1_offsets"]
    ((32, 2), array([ 0,  8, 14, 22, 27, 32]))
    >>> from_arrays(arrays) == batch
    True
    """
    if isinstance(diagrams, DiagramBatch):
        return _arrays_of_batch(diagrams)
    diagrams = as_list(diagrams, "diagrams")
    kinds = {type(diagram) for diagram in diagrams}
    dims: set[Any] = {getattr(diagram, "homology_dimensions", None) for diagram in diagrams}
    if not diagrams or len(dims) > 1 or (len(kinds) > 1 and dims != {None}):
        raise ValueError(
            "diagrams must be at least one, of one kind and of the same homology dimensions, got "
            f"{len(diagrams)} of {sorted(kind.__name__ for kind in kinds)}"
        )
    if kinds == {Diagram}:
        return _arrays_of_batch(_as_batch(diagrams))
    if dims == {None}:
        return _points_and_offsets(as_points_list(diagrams, None, "diagrams")[0])
    arrays: dict[str, Array] = {}
    for dim in dims.pop():
        points = _points_and_offsets([diagram.get_points(dim) for diagram in diagrams])
        arrays |= {f"H{dim}_{name}": array for name, array in points.items()}
    last = [diagram.last for diagram in diagrams]
    if None not in last:
        arrays["last"] = np.array(last)
    return arrays


def from_arrays(arrays: Any) -> Any:
    """Return the diagrams of which `to_arrays` made arrays, number by number.

    Parameters
    ----------
    arrays : dict, or group of zarr or h5py, or what numpy.load returns
        By the names that `to_arrays` gives them.

    Returns
    -------
    DiagramBatch, or list of DiagramArrays or of (n_points, 2) ndarray
        Of a list of Diagrams, the batch of them.

    Raises
    ------
    ValueError
        If names are missing, or arrays do not belong together: offsets do not rise from 0 to the
        number of points, or are of different numbers of diagrams.

    Examples
    --------
    Points and offsets by hand: the first diagram has two points, the second has one.

    >>> from skltopo.diagrams import from_arrays
    >>> diagrams = from_arrays({"points": [[0, 2], [1, 3], [0, 1]], "offsets": [0, 2, 3]})
    >>> [len(diagram) for diagram in diagrams]
    [2, 1]
    """
    names = set(arrays)
    if {"points", "offsets"} <= names:
        return _split(arrays, "")
    dims = _dims_of(names)
    last = np.asarray(arrays["last"]) if "last" in names else None
    if "superlevel" not in names:
        split = [_split(arrays, f"H{dim}_") for dim in dims]
        _check_equal({f"H{dim}_offsets": len(one) for dim, one in zip(dims, split, strict=True)})
        lasts = [None] * len(split[0]) if last is None else [float(x) for x in last]
        _check_equal({"H*_offsets": len(split[0]), "last": len(lasts)})
        return [DiagramArrays(one, dims, x) for *one, x in zip(*split, lasts, strict=True)]
    points = {
        dim: Points(
            **{field: np.asarray(arrays[f"H{dim}_{name}"]) for field, name in NAMES.items()}
        )
        for dim in dims
    }
    shape = tuple(int(n) for n in np.asarray(arrays["shape"]))
    _check_points(points, shape, last)
    return DiagramBatch(points, shape, bool(np.asarray(arrays["superlevel"])[0]), last)


def _dims_of(names):
    """Return the dimensions of which there are arrays, or raise ValueError if some are missing."""
    dims = sorted({int(found[1]) for name in names if (found := re.match(r"H(\d+)_", name))})
    is_of_batch = any(name == "superlevel" or name.endswith("_pairs") for name in names)
    wanted = {f"H{dim}_{name}" for dim in dims for name in ("points", "offsets")}
    if is_of_batch:
        wanted = {f"H{dim}_{name}" for dim in dims for name in NAMES.values()}
        wanted |= {"shape", "superlevel"}
    if not dims or wanted - names:
        raise ValueError(
            "arrays must have points and offsets, or H0_points and H0_offsets and so on, got "
            f"{sorted(names)}" + (f" without {sorted(wanted - names)}" if dims else "")
        )
    return dims


def _check_points(points, shape, last):
    """Raise ValueError if arrays are not those of one batch."""
    n_samples = math.prod(shape)
    for dim, part in points.items():
        _check_offsets(part.splits, f"H{dim}_offsets", len(part.finite))
        _check_offsets(part.essential_splits, f"H{dim}_essential_offsets", len(part.births))
        _check_equal({f"H{dim}_points": len(part.finite), f"H{dim}_pairs": len(part.pairs)})
        _check_equal({f"H{dim}_births": len(part.births), f"H{dim}_essential": len(part.essential)})
        _check_equal(
            {
                "shape": n_samples,
                f"H{dim}_offsets": len(part.splits) - 1,
                f"H{dim}_essential_offsets": len(part.essential_splits) - 1,
            }
        )
    if last is not None:
        _check_equal({"shape": n_samples, "last": len(last)})


def _check_offsets(offsets, name, n):
    """Raise ValueError if offsets are not those of n points."""
    is_whole = offsets.ndim == 1 and offsets.dtype.kind in "iu" and len(offsets)
    if not is_whole or offsets[0] != 0 or offsets[-1] != n or (offsets[1:] < offsets[:-1]).any():
        raise ValueError(
            f"{name} must be integers that rise from 0 to the number of points, {n}, got {offsets}"
        )


def _check_equal(counts):
    """Raise ValueError if arrays, by their names, are of different numbers of things."""
    if len(set(counts.values())) > 1:
        raise ValueError(f"arrays must belong together, got the lengths {counts}")


def _arrays_of_batch(batch):
    # Pickles hold what tensors hold without their gradients; so do these.
    arrays = {
        f"H{dim}_{NAMES[field.name]}": _as_array(getattr(points, field.name))
        for dim, points in batch.points.items()
        for field in fields(points)
    }
    arrays["shape"] = np.array(batch.shape, dtype=np.int64)
    arrays["superlevel"] = np.array([batch.superlevel])
    if batch.last() is not None:
        arrays["last"] = _as_array(batch.last())
    return arrays


def _as_array(values):
    return np.asarray(namespace_of(values).plain(values))


def _points_and_offsets(diagrams):
    diagrams = [_as_array(points) for points in diagrams]
    offsets = np.concatenate([[0], np.cumsum([len(points) for points in diagrams])])
    return {"points": np.concatenate(diagrams), "offsets": offsets.astype(np.int64)}


def _split(arrays, prefix):
    points, offsets = (np.asarray(arrays[prefix + name]) for name in ("points", "offsets"))
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(f"{prefix}points must have shape (n, 2), got {points.shape}")
    _check_offsets(offsets, f"{prefix}offsets", len(points))
    return [points[i:j].copy() for i, j in pairwise(offsets)]


def _as_batch(diagrams):
    """Return several Diagrams as a batch, or raise ValueError if they are of different kinds."""
    kinds = {
        (bool(diagram.superlevel), *(pairs.shape[1:] for pairs in diagram.pairs.values()))
        for diagram in diagrams
    }
    if len(kinds) > 1:
        raise ValueError(
            "diagrams must be of one kind, got some of images and some of clouds, or of sublevel "
            "and of superlevel sets"
        )
    batches = [diagram.as_batch() for diagram in diagrams]
    points = {
        dim: _joined([batch.points[dim] for batch in batches])
        for dim in batches[0].homology_dimensions
    }
    lasts = [batch.last() for batch in batches]
    last = None if any(x is None for x in lasts) else np.concatenate([_as_array(x) for x in lasts])
    return DiagramBatch(points, (len(diagrams),), batches[0].superlevel, last)


def _joined(parts):
    """Return the Points of several samples, each alone, as one."""
    joined = {}
    for field in fields(Points):
        some = [_as_array(getattr(part, field.name)) for part in parts]
        if field.name.endswith("splits"):
            joined[field.name] = np.concatenate([[0], np.cumsum([one[-1] for one in some])])
        else:
            joined[field.name] = np.concatenate(some)
    return Points(**joined)
