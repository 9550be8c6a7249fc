"""Two versions of skltopo on the same workloads, in turn."""

import numpy as np
from tqdm import tqdm

from .report import show
from .runner import PASSES, new_row, open_children, prepare, sizes_of, take_turns

NAMES = ("old", "new")


def compare_versions(folders, chosen, seconds, quick=False):
    """Print old, new and their ratio for each row of ours.

    Parameters
    ----------
    folders : tuple of two str
        Where compiled versions of skltopo/ are, the old one first.
    chosen : dict of str to list of Workload
        The workloads of each family.
    seconds : float
        For a version in a row and pass.
    quick : bool, default=False
        Take the two smallest sizes only.
    """
    folders, rows = dict(zip(NAMES, folders, strict=True)), {}
    total = PASSES * sum(len(sizes_of(found, quick)) for found in chosen.values())
    with tqdm(total=total, unit="row") as progress:
        for family, found in [*chosen.items()] * PASSES:
            with open_children(NAMES, family, found, folders) as children:
                for workload, size in sizes_of(found, quick):
                    row = new_row(family, workload, size)
                    row = rows.setdefault((workload.name, size), row)
                    ready = prepare(row, workload, size, children, reference="old")
                    take_turns(row, ready, children, seconds)
                    progress.update()
    print("| work | old, ms | new, ms | old / new | spread |\n| --- | --- | --- | --- | --- |")
    ratios = []
    for row in rows.values():
        cells = [row["cells"][name] for name in NAMES]
        problem = "; ".join(cell["problem"] for cell in cells if cell["problem"])
        if problem or not all(cell["rounds"] for cell in cells):
            print(f"| {row['label']} | | | {problem or 'no time'} | |")
            continue
        quartiles = np.array([np.percentile(cell["rounds"], [25, 50, 75]) for cell in cells])
        old, new = quartiles[:, 1]
        spread = ((quartiles[:, 2] - quartiles[:, 0]) / quartiles[:, 1]).max()
        ratios.append(old / new)
        print(f"| {row['label']} | {show(old)} | {show(new)} | {old / new:.3f} | {spread:.1%} |")
    if ratios:
        print(f"median ratio {np.median(ratios):.3f}, least {min(ratios):.3f}, {len(ratios)} rows")
