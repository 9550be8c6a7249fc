"""
Figure 18: a diagram of weights
===============================

Figure 18 of the paper: PD_0 of the weights of logistic regression, with and without L1.

The weights of a classifier of digits, seen as points on a line: most deaths of their Rips
filtration are small, since most weights are close to others. L1 pulls weights to zero, where they
die at once.
"""

import matplotlib.pyplot as plt
import numpy as np
import sizes
from sklearn.datasets import load_digits
from sklearn.preprocessing import StandardScaler
from tqdm import tqdm

from skltopo import TopologicalClassifier
from skltopo.penalties import Clusters

# %%
# Three penalties
# ---------------
# The same classifier of digits with each.


def fit_all(n_samples):
    """Return {title: (weights, accuracy on the other samples)}."""
    X, y = load_digits(return_X_y=True)
    X = StandardScaler().fit_transform(X)
    models = {
        "no penalty to speak of": TopologicalClassifier("l2", lam=1e-3, tol=1e-3),
        "L1": TopologicalClassifier("l1", lam=3e-3, tol=1e-3),
        "three clusters": TopologicalClassifier("clusters", lam=1e-2, tol=1e-3),
    }
    fitted = {}
    for title, model in tqdm(models.items(), desc="fits"):
        model.fit(X[:n_samples], y[:n_samples])
        fitted[title] = model.coef_, model.score(X[n_samples:], y[n_samples:])
    return fitted


# %%
# Weights are drawn above their diagrams.


def plot(fitted):
    """Draw the weights above their diagrams."""
    figure, axes = plt.subplots(2, len(fitted), figsize=(13, 7), layout="constrained")
    for (top, bottom), (title, (coef, score)) in zip(axes.T, fitted.items(), strict=True):
        top.hist(coef.ravel(), bins=60, color="tab:blue")
        top.set(
            title=f"{title}\naccuracy {score:.3f}", xlabel="weight", ylabel="count", yscale="log"
        )
        deaths = Clusters(1).diagram(coef).finite(0)[:, 1]
        bottom.scatter(np.zeros(len(deaths)), deaths, s=12, color="tab:red", alpha=0.5)
        bottom.plot([0, 1], [0, 1], color="0.7", lw=1)
        bottom.set(xlabel="birth", ylabel="death")
        bottom.set_title(f"PD$_0$: {len(deaths)} of {coef.size - 1} points off the diagonal")
    for ax in axes[1]:
        ax.sharey(axes[1, 0])
        ax.sharex(axes[1, 0])
    axes[1, 0].set(xlim=(-0.02, 0.2), ylim=(-0.005, 0.2))
    sizes.save(figure, "figure_18.png", dpi=150)


# %%
# Weights and their diagrams
# --------------------------

plot(fit_all(sizes.pick(300, 1200)))
