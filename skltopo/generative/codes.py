"""Latent codes: drawn, placed where a generator takes them, and given back as they came."""

from math import prod

import numpy as np
import torch

from .._utils.arrays import as_floats, as_numbers, check_finite
from .._utils.checks import check_shape, is_integer
from .._utils.memory import check_memory
from .._utils.namespace import is_tensor

__all__ = [
    "as_codes",
    "as_given",
    "drawing",
    "norms_of",
    "placed",
    "reached",
]


def drawing(latent_dim, batch_size, generator):
    """Return a function from a torch.Generator to latent codes."""
    if callable(latent_dim):
        return lambda random: _check_drawn(latent_dim(batch_size, random))
    if is_integer(latent_dim):
        latent_dim = (latent_dim,)
    if not isinstance(latent_dim, (tuple, list)) or not latent_dim:
        raise TypeError(f"latent_dim must be an integer, a shape or a function, got {latent_dim!r}")
    shape = batch_size, *check_shape("latent_dim", latent_dim, (len(latent_dim),))
    check_memory(16 * prod(shape), f"codes of shape {shape}")
    place = _place_of(generator)
    return lambda random: torch.randn(shape, generator=random).to(**place)


def _check_drawn(codes):
    if not is_tensor(codes):
        raise TypeError(f"latent_dim must return a torch.Tensor, got {type(codes).__name__}")
    return codes


def as_codes(z, name):
    """Return finite latent codes as a tensor without a graph."""
    live, plain = as_floats(as_numbers(z, name))
    check_finite(plain, name, before="")
    return live.detach() if is_tensor(live) else torch.from_numpy(np.array(live))


def placed(codes, generator, name, given):
    """Return codes on the device and in the dtype in which a generator takes them.

    One without weights takes floats as they are given.
    """
    placed = codes.to(**_place_of(generator, codes if _has_floats(given) else None))
    if not placed.isfinite().all():
        raise ValueError(f"{name} is more than a {placed.dtype} of the generator can hold")
    return placed


def _place_of(generator, default=None):
    """Return the device and dtype of the first weights that are floats, or of a default tensor."""
    weights = (w for w in generator.parameters() if w.is_floating_point())
    weight = next(weights, torch.empty(0) if default is None else default)
    return {"device": weight.device, "dtype": weight.dtype}


def _has_floats(z):
    """Tell whether z is a tensor or an array of floats, whose dtype counts."""
    if is_tensor(z):
        return z.is_floating_point()
    return getattr(getattr(z, "dtype", None), "kind", "") == "f"


def as_given(new, start, z, codes):
    """Return new codes as z came: an array or a tensor, of its dtype if it has floats.

    Where they are as they have been at the start, they are what was given, unrounded.
    """
    if _has_floats(z):
        new = torch.where(new == start, codes.to(new.device), new).to(codes)
    if is_tensor(z):
        return new
    array = new.cpu().numpy()
    return array.astype(z.dtype) if _has_floats(z) else array


def norms_of(codes):
    """Return the norm of each code, with as many axes as the codes."""
    norms = torch.linalg.vector_norm(codes.reshape(len(codes), -1), dim=1)
    return norms.reshape(-1, *[1] * (codes.ndim - 1))


def reached(each, target, n):
    """Tell which of n codes have a loss of at most the target."""
    if each.numel() == n:
        return each.reshape(-1) <= target
    return (each.mean() <= target).expand(n)
