"""Topological priors of generators: their weights, or their latent codes, go down a loss.

A generator is any torch module from latent codes to samples, a loss anything that torch can
differentiate from samples to a number, such as `skltopo.nn.EnergyLoss`. `finetune_generator`
changes the weights, `optimize_latent` the codes; `interpolate_latent` shows what lies between two
codes. `PersistenceDiscriminator` tells real samples from generated ones by their diagrams alone.
`topological_guidance` is a step down a loss for the sampling loop of a diffusion model.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from functools import partial
from math import prod
from typing import Any

import numpy as np
import torch
from sklearn.utils import check_random_state

from ._utils.arrays import as_floats, as_numbers, check_finite
from ._utils.checks import check_flag, check_integer, check_number, check_shape, is_integer
from ._utils.memory import check_memory
from ._utils.namespace import is_tensor
from ._utils.patience import set_back
from ._utils.progress import progress_bar
from ._utils.typing import (
    ArrayLike,
    Floats,
    Module,
    RandomState,
    Result,
    Tensor,
)
from .nn.classifiers import evaluating
from .nn.discriminators import PersistenceDiscriminator

__all__ = [
    "PersistenceDiscriminator",
    "finetune_generator",
    "interpolate_latent",
    "optimize_latent",
    "topological_guidance",
]


def finetune_generator(
    generator: Module,
    loss: Callable[..., Any],
    *,
    n_steps: int,
    batch_size: int = 64,
    latent_dim: int | tuple[int, ...] | Callable[..., Any],
    optimizer: Any = None,
    learning_rate: float = 2e-4,
    target: float | None = None,
    random_state: RandomState = None,
    verbose: int = 0,
) -> Floats:
    """Train a generator by a loss of its samples, in place.

    Each step draws new latent codes, and moves the weights down the loss of what the generator
    makes of them. With E(1, 0, 2; PD_0) of superlevel sets, 50 steps take stray pieces from
    generated digits (section 3.2 of the paper).

    Parameters
    ----------
    generator : torch.nn.Module
        From latent codes (batch_size, *latent_dim) to samples of the shape that the loss takes,
        such as (batch_size, 1, height, width) for ``LevelSet(ndim=2)``, which would take rows of
        pixels for one image. It is trained in the mode in which it comes, and keeps it: after
        ``generator.train()`` batch normalisation uses the statistics of each batch and updates its
        running ones, as in any training; after ``generator.eval()`` it uses the running statistics,
        which stay as they are.
    loss : callable
        From samples to a tensor: the loss, or one for each sample, whose mean is taken. Parameters
        that it has stay as they are, and get no gradient.
    n_steps : int
    batch_size : int, default=64
    latent_dim : int, tuple of int, or callable
        Shape of a latent code, of which the values are drawn from a standard normal distribution.
        A function from (batch_size, torch.Generator) draws the codes itself.
    optimizer : torch.optim.Optimizer or callable, default=None
        An optimizer of parameters of the generator, which goes on as it stands, or a function from
        parameters to an optimizer, such as ``functools.partial(torch.optim.SGD, lr=0.01)``. None:
        `torch.optim.Adam` of all parameters that require a gradient. Not `torch.optim.LBFGS`,
        which asks for several losses in a step.
    learning_rate : float, default=2e-4
        Of Adam where optimizer is None.
    target : float, default=None
        Stop before the first step whose loss is at most this: a prior that goes on to zero may
        overshoot what real samples have.
    random_state : int, RandomState or None, default=None
        Of latent codes, and of random layers of the generator. torch's own random numbers stay
        where they were.
    verbose : int, default=0
        Show a progress bar if positive.

    Returns
    -------
    (n,) float64 ndarray
        The loss before each of the steps: n = n_steps, unless the target was reached.

    Raises
    ------
    TypeError
        If generator is no module, loss or optimizer no function, what they return of another
        kind, or the loss has no gradient.
    ValueError
        If a parameter is out of range, no weight can be trained, or samples, the loss or its
        gradient are NaN or infinite; the weights are then those before that step.

    Notes
    -----
    Ctrl-C ends the training between two steps of torch and raises KeyboardInterrupt; the generator
    has what it has learnt. Gradients that parameters have had before are there again afterwards.
    Inside of ``torch.no_grad`` and ``torch.inference_mode`` it works, too.

    Random layers draw from torch's own random numbers, which all threads share: the same seed gives
    the same dropout, and these numbers stay where they were, as long as no other thread draws or
    trains. Generators without random layers may be trained in several threads: codes are drawn from
    numbers of their own.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, section 3.2.

    Examples
    --------
    >>> import torch
    >>> from skltopo import Energy, nn
    >>> from skltopo.filtrations import LevelSet
    >>> from skltopo.generative import finetune_generator
    >>> _ = torch.manual_seed(0)
    >>> generator = torch.nn.Sequential(torch.nn.Linear(3, 36), torch.nn.Unflatten(1, (6, 6)))
    >>> loss = nn.EnergyLoss(Energy(i0=2), LevelSet(ndim=2, superlevel=True))
    >>> curve = finetune_generator(
    ...     generator, loss, n_steps=100, latent_dim=3, learning_rate=1e-2, random_state=0
    ... )
    >>> bool(curve[-1] < curve[0] / 2)
    True
    """
    target = _checked_target(generator, loss, n_steps, target)
    check_integer("batch_size", batch_size, 1)
    verbose = _check_verbose(verbose)
    draw = _drawing(latent_dim, batch_size, generator)
    optimizer = _optimizer_of(generator, optimizer, learning_rate)
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    weights = [weight for weight in weights if weight.requires_grad]
    seed = int(check_random_state(random_state).randint(2**31 - 1))
    curve = []
    with (
        _gradients(),
        _own_randomness(seed, weights) as random,
        _borrowed_gradients(weights),
        progress_bar(n_steps, verbose, "step", "finetune_generator") as bar,
    ):
        for step in range(n_steps):
            each = _losses(loss, generator(draw(random)), step)
            value = float(each.detach().double().mean())
            curve.append(value)
            if value <= target:
                break
            _set_gradients(weights, each.mean(), step)
            optimizer.step()
            bar.set_postfix(loss=f"{value:.4g}", refresh=False)
            bar.update()
    return np.array(curve)


def optimize_latent(
    generator: Module,
    z: ArrayLike,
    loss: Callable[..., Any],
    *,
    n_steps: int,
    optimizer: Callable[..., Any] | None = None,
    learning_rate: float = 0.1,
    keep_norm: bool = False,
    target: float | None = None,
    verbose: int = 0,
) -> Result:
    """Move latent codes down a loss of the samples that a generator makes of them.

    The generator stays as it is: it is called in evaluation mode, so that a sample does not depend
    on the others, and its weights, gradients, running statistics and mode are untouched.

    Parameters
    ----------
    generator : torch.nn.Module
        From latent codes (n, ...) to samples of the shape that the loss takes.
    z : (n, ...) array-like or torch.Tensor
        Latent codes to begin with; they are not changed.
    loss : callable
        From samples to a tensor: one loss for each sample (``reduction="none"``), of shape (n,) or
        (n, 1), or a loss of all. Of losses of several channels the mean is a loss of all.
    n_steps : int
    optimizer : callable, default=None
        From a list of the codes to a `torch.optim.Optimizer`, such as
        ``functools.partial(torch.optim.SGD, lr=1.0)``. None: `torch.optim.Adam`.
    learning_rate : float, default=0.1
        Of Adam where optimizer is None.
    keep_norm : bool, default=False
        Whether each code keeps its Euclidean norm, so that it stays where codes drawn from a normal
        distribution are.
    target : float, default=None
        A sample whose loss is at most this does not move: its code comes back bit for bit. A loss
        of all stops all. None: all steps are taken.
    verbose : int, default=0
        Show a progress bar if positive.

    Returns
    -------
    (n, ...) ndarray or torch.Tensor
        The new codes, of the kind, dtype and device of z; of the dtype of the generator where z are
        no floats.

    Raises
    ------
    TypeError
        If generator is no module, loss or optimizer no function, what they return of another
        kind, or the loss has no gradient.
    ValueError
        If z is empty or not finite, a parameter is out of range, or samples, the loss, its
        gradient or the new codes are NaN or infinite.

    Notes
    -----
    Inside of ``torch.no_grad`` and ``torch.inference_mode`` it works, too. Ctrl-C ends it between
    two steps of torch and raises KeyboardInterrupt; there are no new codes then.

    Adam moves each code by its own gradient, whatever the scale of the loss. SGD follows the mean
    that a loss of all is, so that more codes move less; losses of each sample are added.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, sections 3.2 and 6.3.

    Examples
    --------
    >>> import torch
    >>> from skltopo.generative import optimize_latent
    >>> generator = torch.nn.Linear(2, 2, bias=False)
    >>> _ = generator.weight.data.copy_(torch.eye(2))
    >>> z = torch.tensor([[3.0, 4.0], [0.1, 0.0]])
    >>> new = optimize_latent(generator, z, lambda x: (x**2).sum(1), n_steps=10, target=0.5)
    >>> new[0].norm() < z[0].norm(), bool((new[1] == z[1]).all())
    (tensor(True), True)
    """
    target = _checked_target(generator, loss, n_steps, target)
    check_flag("keep_norm", keep_norm)
    verbose = _check_verbose(verbose)
    codes = _as_codes(z, "z")
    if codes.ndim < 2 or not codes.numel():
        raise ValueError(f"z must have shape (n, ...) with n > 0, got {tuple(codes.shape)}")
    with _gradients():
        start = _placed(codes, generator, "z", z)
        live = start.clone().requires_grad_()
    norms = _norms(start)
    optimizer = _new_optimizer(optimizer, [live], learning_rate)
    with (
        _gradients(),
        evaluating(generator),
        progress_bar(n_steps, verbose, "step", "optimize_latent") as bar,
    ):
        for step in range(n_steps):
            each = _losses(loss, generator(live.clone()), step)  # it may work in place
            still = _reached(each.detach(), target, len(live))
            if still.all():
                break
            _set_gradients([live], each.sum(), step)
            before = live.detach().clone()
            optimizer.step()
            new = live.detach()
            if keep_norm:
                new.mul_(norms / _norms(new).clamp(min=torch.finfo(new.dtype).tiny))
            new[still] = before[still]
            _check_step("codes", new, step)
            bar.set_postfix(loss=f"{float(each.detach().mean()):.4g}", refresh=False)
            bar.update()
    return _as_given(live.detach(), start, z, codes)


def interpolate_latent(generator: Module, z0: ArrayLike, z1: ArrayLike, n: int) -> Tensor:
    """Generate samples on the line between two latent codes.

    Parameters
    ----------
    generator : torch.nn.Module
        From latent codes (n, ...) to samples. It is called in evaluation mode and stays as it is.
    z0, z1 : (...) or (1, ...) array-like or torch.Tensor
        The codes of the first and the last sample, without the axis of a batch, or with one of
        length 1.
    n : int
        Number of samples, at least 2; codes are at equal distances.

    Returns
    -------
    (n, ...) torch.Tensor
        The samples, without a graph.

    Raises
    ------
    TypeError
        If generator is no module or returns no tensor, or a code is not real numbers.
    ValueError
        If codes are not finite or have different shapes, or n is below 2.

    References
    ----------
    Brüel-Gabrielsson et al., A Topology Layer for Machine Learning, 2020, figure 8.

    Examples
    --------
    >>> import torch
    >>> from skltopo.generative import interpolate_latent
    >>> interpolate_latent(torch.nn.Identity(), [0.0, 0.0], [1.0, 2.0], 3)
    tensor([[0.0000, 0.0000],
            [0.5000, 1.0000],
            [1.0000, 2.0000]])
    """
    _check_generator(generator)
    check_integer("n", n, 2)
    first, last = (
        _placed(_as_codes(z, name), generator, name, z0) for z, name in ((z0, "z0"), (z1, "z1"))
    )
    if first.shape != last.shape or not first.ndim or not first.numel():
        raise ValueError(
            f"z0 and z1 must be codes of one shape, got {tuple(first.shape)} and "
            f"{tuple(last.shape)}"
        )
    if first.ndim > 1 and len(first) == 1:
        first, last = first[0], last[0]
    check_memory(32 * int(n) * first.numel(), f"{n} codes", "a smaller n takes less")
    share = torch.linspace(0, 1, n, dtype=first.dtype, device=first.device)
    share = share.reshape(-1, *[1] * first.ndim)
    with _gradients(), evaluating(generator), torch.no_grad():
        return _check_samples(generator((1 - share) * first + share * last)).detach()


def topological_guidance(
    denoised: Tensor, loss: Callable, scale: float = 1.0, *, wrt: Tensor | None = None
) -> Tensor:
    r"""Compute a step down a loss, to add to the samples of a diffusion or flow model as they form.

    .. math:: - s \, \nabla \sum_i L(\hat x_i)

    of the clean samples that a denoiser predicts from noisy ones. It goes into any sampling loop,
    after the prediction of each step.

    Parameters
    ----------
    denoised : (n, ...) torch.Tensor
        Clean samples as predicted at one step, on the scale on which the loss looks at them.
    loss : callable
        From samples to a tensor: one loss for each sample (``reduction="none"``), or a loss of all,
        whose mean over samples makes the step of each smaller by their number.
    scale : float, default=1.0
        The factor s, at least 0. Down a `skltopo.nn.BettiPriorLoss` with a level, or an
        `EnergyLoss` with p = 1, the pixels at which a point that costs is born and dies move by s
        each: begin with a tenth of the range of the values.
    wrt : (n, ...) torch.Tensor, default=None
        What the gradient is taken with respect to. None: the predictions themselves; they need no
        graph, and the denoiser is not differentiated. A tensor: the noisy samples, or anything else
        that requires a gradient, from which `denoised` has been computed with its graph; the
        gradient goes back through the denoiser, which is kept.

    Returns
    -------
    torch.Tensor
        The step, without a graph: of the shape, dtype and device of `denoised`, or of `wrt`. Add
        it to the predictions before the next noisy samples are made of them, or to the noisy
        samples.

    Raises
    ------
    TypeError
        If a tensor is none or is not of floating point numbers, loss is no function, or has no
        gradient with respect to `wrt`.
    ValueError
        If scale is negative, or samples, the loss, its gradient or the step are NaN or infinite.

    See Also
    --------
    optimize_latent : The same for generators that make a sample in one step.

    Notes
    -----
    A step of the predictions themselves moves the few pixels that make the points of the diagram;
    the denoiser spreads it in the steps of sampling that follow. Several in a row find the pixels
    that count next. With ``wrt=None`` it works inside of ``torch.no_grad`` and
    ``torch.inference_mode``, too. The attribute ``grad`` of tensors stays as it is.

    References
    ----------
    Bansal et al., Universal guidance for diffusion models, 2023: without and with a gradient
    through the denoiser. Chung et al., Diffusion posterior sampling for general noisy inverse
    problems, 2023: with one.

    Examples
    --------
    A third of the second component goes, by its maximum and by the minimum that parts it:

    >>> import torch
    >>> from skltopo import Energy, nn
    >>> from skltopo.filtrations import LevelSet
    >>> from skltopo.generative import topological_guidance
    >>> prior = nn.EnergyLoss(Energy(i0=2), LevelSet(ndim=2, superlevel=True), reduction="none")
    >>> denoised = torch.tensor([[[9.0, 1.0, 4.0]]])
    >>> step = topological_guidance(denoised, prior, scale=0.5)
    >>> denoised + step
    tensor([[[9.0000, 1.5000, 3.5000]]])
    >>> prior(denoised), prior(denoised + step)
    (tensor([3.]), tensor([2.]))

    In a loop, with a denoiser that predicts clean samples at noise level sigma (Euler's method):

    >>> denoiser = lambda noisy, sigma: noisy / (1 + sigma**2)
    >>> noisy = 10 * torch.randn(2, 6, 6, generator=torch.Generator().manual_seed(0))
    >>> for sigma, lower in [(10.0, 5.0), (5.0, 2.0), (2.0, 0.0)]:
    ...     clean = denoiser(noisy, sigma)
    ...     clean = clean + topological_guidance(clean, prior, scale=0.1)
    ...     noisy = clean + lower / sigma * (noisy - clean)
    >>> noisy.shape
    torch.Size([2, 6, 6])
    """
    _check_loss(loss)
    scale = check_number("scale", scale, 0)
    for name, tensor in (("denoised", denoised), ("wrt", denoised if wrt is None else wrt)):
        if not is_tensor(tensor):
            raise TypeError(f"{name} must be a torch.Tensor, got {type(tensor).__name__}")
        if not tensor.is_floating_point():
            raise TypeError(
                f"{name} must be of a floating point dtype, got {tensor.dtype}, which has no "
                "gradients; take .float()"
            )
    with _gradients():
        if wrt is None:
            denoised = wrt = denoised.detach().clone().requires_grad_()
        total = _loss_of(loss, denoised.clone()).sum()  # it may work in place
        _check_guided("denoised and its loss", denoised, total)
        gradient = None
        if total.requires_grad and wrt.requires_grad:
            (gradient,) = torch.autograd.grad(total, wrt, retain_graph=True, allow_unused=True)
    if gradient is None:
        raise TypeError(
            "loss must have a gradient with respect to wrt, got none: denoised has to come from "
            "wrt with its graph, and the loss may not detach it"
        )
    _check_guided("gradient of the loss", gradient)
    guidance = -scale * gradient
    _check_guided(f"step with scale={scale:g} and dtype={gradient.dtype}", guidance)
    return guidance


# A step ---------------------------------------------------------------------------------------


def _losses(loss, samples, step):
    """Return the loss of finite samples, of which no value is NaN or infinite."""
    _check_step("samples of the generator", _check_samples(samples).detach(), step)
    each = _loss_of(loss, samples)
    _check_step("loss", each.detach(), step)
    return each


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


def _loss_of(loss, samples):
    """Return the loss of samples, which is empty where there are none."""
    _check_values("samples", samples)
    each = loss(samples)
    if not is_tensor(each) or bool(samples.numel()) > bool(each.numel()):
        raise TypeError(f"loss must return a torch.Tensor of a number or more, got {each!r}")
    _check_values("loss", each)
    return each if each.is_floating_point() else each.float()


def _set_gradients(weights, total, step):
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
            _check_step("gradient of the loss", gradient, step)
    for weight, gradient in zip(weights, gradients, strict=True):
        weight.grad = gradient


def _check_step(what, values, step):
    if values.is_sparse:  # the gradient of an embedding
        values = values.coalesce().values()
    if not values.isfinite().all():
        raise ValueError(
            f"{what} must be finite, got a NaN or an infinity in step {step + 1}; a smaller "
            "learning rate may help"
        )


def _check_guided(what, *tensors):
    if not all(tensor.isfinite().all() for tensor in tensors):
        raise ValueError(f"{what} must be finite, got a NaN or an infinity")


@contextmanager
def _gradients():
    """Differentiate, inside of torch.no_grad and torch.inference_mode, too."""
    restore = partial(torch.set_grad_enabled, torch.is_grad_enabled())
    with set_back(restore), torch.inference_mode(False), torch.enable_grad():
        yield


@contextmanager
def _borrowed_gradients(weights):
    """Give the weights their gradients back afterwards."""
    before = [weight.grad for weight in weights]

    def restore():
        for weight, gradient in zip(weights, before, strict=True):
            weight.grad = gradient

    with set_back(restore):
        yield


@contextmanager
def _own_randomness(seed, weights):
    """Seed torch's random numbers, and set them back afterwards; give a generator for codes."""
    devices = {weight.device for weight in weights if weight.device.type == "cuda"}
    with torch.random.fork_rng(devices=list(devices)):
        torch.manual_seed(seed)
        yield torch.Generator().manual_seed(seed)


def _reached(each, target, n):
    """Tell which of n codes have a loss of at most the target."""
    if each.numel() == n:
        return each.reshape(-1) <= target
    return (each.mean() <= target).expand(n)


def _norms(codes):
    """Return the norm of each code, with as many axes as the codes."""
    norms = torch.linalg.vector_norm(codes.reshape(len(codes), -1), dim=1)
    return norms.reshape(-1, *[1] * (codes.ndim - 1))


# Checks ---------------------------------------------------------------------------------------


def _checked_target(generator, loss, n_steps, target):
    """Check what a descent needs; return a target that no loss reaches where there is none."""
    _check_generator(generator)
    _check_loss(loss)
    check_integer("n_steps", n_steps, 0)
    return -np.inf if target is None else check_number("target", target)


def _check_generator(generator):
    if not isinstance(generator, torch.nn.Module):
        raise TypeError(f"generator must be a torch.nn.Module, got {generator!r}")
    if any(weight.is_meta for weight in generator.parameters()):
        raise TypeError("generator must have weights with values, got some on device meta")


def _check_loss(loss):
    if not callable(loss) or isinstance(loss, type):
        raise TypeError(f"loss must be a function of samples, or a module, got {loss!r}")


def _check_verbose(verbose):
    return verbose if isinstance(verbose, bool) else check_integer("verbose", verbose, 0)


def _place_of(generator, default=None):
    """Return the device and dtype of the first weights that are floats, or of a default tensor."""
    weights = (w for w in generator.parameters() if w.is_floating_point())
    weight = next(weights, torch.empty(0) if default is None else default)
    return {"device": weight.device, "dtype": weight.dtype}


def _placed(codes, generator, name, given):
    """Return codes on the device and in the dtype in which a generator takes them.

    One without weights takes floats as they are given.
    """
    placed = codes.to(**_place_of(generator, codes if _has_floats(given) else None))
    if not placed.isfinite().all():
        raise ValueError(f"{name} is more than a {placed.dtype} of the generator can hold")
    return placed


def _has_floats(z):
    """Tell whether z is a tensor or an array of floats, whose dtype counts."""
    if is_tensor(z):
        return z.is_floating_point()
    return getattr(getattr(z, "dtype", None), "kind", "") == "f"


def _drawing(latent_dim, batch_size, generator):
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


def _optimizer_of(generator, optimizer, learning_rate):
    """Return an optimizer that is given, or a new one."""
    if not isinstance(optimizer, torch.optim.Optimizer):
        weights = [weight for weight in generator.parameters() if weight.requires_grad]
        if not weights:
            raise ValueError(
                "generator must have parameters that require a gradient, got none; see "
                "generator.requires_grad_()"
            )
        return _new_optimizer(optimizer, weights, learning_rate)
    weights = [weight for weight in generator.parameters() if weight.requires_grad]
    return _check_optimizer(optimizer, weights, "parameters of the generator that require")


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


def _new_optimizer(optimizer, weights, learning_rate):
    learning_rate = check_number("learning_rate", learning_rate, 0)
    if optimizer is None:
        # Adam adds eps to roots of squares, and 1e-8 is 0 in half precision.
        tiny = max(torch.finfo(weight.dtype).tiny for weight in weights)
        return torch.optim.Adam(weights, lr=learning_rate, eps=max(1e-8, tiny))
    if not callable(optimizer):
        raise TypeError(
            "optimizer must be a function from parameters to a torch.optim.Optimizer, such as "
            f"torch.optim.Adam, got {optimizer!r}"
        )
    new = optimizer(weights)
    if not isinstance(new, torch.optim.Optimizer):
        raise TypeError(f"optimizer must return a torch.optim.Optimizer, got {new!r}")
    return _check_optimizer(new, weights, "the parameters that it is given, which require")


def _as_codes(z, name):
    """Return finite latent codes as a tensor without a graph."""
    live, plain = as_floats(as_numbers(z, name))
    check_finite(plain, name, before="")
    return live.detach() if is_tensor(live) else torch.from_numpy(np.array(live))


def _as_given(new, start, z, codes):
    """Return new codes as z came: an array or a tensor, of its dtype if it has floats.

    Where they are as they have been at the start, they are what was given, unrounded.
    """
    if _has_floats(z):
        new = torch.where(new == start, codes.to(new.device), new).to(codes)
    if is_tensor(z):
        return new
    array = new.cpu().numpy()
    return array.astype(z.dtype) if _has_floats(z) else array
