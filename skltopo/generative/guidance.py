"""A step down a loss of samples, for the sampling loop of a diffusion or flow model."""

from __future__ import annotations

from collections.abc import Callable

import torch

from .._utils.checks import check_number
from .._utils.namespace import is_tensor
from .._utils.typing import Tensor
from .steps import check_loss, loss_of, with_gradients

__all__ = [
    "topological_guidance",
]


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
    check_loss(loss)
    scale = check_number("scale", scale, 0)
    for name, tensor in (("denoised", denoised), ("wrt", denoised if wrt is None else wrt)):
        if not is_tensor(tensor):
            raise TypeError(f"{name} must be a torch.Tensor, got {type(tensor).__name__}")
        if not tensor.is_floating_point():
            raise TypeError(
                f"{name} must be of a floating point dtype, got {tensor.dtype}, which has no "
                "gradients; take .float()"
            )
    with with_gradients():
        if wrt is None:
            denoised = wrt = denoised.detach().clone().requires_grad_()
        total = loss_of(loss, denoised.clone()).sum()  # it may work in place
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


def _check_guided(what, *tensors):
    if not all(tensor.isfinite().all() for tensor in tensors):
        raise ValueError(f"{what} must be finite, got a NaN or an infinity")
