"""Dask arrays of samples: what is done to each sample, chunk by chunk, when it is asked for."""

import numpy as np

from .masks import refuse_masks

__all__ = ["ends_of", "map_samples"]


def ends_of(X, with_range):
    """Return an array in memory that stands for a Dask array of samples in checks.

    Parameters
    ----------
    X : dask.array.Array of shape (n, ...)
    with_range : bool
        Whether it has to have the least and the greatest value of X, which takes a pass over X.

    Returns
    -------
    ndarray of shape (2, ...), or (1, ...) without the range, or (0, ...) if X has no samples

    Raises
    ------
    ValueError
        If X has an axis behind the first one whose length is not known; where the range is looked
        for, also if there are masked entries.
    """
    shape = X.shape[1:]
    if any(np.isnan(n) for n in shape):
        raise ValueError(
            "X must have samples of known shape, got a Dask array of shape "
            f"{X.shape}; X.compute_chunk_sizes() finds it"
        )
    if not X.ndim or X.shape[0] == 0 or 0 in shape or not with_range or X.dtype.kind not in "biufO":
        n_samples = 1 if X.ndim and X.shape[0] else 0
        return np.zeros((n_samples, *shape) if X.ndim else (), dtype=X.dtype)
    import dask

    # Not X.min(): where chunks are empty, that fails.
    found = dask.compute([dask.delayed(_ends)(chunk) for chunk in X.to_delayed().flat])[0]
    ends = [end for end in found if end is not None]
    if not ends:
        return np.zeros((0, *shape), dtype=X.dtype)
    low, high = (np.array(values, dtype=X.dtype) for values in zip(*ends, strict=True))
    return np.stack([np.full(shape, end, dtype=X.dtype) for end in (low.min(), high.max())])


def _ends(chunk):
    """Return the least and the greatest value of a chunk, None if it has none."""
    refuse_masks(chunk, "X")
    chunk = np.asarray(chunk)
    return (chunk.min(), chunk.max()) if chunk.size else None


def map_samples(function, X, shape, dtype, **given):
    """Return a Dask array of what a function makes of the samples of a Dask array.

    Parameters
    ----------
    function : callable
        Takes a chunk, an array of some whole samples, and what is given by name; returns an array
        with a row for each sample.
    X : dask.array.Array of shape (n, ...)
        Cut between samples as it is; samples that are cut are put together first.
    shape : tuple of int
        Of a row.
    dtype : dtype
        Of the result.
    **given : dict

    Returns
    -------
    dask.array.Array of shape (n, *shape)
    """
    X = X.rechunk(dict.fromkeys(range(1, X.ndim), -1))
    axes = range(1, 1 + len(shape))
    return X.map_blocks(
        _call, function, shape, np.dtype(dtype), given, dtype=dtype,
        drop_axis=list(range(1, X.ndim)), new_axis=list(axes),
        chunks=(X.chunks[0], *((n,) for n in shape)),
        meta=np.empty((0,) * (1 + len(shape)), dtype=dtype), name=None,
    )  # fmt: skip


def _call(chunk, function, shape, dtype, given):
    if not len(chunk):
        return np.empty((0, *shape), dtype=dtype)
    return function(np.asanyarray(chunk), **given)  # a mask is kept, and refused
