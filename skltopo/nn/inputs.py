"""What modules of fitted steps take: a tensor of samples, or a list of tensors."""

import torch

from .._utils.namespace import namespace_of
from .operators import is_traced

__all__ = ["as_live", "as_samples", "check_scores"]


def as_samples(X, name="X"):
    """Return a tensor of samples, or a list of at least one, as floats that keep their graph.

    Raises
    ------
    TypeError
        If X is neither, or not real numbers.
    ValueError
        If X is empty, or has a NaN or an infinity.
    """
    if not isinstance(X, (list, tuple)):
        return as_live(X, name)
    if not X:
        raise ValueError(f"{name} must have at least one sample, got an empty list")
    return [as_live(x, f"{name}[{i}]") for i, x in enumerate(X)]


def as_live(X, name="X"):
    """Return a tensor as floats that keep their graph; see `as_samples`."""
    if not isinstance(X, torch.Tensor):
        raise TypeError(
            f"{name} must be a torch.Tensor, as torch.as_tensor returns it, got {type(X).__name__}"
        )
    if X.is_complex():
        raise TypeError(f"{name} must be a tensor of real numbers, got dtype {X.dtype}")
    if not is_traced():
        X = namespace_of(X).as_numbers(X, name)
    if X.ndim == 0 or X.numel() == 0:
        raise ValueError(f"{name} must not be empty, got shape {tuple(X.shape)}")
    X = X if X.is_floating_point() else X.double()
    if not _is_finite(X):
        raise ValueError(f"{name} must be finite, got a NaN or an infinity")
    return X


def check_scores(scores):
    """Return the scores of finite X, or raise ValueError where they overflow."""
    if isinstance(scores, torch.Tensor) and not _is_finite(scores):
        raise ValueError(
            f"scores, or steps to them, are more than a number of dtype {scores.dtype} can hold; "
            "scale X to usual units"
        )
    return scores


def _is_finite(values):
    """Tell whether all values are finite; True where they can't be looked at."""
    return is_traced() or bool(values.isfinite().all())
