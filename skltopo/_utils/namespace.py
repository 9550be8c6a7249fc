"""numpy or torch under one set of names, so that a function of diagrams is written once.

``namespace_of(values)`` returns `NUMPY` for arrays and an object with the same methods for tensors.
torch is not imported unless a tensor is seen.
"""

import sys
from functools import cache

import numpy as np

__all__ = ["NUMPY", "is_tensor", "namespace_of"]


def is_tensor(values):
    """Tell whether values is a torch tensor, without importing torch for it."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(values, torch.Tensor)


def namespace_of(*values):
    """Return the namespace of torch if one of the values is a tensor, else that of numpy."""
    return _torch_namespace() if any(map(is_tensor, values)) else NUMPY


class NumpyNamespace:
    """Functions of arrays. Rows and masks are always numpy arrays, also for tensors."""

    # Whether values may belong to a graph of gradients. Compiled kernels read arrays only.
    has_gradients = False

    where = staticmethod(np.where)
    exp = staticmethod(np.exp)
    log = staticmethod(np.log)
    isfinite = staticmethod(np.isfinite)
    concat = staticmethod(np.concatenate)
    stack = staticmethod(np.stack)
    sort = staticmethod(np.sort)
    amax = staticmethod(np.max)
    plain = staticmethod(np.asarray)
    cross = staticmethod(np.cross)
    number = float

    @staticmethod
    def take(values, rows):
        """Return values[rows], for rows as integers of any shape, or as a mask."""
        if rows.dtype == bool and rows.all():
            return values
        return values[rows]

    @staticmethod
    def as_like(array, like):
        """Return a numpy array in the kind, dtype and device of like."""
        return np.asarray(array, like.dtype)

    @staticmethod
    def on_device_of(array, like):
        """Return a numpy array in the kind and on the device of like, in its own dtype."""
        return array

    @staticmethod
    def as_one_kind(*values):
        """Return values, arrays or tensors, so that they can be added and joined."""
        return values

    @staticmethod
    def zeros(shape, like):
        """Return zeros of the kind, dtype and device of like."""
        return np.zeros(shape, like.dtype)

    @staticmethod
    def zero_of(values):
        """Return a zero whose gradient with respect to values exists, and is zero."""
        return 0.0

    @staticmethod
    def fill(values, mask, number):
        """Return values with a number where the mask is true."""
        return np.where(mask, np.asarray(number, values.dtype), values)

    @staticmethod
    def norm(vectors, order):
        """Return the norms of the rows of (n, d) vectors, for order 2 or inf."""
        if order == 2:
            return np.hypot.reduce(vectors, axis=1)  # squares do not overflow
        return abs(vectors).max(axis=1, initial=0)

    @staticmethod
    def normal_cdf(z):
        """Return the probability that a standard normal variable is at most z."""
        from scipy.special import ndtr

        return ndtr(z)

    @staticmethod
    def solve(matrices, right):
        """Solve (n, k, k) systems with one right side each, (n, k)."""
        return np.linalg.solve(matrices, right[..., None])[..., 0]

    @staticmethod
    def not_zero(values):
        """Return values of at least 0, those below the least normal number raised to it."""
        return values.clip(np.finfo(values.dtype).tiny)

    @staticmethod
    def segment_sum(terms, splits):
        """Sum terms[splits[i]:splits[i + 1]] over the first axis for every i."""
        out = np.zeros((len(splits) - 1, *terms.shape[1:]), dtype=terms.dtype)
        filled = np.diff(splits) > 0
        if filled.any():  # reduceat would take an empty segment for its first element
            out[filled] = np.add.reduceat(terms, splits[:-1][filled])
        return out


class TorchNamespace:
    """The same functions of tensors, differentiable."""

    has_gradients = True

    def __init__(self):
        import torch

        self._torch = torch
        self.where, self.exp, self.log = torch.where, torch.exp, torch.log
        self.isfinite, self.concat, self.stack = torch.isfinite, torch.cat, torch.stack
        self.normal_cdf, self.cross = torch.special.ndtr, torch.linalg.cross
        self.solve = torch.linalg.solve

    def sort(self, values, axis=-1):
        return values.sort(dim=axis).values

    def amax(self, values, axis=()):
        return values.amax(dim=axis)  # equal values share the gradient

    def plain(self, values):
        return values.detach().cpu().numpy()

    def number(self, value):
        return value

    def take(self, values, rows):
        if rows.dtype == bool:
            if rows.all():
                return values
            rows = np.flatnonzero(rows)
        # index_select has a faster backward than advanced indexing (index_add, no sort).
        flat = self.on_device_of(rows.reshape(-1), values)
        taken = values.index_select(0, flat)
        return taken if rows.ndim == 1 else taken.reshape(*rows.shape, *values.shape[1:])

    def as_like(self, array, like):
        return self._torch.as_tensor(array).to(like)

    def on_device_of(self, array, like):
        return self._torch.from_numpy(array).to(like.device)

    def as_one_kind(self, *values):
        device = next(x.device for x in values if is_tensor(x))
        tensors = [self._torch.as_tensor(x, device=device) for x in values]
        dtype = tensors[0].dtype
        for tensor in tensors[1:]:
            dtype = self._torch.promote_types(dtype, tensor.dtype)
        return [tensor.to(dtype) for tensor in tensors]

    def zeros(self, shape, like):
        return like.new_zeros(shape)

    def zero_of(self, values):
        return self.where(self.isfinite(values), values, 0).sum() * 0

    def fill(self, values, mask, number):
        return values.masked_fill(self.on_device_of(mask, values), number)

    def norm(self, vectors, order):
        return self._torch.linalg.vector_norm(vectors, order, dim=1)  # the gradient at 0 is 0

    def not_zero(self, values):
        return values.clamp(min=self._torch.finfo(values.dtype).tiny)

    def segment_sum(self, terms, splits):
        segment = np.repeat(np.arange(len(splits) - 1), np.diff(splits))
        out = self.zeros((len(splits) - 1, *terms.shape[1:]), terms)
        return out.index_add(0, self.on_device_of(segment, terms), terms)


NUMPY = NumpyNamespace()
_torch_namespace = cache(TorchNamespace)
