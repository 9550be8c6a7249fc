"""Losses.

The batch is paired in one call, and one operation of torch scatters the gradient of the energy to
critical pixels. For few images the overhead of torch bounds it, for many the sweeps do.
"""

import numpy as np

from ..agree import same_values
from ..calls import digits, gradient_of
from ..workload import OURS, Workload

ORDER = 15
SIZES = (1, 8, 64, 512)


def images(noise):
    """Return a maker of float32 digits, with noise of this size."""

    def make(size, rng):
        clean = digits(size, rng)
        return (clean + noise * rng.standard_normal(clean.shape)).astype("f4")

    return make


def ours(data):
    """Compute the paper's loss E(1, 0, 2; PD_0) and its gradient by `EnergyLoss`."""
    from skltopo import Energy
    from skltopo.filtrations import LevelSet
    from skltopo.nn import EnergyLoss

    filtration = LevelSet(2, superlevel=True, complex="cubical_cells")
    return gradient_of(EnergyLoss(Energy(dim=0, i0=2), filtration), data)


def gudhi(data):
    """Compute the same by gudhi, image by image, and a torch gather."""
    import gudhi
    import torch

    def loss(x):
        pairs = []
        for i, image in enumerate(x.detach().numpy()):
            complex = gudhi.CubicalComplex(top_dimensional_cells=-image.T)
            complex.compute_persistence(homology_coeff_field=2)
            found = complex.cofaces_of_persistence_pairs()[0]
            if found:  # flat indices, the first axis fastest
                pairs.append(found[0] + i * image.size)
        births, deaths = x.reshape(-1)[torch.from_numpy(np.concatenate(pairs))].T
        return (births - deaths).sum() / len(x)

    return gradient_of(loss, data)


def same_loss(ours, theirs, tolerance):
    """Compare losses alone: where pixels agree, gradients may go to any of them."""
    return same_values(ours[-1], theirs[-1], tolerance)


def workload(name, noise, agree, **parameters):
    """Return the workload of digits with this noise."""
    return Workload(
        name, SIZES, images(noise), {OURS: ours, "gudhi and torch": gudhi}, "digits",
        f"topology loss of {{size}} {name} and gradient", agree=agree, tolerance=1e-5,
        **parameters,
    )  # fmt: skip


WORKLOADS = [
    workload("clean digits", 0.0, same_loss, readme=(64,)),
    workload("noisy digits", 0.02, same_values),
]
