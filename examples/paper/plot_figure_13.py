"""
Figure 13: the inverse map of a diagram
=======================================

Figure 13 of the paper: a function on a line, its diagram, and the inverse map as arrows.

Minima give birth to components of sublevel sets, and a maximum where two meet ends the younger one.
The inverse map takes a point of the diagram back to its minimum and its maximum.
"""

import matplotlib.pyplot as plt
import numpy as np
import sizes
from matplotlib.patches import ConnectionPatch

from skltopo.filtrations import LevelSet
from skltopo.plotting import CriticalPointsDisplay, PersistenceDiagramDisplay

BIRTH, DEATH = "#0072B2", "#D55E00"


# %%
# A function on a line
# --------------------
# It has three minima.


def make_function(n):
    """Return a smooth function with three minima."""
    x = np.linspace(0, 1, n)
    return 4 * (x - 0.5) ** 2 + 0.35 * np.sin(20 * x + 1) + 0.2 * x


# %%
# Function and diagram
# --------------------
# Arrows go from the points of the diagram to their critical vertices, `diagram.pairs[0]`.


def plot(values):
    """Draw function and diagram, and arrows from points to their critical vertices."""
    diagram = LevelSet(ndim=1)(values)
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
    CriticalPointsDisplay.from_sample(LevelSet(ndim=1), values, title="function", ax=left)
    shown = PersistenceDiagramDisplay.from_diagram(diagram, title="PD$_0$", ax=right)
    right.yaxis.tick_right()
    right.yaxis.set_label_position("right")
    points = shown.points_[0].get_offsets()
    for number, (point, pair) in enumerate(zip(points, diagram.pairs[0], strict=True), 1):
        right.annotate(str(number), point, xytext=(7, -3), textcoords="offset points")
        for vertex, color, bend in zip(pair, (BIRTH, DEATH), (0.15, -0.15), strict=True):
            draw_arrow(figure, right, point, left, (vertex, values[vertex]), color, bend)
    vertex, never = diagram.essential[0][0], shown.essential_[0].get_offsets()[0]
    draw_arrow(figure, right, never, left, (vertex, values[vertex]), BIRTH, 0.35)
    sizes.save(figure, "figure_13.png", dpi=150)


def draw_arrow(figure, start_axes, start, end_axes, end, color, bend):
    """Draw an arrow from a point of a diagram to its critical vertex."""
    figure.add_artist(
        ConnectionPatch(
            start, end, "data", "data", axesA=start_axes, axesB=end_axes, arrowstyle="-|>",
            mutation_scale=14, color=color, alpha=0.75, lw=1.4, shrinkA=5, shrinkB=8,
            connectionstyle=f"arc3,rad={bend}",
        )
    )  # fmt: skip


# %%
# The figure
# ----------

plot(make_function(sizes.pick(60, 300)))
