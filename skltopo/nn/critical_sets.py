"""Gradients of topological layers spread over critical sets, for the time of an attack."""

from contextlib import contextmanager

import torch

from .._kernels.grids.critical_regions import critical_set_gradient
from ..filtrations import LevelSet

__all__ = ["CriticalLevelSet", "critical_sets"]


class CriticalLevelSet(LevelSet):
    """A `LevelSet` of images whose births and deaths have gradients by critical sets.

    Diagrams are those of `LevelSet`. Going back, the derivative of a birth or death goes to all
    pixels that have to move so that it moves by ``reach``, uphill; with small reach these are the
    critical pixels alone.

    Parameters
    ----------
    filtration : LevelSet
        With ndim=2.
    reach : float

    References
    ----------
    Nigmetov, Morozov, Topological optimization with big steps, 2024.
    """

    def __init__(self, filtration, reach):
        super().__init__(**filtration.get_params())
        self.reach = reach

    def _values(self, samples, rows, n_jobs):
        """Return births and deaths; of finite points with their own way back."""
        values = super()._values(samples, rows, n_jobs)
        if not (samples.xp.has_gradients and samples.live.requires_grad):
            return values
        for i, dim in enumerate(self.homology_dimensions):
            pairs, splits = rows[2 * i]

            def spread(derivatives, dim=dim, pairs=pairs, splits=splits):
                return critical_set_gradient(
                    samples.plain,
                    dim,
                    pairs,
                    splits,
                    derivatives,
                    superlevel=self.superlevel,
                    complex=self.complex,
                    reach=self.reach,
                )

            values[2 * i] = _Spread.apply(samples.live, values[2 * i].detach(), spread)
        return values


class _Spread(torch.autograd.Function):
    """Values whose derivatives a function turns into the gradient of what they came from."""

    @staticmethod
    def forward(ctx, live, values, spread):
        ctx.spread, ctx.like = spread, live
        return values.clone()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, derivatives):
        gradient = ctx.spread(derivatives.detach().cpu().double().numpy())
        return torch.from_numpy(gradient).to(ctx.like).reshape(ctx.like.shape), None, None


@contextmanager
def critical_sets(module, reach):
    """Let the topological layers of a module go back by critical sets.

    Raises
    ------
    ValueError
        If the module has no layer of level sets of images.
    """
    layers = [
        part
        for part in module.modules()
        if isinstance(getattr(part, "filtration", None), LevelSet) and part.filtration.ndim == 2
    ]
    if not layers:
        raise ValueError(
            'method="critical" is for models with a layer of level sets of images, such as '
            "PersistenceFeatures or nn.LevelSetEnergies, and the model has none; use "
            'method="smooth"'
        )
    plain = [layer.filtration for layer in layers]
    try:
        for layer in layers:
            layer.filtration = CriticalLevelSet(layer.filtration, reach)
        yield
    finally:
        for layer, filtration in zip(layers, plain, strict=True):
            layer.filtration = filtration
