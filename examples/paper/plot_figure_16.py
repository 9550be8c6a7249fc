"""
Figure 16: a map that is learnt through diagrams
================================================

Figure 16 of the paper: a map, learnt through diagrams, between an image and its features.

An 8 goes through two convolutions that were trained on the naive classes of 4,000 digits, then
through its superlevel diagram and the energies of this to the three classes. Everything drawn is
what the trained network computes.
"""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import sizes
import topological_mapping as mapping
import torch
from matplotlib.patches import ConnectionPatch
from tqdm import tqdm

from skltopo.filtrations import LevelSet
from skltopo.plotting import PersistenceDiagramDisplay

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#8C8C8C"


# %%
# Training
# --------
# The network of `topological_mapping.py`, which figure 17 measures.


def train_one(digits, settings):
    """Return a network with a map."""
    n_steps = settings.count_steps(digits, with_map=True)
    with tqdm(total=n_steps, desc="training", unit="step") as bar:
        return mapping.train(digits, settings, with_map=True, seed=0, bar=bar)


@torch.no_grad()
def follow(model, image):
    """Return what the network makes of an image at each of its stations."""
    batch = image[None]
    energies = model.energies_of(batch)
    return {
        "image": image.numpy(),
        "hidden": model.map[:2](batch[:, None])[0].numpy(),
        "mapped": model.mapped(batch)[0].numpy(),
        "energies": model.norm(energies)[0].numpy(),
        "probabilities": model(batch).softmax(1)[0].numpy(),
    }


@torch.no_grad()
def choose_eight(model, held_out):
    """Return the held-out 8 of whose two holes the network is surest."""
    eights = held_out.images[held_out.digits == 8]
    return eights[model(eights).softmax(1)[:, 2].argmax()]


# %%
# Stations of an image
# --------------------
# Each is drawn as what it is.


def draw_image(ax, image, cmap):
    """Draw an image without a frame."""
    ax.imshow(image, cmap=cmap)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)


def draw_diagram(ax, image, complex):
    """Draw the superlevel diagram of an image."""
    diagram = LevelSet(ndim=2, superlevel=True, complex=complex)(image)
    PersistenceDiagramDisplay.from_diagram(diagram, ax=ax, s=45)
    ax.set_box_aspect(1)


def draw_energies(ax, energies):
    """Draw normalised energies: rows are powers of length, columns powers of middle."""
    rows = energies.reshape(-1, 5)
    middle = len(rows) / 2 - 0.5
    ax.imshow(rows, cmap="PuOr", vmin=-3, vmax=3)
    ax.axhline(middle, color="black", lw=1)
    ax.set(
        yticks=[middle / 2 - 0.25, middle * 1.5 + 0.25], yticklabels=["PD$_0$", "PD$_1$"], xticks=[]
    )
    ax.tick_params(length=0, labelsize=13)


def draw_probabilities(ax, probabilities):
    """Draw the probability of each class."""
    colors = [ORANGE if p == probabilities.max() else GREY for p in probabilities]
    ax.barh(range(3), probabilities, 0.5, color=colors)
    for row, probability in enumerate(probabilities):
        text = f"{mapping.CLASSES[row]}: {100 * probability:.0f} %"
        ax.text(0, row - 0.3, text, va="bottom", size=13)
    ax.set(yticks=[], xticks=[], xlim=(0, 1), ylim=(-0.8, 2.4))
    ax.invert_yaxis()
    ax.spines[:].set_visible(False)
    ax.set_box_aspect(1)


def connect(figure, left, right):
    """Draw an arrow from one station to the next, in the middle of the gap between both."""
    left, right = (
        ax.get_tightbbox().transformed(figure.transFigure.inverted()) for ax in (left, right)
    )
    gap = right.x0 - left.x1
    ends = [(left.x1 + 0.1 * gap, 0.5), (right.x0 - 0.1 * gap, 0.5)]
    arrow = ConnectionPatch(*ends, "figure fraction", arrowstyle="-|>", mutation_scale=22, lw=2.5)
    arrow.set_color(GREY)
    figure.add_artist(arrow)


def plot(stations, complex):
    """Draw the stations from left to right, with arrows between them."""
    figure = plt.figure(figsize=(17, 4.2))
    titles = [
        "image",
        "8 images",
        "mapped image",
        "superlevel diagram",
        f"{len(stations['energies'])} energies",
        "class",
    ]
    notes = ["28 × 28", "5 × 5 convolution, ReLU", "5 × 5 convolution", "LevelSet", "Energy"]
    notes.append("two linear layers")
    widths = [1, 0.85, 1, 1.35, 0.75, 1]
    grid = figure.add_gridspec(1, 6, width_ratios=widths, wspace=0.45)
    grid.update(left=0.015, right=0.985, top=0.82, bottom=0.22)
    axes = [figure.add_subplot(cell) for cell in grid]
    draw_image(axes[0], stations["image"], "gray")
    tiles = stations["hidden"] / stations["hidden"].max((1, 2), keepdims=True).clip(1e-12)
    padded = np.pad(tiles, ((0, 0), (2, 2), (2, 2)), constant_values=np.nan).reshape(4, 2, 32, 32)
    draw_image(axes[1], padded.swapaxes(1, 2).reshape(128, 64), "inferno")
    draw_image(axes[2], stations["mapped"], "inferno")
    draw_diagram(axes[3], stations["mapped"], complex)
    draw_energies(axes[4], stations["energies"])
    draw_probabilities(axes[5], stations["probabilities"])
    figure.canvas.draw()
    for left, right in pairwise(axes):
        connect(figure, left, right)
    for ax, title, note in zip(axes, titles, notes, strict=True):
        box = ax.get_position()
        middle = (box.x0 + box.x1) / 2
        figure.text(middle, 0.91, title, ha="center", size=16)
        figure.text(middle, 0.03, note, ha="center", size=12, color="0.35")
    sizes.save(figure, "figure_16.png", dpi=150)


# %%
# An 8 and its two holes
# ----------------------
# The held-out 8 of whose two holes the network is surest.

settings = sizes.pick(mapping.Settings(n_epochs=1), mapping.Settings())
digits, held_out = mapping.load_digits(sizes.pick(600, 5000))
model = train_one(digits, settings)
stations = follow(model, choose_eight(model, held_out))
plot(stations, settings.complex)
