"""One node of torch's graph for a function that a compiled loop has computed."""

import torch

__all__ = ["FORWARD", "CompiledNode"]

FORWARD = (
    "forward-mode derivatives, such as torch.func.jvp, jacfwd and hessian take, of diagrams and "
    "functions of them are not there; take reverse ones: torch.func.grad, vjp, jacrev, or backward"
)


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
        outputs : sequence of float64 ndarray
        pull_back : callable
            Takes the gradient with respect to each output, a float64 ndarray, or None for zero;
            returns the gradient with respect to values, a float32 or float64 ndarray.
        by_torch : callable
            Takes values, returns the outputs by operations of torch: for second derivatives.
        """
        ctx.save_for_backward(values)
        ctx.set_materialize_grads(False)
        ctx.pull_back, ctx.by_torch = pull_back, by_torch
        return tuple(torch.from_numpy(output).to(values) for output in outputs)

    @staticmethod
    def backward(ctx, *weights):
        """Return the gradient with respect to values."""
        (values,) = ctx.saved_tensors
        if all(weight is None for weight in weights):
            gradient = None
        elif torch.is_grad_enabled():
            # Weights may depend on values, too: they are weights here, and not differentiated.
            both = zip(ctx.by_torch(values), weights, strict=True)
            outputs, weights = zip(*(pair for pair in both if pair[1] is not None), strict=True)
            (gradient,) = torch.autograd.grad(outputs, values, weights, create_graph=True)
        else:
            plain = [None if w is None else w.to("cpu", torch.float64).numpy() for w in weights]
            gradient = torch.from_numpy(ctx.pull_back(plain)).to(values)
        return gradient, None, None, None

    @staticmethod
    def jvp(ctx, *_):
        """Raise NotImplementedError: there is no derivative in forward mode."""
        raise NotImplementedError(FORWARD)
