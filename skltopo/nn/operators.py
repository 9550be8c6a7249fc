"""Functions of diagrams as operators of torch, for ``torch.compile`` and ``torch.func``.

A diagram has as many points as the values give it, and its pairs are found by compiled kernels:
neither can be traced. But a function of values whose output has a shape that is known before, such
as a loss, can be one operator, of which a compiler sees the shapes, and transforms of functions the
derivative and the rule for batches.

There are two operators. ``functional`` computes the outputs, and what `pull_back` needs beside the
values: for one number a sample its gradient, which is found in the same pass; for rows nothing,
and the diagrams are computed again. ``pull_back`` multiplies with the derivative. Second
derivatives would need the diagrams of the values once more, at an order that is not known before,
and are refused; without compilation and transforms they are there.
"""

import itertools
from typing import Any
from weakref import WeakValueDictionary

import torch
from torch._functorch.autograd_function import enable_single_level_autograd_function

from .._utils.autograd import FORWARD

__all__ = ["Functional", "is_traced"]

# The functionals that operators, whose arguments are tensors, numbers and text, know by a key.
_functionals: WeakValueDictionary[str, Any] = WeakValueDictionary()
_keys = map(str, itertools.count())

SECOND = (
    "second derivatives of functions of diagrams are not there inside of torch.compile and of "
    "transforms such as torch.func.grad; torch.autograd.grad with create_graph=True has them, "
    "outside of both"
)
VMAP_PTR = (
    "clouds of different sizes, with ptr, are a batch already, and can't be one of torch.vmap; "
    "give all of them in one call, with ptr over all"
)


def is_traced():
    """Tell whether torch compiles this call, or transforms it (``grad``, ``vmap``)."""
    return torch.compiler.is_compiling() or torch._C._are_functorch_transforms_active()


class Functional:
    """A function of values whose output has a shape that is known before.

    Parameters
    ----------
    evaluate : callable
        Takes (values, ptr), returns the output: differentiable by autograd, not traceable.
    shape_of : callable
        Takes (values, ptr), returns the shape of the output.
    of_samples : bool
        Whether the output is one number for each sample, which depends on that sample alone, so
        that the gradient of the sum is that of all. Axes of the batch are then the first of values.
    with_gradient : callable, default=None
        A faster way to both: takes (values, ptr), returns the output and the gradient of its sum,
        or None where there is no such way.
    """

    def __init__(self, evaluate, shape_of, of_samples, with_gradient=None):
        self.__setstate__((evaluate, shape_of, of_samples, with_gradient))

    def __getstate__(self):
        return self.evaluate, self.shape_of, self.of_samples, self.with_gradient

    def __setstate__(self, state):
        self.evaluate, self.shape_of, self.of_samples, self.with_gradient = state
        self.key = next(_keys)
        _functionals[self.key] = self

    def __call__(self, values, ptr=None):
        """Return the output, by an operator where this is traced."""
        if not is_traced():
            return self.evaluate(values, ptr)
        return torch.ops.skltopo.functional(values, ptr, self.key)[0]

    def output_and_rest(self, values, ptr):
        """Return the output and what pull_back needs, of a plain tensor."""
        if not self.of_samples:
            with torch.no_grad():
                return self.evaluate(values, ptr), values.new_empty(0)
        both = self.with_gradient(values, ptr) if self.with_gradient else None
        if both is not None:
            return both
        with _autograd_inside():
            leaf = values.detach().requires_grad_()
            totals = self.evaluate(leaf, ptr)
            return totals.detach(), _gradient(totals.sum(), leaf)

    def pull_back(self, values, ptr, rest, weights):
        """Return the gradient with respect to values of the sum of weights times outputs."""
        if not self.of_samples:
            with _autograd_inside():
                leaf = values.detach().requires_grad_()
                return _gradient((self.evaluate(leaf, ptr) * weights).sum(), leaf)
        if ptr is not None:
            weights = weights.repeat_interleave(ptr.diff())
        return rest * weights.reshape(*weights.shape, *[1] * (rest.ndim - weights.ndim))


def _gradient(total, leaf):
    if not total.requires_grad:
        return torch.zeros_like(leaf, memory_format=torch.contiguous_format)
    return torch.autograd.grad(total, leaf)[0].contiguous()


class _autograd_inside:
    """A context in which autograd works inside of an operator, where torch has switched it off."""

    def __enter__(self):
        keys = torch._C._dispatch_tls_local_exclude_set()
        for key in ("AutogradFunctionality", "ADInplaceOrView"):
            keys = keys.remove(getattr(torch._C.DispatchKey, key))
        include = torch._C._dispatch_tls_local_include_set()
        self._contexts = torch._C._ForceDispatchKeyGuard(include, keys), torch.enable_grad()
        for context in self._contexts:
            context.__enter__()

    def __exit__(self, *error):
        for context in reversed(self._contexts):
            context.__exit__(*error)


def _find(key):
    try:
        return _functionals[key]
    except KeyError:
        raise RuntimeError(
            "a compiled function uses a loss that is no longer there; compile it again"
        ) from None


# The operators ------------------------------------------------------------------------------------


def _functional(values, ptr, key):
    functional = _find(key)
    out, rest = functional.output_and_rest(values, ptr)
    shape = tuple(functional.shape_of(values, ptr))
    if tuple(out.shape) != shape:
        raise TypeError(
            f"the output must have shape {shape} to be compiled or transformed, got "
            f"{tuple(out.shape)}; call it outside of both"
        )
    return out, rest


def _fake_functional(values, ptr, key):
    functional = _find(key)
    out = values.new_empty(functional.shape_of(values, ptr))
    if not functional.of_samples:
        return out, values.new_empty(0)
    return out, torch.empty_like(values, memory_format=torch.contiguous_format)


def _batched_functional(info, in_dims, values, ptr, key):
    if ptr is not None:
        raise TypeError(VMAP_PTR)
    out = torch.ops.skltopo.functional(values.movedim(in_dims[0], 0), ptr, key)
    return out, (0, 0 if _find(key).of_samples else None)


def _pull_back(values, ptr, rest, weights, key):
    return _find(key).pull_back(values, ptr, rest, weights)


def _fake_pull_back(values, ptr, rest, weights, key):
    return torch.empty_like(values, memory_format=torch.contiguous_format)


def _batched_pull_back(info, in_dims, values, ptr, rest, weights, key):
    if ptr is not None:
        raise TypeError(VMAP_PTR)
    n = info.batch_size
    values, weights = _leading(values, in_dims[0], n), _leading(weights, in_dims[3], n)
    if _find(key).of_samples:
        rest = _leading(rest, in_dims[2], n)
    return torch.ops.skltopo.pull_back(values, ptr, rest, weights, key), 0


def _leading(x, dim, n):
    return x.expand(n, *x.shape) if dim is None else x.movedim(dim, 0)


class _Node(torch.autograd.function._SingleLevelFunction):
    """The output with its derivative, for one level of transforms, as torch's own operators are."""

    @staticmethod
    def forward(ctx, values, ptr, key):
        # An outer level of transforms has its own autograd, which torch switches off in a forward.
        with torch.enable_grad(), torch._C._AutoDispatchBelowAutograd():
            out, rest = torch.ops.skltopo.functional(values, ptr, key)
        ctx.save_for_backward(values, ptr, rest)
        ctx.mark_non_differentiable(rest)
        ctx.key = key
        return out, rest

    @staticmethod
    def backward(ctx, weights, _):
        values, ptr, rest = ctx.saved_tensors
        return torch.ops.skltopo.pull_back(values, ptr, rest, weights, ctx.key), None, None

    @staticmethod
    def jvp(ctx, *_):
        raise NotImplementedError(FORWARD)


class _PullBackNode(torch.autograd.function._SingleLevelFunction):
    """The gradient, which has no derivative."""

    @staticmethod
    def forward(ctx, *args):
        with torch.enable_grad(), torch._C._AutoDispatchBelowAutograd():
            return torch.ops.skltopo.pull_back(*args)

    @staticmethod
    def backward(ctx, *_):
        raise NotImplementedError(SECOND)

    @staticmethod
    def jvp(ctx, *_):
        raise NotImplementedError(FORWARD)


def _of_one_level(node):
    """Return the function that torch calls where an operator meets autograd.

    `torch.library.register_autograd` would do, but for `torch.func`, which refuses it.
    """

    def apply(*args):
        with enable_single_level_autograd_function():
            return node.apply(*args)

    return apply


def _register(name, signature, function, fake, batched, node):
    name = f"skltopo::{name}"
    torch.library.define(name, signature)
    torch.library.impl(name, "CompositeExplicitAutograd", function)
    torch.library.impl(name, "Autograd", _of_one_level(node))
    torch.library.register_fake(name, fake)
    torch.library.register_vmap(name, batched)


_register(
    "functional",
    "(Tensor values, Tensor? ptr, str key) -> (Tensor, Tensor)",
    _functional,
    _fake_functional,
    _batched_functional,
    _Node,
)
_register(
    "pull_back",
    "(Tensor values, Tensor? ptr, Tensor rest, Tensor weights, str key) -> Tensor",
    _pull_back,
    _fake_pull_back,
    _batched_pull_back,
    _PullBackNode,
)
