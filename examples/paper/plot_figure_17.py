"""
Figure 17: digits before and after a learnt map
===============================================

Figure 17 of the paper: digits before and after a map that was learnt through their diagrams.

How many holes a digit should have, learnt from the energies of its superlevel diagrams: without a
map, and with two convolutions before the diagrams. The accuracies of five seeds are printed beside
the paper's, then what the map does to the digits that were held out.

``SKLTOPO_EXAMPLES=long`` prints also how the settings were chosen: on 1,000 of the 4,000 training
digits.
"""

from dataclasses import replace
from itertools import product

import matplotlib.pyplot as plt
import numpy as np
import sizes
import topological_mapping as mapping
from matplotlib.ticker import PercentFormatter
from tqdm import tqdm

PAPER = {False: 84, True: 86}
NAMES = {False: "without a map", True: "two convolutions before"}
TABLE = {
    False: "diagrams of the image",
    True: "diagrams of what two convolutions made of it",
}
COMMAND = "python examples/paper/plot_figure_17.py"
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#8C8C8C"


# %%
# Training without and with a map
# -------------------------------
# Several seeds of each.


def train_all(digits, settings, n_seeds):
    """Return {with_map: networks of every seed}."""
    n_steps = n_seeds * sum(settings.count_steps(digits, with_map) for with_map in (False, True))
    with tqdm(total=n_steps, desc="training", unit="step") as bar:
        return {
            with_map: [
                mapping.train(digits, settings, with_map=with_map, seed=seed, bar=bar)
                for seed in range(n_seeds)
            ]
            for with_map in (False, True)
        }


def choose(digits, settings, n_seeds):
    """Print accuracies on a quarter of the training digits, for networks that saw the others."""
    fitted, validation = digits.split(len(digits.digits) // 4, 1)
    tried = [
        replace(settings, complex=complex, n_hidden=n_hidden, min_p=min_p, n_epochs=10)
        for complex, n_hidden, min_p in product(("freudenthal", "cubical"), (0, 64), (0, 1))
    ]
    tried += [replace(settings, min_p=min_p) for min_p in (0, 1)]
    tried += [replace(settings, rate_of_map=factor * settings.rate_of_map) for factor in (0.1, 2)]
    print("settings, and accuracies in validation " + " and ".join(NAMES.values()))
    for one in tried:
        row = (
            f"{one.complex:12} hidden {one.n_hidden:2} min_p {one.min_p} "
            f"epochs {one.n_epochs} rate {one.rate_of_map:<5g}"
        )
        for models in train_all(fitted, one, n_seeds).values():
            scores = [100 * mapping.is_right(model, validation).mean() for model in models]
            row += f"   {np.mean(scores):.1f} ± {np.std(scores):.1f} %"
        print(row)


# %%
# What is measured
# ----------------
# Accuracies, and what the map does to digits that were held out.


def print_accuracies(right):
    """Print means and standard deviations over the seeds beside the paper's accuracies."""
    n = next(iter(right.values())).shape
    table = []
    print(f"naive classes of {n[1]} held-out digits, mean and standard deviation of {n[0]} seeds")
    for with_map, one in right.items():
        scores = 100 * one.mean(axis=1)
        spread = f"{scores.mean():.1f} ± {scores.std():.1f} %"
        print(f"  {NAMES[with_map]:26}{spread:14} (the paper: {PAPER[with_map]} %)")
        table.append((TABLE[with_map], spread, f"{PAPER[with_map]} %"))
    heads = (f"{n[1]:,} held-out digits, {n[0]} seeds", "ours", "the paper")
    sizes.keep_table("figure_17", COMMAND, heads, table)


def describe(images, labels, complex):
    """Return {what is measured: its mean over the images}."""
    components, holes = mapping.count_at_half(images, complex)
    points = mapping.count_points(images, complex, 1, 0.04)
    return {
        "pixels above half of the range, %": 100 * (images > 0.5).float().mean().item(),
        "components at half height": components.mean(),
        "digits with one component there, %": 100 * np.mean(components == 1),
        "holes at half height": holes.mean(),
        "digits with as many holes there as named, %": 100 * np.mean(holes == labels),
        "points of PD_1 of length 0.04 and more": points.mean(),
    }


def print_changes(models, held_out, complex):
    """Print what the maps of all seeds do to digits that were held out."""
    labels = held_out.labels.numpy()
    before = describe(held_out.images, labels, complex)
    after = [
        describe(mapping.map_images(model, held_out.images), labels, complex) for model in models
    ]
    print(f"what the map does{'':33}before     after (each seed)")
    for key, value in before.items():
        print(f"  {key:46}{value:8.1f}     " + " ".join(f"{one[key]:6.1f}" for one in after))


# %%
# What is drawn
# -------------
# Two of each digit: a usual one, and one that the map puts right.


def choose_examples(digits, right, digit):
    """Return two held-out images of a digit: a usual one, and one that the map puts right."""
    of_digit = np.flatnonzero(digits == digit)
    gain = (right[True].mean(axis=0) - right[False].mean(axis=0))[of_digit]
    both = (right[True].mean(axis=0) + right[False].mean(axis=0))[of_digit]
    gained = np.argmax(gain)
    both[gained] = -1  # so that the two differ
    return of_digit[[np.argmax(both), gained]]


def draw_class(part, n_holes, held_out, mapped, right):
    """Draw two of each digit of a naive class, and below every one what the map made of it."""
    digits = np.flatnonzero(n_holes == mapping.HOLES)
    part.suptitle(f"{mapping.CLASSES[n_holes]}: {', '.join(map(str, digits))}", size=15)
    axes = part.subplots(4, len(digits), squeeze=False)
    for column, digit in zip(axes.T, digits, strict=True):
        for row, i in zip((0, 2), choose_examples(held_out.digits, right, digit), strict=True):
            column[row].imshow(held_out.images[i].numpy(), cmap="gray")
            column[row + 1].imshow(mapped[i].numpy(), cmap="inferno")
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    return axes


def plot(models, right, held_out):
    """Draw digits of every class before and after the first seed's map, above the accuracies."""
    mapped = mapping.map_images(models[True][0], held_out.images)
    figure = plt.figure(figsize=(12, 10), layout="constrained")
    top, bottom = figure.subfigures(2, 1, height_ratios=[2.1, 1])
    parts = top.subfigures(1, 3, width_ratios=[6.4, 3, 1.3])
    for n_holes, part in enumerate(parts):
        axes = draw_class(part, n_holes, held_out, mapped, right)
        if n_holes == 0:
            for ax, name in zip(axes[:, 0], 2 * ("before", "after"), strict=True):
                ax.set_ylabel(name, size=13)
    draw_accuracy(bottom.subplots(), right, held_out.digits)
    sizes.save(figure, "figure_17.png", dpi=150)


def draw_accuracy(ax, right, digits):
    """Draw the accuracy of every digit, without and with the map."""
    groups = np.concatenate([np.flatnonzero(n_holes == mapping.HOLES) for n_holes in range(3)])
    for shift, (with_map, color) in zip((-0.2, 0.2), ((False, GREY), (True, ORANGE)), strict=True):
        shares = [right[with_map][:, digits == digit].mean() for digit in groups]
        total = f"{NAMES[with_map]}: {100 * right[with_map].mean():.1f} %"
        ax.bar(np.arange(10) + shift, shares, 0.38, color=color, label=total)
    ax.set(xticks=range(10), xticklabels=groups, ylim=(0, 1.02), xlabel="digit")
    ax.set_ylabel(f"right, of {len(digits):,} held out")
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(loc="lower center", ncols=2, frameon=False, bbox_to_anchor=(0.5, 1.0))


# %%
# Accuracies
# ----------
# Beside those of the paper.

settings = sizes.pick(mapping.Settings(n_epochs=1), mapping.Settings())
digits, held_out = mapping.load_digits(sizes.pick(600, 5000))
n_seeds = sizes.pick(1, 5)
if sizes.is_long():
    choose(digits, settings, min(n_seeds, 3))
models = train_all(digits, settings, n_seeds)
right = {
    with_map: np.array([mapping.is_right(model, held_out) for model in some])
    for with_map, some in models.items()
}
print_accuracies(right)

# %%
# What the map does
# -----------------
# Components and holes at half height, before the map and after that of each seed.

print_changes(models[True], held_out, settings.complex)

# %%
# Digits before and after the map of the first seed, above the accuracy of each digit.

plot(models, right, held_out)
