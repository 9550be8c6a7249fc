"""Shaping and denoising.

A step finds a diagram, which is most of it (see weak Alpha), and scatters derivatives of lengths to
points by a compiled loop, without torch. Smooth fields solve a dense system for the points that
move. Denoising floods a grid and fits means along the flood's tree, with heaps: O(n log n).
"""

from functools import partial

import numpy as np

from ..agree import same_values
from ..calls import digits, uniform
from ..peers import energy_of_holes, geoph_holes, gudhi_holes
from ..workload import OURS, Workload

ORDER = 9
RATE = {100: 0.01, 300: 0.01, 1_000: 0.003, 10_000: 0.001}


def shaper(n_steps, gradient="subgradient"):
    """Return a contestant: `TopoShaper` on the holes of figure 1."""

    def contestant(points):
        from skltopo import TopoShaper

        estimator = TopoShaper(
            "holes", learning_rate=RATE[len(points)], max_iter=n_steps, tol=None, gradient=gradient
        )
        return partial(estimator.fit, points), lambda found: found.loss_curve_[: n_steps // 5]

    return contestant


def torch_loop(n_steps, find_holes):
    """Return a contestant: torch's Adam around a torch gather on another package's pairs."""

    def contestant(points):
        import torch

        def call():
            x = torch.tensor(points, requires_grad=True)
            optimizer = torch.optim.Adam([x], lr=RATE[len(points)])
            curve = []
            for _ in range(n_steps):
                optimizer.zero_grad()
                loss = -energy_of_holes(x, find_holes(x.detach().numpy()))
                curve.append(loss.item())
                loss.backward()
                if len(curve) == 1:  # the unit of eps is that of gradients, as in TopoShaper
                    optimizer.param_groups[0]["eps"] = 1e-8 * x.grad.abs().max().item()
                optimizer.step()
            return curve

        return call, lambda curve: np.array(curve[: n_steps // 5])

    return contestant


def denoiser(images):
    """Return our contestant for noisy images."""
    from skltopo import TopoDenoiser

    noisy = images + np.random.default_rng(0).normal(0, 0.1, images.shape)
    return partial(TopoDenoiser().fit_transform, noisy), np.asarray


# Rounding grows along a descent: the first fifth of the losses is compared.
WORKLOADS = [
    Workload(
        "100 Adam steps", (100, 1_000), uniform(2),
        {
            OURS: shaper(100),
            "geoph and torch": torch_loop(100, geoph_holes),
            "gudhi and torch": torch_loop(100, gudhi_holes),
        },
        label="100 Adam steps of {size:,} points, holes", agree=same_values, tolerance=1e-6,
        readme=(100,),
    ),
    Workload(
        "10 Adam steps", (100, 1_000, 10_000), uniform(2),
        {
            OURS: shaper(10),
            "geoph and torch": torch_loop(10, geoph_holes),
            "gudhi and torch": torch_loop(10, gudhi_holes),
        },
        label="10 Adam steps of {size:,} points, holes", agree=same_values, tolerance=1e-6,
    ),
    Workload(
        "10 big steps", (100, 1_000), uniform(2), {OURS: shaper(10, "big_step")},
        label="10 steps by critical sets of {size:,} points", agree=same_values,
    ),
    Workload(
        "10 diffeomorphic steps", (100, 300), uniform(2), {OURS: shaper(10, "diffeomorphic")},
        label="10 steps of a smooth field of {size:,} points", agree=same_values,
    ),
    Workload(
        "denoising", (1, 10, 100), digits, {OURS: denoiser}, "digits",
        "{size:,} noisy digits to one maximum", agree=same_values,
    ),
]  # fmt: skip
