"""Doors of layers and losses."""

from functools import partial

import skltopo

from .doors import door

__all__ = []


def _filtration(draw):
    kind = draw.integer(0, 3)
    if kind == 0:
        return skltopo.filtrations.LevelSet(2, superlevel=draw.chance(0.5))
    name = ("VietorisRips", "WeakAlpha", "Alpha")[kind - 1]
    return getattr(skltopo.filtrations, name)()


def _values(draw, filtration):
    """Return values for a filtration, and ptr where they are the rows of several clouds."""
    if isinstance(filtration, skltopo.filtrations.LevelSet):
        values = draw.array(draw.size(2), 4, 4)
    elif draw.chance(0.3):
        points = draw.array(7, 2)
        return draw.torch(points), draw.param([0, 3, 7], [0, 7], [0, 8], [1, 7], [], p=0.2)
    else:
        values = draw.array(draw.size(2), 5, 2)
    return (draw.torch(values) if draw.chance(0.9) else draw.dress(values, 1.0)), None


def _call(module, values, ptr):
    return module(values) if ptr is None else module(values, ptr)


@door("skltopo.nn.LevelSetLayer", 1)
def _level_set_layer(draw):
    options = draw.some(
        ndim=lambda: draw.param(1, 2, 3),
        superlevel=lambda: draw.param(True, False),
        complex=lambda: draw.param("freudenthal", "cubical"),
        n_jobs=draw.n_jobs,
    )
    values = draw.torch(draw.array(draw.size(2), 3, 3))
    return lambda: skltopo.nn.LevelSetLayer(**options)(values)


def _cloud_layer(name, draw):
    options = draw.some(max_dim=lambda: draw.param(0, 1, 2), n_jobs=draw.n_jobs)
    values, ptr = _values(draw, skltopo.filtrations.WeakAlpha())
    return lambda: _call(getattr(skltopo.nn, name)(**options), values, ptr)


for _name in ("RipsLayer", "WeakAlphaLayer", "AlphaLayer"):
    door(f"skltopo.nn.{_name}", 1)(partial(_cloud_layer, _name))


@door("skltopo.nn.EnergyLoss", 2)
def _energy_loss(draw):
    filtration = _filtration(draw)
    values, ptr = _values(draw, filtration)
    energies = [
        skltopo.Energy(dim=draw.pick(0, 1), p=draw.pick(0, 1, 2), i0=draw.pick(1, 2))
        for _ in range(draw.integer(0, 2))
    ]
    energies = draw.param(energies, skltopo.Energy())
    options = draw.some(reduction=lambda: draw.param("mean", "sum", "none"))
    return lambda: _call(skltopo.nn.EnergyLoss(energies, filtration, **options), values, ptr)


@door("skltopo.nn.BettiPriorLoss", 2)
def _betti_prior_loss(draw):
    filtration = _filtration(draw)
    values, ptr = _values(draw, filtration)
    betti = draw.param({0: draw.param(1, 2)}, {0: 1, 1: draw.param(0, 3)}, {1: 0}, {})
    options = draw.some(
        level=lambda: draw.param(None, 0.0, 0.5),
        margin=lambda: draw.param(1.0, 0.2),
        weights=lambda: draw.param(None, {0: 0.5}, {0: draw.param(1.0)}),
        reduction=lambda: draw.param("mean", "sum", "none"),
    )
    return lambda: _call(skltopo.nn.BettiPriorLoss(betti, filtration, **options), values, ptr)
