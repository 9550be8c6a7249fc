"""
Figure 10: voxels of a generator
================================

Figure 10 of the paper: a 3-D GAN of furniture, before and after 20 batches of a topology loss.

A GAN learns chairs, tables and lamps of 16^3 voxels. Its shapes have stray pieces; 20 batches of
E(1, 0, 2; PD_0) of the superlevel sets of volumes, the loss of figure 7, join or remove them.
"""

import copy
import time
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import sizes
import torch
from scipy.ndimage import label
from torch.nn.functional import softplus
from tqdm import tqdm

from skltopo import Energy
from skltopo.datasets import make_voxel_shapes
from skltopo.filtrations import LevelSet
from skltopo.generative import finetune_generator
from skltopo.nn import EnergyLoss

LATENT = 32
BATCH = 32
SUPERLEVEL = LevelSet(ndim=3, superlevel=True, homology_dimensions=(0,))
PRIOR = EnergyLoss(Energy(dim=0, p=1, q=0, i0=2), SUPERLEVEL)


# %%
# A GAN of voxels
# ---------------
# Two small networks of transposed convolutions and convolutions.


class Generator(torch.nn.Sequential):
    """Latent codes (n, 32) to volumes (n, 1, 16, 16, 16) in [0, 1]."""

    def __init__(self, width=16):
        super().__init__(
            torch.nn.Linear(LATENT, 2 * width * 64, bias=False),
            torch.nn.Unflatten(1, (2 * width, 4, 4, 4)),
            torch.nn.BatchNorm3d(2 * width),
            torch.nn.ReLU(),
            torch.nn.ConvTranspose3d(2 * width, width, 4, 2, 1, bias=False),
            torch.nn.BatchNorm3d(width),
            torch.nn.ReLU(),
            torch.nn.ConvTranspose3d(width, 1, 4, 2, 1),
            torch.nn.Sigmoid(),
        )


class Discriminator(torch.nn.Sequential):
    """Volumes to one score each."""

    def __init__(self, width=16):
        super().__init__(
            torch.nn.Conv3d(1, width, 4, 2, 1),
            torch.nn.LeakyReLU(0.2),
            torch.nn.Conv3d(width, 2 * width, 4, 2, 1),
            torch.nn.LeakyReLU(0.2),
            torch.nn.Flatten(),
            torch.nn.Linear(2 * width * 64, 1),
        )


def train(volumes, n_steps, cache):
    """Return the generator of a GAN, trained once and kept in a folder."""
    torch.manual_seed(0)
    generator, discriminator = Generator(), Discriminator()
    path = cache / f"voxels_{n_steps}.pt"
    if path.exists():
        generator.load_state_dict(torch.load(path, weights_only=True))
        return generator
    optimizers = [
        torch.optim.Adam(part.parameters(), rate, (0.5, 0.999))
        for part, rate in ((generator, 1e-3), (discriminator, 2e-4))
    ]
    for _ in tqdm(range(n_steps), desc="3-D GAN", unit="batch"):
        real = volumes[torch.randint(len(volumes), (BATCH,))]
        fake = generator(torch.randn(BATCH, LATENT))
        optimizers[1].zero_grad()
        of_both = discriminator(torch.cat([real, fake.detach()]))
        (softplus(-of_both[:BATCH]).mean() + softplus(of_both[BATCH:]).mean()).backward()
        optimizers[1].step()
        optimizers[0].zero_grad()
        softplus(-discriminator(fake)).mean().backward()
        optimizers[0].step()
    torch.save(generator.state_dict(), path)
    return generator


@torch.no_grad()
def generate(generator, codes):
    """Return volumes of latent codes, in evaluation mode."""
    return generator.eval()(codes)


# %%
# What is measured and drawn
# --------------------------
# Components above 1/2; what does not hang together with the largest piece is red.


def count_components(volumes):
    """Return how many components are above 1/2 in each volume."""
    batch = SUPERLEVEL(volumes.numpy()).flat()
    return np.array([np.sum((d[0][:, 0] > 0.5) & (d[0][:, 1] <= 0.5)) for d in batch])


def print_components(samples):
    """Print loss and components of every set of volumes."""
    print(f"of {len(next(iter(samples.values())))} shapes each, above 1/2")
    print(f"  {'':36}{'loss':>8}{'excess over one':>18}{'shapes with one':>18}{'voxels':>9}")
    table = []
    for name, volumes in samples.items():
        counts = count_components(volumes)
        solid = (volumes > 0.5).float().sum((1, 2, 3, 4)).mean()
        loss, excess = float(PRIOR(volumes)), counts.mean() - 1
        share = f"{100 * np.mean(counts == 1):.1f} %"
        print(f"  {name:36}{loss:8.3f}{excess:18.3f}{share:>18}{solid:9.0f}")
        table.append((name, f"{loss:.3f}", f"{excess:.3f}", share, f"{solid:.0f}"))
    heads = f"{len(volumes)} shapes each", "loss", "excess of components over one"
    heads = *heads, "shapes with one", "voxels"
    sizes.keep_table("figure_10", "python examples/paper/plot_figure_10.py", heads, table)


def draw_voxels(ax, volume):
    """Draw what is above 1/2, the largest piece in blue and others in red."""
    labels, n = label(volume[0].numpy() > 0.5)
    largest = 1 + np.argmax(np.bincount(labels.ravel())[1:]) if n else 0
    colors = np.where(labels == largest, "#56B4E9", "#D55E00")
    ax.voxels(labels > 0, facecolors=colors, edgecolor="#303030", linewidth=0.15)
    ax.set(xlim=(0, 16), ylim=(0, 16), zlim=(0, 16))
    ax.set_box_aspect((1, 1, 1), zoom=1.05)
    ax.view_init(22, -60)
    ax.set_axis_off()


def plot(samples, n=8):
    """Draw real shapes, then those with most pieces before the loss, and what became of them."""
    before, after = samples["GAN"], samples["topology loss, 20 batches"]
    worst = np.argsort(-count_components(before[:200]), kind="stable")[: n // 2]
    others = np.setdiff1d(np.arange(200), worst)[: n - n // 2]
    chosen = np.concatenate([worst, others])
    rows = {
        "real": samples["real shapes"][:n],
        "GAN": before[chosen],
        "topology loss": after[chosen],
    }
    figure = plt.figure(figsize=(2 * n, 6.6))
    for i, (name, volumes) in enumerate(rows.items()):
        for j, volume in enumerate(tqdm(volumes, desc=f"drawing {name}")):
            ax = figure.add_subplot(3, n, i * n + j + 1, projection="3d")
            draw_voxels(ax, volume)
        figure.text(0.012, 0.83 - 0.325 * i, name, rotation=90, va="center", ha="center", size=15)
    figure.subplots_adjust(0.02, 0, 1, 1, 0, 0)
    sizes.save(figure, "figure_10.png", dpi=110)


# %%
# Training the GAN
# ----------------
# It is trained once, and kept in the folder `gan_cache` of that for pictures.

torch.set_num_threads(1)
start = time.perf_counter()
volumes, _ = make_voxel_shapes(sizes.pick(200, 3000), random_state=0)
volumes = torch.from_numpy(volumes)[:, None]
generator = train(volumes, sizes.pick(20, 3000), sizes.cache("gan_cache"))

# %%
# Twenty batches of the topology loss
# -----------------------------------
# `finetune_generator` changes a copy in place.

tuned = copy.deepcopy(generator).train()
finetune_generator(
    tuned,
    PRIOR,
    n_steps=20,
    batch_size=BATCH,
    latent_dim=LATENT,
    optimizer=partial(torch.optim.Adam, lr=1e-3, betas=(0.5, 0.999)),
    random_state=0,
    verbose=1,
)

# %%
# Before and after
# ----------------
# Of the same latent codes.

codes = torch.randn(sizes.pick(200, 500), LATENT, generator=torch.manual_seed(1))
samples = {
    "real shapes": volumes[: len(codes)],
    "GAN": generate(generator, codes),
    "topology loss, 20 batches": generate(tuned, codes),
}
print_components(samples)
plot(samples, sizes.pick(4, 8))
print(f"all of it took {(time.perf_counter() - start) / 60:.1f} minutes")
