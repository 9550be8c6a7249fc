"""
Weights on an image: one hole and one maximum
=============================================

A 50 x 50 image of weights, a bright ring, is seen through 1500 random projections with noise: fewer
samples than pixels. Least squares of minimum norm is mostly noise. Penalising all but one hole and
all but one maximum of the superlevel sets says what is known of the ring, and nothing more.
"""

import matplotlib.pyplot as plt
import numpy as np
import sizes
from tqdm import tqdm

from skltopo import Energy, TopologicalRegression
from skltopo.datasets import make_circle, make_regression_problem
from skltopo.filtrations import LevelSet
from skltopo.penalties import TopologicalPenalty

LAM = 0.1


# %%
# A penalty on topology
# ---------------------
# Energies of all holes and all maxima but the first; `TopologicalPenalty` makes a penalty of any
# filtration and energies.


def fit_all(size, n_samples, n_steps):
    """Return {title: image of weights}."""
    truth = make_circle(size)
    X, y = make_regression_problem(truth, n_samples, random_state=0)
    penalty = TopologicalPenalty(
        LevelSet(ndim=2, superlevel=True),
        [Energy(dim=1, i0=2), Energy(dim=0, i0=2)],
        shape=truth.shape,
    )
    models = {
        "least squares": TopologicalRegression(penalty=None, fit_intercept=False),
        "one hole, one maximum": TopologicalRegression(
            penalty, lam=LAM, max_iter=n_steps, tol=0.01, fit_intercept=False
        ),
    }
    images = {"truth": truth}
    for title, model in tqdm(models.items(), desc="fits"):
        image = model.fit(X, y).coef_.reshape(truth.shape)
        error = np.sum((image - truth) ** 2) / np.sum(truth**2)
        images[f"{title}\nrelative squared error {error:.2f}"] = image
    return images


# %%
# All images have the same colours.


def plot(images):
    """Draw all images beside each other with the same colours."""
    figure, axes = plt.subplots(1, len(images), figsize=(11, 4), layout="constrained")
    for ax, (title, image) in zip(axes, images.items(), strict=True):
        shown = ax.imshow(image, cmap="magma", vmin=0, vmax=1)
        ax.set_title(title, fontsize=12)
        ax.set(xticks=[], yticks=[])
    figure.colorbar(shown, ax=axes, shrink=0.8, label="weight")
    sizes.save(figure, "noisy_circle_regression.png", dpi=150)


# %%
# Least squares, and one hole and one maximum
# -------------------------------------------

images = fit_all(24, 350, 150) if sizes.is_quick() else fit_all(50, 1500, 500)
plot(images)
