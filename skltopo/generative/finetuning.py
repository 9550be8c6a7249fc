"""The weights of a generator go down a loss of its samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from .._utils.checks import check_integer
from .._utils.progress import check_verbose, progress_bar
from .._utils.typing import Floats, Module, RandomState
from .codes import drawing
from .optimizers import optimizer_of
from .steps import (
    borrowed_gradients,
    checked_target,
    generate,
    losses,
    own_randomness,
    set_gradients,
    with_gradients,
)

__all__ = [
    "finetune_generator",
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
    target = checked_target(generator, loss, n_steps, target)
    check_integer("batch_size", batch_size, 1)
    verbose = check_verbose(verbose)
    draw = drawing(latent_dim, batch_size, generator)
    optimizer = optimizer_of(generator, optimizer, learning_rate)
    weights = [weight for group in optimizer.param_groups for weight in group["params"]]
    weights = [weight for weight in weights if weight.requires_grad]
    seed = int(check_random_state(random_state).randint(2**31 - 1))
    curve = []
    with (
        with_gradients(),
        own_randomness(seed, weights) as random,
        borrowed_gradients(weights),
        progress_bar(n_steps, verbose, "step", "finetune_generator") as bar,
    ):
        for step in range(n_steps):
            each = losses(loss, generate(generator, draw(random)), step)
            value = float(each.detach().double().mean())
            curve.append(value)
            if value <= target:
                break
            set_gradients(weights, each.mean(), step)
            optimizer.step()
            bar.set_postfix(loss=f"{value:.4g}", refresh=False)
            bar.update()
    return np.array(curve)
