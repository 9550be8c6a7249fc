"""The energy of a diagram of tensors as one node of the graph."""

import numpy as np
import torch

from ._kernels.functionals.polynomial import polynomial_energy

__all__ = ["EnergyNode"]


class EnergyNode(torch.autograd.Function):
    """E(p, q, i0) of all samples of a batch, without the essential points.

    A dozen operations of torch, forward and backward, took three times as long for a diagram of 17
    points. Second derivatives fall back on them.
    """

    @staticmethod
    def forward(ctx, finite, points, energy, shape, by_torch):
        """Return the energies.

        Parameters
        ----------
        finite : (n, 2) torch.Tensor
            ``points.finite``, on the CPU.
        points : Points
        energy : Energy
            Its p, q, i0 and weight are used.
        shape : tuple of int
            Shape of the result.
        by_torch : callable
            The same function of finite by operations of torch, for second derivatives.
        """
        plain = finite.detach().to(torch.float64).numpy()
        out, derivative = np.empty(len(points.splits) - 1), np.empty(plain.shape)
        polynomial_energy(
            plain, points.splits, points.essential_splits, energy.p, energy.q, energy.i0,
            out, derivative,
        )  # fmt: skip
        out *= energy.weight
        derivative *= energy.weight
        ctx.save_for_backward(finite)
        ctx.splits, ctx.derivative, ctx.by_torch = points.splits, derivative, by_torch
        return torch.from_numpy(out.reshape(shape)).to(finite.dtype)

    @staticmethod
    def backward(ctx, weights):
        """Return the gradient with respect to births and deaths."""
        (finite,) = ctx.saved_tensors
        nothing = (None,) * 4
        if torch.is_grad_enabled():
            total = (ctx.by_torch(finite) * weights).sum()
            return (*torch.autograd.grad(total, finite, create_graph=True), *nothing)
        weights = weights.reshape(-1).to(torch.float64).numpy()
        if len(weights) > 1:
            weights = np.repeat(weights, np.diff(ctx.splits))[:, np.newaxis]
        return (torch.from_numpy(ctx.derivative * weights).to(finite.dtype), *nothing)
