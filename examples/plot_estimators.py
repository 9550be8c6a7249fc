"""
Pictures of fitted estimators
=============================

Pictures of fitted estimators: weights, their path along lam, and points that moved.

The pictures of the documentation:
``SKLTOPO_OUTPUT=docs/images python examples/plot_estimators.py``.
"""

import matplotlib.pyplot as plt
import numpy as np
import sizes
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

# %%
# Weights and their path
# ----------------------
# Sixty weights in three clusters beside the truth, and how they come together as lam grows.


def plot_weights(n_lams):
    """Draw weights in three clusters beside the truth, and their path along lam."""
    coef = np.sort(make_clustered_coef(60, values=(1, 2, 3), random_state=0))[::-1]
    X, y = make_regression_problem(coef, n_samples=60, noise=0.05, random_state=0)
    model = TopologicalRegressionCV("clusters", n_components=3, lams=n_lams, cv=10).fit(X, y)
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    CoefficientDisplay.from_estimator(model, truth=coef, title="weights", ax=left)
    CoefficientPathDisplay.from_estimator(model, ax=right)
    sizes.save(figure, "weights.png", dpi=120)


n_lams = sizes.pick(5, 30)
plot_weights(n_lams)


# %%
# Named weights
# -------------
# Names are those that the steps of a Pipeline, or a data frame, give to the columns.


def plot_names(n_lams):
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
    sizes.save(figure, "named_weights.png", dpi=120)


plot_names(n_lams)


# %%
# Points that moved
# -----------------
# Before, after, the way between, and the diagrams of both.


def plot_points(n_steps):
    """Draw points before and after their holes have grown."""
    X = np.random.default_rng(0).random((100, 2))
    shaper = TopoShaper("holes", max_iter=n_steps, store_path=True).fit(X)
    display = TopoShaperDisplay.from_estimator(shaper, X)
    sizes.save(display.figure_, "points_moved.png", dpi=100)


plot_points(sizes.pick(10, 150))
