"""Optimizers of the weights of a generator, or of its latent codes: given, or new."""

import torch

from .._utils.checks import check_number

__all__ = [
    "new_optimizer",
    "optimizer_of",
]


def optimizer_of(generator, optimizer, learning_rate):
    """Return an optimizer that is given, or a new one."""
    weights = [weight for weight in generator.parameters() if weight.requires_grad]
    if isinstance(optimizer, torch.optim.Optimizer):
        return _check_optimizer(optimizer, weights, "parameters of the generator that require")
    if not weights:
        raise ValueError(
            "generator must have parameters that require a gradient, got none; see "
            "generator.requires_grad_()"
        )
    return new_optimizer(optimizer, weights, learning_rate)


def new_optimizer(optimizer, weights, learning_rate):
    """Return the optimizer of weights that a function makes; Adam where it is None."""
    learning_rate = check_number("learning_rate", learning_rate, 0)
    if optimizer is None:
        # Adam adds eps to roots of squares, and 1e-8 is 0 in half precision.
        tiny = max(torch.finfo(weight.dtype).tiny for weight in weights)
        return torch.optim.Adam(weights, lr=learning_rate, eps=max(1e-8, tiny))
    if not callable(optimizer) or isinstance(optimizer, torch.nn.Module):
        raise TypeError(
            "optimizer must be a function from parameters to a torch.optim.Optimizer, such as "
            f"torch.optim.Adam, got {type(optimizer).__name__}"
        )
    new = optimizer(weights)
    if not isinstance(new, torch.optim.Optimizer):
        raise TypeError(f"optimizer must return a torch.optim.Optimizer, got {new!r}")
    return _check_optimizer(new, weights, "the parameters that it is given, which require")


def _check_optimizer(optimizer, weights, what):
    """Return an optimizer of some of the weights, or raise if it has others or needs a closure."""
    if isinstance(optimizer, torch.optim.LBFGS):
        raise TypeError(
            "optimizer must take steps of one gradient each, got LBFGS, which asks for the loss "
            "several times; take another such as torch.optim.Adam"
        )
    own = set(map(id, weights))
    given = [weight for group in optimizer.param_groups for weight in group["params"]]
    if not all(id(weight) in own for weight in given):
        raise ValueError(
            f"optimizer must have {what} a gradient and no others; give a function such as "
            "torch.optim.Adam for a new one"
        )
    return optimizer
