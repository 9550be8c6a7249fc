"""Latent codes go down a loss of the samples of a generator, or along a line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from .._utils.checks import check_flag, check_integer
from .._utils.memory import check_memory
from .._utils.progress import check_verbose, progress_bar
from .._utils.typing import ArrayLike, Module, Result, Tensor
from ..nn.classifiers import evaluating
from .codes import as_codes, as_given, norms_of, placed, reached
from .optimizers import new_optimizer
from .steps import (
    check_generator,
    check_step,
    checked_target,
    generate,
    losses,
    set_gradients,
    with_gradients,
)

__all__ = [
    "interpolate_latent",
    "optimize_latent",
]


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
    target = checked_target(generator, loss, n_steps, target)
    check_flag("keep_norm", keep_norm)
    verbose = check_verbose(verbose)
    codes = as_codes(z, "z")
    if codes.ndim < 2 or not codes.numel():
        raise ValueError(f"z must have shape (n, ...) with n > 0, got {tuple(codes.shape)}")
    with with_gradients():
        start = placed(codes, generator, "z", z)
        live = start.clone().requires_grad_()
    norms = norms_of(start)
    optimizer = new_optimizer(optimizer, [live], learning_rate)
    with (
        with_gradients(),
        evaluating(generator),
        progress_bar(n_steps, verbose, "step", "optimize_latent") as bar,
    ):
        for step in range(n_steps):
            each = losses(loss, generate(generator, live.clone()), step)  # it may work in place
            still = reached(each.detach(), target, len(live))
            if still.all():
                break
            set_gradients([live], each.sum(), step)
            before = live.detach().clone()
            optimizer.step()
            new = live.detach()
            if keep_norm:
                new.mul_(norms / norms_of(new).clamp(min=torch.finfo(new.dtype).tiny))
            new[still] = before[still]
            check_step("codes", new, step)
            bar.set_postfix(loss=f"{float(each.detach().mean()):.4g}", refresh=False)
            bar.update()
    return as_given(live.detach(), start, z, codes)


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
        If codes are not finite or have different shapes, n is below 2, or the generator does not
        return n samples.
    RuntimeError
        If the generator does not take codes of their shape, as where they are two batches.

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
    check_generator(generator)
    check_integer("n", n, 2)
    first, last = (
        placed(as_codes(z, name), generator, name, z) for z, name in ((z0, "z0"), (z1, "z1"))
    )
    if first.shape != last.shape or not first.ndim or not first.numel():
        raise ValueError(
            f"z0 and z1 must be codes of one shape, got {tuple(first.shape)} and "
            f"{tuple(last.shape)}"
        )
    if first.ndim > 1 and len(first) == 1:
        first, last = first[0], last[0]
    last = last.to(first.device)
    check_memory(32 * int(n) * first.numel(), f"{n} codes", "a smaller n takes less")
    dtype = torch.promote_types(first.dtype, last.dtype)
    share = torch.linspace(0, 1, n, dtype=dtype, device=first.device)
    share = share.reshape(-1, *[1] * first.ndim)
    with with_gradients(), evaluating(generator), torch.no_grad():
        samples = generate(generator, (1 - share) * first + share * last).detach()
    if not samples.ndim or len(samples) != n:
        raise ValueError(
            f"generator must return a sample for each of {n} codes, got shape "
            f"{tuple(samples.shape)}; z0 and z1 are one code each"
        )
    return samples
