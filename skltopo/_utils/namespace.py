"""numpy or torch under one set of names, so that a function of diagrams is written once.

``namespace_of(values)`` returns an object with the methods of `NumpyNamespace`, for arrays, or of
`TorchNamespace`, for tensors. torch is not imported before a tensor is seen. Indices, masks and
splits are numpy arrays in both.
"""

import sys
from functools import cache, partial, reduce

import numpy as np

from .given import as_array
from .masks import refuse_masks

__all__ = ["is_tensor", "namespace_of", "unpack"]

# Coordinates of vectors whose squares, and products of their sums, stay within float32.
LEAST_SQUARED = 1e-15


def is_tensor(values):
    """Tell whether values is a torch tensor, without importing torch for it."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(values, torch.Tensor)


def namespace_of(*values):
    """Return the namespace of torch if one of the values is a tensor, else that of numpy."""
    torch = sys.modules.get("torch")
    if torch is not None:
        for value in values:
            if isinstance(value, torch.Tensor):
                return _torch_namespace()
    return _NUMPY


class NumpyNamespace:
    """Functions of arrays."""

    # Whether values may have gradients. Compiled kernels read arrays, so they are not called then.
    has_gradients = False

    where = staticmethod(np.where)
    exp = staticmethod(np.exp)
    log = staticmethod(np.log)
    concat = staticmethod(np.concatenate)
    stack = staticmethod(np.stack)
    sort = staticmethod(np.sort)
    amax = staticmethod(np.max)
    cross = staticmethod(np.cross)
    plain = staticmethod(np.asarray)  # an array of the same numbers, without gradients
    number = float  # a 0-d result as users get it

    as_numbers = staticmethod(as_array)

    @staticmethod
    def as_floats(numbers):
        """Return (live, plain); see `skltopo._utils.arrays.as_floats`."""
        if numbers.dtype.kind == "f" and numbers.dtype.itemsize <= 8:
            live = numbers.astype(numbers.dtype.newbyteorder("="), copy=False)
        else:
            with np.errstate(over="ignore"):  # of long doubles: infinite, which is said later
                live = numbers.astype(np.float64)
        plain = live.astype(np.float32) if live.dtype == np.float16 else live
        return live, np.ascontiguousarray(plain)

    @staticmethod
    def as_one_kind(*values):
        """Return values, arrays or tensors, so that they can be added and joined."""
        return values

    @staticmethod
    def as_like(array, like):
        """Return a numpy array in the kind, dtype and device of like."""
        return np.asarray(array, like.dtype)

    @staticmethod
    def operand(array, like):
        """Return a numpy array so that expressions can have it beside like.

        A tensor is on the device of like; one of floats has its dtype, too.
        """
        return array

    @staticmethod
    def zeros(shape, like):
        """Return zeros of the kind, dtype and device of like."""
        return np.zeros(shape, like.dtype)

    @staticmethod
    def is_differentiated(values):
        """Tell whether derivatives with respect to values may be taken, backward or forward."""
        return False

    @staticmethod
    def zero_of(values):
        """Return 0 as a function of values, so that it has a gradient, which is zero."""
        return 0.0

    @staticmethod
    def take(values, rows):
        """Return values[rows], for rows as integers of any shape, or as a mask of the first axis.

        A mask that is true everywhere returns values itself.
        """
        return values if rows.dtype == bool and rows.all() else values[rows]

    @staticmethod
    def fill(values, mask, number):
        """Return values with a number where the mask is true."""
        return np.where(mask, np.asarray(number, values.dtype), values)

    @staticmethod
    def segment_sum(terms, splits):
        """Sum terms[splits[i]:splits[i + 1]] over the first axis for every i."""
        out = np.zeros((len(splits) - 1, *terms.shape[1:]), dtype=terms.dtype)
        filled = np.diff(splits) > 0
        if filled.any():  # reduceat would take an empty segment for its first element
            out[filled] = np.add.reduceat(terms, splits[:-1][filled])
        return out

    @staticmethod
    def norm(vectors, order):
        """Return the norms, of order 2 or inf, of (n, d) vectors; the gradient at 0 is 0."""
        if order == 2:
            return np.hypot.reduce(vectors, axis=1)  # squares would overflow
        return abs(vectors).max(axis=1, initial=0)

    @staticmethod
    def normal_areas(z):
        """Return the probabilities of a standard normal variable between ascending (n, m) edges.

        Edges above 0 are taken to the lower tail, where differences of small numbers keep their
        digits.
        """
        from scipy.special import ndtr

        tails = abs(z)
        np.negative(tails, out=tails)
        ndtr(tails, out=tails)
        np.copysign(tails, z, out=tails)
        areas = tails[:, :-1] - tails[:, 1:]
        areas += np.diff(np.signbit(z), axis=1)
        return areas

    @staticmethod
    def solve(matrices, right):
        """Solve n systems of k equations: (n, k, k) matrices and (n, k) right sides."""
        return np.linalg.solve(matrices, right[..., None])[..., 0]

    @staticmethod
    def not_zero(values):
        """Return values, which are at least 0, raised to the least normal number."""
        return values.clip(np.finfo(values.dtype).tiny)

    @staticmethod
    def copy(values):
        """Return a copy, which keeps no other memory; that of a tensor has a gradient, too."""
        return values.copy()

    @staticmethod
    def pack(values):
        """Return what pickle takes for values: `unpack` makes them again, without a gradient."""
        return np.array(values, order="C")

    @staticmethod
    def not_negative(values):
        """Return values raised to 0 at least."""
        return values.clip(0)

    @staticmethod
    def double(values):
        """Return values in float64."""
        return values.astype(np.float64, copy=False)

    @staticmethod
    def cast(values, like):
        """Return values in the dtype of like."""
        return values.astype(like.dtype, copy=False)

    @staticmethod
    def greatest(like):
        """Return the greatest finite number of the dtype of like."""
        return float(np.finfo(like.dtype).max)


class TorchNamespace:
    """The same functions of tensors, differentiable."""

    has_gradients = True

    def __init__(self):
        import torch

        self._torch = torch
        self._floats_of_numpy = (torch.float16, torch.float32, torch.float64)
        self.where, self.exp, self.log = torch.where, torch.exp, torch.log
        self.concat, self.stack = torch.cat, torch.stack
        self.cross, self.solve = torch.linalg.cross, torch.linalg.solve

    def sort(self, values, axis=-1):
        return values.sort(dim=axis).values

    def normal_areas(self, z):
        above = z > 0
        # special.ndtr has no digits in the lower tail.
        tails = self._torch.erfc(self.where(above, z, -z) * 0.5**0.5) / 2
        tails = self.where(above, tails, -tails)
        return tails[:, :-1] - tails[:, 1:] + above.diff(dim=1)

    def amax(self, values, axis=()):
        return values.amax(dim=axis)  # equal values share the gradient

    def plain(self, values):
        plain = values.detach().cpu()
        has_numpy = not plain.is_floating_point() or plain.dtype in self._floats_of_numpy
        return (plain if has_numpy else plain.float()).numpy()

    def number(self, value):
        return value

    def as_numbers(self, values, name):
        """Return values as a tensor of real numbers that can be read, or raise TypeError."""
        if type(values) not in (self._torch.Tensor, self._torch.nn.Parameter):
            values = self._of_subclass(values, name)
        if values.is_complex():
            raise TypeError(
                f"{name} must be a tensor of real numbers, got dtype {values.dtype}; take "
                f"{name}.abs() or {name}.real"
            )
        if values.layout != self._torch.strided or values.is_nested:
            kind = "a nested one" if values.is_nested else f"layout {values.layout}"
            way_out = f"list({name}.unbind())" if values.is_nested else f"{name}.to_dense()"
            raise TypeError(f"{name} must be a dense tensor, got {kind}; use {way_out}")
        if values.is_quantized:
            raise TypeError(
                f"{name} must be a tensor of real numbers, got dtype {values.dtype}; use "
                f"{name}.dequantize()"
            )
        if values.device.type == "meta":
            raise TypeError(f"{name} must be a tensor with values, got one on device 'meta'")
        return values.resolve_neg()

    def _of_subclass(self, values, name):
        refuse_masks(values, name)
        kind = type(values).__name__
        if kind == "MaskedTensor":
            return values.get_data()
        if kind == "FakeTensor":
            raise TypeError(f"{name} must be a tensor with values, got a FakeTensor, without any")
        return values

    def as_floats(self, numbers):
        live = numbers if numbers.is_floating_point() else numbers.double()
        if live.element_size() == 1:  # float8, which can't be gathered from
            live = live.float()
        plain = live.detach().cpu()
        if plain.dtype not in (self._torch.float32, self._torch.float64):
            plain = plain.float()
        try:
            return live, np.ascontiguousarray(plain.numpy())
        except RuntimeError as error:
            raise TypeError(
                "persistence is computed from the numbers of a tensor, which can't be read inside "
                "of vmap and other transforms of functions, where losses of a fixed shape, such as "
                f"nn.EnergyLoss, can be; torch says: {error}"
            ) from error

    def as_one_kind(self, *values):
        if len({(x.dtype, x.device) if is_tensor(x) else None for x in values}) == 1:
            return values
        device = next(x.device for x in values if is_tensor(x))
        tensors = [x.to(device) if is_tensor(x) else self._copied(x).to(device) for x in values]
        dtypes = [tensor.dtype for tensor in tensors]
        if {self._torch.uint16, self._torch.uint32, self._torch.uint64}.intersection(dtypes):
            dtypes.append(self._torch.float64)  # of which torch knows no common kind
            dtypes = [dtype for dtype in dtypes if dtype.is_floating_point]
        dtype = reduce(self._torch.promote_types, dtypes)
        return [tensor.to(dtype) for tensor in tensors]

    def _copied(self, array):
        """Return an array, of whatever strides and byte order, as a tensor of its own."""
        array = np.asarray(array)
        is_long = array.dtype.kind == "f" and array.dtype.itemsize > 8
        dtype = np.float64 if is_long else array.dtype.newbyteorder("=")
        return self._torch.from_numpy(np.array(array, dtype=dtype, order="C"))

    def as_like(self, array, like):
        return self._torch.from_numpy(array).to(like)

    def operand(self, array, like):
        return self._torch.from_numpy(array).to(like if array.dtype.kind == "f" else like.device)

    def zeros(self, shape, like):
        return like.new_zeros(shape)

    def is_differentiated(self, values):
        forward = self._torch.autograd.forward_ad
        return values.requires_grad or forward.unpack_dual(values).tangent is not None

    def zero_of(self, values):
        return (self.where(self._torch.isfinite(values), values, 0) * 0).sum()

    def take(self, values, rows):
        if rows.dtype == bool:
            if rows.all():
                return values
            rows = np.flatnonzero(rows)
        # index_select has a faster backward than advanced indexing (index_add, no sort).
        taken = values.index_select(0, self.operand(rows.reshape(-1), values))
        return taken if rows.ndim == 1 else taken.reshape(*rows.shape, *values.shape[1:])

    def fill(self, values, mask, number):
        return values.masked_fill(self.operand(mask, values), number)

    def segment_sum(self, terms, splits):
        segment = np.repeat(np.arange(len(splits) - 1), np.diff(splits))
        out = self.zeros((len(splits) - 1, *terms.shape[1:]), terms)
        return out.index_add(0, self.operand(segment, terms), terms)

    def norm(self, vectors, order):
        norm = partial(self._torch.linalg.vector_norm, ord=order, dim=1)
        largest = vectors.detach().abs().amax() if len(vectors) else 0
        if order != 2 or largest == 0 or LEAST_SQUARED < largest < 1 / LEAST_SQUARED:
            return norm(vectors)
        return norm(vectors / largest) * largest  # squares would overflow or vanish

    def not_zero(self, values):
        return values.clamp(min=self._torch.finfo(values.dtype).tiny)

    def copy(self, values):
        return values.clone()

    def pack(self, values):
        # Not the tensor: its pickle has all of its storage, and the address of that.
        array = np.array(self.plain(values), order="C")
        return array, str(values.dtype).removeprefix("torch."), str(values.device)

    def unpack(self, array, dtype, device):
        """Return the tensor that was packed."""
        tensor = self._torch.from_numpy(array)
        return tensor.to(dtype=getattr(self._torch, dtype), device=device)

    def not_negative(self, values):
        return values.clamp(min=0)

    def double(self, values):
        return values.double()

    def cast(self, values, like):
        return values.to(like.dtype)

    def greatest(self, like):
        return self._torch.finfo(like.dtype).max


def unpack(packed):
    """Return the array or tensor that a namespace has packed."""
    if isinstance(packed, np.ndarray):
        return packed
    return _torch_namespace().unpack(*packed)


_NUMPY = NumpyNamespace()
_torch_namespace = cache(TorchNamespace)
