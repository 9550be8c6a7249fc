"""One node of torch's graph for a function that a compiled loop has computed."""

import torch

__all__ = ["CompiledNode"]


class CompiledNode(torch.autograd.Function):
    """Outputs of a compiled loop as functions of a tensor.

    The same function by operations of torch is a dozen nodes, each of which costs more than a loop
    over the few points of a small diagram.
    """

    @staticmethod
    def forward(ctx, values, outputs, pull_back, by_torch):
        """Return the outputs as tensors of the dtype of values.

        Parameters
        ----------
        values : torch.Tensor
            On the CPU.
        outputs : sequence of float64 ndarray
        pull_back : callable
            Takes the gradient with respect to each output, a float64 ndarray, or None for zero;
            returns the gradient with respect to values, a float64 ndarray.
        by_torch : callable
            Takes values, returns the outputs by operations of torch: for second derivatives.
        """
        ctx.save_for_backward(values)
        ctx.set_materialize_grads(False)
        ctx.pull_back, ctx.by_torch = pull_back, by_torch
        return tuple(torch.from_numpy(output).to(values.dtype) for output in outputs)

    @staticmethod
    def backward(ctx, *weights):
        """Return the gradient with respect to values."""
        (values,) = ctx.saved_tensors
        used = [i for i, weight in enumerate(weights) if weight is not None]
        if not used:
            gradient = None
        elif torch.is_grad_enabled():
            outputs = ctx.by_torch(values)
            total = sum((outputs[i] * weights[i]).sum() for i in used)
            (gradient,) = torch.autograd.grad(total, values, create_graph=True)
        else:
            plain = [None if w is None else w.to(torch.float64).numpy() for w in weights]
            gradient = torch.from_numpy(ctx.pull_back(plain)).to(values.dtype)
        return gradient, None, None, None
