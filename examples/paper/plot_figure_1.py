"""
Figure 1: points that move
==========================

Figure 1 of the paper: 100 points in the unit square, moved by functions of their diagrams.

Each panel starts from the same uniform points and takes 100 steps of Adam, on the weak Alpha
filtration. Each panel has its own scale; dashes are the unit square.
"""

from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
import sizes
from tqdm import tqdm

from skltopo import TopoShaper
from skltopo.filtrations import WeakAlpha

PANELS = {
    "spread": "increase $\\mathcal{E}(2, 0, 2; \\mathrm{PD}_0)$",
    None: "100 uniform points",
    "clusters": "decrease $\\mathcal{E}(2, 0, 2; \\mathrm{PD}_0)$",
    "holes": "increase $\\mathcal{E}(2, 0, 1; \\mathrm{PD}_1)$",
    "lines": "increase $\\mathcal{E}(2, 1, 1; \\mathrm{PD}_1)$,\ndecrease "
    "$\\mathcal{E}(2, 0, 2; \\mathrm{PD}_0)$",
    "fill": "decrease $\\mathcal{E}(2, 0, 1; \\mathrm{PD}_1)$",
}


# %%
# Five objectives
# ---------------
# `TopoShaper` knows each by its name.


def shape_all(X, n_steps):
    """Return {objective: moved points}, and print what each took."""
    moved = {None: X}
    for objective in tqdm([name for name in PANELS if name], desc="panels"):
        shaper = TopoShaper(objective, max_iter=n_steps)
        begin = perf_counter()
        moved[objective] = shaper.fit_transform(X)
        seconds = perf_counter() - begin
        loss = shaper.loss_curve_
        tqdm.write(
            f"{objective:9} {shaper.n_iter_:3} steps in {1e3 * seconds:5.1f} ms, "
            f"loss {loss[0]:7.4f} to {loss[-1]:8.4f}"
        )
    return moved


# %%
# Each panel has the sums of lengths below it.


def describe(points):
    """Return the sums of lengths in PD_0 and in PD_1, as text."""
    diagram = WeakAlpha()(points)
    total = [np.diff(diagram.finite(k)).sum() for k in (0, 1)]
    return f"sum of lengths: PD$_0$ {total[0]:.2f}, PD$_1$ {total[1]:.2f}"


def plot(moved):
    """Draw the six panels as the paper does, each in its own scale."""
    figure, axes = plt.subplots(2, 3, figsize=(10, 7.8), layout="constrained")
    figure.get_layout_engine().set(h_pad=0.1, w_pad=0.1)
    for ax, (objective, title) in zip(axes.flat, PANELS.items(), strict=True):
        points = moved[objective]
        ax.add_patch(plt.Rectangle((0, 0), 1, 1, fill=False, color="0.75", ls="--", lw=0.8))
        ax.scatter(*points.T, s=22, color="#999999" if objective is None else "#0072B2")
        ax.set_title(title if objective is None else f"{objective}: {title}", fontsize=12)
        ax.set_xlabel(describe(points), color="0.35")
        ax.set(xticks=[], yticks=[], aspect="equal", adjustable="datalim")
        ax.margins(0.08)
        ax.spines[:].set_visible(False)
    sizes.save(figure, "figure_1.png", dpi=150)


# %%
# All panels
# ----------

start = np.random.default_rng(0).random((100, 2))
plot(shape_all(start, sizes.pick(20, 100)))
