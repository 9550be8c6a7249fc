"""
Voxel shapes cleaned to one piece
=================================

Voxel shapes with stray pieces and gaps, cleaned to one component.

A network that generates shapes gives each voxel a probability (figure 10 of the paper). Where the
shape is cut at 1/2 it falls into pieces. ``TopoDenoiser`` leaves one maximum, hence one piece at
any level: it lowers stray pieces, and closes gaps where that changes less.
"""

import matplotlib.pyplot as plt
import numpy as np
import sizes
from scipy.ndimage import gaussian_filter, label
from tqdm import tqdm

from skltopo import TopoDenoiser
from skltopo.filtrations import LevelSet

level_sets = LevelSet(ndim=3, superlevel=True, homology_dimensions=(0,))
# 14 neighbours, as in the Freudenthal triangulation
offsets = np.indices((3, 3, 3)) - 1
NEIGHBOURS = (offsets >= 0).all(axis=0) | (offsets <= 0).all(axis=0)
COLORS = {"body": "#4C8BBF", "stray": "#E4572E"}


# %%
# Shapes, and probabilities of their voxels
# -----------------------------------------
# A chair, a lamp with a gap and a ring, blurred, with noise and stray pieces.


def make_shapes(n):
    """Return {name: (solid, slice of it that will be missed)} on a grid of n voxels a side."""
    z, y, x = (np.indices((n, n, n)) + 0.5) / n
    chair = np.zeros((n, n, n), bool)
    chair |= (abs(z - 0.4) < 0.06) & (abs(y - 0.5) < 0.32) & (abs(x - 0.5) < 0.32)
    legs = (abs(abs(y - 0.5) - 0.26) < 0.06) & (abs(abs(x - 0.5) - 0.26) < 0.06)
    chair |= legs & (z > 0.08) & (z < 0.4)
    chair |= (abs(y - 0.78) < 0.06) & (abs(x - 0.5) < 0.32) & (z > 0.4) & (z < 0.92)
    lamp = (z < 0.14) & (z > 0.05) & (np.hypot(y - 0.5, x - 0.5) < 0.28)
    lamp |= (np.hypot(y - 0.5, x - 0.5) < 0.07) & (z > 0.05) & (z < 0.65)
    lamp |= (z > 0.6) & (z < 0.92) & (np.hypot(y - 0.5, x - 0.5) < 0.62 - 0.45 * z)
    ring = np.hypot(np.hypot(y - 0.5, z - 0.5) - 0.3, x - 0.5) < 0.12
    return {"chair": (chair, None), "lamp": (lamp, int(0.4 * n)), "ring": (ring, None)}


def make_noisy(solid, missed, rng):
    """Return probabilities of voxels: blurred, with stray pieces, noise and perhaps a gap."""
    n = len(solid)
    noisy = 0.9 * gaussian_filter(solid.astype(float), 0.35)
    far = gaussian_filter(solid.astype(float), n / 10) < 0.01
    for z, y, x in rng.permutation(np.argwhere(far))[:16]:
        size = rng.permutation([1, 1, 2])  # two voxels in some direction
        noisy[z : z + size[0], y : y + size[1], x : x + size[2]] = rng.uniform(0.55, 0.75)
    if missed is not None:
        noisy[missed] *= 0.4
    return np.clip(noisy + 0.04 * rng.standard_normal(noisy.shape), 0, 1)


# %%
# Voxels above 1/2 are drawn, all but the largest piece in red.


def draw(ax, volume, title):
    """Draw the voxels above 1/2; all but the largest piece in red."""
    pieces, n_pieces = label(volume > 0.5, NEIGHBOURS)
    body = pieces == np.bincount(pieces.ravel())[1:].argmax() + 1
    colors = np.where(body, COLORS["body"], COLORS["stray"])
    turn = (2, 1, 0)  # height upwards
    ax.voxels(
        (volume > 0.5).transpose(turn),
        facecolors=colors.transpose(turn),
        edgecolor=(1, 1, 1, 0.25),
        linewidth=0.3,
    )
    ax.set_title(title.format(n_pieces), fontsize=13)
    ax.view_init(elev=18, azim=-58)
    ax.set(xlim=(0, len(volume)), ylim=(0, len(volume)), zlim=(0, len(volume)))
    ax.set_box_aspect((1, 1, 1), zoom=1.25)
    ax.set_axis_off()


def plot(n):
    """Draw every shape before and after."""
    rng = np.random.default_rng(0)
    shapes = make_shapes(n)
    noisy = np.stack([make_noisy(*shape, rng) for shape in shapes.values()])
    cleaned = TopoDenoiser().fit_transform(noisy)
    figure, axes = plt.subplots(
        2, len(shapes), figsize=(12, 8.6), subplot_kw={"projection": "3d"}, layout="constrained"
    )
    for i, name in enumerate(tqdm(shapes, desc="shapes")):
        before, after = (len(level_sets(volume)[0]) for volume in (noisy[i], cleaned[i]))
        change = np.mean((noisy[i] - cleaned[i]) ** 2)
        print(f"{name}: {before} maxima -> {after}, mean squared change {change:.5f}")
        draw(axes[0, i], noisy[i], f"{name}: {before} maxima, {{}} pieces")
        draw(axes[1, i], cleaned[i], f"{after} maximum, {{}} piece")
    figure.suptitle("Voxels of probability above 1/2, before and after TopoDenoiser", fontsize=15)
    sizes.save(figure, "voxel_cleaning.png", dpi=90)


# %%
# Before and after
# ----------------

plot(sizes.pick(12, 24))
