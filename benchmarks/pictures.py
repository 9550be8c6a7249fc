"""Pictures of a family: time and memory against size, with the exponents that fit them."""

import numpy as np

from .report import counts
from .workload import OURS, TWO_THREADS

COLORS = ["#d95f02", "#1b9e77", "#7570b3", "#e7298a", "#66a61e", "#a6761d", "#666666"]
LARGEST = 3  # sizes that an exponent is fitted to
LEAST_MB = 0.5  # less memory is that of pages and small objects


def fit_exponent(sizes, values):
    """Return the slope of the line of least squares through the logarithms of the largest sizes.

    Returns
    -------
    float
        nan for fewer than two sizes.
    """
    order = np.argsort(sizes)[-LARGEST:]
    if len(order) < 2:
        return float("nan")
    return float(np.polyfit(*(np.log(np.asarray(x, float)[order]) for x in (sizes, values)), 1)[0])


def curve(rows, name, what):
    """Return sizes and times ("ms") or memory ("memory_mb") of a contestant."""
    sizes, values = [], []
    for row in rows:
        cell = row["cells"].get(name, {})
        if counts(cell):
            value = cell["ms"][1] if what == "ms" else cell["memory_mb"]
            if what == "ms" or value >= LEAST_MB:
                sizes.append(row["size"])
                values.append(value)
    return sizes, values


def draw_panel(axes, rows, what, styles):
    """Draw the curves of one workload."""
    for name, style in styles.items():
        sizes, values = curve(rows, name, what)
        if sizes:
            exponent = fit_exponent(sizes, values)
            label = name if np.isnan(exponent) else f"{name}: {exponent:.2f}"
            axes.plot(sizes, values, marker="o", markersize=4, label=label, **style)
    axes.set(xscale="log", yscale="log")
    axes.grid(alpha=0.3)
    if axes.lines:
        axes.legend(fontsize=8, loc="upper left", framealpha=0.6)
        low, high = axes.get_ylim()
        axes.set_ylim(low, high * (high / low) ** 0.3)  # room for the legend
    else:
        axes.text(0.5, 0.5, f"less than {LEAST_MB} MB", ha="center", transform=axes.transAxes)
        axes.set(xticks=[], yticks=[])


def draw_family(result, family, path):
    """Draw a column for each workload: time above, memory below; numbers are exponents."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    rows = [row for row in result["rows"] if row["family"] == family]
    workloads = list(dict.fromkeys(row["workload"] for row in rows))
    names = dict.fromkeys(name for row in rows for name in row["cells"])
    peers = [name for name in names if name not in (OURS, TWO_THREADS)]
    styles = {name: {"color": "#1f4e9c", "lw": 2.5} for name in names if name == OURS}
    styles |= {n: {"color": "#1f4e9c", "lw": 1.5, "ls": "--"} for n in names if n == TWO_THREADS}
    styles |= {name: {"color": COLORS[i % len(COLORS)]} for i, name in enumerate(peers)}
    figure, panels = plt.subplots(
        2, len(workloads), figsize=(0.8 + 3.3 * len(workloads), 6.4), squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for column, workload in zip(panels.T, workloads, strict=True):
        mine = [row for row in rows if row["workload"] == workload]
        for axes, what in zip(column, ("ms", "memory_mb"), strict=True):
            draw_panel(axes, mine, what, styles)
        column[0].set_title(workload, fontsize=10)
        column[1].set_xlabel(mine[0]["unit"])
    panels[0, 0].set_ylabel("time of a call, ms")
    panels[1, 0].set_ylabel("peak memory of a call, MB")
    figure.savefig(path, dpi=90)
    plt.close(figure)


def draw(result, folder):
    """Draw the pictures of all families into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for family in dict.fromkeys(row["family"] for row in result["rows"]):
        draw_family(result, family, folder / f"{family}.png")
