"""
Figure 4: penalties of weights
==============================

Figure 4 of the paper: the penalties, their values on four vectors of weights, and what they do.

Each panel shows the proximal operator of a penalty, from which all of its fits are made.
"""

import matplotlib.pyplot as plt
import numpy as np
import sizes
from tqdm import tqdm

from skltopo.datasets import make_boxcar, make_clustered_coef, make_sawtooth
from skltopo.penalties import L1, L2, TV, TV2, Clusters, Maxima

PENALTIES = {
    r"L1   $\|\beta\|_1$": (L1(), 0.7),
    r"L2   $\|\beta\|_2$": (L2(), 10.0),
    r"TV   $\|\nabla\beta\|_1$": (TV(), 0.7),
    r"TV2   $\|\nabla\beta\|_2$": (TV2(), 10.0),
    r"Top1 of clusters   $\mathcal{E}(1,0,2;\mathrm{PD}_0)$": (Clusters(1), 25.0),
    r"Top2 of clusters   $\mathcal{E}(1,0,4;\mathrm{PD}_0)$": (Clusters(3), 25.0),
    r"Top1 of maxima   $\mathcal{E}(1,0,2;\mathrm{PD}_0)$": (Maxima(1), 25.0),
    r"Top2 of maxima   $\mathcal{E}(1,0,4;\mathrm{PD}_0)$": (Maxima(3), 25.0),
}


# %%
# Values of the penalties
# -----------------------
# On four vectors of weights. Topological penalties vanish on weights with few clusters, or few
# maxima.


def print_values(n_features):
    """Print a table of values: rows are penalties, columns are weights."""
    weights = {
        "{1,2,3}": make_clustered_coef(n_features, random_state=0),
        "{-1,0,1}": make_clustered_coef(n_features, (-1, 0, 1), random_state=0),
        "sawtooth": make_sawtooth(n_features),
        "boxcar": make_boxcar(n_features),
    }
    print(" " * 24 + "".join(f"{name:>10}" for name in weights))
    for penalty, _ in PENALTIES.values():
        values = "".join(f"{penalty.value(coef):10.2f}" for coef in weights.values())
        print(f"{penalty!r:24.24}" + values)


# %%
# What they do
# ------------
# The proximal point of noisy sawtooth weights.


def plot(n_features):
    """Draw noisy weights and the proximal point of each penalty."""
    rng = np.random.default_rng(0)
    noisy = make_sawtooth(n_features) + 0.4 * rng.normal(size=n_features)
    figure, axes = plt.subplots(
        2, 4, figsize=(15, 6), sharex=True, sharey=True, layout="constrained"
    )
    for ax, (title, (penalty, step)) in zip(
        axes.T.flat, tqdm(PENALTIES.items(), desc="penalties"), strict=True
    ):
        ax.plot(noisy, ".", color="0.7", ms=4)
        ax.plot(penalty.prox(noisy, step), color="tab:red", lw=2)
        ax.set_title(title, fontsize=11)
        ax.spines[["top", "right"]].set_visible(False)
    figure.suptitle("Proximal points of noisy sawtooth weights (grey)")
    sizes.save(figure, "figure_4.png", dpi=150)


# %%
# Table and figure
# ----------------

n = sizes.pick(40, 100)
print_values(n)
plot(n)
