"""Every picture of diagrams: points, bars, images, curves, and where their points live.

The pictures of the documentation: ``python examples/plot_diagrams.py --output docs/images``.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from scipy.ndimage import gaussian_filter

from skltopo.filtrations import LevelSet, WeakAlpha
from skltopo.plotting import (
    BarcodeDisplay,
    CriticalPointsDisplay,
    DiagramBarDisplay,
    DiagramCurveDisplay,
    PersistenceDiagramDisplay,
    PersistenceImageDisplay,
)
from skltopo.vectorize import (
    BettiCurve,
    PersistenceImage,
    PersistenceLandscape,
    Polynomial,
    TopKLengths,
)


def save(figure, output, name):
    """Save a figure as a small picture."""
    figure.savefig(output / f"{name}.png", dpi=150)
    plt.close(figure)


def plot_points_and_bars(hills, noise, output):
    """Few points, many points, and superlevel sets."""
    few, many = LevelSet(2)(hills), LevelSet(2, superlevel=True)(noise)
    figure, axes = plt.subplots(1, 2, figsize=(10, 4.8), layout="constrained")
    PersistenceDiagramDisplay.from_diagram(few, title="sublevel sets of hills", ax=axes[0])
    title = f"superlevel sets of noise, {sum(len(p) for p in many.pairs.values()):,} points"
    PersistenceDiagramDisplay.from_diagram(many, title=title, ax=axes[1])
    save(figure, output, "persistence_diagram")
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    BarcodeDisplay.from_diagram(few, title="sublevel sets of hills", ax=axes[0])
    BarcodeDisplay.from_diagram(many, title=title, ax=axes[1])
    save(figure, output, "barcode")


def plot_vectors(hills, output):
    """Draw the diagram of holes as an image and as curves."""
    diagrams = [LevelSet(2)(hills)[1]]
    figure, axes = plt.subplots(1, 3, figsize=(13, 3.8), layout="constrained")
    image = PersistenceImage(resolution=(30, 30))
    row = image.fit_transform(diagrams)[0]
    PersistenceImageDisplay.from_estimator(image, row, title="persistence image", ax=axes[0])
    for ax, curve in zip(axes[1:], (PersistenceLandscape(n_layers=4), BettiCurve()), strict=True):
        row = curve.fit_transform(diagrams)[0]
        DiagramCurveDisplay.from_estimator(curve, row, title=type(curve).__name__, ax=ax)
    save(figure, output, "diagram_vectors")
    figure, axes = plt.subplots(1, 2, figsize=(11, 3.6), layout="constrained")
    for ax, bars in zip(axes, (TopKLengths(k=6), Polynomial(max_p=2, max_q=1)), strict=True):
        rows = bars.fit_transform(diagrams)
        DiagramBarDisplay.from_estimator(bars, rows, title=type(bars).__name__, ax=ax)
    save(figure, output, "diagram_bars")


def plot_where(hills, cloud, output):
    """Draw where the most persistent points live: on a line, an image and a cloud."""
    figure, axes = plt.subplots(1, 3, figsize=(13, 4.2), layout="constrained")
    CriticalPointsDisplay.from_sample(
        LevelSet(1), hills[len(hills) // 2], n_points=4, title="components of a line", ax=axes[0]
    )
    CriticalPointsDisplay.from_sample(
        LevelSet(2), hills, dim=1, n_points=5, title="holes of an image", ax=axes[1]
    )
    CriticalPointsDisplay.from_sample(
        WeakAlpha(max_dim=1), cloud, dim=1, n_points=3, title="holes of a cloud", ax=axes[2]
    )
    save(figure, output, "critical_points")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("."), help="folder for the pictures")
    parser.add_argument("--quick", action="store_true", help="less noise")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    hills = gaussian_filter(rng.normal(size=(60, 60)), 5, mode="wrap")
    noise = gaussian_filter(rng.normal(size=(60, 60) if options.quick else (160, 160)), 0.6)
    angle = np.concatenate([rng.uniform(0, 2 * np.pi, 45), rng.uniform(0, 2 * np.pi, 25)])
    radius, shift = np.repeat([1.0, 0.5], [45, 25]), np.repeat([0.0, 1.6], [45, 25])
    cloud = np.column_stack([radius * np.cos(angle) + shift, radius * np.sin(angle)])
    cloud += 0.06 * rng.normal(size=cloud.shape)
    plot_points_and_bars(hills, noise, options.output)
    plot_vectors(hills, options.output)
    plot_where(hills, cloud, options.output)
