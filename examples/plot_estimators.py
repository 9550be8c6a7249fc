"""Pictures of fitted estimators: weights, their path along lam, and points that moved.

The pictures of the documentation: ``python examples/plot_estimators.py --output docs/images``.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skltopo import (
    PersistenceDiagrams,
    PersistenceFeatures,
    TopologicalRegression,
    TopologicalRegressionCV,
    TopoShaper,
)
from skltopo.datasets import make_clustered_coef, make_regression_problem
from skltopo.plotting import CoefficientDisplay, CoefficientPathDisplay, TopoShaperDisplay
from skltopo.vectorize import TopKLengths


def plot_weights(n_lams, output):
    """Draw weights in three clusters beside the truth, and their path along lam."""
    coef = np.sort(make_clustered_coef(60, values=(1, 2, 3), random_state=0))[::-1]
    X, y = make_regression_problem(coef, n_samples=60, noise=0.05, random_state=0)
    model = TopologicalRegressionCV("clusters", n_components=3, lams=n_lams, cv=10).fit(X, y)
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    CoefficientDisplay.from_estimator(model, truth=coef, title="weights", ax=left)
    CoefficientPathDisplay.from_estimator(model, ax=right)
    figure.savefig(output / "weights.png", dpi=120)
    plt.close(figure)


def plot_names(n_lams, output):
    """Draw the named weights of few and of many columns, and paths of many."""
    digits = load_digits()
    few, y = digits.images[:300], (digits.target[:300] == 0).astype(float)
    lengths = make_pipeline(
        PersistenceDiagrams(homology_dimensions=1, superlevel=True), TopKLengths(k=5),
        StandardScaler(), TopologicalRegression(penalty=None),
    ).fit(few, y)  # fmt: skip
    many = make_pipeline(
        PersistenceFeatures(image_shape=(8, 8)), StandardScaler(), RidgeCV()
    ).fit(digits.data[:300], y)  # fmt: skip
    rng = np.random.default_rng(0)
    coef = np.where(np.arange(200) % 25 == 0, rng.normal(0, 2, 200), 0.0)
    X, z = make_regression_problem(coef, n_samples=120, noise=0.1, random_state=0)
    path = TopologicalRegressionCV("l1", lams=n_lams, cv=5).fit(X, z)
    figure, axes = plt.subplots(1, 3, figsize=(17, 4.8), layout="constrained")
    CoefficientDisplay.from_estimator(lengths, title="longest rings that tell a 0", ax=axes[0])
    CoefficientDisplay.from_estimator(many, title="400 features that tell a 0", ax=axes[1])
    names = [f"gene {i}" for i in range(200)]
    CoefficientPathDisplay.from_estimator(path, feature_names=names, ax=axes[2])
    axes[2].set_title("200 weights")
    figure.savefig(output / "named_weights.png", dpi=120)
    plt.close(figure)


def plot_points(n_steps, path):
    """Draw points before and after their holes have grown."""
    X = np.random.default_rng(0).random((100, 2))
    shaper = TopoShaper("holes", max_iter=n_steps, store_path=True).fit(X)
    TopoShaperDisplay.from_estimator(shaper, X).figure_.savefig(path, dpi=100)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("."), help="folder for the pictures")
    parser.add_argument("--quick", action="store_true", help="fewer lams and steps")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    n_lams = 5 if options.quick else 30
    plot_weights(n_lams, options.output)
    plot_names(n_lams, options.output)
    plot_points(10 if options.quick else 150, options.output / "points_moved.png")
