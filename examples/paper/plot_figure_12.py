"""
Figure 12: three models under attack
====================================

Figure 12 of the paper: digits retargeted for a topological model, an MLP and a CNN.

The paper attacks 1,000 digits by gradient steps: all are retargeted for the MLP and the CNN, 25.2 %
for the model of 400 topological features. It does not say how far a pixel may move. Here the curve
against that budget is drawn, and the question is asked that follows: is the topological model
robust, or are its gradients only sparse? A table compares attacks that differ in how they look for
a way: one step, many, restarts, gradients that are smoothed or spread over critical sets, digits
that fool another model, and a search without gradients. They are compared on the first 250 digits;
at the smallest budget at which the MLP and the CNN are lost, all 1,000 are attacked.
"""

import joblib
import matplotlib.pyplot as plt
import numpy as np
import sizes
import torch
from attacked_digits import fit_models, load_digits, predict
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from skltopo.attacks import gradient_attack

COMMAND = "python examples/paper/plot_figure_12.py"
PAPER = {"topological": 25.2, "MLP": 100.0, "CNN": 100.0}
COLORS = {"topological": "#D55E00", "MLP": "#0072B2", "CNN": "#009E73"}
INK = "#222222"
plt.rcParams.update({"font.size": 12, "text.color": INK, "savefig.dpi": 150})


# %%
# Attacks
# -------
# A search without gradients, and options of `gradient_attack`.


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


# %%
# All of them are compared on the same digits, in two processes.


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


# %%
# Pictures and a table
# --------------------
# One digit of each class retargeted to each other one, and shares against budgets.


def pick_digits(models, X, y):
    """Return one digit of each class, that all models know where there is one."""
    known = np.all([predict(module, X) == y for module in models.values()], axis=0)
    return X[[np.flatnonzero(y == k)[np.argmax(known[y == k])] for k in range(10)]]


def plot_grids(models, shares, digits, eps, options):
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
    sizes.save(figure, "figure_12.png")


def plot_curves(found, budgets):
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
    sizes.save(figure, "attacks.png")


def print_table(found, budgets):
    """Print shares in percent."""
    print(f"\n{'retargeted digits (%), eps =':<56}" + "".join(f"{eps:>7g}" for eps in budgets))
    table = []
    for (name, attack), shares in found.items():
        table.append((f"{name}: {attack}", *(f"{100 * s:.1f}" for s in shares)))
        print(f"{name + ': ' + attack:<56}" + "".join(f"{100 * s:7.1f}" for s in shares))
    heads = ("retargeted digits (%), eps", *(f"{eps:g}" for eps in budgets))
    sizes.keep_table("figure_12", COMMAND, heads, table)


# %%
# The models
# ----------
# Trained on 4,000 digits; 1,000 are held out.

quick = sizes.is_quick()
X_train, X, y_train, y = load_digits(quick)
models = fit_models(X_train, y_train, quick)
for name, module in models.items():
    print(f"{name}: {100 * np.mean(predict(module, X) == y):.1f} % of {len(X)} are right")

# %%
# Attacks compared
# ----------------
# The share of digits that each attack retargets within each budget. In quick size the numbers are
# those of a few digits; the table of the full size is below them.

N_COMPARED = 250
targets = (y + np.random.default_rng(0).integers(1, 10, len(y))) % 10
budgets = sizes.pick([0.1, 0.3], [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5])
found = compare(models, X[:N_COMPARED], targets[:N_COMPARED], budgets, quick)
print_table(found, budgets)

# %%
# The topological model under attacks of all kinds, and all models under two of them.

plot_curves(found, budgets)

# %%
# All digits
# ----------
# At the smallest budget at which the MLP and the CNN are lost.

attack, options = list(attack_options(quick).items())[1]
eps, shares = attack_all(models, X, targets, budgets, options)
print(
    f"\nall {len(X)} digits, {attack}, eps = {eps:g}, the first of these at which MLP and "
    "CNN exceed 99 %:"
)
for name, share in shares.items():
    print(f"  {name}: {100 * share:.1f} % (the paper: {PAPER[name]} %)")
plot_grids(models, shares, pick_digits(models, X, y), eps, options)
