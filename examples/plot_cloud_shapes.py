"""
Clouds told apart by a kernel of their diagrams
===============================================

Tell clouds of points by their shape: a kernel of diagrams and a support vector machine.

A ring, two rings that meet, a disc and three blobs, each with noise, in any position, direction and
size, of 60 to 100 points. Diagrams do not change when a cloud is moved or turned.
"""

import matplotlib.pyplot as plt
import numpy as np
import sizes
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skltopo import PersistenceDiagrams
from skltopo.kernels import SlicedWassersteinKernel
from skltopo.plotting import PersistenceDiagramDisplay

SHAPES = ["ring", "two rings", "disc", "blobs"]


# %%
# Four kinds of clouds
# --------------------
# The shapes differ in their holes and pieces alone: position, direction, size and number of points
# tell nothing.


def make_cloud(rng, shape):
    """Draw the points of one cloud."""
    n = rng.integers(60, 100)
    angle, part = 2 * np.pi * rng.random(n), rng.integers(0, 3, n)
    radius = {"disc": np.sqrt(rng.random(n)), "blobs": 0.3 * rng.random(n)}.get(shape, 1.0)
    points = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    points[:, 0] += {"two rings": 2 * (part > 0), "blobs": 1.5 * part}.get(shape, 0)
    points += 0.08 * rng.normal(size=points.shape)
    turn, size = 2 * np.pi * rng.random(), rng.uniform(0.9, 1.1)
    matrix = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    return size * points @ np.array(matrix) + rng.normal(size=2)


# %%
# A support vector machine on distances of diagrams
# -------------------------------------------------
# The diagrams of holes are compared by sliced Wasserstein distances; the kernel of these goes into
# scikit-learn's support vector machine, and a grid search chooses its bandwidth.

rng = np.random.default_rng(0)
y = np.tile(SHAPES, sizes.pick(15, 50))
X = [make_cloud(rng, shape) for shape in y]
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
diagrams = PersistenceDiagrams("alpha", homology_dimensions=1)
kernel = SlicedWassersteinKernel(n_directions=20)
model = make_pipeline(diagrams, kernel, SVC(kernel="precomputed"))
grid = {"slicedwassersteinkernel__bandwidth": [0.1, 0.3, 1], "svc__C": [1, 100]}
search = GridSearchCV(model, grid, cv=4).fit(X_train, y_train)
print(f"accuracy {search.score(X_test, y_test):.2f} with {search.best_params_}")

# %%
# What the kernel sees
# --------------------
# A cloud of each kind above the diagram of its holes. A ring has one long hole, two rings have
# two, a disc and blobs have short ones.

figure, axes = plt.subplots(2, 4, figsize=(12, 6), layout="constrained")
for (above, below), cloud, shape in zip(axes.T, X, SHAPES, strict=False):
    above.scatter(*cloud.T, s=8, color="#0072B2")
    above.set(title=shape, aspect="equal", xticks=[], yticks=[])
    PersistenceDiagramDisplay.from_diagram({1: diagrams.transform([cloud])[0]}, ax=below)
sizes.save(figure, "cloud_shapes.png", dpi=100)
