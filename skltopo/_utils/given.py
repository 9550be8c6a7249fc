"""What people give as arrays: taken where its meaning is clear, else refused by a sentence.

Frames, grey images and nested lists become arrays of numbers.
"""

import sys
from typing import Any, TypeGuard

import numpy as np

from .masks import NUMBERS, refuse_masks

__all__ = [
    "as_array",
    "holds_arrays",
    "is_dask",
    "is_graph",
    "is_image",
    "is_sparse",
    "refuse_dask",
]

# Modes of images of PIL that have one number for each pixel.
GREY = {"1", "L", "I", "F", "I;16", "I;16L", "I;16B"}


def _module(values):
    return type(values).__module__.partition(".")[0]


def is_sparse(values):
    """Tell whether values is a sparse matrix or array of scipy, without importing it."""
    return _module(values) == "scipy" and hasattr(values, "toarray")


def is_dask(values: object) -> TypeGuard[Any]:
    """Tell whether values is a Dask array, without importing Dask."""
    module = sys.modules.get("dask.array")
    return module is not None and isinstance(values, getattr(module, "Array", ()))


def refuse_dask(values, name):
    """Raise TypeError if values is a collection of Dask, where it would be loaded as a whole."""
    if is_dask(values):
        raise TypeError(
            f"{name} must be in memory, got a Dask array of shape {values.shape}; use "
            f"{name}.compute(), or map_blocks for what works sample by sample. PersistenceFeatures "
            "and TopoDenoiser take Dask arrays, and transform_to_store reads them in chunks"
        )
    if hasattr(values, "__dask_graph__") and hasattr(values, "dask") and _module(values) == "dask":
        raise TypeError(
            f"{name} must be in memory, got a Dask {type(values).__name__}; use {name}.compute(), "
            f"or {name}.to_dask_array(lengths=True) where Dask arrays are taken"
        )


def is_image(values):
    """Tell whether values is an image of PIL, without importing it."""
    return _module(values) == "PIL" and hasattr(values, "mode")


def is_graph(values):
    """Tell whether values is a graph of networkx, without importing it."""
    networkx = sys.modules.get("networkx")
    return networkx is not None and isinstance(values, networkx.Graph)


def holds_arrays(values, levels=8):
    """Tell whether a list holds arrays, tensors, images or frames, at any level.

    levels is how deep lists are looked through; a list may hold itself.
    """
    kinds = set(map(type, values))
    if kinds <= NUMBERS:
        return False
    for kind in kinds - {list, tuple}:
        if not issubclass(kind, np.generic) and (
            hasattr(kind, "__array__") or hasattr(kind, "__array_interface__")
        ):
            return True
    return levels > 0 and any(
        holds_arrays(value, levels - 1) for value in values if type(value) in (list, tuple)
    )


def as_array(values, name, is_of_numbers=False):
    """Return values as an array of real numbers, without copying an array.

    Parameters
    ----------
    values : object
        An array, a frame, a grey image of PIL, or nested lists of numbers.
    name : str
        What to call it in an error.
    is_of_numbers : bool, default=False
        Whether values is known to be nested lists of numbers.

    Raises
    ------
    TypeError
        If values is of another kind, or not real numbers.
    ValueError
        If values is ragged, or has masked or missing entries.
    """
    if type(values) is not np.ndarray:
        if not is_of_numbers:
            refuse_masks(values, name)
            _refuse_others(values, name)
        try:
            values = np.asarray(values)
        except ValueError as error:
            sentence = f"{name} must be a rectangular array of numbers, got {error}"
            raise ValueError(sentence) from error
    if values.dtype.kind == "O":
        values = _numbers_of_objects(values, name)
    if values.dtype.kind not in "biuf":
        raise TypeError(
            f"{name} must be an array of real numbers, got dtype {values.dtype}"
            f"{_WAYS_OUT.get(values.dtype.kind, '')}"
        )
    return values


_WAYS_OUT = {
    "c": "; take its absolute value, or its real part",
    "V": "; a structured array has no one number: give its fields one by one, as columns",
    "M": "; turn times into numbers, by (times - times[0]) / np.timedelta64(1, 's')",
    "m": "; turn times into numbers, by times / np.timedelta64(1, 's')",
}


def _refuse_others(values, name):
    """Raise TypeError for kinds that are no arrays."""
    kind = type(values).__name__
    refuse_dask(values, name)
    wanted = f"{name} must be an array of real numbers, or nested lists of them, got"
    if is_sparse(values):
        raise TypeError(f"{name} must be a dense array, got {kind}; use {name}.toarray()")
    if is_graph(values):
        raise TypeError(
            f"{wanted} a networkx {kind}; SimplicialComplex.from_graph(graph) is its complex, "
            "networkx.to_numpy_array(graph) its matrix"
        )
    if is_image(values):
        if values.mode not in GREY:
            raise TypeError(
                f"{name} must be an image of one value a pixel, got one of mode {values.mode!r}; "
                f"use {name}.convert('L') for its grey values"
            )
    elif type(values) in (list, tuple) and len(values) and is_graph(values[0]):
        _refuse_others(values[0], f"{name}[0]")
    elif hasattr(values, "__next__") or isinstance(values, (map, range)):
        if not isinstance(values, range):
            raise TypeError(f"{wanted} an iterator, {kind}; use list({name})")
    elif isinstance(values, (dict, set, frozenset, str, bytes)) or values is None:
        raise TypeError(f"{wanted} {'None' if values is None else f'a {kind}'}")


def _numbers_of_objects(values, name):
    """Return an array of objects as float64, or raise if they are no real numbers."""
    refuse_masks(values, name)
    wanted = f"{name} must be an array of real numbers, got dtype object"
    for value in values.flat:
        if not hasattr(type(value), "__float__") or isinstance(value, (np.ndarray, str)):
            raise TypeError(f"{wanted} with {type(value).__name__} in it")
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{wanted} that can't be made float64: {error}") from error
