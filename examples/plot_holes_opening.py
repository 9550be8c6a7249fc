"""
Holes open in a cloud of points
===============================

Holes open in a cloud of points: an animation, and all of it in one picture.

Adam increases the squared lengths of all holes. Each frame shows the points, births and deaths of
the holes, and how far the objective has come.
"""

import matplotlib.pyplot as plt
import numpy as np
import sizes
from matplotlib.animation import FuncAnimation, PillowWriter
from matplotlib.collections import LineCollection
from tqdm import tqdm

from skltopo import TopoShaper
from skltopo.filtrations import WeakAlpha
from skltopo.plotting import TopoShaperDisplay

HOLE = "#D55E00"
POINT = "#0072B2"


# %%
# Frames of the animation
# -----------------------
# Points and the edges that end holes; the diagram of holes; the objective.


def draw_frame(axes, shaper, step, limits):
    """Draw one step: the points, the diagram and the objective."""
    points = shaper.path_[step]
    diagram = WeakAlpha()(points)
    for ax in axes:
        ax.clear()
    ends = LineCollection(points[diagram.pairs[1][:, 2:]], colors=HOLE, linewidths=1.2, alpha=0.5)
    axes[0].add_collection(ends)
    axes[0].scatter(*points.T, s=18, color=POINT, linewidths=0, zorder=2)
    axes[0].set(xlim=limits[0], ylim=limits[0], xticks=[], yticks=[], aspect="equal")
    axes[0].set_title(f"step {step}, with the edges that end holes")
    axes[1].plot(limits[1], limits[1], color="0.6", lw=0.8)
    axes[1].scatter(*diagram[1].T, s=26, color=HOLE, linewidths=0)
    axes[1].set(xlim=limits[1], ylim=limits[1], xlabel="birth", ylabel="death", aspect="equal")
    axes[1].set_title("holes")
    curve = -shaper.loss_curve_
    axes[2].plot(curve, color="0.8", lw=1.5)
    axes[2].plot(curve[: step + 1], color=HOLE, lw=2)
    axes[2].set(xlabel="step", title="sum of squared lengths of holes")


def animate(shaper, every, n_still, dpi):
    """Draw the last frame, and write all of them where there is a folder for the animation.

    These are every so many steps, and the last one n_still times.
    """
    figure, axes = plt.subplots(1, 3, figsize=(12, 4.2))
    figure.subplots_adjust(left=0.02, right=0.98, bottom=0.12, top=0.92, wspace=0.15)
    last = WeakAlpha()(shaper.embedding_)[1]
    low, high = shaper.path_.min(), shaper.path_.max()
    margin = 0.03 * (high - low)
    limits = (low - margin, high + margin), (0, 1.05 * last.max())
    draw_frame(axes, shaper, shaper.n_iter_, limits)
    if sizes.output() is None:
        return
    steps = [*range(0, shaper.n_iter_, every), *[shaper.n_iter_] * n_still]
    progress = tqdm(steps, desc="frames")
    animation = FuncAnimation(
        figure,
        lambda step: draw_frame(axes, shaper, step, limits),
        progress,
        cache_frame_data=False,
    )
    animation.save(sizes.output() / "holes_opening.gif", PillowWriter(fps=12), dpi=dpi)


# %%
# From the first step to the last
# -------------------------------

X = np.random.default_rng(0).random((100, 2))
n_steps = sizes.pick(12, 150)
shaper = TopoShaper("holes", max_iter=n_steps, store_path=True).fit(X)
display = TopoShaperDisplay.from_estimator(shaper, X)
sizes.save(display.figure_, "holes_opening.png", dpi=150)
print(
    f"{shaper.n_iter_} steps: sum of squared lengths of holes {-shaper.loss_curve_[0]:.3f} to "
    f"{-shaper.loss_curve_[-1]:.3f}"
)

# %%
# The last frame. With `SKLTOPO_OUTPUT` set, all of them become an animation there.

frames = sizes.pick({"every": 6, "n_still": 1, "dpi": 40}, {"every": 5, "n_still": 7, "dpi": 80})
animate(shaper, **frames)
