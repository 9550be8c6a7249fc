"""
Figure 15: rings leave and enter digits
=======================================

Figure 15 of the paper: the latent space of a generator is asked for a digit without its ring.

The paper asks an InfoGAN. What it shows is that latent codes follow a loss of PD_1, for which an
InfoGAN's codes of classes and slants are not needed; the GAN of digits of figure 7 serves, whose
checkpoints are in the folder ``gan_cache`` of ``SKLTOPO_OUTPUT``. The loss is that of the example
of topology on demand, and codes keep their norm. A ring is open once its gap is darker than 0.38,
so that the eye may still see one. From the code that is reached the ring is asked for again: where
does the way back end?

The paper judges by eye: a 6 without its ring "does not look very much like any MNIST digit".
Here a classifier says for 100 such digits what they are afterwards, and how sure it is.
"""

import time

import digit_gan as gan
import digit_wishes as wishes
import matplotlib.pyplot as plt
import numpy as np
import sizes
import torch

from skltopo.generative import interpolate_latent

# Digit, holes that it has, and holes that it is asked for.
QUERIES = ((6, 1, 0), (2, 1, 0), (9, 1, 0), (3, 0, 1), (0, 1, 2))
NAMES = {0: "no ring", 1: "a ring", 2: "two rings"}
N_BETWEEN = 5

# %%
# Digits to ask
# -------------
# Of many samples of the generator, those that have so many holes and that the classifier is
# surest of.


def choose(generator, classifier, n, n_drawn):
    """Return {query: latent codes}, the surest first, at most n each."""
    codes = gan.draw_codes(n_drawn, 15)
    images = gan.generate(generator, codes)
    sure, digits = classifier.probabilities(images).max(1)
    components, holes, that_count = wishes.count(images)
    chosen = {}
    for query in QUERIES:
        digit, n_holes, _ = query
        is_one = (components == 1) & (holes == n_holes) & (that_count == n_holes)
        fitting = np.flatnonzero(is_one & (digits == digit).numpy())
        order = np.argsort(-sure.numpy()[fitting], kind="stable")
        chosen[query] = codes[fitting[order[:n]]]
        if not len(fitting):  # after so short a training as in quick size
            print(f"the generator makes no {digit} with {NAMES[n_holes]}: other codes are asked")
            chosen[query] = codes[:n]
    return chosen


# %%
# There and back
# --------------
# The ring goes, and is asked for again. Between the codes lie straight lines.


def go_and_return(generator, codes, query, n_rounds):
    """Return the codes, those after the query, and those after its reverse."""
    _, n_before, n_after = query
    there = wishes.move_codes(generator, codes, n_after, n_rounds)
    return codes, there, wishes.move_codes(generator, there, n_before, n_rounds)


def pictures_of(generator, stations):
    """Return the images on the way of the first code: there, and from there on back."""
    start, there, back = (codes[0] for codes in stations)
    ways = (
        interpolate_latent(generator, *ends, N_BETWEEN) for ends in ((start, there), (there, back))
    )
    first, second = ways
    return torch.cat([first, second[1:]])


def describe(generator, classifier, stations, query):
    """Return the texts of a row of the table."""
    digit, n_before, n_after = query
    start, there, back = stations
    images = gan.generate(generator, there)
    returned = gan.generate(generator, back)
    sure, found = classifier.probabilities(images).max(1)
    seen = np.bincount(found.numpy(), minlength=10)
    most = np.argsort(-seen, kind="stable")[:3]
    again = classifier.probabilities(returned).argmax(1) == digit
    before = classifier.probabilities(gan.generate(generator, start)).max(1).values
    return (
        f"{digit}, {NAMES[n_before]}, asked for {NAMES[n_after]}",
        len(start),
        f"{100 * wishes.honours(images, n_after).mean():.0f} %",
        ", ".join(f"{k} ({100 * seen[k] / len(start):.0f} %)" for k in most if seen[k]),
        f"{before.mean():.2f}, {sure.mean():.2f}",
        f"{float(((there - start).norm(dim=1) / start.norm(dim=1)).mean()):.2f}",
        f"{100 * wishes.honours(returned, n_before).mean():.0f} %",
        f"{100 * again.float().mean():.0f} %",
        f"{float(((back - start).norm(dim=1) / start.norm(dim=1)).mean()):.2f}",
    )


HEADS = (
    "digit and query",
    "number of digits",
    "honoured",
    "seen afterwards as",
    "confidence before, after",
    "moved",
    "ring as before",
    "digit as before",
    "distance from the start",
)

# %%
# What is drawn
# -------------
# The way of one digit each, and the points of PD_1 that move along it.


def plot_figure_15(ways, classifier):
    """Draw the pictures of each way, and beside them lengths of the holes."""
    figure = plt.figure(figsize=(15, 1.8 * len(ways)), layout="constrained")
    grid = figure.add_gridspec(len(ways), 2, width_ratios=(4.6, 1))
    for row, (query, images) in enumerate(ways.items()):
        ax = figure.add_subplot(grid[row, 0])
        gan.draw_images(ax, images, len(images))
        digit, n_before, n_after = query
        ax.set_ylabel(
            f"a {digit},\n{NAMES[n_before]}", rotation=0, ha="right", va="center", size=14
        )
        middle = len(images) // 2
        seen = classifier.probabilities(images[[0, middle, -1]]).max(1)
        texts = ("start", f"asked for {NAMES[n_after]}", f"asked for {NAMES[n_before]} again")
        places = (14.5, 14.5 + 30 * middle, 28 + 30 * (len(images) - 1))
        labels = [
            f"{text}: {int(k)} ({100 * float(sure):.0f} %)"
            for text, k, sure in zip(texts, seen.indices, seen.values, strict=True)
        ]
        ax.set_xticks(places, labels, size=11)
        ax.get_xticklabels()[-1].set_horizontalalignment("right")
        ax.tick_params(length=0)
        draw_diagrams(figure.add_subplot(grid[row, 1]), images, row == len(ways) - 1)
    sizes.save(figure, "figure_15.png", dpi=130)


def draw_diagrams(ax, images, is_last):
    """Draw PD_1 of each image on the way: its number is the colour, and half height is marked."""
    colours = plt.get_cmap("coolwarm")
    middle = len(images) // 2
    for i, diagram in enumerate(wishes.EIGHT(images.numpy()).flat()):
        births, deaths = diagram[1].T
        away = 1 - abs(i - middle) / middle
        ax.scatter(births, deaths, s=26, color=colours(away), edgecolor="0.3", linewidth=0.4)
    ax.plot([0, 1], [0, 1], color="0.6", lw=0.8)
    ax.fill_between([0.5, 1], 0, 0.5, color="0.92", zorder=0)
    ax.set(xlim=(-0.04, 1.04), ylim=(-0.04, 1.04), aspect="equal", xticks=[0, 1], yticks=[0, 1])
    ax.set_ylabel("death", labelpad=-6)
    if is_last:
        ax.set_xlabel("birth", labelpad=-6)


# %%
# The queries
# -----------
# The ring of a 6 goes and comes back; others are asked for one that they never had. Points of PD_1
# are red at the middle of the way and blue at both of its ends; those in the grey square are holes
# at half height. In quick size nothing is trained long enough: its picture says nothing, and that
# of a full run is ``docs/images/figure_15.png``.

torch.set_num_threads(1)  # faster than two threads for batches of this size
start = time.perf_counter()
cache, n_batches = sizes.cache("gan_cache"), sizes.pick(300, 32_000)
images, digits = gan.load_digits(sizes.pick(1000, 5000))
generator = gan.train(images, cache, n_batches).generator.eval()
classifier, _ = gan.train_classifier(images, digits, cache, sizes.pick(2, 40))
chosen = choose(generator, classifier, *sizes.pick((3, 500), (100, 8000)))
ways, rows = {}, []
for query, codes in chosen.items():
    stations = go_and_return(generator, codes, query, sizes.pick(1, 10))
    ways[query] = pictures_of(generator, stations)
    rows.append(describe(generator, classifier, stations, query))
plot_figure_15(ways, classifier)
print(sizes.markdown(HEADS, rows))
sizes.keep_table("figure_15", "python examples/paper/plot_figure_15.py", HEADS, rows)
print(f"all of it took {(time.perf_counter() - start) / 60:.1f} minutes")
