"""
Figure 2: points on a chair
===========================

Figure 2 of the paper: points on a chair, moved by functions of their Rips diagram.

Decreasing E(1, 0, 2; PD_0) pulls the points to the edges of a tree; increasing it spreads them out.
"""

from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
import sizes
from tqdm import tqdm

from skltopo import Energy, TopoShaper
from skltopo.datasets import make_chair

PANELS = {
    "points on a chair": None,
    "decrease $\\mathcal{E}(1, 0, 2; \\mathrm{PD}_0)$": Energy(dim=0, i0=2),
    "increase $\\mathcal{E}(1, 0, 2; \\mathrm{PD}_0)$": Energy(dim=0, i0=2, weight=-1.0),
}


# %%
# An energy of the Rips diagram
# -----------------------------
# `TopoShaper` decreases an `Energy`, and increases one with a negative weight.


def shape_all(X, n_steps):
    """Return {title: moved points}, and print what each took."""
    moved = {}
    for title, energy in tqdm(PANELS.items(), desc="panels"):
        if energy is None:
            moved[title] = X
            continue
        shaper = TopoShaper(energy, filtration="rips", learning_rate=3e-3, max_iter=n_steps)
        begin = perf_counter()
        moved[title] = shaper.fit_transform(X)
        step = (perf_counter() - begin) / shaper.n_iter_
        loss = np.abs(shaper.loss_curve_)
        tqdm.write(
            f"{title.split()[0]} {shaper.n_iter_} steps of {len(X)} points, {1e3 * step:.2f} ms "
            f"each: sum of lengths {loss[0]:.2f} to {loss[-1]:.2f}"
        )
    return moved


# %%
# The three clouds are drawn from the same place.


def plot(moved):
    """Draw the three clouds beside each other, from the same place."""
    figure = plt.figure(figsize=(12, 5.4))
    for i, (title, points) in enumerate(moved.items()):
        ax = figure.add_axes((i / 3 - 0.03, -0.06, 0.39, 1.06), projection="3d")
        ax.scatter(*points.T, s=9, c=points[:, 1], cmap="viridis_r", depthshade=False)
        figure.text((2 * i + 1) / 6, 0.95, title, ha="center", fontsize=14)
        ax.view_init(elev=14, azim=-60)
        ax.set(xlim=(-0.3, 1.3), ylim=(-0.3, 1.3), zlim=(-0.85, 1.65))
        ax.set_box_aspect((1.6, 1.6, 2.5), zoom=1.3)
        ax.set_axis_off()
    sizes.save(figure, "figure_2.png", dpi=150)


# %%
# Down and up
# -----------

chair = make_chair(sizes.pick(100, 600), random_state=0)
plot(shape_all(chair, sizes.pick(20, 60)))
