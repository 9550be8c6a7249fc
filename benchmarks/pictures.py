"""Pictures of a family: time and memory against size, with the exponents that fit them."""

import numpy as np

from .report import counts
from .workload import OURS, TWO_THREADS

COLORS = ["#d95f02", "#1b9e77", "#7570b3", "#e7298a", "#66a61e", "#a6761d", "#666666"]
QUANTITIES = {"ms": "time of a call, ms", "memory_mb": "peak memory, MB"}
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


def short(size):
    """Return a size with k for thousands and M for millions."""
    for unit, name in ((10**6, "M"), (10**3, "k")):
        if size >= unit:
            return f"{size / unit:.3g}{name}"
    return str(size)


def draw_panel(axes, rows, what, styles):
    """Draw the curves of one workload."""
    all_sizes = [row["size"] for row in rows]
    extremes = []
    for name, style in styles.items():
        sizes, values = curve(rows, name, what)
        if sizes:
            exponent = fit_exponent(sizes, values)
            label = name if np.isnan(exponent) else f"{name}: {exponent:.2f}"
            axes.plot(sizes, values, marker="o", markersize=4, label=label, **style)
            extremes += [min(values), max(values)]
    axes.set(xscale="log", yscale="log", xlim=(all_sizes[0] / 1.3, all_sizes[-1] * 1.3))
    axes.minorticks_off()
    axes.set_xticks(all_sizes, [short(size) for size in all_sizes])
    axes.grid(alpha=0.3)
    if extremes:
        axes.legend(fontsize=8, loc="upper left", framealpha=0.6)
        low, high = np.floor(np.log10(min(extremes))), np.ceil(np.log10(max(extremes)))
        axes.set_ylim(10**low, 10 ** (high + 0.4 * max(high - low, 1)))  # room for the legend
    else:
        axes.text(0.5, 0.5, f"less than {LEAST_MB} MB", ha="center", transform=axes.transAxes)
        axes.set(yticks=[])


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
    n_columns = 2 if len(workloads) in (2, 4) else 3
    n_groups = -(-len(workloads) // n_columns)
    figure, panels = plt.subplots(
        2 * n_groups, n_columns, figsize=(0.6 + 3.4 * n_columns, 5.8 * n_groups), squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for i in range(n_groups * n_columns):
        group, column = divmod(i, n_columns)
        pair = panels[2 * group : 2 * group + 2, column]
        if i >= len(workloads):
            pair[0].set_axis_off()
            pair[1].set_axis_off()
            continue
        mine = [row for row in rows if row["workload"] == workloads[i]]
        for axes, (what, quantity) in zip(pair, QUANTITIES.items(), strict=True):
            draw_panel(axes, mine, what, styles)
            axes.set_ylabel("" if column else quantity)
        pair[0].set_title(workloads[i], fontsize=11, weight="bold")
        pair[1].set_xlabel(mine[0]["unit"])
    figure.savefig(path, dpi=90)
    plt.close(figure)


def draw(result, folder):
    """Draw the pictures of all families into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for family in dict.fromkeys(row["family"] for row in result["rows"]):
        draw_family(result, family, folder / f"{family}.png")
