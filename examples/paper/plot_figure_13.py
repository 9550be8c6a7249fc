"""Figure 13 of the paper: a function on a line, its diagram, and the inverse map as arrows.

Minima give birth to components of sublevel sets, and a maximum where two meet ends the younger one.
The inverse map takes a point of the diagram back to its minimum and its maximum.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import ConnectionPatch

from skltopo.filtrations import LevelSet
from skltopo.plotting import CriticalPointsDisplay, PersistenceDiagramDisplay


def make_function(n):
    """Return a smooth function with three minima."""
    x = np.linspace(0, 1, n)
    return 4 * (x - 0.5) ** 2 + 0.35 * np.sin(20 * x + 1) + 0.2 * x


def plot(values, path):
    """Draw function and diagram, and arrows from points to their critical vertices."""
    diagram = LevelSet(ndim=1)(values)
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5), layout="constrained")
    CriticalPointsDisplay.from_sample(LevelSet(ndim=1), values, title="function", ax=left)
    shown = PersistenceDiagramDisplay.from_diagram(diagram, title="PD$_0$", ax=right)
    for number, (point, pair) in enumerate(
        zip(shown.points_[0].get_offsets(), diagram.pairs[0], strict=True), 1
    ):
        right.annotate(str(number), point, xytext=(6, 3), textcoords="offset points")
        for vertex, color in zip(pair, ("#0072B2", "#D55E00"), strict=True):
            figure.add_artist(
                ConnectionPatch(
                    point, (vertex, values[vertex]), "data", "data", axesA=right, axesB=left,
                    arrowstyle="-|>", color=color, alpha=0.6, lw=1.2, shrinkA=5, shrinkB=6,
                    connectionstyle="arc3,rad=0.12",
                )
            )  # fmt: skip
    births = values[diagram.essential[0]]
    left.scatter(diagram.essential[0], births, s=60, facecolors="none", edgecolors="black")
    left.annotate("never dies", (diagram.essential[0][0], births[0]), xytext=(8, -4),
                  textcoords="offset points", fontsize=9)  # fmt: skip
    figure.savefig(path, dpi=75)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("."), help="folder for the picture")
    parser.add_argument("--quick", action="store_true", help="fewer vertices")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    plot(make_function(60 if options.quick else 300), options.output / "figure_13.png")
