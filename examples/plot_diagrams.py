"""
Every picture of diagrams
=========================

Every picture of one, three and many diagrams: points, bars, matchings, vectors, places.

The pictures of the documentation: ``SKLTOPO_OUTPUT=docs/images python examples/plot_diagrams.py``.
"""

import matplotlib.pyplot as plt
import numpy as np
import sizes
from scipy.ndimage import gaussian_filter

from skltopo.filtrations import LevelSet, WeakAlpha
from skltopo.plotting import (
    BarcodeDisplay,
    CriticalPointsDisplay,
    DiagramBarDisplay,
    DiagramCurveDisplay,
    MatchingDisplay,
    PersistenceDiagramDisplay,
    PersistenceImageDisplay,
)
from skltopo.vectorize import (
    BettiCurve,
    PersistenceImage,
    PersistenceLandscape,
    TopKLengths,
)

# %%
# Hills, noise and two rings
# --------------------------
# Twelve smooth images, one rough one, and a cloud of points.


def make_rings(rng):
    """Return points near two rings."""
    angle = rng.uniform(0, 2 * np.pi, 70)
    radius, shift = np.repeat([1.0, 0.5], [45, 25]), np.repeat([0.0, 1.6], [45, 25])
    cloud = np.column_stack([radius * np.cos(angle) + shift, radius * np.sin(angle)])
    return cloud + 0.06 * rng.normal(size=cloud.shape)


rng = np.random.default_rng(0)
hills = [gaussian_filter(rng.normal(size=(60, 60)), 5, mode="wrap") for _ in range(12)]
side = sizes.pick(60, 160)
noise = gaussian_filter(rng.normal(size=(side, side)), 0.6)
cloud = make_rings(rng)

# %%
# Births and deaths
# -----------------
# `PersistenceDiagramDisplay` draws one diagram, or several on the same axes. Essential classes
# have a line of their own.


def plot_points(hills, noise):
    """One diagram, three on the same axes, twelve on the same axes, and one of many points."""
    figure, axes = plt.subplots(2, 2, figsize=(10.5, 9.4), layout="constrained")
    one, three, twelve, dense = axes.ravel()
    PersistenceDiagramDisplay.from_diagram(LevelSet(2)(hills[0]), title="one", ax=one)
    for image, height in zip(hills, (1, 2, 3), strict=False):
        PersistenceDiagramDisplay.from_diagram(
            LevelSet(2)(height * image), homology_dimensions=1, label=f"height {height}",
            title="three, holes", ax=three,
        )  # fmt: skip
    for i, image in enumerate(hills):
        PersistenceDiagramDisplay.from_diagram(
            LevelSet(2)(image), homology_dimensions=0, label=f"image {i}", alpha=0.7,
            title="twelve, components", ax=twelve,
        )  # fmt: skip
    many = LevelSet(2, superlevel=True)(noise)
    n_points = sum(len(pairs) for pairs in many.pairs.values())
    title = f"{n_points:,} points of superlevel sets"
    PersistenceDiagramDisplay.from_diagram(many, title=title, ax=dense)
    sizes.save(figure, "persistence_diagram.png", dpi=150)


plot_points(hills, noise)


# %%
# Bars
# ----
# `BarcodeDisplay` draws the same as bars, the longest at the bottom of each dimension.


def plot_bars(hills, noise):
    """One barcode, three on the same axes, five hundred bars."""
    figure, axes = plt.subplots(1, 3, figsize=(14, 4.6), layout="constrained")
    BarcodeDisplay.from_diagram(LevelSet(2)(hills[0]), title="one", ax=axes[0])
    for height in (1, 2, 3):
        BarcodeDisplay.from_diagram(
            LevelSet(2)(height * hills[0]), label=f"height {height}", title="three", ax=axes[1]
        )
    many = LevelSet(2)(noise[: 2 * len(noise) // 5, : len(noise) // 4])
    n_bars = sum(len(pairs) for pairs in many.pairs.values())
    BarcodeDisplay.from_diagram(many, title=f"{n_bars} bars", ax=axes[2])
    sizes.save(figure, "barcode.png", dpi=150)


plot_bars(hills, noise)


# %%
# Matchings
# ---------
# `MatchingDisplay` draws what a distance of two diagrams matches with what.


def plot_matchings(hills, noise):
    """Match few points, three and more, and many."""
    figure, axes = plt.subplots(1, 3, figsize=(14, 4.8), layout="constrained")
    few, more = LevelSet(2)(hills[0]), LevelSet(2)(hills[0] + 0.1 * hills[1])
    labels = ("hills", "moved")
    MatchingDisplay.from_diagrams(few, more, dim=0, labels=labels, ax=axes[0])
    MatchingDisplay.from_diagrams(few, more, dim=1, metric="bottleneck", labels=labels, ax=axes[1])
    side = len(noise) // 3
    MatchingDisplay.from_diagrams(
        LevelSet(2)(noise[:side, :side]), LevelSet(2)(noise[-side:, -side:]), dim=1, p=2,
        labels=("noise", "other noise"), ax=axes[2],
    )  # fmt: skip
    sizes.save(figure, "matching.png", dpi=150)


plot_matchings(hills, noise)


# %%
# Vectors
# -------
# Persistence images, landscapes and Betti curves are rows of numbers; displays show them as what
# they mean.


def plot_vectors(hills, noise):
    """Draw diagrams of holes as images and as curves."""
    diagrams = [LevelSet(2)(image)[1] for image in hills]
    figure, axes = plt.subplots(2, 3, figsize=(13, 7.4), layout="constrained")
    image = PersistenceImage(resolution=(30, 30))
    rows = image.fit_transform(diagrams)
    PersistenceImageDisplay.from_estimator(image, rows[0], title="persistence image", ax=axes[0, 0])
    PersistenceImageDisplay.from_estimator(
        image, rows[1:].mean(axis=0), title="mean of eleven", cmap="Greys", ax=axes[1, 0]
    )
    holes_of_noise = LevelSet(2)(noise[:50, :50])[1]
    for n_layers, holes, ax in ((3, diagrams[0], axes[0, 1]), (30, holes_of_noise, axes[1, 1])):
        curve = PersistenceLandscape(n_layers=n_layers)
        title = f"landscape, {n_layers} layers"
        row = curve.fit_transform([holes])[0]
        DiagramCurveDisplay.from_estimator(curve, row, title=title, ax=ax)
    curve = BettiCurve()
    rows = curve.fit_transform(diagrams)
    for n, ax in ((3, axes[0, 2]), (len(rows), axes[1, 2])):
        for i, row in enumerate(rows[:n]):
            DiagramCurveDisplay.from_estimator(
                curve, row, label=f"image {i}", title=f"Betti curves of {n}", ax=ax
            )
    sizes.save(figure, "diagram_vectors.png", dpi=150)


plot_vectors(hills, noise)


# %%
# Columns
# -------
# Columns that are single numbers are bars.


def plot_columns(hills):
    """Draw the columns of one, three and all diagrams as bars."""
    diagrams = [LevelSet(2)(image)[1] for image in hills]
    figure, axes = plt.subplots(1, 3, figsize=(14, 3.8), layout="constrained")
    bars = TopKLengths(k=6)
    rows = bars.fit_transform(diagrams)
    DiagramBarDisplay.from_estimator(bars, rows[0], title="one row", ax=axes[0])
    for n, ax in ((3, axes[1]), (len(rows), axes[2])):
        labels = [f"image {i}" for i in range(n)]
        DiagramBarDisplay.from_estimator(bars, rows[:n], label=labels, title=f"{n} rows", ax=ax)
    sizes.save(figure, "diagram_bars.png", dpi=150)


plot_columns(hills)


# %%
# Where points of a diagram live
# ------------------------------
# Each point knows its critical vertices, or the critical edges of a cloud.


def plot_where(hills, cloud):
    """Draw where points live: on a line, an image, a cloud and a volume; few, chosen and many."""
    figure, axes = plt.subplots(2, 3, figsize=(13, 8.6), layout="constrained")
    image, volume = hills[0], np.stack(hills)
    CriticalPointsDisplay.from_sample(
        LevelSet(1), image[len(image) // 2], n_points=4, title="a line", ax=axes[0, 0]
    )
    CriticalPointsDisplay.from_sample(
        LevelSet(2), image, dim=1, n_points=5, title="holes of an image", ax=axes[0, 1]
    )
    CriticalPointsDisplay.from_sample(
        WeakAlpha(max_dim=1), cloud, dim=1, n_points=3, title="holes of a cloud", ax=axes[0, 2]
    )
    superlevel = LevelSet(2, superlevel=True)
    births = superlevel(image)[0][:, 0]
    CriticalPointsDisplay.from_sample(
        superlevel, image, points=births > 0.35 * births.max(), title="high summits", cmap="bone",
        ax=axes[1, 0],
    )  # fmt: skip
    CriticalPointsDisplay.from_sample(
        LevelSet(3, superlevel=True), volume, n_points=8, title="a volume", ax=axes[1, 1]
    )
    rough = image + 0.3 * image.std() * np.sin(np.arange(image.size)).reshape(image.shape) ** 3
    CriticalPointsDisplay.from_sample(
        LevelSet(2), rough, n_points=300, title="300 components", ax=axes[1, 2]
    )
    sizes.save(figure, "critical_points.png", dpi=150)


plot_where(hills, cloud)
