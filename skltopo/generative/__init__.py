"""Topological priors of generators: their weights, or their latent codes, go down a loss.

A generator is any torch module from latent codes to samples, a loss anything that torch can
differentiate from samples to a number, such as `skltopo.nn.EnergyLoss`. `finetune_generator`
changes the weights, `optimize_latent` the codes; `interpolate_latent` shows what lies between two
codes. `PersistenceDiscriminator` tells real samples from generated ones by their diagrams alone.
`topological_guidance` is a step down a loss for the sampling loop of a diffusion model.
"""

from ..nn.discriminators import PersistenceDiscriminator
from .finetuning import finetune_generator
from .guidance import topological_guidance
from .latent import interpolate_latent, optimize_latent

__all__ = [
    "PersistenceDiscriminator",
    "finetune_generator",
    "interpolate_latent",
    "optimize_latent",
    "topological_guidance",
]
