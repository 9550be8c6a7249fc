"""Pictures of fitted estimators: weights, their path along lam, and points that moved.

The pictures of the documentation: ``python examples/plot_estimators.py --output docs/images``.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from skltopo import TopologicalRegressionCV, TopoShaper
from skltopo.datasets import make_clustered_coef, make_regression_problem
from skltopo.plotting import CoefficientDisplay, CoefficientPathDisplay, TopoShaperDisplay


def plot_weights(n_lams, path):
    """Draw weights in three clusters beside the truth, and their path along lam."""
    coef = np.sort(make_clustered_coef(60, values=(1, 2, 3), random_state=0))[::-1]
    X, y = make_regression_problem(coef, n_samples=60, noise=0.05, random_state=0)
    model = TopologicalRegressionCV("clusters", n_components=3, lams=n_lams, cv=10).fit(X, y)
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    CoefficientDisplay.from_estimator(model, truth=coef, title="weights", ax=left)
    CoefficientPathDisplay.from_estimator(model, ax=right)
    figure.savefig(path, dpi=120)
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
    plot_weights(5 if options.quick else 30, options.output / "weights.png")
    plot_points(10 if options.quick else 150, options.output / "points_moved.png")
