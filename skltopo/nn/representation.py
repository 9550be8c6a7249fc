"""Parameters in the representation of modules."""

import torch

__all__ = ["representation"]


def representation(**parameters):
    """Return "name=value, ...": of tensors the shape, of None nothing."""
    return ", ".join(
        f"{name} of shape {tuple(value.shape)}"
        if isinstance(value, torch.Tensor)
        else f"{name}={value!r}"
        for name, value in parameters.items()
        if value is not None
    )
