"""Refuse masked and missing entries: a mask would be lost where an array is made."""

import sys
from itertools import chain
from operator import attrgetter

import numpy as np

__all__ = ["NUMBERS", "kinds_in", "refuse_masks"]

#: Kinds of most numbers in lists.
NUMBERS = {bool, int, float, np.float64, np.float32}

_has_objects = attrgetter("dtype.hasobject")


def kinds_in(values, levels=8):
    """Return the types of what nested lists hold; a list may hold itself, so levels are limited."""
    kinds = set(map(type, values))
    while levels and kinds and kinds <= {list, tuple}:
        values = list(chain.from_iterable(values))
        kinds = set(map(type, values))
        levels -= 1
    return kinds


def refuse_masks(values, name, levels=8):
    """Raise ValueError if an entry of values is masked, or missing as pandas has it (pd.NA).

    NaN is not looked for. Lists are looked through, also nested ones.

    Parameters
    ----------
    values : object
        An array, a frame, a tensor, or nested lists of them; of any other kind nothing is looked
        at.
    name : str or (name, i)
        What to call it in the error; item i of what has a name.
    levels : int, default=8
        How deep lists are looked through; a list may hold itself.
    """
    kind = type(values)
    if kind is np.ndarray and values.dtype.kind != "O":
        return
    if kind in (list, tuple) or (kind is np.ndarray and values.ndim > 0):
        if levels and not _are_plain(values):
            for i, value in enumerate(values):
                if type(value) not in NUMBERS:
                    refuse_masks(value, (name, i), levels - 1)
    elif isinstance(values, np.ma.MaskedArray):
        _refuse(np.ma.getmaskarray(values), name, "filled")
    elif kind.__name__ == "MaskedTensor":
        _refuse(~values.get_mask().cpu().numpy(), name, "to_tensor")
    elif _is_of_pandas(values):
        _refuse_missing(values, name)


def _are_plain(values):
    """Tell whether a list holds numbers alone, or arrays of them alone, as most lists do."""
    kinds = kinds_in(values)
    if kinds == {np.ndarray} and type(values[0]) is np.ndarray:
        return not any(map(_has_objects, values))
    return kinds <= NUMBERS


def _is_of_pandas(values):
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return False
    missing = type(pandas.NA)
    return isinstance(
        values, (pandas.DataFrame, pandas.Series, pandas.api.extensions.ExtensionArray, missing)
    )


def _refuse_missing(values, name):
    """Look for pd.NA: in columns that are of numpy's numbers there is none, NaN may be."""
    pandas = sys.modules["pandas"]
    if isinstance(values, pandas.DataFrame):
        values = values.loc[:, [not _is_of_numbers(dtype) for dtype in values.dtypes]]
    elif _is_of_numbers(getattr(values, "dtype", None)):
        return
    _refuse(np.asarray(pandas.isna(values)), name, "fillna")


def _is_of_numbers(dtype):
    return isinstance(dtype, np.dtype) and dtype.kind != "O"


def _refuse(mask, name, method):
    if mask.dtype == bool and mask.any():
        name = _written(name)
        raise ValueError(
            f"{name} must have no masked or missing entries, got {int(mask.sum())} of {mask.size} "
            f"masked or missing; fill them with {name}.{method}(...), or leave them out"
        )


def _written(name):
    """Return "X[1][0]" for (("X", 1), 0), which is not written before it is needed."""
    return name if isinstance(name, str) else f"{_written(name[0])}[{name[1]}]"
