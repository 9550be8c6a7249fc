"""One step of a descent: what generator and loss return, gradients, and what is set back."""

from contextlib import contextmanager
from functools import partial

import numpy as np
import torch

from .._utils.checks import check_integer, check_number
from .._utils.namespace import is_tensor
from .._utils.patience import set_back

__all__ = [
    "borrowed_gradients",
    "check_generator",
    "check_loss",
    "check_step",
    "checked_target",
    "generate",
    "loss_of",
    "losses",
    "own_randomness",
    "set_gradients",
    "with_gradients",
]


def generate(generator, codes):
    """Return the samples that a generator makes of codes, or raise if they are none."""
    try:
        samples = generator(codes)
    except RuntimeError as error:
        if type(error) is not RuntimeError:
            raise
        raise RuntimeError(
            f"generator fails for codes of shape {tuple(codes.shape)} and {codes.dtype}: {error}"
        ) from error
    return _check_samples(samples)


def losses(loss, samples, step):
    """Return the loss of finite samples, of which no value is NaN or infinite."""
    check_step("samples of the generator", samples.detach(), step)
    each = loss_of(loss, samples)
    check_step("loss", each.detach(), step)
    return each


def loss_of(loss, samples):
    """Return the loss of samples, which is empty where there are none."""
    _check_values("samples", samples)
    each = loss(samples)
    if not is_tensor(each) or bool(samples.numel()) > bool(each.numel()):
        raise TypeError(f"loss must return a torch.Tensor of a number or more, got {each!r}")
    _check_values("loss", each)
    return each if each.is_floating_point() else each.float()


def _check_samples(samples):
    """Return samples of a generator, or raise if they are none."""
    if not is_tensor(samples):
        raise TypeError(f"generator must return a torch.Tensor, got {type(samples).__name__}")
    _check_values("samples of the generator", samples)
    if not samples.numel():
        raise ValueError(f"generator must return samples, got shape {tuple(samples.shape)}")
    return samples


def _check_values(what, tensor):
    """Raise TypeError if a tensor has no values that can be looked at."""
    if tensor.is_meta or tensor.layout != torch.strided or tensor.is_complex():
        raise TypeError(
            f"{what} must be real numbers in a dense tensor, got dtype {tensor.dtype}, layout "
            f"{tensor.layout} and device {tensor.device}"
        )


def set_gradients(weights, total, step):
    """Set the gradients of the weights, and no others, to those of a loss."""
    gradients = [None]
    if total.requires_grad:
        gradients = torch.autograd.grad(total, weights, allow_unused=True)
    if all(gradient is None for gradient in gradients):
        raise TypeError(
            "loss must be differentiable, got one without a gradient: neither the generator nor "
            "the loss may detach samples"
        )
    for gradient in gradients:
        if gradient is not None:
            check_step("gradient of the loss", gradient, step)
    for weight, gradient in zip(weights, gradients, strict=True):
        weight.grad = gradient


def check_step(what, values, step):
    """Raise ValueError if values of a step are not finite."""
    if values.is_sparse:  # the gradient of an embedding
        values = values.coalesce().values()
    if not values.isfinite().all():
        raise ValueError(
            f"{what} must be finite, got a NaN or an infinity in step {step + 1}; a smaller "
            "learning rate may help"
        )


@contextmanager
def with_gradients():
    """Differentiate, inside of torch.no_grad and torch.inference_mode, too."""
    restore = partial(torch.set_grad_enabled, torch.is_grad_enabled())
    with set_back(restore), torch.inference_mode(False), torch.enable_grad():
        yield


@contextmanager
def borrowed_gradients(weights):
    """Give the weights their gradients back afterwards."""
    before = [weight.grad for weight in weights]

    def restore():
        for weight, gradient in zip(weights, before, strict=True):
            weight.grad = gradient

    with set_back(restore):
        yield


@contextmanager
def own_randomness(seed, weights):
    """Seed torch's random numbers, and set them back afterwards; give a generator for codes."""
    devices = {weight.device for weight in weights if weight.device.type == "cuda"}
    before = torch.get_rng_state()
    of_devices = [(device, torch.cuda.get_rng_state(device)) for device in devices]

    def restore():
        torch.set_rng_state(before)
        for device, state in of_devices:
            torch.cuda.set_rng_state(state, device)

    with set_back(restore):
        torch.manual_seed(seed)
        yield torch.Generator().manual_seed(seed)


def checked_target(generator, loss, n_steps, target):
    """Check what a descent needs; return a target that no loss reaches where there is none."""
    check_generator(generator)
    check_loss(loss)
    check_integer("n_steps", n_steps, 0)
    return -np.inf if target is None else check_number("target", target)


def check_generator(generator):
    """Raise TypeError if a generator is no module with weights."""
    if not isinstance(generator, torch.nn.Module):
        raise TypeError(f"generator must be a torch.nn.Module, got {generator!r}")
    if any(weight.is_meta for weight in generator.parameters()):
        raise TypeError("generator must have weights with values, got some on device meta")


def check_loss(loss):
    """Raise TypeError if a loss is no function."""
    if not callable(loss) or isinstance(loss, type):
        raise TypeError(f"loss must be a function of samples, or a module, got {loss!r}")
