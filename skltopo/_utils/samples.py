"""Samples of any kind: lines, images, volumes and point clouds, as lists or arrays, and checks."""

from collections.abc import Sequence

from .arrays import as_floats, as_numbers, check_finite, is_no_number
from .checks import refuse_colours
from .namespace import is_tensor

__all__ = ["as_they_are", "check_grid", "check_ragged", "check_some", "describe", "without_graph"]


def check_some(samples):
    """Raise ValueError if there are no samples."""
    if not samples:
        raise ValueError("X must have at least one sample, got 0 samples")


def as_they_are(X):
    """Return the samples of X as a list, untouched; those of a frame are its rows."""
    is_array = len(getattr(X, "shape", ())) > 0
    is_list = isinstance(X, Sequence) and not isinstance(X, (str, bytes))
    if not (is_list or is_array):
        raise TypeError(f"X must be a list or an array of samples, got {type(X).__name__}")
    if hasattr(X, "columns"):  # a frame, which would give its columns one by one
        X = as_numbers(X, "X")
    samples = list(X)
    check_some(samples)
    return samples


def without_graph(X):
    """Return X with arrays for tensors, and a list for other sequences and 1-D object arrays."""
    if is_tensor(X) or is_no_number(X):
        return as_floats(as_numbers(X, "X"))[1]
    is_list = isinstance(X, Sequence) and not isinstance(X, (str, bytes))
    if is_list or (getattr(X, "ndim", 0) == 1 and X.dtype == object):
        return [as_floats(as_numbers(x, "X"))[1] if is_tensor(x) else x for x in X]
    return X


def check_grid(shape, name):
    """Raise ValueError for shapes that are no lines, images or volumes."""
    if len(shape) > 3:
        raise ValueError(
            f"{name} must be lines, images or volumes of at most 3 axes, got shape {shape}"
        )
    if 0 in shape:
        raise ValueError(f"{name} must not be empty, got shape {shape}")


def check_ragged(X, shapes):
    """Return lines, images or volumes of different shapes as a list of arrays."""
    if len({len(shape) for shape in shapes}) > 1:
        raise ValueError(
            "X must be functions on grids of the same number of axes, got shapes "
            f"{sorted(set(shapes))}"
        )
    images = [as_floats(as_numbers(x, f"X[{i}]"))[1] for i, x in enumerate(X)]
    for i, image in enumerate(images):
        refuse_colours(image.shape, f"X[{i}]", "for volumes give filtration=LevelSet(3)")
        check_grid(image.shape, f"X[{i}]")
        check_finite(image, f"X[{i}]")
    return images


def describe(sample):
    """Return words for the class and the shape of a sample."""
    shape = getattr(sample, "shape", None)
    kind = type(sample).__name__
    return f"of kind {kind}" if shape is None else f"of kind {kind} and shape {tuple(shape)}"
